/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Folding records to a model: what each story comes to, and that no order, duplicate or file makes a difference.
 *
 * The property test prints its seed; RLG_TEST_SEED sets it, RLG_TEST_SHUFFLES how often each story is told anew.
 */
#include "tests/unit/scratch.h"

#include "lib/clock.h"
#include "tests/unit/fold_again.h"
#include "tool/model/fold.h"
#include "tool/group/group.h"

#define DEFAULT_SHUFFLES 100
#define MOST_RECORDS 24
#define MOST_ATTEMPTS 4

/* One line of a story: the run, the moment in seconds, the event, its members.  The id is its place in the story. */
struct told {
	const char *run;
	double time;
	const char *name;
	const char *members;
};

struct expected_attempt {
	const char *job_id; /* NULL: none */
	const char *state;
	enum rlg_status status;
};

struct story {
	const char *claim;
	struct told records[MOST_RECORDS];
	/* of phase finetune of run r1 */
	const char *status, *job_id, *state, *source;
	int n_attempts; /* -1: not looked at */
	struct expected_attempt attempts[MOST_ATTEMPTS];
	bool without_ids;
};

#define P "\"phase\":\"finetune\""
#define SUBMIT(t, sid) {"r1", t, "submit", P ",\"sid\":\"" sid "\""}
#define ACCEPT(t, sid, job) {"r1", t, "submit", P ",\"sid\":\"" sid "\",\"job_id\":" #job}
#define REJECT(t, sid) {"r1", t, "reject", P ",\"sid\":\"" sid "\",\"exit_code\":1"}
#define START(t, sid, job) {"r1", t, "start", P ",\"sid\":\"" sid "\",\"cluster\":\"c\",\"step\":\"batch\",\"job_id\":" #job}
#define STEP(t, sid, job, step) \
	{"r1", t, "start", P ",\"sid\":\"" sid "\",\"cluster\":\"c\",\"step\":\"" step "\",\"job_id\":" #job}
#define FINISH(t, job, state, source, from, to) \
	{"r1", t, "finish", P ",\"cluster\":\"c\",\"final\":true,\"job_id\":" #job ",\"state\":\"" state \
	 "\",\"source\":\"" source "\",\"start_time\":" #from ",\"end_time\":" #to}
#define REQUEUE(t, job, state, source, from, to) \
	{"r1", t, "finish", P ",\"cluster\":\"c\",\"final\":false,\"job_id\":" #job ",\"state\":\"" state \
	 "\",\"source\":\"" source "\",\"start_time\":" #from ",\"end_time\":" #to}
/* As slurmctld tells it, whole: a word on the attempt that was submitted then. */
#define WORD(t, job, state, source, final, submit, times) \
	{"r1", t, "finish", P ",\"cluster\":\"c\",\"final\":" final ",\"job_id\":" #job ",\"state\":\"" state \
	 "\",\"source\":\"" source "\",\"submit_time\":" #submit times}
#define RAN(from, to) ",\"start_time\":" #from ",\"end_time\":" #to
#define ENDED(to) ",\"end_time\":" #to
#define NEVER_RAN(to) ",\"never_ran\":true,\"end_time\":" #to
#define EDIT(t, field, value) {"r1", t, "edit", P ",\"field\":\"" field "\",\"value\":" value}

#define YEAR 31536000

static const struct story stories[] = {
	{"nothing but a word", {{"r1", 100, "note", P ",\"text\":\"hello\""}}, "pending", NULL, NULL, NULL, 0, {{0}}, 0},
	{"a submission waits", {SUBMIT(100, "a")}, "submitted", NULL, "PENDING", NULL, 1,
	 {{NULL, "PENDING", RLG_STATUS_SUBMITTED}}, 0},
	{"a submission with its job id is one attempt", {SUBMIT(100, "a"), ACCEPT(101, "a", 5)}, "submitted", "5", "PENDING",
	 NULL, 1, {{"5", "PENDING", RLG_STATUS_SUBMITTED}}, 0},
	{"a refused submission never was", {SUBMIT(100, "a"), REJECT(101, "a")}, "pending", NULL, NULL, NULL, 0, {{0}}, 0},
	{"a refusal takes back its own submission only", {SUBMIT(100, "a"), REJECT(101, "a"), ACCEPT(110, "b", 5)},
	 "submitted", "5", "PENDING", NULL, 1, {{"5", "PENDING", RLG_STATUS_SUBMITTED}}, 0},
	{"a start is believed over a refusal (sbatch --wait)",
	 {SUBMIT(100, "a"), START(110, "a", 5), REJECT(300, "a"), FINISH(200, 5, "FAILED", "epilog", 110, 200)}, "failed",
	 "5", "FAILED", "epilog", 1, {{"5", "FAILED", RLG_STATUS_FAILED}}, 0},
	{"a started job runs", {SUBMIT(100, "a"), START(110, "a", 5)}, "running", "5", "RUNNING", NULL, 1,
	 {{"5", "RUNNING", RLG_STATUS_RUNNING}}, 0},
	{"a job that ended well is completed",
	 {SUBMIT(100, "a"), START(110, "a", 5), FINISH(200, 5, "COMPLETED", "epilog", 110, 200)}, "completed", "5",
	 "COMPLETED", "epilog", 1, {{"5", "COMPLETED", RLG_STATUS_COMPLETED}}, 0},
	{"an end alone is enough", {FINISH(200, 5, "TIMEOUT", "jobcomp", 110, 200)}, "failed", "5", "TIMEOUT", "jobcomp", 1,
	 {{"5", "TIMEOUT", RLG_STATUS_FAILED}}, 0},
	{"a state that nobody knows is no success", {FINISH(200, 5, "UNKNOWN", "epilog", 110, 200)}, "failed", "5", "UNKNOWN",
	 "epilog", 1, {{"5", "UNKNOWN", RLG_STATUS_FAILED}}, 0},
	{"a requeued job has two attempts",
	 {SUBMIT(100, "a"), START(110, "a", 5), REQUEUE(200, 5, "PREEMPTED", "epilog", 110, 200),
	  REQUEUE(201, 5, "PREEMPTED", "jobcomp", 110, 200), START(300, "a", 5),
	  FINISH(400, 5, "COMPLETED", "epilog", 300, 400)},
	 "completed", "5", "COMPLETED", "epilog", 2,
	 {{"5", "PREEMPTED", RLG_STATUS_SUBMITTED}, {"5", "COMPLETED", RLG_STATUS_COMPLETED}}, 0},
	{"a requeued job waits again",
	 {SUBMIT(100, "a"), START(110, "a", 5), REQUEUE(200, 5, "PREEMPTED", "epilog", 110, 200)}, "submitted", "5",
	 "PREEMPTED", "epilog", 1, {{"5", "PREEMPTED", RLG_STATUS_SUBMITTED}}, 0},
	{"a requeued job is back within two seconds",
	 {SUBMIT(100, "a"), START(110.5, "a", 5), REQUEUE(200.2, 5, "PREEMPTED", "epilog", 110, 200), START(201.9, "a", 5)},
	 "running", "5", "RUNNING", NULL, 2,
	 {{"5", "PREEMPTED", RLG_STATUS_SUBMITTED}, {"5", "RUNNING", RLG_STATUS_RUNNING}}, 0},
	{"jobcomp is believed over the epilog",
	 {START(110, "a", 5), FINISH(200, 5, "FAILED", "epilog", 110, 200), FINISH(199, 5, "CANCELLED", "jobcomp", 110, 200)},
	 "failed", "5", "CANCELLED", "jobcomp", 1, {{"5", "CANCELLED", RLG_STATUS_FAILED}}, 0},
	{"the epilog is believed over exec",
	 {START(110, "a", 5), FINISH(200, 5, "FAILED", "exec", 110, 200), FINISH(205, 5, "TIMEOUT", "epilog", 110, 200)},
	 "failed", "5", "TIMEOUT", "epilog", 1, {{"5", "TIMEOUT", RLG_STATUS_FAILED}}, 0},
	{"who knows is believed over who does not",
	 {START(110, "a", 5), FINISH(200, 5, "UNKNOWN", "jobcomp", 110, 200), FINISH(205, 5, "COMPLETED", "exec", 110, 200)},
	 "completed", "5", "COMPLETED", "exec", 1, {{"5", "COMPLETED", RLG_STATUS_COMPLETED}}, 0},
	{"a start after a start without an end", {SUBMIT(100, "a"), START(110, "a", 5), START(500, "a", 5)}, "running", "5",
	 "RUNNING", NULL, 2, {{"5", "UNKNOWN", RLG_STATUS_SUBMITTED}, {"5", "RUNNING", RLG_STATUS_RUNNING}}, 0},
	{"an end without a start time ends the open attempt",
	 {START(110, "a", 5), {"r1", 200, "finish", P ",\"cluster\":\"c\",\"job_id\":5,\"state\":\"COMPLETED\",\"source\":\"epilog\""}},
	 "completed", "5", "COMPLETED", "epilog", 1, {{"5", "COMPLETED", RLG_STATUS_COMPLETED}}, 0},
	{"requeued within the second of its start, and cancelled while it waits",
	 {SUBMIT(99, "a"), START(100.5, "a", 5), WORD(100.9, 5, "REQUEUED", "jobcomp", "false", 99, RAN(100, 100)),
	  WORD(101.5, 5, "CANCELLED", "jobcomp", "true", 100, NEVER_RAN(101))},
	 "failed", "5", "CANCELLED", "jobcomp", 2,
	 {{"5", "REQUEUED", RLG_STATUS_SUBMITTED}, {"5", "CANCELLED", RLG_STATUS_FAILED}}, 0},
	{"requeued within the second of its start by the epilog, cancelled, and asked for later",
	 {SUBMIT(99.74, "a"), START(101.14, "a", 5), WORD(101.81, 5, "REQUEUED", "epilog", "false", 99, ENDED(101)),
	  WORD(178.5, 5, "CANCELLED", "reconcile", "true", 101, NEVER_RAN(103))},
	 "failed", "5", "CANCELLED", "reconcile", 2,
	 {{"5", "REQUEUED", RLG_STATUS_SUBMITTED}, {"5", "CANCELLED", RLG_STATUS_FAILED}}, 0},
	{"cancelled while it waited",
	 {ACCEPT(100, "a", 5), FINISH(150, 5, "CANCELLED", "jobcomp", 100, 100)}, "failed", "5", "CANCELLED", "jobcomp", 1,
	 {{"5", "CANCELLED", RLG_STATUS_FAILED}}, 0},
	{"steps of an interactive job are one attempt",
	 {SUBMIT(100, "a"), STEP(110, "a", 5, "interactive"), STEP(120, "a", 5, "0"), STEP(130, "a", 5, "0")}, "running", "5",
	 "RUNNING", NULL, 1, {{"5", "RUNNING", RLG_STATUS_RUNNING}}, 0},
	{"a job id comes back a year later",
	 {ACCEPT(100, "a", 5), START(110, "a", 5), FINISH(200, 5, "FAILED", "epilog", 110, 200), ACCEPT(100 + YEAR, "b", 5),
	  START(110 + YEAR, "b", 5)},
	 "running", "5", "RUNNING", NULL, 2, {{"5", "FAILED", RLG_STATUS_FAILED}, {"5", "RUNNING", RLG_STATUS_RUNNING}}, 0},
	{"a job id comes back, and its old job has no submission",
	 {FINISH(200, 5, "FAILED", "jobcomp", 110, 200), ACCEPT(100 + YEAR, "b", 5)}, "submitted", "5", "PENDING", NULL, 2,
	 {{"5", "FAILED", RLG_STATUS_FAILED}, {"5", "PENDING", RLG_STATUS_SUBMITTED}}, 0},
	{"the newest job of a phase decides",
	 {SUBMIT(100, "a"), START(110, "a", 5), FINISH(200, 5, "FAILED", "epilog", 110, 200), SUBMIT(300, "b"),
	  START(310, "b", 6), FINISH(400, 6, "COMPLETED", "epilog", 310, 400)},
	 "completed", "6", "COMPLETED", "epilog", 2,
	 {{"5", "FAILED", RLG_STATUS_FAILED}, {"6", "COMPLETED", RLG_STATUS_COMPLETED}}, 0},
	{"a job that runs says more than one that waits behind it",
	 {ACCEPT(100, "a", 5), START(110, "a", 5), ACCEPT(300, "b", 6)}, "running", "5", "RUNNING", NULL, 2,
	 {{"5", "RUNNING", RLG_STATUS_RUNNING}, {"6", "PENDING", RLG_STATUS_SUBMITTED}}, 0},
	{"a job whose end nobody told does not hide a newer one that ended",
	 {ACCEPT(100, "a", 5), START(110, "a", 5), ACCEPT(5000, "b", 6), START(5010, "b", 6),
	  FINISH(6000, 6, "COMPLETED", "epilog", 5010, 6000)},
	 "completed", "6", "COMPLETED", "epilog", 2, {{"5", NULL, RLG_STATUS_COUNT}, {"6", "COMPLETED", RLG_STATUS_COMPLETED}}, 0},
	{"tasks of an array that all ended well",
	 {SUBMIT(100, "a"),
	  {"r1", 110, "start", P ",\"sid\":\"a\",\"step\":\"batch\",\"job_id\":101,\"array_job_id\":100,\"array_task_id\":1"},
	  {"r1", 111, "start", P ",\"sid\":\"a\",\"step\":\"batch\",\"job_id\":102,\"array_job_id\":100,\"array_task_id\":2"},
	  {"r1", 112, "start", P ",\"sid\":\"a\",\"step\":\"batch\",\"job_id\":100,\"array_job_id\":100,\"array_task_id\":3"},
	  FINISH(202, 102, "COMPLETED", "epilog", 111, 202), FINISH(201, 101, "COMPLETED", "epilog", 110, 201),
	  FINISH(203, 100, "COMPLETED", "epilog", 112, 203)},
	 "completed", "100", "COMPLETED", "epilog", 3,
	 {{"101", "COMPLETED", RLG_STATUS_COMPLETED}, {"102", "COMPLETED", RLG_STATUS_COMPLETED}, {"100", "COMPLETED", RLG_STATUS_COMPLETED}}, 0},
	{"tasks of an array, one of them still running",
	 {SUBMIT(100, "a"),
	  {"r1", 110, "start", P ",\"sid\":\"a\",\"step\":\"batch\",\"job_id\":101,\"array_job_id\":100,\"array_task_id\":1"},
	  {"r1", 111, "start", P ",\"sid\":\"a\",\"step\":\"batch\",\"job_id\":102,\"array_job_id\":100,\"array_task_id\":2"},
	  FINISH(202, 102, "COMPLETED", "epilog", 111, 202)},
	 "running", "101", "RUNNING", NULL, 3,
	 {{"100", "PENDING", RLG_STATUS_SUBMITTED}, {"101", "RUNNING", RLG_STATUS_RUNNING}, {"102", "COMPLETED", RLG_STATUS_COMPLETED}}, 0},
	{"a requeue as the epilog tells it, without a start",
	 {SUBMIT(100, "a"), START(110.2, "a", 5), WORD(200.3, 5, "REQUEUED", "epilog", "false", 100, ENDED(200)),
	  START(321, "a", 5), WORD(400, 5, "COMPLETED", "epilog", "true", 200, RAN(321, 400))},
	 "completed", "5", "COMPLETED", "epilog", 2,
	 {{"5", "REQUEUED", RLG_STATUS_SUBMITTED}, {"5", "COMPLETED", RLG_STATUS_COMPLETED}}, 0},
	{"a requeue as the epilog tells it, and back within three seconds",
	 {SUBMIT(100, "a"), START(110.2, "a", 5), WORD(200.3, 5, "REQUEUED", "epilog", "false", 100, ENDED(200)),
	  START(203.1, "a", 5)},
	 "running", "5", "RUNNING", NULL, 2,
	 {{"5", "REQUEUED", RLG_STATUS_SUBMITTED}, {"5", "RUNNING", RLG_STATUS_RUNNING}}, 0},
	{"the epilog and jobcomp tell one requeue",
	 {SUBMIT(100, "a"), START(110.2, "a", 5), WORD(200.3, 5, "REQUEUED", "epilog", "false", 100, ENDED(200)),
	  WORD(200.1, 5, "REQUEUED", "jobcomp", "false", 100, RAN(110, 200)), START(321, "a", 5)},
	 "running", "5", "RUNNING", NULL, 2,
	 {{"5", "REQUEUED", RLG_STATUS_SUBMITTED}, {"5", "RUNNING", RLG_STATUS_RUNNING}}, 0},
	{"jobcomp does not know whether a job that was preempted goes back, the epilog does",
	 {SUBMIT(100, "a"), START(110.2, "a", 5), WORD(200.3, 5, "REQUEUED", "epilog", "false", 100, ENDED(200)),
	  {"r1", 200.1, "finish", P ",\"cluster\":\"c\",\"job_id\":5,\"state\":\"PREEMPTED\",\"source\":\"jobcomp\",\"submit_time\":100" RAN(110, 200)}},
	 "submitted", "5", "PREEMPTED", "jobcomp", 1, {{"5", "PREEMPTED", RLG_STATUS_SUBMITTED}}, 0},
	{"a job that lost its node and runs again, of which jobcomp said neither",
	 {SUBMIT(100, "a"), START(110.2, "a", 5),
	  {"r1", 200.1, "finish", P ",\"cluster\":\"c\",\"job_id\":5,\"state\":\"NODE_FAIL\",\"source\":\"jobcomp\",\"submit_time\":100" RAN(110, 200)},
	  START(321, "a", 5)},
	 "running", "5", "RUNNING", NULL, 2,
	 {{"5", "NODE_FAIL", RLG_STATUS_SUBMITTED}, {"5", "RUNNING", RLG_STATUS_RUNNING}}, 0},
	{"a node that was lost comes back, and tells of the attempt there when the next one begins",
	 {SUBMIT(100, "a"), START(110.2, "a", 5),
	  {"r1", 206.9, "finish", P ",\"cluster\":\"c\",\"job_id\":5,\"state\":\"NODE_FAIL\",\"source\":\"jobcomp\",\"final\":false,\"submit_time\":100" RAN(110, 206)},
	  {"r1", 207.9, "finish", P ",\"cluster\":\"c\",\"job_id\":5,\"state\":\"REQUEUED\",\"source\":\"epilog\",\"final\":false"},
	  START(208.6, "a", 5), WORD(209.7, 5, "FAILED", "epilog", "true", 206, RAN(208, 209))},
	 "failed", "5", "FAILED", "epilog", 2,
	 {{"5", "NODE_FAIL", RLG_STATUS_SUBMITTED}, {"5", "FAILED", RLG_STATUS_FAILED}}, 0},
	{"the same, within the second in which Slurm began the next one",
	 {SUBMIT(100, "a"), START(110.2, "a", 5),
	  {"r1", 206.9, "finish", P ",\"cluster\":\"c\",\"job_id\":5,\"state\":\"NODE_FAIL\",\"source\":\"jobcomp\",\"final\":false,\"submit_time\":100" RAN(110, 206)},
	  {"r1", 208.2, "finish", P ",\"cluster\":\"c\",\"job_id\":5,\"state\":\"UNKNOWN\",\"source\":\"epilog\",\"final\":false"},
	  START(209.6, "a", 5),
	  {"r1", 209.7, "finish", P ",\"cluster\":\"c\",\"job_id\":5,\"state\":\"FAILED\",\"source\":\"jobcomp\",\"submit_time\":206" RAN(208, 209)}},
	 "failed", "5", "FAILED", "jobcomp", 2,
	 {{"5", "NODE_FAIL", RLG_STATUS_SUBMITTED}, {"5", "FAILED", RLG_STATUS_FAILED}}, 0},
	{"a clock jumped back, so that its end lies before its start: a start that was told behind the end is another's",
	 {SUBMIT(100, "a"), WORD(121, 5, "REQUEUED", "jobcomp", "false", 100, RAN(120, 110)), START(117, "a", 5)},
	 "submitted", "5", "REQUEUED", "jobcomp", 2,
	 {{"5", "UNKNOWN", RLG_STATUS_SUBMITTED}, {"5", "REQUEUED", RLG_STATUS_SUBMITTED}}, 0},
	{"the same, and a start that was told before the end is its own",
	 {SUBMIT(100, "a"), WORD(121, 5, "REQUEUED", "jobcomp", "false", 100, RAN(120, 110)), START(115, "a", 5)},
	 "submitted", "5", "REQUEUED", "jobcomp", 1, {{"5", "REQUEUED", RLG_STATUS_SUBMITTED}}, 0},
	{"a requeued job is cancelled before it runs again",
	 {SUBMIT(100, "a"), START(110.2, "a", 5), WORD(200.1, 5, "REQUEUED", "jobcomp", "false", 100, RAN(110, 200)),
	  WORD(250, 5, "CANCELLED", "jobcomp", "true", 200, NEVER_RAN(250))},
	 "failed", "5", "CANCELLED", "jobcomp", 2,
	 {{"5", "REQUEUED", RLG_STATUS_SUBMITTED}, {"5", "CANCELLED", RLG_STATUS_FAILED}}, 0},
	{"cancelled while it waited, and its submission had no job id",
	 {SUBMIT(100, "a"), {"r1", 150, "finish", P ",\"cluster\":\"c\",\"sid\":\"a\",\"job_id\":5,\"state\":\"CANCELLED\",\"source\":\"jobcomp\",\"submit_time\":100" NEVER_RAN(150)}},
	 "failed", "5", "CANCELLED", "jobcomp", 1, {{"5", "CANCELLED", RLG_STATUS_FAILED}}, 0},
	{"requeued three times, each back at once",
	 {SUBMIT(100, "a"), START(101, "a", 5), WORD(102, 5, "REQUEUED", "jobcomp", "false", 100, RAN(101, 102)),
	  START(103, "a", 5), WORD(104, 5, "REQUEUED", "jobcomp", "false", 102, RAN(103, 104)), START(105, "a", 5),
	  WORD(106, 5, "REQUEUED", "jobcomp", "false", 104, RAN(105, 106)), START(107, "a", 5)},
	 "running", "5", "RUNNING", NULL, 4,
	 {{"5", "REQUEUED", RLG_STATUS_SUBMITTED}, {"5", "REQUEUED", RLG_STATUS_SUBMITTED},
	  {"5", "REQUEUED", RLG_STATUS_SUBMITTED}, {"5", "RUNNING", RLG_STATUS_RUNNING}}, 0},
	{"slurmctld did not answer the epilog, and jobcomp knows",
	 {SUBMIT(100, "a"), START(110.2, "a", 5),
	  {"r1", 200.4, "finish", P ",\"cluster\":\"c\",\"job_id\":5,\"state\":\"UNKNOWN\",\"source\":\"epilog\""},
	  WORD(200.1, 5, "TIMEOUT", "jobcomp", "true", 100, RAN(110, 200))},
	 "failed", "5", "TIMEOUT", "jobcomp", 1, {{"5", "TIMEOUT", RLG_STATUS_FAILED}}, 0},
	{"asked much later, nobody knew; later still jobcomp's word arrives",
	 {SUBMIT(100, "a"), START(110.2, "a", 5),
	  {"r1", 90000, "finish", P ",\"cluster\":\"c\",\"job_id\":5,\"state\":\"UNKNOWN\",\"source\":\"reconcile\""},
	  WORD(90100, 5, "NODE_FAIL", "jobcomp", "true", 100, RAN(110, 200))},
	 "failed", "5", "NODE_FAIL", "jobcomp", 1, {{"5", "NODE_FAIL", RLG_STATUS_FAILED}}, 0},
	{"asked much later, it was still running",
	 {SUBMIT(100, "a"), START(110.2, "a", 5),
	  {"r1", 9000, "state", P ",\"cluster\":\"c\",\"job_id\":5,\"state\":\"RUNNING\",\"source\":\"reconcile\",\"submit_time\":100,\"start_time\":110"}},
	 "running", "5", "RUNNING", NULL, 1, {{"5", "RUNNING", RLG_STATUS_RUNNING}}, 0},
	{"asked while it waited, then it started",
	 {SUBMIT(100, "a"), {"r1", 9000, "state", P ",\"sid\":\"a\",\"cluster\":\"c\",\"job_id\":5,\"state\":\"PENDING\",\"source\":\"reconcile\",\"submit_time\":100"},
	  START(9110.2, "a", 5)},
	 "running", "5", "RUNNING", NULL, 1, {{"5", "RUNNING", RLG_STATUS_RUNNING}}, 0},
	{"nobody knew how a submission without a job id ended",
	 {SUBMIT(100, "a"), {"r1", 90000, "finish", P ",\"sid\":\"a\",\"state\":\"UNKNOWN\",\"source\":\"reconcile\""}},
	 "failed", NULL, "UNKNOWN", "reconcile", 1, {{NULL, "UNKNOWN", RLG_STATUS_FAILED}}, 0},
	{"a job id comes back within a minute",
	 {SUBMIT(100, "a"), START(101, "a", 5), WORD(103, 5, "COMPLETED", "jobcomp", "true", 100, RAN(101, 103)),
	  SUBMIT(110, "b"), START(111, "b", 5), WORD(113, 5, "FAILED", "jobcomp", "true", 110, RAN(111, 113))},
	 "failed", "5", "FAILED", "jobcomp", 2,
	 {{"5", "COMPLETED", RLG_STATUS_COMPLETED}, {"5", "FAILED", RLG_STATUS_FAILED}}, 0},
	{"a job id comes back, and nobody told the end of its former job",
	 {SUBMIT(100, "a"), START(101, "a", 5), SUBMIT(1100, "b"), START(1111, "b", 5),
	  WORD(1113, 5, "COMPLETED", "jobcomp", "true", 1110, RAN(1111, 1113))},
	 "completed", "5", "COMPLETED", "jobcomp", 2,
	 {{"5", "UNKNOWN", RLG_STATUS_FAILED}, {"5", "COMPLETED", RLG_STATUS_COMPLETED}}, 0},
	{"tasks of an array that have ended, and others that wait",
	 {SUBMIT(100, "a"),
	  {"r1", 110, "start", P ",\"sid\":\"a\",\"step\":\"batch\",\"job_id\":101,\"array_job_id\":100,\"array_task_id\":1"},
	  FINISH(202, 101, "COMPLETED", "epilog", 110, 202)},
	 "submitted", "100", "PENDING", NULL, 2,
	 {{"100", "PENDING", RLG_STATUS_SUBMITTED}, {"101", "COMPLETED", RLG_STATUS_COMPLETED}}, 0},
	{"a heterogeneous job of which one component failed",
	 {SUBMIT(100, "a"), START(110, "a", 5),
	  WORD(200, 5, "FAILED", "jobcomp", "true", 100, RAN(110, 200) ",\"sid\":\"a\",\"het_job_id\":5"),
	  WORD(201, 6, "COMPLETED", "jobcomp", "true", 100, RAN(111, 200) ",\"sid\":\"a\",\"het_job_id\":5")},
	 "failed", "5", "FAILED", "jobcomp", 2,
	 {{"5", "FAILED", RLG_STATUS_FAILED}, {"6", "COMPLETED", RLG_STATUS_COMPLETED}}, 0},
	{"two clusters have the same job id",
	 {{"r1", 110, "start", P ",\"cluster\":\"c1\",\"step\":\"batch\",\"job_id\":5"},
	  {"r1", 120, "start", P ",\"cluster\":\"c2\",\"step\":\"batch\",\"job_id\":5"},
	  {"r1", 200, "finish", P ",\"cluster\":\"c1\",\"job_id\":5,\"state\":\"FAILED\",\"source\":\"epilog\",\"start_time\":110,\"end_time\":200"}},
	 "running", "5", "RUNNING", NULL, 2, {{"5", "FAILED", RLG_STATUS_FAILED}, {"5", "RUNNING", RLG_STATUS_RUNNING}}, 0},
	{"two clusters, both ended at the same moments",
	 {{"r1", 200, "finish", P ",\"cluster\":\"c1\",\"job_id\":5,\"state\":\"FAILED\",\"source\":\"epilog\",\"start_time\":110,\"end_time\":200"},
	  {"r1", 200, "finish", P ",\"cluster\":\"c2\",\"job_id\":5,\"state\":\"COMPLETED\",\"source\":\"epilog\",\"start_time\":110,\"end_time\":200"}},
	 NULL, "5", NULL, "epilog", 2, {{"5", NULL, RLG_STATUS_COUNT}}, 0},
	{"a person's word is over older news",
	 {START(110, "a", 5), FINISH(200, 5, "FAILED", "epilog", 110, 200), EDIT(300, "status", "\"completed\"")}, "completed",
	 "5", NULL, NULL, 1, {{"5", "FAILED", RLG_STATUS_FAILED}}, 0},
	{"newer news is over a person's word",
	 {EDIT(50, "status", "\"completed\""), START(110, "a", 5), FINISH(200, 5, "FAILED", "epilog", 110, 200)}, "failed",
	 "5", "FAILED", "epilog", 1, {{"5", "FAILED", RLG_STATUS_FAILED}}, 0},
	{"a later edit is over an earlier one", {EDIT(300, "status", "\"failed\""), EDIT(301, "status", "\"running\"")},
	 "running", NULL, NULL, NULL, 0, {{0}}, 0},
	{"a person's own word is shown as it is", {EDIT(300, "status", "\"half done\"")}, "half done", NULL, NULL, NULL, 0,
	 {{0}}, 0},
	{"a person's job id", {START(110, "a", 5), EDIT(300, "job_id", "\"77\"")}, "running", "77", "RUNNING", NULL, 1,
	 {{"5", "RUNNING", RLG_STATUS_RUNNING}}, 0},
	{"a job id that a person unset", {START(110, "a", 5), EDIT(300, "job_id", "null")}, "running", NULL, "RUNNING", NULL,
	 1, {{"5", "RUNNING", RLG_STATUS_RUNNING}}, 0},
	{"skipped stays, whatever the news", {EDIT(50, "status", "\"skipped\""), START(110, "a", 5)}, "skipped", "5", NULL,
	 NULL, 1, {{"5", "RUNNING", RLG_STATUS_RUNNING}}, 0},
	{"skipped is taken back by a person", {EDIT(50, "status", "\"skipped\""), EDIT(60, "status", "\"pending\"")},
	 "pending", NULL, NULL, NULL, 0, {{0}}, 0},
	{"events that are no part of the state",
	 {START(110, "a", 5), {"r1", 120, "progress", P ",\"job_id\":5,\"state\":\"FAILED\",\"step\":10"},
	  {"r1", 130, "something-new", P ",\"job_id\":5"}, {"r1", 140, "usage", P ",\"job_id\":5"}},
	 "running", "5", "RUNNING", NULL, 1, {{"5", "RUNNING", RLG_STATUS_RUNNING}}, 0},
	{"records without ids, twice at one moment", {
	  {"r1", 100, "submit", P ",\"sid\":\"a\""}, {"r1", 100, "submit", P ",\"sid\":\"b\""},
	  {"r1", 110, "start", P ",\"sid\":\"a\",\"step\":\"batch\",\"job_id\":5"},
	  {"r1", 110, "start", P ",\"sid\":\"b\",\"step\":\"batch\",\"job_id\":6"},
	  {"r1", 120, "note", "\"text\":\"one\""}, {"r1", 120, "note", "\"text\":\"two\""},
	  {"r1", 130, "edit", P ",\"field\":\"output\",\"value\":\"/x\""}, {"r1", 130, "edit", P ",\"field\":\"output\",\"value\":\"/y\""}},
	 "running", NULL, "RUNNING", NULL, 2, {{NULL}}, true},
	{"one id for two records", {
	  {"r1", 100, "submit", P ",\"id\":\"same\",\"sid\":\"a\""}, {"r1", 100, "submit", P ",\"id\":\"same\",\"sid\":\"b\",\"job_id\":7"}},
	 "submitted", NULL, "PENDING", NULL, 1, {{NULL}}, true},
	{"runs and phases that nobody planned", {
	  {"zz", 100, "submit", "\"phase\":\"other\",\"sid\":\"a\""}, {"aa", 100, "submit", "\"phase\":\"more\",\"sid\":\"b\""},
	  {"aa", 90, "submit", "\"phase\":\"again\",\"sid\":\"c\""}, {"mm", 100, "submit", "\"sid\":\"d\",\"matched_by\":\"none\""}},
	 "pending", NULL, NULL, NULL, 0, {{0}}, 0},
	{"hostile numbers and texts", {
	  {"r1", 100, "start", P ",\"job_id\":-7,\"step\":\"batch\""}, {"r1", 100, "start", P ",\"job_id\":1e300,\"step\":\"batch\""},
	  {"r1", 101, "finish", P ",\"job_id\":5,\"start_time\":1e300,\"state\":7,\"final\":\"no\""},
	  {"r1", 102, "submit", P ",\"sid\":7,\"job_id\":\"5\""}, {"r1", 103, "edit", P ",\"field\":\"status\",\"value\":{}"},
	  {"r1", 104, "edit", "\"phase\":7,\"field\":null"}, {"", 105, "note", P}},
	 NULL, NULL, NULL, NULL, -1, {{0}}, 0},
};

#define N_STORIES (sizeof(stories) / sizeof(stories[0]))

static const char *const phases[] = {"finetune", "eval"};

static size_t count_records(const struct story *story)
{
	size_t n = 0;

	while (n < MOST_RECORDS && story->records[n].name != NULL)
		n++;
	return n;
}

static void write_line(char *line, size_t size, const struct story *story, size_t number)
{
	const struct told *told = &story->records[number];
	char id[64] = "";

	if (!story->without_ids)
		snprintf(id, sizeof(id), "\"id\":\"%zu\",", number);
	int used = snprintf(line, size, "{\"timestamp\":%.6f,\"name\":\"%s\",\"context\":{\"v\":1,%s%s}}\n", told->time, told->name,
			    id, told->members);
	assert_true((size_t)used < size);
}

static void add_record(struct rlg_fold *fold, const struct story *story, size_t number)
{
	char line[1024];
	struct rlg_record record;
	struct rlg_err err = {""};

	write_line(line, sizeof(line), story, number);
	if (rlg_record_parse(line, strlen(line), &record, &err) != 0)
		fail_msg("%s: %s", err.text, line);
	rlg_fold_add(fold, story->records[number].run, &record);
	rlg_record_done(&record);
}

/* Folds the story's records in this order, with r0 and r1 planned. */
static struct rlg_model *fold_story(struct rlg_arena *arena, const struct story *story, const size_t *order, size_t n)
{
	struct rlg_fold *fold = rlg_fold_new(arena, "/scratch/g", "g", phases, 2);

	rlg_fold_plan_run(fold, "r1", "Fine-tuned", false);
	rlg_fold_plan_run(fold, "r0", "Control", true);
	for (size_t i = 0; i < n; i++)
		add_record(fold, story, order == NULL ? i : order[i]);
	struct rlg_model *model = rlg_fold_finish(fold);
	assert_int_equal(model->records, n);
	return model;
}

/* ---- what each story comes to ---- */

static bool same(const char *left, const char *right)
{
	return left == right || (left != NULL && right != NULL && strcmp(left, right) == 0);
}

static const char *shown(const char *text)
{
	return text == NULL ? "(none)" : text;
}

static unsigned check_attempts(const struct story *story, const struct rlg_phase *phase)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < phase->n_attempts && i < MOST_ATTEMPTS; i++) {
		const struct expected_attempt *expected = &story->attempts[i];
		char job_id[32] = "";
		if (phase->attempts[i].job_id >= 0)
			snprintf(job_id, sizeof(job_id), "%lld", (long long)phase->attempts[i].job_id);
		if (expected->state == NULL)
			continue;
		if (strcmp(job_id, expected->job_id == NULL ? "" : expected->job_id) != 0 ||
		    !same(phase->attempts[i].slurm_state, expected->state) || phase->attempts[i].status != expected->status) {
			print_message("# %s: attempt %zu is job %s, %s, %s\n", story->claim, i, job_id,
				      phase->attempts[i].slurm_state, rlg_status_word(phase->attempts[i].status));
			wrong++;
		}
	}
	return wrong;
}

static unsigned check_story(const struct story *story)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	const struct rlg_model *model = fold_story(arena, story, NULL, count_records(story));
	const struct rlg_phase *phase = rlg_run_phase(rlg_model_run(model, "r1"), "finetune");
	const char *state = phase->deciding == NULL ? NULL : phase->deciding->slurm_state;
	const char *source = phase->deciding == NULL ? NULL : phase->deciding->source;
	unsigned wrong = 0;

	if (story->n_attempts < 0)
		return 0;
	if ((story->status != NULL && !same(phase->status_text, story->status)) ||
	    (story->job_id != NULL && !same(phase->job_id, story->job_id)) ||
	    (story->state != NULL && !same(state, story->state)) || (story->source != NULL && !same(source, story->source)) ||
	    phase->n_attempts != (size_t)story->n_attempts) {
		print_message("# %s: is %s, job %s, %s said by %s, in %zu attempts\n", story->claim, phase->status_text,
			      shown(phase->job_id), shown(state), shown(source), phase->n_attempts);
		wrong++;
	}
	return wrong + check_attempts(story, phase);
}

static void every_story_comes_to_its_state(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < N_STORIES; i++)
		wrong += check_story(&stories[i]);
	assert_int_equal(wrong, 0);
}

