/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking Slurm about jobs that should have been heard of: see reconcile.h. */
#include "tool/record/reconcile.h"

#include "lib/clock.h"
#include "lib/record.h"
#include "lib/statusfile.h"
#include "tool/record/ask.h"
#include "tool/record/ask_accounting.h"
#include "tool/base/draft.h"
#include "tool/model/slurm_state.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* A person waits, and can be patient with a busy slurmctld. */
#define ASK_MS 10000
#define ACCOUNTING_MS 30000

/* Between our record of a submission, or a start, and Slurm's: clients and prologs take their time. */
#define NEAR_US (60 * RLG_SECOND_US)

/* The jobs are asked about one by one; after so many that could not be the rest are let be. */
#define MOST_PROBLEMS 3

struct asking {
	struct rlg_group *group;
	const struct rlg_model *model;
	struct rlg_reconciliation *done;
	unsigned problems;
	struct rlg_err *err;
	/* the one that is asked about now */
	const struct rlg_run *run;
	const struct rlg_phase *phase;
	const struct rlg_attempt *attempt;
	bool waits_again; /* what is silent is the wait after this attempt, which was requeued */
};

static bool is_near(int64_t left_us, int64_t right_us)
{
	return left_us > 0 && right_us > 0 && llabs(left_us - right_us) <= NEAR_US;
}

static bool same_user(const struct rlg_attempt *attempt, const char *user)
{
	return attempt->user == NULL || user == NULL || strcmp(attempt->user, user) == 0;
}

/* Is this the silent attempt?  By when it was submitted or started; of a requeued job, by what came after. */
static bool is_the_one(const struct asking *asking, int64_t submit_us, int64_t start_us)
{
	const struct rlg_attempt *attempt = asking->attempt;

	if (asking->waits_again)
		return submit_us >= attempt->end_us - RLG_SECOND_US;
	return is_near(submit_us, attempt->submit_us) || is_near(start_us, attempt->start_us);
}

/* Is that job another attempt's, as far as the records know? */
static bool is_anothers(const struct asking *asking, int64_t job_id)
{
	for (size_t i = 0; i < asking->model->n_runs; i++)
		for (size_t j = 0; j < asking->model->runs[i].n_phases; j++) {
			const struct rlg_phase *phase = &asking->model->runs[i].phases[j];
			for (size_t k = 0; k < phase->n_attempts; k++)
				if (phase->attempts[k].job_id == job_id && &phase->attempts[k] != asking->attempt)
					return true;
		}
	return false;
}

static void add_common(const struct asking *asking, cJSON *facts)
{
	const struct rlg_attempt *attempt = asking->attempt;

	rlg_facts_text(facts, "run", asking->run->name);
	rlg_facts_text(facts, "phase", asking->phase->name);
	rlg_facts_text(facts, "sid", attempt->sid);
	rlg_facts_text(facts, "cluster", attempt->cluster);
	rlg_facts_text(facts, "source", "reconcile");
}

static int append(struct asking *asking, const char *name, cJSON *facts)
{
	char storage[RLG_RECORD_MAX + 1];
	struct rlg_record draft = {.time_us = rlg_clock_now_us(), .name = name, .job_id = -1};
	ssize_t length = rlg_draft_write(&draft, facts, storage, sizeof(storage));

	if (length < 0)
		return rlg_fail_errno(asking->err, (int)length, "the answer is too long for a record");
	struct rlg_append append = {.group = asking->group->path,
				    .run = asking->run->name,
				    .line = storage,
				    .length = (size_t)length,
				    .timeout_ms = RLG_APPEND_TURN_MS,
				    .durable = true};
	int code = rlg_statusfile_append(&append, asking->err);
	/* These two are what slurmctld and accounting say of a job. */
	return code == -ENOENT || code == -ESRCH ? -EIO : code;
}

static bool goes_on(const char *state)
{
	return rlg_slurm_runs(state) || rlg_slurm_waits(state);
}

/* A job that goes on gets a `state`, as nothing has finished. */
static int append_answer(struct asking *asking, const char *state, cJSON *facts)
{
	if (goes_on(state))
		cJSON_DeleteItemFromObjectCaseSensitive(facts, "final");
	return append(asking, goes_on(state) ? "state" : "finish", facts);
}

static void count_answer(struct asking *asking, const char *state)
{
	if (goes_on(state))
		asking->done->go_on++;
	else
		asking->done->ended++;
}

