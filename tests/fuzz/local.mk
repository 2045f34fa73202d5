# SPDX-License-Identifier: GPL-2.0-or-later
# Fuzz targets: with replay.c a test over their corpus, with --enable-fuzzing what `make fuzz` runs.
fuzz_tests = \
	tests/fuzz/fuzz_action_log \
	tests/fuzz/fuzz_active_jobs \
	tests/fuzz/fuzz_address \
	tests/fuzz/fuzz_completion \
	tests/fuzz/fuzz_config \
	tests/fuzz/fuzz_draft \
	tests/fuzz/fuzz_experiments \
	tests/fuzz/fuzz_hostlist \
	tests/fuzz/fuzz_json_doc \
	tests/fuzz/fuzz_kernel_files \
	tests/fuzz/fuzz_log_values \
	tests/fuzz/fuzz_manifest \
	tests/fuzz/fuzz_md_doc \
	tests/fuzz/fuzz_options \
	tests/fuzz/fuzz_plan \
	tests/fuzz/fuzz_record \
	tests/fuzz/fuzz_record_read \
	tests/fuzz/fuzz_run_logs \
	tests/fuzz/fuzz_run_manifest \
	tests/fuzz/fuzz_runs_status \
	tests/fuzz/fuzz_sanitize \
	tests/fuzz/fuzz_siteconf \
	tests/fuzz/fuzz_slurm_job_list \
	tests/fuzz/fuzz_timeline \
	tests/fuzz/fuzz_when \
	tests/fuzz/fuzz_yaml_doc

check_PROGRAMS += $(fuzz_tests)
TESTS += $(fuzz_tests)
check_LTLIBRARIES += tests/fuzz/librlg_fuzz.la

tests_fuzz_librlg_fuzz_la_SOURCES = %D%/file.c %D%/fuzz.h %D%/world.c %D%/world.h
if !FUZZING
tests_fuzz_librlg_fuzz_la_SOURCES += %D%/replay.c
endif

fuzz_libraries = $(RLG_FUZZ_ENGINE) tests/fuzz/librlg_fuzz.la tool/librlg_tool.la spank/librlg_hooks.la lib/librlg_core.la
tests_fuzz_fuzz_action_log_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_active_jobs_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_address_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_completion_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_config_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_draft_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_experiments_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_hostlist_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_json_doc_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_kernel_files_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_log_values_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_manifest_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_md_doc_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_options_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_plan_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_record_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_record_read_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_run_logs_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_run_manifest_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_runs_status_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_sanitize_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_siteconf_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_slurm_job_list_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_timeline_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_when_LDADD = $(fuzz_libraries)
tests_fuzz_fuzz_yaml_doc_LDADD = $(fuzz_libraries)
