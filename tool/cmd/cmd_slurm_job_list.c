/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runledger slurm-job-list: a run's line in the list of Slurm jobs, by hand. */
#include "tool/base/atomic_file.h"
#include "tool/cmd/commands.h"
#include "tool/base/folder_lock.h"
#include "tool/tracker/job_list.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A list has a line a run; what is larger is no list. */
#define DOC_MAX ((size_t)64 << 20)

/* Others who append wait for each other; a refresh does not, and ours is added to what it wrote. */
#define WAIT_MS 10000
#define MOST_RACES 20

struct asked {
	const struct rlg_options *options;
	struct rlg_arena *arena;
	const char *manifest, *doc;
	bool json;
	struct rlg_manifest_line line;
};

/* What the answer is, for a person and for a program. */
struct answer {
	bool good;
	const char *result; /* appended, present, missing, differs */
	const char *words; /* for a person */
	struct rlg_bytes differences; /* a list in JSON; empty: none */
};

static int say(const struct asked *asked, const struct answer *answer)
{
	struct rlg_bytes json;

	if (!asked->json && answer->good)
		printf("%s\n", answer->words);
	if (!answer->good)
		rlg_failure(asked->options, "%s", answer->words);
	if (asked->json) {
		rlg_bytes_init(&json, asked->arena);
		rlg_bytes_addf(&json, "{\"version\":1,\"ok\":%s,\"result\":\"%s\",\"run_id\":", answer->good ? "true" : "false",
			       answer->result);
		rlg_bytes_add_json(&json, asked->line.run_id);
		rlg_bytes_add(&json, ",\"line\":");
		rlg_bytes_add_json(&json, asked->line.text);
		rlg_bytes_addf(&json, ",\"differences\":[%s]}", answer->differences.data != NULL ? answer->differences.data : "");
		puts(json.data);
	}
	return answer->good ? RLG_EXIT_OK : RLG_EXIT_FAILED;
}

/* ---- append ---- */

/* Returns 0, 1 if the run is in the list already, or a negative errno: -EAGAIN where somebody else wrote meanwhile. */
static int append_once(const struct asked *asked, struct rlg_err *err)
{
	const char *lines[] = {asked->line.text};
	struct rlg_bytes out;
	struct stat known = {.st_nlink = 0};
	char *text;
	size_t length;
	int code = rlg_file_read(asked->arena, asked->doc, DOC_MAX, &text, &length, &known, err);

	if (code != 0)
		return code;
	if (rlg_job_list_has(text, asked->line.run_id))
		return 1;
	rlg_bytes_init(&out, asked->arena);
	rlg_job_list_add(text, lines, 1, &out);
	return rlg_file_replace(asked->doc, out.data, out.length, &known, err);
}

static int append(struct asked *asked)
{
	struct answer answer = {.good = true};
	struct rlg_err err = {""};
	int lock = rlg_folder_lock(asked->arena, asked->doc, WAIT_MS, &err), code = lock < 0 ? lock : -EAGAIN;

	for (int i = 0; code == -EAGAIN && i < MOST_RACES; i++)
		code = append_once(asked, &err);
	if (lock >= 0)
		close(lock);
	if (code < 0)
		return rlg_failure(asked->options, "%s",
				   err.text[0] != '\0' ? err.text : "others keep writing the list; try again");
	answer.result = code == 0 ? "appended" : "present";
	answer.words = rlg_arena_printf(asked->arena, code == 0 ? "%s: appended %s" : "%s: has run_id=%s already", asked->doc,
					code == 0 ? asked->line.text : asked->line.run_id);
	return say(asked, &answer);
}

/* ---- verify ---- */

static void add_difference(const struct asked *asked, struct answer *answer, struct rlg_bytes *words, const char *key,
			   const char *there, const char *wanted)
{
	if (there != NULL && strcmp(there, wanted) == 0)
		return;
	rlg_bytes_addf(words, "%s%s %s%s, but %s in the manifest", words->length > 0 ? "; " : "", key,
		       there != NULL ? "is " : "is missing", there != NULL ? there : "", wanted);
	rlg_bytes_addf(&answer->differences, "%s{\"key\":\"%s\",\"list\":", answer->differences.length > 0 ? "," : "", key);
	rlg_bytes_add_json(&answer->differences, there);
	rlg_bytes_add(&answer->differences, ",\"manifest\":");
	rlg_bytes_add_json(&answer->differences, wanted);
	rlg_bytes_add(&answer->differences, "}");
}

static void compare(const struct asked *asked, const struct rlg_job_list_entry *entry, struct answer *answer)
{
	const struct rlg_manifest_line *line = &asked->line;
	struct rlg_bytes words;

	rlg_bytes_init(&words, asked->arena);
	rlg_bytes_init(&answer->differences, asked->arena);
	add_difference(asked, answer, &words, "date", entry->date, line->date);
	add_difference(asked, answer, &words, "job_id", entry->job_id, line->job_id);
	add_difference(asked, answer, &words, "iteration_id", entry->iteration_id, line->iteration_id);
	add_difference(asked, answer, &words, "status", entry->status, line->status);
	answer->result = "differs";
	answer->words = rlg_arena_printf(asked->arena, "%s:%zu: the line of run_id=%s is not the manifest's: %s; expected: %s",
					 asked->doc, entry->number, line->run_id,
					 words.length > 0 ? words.data : "it is written in another way", line->text);
}