static int ask_slurmctld(const struct asking *asking, struct rlg_record *answer, struct rlg_err *why)
{
	const struct rlg_attempt *attempt = asking->attempt;
	const struct passwd *user = attempt->user == NULL ? NULL : getpwnam(attempt->user);
	struct rlg_ask_submission submission = {.uid = user == NULL ? geteuid() : user->pw_uid,
						.job_name = attempt->job_name,
						.from_us = attempt->submit_us - RLG_SECOND_US,
						.to_us = attempt->submit_us + NEAR_US};

	if (attempt->job_id >= 0)
		return rlg_ask(attempt->job_id, ASK_MS, answer, why);
	if (attempt->job_name == NULL)
		return rlg_fail(why, -ESRCH, "neither its job id nor its name is known");
	return rlg_ask_submission(&submission, ASK_MS, answer, why);
}

/* 0: answered, and done; -ESRCH: slurmctld does not know it any more. */
static int reconcile_with_slurmctld(struct asking *asking, struct rlg_err *why)
{
	struct rlg_record answer;
	int code = ask_slurmctld(asking, &answer, why);

	if (code != 0)
		return code;
	const char *state = rlg_record_get_str(&answer, "state");
	bool ours = same_user(asking->attempt, rlg_record_get_str(&answer, "user"));
	bool is_it = ours && is_the_one(asking, rlg_record_get_time(&answer, "submit_time"),
					rlg_record_get_time(&answer, "start_time"));
	int64_t job_id = asking->attempt->job_id, answered_id = -1;
	if (job_id < 0 && rlg_record_get_int(&answer, "job_id", &answered_id))
		is_it = is_it && !is_anothers(asking, answered_id);
	if (is_it) {
		cJSON *facts = cJSON_CreateObject();
		add_common(asking, facts);
		rlg_facts_text(facts, "asked", "slurmctld");
		rlg_facts_take(facts, rlg_record_tree(&answer));
		code = append_answer(asking, state, facts);
		cJSON_Delete(facts);
		count_answer(asking, state);
	}
	rlg_record_done(&answer);
	return is_it ? code : rlg_fail(why, -ESRCH, "slurmctld knows only another job of that number");
}

static void take_accounted(cJSON *facts, const struct rlg_accounted *accounted, bool final)
{
	rlg_facts_number(facts, "job_id", accounted->job_id);
	rlg_facts_text(facts, "state", accounted->state);
	rlg_facts_truth(facts, "final", final);
	rlg_facts_number(facts, "exit_code", accounted->exit_code);
	rlg_facts_number(facts, "signal", accounted->signal);
	rlg_facts_number(facts, "submit_time", accounted->submit_us / RLG_SECOND_US);
	/* Of a job that never ran the moment of its end stands there as its start, too. */
	if (accounted->start_us > 0 && accounted->nodes != NULL)
		rlg_facts_number(facts, "start_time", accounted->start_us / RLG_SECOND_US);
	else
		rlg_facts_truth(facts, "never_ran", true);
	if (accounted->end_us > 0)
		rlg_facts_number(facts, "end_time", accounted->end_us / RLG_SECOND_US);
	rlg_facts_text(facts, "nodes", accounted->nodes);
	if (accounted->array_job_id >= 0) {
		rlg_facts_number(facts, "array_job_id", accounted->array_job_id);
		rlg_facts_number(facts, "array_task_id", accounted->array_task_id);
	}
	rlg_facts_text(facts, "asked", "slurmdbd");
}

/* Was the job submitted again, as a requeue is? */
static bool came_back(const struct rlg_accounted *all, size_t count, const struct rlg_accounted *one)
{
	for (size_t i = 0; i < count; i++)
		if (all[i].job_id == one->job_id && all[i].submit_us > one->submit_us &&
		    all[i].submit_us <= one->end_us + 2 * RLG_SECOND_US)
			return true;
	return strcmp(one->state, "REQUEUED") == 0;
}

/* What accounting thinks still goes on, and slurmctld does not know, is nothing that anybody knows. */
static bool fits(const struct asking *asking, const struct rlg_accounted *one)
{
	const struct rlg_attempt *attempt = asking->attempt;

	if (!same_user(attempt, one->user) || goes_on(one->state) || !is_the_one(asking, one->submit_us, one->start_us))
		return false;
	/* sacct shows all tasks of an array for the number of one, and takes a comma in a name for two names. */
	if (attempt->job_id >= 0)
		return one->job_id == attempt->job_id;
	return strcmp(one->job_name, attempt->job_name) == 0 && !is_anothers(asking, one->job_id);
}

static bool same_job(const struct rlg_accounted *left, const struct rlg_accounted *right)
{
	return left->job_id == right->job_id || (left->array_job_id >= 0 && left->array_job_id == right->array_job_id);
}

/* -ENOENT: none; -ENOTUNIQ: several jobs, and nothing tells which. */
static int choose(const struct asking *asking, const struct rlg_accounted *all, size_t count,
		  const struct rlg_accounted **out_one)
{
	*out_one = NULL;
	for (size_t i = 0; i < count; i++) {
		if (!fits(asking, &all[i]))
			continue;
		if (*out_one != NULL && !same_job(*out_one, &all[i]))
			return -ENOTUNIQ;
		if (*out_one == NULL)
			*out_one = &all[i];
	}
	return *out_one == NULL ? -ENOENT : 0;
}

