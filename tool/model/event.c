/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What folding remembers of a record: see event.h. */
#include "tool/model/event.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	enum rlg_event_kind kind;
} kinds[] = {
	{"submit", RLG_EVENT_SUBMIT}, {"reject", RLG_EVENT_REJECT}, {"start", RLG_EVENT_START},
	{"finish", RLG_EVENT_FINISH}, {"state", RLG_EVENT_STATE},   {"note", RLG_EVENT_NOTE},
	{"output", RLG_EVENT_OUTPUT}, {"edit", RLG_EVENT_EDIT},
	{"task-failed", RLG_EVENT_TASK_FAILED}, {"sync", RLG_EVENT_SYNC},
	{"action", RLG_EVENT_ACTION},
	{"usage", RLG_EVENT_USAGE},
};

static enum rlg_event_kind kind_of(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return kinds[i].kind;
	return RLG_EVENT_OTHER;
}

enum fact_kind {
	TEXT,
	INNER, /* a text in an object: "git.commit" is the member `commit` of the object `git` */
	PATH, /* a text that goes over the one that is there */
	NUMBER, /* whole; -1 for one below 0 */
	MOMENT,
	OBJECT, /* whose members are facts */
	FINAL,
	NEVER_RAN,
	OOM
};

/* Which member of a record is which of an event.  Events are compared in this order: see compare_facts(). */
static const struct fact {
	const char *member;
	enum fact_kind kind;
	size_t offset;
} facts[] = {
	{"sid", TEXT, offsetof(struct rlg_event, sid)},
	{"cluster", TEXT, offsetof(struct rlg_event, cluster)},
	{"phase", TEXT, offsetof(struct rlg_event, phase)},
	{"matched_by", TEXT, offsetof(struct rlg_event, matched_by)},
	{"step", TEXT, offsetof(struct rlg_event, step)},
	{"node", TEXT, offsetof(struct rlg_event, node)},
	{"exec", TEXT, offsetof(struct rlg_event, exec)},
	{"tres", TEXT, offsetof(struct rlg_event, tres)},
	{"state", TEXT, offsetof(struct rlg_event, state)},
	{"reason", TEXT, offsetof(struct rlg_event, reason)},
	{"source", TEXT, offsetof(struct rlg_event, source)},
	{"nodes", TEXT, offsetof(struct rlg_event, nodes)},
	{"user", TEXT, offsetof(struct rlg_event, user)},
	{"job_name", TEXT, offsetof(struct rlg_event, job_name)},
	{"stdout", TEXT, offsetof(struct rlg_event, stdout_path)},
	{"script", TEXT, offsetof(struct rlg_event, script)},
	{"command", TEXT, offsetof(struct rlg_event, command)},
	{"cwd", TEXT, offsetof(struct rlg_event, cwd)},
	{"host", TEXT, offsetof(struct rlg_event, host)},
	{"git.commit", INNER, offsetof(struct rlg_event, git_commit)},
	{"git.branch", INNER, offsetof(struct rlg_event, git_branch)},
	{"agent", TEXT, offsetof(struct rlg_event, agent)},
	{"session", TEXT, offsetof(struct rlg_event, session)},
	{"field", TEXT, offsetof(struct rlg_event, field)},
	{"value", TEXT, offsetof(struct rlg_event, value)},
	{"text", TEXT, offsetof(struct rlg_event, text)},
	{"path", PATH, offsetof(struct rlg_event, text)},
	{"verdict", TEXT, offsetof(struct rlg_event, verdict)},
	{"wandb", TEXT, offsetof(struct rlg_event, wandb)},
	{"description", TEXT, offsetof(struct rlg_event, description)},
	{"status", TEXT, offsetof(struct rlg_event, sync)},
	{"action", TEXT, offsetof(struct rlg_event, action)},
	{"subject", TEXT, offsetof(struct rlg_event, subject)},
	{"details", TEXT, offsetof(struct rlg_event, details)},
	{"result", TEXT, offsetof(struct rlg_event, result)},
	{"job_id", NUMBER, offsetof(struct rlg_event, job_id)},
	{"array_job_id", NUMBER, offsetof(struct rlg_event, array_job_id)},
	{"array_task_id", NUMBER, offsetof(struct rlg_event, array_task_id)},
	{"het_job_id", NUMBER, offsetof(struct rlg_event, het_job_id)},
	{"exit_code", NUMBER, offsetof(struct rlg_event, exit_code)},
	{"signal", NUMBER, offsetof(struct rlg_event, signal)},
	{"time_limit", NUMBER, offsetof(struct rlg_event, time_limit_s)},
	{"rank", NUMBER, offsetof(struct rlg_event, rank)},
	{"attempt", NUMBER, offsetof(struct rlg_event, restarts)},
	{"ncpus", NUMBER, offsetof(struct rlg_event, n_cpus)},
	{"tasks", NUMBER, offsetof(struct rlg_event, tasks)},
	{"peak_memory_bytes", NUMBER, offsetof(struct rlg_event, peak_memory)},
	{"page_cache_bytes", NUMBER, offsetof(struct rlg_event, page_cache)},
	{"max_rss_bytes", NUMBER, offsetof(struct rlg_event, max_rss)},
	{"submit_time", MOMENT, offsetof(struct rlg_event, submit_us)},
	{"start_time", MOMENT, offsetof(struct rlg_event, start_us)},
	{"end_time", MOMENT, offsetof(struct rlg_event, end_us)},
	{"cpu_s", MOMENT, offsetof(struct rlg_event, cpu_us)},
	{"user_cpu_s", MOMENT, offsetof(struct rlg_event, user_us)},
	{"system_cpu_s", MOMENT, offsetof(struct rlg_event, system_us)},
	{"elapsed_s", MOMENT, offsetof(struct rlg_event, elapsed_us)},
	{"final", FINAL, 0},
	{"never_ran", NEVER_RAN, 0},
	{"oom", OOM, 0},
	{"git", OBJECT, 0},
};

