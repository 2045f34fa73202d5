/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a runs_status.yaml and a model to a list of text edits: see runs_status.h. */
#include "tool/tracker/runs_status.h"

#include "lib/clock.h"

#include <string.h>

#define BOM "\xef\xbb\xbf"

struct update {
	struct rlg_arena *arena;
	const struct rlg_model *model;
	const struct rlg_yaml_doc *doc;
	struct rlg_text_edits *edits;
	struct rlg_rs_style style;
};

/* A mapping, with what it stands in: it may be null or {} as yet. */
struct container {
	const struct rlg_yaml_node *parent; /* NULL: it is the root */
	struct rlg_yaml_node *key; /* NULL: it is the root */
	struct rlg_yaml_node *value;
};

/* Where new keys go. */
struct spot {
	struct rlg_rs_writer writer;
	size_t offset, length; /* of what they replace */
	bool braces; /* they get braces of their own */
};

/* ---- places in the text ---- */

const char *rlg_rs_newline(const char *text)
{
	const char *at = text + strcspn(text, "\r\n");

	if (*at == '\r')
		return at[1] == '\n' ? "\r\n" : "\r";
	return "\n";
}

/* The bytes of the line break at `at`: 0 for none.  YAML has three beyond those of ASCII. */
static size_t break_length(const char *at)
{
	if (*at == '\r')
		return at[1] == '\n' ? 2 : 1;
	if (*at == '\n')
		return 1;
	if (*at == '\xc2')
		return at[1] == '\x85' ? 2 : 0;
	return strncmp(at, "\xe2\x80\xa8", 3) == 0 || strncmp(at, "\xe2\x80\xa9", 3) == 0 ? 3 : 0;
}

/* The start of the line behind the one that `offset` is in; *out_open: the text ends before there is one. */
static size_t next_line(const struct rlg_yaml_doc *doc, size_t offset, bool *out_open)
{
	*out_open = false;
	/* A block scalar ends there already. */
	if (offset > 0 && (doc->text[offset - 1] == '\n' || doc->text[offset - 1] == '\r'))
		return offset;
	while (offset < doc->length) {
		size_t length = break_length(doc->text + offset);

		if (length > 0)
			return offset + length;
		offset++;
	}
	*out_open = true;
	return offset;
}

/* The column, from 0, in characters. */
static size_t column_of(const struct rlg_yaml_doc *doc, const struct rlg_yaml_node *node)
{
	size_t start = strncmp(doc->text, BOM, 3) == 0 ? 3 : 0, column = 0;

	for (size_t at = node->start; at > start && doc->text[at - 1] != '\n' && doc->text[at - 1] != '\r'; at--)
		column += ((unsigned char)doc->text[at - 1] & 0xc0) != 0x80;
	return column;
}

/* Just behind the colon of `key`; 0 if none stands there (a flow mapping may leave it out). */
static size_t behind_colon(const struct rlg_yaml_doc *doc, const struct rlg_yaml_node *key)
{
	size_t at = key->end; /* NOLINT(clang-analyzer-core.NullDereference): where there is no value there is a key */

	while (doc->text[at] == ' ' || doc->text[at] == '\t')
		at++;
	return doc->text[at] == ':' ? at + 1 : 0;
}

static const struct rlg_yaml_node *last_value(const struct rlg_yaml_node *mapping)
{
	const struct rlg_yaml_node *key = mapping->first;

	while (key->next->next != NULL)
		key = key->next->next;
	return key->next;
}

/* ---- new keys ---- */

/* Behind `anchor`, one of the mapping's values, or at its end. */
static void begin_in_mapping(struct update *update, struct spot *spot, struct rlg_yaml_node *mapping,
			     const struct rlg_yaml_node *anchor)
{
	size_t end = anchor != NULL ? anchor->end : last_value(mapping)->end;

	spot->writer.flow = mapping->style == RLG_YAML_FLOW;
	spot->offset = end;
	if (spot->writer.flow)
		return;
	spot->writer.column = column_of(update->doc, mapping->first);
	spot->offset = next_line(update->doc, end, &spot->writer.open_end);
}

/* In place of a null or of {} within braces. */
static bool begin_in_braces(struct update *update, struct spot *spot, const struct container *container)
{
	const struct rlg_yaml_node *value = container->value;

	spot->writer.flow = true;
	spot->writer.first = true;
	if (rlg_yaml_is_mapping(value)) {
		spot->offset = value->start + 1;
		return true;
	}
	spot->braces = true;
	spot->offset = value->start;
	spot->length = value->end - value->start;
	if (spot->length == 0)
		spot->offset = behind_colon(update->doc, container->key);
	return spot->offset > 0;
}

