/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which run a job belongs to: see resolve.h. */
#include "tool/group/resolve.h"

#include "lib/layout.h"
#include "lib/lines.h"
#include "lib/text.h"
#include "tool/plan/evaluation.h"
#include "tool/plan/match.h"
#include "tool/base/names.h"
#include "tool/group/tracker_file.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The names that a job can be matched to. */
struct known {
	struct rlg_group *group;
	struct rlg_names *runs;
	struct rlg_names *phases;
};

static void add_name(struct rlg_names *names, const char *name)
{
	if (name != NULL && rlg_names_find(names, name) == RLG_NAMES_NONE)
		rlg_names_add(names, name, 0);
}

/* A phase of a tracker is the name of an evaluation; its runs are runs. */
static void add_from_tracker(void *context, const char *run, const char *phase)
{
	struct known *known = context;

	if (phase == NULL)
		add_name(known->runs, rlg_arena_strdup(known->group->arena, run));
	else
		add_name(known->phases, rlg_arena_strdup(known->group->arena, phase));
}

static void learn_names(struct known *known)
{
	struct rlg_group *group = known->group;

	known->runs = rlg_names_new(group->arena);
	known->phases = rlg_names_new(group->arena);
	for (size_t i = 0; i < group->plan.n_runs; i++)
		add_name(known->runs, group->plan.runs[i].name);
	for (size_t i = 0; i < group->config.n_phases; i++)
		add_name(known->phases, group->config.phases[i]);
	for (size_t i = 0; i < group->plan.n_evaluations; i++)
		add_name(known->phases, group->plan.evaluations[i]);
	rlg_tracker_runs(group, add_from_tracker, known);
}

static bool is_in(const struct rlg_names *names, const char *name, size_t length)
{
	char copy[RLG_NAME_MAX + 1];

	if (length > RLG_NAME_MAX)
		return false;
	memcpy(copy, name, length);
	copy[length] = '\0';
	return rlg_names_find(names, copy) != RLG_NAMES_NONE;
}

static bool is_run(void *context, const char *name, size_t length)
{
	return is_in(((struct known *)context)->runs, name, length);
}

static bool is_phase(void *context, const char *name, size_t length)
{
	return is_in(((struct known *)context)->phases, name, length);
}

/* What the match rules say about a job's name: one run, none, or several (then none is right). */
struct verdict {
	struct rlg_arena *arena;
	const struct rlg_match_rule *rule;
	const char *run;
	const char *phase;
	bool ambiguous;
};

static void weigh(void *context, const struct rlg_match *match)
{
	struct verdict *verdict = context;
	const char *run = verdict->rule->run, *phase = verdict->rule->phase;

	if (run == NULL)
		run = rlg_arena_strndup(verdict->arena, match->run, match->run_length);
	if (phase == NULL && match->phase != NULL)
		phase = rlg_arena_strndup(verdict->arena, match->phase, match->phase_length);
	if (verdict->run != NULL && strcmp(verdict->run, run) != 0)
		verdict->ambiguous = true;
	if (verdict->run == NULL)
		verdict->run = run;
	if (verdict->phase == NULL)
		verdict->phase = phase;
}

static struct verdict judge(struct known *known, const char *job_name)
{
	const struct rlg_match_names names = {.is_run = is_run, .is_phase = is_phase, .context = known};
	struct verdict verdict = {.arena = known->group->arena};

	for (size_t i = 0; job_name != NULL && i < known->group->config.n_rules; i++) {
		verdict.rule = &known->group->config.rules[i];
		rlg_match_each(verdict.rule->job_name, job_name, &names, weigh, &verdict);
	}
	return verdict;
}

/* What a job's folder tells: the run whose folder it is, or lies in, and the name of the next folder on the way. */
struct place {
	const char *run; /* NULL: none is a run's */
	const char *below; /* NULL: it is the run's own */
};

/* Runs may lie deep below the group: experiments/PLAN/runs/RUN.  The outermost one counts. */
static struct place place_of(const struct known *known, const char *folder)
{
	const struct rlg_group *group = known->group;
	size_t length = strlen(group->path);
	struct place place = {.run = NULL};
	char real[PATH_MAX];

	if (folder == NULL || realpath(folder, real) == NULL)
		return place;
	if (strncmp(real, group->path, length) != 0 || real[length] != '/')
		return place;
	for (const char *part = real + length; *part == '/' && place.below == NULL; part += strcspn(part, "/")) {
		part++;
		const char *name = rlg_arena_strndup(group->arena, part, strcspn(part, "/"));

		if (place.run != NULL)
			place.below = name;
		else if (is_in(known->runs, name, strlen(name)))
			place.run = name;
	}
	return place;
}

static const char *stem_of(struct rlg_arena *arena, const char *script)
{
	const char *slash = strrchr(script, '/');
	const char *name = slash == NULL ? script : slash + 1;
	const char *dot = strrchr(name, '.');

	return dot == NULL || dot == name ? name : rlg_arena_strndup(arena, name, (size_t)(dot - name));
}

