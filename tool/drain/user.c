/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Delivering a user's records from the spool: see user.h. */
#include "tool/drain/user.h"

#include "lib/clock.h"
#include "lib/layout.h"
#include "lib/process.h"
#include "lib/record.h"
#include "lib/statusfile.h"
#include "tool/base/exit.h"
#include "tool/base/draft.h"
#include "tool/base/printable.h"
#include "tool/record/identity.h"
#include "tool/record/job_places.h"
#include "tool/group/news.h"
#include "tool/group/refresh.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The next pass tries again what this one left: there is no need to wait for as long as others do. */
#define WALL_SECONDS 600

/* So long a folder that is missing may be on a file system that is away; afterwards it was removed. */
#define MOST_AWAY_US (86400 * RLG_SECOND_US)

/* Groups that got a record, to be refreshed once at the end; more than that are refreshed at once. */
#define MOST_TOUCHED 64

struct delivery {
	struct rlg_job_places *places;
	const struct rlg_drain_entry *entry;
	struct rlg_group *touched[MOST_TOUCHED];
	size_t n_touched;
	struct rlg_err *err;
};

static void complain(const char *sentence)
{
	fputs("runledger drain: ", stderr);
	rlg_printable_put(stderr, sentence); /* it names paths and jobs of users */
	fputc('\n', stderr);
}

static void refresh(struct rlg_group *group)
{
	struct rlg_refresh_report report;
	struct rlg_err err = {""};

	if (rlg_refresh_news(group, RLG_REFRESH_LEAVE, &report, &err) != 0)
		complain(err.text);
}

static void touch(struct delivery *delivery, struct rlg_group *group, const char *run)
{
	rlg_news_leave(group->path, run, NULL); /* what fails there, fails in the refresh, which says so */
	for (size_t i = 0; i < delivery->n_touched; i++)
		if (delivery->touched[i] == group)
			return;
	if (delivery->n_touched == MOST_TOUCHED)
		refresh(group);
	else
		delivery->touched[delivery->n_touched++] = group;
}

/* Without the members of an entry that are for drain alone. */
static cJSON *copy_context(const cJSON *context)
{
	static const char *const own[] = {"gid", "batch", "group", "restarts_then"};
	cJSON *copy = cJSON_Duplicate(context, true);

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		cJSON_DeleteItemFromObjectCaseSensitive(copy, own[i]);
	return copy;
}

/* Each run's record is one of its own; but the same one again where it is delivered twice. */
static const char *id_of_task(const char *id, int64_t task, char out_id[RLG_ID_MAX])
{
	if (id == NULL || strlen(id) != RLG_ID_MAX - 1)
		return NULL;
	snprintf(out_id, RLG_ID_MAX, "%.24s%08x", id, (unsigned)task);
	return out_id;
}

static ssize_t write_record(const struct rlg_drain_entry *entry, const struct rlg_job_place *place, char *storage, size_t size)
{
	cJSON *facts = cJSON_CreateObject(), *context = copy_context(rlg_record_tree(&entry->record));
	struct rlg_record draft = entry->record;
	char id[RLG_ID_MAX];

	rlg_facts_text(facts, "run", place->run);
	rlg_facts_text(facts, "phase", place->phase);
	rlg_facts_text(facts, "sid", place->sid);
	rlg_facts_text(facts, "matched_by", place->matched_by);
	if (place->array_task_id >= 0) {
		rlg_facts_number(facts, "array_task_id", place->array_task_id);
		draft.id = id_of_task(draft.id, place->array_task_id, id);
	}
	draft.context = context;
	ssize_t length = rlg_draft_write(&draft, facts, storage, size);
	cJSON_Delete(context);
	cJSON_Delete(facts);
	return length;
}

static int append(void *context, const struct rlg_job_place *place)
{
	struct delivery *delivery = context;
	char storage[RLG_RECORD_MAX + 1];
	ssize_t length = write_record(delivery->entry, place, storage, sizeof(storage));

	if (length < 0)
		return rlg_fail_errno(delivery->err, (int)length, "the record of job %lld is too long",
				      (long long)delivery->entry->record.job_id);
	struct rlg_append append = {.group = place->group->path,
				    .run = place->run,
				    .line = storage,
				    .length = (size_t)length,
				    .timeout_ms = RLG_APPEND_TURN_MS,
				    .durable = true};
	rlg_group_take_umask(append.group);
	int code = rlg_statusfile_append(&append, delivery->err);
	if (code == 0)
		touch(delivery, place->group, place->run);
	return code;
}

static int64_t number_of(const struct rlg_record *record, const char *key)
{
	int64_t value;

	return rlg_record_get_int(record, key, &value) ? value : -1;
}

