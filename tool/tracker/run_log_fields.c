/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields, blocks for jobs, Results and Next of a run log brought up to date: see run_log.h. */
#include "tool/tracker/run_log.h"

#include <string.h>

#define DASH "\xe2\x80\x94"

/* The seed's words for what is not known yet, for blocks that are added; the first block is in the template. */
#define ISO_LATER "`<ISO timestamp>`\n"

static const char resumed_block[] = "- submitted: " ISO_LATER
				    "- resumed from: `<path to checkpoint>`\n"
				    "- start: " ISO_LATER
				    "- start_human: `<Wednesday, Feb 25th, 2026>`\n";
static const char other_block[] = "- script: `slurm/<script>.sh` or `docker run` command\n"
				  "- submitted/start: " ISO_LATER
				  "- start_human: `<Wednesday, Feb 25th, 2026>`\n";
static const char block_end[] = "- end: " ISO_LATER
				"- end_human: `<Thursday, Feb 26th, 2026>`\n"
				"- runtime: `<HH:MM:SS>`\n"
				"- node: <from squeue/logs> (Slurm only " DASH
				" for cloud VMs the instance is already in execution_id)\n";

static const char results_body[] = "- runtime: `<HH:MM:SS>` (start `<ISO timestamp>`, end `<ISO timestamp>`)\n"
				   "- final step: <last logged step>\n"
				   "- start_train_loss: `<first logged value>`\n"
				   "- end_train_loss: `<last logged value>`\n"
				   "- start_val_loss: `<first logged value or n/a>`\n"
				   "- end_val_loss: `<last logged value or n/a>`\n"
				   "- loss_one_liner: <one-sentence qualitative summary of the loss progression>\n"
				   "- checkpoint: `<path to checkpoint on remote storage>`\n"
				   "- config_snapshot: `<path to resolved config from run output>`\n";

/* ---- one value ---- */

static bool is_in_code(const char *value)
{
	size_t length = strlen(value);

	return length >= 2 && value[0] == '`' && value[length - 1] == '`' && memchr(value + 1, '`', length - 2) == NULL;
}

/* Without the backticks around it: who takes them off has not changed the value. */
static const char *bare(struct rlg_arena *arena, const char *value)
{
	return is_in_code(value) ? rlg_arena_strndup(arena, value + 1, strlen(value) - 2) : value;
}

static bool is_same_value(struct rlg_arena *arena, const char *one, const char *other)
{
	return one != NULL && other != NULL && strcmp(bare(arena, one), bare(arena, other)) == 0;
}

/* What is found in the file for one field. */
struct found {
	const struct rlg_rl_field *field;
	struct rlg_md_key key;
	const char *value; /* as it stands there */
	const char *kept_as; /* its key in the memory */
	const char *kept; /* what the machine wrote last; NULL: nothing, or not known */
};

/* May the machine write there?  Without a memory only where nobody has written anything. */
static bool is_machines(struct rlg_arena *arena, const struct found *found)
{
	if (rlg_rl_is_placeholder(found->value, found->field->placeholder))
		return true;
	return !found->field->once && is_same_value(arena, found->value, found->kept);
}

static void set_value(struct rlg_rl_update *update, const struct found *found, const char *value)
{
	struct rlg_arena *arena = update->run->arena;

	if (update->edits == NULL) {
		/* What stands there is what the machine would write: then it is the machine's from now on. */
		if (is_same_value(arena, found->value, value))
			rlg_kept_set(update->kept, found->kept_as, value);
		return;
	}
	if (is_same_value(arena, found->value, value) || !is_machines(arena, found))
		return;
	/* Who took the backticks off wants none. */
	if (!rlg_rl_is_placeholder(found->value, found->field->placeholder) && !is_in_code(found->value) &&
	    found->kept != NULL && is_in_code(found->kept))
		value = bare(arena, value);
	if (found->key.needs_blank)
		value = rlg_arena_printf(arena, " %s", value);
	rlg_text_edits_add(update->edits, found->key.offset, found->key.length, value);
}

/* The fields in these lines, each where it is first named. */
static void update_lines(struct rlg_rl_update *update, size_t first, size_t end, const struct rlg_rl_field *fields,
			 const char *section, const struct rlg_rl_job *job)
{
	const char *early = job != NULL ? rlg_rl_block_key(update->run->arena, job, job->early_key) : NULL;
	struct rlg_arena *arena = update->run->arena;
	const struct rlg_md_lines *lines = &update->doc->lines;
	unsigned seen = 0; /* a bit for each field */
	struct found found;

	for (size_t line = first; line < end; line++) {
		if (!rlg_md_key_read(lines, line, &found.key) ||
		    (found.field = rlg_rl_field_called(fields, found.key.name)) == NULL ||
		    (seen & 1u << (found.field - fields)) != 0)
			continue;
		seen |= 1u << (found.field - fields);
		const char *value = found.field->value(update->run, job);
		if (value == NULL)
			continue;
		found.value = rlg_arena_strndup(arena, lines->text + found.key.offset, found.key.length);
		found.kept_as = rlg_arena_printf(arena, "%s/%s", section, found.field->name);
		found.kept = rlg_kept_get(update->kept, found.kept_as);
		if (found.kept == NULL && early != NULL)
			found.kept = rlg_kept_get(update->kept, rlg_arena_printf(arena, "%s/%s", early, found.field->name));
		set_value(update, &found, value);
	}
}

