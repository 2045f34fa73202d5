/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runledger note: a person's word on a run, or on a phase of it.
 *
 * Whoever touches a path is a child: where its file system hangs, the word waits in the node's spool.
 */
#include "lib/clock.h"
#include "lib/record.h"
#include "lib/statusfile.h"
#include "lib/text.h"
#include "lib/watched.h"
#include "tool/base/bytes.h"
#include "tool/cmd/commands.h"
#include "tool/cmd/damage.h"
#include "tool/cmd/named_run.h"
#include "tool/group/news.h"
#include "tool/group/refresh.h"
#include "tool/group/resolve.h"
#include "tool/record/site_here.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How long to wait for others who write on this host. */
#define TURN_MS 10000

/* How often it is looked whether the trackers are up to date. */
#define LOOK_EVERY_MS 2

/* A word, as formats and their validators know it. */
#define SYNC_MAX 32

/* What a person says at once; a text of NULL was not said, "" takes back what was. */
struct saying {
	const char *verdict, *wandb, *description, *output, *sync;
	const char *text; /* all other words */
};

/* A note, an output, a sync. */
#define N_SAYINGS 3

struct noting {
	const struct rlg_options *options;
	const struct saying *saying;
	char ids[N_SAYINGS][RLG_ID_MAX]; /* the same wherever they go: one may stand in its file though nobody has heard of it */
	const struct rlg_group *group; /* NULL, as run and phase: nobody could look */
	const struct rlg_run *run;
	const struct rlg_phase *phase; /* NULL: the whole run */
	const char *user;
	int64_t now_us;
};

/* ---- reading ---- */

static bool take_key(struct saying *saying, const char *word)
{
	const struct {
		const char *key;
		const char **value;
	} keys[] = {
		{"verdict=", &saying->verdict}, {"wandb=", &saying->wandb},   {"description=", &saying->description},
		{"output=", &saying->output},   {"sync=", &saying->sync},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strncmp(word, keys[i].key, strlen(keys[i].key)) != 0)
			continue;
		*keys[i].value = word + strlen(keys[i].key);
		return true;
	}
	return false;
}

static bool is_verdict(const char *word)
{
	return strcmp(word, "keep") == 0 || strcmp(word, "discard") == 0;
}

/* `keep` is a verdict where it stands alone; in "keep an eye on it" it is a word. */
static void read_words(struct rlg_arena *arena, char *const *words, int n_words, struct saying *out_saying)
{
	struct rlg_bytes text;
	int n_text = 0;

	*out_saying = (struct saying){.text = NULL};
	rlg_bytes_init(&text, arena);
	for (int i = 0; i < n_words; i++) {
		if (take_key(out_saying, words[i]))
			continue;
		rlg_bytes_addf(&text, "%s%s", n_text++ > 0 ? " " : "", words[i]);
	}
	if (n_text == 1 && is_verdict(text.data))
		out_saying->verdict = text.data;
	else if (n_text > 0)
		out_saying->text = text.data;
}

static bool is_word(const char *word)
{
	size_t length = strlen(word);

	return length > 0 && length <= SYNC_MAX && strspn(word, "abcdefghijklmnopqrstuvwxyz_-") == length;
}

static int check(const struct rlg_options *options, const struct saying *saying)
{
	if (saying->verdict != NULL && saying->verdict[0] != '\0' && !is_verdict(saying->verdict))
		return rlg_usage_error(options, "a verdict is keep or discard, not `%s`", saying->verdict);
	if (saying->sync != NULL && !is_word(saying->sync))
		return rlg_usage_error(options, "`sync=%s` is no state of a sync; ok, failed, pending, ...", saying->sync);
	if (saying->output != NULL && saying->output[0] == '\0')
		return rlg_usage_error(options, "`output=` wants a path");
	if (saying->text != NULL && saying->text[0] == '\0')
		return rlg_usage_error(options, "the note is empty");
	return 0;
}

/* ---- recording ---- */

/* In a note an empty text takes back what was said. */
static void add_text(struct rlg_record_writer *writer, const char *key, const char *text)
{
	if (text != NULL && text[0] == '\0')
		rlg_record_json(writer, key, "\"\"");
	else
		rlg_record_str(writer, key, text);
}

static bool says_note(const struct saying *saying)
{
	return saying->text != NULL || saying->verdict != NULL || saying->wandb != NULL || saying->description != NULL;
}

static void add_note(const struct saying *saying, struct rlg_record_writer *writer)
{
	add_text(writer, "verdict", saying->verdict);
	add_text(writer, "wandb", saying->wandb);
	add_text(writer, "description", saying->description);
	add_text(writer, "text", saying->text);
}

static bool says_output(const struct saying *saying)
{
	return saying->output != NULL;
}

static void add_output(const struct saying *saying, struct rlg_record_writer *writer)
{
	rlg_record_str(writer, "path", saying->output);
}

static bool says_sync(const struct saying *saying)
{
	return saying->sync != NULL;
}

static void add_sync(const struct saying *saying, struct rlg_record_writer *writer)
{
	rlg_record_str(writer, "status", saying->sync);
}

