#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A job that fails tells its cause on a real Slurm: which rank on which node failed first, and how; and nothing of the
# job changes by that.
# shellcheck source-path=SCRIPTDIR source=stage.sh disable=SC2016,SC2119,SC2317
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/stage.sh"
stage_need root
stage_install || exit 99
stage_cluster || exit 99
stage_need_multiuser

group=$(cluster_home alice)/exp
runs='exit3 signal segv every steps good survived script cancel alone quiet plain oom script_oom fine'

# new_group_of DIR: a run group of alice's with these runs, each with a folder.
new_group_of() {
	cluster_as alice bash -c 'mkdir -p "$1" && cd "$1" && mkdir $2 &&
		{ printf "# Run Plan: x\n\n## All Runs\n\n| Run Name |\n|---|\n"; printf "| %s |\n" $2; } >runs_plan.md &&
		"$3" init . >/dev/null' _ "$1" "$runs" "$RUNLEDGER"
}
new_group_of "$group" || exit 99

# batch RUN COMMAND [SBATCH-ARGUMENT...]: submits; sets id.
batch() { id=$(cluster_submit alice -o "$group/$1/out" -J "$1" -D "$group/$1" "${@:3}" --wrap "$2"); }

failed_count() { records_count "$group" "$1" task-failed; }
failed_count_is() { [[ $(failed_count "$1") == "$2" ]]; }

# told RUN NUMBER CLAIM: waits for so many records of failed tasks, and claims that there are no more.
told() {
	wait_until "$CLUSTER_TIMEOUT" failed_count_is "$1" "$2"
	is "$(failed_count "$1")" "$2" "$3"
}

# facts RUN: step, node, rank, exit code, signal, and how many of how many failed; a line a record, sorted.
facts() {
	records_of "$group" "$1" task-failed | /usr/bin/python3 -c '
import json, sys
for line in sys.stdin:
    c = json.loads(line)["context"]
    print(*(c.get(k, "-") for k in ("step", "node", "rank", "exit_code", "signal", "oom", "failed", "tasks")))' | sort
}

# ended_as RUN STATE: its tracker's attempt; the end is told by the epilog.
attempt_state_is() { [[ $(status_json alice "$group" "phase('$1','finetune')['slurm_state']") == "$2" ]]; }
ended_as() { wait_until "$CLUSTER_TIMEOUT" attempt_state_is "$1" "$2"; }

# cause RUN: of its attempt, as status --json has it.
cause() {
	status_json alice "$group" "(lambda f: f and '%s %s %s %s %s %s' % tuple(f[k] for k in ('step','node','rank','exit_code','signal','oom')))(phase('$1','finetune')['attempts'][-1]['failure'])"
}

# One of four ranks on two nodes; the others would go on, and Slurm ends them.
one_of_four() {
	printf 'srun -N2 -n4 --kill-on-bad-exit=1 bash -c "if [ \$SLURM_PROCID = 2 ]; then %s; fi; exec sleep 60"' "$1"
}

# --- one rank of several

batch exit3 "$(one_of_four "exit 3")" -N2 --ntasks-per-node=2
cluster_wait_done "$id"
ended_as exit3 FAILED
is "$(cause exit3)" "0 n2 2 3 0 None" "the rank that exited with 3 is the cause, on its node, not those that Slurm ended then"
told exit3 3 "there is one record for each node of the step, and one for the batch step"
is "$(facts exit3 | grep ' n2 ')" "0 n2 2 3 0 - 2 2" "with how many of that node's tasks failed"
is "$(records_of "$group" exit3 task-failed | grep -c "\"job_id\":$id,")" 3 "they are the job's"
owners=$(find "$group/.runledger/runs/exit3" -name '*.jsonl' -printf '%U\n' | sort -u)
is "$owners" "$(alice_uid)" "and their files the user's"
like "$(rl alice status "$group" --run exit3)" ": rank 2 on n2, exit code 3" "status says it"
like "$(rl alice status "$group" --run exit3)" "  failed first rank 2 on n2 (step 0): exit code 3" "with the step, of one run"
like "$(rl alice status "$group")" "Finetune: FAILED, rank 2 on n2, exit code 3" "and in a note, of all"
like "$(rl alice report "$group")" ": rank 2 on n2, exit code 3); its log: \`$group/exit3/out\`" "report says it, with the log"
like "$(rl alice events "$group" 2>/dev/null || rl alice events --group "$group")" \
	"job $id: rank 2 on n2 (step 0) failed first: exit code 3; 2 of 2 tasks there failed" "events says it in a sentence"

batch signal "$(one_of_four 'kill -USR1 \$\$')" -N2 --ntasks-per-node=2
cluster_wait_done "$id"
ended_as signal FAILED
is "$(cause signal)" "0 n2 2 0 10 None" "a rank that is killed by a signal is told with it"
like "$(rl alice status "$group" --run signal)" ": rank 2 on n2, signal 10 (USR1)" "by its name"