/* ---- sections ---- */

static const struct {
	const char *const titles[4]; /* as they begin, in lower case; ended by NULL */
	const char *key;
	const struct rlg_rl_field *fields;
} sections[] = {
	{{"config", "setup"}, "config", rlg_rl_config_fields},
	{{"result"}, "results", rlg_rl_results_fields},
	{{"w&b", "wandb", "weights"}, "wandb", rlg_rl_wandb_fields},
};

static const struct rlg_rl_part *part_called(const struct rlg_rl_doc *doc, const char *const *titles)
{
	const struct rlg_rl_part *part = NULL;

	for (; part == NULL && *titles != NULL; titles++)
		part = rlg_rl_doc_part(doc, *titles);
	return part;
}

static void update_sections(struct rlg_rl_update *update)
{
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		const struct rlg_rl_part *part = part_called(update->doc, sections[i].titles);
		/* Who put a job's lines there has made it that job's block. */
		if (part != NULL && part->job == NULL)
			update_lines(update, part->part.first, part->own_end, sections[i].fields, sections[i].key, NULL);
	}
}

void rlg_rl_insert(struct rlg_rl_update *update, size_t line, const char *words)
{
	const struct rlg_md_lines *lines = &update->doc->lines;
	size_t offset = line < lines->n ? lines->list[line].offset : lines->length;
	struct rlg_bytes bytes;

	rlg_bytes_init(&bytes, update->run->arena);
	if (line >= lines->n && !update->at_end && lines->length > 0 && lines->text[lines->length - 1] != '\n')
		rlg_bytes_add(&bytes, lines->eol);
	update->at_end = update->at_end || line >= lines->n;
	for (; *words != '\0'; words += strcspn(words, "\n") + 1) {
		rlg_bytes_add_n(&bytes, words, strcspn(words, "\n"));
		rlg_bytes_add(&bytes, lines->eol);
	}
	rlg_text_edits_add(update->edits, offset, 0, bytes.data);
}

/* ---- blocks ---- */

static unsigned level_of(const struct rlg_rl_doc *doc, const struct rlg_rl_part *part)
{
	return doc->lines.list[part->part.heading].level;
}

/* The block behind which a new one goes: the last of all, also of those of jobs that nobody knows. */
static const struct rlg_rl_part *last_block(const struct rlg_rl_doc *doc)
{
	const struct rlg_rl_part *last = NULL;

	for (size_t i = 0; i < doc->n_parts; i++) {
		const struct rlg_rl_part *part = &doc->parts[i];
		if (level_of(doc, part) > 1 && (part->job != NULL || part->n_ids > 0 || part->about_jobs))
			last = part;
	}
	return last;
}

static const char *heading_of(struct rlg_arena *arena, const struct rlg_rl_job *job)
{
	const char *phase = job->later_phase ? rlg_rl_plain(arena, job->phase) : "";

	if (!job->later_phase && !job->resumed)
		return "Job";
	return rlg_arena_printf(arena, "Job (%s%s%s)", phase, job->later_phase && job->resumed ? ", " : "",
				job->resumed ? "resumed" : "");
}

/* With what is known of it by now, and the seed's placeholders for the rest. */
static const char *block_of(struct rlg_rl_update *update, const struct rlg_rl_job *job, unsigned level)
{
	struct rlg_arena *arena = update->run->arena;
	const char *body = rlg_arena_printf(arena, "- execution_id: <Slurm job_id, or instance_name/zone for cloud VMs>\n%s%s",
					    job->resumed ? resumed_block : other_block, block_end);
	struct rlg_rl_doc doc = {.path = update->doc->path};
	struct rlg_text_edits edits;
	struct rlg_bytes bytes;

	rlg_bytes_init(&bytes, arena);
	rlg_bytes_addf(&bytes, "%.*s %s\n", (int)level, "######", heading_of(arena, job));
	rlg_text_edits_init(&edits, arena);
	if (rlg_md_lines_read(arena, doc.path, body, &doc.lines, NULL) != 0)
		return bytes.data;
	struct rlg_rl_update fill = {.run = update->run, .doc = &doc, .kept = update->kept, .edits = &edits};
	update_lines(&fill, 0, doc.lines.n, rlg_rl_job_fields, rlg_rl_block_key(arena, job, job->key), job);
	rlg_text_edits_apply(&edits, body, doc.lines.length, &bytes);
	return bytes.data;
}

