#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A thousand-task array of `true`, with everything of ours at work: every task is recorded once, nothing is lost, nothing
# waits at the end.  Prints how long it took beside the same without us; that is a figure, not a verdict.
#
# RLG_ARRAY_TASKS=N makes it shorter.
# shellcheck source-path=SCRIPTDIR source=stage.sh disable=SC2119,SC2016,SC2317
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/stage.sh"
stage_need root
stage_install || exit 99

TASKS=${RLG_ARRAY_TASKS:-1000}
SIZE=(--nodes 10 --cpus 32)           # as many slurmds as this machine can bear
PATIENCE=600                          # seconds
chmod 711 "$work"
spool=$work/spool

# array_takes FOLDER: runs it as alice from there; sets took, in seconds, from sbatch to the last node's epilog.
array_takes() {
	local begin=$EPOCHREALTIME
	id=$(cluster_as alice bash -c 'cd "$1" && sbatch --parsable -o /dev/null -J array -a "0-$2" -t 5 --wrap true' _ "$1" $((TASKS - 1))) || return
	wait_until "$PATIENCE" nobody_queues || return
	took=$(awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
}
# A look a second, as it is a question to slurmctld.
nobody_queues() {
	sleep 1
	[[ $(cluster_admin squeue -h -o %i 2>&1 | head -n 1) == '' ]]
}

# --- without us

cluster_start --unprivileged "${SIZE[@]}" --conf <(printf 'MaxArraySize=10001\nMaxJobCount=20000\n') || exit 99
stage_need_multiuser
array_takes "$(cluster_home alice)"
ok_if $? "without us the array of $TASKS tasks ends"
without=$took
cluster_stop

# --- with all of us

mkdir "$spool"
printf '#!/bin/sh\nexec %s/libexec/runledger/runledger-jobcomp --spool=%s\n' "$STAGE" "$spool" >"$work/jobcomp"
chmod 755 "$work/jobcomp"
stage_cluster --unprivileged "${SIZE[@]}" \
	--conf <(printf 'MaxArraySize=10001\nMaxJobCount=20000\nJobCompType=jobcomp/script\nJobCompLoc=%s\n' "$work/jobcomp") || exit 99
cluster_admin chown slurmctl "$spool" && chmod 700 "$spool"
group=$(cluster_home alice)/exp
cluster_as alice mkdir "$group"
printf '# Run Plan: exp\n\n## All Runs\n\n| Run Name |\n|---|\n| array |\n' | make_as alice "$group/runs_plan.md" 644
rl alice init "$group" >/dev/null || exit 99
cluster_admin bash -c 'exec "${@:2}" 2>>"$1"' _ "$work/drain.err" "$RUNLEDGER" drain --follow --spool="$spool" 2>/dev/null &
disown

array_takes "$group"
ok_if $? "with us it ends"
ended=$EPOCHREALTIME
is "$(cluster_admin scontrol -o show job "$id" | grep -c 'JobState=COMPLETED .*ExitCode=0:0')" "$TASKS" \
	"every task ended as without us"

all_ends() { [[ $(records_of "$group" array finish | grep -cF '"source":"jobcomp"') -ge $TASKS ]]; }
wait_until 120 all_ends
ok_if $? "slurmctld's word on each of them is recorded"
behind=$(awk -v a="$ended" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
# An entry is removed a moment after its record was appended.
spool_files() { find "$spool" -type f; }
spool_is_empty() { [[ -z $(spool_files) ]]; }
wait_until 30 spool_is_empty
is "$(spool_files)" "" "nothing waits in the spool, and nothing there was bad: slurmctld's queue of calls is empty"
is "$(cat "$work/drain.err")" "" "drain had nothing to complain of"

# The tracker's last refresh may still be at work.
tracker_becomes "$group/runs_status.yaml" array finetune_status completed "the run has completed"
rl alice status "$group" --json >"$work/status.json"
said=$(/usr/bin/python3 - "$work/status.json" "$TASKS" <<'END'
import collections, json, sys
attempts = [a for r in json.load(open(sys.argv[1]))["runs"] for p in r["phases"] for a in p["attempts"]]
tasks = collections.Counter(a["array_task_id"] for a in attempts)
print(len(attempts), "attempts")
print(collections.Counter(a["slurm_state"] for a in attempts) == {"COMPLETED": int(sys.argv[2])}, "all COMPLETED")
print(sorted(tasks) == list(range(int(sys.argv[2]))) and set(tasks.values()) == {1}, "each task id once")
print(len({a["job_id"] for a in attempts}) == int(sys.argv[2]), "each job id once")
print({a["source"] for a in attempts} == {"jobcomp"}, "by jobcomp's word")
END
)
is "$said" "$TASKS attempts
True all COMPLETED
True each task id once
True each job id once
True by jobcomp's word" "every task is one attempt"
is "$(records_count "$group" array start)" "$TASKS" "every start is recorded once"
# On a busy machine an epilog may give up after its time; slurmctld's word is there for that.
note "$(records_of "$group" array finish | grep -cF '"source":"epilog"') ends were told by their nodes as well"
records_are_valid "$group" "every record obeys the schema"
note "$TASKS tasks took $without s without us and $took s with plugins, jobcomp and drain: x$(awk -v a="$took" -v b="$without" 'BEGIN { printf "%.2f", a / b }')"
note "$(awk -v n="$TASKS" -v a="$took" -v b="$without" 'BEGIN { printf "%.1f and %.1f tasks a second", n / b, n / a }'); the records were complete $behind s after the last task"
done_testing
