/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `runledger init` found: see discovery.h. */
#include "tool/discovery.h"

#include "lib/clock.h"
#include "lib/record.h"
#include "lib/statusfile.h"
#include "tool/bytes.h"
#include "tool/draft.h"

#include <errno.h>
#include <string.h>

/* An entry is to be read: of a sweep of hundreds the first few names will do. */
#define MOST_NAMES 12

#define APPEND_MS 2000

static bool is_control(const struct rlg_run *run)
{
	return rlg_plan_is_control(run->type);
}

/* "a, b, c and 9 more" */
static void add_names(struct rlg_bytes *words, const struct rlg_model *model)
{
	size_t named = 0, more = 0;

	for (size_t i = 0; i < model->n_runs; i++) {
		if (!model->runs[i].planned)
			continue;
		if (named == MOST_NAMES)
			more++;
		else
			rlg_bytes_addf(words, "%s%s", named++ == 0 ? "" : ", ", model->runs[i].name);
	}
	if (more > 0)
		rlg_bytes_addf(words, " and %zu more", more);
}

void rlg_discoveries(struct rlg_arena *arena, const struct rlg_model *model, const struct rlg_plan *plan,
		     struct rlg_discovery out_list[RLG_DISCOVERIES])
{
	size_t runs = 0, controls = 0;
	struct rlg_bytes names, kinds;

	for (size_t i = 0; i < model->n_runs; i++) {
		runs += model->runs[i].planned;
		controls += model->runs[i].planned && is_control(&model->runs[i]);
	}
	rlg_bytes_init(&names, arena);
	rlg_bytes_init(&kinds, arena);
	add_names(&names, model);
	if (plan != NULL && plan->source != NULL)
		rlg_bytes_addf(&names, " (from %s)", plan->source);
	rlg_bytes_addf(&kinds, "%zu run%s to fine-tune", runs - controls, runs - controls == 1 ? "" : "s");
	if (controls > 0)
		rlg_bytes_addf(&kinds, ", %zu control%s", controls, controls == 1 ? "" : "s");
	out_list[0] = (struct rlg_discovery){
		"DISCOVER_EXPERIMENT", rlg_arena_printf(arena, "Found experiment at %s", model->group_path),
		rlg_arena_printf(arena, "%zu run%s configured", runs, runs == 1 ? "" : "s")};
	out_list[1] = (struct rlg_discovery){"IDENTIFY_RUNS", names.data, kinds.data};
}

static bool is_on_record(const struct rlg_model *model, const char *action)
{
	for (size_t i = 0; i < model->n_logged; i++)
		if (strcmp(model->logged[i].action, action) == 0)
			return true;
	return false;
}

static bool keeps_an_action_log(const struct rlg_config *config)
{
	for (size_t i = 0; i < config->n_trackers; i++) {
		const char *name = config->trackers[i].tracker;
		if (config->trackers[i].path != NULL &&
		    (strcmp(name, "training_log") == 0 || strcmp(name, "evaluation_log") == 0))
			return true;
	}
	return false;
}

/* Two who do this at once say the same id, which counts once. */
static int record(const struct rlg_group *group, const char *run, const struct rlg_discovery *discovery,
		  struct rlg_err *err)
{
	const char *parts[] = {"init", group->path, discovery->action};
	char storage[RLG_RECORD_MAX + 1], id[RLG_ID_MAX];
	struct rlg_record_writer writer;

	rlg_draft_id(id, parts, sizeof(parts) / sizeof(parts[0]), 0);
	rlg_record_begin(&writer, storage, sizeof(storage), rlg_clock_now_us(), "action", id);
	rlg_record_str(&writer, "run", run);
	rlg_record_str(&writer, "action", discovery->action);
	rlg_record_str(&writer, "result", discovery->result);
	rlg_record_str(&writer, "details", discovery->details);
	ssize_t length = rlg_record_end(&writer);
	struct rlg_append append = {.group = group->path,
				    .run = run,
				    .line = storage,
				    .length = length < 0 ? 0 : (size_t)length,
				    .timeout_ms = APPEND_MS};
	return length < 0 ? rlg_fail_errno(err, (int)length, "cannot put on record what was found")
			  : rlg_statusfile_append(&append, err);
}

int rlg_discoveries_record(struct rlg_group *group, const struct rlg_model *model, struct rlg_err *err)
{
	struct rlg_discovery list[RLG_DISCOVERIES];
	int code = 0;

	if (!keeps_an_action_log(&group->config) || model->n_runs == 0)
		return 0;
	rlg_discoveries(group->arena, model, &group->plan, list);
	for (size_t i = 0; i < RLG_DISCOVERIES && code == 0; i++)
		if (!is_on_record(model, list[i].action))
			code = record(group, model->runs[0].name, &list[i], err);
	return code;
}
