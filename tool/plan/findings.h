/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a phase left on disk beside its output: its W&B run, its resolved configuration, the last word of its GPUs, and
 * which of the checkpoints that are expected are there.
 *
 * Only cheap looks: a stat, a bounded readdir, the two ends of a file.  Silent about what cannot be read, as the run's
 * folder is the user's: fifos, devices and links in place of files are passed over, and nothing outside of the group is
 * read but what belongs to the owner of the set-up file that names it.
 */
#ifndef RLG_FINDINGS_H
#define RLG_FINDINGS_H

#include "tool/plan/config.h"
#include "tool/model/model.h"
#include "tool/plan/plan.h"

/*
 * Fills in `findings` of every phase that has begun, of one run or of all.  Checkpoints are those of the phases whose output they are; expected
 * are the epochs that the run's setup_finetune.yaml saves and those that the plan evaluates.  A phase that goes on still
 * misses none.
 */
void rlg_findings_fill_run(struct rlg_model *model, const struct rlg_config *config, const struct rlg_plan *plan,
			   struct rlg_run *run);
void rlg_findings_fill(struct rlg_model *model, const struct rlg_config *config, const struct rlg_plan *plan);

/*
 * The last whole line of a table as nvidia-smi writes it, each value behind its header's name: "utilization.gpu 93 %,
 * memory.used 61234 MiB".  `head` is the file's first line, `tail` its last bytes, which may begin in the middle of a line
 * and end in one.  The moment comes from a column called timestamp or time, and is left alone where there is none.
 * NULL: there is no such line.
 */
const char *rlg_gpu_line(struct rlg_arena *arena, const char *head, const char *tail, int64_t *out_moment_us);

#endif
