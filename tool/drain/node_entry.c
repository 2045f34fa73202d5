/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One entry of the node's spool: see node_entry.h. */
#include "tool/drain/node_entry.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static ssize_t read_text(int folder_fd, const char *name, char *text, size_t size)
{
	struct stat facts;
	size_t length = 0;
	ssize_t got = 1;
	int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return errno == ELOOP || errno == ENXIO ? -EBADMSG : -errno;
	if (fstat(fd, &facts) != 0)
		got = -errno;
	else if (!S_ISREG(facts.st_mode) || facts.st_size >= (off_t)size)
		got = -EBADMSG;
	while (got > 0 && length < size - 1) {
		got = read(fd, text + length, size - 1 - length);
		length += got > 0 ? (size_t)got : 0;
		if (got < 0)
			got = errno == EINTR ? 1 : -errno;
	}
	close(fd);
	text[length] = '\0';
	return got < 0 ? got : (ssize_t)length;
}

static const char *text_of(const struct rlg_record *record, const char *key)
{
	const char *value = rlg_record_get_str(record, key);

	return value == NULL || value[0] == '\0' ? NULL : value;
}

static int parse(struct rlg_node_entry *entry, size_t length)
{
	char *second = memchr(entry->text, '\n', length);

	if (second == NULL || rlg_record_parse(entry->text, (size_t)(second - entry->text), &entry->header, NULL) != 0)
		return -EBADMSG;
	second++;
	if (strcmp(entry->header.name, RLG_NODE_HEADER) == 0 &&
	    rlg_record_parse(second, length - (size_t)(second - entry->text), &entry->draft, NULL) == 0)
		return 0;
	rlg_record_done(&entry->header);
	return -EBADMSG;
}

int rlg_node_entry_read(int folder_fd, const char *name, struct rlg_node_entry *out_entry)
{
	ssize_t length = read_text(folder_fd, name, out_entry->text, sizeof(out_entry->text));
	int code = length < 0 ? (int)length : parse(out_entry, (size_t)length);

	if (code != 0)
		return code;
	out_entry->group = text_of(&out_entry->header, "group");
	out_entry->run = text_of(&out_entry->header, "run");
	out_entry->phase = text_of(&out_entry->header, "phase");
	/* A submission's own address has a phase: there always is one. */
	out_entry->asked = rlg_record_get_bool(&out_entry->header, "asked", false) ||
			   (strcmp(out_entry->draft.name, "submit") == 0 && out_entry->draft.job_id < 0 && out_entry->phase == NULL);
	return 0;
}

void rlg_node_entry_done(struct rlg_node_entry *entry)
{
	rlg_record_done(&entry->header);
	rlg_record_done(&entry->draft);
}

const char *rlg_node_entry_place(const struct rlg_node_entry *entry)
{
	const char *folder = text_of(&entry->header, "cwd");

	if (folder == NULL)
		folder = rlg_record_get_str(&entry->draft, "cwd");
	return entry->group != NULL ? entry->group : folder != NULL ? folder : "";
}

static bool is_exact(const struct rlg_node_entry *entry)
{
	return !entry->asked && entry->group != NULL && entry->group[0] == '/' && entry->run != NULL &&
	       strchr(entry->run, '{') == NULL;
}

/* A person's word on a run, where no phase was named. */
static bool is_about_run(const struct rlg_node_entry *entry)
{
	static const char *const words[] = {"note", "output", "sync"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(entry->draft.name, words[i]) == 0)
			return entry->run != NULL && strchr(entry->run, '/') == NULL;
	return false;
}

struct telling {
	rlg_node_placed_fn *placed;
	void *context;
};

static void tell_group(void *context, struct rlg_group *group)
{
	struct telling *telling = context;

	telling->placed(telling->context, group->path);
}

/* Not even the group's settings need to be read. */
static int deliver_exact(struct rlg_record_job *job, const struct telling *telling, struct rlg_err *err)
{
	const struct rlg_group group = {.path = job->group};
	const struct rlg_resolution to = {.run = job->run, .phase = job->phase};

	rlg_group_take_umask(group.path);
	int code = rlg_record_append(job, &group, &to, err);
	if (code == 0)
		telling->placed(telling->context, group.path);
	return code;
}

int rlg_node_entry_deliver(const struct rlg_node_entry *entry, const struct rlg_siteconf *site, rlg_node_placed_fn *placed,
			   void *context, struct rlg_err *err)
{
	struct rlg_record_job job = {.site = *site, .draft = entry->draft, .quiet = true, .tell_fd = -1};
	struct telling telling = {.placed = placed, .context = context};

	job.facts = cJSON_CreateObject();
	if (entry->asked) {
		job.about.asked_group = entry->group;
		job.about.asked_run = entry->run;
		job.about.folder = job.about.client_folder = text_of(&entry->header, "cwd");
		job.about.job_name = text_of(&entry->header, "job_name");
		job.about.array_task = text_of(&entry->header, "array_task");
		job.asked = true;
		job.whole_run = is_about_run(entry);
	} else {
		job.group = entry->group;
		job.run = entry->run;
		job.phase = entry->phase;
	}
	int code = is_exact(entry) ? deliver_exact(&job, &telling, err) : rlg_record_place(&job, tell_group, &telling, err);
	cJSON_Delete(job.facts);
	return code;
}
