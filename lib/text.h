/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A text of bounded length in the caller's storage.  Nothing here allocates: it runs in slurmstepd's forked children.
 */
#ifndef RLG_TEXT_H
#define RLG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * `data` is always terminated by a NUL; `length` leaves it out.  What does not fit is not written at all, not even
 * in part, and `full` says so from then on.
 */
struct rlg_text {
	char *data;
	size_t size;
	size_t length;
	bool full;
};

/* An empty text over `size` bytes of the caller's storage; size must be at least 1. */
void rlg_text_init(struct rlg_text *text, char *storage, size_t size);

void rlg_text_add(struct rlg_text *text, const char *words);
void rlg_text_add_bytes(struct rlg_text *text, const char *bytes, size_t count);
void rlg_text_addf(struct rlg_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * A JSON string with its quotes.  Control characters are escaped; bytes that are no valid UTF-8 become U+FFFD, since a
 * record must be JSON whatever a person called their folder.
 */
void rlg_text_add_json(struct rlg_text *text, const char *words);

/* Length in bytes of the UTF-8 character at `bytes` (1 to 4), or 0 if there is no valid one within `count` bytes. */
size_t rlg_utf8_length(const char *bytes, size_t count);

/* Copies `from`, with its NUL, if it fits into `size` bytes; otherwise makes `to` empty.  Returns whether it fitted. */
bool rlg_copy(char *to, size_t size, const char *from);

/*
 * Makes one harmless sentence of what another program said: its first line, control characters replaced by '?', and
 * where that is not UTF-8 throughout, everything that is not ASCII.
 */
void rlg_first_line(char *words);

/* Parses a whole decimal number with nothing around it.  Returns false, and leaves out_value alone, for anything else. */
bool rlg_parse_int(const char *words, long long least, long long most, long long *out_value);

#endif
