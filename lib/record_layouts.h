/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the records that were read last looked, but for their values.  Inside of record_scan.h: nobody else looks at it.
 */
#ifndef RLG_RECORD_LAYOUTS_H
#define RLG_RECORD_LAYOUTS_H

#include "lib/record_scan.h"

#define RLG_LAYOUT_BEGIN "{\"timestamp\":"
#define RLG_LAYOUT_NAME ",\"name\":\""
#define RLG_LAYOUT_CONTEXT ",\"context\":{"

/* As rlg_record_scan(), for a record that looks like one of those, and without the NULs: the text is as it was. */
bool rlg_layouts_find(struct rlg_layouts *layouts, char *text, size_t length, struct rlg_scan *out_scan);

/* What rlg_record_scan() found in a text that is still as it was; it takes the place of what was of no use for longest. */
void rlg_layouts_learn(struct rlg_layouts *layouts, const char *text, size_t length, const struct rlg_scan *scan);

/* Writes the NULs. */
void rlg_scan_end_texts(char *text, const struct rlg_scan *scan);

#endif
