/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time: see clock.h. */
#include "lib/clock.h"

#include <time.h>

int64_t rlg_clock_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * RLG_SECOND_US + now.tv_nsec / 1000;
}

int64_t rlg_clock_monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const char *rlg_clock_local(int64_t moment_us, char out_text[RLG_TIME_TEXT_MAX])
{
	time_t seconds = (time_t)(moment_us / RLG_SECOND_US);
	struct tm parts;

	out_text[0] = '\0';
	if (moment_us > 0 && localtime_r(&seconds, &parts) != NULL)
		strftime(out_text, RLG_TIME_TEXT_MAX, "%Y-%m-%d %H:%M:%S", &parts);
	return out_text;
}

const char *rlg_clock_utc(int64_t moment_us, char out_text[RLG_TIME_TEXT_MAX])
{
	time_t seconds = (time_t)(moment_us / RLG_SECOND_US);
	struct tm parts;

	out_text[0] = '\0';
	if (moment_us > 0 && gmtime_r(&seconds, &parts) != NULL)
		strftime(out_text, RLG_TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &parts);
	return out_text;
}
