/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A text of bounded length: full buffers, JSON of every byte, UTF-8 that is none, numbers; and the sentence of an error. */
#include "tests/unit/scratch.h"

#include "lib/clock.h"
#include "lib/err.h"
#include "lib/text.h"

#include <cjson/cJSON.h>
#include <limits.h>

#define U_FFFD "\xef\xbf\xbd"

/* What stands in the text, with a look that nothing was written behind its end. */
struct guarded {
	struct rlg_text text;
	char storage[256];
	size_t size;
};

static void begin(struct guarded *guarded, size_t size)
{
	memset(guarded->storage, '#', sizeof(guarded->storage));
	guarded->size = size;
	rlg_text_init(&guarded->text, guarded->storage, size);
}

static void assert_text(const struct guarded *guarded, const char *expected, bool full)
{
	assert_string_equal(guarded->text.data, expected);
	assert_int_equal(guarded->text.length, strlen(expected));
	assert_int_equal(guarded->text.full, full);
	for (size_t i = guarded->size; i < sizeof(guarded->storage); i++)
		assert_int_equal(guarded->storage[i], '#');
}

/* ---- full texts ---- */

static void what_fits_is_added_whole(void **state)
{
	struct guarded g;

	(void)state;
	begin(&g, 6);
	assert_text(&g, "", false);
	rlg_text_add(&g.text, "ab");
	rlg_text_add_bytes(&g.text, "cX", 1);
	rlg_text_addf(&g.text, "%d", 45);
	assert_text(&g, "abc45", false);
}

static void what_does_not_fit_is_left_out_whole(void **state)
{
	struct guarded g;

	(void)state;
	begin(&g, 6);
	rlg_text_add(&g.text, "abc");
	rlg_text_add(&g.text, "defg");
	assert_text(&g, "abc", true);
	rlg_text_add(&g.text, "d"); /* from then on */
	assert_text(&g, "abc", true);
	rlg_text_addf(&g.text, "%s", "");
	assert_text(&g, "abc", true);

	begin(&g, 6);
	rlg_text_add(&g.text, "ab");
	rlg_text_addf(&g.text, "%d", 12345);
	assert_text(&g, "ab", true);

	begin(&g, 6);
	rlg_text_add(&g.text, "abcdef"); /* the NUL has no room */
	assert_text(&g, "", true);
	begin(&g, 6);
	rlg_text_addf(&g.text, "%s", "abcdef");
	assert_text(&g, "", true);
}

static void a_text_of_one_byte_is_empty(void **state)
{
	struct guarded g;

	(void)state;
	begin(&g, 1);
	assert_text(&g, "", false);
	rlg_text_add(&g.text, "");
	assert_text(&g, "", false);
	rlg_text_add(&g.text, "a");
	assert_text(&g, "", true);
	begin(&g, 1);
	rlg_text_add_json(&g.text, "");
	assert_text(&g, "", true);
}

static void a_json_string_is_added_whole_or_not(void **state)
{
	static const char *const words[] = {"abc", "\"\"\"\"", "\x01\x01", "\xff\xff\xff", "\xc3\xbc\xc3\xbc\xf0\x9f\x98\x80", ""};
	char expected[64];

	(void)state;
	for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++) {
		struct guarded g;
		begin(&g, sizeof(g.storage));
		rlg_text_add(&g.text, "12");
		rlg_text_add_json(&g.text, words[w]);
		snprintf(expected, sizeof(expected), "%s", g.text.data);
		size_t whole = g.text.length + 1;
		for (size_t size = 3; size <= whole; size++) {
			begin(&g, size);
			rlg_text_add(&g.text, "12");
			rlg_text_add_json(&g.text, words[w]);
			assert_text(&g, size == whole ? expected : "12", size != whole);
		}
	}
}

/* ---- JSON ---- */

static void every_byte_becomes_json(void **state)
{
	struct guarded g;
	char expected[16];

	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		const char words[] = {(char)byte, '\0'};
		begin(&g, sizeof(g.storage));
		rlg_text_add_json(&g.text, words);
		cJSON *json = cJSON_Parse(g.text.data);
		if (!cJSON_IsString(json))
			fail_msg("byte %02x becomes %s", byte, g.text.data);
		/* It means what it was, or that it was no character. */
		assert_string_equal(json->valuestring, byte < 0x80 ? words : U_FFFD);
		cJSON_Delete(json);
		/* No control character stands in a line of JSON. */
		for (const char *at = g.text.data; *at != '\0'; at++)
			assert_true((unsigned char)*at >= 0x20 && *at != 0x7f);
		if (byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\') {
			snprintf(expected, sizeof(expected), "\"%c\"", byte);
			assert_string_equal(g.text.data, expected);
		}
	}
}

