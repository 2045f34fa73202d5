/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Run logs from the inside: what run_logs.c and its helpers share.  See shared words in tracker.h.
 *
 * A run log is brought up to date by changes to its text: fields that still hold a placeholder or what the machine wrote
 * (run_log_fields.c), blocks for new jobs, and lines in its Status (run_log_status.c).  What the machine wrote is kept in a
 * memory (tool/tracker/kept.h), not guessed.  A new file is the template, brought up to date.
 */
#ifndef RLG_RUN_LOG_H
#define RLG_RUN_LOG_H

#include "tool/tracker/kept.h"
#include "tool/base/md_doc.h"
#include "tool/base/text_edit.h"
#include "tool/tracker/tracker.h"

/* ---- what the records know: run_log_jobs.c ---- */

/* One job of the run with its requeues; the tasks of an array, or the components of a heterogeneous job, are one. */
struct rlg_rl_job {
	const char *key; /* names it in the memory */
	const char *early_key; /* that of the time before its id was known; NULL */
	int64_t number; /* -1: not known */
	const char *phase;
	bool later_phase; /* than that of the run's first job */
	bool resumed; /* there was a job of the same phase before it */
	bool is_last; /* of its phase */
	const struct rlg_attempt **attempts; /* oldest first */
	size_t n_attempts;
	bool of_parts; /* an array or a heterogeneous job */
	bool over;
	int64_t submit_us, start_us, end_us; /* of its last try; 0: not known, or not yet */
	const char *nodes;
};

/* Something to be said in Status. */
struct rlg_rl_event {
	int64_t time_us;
	const char *key, *early_key; /* name it in the memory, as those of its job do */
	size_t rank; /* among those of the same moment */
	const char *word; /* submitted, running, requeued, completed or failed */
	const char *evidence; /* a text that a line of a person's must contain to say the same; NULL: none */
	const char *line; /* "2026-03-11 15:00 - running, ...", with the dash of the seed, without a bullet */
};

/* What is found on disk when the files are named; places() makes it, for render(). */
struct rlg_rl_findings {
	const char *config; /* the run's configuration, relative to the group where it lies in it; NULL: not found */
	const char *checkpoint; /* newest of its first phase; NULL: none */
	int64_t checkpoint_us; /* when that was written */
};

struct rlg_rl_run {
	struct rlg_arena *arena;
	const char *group_path;
	const struct rlg_run *run;
	const struct rlg_phase *main; /* the phase of its first job: the one that Results are about */
	struct rlg_rl_job *jobs; /* in the order of their submission */
	size_t n_jobs;
	struct rlg_rl_event *events; /* in the order of time */
	size_t n_events, events_room;
	const struct rlg_rl_findings *findings; /* never NULL */
};

/* All that is known of the run; n_jobs is 0 where it has not been submitted. */
struct rlg_rl_run rlg_rl_run_of(struct rlg_arena *arena, const struct rlg_model *model, const struct rlg_run *run,
				const struct rlg_rl_findings *findings);

/* The number that a job is known by: that of its array, of its het job, or its own; -1. */
int64_t rlg_rl_job_number(const struct rlg_attempt *attempt);

/* When the run was first submitted; 0: it has not been. */
int64_t rlg_rl_first_us(const struct rlg_run *run);

/* ---- words: run_log_words.c ---- */

/* Text from outside as a harmless line, cut where it is too long. */
const char *rlg_rl_plain(struct rlg_arena *arena, const char *text);

/* The same in backticks. */
const char *rlg_rl_code(struct rlg_arena *arena, const char *text);

/* Relative to the group, where it lies in it. */
const char *rlg_rl_path(const struct rlg_rl_run *run, const char *path);

/* Local time: 2026-03-11T15:00:00+00:00; 2026-03-11 15:00; the same with the zone's name; 2026-03-11. */
const char *rlg_rl_iso(struct rlg_arena *arena, int64_t moment_us);
const char *rlg_rl_minute(struct rlg_arena *arena, int64_t moment_us);
const char *rlg_rl_minute_in_zone(struct rlg_arena *arena, int64_t moment_us);
const char *rlg_rl_date(struct rlg_arena *arena, int64_t moment_us);

/* "Wednesday, Feb 25th, 2026" */
const char *rlg_rl_human(struct rlg_arena *arena, int64_t moment_us);

