/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world of a hook that is tested: a host of our own, a group with one run, and a helper of a few lines of shell.
 *
 * The helper writes what it was given to seen/argv, seen/stdin and seen/env in the test's folder, so that a claim about
 * what was asked for is a claim about these files; whoever was never called leaves none.
 */
#ifndef RLG_TESTS_HOOK_WORLD_H
#define RLG_TESTS_HOOK_WORLD_H

#include "tests/unit/fake_host.h"
#include "tests/unit/scratch.h"

#include "lib/record_read.h"
#include "lib/statusfile.h"
#include "spank/hooks/settings.h"

#include <limits.h>

static struct fake_host fake;
static struct rlg_settings settings;

/* What stands before the /proc and the /sys of a kernel of our own. */
static char root[PATH_MAX] __attribute__((unused));

/* Whose job it is: as root somebody else's. */
static inline uid_t job_uid(void)
{
	return geteuid() == 0 ? SCRATCH_UID : geteuid();
}

static inline gid_t job_gid(void)
{
	return geteuid() == 0 ? SCRATCH_GID : getegid();
}

/* The helper: remembers what it was given, then does `more`. */
static inline void write_helper(const char *more)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", in_scratch("helper"));
	write_script(path,
		     "cwd=$(pwd)\n"
		     "cd '%s/seen' || exit 1\n"
		     "for argument; do printf '<%%s>\\n' \"$argument\"; done >argv.new\n"
		     "cat >stdin\n"
		     "env | sort >env\n"
		     "echo \"$cwd\" >cwd\n"
		     "id -u >uid\n"
		     "umask >umask\n"
		     "mv argv.new argv\n"
		     "%s\n",
		     scratch, more);
}

/* The same for a process that can make no children: the shell's own words alone, and `more` before the argv shows. */
static inline void write_lone_helper(const char *more)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", in_scratch("helper"));
	write_script(path,
		     "cwd=$PWD\n"
		     "cd '%s/seen' || exit 1\n"
		     "for argument; do printf '<%%s>\n' \"$argument\"; done >argv.new\n"
		     "while IFS= read -r line; do printf '%%s\n' \"$line\"; done >stdin\n"
		     "export -p >env\n"
		     "echo \"$cwd\" >cwd\n"
		     "while read -r key value rest; do [ \"$key\" != Uid: ] || echo \"$value\"; done </proc/self/status >uid\n"
		     "umask >umask\n"
		     "%s\n"
		     "exec mv argv.new argv\n",
		     scratch, more);
}

static inline void forget_surroundings(void)
{
	unsetenv("SLURM_JOB_ID");
	unsetenv("RUNLEDGER_RUN");
	unsetenv("RUNLEDGER_GROUP");
}

/* Leaves the test in the run's folder, without a helper, on a host that knows nothing. */
static inline int hook_world_set_up(void **state)
{
	if (scratch_set_up(state) != 0)
		return -1;
	fake_host_init(&fake);
	memset(&settings, 0, sizeof(settings));
	rlg_siteconf_default(&settings.site);
	strcpy(settings.conf_path, "/nowhere/runledger.conf");
	snprintf(settings.helper, sizeof(settings.helper), "%s", in_scratch("helper"));
	snprintf(settings.site.node_spool, sizeof(settings.site.node_spool), "%s", in_scratch("spool"));
	make_folder(in_scratch("spool"), 01777);
	make_folder(in_scratch("seen"), 0777);
	make_folder(in_scratch("elsewhere"), 0777);
	make_folder(in_scratch("group"), 0755);
	make_folder(in_scratch("group/.runledger"), 0755);
	make_folder(in_scratch("group/r1"), 0755);
	snprintf(root, sizeof(root), "%s", in_scratch("root"));
	forget_surroundings();
	return chdir(in_scratch("group/r1"));
}

static inline int hook_world_tear_down(void **state)
{
	forget_surroundings();
	return scratch_tear_down(state);
}

