/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of records that somebody here asks for, names of events and of members alike, as numbers: a record is read
 * once, and then nobody compares texts.
 */
#ifndef RLG_RECORD_WORDS_H
#define RLG_RECORD_WORDS_H

#include <stddef.h>

/* By length: rlg_record_word() finds them so. */
#define RLG_RECORD_WORDS(X) \
	X(V, "v") X(ID, "id") \
	X(CWD, "cwd") X(GIT, "git") X(OOM, "oom") X(RUN, "run") X(SID, "sid") X(UID, "uid") \
	X(EDIT, "edit") X(EXEC, "exec") X(HOST, "host") X(NODE, "node") X(NOTE, "note") X(PATH, "path") X(RANK, "rank") \
	X(STEP, "step") X(SYNC, "sync") X(TEXT, "text") X(TRES, "tres") X(USER, "user") \
	X(AGENT, "agent") X(CPU_S, "cpu_s") X(FIELD, "field") X(FINAL, "final") X(NCPUS, "ncpus") X(NODES, "nodes") \
	X(PHASE, "phase") X(START, "start") X(STATE, "state") X(TASKS, "tasks") X(USAGE, "usage") X(VALUE, "value") \
	X(WANDB, "wandb") \
	X(ACTION, "action") X(BRANCH, "branch") X(COMMIT, "commit") X(FINISH, "finish") X(JOB_ID, "job_id") \
	X(OUTPUT, "output") X(REASON, "reason") X(REJECT, "reject") X(RESULT, "result") X(SCRIPT, "script") \
	X(SIGNAL, "signal") X(SOURCE, "source") X(STATUS, "status") X(STDOUT, "stdout") X(SUBMIT, "submit") \
	X(VALUES, "values") \
	X(ATTEMPT, "attempt") X(CLUSTER, "cluster") X(COMMAND, "command") X(DETAILS, "details") X(SESSION, "session") \
	X(SUBJECT, "subject") X(VERDICT, "verdict") \
	X(END_TIME, "end_time") X(JOB_NAME, "job_name") X(LEFT_OUT, "left_out") X(PROGRESS, "progress") \
	X(ELAPSED_S, "elapsed_s") X(EXIT_CODE, "exit_code") X(NEVER_RAN, "never_ran") \
	X(HET_JOB_ID, "het_job_id") X(MATCHED_BY, "matched_by") X(START_TIME, "start_time") X(TIME_LIMIT, "time_limit") \
	X(USER_CPU_S, "user_cpu_s") \
	X(DESCRIPTION, "description") X(SUBMIT_TIME, "submit_time") X(TASK_FAILED, "task-failed") \
	X(ARRAY_JOB_ID, "array_job_id") X(SYSTEM_CPU_S, "system_cpu_s") \
	X(ARRAY_TASK_ID, "array_task_id") X(MAX_RSS_BYTES, "max_rss_bytes") \
	X(PAGE_CACHE_BYTES, "page_cache_bytes") \
	X(PEAK_MEMORY_BYTES, "peak_memory_bytes")

enum rlg_word {
	RLG_WORD_NONE, /* any other */
#define RLG_WORD_NUMBER(name, text) RLG_WORD_##name,
	RLG_RECORD_WORDS(RLG_WORD_NUMBER)
#undef RLG_WORD_NUMBER
	RLG_WORDS
};

/* RLG_WORD_NONE: it is none of them. */
enum rlg_word rlg_record_word(const char *text, size_t length);

#endif
