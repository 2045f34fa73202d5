/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values on their way into a `progress` record: see log_values.h. */
#include "tool/record/log_values.h"

#include "tool/base/json_members.h"
#include "tool/model/progress.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* cJSON reads 63 bytes of a number, and takes the rest for a mistake. */
#define MOST_FIGURES 60

static bool is_one_of(char byte, const char *set)
{
	return byte != '\0' && strchr(set, byte) != NULL;
}

/* ---- one value ---- */

/* Decimal figures as people and programs write them: also .5, 1. and +1, which JSON does not know. */
static bool is_figures(const char *text)
{
	static const char *const lost[] = {"nan", "inf", "infinity"};
	size_t digits = 0;

	text += is_one_of(*text, "+-");
	for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++)
		if (strcasecmp(text, lost[i]) == 0)
			return true;
	for (; *text != '\0'; text++) {
		if (*text >= '0' && *text <= '9')
			digits++;
		else if (!is_one_of(*text, ".") && !(digits > 0 && is_one_of(*text, "eE+-")))
			return false;
	}
	return digits > 0;
}

/* Python's words for it, too. */
static const char *truth_of(const char *text)
{
	if (strcasecmp(text, "true") == 0)
		return "true";
	return strcasecmp(text, "false") == 0 ? "false" : NULL;
}

static struct rlg_log_value *value_called(struct rlg_log_values *values, const char *name, size_t length)
{
	for (size_t i = 0; i < values->n; i++)
		if (strlen(values->list[i].name) == length && memcmp(values->list[i].name, name, length) == 0)
			return &values->list[i];
	return NULL;
}

/* Whole characters only. */
static size_t cut(const char *text, size_t length, size_t most)
{
	size_t at = 0, size;

	if (length <= most)
		return length;
	while (at < most && (size = rlg_utf8_length(text + at, length - at)) <= most - at)
		at += size == 0 ? 1 : size;
	return at;
}

/* Returns 0, -E2BIG or -ENAMETOOLONG.  A NUL in a text ends it. */
static int put(struct rlg_log_values *values, const char *name, size_t name_length, const char *text, size_t text_length)
{
	struct rlg_log_value *value = value_called(values, name, name_length);

	if (name_length == 0 || name_length > RLG_LOG_NAME_MAX)
		return -ENAMETOOLONG;
	if (value == NULL && values->n == RLG_LOG_VALUES_MAX)
		return -E2BIG;
	if (value == NULL) {
		value = &values->list[values->n++];
		memcpy(value->name, name, name_length);
		value->name[name_length] = '\0';
	}
	text_length = cut(text, text_length, RLG_LOG_TEXT_MAX);
	memcpy(value->text, text, text_length);
	value->text[text_length] = '\0';
	const char *truth = truth_of(value->text);
	if (truth != NULL)
		memcpy(value->text, truth, strlen(truth) + 1);
	value->is_number = is_figures(value->text);
	value->is_bare = truth != NULL ||
			 (text_length <= MOST_FIGURES && rlg_json_is_number(value->text, strlen(value->text)));
	return 0;
}

static bool has_control(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return true;
	return false;
}

int rlg_log_take_word(struct rlg_log_values *values, const char *word, struct rlg_err *err)
{
	const char *equals = strchr(word, '=');
	size_t length = equals == NULL ? 0 : (size_t)(equals - word);

	if (length == 0 || has_control(word, length))
		return rlg_fail(err, -EINVAL, "`%s` is no KEY=VALUE", word);
	if (equals[1] == '\0')
		return rlg_fail(err, -EINVAL, "`%s` has no value", word);
	if (strlen(equals + 1) > RLG_LOG_TEXT_MAX)
		return rlg_fail(err, -EINVAL, "the value of `%.*s` is longer than %d bytes", (int)length, word,
				RLG_LOG_TEXT_MAX);
	int code = put(values, word, length, equals + 1, strlen(equals + 1));
	if (code == -ENAMETOOLONG)
		return rlg_fail(err, -EINVAL, "a key of %zu bytes is too long, it may have %d", length, RLG_LOG_NAME_MAX);
	return code == 0 ? 0 : rlg_fail(err, code, "more than %d values do not go into one record", RLG_LOG_VALUES_MAX);
}

/* ---- lines ---- */

static void put_or_count(struct rlg_log_values *values, const char *name, size_t name_length, const char *text,
			 size_t text_length)
{
	if (put(values, name, name_length, text, text_length) != 0)
		values->left_out++;
}