/* The job is one of run r1, and its user may write there. */
static inline void give_address(void)
{
	fake_set(fake.control, "RUNLEDGER_SID", SOME_SID);
	fake_set(fake.control, "RUNLEDGER_GROUP", in_scratch("group"));
	fake_set(fake.control, "RUNLEDGER_RUN", "r1");
	fake_set(fake.control, "RUNLEDGER_PHASE", "eval");
	if (geteuid() == 0)
		chown_tree_to_scratch_user(in_scratch("group"));
}

/* A job of two nodes, as a step of it knows it on the first. */
static inline void new_job(uint32_t step)
{
	fake_host_init(&fake);
	fake_knows(&fake, RLG_FACT_JOB_ID, 4711);
	fake_knows(&fake, RLG_FACT_STEP_ID, step);
	fake_knows(&fake, RLG_FACT_UID, job_uid());
	fake_knows(&fake, RLG_FACT_GID, job_gid());
	fake_knows(&fake, RLG_FACT_NODE_INDEX, 0);
	fake_set(fake.environment, "SLURM_JOB_NODELIST", "n[1-2]");
	fake_set(fake.environment, "SLURM_CLUSTER_NAME", "c1");
	give_address();
}

/* ---- a kernel of our own ---- */

/* A file of the kernel's. */
static inline void kernel_says(const char *path, const char *text)
{
	char whole[PATH_MAX];

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	*strrchr(whole, '/') = '\0';
	make_folders(whole);
	snprintf(whole, sizeof(whole), "%s%s", root, path);
	write_text(whole, text);
}

/* ---- what came of it ---- */

static inline const char *seen(const char *what)
{
	return text_of_file(in_scratch("seen/%s", what));
}

/* What waits in the job's user's part of the spool: both lines of the first entry; NULL: nothing.  *out_count is how many. */
static inline const char *spooled(unsigned *out_count)
{
	static char path[SCRATCH_PATH_MAX];
	DIR *folder = opendir(in_scratch("spool/u%lu", (unsigned long)job_uid()));

	*out_count = 0;
	for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;)
		if (entry->d_name[0] != '.' && (*out_count)++ == 0)
			snprintf(path, sizeof(path), "%s", in_scratch("spool/u%lu/%s", (unsigned long)job_uid(), entry->d_name));
	if (folder != NULL)
		closedir(folder);
	return *out_count == 0 ? NULL : text_of_file(path);
}

static inline void forget_spooled(void)
{
	char command[SCRATCH_PATH_MAX];

	snprintf(command, sizeof(command), "rm -rf '%s'/u*", in_scratch("spool"));
	assert_int_equal(system(command), 0);
}

static inline void forget_seen(void)
{
	remove(in_scratch("seen/argv"));
	remove(in_scratch("seen/stdin"));
}

static inline const char *host_file(const char *run)
{
	char host[RLG_HOST_MAX];

	rlg_statusfile_host(host);
	return in_scratch("group/.runledger/runs/%s/%s.jsonl", run, host);
}

/* The record in a text of one line; ends the test if there is none, or more. */
static inline struct rlg_record only_record(const char *text)
{
	struct rlg_record record;
	struct rlg_err err = {""};

	assert_non_null(text);
	assert_non_null(strchr(text, '\n'));
	assert_string_equal(strchr(text, '\n'), "\n");
	if (rlg_record_parse(text, strlen(text), &record, &err) != 0)
		fail_msg("%s in %s", err.text, text);
	return record;
}

/* Does it say whose it is, as new_job() has it? */
static inline void assert_is_of_new_job(const struct rlg_record *record)
{
	assert_int_equal(record->job_id, 4711);
	assert_string_equal(record->sid, SOME_SID);
	assert_string_equal(record->run, "r1");
	assert_string_equal(record->phase, "eval");
	assert_string_equal(record->cluster, "c1");
}

static inline int64_t int_of(const struct rlg_record *record, const char *key)
{
	int64_t value = -1;

	rlg_record_get_int(record, key, &value);
	return value;
}

#endif
