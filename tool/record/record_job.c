/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A record on its way into the right status files: see record_job.h. */
#include "tool/record/record_job.h"

#include "lib/clock.h"
#include "lib/lines.h"
#include "lib/record.h"
#include "lib/statusfile.h"
#include "lib/text.h"
#include "tool/group/news.h"
#include "tool/record/job_places.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

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

/* Each run's record is one of its own; but the same one again where it is said twice. */
static int append_for_task(struct rlg_record_job *job, struct rlg_group *group, const struct rlg_resolution *to, int64_t task,
			   struct rlg_err *err)
{
	const char *whole = job->draft.id;
	char id[RLG_ID_MAX], figures[32];
	const char *parts[] = {whole, job->draft.name, figures};

	snprintf(figures, sizeof(figures), "%lld", (long long)task);
	rlg_facts_number(job->facts, "array_task_id", task);
	rlg_draft_id(id, parts, sizeof(parts) / sizeof(parts[0]), job->draft.time_us);
	job->draft.id = id;
	int code = rlg_record_append(job, group, to, err);
	job->draft.id = whole;
	return code;
}

struct tasks {
	struct rlg_record_job *job;
	struct rlg_group *group;
	const struct rlg_resolution *to;
	struct rlg_err *err;
	int code;
};

static void append_task(void *context, long task)
{
	struct tasks *tasks = context;
	struct rlg_resolution to = *tasks->to;
	char figures[32];

	snprintf(figures, sizeof(figures), "%ld", task);
	to.run = rlg_resolve_array_task(tasks->group->arena, to.run, figures);
	int code = append_for_task(tasks->job, tasks->group, &to, task, tasks->err);
	tasks->code = tasks->code == 0 ? code : tasks->code;
}

int rlg_record_append_tasks(struct rlg_record_job *job, struct rlg_group *group, const struct rlg_resolution *to,
			    const char *array, struct rlg_err *err)
{
	struct tasks tasks = {.job = job, .group = group, .to = to, .err = err};

	if (array != NULL)
		rlg_array_tasks(array, RLG_ARRAY_RUNS_MAX, append_task, &tasks);
	return tasks.code;
}

static const char *read_array_task(struct rlg_record_job *job)
{
	int64_t task = rlg_record_fact_number(job, "array_task_id");

	if (task < 0)
		return NULL;
	snprintf(job->array_task, sizeof(job->array_task), "%lld", (long long)task);
	return job->array_task;
}

static void read_node_facts(struct rlg_record_job *job)
{
	const char *job_name = rlg_record_fact_text(job, "job_name"), *folder = rlg_record_get_str(&job->draft, "cwd");

	job->about.job_name = job_name != NULL ? job_name : job->about.job_name;
	job->about.script = rlg_record_get_str(&job->draft, "script");
	job->about.folder = folder != NULL ? folder : job->about.folder;
	if (job->about.client_folder == NULL)
		job->about.client_folder = "/";
	const char *array_task = read_array_task(job);
	job->about.array_task = array_task != NULL ? array_task : job->about.array_task;
}

static const char *no_environment(const char *name)
{
	return NULL;
}

/* A submission from the spool, whose script could not be read when it was made: its #SBATCH lines may name the job. */
static void read_script(struct rlg_record_job *job, struct rlg_arena *arena)
{
	const char *folder = job->about.folder == NULL ? "/" : job->about.folder;
	char *argv[] = {(char *)"sbatch", (char *)job->about.script, NULL};
	struct rlg_client_line line;

	if (job->about.job_name != NULL || job->about.script == NULL || strcmp(job->draft.name, "submit") != 0)
		return;
	rlg_client_line_read(arena, argv, 2, no_environment, folder, &line);
	job->about.job_name = line.job_name;
	rlg_facts_text(job->facts, "job_name", line.job_name);
	if (rlg_record_fact_text(job, "array") == NULL)
		rlg_facts_text(job->facts, "array", line.array);
}

/* What an address names is that group, or none: not the one that it lies in, while its file system is away. */
static int check_marker(const char *group, struct rlg_err *err)
{
	char path[RLG_PATH_MAX + sizeof(RLG_DIR)];
	struct rlg_text text;
	struct stat marker;

	rlg_text_init(&text, path, sizeof(path));
	rlg_text_addf(&text, "%s/" RLG_DIR, group);
	if (!text.full && stat(path, &marker) == 0)
		return 0;
	return rlg_fail_errno(err, text.full ? -ENAMETOOLONG : -errno, "cannot look at the run group %s", group);
}

