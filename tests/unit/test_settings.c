/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arguments of our line in plugstack.conf. */
#include "tests/unit/scratch.h"

#include "spank/hooks/settings.h"

static struct rlg_settings settings;
static struct rlg_err err;

static int read_arguments(const char *first, const char *second, const char *third)
{
	char *arguments[] = {(char *)first, (char *)second, (char *)third};
	int count = first == NULL ? 0 : second == NULL ? 1 : third == NULL ? 2 : 3;

	err.text[0] = '\0';
	memset(&settings, 'x', sizeof(settings));
	int code = rlg_settings_read(&settings, count, arguments, &err);
	if ((code != 0) != (err.text[0] != '\0'))
		fail_msg("returned %d with the sentence '%s'", code, err.text);
	return code;
}

static const char *conf_argument(void)
{
	static char text[SCRATCH_PATH_MAX];

	snprintf(text, sizeof(text), "conf=%s", in_scratch("my.conf"));
	return text;
}

static void without_arguments_the_defaults_hold(void **state)
{
	(void)state;
	read_arguments(NULL, NULL, NULL);
	assert_string_equal(settings.conf_path, RLG_SITECONF_PATH);
	assert_string_equal(settings.helper, RLG_BINDIR "/runledger");
}

static void arguments_are_taken(void **state)
{
	(void)state;
	write_text(in_scratch("my.conf"), "track=all\ntimeout_ms=300\n");
	assert_int_equal(read_arguments(conf_argument(), "helper=/opt/x=y/runledger", NULL), 0);
	assert_string_equal(settings.conf_path, in_scratch("my.conf"));
	assert_string_equal(settings.helper, "/opt/x=y/runledger");
	assert_true(settings.site.track_all);
	assert_int_equal(settings.site.timeout_ms, 300);
	/* Over the file's, wherever it stands. */
	assert_int_equal(read_arguments("timeout_ms=99", conf_argument(), NULL), 0);
	assert_int_equal(settings.site.timeout_ms, 99);
	assert_true(settings.site.track_all);
}

static void what_cannot_be_used_is_told_and_the_rest_counts(void **state)
{
	static char long_path[RLG_PATH_MAX + 20];
	const char *bad[] = {"helper=runledger", "helper=", "conf=x", "timeout_ms=0", "timeout_ms=", "timeout_ms=60001",
			     "timeout_ms=99x", "colour=red", "", "helper", "HELPER=/x", "required", long_path};

	(void)state;
	write_text(in_scratch("my.conf"), "track=all\n");
	memset(long_path, 'a', sizeof(long_path) - 1);
	memcpy(long_path, "helper=/", 8);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (read_arguments(bad[i], conf_argument(), "timeout_ms=99") != -EINVAL)
			fail_msg("'%s' is not refused", bad[i]);
		assert_non_null(strstr(err.text, "plugstack.conf"));
		assert_string_equal(settings.conf_path, in_scratch("my.conf"));
		assert_string_equal(settings.helper, RLG_BINDIR "/runledger");
		assert_true(settings.site.track_all);
		assert_int_equal(settings.site.timeout_ms, 99);
	}
	assert_int_equal(read_arguments("one", "two", NULL), -EINVAL);
	assert_non_null(strstr(err.text, "'one'"));
	/* A bad line of the file is told too, if nothing else is. */
	write_text(in_scratch("my.conf"), "track=all\nrubbish\n");
	assert_int_equal(read_arguments(conf_argument(), "timeout_ms=99", NULL), -EINVAL);
	assert_non_null(strstr(err.text, "my.conf:2: "));
	assert_true(settings.site.track_all);
	assert_int_equal(settings.site.timeout_ms, 99);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_set_up, scratch_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_arguments_the_defaults_hold),
		TEST(arguments_are_taken),
		TEST(what_cannot_be_used_is_told_and_the_rest_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
