/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of the tracker experiments.md: a table that compares runs, which people edit as they like.
 *
 * A cell is the machine's while it is empty, holds a placeholder (pending, TBD, -, ...), or holds what the machine put
 * there: the memory (tracker.h) knows what that was.  Any other cell is a person's for good, and so is a row that they
 * took out.
 */
#ifndef RLG_EXPERIMENTS_H
#define RLG_EXPERIMENTS_H

#include "tool/base/arena.h"
#include "tool/base/bytes.h"
#include "tool/base/md_table.h"
#include "tool/model/model.h"

/* ---- experiments_memory.c: what the machine wrote into which cell ---- */

struct rlg_exp_memory;

/* From the text of last time; NULL, or what is no memory, is an empty one. */
struct rlg_exp_memory *rlg_exp_memory_read(struct rlg_arena *arena, const char *text);

/* What the machine wrote in that column of the run's row; NULL: nothing.  Column "" is the row itself. */
const char *rlg_exp_memory_get(const struct rlg_exp_memory *memory, const char *run, const char *column);

/* `value` NULL: forget.  Copies. */
void rlg_exp_memory_set(struct rlg_exp_memory *memory, const char *run, const char *column, const char *value);

/* In an order that depends on what was set first. */
void rlg_exp_memory_write(const struct rlg_exp_memory *memory, struct rlg_bytes *out);

/* ---- experiments_values.c: what the machine has to say in a cell ---- */

enum rlg_exp_column {
	RLG_EXP_METRIC, /* maybe: a heading that is the name of a value which a run told */
	RLG_EXP_RUN,
	RLG_EXP_DESCRIPTION,
	RLG_EXP_STATUS,
	RLG_EXP_NOTES
};

/* Which column this heading (plain text) stands for. */
enum rlg_exp_column rlg_exp_column_of(const char *heading);

/* A heading as it is compared and remembered: lower case, one blank for blanks, `_` and `-`. */
char *rlg_exp_heading(struct rlg_arena *arena, const char *heading);

/* Ready for a cell, or NULL where nothing is known. */
const char *rlg_exp_value(struct rlg_arena *arena, const struct rlg_run *run, enum rlg_exp_column column, const char *heading);

/* The same for a row that the machine makes: it also has words where nothing is known yet. */
const char *rlg_exp_first_value(struct rlg_arena *arena, const struct rlg_run *run, enum rlg_exp_column column,
				const char *heading);

/* Was the run ever submitted, or has it told anything? */
bool rlg_exp_has_begun(const struct rlg_run *run);

/* When it was first submitted, as far as is known; 0: not known. */
int64_t rlg_exp_begun_us(const struct rlg_run *run);

/* The metric that a new table is to have a column for. */
const char *rlg_exp_main_metric(const struct rlg_model *model);

/* Does a cell with this text (without the blanks around it) wait to be filled? */
bool rlg_exp_is_placeholder(struct rlg_arena *arena, const char *cell);

/* ---- experiments_rows.c: which row is whose ---- */

/* A table with a column of runs. */
struct rlg_exp_table {
	const struct rlg_md_table *md;
	size_t run_column;
	enum rlg_exp_column *columns; /* of each heading */
	const char **headings; /* as rlg_exp_heading(); NULL for one that stands there twice */
	bool aligned; /* all its cells are as wide as their headings */
	bool dated; /* its runs are called RUN_DATE */
	bool quoted; /* and stand in backticks */
};

struct rlg_exp_row {
	const struct rlg_exp_table *table;
	const struct rlg_md_row *md;
};

struct rlg_exp_doc {
	struct rlg_exp_table *tables; /* in the order of the text; the first takes new rows */
	size_t n_tables;
	struct rlg_exp_row *rows; /* one for each run of the model; table NULL: it has none */
};

void rlg_exp_doc_read(struct rlg_arena *arena, const struct rlg_model *model, const char *text, struct rlg_exp_doc *out_doc);

/* What a new row calls the run: RUN_DATE, as the seed does, where the table does so or has no rows yet. */
const char *rlg_exp_row_name(struct rlg_arena *arena, const struct rlg_run *run, const struct rlg_exp_table *table);

#endif
