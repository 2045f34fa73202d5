/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runledger.conf: what counts, what is passed over, and what is said about it. */
#include "tests/unit/scratch.h"

#include "lib/siteconf.h"

static struct rlg_siteconf conf;
static struct rlg_err err;

static int read_bytes_of(const char *bytes, size_t length)
{
	write_bytes(in_scratch("runledger.conf"), bytes, length, 0644);
	err.text[0] = '\0';
	memset(&conf, 'x', sizeof(conf));
	int code = rlg_siteconf_read(in_scratch("runledger.conf"), &conf, &err);
	if ((code != 0) != (err.text[0] != '\0'))
		fail_msg("returned %d with the sentence '%s'", code, err.text);
	return code;
}

static int read_text(const char *text)
{
	return read_bytes_of(text, strlen(text));
}

static void assert_defaults(void)
{
	assert_false(conf.track_all);
	assert_string_equal(conf.default_group, "~/runledger");
	assert_int_equal(conf.timeout_ms, 2000);
}

static void without_a_file_the_defaults_hold(void **state)
{
	(void)state;
	memset(&conf, 'x', sizeof(conf));
	assert_int_equal(rlg_siteconf_read(in_scratch("nowhere"), &conf, NULL), 0);
	assert_defaults();
	assert_int_equal(read_text(""), 0);
	assert_defaults();
	assert_int_equal(read_text("\n\n# nothing\n   # here\n\t\n"), 0);
	assert_defaults();
}

static void settings_are_read(void **state)
{
	(void)state;
	assert_int_equal(read_text("track = all\ndefault_group=/data/$USER/x\n\ttimeout_ms\t=\t250 # quick\n"), 0);
	assert_true(conf.track_all);
	assert_string_equal(conf.default_group, "/data/$USER/x");
	assert_int_equal(conf.timeout_ms, 250);
	assert_int_equal(read_text("track=groups\r\ndefault_group=~/a b\r\n"), 0);
	assert_false(conf.track_all);
	assert_string_equal(conf.default_group, "~/a b");
	assert_int_equal(read_text("timeout_ms=50"), 0); /* no newline */
	assert_int_equal(conf.timeout_ms, 50);
	assert_int_equal(read_text("timeout_ms=60000\ntimeout_ms=70\n"), 0);
	assert_int_equal(conf.timeout_ms, 70); /* the last one */
}

static void a_bad_line_is_told_with_its_number(void **state)
{
	static const struct {
		const char *line, *said;
	} table[] = {
		{"track = everything", "'everything'"}, {"track =", "track"},	    {"track", "'track'"},
		{"timeout_ms = 49", "'49'"},		  {"timeout_ms = 60001", "60000"}, {"timeout_ms = 2s", "'2s'"},
		{"timeout_ms = -1", "'-1'"},		  {"default_group = here", "'here'"}, {"default_group = ~ann/x", "'~ann/x'"},
		{"colour = red", "'colour'"},		  {"= 5", "=" },		    {"Track = all", "'Track'"},
	};
	char text[256], where[SCRATCH_PATH_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		snprintf(text, sizeof(text), "# first\ntimeout_ms = 70\n%s\ntrack = all\n", table[i].line);
		assert_int_equal(read_text(text), -EINVAL);
		snprintf(where, sizeof(where), "%s:3: ", in_scratch("runledger.conf"));
		if (strncmp(err.text, where, strlen(where)) != 0 || (i != 10 && strstr(err.text, table[i].said) == NULL))
			fail_msg("%s: %s", table[i].line, err.text);
		/* The rest is still good. */
		assert_int_equal(conf.timeout_ms, 70);
		assert_true(conf.track_all);
		assert_string_equal(conf.default_group, "~/runledger");
	}
}

static void a_line_that_is_passed_over_changes_nothing(void **state)
{
	static char text[9000];

	(void)state;
	assert_int_equal(read_text("track = all\ntrack = everything\n"), -EINVAL);
	assert_true(conf.track_all);
	strcpy(text, "default_group = /good\ndefault_group = /");
	memset(text + strlen(text), 'a', 5000);
	assert_int_equal(read_text(text), -EINVAL);
	assert_string_equal(conf.default_group, "/good");
	assert_int_equal(read_text("timeout_ms = 70\ntimeout_ms = 7\n"), -EINVAL);
	assert_int_equal(conf.timeout_ms, 70);
}

static void only_the_first_bad_line_is_told(void **state)
{
	(void)state;
	assert_int_equal(read_text("one\ntwo\n"), -EINVAL);
	assert_non_null(strstr(err.text, ":1: "));
	assert_null(strstr(err.text, "two"));
}

static void what_is_no_file_is_told(void **state)
{
	static char large[20000];

	(void)state;
	make_folder(in_scratch("folder"), 0755);
	err.text[0] = '\0';
	assert_true(rlg_siteconf_read(in_scratch("folder"), &conf, &err) < 0);
	assert_non_null(strstr(err.text, "folder"));
	assert_defaults();
	assert_return_code(mkfifo(in_scratch("fifo"), 0644), errno);
	assert_true(rlg_siteconf_read(in_scratch("fifo"), &conf, &err) < 0); /* and nobody waits */
	memset(large, '#', sizeof(large) - 1);
	assert_true(read_text(large) < 0);
	assert_defaults();
	assert_true(read_bytes_of("timeout_ms=70\n\0\ntrack=all\n", 26) <= 0);
	assert_int_equal(conf.timeout_ms, 70);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_set_up, scratch_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_a_file_the_defaults_hold),
		TEST(settings_are_read),
		TEST(a_bad_line_is_told_with_its_number),
		TEST(a_line_that_is_passed_over_changes_nothing),
		TEST(only_the_first_bad_line_is_told),
		TEST(what_is_no_file_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
