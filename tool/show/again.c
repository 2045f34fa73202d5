/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a person does next about one run: see again.h. */
#include "tool/show/again.h"

#include "tool/base/bytes.h"

#include <string.h>

/* A line that submits more runs than these is not read before it is pasted. */
#define MOST_RUNS_A_LINE 20

#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,:@%/"

/* ---- commands ---- */

static void add_shell_word(struct rlg_bytes *bytes, const char *word)
{
	if (word[0] != '\0' && word[strspn(word, PLAIN)] == '\0') {
		rlg_bytes_add(bytes, word);
		return;
	}
	rlg_bytes_add(bytes, "'");
	for (; *word != '\0'; word++) {
		if (*word == '\'')
			rlg_bytes_add(bytes, "'\\''");
		else
			rlg_bytes_add_n(bytes, word, 1);
	}
	rlg_bytes_add(bytes, "'");
}

static const char *script_of(struct rlg_arena *arena, const struct rlg_scripts *scripts, const char *run,
			     const char *phase)
{
	const char *script = rlg_arena_printf(arena, "%s.slurm", phase);

	return scripts->has != NULL && scripts->has(scripts->context, run, script) ? script : NULL;
}

const char *rlg_submit_command(struct rlg_arena *arena, const struct rlg_scripts *scripts, const char *run,
			       const char *phase)
{
	const char *script = script_of(arena, scripts, run, phase);
	struct rlg_bytes bytes;

	if (script == NULL)
		return NULL;
	rlg_bytes_init(&bytes, arena);
	rlg_bytes_add(&bytes, "(cd ");
	add_shell_word(&bytes, run);
	rlg_bytes_add(&bytes, " && sbatch ");
	add_shell_word(&bytes, script);
	rlg_bytes_add(&bytes, ")");
	return bytes.data;
}

/*
 * The command as it was recorded stands without quotes, and values that may be secret are left out of it as `...`: only one
 * that means the same with or without quotes can be typed again.
 */
static bool can_be_typed_again(const char *command)
{
	return command != NULL && strncmp(command, "sbatch ", 7) == 0 && command[strspn(command, PLAIN " ")] == '\0' &&
	       strstr(command, "...") == NULL;
}

const char *rlg_again_command(struct rlg_arena *arena, const struct rlg_scripts *scripts, const struct rlg_run *run,
			      const struct rlg_phase *phase)
{
	const char *command = rlg_submit_command(arena, scripts, run->name, phase->name);
	const struct rlg_submission *submission = phase->deciding == NULL ? NULL : &phase->deciding->submission;
	struct rlg_bytes bytes;

	if (command != NULL || submission == NULL || submission->cwd == NULL || !can_be_typed_again(submission->command))
		return command;
	rlg_bytes_init(&bytes, arena);
	rlg_bytes_add(&bytes, "(cd ");
	add_shell_word(&bytes, submission->cwd);
	rlg_bytes_addf(&bytes, " && %s)", submission->command);
	return bytes.data;
}

/* ---- advice ---- */

/* Where a job that ran out of time can go on; a person's own path counts too. */
static const char *resume_advice(struct rlg_arena *arena, const struct rlg_phase *phase)
{
	if (phase->output != NULL)
		return rlg_arena_printf(arena, ", to resume from %s", phase->output);
	return ", with more time or from its last checkpoint";
}

static const char *memory_advice(struct rlg_arena *arena, const struct rlg_phase *phase)
{
	const struct rlg_usage *usage = &phase->deciding->usage;

	if (usage->memory_limit > 0)
		return rlg_arena_printf(arena, ", with more than %lld MiB of memory a node",
					(long long)(usage->memory_limit >> 20));
	return ", with more memory";
}

static const char *node_advice(struct rlg_arena *arena, const struct rlg_phase *phase)
{
	return ", as the node failed and not the job";
}

static const char *preempted_advice(struct rlg_arena *arena, const struct rlg_phase *phase)
{
	return ", as it only had to make room";
}

static const char *cancelled_advice(struct rlg_arena *arena, const struct rlg_phase *phase)
{
	return ", unless it was cancelled for good";
}

static const char *other_advice(struct rlg_arena *arena, const struct rlg_phase *phase)
{
	return " when that is mended";
}

