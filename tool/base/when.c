/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times as people say them: see when.h. */
#include "tool/base/when.h"

#include "lib/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MINUTE_S 60
#define HOUR_S (60 * MINUTE_S)
#define DAY_S (24 * HOUR_S)

/* A hundred years back is as good as any time, and far from overflow. */
#define LONGEST_AGO_S (INT64_C(36525) * DAY_S)

static const struct {
	char letter;
	int64_t seconds;
} units[] = {
	{'s', 1}, {'m', MINUTE_S}, {'h', HOUR_S}, {'d', DAY_S}, {'w', 7 * DAY_S},
};

bool rlg_when_parse_duration(const char *words, int64_t *out_duration_us)
{
	char *end;

	if (*words < '0' || *words > '9')
		return false;
	errno = 0;
	long long count = strtoll(words, &end, 10);
	if (errno != 0 || *end == '\0' || end[1] != '\0')
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (units[i].letter != *end)
			continue;
		if (count > LONGEST_AGO_S / units[i].seconds)
			count = LONGEST_AGO_S / units[i].seconds;
		*out_duration_us = count * units[i].seconds * RLG_SECOND_US;
		return true;
	}
	return false;
}

static bool parse_ago(const char *words, int64_t now_us, int64_t *out_moment_us)
{
	int64_t ago_us;

	if (!rlg_when_parse_duration(words, &ago_us))
		return false;
	*out_moment_us = now_us - ago_us > 1 ? now_us - ago_us : 1;
	return true;
}

static bool parse_day(const char *words, int64_t now_us, int64_t *out_moment_us)
{
	static const char *const days[] = {"today", "yesterday"};
	time_t now = (time_t)(now_us / RLG_SECOND_US);
	struct tm parts;

	for (int ago = 0; ago < 2; ago++) {
		if (strcmp(words, days[ago]) != 0 || localtime_r(&now, &parts) == NULL)
			continue;
		parts.tm_mday -= ago;
		parts.tm_hour = parts.tm_min = parts.tm_sec = 0;
		parts.tm_isdst = -1;
		*out_moment_us = (int64_t)mktime(&parts) * RLG_SECOND_US;
		return true;
	}
	return false;
}

static bool parse_date(const char *words, int64_t *out_moment_us)
{
	static const char *const forms[] = {
		"%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S",
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm parts = {.tm_isdst = -1};
		const char *end = strptime(words, forms[i], &parts);
		int day = parts.tm_mday;

		if (end == NULL || *end != '\0')
			continue;
		time_t moment = mktime(&parts);
		/* mktime() would take the 31st of February for a day in March. */
		if (moment <= 0 || parts.tm_mday != day)
			return false;
		*out_moment_us = (int64_t)moment * RLG_SECOND_US;
		return true;
	}
	return false;
}

int rlg_when_parse(const char *words, int64_t now_us, int64_t *out_moment_us, struct rlg_err *err)
{
	if (parse_ago(words, now_us, out_moment_us) || parse_day(words, now_us, out_moment_us) ||
	    parse_date(words, out_moment_us))
		return 0;
	return rlg_fail(err, -EINVAL,
			"`%s` is no time; say how long ago (30m, 2h, 3d, 1w), `today`, `yesterday`, or a date such as "
			"2026-03-11 or \"2026-03-11 15:00\"",
			words);
}

const char *rlg_when_duration(int64_t duration_us, char out_text[RLG_WHEN_TEXT_MAX])
{
	int64_t s = duration_us / RLG_SECOND_US;

	if (duration_us < 0)
		out_text[0] = '\0';
	else if (s < MINUTE_S)
		snprintf(out_text, RLG_WHEN_TEXT_MAX, "%" PRId64 "s", s);
	else if (s < HOUR_S)
		snprintf(out_text, RLG_WHEN_TEXT_MAX, "%" PRId64 "m %" PRId64 "s", s / MINUTE_S, s % MINUTE_S);
	else if (s < DAY_S)
		snprintf(out_text, RLG_WHEN_TEXT_MAX, "%" PRId64 "h %" PRId64 "m", s / HOUR_S, s % HOUR_S / MINUTE_S);
	else
		snprintf(out_text, RLG_WHEN_TEXT_MAX, "%" PRId64 "d %" PRId64 "h", s / DAY_S, s % DAY_S / HOUR_S);
	return out_text;
}

const char *rlg_when_short(int64_t moment_us, int64_t now_us, char out_text[RLG_WHEN_TEXT_MAX])
{
	time_t moment = (time_t)(moment_us / RLG_SECOND_US), now = (time_t)(now_us / RLG_SECOND_US);
	struct tm then, today;

	out_text[0] = '\0';
	if (moment_us <= 0 || localtime_r(&moment, &then) == NULL || localtime_r(&now, &today) == NULL)
		return out_text;
	if (then.tm_year != today.tm_year)
		strftime(out_text, RLG_WHEN_TEXT_MAX, "%Y-%m-%d", &then);
	else if (then.tm_yday != today.tm_yday)
		strftime(out_text, RLG_WHEN_TEXT_MAX, "%b %e %H:%M", &then);
	else
		strftime(out_text, RLG_WHEN_TEXT_MAX, "%H:%M", &then);
	return out_text;
}
