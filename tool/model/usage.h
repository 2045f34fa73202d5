/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What attempts used, from the `usage` records of their steps and nodes: struct rlg_usage in model.h.
 *
 * CPU time is added up over steps and nodes.  Memory is the most that one step had on one node: of steps that run beside
 * each other on a node the greater one counts, as with seff, which asks the same of Slurm's accounting.  Each step of a
 * node counts once, however often it is told.
 *
 * What a step had on a node is the peak that its cgroup counted, less the page cache of it that was still there at the
 * end, as the kernel gives that back whenever somebody wants memory; but no less than the largest process had.  Without
 * a cgroup it is the largest process, times the tasks there, as seff has it.
 */
#ifndef RLG_USAGE_H
#define RLG_USAGE_H

#include "tool/model/attempts.h"

/* Of which nothing is known. */
#define RLG_USAGE_UNKNOWN                                                                                             \
	((struct rlg_usage){.cpu_us = -1, .peak_memory = -1, .n_cpus = -1, .memory_limit = -1, .wall_us = -1,        \
			    .cpu_efficiency = -1, .memory_efficiency = -1, .time_efficiency = -1})

/* Takes what the event says of what the attempt was given: CPUs, and memory a node; the first to say it wins. */
void rlg_usage_take_request(struct rlg_usage *usage, const struct rlg_event *event);

/* Adds what a command of `runledger exec` took, from its finish; counts where no step told what it used. */
void rlg_usage_take_exec(struct rlg_usage *usage, const struct rlg_event *finish);

/* Fills in the usage of all attempts.  `events` in any order, each id once. */
void rlg_usage_find(struct rlg_arena *arena, const struct rlg_event *events, size_t n_events,
		    struct rlg_phased_attempt *attempts, size_t n_attempts);

/* The memory of each node in bytes by "cpu=4,mem=8G,node=2,billing=4", where the nodes have as much; -1: it does not say. */
int64_t rlg_usage_node_memory(const char *tres);

#endif
