/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Just as much of Slurm's files as we need: see slurm_files.h. */
#include "tool/doctor/slurm_files.h"

#include "tool/base/atomic_file.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define FILE_MAX_BYTES ((size_t)4 << 20)

/* A file that includes itself. */
#define MOST_DEPTH 8

static const char blanks[] = " \t\r";

typedef void line_fn(void *context, const char *file, int number, char *line);

static char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, blanks);
	size_t length = strcspn(word, blanks);

	*rest = word + length;
	if (**rest != '\0')
		*(*rest)++ = '\0';
	return word;
}

struct reading {
	struct rlg_arena *arena;
	line_fn *each;
	void *context;
};

static int read_file(const struct reading *reading, const char *path, int depth);

/* A path is relative to the file in which it stands. */
static const char *beside(struct rlg_arena *arena, const char *file, const char *path)
{
	const char *slash = strrchr(file, '/');

	if (path[0] == '/' || slash == NULL)
		return path;
	return rlg_arena_printf(arena, "%.*s/%s", (int)(slash - file), file, path);
}

static void read_included(const struct reading *reading, const char *file, const char *pattern, int depth)
{
	glob_t found;

	if (glob(beside(reading->arena, file, pattern), 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			read_file(reading, found.gl_pathv[i], depth + 1);
		globfree(&found);
	}
}

static void read_line(const struct reading *reading, const char *file, int number, char *line, int depth)
{
	line[strcspn(line, "#")] = '\0';
	line += strspn(line, blanks);
	if (strncasecmp(line, "include", 7) == 0 && strchr(blanks, line[7]) != NULL && line[7] != '\0') {
		char *rest = line + 7;
		read_included(reading, file, next_word(&rest), depth);
	} else if (line[0] != '\0') {
		reading->each(reading->context, file, number, line);
	}
}

static int read_file(const struct reading *reading, const char *path, int depth)
{
	char *text = NULL;
	int number = 0;

	if (depth > MOST_DEPTH)
		return -ELOOP;
	int code = rlg_file_read(reading->arena, path, FILE_MAX_BYTES, &text, NULL, NULL, NULL);
	if (code != 0 || text == NULL)
		return code != 0 ? code : -ENOENT;
	path = rlg_arena_strdup(reading->arena, path);
	for (char *line = text, *next; line != NULL; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		read_line(reading, path, ++number, line, depth);
	}
	return 0;
}

const char *rlg_slurm_conf_find(struct rlg_arena *arena, const char *given)
{
	static const char *const usual[] = {"/etc/slurm/slurm.conf", "/run/slurm/conf/slurm.conf", "/etc/slurm-llnl/slurm.conf",
					    "/usr/local/etc/slurm.conf"};

	if (given == NULL)
		given = getenv("SLURM_CONF");
	if (given != NULL && given[0] != '\0')
		return rlg_arena_strdup(arena, given);
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (access(usual[i], R_OK) == 0)
			return usual[i];
	return NULL;
}

struct wanted {
	struct rlg_arena *arena;
	const char *key, *value;
};

static void take_setting(void *context, const char *file, int number, char *line)
{
	struct wanted *wanted = context;
	size_t length = strlen(wanted->key);

	(void)file;
	(void)number;
	if (strncasecmp(line, wanted->key, length) != 0)
		return;
	line += length;
	line += strspn(line, blanks);
	if (*line++ != '=')
		return;
	line += strspn(line, " \t\"");
	wanted->value = rlg_arena_strndup(wanted->arena, line, strcspn(line, " \t\r\""));
}

const char *rlg_slurm_conf_value(struct rlg_arena *arena, const char *slurm_conf, const char *key)
{
	struct wanted wanted = {.arena = arena, .key = key};
	const struct reading reading = {.arena = arena, .each = take_setting, .context = &wanted};

	if (slurm_conf != NULL)
		read_file(&reading, slurm_conf, 0);
	return wanted.value;
}

const char *rlg_plugstack_path(struct rlg_arena *arena, const char *slurm_conf)
{
	const char *said = rlg_slurm_conf_value(arena, slurm_conf, "PlugStackConfig");

	return said != NULL ? said : beside(arena, slurm_conf, "plugstack.conf");
}

struct stack {
	struct rlg_arena *arena;
	rlg_plugstack_fn *tell;
	void *context;
};

static void take_plugin(void *context, const char *file, int number, char *rest)
{
	const struct stack *stack = context;
	const char *kind = next_word(&rest);
	struct rlg_plugstack_line line = {.file = file, .number = number, .required = strcasecmp(kind, "required") == 0};
	const char *arguments = " ", *word;

	if (!line.required && strcasecmp(kind, "optional") != 0)
		return;
	line.plugin = rlg_arena_strdup(stack->arena, next_word(&rest));
	while (*(word = next_word(&rest)) != '\0')
		arguments = rlg_arena_printf(stack->arena, "%s%s ", arguments, word);
	line.arguments = arguments;
	stack->tell(stack->context, &line);
}

int rlg_plugstack_each(struct rlg_arena *arena, const char *path, rlg_plugstack_fn *tell, void *context)
{
	struct stack stack = {.arena = arena, .tell = tell, .context = context};
	const struct reading reading = {.arena = arena, .each = take_plugin, .context = &stack};

	return read_file(&reading, path, 0);
}