static const struct story *story_called(const char *claim)
{
	for (size_t i = 0; i < N_STORIES; i++)
		if (strcmp(stories[i].claim, claim) == 0)
			return &stories[i];
	fail_msg("no story is called '%s'", claim);
	return NULL;
}

static void times_and_facts_come_from_slurm(void **state)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	const struct story *story = story_called("a requeued job has two attempts");
	const struct rlg_model *model = fold_story(arena, story, NULL, count_records(story));
	const struct rlg_phase *phase = rlg_run_phase(rlg_model_run(model, "r1"), "finetune");

	(void)state;
	assert_int_equal(phase->attempts[0].start_us, 110 * RLG_SECOND_US);
	assert_int_equal(phase->attempts[0].end_us, 200 * RLG_SECOND_US);
	assert_true(phase->attempts[0].ended);
	assert_false(phase->attempts[0].final);
	assert_int_equal(phase->attempts[0].submit_us, 100 * RLG_SECOND_US);
	assert_string_equal(phase->attempts[0].sid, "a");
	assert_int_equal(phase->attempts[1].start_us, 300 * RLG_SECOND_US);
	assert_int_equal(phase->attempts[1].word_us, 400 * RLG_SECOND_US);
	assert_ptr_equal(phase->deciding, &phase->attempts[1]);
	assert_int_equal(phase->word_us, 400 * RLG_SECOND_US);
	assert_int_equal(model->word_us, 400 * RLG_SECOND_US);
	assert_int_equal(model->counts[RLG_STATUS_PENDING], 2); /* their eval is still to come */
}