/* What can be said at once, a record each. */
static const struct {
	const char *event;
	bool (*is_said)(const struct saying *saying);
	void (*add)(const struct saying *saying, struct rlg_record_writer *writer);
} sayings[N_SAYINGS] = {
	{"note", says_note, add_note},
	{"output", says_output, add_output},
	{"sync", says_sync, add_sync},
};

/* A whole line; its length, or a negative errno with a sentence. */
static ssize_t write_record(const struct noting *noting, size_t which, char storage[RLG_RECORD_MAX + 1], struct rlg_err *err)
{
	struct rlg_record_writer writer;

	rlg_record_begin(&writer, storage, RLG_RECORD_MAX + 1, noting->now_us, sayings[which].event, noting->ids[which]);
	rlg_record_str(&writer, "run", noting->run == NULL ? NULL : noting->run->name);
	rlg_record_str(&writer, "phase", noting->phase == NULL ? NULL : noting->phase->name);
	rlg_record_str(&writer, "user", noting->user);
	sayings[which].add(noting->saying, &writer);
	if (writer.left_out > 0)
		return rlg_fail(err, -EMSGSIZE, "that is too long: a record has %d bytes", RLG_RECORD_MAX);
	ssize_t length = rlg_record_end(&writer);
	return length < 0 ? rlg_fail_errno(err, (int)length, "cannot write the record") : length;
}

static int append(const struct noting *noting, size_t which, struct rlg_err *err)
{
	char storage[RLG_RECORD_MAX + 1];
	ssize_t length = write_record(noting, which, storage, err);

	if (length < 0)
		return (int)length;
	struct rlg_append append = {.group = noting->group->path,
				    .run = noting->run->name,
				    .line = storage,
				    .length = (size_t)length,
				    .timeout_ms = TURN_MS,
				    .durable = true};
	int code = rlg_statusfile_append(&append, err);
	if (code == 0) {
		rlg_news_leave(noting->group->path, noting->run->name, NULL); /* the refresh says what is wrong */
		return 0;
	}
	const struct rlg_spooled entry = {.event = "",
					  .group = noting->group->path,
					  .run = noting->run->name,
					  .phase = noting->phase == NULL ? NULL : noting->phase->name,
					  .line = append.line,
					  .length = append.length,
					  .why = code};
	code = rlg_spool_instead(&entry, err);
	if (code == 0)
		rlg_warning(noting->options, "%s", err->text);
	return code;
}

static int append_all(const struct noting *noting, struct rlg_err *err)
{
	int code = 0;

	if (noting->saying->output != NULL && access(noting->saying->output, F_OK) != 0)
		rlg_warning(noting->options, "%s is not there; it is recorded all the same", noting->saying->output);
	for (size_t which = 0; which < N_SAYINGS && code == 0; which++)
		if (sayings[which].is_said(noting->saying))
			code = append(noting, which, err);
	return code;
}

static int refresh(const struct rlg_options *options, struct rlg_group *group)
{
	struct rlg_refresh_report report;
	struct rlg_err err = {""};

	if (rlg_refresh_news(group, RLG_REFRESH_WAIT, &report, &err) != 0)
		return rlg_failure(options, "it is recorded, but the trackers are not all up to date: %s", err.text);
	if (report.left_to_other)
		rlg_warning(options, "it is recorded; another refresh of %s is at it", group->path);
	return rlg_damage_exit(options, report.damaged, group->path);
}

static int note(struct noting *noting, struct rlg_group *group, int *tell_fd)
{
	struct rlg_model *model;
	struct rlg_err err = {""};

	if (rlg_group_load(group, &model, &err) != 0)
		return rlg_failure(noting->options, "%s", err.text);
	noting->group = group;
	noting->run = rlg_named_run(noting->options, model, noting->options->words[0], &noting->phase);
	if (noting->run == NULL)
		return RLG_EXIT_FAILED;
	if (append_all(noting, &err) != 0)
		return rlg_failure(noting->options, "%s", err.text);
	rlg_watched_tell(tell_fd, 0);
	return refresh(noting->options, group);
}

/* In a child: all that touches a path. */
static int work(void *context, int tell_fd)
{
	struct noting *noting = context;
	struct rlg_group group;
	struct rlg_err err;
	int status;

	if (rlg_group_open(rlg_option_value(noting->options, "group"), &group, &err) != 0)
		status = rlg_failure(noting->options, "%s", err.text);
	else
		status = note(noting, &group, &tell_fd);
	rlg_group_close(&group);
	fflush(NULL);
	/* That it came to nothing is known, too. */
	rlg_watched_tell(&tell_fd, 0);
	return status;
}

/* ---- where nobody can look ---- */

