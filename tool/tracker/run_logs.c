/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tracker run_logs: a Markdown file for each run, and a timeline.md in each folder of them.  See run_log.h. */
#include "tool/tracker/run_log.h"

#include <errno.h>
#include <string.h>

#define DASH "\xe2\x80\x94"

/* The seed's, word by word; what nobody knows stays as it is. */
static const char template_before[] =
	" " DASH " <short description>\n"
	"\n"
	"## Mode\n"
	"- run_type: <replication, experiment, or pipeline (subtype)>\n"
	"- objective: <one line " DASH " what this run is trying to verify or test>\n"
	"\n"
	"## Config\n"
	"- script: `slurm/<script>.sh` or `docker run` command\n"
	"- config: `configurations/<config>.yaml`\n"
	"- dataset: `<actual filename>` at `<path>` (if hosted online, link: `<URL>`)\n"
	"- key settings: <whatever matters for this run " DASH " learning rate, batch size, resume, etc.>\n";

/* Not the seed's, so only where it is known. */
static const char template_code[] = "- code: <git branch and commit>\n";

static const char template_after[] =
	"\n"
	"## Job\n"
	"- execution_id: <Slurm job_id, or instance_name/zone for cloud VMs>\n"
	"- submitted/start: `<ISO timestamp>`\n"
	"- start_human: `<Wednesday, Feb 25th, 2026>`\n"
	"- end: `<ISO timestamp>`\n"
	"- end_human: `<Thursday, Feb 26th, 2026>`\n"
	"- runtime: `<HH:MM:SS>`\n"
	"- node: <from squeue/logs> (Slurm only " DASH " for cloud VMs the instance is already in execution_id)\n"
	"\n"
	"## Status\n"
	"\n"
	"## Results\n"
	"\n"
	"## W&B\n"
	"- local: `<offline run dir, e.g. wandb/offline-run-...>`\n"
	"- synced: `<URL after wandb sync, e.g. https://wandb.ai/team/project/runs/abc123>`\n"
	"- notes: <brief qualitative read of the curves " DASH " discuss with user after reviewing the dashboard>\n"
	"\n"
	"## Next\n";

static const char *new_text(const struct rlg_rl_run *run)
{
	bool has_code = rlg_rl_field_called(rlg_rl_config_fields, "code")->value(run, NULL) != NULL;

	return rlg_arena_printf(run->arena, "# %s%s%s%s", rlg_rl_plain(run->arena, run->run->name), template_before,
				has_code ? template_code : "", template_after);
}

/* What the machine wrote by now, as the text shows it: into `kept`. */
static int learn(const struct rlg_rl_run *run, const char *path, const char *text, struct rlg_kept *kept, struct rlg_err *err)
{
	struct rlg_rl_doc doc;
	struct rlg_rl_update look = {.run = run, .doc = &doc, .kept = kept};
	int code = rlg_rl_doc_read(run->arena, path, text, &doc, err);

	if (code != 0)
		return code;
	rlg_rl_doc_match(&doc, run, kept);
	rlg_rl_update_status(&look);
	rlg_rl_update_fields(&look);
	rlg_rl_update_end(&look);
	return 0;
}

static int render_log(const struct rlg_rl_run *run, const char *path, const char *text, struct rlg_kept *kept,
		      struct rlg_bytes *out, struct rlg_err *err)
{
	struct rlg_text_edits edits;
	struct rlg_rl_doc doc;
	struct rlg_rl_update update = {.run = run, .doc = &doc, .kept = kept, .edits = &edits};

	text = text != NULL ? text : new_text(run);
	int code = rlg_rl_doc_read(run->arena, path, text, &doc, err);
	if (code != 0)
		return code;
	rlg_text_edits_init(&edits, run->arena);
	rlg_rl_doc_match(&doc, run, kept);
	/* In the order in which they stand where they are added at the end of the file. */
	rlg_rl_update_status(&update);
	rlg_rl_update_fields(&update);
	rlg_rl_add_status(&update);
	rlg_rl_update_end(&update);
	if (rlg_text_edits_apply(&edits, text, doc.lines.length, out) != 0)
		return rlg_fail(err, -EINVAL, "%s:1: this file cannot be brought up to date, as its fields overlap", path);
	return learn(run, path, out->data, kept, err);
}

static int render(const struct rlg_tracker_view *view, const struct rlg_tracker_place *place, const char *path,
		  const char *text, const char *base, struct rlg_bytes *out, struct rlg_err *err)
{
	const struct rlg_run *run = place->run != NULL ? rlg_model_run(view->model, place->run) : NULL;
	struct rlg_kept *kept = rlg_kept_read(view->arena, view->memory);
	struct rlg_rl_run all = {.n_jobs = 0};
	struct rlg_bytes bytes;
	int code = 0;

	rlg_bytes_init(&bytes, view->arena);
	if (run != NULL)
		all = rlg_rl_run_of(view->arena, view->model, run, place->data);
	if (place->run == NULL)
		code = rlg_rl_timeline_render(place->data, view->arena, path, text, kept, &bytes, err);
	else if (all.n_jobs > 0)
		code = render_log(&all, path, text, kept, &bytes, err);
	else
		rlg_bytes_add(&bytes, text != NULL ? text : "");
	if (code != 0)
		return code;
	rlg_bytes_add_n(out, bytes.data, bytes.length);
	if (view->remember != NULL)
		rlg_kept_write(kept, view->remember);
	return 0;
}

const struct rlg_tracker rlg_tracker_run_logs = {
	.name = "run_logs",
	.default_path = "run_logs/{date}_{run}.md",
	.about = "a log for each run, and a timeline of them",
	.found = rlg_rl_found,
	.places = rlg_rl_places,
	.render = render,
};
