# SPDX-License-Identifier: GPL-2.0-or-later
# Unit tests link the objects that ship; the others are shell scripts.  All speak TAP.
TEST_EXTENSIONS = .t
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
T_LOG_DRIVER = $(LOG_DRIVER)
AM_TESTS_ENVIRONMENT = \
	CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
	top_builddir='$(abs_top_builddir)'; export top_builddir;

unit_tests = \
	tests/unit/test_active_jobs \
	tests/unit/test_active_jobs_random \
	tests/unit/test_address \
	tests/unit/test_action_log \
	tests/unit/test_arena \
	tests/unit/test_ask_accounting \
	tests/unit/test_atomic_file \
	tests/unit/test_cgroup \
	tests/unit/test_changes \
	tests/unit/test_client_line \
	tests/unit/test_completion \
	tests/unit/test_config \
	tests/unit/test_end_facts \
	tests/unit/test_exec_order \
	tests/unit/test_experiments \
	tests/unit/test_evaluations \
	tests/unit/test_failure \
	tests/unit/test_findings \
	tests/unit/test_finish \
	tests/unit/test_fold \
	tests/unit/test_fold_exec \
	tests/unit/test_follow \
	tests/unit/test_gathered \
	tests/unit/test_git_head \
	tests/unit/test_hands \
	tests/unit/test_hostlist \
	tests/unit/test_inside \
	tests/unit/test_job_list \
	tests/unit/test_json_doc \
	tests/unit/test_layout \
	tests/unit/test_lines \
	tests/unit/test_load_brief \
	tests/unit/test_load_fresh \
	tests/unit/test_log_tail \
	tests/unit/test_match \
	tests/unit/test_log_values \
	tests/unit/test_md_doc \
	tests/unit/test_md_table \
	tests/unit/test_mentions \
	tests/unit/test_my_groups \
	tests/unit/test_node_spool \
	tests/unit/test_options \
	tests/unit/test_plan \
	tests/unit/test_process \
	tests/unit/test_record \
	tests/unit/test_record_scan \
	tests/unit/test_progress \
	tests/unit/test_recordings \
	tests/unit/test_run_logs \
	tests/unit/test_run_manifest \
	tests/unit/test_runs_status \
	tests/unit/test_runs_status_part \
	tests/unit/test_runs_status_random \
	tests/unit/test_sanitize \
	tests/unit/test_settings \
	tests/unit/test_silence \
	tests/unit/test_siteconf \
	tests/unit/test_snapshot \
	tests/unit/test_spans \
	tests/unit/test_spool \
	tests/unit/test_start \
	tests/unit/test_status_json \
	tests/unit/test_statusfile \
	tests/unit/test_step_usage \
	tests/unit/test_submit \
	tests/unit/test_summary \
	tests/unit/test_table \
	tests/unit/test_target \
	tests/unit/test_task \
	tests/unit/test_text \
	tests/unit/test_text_edit \
	tests/unit/test_timeline \
	tests/unit/test_trusted \
	tests/unit/test_usage \
	tests/unit/test_yaml_doc

if HAVE_CMOCKA
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
check_LTLIBRARIES += tests/unit/librlg_test.la
endif

AM_CPPFLAGS += $(CMOCKA_CFLAGS) $(CJSON_CFLAGS) $(YAML_CFLAGS)
LDADD = tests/unit/librlg_test.la tool/librlg_tool.la spank/librlg_hooks.la lib/librlg_core.la $(CMOCKA_LIBS)

tests_unit_librlg_test_la_SOURCES = \
	%D%/unit/fake_host.h \
	%D%/unit/dice.h \
	%D%/unit/fold_again.h \
	%D%/unit/arena_state.h \
	%D%/unit/cmocka_any.h \
	%D%/unit/golden.h \
	%D%/unit/hand_model.h \
	%D%/unit/hook_world.h \
	%D%/unit/run_log_story.h \
	%D%/unit/record_both_ways.h \
	%D%/unit/scratch.h \
	%D%/unit/registry_check.h \
	%D%/unit/story.h \
	%D%/unit/yaml_person.h \
	%D%/unit/model_builder.c %D%/unit/model_builder.h

cli_tests = \
	%D%/cli/action_log.t \
	%D%/cli/doctor.t \
	%D%/cli/drain.t \
	%D%/cli/edit_time.t \
	%D%/cli/errors.t \
	%D%/cli/events.t \
	%D%/cli/exec.t \
	%D%/cli/experiments.t \
	%D%/cli/failure.t \
	%D%/cli/help.t \
	%D%/cli/init.t \
	%D%/cli/jobcomp.t \
	%D%/cli/jobs.t \
	%D%/cli/limits.t \
	%D%/cli/publish.t \
	%D%/cli/reconcile.t \
	%D%/cli/log.t \
	%D%/cli/note.t \
	%D%/cli/record.t \
	%D%/cli/record_order.t \
	%D%/cli/refresh.t \
	%D%/cli/refreshers.t \
	%D%/cli/report.t \
	%D%/cli/run_logs.t \
	%D%/cli/shared_group.t \
	%D%/cli/slurm_job_list.t \
	%D%/cli/spool.t \
	%D%/cli/status.t \
	%D%/cli/wait.t \
	%D%/cli/watch.t \
	%D%/format/manifest.t \
	%D%/format/schema.t

