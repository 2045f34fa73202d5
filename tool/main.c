/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runledger(1).  A map of the tool, outside in:
 *
 *   command.c       the table of commands; commands.h names them.  A new command: one file, one line in each
 *   options.c       a command's options by its table; help.c: --help by the same tables; nearest.c: "did you mean"
 *   cmd_<name>.c    one command each: reads its options, asks the parts below, prints
 *
 *   group.c         a run group at hand: config.c (its settings), plan.c (what is planned), fold.c (records -> model)
 *   model.c         the state of every run, phase and attempt: what all that follows is made from
 *   refresh.c       brings the trackers up to date; tracker/<format>.c is one tracker each
 *   resolve.c       which run a job belongs to
 *
 *   summary.c       what a person should know and do next, from the model: notes, next actions, counts
 *   status_*.c      `status`, one form of output each; report_*.c: `report`, the same
 *   event_words.c   an event in a sentence
 *
 *   terminal.c      what the screen can do; table.c: columns that fit it; printable.c: nothing harmful gets on it
 *   marks.c         the marks, words and colours of the statuses; since.c: "2h", "3d" and dates
 *   arena.c, bytes.c, atomic_file.c   memory, texts that grow, whole files
 *
 * What the plugins share with the tool is in lib/.
 */
#include "tool/command.h"

#include <fcntl.h>
#include <locale.h>
#include <unistd.h>

/*
 * Started without stdin, stdout or stderr, as from a daemon, the next file we open would become one of them, and words
 * for people would end up in a status file.  So each gets a descriptor that fails in the direction in which it is used.
 */
static void keep_standard_descriptors(void)
{
	static const int modes[] = {O_WRONLY, O_RDONLY, O_RDONLY};

	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) != fd)
			_exit(RLG_EXIT_FAILED);
}

int main(int argc, char **argv)
{
	keep_standard_descriptors();
	setlocale(LC_CTYPE, "");
	return rlg_command_main(argc, argv);
}