#define N_FACTS (sizeof(facts) / sizeof(facts[0]))
_Static_assert(N_FACTS < 64, "each has a bit of its own in `struct taking`");

#define FACT(event, offset, type) (*(type *)((const char *)(event) + (offset)))
#define FACT_TO(event, offset, type) (*(type *)((char *)(event) + (offset)))

static struct rlg_event blank_event(struct rlg_arena *arena, const struct rlg_record *record)
{
	struct rlg_event event = {.kind = kind_of(record->name),
				  .time_us = record->time_us,
				  .id = rlg_arena_strdup(arena, record->id),
				  .final = true,
				  .oom = -1};

	for (size_t i = 0; i < N_FACTS; i++)
		if (facts[i].kind == NUMBER)
			FACT_TO(&event, facts[i].offset, int64_t) = -1;
	return event;
}

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

/* Twice as many as there are facts, and more: so that a name is found at once or soon known to be none. */
#define N_SLOTS 256
#define NO_FACT ((size_t)-1)

static size_t slot_of(const char *member, size_t length)
{
	unsigned char first = (unsigned char)member[0], last = (unsigned char)member[length - 1];

	return (length * 37 + first * 5 + last * 11 + (unsigned char)member[length / 2] * 3) % N_SLOTS;
}

struct fact_slot {
	const char *member; /* NULL: free */
	uint8_t length, fact;
};

/* Filled at the first use. */
static const struct fact_slot *fact_slots(void)
{
	static struct fact_slot slots[N_SLOTS];
	static bool filled;

	for (size_t i = 0; i < N_FACTS && !filled; i++) {
		size_t length = strlen(facts[i].member), at = slot_of(facts[i].member, length);
		while (slots[at].member != NULL)
			at = (at + 1) % N_SLOTS;
		slots[at] = (struct fact_slot){facts[i].member, (uint8_t)length, (uint8_t)i};
	}
	filled = true;
	return slots;
}

static size_t fact_called(const struct fact_slot *slots, const char *member, size_t length)
{
	if (length == 0)
		return NO_FACT;
	for (size_t at = slot_of(member, length); slots[at].member != NULL; at = (at + 1) % N_SLOTS)
		if (slots[at].length == length && memcmp(slots[at].member, member, length) == 0)
			return slots[at].fact;
	return NO_FACT;
}

struct taking {
	struct rlg_arena *arena;
	struct rlg_event *event;
	const struct fact_slot *slots;
	const char *text; /* of the record */
	const char *path;
	uint64_t taken; /* of two members of a name the first counts, as everywhere */
};