lint_tests = \
	%D%/lint/exports.t \
	%D%/lint/failures.t \
	%D%/lint/hardening.t \
	%D%/lint/layers.t \
	%D%/lint/man_matches_help.t \
	%D%/lint/security.t

# Each brings up a Slurm of its own.
cluster_tests = \
	%D%/bench/bench.t \
	%D%/cluster/array_thousand.t \
	%D%/cluster/attacks_files.t \
	%D%/cluster/attacks_job.t \
	%D%/cluster/attacks_node.t \
	%D%/cluster/attacks_site.t \
	%D%/cluster/cgroup.t \
	%D%/cluster/cli_filter.t \
	%D%/cluster/crashing_helper.t \
	%D%/cluster/exec.t \
	%D%/cluster/hung.t \
	%D%/cluster/jobcomp.t \
	%D%/cluster/latency.t \
	%D%/cluster/log_in_job.t \
	%D%/cluster/main.t \
	%D%/cluster/never_hurt.t \
	%D%/cluster/prolog_flags.t \
	%D%/cluster/reconcile.t \
	%D%/cluster/rpc.t \
	%D%/cluster/run_in_job.t \
	%D%/cluster/seed_cookbook.t \
	%D%/cluster/seed_experiment_logging.t \
	%D%/cluster/seed_monitor.t \
	%D%/cluster/seed_update_run_status.t \
	%D%/cluster/seed_run_tracking.t \
	%D%/cluster/selftest.t \
	%D%/cluster/spool.t \
	%D%/cluster/submissions.t \
	%D%/cluster/task_failed.t \
	%D%/cluster/truth.t \
	%D%/cluster/usage.t \
	%D%/cluster/watch.t

# Two hosts; nfs.t starts a machine, and fetches it.
netfs_tests = \
	%D%/netfs/full.t \
	%D%/netfs/nfsim.t \
	%D%/netfs/trackers.t
machine_tests = \
	%D%/netfs/nfs.t

TESTS += $(cli_tests) $(lint_tests) $(netfs_tests) $(machine_tests) $(cluster_tests)

include tests/fuzz/local.mk

# The plugin with an append that goes wrong in its own child.
if BUILD_PLUGINS
check_LTLIBRARIES += tests/cluster/crashing_plugin.la
tests_cluster_crashing_plugin_la_SOURCES = spank/plugin/spank_runledger.c spank/slurm/host.c %D%/cluster/crashing/append.c
tests_cluster_crashing_plugin_la_CPPFLAGS = $(AM_CPPFLAGS) $(SLURM_CPPFLAGS)
tests_cluster_crashing_plugin_la_LDFLAGS = $(AM_LDFLAGS) $(PLUGIN_LDFLAGS) -rpath /nowhere \
	-Wl,--wrap=rlg_statusfile_append -Wl,--version-script=$(srcdir)/spank/plugin/spank_runledger.map
tests_cluster_crashing_plugin_la_LIBADD = spank/librlg_hooks.la lib/librlg_core.la
endif

# A fault at every call on the ways on which the product writes: the short form is a test as any other.
check_LTLIBRARIES += tests/faults/inject.la
tests_faults_inject_la_SOURCES = %D%/faults/fault.c %D%/faults/fault.h %D%/faults/inject.c %D%/faults/unsynced.c
tests_faults_inject_la_CPPFLAGS = -include config.h -D_GNU_SOURCE -U_FORTIFY_SOURCE
tests_faults_inject_la_CFLAGS = $(RLG_WARNINGS)
tests_faults_inject_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
fault_tests = %D%/faults/faults.t
TESTS += $(fault_tests)

# All of them: minutes.  FAULTS= for options, as --path=finish.
check-faults: all tests/faults/inject.la
	'$(abs_top_srcdir)/tests/faults/check_faults' $(FAULTS) '$(abs_top_builddir)/runledger' '$(abs_top_builddir)/tests/faults/.libs/inject.so'

# What needs no Slurm and no minute: for builds with sanitizers, and for a quick look.
fast_tests = $(unit_tests) $(fuzz_tests) $(cli_tests) $(lint_tests) $(netfs_tests)
check-fast:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(fast_tests)'

check-valgrind:
	RLG_TEST_SHUFFLES=100 $(MAKE) $(AM_MAKEFLAGS) check TESTS='$(unit_tests) $(fuzz_tests)' LOG_COMPILER=valgrind \
		LOG_FLAGS='--quiet --suppressions=$(abs_top_srcdir)/tests/valgrind.supp --leak-check=full --errors-for-leak-kinds=definite --error-exitcode=99 --trace-children=no'

