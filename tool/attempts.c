/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the events of one run to the attempts at it: see attempts.h.
 *
 * Ends are sure: Slurm itself says when the attempt started.  So they come first; then each start finds the end it
 * belongs to, or is an attempt that still runs; then what was only submitted.
 */
#include "tool/attempts.h"

#include "lib/clock.h"
#include "tool/attempts_exec.h"

#include <stdlib.h>
#include <string.h>

/* Clocks of nodes and of slurmctld differ; a start is told a little after Slurm's own start_time. */
#define CLOCK_SKEW_US (5 * RLG_SECOND_US)

/* Past this munge refuses to work, and so does Slurm. */
#define MOST_SKEW_US (300 * RLG_SECOND_US)

struct finder {
	struct rlg_arena *arena;
	const struct rlg_event *events;
	size_t n_events;
	bool *placed; /* by event: its attempt was found */
	const struct rlg_event **requeue; /* by event: the end of the attempt that this batch start began; or NULL */
	struct rlg_phased_attempt *attempts;
	size_t count, room;
};

static struct rlg_phased_attempt *add_attempt(struct finder *finder, const struct rlg_event *event)
{
	if (finder->count == finder->room) {
		size_t room = finder->room == 0 ? 8 : 2 * finder->room;
		finder->attempts = rlg_arena_grow(finder->arena, finder->attempts, finder->count, room,
						  sizeof(*finder->attempts));
		finder->room = room;
	}
	struct rlg_phased_attempt *added = &finder->attempts[finder->count++];
	*added = (struct rlg_phased_attempt){.attempt = {.job_id = event->job_id,
							 .array_job_id = -1,
							 .array_task_id = -1,
							 .exit_code = -1,
							 .signal = -1,
							 .slurm_state = "PENDING",
							 .status = RLG_STATUS_SUBMITTED}};
	return added;
}

static void take_text(const char **to, const char *from)
{
	if (*to == NULL)
		*to = from;
}

static void take_number(int64_t *to, int64_t from)
{
	if (*to < 0)
		*to = from;
}

/* What every event may say about its attempt; the first to say it wins, and events come in a fixed order. */
static void take_common(struct rlg_phased_attempt *to, const struct rlg_event *event)
{
	struct rlg_attempt *attempt = &to->attempt;

	take_text(&to->phase, event->phase);
	take_text(&attempt->cluster, event->cluster);
	take_text(&attempt->sid, event->sid);
	take_text(&attempt->nodes, event->nodes);
	take_text(&attempt->user, event->user);
	take_text(&attempt->stdout_path, event->stdout_path);
	take_number(&attempt->job_id, event->job_id);
	take_number(&attempt->array_job_id, event->array_job_id);
	take_number(&attempt->array_task_id, event->array_task_id);
	if (event->time_us > attempt->word_us)
		attempt->word_us = event->time_us;
}

static bool same_cluster(const char *left, const char *right)
{
	return left == NULL || right == NULL || strcmp(left, right) == 0;
}

static bool same_text(const char *left, const char *right)
{
	return left != NULL && right != NULL && strcmp(left, right) == 0;
}

static bool same_job(const struct rlg_attempt *attempt, const struct rlg_event *event)
{
	return event->job_id >= 0 && attempt->job_id == event->job_id &&
	       same_cluster(attempt->cluster, event->cluster);
}

/* Slurm's states, and what they are in a tracker. */
static const struct {
	const char *state;
	enum rlg_status status;
} state_words[] = {
	{"COMPLETED", RLG_STATUS_COMPLETED},   {"FAILED", RLG_STATUS_FAILED},	   {"CANCELLED", RLG_STATUS_FAILED},
	{"TIMEOUT", RLG_STATUS_FAILED},	       {"NODE_FAIL", RLG_STATUS_FAILED},   {"OUT_OF_MEMORY", RLG_STATUS_FAILED},
	{"BOOT_FAIL", RLG_STATUS_FAILED},      {"DEADLINE", RLG_STATUS_FAILED},	   {"REVOKED", RLG_STATUS_FAILED},
	{"PREEMPTED", RLG_STATUS_FAILED},      {"LAUNCH_FAILED", RLG_STATUS_FAILED}, {"RUNNING", RLG_STATUS_RUNNING},
	{"COMPLETING", RLG_STATUS_RUNNING},    {"SUSPENDED", RLG_STATUS_RUNNING},  {"CONFIGURING", RLG_STATUS_RUNNING},
	{"REQUEUED", RLG_STATUS_SUBMITTED},    {"PENDING", RLG_STATUS_SUBMITTED},
};