batch segv "ulimit -c 0; ulimit -s 512; $(one_of_four 'f() { f; }; f')" -N2 --ntasks-per-node=2
cluster_wait_done "$id"
ended_as segv FAILED
is "$(cause segv)" "0 n2 2 0 11 None" "so is one that crashes"

# --- several

batch every 'srun -N2 -n4 bash -c "exit \$((SLURM_PROCID + 1))"' -N2 --ntasks-per-node=2
cluster_wait_done "$id"
told every 3 "where all ranks of two nodes fail there is still one record for each step and node"
is "$(facts every | cut -d' ' -f1,2,7,8)" "0 n1 2 2
0 n2 2 2
batch n1 1 1" "each says how many"
is "$(facts every | awk '$1 == 0 && $3 + 1 != $4')" "" "and the first of its node with its own exit code"

batch steps 'srun -n1 false; srun -N2 -n2 bash -c "exit 4"; exit 9' -N2 -n2
cluster_wait_done "$id"
told steps 4 "each step tells its own"
is "$(facts steps | cut -d' ' -f1,2,4)" "0 n1 1
1 n1 4
1 n2 4
batch n1 9" "with its number"

# --- none, and none that matters

batch good 'srun -N2 -n4 true' -N2 -n4
cluster_wait_done "$id"
ended_as good COMPLETED
cluster_idle
is "$(failed_count good)" 0 "a job whose ranks all succeed leaves no such record"

batch survived 'srun -N2 -n2 false; true' -N2 -n2
cluster_wait_done "$id"
ended_as survived COMPLETED
told survived 2 "a step that failed is told"
is "$(cause survived)" None "but is no cause where the job succeeded"

batch script 'exit 7'
cluster_wait_done "$id"
ended_as script FAILED
is "$(cause script)" "batch n1 0 7 0 None" "a script without srun is told as the batch step"
like "$(rl alice status "$group" --run script)" ": exit code 7 on n1" "with the node it ran on"

batch cancel 'srun -N2 -n4 bash -c "touch began.\$SLURM_PROCID; exec sleep 60"' -N2 -n4
wait_until "$CLUSTER_TIMEOUT" test -e "$group/cancel/began.3"
cluster_as alice scancel "$id"
cluster_wait_done "$id"
ended_as cancel CANCELLED
told cancel 3 "what Slurm ended is told"
is "$(cause cancel)" None "a cancelled job shows no cause"
unlike "$(rl alice status "$group" --run cancel)" "rank" "to nobody"

# --- by other ways in

# run_srun [SRUN-ARGUMENT...]: as a user's command; sets code and said, without job ids and in no order.
run_srun() {
	local out
	out=$(cluster_as alice bash -c 'cd "$1" && shift && exec srun "$@"' _ "$group/alone" "$@" 2>&1)
	code=$?
	said=$(sed 's/[0-9]*\.0\b/JOB/; s/AT [-0-9T:]*/AT/' <<<"$out" | sort)
}
fails=(-J alone -N2 -n2 bash -c 'echo "rank $SLURM_PROCID"; exit $((SLURM_PROCID * 5))')
run_srun "${fails[@]}"
with="$code $said"
told alone 1 "srun alone: the node whose rank failed tells it"
is "$(facts alone)" "0 n2 1 5 0 - 1 1" "and only that one"
ended_as alone FAILED
is "$(cause alone)" "0 n2 1 5 0 None" "it is the cause"

mv "$CLUSTER_DIR/etc/plugstack.conf" "$work/plugstack"
: >"$CLUSTER_DIR/etc/plugstack.conf"
run_srun "${fails[@]}"
is "$with" "$code $said" "srun says and returns what it does without the plugins"
# The client knows no plugin, slurmstepd does: there is no address.
batch plain 'srun -n1 bash -c "exit 6"; exit 2' --hold
mv "$work/plugstack" "$CLUSTER_DIR/etc/plugstack.conf"
cluster_as alice scontrol release "$id"
job_ended "$id" FAILED 2:0 "a failed job ends as ever"
told plain 2 "a job that was submitted without the plugin is found by its folder"
is "$(facts plain | cut -d' ' -f1-4)" "0 n1 0 6
batch n1 0 2" "and told whole"

batch quiet 'srun -N2 -n2 --export=NONE /bin/bash -c "exit 8"' -N2 -n2 --export=NONE
job_ended "$id" FAILED 8:0 "--export=NONE changes no exit code"
told quiet 3 "--export=NONE: both nodes and the script are told"

