#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Store and forward on a real Slurm: what the plugins cannot put into a status file waits on the node, and no record is lost,
# also where drain is killed and started again, and where jobs come and go as fast as they can.
#
# RLG_SPOOL_JOBS=N and RLG_SPOOL_FAST=N make it shorter.
# shellcheck source-path=SCRIPTDIR source=stage.sh disable=SC2119,SC2016,SC2317
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/stage.sh"
stage_need root
stage_install || exit 99

JOBS=${RLG_SPOOL_JOBS:-100}           # while their group cannot be written to
FAST=${RLG_SPOOL_FAST:-500}           # as fast as the cluster goes
PATIENCE=300                          # seconds

chmod 711 "$work"
mkdir "$work/jobcomp.spool"
mkdir -m 1777 "$work/node"
node=$work/node
printf 'node_spool = %s\nspool = %s\nspool_after_ms = 3000\ntimeout_ms = 10000\n' "$node" "$work/jobcomp.spool" >"$work/site.conf"
chmod 644 "$work/site.conf"
printf '#!/bin/sh\nexec %s/libexec/runledger/runledger-jobcomp --conf=%s\n' "$STAGE" "$work/site.conf" >"$work/jobcomp"
chmod 755 "$work/jobcomp"
plugins=$STAGE/lib/slurm:$(dirname "$(PATH=$PATH:/usr/sbin find /usr/lib /usr/lib64 "${RLG_SLURM_PREFIX:-/usr}/lib" -name auth_munge.so 2>/dev/null | head -n 1)")
cluster_start --unprivileged --nodes 3 --cpus 64 --plugstack <(stage_plugstack "conf=$work/site.conf") \
	--conf <(printf 'MaxJobCount=20000\nJobCompType=jobcomp/script\nJobCompLoc=%s\nCliFilterPlugins=cli_filter/runledger\nPluginDir=%s\n' \
		"$work/jobcomp" "$plugins") || exit 99
stage_need_multiuser
cluster_admin chown slurmctl "$work/jobcomp.spool" && chmod 700 "$work/jobcomp.spool"

group=$(cluster_home alice)/exp
own=$node/u$(alice_uid)
# new_group NAME: alice's, with one run.
new_group() {
	group=$(cluster_home alice)/$1
	cluster_as alice mkdir "$group"
	printf '# Run Plan: exp\n\n## All Runs\n\n| Run Name |\n|---|\n| one |\n' | make_as alice "$group/runs_plan.md" 644
	rl alice init "$group" >/dev/null || exit 99
}
# submit_jobs N [COMMAND]: as alice, from the group's folder, in one go; ids, a line each, in $work/ids
submit_jobs() {
	cluster_as alice bash -c 'cd "$1" && for ((i = 0; i < $2; i++)); do sbatch --parsable -o /dev/null -J one -t 5 --wrap "$3"; done' \
		_ "$group" "$1" "${2:-true}" >"$work/ids" 2>"$work/said"
}
nobody_queues() { sleep 1; [[ $(cluster_admin squeue -h -o %i 2>&1 | head -n 1) == '' ]]; }
waiting() { find "$node" "$work/jobcomp.spool" -name '[0-9]*.json' 2>/dev/null | wc -l; }
drain() { cluster_admin "$RUNLEDGER" drain --conf="$work/site.conf"; }
drain_until_empty() { drain >>"$work/drain.out" 2>&1; (($(waiting) == 0)); }

# told EVENT: of how many of the ids there is such a record
told() {
	cat "$group/.runledger/runs/one/"*.jsonl | /usr/bin/python3 -c '
import json, sys
ids = {int(line) for line in open(sys.argv[1])}
told = set()
for line in sys.stdin:
    record = json.loads(line)
    if record["name"] == sys.argv[2] and record["context"].get("job_id") in ids:
        told.add(record["context"]["job_id"])
print(len(told))' "$work/ids" "$1"
}
# all_told N CLAIM: each job's submission, start and end is recorded, and each is one attempt that has completed
all_told() {
	is "$(sort -u "$work/ids" | wc -l)" "$1" "$2: $1 jobs were submitted"
	wait_until 60 drain_until_empty
	ok_if $? "$2: nothing waits in any spool"
	is "$(told submit) $(told start) $(told finish)" "$1 $1 $1" "$2: each job's submission, start and end is recorded"
	rl alice refresh "$group" >/dev/null
	is "$(status_json alice "$group" "(lambda a: (len(a), len({x['job_id'] for x in a}), {x['slurm_state'] for x in a}))(phase('one','finetune')['attempts'])")" \
		"($1, $1, {'COMPLETED'})" "$2: and is one attempt, which has completed"
	is "$(find "$node" -name '.dropped' -exec grep -L '"dropped": *0,' {} +)" "" "$2: nothing was dropped"
}

