/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading status files that nobody can trust: what is told, what is stepped over, and that every bit of it is counted. */
#include "tests/unit/scratch.h"

#include "lib/clock.h"
#include "lib/lines.h"
#include "lib/record.h"

/* What was told: the lines with a newline behind each, and where they came from. */
struct told {
	char *text;
	size_t length, room;
	size_t count;
	char sources[16384]; /* "run/file\n", once where it does not change */
	char last_source[600];
	size_t stop_after; /* 0: never */
};

static struct told told;
static struct rlg_damage damage;

static int take_line(void *context, const char *run, const char *file, const char *line, size_t length)
{
	struct told *to = context;
	char source[600];

	if (to->length + length + 2 > to->room) {
		to->room = 2 * (to->room + length + 2);
		to->text = realloc(to->text, to->room);
		assert_non_null(to->text);
	}
	memcpy(to->text + to->length, line, length);
	to->length += length;
	to->text[to->length++] = '\n';
	to->text[to->length] = '\0';
	snprintf(source, sizeof(source), "%s/%s\n", run, file);
	if (strcmp(source, to->last_source) != 0)
		strncat(to->sources, source, sizeof(to->sources) - strlen(to->sources) - 1);
	strcpy(to->last_source, source);
	to->count++;
	return to->count == to->stop_after ? 77 : 0;
}

static void forget(void)
{
	free(told.text);
	memset(&told, 0, sizeof(told));
	told.text = calloc(1, 1);
	memset(&damage, 0, sizeof(damage));
}

static int set_up(void **state)
{
	forget();
	if (scratch_set_up(state) != 0)
		return -1;
	make_folders(in_scratch(".runledger/runs/r1"));
	return 0;
}

static int tear_down(void **state)
{
	free(told.text);
	told.text = NULL;
	return scratch_tear_down(state);
}

static const char *file_of(const char *run, const char *name)
{
	return in_scratch(".runledger/runs/%s/%s", run, name);
}

static int read_all(const char *run)
{
	struct rlg_err err = {""};
	int code;

	forget();
	code = rlg_lines_each(scratch, run, take_line, &told, &damage, &err);
	if ((code < 0) != (err.text[0] != '\0'))
		fail_msg("returned %d with the sentence '%s'", code, err.text);
	return code;
}

/* Reads one file of these bytes. */
static void read_text(const void *bytes, size_t length)
{
	write_bytes(file_of("r1", "h.jsonl"), bytes, length, 0644);
	assert_int_equal(read_all("r1"), 0);
}

static void assert_damage(uint64_t torn, uint64_t too_long, uint64_t nuls, uint64_t files)
{
	assert_int_equal(damage.torn, torn);
	assert_int_equal(damage.too_long, too_long);
	assert_int_equal(damage.nuls, nuls);
	assert_int_equal(damage.files, files);
	assert_int_equal(damage.no_record, 0);
	assert_int_equal(rlg_damage_total(&damage), too_long + nuls + files);
}

/* ---- lines ---- */

static void lines_are_told_in_order(void **state)
{
	(void)state;
	read_text("{\"a\":1}\n{}\nxyz\n", 15);
	assert_string_equal(told.text, "{\"a\":1}\n{}\nxyz\n");
	assert_int_equal(told.count, 3);
	assert_string_equal(told.sources, "r1/h.jsonl\n");
	assert_damage(0, 0, 0, 0);
}

static void an_empty_file_has_none(void **state)
{
	(void)state;
	read_text("", 0);
	assert_int_equal(told.count, 0);
	assert_damage(0, 0, 0, 0);
}

static void empty_lines_are_no_damage(void **state)
{
	(void)state;
	read_text("\n\n{}\n\n\n{}\n\n", 11);
	assert_string_equal(told.text, "{}\n{}\n");
	assert_damage(0, 0, 0, 0);
}

static void a_carriage_return_is_part_of_the_line(void **state)
{
	(void)state;
	read_text("{}\r\n{}\r\n", 8);
	assert_string_equal(told.text, "{}\r\n{}\r\n");
	assert_damage(0, 0, 0, 0);
}

static void a_torn_tail_is_counted_and_not_told(void **state)
{
	(void)state;
	read_text("{}\n{\"a", 6);
	assert_string_equal(told.text, "{}\n");
	assert_damage(1, 0, 0, 0);
	read_text("{", 1);
	assert_int_equal(told.count, 0);
	assert_damage(1, 0, 0, 0);
}