static int verify(struct asked *asked)
{
	const struct rlg_manifest_line *line = &asked->line;
	struct answer answer = {.result = "missing"};
	struct rlg_job_list_entry entry;
	struct rlg_err err = {""};
	char *text;
	size_t length;

	if (rlg_file_read(asked->arena, asked->doc, DOC_MAX, &text, &length, NULL, &err) != 0)
		return rlg_failure(asked->options, "%s", err.text);
	size_t number = text != NULL ? rlg_job_list_find(text, line->text) : 0;
	if (number > 0) {
		answer = (struct answer){.good = true, .result = "present"};
		answer.words = rlg_arena_printf(asked->arena, "%s:%zu: %s", asked->doc, number, line->text);
	} else if (text == NULL) {
		answer.words = rlg_arena_printf(asked->arena, "%s is not there; `runledger slurm-job-list append` makes it",
						asked->doc);
	} else if (rlg_job_list_entry(asked->arena, text, line->run_id, &entry)) {
		compare(asked, &entry, &answer);
	} else {
		answer.words = rlg_arena_printf(asked->arena, "%s has no line with run_id=%s%s; expected: %s", asked->doc,
						line->run_id,
						rlg_job_list_has(text, line->run_id)
							? ", though it is mentioned there"
							: "; `runledger slurm-job-list append` adds it",
						line->text);
	}
	return say(asked, &answer);
}

/* ---- both ---- */

static int read_manifest(struct asked *asked)
{
	struct rlg_json_doc doc;
	struct rlg_err err = {""};
	char *text;
	size_t length;
	int code = rlg_file_read(asked->arena, asked->manifest, RLG_MANIFEST_MAX, &text, &length, NULL, &err);

	if (code == 0 && text == NULL)
		code = rlg_fail(&err, -ENOENT, "%s: there is no such manifest", asked->manifest);
	if (code == 0)
		code = rlg_manifest_parse(asked->arena, asked->manifest, text, length, &doc, &err);
	if (code == 0)
		code = rlg_manifest_line(asked->manifest, &doc, &asked->line, &err);
	return code == 0 ? 0 : rlg_failure(asked->options, "%s", err.text);
}

static const struct {
	const char *word;
	int (*run)(struct asked *asked);
} actions[] = {{"append", append}, {"verify", verify}};

static int run(struct rlg_options *options)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct asked asked = {.options = options,
			      .arena = arena,
			      .manifest = rlg_option_value(options, "manifest"),
			      .doc = rlg_option_value(options, "doc"),
			      .json = rlg_option_given(options, "json")};
	int (*action)(struct asked *) = NULL;

	if (options->n_words != 1)
		return rlg_usage_error(options, options->n_words == 0 ? "append or verify?" : "append or verify, and no more words");
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strcmp(options->words[0], actions[i].word) == 0)
			action = actions[i].run;
	if (action == NULL)
		return rlg_usage_error(options, "`%s` is neither append nor verify", options->words[0]);
	if (asked.manifest == NULL || asked.manifest[0] == '\0')
		return rlg_usage_error(options, "which run? --manifest names its run_manifest.json");
	if (asked.doc == NULL || asked.doc[0] == '\0')
		return rlg_usage_error(options, "which list? --doc names it, as in --doc docs/slurm_job_list.md");
	int status = read_manifest(&asked);
	return status != 0 ? status : action(&asked);
}

static const struct rlg_option options_table[] = {
	{"manifest", 'm', "FILE", "the run's run_manifest.json"},
	{"doc", 'd', "FILE", "the list, docs/slurm_job_list.md"},
	{"json", '\0', NULL, "print one JSON object, for programs"},
	{0},
};

static const struct rlg_example examples[] = {
	{"runledger slurm-job-list append -m RUN/run_manifest.json -d docs/jobs.md",
	 "add the run's line, unless the run is in the list already"},
	{"runledger slurm-job-list verify -m RUN/run_manifest.json -d docs/jobs.md",
	 "is that very line there?"},
	{0},
};

const struct rlg_command rlg_cmd_slurm_job_list = {
	.name = "slurm-job-list",
	.arguments = "append|verify",
	.summary = "a run's line in the list of Slurm jobs",
	.description = "Adds the line of a run, from its run_manifest.json, to the list of Slurm jobs, or looks whether it is "
		       "there. The tracker slurm_job_list does that by itself; by hand it is useful for runs from before.\n\n"
		       "append makes the list if there is none, and does nothing when the run is in it already: its lines are "
		       "history, with the status of that moment. verify succeeds only when the very line is there, and "
		       "otherwise says what is missing or differs.",
	.options = options_table,
	.examples = examples,
	.run = run,
};
