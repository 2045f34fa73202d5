/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What folding remembers of a record: see event.h. */
#include "tool/model/event.h"

#include <string.h>

/* Events of no other name are part of the state (yet). */
static const uint8_t kinds[RLG_WORDS] = {
	[RLG_WORD_SUBMIT] = 1 + RLG_EVENT_SUBMIT,
	[RLG_WORD_REJECT] = 1 + RLG_EVENT_REJECT,
	[RLG_WORD_START] = 1 + RLG_EVENT_START,
	[RLG_WORD_FINISH] = 1 + RLG_EVENT_FINISH,
	[RLG_WORD_STATE] = 1 + RLG_EVENT_STATE,
	[RLG_WORD_NOTE] = 1 + RLG_EVENT_NOTE,
	[RLG_WORD_OUTPUT] = 1 + RLG_EVENT_OUTPUT,
	[RLG_WORD_EDIT] = 1 + RLG_EVENT_EDIT,
	[RLG_WORD_TASK_FAILED] = 1 + RLG_EVENT_TASK_FAILED,
	[RLG_WORD_SYNC] = 1 + RLG_EVENT_SYNC,
	[RLG_WORD_ACTION] = 1 + RLG_EVENT_ACTION,
	[RLG_WORD_USAGE] = 1 + RLG_EVENT_USAGE,
};

enum rlg_event_kind rlg_event_kind_of(const struct rlg_record *record)
{
	return kinds[record->word] == 0 ? RLG_EVENT_OTHER : (enum rlg_event_kind)(kinds[record->word] - 1);
}

enum fact_kind {
	NO_FACT,
	TEXT,
	INNER, /* a text in the object `git` */
	PATH, /* a text that goes over the one that is there */
	NUMBER, /* whole; -1 for one below 0 */
	MOMENT,
	OBJECT, /* whose members are facts */
	FINAL,
	NEVER_RAN,
	OOM
};

/*
 * Which member of a record is which of an event: its word, kind, name, and the event's member.  Events are compared in this
 * order: see compare_facts().
 */
#define FACTS(X) \
	X(SID, TEXT, "sid", sid) \
	X(CLUSTER, TEXT, "cluster", cluster) \
	X(PHASE, TEXT, "phase", phase) \
	X(MATCHED_BY, TEXT, "matched_by", matched_by) \
	X(STEP, TEXT, "step", step) \
	X(NODE, TEXT, "node", node) \
	X(EXEC, TEXT, "exec", exec) \
	X(TRES, TEXT, "tres", tres) \
	X(STATE, TEXT, "state", state) \
	X(REASON, TEXT, "reason", reason) \
	X(SOURCE, TEXT, "source", source) \
	X(NODES, TEXT, "nodes", nodes) \
	X(USER, TEXT, "user", user) \
	X(JOB_NAME, TEXT, "job_name", job_name) \
	X(STDOUT, TEXT, "stdout", stdout_path) \
	X(SCRIPT, TEXT, "script", script) \
	X(COMMAND, TEXT, "command", command) \
	X(CWD, TEXT, "cwd", cwd) \
	X(HOST, TEXT, "host", host) \
	X(COMMIT, INNER, "commit", git_commit) \
	X(BRANCH, INNER, "branch", git_branch) \
	X(AGENT, TEXT, "agent", agent) \
	X(SESSION, TEXT, "session", session) \
	X(FIELD, TEXT, "field", field) \
	X(VALUE, TEXT, "value", value) \
	X(TEXT, TEXT, "text", text) \
	X(PATH, PATH, "path", text) \
	X(VERDICT, TEXT, "verdict", verdict) \
	X(WANDB, TEXT, "wandb", wandb) \
	X(DESCRIPTION, TEXT, "description", description) \
	X(STATUS, TEXT, "status", sync) \
	X(ACTION, TEXT, "action", action) \
	X(SUBJECT, TEXT, "subject", subject) \
	X(DETAILS, TEXT, "details", details) \
	X(RESULT, TEXT, "result", result) \
	X(JOB_ID, NUMBER, "job_id", job_id) \
	X(ARRAY_JOB_ID, NUMBER, "array_job_id", array_job_id) \
	X(ARRAY_TASK_ID, NUMBER, "array_task_id", array_task_id) \
	X(HET_JOB_ID, NUMBER, "het_job_id", het_job_id) \
	X(EXIT_CODE, NUMBER, "exit_code", exit_code) \
	X(SIGNAL, NUMBER, "signal", signal) \
	X(TIME_LIMIT, NUMBER, "time_limit", time_limit_s) \
	X(RANK, NUMBER, "rank", rank) \
	X(ATTEMPT, NUMBER, "attempt", restarts) \
	X(NCPUS, NUMBER, "ncpus", n_cpus) \
	X(TASKS, NUMBER, "tasks", tasks) \
	X(PEAK_MEMORY_BYTES, NUMBER, "peak_memory_bytes", peak_memory) \
	X(PAGE_CACHE_BYTES, NUMBER, "page_cache_bytes", page_cache) \
	X(MAX_RSS_BYTES, NUMBER, "max_rss_bytes", max_rss) \
	X(SUBMIT_TIME, MOMENT, "submit_time", submit_us) \
	X(START_TIME, MOMENT, "start_time", start_us) \
	X(END_TIME, MOMENT, "end_time", end_us) \
	X(CPU_S, MOMENT, "cpu_s", cpu_us) \
	X(USER_CPU_S, MOMENT, "user_cpu_s", user_us) \
	X(SYSTEM_CPU_S, MOMENT, "system_cpu_s", system_us) \
	X(ELAPSED_S, MOMENT, "elapsed_s", elapsed_us) \
	X(FINAL, FINAL, "final", final) \
	X(NEVER_RAN, NEVER_RAN, "never_ran", never_ran) \
	X(OOM, OOM, "oom", oom) \
	X(GIT, OBJECT, "git", git_commit)