/* How an end without a known state counts: by the exit code where there is one, and never as a success. */
static enum rlg_status status_at_end(const struct rlg_attempt *attempt)
{
	if (!attempt->final)
		return RLG_STATUS_SUBMITTED;
	for (size_t i = 0; i < sizeof(state_words) / sizeof(state_words[0]); i++)
		if (strcmp(state_words[i].state, attempt->slurm_state) == 0)
			return state_words[i].status;
	return RLG_STATUS_FAILED;
}

static bool is_running_state(const char *state)
{
	for (size_t i = 0; i < sizeof(state_words) / sizeof(state_words[0]); i++)
		if (strcmp(state_words[i].state, state) == 0)
			return state_words[i].status == RLG_STATUS_RUNNING;
	return false;
}

/*
 * Whom to believe about an end, the best first.  An epilog also runs where a job only gives back a node, or long after
 * the job went on elsewhere: then slurmctld says that it is running.
 */
static int rank_of_source(const struct rlg_event *finish)
{
	static const char *const sources[] = {"jobcomp", "epilog", "exec"};
	bool known = finish->state != NULL && strcmp(finish->state, "UNKNOWN") != 0;
	int rank = !known ? 20 : is_running_state(finish->state) ? 10 : 0;

	for (int i = 0; i < 3; i++)
		if (same_text(finish->source, sources[i]))
			return rank + i;
	return rank + 3;
}

static void take_end(struct rlg_phased_attempt *to, const struct rlg_event *finish)
{
	struct rlg_attempt *attempt = &to->attempt;

	attempt->ended = true;
	attempt->final = finish->final;
	attempt->slurm_state = finish->state == NULL ? "UNKNOWN" : finish->state;
	attempt->reason = finish->reason;
	attempt->exit_code = finish->exit_code;
	attempt->signal = finish->signal;
	attempt->source = finish->source;
	if (finish->submit_us > 0)
		attempt->submit_us = finish->submit_us;
	if (finish->start_us > 0)
		attempt->start_us = finish->start_us;
	attempt->end_us = finish->end_us > 0 ? finish->end_us : finish->time_us;
	attempt->status = status_at_end(attempt);
	take_common(to, finish);
}

/* Of two words of the same source the later one: a job may be requeued and end within the second it started in. */
static const struct rlg_event *better_end(const struct rlg_event *earlier, const struct rlg_event *later)
{
	if (earlier == NULL)
		return later;
	return rank_of_source(later) <= rank_of_source(earlier) ? later : earlier;
}

/* Ends that say when the attempt started: one attempt for each start, told by the best source. */
static void find_ended(struct finder *finder)
{
	const struct rlg_event **best = rlg_arena_alloc(finder->arena, finder->n_events * sizeof(*best) + 1);

	for (size_t i = 0; i < finder->n_events; i++) {
		const struct rlg_event *event = &finder->events[i];
		size_t at = 0;
		if (event->kind != RLG_EVENT_FINISH || event->job_id < 0 || event->start_us == 0)
			continue;
		while (at < finder->count && !(same_job(&finder->attempts[at].attempt, event) &&
					       finder->attempts[at].attempt.start_us == event->start_us))
			at++;
		if (at == finder->count) {
			add_attempt(finder, event)->attempt.start_us = event->start_us;
			finder->attempts[at].attempt.cluster = event->cluster;
		}
		best[at] = better_end(best[at], event);
	}
	for (size_t at = 0; at < finder->count; at++)
		take_end(&finder->attempts[at], best[at]);
}