/* Which group, and whether there is such a run, is found out at the delivery. */
static int leave_in_spool(const struct noting *noting, const char *folder, int why)
{
	struct rlg_spooled entry = {
		.event = "", .asked = true, .run = noting->options->words[0], .folder = folder, .why = why};
	char storage[RLG_RECORD_MAX + 1];
	struct rlg_err err = {""};

	for (size_t which = 0; which < N_SAYINGS; which++) {
		if (!sayings[which].is_said(noting->saying))
			continue;
		ssize_t length = write_record(noting, which, storage, &err);
		if (length < 0)
			return rlg_failure(noting->options, "%s", err.text);
		entry.line = storage;
		entry.length = (size_t)length;
		rlg_fail(&err, why, "%s cannot be reached in time, so nobody has looked for %s there", folder, entry.run);
		if (!rlg_resolve_asked_ok(entry.run) || rlg_spool_instead(&entry, &err) != 0)
			return rlg_failure(noting->options, "%s", err.text);
	}
	rlg_warning(noting->options, "%s", err.text);
	return RLG_EXIT_OK;
}

/* `path` may be the current folder's own, and NULL: who reads it later stands elsewhere. */
static const char *absolute(struct rlg_arena *arena, const char *path)
{
	char folder[RLG_PATH_MAX];

	if ((path != NULL && path[0] == '/') || getcwd(folder, sizeof(folder)) == NULL)
		return path;
	return path == NULL ? rlg_arena_strdup(arena, folder) : rlg_arena_printf(arena, "%s/%s", folder, path);
}

/* It is recorded, or it was said why not.  A refresh that takes too long goes on without us. */
static int wait_for_refresh(const struct noting *noting, pid_t child, int within_ms)
{
	const struct timespec pause = {.tv_nsec = LOOK_EVERY_MS * 1000000L};
	int64_t deadline_ms = rlg_clock_monotonic_ms() + within_ms;
	int status;
	pid_t ended;

	while ((ended = waitpid(child, &status, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
		if (rlg_clock_monotonic_ms() >= deadline_ms) {
			rlg_warning(noting->options, "it is recorded; bringing the trackers up to date takes longer than %d s, and is "
				    "left behind", within_ms / 1000);
			return RLG_EXIT_OK;
		}
		nanosleep(&pause, NULL);
	}
	return ended > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : RLG_EXIT_FAILED;
}

static int note_watched(const struct rlg_options *options, struct rlg_arena *arena, struct saying *saying)
{
	const struct passwd *user = getpwuid(geteuid());
	const char *folder = absolute(arena, rlg_option_value(options, "group"));
	struct noting noting = {.options = options,
				.saying = saying,
				.user = user == NULL ? NULL : user->pw_name,
				.now_us = rlg_clock_now_us()};
	struct rlg_siteconf site;
	pid_t child;

	saying->output = saying->output == NULL ? NULL : absolute(arena, saying->output);
	for (size_t which = 0; which < N_SAYINGS; which++)
		rlg_record_new_id(noting.ids[which]);
	rlg_site_here(&site, NULL); /* the admin's mistakes are told elsewhere */
	if (!rlg_spool_is_here(&site))
		return work(&noting, -1);
	fflush(NULL);
	int code = rlg_watched(work, &noting, site.spool_after_ms, &child);
	if (child < 0)
		return work(&noting, -1);
	if (code == -ETIMEDOUT || code == -ECHILD)
		return leave_in_spool(&noting, folder == NULL ? "." : folder, code);
	return wait_for_refresh(&noting, child, site.spool_after_ms);
}

static int run(struct rlg_options *options)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct saying saying;

	if (options->n_words == 0)
		return rlg_usage_error(options, "which run? `runledger note 1B_rank4 the loss went up at the end`");
	if (options->n_words == 1)
		return rlg_usage_error(options, "what about %s? `runledger note %s the loss went up at the end`",
				       options->words[0], options->words[0]);
	read_words(arena, options->words + 1, options->n_words - 1, &saying);
	int status = check(options, &saying);
	return status != 0 ? status : note_watched(options, arena, &saying);
}

static const struct rlg_option note_options[] = {
	{"group", 'g', "DIR", "the run group, or a folder in it; without it, the current folder"},
	{0},
};

static const struct rlg_example note_examples[] = {
	{"runledger note 1B_rank4 the loss went up in the last epoch", "a word on a run"},
	{"runledger note 1B_rank4 keep wandb=https://wandb.ai/lab/cap/runs/x1", "a verdict, and where its dashboard is"},
	{"runledger note 1B_rank4/eval output=logs/eval.json sync=ok", "where the results are, and that they are safe"},
	{0},
};

const struct rlg_command rlg_cmd_note = {
	.name = "note",
	.arguments = "RUN[/PHASE] WORD...",
	.summary = "record a person's word on a run",
	.description =
		"Records the words as a note on the run, or on a phase of it, and refreshes the trackers. Some have a meaning "
		"of their own: `keep` or `discard`, alone, is the verdict on the run (also verdict=keep); wandb=URL is its "
		"dashboard; description=TEXT says in few words what it is; output=PATH is where the results are; sync=WORD says "
		"how the copying of its artifacts stands: ok, failed, pending, syncing. The newest of each counts. An empty "
		"value (wandb=) takes back what was said.",
	.options = note_options,
	.examples = note_examples,
	.options_first = true,
	.run = run,
};
