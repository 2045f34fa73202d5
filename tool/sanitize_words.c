/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of a run log that leaves the cluster: see sanitize.h. */
#include "tool/sanitize.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define DIGITS "0123456789"
#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

struct scan {
	struct rlg_arena *arena;
	const struct rlg_secrets *secrets;
	const struct rlg_line *line;
	struct rlg_bytes *out;
};

/* Takes what begins at `at`, writes what may be told of it, and returns its length; 0: nothing that it knows. */
typedef size_t matcher_fn(struct scan *scan, const char *at);

static bool is_word(char character)
{
	return isalnum((unsigned char)character) && (unsigned char)character < 0x80;
}

static bool begins_word(const char *line, const char *at)
{
	return at == line || !is_word(at[-1]);
}

static size_t one_of(const char *const *words, size_t n, const char *at, size_t length)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(words[i]) == length && strncasecmp(at, words[i], length) == 0)
			return i + 1;
	return 0;
}

static void stand_in(struct scan *scan, enum rlg_secret_kind kind)
{
	rlg_bytes_add(scan->out, rlg_secrets_stand_in(scan->secrets, kind));
}

/* ---- links ---- */

/* A link ends where Markdown, a table or a sentence goes on. */
static size_t link_length(const char *at)
{
	size_t length = strcspn(at, " \t\r\"'`<>|)]}\\");

	while (length > 0 && strchr(".,;:!*_", at[length - 1]) != NULL)
		length--;
	return length;
}

/* Of "https://wandb.ai/...": where the host begins; NULL: no link of the web. */
static const char *host_of(const char *at)
{
	if (strncasecmp(at, "https://", 8) == 0)
		return at + 8;
	return strncasecmp(at, "http://", 7) == 0 ? at + 7 : NULL;
}

static bool holds_secret(struct rlg_arena *arena, const struct rlg_secrets *secrets, const char *at, size_t length)
{
	enum rlg_secret_kind kind;
	size_t where;

	return rlg_secrets_find(secrets, rlg_arena_strndup(arena, at, length), &kind, &where) != NULL;
}

size_t rlg_wandb_link(const struct rlg_secrets *secrets, const char *text, const char *at)
{
	const char *host = host_of(at);
	enum rlg_secret_kind kind;

	if (host == NULL && begins_word(text, at) && strncasecmp(at, "wandb.ai/", 9) == 0 &&
	    (at == text || strchr("/@.-", at[-1]) == NULL))
		host = at;
	if (host == NULL)
		return 0;
	size_t width = strcspn(host, "/ \t\r\n?#:@"), length = link_length(at);
	bool is_wandb = width >= 8 && strncasecmp(host + width - 8, "wandb.ai", 8) == 0 && (width == 8 || host[width - 9] == '.');
	if (!is_wandb || host[width] != '/')
		return 0;
	/* A subdomain may be called after somebody. */
	for (const char *label = host; label < host + width; label++)
		if (rlg_secrets_name_at(secrets, host, label, &kind) > 0)
			return 0;
	size_t plain = strcspn(at, "?#\n");
	return length < plain ? length : plain;
}

/* What stands behind the `?` of a dashboard's address is its reader's: a workspace, a key. */
static size_t match_link(struct scan *scan, const char *at)
{
	size_t kept = rlg_wandb_link(scan->secrets, scan->line->text, at), length = link_length(at);
	const char *host = host_of(at);

	if (kept > 0) {
		rlg_bytes_add_n(scan->out, at, kept);
		return length;
	}
	if (host == NULL || (size_t)(host - at) >= length)
		return 0;
	size_t width = strcspn(host, "/ \t\r?#");
	bool is_public = memchr(host, '.', width) != NULL && memchr(host, ':', width) == NULL && memchr(host, '@', width) == NULL &&
			 strspn(host, DIGITS ".") < width && !holds_secret(scan->arena, scan->secrets, at, length);
	if (is_public)
		rlg_bytes_add_n(scan->out, at, length);
	else
		rlg_bytes_add(scan->out, "(link)");
	return length;
}

/* ---- places ---- */

static const char *const step_words[] = {"epoch", "epochs", "step", "steps", "checkpoint", "ckpt", "iter", "iteration", "global"};