static bool is_batch_start(const struct rlg_event *event)
{
	return event->kind == RLG_EVENT_START && event->job_id >= 0 && same_text(event->step, "batch");
}

/* Was this told while the attempt ran, as far as clocks agree?  After a final end no other attempt can have begun soon. */
static bool covers(const struct rlg_attempt *attempt, const struct rlg_event *event)
{
	int64_t late_us = attempt->final ? MOST_SKEW_US : CLOCK_SKEW_US;

	if (event->start_us > 0)
		return llabs(event->start_us - attempt->start_us) <= RLG_SECOND_US;
	return event->time_us >= attempt->start_us - CLOCK_SKEW_US && event->time_us <= attempt->end_us + late_us;
}

/* Is there an end with a start_time for the attempt that this start began, and which was requeued? */
static bool has_requeued_end(const struct finder *finder, const struct rlg_event *start)
{
	for (size_t i = 0; i < finder->count; i++)
		if (!finder->attempts[i].attempt.final && same_job(&finder->attempts[i].attempt, start) &&
		    covers(&finder->attempts[i].attempt, start))
			return true;
	return false;
}

/*
 * A requeue as the epilog tells it, without a start_time, ends the attempt that the last batch start before it began: the
 * same node told both.  Found first, so that the next attempt's end, with all that clocks may differ, cannot take it.
 */
static void find_requeued(struct finder *finder)
{
	for (size_t i = 0; i < finder->n_events; i++) {
		const struct rlg_event *end = &finder->events[i];
		const struct rlg_attempt job = {.job_id = end->job_id, .cluster = end->cluster};
		size_t at = i;
		if (end->kind != RLG_EVENT_FINISH || end->start_us > 0 || end->final)
			continue;
		while (at > 0 && !(is_batch_start(&finder->events[at - 1]) && same_job(&job, &finder->events[at - 1])))
			at--;
		if (at-- == 0 || finder->placed[at] || has_requeued_end(finder, &finder->events[at]))
			continue;
		finder->placed[at] = finder->placed[i] = true;
		finder->requeue[at] = end;
	}
}

static int compare_starts(const void *left, const void *right)
{
	const struct rlg_attempt *a = &((const struct rlg_phased_attempt *)left)->attempt;
	const struct rlg_attempt *b = &((const struct rlg_phased_attempt *)right)->attempt;

	if (a->start_us != b->start_us)
		return a->start_us < b->start_us ? -1 : 1;
	if (a->job_id != b->job_id)
		return a->job_id < b->job_id ? -1 : 1;
	return strcmp(a->cluster == NULL ? "" : a->cluster, b->cluster == NULL ? "" : b->cluster);
}

/*
 * A batch step starts once an attempt: of those starts that fall into it, an ended attempt takes the nearest to Slurm's
 * own start_time.  A requeued job may be back within a second or two, less than clocks may differ.
 */
static void give_starts_to_ended(struct finder *finder)
{
	if (finder->count > 1)
		qsort(finder->attempts, finder->count, sizeof(*finder->attempts), compare_starts);
	for (size_t at = 0; at < finder->count; at++) {
		struct rlg_attempt *attempt = &finder->attempts[at].attempt;
		size_t nearest = finder->n_events;
		for (size_t i = 0; i < finder->n_events; i++) {
			const struct rlg_event *event = &finder->events[i];
			if (finder->placed[i] || !is_batch_start(event) || !same_job(attempt, event) ||
			    !covers(attempt, event))
				continue;
			if (nearest == finder->n_events || llabs(event->time_us - attempt->start_us) <
								   llabs(finder->events[nearest].time_us - attempt->start_us))
				nearest = i;
		}
		if (nearest == finder->n_events)
			continue;
		finder->placed[nearest] = true;
		take_common(&finder->attempts[at], &finder->events[nearest]);
	}
}

/* Of the ended attempts that were running when this was told, the one that began last. */
static struct rlg_phased_attempt *ended_attempt_for(struct finder *finder, const struct rlg_event *event)
{
	struct rlg_phased_attempt *found = NULL;

