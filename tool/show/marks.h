/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a status looks: its mark, colour and words.
 */
#ifndef RLG_MARKS_H
#define RLG_MARKS_H

#include "tool/model/model.h"
#include "tool/base/terminal.h"

struct rlg_mark {
	const char *word; /* as rlg_status_word() */
	const char *title; /* as a heading */
	const char *mark; /* one cell wide */
	const char *ascii;
	const char *in_report; /* mark and word, as the Markdown report has them */
	enum rlg_colour colour;
	bool always_counted; /* in the report, even if there are none */
};

const struct rlg_mark *rlg_mark(enum rlg_status status);

#endif