/* "Friday, Feb 20th" for "2026-02-20..."; NULL for what does not begin with a date. */
const char *rlg_rl_human_of_name(struct rlg_arena *arena, const char *name);

/* Does a file's name begin with a date and `_` or `-`?  Their length, else 0. */
size_t rlg_rl_date_prefix(const char *name);

/* "13:05:02", of hours as many as there are. */
const char *rlg_rl_runtime(struct rlg_arena *arena, int64_t duration_us);

/* ---- the command line: run_log_settings.c ---- */

struct rlg_rl_setting {
	const char *name; /* without dashes; the whole word where there is no value */
	const char *value; /* NULL: none */
};

/* What stands behind the batch script, or the program: that is the job's own, and not Slurm's. */
const char *rlg_rl_own_arguments(struct rlg_arena *arena, const struct rlg_submission *submission);

/* `name=value`, `--name=value`, `--name value`, or a word alone; moves on in *at.  False: there is no more. */
bool rlg_rl_next_setting(struct rlg_arena *arena, const char **at, struct rlg_rl_setting *out_setting);

/* Is it a setting whose value has no place in a file that is shared? */
bool rlg_rl_is_secret(const char *name);

bool rlg_rl_ends_with(const char *text, const char *end);

/* ---- values: run_log_values.c ---- */

/* One `- key: value` that the machine knows to fill. */
struct rlg_rl_field {
	const char *name; /* in the memory */
	const char *aliases[8]; /* names of keys as rlg_md_key_read() tells them; ended by NULL */
	const char *placeholder; /* of the template, where that is not one pair of <> */
	const char *(*value)(const struct rlg_rl_run *run, const struct rlg_rl_job *job); /* NULL: not known */
	bool once; /* what is written stays, whatever comes later */
};

/* Each ends with a name of NULL.  Only those of a job are asked with a job. */
extern const struct rlg_rl_field rlg_rl_config_fields[], rlg_rl_job_fields[], rlg_rl_results_fields[],
	rlg_rl_wandb_fields[];

/* The field with that key among `fields`; NULL: none. */
const struct rlg_rl_field *rlg_rl_field_called(const struct rlg_rl_field *fields, const char *key);

/* What to do next, as the seed suggests it, for the body of Next; NULL: nothing to suggest. */
const char *rlg_rl_next(const struct rlg_rl_run *run);

/* ---- the text: run_log_doc.c ---- */

/* A part of the file that may be a job's block: its own lines end at the next heading. */
struct rlg_rl_part {
	struct rlg_md_part part;
	size_t own_end;
	const char *lower; /* its title in lower case */
	bool about_jobs; /* by its title */
	bool has_fields; /* a key that jobs have */
	int64_t *ids; /* numbers in the value of its id key */
	size_t n_ids;
	bool id_is_open; /* the id key holds a placeholder */
	const struct rlg_rl_job *job; /* NULL: no job's, or one's that is not known */
};

struct rlg_rl_doc {
	const char *path;
	struct rlg_md_lines lines;
	struct rlg_rl_part *parts;
	size_t n_parts;
};

int rlg_rl_doc_read(struct rlg_arena *arena, const char *path, const char *text, struct rlg_rl_doc *out_doc,
		    struct rlg_err *err);

/* Gives each job its block: `part->job`. */
void rlg_rl_doc_match(struct rlg_rl_doc *doc, const struct rlg_rl_run *run, const struct rlg_kept *kept);

/* The job's block in the memory, by its key or its early key (NULL gives NULL). */
const char *rlg_rl_block_key(struct rlg_arena *arena, const struct rlg_rl_job *job, const char *key);

/* Was there a block, so that one that is missing was taken away by a person? */
bool rlg_rl_had_block(struct rlg_arena *arena, const struct rlg_kept *kept, const struct rlg_rl_job *job);

/* The first part whose title begins with that word; NULL: none. */
const struct rlg_rl_part *rlg_rl_doc_part(const struct rlg_rl_doc *doc, const char *word);

/* Whole numbers in a text: "12 (was 11)" has two, "12_4" and "n12" have 12 and none.  At most `most` are written. */
size_t rlg_rl_numbers(const char *text, size_t length, int64_t *out_numbers, size_t most);

/* A value that nobody has filled in: empty, `pending`, or in <>. */
bool rlg_rl_is_placeholder(const char *value, const char *placeholder);

