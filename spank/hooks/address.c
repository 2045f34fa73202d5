/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a job's records go: see address.h. */
#include "spank/hooks/address.h"

#include "lib/text.h"

#include <stdlib.h>
#include <string.h>

static const struct part {
	const char *variable; /* in the job-control environment, behind the prefix */
	const char *key; /* in the tool's answer; NULL: not there */
	size_t offset, size;
} parts[] = {
	{"RUNLEDGER_SID", NULL, offsetof(struct rlg_address, sid), RLG_ID_MAX},
	{"RUNLEDGER_GROUP", "group=", offsetof(struct rlg_address, group), RLG_PATH_MAX},
	{"RUNLEDGER_RUN", "run=", offsetof(struct rlg_address, run), RLG_NAME_MAX + 1},
	{"RUNLEDGER_PHASE", "phase=", offsetof(struct rlg_address, phase), RLG_NAME_MAX + 1},
};
#define N_PARTS (sizeof(parts) / sizeof(parts[0]))

bool rlg_address_is_exact(const struct rlg_address *address)
{
	return address->group[0] == '/' && address->run[0] != '\0' && strchr(address->run, '{') == NULL;
}

bool rlg_address_get(struct rlg_address *out_address, const struct rlg_host *host, const char *prefix)
{
	char name[64];
	struct rlg_text text;

	*out_address = (struct rlg_address){.sid = ""};
	for (size_t i = 0; i < N_PARTS; i++) {
		char *value = (char *)out_address + parts[i].offset;
		rlg_text_init(&text, name, sizeof(name));
		rlg_text_addf(&text, "%s%s", prefix, parts[i].variable);
		if (!host->get_env(host, name, value, parts[i].size))
			value[0] = '\0';
	}
	/* A user can write anything here; what is no id must not get into a record as one. */
	if (strspn(out_address->sid, "0123456789abcdef") != RLG_ID_MAX - 1)
		out_address->sid[0] = '\0';
	if (out_address->group[0] == '/' && out_address->run[0] != '\0')
		return true;
	out_address->group[0] = out_address->run[0] = '\0';
	return false;
}

bool rlg_address_set(const struct rlg_address *address, const struct rlg_host *host)
{
	bool done = true;

	for (size_t i = 0; i < N_PARTS; i++) {
		const char *value = (const char *)address + parts[i].offset;
		if (value[0] != '\0')
			done = host->set_job_control(host, parts[i].variable, value) && done;
	}
	return done;
}

void rlg_address_unset(const struct rlg_host *host)
{
	for (size_t i = 0; i < N_PARTS; i++)
		host->unset_job_control(host, parts[i].variable);
}

void rlg_address_publish(const struct rlg_host *host)
{
	static char value[RLG_PATH_MAX + 3 * RLG_NAME_MAX];
	static struct rlg_address address;
	uint32_t job_id, step_id;
	struct rlg_text text;

	/* The extern step has no tasks, and no environment. */
	if (!host->fact(host, RLG_FACT_STEP_ID, &step_id) || step_id == RLG_STEP_EXTERN)
		return;
	rlg_text_init(&text, value, sizeof(value));
	bool known = host->fact(host, RLG_FACT_JOB_ID, &job_id) && rlg_address_get(&address, host, "SLURM_SPANK_") &&
		     strchr(address.run, '/') == NULL && strchr(address.phase, '/') == NULL;
	if (known)
		rlg_text_addf(&text, "%u/%s/%s/%s%s", job_id, address.sid, address.run, address.phase, address.group);
	host->set_env(host, "RUNLEDGER_ADDRESS", known && !text.full ? value : NULL);
}

static void take_line(struct rlg_address *address, const char *line)
{
	for (size_t i = 0; i < N_PARTS; i++) {
		size_t length = parts[i].key == NULL ? 0 : strlen(parts[i].key);
		if (length > 0 && strncmp(line, parts[i].key, length) == 0)
			rlg_copy((char *)address + parts[i].offset, parts[i].size, line + length);
	}
}

bool rlg_address_parse(struct rlg_address *address, char *answer)
{
	address->group[0] = address->run[0] = address->phase[0] = '\0';
	for (char *line = answer, *next; line != NULL; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		take_line(address, line);
	}
	return address->group[0] == '/' && address->run[0] != '\0';
}
