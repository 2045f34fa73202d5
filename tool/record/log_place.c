/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the words of a running job go: see log_place.h. */
#include "tool/record/log_place.h"

#include "lib/clock.h"
#include "lib/process.h"
#include "lib/statusfile.h"
#include "tool/group/news.h"
#include "tool/group/refresh.h"
#include "tool/record/site_here.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

/* A refresh runs on the job's own processor. */
#define REFRESH_EVERY_US (10 * RLG_SECOND_US)

/*
 * It also counts as the job's own memory.  A group that takes more is brought up to date from outside of the job, at its
 * end; a job that asked for little must not be killed for its trackers.
 */
#define MEMORY_BYTES ((size_t)512 << 20)

/* How long writers of one host wait for each other: the job waits for us, and not much longer in all (timeout_ms). */
#define TURN_MS 1000

static bool take_address(struct rlg_log_place *to)
{
	static struct rlg_job_address address;

	if (!rlg_job_address(&address))
		return false;
	memcpy(to->group, address.group, sizeof(to->group));
	memcpy(to->run, address.run, sizeof(address.run));
	memcpy(to->phase, address.phase, sizeof(to->phase));
	if (address.job_id > 0)
		to->job_id = address.job_id;
	return true;
}

/* A job's own name is what its start was recorded under; outside of jobs there is nothing to go by. */
static bool is_guess(const struct rlg_log_place *place, const struct rlg_resolution *to)
{
	return place->job_id == 0 && to->matched_by != NULL && strcmp(to->matched_by, RLG_MATCHED_BY_NOTHING) == 0;
}

static int look_for_place(const struct rlg_job_wishes *wishes, struct rlg_log_place *to, struct rlg_err *out_warning,
			  struct rlg_err *err)
{
	char folder[RLG_PATH_MAX];
	struct rlg_siteconf site;
	struct rlg_job_facts about;
	struct rlg_group group = {.arena = NULL};
	struct rlg_resolution found;

	if (getcwd(folder, sizeof(folder)) == NULL || folder[0] != '/')
		folder[0] = '\0';
	rlg_site_here(&site, NULL); /* the admin's mistakes are told elsewhere */
	int code = rlg_job_find_place(wishes, folder, &site, &about, &group, &found, out_warning, err);
	if (code == 0 && is_guess(to, &found))
		code = rlg_fail(err, -ENOENT, "this is no Slurm job, and %s is no run's; say --run=RUN, or set RUNLEDGER_RUN",
				folder[0] == '\0' ? "this folder" : folder);
	else if (code == 0 && (!rlg_copy(to->group, sizeof(to->group), group.path) ||
			       !rlg_copy(to->run, sizeof(to->run), found.run) ||
			       !rlg_copy(to->phase, sizeof(to->phase), found.phase == NULL ? "" : found.phase)))
		code = rlg_fail(err, -ENAMETOOLONG, "the name of the run, or the path of its group, is too long");
	rlg_group_close(&group);
	return code;
}

bool rlg_log_place_is_told(const struct rlg_job_wishes *wishes, struct rlg_log_place *out_place)
{
	out_place->job_id = rlg_job_here();
	out_place->asked = false;
	return wishes->run == NULL && wishes->group == NULL && take_address(out_place);
}

static void copy_wish(char *to, size_t size, const char *wish, const char *variable)
{
	const char *asked = wish != NULL ? wish : rlg_job_environment(variable);

	if (asked == NULL || !rlg_copy(to, size, asked))
		to[0] = '\0';
}

