#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `runledger exec` in real jobs: first where Slurm knows nothing of us, then beside the plugins, then where Slurm holds
# jobs in cgroups.
# shellcheck source-path=SCRIPTDIR source=stage.sh disable=SC2119,SC2016,SC2317
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/stage.sh"
stage_need root
stage_install || exit 99
cluster_start --cpus 16 || exit 99
stage_need_multiuser

declare -A job                        # what was submitted, by a name of ours

# as FOLDER COMMAND: a line of shell, as alice; $X is `runledger exec`'s program.
as() {
	cluster_as alice env X="$RUNLEDGER" bash -c 'cd "$1" && eval "$2"' _ "$1" "$2"
}
# sub NAME SBATCH-ARGUMENTS: standard input is the script; remembered as job[NAME].
sub() {
	make_as alice "$group/$1.slurm" 755
	job[$1]=$(as "$group" "sbatch --parsable -o '$group/$1.out' -J $1 $2 $1.slurm")
	[[ ${job[$1]} =~ ^[0-9]+$ ]] || note "sbatch $1: ${job[$1]:-nothing}"
}
# attempts RUN [PHASE]: each as (state, final, exit code, signal, source)
attempts() {
	status_json alice "$group" "[(a['slurm_state'],a['final'],a['exit_code'],a['signal'],a['source']) for a in phase('$1','${2:-finetune}')['attempts']]"
}
status_of() { status_json alice "$group" "phase('$1','${2:-finetune}')['status']"; }
# attempts_become EXPECTED CLAIM RUN...: an epilog does not wait for the process that appends what it found out.
attempts_become() {
	local expected=$1 claim=$2
	shift 2
	wait_until 20 attempts_are "$expected" "$@"
	is "$(attempts_of "$@")" "$expected" "$claim"
}
attempts_of() {
	local each=() run phase
	for run; do
		IFS=/ read -r run phase <<<"$run"
		each+=("$(attempts "$run" "$phase")")
	done
	echo "${each[*]}"
}
attempts_are() { [[ $(attempts_of "${@:2}") == "$1" ]]; }
outcome() { echo "$(cluster_job_field "${job[$1]}" JobState) $(cluster_job_field "${job[$1]}" ExitCode)"; }
start_again() {
	cluster_job_in_state "$1" RUNNING COMPLETED && return
	cluster_admin scontrol update JobId="$1" StartTime=now 2>/dev/null
	return 1
}
has_line() { grep -qs "$1" "$2"; }

# new_group NAME: a run group of alice's; sets group.
new_group() {
	group=$(cluster_home alice)/$1
	cluster_as alice bash -c 'mkdir "$1" && cd "$1" && {
		printf "# Run Plan: exec\n\n## All Runs\n\n| Run Name |\n|---|\n"
		for run in ok bad killed itself both stopped task step again deaf seed_0 seed_1 seed_2; do echo "| $run |"; done
	} >runs_plan.md' _ "$group"
	rl alice init "$group" >/dev/null || exit 99
	cluster_as alice tee -a "$group/.runledger/config.yaml" >/dev/null <<-'END'
		match:
		  - "{phase}_{run}"
		  - "{run}"
		  - {job_name: sweep, run: "seed_{array_task}"}
	END
	# A command that says each TERM that it gets, and ends on USR2, or a while after the first.
	make_as alice "$group/listen.py" 755 <<-'END'
		#!/usr/bin/python3
		import os, select, signal, sys
		out, into = os.pipe()
		os.set_blocking(into, False)
		signal.set_wakeup_fd(into)
		for name in ("TERM", "USR1", "USR2"):
		    signal.signal(getattr(signal, "SIG" + name), lambda number, frame: None)
		print("ready", os.getppid(), flush=True)
		patience = None
		while select.select([out], [], [], patience)[0]:
		    number = os.read(out, 1)[0]
		    if number in (signal.SIGTERM, signal.SIGUSR1):
		        print("got", signal.Signals(number).name, flush=True)
		        patience = 0.7
		sys.exit(3)
	END
}

# signalled NAME SIGNALS CLAIM: what the listener of that job heard, and that its end was recorded.
signalled() {
	wait_until 20 has_finish_of_exec "$1"
	is "$(grep ^got "$group/$1.out" | tr '\n' ' ')" "$2" "$3"
	is "$(records_of "$group" "$1" finish | grep '"source":"exec"' | grep -o '"exit_code":[0-9]*')" '"exit_code":3' "$3: and its own end is told"
}
has_finish_of_exec() { records_of "$group" "$1" finish | grep -q '"source":"exec"'; }
has_record() { [[ $(records_count "$group" "$1" "$2") -gt 0 ]]; }