static const struct {
	const char *state;
	const char *(*advice)(struct rlg_arena *arena, const struct rlg_phase *phase);
} advices[] = {
	{"TIMEOUT", resume_advice},	 {"DEADLINE", resume_advice},	{"OUT_OF_MEMORY", memory_advice},
	{"NODE_FAIL", node_advice},	 {"BOOT_FAIL", node_advice},	{"PREEMPTED", preempted_advice},
	{"CANCELLED", cancelled_advice}, {"FAILED", other_advice},
};

const char *rlg_again_advice(struct rlg_arena *arena, const struct rlg_phase *phase)
{
	const char *state = phase->deciding == NULL ? NULL : phase->deciding->slurm_state;

	for (size_t i = 0; state != NULL && i < sizeof(advices) / sizeof(advices[0]); i++)
		if (strcmp(advices[i].state, state) == 0)
			return advices[i].advice(arena, phase);
	return "";
}

const char *rlg_missing_words(struct rlg_arena *arena, const struct rlg_run *run, const struct rlg_phase *phase)
{
	struct rlg_bytes words;

	if (phase->status != RLG_STATUS_COMPLETED || phase->findings.n_missing == 0)
		return NULL;
	rlg_bytes_init(&words, arena);
	rlg_bytes_addf(&words, "%s of %s is completed, but ", phase->name, run->name);
	for (size_t i = 0; i < phase->findings.n_missing; i++)
		rlg_bytes_addf(&words, "%s%s", i == 0 ? "" : ", ", phase->findings.missing[i]);
	rlg_bytes_add(&words, phase->findings.n_missing == 1 ? " is missing" : " are missing");
	return words.data;
}

/* ---- what is on this disk alone ---- */

static bool has_arrived(const char *sync)
{
	static const char *const words[] = {"ok", "completed", "success", "passed"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i], sync) == 0)
			return true;
	return false;
}

bool rlg_sync_step(struct rlg_arena *arena, const struct rlg_run *run, const struct rlg_phase *phase,
		   struct rlg_step *out_step)
{
	struct rlg_bytes command;

	if (phase->status != RLG_STATUS_COMPLETED)
		return false;
	rlg_bytes_init(&command, arena);
	if (phase->sync != NULL && !has_arrived(phase->sync)) {
		out_step->words = rlg_arena_printf(arena, "The artifacts of %s of %s are not synced (%s); when they are",
						   phase->name, run->name, phase->sync);
		rlg_bytes_add(&command, "runledger note ");
		add_shell_word(&command, rlg_arena_printf(arena, "%s/%s", run->name, phase->name));
		rlg_bytes_add(&command, " sync=ok");
	} else if (phase->findings.wandb_dir != NULL && run->wandb == NULL) {
		out_step->words = rlg_arena_printf(arena, "W&B of %s of %s is on this disk only", phase->name, run->name);
		rlg_bytes_add(&command, "wandb sync ");
		add_shell_word(&command, phase->findings.wandb_dir);
	} else {
		return false;
	}
	out_step->command = command.data;
	return true;
}

/* ---- the first submission ---- */

bool rlg_has_not_begun(const struct rlg_run *run)
{
	for (size_t i = 0; i < run->n_phases; i++)
		if (run->phases[i].status != RLG_STATUS_PENDING)
			return false;
	return run->n_phases > 0;
}

const char *rlg_first_command(struct rlg_arena *arena, const struct rlg_scripts *scripts, const struct rlg_model *model)
{
	const struct rlg_run *found[MOST_RUNS_A_LINE];
	struct rlg_bytes bytes;
	size_t count = 0;

	for (size_t i = 0; i < model->n_runs && count < MOST_RUNS_A_LINE; i++)
		if (rlg_has_not_begun(&model->runs[i]) &&
		    script_of(arena, scripts, model->runs[i].name, model->runs[i].phases[0].name) != NULL)
			found[count++] = &model->runs[i];
	if (count == 0)
		return NULL;
	const char *phase = found[0]->phases[0].name;
	if (count == 1)
		return rlg_submit_command(arena, scripts, found[0]->name, phase);
	rlg_bytes_init(&bytes, arena);
	rlg_bytes_add(&bytes, "for run in");
	for (size_t i = 0; i < count; i++) {
		rlg_bytes_add(&bytes, " ");
		add_shell_word(&bytes, found[i]->name);
	}
	rlg_bytes_add(&bytes, "; do (cd \"$run\" && sbatch ");
	add_shell_word(&bytes, rlg_arena_printf(arena, "%s.slurm", phase));
	rlg_bytes_add(&bytes, "); done");
	return bytes.data;
}
