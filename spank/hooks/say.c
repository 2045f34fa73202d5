/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the hooks say: see say.h. */
#include "spank/hooks/say.h"

#include "lib/err.h"
#include "lib/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void rlg_say(const struct rlg_host *host, const char *format, ...)
{
	char line[RLG_ERR_MAX + 128] = "runledger: ";
	size_t used = strlen(line);
	va_list args;

	va_start(args, format);
	vsnprintf(line + used, sizeof(line) - used, format, args);
	va_end(args);
	rlg_say_words(host, line);
}

void rlg_say_words(const struct rlg_host *host, char *words)
{
	rlg_first_line(words);
	if (words[0] != '\0')
		host->complain(host, words);
}