	for (size_t i = 0; i < finder->count; i++) {
		struct rlg_attempt *attempt = &finder->attempts[i].attempt;
		if (attempt->ended && same_job(attempt, event) && covers(attempt, event) &&
		    (found == NULL || attempt->start_us > found->attempt.start_us))
			found = &finder->attempts[i];
	}
	return found;
}

static struct rlg_phased_attempt *open_attempt_for(struct finder *finder, const struct rlg_event *event)
{
	struct rlg_phased_attempt *found = NULL;

	for (size_t i = 0; i < finder->count; i++) {
		struct rlg_attempt *attempt = &finder->attempts[i].attempt;
		if (same_job(attempt, event) && !attempt->ended && attempt->start_us <= event->time_us &&
		    (found == NULL || attempt->start_us > found->attempt.start_us))
			found = &finder->attempts[i];
	}
	return found;
}

/*
 * Each batch start that no ended attempt took is an attempt of its own, still open.  Other steps (srun inside salloc)
 * belong to the attempt that was running.
 */
static void find_started(struct finder *finder)
{
	for (size_t i = 0; i < finder->n_events; i++) {
		const struct rlg_event *event = &finder->events[i];
		struct rlg_phased_attempt *attempt = NULL;
		if (event->kind != RLG_EVENT_START || event->job_id < 0 || (finder->placed[i] && !finder->requeue[i]))
			continue;
		if (!is_batch_start(event))
			attempt = ended_attempt_for(finder, event);
		if (attempt == NULL && !is_batch_start(event))
			attempt = open_attempt_for(finder, event);
		if (attempt == NULL) {
			attempt = add_attempt(finder, event);
			attempt->attempt.start_us = event->start_us > 0 ? event->start_us : event->time_us;
			attempt->attempt.slurm_state = "RUNNING";
			attempt->attempt.status = RLG_STATUS_RUNNING;
		}
		take_common(attempt, event);
		if (finder->requeue[i] != NULL)
			take_end(attempt, finder->requeue[i]);
	}
}

/*
 * Ends that do not say when the attempt started, as of a requeued job: of the attempt that was open then; else a second
 * word on one whose end is known; else of a job that never ran.
 */
static void find_ended_without_start(struct finder *finder)
{
	for (size_t i = 0; i < finder->n_events; i++) {
		const struct rlg_event *event = &finder->events[i];
		if (event->kind != RLG_EVENT_FINISH || event->job_id < 0 || event->start_us > 0 || finder->placed[i])
			continue;
		struct rlg_phased_attempt *attempt = open_attempt_for(finder, event);
		if (attempt == NULL && (attempt = ended_attempt_for(finder, event)) != NULL) {
			take_common(attempt, event);
			continue;
		}
		if (attempt == NULL)
			attempt = add_attempt(finder, event);
		take_end(attempt, event);
	}
}

/* An open attempt that a later one of the same job follows has ended; nobody said how. */
static void close_overtaken(struct finder *finder)
{
	for (size_t i = 0; i < finder->count; i++) {
		struct rlg_attempt *open = &finder->attempts[i].attempt;
		if (open->ended || open->start_us == 0)
			continue;
		for (size_t j = 0; j < finder->count; j++) {
			const struct rlg_attempt *later = &finder->attempts[j].attempt;
			if (later->job_id != open->job_id || !same_cluster(later->cluster, open->cluster) ||
			    later->start_us <= open->start_us)
				continue;
			open->ended = true;
			open->final = false;
			open->slurm_state = "UNKNOWN";
			open->status = RLG_STATUS_SUBMITTED;
		}
	}
}

static bool was_rejected(const struct finder *finder, const char *sid)
{
	for (size_t i = 0; i < finder->n_events; i++)
		if (finder->events[i].kind == RLG_EVENT_REJECT && same_text(finder->events[i].sid, sid))
			return true;
	return false;
}

/* Job ids wrap: a job that had ended when this was submitted is another one of the same number. */
static bool is_over_before(const struct rlg_attempt *attempt, const struct rlg_event *submit)
{
	return attempt->ended && attempt->end_us + CLOCK_SKEW_US < submit->time_us;
}