/* On lines of their own below the key, whose null or {} goes. */
static bool begin_below(struct update *update, struct spot *spot, const struct container *container)
{
	const struct rlg_yaml_node *value = container->value;
	size_t colon = behind_colon(update->doc, container->key), start = value->start;

	if (colon == 0)
		return false;
	while (start > colon && (update->doc->text[start - 1] == ' ' || update->doc->text[start - 1] == '\t'))
		start--;
	if (value->end > value->start)
		rlg_text_edits_add(update->edits, start, value->end - start, "");
	spot->writer.column = column_of(update->doc, container->key) + update->style.step;
	spot->offset = next_line(update->doc, value->end, &spot->writer.open_end);
	return true;
}

/* Whether keys can be added to the container at all; if so, `spot` is where. */
static bool begin(struct update *update, struct spot *spot, const struct container *container,
		  const struct rlg_yaml_node *anchor)
{
	struct rlg_yaml_node *value = container->value;
	bool filled = rlg_yaml_is_mapping(value) && value->count > 0;
	bool ours = true;

	*spot = (struct spot){.writer = {.step = update->style.step, .newline = update->style.newline}};
	rlg_bytes_init(&spot->writer.out, update->arena);
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a key of a document has a value */
	if (!filled && (value->anchored || value->tagged || !(rlg_yaml_is_mapping(value) || rlg_yaml_is_null(value))))
		return false;
	if (filled)
		begin_in_mapping(update, spot, value, anchor);
	else if (container->parent == NULL || container->parent->style == RLG_YAML_FLOW)
		ours = begin_in_braces(update, spot, container);
	else
		ours = begin_below(update, spot, container);
	if (ours)
		value->mark = RLG_RS_GROWN;
	return ours;
}

static void end(struct update *update, struct spot *spot)
{
	const char *words = spot->writer.out.data;

	if (spot->braces)
		words = rlg_arena_printf(update->arena, "%s{%s}", spot->length == 0 ? " " : "", words);
	rlg_text_edits_add(update->edits, spot->offset, spot->length, words);
}

/* ---- values ---- */

/* Whether the machine may change it: a person's anchor, tag or block of text stays. */
static bool is_machine(const struct rlg_yaml_node *node)
{
	return node->kind == RLG_YAML_SCALAR && node->style != RLG_YAML_BLOCK && !node->anchored && !node->tagged;
}

static bool replace(struct update *update, const struct rlg_yaml_node *key, const char *words)
{
	struct rlg_yaml_node *node = key->next;

	if (node->start < node->end) {
		rlg_text_edits_add(update->edits, node->start, node->end - node->start, words);
	} else {
		size_t colon = behind_colon(update->doc, key);

		if (colon == 0)
			return false;
		rlg_text_edits_add(update->edits, colon, 0, rlg_arena_printf(update->arena, " %s", words));
	}
	node->mark = RLG_RS_REPLACED;
	return true;
}

/* `changed`: some value beside it was.  The moment moves only with news, so that rendering twice changes nothing. */
static void update_time(struct update *update, const struct container *container, int64_t word_us, bool changed)
{
	struct rlg_yaml_node *key = rlg_yaml_key(container->value, RLG_RS_LAST_UPDATED);
	char words[RLG_TIME_TEXT_MAX];
	struct spot spot;

	if (rlg_clock_local(word_us, words)[0] == '\0')
		return;
	if (key == NULL) {
		if (!begin(update, &spot, container, NULL))
			return;
		rlg_rs_add(&spot.writer, RLG_RS_LAST_UPDATED, rlg_rs_time_text(update->arena, word_us, NULL));
		end(update, &spot);
		return;
	}
	const char *old = rlg_rs_text(key->next);
	if (is_machine(key->next) && (old == NULL || (changed && strcmp(old, words) != 0)))
		replace(update, key, rlg_rs_time_text(update->arena, word_us, key->next));
}

/* A machine never overwrites `skipped`; only the person who said it takes it back. */
static bool keeps_skipped(const struct rlg_phase *phase, const struct rlg_rs_place *place)
{
	char storage[RLG_RS_KEY_MAX];
	const char *status = rlg_rs_text(rlg_yaml_get(place->mapping, rlg_rs_field_key(place, RLG_RS_STATUS, storage)));
	const char *edited = phase->edit.status;

	if (status == NULL || strcmp(status, rlg_status_word(RLG_STATUS_SKIPPED)) != 0)
		return false;
	return edited == NULL || strcmp(edited, status) == 0;
}

