/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a text that leaves the cluster must not tell: see secrets.h. */
#include "tool/publish/secrets.h"

#include "tool/base/hostlist.h"
#include "tool/base/names.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define NONE RLG_NAMES_NONE

struct secret {
	enum rlg_secret_kind kind;
	const char *text;
	size_t length;
	size_t next; /* another one with the same first word; NONE: the last */
};

/* Secrets by their numbers. */
struct numbers {
	size_t *list;
	size_t n, room;
};

struct rlg_secrets {
	struct rlg_arena *arena;
	struct secret *list;
	size_t n, room;
	struct rlg_names *known; /* kind and text */
	struct rlg_names *first_words; /* of names, in lower case: the number of the first secret of each */
	struct rlg_names *jobs;
	struct numbers odd_names; /* names that do not begin with a letter or digit of ASCII */
	struct numbers paths;
};

/* Of a longer word only so much is its key. */
#define KEY_MAX 255

/* Words that clusters are called by, and that stand in every text. */
static const char *const generic_clusters[] = {"cluster", "slurm", "linux", "hpc", "test", "main"};

static const char *const stand_ins[RLG_SECRET_KINDS][2] = {
	[RLG_SECRET_JOB] = {"job", "withheld"},	      [RLG_SECRET_NODE] = {"node", "withheld"},
	[RLG_SECRET_HOST] = {"host", "withheld"},     [RLG_SECRET_USER] = {"user", "withheld"},
	[RLG_SECRET_PATH] = {"path", "withheld"},     [RLG_SECRET_SESSION] = {"session", "withheld"},
	[RLG_SECRET_CLUSTER] = {"cluster", "withheld"}, [RLG_SECRET_WANDB] = {"offline run", "withheld"},
};

struct rlg_secrets *rlg_secrets_new(struct rlg_arena *arena)
{
	struct rlg_secrets *secrets = rlg_arena_alloc(arena, sizeof(*secrets));

	*secrets = (struct rlg_secrets){.arena = arena,
					.known = rlg_names_new(arena),
					.first_words = rlg_names_new(arena),
					.jobs = rlg_names_new(arena)};
	return secrets;
}

/* ---- gathering ---- */

