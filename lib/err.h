/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sentence for the person, beside the negative errno for the program.
 *
 * A function that can fail takes `struct rlg_err *err` last; err may be NULL.  On failure it returns a negative errno
 * and leaves one whole sentence in err: what was being done to which file, what went wrong, and where it helps what to
 * do.  On success err is untouched.  Nothing here allocates.
 */
#ifndef RLG_ERR_H
#define RLG_ERR_H

#include <stdarg.h>
#include <stdbool.h>

/* Enough for a path of ordinary length and a clause; longer text is cut, never overrun. */
#define RLG_ERR_MAX 1024

struct rlg_err {
	char text[RLG_ERR_MAX];
};

/* Puts the formatted sentence into err (if there is one) and returns `code`, so that callers can `return rlg_fail(...)`. */
int rlg_fail(struct rlg_err *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* As rlg_fail(), with ": " and the text of errno value -code appended. */
int rlg_fail_errno(struct rlg_err *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * May it be otherwise the next time?  False for what is said of a file itself: that it is not there, is locked away, or is
 * none; true for what is said of its file system or of this process: EIO, ESTALE, EMFILE, ...
 */
bool rlg_errno_may_pass(int number);

#endif
