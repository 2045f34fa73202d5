#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Where Slurm holds jobs in cgroups: nothing of ours stays in a job's, so Slurm can remove it.
# shellcheck source-path=SCRIPTDIR source=stage.sh
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/stage.sh"
stage_need root
hierarchy=/sys/fs/cgroup/freezer
[[ -w $hierarchy/cgroup.procs ]] || skip_all "there is no cgroup hierarchy of version 1 to write to"
stage_install || exit 99
cluster_cgroup_turn || exit 99
stage_cluster --conf <(echo ProctrackType=proctrack/cgroup) || exit 99
stage_need_multiuser

jobs_cgroups() { find "$hierarchy" -path "*/uid_$(alice_uid)/job_*" -prune -print 2>/dev/null; }
no_cgroups() { [[ -z $(jobs_cgroups) ]]; }

group=$(cluster_home alice)/exp
seed_experiment "$group"
rl alice init "$group" >/dev/null
for _ in 1 2 3 4 5; do
	job=$(cluster_submit alice -o /dev/null -J eval_1B_rank4 -D "$group" --wrap true)
done
cluster_idle
tracker_becomes "$group/runs_status.yaml" 1B_rank4 eval_status completed "jobs in cgroups are tracked"
is "$(tracker_value "$group/runs_status.yaml" 1B_rank4 eval_job_id)" "\"$job\"" "to the last"
wait_until 5 no_cgroups
is "$(jobs_cgroups)" "" "jobs of a moment leave no cgroup behind"
cluster_is_unhurt "every node serves"
cluster_stop
find "$hierarchy" -maxdepth 1 -name 'slurm_n[1-3]' -exec rmdir --ignore-fail-on-non-empty {} + 2>/dev/null
done_testing