/* Last part of a path that may be told: a checkpoint (epoch_3) or a file's name with its suffix. */
static bool tells_no_place(struct scan *scan, const char *name, size_t length)
{
	size_t word = 0;
	const char *dot = memrchr(name, '.', length);

	if (length == 0 || (length == 12 && strncasecmp(name, "wandb_id.txt", 12) == 0) || holds_secret(scan->arena, scan->secrets, name, length) || memchr(name, '$', length) != NULL)
		return false;
	while (word < length && isalpha((unsigned char)name[word]))
		word++;
	if (one_of(step_words, N_OF(step_words), name, word) > 0 && strcspn(name, DIGITS) < length)
		return true;
	return dot != NULL && dot > name && length - (size_t)(dot - name) <= 12 && length - (size_t)(dot - name) > 1;
}

static size_t path_length(const char *at)
{
	size_t length = strcspn(at, " \t\r\"'`<>|()[]{},;*?");

	while (length > 0 && strchr(".:!", at[length - 1]) != NULL)
		length--;
	return length;
}

/* "$SCRATCH/", "${HOME}/", "~/" and "~ann/" begin a path as "/" does; the length up to the slash, or 0. */
static size_t root_length(const char *at)
{
	size_t length = 1;

	if (at[0] == '~')
		length += strspn(at + 1, "abcdefghijklmnopqrstuvwxyz0123456789_-.");
	else if (at[0] == '$' && at[1] == '{')
		length = strcspn(at, "} /") + 1;
	else if (at[0] == '$')
		length += strspn(at + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
	return length > 1 || at[0] == '~' ? length : 0;
}

static void tell_place(struct scan *scan, const char *at, size_t length)
{
	while (length > 1 && at[length - 1] == '/')
		length--;
	const char *slash = memrchr(at, '/', length);
	const char *name = slash != NULL ? slash + 1 : at;
	size_t width = length - (size_t)(name - at);

	if (tells_no_place(scan, name, width))
		rlg_bytes_add_n(scan->out, name, width);
	else
		stand_in(scan, RLG_SECRET_PATH);
}

/* s3://bucket/x, file:///data/x */
static size_t match_scheme(struct scan *scan, const char *at)
{
	size_t scheme = 0;

	if (!begins_word(scan->line->text, at) || !isalpha((unsigned char)at[0]))
		return 0;
	while (isalnum((unsigned char)at[scheme]) || at[scheme] == '+')
		scheme++;
	if (strncmp(at + scheme, "://", 3) != 0 || link_length(at) <= scheme + 3)
		return 0;
	tell_place(scan, at, link_length(at));
	return link_length(at);
}

/* A path of the records may hold blanks, which end any other. */
static size_t match_path(struct scan *scan, const char *at)
{
	const char *line = scan->line->text;
	size_t known = rlg_secrets_path_at(scan->secrets, at), root = at[0] == '~' || at[0] == '$' ? root_length(at) : 0;
	size_t length = root + path_length(at + root);

	if (known > 0) {
		length = known + (is_word(at[known]) || (at[known] != '\0' && strchr("/_-.", at[known]) != NULL) ? path_length(at + known) : 0);
		tell_place(scan, at, length);
		return length;
	}
	if ((at[0] != '/' && (root == 0 || at[root] != '/')) || length <= root + 1)
		return 0;
	/* "train/val" and "tokens/s" are no places; "n1:/data/x" and "dir=/data/x" are. */
	if (at > line && (is_word(at[-1]) || strchr("._-/)", at[-1]) != NULL))
		return 0;
	/* "/tmp" tells nothing, and "/" may be a division. */
	if (root == 0 && (!is_word(at[1]) || memchr(at + 1, '/', length - 1) == NULL))
		return 0;
	tell_place(scan, at, length);
	return length;
}

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
static size_t match_address(struct scan *scan, const char *at)
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

static size_t match_ipv4(struct scan *scan, const char *at)
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

static size_t match_name(struct scan *scan, const char *at)
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
static size_t match_host_list(struct scan *scan, const char *at)
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

static size_t match_offline_run(struct scan *scan, const char *at)
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
static size_t match_wandb_id(struct scan *scan, const char *at)
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

static size_t match_option(struct scan *scan, const char *at)
{
	if (strncmp(at, "--", 2) != 0)
		return 0;
	size_t width = strcspn(at + 2, "= \t`\"'");
	if (one_of(placing_options, N_OF(placing_options), at + 2, width) == 0 || (at[2 + width] != '=' && at[2 + width] != ' '))
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

/* WANDB_API_KEY=... */
static size_t match_key(struct scan *scan, const char *at)
{
	if (!begins_word(scan->line->text, at) || (at > scan->line->text && at[-1] == '_'))
		return 0;
	size_t width = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
	if (width == 0 || at[width] != '=' || at[width + 1] == '(')
		return 0;
	for (size_t i = 0; i < N_OF(key_endings); i++) {
		size_t ending = strlen(key_endings[i]);
		if (width < ending || strncasecmp(at + width - ending, key_endings[i], ending) != 0)
			continue;
		rlg_bytes_addf(scan->out, "%.*s=(withheld)", (int)width, at);
		return width + 1 + strcspn(at + width + 1, " \t\r`|)");
	}
	return 0;
}

/* `ssh HOST`: in prose "ssh access" is none, so only what is code, or looks like a host's name. */
static size_t match_ssh(struct scan *scan, const char *at)
{
	static const char *const commands[] = {"ssh", "scp", "rsync", "sftp"};
	const char *line = scan->line->text;
	size_t command = 0;

	while (isalpha((unsigned char)at[command]))
		command++;
	if (!begins_word(line, at) || one_of(commands, N_OF(commands), at, command) != 1 || at[command] != ' ')
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

/* ---- numbers ---- */

static const char *const counted[] = {
	"step",	  "steps",   "epoch",	 "epochs",  "iter",  "iters", "iteration", "iterations", "token", "tokens",
	"sample", "samples", "example",	 "examples", "batch", "batches", "params", "parameters", "images", "sequences", "frames", "seed",
};

static const char *const of_jobs[] = {
	"job", "jobs", "jobid", "jobids", "slurm", "array", "execution", "sbatch", "scancel", "squeue", "sacct", "seff", "srun", "resubmit",
	"resubmitted", "requeue", "requeued", "sattach", "scontrol", "id", "ids",
};

/* A word further off says nothing of a number. */
#define NEAR 120

/* The word before `at`, with nothing but blanks and marks between. */
static const char *word_before(const char *line, const char *at, size_t *out_length)
{
	const char *end = at;

	while (end > line && !is_word(end[-1]) && strchr(" =:_*`#(-", end[-1]) != NULL)
		end--;
	const char *begin = end;
	while (begin > line && isalpha((unsigned char)begin[-1]))
		begin--;
	*out_length = (size_t)(end - begin);
	return begin;
}

static bool is_counted(const char *line, const char *at, size_t length)
{
	const char *behind = at + length + strspn(at + length, " ");
	size_t before_length, behind_length = 0;
	const char *before = word_before(line, at, &before_length);

	while (isalpha((unsigned char)behind[behind_length]))
		behind_length++;
	return one_of(counted, N_OF(counted), before, before_length) > 0 ||
	       one_of(counted, N_OF(counted), behind, behind_length) > 0;
}

/* A cell of nothing but this number, in a column of steps. */
static bool is_in_counting_column(const struct rlg_line *line, const char *at)
{
	const char *header = line->table_header;

	for (const char *pipe = line->text; header != NULL && pipe < at; pipe++)
		if (*pipe == '|' && pipe > line->text)
			header = strchr(header + 1, '|');
		else if (*pipe == '|' && header[0] != '|')
			return false;
	if (header == NULL)
		return false;
	for (header += *header == '|'; *header != '\0' && *header != '|'; header++) {
		size_t width = 0;
		while (isalpha((unsigned char)header[width]))
			width++;
		if (one_of(counted, N_OF(counted), header, width) > 0)
			return true;
		header += width > 0 ? width - 1 : 0;
	}
	return false;
}

/* Part of a date, a time or a number with a point. */
static bool is_part_of_number(const char *line, const char *at, size_t length)
{
	bool before = at - line >= 2 && strchr(".:-/", at[-1]) != NULL && isdigit((unsigned char)at[-2]);
	bool behind = at[length] != '\0' && strchr(".:-/", at[length]) != NULL && isdigit((unsigned char)at[length + 1]);

	return before || behind;
}

bool rlg_is_job_here(const char *line, const char *at, size_t length)
{
	if (is_part_of_number(line, at, length) || is_counted(line, at, length) || (is_word(at[length]) && at[length] != 'b'))
		return false;
	for (const char *word = at - line > NEAR ? at - NEAR : line; word < at;) {
		size_t width = 0;
		while (isalpha((unsigned char)word[width]))
			width++;
		if (one_of(of_jobs, N_OF(of_jobs), word, width) > 0)
			return true;
		word += width > 0 ? width : 1;
	}
	return false;
}

/* 100000 as 100k: the same number in other digits.  `fraction` are the digits behind its point, if any. */
static const char *in_other_digits(struct rlg_arena *arena, const char *digits, size_t length, const char *fraction,
				   size_t fraction_length)
{
	size_t small = length > 7 ? 6 : 3;
	const char *all = rlg_arena_printf(arena, "%.*s%.*s", (int)small, digits + length - small, (int)fraction_length, fraction);
	size_t kept = strlen(all);

	while (kept > 0 && all[kept - 1] == '0')
		kept--;
	return rlg_arena_printf(arena, "%.*s%s%.*s%c", (int)(length - small), digits, kept > 0 ? "." : "", (int)kept, all,
				small == 6 ? 'M' : 'k');
}

/* A number that is the id of a job, but counts something. */
static size_t tell_number(struct scan *scan, const char *at, size_t length)
{
	const char *line = scan->line->text;
	bool is_fraction = at - line >= 2 && at[-1] == '.' && isdigit((unsigned char)at[-2]);
	size_t fraction = at[length] == '.' ? strspn(at + length + 1, DIGITS) : 0;

	if (is_fraction) {
		/* A digit less: nobody compares losses by the last one. */
		rlg_bytes_add_n(scan->out, at, length - 1);
		return length;
	}
	const char *number = in_other_digits(scan->arena, at, length, at + length + 1, fraction);
	if (holds_secret(scan->arena, scan->secrets, number, strlen(number)))
		rlg_bytes_add(scan->out, "(number)");
	else
		rlg_bytes_add(scan->out, number);
	return length + (fraction > 0 ? 1 + fraction : 0);
}

/* What may follow a job's number: _3, _[1-4], .batch, +1 */
static size_t job_tail(const char *at)
{
	if (at[0] == '_' && at[1] == '[')
		return strcspn(at, "]\n") + (strchr(at, ']') != NULL);
	if ((at[0] == '_' || at[0] == '+' || at[0] == '.') && isdigit((unsigned char)at[1]))
		return 1 + strspn(at + 1, DIGITS);
	return 0;
}

static size_t match_job(struct scan *scan, const char *at)
{
	const char *line = scan->line->text;

	if (!isdigit((unsigned char)at[0]) || (at > line && isdigit((unsigned char)at[-1])))
		return 0;
	size_t length = strspn(at, DIGITS);
	if (!rlg_secrets_is_job(scan->secrets, at, length))
		return 0;
	if (length < RLG_SECRET_LONG_ID) {
		if (!rlg_is_job_here(line, at, length))
			return 0;
	} else if ((at - line >= 2 && at[-1] == '.' && isdigit((unsigned char)at[-2])) ||
		   (at[length] == '.' && isdigit((unsigned char)at[length + 1])) || is_counted(line, at, length) ||
		   is_in_counting_column(scan->line, at)) {
		return tell_number(scan, at, length);
	}
	stand_in(scan, RLG_SECRET_JOB);
	return length + job_tail(at + length);
}

/* ---- the line ---- */

/* In this order; a link before the path and the names in it. */
static matcher_fn *const matchers[] = {
	match_link, match_scheme, match_option, match_key, match_ssh, match_path, match_address, match_offline_run, match_wandb_id, match_host_list,
	match_name, match_ipv4,	  match_job,
};

void rlg_sanitize_line(struct rlg_arena *arena, const struct rlg_secrets *secrets, const struct rlg_line *line,
		       struct rlg_bytes *out)
{
	struct scan scan = {.arena = arena, .secrets = secrets, .line = line, .out = out};

	for (const char *at = line->text; *at != '\0';) {
		size_t taken = 0;
		for (size_t i = 0; i < N_OF(matchers) && taken == 0; i++)
			taken = matchers[i](&scan, at);
		if (taken == 0)
			rlg_bytes_add_n(out, at, 1);
		at += taken > 0 ? taken : 1;
	}
}