struct fields {
	struct rlg_rs_values values;
	bool missing[RLG_RS_FIELDS];
	size_t n_found;
	bool changed;
};

/* Brings the phase's keys that are there up to date; *anchor becomes the last of their values. */
static void update_found(struct update *update, const struct rlg_phase *phase, const struct rlg_rs_place *place,
			 struct fields *fields, const struct rlg_yaml_node **anchor)
{
	bool skipped = keeps_skipped(phase, place);
	const struct rlg_yaml_node *last = NULL;
	char storage[RLG_RS_KEY_MAX];

	for (size_t i = 0; i < RLG_RS_FIELDS; i++) {
		enum rlg_rs_field field = (enum rlg_rs_field)i;
		const char *value = fields->values.field[i];
		struct rlg_yaml_node *key = rlg_yaml_key(place->mapping, rlg_rs_field_key(place, field, storage));

		fields->missing[i] = key == NULL && value != NULL;
		if (key == NULL)
			continue;
		fields->n_found++;
		last = last == NULL || key->next->end > last->end ? key->next : last;
		if (skipped && (field == RLG_RS_STATUS || value == NULL))
			continue;
		if (is_machine(key->next) && !rlg_rs_same(rlg_rs_text(key->next), value) &&
		    replace(update, key, rlg_rs_field_text(update->arena, field, value, place->flat, key->next)))
			fields->changed = true;
	}
	*anchor = last != NULL ? last : *anchor;
}

static void add_missing(struct update *update, const struct rlg_phase *phase, const struct container *container,
			bool flat, struct fields *fields, const struct rlg_yaml_node *anchor)
{
	struct rlg_rs_place place = {.name = phase->name, .length = strlen(phase->name), .flat = flat};
	char storage[RLG_RS_KEY_MAX];
	struct spot spot;

	if (!begin(update, &spot, container, anchor))
		return;
	for (size_t i = 0; i < RLG_RS_FIELDS; i++) {
		enum rlg_rs_field field = (enum rlg_rs_field)i;

		/* What is null may be left out of a phase that is there, but a new phase is whole. */
		if (fields->missing[i] || fields->n_found == 0)
			rlg_rs_add(&spot.writer, rlg_rs_field_key(&place, field, storage),
				   rlg_rs_field_text(update->arena, field, fields->values.field[i], flat, NULL));
	}
	end(update, &spot);
	fields->changed = true;
}

/* Returns whether anything was changed. */
static bool update_phase(struct update *update, const struct rlg_phase *phase, const struct container *container,
			 bool flat, const struct rlg_yaml_node **anchor)
{
	struct rlg_rs_place place = {
		.name = phase->name, .length = strlen(phase->name), .mapping = container->value, .flat = flat};
	struct fields fields = {.values = rlg_rs_model_values(update->arena, phase)};
	bool any_missing = false;

	update_found(update, phase, &place, &fields, anchor);
	for (size_t i = 0; i < RLG_RS_FIELDS; i++)
		any_missing = any_missing || fields.missing[i];
	if (flat && fields.n_found == 0 && !rlg_rs_is_group_phase(update->model, phase->name) && !rlg_rs_has_news(phase))
		return false;
	if (any_missing)
		add_missing(update, phase, container, flat, &fields, *anchor);
	return fields.changed;
}

/* ---- runs ---- */

static void update_flat(struct update *update, const struct rlg_run *run, const struct container *container)
{
	const struct rlg_yaml_node *anchor = NULL;
	bool changed = false;

	for (size_t i = 0; i < run->n_phases; i++)
		changed = update_phase(update, &run->phases[i], container, true, &anchor) || changed;
	update_time(update, container, run->word_us, changed);
}

static void update_nested_phase(struct update *update, const struct rlg_phase *phase, const struct rlg_yaml_node *parent,
				struct rlg_yaml_node *key)
{
	struct container container = {.parent = parent, .key = key, .value = key->next};
	const struct rlg_yaml_node *anchor = NULL;
	struct spot spot;

	if (rlg_yaml_is_mapping(key->next) && key->next->count > 0) {
		bool changed = update_phase(update, phase, &container, false, &anchor);

		update_time(update, &container, phase->word_us, changed);
		return;
	}
	if (!begin(update, &spot, &container, NULL))
		return;
	rlg_rs_write_fields(&spot.writer, phase, false);
	end(update, &spot);
}