/* Does a script called so do this phase: "eval", "eval_capitalization", "run-eval"? */
static bool names_phase(const char *stem, const char *phase)
{
	size_t length = strlen(phase);
	const char *at = strstr(stem, phase);

	if (at == NULL)
		return false;
	bool begins = at == stem || strchr("_-.", at[-1]) != NULL;
	return begins && strchr("_-.", at[length]) != NULL;
}

/* "capitalization_epoch0" of the planned task capitalization: as a tracker spells it, else as it stands here. */
static const char *evaluation_in_name(const struct known *known, const char *stem)
{
	struct rlg_arena *arena = known->group->arena;
	struct rlg_evaluation_name name = rlg_evaluation_parse(arena, stem);

	if (name.epoch < 0 || !is_in(known->phases, name.task, strlen(name.task)) || !rlg_name_ok(stem, NULL))
		return NULL;
	const char *spelt[] = {rlg_arena_printf(arena, "%s_epoch_%ld", name.task, name.epoch),
			       rlg_arena_printf(arena, "%s_epoch%ld", name.task, name.epoch)};
	for (size_t i = 0; i < sizeof(spelt) / sizeof(spelt[0]); i++)
		if (is_in(known->phases, spelt[i], strlen(spelt[i])))
			return spelt[i];
	return stem;
}

/* From the script's name, or the job's: one phase of the group's, or NULL for none or several. */
static const char *phase_in_name(const struct known *known, const char *name)
{
	const struct rlg_config *config = &known->group->config;
	const char *found = NULL;

	if (name == NULL)
		return NULL;
	const char *stem = stem_of(known->group->arena, name);
	if (is_in(known->phases, stem, strlen(stem)))
		return stem;
	if (evaluation_in_name(known, stem) != NULL)
		return evaluation_in_name(known, stem);
	for (size_t i = 0; i < config->n_phases; i++) {
		if (!names_phase(stem, config->phases[i]))
			continue;
		if (found != NULL)
			return NULL;
		found = config->phases[i];
	}
	return found;
}

/* RUN/eval/ is where people keep the scripts of that phase. */
static const char *phase_of_folder(const struct known *known, const struct rlg_job_facts *facts)
{
	const char *below = place_of(known, facts->folder).below;

	return below != NULL && is_in(known->phases, below, strlen(below)) ? below : NULL;
}

static const char *choose_phase(const struct known *known, const struct rlg_job_facts *facts, const char *by_rule)
{
	const char *phase = by_rule;

	if (phase == NULL)
		phase = phase_in_name(known, facts->job_name);
	if (phase == NULL)
		phase = phase_in_name(known, facts->script);
	if (phase == NULL)
		phase = phase_of_folder(known, facts);
	return phase == NULL ? known->group->config.phases[0] : phase;
}

/* A job's name as the name of a run: what cannot stand there becomes '_'. */
static const char *own_name(struct rlg_arena *arena, const char *job_name)
{
	char *name = rlg_arena_strndup(arena, job_name == NULL ? "job" : job_name, RLG_NAME_MAX);

	for (char *at = name; *at != '\0'; at++)
		if (*at == '/' || (unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7f)
			*at = '_';
	if (strchr(".- ", name[0]) != NULL && name[0] != '\0')
		name[0] = '_';
	if (name[0] != '\0' && name[strlen(name) - 1] == ' ')
		name[strlen(name) - 1] = '_';
	return name[0] == '\0' ? "job" : name;
}

/* RUN or RUN/PHASE; false for what cannot be one. */
static bool take_asked(struct rlg_arena *arena, const char *asked, const char **out_run, const char **out_phase)
{
	const char *slash = strchr(asked, '/');
	const char *run = slash == NULL ? asked : rlg_arena_strndup(arena, asked, (size_t)(slash - asked));
	const char *phase = slash == NULL ? NULL : slash + 1;

	if (!rlg_name_ok(run, NULL) || (phase != NULL && !rlg_name_ok(phase, NULL)))
		return false;
	*out_run = run;
	*out_phase = phase;
	return true;
}

bool rlg_resolve_asked_ok(const char *asked)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	const char *run, *phase;

	return take_asked(arena, asked, &run, &phase);
}

const char *rlg_resolve_array_task(struct rlg_arena *arena, const char *name, const char *array_task)
{
	static const char place[] = "{array_task}";
	const char *at = name == NULL || array_task == NULL ? NULL : strstr(name, place);

	if (at == NULL)
		return name;
	return rlg_arena_printf(arena, "%.*s%s%s", (int)(at - name), name, array_task, at + sizeof(place) - 1);
}

static const char *how_asked(const struct rlg_job_facts *facts)
{
	return facts->asked_by_environment ? RLG_MATCHED_BY_ENVIRONMENT : RLG_MATCHED_BY_OPTION;
}

