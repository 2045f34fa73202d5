/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An event in a sentence: see event_words.h. */
#include "tool/show/event_words.h"

#include "lib/clock.h"
#include "tool/base/bytes.h"
#include "tool/show/failure_words.h"
#include "tool/model/progress.h"
#include "tool/show/summary.h"
#include "tool/show/usage_words.h"
#include "tool/base/when.h"

#include <inttypes.h>
#include <string.h>

/* As git shows a commit. */
#define COMMIT_SHOWN 10

/* Appends the sentence about one kind of event; the job's id stands there already. */
typedef void words_fn(struct rlg_bytes *words, const struct rlg_record *record, enum rlg_colour *colour);

static bool add_text(struct rlg_bytes *words, const struct rlg_record *record, const char *before, const char *key)
{
	const char *value = rlg_record_get_str(record, key);

	if (value == NULL || value[0] == '\0')
		return false;
	rlg_bytes_addf(words, "%s%s", before, value);
	return true;
}

static bool add_number(struct rlg_bytes *words, const struct rlg_record *record, const char *before, const char *key)
{
	int64_t value;

	if (!rlg_record_get_int(record, key, &value))
		return false;
	rlg_bytes_addf(words, "%s%" PRId64, before, value);
	return true;
}

/* The value of any member: texts as they are, the rest as JSON. */
static void add_value(struct rlg_bytes *words, const cJSON *item)
{
	char *json;

	if (cJSON_IsString(item)) {
		rlg_bytes_add(words, item->valuestring);
		return;
	}
	json = cJSON_PrintUnformatted(item);
	rlg_bytes_add(words, json != NULL ? json : "?");
	cJSON_free(json);
}

/* Members that every record has, or that stand in columns of their own. */
static bool is_shown_elsewhere(const char *key)
{
	static const char *const keys[] = {"v", "id", "sid", "cluster", "job_id", "run", "phase", "left_out"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

static void words_any(struct rlg_bytes *words, const struct rlg_record *record, enum rlg_colour *colour)
{
	const char *before = "";
	const cJSON *item;

	cJSON_ArrayForEach(item, rlg_record_tree(record)) {
		if (is_shown_elsewhere(item->string))
			continue;
		rlg_bytes_addf(words, "%s%s=", before, item->string);
		add_value(words, item);
		before = ", ";
	}
}

static void add_commit(struct rlg_bytes *words, const struct rlg_record *record)
{
	const cJSON *git = cJSON_GetObjectItemCaseSensitive(rlg_record_tree(record), "git");
	const cJSON *commit = cJSON_GetObjectItemCaseSensitive(git, "commit");

	if (!cJSON_IsString(commit))
		return;
	rlg_bytes_addf(words, ", at commit %.*s", COMMIT_SHOWN, commit->valuestring);
	if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(git, "dirty")))
		rlg_bytes_add(words, " with changes");
}

static void words_submit(struct rlg_bytes *words, const struct rlg_record *record, enum rlg_colour *colour)
{
	if (!add_text(words, record, "", "script") && !add_text(words, record, "", "job_name"))
		rlg_bytes_add(words, "submitted");
	add_text(words, record, ", by ", "user");
	add_text(words, record, " on ", "host");
	add_commit(words, record);
	*colour = RLG_COLOUR_YELLOW;
}

static void words_reject(struct rlg_bytes *words, const struct rlg_record *record, enum rlg_colour *colour)
{
	rlg_bytes_add(words, "Slurm refused the submission");
	add_number(words, record, ", exit code ", "exit_code");
	*colour = RLG_COLOUR_RED;
}

static bool is_exec(const struct rlg_record *record, const char *key)
{
	const char *value = rlg_record_get_str(record, key);

	return value != NULL && strcmp(value, "exec") == 0;
}

static void words_start(struct rlg_bytes *words, const struct rlg_record *record, enum rlg_colour *colour)
{
	int64_t restarts = 0;

	if (is_exec(record, "step") && add_text(words, record, "`", "command"))
		rlg_bytes_add(words, "` ");
	if (!add_text(words, record, "started on ", "nodes") && !add_text(words, record, "started on ", "node"))
		rlg_bytes_add(words, "started");
	if (rlg_record_get_int(record, "attempt", &restarts) && restarts > 0)
		rlg_bytes_addf(words, ", restart %" PRId64, restarts);
	add_text(words, record, ", partition ", "partition");
	add_text(words, record, ", log ", "stdout");
	*colour = RLG_COLOUR_BLUE;
}

