/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runledger doctor: is this cluster, this node and this run group set up right? */
#include "tool/cmd/commands.h"
#include "tool/doctor/doctor.h"
#include "tool/doctor/slurm_files.h"

#include <stdlib.h>
#include <unistd.h>

static const char *conf_path(const struct rlg_options *options)
{
	const char *given = rlg_option_value(options, "conf");

	if (given == NULL)
		given = getenv("RUNLEDGER_CONF");
	return given == NULL || given[0] == '\0' ? RLG_SITECONF_PATH : given;
}

static int run(struct rlg_options *options)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	struct rlg_doctor *doctor = rlg_arena_alloc(arena, sizeof(*doctor));
	struct rlg_terminal terminal;
	const char *group;
	int status;

	if (!rlg_group_word(options, &group, &status))
		return status;
	*doctor = (struct rlg_doctor){.arena = arena, .conf_path = conf_path(options), .group = group};
	doctor->slurm_conf = rlg_slurm_conf_find(arena, rlg_option_value(options, "slurm-conf"));
	rlg_doctor_look_at_conf(doctor);
	rlg_doctor_look_at_plugins(doctor);
	rlg_doctor_look_at_slurmctld(doctor);
	rlg_doctor_look_at_drain(doctor);
	rlg_doctor_look_at_node_spool(doctor);
	rlg_doctor_look_at_group(doctor);
	rlg_terminal_look(&terminal, STDOUT_FILENO, rlg_option_given(options, "no-color"));
	if (rlg_option_given(options, "json"))
		rlg_doctor_json(doctor, stdout);
	else
		rlg_doctor_text(doctor, &terminal, stdout);
	if (doctor->counts[RLG_HEALTH_FAIL] > 0)
		return RLG_EXIT_FAILED;
	return doctor->counts[RLG_HEALTH_WARN] > 0 ? RLG_EXIT_DAMAGED : RLG_EXIT_OK;
}

static const struct rlg_option doctor_options[] = {
	{"json", '\0', NULL, "print one JSON object, for programs"},
	{"conf", '\0', "FILE", "the site's settings, instead of the installed runledger.conf"},
	{"slurm-conf", '\0', "FILE", "Slurm's slurm.conf, instead of where SLURM_CONF says or it usually is"},
	{"no-color", '\0', NULL, "no colours, as in a pipe or with NO_COLOR set"},
	{0},
};

static const struct rlg_example doctor_examples[] = {
	{"runledger doctor", "this node, and the run group around here"},
	{"sudo runledger doctor", "as root: also what waits of all users"},
	{"runledger doctor --json | jq '.checks[] | select(.result != \"ok\")'", "only what is to be mended"},
	{0},
};

const struct rlg_command rlg_cmd_doctor = {
	.name = "doctor",
	.arguments = "[GROUP]",
	.summary = "say whether this cluster is set up right, and what to mend",
	.description =
		"Looks at the site's settings, the plugins in plugstack.conf and the program that they start, what slurmctld tells, "
		"the spools and who empties them, and the run group of GROUP or of the current folder. Each thing is one line: ok, "
		"warn or fail, with what to do.\n\n"
		"It changes nothing, and asks Slurm nothing. It exits with 1 if anything failed, with 3 if there are warnings only.",
	.options = doctor_options,
	.examples = doctor_examples,
	.run = run,
};
