/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the records know for each field of a run log: see run_log.h. */
#include "tool/tracker/run_log.h"

#include "lib/clock.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_yaml(const char *word)
{
	return word != NULL && (rlg_rl_ends_with(word, ".yaml") || rlg_rl_ends_with(word, ".yml"));
}

/* The first submission that told what it was. */
static const struct rlg_submission *first_submission(const struct rlg_rl_run *run)
{
	for (size_t j = 0; j < run->n_jobs; j++)
		for (size_t a = 0; a < run->jobs[j].n_attempts; a++) {
			const struct rlg_submission *submission = &run->jobs[j].attempts[a]->submission;
			if (submission->script != NULL || submission->command != NULL)
				return submission;
		}
	return NULL;
}

/* ---- Config ---- */

static const char *script_of(const struct rlg_rl_run *run, const struct rlg_submission *submission)
{
	if (submission == NULL)
		return NULL;
	const char *script = submission->script != NULL ? rlg_rl_path(run, submission->script) : submission->command;
	return script != NULL ? rlg_rl_code(run->arena, script) : NULL;
}

static const char *config_script(const struct rlg_rl_run *run, const struct rlg_rl_job *job)
{
	return script_of(run, first_submission(run));
}

static const char *config_config(const struct rlg_rl_run *run, const struct rlg_rl_job *job)
{
	const struct rlg_submission *submission = first_submission(run);
	struct rlg_rl_setting setting;

	if (submission != NULL)
		for (const char *at = rlg_rl_own_arguments(run->arena, submission);
		     rlg_rl_next_setting(run->arena, &at, &setting);) {
			if (is_yaml(setting.value))
				return rlg_rl_code(run->arena, rlg_rl_path(run, setting.value));
			if (setting.value == NULL && is_yaml(setting.name))
				return rlg_rl_code(run->arena, rlg_rl_path(run, setting.name));
		}
	return run->findings->config != NULL ? rlg_rl_code(run->arena, run->findings->config) : NULL;
}

static const char *config_settings(const struct rlg_rl_run *run, const struct rlg_rl_job *job)
{
	const struct rlg_submission *submission = first_submission(run);
	struct rlg_bytes words;
	struct rlg_rl_setting setting;

	if (submission == NULL)
		return NULL;
	rlg_bytes_init(&words, run->arena);
	for (const char *at = rlg_rl_own_arguments(run->arena, submission); rlg_rl_next_setting(run->arena, &at, &setting);) {
		if (is_yaml(setting.value != NULL ? setting.value : setting.name))
			continue; /* stands in `config` */
		rlg_bytes_addf(&words, "%s%s", words.length > 0 ? ", " : "", setting.name);
		if (setting.value != NULL)
			rlg_bytes_addf(&words, "=%s", rlg_rl_is_secret(setting.name) ? "..." : setting.value);
	}
	return words.length > 0 ? rlg_rl_plain(run->arena, words.data) : NULL;
}

static const char *config_code(const struct rlg_rl_run *run, const struct rlg_rl_job *job)
{
	const struct rlg_submission *submission = first_submission(run);

	if (submission == NULL || submission->git_commit == NULL)
		return NULL;
	const char *commit = rlg_rl_code(run->arena, submission->git_commit);
	if (submission->git_branch == NULL)
		return commit;
	return rlg_arena_printf(run->arena, "%s at %s", rlg_rl_code(run->arena, submission->git_branch), commit);
}

const struct rlg_rl_field rlg_rl_config_fields[] = {
	{.name = "script", .aliases = {"script"}, .value = config_script,
	 .placeholder = "`slurm/<script>.sh` or `docker run` command"},
	{.name = "config", .aliases = {"config"}, .value = config_config, .placeholder = "`configurations/<config>.yaml`"},
	{.name = "key settings", .aliases = {"key settings", "settings"}, .value = config_settings},
	{.name = "code", .aliases = {"code", "git", "commit", "code state"}, .value = config_code},
	{.name = NULL},
};

/* ---- Job ---- */

static const char *code_or_null(struct rlg_arena *arena, const char *text)
{
	return text != NULL ? rlg_rl_code(arena, text) : NULL;
}

static int64_t begun_us(const struct rlg_rl_job *job)
{
	return job->start_us > 0 ? job->start_us : job->submit_us;
}

