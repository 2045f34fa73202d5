/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a submission says about itself: see client_line.h. */
#include "tool/record/client_line.h"

#include "tool/base/atomic_file.h"
#include "tool/base/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A script is a page; of a larger one only the beginning can hold #SBATCH lines. */
#define SCRIPT_MAX ((size_t)64 << 20)
#define COMMAND_LINE_MAX ((size_t)2 << 20)

/* The options that we want, with the shortest abbreviation that getopt_long takes for them. */
enum wanted { WANT_JOB_NAME, WANT_CHDIR, WANT_ARRAY, WANT_TEST_ONLY, WANT_WRAP, WANT_EXPORT, WANT_TIME, WANT_COUNT };

static const struct {
	const char *name;
	size_t least; /* letters of the shortest abbreviation */
	char letter;
	const char *variable; /* sbatch's */
} wanted[WANT_COUNT] = {
	[WANT_JOB_NAME] = {"job-name", 4, 'J', "SBATCH_JOB_NAME"},
	[WANT_CHDIR] = {"chdir", 3, 'D', NULL},
	[WANT_ARRAY] = {"array", 2, 'a', "SBATCH_ARRAY_INX"},
	[WANT_TEST_ONLY] = {"test-only", 2, '\0', NULL},
	[WANT_WRAP] = {"wrap", 2, '\0', NULL},
	[WANT_EXPORT] = {"export", 3, '\0', NULL},
	[WANT_TIME] = {"time", 4, 't', "SBATCH_TIMELIMIT"},
};

/*
 * Options without a value of their own (a value may follow behind "=").  Every other one takes the next word, so a
 * flag that is missing here could hide the script's name; no more than that.
 */
static const char *const flags[] = {
	"async",	"bell",		  "contiguous",		       "disable-status",  "disable-stdout-job-summary",
	"exact",	"exclusive",	  "external",		       "get-user-env",	  "help",
	"hold",		"ignore-pbs",	  "immediate",		       "interactive",	  "kill-command",
	"label",	"multi-prog",	  "nice",		       "no-allocate",	  "no-bell",
	"no-kill",	"no-requeue",	  "no-shell",		       "overcommit",	  "overlap",
	"oversubscribe", "parsable",	  "preserve-env",	       "propagate",	  "pty",
	"quiet",	"quit-on-interrupt", "reboot",		       "requeue",	  "resv-ports",
	"share",	"spread-job",	  "test-only",		       "unbuffered",	  "usage",
	"use-min-nodes", "verbose",	  "version",		       "wait-for-switch", "x11",
	"kill-on-bad-exit",
};

/* Letters without a value; -W waits in sbatch, and takes seconds in the others. */
#define LETTER_FLAGS "hHIkKOQsvVElXZu"

struct reading {
	struct rlg_arena *arena;
	const char *values[WANT_COUNT];
	const char *script;
	bool is_sbatch;
};

static bool is_flag(const struct reading *reading, const char *name, size_t length)
{
	if (reading->is_sbatch && length == 4 && strncmp(name, "wait", 4) == 0)
		return true;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (strncmp(flags[i], name, length) == 0 && (flags[i][length] == '\0' || length >= 5))
			return true;
	return false;
}

static enum wanted wanted_by_name(const char *name, size_t length)
{
	for (int i = 0; i < WANT_COUNT; i++)
		if (length >= wanted[i].least && length <= strlen(wanted[i].name) &&
		    strncmp(wanted[i].name, name, length) == 0)
			return (enum wanted)i;
	return WANT_COUNT;
}

static enum wanted wanted_by_letter(char letter)
{
	for (int i = 0; i < WANT_COUNT; i++)
		if (wanted[i].letter == letter && letter != '\0')
			return (enum wanted)i;
	return WANT_COUNT;
}

/* Earlier sources win, but within a source the last word does, as with getopt. */
static void take(struct reading *reading, enum wanted which, const char *value)
{
	if (which != WANT_COUNT)
		reading->values[which] = value == NULL ? "" : value;
}

/* "--name=value", "--name value" or "--flag".  Returns how many words it was. */
static size_t read_long(struct reading *reading, char *const *words, size_t count)
{
	const char *name = words[0] + 2;
	size_t length = strcspn(name, "=");
	enum wanted which = wanted_by_name(name, length);

	if (name[length] == '=') {
		take(reading, which, name + length + 1);
		return 1;
	}
	if (is_flag(reading, name, length)) {
		take(reading, which, NULL);
		return 1;
	}
	take(reading, which, count > 1 ? words[1] : NULL);
	return 2;
}

/* "-Jname", "-J name", "-vvH": letters until one takes a value. */
static size_t read_letters(struct reading *reading, char *const *words, size_t count)
{
	for (const char *at = words[0] + 1; *at != '\0'; at++) {
		if (strchr(LETTER_FLAGS, *at) != NULL || (*at == 'W' && reading->is_sbatch)) {
			/* -I and -k may carry a value right behind them. */
			if ((*at == 'I' || *at == 'k' || *at == 'K') && at[1] != '\0')
				return 1;
			continue;
		}
		take(reading, wanted_by_letter(*at), at[1] != '\0' ? at + 1 : count > 1 ? words[1] : NULL);
		return at[1] != '\0' ? 1 : 2;
	}
	return 1;
}

