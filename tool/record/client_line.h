/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a submission says about itself: the command line of sbatch, salloc or srun, its environment, and the #SBATCH lines
 * of the script.  The few options that tell which run a job belongs to; the rest is only stepped over.
 */
#ifndef RLG_CLIENT_LINE_H
#define RLG_CLIENT_LINE_H

#include "tool/base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Texts are NULL where nothing was said.  A command line wins over the environment, and that over the script. */
struct rlg_client_line {
	const char *program; /* sbatch, salloc, srun, ... */
	const char *script; /* as given; NULL: --wrap, or a script on stdin */
	bool script_on_stdin; /* sbatch reads it there, so nobody but sbatch knows what its #SBATCH lines say */
	const char *job_name; /* as given, else Slurm's default: the script's name */
	const char *chdir;
	const char *array; /* "0-15%4" */
	int64_t time_limit_s; /* -1: not said, or none */
	bool test_only; /* nothing will be submitted */
	const char *command; /* the whole line, with the values in --export hidden; for people */
};

/*
 * Reads a command line.  `look_up` is getenv(3), or a test's own; `folder` is where relative paths begin; NULL: the
 * script is not to be read, and what it says is not known.
 */
void rlg_client_line_read(struct rlg_arena *arena, char *const *argv, size_t argc,
			  const char *(*look_up)(const char *name), const char *folder,
			  struct rlg_client_line *out_line);

/*
 * A time limit as Slurm's commands take it, in seconds: minutes, MM:SS, HH:MM:SS, D-HH, D-HH:MM or D-HH:MM:SS.  -1 for
 * anything else, and for none.
 */
int64_t rlg_time_limit_s(const char *words);

/* The arguments of a running process; their count, or a negative errno. */
ssize_t rlg_client_argv(struct rlg_arena *arena, pid_t pid, char ***out_argv);

/*
 * Calls `each` (may be NULL) for the tasks of an array ("0-15:4,20%2"), as text, at most `most` of them.  Returns how many; 0 for what
 * is no list of tasks.
 */
size_t rlg_array_tasks(const char *array, size_t most, void (*each)(void *context, long task), void *context);

#endif
