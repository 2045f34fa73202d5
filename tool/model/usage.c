/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What attempts used: see usage.h. */
#include "tool/model/usage.h"

#include "lib/clock.h"
#include "tool/model/attempts_at.h"
#include "tool/base/names.h"

#include <string.h>

/* ---- what was asked for ---- */

/* The value of "key" in "cpu=4,mem=8G"; NULL: there is none. */
static const char *tres_value(const char *tres, const char *key)
{
	size_t length = strlen(key);

	for (const char *item = tres; item != NULL; item = strchr(item, ',')) {
		item += item[0] == ',';
		if (strncmp(item, key, length) == 0 && item[length] == '=')
			return item + length + 1;
	}
	return NULL;
}

/* Past this nobody has memory or nodes: it is no number of Slurm's. */
#define TRES_MOST 1e15

/* "8", "7.50": what strtod() makes of more than figures and a point is not ours. */
static double tres_number(const char **at)
{
	double number = 0, part = 1;
	bool behind_point = false;

	if (**at < '0' || **at > '9')
		return -1;
	for (; (**at >= '0' && **at <= '9') || (**at == '.' && !behind_point); (*at)++) {
		if (**at == '.') {
			behind_point = true;
			continue;
		}
		part = behind_point ? part / 10 : 1;
		number = behind_point ? number + part * (**at - '0') : 10 * number + (**at - '0');
		if (number > TRES_MOST)
			return -1;
	}
	return number;
}

/* Slurm counts memory in MiB, and writes larger numbers with a unit. */
static double unit_bytes(char unit)
{
	static const char units[] = "KMGTP";
	const char *found = unit == '\0' || unit == ',' ? strchr(units, 'M') : strchr(units, unit);
	double bytes = 1;

	if (found == NULL)
		return -1;
	for (const char *at = units; at <= found; at++)
		bytes *= 1024;
	return bytes;
}

int64_t rlg_usage_node_memory(const char *tres)
{
	const char *memory_at = tres == NULL ? NULL : tres_value(tres, "mem");
	const char *nodes_at = tres == NULL ? NULL : tres_value(tres, "node");

	if (memory_at == NULL)
		return -1;
	double memory = tres_number(&memory_at), nodes = nodes_at == NULL ? 1 : tres_number(&nodes_at);
	double unit = unit_bytes(*memory_at);
	if (memory <= 0 || nodes < 1 || unit < 0)
		return -1;
	double bytes = memory * unit / nodes;
	return bytes < (double)INT64_MAX ? (int64_t)bytes : -1;
}

void rlg_usage_take_request(struct rlg_usage *usage, const struct rlg_event *event)
{
	if (usage->n_cpus < 0 && event->n_cpus > 0)
		usage->n_cpus = event->n_cpus;
	if (usage->memory_limit < 0)
		usage->memory_limit = rlg_usage_node_memory(event->tres);
}

/* ---- what was used ---- */

/* A record may say anything: what does not fit is the most that does. */
static int64_t sum_of(int64_t left, int64_t right)
{
	int64_t sum;

	return __builtin_add_overflow(left, right, &sum) ? INT64_MAX : sum;
}

static void add_time(int64_t *to_us, int64_t time_us)
{
	if (time_us > 0)
		*to_us = sum_of(*to_us < 0 ? 0 : *to_us, time_us);
}

static void take_greater(int64_t *to, int64_t from)
{
	if (from > *to)
		*to = from;
}

void rlg_usage_take_exec(struct rlg_usage *usage, const struct rlg_event *finish)
{
	add_time(&usage->cpu_us, sum_of(finish->user_us, finish->system_us));
	take_greater(&usage->peak_memory, finish->max_rss);
}

/* One step on one node.  Numbers are -1 where nothing is known. */
struct part {
	size_t attempt;
	int64_t cpu_us, memory;
};

static int64_t memory_of(const struct rlg_event *event)
{
	int64_t tasks = event->tasks > 0 ? event->tasks : 1, memory;

	if (event->peak_memory < 0)
		return event->max_rss < 0 ? -1 : __builtin_mul_overflow(event->max_rss, tasks, &memory) ? INT64_MAX : memory;
	memory = event->peak_memory;
	if (event->page_cache > 0)
		memory = event->page_cache < memory ? memory - event->page_cache : 0;
	/* Of the largest process what others share may be counted elsewhere. */
	int64_t largest = event->max_rss < event->peak_memory ? event->max_rss : event->peak_memory;
	return largest > memory ? largest : memory;
}

/* The step began while its attempt ran; its end may be told when the next one has begun. */
static int64_t begin_of(const struct rlg_event *event)
{
	return event->elapsed_us < event->time_us ? event->time_us - event->elapsed_us : event->time_us;
}

/* Numbers whatever it is asked for in turn. */
struct numbering {
	struct rlg_names *names;
	size_t count;
};