/* "; 3 of 4 tasks there failed": how many more the record does not tell about. */
static void add_others(struct rlg_bytes *words, const struct rlg_record *record)
{
	int64_t failed, tasks;

	if (rlg_record_get_int(record, "failed", &failed) && failed > 1 && rlg_record_get_int(record, "tasks", &tasks))
		rlg_bytes_addf(words, "; %" PRId64 " of %" PRId64 " tasks there failed", failed, tasks);
}

static void words_task_failed(struct rlg_bytes *words, const struct rlg_record *record, enum rlg_colour *colour)
{
	struct rlg_failure failure = {.node = rlg_record_get_str(record, "node"),
				      .rank = -1,
				      .step = rlg_record_get_str(record, "step"),
				      .exit_code = -1,
				      .signal = -1,
				      .oom = rlg_record_get_bool(record, "oom", false)};

	rlg_record_get_int(record, "rank", &failure.rank);
	rlg_record_get_int(record, "exit_code", &failure.exit_code);
	rlg_record_get_int(record, "signal", &failure.signal);
	rlg_failure_add_who_in_step(words, &failure);
	rlg_bytes_add(words, rlg_failure_is_lone(&failure) ? " failed" : " failed first");
	rlg_failure_add_how(words, failure.signal > 0 ? ": killed by " : ": ", &failure);
	add_others(words, record);
	*colour = RLG_COLOUR_RED;
}

/* What a command took that `runledger exec` ran. */
static void add_usage(struct rlg_bytes *words, const struct rlg_record *record)
{
	int64_t cpu_us = rlg_record_get_time(record, "user_cpu_s") + rlg_record_get_time(record, "system_cpu_s");
	char duration[RLG_WHEN_TEXT_MAX];
	int64_t memory;

	if (!rlg_record_get_int(record, "max_rss_bytes", &memory) || memory < 0)
		return;
	rlg_bytes_addf(words, ", %s of CPU, %" PRId64 " MiB", rlg_when_duration(cpu_us, duration), memory / 1048576);
}

static void add_step(struct rlg_bytes *words, const struct rlg_record *record)
{
	struct rlg_failure who = {.node = rlg_record_get_str(record, "node"), .step = rlg_record_get_str(record, "step")};

	if (rlg_failure_is_lone(&who))
		rlg_failure_add_who(words, &who);
	else
		rlg_bytes_addf(words, "step %s%s%s", who.step != NULL ? who.step : "?", who.node != NULL ? " on " : "",
			       who.node != NULL ? who.node : "");
}

/* "the batch script on n1 used 3m 20s of CPU and 1.2 GiB in 4m 3s" */
static void words_usage(struct rlg_bytes *words, const struct rlg_record *record, enum rlg_colour *colour)
{
	int64_t cpu_us = rlg_record_get_time(record, "cpu_s"), took_us = rlg_record_get_time(record, "elapsed_s");
	struct rlg_usage memory = {.peak_memory = -1};
	char duration[RLG_WHEN_TEXT_MAX];
	const char *between = " used ";

	add_step(words, record);
	if (cpu_us > 0) {
		rlg_bytes_addf(words, " used %s of CPU", rlg_when_duration(cpu_us, duration));
		between = " and ";
	}
	if ((rlg_record_get_int(record, "peak_memory_bytes", &memory.peak_memory) ||
	     rlg_record_get_int(record, "max_rss_bytes", &memory.peak_memory)) &&
	    memory.peak_memory > 0)
		rlg_bytes_addf(words, "%s%s", between, rlg_usage_memory(words->arena, &memory));
	if (took_us > 0)
		rlg_bytes_addf(words, " in %s", rlg_when_duration(took_us, duration));
}

