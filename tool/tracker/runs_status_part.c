/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rendering only the runs that changed: see runs_status.h.
 *
 * The entries of those runs, as they stand in the file, make a small YAML text of their own: the part.  It is parsed,
 * brought up to date and looked at a second time as the whole would be; then its changes are made in the whole.
 */
#include "tool/tracker/runs_status.h"

#include <stdlib.h>
#include <string.h>

/* Of so many runs out of all, looking for each is no less work than all of it. */
#define TOO_MANY(changed, all) ((changed) > 16 && (changed) > (all) / 2)

/* The entry of one run in the text: from its key's line to the next key's. */
struct piece {
	const char *at;
	size_t length;
	size_t in_part; /* where it begins there */
};

struct rendering {
	struct rlg_arena *arena;
	const struct rlg_model *model;
	const char *text;
	size_t length;
	struct rlg_rs_layout layout;
	const struct rlg_run **changed, **by_name; /* in the model's order; sorted */
	size_t n_changed;
	struct piece *pieces; /* in the order of the text: of changed runs, and the last of all */
	size_t n_pieces;
	struct rlg_bytes part; /* all pieces */
};

static void find_changed(struct rendering *rendering, const struct rlg_tracker_view *view)
{
	const struct rlg_model *model = view->model;
	size_t n = 0;

	for (size_t i = 0; i < model->n_runs; i++)
		n += rlg_tracker_run_changed(view, &model->runs[i]);
	rendering->changed = rlg_arena_alloc(view->arena, (n + 1) * sizeof(*rendering->changed));
	for (size_t i = 0; i < model->n_runs && rendering->n_changed < n; i++) {
		if (rlg_tracker_run_changed(view, &model->runs[i]))
			rendering->changed[rendering->n_changed++] = &model->runs[i];
	}
}

static int compare_runs(const void *one, const void *other)
{
	return strcmp((*(const struct rlg_run *const *)one)->name, (*(const struct rlg_run *const *)other)->name);
}

static void sort_changed(struct rendering *rendering)
{
	size_t n = rendering->n_changed;

	rendering->by_name = rlg_arena_grow(rendering->arena, rendering->changed, n, n + 1, sizeof(*rendering->by_name));
	if (n > 1)
		qsort(rendering->by_name, n, sizeof(*rendering->by_name), compare_runs);
}

struct word {
	const char *at;
	size_t length;
};

static int compare_word(const void *key, const void *run)
{
	const struct word *word = key;
	const char *name = (*(const struct rlg_run *const *)run)->name;
	int order = strncmp(word->at, name, word->length);

	return order != 0 || name[word->length] == '\0' ? order : -1;
}

/* The name in a key's line, from its first character; an empty one where there is none. */
static struct word key_name(const char *at, const char *line_end)
{
	size_t left = (size_t)(line_end - at);

	if (*at == '"' || *at == '\'') {
		const char *quote = memchr(at + 1, *at, left - 1);
		return (struct word){at + 1, quote != NULL ? (size_t)(quote - at - 1) : 0};
	}
	for (const char *colon = at; (colon = memchr(colon, ':', (size_t)(line_end - colon))) != NULL; colon++) {
		if (colon + 1 == line_end || colon[1] == ' ' || colon[1] == '\t')
			return (struct word){at, (size_t)(colon - at)};
	}
	return (struct word){at, 0};
}

static bool has_changed(const struct rendering *rendering, const char *key, const char *line_end)
{
	struct word word = key_name(key, line_end);

	return rendering->n_changed > 0 && bsearch(&word, rendering->by_name, rendering->n_changed,
						   sizeof(*rendering->by_name), compare_word) != NULL;
}

/* The key in a line, behind exactly so many blanks; NULL: it is none of a run. */
static const char *key_in(const char *line, const char *line_end, size_t column)
{
	if ((size_t)(line_end - line) <= column || line[column] == ' ' || line[column] == '#' || line[column] == '\t')
		return NULL;
	for (size_t i = 0; i < column; i++) {
		if (line[i] != ' ')
			return NULL;
	}
	return line + column;
}

static void add_piece(struct rendering *rendering, const char *at, const char *end)
{
	struct piece *piece = &rendering->pieces[rendering->n_pieces++];

	*piece = (struct piece){.at = at, .length = (size_t)(end - at), .in_part = rendering->part.length};
	rlg_bytes_add_n(&rendering->part, at, piece->length);
}

typedef unsigned char lanes __attribute__((vector_size(16)));

/* Does any of the next sixteen bytes end a line, and the one behind it has no blank in that column? */
static bool any_key(const char *at, size_t column)
{
	lanes here, there;
	uint64_t found[2];

	memcpy(&here, at, sizeof(here));
	memcpy(&there, at + 1 + column, sizeof(there));
	here = (lanes)((here == '\n') & (there != ' '));
	memcpy(found, &here, sizeof(found));
	return (found[0] | found[1]) != 0;
}

/* The next line behind `at` that may be a key's; the end where there is none.  Nine lines in ten are none, and long. */
static const char *next_line(const char *at, const char *end, size_t column)
{
	const ptrdiff_t ahead = (ptrdiff_t)(1 + column + sizeof(lanes));

	while (at < end) {
		if (end - at >= ahead && !any_key(at, column)) {
			at += sizeof(lanes);
			continue;
		}
		for (const char *last = at + sizeof(lanes); at < last && at < end; at++)
			if (*at == '\n' && ((size_t)(end - at) <= 1 + column || at[1 + column] != ' '))
				return at + 1;
	}
	return end;
}

