/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands' rows, each defined in its cmd_<name>.c.  A new command is that file, a line here and one in command.c.
 */
#ifndef RLG_COMMANDS_H
#define RLG_COMMANDS_H

#include "tool/cmd/command.h"

extern const struct rlg_command rlg_cmd_init;
extern const struct rlg_command rlg_cmd_status;
extern const struct rlg_command rlg_cmd_events;
extern const struct rlg_command rlg_cmd_watch;
extern const struct rlg_command rlg_cmd_wait;
extern const struct rlg_command rlg_cmd_refresh;
extern const struct rlg_command rlg_cmd_publish;
extern const struct rlg_command rlg_cmd_report;
extern const struct rlg_command rlg_cmd_log;
extern const struct rlg_command rlg_cmd_note;
extern const struct rlg_command rlg_cmd_jobs;
extern const struct rlg_command rlg_cmd_slurm_job_list;
extern const struct rlg_command rlg_cmd_exec;
extern const struct rlg_command rlg_cmd_record;
extern const struct rlg_command rlg_cmd_jobcomp;
extern const struct rlg_command rlg_cmd_drain;
extern const struct rlg_command rlg_cmd_doctor;

#endif