static void broken_utf8_becomes_the_replacement_character(void **state)
{
	static const struct {
		const char *words, *json;
	} table[] = {
		{"\xc3\xbc", "\"\xc3\xbc\""},
		{"\xe2\x82\xac", "\"\xe2\x82\xac\""},
		{"\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\""},
		{"\xf4\x8f\xbf\xbf", "\"\xf4\x8f\xbf\xbf\""}, /* U+10FFFF */
		{"\xef\xbf\xbf", "\"\xef\xbf\xbf\""}, /* no character, but well formed */
		{"a\xc3", "\"a" U_FFFD "\""}, /* cut off */
		{"\xc3(", "\"" U_FFFD "(\""},
		{"\xe2\x82", "\"" U_FFFD U_FFFD "\""},
		{"\xf0\x9f\x98z", "\"" U_FFFD U_FFFD U_FFFD "z\""},
		{"\x80", "\"" U_FFFD "\""}, /* a continuation alone */
		{"\xc0\xaf", "\"" U_FFFD U_FFFD "\""}, /* over-long '/' */
		{"\xe0\x80\xaf", "\"" U_FFFD U_FFFD U_FFFD "\""},
		{"\xf0\x80\x80\xaf", "\"" U_FFFD U_FFFD U_FFFD U_FFFD "\""},
		{"\xc1\xbf", "\"" U_FFFD U_FFFD "\""},
		{"\xed\xa0\x80", "\"" U_FFFD U_FFFD U_FFFD "\""}, /* a surrogate */
		{"\xed\xbf\xbf", "\"" U_FFFD U_FFFD U_FFFD "\""},
		{"\xf4\x90\x80\x80", "\"" U_FFFD U_FFFD U_FFFD U_FFFD "\""}, /* past U+10FFFF */
		{"\xf5\x80\x80\x80", "\"" U_FFFD U_FFFD U_FFFD U_FFFD "\""},
		{"\xfe\xff", "\"" U_FFFD U_FFFD "\""},
		{"\xff\"\n", "\"" U_FFFD "\\\"\\n\""},
	};
	struct guarded g;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		begin(&g, sizeof(g.storage));
		rlg_text_add_json(&g.text, table[i].words);
		assert_text(&g, table[i].json, false);
	}
}

/* Every code point, well formed, is one character; in fewer bytes than it needs it is none. */
static void every_code_point_is_a_character(void **state)
{
	(void)state;
	for (unsigned code = 1; code <= 0x10ffff; code += code < 0x3000 || (code > 0xd700 && code < 0xe100) ? 1 : 61) {
		char bytes[4];
		size_t length;
		if (code < 0x80) {
			bytes[0] = (char)code;
			length = 1;
		} else if (code < 0x800) {
			bytes[0] = (char)(0xc0 | code >> 6);
			length = 2;
		} else if (code < 0x10000) {
			bytes[0] = (char)(0xe0 | code >> 12);
			length = 3;
		} else {
			bytes[0] = (char)(0xf0 | code >> 18);
			length = 4;
		}
		for (size_t i = 1; i < length; i++)
			bytes[i] = (char)(0x80 | (code >> (6 * (length - 1 - i)) & 0x3f));
		bool surrogate = code >= 0xd800 && code <= 0xdfff;
		if (rlg_utf8_length(bytes, length) != (surrogate ? 0 : length))
			fail_msg("U+%04X is of length %zu", code, rlg_utf8_length(bytes, length));
		assert_int_equal(rlg_utf8_length(bytes, length - 1), 0);
	}
	assert_int_equal(rlg_utf8_length("", 0), 0);
	assert_int_equal(rlg_utf8_length("\0", 1), 1);
}

/* ---- copies and numbers ---- */

static void a_copy_fits_or_is_empty(void **state)
{
	char to[5] = "old!";

	(void)state;
	assert_true(rlg_copy(to, sizeof(to), "four"));
	assert_string_equal(to, "four");
	assert_false(rlg_copy(to, sizeof(to), "fives"));
	assert_string_equal(to, "");
	assert_true(rlg_copy(to, 1, ""));
	assert_false(rlg_copy(to, 1, "a"));
}

