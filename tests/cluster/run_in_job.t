#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# PrologFlags=RunInJob (24.05 and newer): Slurm never calls a SPANK epilog, and every end is still recorded, from the
# job's extern step; and with Contain alone the epilog does it, once.
# shellcheck source-path=SCRIPTDIR source=stage.sh disable=SC2016,SC2317
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/stage.sh"
stage_need root
[[ $(slurmctld -V 2>/dev/null) =~ ([0-9]+)\.([0-9]+) ]] || skip_all "slurmctld does not tell its version"
((BASH_REMATCH[1] * 100 + BASH_REMATCH[2] >= 2405)) || skip_all "Slurm ${BASH_REMATCH[0]} knows no RunInJob"
stage_install || exit 99
runs=(well badly stopped late back bare step array else)

# in_group COMMAND: a line of shell as alice, in the group.
in_group() { cluster_as alice env GROUP="$group" bash -c 'cd "$GROUP" && eval "$1"' _ "$1"; }

prepare() {
	group=$(cluster_home alice)/exp tracker=$group/runs_status.yaml
	in_group 'true' 2>/dev/null || cluster_as alice mkdir "$group"
	{
		printf '# Run Plan: exp\n\n## All Runs\n\n| Run Name |\n|---|\n'
		printf '| %s |\n' "${runs[@]}"
	} | cluster_as alice tee "$group/runs_plan.md" >/dev/null
	rl alice init "$group" >/dev/null
}

# ends RUN: how each attempt of its finetune ended, "STATE exit:signal final", with blanks between them.
ends() {
	status_json alice "$group" "', '.join('%s %s:%s %s' % (a['slurm_state'], a['exit_code'], a['signal'], a['final']) for a in phase('$1','${2:-finetune}')['attempts'])"
}

submit_all() {
	in_group 'sbatch -o /dev/null -J well --wrap true
		sbatch -o /dev/null -J badly -N2 --wrap "srun true; exit 3"
		sbatch -o /dev/null -J array -a 0-2 --wrap "exit \$((SLURM_ARRAY_TASK_ID == 1 ? 7 : 0))"
		srun -J step bash -c "exit 4"; salloc -J bare bash -c "exit 5"
		cd / && sbatch -o /dev/null -J whatever --run-group=$GROUP --run=else/eval --wrap true' >/dev/null 2>&1
	stopped=$(in_group 'sbatch --parsable -o /dev/null -J stopped --wrap "sleep 600"')
	back=$(in_group 'sbatch --parsable -o /dev/null -J back --wrap "[ \${SLURM_RESTART_COUNT:-0} != 0 ] || sleep 600"')
	late=$(in_group 'sbatch --parsable -o /dev/null -J late --wrap "sleep 600"')
	cluster_wait_state "$late" RUNNING
	cluster_admin scontrol update JobId="$late" EndTime=now+1
	cluster_wait_state "$stopped" RUNNING && cluster_as alice scancel "$stopped"
	cluster_wait_state "$back" RUNNING && cluster_as alice scontrol requeue "$back"
	cluster_wait_state "$back" PENDING
	sleep 1.1                      # a start within the second of the requeue is "already killed" to slurmd
	cluster_admin scontrol update JobId="$back" StartTime=now
}

all_tasks_told() { (($(records_count "$group" array finish) == 3)); }

claim_all() {
	local how=$1
	tracker_becomes "$tracker" well finetune_status completed "$how: a job that ends well"
	tracker_becomes "$tracker" badly finetune_status failed "$how: one on two nodes that ends badly"
	is "$(ends badly)" "FAILED 3:0 True" "$how: with its exit code"
	is "$(records_count "$group" badly finish)" 1 "$how: once, though it had two nodes"
	tracker_becomes "$tracker" stopped finetune_status failed "$how: one that was cancelled"
	is "$(ends stopped)" "CANCELLED 0:0 True" "$how: in Slurm's words"
	tracker_becomes "$tracker" back finetune_status completed "$how: one that was requeued"
	is "$(ends back)" "REQUEUED 0:0 False, COMPLETED 0:0 True" "$how: has two attempts"
	tracker_becomes "$tracker" step finetune_status failed "$how: srun as allocator"
	is "$(ends step)" "FAILED 4:0 True" "$how: with the exit code of its command"
	tracker_becomes "$tracker" bare finetune_status failed "$how: salloc without a step"
	is "$(ends bare)" "FAILED 5:0 True" "$how: with the exit code of its command"
	tracker_becomes "$tracker" array finetune_status failed "$how: an array of which one task fails"
	wait_until 30 all_tasks_told
	is "$(ends array | sed 's/, /\n/g' | sort | paste -sd ,)" "COMPLETED 0:0 True,COMPLETED 0:0 True,FAILED 7:0 True" "$how: each task is told"
	tracker_becomes "$tracker" else eval_status completed "$how: a job that was asked into the group from elsewhere"
	CLUSTER_TIMEOUT=60 tracker_becomes "$tracker" late finetune_status failed "$how: one that reached its time limit"
	is "$(ends late)" "TIMEOUT 0:0 True" "$how: in Slurm's words"
	records_are_valid "$group" "$how: every record obeys the schema"
	cluster_is_unhurt "$how: nothing of ours is left, and every node serves"
}

for flags in RunInJob Contain; do
	# Only Contain has a use for the epilog object.
	cluster_start --plugstack <(stage_plugstack | grep -v "$([[ $flags == Contain ]] && echo NOTHING || echo epilog)") \
		--conf <(echo "PrologFlags=$flags") || exit 99
	stage_need_multiuser
	prepare
	submit_all
	claim_all "$flags"
	is "$(cat "$group"/.runledger/runs/*/*.jsonl | grep -c '"name":"finish"')" 12 "$flags: one record for each end"
	cluster_stop
done
done_testing
