/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What folding remembers of a record: see event.h. */
#include "tool/model/event.h"

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

static const struct {
	const char *member;
	size_t offset;
} texts[] = {
	{"sid", offsetof(struct rlg_event, sid)},
	{"cluster", offsetof(struct rlg_event, cluster)},
	{"phase", offsetof(struct rlg_event, phase)},
	{"matched_by", offsetof(struct rlg_event, matched_by)},
	{"step", offsetof(struct rlg_event, step)},
	{"node", offsetof(struct rlg_event, node)},
	{"exec", offsetof(struct rlg_event, exec)},
	{"tres", offsetof(struct rlg_event, tres)},
	{"state", offsetof(struct rlg_event, state)},
	{"reason", offsetof(struct rlg_event, reason)},
	{"source", offsetof(struct rlg_event, source)},
	{"nodes", offsetof(struct rlg_event, nodes)},
	{"user", offsetof(struct rlg_event, user)},
	{"job_name", offsetof(struct rlg_event, job_name)},
	{"stdout", offsetof(struct rlg_event, stdout_path)},
	{"script", offsetof(struct rlg_event, script)},
	{"command", offsetof(struct rlg_event, command)},
	{"cwd", offsetof(struct rlg_event, cwd)},
	{"host", offsetof(struct rlg_event, host)},
	{"git.commit", offsetof(struct rlg_event, git_commit)},
	{"git.branch", offsetof(struct rlg_event, git_branch)},
	{"agent", offsetof(struct rlg_event, agent)},
	{"session", offsetof(struct rlg_event, session)},
	{"field", offsetof(struct rlg_event, field)},
	{"value", offsetof(struct rlg_event, value)},
	{"text", offsetof(struct rlg_event, text)},
	{"path", offsetof(struct rlg_event, text)},
	{"verdict", offsetof(struct rlg_event, verdict)},
	{"wandb", offsetof(struct rlg_event, wandb)},
	{"description", offsetof(struct rlg_event, description)},
	{"status", offsetof(struct rlg_event, sync)},
	{"action", offsetof(struct rlg_event, action)},
	{"subject", offsetof(struct rlg_event, subject)},
	{"details", offsetof(struct rlg_event, details)},
	{"result", offsetof(struct rlg_event, result)},
};

static const struct {
	const char *member;
	size_t offset;
} numbers[] = {
	{"job_id", offsetof(struct rlg_event, job_id)},
	{"array_job_id", offsetof(struct rlg_event, array_job_id)},
	{"array_task_id", offsetof(struct rlg_event, array_task_id)},
	{"het_job_id", offsetof(struct rlg_event, het_job_id)},
	{"exit_code", offsetof(struct rlg_event, exit_code)},
	{"signal", offsetof(struct rlg_event, signal)},
	{"time_limit", offsetof(struct rlg_event, time_limit_s)},
	{"rank", offsetof(struct rlg_event, rank)},
	{"attempt", offsetof(struct rlg_event, restarts)},
	{"ncpus", offsetof(struct rlg_event, n_cpus)},
	{"tasks", offsetof(struct rlg_event, tasks)},
	{"peak_memory_bytes", offsetof(struct rlg_event, peak_memory)},
	{"page_cache_bytes", offsetof(struct rlg_event, page_cache)},
	{"max_rss_bytes", offsetof(struct rlg_event, max_rss)},
};

static const struct {
	const char *member;
	size_t offset;
} moments[] = {
	{"submit_time", offsetof(struct rlg_event, submit_us)},
	{"start_time", offsetof(struct rlg_event, start_us)},
	{"end_time", offsetof(struct rlg_event, end_us)},
	{"cpu_s", offsetof(struct rlg_event, cpu_us)},
	{"user_cpu_s", offsetof(struct rlg_event, user_us)},
	{"system_cpu_s", offsetof(struct rlg_event, system_us)},
	{"elapsed_s", offsetof(struct rlg_event, elapsed_us)},
};

/* "git.commit" is the member `commit` of the object `git`. */
static const char *text_of(const struct rlg_record *record, const char *member)
{
	const char *dot = strchr(member, '.');

	if (dot == NULL)
		return rlg_record_get_str(record, member);
	char outer[32] = "";
	memcpy(outer, member, (size_t)(dot - member));
	return rlg_record_get_inner_str(record, outer, dot + 1);
}

/* A truth value as a number; -1: there is none. */
static int64_t truth_of(const struct rlg_record *record, const char *key)
{
	bool value = rlg_record_get_bool(record, key, true);

	return value == rlg_record_get_bool(record, key, false) ? value : -1;
}

struct rlg_event rlg_event_from_record(struct rlg_arena *arena, const struct rlg_record *record)
{
	struct rlg_event event = {.kind = kind_of(record->name),
				  .time_us = record->time_us,
				  .id = rlg_arena_strdup(arena, record->id)};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *value = text_of(record, texts[i].member);
		if (value != NULL)
			*(const char **)((char *)&event + texts[i].offset) = rlg_arena_strdup(arena, value);
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		int64_t *number = (int64_t *)((char *)&event + numbers[i].offset);
		*number = -1;
		if (rlg_record_get_int(record, numbers[i].member, number) && *number < 0)
			*number = -1;
	}
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++)
		*(int64_t *)((char *)&event + moments[i].offset) = rlg_record_get_time(record, moments[i].member);
	event.final = rlg_record_get_bool(record, "final", true);
	event.final_said = event.final == rlg_record_get_bool(record, "final", false);
	event.never_ran = rlg_record_get_bool(record, "never_ran", false);
	event.oom = truth_of(record, "oom");
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

#define FACT(event, offset, type) (*(type *)((const char *)(event) + (offset)))

/* Of records without an id, or with one that two have, only what they say tells which comes first. */
static int compare_facts(const struct rlg_event *left, const struct rlg_event *right)
{
	int order = compare_numbers(left->final * 4 + left->final_said * 2 + left->never_ran,
				    right->final * 4 + right->final_said * 2 + right->never_ran);

	if (order == 0)
		order = compare_numbers(left->oom, right->oom);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && order == 0; i++)
		order = compare_texts(FACT(left, texts[i].offset, const char *const),
				      FACT(right, texts[i].offset, const char *const));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]) && order == 0; i++)
		order = compare_numbers(FACT(left, numbers[i].offset, const int64_t),
					FACT(right, numbers[i].offset, const int64_t));
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]) && order == 0; i++)
		order = compare_numbers(FACT(left, moments[i].offset, const int64_t),
					FACT(right, moments[i].offset, const int64_t));
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