static size_t number_of_text(struct numbering *texts, const char *text)
{
	size_t at = rlg_names_put(texts->names, text == NULL ? "" : text, texts->count);

	return at == RLG_NAMES_NONE ? texts->count++ : at;
}

/* `right` is below `most`, which is the same each time. */
static size_t number_of_pair(struct numbering *pairs, size_t left, size_t right, size_t most)
{
	int64_t id = (int64_t)(left * most + right);
	size_t at = rlg_names_find_id(pairs->names, id);

	if (at != RLG_NAMES_NONE)
		return at;
	rlg_names_add_id(pairs->names, id, pairs->count);
	return pairs->count++;
}

struct places {
	struct numbering texts; /* names of steps and of nodes */
	struct numbering steps; /* each on each node */
	struct numbering parts; /* these in each attempt */
};

/* There are at most so many usages, each with two texts. */
static size_t number_of_part(struct places *places, size_t attempt, const struct rlg_event *event, size_t most)
{
	size_t step = number_of_text(&places->texts, event->step), node = number_of_text(&places->texts, event->node);

	return number_of_pair(&places->parts, attempt, number_of_pair(&places->steps, step, node, 2 * most), most);
}

static size_t count_usages(const struct rlg_event *events, size_t n_events)
{
	size_t count = 0;

	for (size_t i = 0; i < n_events; i++)
		count += events[i].kind == RLG_EVENT_USAGE;
	return count;
}

/* Each step of a node once; where two tell of it differently the greater numbers count, whoever is first. */
static size_t find_parts(struct rlg_arena *arena, const struct rlg_event *events, size_t n_events,
			 const struct rlg_attempts_at *index, struct part *parts, size_t most)
{
	struct places places = {{rlg_names_new(arena), 0}, {rlg_names_new(arena), 0}, {rlg_names_new(arena), 0}};

	for (size_t i = 0; i < n_events; i++) {
		const struct rlg_event *event = &events[i];
		if (event->kind != RLG_EVENT_USAGE || event->job_id < 0)
			continue;
		size_t attempt = rlg_attempts_at(index, event->job_id, event->cluster, NULL, begin_of(event));
		if (attempt == RLG_NO_ATTEMPT)
			continue;
		size_t known = places.parts.count, at = number_of_part(&places, attempt, event, most);
		if (at == known)
			parts[at] = (struct part){.attempt = attempt, .cpu_us = -1, .memory = -1};
		if (event->cpu_us > 0)
			take_greater(&parts[at].cpu_us, event->cpu_us);
		take_greater(&parts[at].memory, memory_of(event));
	}
	return places.parts.count;
}

/* What `runledger exec` told is part of what its step used: it goes where any step of the attempt is told. */
static void forget_execs(struct rlg_phased_attempt *attempts, const struct part *parts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		attempts[parts[i].attempt].attempt.usage.cpu_us = attempts[parts[i].attempt].attempt.usage.peak_memory = -1;
}

static double ratio(int64_t part, double whole)
{
	return part > 0 && whole > 0 ? (double)part / whole : -1;
}

/* As seff computes it.  Slurm tells moments in whole seconds: of a job of less than one nothing can be said. */
static void rate(struct rlg_attempt *attempt)
{
	struct rlg_usage *usage = &attempt->usage;

	if (attempt->ended && attempt->start_us > 0 && attempt->end_us >= attempt->start_us)
		usage->wall_us = attempt->end_us - attempt->start_us;
	usage->cpu_efficiency = usage->n_cpus > 0 ? ratio(usage->cpu_us, (double)usage->n_cpus * (double)usage->wall_us) : -1;
	usage->memory_efficiency = ratio(usage->peak_memory, (double)usage->memory_limit);
	usage->time_efficiency = ratio(usage->wall_us, (double)attempt->time_limit_s * RLG_SECOND_US);
}

void rlg_usage_find(struct rlg_arena *arena, const struct rlg_event *events, size_t n_events,
		    struct rlg_phased_attempt *attempts, size_t n_attempts)
{
	size_t n_usages = count_usages(events, n_events);

	if (n_usages > 0) {
		struct part *parts = rlg_arena_alloc(arena, n_usages * sizeof(*parts));
		const struct rlg_attempts_at *index = rlg_attempts_at_new(arena, attempts, n_attempts);
		size_t count = find_parts(arena, events, n_events, index, parts, n_usages);
		forget_execs(attempts, parts, count);
		for (size_t i = 0; i < count; i++) {
			struct rlg_usage *usage = &attempts[parts[i].attempt].attempt.usage;
			add_time(&usage->cpu_us, parts[i].cpu_us);
			take_greater(&usage->peak_memory, parts[i].memory);
		}
	}
	for (size_t i = 0; i < n_attempts; i++)
		rate(&attempts[i].attempt);
}