static const char *job_id(const struct rlg_rl_run *run, const struct rlg_rl_job *job)
{
	return job->number >= 0 ? rlg_arena_printf(run->arena, "%" PRId64, job->number) : NULL;
}

static const char *job_submitted_or_start(const struct rlg_rl_run *run, const struct rlg_rl_job *job)
{
	return code_or_null(run->arena, rlg_rl_iso(run->arena, begun_us(job)));
}

static const char *job_submitted(const struct rlg_rl_run *run, const struct rlg_rl_job *job)
{
	return rlg_rl_minute_in_zone(run->arena, job->submit_us);
}

static const char *job_start(const struct rlg_rl_run *run, const struct rlg_rl_job *job)
{
	return code_or_null(run->arena, rlg_rl_iso(run->arena, job->start_us));
}

static const char *job_start_human(const struct rlg_rl_run *run, const struct rlg_rl_job *job)
{
	return code_or_null(run->arena, rlg_rl_human(run->arena, begun_us(job)));
}

static const char *job_end(const struct rlg_rl_run *run, const struct rlg_rl_job *job)
{
	return code_or_null(run->arena, rlg_rl_iso(run->arena, job->end_us));
}

static const char *job_end_human(const struct rlg_rl_run *run, const struct rlg_rl_job *job)
{
	return code_or_null(run->arena, rlg_rl_human(run->arena, job->end_us));
}

/* -1: not known. */
static int64_t runtime_us(const struct rlg_rl_job *job)
{
	return job->start_us > 0 && job->end_us >= job->start_us ? job->end_us - job->start_us : -1;
}

static const char *job_runtime(const struct rlg_rl_run *run, const struct rlg_rl_job *job)
{
	return runtime_us(job) < 0 ? NULL : rlg_rl_code(run->arena, rlg_rl_runtime(run->arena, runtime_us(job)));
}

static const char *job_node(const struct rlg_rl_run *run, const struct rlg_rl_job *job)
{
	return job->nodes != NULL && job->nodes[0] != '\0' ? rlg_rl_plain(run->arena, job->nodes) : NULL;
}

static const char *job_script(const struct rlg_rl_run *run, const struct rlg_rl_job *job)
{
	return script_of(run, &job->attempts[0]->submission);
}

/* A checkpoint that the command line names: `--resume-from=/scratch/.../epoch_1`. */
static const char *checkpoint_asked_for(const struct rlg_rl_run *run, const struct rlg_rl_job *job)
{
	struct rlg_rl_setting setting;

	for (const char *at = rlg_rl_own_arguments(run->arena, &job->attempts[0]->submission);
	     rlg_rl_next_setting(run->arena, &at, &setting);)
		if (setting.value != NULL && strchr(setting.value, '/') != NULL &&
		    (strcasestr(setting.name, "ckpt") != NULL || strcasestr(setting.name, "checkpoint") != NULL ||
		     strcasestr(setting.name, "resume") != NULL))
			return setting.value;
	return NULL;
}

/* Else the newest that was there when the job began: what it has written since is its own. */
static const char *job_resumed_from(const struct rlg_rl_run *run, const struct rlg_rl_job *job)
{
	const char *checkpoint = checkpoint_asked_for(run, job);

	if (checkpoint == NULL && job->is_last && !job->later_phase && run->findings->checkpoint != NULL &&
	    run->findings->checkpoint_us <= begun_us(job))
		checkpoint = run->findings->checkpoint;
	return job->resumed ? code_or_null(run->arena, checkpoint) : NULL;
}

const struct rlg_rl_field rlg_rl_job_fields[] = {
	{.name = "execution_id", .value = job_id,
	 .aliases = {"execution id", "job id", "jobid", "slurm job id", "slurm id", "slurm job", "id"},
	 .placeholder = "<Slurm job_id, or instance_name/zone for cloud VMs>"},
	{.name = "submitted/start", .aliases = {"submitted/start", "submitted / start"}, .value = job_submitted_or_start},
	{.name = "submitted", .aliases = {"submitted", "submitted at"}, .value = job_submitted},
	{.name = "start", .aliases = {"start", "started", "start time"}, .value = job_start},
	{.name = "start_human", .aliases = {"start human"}, .value = job_start_human},
	{.name = "end", .aliases = {"end", "ended", "end time", "finished"}, .value = job_end},
	{.name = "end_human", .aliases = {"end human"}, .value = job_end_human},
	{.name = "runtime", .aliases = {"runtime", "run time", "elapsed", "wall time", "walltime"}, .value = job_runtime},
	{.name = "node", .aliases = {"node", "nodes", "nodelist"}, .value = job_node,
	 .placeholder = "<from squeue/logs> (Slurm only \xe2\x80\x94 for cloud VMs the instance is already in execution_id)"},
	{.name = "script", .aliases = {"script"}, .value = job_script,
	 .placeholder = "`slurm/<script>.sh` or `docker run` command"},
	{.name = "resumed from", .aliases = {"resumed from", "resume from"}, .value = job_resumed_from, .once = true},
	{.name = NULL},
};

