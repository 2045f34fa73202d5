#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `runledger log` in real jobs: what a job tells goes to its own attempt, whatever started it, and never to the one that
# submitted it; and what a program prints goes through untouched.
# shellcheck source-path=SCRIPTDIR source=stage.sh disable=SC2016,SC2119,SC2317
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/stage.sh"
stage_need root
stage_install || exit 99
stage_cluster --cpus 16 || exit 99
stage_need_multiuser

home=$(cluster_home alice)
group=$home/exp
runs='batch none tasks inter outer inner piped requeued rejoin plain seed_0 seed_1 far'
declare -A job                        # what was submitted, by a name of ours

cluster_as alice bash -c 'mkdir -p "$1" "$3/elsewhere" && cd "$1" && mkdir $2 &&
	{ printf "# Run Plan: exp\n\n## All Runs\n\n| Run Name |\n|---|\n"; printf "| %s |\n" $2; } >runs_plan.md &&
	"$4" init . >/dev/null &&
	printf "match:\n  - \"{phase}_{run}\"\n  - \"{run}\"\n  - {job_name: sweep, run: \"seed_{array_task}\"}\n" >>.runledger/config.yaml' \
	_ "$group" "$runs" "$home" "$RUNLEDGER" || exit 99

# as FOLDER COMMAND: a line of shell, as alice; $X is the program.
as() { cluster_as alice env X="$RUNLEDGER" bash -c 'cd "$1" && eval "$2"' _ "$1" "$2"; }
# sub NAME FOLDER SBATCH-ARGUMENTS: standard input is the script; remembered as job[NAME].
sub() {
	make_as alice "$group/$1.slurm" 755
	job[$1]=$(as "$2" "sbatch --parsable -o '$group/$1.out' -J $1 $3 '$group/$1.slurm'")
	[[ ${job[$1]} =~ ^[0-9]+$ ]] || note "sbatch $1: ${job[$1]:-nothing}"
}
# progress RUN [PHASE]: each attempt as (job id, records, step, [(name, first, last, best)...])
progress() {
	status_json alice "$group" "[(a['job_id'], p and p['records'], p and p['step'], [(m['name'],m['first'],m['last'],m['best']) for m in p['metrics']] if p else []) for a in phase('$1','${2:-finetune}')['attempts'] for p in [a['progress']]]"
}
# members RUN KEY...: of each of its progress records, in order of time
members() {
	records_of "$group" "$1" progress | /usr/bin/python3 -c '
import json, sys
for r in sorted((json.loads(l) for l in sys.stdin), key=lambda r: r["timestamp"]):
    print(*(r["context"].get(k, "-") for k in sys.argv[1:]))' "${@:2}"
}
ended() { cluster_wait_done "${job[$1]}" || note "$(cat "$group/$1.out")"; }
start_again() {
	cluster_job_in_state "$1" RUNNING COMPLETED && return
	cluster_admin scontrol update JobId="$1" StartTime=now 2>/dev/null
	return 1
}

# --- what takes longer begins first

sub requeued "$group" '' <<-END
	#!/bin/bash
	$RUNLEDGER log step=\$((100 + \${SLURM_RESTART_COUNT:-0})) loss=\$((5 - \${SLURM_RESTART_COUNT:-0}))
	[ "\${SLURM_RESTART_COUNT:-0}" = 0 ] || exit 0
	touch $group/requeue.me
	sleep 600
END
sub batch "$group" '' <<-END
	#!/bin/bash
	cd /
	env | grep ^RUNLEDGER_ADDRESS=
	$RUNLEDGER log step=1 train_loss=0.850 note="warm up" && $RUNLEDGER log step=2400 train_loss=0.0850
	echo "status \$?"
END
sub none "$home/elsewhere" '--export=NONE --run=none --run-group=../exp' <<-END
	#!/bin/bash
	$RUNLEDGER log step=3
	srun --export=NONE $RUNLEDGER log step=4
END
sub tasks "$group" '-N2 -n8' <<-END
	#!/bin/bash
	srun bash -c '$RUNLEDGER log step=\$SLURM_PROCID rank=\$SLURM_PROCID node=\$SLURMD_NODENAME'
END
sub outer "$group" '' <<-END
	#!/bin/bash
	$RUNLEDGER log step=10
	sbatch --parsable -o /dev/null -J inner --wrap '$RUNLEDGER log step=20' >$group/inner.id
	cd $home/elsewhere && sbatch --parsable -o $group/stranger.out -J stranger --wrap '
		env | grep RUNLEDGER; $RUNLEDGER log step=30; echo "status \$?"' >$group/stranger.id
	$RUNLEDGER log step=11
END
cat >"$work/train.py" <<'END'
import sys, time
print("loading the model")
for step in range(1, 6):
    print("step=%d, loss=%.4f" % (step, 1 / step), flush=True)
    print({"eval_loss": 2.5 / step, "epoch": 0.1 * step})
    sys.stderr.write("to stderr %d\n" % step)
print("done", end="")
END
make_as alice "$home/train.py" 644 <"$work/train.py"
sub piped "$group" '' <<-END
	#!/bin/bash
	set -o pipefail
	/usr/bin/python3 $home/train.py 2>/dev/null | $RUNLEDGER log --tee - >$group/piped.copy
	echo "status \$?"
	head -c 100000000 /dev/zero | tr '\\0' x | $RUNLEDGER log --tee - | wc -c
	(yes "step=7 loss=0.5" | head -n 200000; echo step=8) | $RUNLEDGER log --tee - >/dev/null
	(exit 3) | $RUNLEDGER log -
	echo "status \$?"
