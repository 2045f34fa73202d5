/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the runs_status.yaml tracker share: where a run's values stand in the file, in both shapes.
 *
 *     flat    runs.RUN.PHASE_status, PHASE_job_id, PHASE_output, ..., last_updated
 *     nested  runs.RUN.PHASE.{status, job_id, output, last_updated}
 *             runs.RUN.evaluations.TASK.{status, job_id, output, last_updated}
 *
 *     runs_status.c         the tracker's three functions
 *     runs_status_places.c  where the values stand
 *     runs_status_update.c  from a file and a model to a list of text edits
 *     runs_status_comment.c the time in the comment on top
 *     runs_status_check.c   whether nothing but the machine's fields changed
 *     runs_status_layout.c  whether the runs can be told apart line by line
 *     runs_status_part.c    rendering only the runs that changed
 *     runs_status_write.c   new runs and fields as text
 *     runs_status_edits.c   what people changed
 */
#ifndef RLG_TRACKER_RUNS_STATUS_H
#define RLG_TRACKER_RUNS_STATUS_H

#include "tool/model/model.h"
#include "tool/base/text_edit.h"
#include "tool/tracker/tracker.h"
#include "tool/base/yaml_doc.h"

enum rlg_rs_shape { RLG_RS_NO_SHAPE, RLG_RS_FLAT, RLG_RS_NESTED };

enum rlg_rs_field { RLG_RS_STATUS, RLG_RS_JOB_ID, RLG_RS_OUTPUT, RLG_RS_FIELDS };

/* status, job_id, output */
extern const char *const rlg_rs_field_names[RLG_RS_FIELDS];

#define RLG_RS_LAST_UPDATED "last_updated"
#define RLG_RS_EVALUATIONS "evaluations"

/* Of indentation, in the seed and wherever a file shows no other. */
#define RLG_RS_STEP 2

/* A key is a phase's name, an underscore and a field's name. */
#define RLG_RS_KEY_MAX 512

/* Where one phase of one run stands in a file. */
struct rlg_rs_place {
	const char *name; /* the phase as the file calls it; `length` bytes of it */
	size_t length;
	struct rlg_yaml_node *mapping; /* that holds the fields */
	bool flat; /* the fields' keys begin with the name */
	bool evaluation; /* stands under `evaluations` */
};

/* ---- runs_status_places.c ---- */

/*
 * Finds the mapping `runs` of a parsed tracker: *out_key is its key (NULL: there is none), whose `next` is a mapping or
 * null.  Returns 0, or -EINVAL with a sentence if the file is something else.
 */
int rlg_rs_find_runs(const char *path, const struct rlg_yaml_doc *doc, struct rlg_yaml_node **out_key,
		     struct rlg_err *err);

/* The shape that a run, or the first run that shows one, has. */
enum rlg_rs_shape rlg_rs_run_shape(const struct rlg_yaml_node *run);
enum rlg_rs_shape rlg_rs_file_shape(const struct rlg_yaml_node *runs);

/* Calls `tell` for each phase that stands under the run. */
typedef void rlg_rs_place_fn(void *context, const struct rlg_rs_place *place);
void rlg_rs_each_place(struct rlg_yaml_node *run, rlg_rs_place_fn *tell, void *context);

/* The key of the phase's field, in `storage`. */
const char *rlg_rs_field_key(const struct rlg_rs_place *place, enum rlg_rs_field field,
			     char storage[RLG_RS_KEY_MAX]);

/* The text of a value: NULL for none, null, an empty text, and what is no scalar. */
const char *rlg_rs_text(const struct rlg_yaml_node *node);

/* Both NULL, or the same words. */
bool rlg_rs_same(const char *one, const char *other);

/* Whether anything is known about the phase that the plan does not say. */
bool rlg_rs_has_news(const struct rlg_phase *phase);

/* Whether it is one of the group's phases, and the first of them: the training; the others are evaluations. */
bool rlg_rs_is_group_phase(const struct rlg_model *model, const char *name);
bool rlg_rs_is_first_phase(const struct rlg_model *model, const struct rlg_phase *phase);

/*
 * The key under `evaluations` (a mapping or NULL) that stands for the phase: its own name, or for `eval` the only one.
 * `run` may be NULL, for a run that the model does not know.
 */
struct rlg_yaml_node *rlg_rs_evaluation_key(const struct rlg_model *model, const struct rlg_run *run,
					    const struct rlg_yaml_node *evaluations, const struct rlg_phase *phase);

/* Whether an evaluation that the file does not have gets a place of its own there. */
bool rlg_rs_wants_place(const struct rlg_model *model, const struct rlg_yaml_node *evaluations,
			const struct rlg_phase *phase);

/* What the model says of the phase. */
struct rlg_rs_values {
	const char *field[RLG_RS_FIELDS]; /* valid UTF-8; NULL: null */
};
struct rlg_rs_values rlg_rs_model_values(struct rlg_arena *arena, const struct rlg_phase *phase);

/* ---- runs_status_write.c ---- */

/* Writes keys and values in the file's own way: as indented lines, or within braces. */
struct rlg_rs_writer {
	struct rlg_bytes out;
	bool flow;
	bool first; /* flow: no comma before the next key */
	bool open_end; /* block: the text before has no line break, and the new text gets none either */
	size_t column; /* block: of the next key */
	size_t step; /* block: of indentation */
	const char *newline;
};

void rlg_rs_open(struct rlg_rs_writer *writer, const char *key);
void rlg_rs_close(struct rlg_rs_writer *writer);
void rlg_rs_add(struct rlg_rs_writer *writer, const char *key, const char *value_text);

