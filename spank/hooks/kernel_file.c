/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the small files that the kernel makes up: see kernel_file.h. */
#include "spank/hooks/kernel_file.h"

#include "lib/layout.h"
#include "lib/text.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

bool rlg_kernel_read(const char *path, char *out_text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t length = fd < 0 ? -1 : read(fd, out_text, size - 1);

	if (fd >= 0)
		close(fd);
	out_text[length > 0 ? length : 0] = '\0';
	return length > 0;
}

bool rlg_kernel_read_in(const char *folder, const char *file, char *out_text, size_t size)
{
	char path[RLG_PATH_MAX];
	struct rlg_text text;

	rlg_text_init(&text, path, sizeof(path));
	rlg_text_add(&text, folder);
	rlg_text_add(&text, file);
	out_text[0] = '\0';
	return !text.full && rlg_kernel_read(path, out_text, size);
}

/* What does not fit is no counter of the kernel's. */
static int64_t number_at(const char *words)
{
	int64_t number = 0;

	if (*words < '0' || *words > '9')
		return -1;
	for (; *words >= '0' && *words <= '9'; words++)
		if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, *words - '0', &number))
			return -1;
	return number;
}

int64_t rlg_kernel_number(const char *text, const char *key)
{
	size_t length = strlen(key);

	if (length == 0)
		return number_at(text);
	for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
		line += line[0] == '\n';
		if (strncmp(line, key, length) == 0 && line[length] == ' ')
			return number_at(line + length + 1);
	}
	return -1;
}

static size_t part(const char *path, const char *from, const char *mark)
{
	const char *found = from == NULL ? NULL : strstr(from, mark);

	return found == NULL ? 0 : (size_t)(found - path) + 1 + strcspn(found + 1, "/");
}

size_t rlg_kernel_jobs_part(const char *path)
{
	return part(path, path, "/job_");
}

size_t rlg_kernel_steps_part(const char *path)
{
	return part(path, strstr(path, "/job_"), "/step_");
}