static void the_longest_record_and_one_byte_more(void **state)
{
	static char text[2 * RLG_RECORD_MAX + 64];

	(void)state;
	for (size_t length = RLG_RECORD_MAX - 2; length <= RLG_RECORD_MAX + 2; length++) {
		/* Of this length with its newline, between two others. */
		memset(text, 'x', sizeof(text));
		memcpy(text, "a\n", 2);
		memcpy(text + 2 + length - 1, "\nb\n", 3);
		read_text(text, 2 + length + 2);
		bool fits = length <= RLG_RECORD_MAX;
		assert_int_equal(told.count, fits ? 3 : 2);
		assert_int_equal(told.length, fits ? 2 + length + 2 : 4);
		assert_damage(0, !fits, 0, 0);
	}
}

static void ten_megabytes_are_one_line_too_long(void **state)
{
	size_t length = 10 << 20;
	char *text = malloc(length + 8);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', length);
	memcpy(text + length, "\n{}\n", 4);
	read_text(text, length + 4);
	assert_string_equal(told.text, "{}\n");
	assert_damage(0, 1, 0, 0);
	/* Without an end. */
	read_text(text, length);
	assert_int_equal(told.count, 0);
	assert_true(damage.torn + damage.too_long >= 1);
	/* Several behind each other, across the reader's buffer in every way. */
	memset(text, '\n', 1);
	for (size_t at = 5000, n = 1; at < length; at += 5000 + n, n += 13)
		text[at] = '\n';
	read_text(text, length);
	uint64_t lines = 0;
	for (size_t at = 1, start = 1; at < length; at++)
		if (text[at] == '\n') {
			assert_true(at - start >= RLG_RECORD_MAX);
			lines++;
			start = at + 1;
		}
	assert_int_equal(damage.too_long, lines);
	assert_int_equal(told.count, 0);
	free(text);
}

static void nuls_before_a_record_are_stepped_over(void **state)
{
	static char text[RLG_RECORD_MAX + 100];

	(void)state;
	read_text("{}\n\0\0\0\0{\"a\":1}\n{}\n", 18);
	assert_string_equal(told.text, "{}\n{\"a\":1}\n{}\n");
	assert_damage(0, 0, 1, 0);
	/* Inside: the whole line. */
	read_text("{}\n{\"a\0b\":1}\n\0x\0\n\0\n{}\n", 22);
	assert_string_equal(told.text, "{}\n{}\n");
	assert_damage(0, 0, 3, 0);
	/* A hole that is longer than a record, with a record behind it. */
	memcpy(text + sizeof(text) - 4, "{}\n", 3);
	read_text(text, sizeof(text) - 1);
	assert_true(rlg_damage_total(&damage) == 1);
	/* NULs to the end of the file, as a writer that was cut off leaves them. */
	read_text("{}\n\0\0\0", 6);
	assert_string_equal(told.text, "{}\n");
	assert_damage(1, 0, 0, 0);
}

static void whoever_is_told_can_stop(void **state)
{
	(void)state;
	write_text(file_of("r1", "a.jsonl"), "1\n2\n3\n");
	write_text(file_of("r1", "b.jsonl"), "4\n");
	forget();
	told.stop_after = 2;
	assert_int_equal(rlg_lines_each(scratch, "r1", take_line, &told, &damage, NULL), 77);
	assert_string_equal(told.text, "1\n2\n");
	int before = count_descriptors();
	told.stop_after = 3;
	assert_int_equal(rlg_lines_each(scratch, NULL, take_line, &told, &damage, NULL), 77);
	assert_int_equal(count_descriptors(), before);
}

/* ---- files ---- */

static void files_and_runs_come_in_the_order_of_their_names(void **state)
{
	static const char *const names[] = {"r1", "r10", "R2", "a b", "\xc3\xbc"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		make_folders(in_scratch(".runledger/runs/%s", names[i]));
		write_text(file_of(names[i], "h2.jsonl"), "2\n");
		write_text(file_of(names[i], "h1.jsonl"), "1\n");
		write_text(file_of(names[i], "h1.17-00ab.jsonl"), "1a\n");
	}
	assert_int_equal(read_all(NULL), 0);
	assert_string_equal(told.sources,
			    "R2/h1.17-00ab.jsonl\nR2/h1.jsonl\nR2/h2.jsonl\na b/h1.17-00ab.jsonl\na b/h1.jsonl\na b/h2.jsonl\n"
			    "r1/h1.17-00ab.jsonl\nr1/h1.jsonl\nr1/h2.jsonl\nr10/h1.17-00ab.jsonl\nr10/h1.jsonl\nr10/h2.jsonl\n"
			    "\xc3\xbc/h1.17-00ab.jsonl\n\xc3\xbc/h1.jsonl\n\xc3\xbc/h2.jsonl\n");
	assert_damage(0, 0, 0, 0);
	assert_int_equal(read_all("r1"), 0);
	assert_string_equal(told.sources, "r1/h1.17-00ab.jsonl\nr1/h1.jsonl\nr1/h2.jsonl\n");
}