void rlg_log_place_ask(const struct rlg_job_wishes *wishes, struct rlg_log_place *out_place)
{
	static struct rlg_job_address address;

	if (rlg_log_place_is_told(wishes, out_place))
		return;
	*out_place = (struct rlg_log_place){.job_id = rlg_job_here(), .asked = true};
	copy_wish(out_place->run, sizeof(out_place->run), wishes->run, "RUNLEDGER_RUN");
	copy_wish(out_place->group, sizeof(out_place->group), wishes->group, "RUNLEDGER_GROUP");
	if (wishes->group == NULL && rlg_job_address(&address))
		memcpy(out_place->group, address.group, sizeof(out_place->group));
	if (getcwd(out_place->folder, sizeof(out_place->folder)) == NULL || out_place->folder[0] != '/')
		out_place->folder[0] = '\0';
}

int rlg_log_find_place(const struct rlg_job_wishes *wishes, struct rlg_log_place *out_place, struct rlg_err *out_warning,
		       struct rlg_err *err)
{
	out_warning->text[0] = '\0';
	if (rlg_log_place_is_told(wishes, out_place))
		return 0;
	return look_for_place(wishes, out_place, out_warning, err);
}

void rlg_log_begin(const struct rlg_log_place *place, const char *event, int64_t time_us, const char *id,
		   struct rlg_record_writer *writer, char storage[RLG_RECORD_MAX + 1])
{
	rlg_record_begin(writer, storage, RLG_RECORD_MAX + 1, time_us, event, id);
	if (place->job_id > 0) {
		rlg_record_int(writer, "job_id", place->job_id);
		rlg_record_str(writer, "cluster", rlg_job_environment("SLURM_CLUSTER_NAME"));
	}
	if (place->asked)
		return;
	rlg_record_str(writer, "run", place->run);
	rlg_record_str(writer, "phase", place->phase);
}

int rlg_log_spool(const struct rlg_log_place *place, const char *line, size_t length, int why, struct rlg_err *err)
{
	const struct rlg_spooled entry = {.event = "",
					  .group = place->group,
					  .run = place->run,
					  .phase = place->phase,
					  .asked = place->asked,
					  .folder = place->folder,
					  .job_name = rlg_job_environment("SLURM_JOB_NAME"),
					  .array_task = rlg_job_environment("SLURM_ARRAY_TASK_ID"),
					  .line = line,
					  .length = length,
					  .why = why};

	return rlg_spool_instead(&entry, err);
}

int rlg_log_append(const struct rlg_log_place *place, struct rlg_record_writer *writer, unsigned *out_left_out,
		   struct rlg_err *err)
{
	*out_left_out = writer->left_out;
	ssize_t length = rlg_record_end(writer);

	if (length < 0)
		return rlg_fail_errno(err, (int)length, "the record is too long");
	rlg_group_take_umask(place->group);
	struct rlg_append append = {.group = place->group,
				    .run = place->run,
				    .line = writer->text.data,
				    .length = (size_t)length,
				    .timeout_ms = TURN_MS};
	int code = rlg_statusfile_append(&append, err);
	/* Where no mark can be made, no refresh can be done either, and that one says so. */
	if (code == 0) {
		rlg_news_leave(place->group, place->run, NULL);
		return 0;
	}
	return rlg_log_spool(place, append.line, append.length, code, err);
}

static int refresh(void *context)
{
	const struct rlg_log_place *place = context;
	struct rlg_refresh_report report;
	struct rlg_group group;
	struct rlg_err err = {""};

	rlg_process_limit(RLG_LIMIT_CPU_SECONDS, RLG_LIMIT_WALL_SECONDS, MEMORY_BYTES);
	if (rlg_group_open(place->group, &group, &err) == 0)
		rlg_refresh_news(&group, RLG_REFRESH_LEAVE, &report, &err);
	rlg_group_close(&group);
	if (err.text[0] != '\0')
		syslog(LOG_DAEMON | LOG_WARNING, "runledger: %s", err.text);
	return 0;
}

void rlg_log_refresh_if_due(const struct rlg_log_place *place)
{
	if (rlg_refresh_age_us(place->group) >= REFRESH_EVERY_US)
		rlg_process_detach(NULL, refresh, (void *)place, NULL);
}
