/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which run is evaluated on what: see plan_matrix.h. */
#include "tool/plan/plan_matrix.h"

#include "lib/layout.h"
#include "lib/text.h"
#include "tool/plan/evaluation.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A plan of a hundred thousand runs has some for each; more is a mistake, or malice. */
#define MOST_EVALUATIONS ((size_t)1 << 20)

/* Of one run on one task. */
#define MOST_EPOCHS 1000

static const char *const run_columns[] = {"run name", "run", "name", "model", NULL};
static const char *const task_columns[] = {"task", "task name", "evaluation", "tasks", NULL};
static const char *const epoch_columns[] = {"epochs", "epoch", "checkpoint", "checkpoints", NULL};

struct adding {
	struct rlg_arena *arena;
	struct rlg_plan *plan;
	size_t room;
};

static void add(struct adding *adding, const char *run, const char *task, long epoch)
{
	struct rlg_plan *plan = adding->plan;

	if (run == NULL || task == NULL || !rlg_name_ok(run, NULL) || !rlg_name_ok(task, NULL) ||
	    plan->n_matrix >= MOST_EVALUATIONS)
		return;
	if (plan->n_matrix == adding->room) {
		adding->room = adding->room == 0 ? 16 : 2 * adding->room;
		plan->matrix = rlg_arena_grow(adding->arena, plan->matrix, plan->n_matrix, adding->room,
					      sizeof(*plan->matrix));
	}
	plan->matrix[plan->n_matrix++] = (struct rlg_planned_evaluation){run, task, epoch};
}

/* "0, 1", "epoch_0 and epoch_1": each number in it, or none. */
static size_t add_epochs(struct adding *adding, const char *run, const char *task, const char *words)
{
	size_t count = 0;

	while (*words != '\0' && count < MOST_EPOCHS) {
		char digits[8] = "";
		size_t length = strspn(words, "0123456789");
		long long epoch;
		if (length > 0 && length < sizeof(digits)) {
			memcpy(digits, words, length);
			if (rlg_parse_int(digits, 0, 999999, &epoch)) {
				add(adding, run, task, (long)epoch);
				count++;
			}
		}
		words += length > 0 ? length : 1;
	}
	return count;
}

/* ---- runs_plan.md ---- */

/* A dash of any sort, a cross, or nothing. */
static bool is_not_planned(const char *cell)
{
	static const char *const words[] = {"",	  "-",	"--", "---", "no", "n/a", "none", "false",
					    "\xe2\x80\x93" /* en dash */, "\xe2\x80\x94" /* em dash */,
					    "\xe2\x9c\x97" /* ballot x */, "\xe2\x9c\x98", "\xe2\x9d\x8c" /* cross mark */};

	for (size_t i = 0; i < COUNT(words); i++)
		if (strcasecmp(words[i], cell) == 0)
			return true;
	return false;
}

/* The planned task that a column is headed by; a column of notes is none. */
static bool is_task(const struct rlg_plan *plan, const char *task)
{
	for (size_t i = 0; i < plan->n_evaluations; i++)
		if (strcmp(plan->evaluations[i], task) == 0)
			return true;
	return false;
}

static void add_cell(struct adding *adding, const char *run, const char *title, const char *cell)
{
	struct rlg_evaluation_name name = rlg_evaluation_parse(adding->arena, title);

	if (!is_task(adding->plan, name.task) || is_not_planned(cell))
		return;
	if (name.epoch >= 0 || add_epochs(adding, run, name.task, cell) == 0)
		add(adding, run, name.task, name.epoch);
}

static void add_row(struct adding *adding, const struct rlg_md_table *table, const struct rlg_md_row *row)
{
	size_t run = rlg_md_column(table, run_columns), task = rlg_md_column(table, task_columns);
	const char *name = rlg_md_cell(row, run);

	if (task != RLG_MD_NO_COLUMN) {
		const char *epochs = rlg_md_cell(row, rlg_md_column(table, epoch_columns));
		struct rlg_evaluation_name named = rlg_evaluation_parse(adding->arena, rlg_md_cell(row, task));
		if (named.epoch >= 0 || add_epochs(adding, name, named.task, epochs) == 0)
			add(adding, name, named.task, named.epoch);
		return;
	}
	for (size_t i = 0; i < table->header.n_cells; i++)
		if (i != run)
			add_cell(adding, name, table->header.cells[i], rlg_md_cell(row, i));
}

void rlg_plan_matrix_markdown(struct rlg_arena *arena, const struct rlg_md_doc *doc, struct rlg_plan *plan)
{
	static const char words[] = "evaluation matrix";
	struct adding adding = {.arena = arena, .plan = plan};
	size_t heading = 0;

	while (heading < doc->n_items && (doc->items[heading].title == NULL ||
					  strncasecmp(doc->items[heading].title, words, strlen(words)) != 0))
		heading++;
	if (heading == doc->n_items)
		return;
	for (size_t i = heading + 1; i < rlg_md_section_end(doc, heading); i++) {
		const struct rlg_md_table *table = doc->items[i].table;
		for (size_t row = 0; table != NULL && rlg_md_column(table, run_columns) != RLG_MD_NO_COLUMN && row < table->n_rows;
		     row++)
			add_row(&adding, table, &table->rows[row]);
	}
}

/* ---- experiment_summary.yaml ---- */

/* A list's members, or a lone value as a list of one. */
static const struct rlg_yaml_node *members_of(const struct rlg_yaml_node *node)
{
	if (node == NULL || node->kind == RLG_YAML_SCALAR)
		return rlg_yaml_is_null(node) ? NULL : node;
	return node->kind == RLG_YAML_SEQUENCE ? node->first : NULL;
}

/* A lone value has siblings, which are its mapping's. */
static const struct rlg_yaml_node *next_of(const struct rlg_yaml_node *list, const struct rlg_yaml_node *member)
{
	return list == member ? NULL : member->next;
}

static void add_tasks(struct adding *adding, const char *run, const struct rlg_yaml_node *tasks,
		      const struct rlg_yaml_node *epochs)
{
	for (const struct rlg_yaml_node *task = members_of(tasks); task != NULL; task = next_of(tasks, task)) {
		const char *name = task->kind == RLG_YAML_SCALAR ? task->value : rlg_yaml_get_text(task, "name");
		size_t before = adding->plan->n_matrix;
		for (const struct rlg_yaml_node *epoch = members_of(epochs); epoch != NULL; epoch = next_of(epochs, epoch))
			if (epoch->kind == RLG_YAML_SCALAR && !rlg_yaml_is_null(epoch))
				add_epochs(adding, run, name, epoch->value);
		if (adding->plan->n_matrix == before)
			add(adding, run, name, -1);
	}
}

void rlg_plan_matrix_summary(struct rlg_arena *arena, const struct rlg_yaml_node *matrix, struct rlg_plan *plan)
{
	struct adding adding = {.arena = arena, .plan = plan};

	if (matrix == NULL || matrix->kind != RLG_YAML_SEQUENCE)
		return;
	for (const struct rlg_yaml_node *member = matrix->first; member != NULL; member = member->next)
		add_tasks(&adding, rlg_yaml_get_text(member, "run"), rlg_yaml_get(member, "tasks"),
			  rlg_yaml_get(member, "epochs"));
}
