/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Did this step run out of memory on this node?  See oom.h. */
#include "spank/hooks/oom.h"

#include "lib/layout.h"
#include "lib/text.h"
#include "spank/hooks/kernel_file.h"

#include <string.h>

#define MOUNT "/sys/fs/cgroup"

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

bool rlg_oom_folder(const char *root, const char *line, char *out_path, size_t size, int *out_version)
{
	const char *controllers = strchr(line, ':');
	const char *path = controllers == NULL ? NULL : strchr(controllers + 1, ':');
	struct rlg_text text;

	if (path == NULL || rlg_kernel_steps_part(path + 1) == 0)
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
	rlg_text_add_bytes(&text, path + 1, rlg_kernel_steps_part(path + 1));
	*out_version = length > 0 ? 1 : 2;
	return !text.full;
}

int64_t rlg_oom_kills(const char *text)
{
	return rlg_kernel_number(text, "oom_kill");
}

/* Adds to `known` what one file says. */
static enum rlg_oom look_at(const char *folder, const char *file, enum rlg_oom known)
{
	char counters[COUNTERS_MAX];

	if (known == RLG_OOM_YES || !rlg_kernel_read_in(folder, file, counters, sizeof(counters)))
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
	static char lines[RLG_SELF_CGROUP_MAX], path[RLG_PATH_MAX];
	enum rlg_oom known = RLG_OOM_UNKNOWN;
	int version;

	if (!rlg_kernel_read_in(root, "/proc/self/cgroup", lines, sizeof(lines)))
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
