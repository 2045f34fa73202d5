/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A summary of a group as a document.  One file a format beside this one; the table is in cmd_report.c.
 */
#ifndef RLG_REPORT_H
#define RLG_REPORT_H

#include "tool/base/bytes.h"
#include "tool/show/summary.h"

/* Renders the whole document.  The same model and actions give the same bytes; no clock, no files. */
typedef void rlg_report_fn(const struct rlg_model *model, const struct rlg_actions *actions, struct rlg_bytes *out);

rlg_report_fn rlg_report_markdown;
rlg_report_fn rlg_report_json; /* all that `status --json` prints */
rlg_report_fn rlg_report_csv; /* a line a phase of a run, for spreadsheets */

#endif