static int reconcile_with_accounting(struct asking *asking, struct rlg_err *why)
{
	const struct rlg_attempt *attempt = asking->attempt;
	const struct passwd *user = attempt->user != NULL ? NULL : getpwuid(geteuid());
	const struct rlg_accounting_question question = {
		.job_id = attempt->job_id,
		.user = user == NULL ? attempt->user : user->pw_name,
		.job_name = attempt->job_name,
		.from_us = (attempt->submit_us > 0 ? attempt->submit_us : attempt->start_us) - NEAR_US};
	const struct rlg_accounted *one;
	struct rlg_accounted *all;
	size_t count;

	if (attempt->job_id < 0 && (question.user == NULL || attempt->job_name == NULL))
		return -ENOENT;
	int code = rlg_ask_accounting(asking->group->arena, &question, ACCOUNTING_MS, &all, &count, why);
	if (code != 0)
		return code;
	code = choose(asking, all, count, &one);
	if (code != 0)
		return code;
	cJSON *facts = cJSON_CreateObject();
	add_common(asking, facts);
	take_accounted(facts, one, !came_back(all, count, one));
	code = append(asking, "finish", facts);
	cJSON_Delete(facts);
	asking->done->ended++;
	return code;
}

static int record_unknown(struct asking *asking, const char *reason)
{
	const struct rlg_attempt *attempt = asking->attempt;
	cJSON *facts = cJSON_CreateObject();

	add_common(asking, facts);
	if (attempt->job_id >= 0)
		rlg_facts_number(facts, "job_id", attempt->job_id);
	/* A requeue counts as a submission: so this is about the wait after that attempt, not about the attempt. */
	if (asking->waits_again)
		rlg_facts_number(facts, "submit_time", attempt->end_us / RLG_SECOND_US);
	rlg_facts_text(facts, "state", "UNKNOWN");
	rlg_facts_text(facts, "reason", reason);
	int code = append(asking, "finish", facts);
	cJSON_Delete(facts);
	asking->done->unknown++;
	return code;
}

/* To this slurmctld another cluster's jobs are none, or others of the same number.  Where it does not tell: a failure. */
static int is_elsewhere(const struct asking *asking, bool *out_elsewhere, struct rlg_err *why)
{
	const char *theirs = asking->attempt->cluster;
	char *ours = asking->done->cluster;
	int code = 0;

	if (theirs != NULL && ours[0] == '\0')
		code = rlg_ask_cluster(ASK_MS, ours, why);
	*out_elsewhere = code == 0 && theirs != NULL && strcasecmp(theirs, ours) != 0;
	return code;
}

/* Returns a negative errno only where a record could not be appended. */
static int reconcile_attempt(struct asking *asking)
{
	struct rlg_err why = {""};
	bool elsewhere;
	int code = is_elsewhere(asking, &elsewhere, &why);

	asking->done->elsewhere += elsewhere;
	if (elsewhere)
		return 0;
	asking->done->asked++;
	if (code == 0)
		code = reconcile_with_slurmctld(asking, &why);
	if (code == -ESRCH)
		code = reconcile_with_accounting(asking, &why);
	if (code == -ENOENT)
		return record_unknown(asking, "neither slurmctld nor accounting knows the job any more");
	if (code == -ENOTUNIQ)
		return record_unknown(asking, "several jobs of that name were submitted then, and nobody told this one's number");
	if (code != 0 && asking->err->text[0] == '\0') {
		asking->done->problem = why;
		asking->problems++;
		code = 0;
	}
	return code;
}

int rlg_reconcile(struct rlg_group *group, const struct rlg_model *model, struct rlg_reconciliation *out_done,
		  struct rlg_err *err)
{
	struct asking asking = {.group = group, .model = model, .done = out_done, .err = err};
	int code = 0;

	*out_done = (struct rlg_reconciliation){.asked = 0};
	for (size_t i = 0; i < model->n_runs && code == 0; i++) {
		asking.run = &model->runs[i];
		for (size_t j = 0; j < asking.run->n_phases && code == 0; j++) {
			asking.phase = &asking.run->phases[j];
			for (size_t k = 0; k < asking.phase->n_attempts && code == 0; k++) {
				asking.attempt = &asking.phase->attempts[k];
				asking.waits_again = asking.attempt->ended;
				if (asking.attempt->silent_since_us > 0 && asking.problems < MOST_PROBLEMS)
					code = reconcile_attempt(&asking);
			}
		}
	}
	return code;
}