/* Before the first of these sections, if there is no block yet; else at the end. */
static size_t place_for_first(const struct rlg_rl_doc *doc)
{
	static const char *const behind[] = {"status", "result", "w&b", "next"};
	size_t line = doc->lines.n;

	for (size_t i = 0; i < sizeof(behind) / sizeof(behind[0]); i++) {
		const struct rlg_rl_part *part = rlg_rl_doc_part(doc, behind[i]);
		if (part != NULL && part->part.heading < line)
			line = part->part.heading;
	}
	return line;
}

void rlg_rl_insert_section(struct rlg_rl_update *update, size_t line, const char *words)
{
	const struct rlg_md_lines *lines = &update->doc->lines;
	bool at_end = line >= lines->n, below_blank = line == 0 || rlg_md_line_is_blank(lines, line - 1);

	if (update->section_at == line + 1)
		below_blank = !at_end; /* another one stands there by now */
	else if (at_end && update->at_end)
		below_blank = false;
	rlg_rl_insert(update, line, rlg_arena_printf(update->run->arena, "%s%s%s", below_blank ? "" : "\n", words,
						     at_end ? "" : "\n"));
	update->section_at = line + 1;
}

size_t rlg_rl_behind_blocks(const struct rlg_rl_doc *doc)
{
	const struct rlg_rl_part *last = last_block(doc);

	return last != NULL ? last->part.end : place_for_first(doc);
}

static void add_block(struct rlg_rl_update *update, const struct rlg_rl_job *job)
{
	const struct rlg_rl_part *last = last_block(update->doc);

	rlg_rl_insert_section(update, rlg_rl_behind_blocks(update->doc),
			      block_of(update, job, last != NULL ? level_of(update->doc, last) : 2));
}

static void update_blocks(struct rlg_rl_update *update)
{
	struct rlg_arena *arena = update->run->arena;

	for (size_t i = 0; i < update->doc->n_parts; i++) {
		const struct rlg_rl_part *part = &update->doc->parts[i];
		if (part->job != NULL)
			update_lines(update, part->part.first, part->own_end, rlg_rl_job_fields,
				     rlg_rl_block_key(arena, part->job, part->job->key), part->job);
	}
	for (size_t j = 0; j < update->run->n_jobs; j++) {
		const struct rlg_rl_job *job = &update->run->jobs[j];
		bool had = rlg_rl_had_block(arena, update->kept, job), has = false;
		for (size_t i = 0; i < update->doc->n_parts; i++)
			has = has || update->doc->parts[i].job == job;
		if (update->edits == NULL)
			/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): there are n_jobs */
			rlg_kept_set(update->kept, rlg_rl_block_key(arena, job, job->key), "written");
		else if (!has && !had)
			add_block(update, job);
	}
}

/* ---- Results and Next: filled when the run is over ---- */

static bool is_empty(const struct rlg_rl_doc *doc, const struct rlg_rl_part *part)
{
	for (size_t line = part->part.first; line < part->part.end; line++) {
		const char *text = rlg_md_line_text(&doc->lines, line);
		if (!doc->lines.list[line].hidden && !rlg_md_line_is_blank(&doc->lines, line) &&
		    strcmp(text + strspn(text, " \t-*`"), "pending") != 0)
			return false;
	}
	return true;
}

static bool has_any_field(const struct rlg_rl_doc *doc, const struct rlg_rl_part *part, const struct rlg_rl_field *fields)
{
	struct rlg_md_key key;

	for (size_t line = part->part.first; line < part->part.end; line++)
		if (rlg_md_key_read(&doc->lines, line, &key) && rlg_rl_field_called(fields, key.name) != NULL)
			return true;
	return false;
}

/* The seed's lines with what is known. */
static const char *results_of(struct rlg_rl_update *update)
{
	struct rlg_rl_doc doc = {.path = update->doc->path};
	struct rlg_text_edits edits;
	struct rlg_bytes bytes;

	rlg_bytes_init(&bytes, update->run->arena);
	rlg_text_edits_init(&edits, update->run->arena);
	if (rlg_md_lines_read(update->run->arena, doc.path, results_body, &doc.lines, NULL) != 0)
		return "";
	struct rlg_rl_update fill = {.run = update->run, .doc = &doc, .kept = update->kept, .edits = &edits};
	update_lines(&fill, 0, doc.lines.n, rlg_rl_results_fields, "results", NULL);
	rlg_text_edits_apply(&edits, results_body, doc.lines.length, &bytes);
	return bytes.data;
}

