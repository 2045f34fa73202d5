/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run log on its way out of the cluster: no name of a node, user or folder, and no job's id, survives. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/world.h"
#include "tool/publish/sanitize.h"

#include <ctype.h>
#include <strings.h>

/* What the world's records hold, and what comes besides.  Long enough that nobody says them by chance. */
static const struct {
	enum rlg_secret_kind kind;
	const char *text;
} secrets_told[] = {
	{RLG_SECRET_JOB, "4187578"}, {RLG_SECRET_NODE, "gpu-a[17-18],nid001"}, {RLG_SECRET_HOST, "login1.hpc.example.org"},
	{RLG_SECRET_USER, "annika"}, {RLG_SECRET_PATH, "/scratch/proj7/annika/base"}, {RLG_SECRET_SESSION, "sess-77aa"},
	{RLG_SECRET_CLUSTER, "isambard"}, {RLG_SECRET_WANDB, "abc123xyz"}};
static const char *const gone[] = {"4187578", "gpu-a17", "gpu-a18", "nid001", "login1", "annika", "/scratch/proj7",
				   "sess-77aa", "isambard", "abc123xyz"};

static struct rlg_secrets *secrets_of(struct rlg_arena *arena)
{
	struct rlg_secrets *secrets = rlg_secrets_new(arena);

	rlg_secrets_add_model(secrets, fuzz_world()->models[FUZZ_LATE]);
	for (size_t i = 0; i < sizeof(secrets_told) / sizeof(secrets_told[0]); i++) {
		if (secrets_told[i].kind == RLG_SECRET_NODE)
			rlg_secrets_add_nodes(secrets, secrets_told[i].text);
		else
			rlg_secrets_add(secrets, secrets_told[i].kind, secrets_told[i].text);
	}
	return secrets;
}

/* A second look, which knows nothing of how the first one looks: as a whole word, outside of a link that is to stay. */
static bool stands_in(const char *text, const char *secret)
{
	size_t length = strlen(secret);

	for (const char *at = text; *at != '\0'; at++)
		if (strncasecmp(at, secret, length) == 0 && (at == text || !isalnum((unsigned char)at[-1]) || *secret == '/') &&
		    !isalnum((unsigned char)at[length]))
			return true;
	return false;
}

/* W&B's links are kept on purpose, with whatever is in them. */
static void blank_links(const struct rlg_secrets *secrets, char *text)
{
	for (char *at = text; *at != '\0';) {
		size_t length = rlg_wandb_link(secrets, text, at);
		if (length > 0)
			memset(at, ' ', length);
		at += length > 0 ? length : 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (fuzz_has_nul(data, size))
		return 0;
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct rlg_secrets *secrets = secrets_of(arena);
	struct rlg_bytes out, again;
	struct rlg_err err = {""};

	rlg_bytes_init(&out, arena);
	rlg_bytes_init(&again, arena);
	rlg_bytes_add(&out, "");
	rlg_bytes_add(&again, "");
	if (rlg_sanitize(arena, secrets, fuzz_text(arena, data, size), &out, &err) != 0) {
		FUZZ_MUST(out.length == 0 && err.text[0] != '\0', "refused without a sentence, or with a text");
		return 0;
	}
	FUZZ_MUST(rlg_sanitize(arena, secrets, out.data, &again, &err) == 0, "refused the second time: %s", err.text);
	FUZZ_MUST(strcmp(out.data, again.data) == 0, "sanitized again, it changes:\n%s\n--- to\n%s", out.data, again.data);
	blank_links(secrets, out.data);
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		FUZZ_MUST(!stands_in(out.data, gone[i]), "`%s` is still in it:\n%s", gone[i], out.data);
	return 0;
}
