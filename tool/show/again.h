/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a person does next about one run, with the command to type: for summary_actions.c, which lists it.
 *
 * Commands are whole and quoted for a shell, in a subshell where they change the folder: several can be pasted one after
 * the other.  Texts belong to the arena.
 */
#ifndef RLG_AGAIN_H
#define RLG_AGAIN_H

#include "tool/model/model.h"
#include "tool/show/summary.h"

/* Where scripts are asked for. */
struct rlg_scripts {
	rlg_has_script_fn *has; /* NULL: there are none */
	void *context;
};

/* `(cd RUN && sbatch PHASE.slurm)`, or NULL where there is no such script. */
const char *rlg_submit_command(struct rlg_arena *arena, const struct rlg_scripts *scripts, const char *run,
			       const char *phase);

/* How to submit a failed phase once more: by its script, else as it was submitted; NULL: not known. */
const char *rlg_again_command(struct rlg_arena *arena, const struct rlg_scripts *scripts, const struct rlg_run *run,
			      const struct rlg_phase *phase);

/* What to mind then, by how it ended: ", to resume from /ckpt/epoch_1"; "" for nothing in particular. */
const char *rlg_again_advice(struct rlg_arena *arena, const struct rlg_phase *phase);

/* "finetune of a is completed, but epoch_1 is missing"; NULL: nothing is. */
const char *rlg_missing_words(struct rlg_arena *arena, const struct rlg_run *run, const struct rlg_phase *phase);

struct rlg_step {
	const char *words;
	const char *command;
};

/* Of a phase that ended: its W&B run that nobody has synced, its artifacts that did not arrive.  False: neither. */
bool rlg_sync_step(struct rlg_arena *arena, const struct rlg_run *run, const struct rlg_phase *phase,
		   struct rlg_step *out_step);

/* Is nothing of it submitted yet? */
bool rlg_has_not_begun(const struct rlg_run *run);

/* One command that submits the first phase of the runs that have not begun; NULL where they have no scripts. */
const char *rlg_first_command(struct rlg_arena *arena, const struct rlg_scripts *scripts, const struct rlg_model *model);

#endif
