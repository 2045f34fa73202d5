/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A JSON text as a tree with places: see json_doc.h; json_doc_edit.c changes it. */
#include "tool/base/json_doc.h"

#include "lib/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BOM "\xef\xbb\xbf"
#define BLANKS " \t\r\n"
#define REPLACEMENT 0xfffd

/* Of a word that is no JSON, so much is shown. */
#define SHOWN_MAX 20

struct reading {
	struct rlg_arena *arena;
	const char *path;
	struct rlg_json_doc *doc;
	size_t at;
	uint32_t line;
	size_t depth;
	struct rlg_err *err;
};

static int read_value(struct reading *reading, struct rlg_json_node *up, struct rlg_json_node **out_node);

/* The byte at hand; NUL at the end (the text itself holds none). */
static char peek(const struct reading *reading)
{
	return reading->at < reading->doc->length ? reading->doc->text[reading->at] : '\0';
}

static int fail(const struct reading *reading, const char *words)
{
	return rlg_fail(reading->err, -EINVAL, "%s:%u: this is not valid JSON: %s", reading->path, (unsigned)reading->line,
			words);
}

static void skip_blanks(struct reading *reading)
{
	for (char byte = peek(reading); byte != '\0' && strchr(BLANKS, byte) != NULL; byte = peek(reading)) {
		reading->line += byte == '\n';
		reading->at++;
	}
}