/* ---- bringing up to date ---- */

/* What is done to a text.  With `edits` NULL it is only looked at, and what the machine wrote there goes into `kept`. */
struct rlg_rl_update {
	const struct rlg_rl_run *run;
	const struct rlg_rl_doc *doc;
	struct rlg_kept *kept;
	struct rlg_text_edits *edits;
	bool at_end; /* something was added at the end of the file */
	size_t section_at; /* the line, plus 1, where a section was inserted last; 0: nowhere */
};

/* The title, the fields of the sections, and those of the blocks of jobs; and a block for each job that has none. */
void rlg_rl_update_fields(struct rlg_rl_update *update);

/* New lines in Status, where there is one; and a Status where there is none. */
void rlg_rl_update_status(struct rlg_rl_update *update);
void rlg_rl_add_status(struct rlg_rl_update *update);

/* Results and Next, when the run is over. */
void rlg_rl_update_end(struct rlg_rl_update *update);

/* Puts `words`, whole lines that end with "\n", before that line (lines->n: the end), in the file's own line ends. */
void rlg_rl_insert(struct rlg_rl_update *update, size_t line, const char *words);

/* The same for a section: `line` is a heading's, or the end.  Blank lines part it from what is around it. */
void rlg_rl_insert_section(struct rlg_rl_update *update, size_t line, const char *words);

/* The line where a section that follows the blocks of the jobs goes. */
size_t rlg_rl_behind_blocks(const struct rlg_rl_doc *doc);

/* ---- which file is whose: run_log_files.c ---- */

/* A job's ids in one file; a person may keep a long list of them. */
#define RLG_RL_IDS_MAX 64

struct rlg_rl_file {
	const char *folder; /* relative to the group, "" for the group itself */
	const char *name;
	int64_t ids[RLG_RL_IDS_MAX]; /* of jobs, in the order in which they stand there */
	size_t n_ids;
	bool is_log; /* has a block for a job */
	bool wants_config; /* the seed's placeholder is still there */
	size_t run; /* index into the model's; SIZE_MAX: nobody's */
};

struct rlg_rl_files {
	const struct rlg_tracker_view *view;
	struct rlg_arena *arena;
	struct rlg_rl_file *list; /* by folder, then name */
	size_t n, room;
	struct rlg_rl_file **of_run; /* for each run of the model; NULL: none yet */
	int unread; /* the errno of what cannot be read just now; 0: all was read */
};

/* Looks for run logs in and below the folder `root`, relative to the group or absolute; "" is the group alone. */
void rlg_rl_files_find(const struct rlg_tracker_view *view, const char *root, struct rlg_rl_files *out_files);

/* Is it the name of a file that stands beside run logs and is none? */
bool rlg_rl_is_reserved(const char *name);

/* "FOLDER/NAME", "NAME" for the folder "". */
const char *rlg_rl_join(struct rlg_arena *arena, const char *folder, const char *name);
const char *rlg_rl_absolute(const struct rlg_rl_files *files, const char *path);

/* What lies beside the log of this run (NULL: there is none yet): run_log_findings.c */
const struct rlg_rl_findings *rlg_rl_findings_of(const struct rlg_rl_files *files, const struct rlg_run *run,
						 const struct rlg_rl_file *file);

/* ---- places: run_log_places.c, and the index of each folder: run_log_timeline.c ---- */

int rlg_rl_places(const struct rlg_tracker_view *view, rlg_tracker_place_fn *tell, void *context, struct rlg_err *err);
const char *rlg_rl_found(struct rlg_arena *arena, const char *group_path, int *out_unread);

/* One run log in a folder's timeline. */
struct rlg_rl_entry {
	const char *file; /* its name in the folder */
	const char *human; /* "Friday, Feb 20th" */
	const char *order; /* by which entries are in order: its date, then its name */
};

struct rlg_rl_folder {
	const char *name; /* its own */
	struct rlg_rl_entry *entries; /* in order */
	size_t n, room;
};

/* `kept` is brought up to date, too. */
int rlg_rl_timeline_render(const struct rlg_rl_folder *folder, struct rlg_arena *arena, const char *path,
			   const char *text, struct rlg_kept *kept, struct rlg_bytes *out, struct rlg_err *err);

#endif
