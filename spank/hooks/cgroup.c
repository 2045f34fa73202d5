/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leaving a job's cgroups: see cgroup.h. */
#include "spank/hooks/cgroup.h"

#include "lib/layout.h"
#include "lib/text.h"
#include "spank/hooks/kernel_file.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MOUNT "/sys/fs/cgroup"
#define PROCS "/cgroup.procs"

/* Up to Slurm's own part: version 1 has .../uid_N/job_N/..., version 2 .../job_N/...  0: no job's. */
static size_t slurms_part(const char *path)
{
	const char *job = strstr(path, "/job_"), *user = strstr(path, "/uid_");

	if (job == NULL)
		return 0;
	return (size_t)((user != NULL && user < job ? user : job) - path);
}

static void add_version_1(struct rlg_text *text, const char *controllers, size_t length, const char *path, size_t base)
{
	static const char named[] = "name=";
	size_t skip = strncmp(controllers, named, sizeof(named) - 1) == 0 ? sizeof(named) - 1 : 0;

	rlg_text_add(text, MOUNT "/");
	rlg_text_add_bytes(text, controllers + skip, length - skip);
	rlg_text_add_bytes(text, path, base);
	rlg_text_add(text, PROCS);
}

/* A cgroup of version 2 with children holds no processes: Slurm keeps its own in `system`; the root may hold any. */
static void add_version_2(struct rlg_text *text, int choice, const char *path, size_t base)
{
	rlg_text_add(text, MOUNT);
	if (choice == 0) {
		rlg_text_add_bytes(text, path, base);
		rlg_text_add(text, "/system");
	}
	rlg_text_add(text, PROCS);
}

/* "4:freezer:/slurm_n1/uid_1/job_1", or in version 2 "0::/system.slice/slurmstepd.scope/job_1/step_batch/slurm". */
bool rlg_cgroup_target(const char *line, int choice, char *out_path, size_t size)
{
	const char *controllers = strchr(line, ':');
	const char *path = controllers == NULL ? NULL : strchr(controllers + 1, ':');
	struct rlg_text text;

	if (path == NULL || slurms_part(path + 1) == 0)
		return false;
	controllers++;
	size_t length = (size_t)(path - controllers);
	path++;
	rlg_text_init(&text, out_path, size);
	if (length == 0)
		add_version_2(&text, choice, path, slurms_part(path));
	else
		add_version_1(&text, controllers, length, path, slurms_part(path));
	return !text.full && choice < (length == 0 ? 2 : 1);
}

/* "0" is whoever writes it. */
static bool move_to(const char *procs)
{
	int fd = open(procs, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	bool moved = write(fd, "0", 1) == 1;
	close(fd);
	return moved;
}

static void leave(const char *line)
{
	char procs[RLG_PATH_MAX];

	for (int choice = 0; rlg_cgroup_target(line, choice, procs, sizeof(procs)); choice++)
		if (move_to(procs))
			return;
}

void rlg_cgroup_leave_job(void)
{
	char lines[RLG_SELF_CGROUP_MAX];

	if (!rlg_kernel_read("/proc/self/cgroup", lines, sizeof(lines)))
		return;
	for (char *line = lines, *next; line != NULL; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		leave(line);
	}
}
