/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text from outside (records, file names, arguments) made harmless for a terminal: an escape sequence in a job's name
 * must not move the cursor, and a newline must not forge a line.
 *
 * Control characters, bytes that are no UTF-8, and marks that turn the direction of text are shown as they would be
 * written in C: \n, \x1b, \u202e.  All else stays as it is.
 */
#ifndef RLG_PRINTABLE_H
#define RLG_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Long enough for any one character as it is shown, with its NUL. */
#define RLG_SHOWN_MAX 12

/*
 * Takes the first character of `*text`, which is not empty, and moves on.  out_shown is what to print, and the result
 * its width in cells of a terminal: 2 for wide characters (CJK), 0 for combining ones.  Where `ascii`, a character
 * beyond ASCII is shown as "?".
 */
size_t rlg_printable_next(const char **text, bool ascii, char out_shown[RLG_SHOWN_MAX]);

/* Prints the whole text. */
void rlg_printable_put(FILE *stream, const char *text);

#endif
