/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts on record what `runledger init` found: see discovery_record.h. */
#include "tool/group/discovery_record.h"

#include "lib/clock.h"
#include "lib/record.h"
#include "lib/statusfile.h"
#include "tool/plan/discovery.h"
#include "tool/base/draft.h"

#include <string.h>

/* How long a record waits for its turn. */
#define APPEND_MS 2000

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
				    .timeout_ms = APPEND_MS,
				    .durable = true};
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