static void take_value(struct taking *taking, const struct fact *fact, const struct rlg_member *member)
{
	const char *value = taking->text + member->value_at;
	int64_t *number = &FACT_TO(taking->event, fact->offset, int64_t);

	if (member->kind == RLG_MEMBER_TRUE || member->kind == RLG_MEMBER_FALSE) {
		take_truth(taking->event, fact->kind, member->kind == RLG_MEMBER_TRUE);
	} else if (member->kind == RLG_MEMBER_TEXT && (fact->kind == TEXT || fact->kind == INNER)) {
		FACT_TO(taking->event, fact->offset, const char *) = rlg_arena_text(taking->arena, value, member->value_length);
	} else if (member->kind == RLG_MEMBER_TEXT && fact->kind == PATH) {
		taking->path = rlg_arena_text(taking->arena, value, member->value_length);
	} else if (member->kind == RLG_MEMBER_NUMBER && fact->kind == MOMENT) {
		*number = rlg_figures_moment(value, member->value_length);
	} else if (member->kind == RLG_MEMBER_NUMBER && fact->kind == NUMBER) {
		if (!rlg_figures_whole(value, member->value_length, number) || *number < 0)
			*number = -1;
	}
}

static void take_fact(struct taking *taking, const char *name, size_t length, const struct rlg_member *member, bool inner);

static void take_object(struct taking *taking, const char *outer, const struct rlg_member *object)
{
	char name[32];

	for (size_t i = 1; i <= object->inside; i++) {
		int length = snprintf(name, sizeof(name), "%s.%s", outer, taking->text + object[i].key_at);
		if (length > 0 && (size_t)length < sizeof(name))
			take_fact(taking, name, (size_t)length, &object[i], true);
	}
}

static void take_fact(struct taking *taking, const char *name, size_t length, const struct rlg_member *member, bool inner)
{
	size_t at = fact_called(taking->slots, name, length);

	/* "git.commit" as the name of a member of the context is none of ours. */
	if (at == NO_FACT || (taking->taken & UINT64_C(1) << at) || (facts[at].kind == INNER) != inner)
		return;
	taking->taken |= UINT64_C(1) << at;
	if (facts[at].kind == OBJECT && member->kind == RLG_MEMBER_OBJECT)
		take_object(taking, facts[at].member, member);
	else
		take_value(taking, &facts[at], member);
}

static void take_members(struct taking *taking, const struct rlg_member *members, size_t count)
{
	for (size_t i = 0; i < count; i += 1 + members[i].inside)
		take_fact(taking, taking->text + members[i].key_at, members[i].key_length, &members[i], false);
}

/* ---- from a tree ---- */

static const char *text_of(const struct rlg_record *record, const char *member)
{
	const char *dot = strchr(member, '.');

	if (dot == NULL)
		return rlg_record_get_str(record, member);
	char outer[32] = "";
	memcpy(outer, member, (size_t)(dot - member));
	return rlg_record_get_inner_str(record, outer, dot + 1);
}

static void ask_for_fact(struct rlg_arena *arena, const struct rlg_record *record, const struct fact *fact,
			 struct rlg_event *event)
{
	int64_t number;
	bool value = rlg_record_get_bool(record, fact->member, true);

	if (fact->kind == TEXT || fact->kind == INNER || (fact->kind == PATH && text_of(record, fact->member) != NULL))
		FACT_TO(event, fact->offset, const char *) = rlg_arena_strdup(arena, text_of(record, fact->member));
	else if (fact->kind == MOMENT)
		FACT_TO(event, fact->offset, int64_t) = rlg_record_get_time(record, fact->member);
	else if (fact->kind == NUMBER && rlg_record_get_int(record, fact->member, &number) && number >= 0)
		FACT_TO(event, fact->offset, int64_t) = number;
	else if (value == rlg_record_get_bool(record, fact->member, false))
		take_truth(event, fact->kind, value);
}

struct rlg_event rlg_event_from_record(struct rlg_arena *arena, const struct rlg_record *record)
{
	struct rlg_event event = blank_event(arena, record);
	struct taking taking = {.arena = arena, .event = &event, .slots = fact_slots()};
	const struct rlg_member *members;
	size_t count;

	taking.text = rlg_record_members(record, &members, &count);
	if (taking.text != NULL)
		take_members(&taking, members, count);
	for (size_t i = 0; i < N_FACTS && taking.text == NULL; i++)
		ask_for_fact(arena, record, &facts[i], &event);
	if (taking.path != NULL)
		event.text = taking.path;
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
