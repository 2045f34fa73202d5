/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an attempt used, in words: see usage_words.h. */
#include "tool/show/usage_words.h"

#include "lib/clock.h"
#include "tool/base/bytes.h"
#include "tool/base/when.h"

#include <inttypes.h>
#include <string.h>

#define MIB ((double)(1 << 20))
#define GIB ((double)(1 << 30))

/* "02:00:00", and "1-02:00:00" as Slurm writes days. */
static const char *clock_words(struct rlg_arena *arena, int64_t duration_us)
{
	int64_t s = duration_us / RLG_SECOND_US, days = s / 86400;
	const char *before = days > 0 ? rlg_arena_printf(arena, "%" PRId64 "-", days) : "";

	return rlg_arena_printf(arena, "%s%02d:%02d:%02d", before, (int)(s % 86400 / 3600), (int)(s % 3600 / 60), (int)(s % 60));
}

const char *rlg_usage_memory(struct rlg_arena *arena, const struct rlg_usage *usage)
{
	int64_t used = usage->peak_memory, limit = usage->memory_limit;

	if (used <= 0)
		return "";
	bool large = (double)(limit > 0 ? limit : used) >= GIB;
	const char *unit = large ? "GiB" : "MiB";
	double size = large ? GIB : MIB;
	int decimals = large ? 1 : 0;
	if (limit > 0)
		return rlg_arena_printf(arena, "%.*f of %.*f %s", decimals, (double)used / size, decimals,
					(double)limit / size, unit);
	return rlg_arena_printf(arena, "%.*f %s", decimals, (double)used / size, unit);
}

static bool is_known(double efficiency)
{
	return efficiency > 0;
}

static const char *exceeded(bool is)
{
	return is ? " **EXCEEDED**" : "";
}

static const char *wall_words(struct rlg_arena *arena, const struct rlg_attempt *attempt)
{
	const struct rlg_usage *usage = &attempt->usage;

	if (usage->wall_us <= 0)
		return NULL;
	if (!is_known(usage->time_efficiency))
		return rlg_arena_printf(arena, "Wall time: %s", clock_words(arena, usage->wall_us));
	return rlg_arena_printf(arena, "Wall time: %s of %s (%.0f%%)%s", clock_words(arena, usage->wall_us),
				clock_words(arena, attempt->time_limit_s * RLG_SECOND_US), 100 * usage->time_efficiency,
				exceeded(usage->time_efficiency > 1));
}

static const char *cpu_words(struct rlg_arena *arena, const struct rlg_usage *usage)
{
	if (usage->cpu_us <= 0)
		return NULL;
	if (!is_known(usage->cpu_efficiency))
		return rlg_arena_printf(arena, "CPU time: %s", clock_words(arena, usage->cpu_us));
	return rlg_arena_printf(arena, "CPU efficiency: %.0f%% of %" PRId64 " CPU%s (%s)", 100 * usage->cpu_efficiency,
				usage->n_cpus, usage->n_cpus == 1 ? "" : "s", clock_words(arena, usage->cpu_us));
}

/* The kernel lets nobody past a limit: a job that came to it ends as out of memory. */
static const char *memory_words(struct rlg_arena *arena, const struct rlg_attempt *attempt)
{
	const struct rlg_usage *usage = &attempt->usage;
	bool out_of_memory = attempt->slurm_state != NULL && strcmp(attempt->slurm_state, "OUT_OF_MEMORY") == 0;

	if (usage->peak_memory <= 0)
		return NULL;
	if (!is_known(usage->memory_efficiency))
		return rlg_arena_printf(arena, "Memory: %s%s", rlg_usage_memory(arena, usage), exceeded(out_of_memory));
	return rlg_arena_printf(arena, "Memory: %s a node (%.0f%%)%s", rlg_usage_memory(arena, usage),
				100 * usage->memory_efficiency, exceeded(out_of_memory || usage->memory_efficiency > 1));
}

struct rlg_usage_words rlg_usage_words(struct rlg_arena *arena, const struct rlg_attempt *attempt)
{
	return (struct rlg_usage_words){.wall_time = wall_words(arena, attempt),
					.cpu = cpu_words(arena, &attempt->usage),
					.memory = memory_words(arena, attempt)};
}

static void add_cpu(struct rlg_bytes *line, const struct rlg_usage *usage)
{
	char duration[RLG_WHEN_TEXT_MAX];

	if (usage->cpu_us <= 0)
		return;
	if (is_known(usage->cpu_efficiency))
		rlg_bytes_addf(line, "CPU %.0f %% of %" PRId64, 100 * usage->cpu_efficiency, usage->n_cpus);
	else
		rlg_bytes_addf(line, "CPU %s", rlg_when_duration(usage->cpu_us, duration));
}

static void add_memory(struct rlg_bytes *line, const struct rlg_usage *usage)
{
	if (usage->peak_memory <= 0)
		return;
	rlg_bytes_addf(line, "%smemory %s", line->length > 0 ? ", " : "", rlg_usage_memory(line->arena, usage));
	if (is_known(usage->memory_efficiency))
		rlg_bytes_addf(line, " (%.0f %%)", 100 * usage->memory_efficiency);
}

/* Without a limit there is nothing to compare the time with, and how long it took is said elsewhere. */
static void add_time(struct rlg_bytes *line, const struct rlg_attempt *attempt)
{
	char took[RLG_WHEN_TEXT_MAX], limit[RLG_WHEN_TEXT_MAX];

	if (is_known(attempt->usage.time_efficiency))
		rlg_bytes_addf(line, "%s%s of %s", line->length > 0 ? ", " : "", rlg_when_duration(attempt->usage.wall_us, took),
			       rlg_when_duration(attempt->time_limit_s * RLG_SECOND_US, limit));
}

const char *rlg_usage_line(struct rlg_arena *arena, const struct rlg_attempt *attempt)
{
	struct rlg_bytes line;

	if (!attempt->ended)
		return NULL;
	rlg_bytes_init(&line, arena);
	add_cpu(&line, &attempt->usage);
	add_memory(&line, &attempt->usage);
	add_time(&line, attempt);
	return line.length > 0 ? line.data : NULL;
}