static void numbers_are_whole_and_stand_alone(void **state)
{
	static const struct {
		const char *words;
		long long least, most;
		bool good;
		long long value;
	} table[] = {
		{"0", 0, 10, true, 0},
		{"10", 0, 10, true, 10},
		{"11", 0, 10, false, 0},
		{"-1", 0, 10, false, 0},
		{"-1", -1, 10, true, -1},
		{"007", 0, 10, true, 7},
		{"9223372036854775807", 0, LLONG_MAX, true, LLONG_MAX},
		{"-9223372036854775808", LLONG_MIN, 0, true, LLONG_MIN},
		{"9223372036854775808", 0, LLONG_MAX, false, 0},
		{"99999999999999999999", 0, LLONG_MAX, false, 0},
		{"", 0, 10, false, 0},
		{" 1", 0, 10, false, 0},
		{"1 ", 0, 10, false, 0},
		{"1\n", 0, 10, false, 0},
		{"+1", 0, 10, false, 0},
		{"-", -10, 10, false, 0},
		{"--1", -10, 10, false, 0},
		{"- 1", -10, 10, false, 0},
		{"0x1", 0, 10, false, 0},
		{"1e1", 0, 10, false, 0},
		{"1.0", 0, 10, false, 0},
		{"one", 0, 10, false, 0},
		{NULL, 0, 10, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		long long value = 4242;
		if (rlg_parse_int(table[i].words, table[i].least, table[i].most, &value) != table[i].good)
			fail_msg("wrong about '%s'", table[i].words);
		assert_true(value == (table[i].good ? table[i].value : 4242));
	}
}

/* ---- errors ---- */

static void a_failure_is_a_code_and_a_sentence(void **state)
{
	struct rlg_err err = {"untouched"};
	char words[2 * RLG_ERR_MAX];

	(void)state;
	assert_int_equal(rlg_fail(NULL, -EINVAL, "%s", "nobody listens"), -EINVAL);
	assert_int_equal(rlg_fail_errno(NULL, -ENOENT, "%s", "nobody listens"), -ENOENT);
	assert_string_equal(err.text, "untouched");
	assert_int_equal(rlg_fail(&err, -EINVAL, "%s is %d", "x", 5), -EINVAL);
	assert_string_equal(err.text, "x is 5");
	assert_int_equal(rlg_fail_errno(&err, -ENOSPC, "cannot write %s", "x"), -ENOSPC);
	assert_string_equal(err.text, "cannot write x: No space left on device");
	memset(words, 'w', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	assert_int_equal(rlg_fail_errno(&err, -ENOSPC, "%s", words), -ENOSPC);
	assert_int_equal(strlen(err.text), RLG_ERR_MAX - 1);
	assert_int_equal(rlg_fail_errno(&err, -99999, "x"), -99999);
	assert_non_null(strstr(err.text, "x: "));
}

/* ---- time ---- */

static void moments_are_written_or_empty(void **state)
{
	char text[RLG_TIME_TEXT_MAX];

	(void)state;
	setenv("TZ", "XST-5:30", 1);
	tzset();
	assert_string_equal(rlg_clock_utc(1773241200 * RLG_SECOND_US + 999999, text), "2026-03-11T15:00:00Z");
	assert_string_equal(rlg_clock_local(1773241200 * RLG_SECOND_US, text), "2026-03-11 20:30:00");
	assert_string_equal(rlg_clock_utc(0, text), "");
	assert_string_equal(rlg_clock_local(0, text), "");
	assert_string_equal(rlg_clock_utc(-1, text), "");
	assert_string_equal(rlg_clock_utc(INT64_C(253402300799) * RLG_SECOND_US, text), "9999-12-31T23:59:59Z");
	rlg_clock_utc(INT64_MAX, text);
	rlg_clock_local(INT64_MAX, text);
	assert_true(strlen(text) < RLG_TIME_TEXT_MAX);
	int64_t before = rlg_clock_monotonic_ms();
	scratch_sleep_ms(5);
	assert_in_range(rlg_clock_monotonic_ms() - before, 4, 5000);
	assert_true(llabs(rlg_clock_now_us() - (int64_t)time(NULL) * RLG_SECOND_US) < 3 * RLG_SECOND_US);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_is_added_whole),
		cmocka_unit_test(what_does_not_fit_is_left_out_whole),
		cmocka_unit_test(a_text_of_one_byte_is_empty),
		cmocka_unit_test(a_json_string_is_added_whole_or_not),
		cmocka_unit_test(every_byte_becomes_json),
		cmocka_unit_test(broken_utf8_becomes_the_replacement_character),
		cmocka_unit_test(every_code_point_is_a_character),
		cmocka_unit_test(a_copy_fits_or_is_empty),
		cmocka_unit_test(numbers_are_whole_and_stand_alone),
		cmocka_unit_test(a_failure_is_a_code_and_a_sentence),
		cmocka_unit_test(moments_are_written_or_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
