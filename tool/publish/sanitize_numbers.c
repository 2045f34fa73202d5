/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ids of jobs in a run log that leaves the cluster, and numbers that are none: see sanitize.h. */
#include "tool/publish/sanitize_match.h"

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
	return one_of(counted, N_OF(counted), before, before_length) ||
	       one_of(counted, N_OF(counted), behind, behind_length);
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
		if (one_of(counted, N_OF(counted), header, width))
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
		if (one_of(of_jobs, N_OF(of_jobs), word, width))
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
static size_t tell_number(struct rlg_scan *scan, const char *at, size_t length)
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
	if (holds_secret(scan, number, strlen(number)))
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

size_t rlg_match_job(struct rlg_scan *scan, const char *at)
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
