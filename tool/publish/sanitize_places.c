/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links and paths in a run log that leaves the cluster: see sanitize.h. */
#include "tool/publish/sanitize_match.h"

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
size_t rlg_match_link(struct rlg_scan *scan, const char *at)
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
			 strspn(host, DIGITS ".") < width && !holds_secret(scan, at, length);
	if (is_public)
		rlg_bytes_add_n(scan->out, at, length);
	else
		rlg_bytes_add(scan->out, "(link)");
	return length;
}

/* ---- places ---- */

static const char *const step_words[] = {"epoch", "epochs", "step", "steps", "checkpoint", "ckpt", "iter", "iteration", "global"};

/* Last part of a path that may be told: a checkpoint (epoch_3) or a file's name with its suffix. */
static bool tells_no_place(struct rlg_scan *scan, const char *name, size_t length)
{
	size_t word = 0;
	const char *dot = memrchr(name, '.', length);

	if (length == 0 || (length == 12 && strncasecmp(name, "wandb_id.txt", 12) == 0) || holds_secret(scan, name, length) || memchr(name, '$', length) != NULL)
		return false;
	while (word < length && isalpha((unsigned char)name[word]))
		word++;
	if (one_of(step_words, N_OF(step_words), name, word) && strcspn(name, DIGITS) < length)
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

static void tell_place(struct rlg_scan *scan, const char *at, size_t length)
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
size_t rlg_match_scheme(struct rlg_scan *scan, const char *at)
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
size_t rlg_match_path(struct rlg_scan *scan, const char *at)
{
	const char *line = scan->line->text;
	size_t known = rlg_secrets_path_at(scan->secrets, at), root = at[0] == '~' || at[0] == '$' ? root_length(at) : 0;

	if (known > 0) {
		size_t length = known + (is_word(at[known]) || (at[known] != '\0' && strchr("/_-.", at[known]) != NULL) ? path_length(at + known) : 0);
		tell_place(scan, at, length);
		return length;
	}
	if (at[0] != '/' && (root == 0 || at[root] != '/'))
		return 0;
	/* "train/val" and "tokens/s" are no places; "n1:/data/x" and "dir=/data/x" are. */
	if (at > line && (is_word(at[-1]) || strchr("._-/)", at[-1]) != NULL))
		return 0;
	size_t length = root + path_length(at + root);
	if (length <= root + 1)
		return 0;
	/* "/tmp" tells nothing, and "/" may be a division. */
	if (root == 0 && (!is_word(at[1]) || memchr(at + 1, '/', length - 1) == NULL))
		return 0;
	tell_place(scan, at, length);
	return length;
}
