/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What looks like an error at the end of a log: see log_tail.h. */
#include "tool/follow/log_tail.h"

#include "lib/text.h"
#include "tool/base/inside.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* How much a line tells of why something failed. */
enum rank { RANK_NONE, RANK_THAT, RANK_WHY };

/* Which characters may follow what was found. */
enum follows {
	ANYTHING,
	NO_VALUE, /* `error: 0.05` and `Errors=3` are results */
};

/* The first row that fits counts. */
static const struct {
	const char *part;
	bool any_case, at_start;
	enum follows then;
	enum rank rank;
} signs[] = {
	{"srun: error:", false, true, ANYTHING, RANK_THAT},
	{"srun: Job step aborted", false, true, ANYTHING, RANK_THAT},
	{"Traceback (most recent call last)", false, false, ANYTHING, RANK_THAT},
	{"During handling of the above exception", false, false, ANYTHING, RANK_THAT},
	{"out of memory", true, false, ANYTHING, RANK_WHY},
	{"oom-kill", true, false, ANYTHING, RANK_WHY},
	{"oom_kill", true, false, ANYTHING, RANK_WHY},
	{"CUDA error", true, false, ANYTHING, RANK_WHY},
	{"segmentation fault", true, false, ANYTHING, RANK_WHY},
	{"bus error", true, false, ANYTHING, RANK_WHY},
	{"core dumped", false, false, ANYTHING, RANK_WHY},
	{"illegal instruction", true, false, ANYTHING, RANK_WHY},
	{"floating point exception", true, false, ANYTHING, RANK_WHY},
	{"no space left on device", true, false, ANYTHING, RANK_WHY},
	{"quota exceeded", true, false, ANYTHING, RANK_WHY},
	{"permission denied", true, false, ANYTHING, RANK_WHY},
	{"command not found", true, false, ANYTHING, RANK_WHY},
	{"no such file or directory", true, false, ANYTHING, RANK_WHY},
	{"DUE TO TIME LIMIT", false, false, ANYTHING, RANK_WHY},
	{"CANCELLED", false, false, ANYTHING, RANK_WHY},
	{"assertion", true, false, ANYTHING, RANK_WHY},
	{"error:", true, false, NO_VALUE, RANK_WHY},
	{"fatal:", true, false, NO_VALUE, RANK_WHY},
	{"panic:", true, false, NO_VALUE, RANK_WHY},
	{"Error", false, false, NO_VALUE, RANK_WHY},
	{"Exception", false, false, NO_VALUE, RANK_WHY},
	{"ERROR", false, false, NO_VALUE, RANK_WHY},
	{"FATAL", false, false, NO_VALUE, RANK_WHY},
	{"FAILED", false, false, NO_VALUE, RANK_WHY},
	{"killed", true, false, NO_VALUE, RANK_WHY},
	{"Aborted", false, false, NO_VALUE, RANK_WHY},
};

/* Is what follows a number, as in "error: 0.05", "Errors = 3" or "FAILED: 0"?  `KeyError: 3` is one of Python's all the same. */
static bool is_value(const char *line, const char *found, size_t length)
{
	const char *behind = found + length;

	if (found > line && isalpha((unsigned char)found[-1]))
		return false;
	while (islower((unsigned char)*behind))
		behind++;
	behind += strspn(behind, " \t:=");
	behind += *behind == '-' || *behind == '+';
	return isdigit((unsigned char)*behind) || (*behind == '.' && isdigit((unsigned char)behind[1]));
}

static const char *find(const char *line, size_t at)
{
	if (signs[at].at_start)
		return strncmp(line, signs[at].part, strlen(signs[at].part)) == 0 ? line : NULL;
	return signs[at].any_case ? strcasestr(line, signs[at].part) : strstr(line, signs[at].part);
}

static enum rank rank_of(const char *line)
{
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		const char *found = find(line, i);

		if (found != NULL && (signs[i].then == ANYTHING || !is_value(line, found, strlen(signs[i].part))))
			return signs[i].rank;
	}
	return RANK_NONE;
}