# What has threads, in a build with --enable-sanitizers=thread.
thread_tests = tests/unit/test_hands tests/unit/test_load_fresh
check-threads:
	$(MAKE) $(AM_MAKEFLAGS) $(thread_tests)
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS='$(thread_tests)'

# The truth about every job, in all cells, on three generations of Slurm: half an hour.  TRUTH= for the installed one alone.
TRUTH = --slurm all
check-truth: all
	'$(abs_top_srcdir)/tests/truth/matrix' --build '$(abs_top_builddir)' $(TRUTH)

# All tests on each generation of Slurm, in chroots: ten minutes for the three.  GENERATIONS='24.11' for one.
check-generations:
	'$(abs_top_srcdir)/tests/generations/check' '$(abs_top_builddir)/generations' $(GENERATIONS)

# How fast we are, beside what people use instead: a quarter of an hour.  BENCH='--small --only append' to see that it works.
BENCH =
bench_programs = tests/bench/append_cost tests/bench/cjson_loop tests/bench/fold_state tests/bench/make_records tests/bench/render_cost
check_PROGRAMS += $(bench_programs)
tests_bench_append_cost_SOURCES = %D%/bench/append_cost.c
tests_bench_append_cost_LDADD = lib/librlg_core.la
tests_bench_cjson_loop_SOURCES = %D%/bench/cjson_loop.c
tests_bench_cjson_loop_LDADD = $(CJSON_LIBS)
tests_bench_fold_state_SOURCES = %D%/bench/fold_state.c
tests_bench_fold_state_LDADD = tool/librlg_tool.la lib/librlg_core.la
tests_bench_make_records_SOURCES = %D%/bench/make_records.c
tests_bench_make_records_LDADD = lib/librlg_core.la
tests_bench_render_cost_SOURCES = %D%/bench/render_cost.c
tests_bench_render_cost_LDADD = tool/librlg_tool.la lib/librlg_core.la
bench: all $(bench_programs)
	'$(abs_top_srcdir)/tests/bench/run' '$(abs_top_builddir)' $(BENCH)

# Groups as large as they come: 10 GB, a hundred thousand runs, 100 MB a line; minutes, and 12 GB below TMPDIR.
check-limits: all
	RLG_LIMITS=big $(MAKE) $(AM_MAKEFLAGS) check TESTS=tests/cli/limits.t

# Each fuzz target for FUZZ_SECONDS, two at a time, built with clang in a folder of their own.
FUZZ_SECONDS = 600
fuzz:
	'$(abs_top_srcdir)/tests/fuzz/run' --build '$(abs_top_builddir)/fuzzing' --seconds $(FUZZ_SECONDS) $(FUZZ_TARGETS)

# clang-tidy, cppcheck, gcc's analyzer: minutes.
lint: all
	'$(abs_top_srcdir)/tests/lint/checkers' '$(abs_top_builddir)'

.PHONY: bench check-fast check-faults check-generations check-limits check-threads check-truth check-valgrind fuzz lint

# One by one: the folder itself would bring along what a build made in it.
bench_files = \
	%D%/bench/README.md \
	%D%/bench/bench \
	%D%/bench/cluster.py \
	%D%/bench/instructions.json \
	%D%/bench/last_state.jq \
	%D%/bench/last_state.py \
	%D%/bench/last_state.sql \
	%D%/bench/log_cost.sh \
	%D%/bench/measure.py \
	%D%/bench/part_append.py \
	%D%/bench/part_fold.py \
	%D%/bench/part_growth.py \
	%D%/bench/part_instructions.py \
	%D%/bench/part_jobs.py \
	%D%/bench/part_notice.py \
	%D%/bench/part_refresh.py \
	%D%/bench/part_render.py \
	%D%/bench/part_scheduler.py \
	%D%/bench/render_cost.sh \
	%D%/bench/run \
	%D%/bench/submit_cost.sh \
	%D%/bench/usage_cost.sh

EXTRA_DIST += $(cli_tests) $(lint_tests) $(netfs_tests) $(machine_tests) $(cluster_tests) %D%/failures.awk %D%/packages.sh %D%/tree.sh %D%/tap.sh \
	$(bench_files) %D%/golden %D%/format/run_manifest.schema.json %D%/generations %D%/truth \
	%D%/faults/README.md %D%/faults/check_faults %D%/faults/judge.py %D%/faults/paths.py %D%/faults/plans.py \
	%D%/faults/world.py $(fault_tests) \
	%D%/cluster/README.md %D%/cluster/attacks.sh %D%/cluster/down %D%/cluster/enter %D%/cluster/experiment \
	%D%/cluster/functions.sh %D%/cluster/lib %D%/cluster/stage.sh %D%/cluster/up \
	%D%/valgrind.supp %D%/fuzz/README.md %D%/fuzz/corpus %D%/fuzz/dictionaries %D%/fuzz/run %D%/lint/checkers
