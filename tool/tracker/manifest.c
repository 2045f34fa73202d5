/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run_manifest.json says: see manifest.h. */
#include "tool/tracker/manifest.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BLANKS " \t\r\n"

const char *const rlg_manifest_job_id_paths[] = {"slurm.job_id", "resource_request.slurm.job_id",
						 "resource_request.job_id", "job_id", NULL};

/* Where a manifest may say in which mode its run is. */
static const char *const mode_paths[] = {"location",	"launch_mode", "host_mode",	       "detected_host_mode",
					 "launch.mode", "host.mode",   "resource_request.mode", "resource_request.location"};

/* Sections that only a run on Slurm has. */
static const char *const slurm_sections[] = {"slurm", "resource_request.slurm"};

/* Where the date of the launch may stand, in the order in which they are looked at. */
static const char *const date_paths[] = {"timestamp_utc", "launch_snapshot.launched_at_utc", "started_at", "created_at",
					 "timestamp"};

int rlg_manifest_parse(struct rlg_arena *arena, const char *path, const char *text, size_t length,
		       struct rlg_json_doc *out_doc, struct rlg_err *err)
{
	int result = rlg_json_parse(arena, path, text, length, out_doc, err);

	if (result == 0 && !rlg_json_is(out_doc->root, RLG_JSON_OBJECT))
		return rlg_fail(err, -EINVAL, "%s:%u: this is no run manifest, which is an object: {...}", path,
				(unsigned)out_doc->root->line);
	return result;
}

const char *rlg_manifest_words(struct rlg_arena *arena, const struct rlg_json_node *node)
{
	if (!rlg_json_is(node, RLG_JSON_STRING) && !rlg_json_is(node, RLG_JSON_NUMBER))
		return NULL;
	const char *words = node->value + strspn(node->value, BLANKS);
	size_t length = strlen(words);
	while (length > 0 && strchr(BLANKS, words[length - 1]) != NULL)
		length--;
	return length > 0 ? rlg_arena_strndup(arena, words, length) : NULL;
}

const char *rlg_manifest_at(struct rlg_arena *arena, const struct rlg_json_doc *doc, const char *path)
{
	return rlg_manifest_words(arena, rlg_json_at(doc->root, path));
}

const char *rlg_manifest_job_id(const struct rlg_json_doc *doc)
{
	const char *words = NULL;

	for (size_t i = 0; rlg_manifest_job_id_paths[i] != NULL && words == NULL; i++)
		words = rlg_manifest_at(doc->arena, doc, rlg_manifest_job_id_paths[i]);
	return words;
}

static bool says_mode(const struct rlg_json_doc *doc, const char *mode)
{
	for (size_t i = 0; i < COUNT(mode_paths); i++) {
		const char *words = rlg_manifest_at(doc->arena, doc, mode_paths[i]);

		if (words != NULL && strcasecmp(words, mode) == 0)
			return true;
	}
	return false;
}

bool rlg_manifest_is_slurm(const struct rlg_json_doc *doc)
{
	for (size_t i = 0; i < COUNT(slurm_sections); i++) {
		const struct rlg_json_node *section = rlg_json_at(doc->root, slurm_sections[i]);

		if (rlg_json_is(section, RLG_JSON_OBJECT) && section->count > 0)
			return true;
	}
	return says_mode(doc, "slurm");
}

bool rlg_manifest_is_local(const struct rlg_json_doc *doc)
{
	return says_mode(doc, "local") && !rlg_manifest_is_slurm(doc);
}

bool rlg_manifest_sync_is_good(const char *words)
{
	static const char *const good[] = {"ok", "completed", "success", "passed"};

	for (size_t i = 0; words != NULL && i < COUNT(good); i++)
		if (strcasecmp(words, good[i]) == 0)
			return true;
	return false;
}

/* ---- its line in the list ---- */

/* "dddd-dd-dd": d is a digit, everything else itself. */
static bool looks_like(const char *words, const char *pattern)
{
	for (; *pattern != '\0'; pattern++, words++)
		if (*pattern == 'd' ? !isdigit((unsigned char)*words) : *words != *pattern)
			return false;
	return true;
}

static const char *date_text(struct rlg_arena *arena, const char *year, const char *month, const char *day)
{
	int month_number = (month[0] - '0') * 10 + month[1] - '0', day_number = (day[0] - '0') * 10 + day[1] - '0';

	if (month_number < 1 || month_number > 12 || day_number < 1 || day_number > 31)
		return NULL;
	return rlg_arena_printf(arena, "%.4s-%.2s-%.2s", year, month, day);
}

/* 2026-02-18..., or 20260218 with a time behind it or nothing. */
static const char *date_in(struct rlg_arena *arena, const char *words)
{
	if (looks_like(words, "dddd-dd-dd"))
		return date_text(arena, words, words + 5, words + 8);
	if (looks_like(words, "dddddddd") && (words[8] == '\0' || looks_like(words + 8, "Tdd")))
		return date_text(arena, words, words + 4, words + 6);
	return NULL;
}