static void add_results(struct rlg_rl_update *update)
{
	static const char done[] = "section/results";
	static const char *const titles[] = {"result", NULL}, *const next[] = {"w&b", "wandb", "next", NULL};
	const struct rlg_rl_doc *doc = update->doc;
	const struct rlg_rl_part *part = part_called(doc, titles), *behind = part_called(doc, next);
	bool is_over = rlg_rl_field_called(rlg_rl_results_fields, "runtime")->value(update->run, NULL) != NULL;

	if (!is_over || rlg_kept_get(update->kept, done) != NULL)
		return;
	if (update->edits == NULL) {
		rlg_kept_set(update->kept, done, "written");
		return;
	}
	if (part == NULL) {
		rlg_rl_insert_section(update, behind != NULL ? behind->part.heading : doc->lines.n,
				      rlg_arena_printf(update->run->arena, "## Results\n%s", results_of(update)));
	} else if (is_empty(doc, part)) {
		rlg_rl_insert(update, part->part.first, results_of(update));
	} else if (!has_any_field(doc, part, rlg_rl_results_fields)) {
		rlg_rl_insert(update, rlg_md_part_content_end(&doc->lines, &part->part),
			      rlg_arena_printf(update->run->arena, "\n%s", results_of(update)));
	}
}

/* The body of a part as it would be written, without blank lines around it and with LF. */
static const char *body_of(struct rlg_rl_update *update, const struct rlg_rl_part *part)
{
	size_t end = rlg_md_part_content_end(&update->doc->lines, &part->part);
	struct rlg_bytes bytes;

	rlg_bytes_init(&bytes, update->run->arena);
	for (size_t line = part->part.first; line < end; line++)
		rlg_bytes_addf(&bytes, "%s\n", rlg_md_line_text(&update->doc->lines, line));
	return bytes.data;
}

/* While nobody else has written there. */
static void update_next(struct rlg_rl_update *update)
{
	static const char key[] = "section/next";
	const struct rlg_md_lines *lines = &update->doc->lines;
	const struct rlg_rl_part *part = rlg_rl_doc_part(update->doc, "next");
	const char *words = rlg_rl_next(update->run), *kept = rlg_kept_get(update->kept, key);

	if (part == NULL || words == NULL)
		return;
	const char *body = body_of(update, part);
	if (update->edits == NULL) {
		if (strcmp(body, words) == 0)
			rlg_kept_set(update->kept, key, words);
		return;
	}
	if (kept == NULL && is_empty(update->doc, part)) {
		rlg_rl_insert(update, part->part.first, words);
	} else if (kept != NULL && strcmp(body, kept) == 0 && strcmp(words, kept) != 0) {
		size_t begin = lines->list[part->part.first].offset;
		size_t end = rlg_md_part_content_end(lines, &part->part);
		end = end < lines->n ? lines->list[end].offset : lines->length;
		/* Before what goes: of two changes at one place the first comes first. */
		rlg_rl_insert(update, part->part.first, words);
		rlg_text_edits_add(update->edits, begin, end - begin, "");
	}
}

/* ---- the title ---- */

/* `# RUN - <short description>`: until a person says what it is, there or by `runledger note`. */
static void update_title(struct rlg_rl_update *update)
{
	static const char open[] = "<short description>", key[] = "title";
	struct rlg_arena *arena = update->run->arena;
	const char *description = update->run->run->description, *kept = rlg_kept_get(update->kept, key);

	if (description == NULL || update->doc->n_parts == 0)
		return;
	const struct rlg_md_line *line = &update->doc->lines.list[update->doc->parts[0].part.heading];
	const char *text = rlg_arena_strndup(arena, update->doc->lines.text + line->offset, line->length);
	const char *words = rlg_rl_plain(arena, description);
	const char *old = kept != NULL && strstr(text, kept) != NULL ? kept : open;
	const char *at = strstr(text, old);
	if (update->edits == NULL && strstr(text, words) != NULL)
		rlg_kept_set(update->kept, key, words);
	if (update->edits != NULL && at != NULL && line->level == 1 && strcmp(old, words) != 0 &&
	    at[strlen(old)] == '\0')
		rlg_text_edits_add(update->edits, line->offset + (size_t)(at - text), strlen(old), words);
}

void rlg_rl_update_fields(struct rlg_rl_update *update)
{
	update_title(update);
	update_sections(update);
	update_blocks(update);
}

void rlg_rl_update_end(struct rlg_rl_update *update)
{
	/* Before the Results: where both go to one place, what is added first comes first, and these belong to the heading above. */
	update_next(update);
	add_results(update);
}