/*
 * For a job of root's: the address is the word of whoever wrote the entry, SlurmUser, who must not choose where root
 * writes.  What root finds by itself is root's anyway (rlg_group_discover()).
 */
static bool is_for_root(const char *group)
{
	char path[RLG_PATH_MAX + sizeof(RLG_DIR) + 1];
	struct stat marker;

	snprintf(path, sizeof(path), "%s/" RLG_DIR, group);
	return lstat(path, &marker) == 0 && S_ISDIR(marker.st_mode) && marker.st_uid == 0 &&
	       !(marker.st_mode & (S_IWGRP | S_IWOTH));
}

/* EpilogSlurmctld is told the address that the job was given at its submission. */
static int deliver_to_address(struct delivery *delivery, const char *address)
{
	const struct rlg_record *record = &delivery->entry->record;
	struct rlg_job_place place = {
		.run = record->run, .phase = record->phase, .sid = record->sid, .array_task_id = -1};

	if (geteuid() == 0 && !is_for_root(address))
		return rlg_fail(delivery->err, -EPERM, "job %lld of root: %s is no run group of root's",
				(long long)record->job_id, address);
	place.group = rlg_job_places_group(delivery->places, address, delivery->err);
	return place.group == NULL ? -EIO : append(delivery, &place);
}

static int deliver_entry(struct delivery *delivery)
{
	const struct rlg_record *record = &delivery->entry->record;
	const char *address = rlg_record_get_str(record, "group");
	const struct rlg_job_traits traits = {
		.cluster = record->cluster,
		.job_id = record->job_id,
		.array_job_id = number_of(record, "array_job_id"),
		.array_task_id = number_of(record, "array_task_id"),
		.het_job_id = number_of(record, "het_job_id"),
		.submit_us = rlg_record_get_time(record, "submit_time"),
		.job_name = rlg_record_get_str(record, "job_name"),
		.folder = rlg_record_get_str(record, "cwd"),
		.never_ran = rlg_record_get_bool(record, "never_ran", false),
	};

	if (address != NULL && record->run != NULL && strchr(record->run, '{') == NULL)
		return deliver_to_address(delivery, address);
	return rlg_job_places_each(delivery->places, &traits, append, delivery, delivery->err);
}

/* A folder that is not there may have been removed; or its file system is away, and is back soon. */
static bool may_come_back(const struct rlg_drain_entry *entry, struct rlg_err *err)
{
	const char *folder = rlg_record_get_str(&entry->record, "cwd");
	struct stat there;

	if (folder == NULL || entry->record.time_us < rlg_clock_now_us() - MOST_AWAY_US || stat(folder, &there) == 0)
		return false;
	rlg_fail_errno(err, -errno, "job %lld: cannot look at %s", (long long)entry->record.job_id, folder);
	return true;
}

static enum rlg_drained drain_entry(struct delivery *delivery, struct rlg_drain_entry *entry)
{
	struct rlg_err err = {""};

	delivery->entry = entry;
	delivery->err = &err;
	int code = deliver_entry(delivery);
	delivery->err = NULL;
	if (code == 0)
		return RLG_DRAINED_DELIVERED;
	if (code == -ENOENT && err.text[0] == '\0' && !may_come_back(entry, &err))
		return RLG_DRAINED_UNTRACKED;
	/* Once: it is tried again every minute. */
	if (!entry->held)
		complain(err.text);
	return RLG_DRAINED_NOT;
}

static int become(const struct rlg_drain_entry *entry, struct rlg_err *err)
{
	if (geteuid() != 0)
		return 0;
	return rlg_identity_become((uid_t)entry->uid, entry->gid, entry->user, false, err);
}

int rlg_drain_user(struct rlg_drain_entry *const *entries, size_t count, const struct rlg_siteconf *site, int answer_fd)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct rlg_err err = {""};
	struct delivery delivery = {.places = NULL};

	rlg_process_hide();
	rlg_process_limit(RLG_LIMIT_CPU_SECONDS, WALL_SECONDS, RLG_LIMIT_MEMORY_BYTES);
	if (become(entries[0], &err) != 0) {
		complain(err.text);
		return RLG_EXIT_FAILED;
	}
	delivery.places = rlg_job_places_new(arena, site);
	for (size_t i = 0; i < count; i++) {
		struct rlg_drain_answer answer = {.at = (unsigned)i, .drained = drain_entry(&delivery, entries[i])};
		if (write(answer_fd, &answer, sizeof(answer)) != (ssize_t)sizeof(answer))
			break;
	}
	for (size_t i = 0; i < delivery.n_touched; i++)
		refresh(delivery.touched[i]);
	rlg_job_places_free(delivery.places);
	return RLG_EXIT_OK;
}