/* What stands here instead of what JSON has in such a place. */
static int fail_instead_of(const struct reading *reading, const char *wanted)
{
	const char *text = reading->doc->text + reading->at;
	size_t left = reading->doc->length - reading->at, length = 0;

	if (left == 0)
		return fail(reading, rlg_arena_printf(reading->arena, "the file ends where %s should stand", wanted));
	if (text[0] == '#' || (left > 1 && text[0] == '/' && (text[1] == '/' || text[1] == '*')))
		return fail(reading, "it has no comments; take this one out");
	if (text[0] == '\'')
		return fail(reading, "strings stand in double quotes");
	while (length < left && length < SHOWN_MAX && (length == 0 || strchr(BLANKS "{}[],:\"", text[length]) == NULL))
		length++;
	while (length > 1 && length < left && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	return fail(reading,
		    rlg_arena_printf(reading->arena, "`%.*s` stands where %s should", (int)length, text, wanted));
}

static int new_node(struct reading *reading, enum rlg_json_kind kind, struct rlg_json_node *up,
		    struct rlg_json_node **out_node)
{
	struct rlg_json_node *node;

	if (++reading->doc->n_nodes > RLG_JSON_NODES_MAX)
		return rlg_fail(reading->err, -E2BIG, "%s:%u: this file holds too many values", reading->path,
				(unsigned)reading->line);
	node = rlg_arena_alloc(reading->arena, sizeof(*node));
	node->kind = (uint8_t)kind;
	node->up = up;
	node->line = reading->line;
	node->start = (uint32_t)reading->at;
	*out_node = node;
	return 0;
}

/* ---- strings ---- */

/* Four hexadecimal digits at `text`, or -1. */
static long hex4(const char *text, size_t left)
{
	char digits[5] = "";

	if (left < 4)
		return -1;
	memcpy(digits, text, 4);
	return strspn(digits, "0123456789abcdefABCDEF") == 4 ? strtol(digits, NULL, 16) : -1;
}

static char *put_utf8(char *to, unsigned long code)
{
	static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t width = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (size_t i = width; i-- > 1; code >>= 6)
		to[i] = (char)(0x80 | (code & 0x3f));
	to[0] = (char)(width == 1 ? code : lead[width] | code);
	return to + width;
}

/* \uXXXX, and a second one behind it where the two are one character.  Returns how many bytes that were, or 0. */
static size_t unescape_unicode(const char *text, size_t left, unsigned long *out_code)
{
	long code = hex4(text + 2, left - 2), low = -1;

	if (code < 0)
		return 0;
	*out_code = code == 0 || (code >= 0xd800 && code < 0xe000) ? REPLACEMENT : (unsigned long)code;
	if (code < 0xd800 || code >= 0xdc00 || left < 12 || text[6] != '\\' || text[7] != 'u')
		return 6;
	low = hex4(text + 8, left - 8);
	if (low < 0xdc00 || low >= 0xe000)
		return 6;
	*out_code = 0x10000 + (((unsigned long)code - 0xd800) << 10) + ((unsigned long)low - 0xdc00);
	return 12;
}

/* One escape at `text`.  Returns its length with *to moved on, or 0 if it is none. */
static size_t unescape(const char *text, size_t left, char **to)
{
	static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	const char *name = left > 1 && text[1] != '\0' ? strchr(names, text[1]) : NULL;
	unsigned long code;
	size_t length;

	if (name != NULL) {
		*(*to)++ = meanings[name - names];
		return 2;
	}
	if (left < 2 || text[1] != 'u')
		return 0;
	length = unescape_unicode(text, left, &code);
	if (length > 0)
		*to = put_utf8(*to, code);
	return length;
}

/* One character, or escape, of a string.  Returns its length, or an error. */
static int read_character(struct reading *reading, char **to)
{
	const char *text = reading->doc->text + reading->at;
	size_t left = reading->doc->length - reading->at, length;

	if (left == 0 || *text == '\n' || *text == '\r')
		return fail(reading, "this string has no closing quote in its line");
	if ((unsigned char)*text < 0x20)
		return fail(reading, "a control character stands in a string; write it as an escape, like \\t");
	if (*text == '\\') {
		length = unescape(text, left, to);
		return length > 0 ? (int)length : fail(reading, "there is no such escape in a string; a backslash is \\\\");
	}
	length = rlg_utf8_length(text, left);
	if (length == 0)
		return fail(reading, "there are bytes here that are not UTF-8");
	memcpy(*to, text, length);
	*to += length;
	return (int)length;
}

static int read_string(struct reading *reading, struct rlg_json_node *up, struct rlg_json_node **out_node)
{
	const char *text = reading->doc->text;
	int result = new_node(reading, RLG_JSON_STRING, up, out_node);
	size_t end = reading->at + 1;

	if (result < 0)
		return result;
	/* No text is longer than its escaped form. */
	while (end < reading->doc->length && text[end] != '"')
		end += text[end] == '\\' ? 2 : 1;
	char *value = rlg_arena_alloc(reading->arena, end - reading->at + 1), *to = value;
	for (reading->at++; peek(reading) != '"'; reading->at += (size_t)result) {
		result = read_character(reading, &to);
		if (result < 0)
			return result;
	}
	reading->at++;
	(*out_node)->value = value;
	(*out_node)->end = (uint32_t)reading->at;
	return 0;
}

/* ---- numbers and words ---- */

static size_t digits_at(const char *text)
{
	return strspn(text, "0123456789");
}

/* The length of the number at `text`, 0 if it is none; `text` ends with a NUL or with something that is no digit. */
static size_t number_length(const char *text)
{
	const char *at = text + (*text == '-');
	size_t digits = digits_at(at);

	if (digits == 0 || (digits > 1 && *at == '0'))
		return 0;
	at += digits;
	if (*at == '.') {
		digits = digits_at(at + 1);
		if (digits == 0)
			return 0;
		at += 1 + digits;
	}
	if (*at == 'e' || *at == 'E') {
		at += at[1] == '+' || at[1] == '-' ? 2 : 1;
		digits = digits_at(at);
		if (digits == 0)
			return 0;
		at += digits;
	}
	return (size_t)(at - text);
}

static const struct {
	const char *word;
	enum rlg_json_kind kind;
} words[] = {
	{"null", RLG_JSON_NULL},      {"true", RLG_JSON_BOOL},	     {"false", RLG_JSON_BOOL},
	{"NaN", RLG_JSON_NUMBER}, {"Infinity", RLG_JSON_NUMBER}, {"-Infinity", RLG_JSON_NUMBER},
};

static int read_word(struct reading *reading, struct rlg_json_node *up, struct rlg_json_node **out_node)
{
	const char *text = reading->doc->text + reading->at;
	size_t length = 0, left = reading->doc->length - reading->at;
	enum rlg_json_kind kind = RLG_JSON_NUMBER;

	while (length < left && strchr(BLANKS "{}[],:\"", text[length]) == NULL)
		length++;
	const char *word = rlg_arena_strndup(reading->arena, text, length);
	bool known = length > 0 && number_length(word) == length;
	for (size_t i = 0; !known && i < sizeof(words) / sizeof(words[0]); i++) {
		known = strcmp(words[i].word, word) == 0;
		kind = words[i].kind;
	}
	if (!known)
		return fail_instead_of(reading, "a value");
	int result = new_node(reading, kind, up, out_node);
	if (result < 0)
		return result;
	reading->at += length;
	(*out_node)->value = word;
	(*out_node)->end = (uint32_t)reading->at;
	return 0;
}

/* ---- objects and arrays ---- */

static int compare_keys(const void *one, const void *other)
{
	const struct rlg_json_node *const *a = one, *const *b = other;
	int order = strcmp((*a)->value, (*b)->value);

	/* Of two equal keys the later one is to be blamed. */
	return order != 0 ? order : (*a)->start < (*b)->start ? -1 : (*a)->start > (*b)->start;
}

static int index_keys(const struct reading *reading, struct rlg_json_node *object)
{
	struct rlg_json_node **to = rlg_arena_alloc(reading->arena, (object->count + 1) * sizeof(struct rlg_json_node *));

	object->index = to;
	for (struct rlg_json_node *key = object->first; key != NULL; key = key->next->next)
		*to++ = key;
	if (object->count > 1)
		qsort(object->index, object->count, sizeof(struct rlg_json_node *), compare_keys);
	for (size_t i = 1; i < object->count; i++) {
		const struct rlg_json_node *first = object->index[i - 1], *second = object->index[i];

		if (strcmp(first->value, second->value) == 0)
			return rlg_fail(reading->err, -EINVAL,
					"%s:%u: the key \"%s\" stands twice in one object (first in line %u); remove one "
					"of the two",
					reading->path, (unsigned)second->line, second->value, (unsigned)first->line);
	}
	return 0;
}

/* A member's key and colon, as the next children. */
static int read_key(struct reading *reading, struct rlg_json_node *object, struct rlg_json_node **out_key)
{
	if (peek(reading) != '"')
		return fail_instead_of(reading, "a key in double quotes");
	int result = read_string(reading, object, out_key);
	if (result < 0)
		return result;
	skip_blanks(reading);
	if (peek(reading) != ':')
		return fail_instead_of(reading, "a colon behind the key");
	reading->at++;
	skip_blanks(reading);
	return 0;
}

/* Behind a child: a comma and another one, or the end.  1: another one. */
static int read_comma(struct reading *reading, char close)
{
	skip_blanks(reading);
	if (peek(reading) == close)
		return 0;
	if (peek(reading) != ',')
		return fail_instead_of(reading, close == '}' ? "a comma or }" : "a comma or ]");
	uint32_t line = reading->line;
	reading->at++;
	skip_blanks(reading);
	if (peek(reading) != close)
		return 1;
	reading->line = line;
	return fail(reading, rlg_arena_printf(reading->arena, "a comma stands before the closing %c; take it out", close));
}

static int read_children(struct reading *reading, struct rlg_json_node *node, char close)
{
	struct rlg_json_node **to = &node->first;
	int more = 1;

	skip_blanks(reading);
	if (peek(reading) == close)
		more = 0;
	while (more > 0) {
		int result = 0;

		if (node->kind == RLG_JSON_OBJECT && (result = read_key(reading, node, to)) == 0)
			to = &(*to)->next;
		if (result == 0)
			result = read_value(reading, node, to);
		if (result < 0)
			return result;
		to = &(*to)->next;
		node->count++;
		more = read_comma(reading, close);
	}
	return more;
}

static int read_container(struct reading *reading, struct rlg_json_node *up, struct rlg_json_node **out_node)
{
	bool object = peek(reading) == '{';
	int result = new_node(reading, object ? RLG_JSON_OBJECT : RLG_JSON_ARRAY, up, out_node);

	if (result == 0 && reading->depth == RLG_JSON_DEPTH_MAX)
		result = rlg_fail(reading->err, -E2BIG, "%s:%u: this file is nested too deeply", reading->path,
				  (unsigned)reading->line);
	if (result < 0)
		return result;
	reading->depth++;
	reading->at++;
	result = read_children(reading, *out_node, object ? '}' : ']');
	reading->depth--;
	reading->at++;
	(*out_node)->end = (uint32_t)reading->at;
	return result == 0 && object ? index_keys(reading, *out_node) : result;
}

static int read_value(struct reading *reading, struct rlg_json_node *up, struct rlg_json_node **out_node)
{
	char byte = peek(reading);

	if (byte == '{' || byte == '[')
		return read_container(reading, up, out_node);
	return byte == '"' ? read_string(reading, up, out_node) : read_word(reading, up, out_node);
}

/* ---- the document ---- */

int rlg_json_parse(struct rlg_arena *arena, const char *path, const char *text, size_t length,
		   struct rlg_json_doc *out_doc, struct rlg_err *err)
{
	struct rlg_json_doc doc = {.arena = arena, .text = text, .length = length};
	struct reading reading = {.arena = arena, .path = path, .doc = &doc, .line = 1, .err = err};
	int result;

	if (length > RLG_JSON_TEXT_MAX)
		return rlg_fail(err, -E2BIG, "%s:1: this file is too large (%zu bytes)", path, length);
	if (length >= strlen(BOM) && memcmp(text, BOM, strlen(BOM)) == 0)
		reading.at = strlen(BOM);
	skip_blanks(&reading);
	if (reading.at == length)
		return fail(&reading, "the file is empty");
	if (memchr(text, '\0', length) != NULL)
		return fail(&reading, "there is a NUL byte in this file");
	result = read_value(&reading, NULL, &doc.root);
	if (result < 0)
		return result;
	skip_blanks(&reading);
	if (reading.at < length)
		return fail_instead_of(&reading, "the end of the file");
	*out_doc = doc;
	return 0;
}

/* ---- questions ---- */

static int compare_name(const void *name, const void *node)
{
	return strcmp(name, (*(const struct rlg_json_node *const *)node)->value);
}

struct rlg_json_node *rlg_json_key(const struct rlg_json_node *object, const char *name)
{
	if (!rlg_json_is(object, RLG_JSON_OBJECT) || object->count == 0)
		return NULL;
	struct rlg_json_node **found = bsearch(name, object->index, object->count, sizeof(*object->index), compare_name);
	return found != NULL ? *found : NULL;
}

struct rlg_json_node *rlg_json_get(const struct rlg_json_node *object, const char *name)
{
	struct rlg_json_node *key = rlg_json_key(object, name);

	return key != NULL ? key->next : NULL;
}

struct rlg_json_node *rlg_json_at(const struct rlg_json_node *object, const char *path)
{
	struct rlg_json_node *node = NULL;
	char name[64];

	for (const struct rlg_json_node *in = object;; in = node) {
		size_t length = strcspn(path, ".");

		if (length >= sizeof(name))
			return NULL;
		memcpy(name, path, length);
		name[length] = '\0';
		node = rlg_json_get(in, name);
		if (node == NULL || path[length] == '\0')
			return node;
		path += length + 1;
	}
}

const char *rlg_json_get_text(const struct rlg_json_node *object, const char *name)
{
	const struct rlg_json_node *node = rlg_json_get(object, name);

	return rlg_json_is(node, RLG_JSON_STRING) ? node->value : NULL;
}

bool rlg_json_is(const struct rlg_json_node *node, enum rlg_json_kind kind)
{
	return node != NULL && node->kind == kind;
}

static bool same_members(const struct rlg_json_node *one, const struct rlg_json_node *other)
{
	for (size_t i = 0; i < one->count; i++)
		if (strcmp(one->index[i]->value, other->index[i]->value) != 0 ||
		    !rlg_json_same(one->index[i]->next, other->index[i]->next))
			return false;
	return true;
}

bool rlg_json_same(const struct rlg_json_node *one, const struct rlg_json_node *other)
{
	const struct rlg_json_node *a, *b;

	if (one == NULL || other == NULL)
		return one == other;
	if (one->kind != other->kind || one->count != other->count)
		return false;
	if (one->value != NULL)
		return strcmp(one->value, other->value) == 0;
	if (one->kind == RLG_JSON_OBJECT)
		return same_members(one, other);
	for (a = one->first, b = other->first; a != NULL; a = a->next, b = b->next)
		if (!rlg_json_same(a, b))
			return false;
	return true;
}