/* Options up to the first word that is none; returns how many words they were. */
static size_t read_options(struct reading *reading, char *const *words, size_t count)
{
	size_t at = 0;

	while (at < count && words[at][0] == '-' && words[at][1] != '\0') {
		if (strcmp(words[at], "--") == 0)
			return at + 1;
		at += words[at][1] == '-' ? read_long(reading, words + at, count - at)
					  : read_letters(reading, words + at, count - at);
	}
	return at < count ? at : count;
}

static char *next_word(char **at)
{
	char quote = '\0', *from, *to, *word;

	*at += strspn(*at, " \t\r");
	if (**at == '\0' || **at == '#')
		return NULL;
	word = from = to = *at;
	for (; *from != '\0' && (quote != '\0' || strchr(" \t\r", *from) == NULL); from++) {
		if (quote == '\0' && (*from == '"' || *from == '\''))
			quote = *from;
		else if (*from == quote)
			quote = '\0';
		else
			*to++ = *from;
	}
	*at = *from == '\0' ? from : from + 1;
	*to = '\0';
	return word;
}

/* What a #SBATCH line says, where nothing before it did. */
static void read_script_line(struct reading *reading, char *line)
{
	struct reading said = {.arena = reading->arena, .is_sbatch = true};
	char *words[64], *word;
	size_t count = 0;

	while (count < sizeof(words) / sizeof(words[0]) && (word = next_word(&line)) != NULL)
		words[count++] = word;
	read_options(&said, words, count);
	for (int i = 0; i < WANT_COUNT; i++)
		if (reading->values[i] == NULL)
			reading->values[i] = said.values[i];
}

/* sbatch reads them until the first line that is neither blank nor a comment. */
static void read_script(struct reading *reading, const char *folder)
{
	const char *path = reading->script[0] == '/'
				   ? reading->script
				   : rlg_arena_printf(reading->arena, "%s/%s", folder, reading->script);
	char *text;

	if (rlg_file_read(reading->arena, path, SCRIPT_MAX, &text, NULL, NULL, NULL) != 0 || text == NULL)
		return;
	for (char *line = text, *next; line != NULL; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		if (strncmp(line, "#SBATCH", 7) == 0)
			read_script_line(reading, line + 7);
		else if (line[strspn(line, " \t\r")] != '\0' && line[0] != '#')
			return;
	}
}