static void runs_come_in_the_order_of_the_plan_then_by_name(void **state)
{
	static const char *const names[] = {"r1", "r0", "aa", "mm", "zz"};
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	const struct story *story = story_called("runs and phases that nobody planned");
	const struct rlg_model *model = fold_story(arena, story, NULL, count_records(story));

	(void)state;
	assert_int_equal(model->n_runs, 5);
	for (size_t i = 0; i < 5; i++)
		assert_string_equal(model->runs[i].name, names[i]);
	const struct rlg_run *aa = rlg_model_run(model, "aa");
	assert_int_equal(aa->n_phases, 4);
	assert_string_equal(aa->phases[0].name, "finetune");
	assert_string_equal(aa->phases[1].name, "eval");
	assert_string_equal(aa->phases[2].name, "again");
	assert_string_equal(aa->phases[3].name, "more");
	assert_true(aa->planned);
	assert_false(rlg_model_run(model, "mm")->planned); /* a guess, and nobody named it */
	assert_int_equal(rlg_run_phase(rlg_model_run(model, "r0"), "finetune")->status, RLG_STATUS_SKIPPED); /* a control */
	assert_null(rlg_model_run(model, "none"));
}

static void an_empty_fold_is_a_model(void **state)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	const struct rlg_model *model = rlg_fold_finish(rlg_fold_new(arena, "/g", "g", phases, 2));

	(void)state;
	assert_int_equal(model->n_runs, 0);
	assert_int_equal(model->records, 0);
	assert_int_equal(model->word_us, 0);
}