/* By the address where there is one, else as at a submission. */
static int find_place(struct rlg_record_job *job, struct rlg_arena *arena, struct rlg_group *group, struct rlg_resolution *to,
		      struct rlg_err *err)
{
	*group = (struct rlg_group){.arena = NULL};
	read_node_facts(job);
	read_script(job, arena);
	if (job->group == NULL || job->run == NULL) {
		int code = rlg_resolve_group(&job->about, &job->site, group, err);
		if (code != 0)
			return code;
		rlg_resolve_run(group, &job->about, to);
		if (job->whole_run)
			to->phase = NULL;
		/* A job of scrontab's has no name on its node (22.05).  Its end has one: until then better no run than a wrong one. */
		return job->about.job_name == NULL && strcmp(to->matched_by, RLG_MATCHED_BY_NOTHING) == 0 ? -ENOENT : 0;
	}
	int code = check_marker(job->group, err);
	if (code == 0)
		code = rlg_group_open(job->group, group, err);
	if (code != 0)
		return code;
	*to = (struct rlg_resolution){.phase = job->phase};
	to->run = rlg_resolve_array_task(group->arena, job->run, job->about.array_task);
	return 0;
}

/*
 * An array with a run a task was submitted to all of its runs; that it was accepted, or refused, is told to the same,
 * which its submission's id finds.
 */
struct submitted_runs {
	struct rlg_record_job *job;
	struct rlg_group *group;
	struct rlg_resolution to;
	struct rlg_err *err;
};

static int append_where_submitted(void *context, const char *run, const char *file, const char *line, size_t length)
{
	struct submitted_runs *runs = context;
	struct rlg_record record;
	int64_t task;
	int code = 0;

	/* Most lines are not about it, and to parse is dearer. */
	if (memmem(line, length, runs->job->draft.sid, strlen(runs->job->draft.sid)) == NULL ||
	    rlg_record_parse(line, length, &record, NULL) != 0)
		return 0;
	if (strcmp(record.name, "submit") == 0 && record.job_id < 0 && record.sid != NULL &&
	    strcmp(record.sid, runs->job->draft.sid) == 0 && rlg_record_get_int(&record, "array_task_id", &task)) {
		runs->to.run = run;
		code = append_for_task(runs->job, runs->group, &runs->to, task, runs->err);
	}
	rlg_record_done(&record);
	return code;
}

static int append_to_all_runs(struct rlg_record_job *job, struct rlg_group *group, const struct rlg_resolution *to,
			      struct rlg_err *err)
{
	struct submitted_runs runs = {.job = job, .group = group, .to = *to, .err = err};
	struct rlg_damage damage = {.torn = 0};

	if (job->draft.sid == NULL)
		return rlg_fail(err, -EINVAL, "run %s needs the number of an array's task", to->run);
	return rlg_lines_each(group->path, NULL, append_where_submitted, &runs, &damage, err);
}

struct placing {
	struct rlg_record_job *job;
	struct rlg_err *err;
	struct rlg_group *group;
};

static int append_to_place(void *context, const struct rlg_job_place *place)
{
	struct placing *placing = context;
	const struct rlg_resolution to = {.run = place->run, .phase = place->phase, .matched_by = place->matched_by};

	rlg_facts_text(placing->job->facts, "sid", place->sid);
	placing->group = place->group;
	return rlg_record_append(placing->job, place->group, &to, placing->err);
}

/* An end without an address: where the job was recorded before. */
static int place_end(struct rlg_record_job *job, rlg_record_placed_fn *placed, void *context, struct rlg_err *err)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	int64_t submit_s = rlg_record_fact_number(job, "submit_time");
	const struct rlg_job_traits traits = {
		.cluster = rlg_record_fact_text(job, "cluster"),
		.job_id = job->draft.job_id,
		.array_job_id = rlg_record_fact_number(job, "array_job_id"),
		.array_task_id = rlg_record_fact_number(job, "array_task_id"),
		.het_job_id = rlg_record_fact_number(job, "het_job_id"),
		.submit_us = submit_s > 0 ? submit_s * RLG_SECOND_US : 0,
		.job_name = rlg_record_fact_text(job, "job_name"),
		.folder = rlg_record_fact_text(job, "cwd"),
	};
	struct rlg_job_places *places = rlg_job_places_new(arena, &job->site);
	struct placing placing = {.job = job, .err = err};

	int code = rlg_job_places_each(places, &traits, append_to_place, &placing, err);
	if (code == 0 && placing.group != NULL && placed != NULL)
		placed(context, placing.group);
	rlg_job_places_free(places);
	return code;
}

static int append_to(struct rlg_record_job *job, struct rlg_group *group, const struct rlg_resolution *to, struct rlg_err *err)
{
	if (strchr(to->run, '{') == NULL)
		return rlg_record_append(job, group, to, err);
	/* The submission itself; that it was accepted is told by job id. */
	if (strcmp(job->draft.name, "submit") == 0 && job->draft.job_id < 0)
		return rlg_record_append_tasks(job, group, to, rlg_record_fact_text(job, "array"), err);
	return append_to_all_runs(job, group, to, err);
}

int rlg_record_place(struct rlg_record_job *job, rlg_record_placed_fn *placed, void *context, struct rlg_err *err)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct rlg_group group;
	struct rlg_resolution to;

	if (strcmp(job->draft.name, "finish") == 0 && job->group == NULL && !job->asked)
		return place_end(job, placed, context, err);
	int code = find_place(job, arena, &group, &to, err);
	if (code == 0)
		code = append_to(job, &group, &to, err);
	if (code == 0 && placed != NULL)
		placed(context, &group);
	rlg_group_close(&group);
	return code;
}