submit_all() {
	sub ok '-e ok.err' <<-END
		#!/bin/bash
		$RUNLEDGER exec -- sh -c 'echo hello; sleep 0.1'
	END
	sub bad '' <<-END
		#!/bin/bash
		$RUNLEDGER exec sh -c 'exit 7'
	END
	sub killed '' <<-END
		#!/bin/bash
		$RUNLEDGER exec sh -c 'kill -9 \$\$'
	END
	sub itself '' <<-END
		#!/bin/bash
		exec $RUNLEDGER exec sh -c 'kill -9 \$\$'
	END
	sub both '' <<-END
		#!/bin/bash
		$RUNLEDGER exec --run=both/finetune true
		$RUNLEDGER exec --run=both/finetune sleep 0.2
		$RUNLEDGER exec --run=both/eval sh -c 'exit 5'
		true
	END
	sub stopped '' <<-END
		#!/bin/bash
		trap : TERM
		$RUNLEDGER exec ./listen.py
	END
	sub task '' <<-END
		#!/bin/bash
		exec $RUNLEDGER exec ./listen.py
	END
	sub step '' <<-END
		#!/bin/bash
		trap : TERM
		srun -n1 $RUNLEDGER exec ./listen.py
	END
	sub deaf '' <<-END
		#!/bin/bash
		trap : TERM
		$RUNLEDGER exec sh -c 'until grep -qs start .runledger/runs/deaf/*; do sleep 0.05; done; [ -e go ] || kill -9 \$PPID'
		echo ready
		while [ ! -e go ]; do sleep 0.05; done
	END
	sub again '' <<-END
		#!/bin/bash
		trap : TERM
		$RUNLEDGER exec sh -c 'echo ready; while [ ! -e go ]; do sleep 0.05; done'
	END
	sub sweep '-a 0-2' <<-END
		#!/bin/bash
		$RUNLEDGER exec sh -c 'exit \$((SLURM_ARRAY_TASK_ID == 1 ? 9 : 0))'
	END
}

# --- what is the same with the plugins and without

# told SOURCE UNKNOWN: who tells the end, and what becomes of an attempt whose end no exec could tell.  With $cgroup Slurm
# signals nobody but its own tasks, and the rest of a requeued job is killed: then it is chance whether exec can tell.
told() {
	local name
	for name in ok bad killed itself both; do
		cluster_wait_done "${job[$name]}"
	done
	is "$(<"$group/ok.out")" hello "$1: the job's output is the command's"
	# A disk that needs seconds for a record is told of.
	is "$(grep -v 'recording takes longer than' "$group/ok.err")" "" "$1: and nothing is said beside it"
	is "$(outcome ok) $(outcome bad) $(outcome killed) $(outcome itself)" \
		"COMPLETED 0:0 FAILED 7:0 FAILED 137:0 FAILED 0:9" "$1: jobs end as they would have without exec"
	tracker_becomes "$group/runs_status.yaml" ok finetune_status completed "$1: a command that ended well"
	attempts_become "[('COMPLETED', True, 0, 0, '$1')]" "$1: is one attempt" ok
	is "$(tracker_value "$group/runs_status.yaml" ok finetune_job_id)" "\"${job[ok]}\"" "$1: with its job's id"
	tracker_becomes "$group/runs_status.yaml" bad finetune_status failed "$1: one that failed"
	attempts_become "[('FAILED', True, 7, 0, '$1')]" "$1: is one attempt, with its exit code" bad
	tracker_becomes "$group/runs_status.yaml" itself finetune_status failed "$1: one that a signal killed"
	attempts_become "[('FAILED', True, 0, 9, '$1')]" "$1: is one attempt, with the signal" itself
	tracker_becomes "$group/runs_status.yaml" both eval_status failed "$1: two phases in one job"
	attempts_become "[('COMPLETED', True, 0, 0, '$1')] [('FAILED', True, 5, 0, 'exec')]" "$1: are an attempt each" both both/eval

	for name in stopped task step; do
		wait_until 20 has_line ready "$group/$name.out"
	done
	as "$group" "scancel ${job[stopped]} ${job[task]} ${job[step]}"
	[[ ${cgroup:-} ]] || signalled stopped 'got SIGTERM ' "$1: a cancelled job: its command gets SIGTERM once"
	signalled task 'got SIGTERM ' "$1: a cancelled job whose task exec is: its command gets SIGTERM once"
	signalled step 'got SIGTERM ' "$1: a cancelled job with a step: its command gets SIGTERM once"

	for name in again deaf; do
		wait_until 20 has_line ready "$group/$name.out"
		as "$group" "rm $name.out; scontrol requeue ${job[$name]}"
	done
	sleep 3.1                      # KillWait, and a start within a second of the requeue is "already killed" to slurmd
	as "$group" 'touch go'
	for name in again deaf; do
		wait_until 30 start_again "${job[$name]}"
	done
	for name in again deaf; do
		tracker_becomes "$group/runs_status.yaml" "$name" finetune_status completed "$1: a requeued job ($name)"
	done
	is "$(status_json alice "$group" "[a['final'] for a in phase('again','finetune')['attempts']]")" \
		"[False, True]" "$1: a requeued job has two attempts"
	[[ ${cgroup:-} ]] || is "$(status_json alice "$group" "phase('again','finetune')['attempts'][0]['slurm_state']")" REQUEUED \
		"$1: of which the first was requeued"
	is "$(status_json alice "$group" "[(a['slurm_state'],a['final']) for a in phase('deaf','finetune')['attempts']]")" \
		"[('$2', False), ('COMPLETED', True)]" "$1: also where exec was killed"

	for name in 0 1 2; do
		wait_until 20 has_record seed_$name finish
	done
	tracker_becomes "$group/runs_status.yaml" seed_2 finetune_status completed "$1: an array with a run a task: one that ended well"
	tracker_becomes "$group/runs_status.yaml" seed_1 finetune_status failed "$1: an array with a run a task: the one that failed"
	attempts_become "[('COMPLETED', True, 0, 0, '$1')] [('FAILED', True, 9, 0, '$1')]" \
		"$1: an array with a run a task: one attempt each" seed_0 seed_1
	is "$(status_json alice "$group" "len(set(phase('seed_%d' % n,'finetune')['job_id'] for n in (0, 1, 2)))")" 3 "$1: with job ids of their own"
	records_are_valid "$group" "$1: every record obeys the schema"
	is "$(status_json alice "$group" 's["damaged"]')" 0 "$1: no record is damaged"
	cluster_idle
	cluster_is_unhurt "$1: nothing of ours is left, and every node serves"
}