struct fact {
	const char *member;
	enum fact_kind kind;
	size_t offset;
};

static const struct fact facts[] = {
#define FACT_ROW(word, kind, name, member) {name, kind, offsetof(struct rlg_event, member)},
	FACTS(FACT_ROW)
};
#define N_FACTS (sizeof(facts) / sizeof(facts[0]))

/* The same by the members' words. */
static const struct fact fact_of[RLG_WORDS] = {
#define FACT_OF_WORD(word, kind, name, member) [RLG_WORD_##word] = {name, kind, offsetof(struct rlg_event, member)},
	FACTS(FACT_OF_WORD)
};

static const struct rlg_event blank = {
	.final = true,
	.oom = -1,
	.job_id = -1, .array_job_id = -1, .array_task_id = -1, .het_job_id = -1, .exit_code = -1, .signal = -1,
	.time_limit_s = -1, .rank = -1, .restarts = -1, .n_cpus = -1, .tasks = -1, .peak_memory = -1, .page_cache = -1,
	.max_rss = -1,
};

#define FACT(event, offset, type) (*(type *)((const char *)(event) + (offset)))
#define FACT_TO(event, offset, type) (*(type *)((char *)(event) + (offset)))

static void take_truth(struct rlg_event *event, enum fact_kind kind, bool value)
{
	if (kind == FINAL) {
		event->final = value;
		event->final_said = true;
	} else if (kind == NEVER_RAN) {
		event->never_ran = value;
	} else if (kind == OOM) {
		event->oom = value;
	}
}

/* ---- from the places of its members ---- */

/* What is kept of a record is a copy of its whole text: one piece of memory for a dozen texts. */
struct taking {
	struct rlg_event *event;
	const char *text;
	const char *path;
};

static void take_value(struct taking *taking, const struct fact *fact, const struct rlg_member *member)
{
	const char *value = taking->text + member->value_at;
	int64_t *number = &FACT_TO(taking->event, fact->offset, int64_t);

	if (member->kind == RLG_MEMBER_TEXT) {
		if (fact->kind == TEXT || fact->kind == INNER)
			FACT_TO(taking->event, fact->offset, const char *) = value;
		else if (fact->kind == PATH)
			taking->path = value;
	} else if (member->kind == RLG_MEMBER_NUMBER) {
		if (fact->kind == MOMENT)
			*number = rlg_figures_moment(value, member->value_length);
		else if (fact->kind == NUMBER && (!rlg_figures_whole(value, member->value_length, number) || *number < 0))
			*number = -1;
	} else if (member->kind == RLG_MEMBER_TRUE || member->kind == RLG_MEMBER_FALSE) {
		take_truth(taking->event, fact->kind, member->kind == RLG_MEMBER_TRUE);
	}
}

/* `git` is the only object whose members are facts, and what is one in it is none outside. */
static void take_object(struct taking *taking, const struct rlg_member *object)
{
	for (size_t i = 1; i <= object->inside; i++)
		if (fact_of[object[i].word].kind == INNER && !object[i].is_again)
			take_value(taking, &fact_of[object[i].word], &object[i]);
}

