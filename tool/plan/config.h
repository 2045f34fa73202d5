/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A group's settings: .runledger/config.yaml, every key with a default that fits the seeds.  See runledger-config(5).
 */
#ifndef RLG_CONFIG_H
#define RLG_CONFIG_H

#include "lib/err.h"
#include "tool/base/arena.h"
#include "tool/model/silence.h"

#include <stdbool.h>
#include <stddef.h>

/* Where a phase's output is found; outputs.h does it. */
enum rlg_output_kind {
	RLG_OUTPUT_NONE,
	RLG_OUTPUT_CHECKPOINTS, /* newest epoch_N, from the run's setup_finetune.yaml */
	RLG_OUTPUT_INSPECT, /* newest inspect log in the run's folder */
	RLG_OUTPUT_PATTERN /* newest match of `pattern`, relative to the run's folder */
};

struct rlg_output_rule {
	const char *phase;
	enum rlg_output_kind kind;
	const char *pattern; /* NULL but for RLG_OUTPUT_PATTERN */
};

/*
 * How a job's name tells its run and phase: a pattern with {run}, {phase}, {array_task} and `*`.  Where `run` is not
 * NULL, it is the run's name for every job that the pattern fits, and may hold {array_task}.
 */
struct rlg_match_rule {
	const char *job_name;
	const char *run;
	const char *phase;
};

struct rlg_tracker_choice {
	const char *tracker; /* a name from tracker.h */
	const char *path; /* relative to the group, or absolute; NULL: off */
};

struct rlg_config {
	const char *run_group; /* NULL: the plan's title, else the folder's name */
	const char *plan; /* relative path; NULL: looked for as plan.h says */
	const char *const *phases;
	size_t n_phases; /* at least 1 */
	struct rlg_match_rule *rules;
	size_t n_rules;
	struct rlg_output_rule *outputs;
	size_t n_outputs;
	struct rlg_tracker_choice *trackers;
	size_t n_trackers;
	struct rlg_silence silence;
	bool artifacts_are_here; /* artifact_sync is local: what a job writes need not be copied to be here */
};

/* The defaults: phases finetune and eval, the rules {phase}_{run}, {run}_{phase} and {run}, runs_status.yaml. */
void rlg_config_default(struct rlg_arena *arena, struct rlg_config *out_config);

/* Reads `text`, a config.yaml; `path` is for messages.  -EINVAL names file, line and what is allowed there. */
int rlg_config_parse(struct rlg_arena *arena, const char *path, const char *text, struct rlg_config *out_config,
		     struct rlg_err *err);

/*
 * The text of a config.yaml that says the defaults, with comments that explain each key, and keeps the trackers that were
 * found; for `runledger init`.
 */
const char *rlg_config_template(struct rlg_arena *arena, const struct rlg_tracker_choice *found, size_t n_found);

#endif
