/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `runledger doctor` looks at, and what it finds: each check is one line, with what to do where something is wrong.
 */
#ifndef RLG_DOCTOR_H
#define RLG_DOCTOR_H

#include "lib/siteconf.h"
#include "tool/base/arena.h"
#include "tool/base/bytes.h"
#include "tool/base/terminal.h"

#include <stdio.h>

enum rlg_health {
	RLG_HEALTH_OK,
	RLG_HEALTH_WARN, /* it works, but less well than it could */
	RLG_HEALTH_FAIL, /* something is lost, or does not work */
	RLG_HEALTH_COUNT
};

struct rlg_finding {
	enum rlg_health health;
	const char *topic; /* "plugstack.conf" */
	const char *words; /* one sentence without a full stop */
	const char *advice; /* what to do; NULL: nothing */
};

struct rlg_doctor {
	struct rlg_arena *arena; /* owns everything */
	const char *conf_path; /* runledger.conf */
	const char *slurm_conf; /* slurm.conf; NULL: not found */
	const char *group; /* a folder in the run group to look at; NULL: the current one */
	struct rlg_siteconf site;
	struct rlg_finding *findings;
	size_t count, room;
	size_t counts[RLG_HEALTH_COUNT];
};

/* Adds a finding; `advice` is a text that stays, or NULL. */
void rlg_doctor_say(struct rlg_doctor *doctor, enum rlg_health health, const char *topic, const char *advice,
		    const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The checks, in the order in which they are told. */
void rlg_doctor_look_at_conf(struct rlg_doctor *doctor);
void rlg_doctor_look_at_plugins(struct rlg_doctor *doctor);
void rlg_doctor_look_at_slurmctld(struct rlg_doctor *doctor);
void rlg_doctor_look_at_node_spool(struct rlg_doctor *doctor);
void rlg_doctor_look_at_drain(struct rlg_doctor *doctor);
void rlg_doctor_look_at_group(struct rlg_doctor *doctor);

/* For people: a line a finding, and one of advice below it. */
void rlg_doctor_text(const struct rlg_doctor *doctor, const struct rlg_terminal *terminal, FILE *stream);

/* For programs: one object. */
void rlg_doctor_json(const struct rlg_doctor *doctor, FILE *stream);

#endif
