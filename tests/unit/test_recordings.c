/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of real clusters, folded: every recording comes to what it came to when sacct agreed with it, and no order,
 * duplicate or partition of its records makes a difference.
 *
 * A recording is tests/golden/recordings/SLURM/NAME.jsonl with NAME.json (tests/truth/keep_recording).  Prints its seed;
 * RLG_TEST_SEED sets it, RLG_TEST_SHUFFLES how many shuffles there are in all.
 */
#include "tests/unit/scratch.h"

#include "lib/clock.h"
#include "tests/unit/fold_again.h"
#include "tool/model/fold.h"

#include <glob.h>

#ifdef __SANITIZE_ADDRESS__
#define DEFAULT_SHUFFLES 5000
#else
#define DEFAULT_SHUFFLES 100000
#endif

/* Once in so many times a whole group is shuffled, tracker and all; else one run of it, which is quick. */
#define WHOLE_GROUP_EACH 500

static const char *const phases[] = {"finetune", "eval"};

struct recording {
	const char *path; /* of the records */
	char *text;
	const char **lines;
	size_t *lengths;
	size_t n_lines;
};

/* A run's records among those of a recording. */
struct part {
	const struct recording *recording;
	const char *run; /* NULL: the whole group */
	size_t *lines;
	size_t n_lines;
	char *expected;
};

static struct recording *recordings;
static size_t n_recordings;
static struct part *parts;
static size_t n_parts;
static struct rlg_arena *kept;

static void split_lines(struct recording *recording)
{
	size_t most = 0;

	for (const char *at = recording->text; *at != '\0'; at++)
		most += *at == '\n';
	recording->lines = rlg_arena_alloc(kept, (most + 1) * sizeof(*recording->lines));
	recording->lengths = rlg_arena_alloc(kept, (most + 1) * sizeof(*recording->lengths));
	for (char *line = recording->text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		recording->lines[recording->n_lines] = line;
		recording->lengths[recording->n_lines++] = (size_t)(end - line);
	}
}

static void add_line(struct rlg_fold *fold, const struct recording *recording, size_t at)
{
	struct rlg_record record;
	struct rlg_err err = {""};

	if (rlg_record_parse(recording->lines[at], recording->lengths[at], &record, &err) != 0)
		fail_msg("%s:%zu: %s", recording->path, at + 1, err.text);
	assert_non_null(record.run);
	rlg_fold_add(fold, record.run, &record);
	rlg_record_done(&record);
}

/* The part's records in this order (NULL: their own), as one text. */
static char *fold_part(struct rlg_arena *arena, const struct part *part, const size_t *order, size_t count)
{
	struct rlg_fold *fold = rlg_fold_new(arena, "", "g", phases, 2);

	for (size_t i = 0; i < count; i++)
		add_line(fold, part->recording, part->lines[order == NULL ? i : order[i]]);
	return render(arena, rlg_fold_finish(fold));
}

static const char *run_of(const struct recording *recording, size_t at)
{
	struct rlg_record record;

	assert_int_equal(rlg_record_parse(recording->lines[at], recording->lengths[at], &record, NULL), 0);
	const char *run = rlg_arena_strdup(kept, record.run);
	rlg_record_done(&record);
	return run;
}

static struct part *part_of(const struct recording *recording, const char *run)
{
	for (size_t i = 0; i < n_parts; i++)
		if (parts[i].recording == recording && (run == NULL ? parts[i].run == NULL
							     : parts[i].run != NULL && strcmp(parts[i].run, run) == 0))
			return &parts[i];
	parts = realloc(parts, (n_parts + 1) * sizeof(*parts));
	assert_non_null(parts);
	parts[n_parts] = (struct part){.recording = recording, .run = run};
	parts[n_parts].lines = rlg_arena_alloc(kept, (recording->n_lines + 1) * sizeof(size_t));
	return &parts[n_parts++];
}

static void make_parts(const struct recording *recording)
{
	struct part *part;

	for (size_t at = 0; at < recording->n_lines; at++) {
		part = part_of(recording, NULL);
		part->lines[part->n_lines++] = at;
		part = part_of(recording, run_of(recording, at));
		part->lines[part->n_lines++] = at;
	}
}

