/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of a run log that leaves the cluster: see sanitize.h. */
#include "tool/publish/sanitize.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#define DIGITS "0123456789"
#define KEY_MAX 32
#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- keys: `- node: n1` ---- */

/* Lines with these keys tell nothing but where and by whom; what stands behind is a secret of that kind (KINDS: of none). */
static const struct {
	const char *key;
	enum rlg_secret_kind kind;
} placing_keys[] = {
	{"execution id", RLG_SECRET_JOB},  {"job id", RLG_SECRET_JOB},	    {"jobid", RLG_SECRET_JOB},
	{"job ids", RLG_SECRET_JOB},	   {"slurm job id", RLG_SECRET_JOB}, {"slurm id", RLG_SECRET_JOB},
	{"array job id", RLG_SECRET_JOB},  {"node", RLG_SECRET_NODE},	    {"nodes", RLG_SECRET_NODE},
	{"nodelist", RLG_SECRET_NODE},	   {"node list", RLG_SECRET_NODE},  {"host", RLG_SECRET_HOST},
	{"hostname", RLG_SECRET_HOST},	   {"hosts", RLG_SECRET_HOST},	    {"login node", RLG_SECRET_HOST},
	{"user", RLG_SECRET_USER},	   {"username", RLG_SECRET_USER},   {"submitted by", RLG_SECRET_USER},
	{"cluster", RLG_SECRET_CLUSTER},   {"partition", RLG_SECRET_KINDS}, {"account", RLG_SECRET_KINDS},
	{"qos", RLG_SECRET_KINDS},	   {"stdout", RLG_SECRET_KINDS},    {"stderr", RLG_SECRET_KINDS},
	{"log", RLG_SECRET_KINDS},	   {"logs", RLG_SECRET_KINDS},	    {"log file", RLG_SECRET_KINDS},
	{"output log", RLG_SECRET_KINDS},  {"cwd", RLG_SECRET_KINDS},	    {"workdir", RLG_SECRET_KINDS},
	{"working directory", RLG_SECRET_KINDS}, {"local", RLG_SECRET_KINDS}, {"wandb id", RLG_SECRET_KINDS},
	{"session", RLG_SECRET_SESSION},   {"session id", RLG_SECRET_SESSION},
};

/* The key of "- **execution_id**: x", in lower case and with blanks; *out_value is behind the colon.  False: no such line. */
static bool read_key(const char *line, char out_key[KEY_MAX], const char **out_value)
{
	size_t length = 0;

	line += strspn(line, " \t>");
	if (line[0] != '\0' && strchr("-*+", line[0]) != NULL && line[1] == ' ')
		line += 2;
	line += strspn(line, " *_`");
	for (; *line != ':' && length + 1 < KEY_MAX; line++) {
		if (!isalnum((unsigned char)*line) && (*line == '\0' || strchr(" _-*`", *line) == NULL))
			return false;
		if (*line == '*' || *line == '`')
			continue;
		out_key[length++] = *line == '_' || *line == '-' ? ' ' : (char)tolower((unsigned char)*line);
	}
	while (length > 0 && out_key[length - 1] == ' ')
		length--;
	out_key[length] = '\0';
	*out_value = line + (*line == ':');
	return *line == ':' && length > 0;
}

/* "nodes: 4 x 8 GPUs" tells what was used, and not where. */
static bool is_number(const char *value)
{
	value += strspn(value, " \t`*");
	size_t length = strspn(value, DIGITS);

	return length > 0 && !isalnum((unsigned char)value[length]) && value[length] != '-';
}

/* The row of the table that this line's key is in; N_OF(placing_keys): none. */
static size_t placing_key(const char *line, const char **out_value)
{
	char key[KEY_MAX];
	size_t i = N_OF(placing_keys);

	if (!read_key(line, key, out_value))
		return i;
	for (i = 0; i < N_OF(placing_keys) && strcmp(placing_keys[i].key, key) != 0; i++)
		;
	return i < N_OF(placing_keys) && placing_keys[i].kind == RLG_SECRET_NODE && is_number(*out_value) ? N_OF(placing_keys) : i;
}

