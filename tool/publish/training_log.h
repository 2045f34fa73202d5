/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The training of one run in a document, from its records alone: for a run without a run log.
 */
#ifndef RLG_TRAINING_LOG_H
#define RLG_TRAINING_LOG_H

#include "tool/base/bytes.h"
#include "tool/model/model.h"

/* Adds the document, with all that it is to be sanitized of.  The same records give the same bytes. */
void rlg_training_log(const struct rlg_run *run, struct rlg_bytes *out);

#endif
