/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In sbatch, salloc and srun: see submit.h. */
#include "spank/hooks/submit.h"

#include "lib/clock.h"
#include "lib/process.h"
#include "lib/statusfile.h"
#include "lib/text.h"
#include "spank/hooks/deliver.h"
#include "spank/hooks/say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More of a client's command line than this is not looked at for --chdir. */
#define COMMAND_LINE_MAX 65536

/* One part in so many of its time the tool needs to leave the record in the spool, before it is ended. */
#define SPOOL_SHARE 4

/*
 * Does the command line move the job to another folder?  Only a guess: yes means that the tool looks closer.  (A script
 * that does it by an #SBATCH line is found at the job's start.)
 */
static bool may_change_folder(void)
{
	static char words[COMMAND_LINE_MAX];
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, words, sizeof(words) - 1);

	if (fd >= 0)
		close(fd);
	for (ssize_t at = 0; at < length; at += (ssize_t)strlen(words + at) + 1) {
		words[length] = '\0';
		if (strncmp(words + at, "-D", 2) == 0 || strncmp(words + at, "--ch", 4) == 0)
			return true;
	}
	return false;
}

enum { NO_GROUP, A_GROUP };

/* In a child: the folder may be on a file system that hangs, and the submission does not wait for that. */
static int look_for_group(void *context)
{
	char group[RLG_PATH_MAX];

	return rlg_group_discover(context, group, NULL) == 0 ? A_GROUP : NO_GROUP;
}

/*
 * One that does not answer in time may be in a group: the tool leaves the record in the spool then.  So may one whose look
 * told nothing, as in a client that ignores SIGCHLD: the tool looks itself.
 */
static bool lies_in_a_group(char *folder, int timeout_ms)
{
	int code = rlg_process_try(look_for_group, folder, timeout_ms, NULL);

	return code == A_GROUP || code < 0;
}

static bool may_be_tracked(const struct rlg_submission *submission)
{
	char folder[RLG_PATH_MAX];

	if (submission->asked_run[0] != '\0' || submission->asked_group[0] != '\0' ||
	    submission->settings.site.track_all || getenv("RUNLEDGER_RUN") != NULL || getenv("RUNLEDGER_GROUP") != NULL)
		return true;
	if (getcwd(folder, sizeof(folder)) != NULL && lies_in_a_group(folder, rlg_settings_wait_ms(&submission->settings) / 2))
		return true;
	return may_change_folder();
}

/* The parts of a record that every event of a client has. */
static void begin_record(struct rlg_record_writer *writer, char *storage, size_t size, const char *event,
			 const struct rlg_submission *submission)
{
	const struct rlg_address *address = &submission->address;
	char id[RLG_ID_MAX], host[RLG_HOST_MAX];

	rlg_record_new_id(id);
	rlg_statusfile_host(host);
	rlg_record_begin(writer, storage, size, rlg_clock_now_us(), event, id);
	rlg_record_str(writer, "sid", address->sid);
	rlg_record_str(writer, "run", address->run);
	rlg_record_str(writer, "phase", address->phase);
	rlg_record_str(writer, "host", host);
}

/* The facts that only this process knows; the tool adds what the command line and the script say. */
static ssize_t write_submit(char *storage, size_t size, const struct rlg_submission *submission)
{
	struct rlg_record_writer writer;
	char folder[RLG_PATH_MAX];

	begin_record(&writer, storage, size, "submit", submission);
	rlg_record_str(&writer, "cwd", getcwd(folder, sizeof(folder)));
	return rlg_record_end(&writer);
}

