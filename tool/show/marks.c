/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a status looks: see marks.h. */
#include "tool/show/marks.h"

/* In a report a pending phase has no mark: that is how the skill's summary shows what has not begun. */
static const struct rlg_mark marks[] = {
	[RLG_STATUS_PENDING] = {"pending", "Pending", "·", ".", "pending", RLG_COLOUR_DIM, true},
	[RLG_STATUS_SUBMITTED] = {"submitted", "Submitted", "○", "o", "○ submitted", RLG_COLOUR_YELLOW, false},
	[RLG_STATUS_RUNNING] = {"running", "Running", "→", ">", "→ running", RLG_COLOUR_BLUE, true},
	[RLG_STATUS_COMPLETED] = {"completed", "Completed", "✓", "+", "✓ completed", RLG_COLOUR_GREEN, true},
	[RLG_STATUS_FAILED] = {"failed", "Failed", "✗", "x", "✗ failed", RLG_COLOUR_RED, true},
	[RLG_STATUS_SKIPPED] = {"skipped", "Skipped", "–", "-", "– skipped", RLG_COLOUR_DIM, false},
};
_Static_assert(sizeof(marks) / sizeof(marks[0]) == RLG_STATUS_COUNT, "a mark for each status");

const struct rlg_mark *rlg_mark(enum rlg_status status)
{
	return &marks[status];
}
