/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One call of `runledger record`: see cmd_record_job.h. */
#include "tool/cmd/cmd_record_job.h"

#include "lib/text.h"
#include "tool/base/printable.h"
#include "lib/process.h"
#include "lib/record.h"
#include "lib/statusfile.h"
#include "tool/group/news.h"
#include "tool/group/refresh.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

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

const char *rlg_record_fact_text(const struct rlg_record_job *job, const char *key)
{
	const cJSON *found = cJSON_GetObjectItemCaseSensitive(job->facts, key);

	return cJSON_IsString(found) ? found->valuestring : rlg_record_get_str(&job->draft, key);
}

int64_t rlg_record_fact_number(const struct rlg_record_job *job, const char *key)
{
	const cJSON *found = cJSON_GetObjectItemCaseSensitive(job->facts, key);
	int64_t value = -1;

	if (cJSON_IsNumber(found))
		return (int64_t)found->valuedouble;
	return rlg_record_get_int(&job->draft, key, &value) ? value : -1;
}

int rlg_record_append(const struct rlg_record_job *job, const struct rlg_group *group, const struct rlg_resolution *to,
		      struct rlg_err *err)
{
	char storage[RLG_RECORD_MAX + 1];

	rlg_facts_text(job->facts, "run", to->run);
	rlg_facts_text(job->facts, "phase", to->phase);
	rlg_facts_text(job->facts, "matched_by", to->matched_by);
	ssize_t length = rlg_draft_write(&job->draft, job->facts, storage, sizeof(storage));
	if (length < 0)
		return rlg_fail_errno(err, (int)length, "the record is too long");
	struct rlg_append append = {.group = group->path,
				    .run = to->run,
				    .line = storage,
				    .length = (size_t)length,
				    .timeout_ms = RLG_APPEND_TURN_MS,
				    .durable = strcmp(job->draft.name, "finish") == 0};
	int code = rlg_statusfile_append(&append, err);
	/* Where no mark can be made, no refresh can be done either, and that one says so. */
	if (code == 0)
		rlg_news_leave(group->path, to->run, NULL);
	return code;
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
