/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runledger(1).  A map of the tool, outside in:
 *
 *   command.c       the table of commands; commands.h names them.  A new command: one file, one line in each
 *   options.c       a command's options by its table; help.c: --help by the same tables; nearest.c: "did you mean"
 *   cmd_<name>.c    one command each: reads its options, asks the parts below, prints
 *
 *   draft.c         a record on its way from the plugins into a status file; for it ask.c asks slurmctld,
 *                   client_line.c and git_head.c look at the submission, resolve.c and match.c find the run;
 *                   end_facts.c: how an attempt ended, by slurmctld's answer; cmd_record_job.c: one call of `record`
 *   completion.c    the end of a job as slurmctld tells it, for the spool (lib/spool.c)
 *   drain/          empties the spool: drain.c (a pass), ask_rest.c (what slurmctld left open), children.c (one for
 *                   each user), user.c (as that user); identity.c becomes somebody, for good
 *   job_places.c    which run a job belongs to of which only Slurm's facts are known: mentions.c (what the records say
 *                   of it), my_groups.c (groups that were asked for from elsewhere)
 *
 *   exec_child.c    runs a command for `exec`, as if nobody stood in between; cmd_exec_record.c: its records
 *
 *   job_here.c      the job that a command is used in, and where its records go: for `exec` and `log`
 *   log_place.c     the same for one in a hurry; log_values.c: from words and lines to values; log_stream.c hands a job's
 *                   output on, log_recorder.c takes the values out of it; json_members.c: figures as they were written
 *   named_run.c     the run that a person names, or "did you mean"
 *
 *   group.c         a run group at hand: config.c (its settings), plan.c and plan_matrix.c (what is planned), outputs.c
 *                   (what is left behind), findings.c (what lies beside it), evaluation.c and evaluations.c (those that
 *                   are phases of their own), and from the records its model: event.c, attempts.c (job_attempts.c,
 *                   attempts_exec.c) and fold.c, with slurm_state.c (Slurm's words), failure.c (which task failed first),
 *                   usage.c (what was used) and progress.c (what the job told of itself), these by attempts_at.c
 *   discovery*.c    what init found, for the action logs
 *   silence.c       jobs that should have been heard of; reconcile.c asks Slurm about them, ask_accounting.c slurmdbd
 *   model.c         the state of every run, phase and attempt: what all that follows is made from
 *   refresh.c       brings the trackers up to date (tracker_file.c); tracker/<format>*.c is one tracker each;
 *                   tracker/manifest.c, job_list.c and registry.c: documents that more than their trackers read; kept.c:
 *                   what a tracker wrote where
 *
 *   follow.c        sleeps until there is news in a group; look.c looks again, changes.c finds what has changed, change_*.c
 *                   tell it; target.c: what `wait` waits for; hooks.c runs a person's command; log_tail.c: the end of a log
 *
 *   summary.c       what a person should know, and summary_actions.c: do next, from the model; again.c: with what command
 *   status_*.c      `status`, one form of output each; report_*.c: `report`, the same; scripts.c: is there a script
 *   training_log.c  a run in a document, for `publish`; sanitize*.c: without what names places and people; secrets.c:
 *                   what that is; hostlist.c
 *   event_words.c   an event in a sentence; failure_words.c: a failure in words; usage_words.c: what was used;
 *                   damage.c: what every command says of damaged records
 *
 *   terminal.c      what the screen can do; table.c: columns that fit it; printable.c: nothing harmful gets on it
 *   marks.c         the marks, words and colours of the statuses; when.c: "2h", "3d" and dates
 *   yaml_*.c, json_doc*.c, md_doc.c, md_table.c, text_edit.c
 *                   documents that people write too, changed without touching the rest
 *   arena.c, bytes.c, json_out.c, names.c, atomic_file.c, folder_lock.c, site_options.c
 *                   memory, texts that grow, JSON, names to numbers, whole files, one at a time, options of a site
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
 * What `exec` runs is to find them closed all the same.
 */
static void keep_standard_descriptors(void)
{
	static const int modes[] = {O_WRONLY, O_RDONLY, O_RDONLY};

	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd] | O_CLOEXEC) != fd)
			_exit(RLG_EXIT_FAILED);
}

int main(int argc, char **argv)
{
	keep_standard_descriptors();
	setlocale(LC_CTYPE, "");
	return rlg_command_main(argc, argv);
}
