/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One call of `runledger record`: see cmd_record_job.h. */
#include "tool/cmd/cmd_record_job.h"

#include "lib/node_spool.h"
#include "lib/process.h"
#include "lib/text.h"
#include "lib/watched.h"
#include "tool/base/printable.h"
#include "tool/group/refresh.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

void rlg_record_complain(const struct rlg_record_job *job, const char *format, ...)
{
	char sentence[RLG_ERR_MAX + 64];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	if (job->quiet) {
		rlg_first_line(sentence); /* it names paths and jobs of users */
		syslog(LOG_DAEMON | LOG_WARNING, "runledger: %s", sentence);
		return;
	}
	fputs("runledger: ", stderr);
	rlg_printable_put(stderr, sentence);
	fputc('\n', stderr);
}

const char *rlg_record_given(const struct rlg_record_job *job, const char *name)
{
	const char *value = rlg_option_value(job->options, name);

	return value == NULL || value[0] == '\0' ? NULL : value;
}

int rlg_record_refresh(const struct rlg_record_job *job, struct rlg_group *group)
{
	struct rlg_refresh_report report;
	struct rlg_err err = {""};

	if (rlg_refresh_news(group, RLG_REFRESH_LEAVE, &report, &err) == 0)
		return RLG_EXIT_OK;
	rlg_record_complain(job, "%s", err.text);
	return RLG_EXIT_FAILED;
}

void rlg_record_go_behind(struct rlg_record_job *job)
{
	job->quiet = true;
	rlg_process_limit(RLG_LIMIT_CPU_SECONDS, RLG_LIMIT_WALL_SECONDS, RLG_LIMIT_MEMORY_BYTES);
}

static bool has_no_spool(const struct rlg_record_job *job)
{
	return access(job->site.node_spool, F_OK) != 0;
}

int rlg_record_spool(struct rlg_record_job *job, const char *group, const char *run, const char *phase, int why)
{
	char storage[RLG_RECORD_MAX + 1];
	struct rlg_err err = {""}, cause = {""};
	ssize_t length = rlg_draft_write(&job->draft, job->facts, storage, sizeof(storage));
	const struct rlg_spooled entry = {.event = job->draft.name,
					  .group = group,
					  .run = run,
					  .phase = phase,
					  .line = storage,
					  .length = length < 0 ? 0 : (size_t)length,
					  .why = why};

	int code = length < 0 ? (int)length : rlg_node_spool_put(&job->site, &entry, &err);
	if (code == 0 && !job->quiet)
		fprintf(stderr, "runledger: the record waits in the node's spool until it can be delivered (%s)\n", strerror(-why));
	/* By hand, without a spool, what went wrong was said already. */
	if (code == 0 || err.text[0] == '\0' || (!job->quiet && has_no_spool(job)))
		return code;
	rlg_fail_errno(&cause, why, "a `%s` could not be put into the run group%s%s", job->draft.name, group == NULL ? "" : " ",
		       group == NULL ? "" : group);
	rlg_record_complain(job, "%s; %s", cause.text, err.text);
	return code;
}

int rlg_record_watch(struct rlg_record_job *job, int (*work)(void *job, int tell_fd), int within_ms)
{
	pid_t child;

	fflush(NULL);
	int why = rlg_watched(work, job, within_ms, &child);
	if (why == 0) {
		int status = rlg_watched_reap(child);
		return status < 0 ? RLG_EXIT_FAILED : status;
	}
	bool lost = !rlg_node_spool_takes(why) || rlg_record_spool(job, job->group, job->run, job->phase, why) != 0;
	/* A child that never was, or that ended without a word, has said nothing. */
	if (lost && !job->quiet && has_no_spool(job) && (child < 0 || why == -ETIMEDOUT || why == -ECHILD))
		rlg_record_complain(job, "nobody can say whether the `%s` was recorded: %s", job->draft.name, strerror(-why));
	return lost ? RLG_EXIT_FAILED : RLG_EXIT_OK;
}