# --- without the plugins

new_group alone
submit_all
told exec UNKNOWN
is "$(records_of "$group" ok submit | grep -c "\"job_id\":${job[ok]},")" 1 "without the plugins exec says the submission"
is "$(tracker_value "$group/runs_status.yaml" killed finetune_status)" failed "a killed command in a script that goes on"
is "$(attempts killed)" "[('FAILED', True, 0, 9, 'exec')]" "and how"
is "$(find "$group" ! -uid "$(alice_uid)")" "" "every file is alice's"

# --- with them

stage_plugstack >"$CLUSTER_DIR/etc/plugstack.conf"
for node in n1 n2 n3; do
	cluster_restart_slurmd "$node" &
done
wait
new_group beside
submit_all
told epilog REQUEUED
is "$(records_count "$group" ok submit)" 1 "with the plugins there is one submission, theirs"
is "$(records_of "$group" ok start | grep -o '"sid":"[0-9a-f]*"' | sort -u | wc -l)" 1 "and exec has its id"
is "$(attempts stopped)" "[('CANCELLED', True, 0, 0, 'epilog')]" "a cancelled job is cancelled, whatever exec saw"
is "$(status_json alice "$group" "[len(p['attempts']) for r in s['runs'] for p in r['phases'] if p['attempts'] and r['run'] not in ('again','deaf') and len(p['attempts']) != 1]")" \
	"[]" "no job is two attempts"
cluster_stop

# --- where Slurm signals its own tasks alone

hierarchy=/sys/fs/cgroup/freezer
if [[ -w $hierarchy/cgroup.procs ]]; then
	# shellcheck disable=SC2064 # which is another by then
	trap "$CLUSTER_OLD_TRAP" EXIT
	cluster_cgroup_turn || exit 99
	cluster_start --cpus 16 --conf <(echo ProctrackType=proctrack/cgroup) || exit 99
	cgroup=1
	new_group held
	submit_all
	told exec UNKNOWN
	cluster_stop
	find "$hierarchy" -maxdepth 1 -name 'slurm_n[1-3]' -exec rmdir --ignore-fail-on-non-empty {} + 2>/dev/null
else
	skip "in cgroups a command gets SIGTERM once" "there is no cgroup hierarchy of version 1 to write to"
fi
done_testing