# A tool that never comes back; it writes down who it is and what it was asked for.
hangs=$(cluster_shared)/hangs
printf '#!/bin/sh\necho $$ "$@" >>%q\nexec sleep infinity\n' "$hangs.asked" >"$hangs"
chmod 755 "$hangs" && : >"$hangs.asked" && chmod 666 "$hangs.asked"
mv "$CLUSTER_DIR/etc/plugstack.conf" "$work/plugstack"
: >"$CLUSTER_DIR/etc/plugstack.conf"
batch plain 'srun -n1 false; exit 3' --hold
echo "optional $STAGE/lib/slurm/spank_runledger.so helper=$hangs conf=$STAGE_CONF" >"$CLUSTER_DIR/etc/plugstack.conf"
cluster_as alice scontrol release "$id"
job_ended "$id" FAILED 3:0 "no step and no job waits for a tool that hangs"
asked() { [[ $(grep -c ' task-failed$' "$hangs.asked") == 2 ]]; }
wait_until "$CLUSTER_TIMEOUT" asked
ok_if $? "though it was told of each failure"
while read -r pid _; do
	cluster_admin kill -KILL "$pid"
done <"$hangs.asked"
mv "$work/plugstack" "$CLUSTER_DIR/etc/plugstack.conf"

cluster_idle
records_are_valid "$group" "all records obey the schema"
cluster_is_unhurt "nothing is left, every node serves"

# --- memory

hierarchy=/sys/fs/cgroup/memory
if [[ -w $hierarchy/cgroup.procs && -w /sys/fs/cgroup/freezer/cgroup.procs ]]; then
	cluster_stop
	# shellcheck disable=SC2064 # as it stands now: the next cluster's trap would call this one's, which is itself
	trap "$CLUSTER_OLD_TRAP" EXIT
	printf '%s\n' ProctrackType=proctrack/cgroup TaskPlugin=task/cgroup SelectTypeParameters=CR_Core_Memory >"$work/conf"
	cluster_cgroup_turn || exit 99
	stage_cluster --conf "$work/conf" || exit 99
	printf '%s\n' CgroupPlugin=cgroup/v1 ConstrainRAMSpace=yes >"$CLUSTER_DIR/etc/cgroup.conf"
	# Where there is swap it must not help.
	[[ ! -e $hierarchy/memory.memsw.limit_in_bytes ]] ||
		printf '%s\n' ConstrainSwapSpace=yes AllowedSwapSpace=0 >>"$CLUSTER_DIR/etc/cgroup.conf"
	for node in n1 n2 n3; do
		cluster_restart_slurmd "$node"
	done
	group=$(cluster_home alice)/exp
	new_group_of "$group" || exit 99

	eats='import os, time
if os.environ["SLURM_PROCID"] == "2":
    bytearray(300 << 20)
time.sleep(60)'
	make_as alice "$group/eats.py" 644 <<<"$eats"
	batch oom "srun -N2 -n3 --kill-on-bad-exit=1 /usr/bin/python3 $group/eats.py" -N2 -n3 --mem=100
	cluster_wait_done "$id"
	ended_as oom FAILED
	is "$(cause oom)" "0 n2 2 0 9 True" "a rank that the kernel killed for its memory is told as that"
	like "$(rl alice status "$group")" "Finetune: FAILED, rank 2 on n2, out of memory" "in few words"
	like "$(rl alice events --group "$group")" "rank 2 on n2 (step 0) failed first: killed by signal 9 (KILL), out of memory" \
		"and in a sentence"

	batch script_oom "exec /usr/bin/python3 -c 'bytearray(300 << 20)'" --mem=100
	cluster_wait_done "$id"
	ended_as script_oom OUT_OF_MEMORY
	is "$(cause script_oom)" "batch n1 0 0 9 True" "so is a batch script"
	like "$(rl alice status "$group")" "Finetune: OUT_OF_MEMORY, the batch script on n1" "without saying it twice"

	batch fine 'srun -N2 -n2 bash -c "exit \$SLURM_PROCID"' -N2 -n2 --mem=100
	cluster_wait_done "$id"
	ended_as fine FAILED
	is "$(cause fine)" "0 n2 1 1 0 False" "a rank that failed with memory left is told as that"

	cluster_idle
	no_cgroups() { [[ -z $(jobs_cgroups) ]]; }
	jobs_cgroups() { find "$hierarchy" /sys/fs/cgroup/freezer -path "*/uid_$(alice_uid)/job_*" -prune -print 2>/dev/null; }
	wait_until 30 no_cgroups
	is "$(jobs_cgroups)" "" "failed jobs leave no cgroup behind"
	records_are_valid "$group" "these records obey the schema, too"
	cluster_is_unhurt "every node serves"
	cluster_stop
	find "$hierarchy" /sys/fs/cgroup/freezer -maxdepth 1 -name 'slurm_n[1-3]' -exec rmdir --ignore-fail-on-non-empty {} + 2>/dev/null
else
	skip "a rank that the kernel killed for its memory is told as that" "no cgroup hierarchies of version 1 to write to"
fi
done_testing
