/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the hooks say: see say.h. */
#include "spank/hooks/say.h"

#include "lib/err.h"
#include "lib/text.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

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

/*
 * Words go to the standard error of sbatch or srun, if it is one of these.  Where that is a file past its limit (ulimit -f),
 * or a pipe that nobody reads, writing there kills; not for a word of ours.  Both signals go to the thread that writes.
 */
static void complain_unharmed(const struct rlg_host *host, const char *words)
{
	static const struct timespec at_once;
	sigset_t deadly, waiting, before;

	sigemptyset(&deadly);
	sigaddset(&deadly, SIGXFSZ);
	sigaddset(&deadly, SIGPIPE);
	sigpending(&waiting);
	if (sigismember(&waiting, SIGXFSZ) == 1)
		sigdelset(&deadly, SIGXFSZ);
	if (sigismember(&waiting, SIGPIPE) == 1)
		sigdelset(&deadly, SIGPIPE);
	sigprocmask(SIG_BLOCK, &deadly, &before);
	host->complain(host, words);
	while (sigtimedwait(&deadly, NULL, &at_once) > 0)
		;
	sigprocmask(SIG_SETMASK, &before, NULL);
}

void rlg_say_words(const struct rlg_host *host, char *words)
{
	rlg_first_line(words);
	if (words[0] != '\0')
		complain_unharmed(host, words);
}
