/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of a run log that leaves the cluster: people, machines and commands; see sanitize.h. */
#include "tool/publish/sanitize_match.h"

/* ---- people and machines ---- */

/* No longer one is an address (RFC 3696); without a limit every dot of a long line would be looked at from all before it. */
#define ADDRESS_MAX 320

static size_t address_part(const char *at)
{
	size_t length = 0;

	while (length < ADDRESS_MAX && (is_word(at[length]) || (at[length] != '\0' && strchr("._+-", at[length]) != NULL)))
		length++;
	return length;
}

/* name@host, a person's or a machine's */
static size_t match_address(struct rlg_scan *scan, const char *at)
{
	if (!begins_word(scan->line->text, at))
		return 0;
	size_t before = address_part(at);
	if (before == 0 || at[before] != '@')
		return 0;
	size_t behind = address_part(at + before + 1);
	while (behind > 0 && strchr(".-", at[before + behind]) != NULL)
		behind--;
	if (behind == 0)
		return 0;
	rlg_bytes_add(scan->out, "(address)");
	return before + 1 + behind;
}

static size_t match_ipv4(struct rlg_scan *scan, const char *at)
{
	size_t length = 0;

	if (!isdigit((unsigned char)at[0]) || !begins_word(scan->line->text, at) || (at > scan->line->text && at[-1] == '.'))
		return 0;
	for (int part = 0; part < 4; part++) {
		size_t digits = strspn(at + length, DIGITS);
		if (digits == 0 || digits > 3 || (part < 3 && at[length + digits] != '.'))
			return 0;
		length += digits + (part < 3);
	}
	if (is_word(at[length]) || (at[length] == '.' && isdigit((unsigned char)at[length + 1])))
		return 0;
	stand_in(scan, RLG_SECRET_HOST);
	return length;
}

/* A node's name with the rest of its domain, and what a host list makes of it: n1.cluster.org, n[1-3] */
static size_t host_tail(const char *at)
{
	size_t length = 0;

	while (at[length] == '.' && is_word(at[length + 1])) {
		length++;
		while (is_word(at[length]) || (at[length] == '-' && is_word(at[length + 1])))
			length++;
	}
	return length;
}

static size_t match_name(struct rlg_scan *scan, const char *at)
{
	enum rlg_secret_kind kind;
	size_t length = rlg_secrets_name_at(scan->secrets, scan->line->text, at, &kind);

	if (length == 0)
		return 0;
	if (kind == RLG_SECRET_NODE || kind == RLG_SECRET_HOST)
		length += host_tail(at + length);
	stand_in(scan, kind);
	return length;
}

/* "n[1-3]" in other ranges than the records have them. */
static size_t match_host_list(struct rlg_scan *scan, const char *at)
{
	enum rlg_secret_kind kind;
	size_t stem = 0;

	if (!begins_word(scan->line->text, at))
		return 0;
	while (is_word(at[stem]) || (at[stem] == '-' && stem > 0))
		stem++;
	size_t inner = at[stem] == '[' ? strspn(at + stem + 1, DIGITS "-,") : 0;
	if (stem == 0 || inner == 0 || at[stem + 1 + inner] != ']' || !isdigit((unsigned char)at[stem + 1]))
		return 0;
	const char *first = rlg_arena_printf(scan->arena, "%.*s%.*s", (int)stem, at,
					     (int)strspn(at + stem + 1, DIGITS), at + stem + 1);
	size_t length = rlg_secrets_name_at(scan->secrets, first, first, &kind);
	if (length != strlen(first) || kind != RLG_SECRET_NODE)
		return 0;
	stand_in(scan, RLG_SECRET_NODE);
	return stem + inner + 2;
}

static size_t match_offline_run(struct rlg_scan *scan, const char *at)
{
	static const char prefix[] = "offline-run-";
	size_t dated = strncmp(at, "run-20", 6) == 0 ? 4 : 0;

	if (!begins_word(scan->line->text, at))
		return 0;
	if (strncasecmp(at, prefix, sizeof(prefix) - 1) != 0 && (dated == 0 || strspn(at + dated, DIGITS) != 8))
		return 0;
	stand_in(scan, RLG_SECRET_WANDB);
	return strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
}

/* The file that keeps the id of an offline run, by whatever path. */
static size_t match_wandb_id(struct rlg_scan *scan, const char *at)
{
	static const char name[] = "wandb_id.txt";

	if (!begins_word(scan->line->text, at) || strncasecmp(at, name, sizeof(name) - 1) != 0)
		return 0;
	stand_in(scan, RLG_SECRET_WANDB);
	return sizeof(name) - 1;
}

/* ---- commands ---- */

/* Options of Slurm's commands that say where, on whose account, or to whom. */
static const char *const placing_options[] = {
	"account", "partition", "nodelist", "exclude", "reservation", "mail-user", "chdir", "output", "error", "qos", "clusters", "uid",
};