/* One look at each key's line.  The last run's entry is where new ones have to go. */
static void find_pieces(struct rendering *rendering)
{
	const char *end = rendering->text + rendering->length - rendering->layout.tail, *entry = NULL;
	size_t column = rendering->layout.column;
	bool wanted = false;

	rendering->pieces = rlg_arena_alloc(rendering->arena, (rendering->n_changed + 2) * sizeof(*rendering->pieces));
	for (const char *line = rendering->text + rendering->layout.head; line < end; line = next_line(line, end, column)) {
		const char *line_end = memchr(line, '\n', (size_t)(end - line));
		line_end = line_end != NULL ? line_end : end;
		const char *key = key_in(line, line_end, column);
		if (key == NULL)
			continue;
		if (wanted && rendering->n_pieces <= rendering->n_changed)
			add_piece(rendering, entry, line);
		entry = line;
		wanted = has_changed(rendering, key, line_end);
	}
	if (entry != NULL)
		add_piece(rendering, entry, end);
}

static bool parse_part(struct rendering *rendering, const char *path, const struct rlg_bytes *part,
		       struct rlg_yaml_doc *out_doc)
{
	return rlg_yaml_parse(rendering->arena, path, part->data, part->length, out_doc, NULL) == 0 &&
	       rlg_yaml_is_mapping(out_doc->root) &&
	       rlg_rs_is_plain(out_doc, out_doc->root, rendering->layout.column);
}

/* Updates the part and looks at it a second time, as the whole file would be. */
static bool update_part(struct rendering *rendering, const char *path, struct rlg_text_edits *edits)
{
	struct rlg_rs_runs runs = {.runs = rendering->changed, .n = rendering->n_changed};
	struct rlg_yaml_doc old, new;
	struct rlg_text_edits left;
	struct rlg_bytes result;

	if (!parse_part(rendering, path, &rendering->part, &old) || old.root->count != rendering->n_pieces)
		return false;
	rlg_rs_update_part(rendering->arena, rendering->model, &rendering->layout.style, &old, &runs, edits);
	if (edits->count == 0)
		return true;
	rlg_bytes_init(&result, rendering->arena);
	rlg_text_edits_init(&left, rendering->arena);
	if (rlg_text_edits_apply(edits, rendering->part.data, rendering->part.length, &result) < 0 ||
	    !parse_part(rendering, path, &result, &new))
		return false;
	rlg_rs_update_part(rendering->arena, rendering->model, &rendering->layout.style, &new, &runs, &left);
	return left.count == 0 && rlg_rs_unchanged(old.root, new.root);
}

/* From places in the part to places in the text.  What is put behind a piece's last line belongs to that piece. */
static void move_edits(const struct rendering *rendering, struct rlg_text_edits *edits)
{
	const struct piece *piece = rendering->pieces;

	/* rlg_text_edits_apply() has sorted them. */
	for (size_t i = 0; i < edits->count; i++) {
		struct rlg_text_edit *edit = &edits->list[i];

		while (edit->offset > piece->in_part + piece->length)
			piece++;
		edit->offset = (size_t)(piece->at - rendering->text) + edit->offset - piece->in_part;
	}
}

/* For the next time: only the comment on top can have moved the first run. */
static void remember(const struct rlg_tracker_view *view, struct rendering *rendering, const struct rlg_text_edits *edits)
{
	struct rlg_rs_layout layout = rendering->layout;

	for (size_t i = 0; i < edits->count; i++) {
		if (edits->list[i].offset < rendering->layout.head)
			layout.head += strlen(edits->list[i].words) - edits->list[i].length;
	}
	if (view->remember != NULL)
		rlg_rs_layout_add(view->remember, &layout);
}

int rlg_rs_render_part(const struct rlg_tracker_view *view, const char *path, const char *text, struct rlg_bytes *out)
{
	struct rendering rendering = {.arena = view->arena, .model = view->model, .text = text};
	struct rlg_rs_layout *layout = &rendering.layout;
	struct rlg_text_edits edits;

	if (view->changed_since == 0 || text == NULL || !rlg_rs_layout_parse(view->memory, layout))
		return 0;
	rendering.length = strlen(text);
	if (layout->head == 0 || layout->head >= rendering.length || layout->tail >= rendering.length - layout->head ||
	    text[layout->head - 1] != '\n')
		return 0;
	layout->style.newline = "\n";
	find_changed(&rendering, view);
	if (TOO_MANY(rendering.n_changed, view->model->n_runs))
		return 0;
	sort_changed(&rendering);
	rlg_bytes_init(&rendering.part, view->arena);
	rlg_text_edits_init(&edits, view->arena);
	find_pieces(&rendering);
	if (rendering.n_pieces == 0 || !update_part(&rendering, path, &edits))
		return 0;
	move_edits(&rendering, &edits);
	rlg_rs_update_comment(view->arena, view->model, &(struct rlg_yaml_doc){.text = text, .length = rendering.length}, &edits);
	if (rlg_text_edits_apply(&edits, text, rendering.length, out) < 0)
		return 0;
	remember(view, &rendering, &edits);
	return 1;
}