/* ---- the set of the records alone ---- */

/* xorshift64*: the same numbers everywhere. */
static bool same_after_shuffle(struct rlg_arena *arena, const struct story *story, const char *expected)
{
	RLG_ARENA struct rlg_arena *mine = rlg_arena_new();
	size_t order[2 * MOST_RECORDS + 1] = {0};
	size_t count = shuffle(order, count_records(story));
	const char *text = render(mine, fold_story(mine, story, order, count));

	(void)arena;
	if (strcmp(text, expected) == 0)
		return true;
	print_message("# %s: in the order", story->claim);
	for (size_t i = 0; i < count; i++)
		print_message(" %zu", order[i]);
	print_message(" it is\n%s\n# instead of\n%s\n", text, expected);
	return false;
}

static void order_and_duplicates_make_no_difference(void **state)
{
	uint64_t seed = environment_number("RLG_TEST_SEED", (uint64_t)rlg_clock_now_us());
	uint64_t shuffles = environment_number("RLG_TEST_SHUFFLES", DEFAULT_SHUFFLES);
	unsigned wrong = 0;

	(void)state;
	print_message("# RLG_TEST_SEED=%llu\n", (unsigned long long)seed);
	dice_state = seed | 1;
	_Static_assert(N_STORIES * DEFAULT_SHUFFLES >= 2000, "enough of them");
	for (size_t i = 0; i < N_STORIES; i++) {
		RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
		const char *expected = render(arena, fold_story(arena, &stories[i], NULL, count_records(&stories[i])));
		bool good = true;
		for (uint64_t s = 0; s < shuffles && good; s++)
			good = same_after_shuffle(arena, &stories[i], expected);
		wrong += !good;
	}
	assert_int_equal(wrong, 0);
}