/* ---- what only the text tells ---- */

/* A value of one word or a list of them; a sentence, or the template's <placeholder>, names nobody. */
static void learn_value(struct rlg_arena *arena, struct rlg_secrets *secrets, enum rlg_secret_kind kind, const char *value)
{
	value += strspn(value, " \t`*\"'");
	size_t length = strcspn(value, " \t\r`*\"'(<");
	const char *word = rlg_arena_strndup(arena, value, length);
	bool has_digit = strcspn(word, DIGITS) < length;
	const char *rest = value + length + strspn(value + length, " \t\r`*\"'");

	if (length == 0 || strcspn(word, "/<=") < length || (kind != RLG_SECRET_USER && !has_digit) || (kind == RLG_SECRET_USER && *rest != '\0'))
		return;
	if (kind == RLG_SECRET_NODE)
		rlg_secrets_add_nodes(secrets, word);
	else if (kind == RLG_SECRET_JOB)
		rlg_secrets_add(secrets, kind, rlg_arena_strndup(arena, word, strspn(word, DIGITS)));
	else
		rlg_secrets_add(secrets, kind, word);
}

/* "resubmit - 4187578", "slurm-4187578.out", "Submitted batch job 4187578": long enough, and said to be a job's. */
static void learn_jobs(struct rlg_arena *arena, struct rlg_secrets *secrets, const char *line)
{
	for (const char *at = line; *at != '\0';) {
		size_t length = strspn(at, DIGITS);
		if (length >= RLG_SECRET_LONG_ID && length < 12 && rlg_is_job_here(line, at, length))
			rlg_secrets_add(secrets, RLG_SECRET_JOB, rlg_arena_strndup(arena, at, length));
		at += length > 0 ? length : 1;
	}
}