END
sub sweep "$group" '-a 0-1' <<-END
	#!/bin/bash
	$RUNLEDGER log step=\$((50 + SLURM_ARRAY_TASK_ID))
END

# --- a batch script

ended batch
is "$(sed -n 2p "$group/batch.out")" "status 0" "log works in a batch script, in any folder"
like "$(cat "$group/batch.out")" "RUNLEDGER_ADDRESS=${job[batch]}/" "the job has its address"
is "$(progress batch)" "[('${job[batch]}', 2, 2400, [('train_loss', 0.85, 0.085, 0.085), ('note', 'warm up', 'warm up', None)])]" \
	"its values are its attempt's"
is "$(members batch job_id cluster run phase step | tail -n 1)" \
	"${job[batch]} $(cluster_admin scontrol show config | awk '$1 == "ClusterName" { print $3 }') batch finetune 2400" \
	"with job, cluster, run and phase"
like "$(records_of "$group" batch progress)" '"train_loss":0.0850' "and its figures are as it wrote them"
like "$(rl alice status "$group" --run batch)" "  train_loss   0.850 first, 0.0850 last, 0.0850 best" "status --run tells them"

# --- without the submission's environment

ended none
is "$(progress none)" "[('${job[none]}', 2, 4, [])]" "--export=NONE loses nothing, in batch and in srun"

# --- several tasks on several nodes at once

ended tasks
is "$(members tasks step | sort -n | tr '\n' ' ')" "0 1 2 3 4 5 6 7 " "eight tasks tell once each"
is "$(members tasks job_id | sort -u)" "${job[tasks]}" "all of the one job"
is "$(records_of "$group" tasks progress | grep -o '"values":{"node":"n[12]"}' | sort -u | wc -l)" 2 "a name of ours is still the job's own"
like "$(progress tasks)" "[('${job[tasks]}', 8, " "and its attempt has them all"

# --- a job that submits jobs

ended outer
job[inner]=$(<"$group/inner.id") job[stranger]=$(<"$group/stranger.id")
cluster_wait_done "${job[inner]}"
cluster_wait_done "${job[stranger]}"
is "$(progress outer)" "[('${job[outer]}', 2, 11, [])]" "a job that submits others keeps its own progress"
is "$(progress inner)" "[('${job[inner]}', 1, 20, [])]" "one that it submits has its own"
is "$(grep -c 'status 1' "$group/stranger.out")" 1 "one that belongs nowhere says so"
unlike "$(cat "$group/stranger.out")" "RUNLEDGER_ADDRESS" "and has no address, though it inherited one"
is "$(cat "$group"/.runledger/runs/*/*.jsonl | grep '"name":"progress"' | grep -c "\"job_id\":${job[stranger]}")" 0 \
	"nothing of it is recorded elsewhere"

# --- what a program prints

ended piped
is "$(cksum <"$group/piped.copy")" "$(/usr/bin/python3 "$work/train.py" 2>/dev/null | cksum)" "--tee copies byte for byte"
is "$(tr '\n' ' ' <"$group/piped.out")" "status 0 100000000 status 3 " "100 MB without a line end get through; the status is the program's"
is "$(members piped step | head -n 1)" 1 "the first line is recorded at once"
is "$(progress piped | grep -o ", 8, \[('loss', 1.0000, \|, 8, \[('loss', 1.0, " | wc -l)" 1 "the last step is the last"
ok_if "$(($(members piped step | wc -l) > 12))" "and there are few records of 200,000 lines"

# --- an array with a run a task

cluster_wait_done "${job[sweep]}"
is "$(members seed_0 step) $(members seed_1 step)" "50 51" "each task of an array tells its own run"

wait_until "$CLUSTER_TIMEOUT" test -e "$group/requeue.me"
cluster_admin scontrol requeue "${job[requeued]}"

# --- interactive

run as "$group" "salloc -J inter bash -c '\$X log step=1 && srun \$X log step=2'"
status_is 0 "salloc: log works beside srun and in it"
is "$(members inter step | tr '\n' ' ')" "1 2 " "and both are recorded"
run as "$group" "srun -J plain \$X log step=5"
is "$(members plain step)" 5 "srun alone"
run as "$home/elsewhere" "srun -J far --run=far/eval --run-group=../exp \$X log step=6"
is "$(progress far eval | cut -d, -f 2-)" " 1, 6, [])]" "the phase is the one that was asked for"

# --- requeued

cluster_wait_state "${job[requeued]}" PENDING
sleep 1.1                              # a start within the second of the requeue is "already killed" to slurmd
wait_until 30 start_again "${job[requeued]}"
ended requeued
is "$(progress requeued)" "[('${job[requeued]}', 1, 100, [('loss', 5, 5, 5)]), ('${job[requeued]}', 1, 101, [('loss', 4, 4, 4)])]" \
	"each attempt of a requeued job has its own"
is "$(status_json alice "$group" "phase('requeued','finetune')['progress']['step']")" 101 "and the phase the last"

# --- without the plugins' word

run as "$group/rejoin" "srun -J rejoin env -u RUNLEDGER_ADDRESS bash -c 'unset \${!SLURM_SPANK*}; \$X log step=9'"
is "$(members rejoin step)" 9 "without its address a job is found by its folder"

records_are_valid "$group" "all records obey the schema"
cluster_is_unhurt "nothing is left, and every node serves"
done_testing