/* All stories at once, each in runs of its own, so that they cannot help each other. */
static void stories_do_not_touch_each_other(void **state)
{
	RLG_ARENA struct rlg_arena *together = rlg_arena_new();
	struct rlg_fold *fold = rlg_fold_new(together, "/scratch/g", "g", phases, 2);
	struct rlg_record record;
	char line[1024], name[32];

	(void)state;
	for (size_t i = 0; i < N_STORIES; i++) {
		snprintf(name, sizeof(name), "story%zu", i);
		for (size_t n = 0; n < count_records(&stories[i]); n++) {
			if (strcmp(stories[i].records[n].run, "r1") != 0)
				continue;
			write_line(line, sizeof(line), &stories[i], n);
			assert_int_equal(rlg_record_parse(line, strlen(line), &record, NULL), 0);
			rlg_fold_add(fold, name, &record);
			rlg_record_done(&record);
		}
	}
	const struct rlg_model *model = rlg_fold_finish(fold);
	for (size_t i = 0; i < N_STORIES; i++) {
		RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
		const struct rlg_model *alone = fold_story(arena, &stories[i], NULL, count_records(&stories[i]));
		const struct rlg_phase *expected = rlg_run_phase(rlg_model_run(alone, "r1"), "finetune");
		snprintf(name, sizeof(name), "story%zu", i);
		const struct rlg_run *run = rlg_model_run(model, name);
		if (run == NULL)
			continue;
		const struct rlg_phase *phase = rlg_run_phase(run, "finetune");
		assert_string_equal(phase->status_text, expected->status_text);
		assert_int_equal(phase->n_attempts, expected->n_attempts);
		assert_true(same(phase->job_id, expected->job_id));
	}
}

