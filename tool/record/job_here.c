/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The job that this process runs in: see job_here.h. */
#include "tool/record/job_here.h"

#include "lib/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Slurm allows 128 components of a heterogeneous job. */
#define MOST_COMPONENTS 128

const char *rlg_job_environment(const char *name)
{
	const char *value = getenv(name);

	return value == NULL || value[0] == '\0' ? NULL : value;
}

int64_t rlg_job_here(void)
{
	long long job_id;

	return rlg_parse_int(rlg_job_environment("SLURM_JOB_ID"), 1, UINT32_MAX, &job_id) ? job_id : 0;
}

/* In each component of a heterogeneous job SLURM_JOB_ID is the first one's. */
static bool is_component_here(int64_t job_id)
{
	char name[64];
	long long component, count;

	if (!rlg_parse_int(rlg_job_environment("SLURM_HET_SIZE"), 1, MOST_COMPONENTS, &count))
		return false;
	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "SLURM_JOB_ID_HET_GROUP_%d", i);
		if (!rlg_parse_int(rlg_job_environment(name), 1, UINT32_MAX, &component) ||
		    (i == 0 && component != rlg_job_here()))
			return false;
		if (component == job_id)
			return true;
	}
	return false;
}

/* The part up to the next slash, which is taken away; false: it does not fit, or there is none. */
static bool take_part(const char **from, char *to, size_t size)
{
	const char *slash = strchr(*from, '/');

	if (slash == NULL || (size_t)(slash - *from) >= size)
		return false;
	memcpy(to, *from, (size_t)(slash - *from));
	to[slash - *from] = '\0';
	*from = slash + 1;
	return true;
}

/* JOB_ID/SID/RUN/PHASE/path: the last slash is the path's own. */
static bool parse_address(const char *words, struct rlg_job_address *to)
{
	char figures[32];
	long long job_id;

	if (words == NULL || !take_part(&words, figures, sizeof(figures)) ||
	    !rlg_parse_int(figures, 1, UINT32_MAX, &job_id) || !take_part(&words, to->sid, sizeof(to->sid)) ||
	    !take_part(&words, to->run, sizeof(to->run)) || !take_part(&words, to->phase, sizeof(to->phase)) ||
	    to->run[0] == '\0' || !rlg_copy(to->group, sizeof(to->group), words - 1))
		return false;
	to->job_id = job_id;
	return true;
}

static bool read_submitted(struct rlg_job_address *to)
{
	const char *group = rlg_job_environment("SLURM_SPANK_RUNLEDGER_GROUP");
	const char *run = rlg_job_environment("SLURM_SPANK_RUNLEDGER_RUN");
	const char *phase = rlg_job_environment("SLURM_SPANK_RUNLEDGER_PHASE");
	const char *sid = rlg_job_environment("SLURM_SPANK_RUNLEDGER_SID");

	rlg_copy(to->sid, sizeof(to->sid), sid == NULL ? "" : sid);
	rlg_copy(to->phase, sizeof(to->phase), phase == NULL ? "" : phase);
	return group != NULL && group[0] == '/' && run != NULL && rlg_copy(to->group, sizeof(to->group), group) &&
	       rlg_copy(to->run, sizeof(to->run), run);
}

static bool put_array_task(struct rlg_job_address *to)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	const char *run = rlg_resolve_array_task(arena, to->run, rlg_job_environment("SLURM_ARRAY_TASK_ID"));

	return rlg_copy(to->run, sizeof(to->run), run);
}

bool rlg_job_address(struct rlg_job_address *out_address)
{
	static struct rlg_job_address given;
	int64_t here = rlg_job_here();

	*out_address = (struct rlg_job_address){.job_id = 0};
	bool was_given = parse_address(rlg_job_environment("RUNLEDGER_ADDRESS"), &given);
	if (here > 0 && was_given && (given.job_id == here || is_component_here(given.job_id))) {
		*out_address = given;
	} else {
		/* A submission that no plugin saw hands on all that its job was given, to the last letter. */
		if (!read_submitted(out_address) || (was_given && strcmp(given.sid, out_address->sid) == 0))
			return false;
	}
	return strchr(out_address->run, '{') == NULL || put_array_task(out_address);
}

static void read_about(const struct rlg_job_wishes *wishes, const char *folder, struct rlg_job_facts *out_about)
{
	*out_about = (struct rlg_job_facts){
		.asked_run = wishes->run,
		.asked_group = wishes->group,
		.folder = folder[0] == '\0' ? NULL : folder,
		.client_folder = folder[0] == '\0' ? "/" : folder,
		.job_name = wishes->name,
		.array_task = rlg_job_environment("SLURM_ARRAY_TASK_ID"),
	};
	if (out_about->asked_run == NULL && (out_about->asked_run = rlg_job_environment("RUNLEDGER_RUN")) != NULL)
		out_about->asked_by_environment = true;
	if (out_about->job_name == NULL)
		out_about->job_name = rlg_job_environment("SLURM_JOB_NAME");
}

/* What was asked for and cannot be had, as at a submission. */
static void warn(const struct rlg_group *group, const struct rlg_job_facts *about, const struct rlg_resolution *to,
		 const struct rlg_err *found_err, struct rlg_err *out_warning)
{
	if (about->asked_run != NULL && !rlg_resolve_asked_ok(about->asked_run))
		rlg_fail(out_warning, 0, "'%s' cannot be the name of a run or a phase, so this goes to %s/%s", about->asked_run,
			 to->run, to->phase);
	else if (found_err->text[0] != '\0')
		rlg_fail(out_warning, 0, "%s; this goes to %s, where the job's folder lies", found_err->text, group->path);
}

/* The job's own place, as it was told. */
static int go_to_address(const struct rlg_job_address *address, struct rlg_group *out_group, struct rlg_resolution *out_to,
			 struct rlg_err *err)
{
	int code = rlg_group_open(address->group, out_group, err);

	if (code == 0)
		*out_to = (struct rlg_resolution){
			.run = rlg_arena_strdup(out_group->arena, address->run),
			.phase = address->phase[0] == '\0' ? NULL : rlg_arena_strdup(out_group->arena, address->phase)};
	return code;
}

int rlg_job_find_place(const struct rlg_job_wishes *wishes, const char *folder, const struct rlg_siteconf *site,
		       struct rlg_job_facts *out_about, struct rlg_group *out_group, struct rlg_resolution *out_to,
		       struct rlg_err *out_warning, struct rlg_err *err)
{
	static struct rlg_job_address address;
	struct rlg_err found_err = {""};
	bool has_address = rlg_job_address(&address);

	out_warning->text[0] = '\0';
	read_about(wishes, folder, out_about);
	if (has_address && wishes->run == NULL && wishes->group == NULL && wishes->name == NULL)
		return go_to_address(&address, out_group, out_to, err);
	if (out_about->asked_group == NULL)
		out_about->asked_group = has_address ? address.group : rlg_job_environment("RUNLEDGER_GROUP");
	int code = rlg_resolve_group(out_about, site, out_group, &found_err);
	if (code != 0)
		return found_err.text[0] != '\0'
			       ? rlg_fail(err, code, "%s", found_err.text)
			       : rlg_fail(err, code, "%s is in no run group; `runledger init` makes one",
					  folder[0] == '\0' ? "this folder" : folder);
	rlg_resolve_run(out_group, out_about, out_to);
	warn(out_group, out_about, out_to, &found_err, out_warning);
	return 0;
}
