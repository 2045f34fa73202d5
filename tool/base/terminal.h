/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be shown where the output goes: a screen of so many columns, colour, marks beyond ASCII.
 */
#ifndef RLG_TERMINAL_H
#define RLG_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum rlg_colour {
	RLG_COLOUR_PLAIN,
	RLG_COLOUR_BOLD,
	RLG_COLOUR_DIM,
	RLG_COLOUR_RED,
	RLG_COLOUR_GREEN,
	RLG_COLOUR_YELLOW,
	RLG_COLOUR_BLUE,
	RLG_COLOUR_COUNT
};

struct rlg_terminal {
	size_t width; /* columns; 0: no screen (a pipe, a file), so nothing is cut */
	bool colour;
	bool ascii_marks; /* the locale has no UTF-8 */
	bool ascii_text; /* a screen without UTF-8: characters beyond ASCII would come out as others */
};

/* What is known about the place; see rlg_terminal_look() for where from. */
struct rlg_terminal_facts {
	bool is_terminal;
	bool no_color_option;
	size_t window_width; /* as the kernel says; 0: it does not know */
	const char *columns, *no_color, *term; /* the environment; NULL: not set */
	const char *codeset; /* "UTF-8" */
};

/* Looks at the open file `fd`, the environment and the locale (which main() has set). */
void rlg_terminal_look(struct rlg_terminal *out_terminal, int fd, bool no_color_option);

/* The same from facts at hand. */
void rlg_terminal_decide(struct rlg_terminal *out_terminal, const struct rlg_terminal_facts *facts);

/* The sequence that switches to the colour; RLG_COLOUR_PLAIN switches back.  "" where colour is off. */
const char *rlg_terminal_colour(const struct rlg_terminal *terminal, enum rlg_colour colour);

/* Prints `words`, which are the tool's own, in a colour. */
void rlg_terminal_print(const struct rlg_terminal *terminal, FILE *stream, enum rlg_colour colour, const char *words);

/*
 * Writes a whole text at once.  More than a buffer of stdio's goes out there and then: why that failed is kept, as by the
 * end of the program ferror() only tells that it did.
 */
void rlg_terminal_put(FILE *stream, const char *text, size_t length);

/* The errno of the first rlg_terminal_put() that failed; 0: none did. */
int rlg_terminal_put_error(void);

#endif