static void only_status_files_are_read(void **state)
{
	static const char *const others[] = {".hidden.jsonl", ".jsonl", "h.json", "h.jsonl~", "h.jsonl.tmp", "notes.txt", "jsonl"};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		write_text(file_of("r1", others[i]), "no\n");
	write_text(file_of("r1", "h.jsonl"), "yes\n");
	make_folders(in_scratch(".runledger/runs/.trash"));
	write_text(file_of(".trash", "h.jsonl"), "no\n");
	assert_int_equal(read_all(NULL), 0);
	assert_string_equal(told.text, "yes\n");
	assert_damage(0, 0, 0, 0);
}

static void what_is_no_file_is_counted(void **state)
{
	(void)state;
	write_text(in_scratch("secret.jsonl"), "secret\n");
	make_folder(file_of("r1", "folder.jsonl"), 0755);
	assert_return_code(mkfifo(file_of("r1", "fifo.jsonl"), 0644), errno);
	assert_return_code(symlink(in_scratch("secret.jsonl"), file_of("r1", "link.jsonl")), errno);
	assert_return_code(symlink("/dev/zero", file_of("r1", "zero.jsonl")), errno);
	assert_return_code(symlink("nowhere", file_of("r1", "dangling.jsonl")), errno);
	write_text(file_of("r1", "z.jsonl"), "good\n");
	int before = count_descriptors();
	int64_t begun_ms = scratch_now_ms();
	assert_int_equal(read_all("r1"), 0);
	assert_true(scratch_now_ms() - begun_ms < 2000);
	assert_string_equal(told.text, "good\n");
	assert_damage(0, 0, 0, 5);
	assert_int_equal(count_descriptors(), before);
}

static void what_is_no_run_is_counted(void **state)
{
	(void)state;
	make_folders(in_scratch("elsewhere"));
	write_text(in_scratch("elsewhere/h.jsonl"), "secret\n");
	assert_return_code(symlink(in_scratch("elsewhere"), in_scratch(".runledger/runs/link")), errno);
	write_text(in_scratch(".runledger/runs/file"), "x\n");
	write_text(file_of("r1", "h.jsonl"), "good\n");
	assert_int_equal(read_all(NULL), 0);
	assert_string_equal(told.text, "good\n");
	assert_damage(0, 0, 0, 2);
	assert_int_equal(read_all("link"), 0);
	assert_int_equal(told.count, 0);
	assert_damage(0, 0, 0, 1);
}

static void nothing_there_is_no_error(void **state)
{
	(void)state;
	assert_int_equal(read_all("r1"), 0);
	assert_int_equal(read_all("never"), 0);
	assert_int_equal(read_all(NULL), 0);
	assert_damage(0, 0, 0, 0);
	nftw(in_scratch(".runledger/runs"), scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS);
	assert_int_equal(read_all(NULL), 0);
	assert_int_equal(read_all("r1"), 0);
	assert_int_equal(told.count, 0);
	assert_damage(0, 0, 0, 0);
}

static void runs_that_are_no_folder_are_an_error(void **state)
{
	(void)state;
	nftw(in_scratch(".runledger/runs"), scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS);
	write_text(in_scratch(".runledger/runs"), "");
	assert_int_equal(read_all(NULL), -ENOTDIR);
}

static void read_as_scratch_user(void *context)
{
	(void)context;
	child_becomes_scratch_user();
	memset(&damage, 0, sizeof(damage));
	CHILD_ASSERT(rlg_lines_each(scratch, NULL, take_line, &told, &damage, NULL) == 0);
	CHILD_ASSERT(told.count == 1 && strcmp(told.text, "open\n") == 0);
	CHILD_ASSERT(damage.files == 2);
	struct rlg_err err = {""};
	CHILD_ASSERT(rlg_lines_each(in_scratch("closed"), NULL, take_line, &told, &damage, &err) == -EACCES);
	CHILD_ASSERT(strstr(err.text, "closed") != NULL);
	_exit(0);
}

static void what_is_locked_away_is_counted(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	write_text(file_of("r1", "open.jsonl"), "open\n");
	write_bytes(file_of("r1", "secret.jsonl"), "secret\n", 7, 0600);
	make_folder(in_scratch(".runledger/runs/locked"), 0700);
	write_text(file_of("locked", "h.jsonl"), "secret\n");
	make_folders(in_scratch("closed/.runledger/runs"));
	assert_return_code(chmod(in_scratch("closed"), 0700), errno);
	in_child(read_as_scratch_user, NULL);
}

static int take_run(void *context, const char *run)
{
	char *names = context;

	strcat(names, run);
	strcat(names, "\n");
	return strcmp(run, "stop") == 0 ? 5 : 0;
}

