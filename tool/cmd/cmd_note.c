/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runledger note: a person's word on a run, or on a phase of it. */
#include "lib/clock.h"
#include "lib/record.h"
#include "lib/statusfile.h"
#include "lib/text.h"
#include "tool/base/bytes.h"
#include "tool/cmd/commands.h"
#include "tool/cmd/damage.h"
#include "tool/cmd/named_run.h"
#include "tool/group/news.h"
#include "tool/group/refresh.h"
#include "tool/record/site_here.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

/* How long to wait for others who write on this host. */
#define TURN_MS 10000

/* A word, as formats and their validators know it. */
#define SYNC_MAX 32

/* What a person says at once; a text of NULL was not said, "" takes back what was. */
struct saying {
	const char *verdict, *wandb, *description, *output, *sync;
	const char *text; /* all other words */
};

struct noting {
	const struct rlg_options *options;
	const struct rlg_group *group;
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

static void begin(const struct noting *noting, const char *event, struct rlg_record_writer *writer,
		  char storage[RLG_RECORD_MAX + 1])
{
	char id[RLG_ID_MAX];

	rlg_record_new_id(id);
	rlg_record_begin(writer, storage, RLG_RECORD_MAX + 1, noting->now_us, event, id);
	rlg_record_str(writer, "run", noting->run->name);
	rlg_record_str(writer, "phase", noting->phase == NULL ? NULL : noting->phase->name);
	rlg_record_str(writer, "user", noting->user);
}

static int append(const struct noting *noting, struct rlg_record_writer *writer, struct rlg_err *err)
{
	if (writer->left_out > 0)
		return rlg_fail(err, -EMSGSIZE, "that is too long: a record has %d bytes", RLG_RECORD_MAX);
	ssize_t length = rlg_record_end(writer);
	struct rlg_append append = {.group = noting->group->path,
				    .run = noting->run->name,
				    .line = writer->text.data,
				    .length = length < 0 ? 0 : (size_t)length,
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

static int record_note(const struct noting *noting, const struct saying *saying, struct rlg_err *err)
{
	char storage[RLG_RECORD_MAX + 1];
	struct rlg_record_writer writer;

	if (saying->text == NULL && saying->verdict == NULL && saying->wandb == NULL && saying->description == NULL)
		return 0;
	begin(noting, "note", &writer, storage);
	add_text(&writer, "verdict", saying->verdict);
	add_text(&writer, "wandb", saying->wandb);
	add_text(&writer, "description", saying->description);
	add_text(&writer, "text", saying->text);
	return append(noting, &writer, err);
}

/* Who reads it later stands elsewhere. */
static const char *absolute(const struct noting *noting, const char *path)
{
	char folder[RLG_PATH_MAX];

	if (path[0] == '/' || getcwd(folder, sizeof(folder)) == NULL)
		return path;
	return rlg_arena_printf(noting->group->arena, "%s/%s", folder, path);
}

static int record_output(const struct noting *noting, const char *output, struct rlg_err *err)
{
	char storage[RLG_RECORD_MAX + 1];
	struct rlg_record_writer writer;

	if (output == NULL)
		return 0;
	const char *path = absolute(noting, output);
	if (access(path, F_OK) != 0)
		rlg_warning(noting->options, "%s is not there; it is recorded all the same", path);
	begin(noting, "output", &writer, storage);
	rlg_record_str(&writer, "path", path);
	return append(noting, &writer, err);
}

static int record_sync(const struct noting *noting, const char *sync, struct rlg_err *err)
{
	char storage[RLG_RECORD_MAX + 1];
	struct rlg_record_writer writer;

	if (sync == NULL)
		return 0;
	begin(noting, "sync", &writer, storage);
	rlg_record_str(&writer, "status", sync);
	return append(noting, &writer, err);
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

static int note(const struct rlg_options *options, struct rlg_group *group, const struct saying *saying)
{
	const struct passwd *user = getpwuid(geteuid());
	struct noting noting = {.options = options,
				.group = group,
				.user = user == NULL ? NULL : user->pw_name,
				.now_us = rlg_clock_now_us()};
	struct rlg_model *model;
	struct rlg_err err = {""};

	if (rlg_group_load(group, &model, &err) != 0)
		return rlg_failure(options, "%s", err.text);
	noting.run = rlg_named_run(options, model, options->words[0], &noting.phase);
	if (noting.run == NULL)
		return RLG_EXIT_FAILED;
	if (record_note(&noting, saying, &err) != 0 || record_output(&noting, saying->output, &err) != 0 ||
	    record_sync(&noting, saying->sync, &err) != 0)
		return rlg_failure(options, "%s", err.text);
	return refresh(options, group);
}

static int run(struct rlg_options *options)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct rlg_group group;
	struct rlg_err err;
	struct saying saying;
	int status;

	if (options->n_words == 0)
		return rlg_usage_error(options, "which run? `runledger note 1B_rank4 the loss went up at the end`");
	if (options->n_words == 1)
		return rlg_usage_error(options, "what about %s? `runledger note %s the loss went up at the end`",
				       options->words[0], options->words[0]);
	read_words(arena, options->words + 1, options->n_words - 1, &saying);
	status = check(options, &saying);
	if (status != 0)
		return status;
	if (rlg_group_open(rlg_option_value(options, "group"), &group, &err) != 0)
		status = rlg_failure(options, "%s", err.text);
	else
		status = note(options, &group, &saying);
	rlg_group_close(&group);
	return status;
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
