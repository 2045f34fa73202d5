/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runledger jobs: the registry of the jobs that an agent's session has at work. */
#include "lib/clock.h"
#include "lib/layout.h"
#include "lib/statusfile.h"
#include "tool/base/atomic_file.h"
#include "tool/cmd/cmd_session.h"
#include "tool/cmd/command.h"
#include "tool/base/folder_lock.h"
#include "tool/base/table.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long another program that is at the registry is waited for. */
#define WAIT_MS 5000

/* A trackers' refresh, or another program, may save the file between our look and our write. */
#define MOST_RACES 10

/* One call of the command. */
struct jobs {
	struct rlg_options *options;
	struct rlg_arena *arena;
	struct rlg_session session;
	const char *path;
};

/* ---- which registry ---- */

/* Returns an exit status; RLG_EXIT_OK: there is a path. */
static int find_registry(struct jobs *jobs)
{
	const char *file = rlg_option_value(jobs->options, "file");
	char here[PATH_MAX];

	int status = rlg_session_asked(jobs->options, &jobs->session);
	if (status != RLG_EXIT_OK)
		return status;
	if (file != NULL && file[0] == '\0')
		return rlg_usage_error(jobs->options, "--file needs the path of a registry");
	if (jobs->session.id == NULL && file == NULL)
		return rlg_usage_error(jobs->options,
				       "whose jobs?  Neither CLAUDE_CODE_SESSION_ID nor CODEX_THREAD_ID names a session; give --session ID or --file PATH");
	jobs->path = file;
	if (file != NULL)
		return RLG_EXIT_OK;
	if (getcwd(here, sizeof(here)) == NULL)
		return rlg_failure(jobs->options, "cannot tell the current folder: %s", strerror(errno));
	jobs->path = rlg_arena_printf(jobs->arena, "%s/%s", rlg_registry_root(jobs->arena, here),
				      rlg_registry_path(jobs->arena, RLG_REGISTRY_PATTERN, jobs->session.id));
	return RLG_EXIT_OK;
}

/* ---- changing it ---- */

/* Fills in the edits that make the change; returns 0, or a negative errno with a sentence. */
typedef int change_fn(struct jobs *jobs, struct rlg_json_doc *doc, struct rlg_text_edits *edits, void *context,
		      struct rlg_err *err);

static int change_once(struct jobs *jobs, change_fn *change, void *context, struct rlg_err *err)
{
	struct rlg_text_edits edits;
	struct rlg_json_doc doc;
	struct rlg_bytes out;
	struct stat known = {.st_nlink = 0};
	char *text;
	int code = rlg_file_read(jobs->arena, jobs->path, RLG_REGISTRY_MAX, &text, NULL, &known, err);

	if (code == 0)
		code = rlg_registry_parse(jobs->arena, jobs->path, text, &doc, err);
	if (code != 0)
		return code;
	rlg_text_edits_init(&edits, jobs->arena);
	rlg_bytes_init(&out, jobs->arena);
	code = change(jobs, &doc, &edits, context, err);
	if (code == 0 && rlg_text_edits_apply(&edits, doc.text, doc.length, &out) != 0)
		code = rlg_fail(err, -EINVAL, "%s:1: this file cannot be changed", jobs->path);
	if (code != 0 || edits.count == 0)
		return code;
	return rlg_file_replace(jobs->path, out.data, out.length, &known, err);
}

static int change_registry(struct jobs *jobs, bool make, change_fn *change, void *context)
{
	/* To lock a folder makes it; nothing is taken out of a registry that is not there. */
	bool lockable = make || access(jobs->path, F_OK) == 0;
	struct rlg_err err = {""};
	int lock = lockable ? rlg_folder_lock(jobs->arena, jobs->path, WAIT_MS, &err) : -1;
	int code = lockable && lock < 0 ? lock : -EAGAIN;

	for (int race = 0; race < MOST_RACES && code == -EAGAIN; race++)
		code = change_once(jobs, change, context, &err);
	if (lock >= 0)
		close(lock);
	return code == 0 ? RLG_EXIT_OK : rlg_failure(jobs->options, "%s", err.text);
}

/* ---- register ---- */

