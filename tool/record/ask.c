/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking slurmctld how one job ended: see ask.h. */
#include "tool/record/ask.h"

#include "lib/clock.h"
#include "lib/process.h"
#include "lib/record.h"
#include "lib/text.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM "runledger-ask"

/* Its exit status where slurmctld knows no such job. */
#define NO_SUCH_JOB 3

/* Beside this very program, as a tree that was moved or not yet installed is still one; else where it was configured. */
static bool find_program(char out_path[PATH_MAX])
{
	static const char *const places[] = {"/../libexec/runledger/" PROGRAM, "/" PROGRAM};
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[length < 0 ? 0 : length] = '\0';
	char *slash = strrchr(self, '/');
	if (slash != NULL)
		*slash = '\0';
	for (size_t i = 0; slash != NULL && i < sizeof(places) / sizeof(places[0]); i++)
		if (snprintf(out_path, PATH_MAX, "%s%s", self, places[i]) < PATH_MAX && access(out_path, X_OK) == 0)
			return true;
	snprintf(out_path, PATH_MAX, "%s/" PROGRAM, RLG_LIBEXECDIR);
	return access(out_path, X_OK) == 0;
}

static int ask(const char *const *argv, int timeout_ms, char *out_answer, size_t size, struct rlg_err *err)
{
	char path[PATH_MAX], words[512];
	struct rlg_program program = {.path = path, .argv = argv, .envp = (const char *const *)environ};
	struct rlg_output output = {out_answer, size, words, sizeof(words)};

	if (!find_program(path))
		return rlg_fail(err, -ENOTSUP, "%s is not installed: runledger was built without Slurm", path);
	int code = rlg_process_run(&program, timeout_ms, &output, err);
	if (code < 0)
		return code;
	rlg_first_line(words);
	if (code == NO_SUCH_JOB)
		return rlg_fail(err, -ESRCH, "slurmctld knows no such job: %s", words);
	if (code != 0)
		return rlg_fail(err, -EIO, "slurmctld did not answer: %s", words[0] != '\0' ? words : "no reason was given");
	return 0;
}

static int ask_for_job(const char *const *argv, int timeout_ms, struct rlg_record *out_answer, struct rlg_err *err)
{
	char answer[RLG_RECORD_MAX + 1];
	int code = ask(argv, timeout_ms, answer, sizeof(answer), err);

	return code != 0 ? code : rlg_record_parse(answer, strlen(answer), out_answer, err);
}

int rlg_ask(int64_t job_id, int timeout_ms, struct rlg_record *out_answer, struct rlg_err *err)
{
	char number[32];
	const char *argv[] = {PROGRAM, number, NULL};

	snprintf(number, sizeof(number), "%lld", (long long)job_id);
	return ask_for_job(argv, timeout_ms, out_answer, err);
}

int rlg_ask_submission(const struct rlg_ask_submission *submission, int timeout_ms, struct rlg_record *out_answer,
		       struct rlg_err *err)
{
	char uid[32], from[32], to[32];
	const char *argv[] = {PROGRAM, uid, from, to, submission->job_name, NULL};

	snprintf(uid, sizeof(uid), "%lld", (long long)submission->uid);
	snprintf(from, sizeof(from), "%lld", (long long)(submission->from_us / RLG_SECOND_US));
	snprintf(to, sizeof(to), "%lld", (long long)(submission->to_us / RLG_SECOND_US));
	return ask_for_job(argv, timeout_ms, out_answer, err);
}

int rlg_ask_cluster(int timeout_ms, char out_name[RLG_CLUSTER_MAX], struct rlg_err *err)
{
	const char *argv[] = {PROGRAM, "--cluster", NULL};
	char answer[RLG_CLUSTER_MAX] = "";
	int code = ask(argv, timeout_ms, answer, sizeof(answer), err);

	if (code != 0)
		return code;
	rlg_first_line(answer);
	if (answer[0] == '\0')
		return rlg_fail(err, -EIO, "slurmctld did not tell its cluster's name");
	memcpy(out_name, answer, sizeof(answer));
	return 0;
}