/* ---- Results ---- */

/* Results are those of all jobs of the main phase together, and come when the last of them is over. */
static const struct rlg_rl_job *last_main(const struct rlg_rl_run *run)
{
	const struct rlg_rl_job *last = NULL;

	for (size_t i = 0; i < run->n_jobs; i++)
		if (!run->jobs[i].later_phase)
			last = &run->jobs[i];
	return last != NULL && last->over && last->start_us > 0 ? last : NULL;
}

static const char *results_runtime(const struct rlg_rl_run *run, const struct rlg_rl_job *none)
{
	const struct rlg_rl_job *last = last_main(run);
	int64_t start_us = 0, sum_us = 0;

	if (last == NULL)
		return NULL;
	for (const struct rlg_rl_job *job = run->jobs; job <= last; job++) {
		if (job->later_phase)
			continue;
		start_us = start_us == 0 ? job->start_us : start_us;
		sum_us += runtime_us(job) > 0 ? runtime_us(job) : 0;
	}
	return rlg_arena_printf(run->arena, "`%s` (start `%s`, end `%s`)", rlg_rl_runtime(run->arena, sum_us),
				rlg_rl_iso(run->arena, start_us), rlg_rl_iso(run->arena, last->end_us));
}

static const char *results_step(const struct rlg_rl_run *run, const struct rlg_rl_job *none)
{
	const char *step = run->main->progress.last_step;

	return last_main(run) != NULL && step != NULL ? rlg_rl_plain(run->arena, step) : NULL;
}

/* What people call the two losses; an earlier name wins. */
static const char *const train_names[] = {"train_loss", "train/loss", "training_loss", "loss", NULL};
static const char *const val_names[] = {"val_loss", "val/loss", "validation_loss", "valid_loss", "eval_loss", "eval/loss",
					NULL};

static const struct rlg_metric *metric_called(const struct rlg_rl_run *run, const char *const *names)
{
	const struct rlg_progress *progress = &run->main->progress;

	for (; *names != NULL; names++)
		for (size_t i = 0; i < progress->n_metrics; i++)
			if (strcasecmp(progress->metrics[i].name, *names) == 0)
				return &progress->metrics[i];
	return NULL;
}

static const char *loss(const struct rlg_rl_run *run, const char *const *names, bool is_last)
{
	const struct rlg_metric *metric = metric_called(run, names);

	if (last_main(run) == NULL || metric == NULL)
		return NULL;
	const char *value = is_last ? metric->last : metric->first;
	return value != NULL ? rlg_rl_code(run->arena, value) : NULL;
}

/* A job that told its training loss and no other has none: the seed's "n/a". */
static const char *val_loss(const struct rlg_rl_run *run, bool is_last)
{
	const char *value = loss(run, val_names, is_last);

	return value == NULL && loss(run, train_names, is_last) != NULL ? "`n/a`" : value;
}

static const char *results_start_train(const struct rlg_rl_run *run, const struct rlg_rl_job *none)
{
	return loss(run, train_names, false);
}

static const char *results_end_train(const struct rlg_rl_run *run, const struct rlg_rl_job *none)
{
	return loss(run, train_names, true);
}

static const char *results_start_val(const struct rlg_rl_run *run, const struct rlg_rl_job *none)
{
	return val_loss(run, false);
}

static const char *results_end_val(const struct rlg_rl_run *run, const struct rlg_rl_job *none)
{
	return val_loss(run, true);
}

static const char *checkpoint_of(const struct rlg_rl_run *run)
{
	return run->main->output != NULL ? run->main->output : run->findings->checkpoint;
}

