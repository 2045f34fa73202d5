/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program that the hooks run in, as tests want it: facts, environments and complaints are plain arrays.
 */
#ifndef RLG_TESTS_FAKE_HOST_H
#define RLG_TESTS_FAKE_HOST_H

#include "lib/text.h"
#include "spank/hooks/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAKE_FACTS RLG_FACT_COUNT
#define FAKE_VARIABLES 32

/* A submission's id. */
#define SOME_SID "5f0e7a1c93b24d68a1b2c3d4e5f60718"

struct fake_variable {
	char name[64];
	char value[9000];
	bool set;
};

struct fake_host {
	struct rlg_host host;
	bool knows[FAKE_FACTS];
	uint32_t facts[FAKE_FACTS];
	struct fake_variable environment[FAKE_VARIABLES];
	struct fake_variable control[FAKE_VARIABLES]; /* job control, without a prefix */
	bool refuses_control;
	unsigned n_unset;
	gid_t groups[4];
	int n_groups;
	const char *node; /* NULL: not known */
	unsigned n_complaints;
	char complaint[2048]; /* the last one */
};

static inline struct fake_variable *fake_find(struct fake_variable *list, const char *name)
{
	for (size_t i = 0; i < FAKE_VARIABLES; i++)
		if (strcmp(list[i].name, name) == 0)
			return &list[i];
	return NULL;
}

static inline void fake_set(struct fake_variable *list, const char *name, const char *value)
{
	struct fake_variable *variable = fake_find(list, name);

	if (variable == NULL)
		variable = fake_find(list, "");
	if (variable == NULL)
		abort(); /* a test sets more than FAKE_VARIABLES */
	snprintf(variable->name, sizeof(variable->name), "%s", name);
	snprintf(variable->value, sizeof(variable->value), "%s", value);
	variable->set = true;
}

static inline const char *fake_get(struct fake_variable *list, const char *name)
{
	struct fake_variable *variable = fake_find(list, name);

	return variable == NULL || !variable->set ? NULL : variable->value;
}

static inline void fake_knows(struct fake_host *fake, enum rlg_fact fact, uint32_t value)
{
	fake->knows[fact] = true;
	fake->facts[fact] = value;
}

static inline bool fake_fact(const struct rlg_host *host, enum rlg_fact fact, uint32_t *out_value)
{
	const struct fake_host *fake = host->handle;

	if (!fake->knows[fact])
		return false;
	*out_value = fake->facts[fact];
	return true;
}

/* What was given to job control is seen with either prefix, as in the job and in the epilog. */
static inline bool fake_get_env(const struct rlg_host *host, const char *name, char *out_value, size_t size)
{
	struct fake_host *fake = host->handle;
	const char *value = fake_get(fake->environment, name);

	if (value == NULL && strncmp(name, "SLURM_SPANK_", 12) == 0)
		value = fake_get(fake->control, name + 12);
	else if (value == NULL && strncmp(name, "SPANK_", 6) == 0)
		value = fake_get(fake->control, name + 6);
	if (value == NULL || strlen(value) >= size)
		return false;
	strcpy(out_value, value);
	return true;
}

static inline void fake_set_env(const struct rlg_host *host, const char *name, const char *value)
{
	struct fake_host *fake = host->handle;
	struct fake_variable *variable;

	if (value != NULL)
		fake_set(fake->environment, name, value);
	else if ((variable = fake_find(fake->environment, name)) != NULL)
		variable->set = false;
}

static inline bool fake_set_job_control(const struct rlg_host *host, const char *name, const char *value)
{
	struct fake_host *fake = host->handle;

	if (fake->refuses_control)
		return false;
	fake_set(fake->control, name, value);
	return true;
}

static inline void fake_unset_job_control(const struct rlg_host *host, const char *name)
{
	struct fake_host *fake = host->handle;
	struct fake_variable *variable = fake_find(fake->control, name);

	fake->n_unset++;
	if (variable != NULL)
		variable->set = false;
}

static inline int fake_groups(const struct rlg_host *host, gid_t *out_groups, size_t most)
{
	const struct fake_host *fake = host->handle;

	for (int i = 0; i < fake->n_groups && (size_t)i < most; i++)
		out_groups[i] = fake->groups[i];
	return fake->n_groups;
}

static inline bool fake_slurm_conf(const struct rlg_host *host, char *out_path, size_t size)
{
	return rlg_copy(out_path, size, "/etc/slurm/slurm.conf");
}

static inline bool fake_node_name(const struct rlg_host *host, char *out_name, size_t size)
{
	const struct fake_host *fake = host->handle;

	if (fake->node == NULL || strlen(fake->node) >= size)
		return false;
	strcpy(out_name, fake->node);
	return true;
}

static inline void fake_complain(const struct rlg_host *host, const char *sentence)
{
	struct fake_host *fake = host->handle;

	fake->n_complaints++;
	snprintf(fake->complaint, sizeof(fake->complaint), "%s", sentence);
}

static inline void fake_host_init(struct fake_host *fake)
{
	memset(fake, 0, sizeof(*fake));
	fake->host = (struct rlg_host){.handle = fake,
				       .fact = fake_fact,
				       .get_env = fake_get_env,
				       .set_env = fake_set_env,
				       .set_job_control = fake_set_job_control,
				       .unset_job_control = fake_unset_job_control,
				       .groups = fake_groups,
				       .node_name = fake_node_name,
				       .slurm_conf = fake_slurm_conf,
				       .complain = fake_complain};
}

#endif