static void runs_are_named_in_order(void **state)
{
	char names[256] = "";

	(void)state;
	make_folders(in_scratch(".runledger/runs/a"));
	make_folders(in_scratch(".runledger/runs/z"));
	assert_int_equal(rlg_lines_each_run(scratch, take_run, names, NULL), 0);
	assert_string_equal(names, "a\nr1\nz\n");
	names[0] = '\0';
	make_folders(in_scratch(".runledger/runs/stop"));
	assert_int_equal(rlg_lines_each_run(scratch, take_run, names, NULL), 5);
	assert_string_equal(names, "a\nr1\nstop\n");
	assert_int_equal(rlg_lines_each_run(in_scratch("nowhere"), take_run, names, NULL), 0);
}

/* ---- any bytes at all ---- */

static uint64_t dice_state;

static unsigned dice(void)
{
	dice_state ^= dice_state >> 12;
	dice_state ^= dice_state << 25;
	dice_state ^= dice_state >> 27;
	return (unsigned)((dice_state * UINT64_C(2685821657736338717)) >> 33);
}

/* The same from the whole text at once, as the header says it. */
static void expect(const char *bytes, size_t length, struct told *lines, struct rlg_damage *counts)
{
	size_t at = 0;

	while (at < length) {
		const char *end = memchr(bytes + at, '\n', length - at);
		if (end == NULL) {
			counts->torn++;
			return;
		}
		size_t size = (size_t)(end - bytes) - at;
		const char *line = bytes + at;
		at += size + 1;
		bool has_nul = size > 0 && *line == '\0';
		while (size > 0 && *line == '\0') {
			line++;
			size--;
		}
		if (size + 1 > RLG_RECORD_MAX) {
			counts->too_long++;
			continue;
		}
		if (has_nul || memchr(line, '\0', size) != NULL)
			counts->nuls++;
		if (size > 0 && memchr(line, '\0', size) == NULL)
			take_line(lines, "r1", "h.jsonl", line, size);
	}
}

static size_t random_text(char *bytes, size_t most)
{
	static const unsigned lengths[] = {0, 1, 2, 50, 300, 4094, 4095, 4096, 4097, 9000, 65535, 65536, 70000};
	size_t length = 0;
	unsigned lines = dice() % 12;

	for (unsigned i = 0; i < lines; i++) {
		size_t size = lengths[dice() % (sizeof(lengths) / sizeof(lengths[0]))];
		unsigned kind = dice() % 4;
		if (length + size + 1 > most)
			break;
		for (size_t j = 0; j < size; j++)
			bytes[length + j] = kind == 0 ? (char)dice() : (char)('a' + j % 26);
		if (kind == 1 && size > 0)
			memset(bytes + length, 0, dice() % (unsigned)size);
		if (kind == 2 && size > 0)
			bytes[length + dice() % (unsigned)size] = '\0';
		length += size;
		if (i + 1 < lines || dice() % 2)
			bytes[length++] = '\n';
	}
	return length;
}

static void any_bytes_are_read_as_the_header_says(void **state)
{
	static char bytes[1 << 20];
	const char *given = getenv("RLG_TEST_SEED");
	uint64_t seed = given != NULL && given[0] != '\0' ? strtoull(given, NULL, 10) : (uint64_t)rlg_clock_now_us();

	(void)state;
	print_message("# RLG_TEST_SEED=%llu\n", (unsigned long long)seed);
	dice_state = seed | 1;
	for (int round = 0; round < 150; round++) {
		struct told lines = {.text = calloc(1, 1)};
		struct rlg_damage counts = {0};
		size_t length = random_text(bytes, sizeof(bytes));
		expect(bytes, length, &lines, &counts);
		read_text(bytes, length);
		assert_int_equal(told.count, lines.count);
		assert_int_equal(told.length, lines.length);
		assert_memory_equal(told.text, lines.text, lines.length);
		assert_int_equal(damage.too_long, counts.too_long);
		assert_int_equal(damage.nuls, counts.nuls);
		assert_int_equal(damage.torn, counts.torn);
		free(lines.text);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_are_told_in_order),
		TEST(an_empty_file_has_none),
		TEST(empty_lines_are_no_damage),
		TEST(a_carriage_return_is_part_of_the_line),
		TEST(a_torn_tail_is_counted_and_not_told),
		TEST(the_longest_record_and_one_byte_more),
		TEST(ten_megabytes_are_one_line_too_long),
		TEST(nuls_before_a_record_are_stepped_over),
		TEST(whoever_is_told_can_stop),
		TEST(files_and_runs_come_in_the_order_of_their_names),
		TEST(only_status_files_are_read),
		TEST(what_is_no_file_is_counted),
		TEST(what_is_no_run_is_counted),
		TEST(nothing_there_is_no_error),
		TEST(runs_that_are_no_folder_are_an_error),
		TEST(what_is_locked_away_is_counted),
		TEST(runs_are_named_in_order),
		TEST(any_bytes_are_read_as_the_header_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