static const char *results_checkpoint(const struct rlg_rl_run *run, const struct rlg_rl_job *none)
{
	return last_main(run) != NULL ? code_or_null(run->arena, checkpoint_of(run)) : NULL;
}

static const char *results_snapshot(const struct rlg_rl_run *run, const struct rlg_rl_job *none)
{
	return last_main(run) != NULL ? code_or_null(run->arena, run->main->findings.config_snapshot) : NULL;
}

const struct rlg_rl_field rlg_rl_results_fields[] = {
	{.name = "runtime", .aliases = {"runtime"}, .value = results_runtime,
	 .placeholder = "`<HH:MM:SS>` (start `<ISO timestamp>`, end `<ISO timestamp>`)"},
	{.name = "final step", .aliases = {"final step", "last step"}, .value = results_step},
	{.name = "start_train_loss", .aliases = {"start train loss"}, .value = results_start_train},
	{.name = "end_train_loss", .aliases = {"end train loss"}, .value = results_end_train},
	{.name = "start_val_loss", .aliases = {"start val loss"}, .value = results_start_val},
	{.name = "end_val_loss", .aliases = {"end val loss"}, .value = results_end_val},
	{.name = "checkpoint", .aliases = {"checkpoint", "ckpt"}, .value = results_checkpoint},
	{.name = "config_snapshot", .aliases = {"config snapshot"}, .value = results_snapshot},
	{.name = NULL},
};

/* ---- W&B ---- */

static const char *wandb_local(const struct rlg_rl_run *run, const struct rlg_rl_job *none)
{
	const char *folder = run->main->findings.wandb_dir;

	return folder != NULL ? rlg_rl_code(run->arena, rlg_rl_path(run, folder)) : NULL;
}

static const char *wandb_synced(const struct rlg_rl_run *run, const struct rlg_rl_job *none)
{
	const char *folder = run->main->findings.wandb_dir;

	if (run->run->wandb != NULL)
		return rlg_rl_code(run->arena, run->run->wandb);
	if (folder == NULL || last_main(run) == NULL)
		return NULL;
	const char *command = rlg_arena_printf(run->arena, "wandb sync %s", rlg_rl_path(run, folder));
	return rlg_arena_printf(run->arena, "pending \xe2\x80\x94 run %s", rlg_rl_code(run->arena, command));
}

const struct rlg_rl_field rlg_rl_wandb_fields[] = {
	{.name = "local", .aliases = {"local"}, .value = wandb_local},
	{.name = "synced", .aliases = {"synced", "url"}, .value = wandb_synced,
	 .placeholder = "`<URL after wandb sync, e.g. https://wandb.ai/team/project/runs/abc123>`"},
	{.name = NULL},
};

const struct rlg_rl_field *rlg_rl_field_called(const struct rlg_rl_field *fields, const char *key)
{
	for (; fields->name != NULL; fields++)
		for (size_t i = 0; fields->aliases[i] != NULL; i++)
			if (strcmp(fields->aliases[i], key) == 0)
				return fields;
	return NULL;
}

/* ---- Next ---- */

/* The seed's rule: a checkpoint is evaluated, uploaded or handed off with its passport, never without. */
static const char resume[] = "resume for more steps: edit `LOAD_CKPT_PATH` in the sbatch script (or pass checkpoint path to "
			     "`docker run`), then resubmit\n";
static const char passport[] = "or generate `MODEL_PASSPORT.json` + `SIGNOFF.json` for the checkpoint (see "
			       "`checkpoint-passport/SKILL.md`), then eval / upload / hand off\n";

const char *rlg_rl_next(const struct rlg_rl_run *run)
{
	static const char *const interrupted[] = {"TIMEOUT", "PREEMPTED", "NODE_FAIL", "DEADLINE", "BOOT_FAIL"};
	const struct rlg_rl_job *last = last_main(run);

	if (last == NULL)
		return NULL;
	const struct rlg_attempt *attempt = last->attempts[last->n_attempts - 1];
	if (attempt->status == RLG_STATUS_COMPLETED)
		return rlg_arena_printf(run->arena, "- %s- %s", resume, passport);
	for (size_t i = 0; i < COUNT(interrupted); i++)
		if (attempt->slurm_state != NULL && strcmp(attempt->slurm_state, interrupted[i]) == 0)
			return rlg_arena_printf(run->arena, "- %s", resume);
	return NULL;
}