/* Asks the tool, which also appends.  Its words on stderr, if any, are for the user. */
static bool ask_tool(struct rlg_submission *submission, const struct rlg_host *host, int timeout_ms)
{
	char record[RLG_RECORD_MAX + 1], pid[32], within_ms[16];
	static char answer[2 * RLG_PATH_MAX];
	char complaint[512];
	struct rlg_err err = {""};
	struct rlg_output output = {answer, sizeof(answer), complaint, sizeof(complaint)};
	ssize_t length = write_submit(record, sizeof(record), submission);

	if (length < 0)
		return false;
	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	snprintf(within_ms, sizeof(within_ms), "%d", timeout_ms - timeout_ms / SPOOL_SHARE);
	const char *argv[] = {"runledger", "record",	    "--conf", submission->settings.conf_path, "--group",
			submission->asked_group,    "--run",  submission->asked_run,	      "--client",
			pid,	     "--within-ms", within_ms, "--answer",    "submit", NULL};
	struct rlg_program tool = {.path = submission->settings.helper,
				   .argv = argv,
				   .envp = (const char *const *)environ,
				   .input = record,
				   .input_length = (size_t)length};
	int code = rlg_process_run(&tool, timeout_ms, &output, &err);
	if (code < 0)
		rlg_say(host, "%s; the job is submitted all the same", err.text);
	else
		rlg_say_words(host, complaint);
	return code == 0 && rlg_address_parse(&submission->address, answer);
}

void rlg_submit_begin(struct rlg_submission *submission, const struct rlg_host *host, bool is_srun)
{
	const char *outer = getenv("SLURM_JOB_ID");
	int64_t begun_ms = rlg_clock_monotonic_ms();

	if (submission->begun)
		return;
	submission->begun = true;
	submission->waits = is_srun || strcmp(program_invocation_short_name, "salloc") == 0;
	rlg_copy(submission->outer_job_id, sizeof(submission->outer_job_id), outer == NULL ? "" : outer);
	if (is_srun && outer != NULL)
		return;
	rlg_record_new_id(submission->address.sid);
	bool may_be = submission->settings.helper[0] != '\0' && may_be_tracked(submission);
	/* One limit for the whole hook. */
	int64_t left_ms = rlg_settings_wait_ms(&submission->settings) - (rlg_clock_monotonic_ms() - begun_ms);
	submission->tracked = may_be && ask_tool(submission, host, left_ms > 1 ? (int)left_ms : 1);
	if (submission->tracked && !rlg_address_set(&submission->address, host)) {
		rlg_say(host, "Slurm did not take the run's address; it will be looked for on the node");
		rlg_address_unset(host);
	} else if (!submission->tracked) {
		rlg_address_unset(host);
	}
}

static void say(const struct rlg_submission *submission, const char *event, const char *key, int64_t value)
{
	char record[RLG_RECORD_MAX + 1];
	struct rlg_record_writer writer;

	begin_record(&writer, record, sizeof(record), event, submission);
	rlg_record_int(&writer, key, value);
	ssize_t length = rlg_record_end(&writer);
	struct rlg_delivery delivery = {.settings = &submission->settings,
					.address = &submission->address,
					.event = event,
					.line = record,
					.length = length < 0 ? 0 : (size_t)length,
					.let_tool_ask = submission->waits && strcmp(event, "reject") == 0,
					.envp = (const char *const *)environ};
	if (length > 0)
		rlg_deliver(&delivery, NULL);
}

void rlg_submit_accepted(struct rlg_submission *submission, const struct rlg_host *host, uint32_t job_id)
{
	if (!submission->tracked || submission->accepted)
		return;
	submission->accepted = true;
	say(submission, "submit", "job_id", job_id);
}

/* salloc puts the job it was given into its own environment; there is no hook for it. */
static bool got_an_allocation(const struct rlg_submission *submission, uint32_t *out_job_id)
{
	const char *now = getenv("SLURM_JOB_ID");
	long long job_id;

	if (now == NULL || strcmp(now, submission->outer_job_id) == 0 || !rlg_parse_int(now, 1, UINT32_MAX, &job_id))
		return false;
	*out_job_id = (uint32_t)job_id;
	return true;
}

void rlg_submit_end(struct rlg_submission *submission, const struct rlg_host *host, int exit_status)
{
	uint32_t job_id;

	if (!submission->tracked || submission->ended)
		return;
	submission->ended = true;
	if (submission->accepted)
		return;
	/*
	 * sbatch --wait ends with the job's own exit status, so a failure here may be the job's: whoever reads believes
	 * a start or a finish over a reject.
	 */
	if (got_an_allocation(submission, &job_id))
		rlg_submit_accepted(submission, host, job_id);
	else if (exit_status != 0)
		say(submission, "reject", "exit_code", exit_status);
}
