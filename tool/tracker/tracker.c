/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of formats: see tracker.h. */
#include "tool/tracker/tracker.h"

#include <string.h>

const struct rlg_tracker *const rlg_trackers[] = {
	&rlg_tracker_runs_status,
	&rlg_tracker_active_jobs,
	&rlg_tracker_run_manifest,
	&rlg_tracker_slurm_job_list, /* behind what it is made from */
	&rlg_tracker_run_logs,
	&rlg_tracker_training_log,
	&rlg_tracker_evaluation_log,
	&rlg_tracker_experiments,
	NULL,
};

const struct rlg_tracker *rlg_tracker_called(const char *name)
{
	for (size_t i = 0; rlg_trackers[i] != NULL; i++)
		if (strcmp(rlg_trackers[i]->name, name) == 0)
			return rlg_trackers[i];
	return NULL;
}

static struct rlg_reach reach_of(const struct rlg_tracker_view *view)
{
	return view->reach != NULL ? *view->reach
				   : (struct rlg_reach){.group_path = view->group_path, .config_is_ours = true};
}

int rlg_tracker_read(const struct rlg_tracker_view *view, const char *path, size_t most, char **out_text,
		     size_t *out_length)
{
	struct rlg_reach reach = reach_of(view);

	return rlg_reach_read(view->arena, &reach, path, most, out_text, out_length, NULL, NULL);
}

DIR *rlg_tracker_list(const struct rlg_tracker_view *view, const char *path)
{
	struct rlg_reach reach = reach_of(view);

	return rlg_reach_list(view->arena, &reach, path);
}

bool rlg_tracker_run_changed(const struct rlg_tracker_view *view, const struct rlg_run *run)
{
	return view->changed_since == 0 || run->changed_at == 0 || run->changed_at > view->changed_since;
}
