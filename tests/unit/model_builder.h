/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A model for tests, from a few words of JSON instead of from records:
 *
 *     {"run_group": "g", "phases": ["finetune", "eval"],
 *      "runs": [{"name": "a", "type": "Control", "planned": true,
 *                "phases": {"finetune": {"status": "running", "job_id": "12", "output": "/x", "word": 1760898600,
 *                                        "attempts": ["12"], "edit": "skipped"}}}]}
 *
 * Every member but the names may be left out: the phases are then finetune and eval, a run is planned, a phase pending.
 * `word` is in seconds since the epoch; a run and the model take the newest of theirs.  A phase with a job id that no
 * `attempts` name has one attempt of that id.  An attempt may tell more, as an object; all but the id may be left out:
 *
 *     {"job_id": "13", "array": 12, "task": 0, "het": 12, "cluster": "hpc", "host": "login1", "user": "alice", "sid": "s1",
 *      "state": "PREEMPTED", "submit": 1760898600, "start": 1760898660, "end": 1760899000, "final": false,
 *      "agent": "claude-code", "session": "abc"}
 *
 * It has ended if it has an `end`, and that is final unless it says no.
 */
#ifndef RLG_TEST_MODEL_BUILDER_H
#define RLG_TEST_MODEL_BUILDER_H

#include "tool/model/model.h"

/* Never NULL: JSON that is none ends the test program. */
struct rlg_model *rlg_build_model(struct rlg_arena *arena, const char *json);

#endif
