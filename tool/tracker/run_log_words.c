/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How run logs write names, paths and times: see run_log.h. */
#include "tool/tracker/run_log.h"

#include "lib/clock.h"
#include "tool/base/printable.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* A command line can be long; a run log is read by people. */
#define PLAIN_MAX 400

#define DATE_LENGTH 10 /* YYYY-MM-DD */

/* The site's language is not the file's. */
static const char *const days[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static const char *plain(struct rlg_arena *arena, const char *text, char backtick)
{
	struct rlg_bytes bytes;
	char shown[RLG_SHOWN_MAX];

	rlg_bytes_init(&bytes, arena);
	while (*text == ' ')
		text++;
	while (*text != '\0' && bytes.length < PLAIN_MAX) {
		rlg_printable_next(&text, false, shown);
		if (shown[0] == '`')
			shown[0] = backtick;
		rlg_bytes_add(&bytes, shown);
	}
	if (*text != '\0')
		rlg_bytes_add(&bytes, "...");
	while (bytes.length > 0 && bytes.data[bytes.length - 1] == ' ')
		bytes.data[--bytes.length] = '\0';
	return bytes.data;
}

const char *rlg_rl_plain(struct rlg_arena *arena, const char *text)
{
	return plain(arena, text, '`');
}

const char *rlg_rl_code(struct rlg_arena *arena, const char *text)
{
	return rlg_arena_printf(arena, "`%s`", plain(arena, text, '\''));
}

const char *rlg_rl_path(const struct rlg_rl_run *run, const char *path)
{
	size_t length = strlen(run->group_path);

	return strncmp(path, run->group_path, length) == 0 && path[length] == '/' ? path + length + 1 : path;
}

/* False: the moment is not known. */
static bool local(int64_t moment_us, struct tm *out_parts)
{
	time_t seconds = (time_t)(moment_us / RLG_SECOND_US);

	return moment_us > 0 && localtime_r(&seconds, out_parts) != NULL;
}

/* In the longest of the forms below, of which the others are parts: 2026-03-11 15:00:00 +0000 UTC */
#define MINUTE_LENGTH (DATE_LENGTH + 6)
#define SECOND_LENGTH (DATE_LENGTH + 9)
#define ZONE_AT (SECOND_LENGTH + 7)

static const char *whole(struct rlg_arena *arena, int64_t moment_us)
{
	struct tm parts;
	char text[128];

	if (!local(moment_us, &parts) || strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z %Z", &parts) == 0)
		return NULL;
	return rlg_arena_strdup(arena, text);
}

const char *rlg_rl_iso(struct rlg_arena *arena, int64_t moment_us)
{
	const char *text = whole(arena, moment_us);

	if (text == NULL)
		return NULL;
	const char *zone = text + SECOND_LENGTH + 1; /* +0130 */
	return rlg_arena_printf(arena, "%.*sT%.*s%.3s:%.2s", DATE_LENGTH, text, SECOND_LENGTH - DATE_LENGTH - 1,
				text + DATE_LENGTH + 1, zone, zone + 3);
}

const char *rlg_rl_minute(struct rlg_arena *arena, int64_t moment_us)
{
	const char *text = whole(arena, moment_us);

	return text != NULL ? rlg_arena_strndup(arena, text, MINUTE_LENGTH) : NULL;
}

const char *rlg_rl_minute_in_zone(struct rlg_arena *arena, int64_t moment_us)
{
	const char *text = whole(arena, moment_us);

	return text != NULL ? rlg_arena_printf(arena, "%.*s %s", MINUTE_LENGTH, text, text + ZONE_AT) : NULL;
}

const char *rlg_rl_date(struct rlg_arena *arena, int64_t moment_us)
{
	const char *text = whole(arena, moment_us);

	return text != NULL ? rlg_arena_strndup(arena, text, DATE_LENGTH) : NULL;
}

static const char *ordinal(int day)
{
	static const char *const ends[] = {"th", "st", "nd", "rd"};

	return (day >= 11 && day <= 13) || day % 10 > 3 ? ends[0] : ends[day % 10];
}

static const char *human_day(struct rlg_arena *arena, const struct tm *parts)
{
	return rlg_arena_printf(arena, "%s, %s %d%s", days[parts->tm_wday], months[parts->tm_mon], parts->tm_mday,
				ordinal(parts->tm_mday));
}

const char *rlg_rl_human(struct rlg_arena *arena, int64_t moment_us)
{
	struct tm parts;

	if (!local(moment_us, &parts))
		return NULL;
	return rlg_arena_printf(arena, "%s, %d", human_day(arena, &parts), parts.tm_year + 1900);
}

const char *rlg_rl_human_of_name(struct rlg_arena *arena, const char *name)
{
	struct tm parts = {.tm_hour = 12};
	int length = 0;

	if (sscanf(name, "%4d-%2d-%2d%n", &parts.tm_year, &parts.tm_mon, &parts.tm_mday, &length) != 3 ||
	    length != DATE_LENGTH)
		return NULL;
	struct tm asked = parts;
	parts.tm_year -= 1900;
	parts.tm_mon--;
	/* 2026-02-31 is no day: timegm() would make it one of March. */
	if (timegm(&parts) == (time_t)-1 || parts.tm_mday != asked.tm_mday || parts.tm_mon != asked.tm_mon - 1)
		return NULL;
	return human_day(arena, &parts);
}

size_t rlg_rl_date_prefix(const char *name)
{
	static const char form[] = "dddd-dd-dd";

	for (size_t i = 0; i < DATE_LENGTH; i++)
		if (form[i] == 'd' ? !isdigit((unsigned char)name[i]) : name[i] != form[i])
			return 0;
	return name[DATE_LENGTH] == '_' || name[DATE_LENGTH] == '-' ? DATE_LENGTH + 1 : 0;
}

const char *rlg_rl_runtime(struct rlg_arena *arena, int64_t duration_us)
{
	int64_t seconds = duration_us / RLG_SECOND_US;

	return rlg_arena_printf(arena, "%02" PRId64 ":%02" PRId64 ":%02" PRId64, seconds / 3600, seconds / 60 % 60,
				seconds % 60);
}