static void take_members(struct taking *taking, const struct rlg_member *members, size_t count)
{
	for (size_t i = 0; i < count; i += 1 + members[i].inside) {
		const struct fact *fact = &fact_of[members[i].word];
		if (fact->kind == NO_FACT || fact->kind == INNER || members[i].is_again)
			continue;
		if (fact->kind == OBJECT)
			take_object(taking, &members[i]);
		else
			take_value(taking, fact, &members[i]);
	}
}

static void read_members(struct rlg_arena *arena, const struct rlg_record *record, const char *text,
			 const struct rlg_member *members, size_t count, struct rlg_event *event)
{
	struct taking taking = {.event = event, .text = rlg_arena_copy(arena, text, record->length)};

	event->id = rlg_record_holds(record, record->id) ? taking.text + (record->id - text) : rlg_arena_strdup(arena, record->id);
	take_members(&taking, members, count);
	if (taking.path != NULL)
		event->text = taking.path;
}

/* ---- from a tree ---- */

static const char *text_of(const struct rlg_record *record, const struct fact *fact)
{
	return fact->kind == INNER ? rlg_record_get_inner_str(record, "git", fact->member)
				   : rlg_record_get_str(record, fact->member);
}

static void ask_for_fact(struct rlg_arena *arena, const struct rlg_record *record, const struct fact *fact,
			 struct rlg_event *event)
{
	int64_t number;
	bool value = rlg_record_get_bool(record, fact->member, true);

	if (fact->kind == TEXT || fact->kind == INNER || (fact->kind == PATH && text_of(record, fact) != NULL))
		FACT_TO(event, fact->offset, const char *) = rlg_arena_strdup(arena, text_of(record, fact));
	else if (fact->kind == MOMENT)
		FACT_TO(event, fact->offset, int64_t) = rlg_record_get_time(record, fact->member);
	else if (fact->kind == NUMBER && rlg_record_get_int(record, fact->member, &number) && number >= 0)
		FACT_TO(event, fact->offset, int64_t) = number;
	else if (value == rlg_record_get_bool(record, fact->member, false))
		take_truth(event, fact->kind, value);
}

static void ask_for_facts(struct rlg_arena *arena, const struct rlg_record *record, struct rlg_event *event)
{
	event->id = rlg_arena_strdup(arena, record->id);
	for (size_t i = 0; i < N_FACTS; i++)
		ask_for_fact(arena, record, &facts[i], event);
}

struct rlg_event rlg_event_from_record(struct rlg_arena *arena, const struct rlg_record *record)
{
	struct rlg_event event = blank;
	const struct rlg_member *members;
	size_t count;
	const char *text = rlg_record_members(record, &members, &count);

	event.kind = rlg_event_kind_of(record);
	event.time_us = record->time_us;
	if (text != NULL)
		read_members(arena, record, text, members, count, &event);
	else
		ask_for_facts(arena, record, &event);
	return event;
}

static int compare_texts(const char *left, const char *right)
{
	return strcmp(left == NULL ? "" : left, right == NULL ? "" : right);
}

static int compare_numbers(int64_t left, int64_t right)
{
	return left == right ? 0 : left < right ? -1 : 1;
}

static int compare_fact(const struct rlg_event *left, const struct rlg_event *right, const struct fact *fact)
{
	if (fact->kind == TEXT || fact->kind == INNER || fact->kind == PATH)
		return compare_texts(FACT(left, fact->offset, const char *const), FACT(right, fact->offset, const char *const));
	if (fact->kind == NUMBER || fact->kind == MOMENT)
		return compare_numbers(FACT(left, fact->offset, const int64_t), FACT(right, fact->offset, const int64_t));
	return 0;
}

/* Of records without an id, or with one that two have, only what they say tells which comes first. */
static int compare_facts(const struct rlg_event *left, const struct rlg_event *right)
{
	int order = compare_numbers(left->final * 4 + left->final_said * 2 + left->never_ran,
				    right->final * 4 + right->final_said * 2 + right->never_ran);

	if (order == 0)
		order = compare_numbers(left->oom, right->oom);
	for (size_t i = 0; i < N_FACTS && order == 0; i++)
		order = compare_fact(left, right, &facts[i]);
	return order;
}

int rlg_event_compare(const struct rlg_event *left, const struct rlg_event *right)
{
	if (left->time_us != right->time_us)
		return left->time_us < right->time_us ? -1 : 1;
	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	int order = compare_texts(left->id, right->id);
	return order != 0 ? order : compare_facts(left, right);
}