static char *lower(struct rlg_arena *arena, const char *text, size_t length)
{
	char *copy = rlg_arena_strndup(arena, text, length);

	for (char *at = copy; *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
	return copy;
}

static bool is_word(char character)
{
	return isalnum((unsigned char)character) && (unsigned char)character < 0x80;
}

static size_t word_length(const char *at)
{
	size_t length = 0;

	while (is_word(at[length]))
		length++;
	return length;
}

static void add_number(struct rlg_arena *arena, struct numbers *numbers, size_t number)
{
	if (numbers->n == numbers->room) {
		numbers->room = numbers->room == 0 ? 16 : 2 * numbers->room;
		numbers->list = rlg_arena_grow(arena, numbers->list, numbers->n, numbers->room, sizeof(*numbers->list));
	}
	numbers->list[numbers->n++] = number;
}

static size_t key_length(const char *at)
{
	size_t length = word_length(at);

	return length < KEY_MAX ? length : KEY_MAX;
}

/* By its first word; a second secret with the same is chained behind the first. */
static void add_to_index(struct rlg_secrets *secrets, size_t number)
{
	struct secret *secret = &secrets->list[number];
	const char *word = lower(secrets->arena, secret->text, key_length(secret->text));
	size_t first = rlg_names_find(secrets->first_words, word);

	if (first == NONE) {
		rlg_names_add(secrets->first_words, word, number);
		return;
	}
	secret->next = secrets->list[first].next;
	secrets->list[first].next = number;
}

static void add_one(struct rlg_secrets *secrets, enum rlg_secret_kind kind, const char *text, size_t length)
{
	bool is_path = kind == RLG_SECRET_PATH, is_name = !is_path && kind != RLG_SECRET_JOB;
	const char *as_key = is_path ? rlg_arena_strndup(secrets->arena, text, length) : lower(secrets->arena, text, length);
	const char *key = rlg_arena_printf(secrets->arena, "%d %s", is_name ? -1 : (int)kind, as_key);

	if (length == 0 || rlg_names_find(secrets->known, key) != NONE)
		return;
	if (secrets->n == secrets->room) {
		secrets->room = secrets->room == 0 ? 64 : 2 * secrets->room;
		secrets->list = rlg_arena_grow(secrets->arena, secrets->list, secrets->n, secrets->room, sizeof(*secrets->list));
	}
	size_t number = secrets->n++;
	rlg_names_add(secrets->known, key, number);
	secrets->list[number] = (struct secret){
		.kind = kind, .text = rlg_arena_strndup(secrets->arena, text, length), .length = length, .next = NONE};
	if (kind == RLG_SECRET_JOB)
		rlg_names_add(secrets->jobs, secrets->list[number].text, number);
	else if (is_path || !is_word(text[0]))
		add_number(secrets->arena, is_path ? &secrets->paths : &secrets->odd_names, number);
	else
		add_to_index(secrets, number);
}

/* /scratch/me/run and /scratch/me, but not /scratch: that there is one every cluster could say. */
static void add_path(struct rlg_secrets *secrets, const char *path)
{
	size_t length = strlen(path);

	while (length > 1) {
		while (length > 1 && path[length - 1] == '/')
			length--;
		size_t slashes = 0;
		for (size_t i = 0; i < length; i++)
			slashes += path[i] == '/';
		if (path[0] != '/' || slashes < 2)
			return;
		add_one(secrets, RLG_SECRET_PATH, path, length);
		while (length > 0 && path[length - 1] != '/')
			length--;
	}
}

static void add_host(struct rlg_secrets *secrets, enum rlg_secret_kind kind, const char *host, size_t length)
{
	const char *dot = memchr(host, '.', length);

	add_one(secrets, kind, host, length);
	if (dot == NULL || isdigit((unsigned char)host[length - 1])) /* an address */
		return;
	size_t domain = length - (size_t)(dot + 1 - host);
	add_one(secrets, kind, host, (size_t)(dot - host));
	if (memchr(dot + 1, '.', domain) != NULL)
		add_one(secrets, kind, dot + 1, domain);
}

static bool is_generic(const char *cluster)
{
	for (size_t i = 0; i < sizeof(generic_clusters) / sizeof(generic_clusters[0]); i++)
		if (strcasecmp(cluster, generic_clusters[i]) == 0)
			return true;
	return false;
}

void rlg_secrets_add(struct rlg_secrets *secrets, enum rlg_secret_kind kind, const char *text)
{
	if (text == NULL)
		return;
	size_t length = strlen(text);
	if (kind == RLG_SECRET_PATH) {
		add_path(secrets, text);
		return;
	}
	/* What stands around a name in the text makes no difference. */
	while (length > 0 && ispunct((unsigned char)text[0])) {
		text++;
		length--;
	}
	while (length > 0 && (ispunct((unsigned char)text[length - 1]) || isspace((unsigned char)text[length - 1])))
		length--;
	if (kind == RLG_SECRET_JOB && strspn(text, "0123456789") < length) {
		if (strcspn(text, "0123456789") >= length)
			return; /* a person's "none" */
		kind = RLG_SECRET_SESSION; /* their own word for one, or a task of an array */
	}
	if (kind == RLG_SECRET_CLUSTER && is_generic(text))
		return;
	if (kind == RLG_SECRET_NODE || kind == RLG_SECRET_HOST)
		add_host(secrets, kind, text, length);
	else
		add_one(secrets, kind, text, length);
}

static void add_node(void *context, const char *host)
{
	rlg_secrets_add(context, RLG_SECRET_NODE, host);
}

void rlg_secrets_add_nodes(struct rlg_secrets *secrets, const char *list)
{
	if (list == NULL)
		return;
	rlg_secrets_add(secrets, RLG_SECRET_NODE, list);
	rlg_hostlist_each(secrets->arena, list, add_node, secrets);
}

static void add_id(struct rlg_secrets *secrets, int64_t id)
{
	if (id > 0)
		rlg_secrets_add(secrets, RLG_SECRET_JOB, rlg_arena_printf(secrets->arena, "%lld", (long long)id));
}

static void add_attempt(struct rlg_secrets *secrets, const struct rlg_attempt *attempt)
{
	const struct {
		enum rlg_secret_kind kind;
		const char *text;
	} facts[] = {
		{RLG_SECRET_USER, attempt->user},
		{RLG_SECRET_HOST, attempt->submission.host},
		{RLG_SECRET_PATH, attempt->submission.cwd},
		{RLG_SECRET_PATH, attempt->stdout_path},
		{RLG_SECRET_PATH, attempt->submission.script},
		{RLG_SECRET_CLUSTER, attempt->cluster},
		{RLG_SECRET_SESSION, attempt->sid},
		{RLG_SECRET_SESSION, attempt->submission.session},
		{RLG_SECRET_NODE, attempt->failure != NULL ? attempt->failure->node : NULL},
	};

	add_id(secrets, attempt->job_id);
	add_id(secrets, attempt->array_job_id);
	add_id(secrets, attempt->het_job_id);
	rlg_secrets_add_nodes(secrets, attempt->nodes);
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		rlg_secrets_add(secrets, facts[i].kind, facts[i].text);
}

static void add_phase(struct rlg_secrets *secrets, const struct rlg_phase *phase)
{
	rlg_secrets_add(secrets, RLG_SECRET_JOB, phase->job_id);
	rlg_secrets_add(secrets, RLG_SECRET_JOB, phase->edit.job_id);
	rlg_secrets_add(secrets, RLG_SECRET_PATH, phase->output);
	rlg_secrets_add(secrets, RLG_SECRET_PATH, phase->findings.wandb_dir);
	rlg_secrets_add(secrets, RLG_SECRET_PATH, phase->findings.config_snapshot);
	for (size_t i = 0; i < phase->n_attempts; i++)
		add_attempt(secrets, &phase->attempts[i]);
}

void rlg_secrets_add_model(struct rlg_secrets *secrets, const struct rlg_model *model)
{
	rlg_secrets_add(secrets, RLG_SECRET_PATH, model->group_path);
	for (size_t r = 0; r < model->n_runs; r++) {
		const struct rlg_run *run = &model->runs[r];
		for (size_t i = 0; i < run->n_phases; i++)
			add_phase(secrets, &run->phases[i]);
		for (size_t i = 0; i < run->n_notes; i++)
			rlg_secrets_add(secrets, RLG_SECRET_USER, run->notes[i].user);
	}
}

/* ---- looking ---- */

static bool stands_at(const struct secret *secret, const char *text, const char *at)
{
	if (strncasecmp(at, secret->text, secret->length) != 0)
		return false;
	bool begins = at == text || !is_word(at[-1]) || !is_word(at[0]);
	return begins && (!is_word(at[secret->length]) || !is_word(secret->text[secret->length - 1]));
}

size_t rlg_secrets_name_at(const struct rlg_secrets *secrets, const char *text, const char *at,
			   enum rlg_secret_kind *out_kind)
{
	const struct secret *found = NULL;
	char word[KEY_MAX + 1];
	size_t length = key_length(at);

	if (length > 0 && (at == text || !is_word(at[-1]))) {
		for (size_t i = 0; i < length; i++)
			word[i] = (char)tolower((unsigned char)at[i]);
		word[length] = '\0';
		for (size_t i = rlg_names_find(secrets->first_words, word); i != NONE; i = secrets->list[i].next)
			if (stands_at(&secrets->list[i], text, at) && (found == NULL || found->length < secrets->list[i].length))
				found = &secrets->list[i];
	}
	for (size_t i = 0; i < secrets->odd_names.n && !is_word(at[0]); i++) {
		const struct secret *odd = &secrets->list[secrets->odd_names.list[i]];
		if (stands_at(odd, text, at) && (found == NULL || found->length < odd->length))
			found = odd;
	}
	if (found == NULL)
		return 0;
	*out_kind = found->kind;
	return found->length;
}

bool rlg_secrets_is_job(const struct rlg_secrets *secrets, const char *digits, size_t length)
{
	char id[32];

	if (length >= sizeof(id))
		return false;
	memcpy(id, digits, length);
	id[length] = '\0';
	return rlg_names_find(secrets->jobs, id) != NONE;
}

size_t rlg_secrets_path_at(const struct rlg_secrets *secrets, const char *at)
{
	size_t longest = 0;

	if (at[0] != '/')
		return 0;
	for (size_t i = 0; i < secrets->paths.n; i++) {
		const struct secret *path = &secrets->list[secrets->paths.list[i]];
		if (path->length > longest && strncasecmp(at, path->text, path->length) == 0)
			longest = path->length;
	}
	return longest;
}

const char *rlg_secrets_find(const struct rlg_secrets *secrets, const char *text, enum rlg_secret_kind *out_kind,
			     size_t *out_at)
{
	for (const char *at = text; *at != '\0'; at++) {
		size_t length = rlg_secrets_name_at(secrets, text, at, out_kind);
		size_t digits = isdigit((unsigned char)*at) && (at == text || !isdigit((unsigned char)at[-1]))
					? strspn(at, "0123456789") : 0;
		if (length == 0 && digits >= RLG_SECRET_LONG_ID && rlg_secrets_is_job(secrets, at, digits)) {
			length = digits;
			*out_kind = RLG_SECRET_JOB;
		}
		if (length == 0 && (length = rlg_secrets_path_at(secrets, at)) > 0)
			*out_kind = RLG_SECRET_PATH;
		if (length > 0) {
			*out_at = (size_t)(at - text);
			return rlg_arena_strndup(secrets->arena, at, length);
		}
	}
	return NULL;
}

const char *rlg_secrets_stand_in(const struct rlg_secrets *secrets, enum rlg_secret_kind kind)
{
	enum rlg_secret_kind found;

	for (size_t i = 0; i < 2; i++) {
		const char *words = rlg_arena_printf(secrets->arena, "(%s)", stand_ins[kind][i]);
		size_t at;
		if (rlg_secrets_find(secrets, words, &found, &at) == NULL)
			return words;
	}
	return "(...)";
}
