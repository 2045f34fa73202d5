/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runledger(1).  A map of the tool, inside out; a folder knows those above it in this list, and none below:
 *
 *   base/      arena.c, bytes.c, names.c, spans.c: memory, texts that grow, what is found by its name or its time; hands.c:
 *              threads; atomic_file.c, folder_lock.c: whole files, one at a time; leftovers.c: what somebody killed left of
 *              them; reach.c, inside.c: no further than a group that others write may lead us; yaml_*.c, json_doc*.c, md_*.c,
 *              text_edit.c: documents that people write too, changed without touching the rest; terminal.c, table.c,
 *              printable.c: the screen; when.c: "2h", "3d" and dates; draft.c: a record on its way from the plugins into a
 *              status file; pack.c: structs as bytes, and back
 *   model/     from records to the state of every run, phase and attempt (model.h): gathered.c, event.c, attempts*.c,
 *              job_*.c and fold*.c, a run at a time, with slurm_state.c (Slurm's words), failure.c
 *              (which task failed first), usage.c, progress*.c (what the job told of itself); run_pack.c: a run as bytes;
 *              silence.c: jobs that should have been heard of
 *   plan/      what is meant to be, and what is found: config.c (a group's settings), plan*.c, match.c (a job's name),
 *              outputs.c, findings.c and found.c (what lies on disk; peek.c: and may be looked at), evaluation*.c (those
 *              that are phases of their own)
 *   show/      the state in words: summary*.c (what a person should know, and do next; again.c: with what command),
 *              status_*.c and report_*.c (a form each), phase_json.c, event_words.c, failure_words.c, usage_words.c, marks.c
 *   tracker/   <format>*.c is one tracker each; tracker.c lists them.  manifest.c, job_list.c, registry.c: documents that
 *              more than their trackers read; kept.c: what a tracker wrote where
 *   group/     group.c: a run group at hand; load*.c: its model, from the snapshot (snapshot.c) and what came since
 *              (run_files.c), or by several hands where there is none (load_fresh.c); resolve.c: which run a job belongs to;
 *              refresh*.c brings the trackers up to date (tracker_file.c, tracker_stamp.c) when there is news (news.c);
 *              sweep.c: what a killed one left
 *   record/    what the plugins, slurmctld and jobs tell: client_line.c, git_head.c (a submission), ask*.c and end_facts.c
 *              (an end, by Slurm's answer), completion.c (an end, for the spool), job_places.c, mentions.c, my_groups.c
 *              (a job of which only Slurm's facts are known), record_job.c (a record on its way), reconcile.c; exec_child.c,
 *              job_here.c, log_*.c (from inside of a job); identity.c becomes somebody, for good
 *   follow/    follow.c sleeps until there is news; look.c looks again, changes.c finds what has changed, change_*.c tell it
 *   publish/   training_log.c: a run in a document; sanitize*.c: without what names places and people (secrets.c)
 *   drain/     empties the spools: drain.c (a pass over slurmctld's), ask_rest.c (what it left open), children.c, user.c (as a
 *              user); node.c (a pass over the node's), node_user.c (as a user), node_entry.c
 *   doctor/    is all set up right?  look_*.c, slurm_files.c (as much of Slurm's as tells)
 *   cmd/       command.c: the table of commands; cmd_<name>.c: one each; options.c, help.c, nearest.c: "did you mean"
 *
 * ask/ is runledger-ask, a program of its own.  What the plugins share with the tool is in lib/.
 */
#include "tool/cmd/command.h"

#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
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
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ); /* a sentence is one write: others may say theirs at the same time */
	setlocale(LC_CTYPE, "");
	return rlg_command_main(argc, argv);
}
