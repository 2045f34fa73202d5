/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An event in a sentence, for people.
 */
#ifndef RLG_EVENT_WORDS_H
#define RLG_EVENT_WORDS_H

#include "lib/record_read.h"
#include "tool/base/arena.h"
#include "tool/base/terminal.h"

/*
 * The facts that matter about the event; those of an event with an unknown name as "key=value, ...".  Plain text from
 * the record, so it is to be made harmless.  *out_colour says whether it is good or bad news.
 */
const char *rlg_event_words(struct rlg_arena *arena, const struct rlg_record *record, enum rlg_colour *out_colour);

#endif
