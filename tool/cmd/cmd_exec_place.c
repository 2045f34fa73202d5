/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the records of one `runledger exec` go: see cmd_exec_place.h. */
#include "tool/cmd/cmd_exec_place.h"

#include "lib/text.h"
#include "tool/record/job_here.h"
#include "tool/record/site_here.h"

#include <errno.h>

const char *rlg_exec_given(const struct rlg_exec *exec, const char *name)
{
	const char *value = rlg_option_value(exec->options, name);

	return value == NULL || value[0] == '\0' ? NULL : value;
}

static int find_place(const struct rlg_exec *exec, struct rlg_record_job *job, struct rlg_group *group,
		      struct rlg_resolution *to, struct rlg_err *err)
{
	struct rlg_job_wishes wishes = {rlg_exec_given(exec, "run"), rlg_exec_given(exec, "run-group"), rlg_exec_given(exec, "name")};
	struct rlg_err warning;
	int code = rlg_job_find_place(&wishes, exec->folder, &job->site, &job->about, group, to, &warning, err);

	rlg_exec_complain(exec, warning.text);
	return code;
}

int rlg_exec_find_place(const struct rlg_exec *exec, struct rlg_record_job *job, struct rlg_group *group,
			struct rlg_resolution *to, struct rlg_err *err)
{
	struct rlg_exec_findings *findings = exec->findings;

	if (__atomic_load_n(&findings->found, __ATOMIC_ACQUIRE)) {
		*to = (struct rlg_resolution){.run = findings->run, .phase = findings->phase};
		return rlg_group_open(findings->group, group, err);
	}
	int code = find_place(exec, job, group, to, err);
	if (code != 0 || !rlg_copy(findings->group, sizeof(findings->group), group->path) ||
	    !rlg_copy(findings->run, sizeof(findings->run), to->run) ||
	    !rlg_copy(findings->phase, sizeof(findings->phase), to->phase == NULL ? "" : to->phase))
		return code;
	__atomic_store_n(&findings->found, true, __ATOMIC_RELEASE);
	return 0;
}

/* Does the job's address tell, without a look? */
static bool is_by_address(const struct rlg_exec *exec, struct rlg_job_address *out_address)
{
	return rlg_exec_given(exec, "run") == NULL && rlg_exec_given(exec, "run-group") == NULL && rlg_exec_given(exec, "name") == NULL &&
	       rlg_job_address(out_address);
}

/* Is the group there, or may it come back?  One that nobody ever made is no reason to keep a record. */
bool rlg_exec_may_be_found(const struct rlg_exec *exec, int code)
{
	static struct rlg_job_address address;

	return code != -ENOENT || exec->findings->found || is_by_address(exec, &address);
}

/* What was said, else what the environment says. */
static const char *wish(const struct rlg_exec *exec, const char *option, const char *variable)
{
	const char *value = rlg_exec_given(exec, option);

	return value != NULL ? value : rlg_job_environment(variable);
}

const char *rlg_exec_job_name(const struct rlg_exec *exec)
{
	return wish(exec, "name", "SLURM_JOB_NAME");
}

/* The words on it are the first complaint; the record counts as recorded.  `group` and `to` are NULL: nobody could look. */
int rlg_exec_spool(const struct rlg_exec *exec, const struct rlg_record_job *job, const struct rlg_group *group,
		   const struct rlg_resolution *to, int why, struct rlg_err *err)
{
	static struct rlg_job_address address;
	const struct rlg_exec_findings *findings = exec->findings;
	bool found = __atomic_load_n(&findings->found, __ATOMIC_ACQUIRE);
	char storage[RLG_RECORD_MAX + 1];
	ssize_t length = rlg_draft_write(&job->draft, job->facts, storage, sizeof(storage));
	struct rlg_spooled entry = {.event = "", .line = storage, .length = length < 0 ? 0 : (size_t)length, .why = why};

	if (group != NULL) {
		entry.group = group->path;
		entry.run = to->run;
		entry.phase = to->phase;
	} else if (found) {
		entry.group = findings->group;
		entry.run = findings->run;
		entry.phase = findings->phase;
	} else if (is_by_address(exec, &address)) {
		entry.group = address.group;
		entry.run = address.run;
		entry.phase = address.phase;
	} else {
		entry.asked = true;
		entry.group = rlg_exec_given(exec, "run-group") == NULL && rlg_job_address(&address)
				      ? address.group
				      : wish(exec, "run-group", "RUNLEDGER_GROUP");
		entry.run = wish(exec, "run", "RUNLEDGER_RUN");
		entry.folder = exec->folder;
		entry.job_name = rlg_exec_job_name(exec);
		entry.array_task = rlg_job_environment("SLURM_ARRAY_TASK_ID");
	}
	int code = length < 0 ? why : rlg_spool_instead(&entry, err);
	if (code == 0)
		rlg_exec_complain(exec, err->text);
	return code;
}