# --- a group that cannot be written to

new_group closed
cluster_as alice mkdir "$group/.runledger/runs/one"
cluster_as alice chmod 500 "$group/.runledger/runs/one" "$group/.runledger/runs"
submit_jobs "$JOBS"
is "$(grep -c "waits in the node's spool" "$work/said")" "$JOBS" "whoever submits is told where the record is"
wait_until "$PATIENCE" nobody_queues
is "$(cluster_admin scontrol -o show job | grep -c 'JobState=COMPLETED .*ExitCode=0:0')" "$JOBS" "the jobs end as without us"
is "$(find "$group/.runledger/runs/one" -type f)" "" "none of their records could be written"
# Submission, acceptance, start, usage, epilog's end: five a job.
all_wait() { (($(find "$own" -name '[0-9]*.json' | wc -l) >= 4 * JOBS)); }
wait_until 60 all_wait
ok_if $? "all of them wait on the node"
note "$(find "$own" -name '[0-9]*.json' | wc -l) records wait in $(du -sk "$own" | cut -f1) kB"
is "$(stat -c '%U %a' "$own" 2>/dev/null | sed 's/.* //') $(find "$own" ! -uid "$(alice_uid)")" "700 " "as their user's alone"
cluster_as alice chmod 755 "$group/.runledger/runs" "$group/.runledger/runs/one"
# drain, killed again and again
kills=0
while (($(waiting) > JOBS && kills < 20)); do
	cluster_admin bash -c 'setsid "$@" & sleep 0.$((RANDOM % 6 + 1)); kill -KILL -- -$! $!' _ "$RUNLEDGER" drain "--conf=$work/site.conf" >/dev/null 2>&1
	kills=$((kills + 1))
done
note "drain was killed $kills times; $(waiting) records still wait"
all_told "$JOBS" "made writable again, drain killed meanwhile"

# --- the next job takes along what waits

new_group next
cluster_as alice mkdir "$group/.runledger/runs/one"
cluster_as alice chmod 500 "$group/.runledger/runs/one" "$group/.runledger/runs"
submit_jobs 5
cp "$work/ids" "$work/ids.5"
wait_until "$PATIENCE" nobody_queues
cluster_as alice chmod 755 "$group/.runledger/runs" "$group/.runledger/runs/one"
none_waits() { (($(find "$own" -name '[0-9]*.json' | wc -l) == 0)); }
next_job() {
	submit_jobs 1
	wait_until 10 nobody_queues
	none_waits
}
wait_until 60 next_job
ok_if $? "the next jobs take along what waits, without any drain"
cp "$work/ids.5" "$work/ids"
wait_until 60 drain_until_empty
is "$(told submit) $(told start) $(told finish)" "5 5 5" "so that all is recorded"

# --- as fast as the cluster goes

follow() { # starts drain --follow
	cluster_admin bash -c 'echo $$ >"$1"; exec "${@:2}" 2>>"$1.err"' _ "$work/follow.pid" "$RUNLEDGER" drain --follow --conf="$work/site.conf" 2>/dev/null &
	disown
	wait_until 10 test -s "$work/follow.pid"
}
unfollow() {
	cluster_admin kill -KILL "$(<"$work/follow.pid")"
	rm -f "$work/follow.pid"
}
new_group fast
follow
submit_jobs "$FAST"
wait_until "$PATIENCE" nobody_queues
all_told "$FAST" "as fast as the cluster goes"

new_group killed
submit_jobs "$FAST" &
submitting=$!
restarts=0
while kill -0 $submitting 2>/dev/null || ! nobody_queues; do
	unfollow
	follow
	restarts=$((restarts + 1))
	sleep 0.5
done
wait $submitting
note "drain was killed and started again $restarts times meanwhile"
unfollow
all_told "$FAST" "the same with drain killed and started again"
records_are_valid "$group" "every record obeys the schema"
is "$(cat "$work"/follow.pid.err)" "" "drain had nothing to complain of"
cluster_is_unhurt "nothing of ours is left, and every node serves"
done_testing