static void words_finish(struct rlg_bytes *words, const struct rlg_record *record, enum rlg_colour *colour)
{
	const char *state = rlg_record_get_str(record, "state");
	struct rlg_attempt attempt = {
		.slurm_state = state,
		.reason = rlg_record_get_str(record, "reason"),
		.exit_code = -1,
		.signal = -1,
		.start_us = rlg_record_get_time(record, "start_time"),
		.end_us = rlg_record_get_time(record, "end_time"),
	};

	/* Slurm says when the attempt began; who does not know may know how long it took. */
	if (attempt.start_us == 0 && attempt.end_us > 0 && rlg_record_get_time(record, "elapsed_s") > 0)
		attempt.start_us = attempt.end_us - rlg_record_get_time(record, "elapsed_s");
	rlg_record_get_int(record, "exit_code", &attempt.exit_code);
	rlg_record_get_int(record, "signal", &attempt.signal);
	rlg_bytes_add(words, rlg_summary_cause(words->arena, &attempt));
	add_usage(words, record);
	*colour = state != NULL && strcmp(state, "COMPLETED") == 0 ? RLG_COLOUR_GREEN : RLG_COLOUR_RED;
	if (!rlg_record_get_bool(record, "final", true)) {
		rlg_bytes_add(words, "; back in the queue");
		*colour = RLG_COLOUR_YELLOW;
	}
	add_text(words, record, "; said by ", "source");
}

/* "keep; https://...; the loss is fine" */
static void add_word(struct rlg_bytes *words, const struct rlg_record *record, const char *before, const char *key)
{
	const char *value = rlg_record_get_str(record, key);

	if (value == NULL)
		return;
	rlg_bytes_addf(words, "%s%s%s", words->length > 0 ? ", " : "", before, value[0] == '\0' ? "taken back" : value);
}

static void words_said(struct rlg_bytes *words, const struct rlg_record *record, enum rlg_colour *colour)
{
	struct rlg_bytes said;

	rlg_bytes_init(&said, words->arena);
	add_word(&said, record, "", "text");
	add_word(&said, record, "verdict ", "verdict");
	add_word(&said, record, "description ", "description");
	add_word(&said, record, "dashboard ", "wandb");
	rlg_bytes_add(words, said.data);
	if (said.length == 0)
		words_any(words, record, colour);
	else
		add_text(words, record, "; said by ", "user");
}

static void words_sync(struct rlg_bytes *words, const struct rlg_record *record, enum rlg_colour *colour)
{
	if (add_text(words, record, "artifacts: ", "status"))
		add_text(words, record, "; said by ", "user");
	else
		words_any(words, record, colour);
}

static void words_action(struct rlg_bytes *words, const struct rlg_record *record, enum rlg_colour *colour)
{
	if (!add_text(words, record, "", "action")) {
		words_any(words, record, colour);
		return;
	}
	add_text(words, record, ": ", "subject");
	add_text(words, record, ", ", "details");
	add_text(words, record, ", result ", "result");
}

static void words_progress(struct rlg_bytes *words, const struct rlg_record *record, enum rlg_colour *colour)
{
	rlg_bytes_add(words, rlg_progress_words(words->arena, record));
}

static void words_output(struct rlg_bytes *words, const struct rlg_record *record, enum rlg_colour *colour)
{
	if (!add_text(words, record, "", "path"))
		words_any(words, record, colour);
}

static void words_edit(struct rlg_bytes *words, const struct rlg_record *record, enum rlg_colour *colour)
{
	if (!add_text(words, record, "", "field")) {
		words_any(words, record, colour);
		return;
	}
	if (!add_text(words, record, " set by hand to ", "value"))
		rlg_bytes_add(words, " unset by hand");
}

static const struct {
	const char *name;
	words_fn *tell;
} events[] = {
	{"submit", words_submit},
	{"reject", words_reject},
	{"start", words_start},
	{"task-failed", words_task_failed},
	{"finish", words_finish},
	{"usage", words_usage},
	{"progress", words_progress},
	{"action", words_action},
	{"note", words_said},
	{"sync", words_sync},
	{"output", words_output},
	{"edit", words_edit},
};

const char *rlg_event_words(struct rlg_arena *arena, const struct rlg_record *record, enum rlg_colour *out_colour)
{
	words_fn *tell = words_any;
	struct rlg_bytes words;

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (strcmp(events[i].name, record->name) == 0)
			tell = events[i].tell;
	*out_colour = RLG_COLOUR_PLAIN;
	rlg_bytes_init(&words, arena);
	if (record->job_id >= 0)
		rlg_bytes_addf(&words, "job %" PRId64 ": ", record->job_id);
	tell(&words, record, out_colour);
	return words.data;
}