/* The end of a regular file; "" where there is none.  A line whose beginning is cut off is left out, unless it is all there is. */
static char *read_tail(struct rlg_arena *arena, const char *path, size_t *out_length)
{
	char *text = rlg_arena_alloc(arena, RLG_LOG_TAIL_BYTES + 1);
	struct stat file;
	int fd = rlg_regular_open(path, &file);
	size_t length = 0;
	ssize_t got = -1;

	*out_length = 0;
	if (fd < 0)
		return text;
	off_t skip = file.st_size > (off_t)RLG_LOG_TAIL_BYTES ? file.st_size - (off_t)RLG_LOG_TAIL_BYTES : 0;
	while (length < RLG_LOG_TAIL_BYTES &&
	       ((got = pread(fd, text + length, RLG_LOG_TAIL_BYTES - length, skip + (off_t)length)) > 0 ||
		(got < 0 && errno == EINTR)))
		length += got > 0 ? (size_t)got : 0;
	char *newline = skip > 0 && length > 0 ? memchr(text, '\n', length - 1) : NULL;
	char *begin = newline != NULL ? newline + 1 : text;
	close(fd);
	*out_length = length - (size_t)(begin - text);
	return begin;
}

/* Behind an escape sequence that sets colours or moves the cursor ("\x1b[31m"); `at` itself if there is none. */
static const char *behind_escape(const char *at, const char *end)
{
	const char *next = at + 2;

	if (end - at < 3 || at[0] != '\x1b' || at[1] != '[')
		return at;
	while (next < end && *next >= 0x20 && *next <= 0x3f)
		next++;
	return next < end ? next + 1 : next;
}

/* Copies a line without its escape sequences and outer blanks; cut to what one still reads. */
static const char *clean(struct rlg_arena *arena, const char *from, const char *end)
{
	char *line = rlg_arena_alloc(arena, (size_t)(end - from) + 4);
	size_t length = 0, cut = 0;

	while (from < end && isspace((unsigned char)*from))
		from++;
	while (from < end) {
		const char *next = behind_escape(from, end);

		if (next == from)
			line[length++] = *from++;
		else
			from = next;
	}
	while (length > 0 && isspace((unsigned char)line[length - 1]))
		length--;
	line[length] = '\0';
	if (length <= RLG_LOG_TAIL_LINE_MAX)
		return line;
	while (cut < RLG_LOG_TAIL_LINE_MAX) {
		size_t step = rlg_utf8_length(line + cut, length - cut);
		cut += step > 0 ? step : 1;
	}
	strcpy(line + cut, "...");
	return line;
}

struct picked {
	const char **lines;
	size_t n, most;
	enum rank rank; /* of all of them */
};

/* Keeps the last ones of the best rank; a text that is there already moves to the end. */
static void pick(struct picked *picked, const char *line)
{
	enum rank rank = rank_of(line);
	size_t drop = picked->n;

	if (rank == RANK_NONE || rank < picked->rank)
		return;
	if (rank > picked->rank)
		picked->n = drop = 0;
	picked->rank = rank;
	for (size_t i = 0; i < picked->n; i++)
		if (strcmp(picked->lines[i], line) == 0)
			drop = i;
	if (drop == picked->n && picked->n == picked->most)
		drop = 0;
	if (drop < picked->n) {
		memmove(picked->lines + drop, picked->lines + drop + 1, (picked->n - drop - 1) * sizeof(picked->lines[0]));
		picked->n--;
	}
	picked->lines[picked->n++] = line;
}

/* A progress bar begins its line anew by a carriage return. */
static const char *end_of_line(const char *at, const char *end)
{
	while (at < end && *at != '\n' && *at != '\r' && *at != '\0')
		at++;
	return at;
}

size_t rlg_log_tail_errors(struct rlg_arena *arena, const char *path, size_t most, const char *const **out_lines)
{
	struct picked picked = {.lines = rlg_arena_alloc(arena, (most + 1) * sizeof(const char *)), .most = most};
	size_t length;

	*out_lines = picked.lines;
	if (path == NULL || path[0] != '/' || most == 0)
		return 0;
	const char *at = read_tail(arena, path, &length), *end = at + length;
	while (at < end) {
		const char *line_end = end_of_line(at, end);
		if (line_end > at)
			pick(&picked, clean(arena, at, line_end));
		at = line_end + 1;
	}
	return picked.n;
}