static void read_environment(struct reading *reading, const char *(*look_up)(const char *name))
{
	for (int i = 0; i < WANT_COUNT; i++)
		if (reading->values[i] == NULL && wanted[i].variable != NULL)
			reading->values[i] = look_up(wanted[i].variable);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* The names of exported variables say enough; their values may be somebody's keys. */
static void add_exported(struct rlg_bytes *command, const char *list)
{
	while (*list != '\0') {
		size_t name = strcspn(list, "=,"), whole = strcspn(list, ",");
		rlg_bytes_add_n(command, list, name);
		rlg_bytes_add(command, name < whole ? "=..." : "");
		list += whole;
		if (*list == ',')
			rlg_bytes_add_n(command, list++, 1);
	}
}

/* The list behind "--export" or an abbreviation of it; NULL: this word is none, or the next one is the list. */
static const char *exported_list(const char *word, bool *out_next)
{
	size_t length = strncmp(word, "--", 2) == 0 ? strcspn(word + 2, "=") : 0;
	bool is_export = length > 0 && wanted_by_name(word + 2, length) == WANT_EXPORT;

	*out_next = is_export && word[2 + length] == '\0';
	return is_export && word[2 + length] == '=' ? word + 2 + length + 1 : NULL;
}

static const char *join(struct rlg_arena *arena, char *const *argv, size_t argc)
{
	struct rlg_bytes command;
	bool is_list = false;

	rlg_bytes_init(&command, arena);
	for (size_t i = 0; i < argc; i++) {
		const char *word = i == 0 ? base_name(argv[0]) : argv[i];
		bool next;
		const char *list = exported_list(word, &next);
		rlg_bytes_add(&command, i > 0 ? " " : "");
		rlg_bytes_add_n(&command, word, is_list ? 0 : list != NULL ? (size_t)(list - word) : strlen(word));
		if (is_list || list != NULL)
			add_exported(&command, is_list ? word : list);
		is_list = next && !is_list;
	}
	return command.data;
}

/* "3:04:05": how many parts, at most three; 0 for anything else. */
static int read_colons(const char *at, long long parts[3])
{
	for (int count = 0; count < 3; count++) {
		int used;
		if (sscanf(at, "%9lld%n", &parts[count], &used) != 1 || *at < '0' || *at > '9')
			return 0;
		at += used;
		if (*at == '\0')
			return count + 1;
		if (*at++ != ':')
			return 0;
	}
	return 0;
}

int64_t rlg_time_limit_s(const char *words)
{
	/* Alone the first part is minutes, of two the last is seconds; behind days the first is hours. */
	static const int units[2][3][3] = {{{60, 0, 0}, {60, 1, 0}, {3600, 60, 1}}, {{3600, 0, 0}, {3600, 60, 0}, {3600, 60, 1}}};
	long long parts[3] = {0, 0, 0}, days = 0;
	const char *dash = words == NULL ? NULL : strchr(words, '-');

	if (words == NULL || words[0] < '0' || words[0] > '9' || (dash != NULL && sscanf(words, "%9lld-", &days) != 1))
		return -1;
	int count = read_colons(dash == NULL ? words : dash + 1, parts);
	if (count == 0)
		return -1;
	const int *unit = units[dash != NULL][count - 1];
	int64_t total = days * 86400 + parts[0] * unit[0] + parts[1] * unit[1] + parts[2] * unit[2];
	return total > 0 ? total : -1;
}

static const char *default_job_name(const struct reading *reading, const char *program)
{
	if (reading->script != NULL)
		return base_name(reading->script);
	return reading->values[WANT_WRAP] != NULL ? "wrap" : program;
}

void rlg_client_line_read(struct rlg_arena *arena, char *const *argv, size_t argc,
			  const char *(*look_up)(const char *name), const char *folder,
			  struct rlg_client_line *out_line)
{
	const char *program = argc > 0 ? base_name(argv[0]) : "sbatch";
	struct reading reading = {.arena = arena, .is_sbatch = strcmp(program, "sbatch") == 0};
	size_t options = argc > 0 ? 1 + read_options(&reading, argv + 1, argc - 1) : 0;

	if (options < argc && reading.values[WANT_WRAP] == NULL && strcmp(argv[options], "-") != 0)
		reading.script = argv[options];
	if (reading.is_sbatch)
		read_environment(&reading, look_up);
	if (reading.is_sbatch && reading.script != NULL && folder != NULL)
		read_script(&reading, folder);
	const char *job_name = reading.values[WANT_JOB_NAME];
	*out_line = (struct rlg_client_line){
		.program = program,
		.script = reading.is_sbatch ? reading.script : NULL,
		.script_on_stdin = argc > 0 && reading.is_sbatch && reading.script == NULL && reading.values[WANT_WRAP] == NULL,
		.job_name = job_name != NULL && job_name[0] != '\0' ? job_name : default_job_name(&reading, program),
		.chdir = reading.values[WANT_CHDIR],
		.array = reading.values[WANT_ARRAY],
		.time_limit_s = rlg_time_limit_s(reading.values[WANT_TIME]),
		.test_only = reading.values[WANT_TEST_ONLY] != NULL,
		.command = join(arena, argv, argc),
	};
}

ssize_t rlg_client_argv(struct rlg_arena *arena, pid_t pid, char ***out_argv)
{
	char path[64], *text = rlg_arena_alloc(arena, COMMAND_LINE_MAX);
	size_t length = 0, count = 0;
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%ld/cmdline", (long)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((got = read(fd, text + length, COMMAND_LINE_MAX - 1 - length)) > 0)
		length += (size_t)got;
	close(fd);
	for (size_t i = 0; i < length; i++)
		count += text[i] == '\0';
	char **argv = rlg_arena_alloc(arena, (count + 1) * sizeof(*argv));
	for (size_t i = 0, at = 0; i < count; i++, at += strlen(text + at) + 1)
		argv[i] = text + at;
	*out_argv = argv;
	return (ssize_t)count;
}

/* One part: "7", "0-15" or "0-15:4".  False for anything else. */
static bool read_range(const char *at, char **out_end, long range[3])
{
	range[0] = range[1] = strtol(at, out_end, 10);
	range[2] = 1;
	if (*out_end == at || range[0] < 0)
		return false;
	if (**out_end == '-') {
		at = *out_end + 1;
		range[1] = strtol(at, out_end, 10);
		if (*out_end == at)
			return false;
	}
	if (**out_end == ':') {
		at = *out_end + 1;
		range[2] = strtol(at, out_end, 10);
	}
	return range[1] >= range[0] && range[2] >= 1 && strchr(",%", **out_end) != NULL;
}

/* Calls `each`, if there is one, for the tasks; returns how many there are, or 0 for what is no list of tasks. */
static size_t read_tasks(const char *array, size_t most, void (*each)(void *context, long task), void *context)
{
	size_t count = 0;
	char *end;

	for (const char *at = array;; at = end + 1) {
		long range[3];
		if (!read_range(at, &end, range))
			return 0;
		for (long task = range[0]; count < most; task += range[2]) {
			if (each != NULL)
				each(context, task);
			count++;
			if (task > range[1] - range[2]) /* the next would be past the end, or past what fits */
				break;
		}
		if (*end != ',')
			return count;
	}
}

size_t rlg_array_tasks(const char *array, size_t most, void (*each)(void *context, long task), void *context)
{
	/* Once to see whether it is a list at all. */
	if (read_tasks(array, most, NULL, NULL) == 0)
		return 0;
	return read_tasks(array, most, each, context);
}
