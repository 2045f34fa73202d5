/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `runledger exec` told, alone and beside the plugins: what each story comes to, in any order and told twice.
 *
 * The shuffles print their seed; RLG_TEST_SEED sets it.
 */
#include "tests/unit/scratch.h"

#include "lib/clock.h"
#include "tests/unit/fold_again.h"
#include "tests/unit/story.h"
#include "tool/base/bytes.h"

#include <inttypes.h>

#define SHUFFLES 200

/*
 * A story comes to "PHASE STATUS" for both phases, and behind each its attempts as
 * [JOB STATE SOURCE START-END], where an end that is not final has a '+' behind it.
 */

#define J(job, more) "\"cluster\":\"c\",\"job_id\":" #job "," more
#define F "\"phase\":\"finetune\""
#define E "\"phase\":\"eval\""

/* Of an exec: X is its id, the rest is phase, restart count and whatever more. */
#define SUBMIT(t, job, sid, more) {t, "submit", J(job, "\"sid\":\"" sid "\"," more)}
#define BEGIN(t, job, x, more) {t, "start", J(job, "\"step\":\"exec\",\"exec\":\"" x "\"," more)}
#define END(t, job, x, state, more) \
	{t, "finish", J(job, "\"source\":\"exec\",\"final\":true,\"exec\":\"" x "\",\"state\":\"" state "\",\"end_time\":" #t "," more)}
#define AGAIN ",\"attempt\":1"

/* Of the plugins. */
#define BATCH(t, job, more) {t, "start", J(job, "\"step\":\"batch\",\"sid\":\"p\"," more)}
#define EPILOG(t, job, state, from, more) \
	{t, "finish", J(job, "\"source\":\"epilog\",\"final\":true,\"sid\":\"p\",\"state\":\"" state "\",\"start_time\":" #from \
			     ",\"end_time\":" #t "," more)}
#define REQUEUE(t, job, from, more) \
	{t, "finish", J(job, "\"source\":\"epilog\",\"final\":false,\"sid\":\"p\",\"state\":\"REQUEUED\",\"start_time\":" #from \
			     ",\"end_time\":" #t "," more)}

static const struct story stories[] = {
	/* ---- without the plugins ---- */
	{"an exec that runs is a running job", {SUBMIT(100, 5, "s", F), BEGIN(100, 5, "x", F ",\"sid\":\"s\"")},
	 "finetune running [5 RUNNING - 100-0] eval pending"},
	{"an exec that ended well is a completed job",
	 {SUBMIT(100, 5, "s", F), BEGIN(100, 5, "x", F ",\"sid\":\"s\""), END(200, 5, "x", "COMPLETED", F ",\"sid\":\"s\"")},
	 "finetune completed [5 COMPLETED exec 100-200] eval pending"},
	{"a task of an array is one attempt, and nothing waits behind it",
	 {SUBMIT(100, 7, "s", F), BEGIN(100, 7, "x", F ",\"sid\":\"s\",\"array_job_id\":5,\"array_task_id\":1"),
	  END(200, 7, "x", "COMPLETED", F ",\"sid\":\"s\",\"array_job_id\":5,\"array_task_id\":1")},
	 "finetune completed [7 COMPLETED exec 100-200] eval pending"},
	{"an exec that failed is a failed job", {BEGIN(100, 5, "x", F), END(200, 5, "x", "FAILED", F)},
	 "finetune failed [5 FAILED exec 100-200] eval pending"},
	{"an end alone is enough", {END(200, 5, "x", "COMPLETED", F)},
	 "finetune completed [5 COMPLETED exec 200-200] eval pending"},
	{"Slurm's own start is believed, where an exec knows it",
	 {BEGIN(103, 5, "x", F ",\"start_time\":100"), END(200, 5, "x", "COMPLETED", F)},
	 "finetune completed [5 COMPLETED exec 100-200] eval pending"},
	{"of several execs one after another the last counts: well",
	 {BEGIN(100, 5, "x", F), END(200, 5, "x", "FAILED", F), BEGIN(201, 5, "y", F), END(300, 5, "y", "COMPLETED", F)},
	 "finetune completed [5 COMPLETED exec 100-300] eval pending"},
	{"of several execs one after another the last counts: badly",
	 {BEGIN(100, 5, "x", F), END(200, 5, "x", "COMPLETED", F), BEGIN(9000, 5, "y", F), END(9100, 5, "y", "FAILED", F)},
	 "finetune failed [5 FAILED exec 100-9100] eval pending"},
	{"between two execs the first counts, and the second opens the attempt again",
	 {BEGIN(100, 5, "x", F), END(200, 5, "x", "COMPLETED", F), BEGIN(9000, 5, "y", F)},
	 "finetune running [5 RUNNING - 100-0] eval pending"},
	{"of two at once one that runs keeps the attempt open",
	 {BEGIN(100, 5, "x", F), BEGIN(101, 5, "y", F), END(200, 5, "y", "FAILED", F)},
	 "finetune running [5 RUNNING - 100-0] eval pending"},
	{"of two at once one that failed counts",
	 {BEGIN(100, 5, "x", F), BEGIN(101, 5, "y", F), END(200, 5, "y", "FAILED", F), END(300, 5, "x", "COMPLETED", F)},
	 "finetune failed [5 FAILED exec 100-200] eval pending"},
	{"two phases of one job are an attempt each",
	 {BEGIN(100, 5, "x", F), END(200, 5, "x", "COMPLETED", F), BEGIN(200, 5, "y", E), END(300, 5, "y", "FAILED", E)},
	 "finetune completed [5 COMPLETED exec 100-200] eval failed [5 FAILED exec 200-300]"},
	{"the second phase of a job runs, and the first has ended",
	 {BEGIN(100, 5, "x", F), END(200, 5, "x", "COMPLETED", F), BEGIN(200, 5, "y", E)},
	 "finetune completed [5 COMPLETED exec 100-200] eval running [5 RUNNING - 200-0]"},
	{"a requeued job whose exec was killed, and which runs again",
	 {BEGIN(100, 5, "x", F), BEGIN(300, 5, "y", F AGAIN)},
	 "finetune running [5 UNKNOWN - 100-0+] [5 RUNNING - 300-0] eval pending"},
	{"a requeued job whose exec was killed, and which ended",
	 {BEGIN(100, 5, "x", F), BEGIN(300, 5, "y", F AGAIN), END(400, 5, "y", "COMPLETED", F AGAIN)},
	 "finetune completed [5 UNKNOWN - 100-0+] [5 COMPLETED exec 300-400] eval pending"},
	{"a requeued job whose exec could still tell its end",
	 {BEGIN(100, 5, "x", F), END(200, 5, "x", "FAILED", F), BEGIN(300, 5, "y", F AGAIN)},
	 "finetune running [5 REQUEUED exec 100-200+] [5 RUNNING - 300-0] eval pending"},
	{"a requeued job in its second phase does both again",
	 {BEGIN(100, 5, "x", F), END(200, 5, "x", "COMPLETED", F), BEGIN(201, 5, "y", E), BEGIN(300, 5, "z", F AGAIN)},
	 "finetune running [5 REQUEUED exec 100-200+] [5 RUNNING - 300-0] eval submitted [5 UNKNOWN - 201-0+]"},
	{"a job id that comes back a year later is another job",
	 {SUBMIT(100, 5, "s", F), BEGIN(100, 5, "x", F ",\"sid\":\"s\""), END(200, 5, "x", "FAILED", F),
	  SUBMIT(100 + YEAR, 5, "s", F), BEGIN(100 + YEAR, 5, "y", F ",\"sid\":\"s\"")},
	 "finetune running [5 FAILED exec 100-200] [5 RUNNING - 31536100-0] eval pending"},
	{"a job id that comes back a year later ends one that nobody told the end of",
	 {BEGIN(100, 5, "x", F), BEGIN(100 + YEAR, 5, "y", F)},
	 "finetune running [5 UNKNOWN - 100-0+] [5 RUNNING - 31536100-0] eval pending"},
	{"a job id that comes back within the hour is another job, where Slurm's start tells",
	 {BEGIN(103, 5, "x", F ",\"start_time\":100"), END(200, 5, "x", "COMPLETED", F),
	  BEGIN(303, 5, "y", F ",\"start_time\":300")},
	 "finetune running [5 COMPLETED exec 100-200] [5 RUNNING - 300-0] eval pending"},
	{"jobs of two clusters are two",
	 {BEGIN(100, 5, "x", F), {110, "start", "\"cluster\":\"d\",\"job_id\":5,\"step\":\"exec\",\"exec\":\"y\"," F}},
	 "finetune running [5 RUNNING - 100-0] [5 RUNNING - 110-0] eval pending"},
	/* ---- with them ---- */
	{"beside the plugin it is one attempt",
	 {BATCH(100, 5, F), BEGIN(101, 5, "x", F), END(200, 5, "x", "COMPLETED", F), EPILOG(201, 5, "COMPLETED", 100, F)},
	 "finetune completed [5 COMPLETED epilog 100-201] eval pending"},
	{"the epilog is believed over an exec",
	 {BATCH(100, 5, F), BEGIN(101, 5, "x", F), END(200, 5, "x", "COMPLETED", F), EPILOG(201, 5, "TIMEOUT", 100, F)},
	 "finetune failed [5 TIMEOUT epilog 100-201] eval pending"},
	{"an exec is believed over an epilog that could not tell",
	 {BATCH(100, 5, F), BEGIN(101, 5, "x", F), END(200, 5, "x", "COMPLETED", F), EPILOG(201, 5, "UNKNOWN", 100, F)},
	 "finetune completed [5 COMPLETED exec 100-201] eval pending"},
	{"but not one that did not end, either",
	 {BATCH(100, 5, F), BEGIN(101, 5, "x", F), EPILOG(201, 5, "UNKNOWN", 100, F)},
	 "finetune failed [5 UNKNOWN epilog 100-201] eval pending"},
	{"jobcomp alone, and an exec",
	 {BEGIN(101, 5, "x", F), END(200, 5, "x", "COMPLETED", F),
	  {201, "finish", J(5, "\"source\":\"jobcomp\",\"state\":\"CANCELLED\",\"start_time\":100,\"end_time\":201," F)}},
	 "finetune failed [5 CANCELLED jobcomp 100-201] eval pending"},
	{"the end of an exec is not the end of a job that will tell its own",
	 {BATCH(100, 5, F), BEGIN(101, 5, "x", F), END(200, 5, "x", "FAILED", F)},
	 "finetune running [5 RUNNING - 100-0] eval pending"},
	{"an exec an hour into the job is the same attempt",
	 {BATCH(100, 5, F), BEGIN(101, 5, "x", F), END(200, 5, "x", "FAILED", F), BEGIN(4000, 5, "y", F),
	  END(5000, 5, "y", "COMPLETED", F), EPILOG(6000, 5, "FAILED", 100, F)},
	 "finetune failed [5 FAILED epilog 100-6000] eval pending"},
	{"a requeued job has two attempts, and each its exec",
	 {BATCH(100, 5, F), BEGIN(101, 5, "x", F), END(200, 5, "x", "FAILED", F), REQUEUE(201, 5, 100, F), BATCH(203, 5, F),
	  BEGIN(203.2, 5, "y", F AGAIN), END(300, 5, "y", "COMPLETED", F AGAIN), EPILOG(301, 5, "COMPLETED", 203, F)},
	 "finetune completed [5 REQUEUED epilog 100-201+] [5 COMPLETED epilog 203-301] eval pending"},
	{"a second phase is an attempt of its own, and leaves the job's alone",
	 {BATCH(100, 5, F), BEGIN(101, 5, "x", F), END(200, 5, "x", "COMPLETED", F), BEGIN(200, 5, "y", E)},
	 "finetune running [5 RUNNING - 100-0] eval running [5 RUNNING - 200-0]"},
	{"a second phase that was killed with its job ended as the job did",
	 {BATCH(100, 5, F), BEGIN(200, 5, "y", E), EPILOG(301, 5, "CANCELLED", 100, F)},
	 "finetune failed [5 CANCELLED epilog 100-301] eval failed [5 CANCELLED epilog 200-301]"},
	{"a second phase keeps its own end",
	 {BATCH(100, 5, F), BEGIN(200, 5, "y", E), END(300, 5, "y", "COMPLETED", E), EPILOG(301, 5, "FAILED", 100, F)},
	 "finetune failed [5 FAILED epilog 100-301] eval completed [5 COMPLETED exec 200-300]"},
	{"a second phase of a job that went back to the queue",
	 {BATCH(100, 5, F), BEGIN(200, 5, "y", E), END(300, 5, "y", "COMPLETED", E), REQUEUE(301, 5, 100, F)},
	 "finetune submitted [5 REQUEUED epilog 100-301+] eval submitted [5 REQUEUED exec 200-300+]"},
	{"a node whose clock lags",
	 {BATCH(100, 5, F), BEGIN(98, 5, "x", F), END(197, 5, "x", "COMPLETED", F), EPILOG(201, 5, "COMPLETED", 100, F)},
	 "finetune completed [5 COMPLETED epilog 100-201] eval pending"},
	{"an old job of the same id has nothing to do with it",
	 {EPILOG(200, 5, "FAILED", 100, F), BEGIN(100 + YEAR, 5, "x", F)},
	 "finetune running [5 FAILED epilog 100-200] [5 RUNNING - 31536100-0] eval pending"},
	{"an end whose start nobody knows takes it from an exec",
	 {BEGIN(101, 5, "x", F),
	  {201, "finish", J(5, "\"source\":\"epilog\",\"final\":true,\"state\":\"CANCELLED\",\"end_time\":201," F)}},
	 "finetune failed [5 CANCELLED epilog 101-201] eval pending"},
	{"hostile members",
	 {BEGIN(100, 5, "x", F), BEGIN(101, 5, "x", F), END(90, 5, "x", "COMPLETED", F), END(95, 5, "x", "FAILED", F),
	  {1, "start", "\"step\":\"exec\",\"job_id\":-7"}, {2, "start", "\"step\":\"exec\",\"job_id\":6,\"attempt\":-1," F},
	  {3, "finish", "\"source\":\"exec\",\"job_id\":6," F}},
	 NULL},
};
#define N_STORIES (sizeof(stories) / sizeof(stories[0]))

static void add_attempt(struct rlg_bytes *bytes, const struct rlg_attempt *attempt)
{
	rlg_bytes_addf(bytes, " [%" PRId64 " %s %s %" PRId64 "-%" PRId64 "%s]", attempt->job_id, attempt->slurm_state,
		       attempt->source == NULL ? "-" : attempt->source, attempt->start_us / RLG_SECOND_US,
		       attempt->end_us / RLG_SECOND_US, attempt->ended && !attempt->final ? "+" : "");
}

static const char *fold_in_order(struct rlg_arena *arena, const struct story *story, const size_t *order, size_t count)
{
	static const char *const phases[] = {"finetune", "eval"};
	struct rlg_fold *fold = rlg_fold_new(arena, "/scratch/g", "g", phases, 2);
	struct rlg_bytes bytes;

	rlg_fold_plan_run(fold, "r1", NULL, false);
	tell(fold, story, order, count);
	const struct rlg_run *run = rlg_model_run(rlg_fold_finish(fold), "r1");
	rlg_bytes_init(&bytes, arena);
	for (size_t i = 0; i < run->n_phases; i++) {
		rlg_bytes_addf(&bytes, "%s%s %s", i > 0 ? " " : "", run->phases[i].name, run->phases[i].status_text);
		for (size_t n = 0; n < run->phases[i].n_attempts; n++)
			add_attempt(&bytes, &run->phases[i].attempts[n]);
	}
	return bytes.data;
}

static const char *fold_as_told(struct rlg_arena *arena, const struct story *story)
{
	size_t order[MOST_RECORDS], count = count_records(story);

	for (size_t i = 0; i < count; i++)
		order[i] = i;
	return fold_in_order(arena, story, order, count);
}

static void every_story_comes_to_its_state(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < N_STORIES; i++) {
		RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
		const char *found = fold_as_told(arena, &stories[i]);
		if (stories[i].expected == NULL || strcmp(found, stories[i].expected) == 0)
			continue;
		print_message("# %s\n#   found:    %s\n#   expected: %s\n", stories[i].claim, found, stories[i].expected);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void order_and_duplicates_make_no_difference(void **state)
{
	size_t order[2 * MOST_RECORDS + 1];

	(void)state;
	dice_state = environment_number("RLG_TEST_SEED", (uint64_t)rlg_clock_now_us()) | 1;
	print_message("# RLG_TEST_SEED=%" PRIu64 "\n", dice_state);
	for (size_t i = 0; i < N_STORIES; i++) {
		RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
		const char *expected = fold_as_told(arena, &stories[i]);
		for (int round = 0; round < SHUFFLES; round++) {
			RLG_ARENA struct rlg_arena *mine = rlg_arena_new();
			size_t count = shuffle(order, count_records(&stories[i]));
			assert_string_equal(fold_in_order(mine, &stories[i], order, count), expected);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_story_comes_to_its_state),
		cmocka_unit_test(order_and_duplicates_make_no_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