static size_t match_option(struct rlg_scan *scan, const char *at)
{
	if (strncmp(at, "--", 2) != 0)
		return 0;
	size_t width = strcspn(at + 2, "= \t`\"'");
	if (!one_of(placing_options, N_OF(placing_options), at + 2, width) || (at[2 + width] != '=' && at[2 + width] != ' '))
		return 0;
	size_t known = rlg_secrets_path_at(scan->secrets, at + 3 + width);
	size_t value = known + strcspn(at + 3 + width + known, " \t\r\"'`|)");
	if (value == 0 || at[3 + width] == '(') /* withheld already */
		return 0;
	rlg_bytes_add_n(scan->out, at, 3 + width);
	rlg_bytes_add(scan->out, "(withheld)");
	return 3 + width + value;
}

static const char *const key_endings[] = {"TOKEN", "API_KEY", "SECRET", "SECRET_KEY", "ACCESS_KEY", "PASSWORD", "PASSWD"};

/* Of these `width` bytes; an option's name has `-` where a variable's has `_`. */
static bool ends_as_key(const char *name, size_t width)
{
	for (size_t i = 0; i < N_OF(key_endings); i++) {
		const char *ending = key_endings[i];
		size_t length = strlen(ending), same = 0;
		if (length > width)
			continue;
		const char *tail = name + width - length;
		while (same < length && (toupper((unsigned char)tail[same]) == ending[same] || (tail[same] == '-' && ending[same] == '_')))
			same++;
		if (same == length)
			return true;
	}
	return false;
}

static size_t key_value(const char *at)
{
	const char *close = at[0] == '"' || at[0] == '\'' ? strchr(at + 1, at[0]) : NULL;

	return close != NULL ? (size_t)(close - at) + 1 : strcspn(at, " \t\r`|)");
}

/* WANDB_API_KEY=..., --hf-token=..., --api-key ... */
static size_t match_key(struct rlg_scan *scan, const char *at)
{
	size_t dashes = strncmp(at, "--", 2) == 0 ? 2 : 0;

	if (dashes == 0 && (!begins_word(scan->line->text, at) || (at > scan->line->text && at[-1] == '_')))
		return 0;
	size_t name = strspn(at + dashes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"), width = dashes + name;
	bool parted = at[width] == '=' || (dashes > 0 && at[width] == ' ' && at[width + 1] != '-');
	if (name == 0 || !parted || at[width + 1] == '(' || !ends_as_key(at + dashes, name))
		return 0;
	size_t value = key_value(at + width + 1);
	if (value == 0)
		return 0;
	rlg_bytes_addf(scan->out, "%.*s%c(withheld)", (int)width, at, at[width]);
	return width + 1 + value;
}

/* `ssh HOST`: in prose "ssh access" is none, so only what is code, or looks like a host's name. */
static size_t match_ssh(struct rlg_scan *scan, const char *at)
{
	const char *line = scan->line->text;
	size_t command = 0;

	while (isalpha((unsigned char)at[command]))
		command++;
	if (!begins_word(line, at) || command != 3 || strncasecmp(at, "ssh", 3) != 0 || at[command] != ' ')
		return 0;
	size_t length = command;
	for (length += strspn(at + length, " "); at[length] == '-'; length += strspn(at + length, " ")) {
		bool takes_value = strchr("pilFoJLRD", at[length + 1]) != NULL && at[length + 2] == ' ';
		length += strcspn(at + length, " \t`");
		length += takes_value ? strspn(at + length, " ") : 0;
		length += takes_value ? strcspn(at + length, " \t`") : 0;
	}
	size_t host = strcspn(at + length, " \t\r`\"'|),;:");
	bool in_code = scan->line->code || (at > line && at[-1] == '`');
	if (host == 0 || at[length] == '(' || (!in_code && strcspn(at + length, DIGITS "@.") >= host))
		return 0;
	rlg_bytes_add(scan->out, "ssh ");
	stand_in(scan, RLG_SECRET_HOST);
	return length + host;
}

/* ---- the line ---- */

/* In this order; a link before the path and the names in it. */
static rlg_matcher_fn *const matchers[] = {
	rlg_match_link, rlg_match_scheme, match_option, match_key, match_ssh, rlg_match_path, match_address, match_offline_run, match_wandb_id, match_host_list,
	match_name, match_ipv4,	  rlg_match_job,
};

void rlg_sanitize_line(struct rlg_arena *arena, const struct rlg_secrets *secrets, const struct rlg_line *line,
		       struct rlg_bytes *out)
{
	struct rlg_scan scan = {.arena = arena, .secrets = secrets, .line = line, .out = out};

	for (const char *at = line->text; *at != '\0';) {
		size_t taken = 0;
		for (size_t i = 0; i < N_OF(matchers) && taken == 0; i++)
			taken = matchers[i](&scan, at);
		if (taken == 0)
			rlg_bytes_add_n(out, at, 1);
		at += taken > 0 ? taken : 1;
	}
}