/* The phase's key in a nested run, with the mapping that it stands in; NULL if it has none. */
static struct rlg_yaml_node *find_nested(struct update *update, const struct rlg_run *run,
					 const struct rlg_phase *phase, struct rlg_yaml_node *mapping,
					 const struct rlg_yaml_node **out_parent)
{
	struct rlg_yaml_node *evaluations = rlg_yaml_get(mapping, RLG_RS_EVALUATIONS);
	struct rlg_yaml_node *key = rlg_yaml_key(mapping, phase->name);

	*out_parent = mapping;
	if (key != NULL || rlg_rs_is_first_phase(update->model, phase))
		return key;
	*out_parent = evaluations;
	return rlg_rs_evaluation_key(update->model, run, evaluations, phase);
}

static void add_evaluations(struct update *update, const struct container *run_container,
			    const struct rlg_phase *const *phases, size_t count)
{
	struct rlg_yaml_node *key = rlg_yaml_key(run_container->value, RLG_RS_EVALUATIONS);
	struct container container = {.parent = run_container->value, .key = key, .value = key != NULL ? key->next : NULL};
	struct spot spot;

	if (count == 0 || !begin(update, &spot, key != NULL ? &container : run_container, NULL))
		return;
	if (key == NULL)
		rlg_rs_open(&spot.writer, RLG_RS_EVALUATIONS);
	for (size_t i = 0; i < count; i++) {
		rlg_rs_open(&spot.writer, phases[i]->name);
		rlg_rs_write_fields(&spot.writer, phases[i], false);
		rlg_rs_close(&spot.writer);
	}
	if (key == NULL)
		rlg_rs_close(&spot.writer);
	end(update, &spot);
}

static void add_first_phase(struct update *update, const struct container *container, const struct rlg_run *run,
			    const struct rlg_phase *phase)
{
	struct spot spot;

	if (phase == NULL || !begin(update, &spot, container, NULL))
		return;
	rlg_rs_write_first_phase(&spot.writer, run, phase);
	end(update, &spot);
}

static void update_nested(struct update *update, const struct rlg_run *run, const struct container *container)
{
	const struct rlg_phase **missing = rlg_arena_alloc(update->arena, (run->n_phases + 1) * sizeof(*missing));
	const struct rlg_yaml_node *evaluations = rlg_yaml_get(container->value, RLG_RS_EVALUATIONS);
	const struct rlg_phase *missing_first = NULL;
	size_t n_missing = 0;

	for (size_t i = 0; i < run->n_phases; i++) {
		const struct rlg_phase *phase = &run->phases[i];
		const struct rlg_yaml_node *parent;
		struct rlg_yaml_node *key = find_nested(update, run, phase, container->value, &parent);

		if (key != NULL)
			update_nested_phase(update, phase, parent, key);
		else if (rlg_rs_is_first_phase(update->model, phase))
			missing_first = phase;
		else if (rlg_rs_wants_place(update->model, evaluations, phase))
			missing[n_missing++] = phase;
	}
	/* The inner one first: both may go to the end of the run, and what is indented more has to stand before. */
	if (evaluations != NULL)
		add_evaluations(update, container, missing, n_missing);
	add_first_phase(update, container, run, missing_first);
	if (evaluations == NULL)
		add_evaluations(update, container, missing, n_missing);
}

static void update_run(struct update *update, const struct rlg_run *run, const struct rlg_yaml_node *runs,
		       struct rlg_yaml_node *key)
{
	struct container container = {.parent = runs, .key = key, .value = key->next};
	enum rlg_rs_shape shape = rlg_rs_run_shape(key->next);
	struct spot spot;

	shape = shape != RLG_RS_NO_SHAPE ? shape : update->style.shape;
	if (rlg_yaml_is_mapping(key->next) && key->next->count > 0) {
		if (shape == RLG_RS_NESTED)
			update_nested(update, run, &container);
		else
			update_flat(update, run, &container);
		return;
	}
	/* Null or {} is a place that a person made for it; anything else is theirs. */
	if (!begin(update, &spot, &container, NULL))
		return;
	rlg_rs_write_body(&spot.writer, update->model, run, shape);
	end(update, &spot);
}