/* A submission belongs to every attempt that carries its id; alone it is a job in the queue, unless it was refused. */
static void find_submitted(struct finder *finder)
{
	for (size_t i = 0; i < finder->n_events; i++) {
		const struct rlg_event *event = &finder->events[i];
		bool placed = false;
		if (event->kind != RLG_EVENT_SUBMIT)
			continue;
		for (size_t at = 0; at < finder->count; at++) {
			struct rlg_phased_attempt *attempt = &finder->attempts[at];
			if (!same_text(attempt->attempt.sid, event->sid) &&
			    !(attempt->attempt.sid == NULL && same_job(&attempt->attempt, event) &&
			      !is_over_before(&attempt->attempt, event)))
				continue;
			placed = true;
			take_common(attempt, event);
			if (attempt->attempt.submit_us == 0)
				attempt->attempt.submit_us = event->time_us;
		}
		if (placed || (event->sid != NULL && was_rejected(finder, event->sid)))
			continue;
		struct rlg_phased_attempt *added = add_attempt(finder, event);
		added->attempt.submit_us = event->time_us;
		take_common(added, event);
	}
}

struct rlg_phased_attempt rlg_attempt_new(struct rlg_arena *arena, const struct rlg_event *event)
{
	struct finder finder = {.arena = arena};

	return *add_attempt(&finder, event);
}

void rlg_attempt_take(struct rlg_phased_attempt *to, const struct rlg_event *event)
{
	take_common(to, event);
}

void rlg_attempt_end(struct rlg_phased_attempt *to, const struct rlg_event *finish)
{
	take_end(to, finish);
}

bool rlg_attempt_is_of_job(const struct rlg_attempt *attempt, const struct rlg_event *event)
{
	return same_job(attempt, event);
}

/* What `runledger exec` told is placed apart, when all is known that others told: see attempts_exec.h. */
static void set_execs_aside(struct finder *finder)
{
	for (size_t i = 0; i < finder->n_events; i++)
		finder->placed[i] = rlg_event_is_exec(&finder->events[i]);
}

static void find_execs(struct finder *finder)
{
	finder->attempts = rlg_attempts_place_execs(finder->arena, finder->events, finder->n_events, finder->attempts,
						    &finder->count);
	finder->room = finder->count;
}

int64_t rlg_attempt_order(const struct rlg_attempt *attempt)
{
	return attempt->start_us > attempt->submit_us ? attempt->start_us : attempt->submit_us;
}

static int compare_attempts(const void *left, const void *right)
{
	const struct rlg_attempt *a = &((const struct rlg_phased_attempt *)left)->attempt;
	const struct rlg_attempt *b = &((const struct rlg_phased_attempt *)right)->attempt;
	int64_t keys[][2] = {{rlg_attempt_order(a), rlg_attempt_order(b)},
			     {a->start_us, b->start_us},
			     {a->job_id, b->job_id},
			     {a->end_us, b->end_us},
			     {a->word_us, b->word_us}};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i][0] != keys[i][1])
			return keys[i][0] < keys[i][1] ? -1 : 1;
	return strcmp(a->sid == NULL ? "" : a->sid, b->sid == NULL ? "" : b->sid);
}

struct rlg_phased_attempt *rlg_attempts_find(struct rlg_arena *arena, const struct rlg_event *events, size_t n_events,
					     size_t *out_count)
{
	struct finder finder = {.arena = arena, .events = events, .n_events = n_events};

	finder.placed = rlg_arena_alloc(arena, n_events * sizeof(*finder.placed) + 1);
	finder.requeue = rlg_arena_alloc(arena, n_events * sizeof(*finder.requeue) + 1);
	set_execs_aside(&finder);
	find_ended(&finder);
	find_requeued(&finder);
	give_starts_to_ended(&finder);
	find_started(&finder);
	find_ended_without_start(&finder);
	close_overtaken(&finder);
	find_execs(&finder);
	find_submitted(&finder);
	if (finder.count > 1)
		qsort(finder.attempts, finder.count, sizeof(*finder.attempts), compare_attempts);
	*out_count = finder.count;
	return finder.attempts;
}