static bool is_called(const struct rlg_json_node *element, const char *type, const char *id)
{
	struct rlg_registry_entry entry;

	return rlg_registry_read(element, &entry) && entry.id != NULL && strcmp(entry.id, id) == 0 &&
	       (type == NULL || entry.type == NULL || strcmp(entry.type, type) == 0);
}

/* A job that is there already is told anew: its old entry goes. */
static int add_entry(struct jobs *jobs, struct rlg_json_doc *doc, struct rlg_text_edits *edits, void *context,
		     struct rlg_err *err)
{
	const struct rlg_registry_entry *entry = context;
	struct rlg_json_new added = {.value = rlg_registry_write(jobs->arena, entry)};

	for (struct rlg_json_node *element = doc->root->first; element != NULL; element = element->next)
		element->removed = is_called(element, entry->type, entry->id);
	int code = rlg_json_update(doc, edits, doc->root, &added, 1);
	return code == 0 ? 0 : rlg_fail(err, code, "%s:1: nothing can be added to this file", jobs->path);
}

static const char *option_or(struct jobs *jobs, const char *name, const char *otherwise)
{
	const char *value = rlg_option_value(jobs->options, name);

	return value == NULL ? otherwise : value;
}

static int register_job(struct jobs *jobs, const char *id)
{
	const struct passwd *user = getpwuid(geteuid());
	char host[RLG_HOST_MAX], now[RLG_TIME_TEXT_MAX];

	rlg_statusfile_host(host);
	struct rlg_registry_entry entry = {
		.type = option_or(jobs, "type", "slurm"), .id = id, .host = option_or(jobs, "host", host),
		.user = option_or(jobs, "user", user == NULL ? NULL : user->pw_name),
		.submitted = rlg_arena_strndup(jobs->arena, rlg_clock_local(rlg_clock_now_us(), now),
					       sizeof("2026-03-11 15:00") - 1),
		.description = option_or(jobs, "description", ""), .last_status = option_or(jobs, "status", "PENDING"),
		.agent = jobs->session.agent, .session = jobs->session.id};
	return change_registry(jobs, true, add_entry, &entry);
}

/* ---- remove ---- */

struct removal {
	const char *type, *id;
	size_t count;
};

static int remove_entry(struct jobs *jobs, struct rlg_json_doc *doc, struct rlg_text_edits *edits, void *context,
			struct rlg_err *err)
{
	struct removal *removal = context;

	removal->count = 0;
	for (struct rlg_json_node *element = doc->root->first; element != NULL; element = element->next)
		if (is_called(element, removal->type, removal->id)) {
			element->removed = true;
			removal->count++;
		}
	if (removal->count == 0)
		return rlg_fail(err, -ENOENT, "there is no job %s in %s", removal->id, jobs->path);
	return rlg_json_update(doc, edits, doc->root, NULL, 0);
}

static int remove_job(struct jobs *jobs, const char *id)
{
	struct removal removal = {.type = rlg_option_value(jobs->options, "type"), .id = id};

	return change_registry(jobs, false, remove_entry, &removal);
}

/* ---- list ---- */

static void print_table(struct jobs *jobs, const struct rlg_json_doc *doc)
{
	static const struct rlg_column columns[] = {
		{.title = "Type"}, {.title = "Job"}, {.title = "Status"}, {.title = "Submitted"},
		{.title = "Host", .flexible = true, .least = 8}, {.title = "Description", .flexible = true, .least = 12},
	};
	struct rlg_terminal terminal;
	struct rlg_table table;
	struct rlg_registry_entry entry;
	size_t count = 0;

	rlg_terminal_look(&terminal, STDOUT_FILENO, rlg_option_given(jobs->options, "no-color"));
	rlg_table_init(&table, jobs->arena, &terminal, columns, sizeof(columns) / sizeof(columns[0]));
	for (struct rlg_json_node *element = doc->root->first; element != NULL; element = element->next) {
		if (!rlg_registry_read(element, &entry))
			continue;
		const char *cells[] = {entry.type, entry.id, entry.last_status, entry.submitted, entry.host,
				       entry.description};
		for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
			rlg_table_add(&table, RLG_COLOUR_PLAIN, cells[i]);
		count++;
	}
	if (count == 0)
		puts("no jobs are registered");
	else
		rlg_table_print(&table, stdout);
}

