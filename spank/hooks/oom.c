/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Did this step run out of memory on this node?  See oom.h. */
#include "spank/hooks/oom.h"

#include "lib/layout.h"
#include "lib/text.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOUNT "/sys/fs/cgroup"

/* A dozen hierarchies of version 1, a path each. */
#define SELF_MAX 16384

/* memory.events has seven short lines, memory.oom_control three. */
#define COUNTERS_MAX 1024

/* More tasks of one node than this are not looked at one by one: that is a millisecond of slurmstepd's time. */
#define TASKS_MOST 256

/* Is `word` one of "cpu,memory"? */
static bool names_controller(const char *list, size_t length, const char *word)
{
	const char *end = list + length;

	while (list < end) {
		const char *comma = memchr(list, ',', (size_t)(end - list));
		const char *stop = comma == NULL ? end : comma;
		if ((size_t)(stop - list) == strlen(word) && memcmp(list, word, strlen(word)) == 0)
			return true;
		list = stop + 1;
	}
	return false;
}

/* ".../job_7/step_0/task_1" up to and with the step; 0: no step's. */
static size_t steps_part(const char *path)
{
	const char *job = strstr(path, "/job_"), *step = job == NULL ? NULL : strstr(job, "/step_");

	return step == NULL ? 0 : (size_t)(step - path) + 1 + strcspn(step + 1, "/");
}

bool rlg_oom_folder(const char *root, const char *line, char *out_path, size_t size, int *out_version)
{
	const char *controllers = strchr(line, ':');
	const char *path = controllers == NULL ? NULL : strchr(controllers + 1, ':');
	struct rlg_text text;

	if (path == NULL || steps_part(path + 1) == 0)
		return false;
	controllers++;
	size_t length = (size_t)(path - controllers);
	if (length > 0 && !names_controller(controllers, length, "memory"))
		return false;
	rlg_text_init(&text, out_path, size);
	rlg_text_add(&text, root);
	rlg_text_add(&text, MOUNT);
	if (length > 0) {
		rlg_text_add(&text, "/");
		rlg_text_add_bytes(&text, controllers, length);
	}
	rlg_text_add_bytes(&text, path + 1, steps_part(path + 1));
	*out_version = length > 0 ? 1 : 2;
	return !text.full;
}

int64_t rlg_oom_kills(const char *text)
{
	static const char key[] = "oom_kill ";

	for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
		line += line[0] == '\n';
		if (strncmp(line, key, sizeof(key) - 1) != 0)
			continue;
		const char *number = line + sizeof(key) - 1;
		return number[0] >= '0' && number[0] <= '9' ? strtoll(number, NULL, 10) : -1;
	}
	return -1;
}

/* The beginning of a file of the kernel's; false: it is not there. */
static bool read_beginning(const char *path, char *out_text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t length = fd < 0 ? -1 : read(fd, out_text, size - 1);

	if (fd >= 0)
		close(fd);
	out_text[length > 0 ? length : 0] = '\0';
	return length > 0;
}

/* Adds to `known` what one file says. */
static enum rlg_oom look_at(const char *folder, const char *file, enum rlg_oom known)
{
	char path[RLG_PATH_MAX], counters[COUNTERS_MAX];
	struct rlg_text text;

	rlg_text_init(&text, path, sizeof(path));
	rlg_text_add(&text, folder);
	rlg_text_add(&text, file);
	if (known == RLG_OOM_YES || text.full || !read_beginning(path, counters, sizeof(counters)))
		return known;
	int64_t kills = rlg_oom_kills(counters);
	return kills > 0 ? RLG_OOM_YES : kills == 0 ? RLG_OOM_NO : known;
}

static enum rlg_oom look_at_task(const char *folder, uint32_t task, enum rlg_oom known)
{
	char file[64];
	struct rlg_text text;

	rlg_text_init(&text, file, sizeof(file));
	rlg_text_addf(&text, "/task_%u/memory.oom_control", task);
	return look_at(folder, file, known);
}

/* Slurm numbers these cgroups by the task's place on its node, or by its rank; which it is differs between versions. */
static enum rlg_oom look_at_version_1(const char *folder, uint32_t n_tasks, uint32_t task)
{
	enum rlg_oom known = look_at(folder, "/memory.oom_control", RLG_OOM_UNKNOWN);

	known = look_at_task(folder, task, known);
	for (uint32_t i = 0; i < n_tasks && i < TASKS_MOST && known != RLG_OOM_YES; i++)
		known = look_at_task(folder, i, known);
	return known;
}

enum rlg_oom rlg_oom_look(const char *root, uint32_t n_tasks, uint32_t task)
{
	static char lines[SELF_MAX], path[RLG_PATH_MAX];
	enum rlg_oom known = RLG_OOM_UNKNOWN;
	struct rlg_text text;
	int version;

	rlg_text_init(&text, path, sizeof(path));
	rlg_text_add(&text, root);
	rlg_text_add(&text, "/proc/self/cgroup");
	if (text.full || !read_beginning(path, lines, sizeof(lines)))
		return RLG_OOM_UNKNOWN;
	for (char *line = lines, *next; line != NULL && known == RLG_OOM_UNKNOWN; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		if (rlg_oom_folder(root, line, path, sizeof(path), &version))
			known = version == 1 ? look_at_version_1(path, n_tasks, task)
					     : look_at(path, "/memory.events", RLG_OOM_UNKNOWN);
	}
	return known;
}
