/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The seed's run by stages, as a model made by hand: submitted, running, cut off by its time limit, submitted again,
 * completed, and evaluated by a job that fails.  The functions are inline so that each test uses those it needs.
 */
#ifndef RLG_TESTS_RUN_LOG_STORY_H
#define RLG_TESTS_RUN_LOG_STORY_H

#include "lib/clock.h"
#include "tool/tracker/run_log.h"

#include <string.h>

enum story_stage {
	STORY_SUBMITTED = 1,
	STORY_RUNNING,
	STORY_TIMEOUT,
	STORY_RESUBMITTED,
	STORY_COMPLETED,
	STORY_EVALUATED,
	STORY_STAGES
};

/* 2026-03-11 00:00:00 UTC */
#define STORY_DAY_US (INT64_C(1773187200) * RLG_SECOND_US)
#define STORY_AT(day, hour, minute) (STORY_DAY_US + (((day)-11) * INT64_C(1440) + (hour)*60 + (minute)) * 60 * RLG_SECOND_US)

#define STORY_RUN "train_front_cam"

struct story {
	struct rlg_model model;
	struct rlg_run run;
	struct rlg_phase phases[2];
	struct rlg_attempt train[2], eval[1];
	struct rlg_failure failure;
	struct rlg_metric metrics[2];
	struct rlg_progress_point points[2][3];
	struct rlg_rl_findings findings;
};

static inline struct rlg_attempt story_attempt(int64_t job_id, const char *sid, int64_t submit_us)
{
	return (struct rlg_attempt){.cluster = "hpc", .job_id = job_id, .array_job_id = -1, .array_task_id = -1, .het_job_id = -1,
				    .sid = sid, .slurm_state = "PENDING", .exit_code = -1, .signal = -1, .time_limit_s = 86400,
				    .submit_us = submit_us, .word_us = submit_us, .status = RLG_STATUS_SUBMITTED};
}

static inline void story_start(struct rlg_attempt *attempt, int64_t start_us, const char *nodes)
{
	attempt->start_us = start_us;
	attempt->nodes = nodes;
	attempt->slurm_state = "RUNNING";
	attempt->status = RLG_STATUS_RUNNING;
}

static inline void story_end(struct rlg_attempt *attempt, int64_t end_us, const char *state, int64_t exit_code)
{
	attempt->end_us = end_us;
	attempt->slurm_state = state;
	attempt->ended = attempt->final = true;
	attempt->exit_code = exit_code;
	attempt->signal = 0;
	attempt->source = "jobcomp";
	attempt->status = strcmp(state, "COMPLETED") == 0 ? RLG_STATUS_COMPLETED : RLG_STATUS_FAILED;
}

static inline void story_first_job(struct story *story, enum story_stage stage)
{
	struct rlg_attempt *job = &story->train[0];

	*job = story_attempt(4187578, "sub1", STORY_AT(11, 14, 30));
	job->submission = (struct rlg_submission){
		.script = "slurm/train.sh", .cwd = "/scratch/bench", .git_commit = "3f9c2d1", .git_branch = "front-cam",
		.command = "sbatch -t 24:00:00 slurm/train.sh configurations/front_cam.yaml lr=1e-4 --batch-size 64"};
	if (stage < STORY_RUNNING)
		return;
	story_start(job, STORY_AT(11, 14, 58), "nid001");
	story->points[0][0] = (struct rlg_progress_point){STORY_AT(11, 15, 0), "step 2400, train_loss 0.085"};
	story->points[0][1] = (struct rlg_progress_point){STORY_AT(11, 16, 59), "step 9000, train_loss 0.06"};
	job->progress = (struct rlg_progress){.records = 20, .points = story->points[0], .n_points = 2, .last_step = "9000"};
	if (stage >= STORY_TIMEOUT)
		story_end(job, STORY_AT(12, 14, 58), "TIMEOUT", 0);
}

static inline void story_second_job(struct story *story, enum story_stage stage)
{
	struct rlg_attempt *job = &story->train[1];

	if (stage < STORY_RESUBMITTED)
		return;
	*job = story_attempt(4187600, "sub2", STORY_AT(12, 15, 0));
	story->phases[0].n_attempts = 2;
	if (stage < STORY_COMPLETED)
		return;
	story_start(job, STORY_AT(12, 15, 5), "nid002");
	story->points[1][0] = (struct rlg_progress_point){STORY_AT(13, 14, 20), "step 100000, train_loss 0.031, val_loss 0.04"};
	job->progress = (struct rlg_progress){.records = 1, .points = story->points[1], .n_points = 1, .last_step = "100000"};
	story_end(job, STORY_AT(13, 14, 30), "COMPLETED", 0);
	story->metrics[0] = (struct rlg_metric){.name = "train_loss", .is_number = true, .first = "0.085", .last = "0.031"};
	story->metrics[1] = (struct rlg_metric){.name = "val_loss", .is_number = true, .first = "0.09", .last = "0.04"};
	story->phases[0].progress = (struct rlg_progress){.records = 21, .last_step = "100000", .metrics = story->metrics,
							  .n_metrics = 2};
	story->phases[0].output = "/scratch/bench/out/ckpt_100000";
	story->phases[0].findings = (struct rlg_findings){.wandb_dir = "/scratch/bench/wandb/offline-run-20260311_150000-abc123",
							  .config_snapshot = "/scratch/bench/out/config.yaml"};
}

static inline void story_evaluation(struct story *story)
{
	struct rlg_attempt *job = &story->eval[0];

	*job = story_attempt(4187700, "sub3", STORY_AT(13, 15, 0));
	job->submission = (struct rlg_submission){.script = "slurm/eval.sh", .command = "sbatch slurm/eval.sh"};
	story_start(job, STORY_AT(13, 15, 1), "nid[003-004]");
	story_end(job, STORY_AT(13, 15, 31), "FAILED", 1);
	story->failure = (struct rlg_failure){.node = "nid004", .rank = 3, .step = "0", .exit_code = 1, .signal = 0, .oom = 0};
	job->failure = &story->failure;
	story->phases[1].n_attempts = 1;
}

/* The model as it is at that stage; the story holds all of it. */
static inline void story_tell(struct story *story, enum story_stage stage)
{
	static const char *const names[] = {"train", "eval"};

	*story = (struct story){.model = {.group_path = "/scratch/bench", .run_group = "bench", .phases = names, .n_phases = 2,
					  .n_runs = 1}};
	story->model.runs = &story->run;
	story->run = (struct rlg_run){.name = STORY_RUN, .planned = true, .phases = story->phases, .n_phases = 2};
	story->phases[0] = (struct rlg_phase){.name = "train", .attempts = story->train, .n_attempts = 1};
	story->phases[1] = (struct rlg_phase){.name = "eval", .attempts = story->eval};
	story_first_job(story, stage);
	story_second_job(story, stage);
	if (stage >= STORY_EVALUATED)
		story_evaluation(story);
	if (stage >= STORY_RESUBMITTED) {
		story->findings.checkpoint = "/scratch/bench/out/ckpt_50000";
		story->findings.checkpoint_us = STORY_AT(12, 14, 0);
	}
}

#endif