static bool take_member(void *context, const struct rlg_json_member *member)
{
	struct rlg_log_values *values = context;
	bool escaped = member->kind == RLG_JSON_TEXT && memchr(member->value, '\\', member->value_length) != NULL;
	bool escaped_name = memchr(member->key, '\\', member->key_length) != NULL;

	if (member->kind == RLG_JSON_NESTED || member->kind == RLG_JSON_NULL || member->key_length == 0)
		return true;
	if (!escaped && !escaped_name) {
		put_or_count(values, member->key, member->key_length, member->value, member->value_length);
		return true;
	}
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	const char *name = rlg_json_unescape(arena, member->key, member->key_length);
	const char *text = escaped ? rlg_json_unescape(arena, member->value, member->value_length)
				   : rlg_arena_strndup(arena, member->value, member->value_length);
	put_or_count(values, name, strlen(name), text, strlen(text));
	return true;
}

#define BETWEEN " \t,;|"

static bool is_of_name(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
	       (unsigned char)byte >= 0x80 || is_one_of(byte, "_./:@%-");
}

/* Of one NAME=VALUE; NULL: there is none.  A name begins with no figure and no dash, as options and dates do. */
static const char *take_pair(struct rlg_log_values *values, const char *at, const char *end)
{
	const char *name = at, *text;

	while (at < end && is_of_name(*at))
		at++;
	if (at == name || at == end || *at != '=' || is_one_of(*name, "0123456789-./:"))
		return NULL;
	text = ++at;
	while (at < end && (unsigned char)*at > ' ' && *at != '=' && !is_one_of(*at, BETWEEN))
		at++;
	if (at == text || (at < end && !is_one_of(*at, BETWEEN)))
		return NULL;
	put_or_count(values, name, (size_t)(text - 1 - name), text, (size_t)(at - text));
	return at;
}

static bool take_pairs(struct rlg_log_values *values, const char *at, const char *end)
{
	while (at < end) {
		at = take_pair(values, at, end);
		if (at == NULL)
			return false;
		while (at < end && is_one_of(*at, BETWEEN))
			at++;
	}
	return true;
}

/* PATH=3: an environment that somebody printed. */
static bool looks_like_a_variable(const struct rlg_log_values *values)
{
	const char *name = values->list[0].name;

	if (values->n != 1)
		return false;
	while ((*name >= 'A' && *name <= 'Z') || (*name >= '0' && *name <= '9') || *name == '_')
		name++;
	return *name == '\0';
}

static bool has_number(const struct rlg_log_values *values)
{
	for (size_t i = 0; i < values->n; i++)
		if (values->list[i].is_number)
			return true;
	return false;
}

bool rlg_log_take_line(struct rlg_log_values *values, const char *line, size_t length)
{
	static struct rlg_log_values found;
	const char *end = line + length;
	bool good;

	while (line < end && is_one_of(*line, " \t\r"))
		line++;
	while (end > line && is_one_of(end[-1], " \t\r"))
		end--;
	if (line == end)
		return false;
	found.n = found.left_out = 0;
	if (*line == '{')
		good = rlg_json_members(line, (size_t)(end - line), take_member, &found);
	else
		good = take_pairs(&found, line, end) && !looks_like_a_variable(&found);
	if (!good || !has_number(&found))
		return false;
	rlg_log_values_merge(values, &found);
	return true;
}

void rlg_log_values_merge(struct rlg_log_values *values, const struct rlg_log_values *from)
{
	values->left_out += from->left_out;
	for (size_t i = 0; i < from->n; i++)
		put_or_count(values, from->list[i].name, strlen(from->list[i].name), from->list[i].text,
			     strlen(from->list[i].text));
}

/* ---- into a record ---- */

static bool is_own(const struct rlg_log_value *value)
{
	return rlg_progress_is_own(value->name, strlen(value->name));
}

/* `"name":value` as JSON. */
static void add_own(struct rlg_text *to, const struct rlg_log_value *value)
{
	rlg_text_add(to, to->length > 1 ? "," : "");
	rlg_text_add_json(to, value->name);
	rlg_text_add(to, ":");
	if (value->is_bare)
		rlg_text_add(to, value->text);
	else
		rlg_text_add_json(to, value->text);
}

static void write_own(const struct rlg_log_values *values, struct rlg_record_writer *writer)
{
	char storage[RLG_RECORD_MAX];
	struct rlg_text to;

	rlg_text_init(&to, storage, sizeof(storage));
	rlg_text_add(&to, "{");
	for (size_t i = 0; i < values->n; i++)
		if (is_own(&values->list[i]))
			add_own(&to, &values->list[i]);
	rlg_text_add(&to, "}");
	if (to.full)
		writer->left_out++;
	else if (to.length > 2)
		rlg_record_json(writer, "values", storage);
}

void rlg_log_values_write(const struct rlg_log_values *values, struct rlg_record_writer *writer)
{
	for (size_t i = 0; i < values->n; i++) {
		const struct rlg_log_value *value = &values->list[i];
		if (is_own(value))
			continue;
		if (value->is_bare)
			rlg_record_json(writer, value->name, value->text);
		else
			rlg_record_str(writer, value->name, value->text);
	}
	write_own(values, writer);
}