/* The value as YAML: in the style of the old one (NULL: there was none), job ids and times as the shape has them. */
const char *rlg_rs_field_text(struct rlg_arena *arena, enum rlg_rs_field field, const char *value, bool flat,
			      const struct rlg_yaml_node *old);
const char *rlg_rs_time_text(struct rlg_arena *arena, int64_t moment_us, const struct rlg_yaml_node *old);

/* One phase's fields; the flat ones with the phase's name, the nested ones with its own last_updated. */
void rlg_rs_write_fields(struct rlg_rs_writer *writer, const struct rlg_phase *phase, bool flat);

/* The first phase of the nested shape, its name first; for a base model that is `skipped` with a note. */
void rlg_rs_write_first_phase(struct rlg_rs_writer *writer, const struct rlg_run *run, const struct rlg_phase *phase);

/* All of a run: what stands below its name, or with its name first. */
void rlg_rs_write_body(struct rlg_rs_writer *writer, const struct rlg_model *model, const struct rlg_run *run,
		       enum rlg_rs_shape shape);
void rlg_rs_write_run(struct rlg_rs_writer *writer, const struct rlg_model *model, const struct rlg_run *run,
		      enum rlg_rs_shape shape);

/* `run_group:`; `runs:` with all the planned ones, in the flat shape. */
void rlg_rs_write_group(struct rlg_rs_writer *writer, const struct rlg_model *model);
void rlg_rs_write_runs(struct rlg_rs_writer *writer, const struct rlg_model *model);

/* Both; with the comment lines on top if `comments`. */
void rlg_rs_write_file(struct rlg_bytes *out, const struct rlg_model *model, const char *newline, bool comments);

/* ---- runs_status_update.c ---- */

/* What rlg_rs_update() leaves in a node's `mark`. */
enum rlg_rs_mark { RLG_RS_KEPT, RLG_RS_REPLACED, RLG_RS_GROWN };

/* What the file as a whole decides for each of its parts. */
struct rlg_rs_style {
	const char *newline;
	size_t step; /* of indentation */
	enum rlg_rs_shape shape; /* of a run that shows none */
};
struct rlg_rs_style rlg_rs_style(const struct rlg_yaml_doc *doc, const struct rlg_yaml_node *runs_key);

/* Some of the model's runs, in its order; `runs` NULL: its first n. */
struct rlg_rs_runs {
	const struct rlg_run *const *runs;
	size_t n;
};

/*
 * The edits that make the file say what the model says; none if it does already.  Marks the nodes that change.  Returns
 * 0 or a negative errno with a sentence.
 */
int rlg_rs_update(struct rlg_arena *arena, const char *path, const struct rlg_model *model,
		  const struct rlg_yaml_doc *doc, struct rlg_text_edits *edits, struct rlg_err *err);

/*
 * The same for a part of the file: the root of `part` is a mapping that holds some entries of `runs`, which must be those
 * of all `runs` that the file has.  New ones go to its end.
 */
void rlg_rs_update_part(struct rlg_arena *arena, const struct rlg_model *model, const struct rlg_rs_style *style,
			const struct rlg_yaml_doc *part, const struct rlg_rs_runs *runs, struct rlg_text_edits *edits);

/* The time in the comment on top, if `edits` holds any changes or the comment has no time yet. */
void rlg_rs_update_comment(struct rlg_arena *arena, const struct rlg_model *model, const struct rlg_yaml_doc *doc,
			   struct rlg_text_edits *edits);

/*
 * Whether `new` is `old` but for what rlg_rs_update() marked in `old`: the second look at every result, made from what
 * a YAML parser sees rather than from what was meant to be changed.
 */
bool rlg_rs_unchanged(const struct rlg_yaml_node *old, const struct rlg_yaml_node *new);

/* ---- runs_status_layout.c ---- */

/*
 * Where the runs stand in a file that is laid out so plainly that they can be told apart without parsing all of it: block
 * style, no value over two lines, each run's key at the start of a line.
 */
struct rlg_rs_layout {
	size_t head; /* the bytes before the line of the first run */
	size_t tail; /* the bytes behind the line of the last value of the last run */
	size_t column; /* of the runs' keys */
	struct rlg_rs_style style; /* newline: not set */
};

/* False: not laid out so. */
bool rlg_rs_layout(const struct rlg_yaml_doc *doc, struct rlg_rs_layout *out_layout);

/* Whether these runs of a part are: `runs` is its mapping, with its keys in that column. */
bool rlg_rs_is_plain(const struct rlg_yaml_doc *doc, const struct rlg_yaml_node *runs, size_t column);

/* One line of words from which the next refresh knows the layout; false: they are of somebody else. */
void rlg_rs_layout_add(struct rlg_bytes *words, const struct rlg_rs_layout *layout);
bool rlg_rs_layout_parse(const char *words, struct rlg_rs_layout *out_layout);

/* ---- runs_status_part.c ---- */

/*
 * Renders what has changed since `view->changed_since` alone, to the same bytes as all of it would give.  Returns 1; or
 * 0, with nothing done, where that cannot be known: then all of it is to be rendered.
 */
int rlg_rs_render_part(const struct rlg_tracker_view *view, const char *path, const char *text, struct rlg_bytes *out);

/* The line break that the text uses. */
const char *rlg_rs_newline(const char *text);

/* ---- runs_status_edits.c ---- */

int rlg_rs_edits(struct rlg_arena *arena, const char *path, const struct rlg_model *model, const char *text,
		 const char *base, rlg_tracker_edit_fn *tell, void *context, struct rlg_err *err);

#endif