/* Those of `list` that stand in the container's mapping; the planned ones that do not get a place in it. */
static void update_runs(struct update *update, const struct container *container, const struct rlg_rs_runs *list)
{
	const struct rlg_run **new_runs = rlg_arena_alloc(update->arena, (list->n + 1) * sizeof(*new_runs));
	size_t n_new = 0;
	struct spot spot;

	for (size_t i = 0; i < list->n; i++) {
		const struct rlg_run *run = list->runs != NULL ? list->runs[i] : &update->model->runs[i];
		struct rlg_yaml_node *key = rlg_yaml_key(container->value, run->name);

		if (key != NULL)
			update_run(update, run, container->value, key);
		else if (run->planned)
			new_runs[n_new++] = run;
	}
	if (n_new == 0 || !begin(update, &spot, container, NULL))
		return;
	for (size_t i = 0; i < n_new; i++)
		rlg_rs_write_run(&spot.writer, update->model, new_runs[i], update->style.shape);
	end(update, &spot);
}

static void add_runs(struct update *update)
{
	struct rlg_yaml_node *root = update->doc->root;
	struct container container = {.value = root};
	struct spot spot;

	if (!begin(update, &spot, &container, NULL))
		return;
	if (rlg_yaml_key(root, "run_group") == NULL)
		rlg_rs_write_group(&spot.writer, update->model);
	rlg_rs_write_runs(&spot.writer, update->model);
	end(update, &spot);
}

/* ---- all of it ---- */

/* Behind what there is of comments; a person's comments take the place of ours. */
static void add_everything(struct update *update)
{
	const struct rlg_yaml_doc *doc = update->doc;
	bool comments = strchr(doc->text, '#') == NULL;
	size_t start = strncmp(doc->text, BOM, strlen(BOM)) == 0 ? strlen(BOM) : 0;
	bool torn = doc->length > start && strchr("\r\n", doc->text[doc->length - 1]) == NULL;
	struct rlg_bytes file;

	rlg_bytes_init(&file, update->arena);
	rlg_bytes_add(&file, torn ? update->style.newline : "");
	rlg_rs_write_file(&file, update->model, update->style.newline, comments);
	rlg_text_edits_add(update->edits, doc->length, 0, file.data);
}

static size_t indentation(const struct rlg_yaml_doc *doc, const struct rlg_yaml_node *runs_key)
{
	const struct rlg_yaml_node *runs = runs_key != NULL ? runs_key->next : NULL;

	if (!rlg_yaml_is_mapping(runs) || runs->first == NULL || runs->style == RLG_YAML_FLOW)
		return RLG_RS_STEP;
	const struct rlg_yaml_node *run = runs->first;
	size_t outer = column_of(doc, run);
	for (const struct rlg_yaml_node *key = run; key != NULL; key = key->next->next) {
		const struct rlg_yaml_node *value = key->next;

		if (rlg_yaml_is_mapping(value) && value->style == RLG_YAML_BLOCK && !value->anchored && !value->tagged)
			return column_of(doc, value->first) - outer;
	}
	return outer > column_of(doc, runs_key) ? outer - column_of(doc, runs_key) : RLG_RS_STEP;
}

struct rlg_rs_style rlg_rs_style(const struct rlg_yaml_doc *doc, const struct rlg_yaml_node *runs_key)
{
	return (struct rlg_rs_style){
		.newline = rlg_rs_newline(doc->text),
		.step = indentation(doc, runs_key),
		.shape = rlg_rs_file_shape(runs_key != NULL ? runs_key->next : NULL),
	};
}

void rlg_rs_update_part(struct rlg_arena *arena, const struct rlg_model *model, const struct rlg_rs_style *style,
			const struct rlg_yaml_doc *part, const struct rlg_rs_runs *runs, struct rlg_text_edits *edits)
{
	struct update update = {.arena = arena, .model = model, .doc = part, .edits = edits, .style = *style};
	struct container container = {.value = part->root};

	update_runs(&update, &container, runs);
}

int rlg_rs_update(struct rlg_arena *arena, const char *path, const struct rlg_model *model,
		  const struct rlg_yaml_doc *doc, struct rlg_text_edits *edits, struct rlg_err *err)
{
	struct rlg_yaml_node *runs_key;
	int result = rlg_rs_find_runs(path, doc, &runs_key, err);

	if (result < 0)
		return result;
	struct update update = {.arena = arena, .model = model, .doc = doc, .edits = edits};
	update.style = rlg_rs_style(doc, runs_key);
	if (doc->root == NULL) {
		add_everything(&update);
	} else if (runs_key == NULL) {
		add_runs(&update);
	} else {
		struct container container = {.parent = doc->root, .key = runs_key, .value = runs_key->next};
		update_runs(&update, &container, &(struct rlg_rs_runs){.n = model->n_runs});
	}
	rlg_rs_update_comment(arena, model, doc, edits);
	return 0;
}