void rlg_resolve_run(struct rlg_group *group, const struct rlg_job_facts *facts, struct rlg_resolution *out_resolution)
{
	struct known known = {.group = group};
	const char *phase_asked = NULL;

	learn_names(&known);
	const char *of_folder = place_of(&known, facts->folder).run;
	struct verdict verdict = judge(&known, facts->job_name);
	*out_resolution = (struct rlg_resolution){.matched_by = RLG_MATCHED_BY_NOTHING};
	if (facts->asked_run != NULL &&
	    take_asked(group->arena, facts->asked_run, &out_resolution->run, &phase_asked)) {
		out_resolution->matched_by = how_asked(facts);
	} else if (of_folder != NULL) {
		out_resolution->run = of_folder;
		out_resolution->matched_by = RLG_MATCHED_BY_FOLDER;
	} else if (verdict.run != NULL && !verdict.ambiguous) {
		out_resolution->run = verdict.run;
		out_resolution->matched_by = RLG_MATCHED_BY_JOB_NAME;
	} else {
		out_resolution->run = own_name(group->arena, facts->job_name);
	}
	out_resolution->run = rlg_resolve_array_task(group->arena, out_resolution->run, facts->array_task);
	out_resolution->phase = phase_asked != NULL ? phase_asked : choose_phase(&known, facts, verdict.phase);
}

static int open_asked(const struct rlg_job_facts *facts, struct rlg_group *out_group, struct rlg_err *err)
{
	char path[RLG_PATH_MAX];
	struct rlg_text text;
	struct rlg_err why = {""};
	struct stat marker;

	rlg_text_init(&text, path, sizeof(path));
	rlg_text_addf(&text, "%s%s%s", facts->asked_group[0] == '/' ? "" : facts->client_folder,
		      facts->asked_group[0] == '/' ? "" : "/", facts->asked_group);
	size_t length = text.length;
	rlg_text_add(&text, "/" RLG_DIR);
	if (text.full || stat(path, &marker) != 0 || !S_ISDIR(marker.st_mode))
		return rlg_fail(err, -ENOENT, "%s is no run group; `runledger init %s` makes it one", facts->asked_group,
				facts->asked_group);
	path[length] = '\0';
	int code = rlg_group_open(path, out_group, &why);
	return code == 0 ? 0 : rlg_fail(err, code, "%s", why.text);
}

/* The helpers of a root process have no HOME. */
static const char *home_folder(void)
{
	const char *home = getenv("HOME");
	const struct passwd *entry = home == NULL ? getpwuid(geteuid()) : NULL;

	return entry == NULL ? home : entry->pw_dir;
}

/* The site's default group is made when it is first needed. */
static int open_default(const struct rlg_siteconf *site, struct rlg_group *out_group, struct rlg_err *err)
{
	char path[RLG_PATH_MAX], marker[RLG_PATH_MAX + sizeof(RLG_DIR)];
	const char *home = home_folder();
	bool in_home = site->default_group[0] == '~';
	struct rlg_text text;

	if (in_home && (home == NULL || home[0] != '/'))
		return rlg_fail(err, -ENOENT, "there is no home folder, so there is no default run group");
	rlg_text_init(&text, path, sizeof(path));
	rlg_text_addf(&text, "%s%s", in_home ? home : "", site->default_group + (in_home ? 1 : 0));
	if (text.full)
		return rlg_fail(err, -ENAMETOOLONG, "the path of the default run group is too long");
	mkdir(path, 0777);
	rlg_text_init(&text, marker, sizeof(marker));
	rlg_text_addf(&text, "%s/" RLG_DIR, path);
	if (mkdir(marker, 0777) != 0 && errno != EEXIST)
		return rlg_fail_errno(err, -errno, "cannot make the default run group %s", path);
	return rlg_group_open(path, out_group, err);
}

int rlg_resolve_group(const struct rlg_job_facts *facts, const struct rlg_siteconf *site, struct rlg_group *out_group,
		      struct rlg_err *err)
{
	char found[RLG_PATH_MAX];
	struct rlg_err why = {""};

	*out_group = (struct rlg_group){.arena = NULL};
	if (facts->asked_group != NULL) {
		/* One that is none is told, and does not count: the job's start on its node could not know of it either. */
		int code = open_asked(facts, out_group, err);
		if (code != -ENOENT)
			return code;
	}
	int code = facts->folder == NULL ? -ENOENT : rlg_group_discover(facts->folder, found, &why);
	if (code == 0)
		return rlg_group_open(found, out_group, err);
	if (rlg_errno_may_pass(-code))
		return rlg_fail(err, code, "%s", why.text);
	if (site->track_all)
		return open_default(site, out_group, err);
	if (facts->asked_run != NULL && facts->asked_group == NULL)
		return rlg_fail(err, -ENOENT,
				"run %s was asked for, but %s is in no run group, so this job is not tracked; "
				"`runledger init` makes one, or name one with --run-group",
				facts->asked_run, facts->folder == NULL ? "the job" : facts->folder);
	return -ENOENT;
}