/* offline-run-20260311_150000-abc123 has the id abc123. */
static void learn_offline_runs(struct rlg_arena *arena, struct rlg_secrets *secrets, const char *line)
{
	for (const char *at = strstr(line, "run-20"); at != NULL; at = strstr(at + 1, "run-20")) {
		const char *id = at + 4 + strspn(at + 4, DIGITS "_");
		size_t length = *id == '-' ? strspn(id + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") : 0;
		if (length >= 4)
			rlg_secrets_add(secrets, RLG_SECRET_WANDB, rlg_arena_strndup(arena, id + 1, length));
	}
}

/* ann, of a path below one of these */
static void learn_homes(struct rlg_arena *arena, struct rlg_secrets *secrets, const char *line)
{
	static const char *const roots[] = {("/" "home/"), "/users/", "/Users/"};

	for (size_t i = 0; i < N_OF(roots); i++)
		for (const char *at = strstr(line, roots[i]); at != NULL; at = strstr(at + 1, roots[i])) {
			const char *name = at + strlen(roots[i]);
			size_t length = strcspn(name, "/ \t`\"'),;:<>{}$");
			if (at == line || (!isalnum((unsigned char)at[-1]) && at[-1] != '.'))
				rlg_secrets_add(secrets, RLG_SECRET_USER, rlg_arena_strndup(arena, name, length));
		}
}

static void learn(struct rlg_arena *arena, struct rlg_secrets *secrets, const char *line)
{
	const char *value;
	size_t key = placing_key(line, &value);

	if (key < N_OF(placing_keys) && placing_keys[key].kind != RLG_SECRET_KINDS)
		learn_value(arena, secrets, placing_keys[key].kind, value);
	learn_jobs(arena, secrets, line);
	learn_offline_runs(arena, secrets, line);
	learn_homes(arena, secrets, line);
}

/* ---- lines ---- */

struct document {
	struct rlg_arena *arena;
	struct rlg_secrets *secrets;
	struct rlg_bytes *out;
	const char *eol;
	const char *table_header; /* of the table at hand */
	const char *fence; /* the open one; NULL */
	size_t dropped_indent; /* of the dropped line whose continuation may follow; 0: none, else one more */
	size_t heading_at; /* where the last heading begins in `out` */
	unsigned heading_level; /* 0: no heading yet */
	bool section_lost; /* a line below it was dropped */
	bool section_kept; /* one was not */
};

static size_t indent_of(const char *line)
{
	return strspn(line, " \t");
}

static bool is_blank(const char *line)
{
	return line[strspn(line, " \t\r")] == '\0';
}

/* What an id leaves behind in a heading or a sentence. */
static const char *tidy(struct rlg_arena *arena, const struct rlg_secrets *secrets, const char *line)
{
	const char *job = rlg_secrets_stand_in(secrets, RLG_SECRET_JOB);
	const char *const pairs[][2] = {
		{rlg_arena_printf(arena, " - %s - ", job), " - "}, {rlg_arena_printf(arena, " - %s)", job), ")"},
		{rlg_arena_printf(arena, "(%s - ", job), "("},	  {rlg_arena_printf(arena, "(%s)", job), job},
		{rlg_arena_printf(arena, "job %s", job), "job"},   {rlg_arena_printf(arena, "Job %s", job), "Job"},
		{rlg_arena_printf(arena, "`%s`", job), job},
	};
	struct rlg_bytes result;

	for (size_t i = 0; i < N_OF(pairs); i++) {
		const char *at;
		if (strstr(line, pairs[i][0]) == NULL)
			continue;
		rlg_bytes_init(&result, arena);
		while ((at = strstr(line, pairs[i][0])) != NULL) {
			rlg_bytes_add_n(&result, line, (size_t)(at - line));
			rlg_bytes_add(&result, pairs[i][1]);
			line = at + strlen(pairs[i][0]);
		}
		rlg_bytes_add(&result, line);
		line = result.data;
	}
	return line;
}

static unsigned heading_level(const char *line)
{
	size_t level = strspn(line, "#");

	return level >= 1 && level <= 6 && (line[level] == ' ' || line[level] == '\t') ? (unsigned)level : 0;
}

/* A heading that all was taken from goes, too, unless something deeper hangs on it. */
static void end_section(struct document *document, unsigned next_level)
{
	if (document->heading_level == 0 || !document->section_lost || document->section_kept || next_level > document->heading_level)
		return;
	document->out->length = document->heading_at;
	document->out->data[document->out->length] = '\0';
}

static void note_fence(struct document *document, const char *line)
{
	const char *at = line + indent_of(line);
	const char *mark = strncmp(at, "```", 3) == 0 ? "```" : strncmp(at, "~~~", 3) == 0 ? "~~~" : NULL;

	if (mark == NULL)
		return;
	if (document->fence == NULL)
		document->fence = mark;
	else if (strcmp(document->fence, mark) == 0)
		document->fence = NULL;
}

static bool is_dropped(struct document *document, const char *line)
{
	const char *value;

	if (document->dropped_indent > 0 && !is_blank(line) && indent_of(line) >= document->dropped_indent &&
	    document->fence == NULL)
		return true;
	document->dropped_indent = 0;
	if (placing_key(line, &value) == N_OF(placing_keys) || document->fence != NULL)
		return false;
	document->dropped_indent = indent_of(line) + 1;
	return true;
}

static void take_line(struct document *document, const char *line)
{
	unsigned level = document->fence == NULL ? heading_level(line) : 0;
	struct rlg_line words = {.text = line, .code = document->fence != NULL};
	struct rlg_bytes clean;

	note_fence(document, line);
	if (is_dropped(document, line)) {
		document->section_lost = true;
		return;
	}
	if (strchr(line, '|') == NULL)
		document->table_header = NULL;
	else if (document->table_header == NULL)
		document->table_header = line;
	words.table_header = document->table_header;
	rlg_bytes_init(&clean, document->arena);
	rlg_sanitize_line(document->arena, document->secrets, &words, &clean);
	const char *result = tidy(document->arena, document->secrets, clean.data);
	if (level > 0) {
		end_section(document, level);
		document->heading_at = document->out->length;
		document->heading_level = level;
		document->section_lost = document->section_kept = false;
	} else if (!is_blank(line)) {
		document->section_kept = true;
	}
	rlg_bytes_addf(document->out, "%s%s", result, document->eol);
}

/* Comments are a person's words to themselves; one that never ends is text. */
static const char *without_comments(struct rlg_arena *arena, const char *text)
{
	struct rlg_bytes result;

	rlg_bytes_init(&result, arena);
	for (;;) {
		const char *open = strstr(text, "<!--"), *close = open != NULL ? strstr(open + 4, "-->") : NULL;
		if (close == NULL)
			break;
		rlg_bytes_add_n(&result, text, (size_t)(open - text));
		bool is_line = (open == text || open[-1] == '\n') && close[3] == '\n';
		text = close + 3 + is_line;
	}
	rlg_bytes_add(&result, text);
	return result.data;
}

typedef void line_fn(void *context, const char *line);

static void each_line(struct rlg_arena *arena, const char *text, line_fn *tell, void *context)
{
	while (*text != '\0') {
		size_t length = strcspn(text, "\r\n");
		tell(context, rlg_arena_strndup(arena, text, length));
		text += length;
		text += text[0] == '\r' && text[1] == '\n' ? 2 : *text != '\0';
	}
}

static void learn_line(void *context, const char *line)
{
	struct document *document = context;

	learn(document->arena, document->secrets, line);
}

static void sanitize_line(void *context, const char *line)
{
	take_line(context, line);
}

/* ---- the last look ---- */

/* The text without its links to W&B, which stay on purpose. */
static const char *without_links(struct rlg_arena *arena, const struct rlg_secrets *secrets, const char *text)
{
	char *masked = rlg_arena_strdup(arena, text);

	for (char *at = masked; *at != '\0';) {
		size_t length = rlg_wandb_link(secrets, masked, at);
		memset(at, ' ', length);
		at += length > 0 ? length : 1;
	}
	return masked;
}

static const char *const kind_words[RLG_SECRET_KINDS] = {
	"job id", "node", "host", "user", "path", "session", "cluster", "id of an offline run",
};

static int check(struct rlg_arena *arena, const struct rlg_secrets *secrets, const char *text, struct rlg_err *err)
{
	enum rlg_secret_kind kind;
	size_t at, line = 1;
	const char *masked = without_links(arena, secrets, text);
	const char *found = rlg_secrets_find(secrets, masked, &kind, &at);

	if (found == NULL)
		return 0;
	for (size_t i = 0; i < at; i++)
		line += text[i] == '\n';
	return rlg_fail(err, -EPERM, "the %s `%s` would still be told in line %zu, so nothing is written; reword it in the run log", kind_words[kind],
			found, line);
}

/* What is taken out can leave a beginning of something behind it: the path in "ann/users/bob", once "ann" is gone.  A few passes find all of it. */
#define PASSES_MAX 8

static const char *pass(struct rlg_arena *arena, struct rlg_secrets *secrets, const char *text)
{
	struct rlg_bytes result;
	struct document document = {.arena = arena, .secrets = secrets, .out = &result};

	rlg_bytes_init(&result, arena);
	rlg_bytes_add(&result, "");
	document.eol = strstr(text, "\r\n") != NULL ? "\r\n" : "\n";
	each_line(arena, text, learn_line, &document); /* comments too: what they tell may stand elsewhere as well */
	each_line(arena, without_comments(arena, text), sanitize_line, &document);
	end_section(&document, 1);
	return result.data;
}

int rlg_sanitize(struct rlg_arena *arena, struct rlg_secrets *secrets, const char *text, struct rlg_bytes *out,
		 struct rlg_err *err)
{
	const char *before;
	int code;

	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	for (int passes = 0; passes < PASSES_MAX; passes++) {
		before = text;
		text = pass(arena, secrets, text);
		code = check(arena, secrets, text, err);
		if (code != 0)
			return code;
		if (strcmp(before, text) == 0)
			break;
	}
	rlg_bytes_add(out, text);
	return 0;
}
