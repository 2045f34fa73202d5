/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sentence for the person: see err.h. */
#include "lib/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* strerrordesc_np() is a table look-up: no locale, no lock, safe in a forked child of a threaded process. */
static const char *words_for(int number)
{
#ifdef HAVE_STRERRORDESC_NP
	const char *words = strerrordesc_np(number);
#else
	const char *words = strerror(number); /* glibc before 2.32 */
#endif
	return words != NULL ? words : "unknown error";
}

int rlg_fail(struct rlg_err *err, int code, const char *format, ...)
{
	va_list args;

	if (err == NULL)
		return code;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return code;
}

bool rlg_errno_may_pass(int number)
{
	static const int stay[] = {EACCES, EPERM,	 ELOOP,	 ENOTDIR, EISDIR, ENXIO,
				   ENOENT, ENAMETOOLONG, EINVAL, EILSEQ,  EFBIG,  E2BIG};

	for (size_t i = 0; i < sizeof(stay) / sizeof(stay[0]); i++)
		if (number == stay[i])
			return false;
	return true;
}

int rlg_fail_errno(struct rlg_err *err, int code, const char *format, ...)
{
	va_list args;
	size_t used;

	if (err == NULL)
		return code;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s", words_for(-code));
	return code;
}