static int load_recordings(void **state)
{
	const char *top = getenv("top_srcdir");
	glob_t found;

	(void)state;
	kept = rlg_arena_new();
	const char *pattern = rlg_arena_printf(kept, "%s/tests/golden/recordings/*/*.jsonl", top == NULL ? "." : top);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	n_recordings = found.gl_pathc;
	recordings = rlg_arena_alloc(kept, n_recordings * sizeof(*recordings));
	for (size_t i = 0; i < n_recordings; i++) {
		size_t size;
		recordings[i].path = rlg_arena_strdup(kept, found.gl_pathv[i]);
		recordings[i].text = read_bytes(recordings[i].path, &size);
		split_lines(&recordings[i]);
		make_parts(&recordings[i]);
	}
	globfree(&found);
	for (size_t i = 0; i < n_parts; i++) {
		RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
		parts[i].expected = rlg_arena_strdup(kept, fold_part(arena, &parts[i], NULL, parts[i].n_lines));
	}
	return 0;
}

static int forget_recordings(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_recordings; i++)
		free(recordings[i].text);
	free(parts);
	rlg_arena_free(kept);
	return 0;
}

/* `status --json` alone, with the group's own name in front. */
static void every_recording_comes_to_what_it_was(void **state)
{
	unsigned wrong = 0;

	(void)state;
	assert_true(n_recordings > 0);
	for (size_t i = 0; i < n_recordings; i++) {
		RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
		const char *mine = strstr(part_of(&recordings[i], NULL)->expected, "\"counts\"");
		char *path = rlg_arena_printf(arena, "%.*s", (int)strlen(recordings[i].path) - 1, recordings[i].path);
		size_t size;
		char *text = read_bytes(path, &size);
		const char *kept_text = strstr(text, "\"counts\"");
		assert_non_null(mine);
		assert_non_null(kept_text);
		if (strncmp(mine, kept_text, strlen(kept_text)) != 0) {
			size_t at = 0;
			while (mine[at] == kept_text[at])
				at++;
			print_message("# %s: it is\n%.300s\n# instead of\n%.300s\n", path, mine + (at > 100 ? at - 100 : 0),
				      kept_text + (at > 100 ? at - 100 : 0));
			wrong++;
		}
		free(text);
	}
	assert_int_equal(wrong, 0);
}

static bool same_after_shuffle(const struct part *part)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	size_t *order = rlg_arena_alloc(arena, (2 * part->n_lines + 1) * sizeof(*order));
	size_t count = shuffle(order, part->n_lines);
	const char *text = fold_part(arena, part, order, count);

	if (strcmp(text, part->expected) == 0)
		return true;
	print_message("# %s, %s: in the order", part->recording->path, part->run == NULL ? "all of it" : part->run);
	for (size_t i = 0; i < count; i++)
		print_message(" %zu", part->lines[order[i]] + 1);
	print_message(" it is\n%s\n# instead of\n%s\n", text, part->expected);
	return false;
}

static const struct part *draw(uint64_t number)
{
	bool whole = number % WHOLE_GROUP_EACH == 0;
	const struct part *part;

	do
		part = &parts[dice(n_parts)];
	while (whole != (part->run == NULL));
	return part;
}

static void no_order_makes_a_difference(void **state)
{
	uint64_t seed = environment_number("RLG_TEST_SEED", (uint64_t)rlg_clock_now_us());
	uint64_t shuffles = environment_number("RLG_TEST_SHUFFLES", DEFAULT_SHUFFLES), same = 0;

	(void)state;
	dice_state = seed | 1;
	for (uint64_t i = 0; i < shuffles && same == i; i++)
		same += same_after_shuffle(draw(i));
	print_message("# %llu of %llu shuffles of %zu runs in %zu recordings came to the same; RLG_TEST_SEED=%llu\n",
		      (unsigned long long)same, (unsigned long long)shuffles, n_parts - n_recordings, n_recordings,
		      (unsigned long long)seed);
	assert_int_equal(same, shuffles);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_recording_comes_to_what_it_was),
		cmocka_unit_test(no_order_makes_a_difference),
	};

	return cmocka_run_group_tests(tests, load_recordings, forget_recordings);
}