/* The stamp of a launch inside of a run's name: 20260218T160045Z. */
static const char *date_in_run_id(struct rlg_arena *arena, const char *run_id)
{
	for (; *run_id != '\0'; run_id++)
		if (looks_like(run_id, "20ddddddTddddddZ"))
			return date_text(arena, run_id, run_id + 4, run_id + 6);
	return NULL;
}

static const char *find_date(const struct rlg_json_doc *doc, const char *run_id)
{
	const char *date = NULL;

	for (size_t i = 0; i < COUNT(date_paths) && date == NULL; i++) {
		const struct rlg_json_node *node = rlg_json_at(doc->root, date_paths[i]);
		const char *words = rlg_json_is(node, RLG_JSON_STRING) ? rlg_manifest_words(doc->arena, node) : NULL;

		date = words != NULL ? date_in(doc->arena, words) : NULL;
	}
	return date != NULL ? date : date_in_run_id(doc->arena, run_id);
}

/* The line at which a reader has to look for the key: its own, or the object's that should have it. */
static unsigned line_of(const struct rlg_json_doc *doc, const char *key)
{
	const struct rlg_json_node *node = rlg_json_get(doc->root, key);

	return (unsigned)(node != NULL ? node->line : doc->root->line);
}

static int fail_without(const char *path, const struct rlg_json_doc *doc, const char *key, struct rlg_err *err)
{
	const struct rlg_json_node *node = rlg_json_get(doc->root, key);

	if (node == NULL)
		return rlg_fail(err, -EINVAL, "%s:%u: `%s` is missing", path, line_of(doc, key), key);
	return rlg_fail(err, -EINVAL, "%s:%u: `%s` is empty, or neither a text nor a number", path, line_of(doc, key), key);
}

/* A line is one line, and its parts stand between bars. */
static int check_part(const char *path, const struct rlg_json_doc *doc, const char *key, const char *words,
		      struct rlg_err *err)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): find_parts() found all four */
	for (const char *at = words; *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f || *at == '|')
			return rlg_fail(err, -EINVAL, "%s:%u: `%s` holds a character that cannot stand in the list: %s", path,
					line_of(doc, key), key, *at == '|' ? "|" : "a control character");
	return 0;
}

static int find_parts(const char *path, const struct rlg_json_doc *doc, struct rlg_manifest_line *line,
		      struct rlg_err *err)
{
	if (!rlg_manifest_is_slurm(doc))
		return rlg_fail(err, -EINVAL,
				"%s:%u: this is not a Slurm run: none of location, launch_mode, host_mode, detected_host_mode, "
				"launch.mode, host.mode, resource_request.mode and resource_request.location says slurm, and "
				"there is no `slurm` section",
				path, (unsigned)doc->root->line);
	line->job_id = rlg_manifest_job_id(doc);
	if (line->job_id == NULL)
		return rlg_fail(err, -EINVAL,
				"%s:%u: `job_id` is missing: it stands at none of slurm.job_id, resource_request.slurm.job_id, "
				"resource_request.job_id and job_id",
				path, (unsigned)doc->root->line);
	line->run_id = rlg_manifest_at(doc->arena, doc, "run_id");
	if (line->run_id == NULL)
		return fail_without(path, doc, "run_id", err);
	line->iteration_id = rlg_manifest_at(doc->arena, doc, "iteration_id");
	if (line->iteration_id == NULL)
		return fail_without(path, doc, "iteration_id", err);
	line->status = rlg_manifest_at(doc->arena, doc, "status");
	line->status = line->status != NULL ? line->status : "unknown";
	line->date = find_date(doc, line->run_id);
	if (line->date == NULL)
		return rlg_fail(err, -EINVAL,
				"%s:%u: the date of the launch is missing: none of timestamp_utc, "
				"launch_snapshot.launched_at_utc, started_at, created_at and timestamp is one like "
				"2026-02-18T16:00:45Z, and run_id has no stamp like 20260218T160045Z",
				path, (unsigned)doc->root->line);
	return 0;
}

int rlg_manifest_line(const char *path, const struct rlg_json_doc *doc, struct rlg_manifest_line *out_line,
		      struct rlg_err *err)
{
	struct rlg_manifest_line line = {0};
	int code = find_parts(path, doc, &line, err);
	const struct {
		const char *key, *words;
	} parts[] = {{"job_id", line.job_id}, {"iteration_id", line.iteration_id}, {"run_id", line.run_id},
		     {"status", line.status}};

	for (size_t i = 0; i < COUNT(parts) && code == 0; i++)
		code = check_part(path, doc, parts[i].key, parts[i].words, err);
	if (code < 0)
		return code;
	line.text = rlg_arena_printf(doc->arena, "- %s | job_id=%s | iteration_id=%s | run_id=%s | status=%s", line.date,
				     line.job_id, line.iteration_id, line.run_id, line.status);
	*out_line = line;
	return 0;
}