/* ---- from files ---- */

/* Each record into one of four files of its run, or into two. */
static void write_partition(const struct story *story)
{
	char line[1024];
	size_t order[2 * MOST_RECORDS + 1] = {0};
	size_t count = shuffle(order, count_records(story));

	for (size_t i = 0; i < count; i++) {
		const char *run = story->records[order[i]].run;
		write_line(line, sizeof(line), story, order[i]);
		make_folders(in_scratch("g/.runledger/runs/%s", run));
		FILE *stream = fopen(in_scratch("g/.runledger/runs/%s/host%zu.jsonl", run, dice(4)), "a");
		assert_non_null(stream);
		fputs(line, stream);
		assert_int_equal(fclose(stream), 0);
	}
}

static char *load_and_render(struct rlg_arena *arena)
{
	struct rlg_group group;
	struct rlg_model *model;
	struct rlg_err err = {""};

	if (rlg_group_open(in_scratch("g"), &group, &err) != 0 || rlg_group_load(&group, &model, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(model->damaged, 0);
	char *text = rlg_arena_strdup(arena, render(group.arena, model));
	rlg_group_close(&group);
	return text;
}

static void files_and_their_names_make_no_difference(void **state)
{
	uint64_t seed = environment_number("RLG_TEST_SEED", (uint64_t)rlg_clock_now_us());

	(void)state;
	print_message("# RLG_TEST_SEED=%llu\n", (unsigned long long)seed);
	dice_state = seed | 1;
	for (size_t i = 0; i < N_STORIES; i++) {
		RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
		const char *expected = NULL;
		if (strcmp(stories[i].claim, "hostile numbers and texts") == 0)
			continue; /* a run without a name has no folder */
		for (int round = 0; round < 4; round++) {
			nftw(in_scratch("g"), scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
			make_folders(in_scratch("g/.runledger"));
			write_partition(&stories[i]);
			const char *text = load_and_render(arena);
			if (expected != NULL)
				assert_string_equal(text, expected);
			expected = text;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_story_comes_to_its_state),
		cmocka_unit_test(times_and_facts_come_from_slurm),
		cmocka_unit_test(runs_come_in_the_order_of_the_plan_then_by_name),
		cmocka_unit_test(an_empty_fold_is_a_model),
		cmocka_unit_test(order_and_duplicates_make_no_difference),
		cmocka_unit_test(stories_do_not_touch_each_other),
		cmocka_unit_test_setup_teardown(files_and_their_names_make_no_difference, scratch_set_up, scratch_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
