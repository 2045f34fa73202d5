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
	tests/unit/test_hooks \
	tests/unit/test_md_table \
	tests/unit/test_options \
	tests/unit/test_plan \
	tests/unit/test_runs_status \
	tests/unit/test_status_json \
	tests/unit/test_statusfile \
	tests/unit/test_summary \
	tests/unit/test_table \
	tests/unit/test_text_edit \
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
	%D%/unit/hand_model.h \
	%D%/unit/scratch.h \
	%D%/unit/model_builder.c %D%/unit/model_builder.h

cli_tests = \
	%D%/cli/events.t \
	%D%/cli/help.t \
	%D%/cli/report.t \
	%D%/cli/status.t

TESTS += $(cli_tests)
EXTRA_DIST += $(cli_tests) %D%/tap.sh %D%/golden %D%/cluster