static int list_jobs(struct jobs *jobs)
{
	struct rlg_json_doc doc;
	struct rlg_err err = {""};
	char *text;
	int code = rlg_file_read(jobs->arena, jobs->path, RLG_REGISTRY_MAX, &text, NULL, NULL, &err);

	if (code == 0)
		code = rlg_registry_parse(jobs->arena, jobs->path, text, &doc, &err);
	if (code != 0)
		return rlg_failure(jobs->options, "%s", err.text);
	if (rlg_option_given(jobs->options, "json"))
		fwrite(doc.text, 1, doc.length, stdout);
	else
		print_table(jobs, &doc);
	return RLG_EXIT_OK;
}

/* ---- the command ---- */

static bool is_type(const char *word)
{
	static const char *const types[] = {"nel", "slurm", "launcher"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i], word) == 0)
			return true;
	return false;
}

static int run_verb(struct jobs *jobs, const char *verb, const char *id)
{
	const char *type = rlg_option_value(jobs->options, "type");
	bool is_list = strcmp(verb, "list") == 0;

	if (is_list && id != NULL)
		return rlg_usage_error(jobs->options, "`list` takes no job; it lists all");
	if (!is_list && (id == NULL || id[0] == '\0'))
		return rlg_usage_error(jobs->options, "which job?  `runledger jobs %s ID`", verb);
	if (type != NULL && !is_type(type))
		return rlg_usage_error(jobs->options, "--type is nel, slurm or launcher, not `%s`", type);
	int code = find_registry(jobs);
	if (code != RLG_EXIT_OK)
		return code;
	if (is_list)
		return list_jobs(jobs);
	return strcmp(verb, "register") == 0 ? register_job(jobs, id) : remove_job(jobs, id);
}

static int run(struct rlg_options *options)
{
	static const char *const verbs[] = {"register", "list", "remove"};
	struct jobs jobs = {.options = options};
	const char *verb = options->n_words == 0 ? "list" : options->words[0];

	if (options->n_words > 2)
		return rlg_usage_error(options, "one job at a time, not also `%s`", options->words[2]);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i], verb) != 0)
			continue;
		jobs.arena = rlg_arena_new();
		int status = run_verb(&jobs, verb, options->n_words == 2 ? options->words[1] : NULL);
		rlg_arena_free(jobs.arena);
		return status;
	}
	return rlg_usage_error(options, "there is no `jobs %s`; there is register, list and remove", verb);
}

static const struct rlg_option jobs_options[] = {
	{"session", 's', "ID", "whose registry; without it, the session that the environment names"},
	{"file", 'f', "PATH", "that registry, wherever it is"},
	{"type", 't', "TYPE", "slurm (if nothing is said), nel or launcher"},
	{"description", 'd', "TEXT", "what the job does"},
	{"host", '\0', "NAME", "where to ask for it; without it, this host"},
	{"user", '\0', "NAME", "as whom; without it, you"},
	{"status", '\0', "STATE", "its state now; without it, PENDING"},
	{"json", '\0', NULL, "list the registry as it stands, for programs"},
	{"no-color", '\0', NULL, "no colours, as in a pipe or with NO_COLOR set"},
	{0},
};

static const struct rlg_example jobs_examples[] = {
	{"runledger jobs", "what this session has at work"},
	{"runledger jobs register 1234567 -d 'PTQ of the 8B model'", "add a job that was submitted elsewhere"},
	{"runledger jobs register nel-7 --type nel --session abc", "add a job that Slurm does not know"},
	{"runledger jobs remove 1234567", "take it out again"},
	{0},
};

const struct rlg_command rlg_cmd_jobs = {
	.name = "jobs",
	.arguments = "[register ID | list | remove ID]",
	.summary = "the registry of an agent session's active jobs",
	.description = "Shows or changes the registry of the jobs that an agent's session has at work: "
		       ".claude/agents/SESSION/active_jobs.json, in the nearest folder above with a .claude (else a .git, else "
		       "here). The session is that of CLAUDE_CODE_SESSION_ID or CODEX_THREAD_ID.\n\n"
		       "Jobs that such a session submits to a run group register themselves, where the group keeps the tracker "
		       "active_jobs: their last_status follows them, and they go when they have ended. Only jobs from elsewhere "
		       "need this command. An id that is registered again takes the place of its old entry.",
	.options = jobs_options,
	.examples = jobs_examples,
	.run = run,
};
