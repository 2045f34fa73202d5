/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the runs of a runs_status.yaml can be told apart line by line: see runs_status.h. */
#include "tool/tracker/runs_status.h"

#include <stdlib.h>
#include <string.h>

/* What the words begin with; a tool that means something else by them writes another number. */
#define FORM "layout 1 "

/* No file is indented more than that. */
#define COLUMN_MAX 64

/* The line breaks of YAML beside \n and \r, which a look at lines would not see. */
static const char *const other_breaks[] = {"\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};

static bool has_other_breaks(const struct rlg_yaml_doc *doc)
{
	bool found = memchr(doc->text, '\r', doc->length) != NULL;

	for (size_t i = 0; !doc->ascii && !found && i < sizeof(other_breaks) / sizeof(other_breaks[0]); i++)
		found = memmem(doc->text, doc->length, other_breaks[i], strlen(other_breaks[i])) != NULL;
	return found;
}

static bool is_on_one_line(const struct rlg_yaml_doc *doc, const struct rlg_yaml_node *node)
{
	return memchr(doc->text + node->start, '\n', node->end - node->start) == NULL;
}

/* No scalar and nothing in brackets reaches over a line's end, so that every line begins with what it seems to. */
static bool is_plain_value(const struct rlg_yaml_doc *doc, const struct rlg_yaml_node *node)
{
	bool lines = node->kind != RLG_YAML_SCALAR && node->kind != RLG_YAML_ALIAS && node->style == RLG_YAML_BLOCK;

	if (!lines)
		return node->style != RLG_YAML_BLOCK && is_on_one_line(doc, node);
	for (const struct rlg_yaml_node *child = node->first; child != NULL; child = child->next) {
		if (!is_plain_value(doc, child))
			return false;
	}
	return true;
}

/* NAME:, 'NAME': or "NAME":, alone in front of its line but for `column` blanks. */
static bool is_plain_key(const struct rlg_yaml_doc *doc, const struct rlg_yaml_node *key, size_t column)
{
	size_t quote = key->style == RLG_YAML_PLAIN ? 0 : 1;

	if (key->kind != RLG_YAML_SCALAR || key->style == RLG_YAML_BLOCK || key->anchored || key->tagged)
		return false;
	size_t length = strlen(key->value);
	if (key->end - key->start != length + 2 * quote || key->start < column || doc->text[key->end] != ':' ||
	    memcmp(doc->text + key->start + quote, key->value, length) != 0)
		return false;
	size_t line = key->start - column;
	if (line > 0 && doc->text[line - 1] != '\n')
		return false;
	return strspn(doc->text + line, " ") == column;
}

bool rlg_rs_is_plain(const struct rlg_yaml_doc *doc, const struct rlg_yaml_node *runs, size_t column)
{
	if (!rlg_yaml_is_mapping(runs) || runs->style != RLG_YAML_BLOCK || runs->anchored || runs->tagged)
		return false;
	for (const struct rlg_yaml_node *key = runs->first; key != NULL; key = key->next->next) {
		const struct rlg_yaml_node *value = key->next;
		/* A list below its key may stand in the key's own column, and look like the next one. */
		bool below = rlg_yaml_is_mapping(value) && value->style == RLG_YAML_BLOCK;

		if (!is_plain_key(doc, key, column) || (!below && value->line != key->line) || !is_plain_value(doc, value))
			return false;
	}
	return true;
}

static const struct rlg_yaml_node *find_runs_key(const struct rlg_yaml_doc *doc)
{
	const struct rlg_yaml_node *root = doc->root, *runs = NULL;

	if (!rlg_yaml_is_mapping(root) || root->style != RLG_YAML_BLOCK)
		return NULL;
	for (const struct rlg_yaml_node *key = root->first; key != NULL; key = key->next->next) {
		if (key->kind == RLG_YAML_SCALAR && strcmp(key->value, "runs") == 0)
			runs = key;
	}
	return runs;
}

bool rlg_rs_layout(const struct rlg_yaml_doc *doc, struct rlg_rs_layout *out_layout)
{
	const struct rlg_yaml_node *key = find_runs_key(doc), *runs = key != NULL ? key->next : NULL;

	if (!rlg_yaml_is_mapping(runs) || runs->count == 0 || has_other_breaks(doc))
		return false;
	const char *break_before = memrchr(doc->text, '\n', runs->first->start);
	const char *break_behind = memchr(doc->text + runs->end, '\n', doc->length - runs->end);
	size_t head = break_before != NULL ? (size_t)(break_before + 1 - doc->text) : 0;
	size_t column = runs->first->start - head;
	if (column == 0 || column > COLUMN_MAX || !rlg_rs_is_plain(doc, runs, column))
		return false;
	*out_layout = (struct rlg_rs_layout){.head = head, .column = column, .style = rlg_rs_style(doc, key)};
	if (break_behind != NULL)
		out_layout->tail = doc->length - (size_t)(break_behind + 1 - doc->text);
	return out_layout->style.step <= COLUMN_MAX;
}

void rlg_rs_layout_add(struct rlg_bytes *words, const struct rlg_rs_layout *layout)
{
	rlg_bytes_addf(words, FORM "%zu %zu %zu %zu %d\n", layout->head, layout->tail, layout->column, layout->style.step,
		       (int)layout->style.shape);
}

enum { HEAD, TAIL, COLUMN, STEP, SHAPE, NUMBERS };

bool rlg_rs_layout_parse(const char *words, struct rlg_rs_layout *out_layout)
{
	unsigned long numbers[NUMBERS];
	char *end;

	if (words == NULL || strncmp(words, FORM, strlen(FORM)) != 0)
		return false;
	words += strlen(FORM);
	for (size_t i = 0; i < NUMBERS; i++, words = end) {
		numbers[i] = strtoul(words, &end, 10);
		if (end == words)
			return false;
	}
	if (numbers[COLUMN] == 0 || numbers[COLUMN] > COLUMN_MAX || numbers[STEP] > COLUMN_MAX ||
	    (numbers[SHAPE] != RLG_RS_FLAT && numbers[SHAPE] != RLG_RS_NESTED))
		return false;
	*out_layout = (struct rlg_rs_layout){
		.head = numbers[HEAD],
		.tail = numbers[TAIL],
		.column = numbers[COLUMN],
		.style = {.step = numbers[STEP], .shape = (enum rlg_rs_shape)numbers[SHAPE]},
	};
	return true;
}
