#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# slurmctld's side on a real Slurm whose SlurmUser is nobody special: what no node sees is recorded, by jobcomp/script; and
# by EpilogSlurmctld what ran.
# shellcheck source-path=SCRIPTDIR source=stage.sh disable=SC2119,SC2016,SC2317
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/stage.sh"
stage_need root
stage_install || exit 99

CALLS=200                             # of jobcomp, to be timed
MOST_MS=10                            # of which half may take no longer

# --- two clusters: one with jobcomp, one with EpilogSlurmctld alone

chmod 711 "$work"
mkdir "$work/jc" "$work/ec"
spool_of() { printf '%s/%s/spool\n' "$work" "$1"; }
site_script() { # NAME: standard input becomes a script that everybody can run
	{ echo '#!/bin/sh'; cat; } >"$work/$1"
	chmod 755 "$work/$1"
}
former=$work/jc/former.said
: >"$former" && chmod 666 "$former"
site_script jc/former <<END
echo "\$JOBID \$JOBSTATE \$(id -un)" >>$former
exit 3
END
printf 'spool = %s\njobcomp_then = %s\n' "$(spool_of jc)" "$work/jc/former" >"$work/jc/site.conf"
site_script jc/jobcomp <<END
exec $STAGE/libexec/runledger/runledger-jobcomp --conf=$work/jc/site.conf
END
# One takes its time, with its job's nodes long back: drain asks about a job that has none any more.
site_script ec/epilog <<END
[ "\$SLURM_JOB_NAME" != slow ] || sleep 1
$RUNLEDGER jobcomp --epilog --spool=$(spool_of ec)
[ "\$SLURM_JOB_NAME" != slow ] || sleep 1
END

# cluster_named NAME: a cluster for that part; ends with this shell as every other.
cluster_named() {
	cluster_start --unprivileged --cpus 16 "${@:2}" || exit 99
	stage_need_multiuser
	declare -g "dir_$1=$CLUSTER_DIR"
	install -d -m 755 -o slurmctl "$(spool_of "$1")" 2>/dev/null ||
		cluster_admin install -d -m 700 -o slurmctl -g slurmctl "$(spool_of "$1")"
	chmod 700 "$(spool_of "$1")"
}
on() { local name=dir_$1; CLUSTER_DIR=${!name}; cluster=$1; }

cluster_named jc --plugstack <(stage_plugstack) --conf <(printf 'JobCompType=jobcomp/script\nJobCompLoc=%s\n' "$work/jc/jobcomp")
# Without an epilog on the nodes: who else should say how a job ended?
cluster_named ec --plugstack <(stage_plugstack | grep -v epilog) --conf <(printf 'EpilogSlurmctld=%s\n' "$work/ec/epilog")

drain_start() {
	cluster_admin bash -c 'echo $$ >"$1.pid"; exec "${@:2}" 2>>"$1.err"' _ "$work/$cluster/drain" \
		"$RUNLEDGER" drain --follow --spool="$(spool_of "$cluster")" 2>/dev/null &
	disown
	wait_until 10 test -s "$work/$cluster/drain.pid"
}
drain_kill() {
	cluster_admin kill -KILL "$(<"$work/$cluster/drain.pid")"
	rm "$work/$cluster/drain.pid"
}
spool_empty() { [[ -z $(find "$(spool_of "$cluster")" -name '*.json' 2>/dev/null) ]]; }

# new_group: alice's, with a run for each name of ours; and a rule for an array with a run a task.
new_group() {
	group=$(cluster_home alice)/exp
	cluster_as alice mkdir -p "$group" "$(cluster_home alice)/away"
	{ printf '# Run Plan: exp\n\n## All Runs\n\n| Run Name |\n|---|\n'; printf '| %s |\n' "$@"; } | make_as alice "$group/runs_plan.md" 644
	rl alice init "$group" >/dev/null || exit 99
	cluster_as alice tee -a "$group/.runledger/config.yaml" >/dev/null <<-'END'
		match:
		  - "{run}"
		  - {job_name: sweep, run: "seed_{array_task}"}
	END
}
declare -A job
as() { cluster_as "$1" bash -c 'cd "$1" && shift && eval "$1"' _ "$2" "$3" "${@:4}"; }
# sub NAME SBATCH-ARGUMENTS [FOLDER [ENVIRONMENT]]: as alice, remembered as job[NAME].
sub() {
	job[$1]=$(as alice "${3:-$group}" "${4:-} sbatch --parsable -o /dev/null $2" 2>&1)
	[[ ${job[$1]} =~ ^[0-9]+$ ]] || note "sbatch $2: ${job[$1]}"
}
attempts() { status_json alice "$group" "[(a['job_id'],a['slurm_state'],a['final'],a['source']) for a in phase('$1','finetune')['attempts']]"; }
attempts_are() { [[ $(attempts "$1") == "$2" ]]; }
# recorded RUN EXPECTED CLAIM: waits for these attempts, on a disk that may need seconds for each record.
recorded() {
	wait_until 60 attempts_are "$1" "$2"
	is "$(attempts "$1")" "$2" "$3"
}
ended_as() { printf "[('%s', '%s', True, '%s')]" "$1" "$2" "$3"; }

# --- jobcomp: a node is lost, which takes half a minute

on jc
new_group lost lost_again queued queued_filter renamed elsewhere whole seed_0 seed_1 seed_2 late back twin ended failed
drain_start
sub lost '-J lost --no-requeue -w n3 -t 5 --wrap "sleep 600"'
sub lost_again '-J lost_again --requeue -w n3 -t 5 --wrap "sleep 600"'
cluster_wait_state "${job[lost]}" RUNNING && cluster_wait_state "${job[lost_again]}" RUNNING
for run in lost lost_again; do wait_tracker "$group/runs_status.yaml" "$run" finetune_status running; done
cluster_kill_node n3
# A minute's limit no longer fits before this deadline after a few seconds in the queue.
sub late '-J late -w n3 --exclusive -t 1 --deadline=now+64seconds --wrap true'

# --- what never ran

sub queued '-J queued --hold --wrap true'
cluster_as alice mkdir "$group/below"
sub renamed '-J renamed --hold --wrap true' "$group/below"
sub elsewhere '-J x --hold --run=elsewhere --run-group=$HOME/exp --wrap true' "$(cluster_home alice)/away"
sub whole '-J whole --hold -a 0-2 --wrap true'
sub sweep '-J sweep --hold -a 0-2 --wrap true'
job[twins]=$(as alice "$group" 'for i in 1 2 3; do sbatch --parsable -o /dev/null -J twin --hold --wrap true; done' | tr '\n' ' ')
filter=$(cluster_shared)/filter
mkdir "$filter" && cp "$CLUSTER_DIR"/etc/{slurm,cgroup}.conf "$filter"
{
	printf 'CliFilterPlugins=cli_filter/runledger\nPluginDir=%s:' "$STAGE/lib/slurm"
	dirname "$(PATH=$PATH:/usr/sbin find /usr/lib /usr/lib64 "${RLG_SLURM_PREFIX:-/usr}/lib" -name auth_munge.so 2>/dev/null | head -n 1)"
} >>"$filter/slurm.conf"
chmod -R a+rX "$filter"
sub queued_filter '-J queued_filter --hold --wrap true' "$group" "SLURM_CONF=$filter/slurm.conf"
like "$(records_of "$group" queued_filter submit)" "\"job_id\":${job[queued_filter]}" "with cli_filter a submission's record has its number"
unlike "$(records_of "$group" queued submit)" '"job_id"' "and without it has not"
cluster_admin scontrol update JobId="${job[renamed]}" JobName=other_name
stranger=$(cluster_as bob bash -c 'cd && sbatch --parsable -o /dev/null --hold --wrap true')

drain_kill
cluster_admin scancel "${job[queued]}" "${job[queued_filter]}" "${job[renamed]}" "${job[elsewhere]}" "${job[whole]}" "${job[sweep]}" "$stranger"
for id in ${job[twins]}; do cluster_as alice scancel "$id"; done
all_arrived() { [[ $(find "$(spool_of jc)/new" -name '*.json' | wc -l) -ge 10 ]]; }
wait_until 10 all_arrived
ok_if $? "while there is no drain the ends of ten submissions wait in the spool"
is "$(find "$(spool_of jc)/new" -name '*.json' ! -user "$(cluster_admin id -u slurmctl)")" "" "as SlurmUser's"
ok_if "$([[ $(<"$former") == *"${job[queued]} CANCELLED slurmctl"* ]]; echo $?)" "the site's former script heard of each, as SlurmUser"
is "$(records_count "$group" queued finish)" 0 "and nothing is recorded yet"
drain_start
recorded queued "$(ended_as "${job[queued]}" CANCELLED jobcomp)" "cancelled while pending"
recorded queued_filter "$(ended_as "${job[queued_filter]}" CANCELLED jobcomp)" "cancelled while pending, with cli_filter"
recorded renamed "$(ended_as "${job[renamed]}" CANCELLED jobcomp)" "renamed, then cancelled while pending"
recorded elsewhere "$(ended_as "${job[elsewhere]}" CANCELLED jobcomp)" "asked for by --run-group from elsewhere, cancelled while pending"
recorded whole "$(ended_as "${job[whole]}" CANCELLED jobcomp)" "an array cancelled whole while pending: one run, one attempt"
for task in 0 1 2; do
	recorded "seed_$task" "$(ended_as "${job[sweep]}" CANCELLED jobcomp)" "an array with a run a task, cancelled whole: task $task"
done
read -ra twins <<<"${job[twins]}"
recorded twin "[$(for id in "${twins[@]}"; do printf "('%s', 'CANCELLED', True, 'jobcomp'), " "$id"; done | sed 's/, $//')]" \
	"three of one name in a second: three attempts, each with its number"
is "$(status_json alice "$group" "phase('queued','finetune')['attempts'][0]['start_time']")" None "a job that never ran has no start"
wait_until 60 spool_empty
ok_if $? "the spool is empty"
is "$(find "$(cluster_home bob)" -mindepth 1)" "" "a job of somebody without a group leaves nothing"

# --- what ran, requeued in between

sub ended '-x n3 -J ended --wrap true'
sub failed '-x n3 -J failed --wrap "exit 7"'
sub back '-x n3 -J back --wrap "sleep 600"'
cluster_wait_state "${job[back]}" RUNNING
wait_tracker "$group/runs_status.yaml" back finetune_status running
cluster_as alice scontrol requeue "${job[back]}"
recorded back "[('${job[back]}', 'REQUEUED', False, 'jobcomp')]" "a requeue is recorded, as no end for good"
cluster_wait_state "${job[back]}" PENDING
cluster_as alice scancel "${job[back]}"
recorded back "[('${job[back]}', 'REQUEUED', False, 'jobcomp'), ('${job[back]}', 'CANCELLED', True, 'jobcomp')]" \
	"cancelled while it waits for its next attempt: two attempts, the second never ran"
tracker_becomes "$group/runs_status.yaml" back finetune_status failed "and the run has failed"
recorded ended "$(ended_as "${job[ended]}" COMPLETED jobcomp)" "a job that ended by itself, told by epilog and jobcomp, is one attempt"
recorded failed "$(ended_as "${job[failed]}" FAILED jobcomp)" "and so is one that failed"
is "$(status_json alice "$group" "phase('failed','finetune')['exit_code']")" 7 "with its exit code"

# --- how long slurmctld waits

timed=$(cluster_as slurmctl env MOST_MS="$MOST_MS" JOBID=4711 UID=20002 GID=20002 USERNAME=bob JOBNAME=x JOBSTATE=COMPLETED EXITCODE=0:0 START=1 END=2 \
	SUBMIT=1 LIMIT=00:05:00 PROCS=1 NODECNT=1 NODES=n1 PARTITION=main BATCH=yes WORK_DIR=/ \
	/usr/bin/python3 -c '
import os, sys, time
def time_of(argv):
    began = time.monotonic()
    _, status = os.waitpid(os.posix_spawn(argv[0], argv, os.environ), 0)
    if status:
        sys.exit("%s: status %d" % (argv[0], status))
    return (time.monotonic() - began) * 1000
took, nothing = [], []
for _ in range(int(sys.argv[1])):
    nothing.append(time_of(["/bin/true"]))
    took.append(time_of(sys.argv[2:]))
for times in took, nothing:
    times.sort()
    print("%.1f %.1f %.1f, %d beyond %s" % (times[len(times) // 2], times[len(times) * 95 // 100], times[-1],
                                            sum(ms > float(os.environ["MOST_MS"]) for ms in times), os.environ["MOST_MS"]))' \
	"$CALLS" "$STAGE/libexec/runledger/runledger-jobcomp" --spool="$(spool_of jc)")
# A tail that /bin/true has, too, is the machine's.
note "$CALLS calls each of jobcomp, then of /bin/true beside it, in ms: median, 95th percentile, longest:
$timed"
ok_if "$(awk -v ms="${timed%% *}" -v most="$MOST_MS" 'BEGIN { exit !(ms > 0 && ms < most) }'; echo $?)" "jobcomp returns within $MOST_MS ms"
wait_until 60 spool_empty
ok_if $? "and these $CALLS entries are gone soon"

# --- EpilogSlurmctld, meanwhile

on ec
jc_group=$group
declare -A jc_job
for name in "${!job[@]}"; do jc_job[$name]=${job[$name]}; done
new_group ended failed slow stopped requeued lost lost_again late
drain_start
sub lost '-J lost --no-requeue -w n3 -t 5 --wrap "sleep 600"'
sub lost_again '-J lost_again --requeue -w n3 -t 5 --wrap "sleep 600"'
cluster_wait_state "${job[lost]}" RUNNING && cluster_wait_state "${job[lost_again]}" RUNNING
for run in lost lost_again; do wait_tracker "$group/runs_status.yaml" "$run" finetune_status running; done
cluster_kill_node n3
sub ended '-x n3 -J ended -t 5 --wrap true'
sub failed '-x n3 -J failed -t 5 --wrap "exit 7"'
sub slow '-x n3 -J slow -t 5 --wrap "exit 7"'
sub stopped '-x n3 -J stopped -t 5 --wrap "sleep 600"'
sub requeued '-x n3 -J requeued -t 5 --wrap "while [ ! -e go ]; do sleep 0.1; done"'
sub late '-x n3 -J late -t 5 --wrap "sleep 600"'
for name in stopped requeued late; do
	cluster_wait_state "${job[$name]}" RUNNING
	wait_tracker "$group/runs_status.yaml" "$name" finetune_status running
done
cluster_admin scontrol update JobId="${job[late]}" EndTime=now+1     # looked at every 30 s
cluster_as alice scancel "${job[stopped]}"
cluster_as alice scontrol requeue "${job[requeued]}"
recorded ended "$(ended_as "${job[ended]}" COMPLETED slurmctld)" "EpilogSlurmctld: a job that ended by itself"
recorded failed "$(ended_as "${job[failed]}" FAILED slurmctld)" "EpilogSlurmctld: one that failed"
is "$(status_json alice "$group" "phase('failed','finetune')['exit_code']")" 7 "EpilogSlurmctld: with its exit code"
recorded slow "$(ended_as "${job[slow]}" FAILED slurmctld)" "EpilogSlurmctld: one whose nodes were back before it was done"
recorded stopped "$(ended_as "${job[stopped]}" CANCELLED slurmctld)" "EpilogSlurmctld: one that was cancelled while it ran"
recorded requeued "[('${job[requeued]}', 'REQUEUED', False, 'slurmctld')]" "EpilogSlurmctld: one that was requeued"
cluster_wait_state "${job[requeued]}" PENDING
cluster_as alice touch "$group/go"
sleep 1.1                              # a start within the second of the requeue is "already killed" to slurmd
start_again() {
	cluster_job_in_state "${job[requeued]}" RUNNING COMPLETED && return
	cluster_admin scontrol update JobId="${job[requeued]}" StartTime=now 2>/dev/null
	return 1
}
wait_until 20 start_again
recorded requeued "[('${job[requeued]}', 'REQUEUED', False, 'slurmctld'), ('${job[requeued]}', 'COMPLETED', True, 'slurmctld')]" \
	"EpilogSlurmctld: and its second attempt"
recorded late "$(ended_as "${job[late]}" TIMEOUT slurmctld)" "EpilogSlurmctld: one that ran into its limit"
recorded lost "$(ended_as "${job[lost]}" NODE_FAIL slurmctld)" "EpilogSlurmctld: one whose node was lost"
recorded lost_again "[('${job[lost_again]}', 'NODE_FAIL', False, 'slurmctld')]" "EpilogSlurmctld: one that goes back to the queue then"
wait_until 60 spool_empty
ok_if $? "EpilogSlurmctld: the spool is empty"
records_are_valid "$group" "EpilogSlurmctld: every record obeys the schema"
is "$(cat "$work/ec/drain.err")" "" "EpilogSlurmctld: drain had nothing to complain of"
drain_kill

# --- the node that was lost, and the deadline

on jc
group=$jc_group
for name in "${!jc_job[@]}"; do job[$name]=${jc_job[$name]}; done
recorded lost "$(ended_as "${job[lost]}" NODE_FAIL jobcomp)" "a job whose node was lost"
recorded lost_again "[('${job[lost_again]}', 'NODE_FAIL', False, 'jobcomp')]" "one that goes back to the queue then"
tracker_becomes "$group/runs_status.yaml" lost_again finetune_status submitted "and waits there"
recorded late "$(ended_as "${job[late]}" DEADLINE jobcomp)" "a job that cannot meet its deadline"
cluster_as alice scancel "${job[lost_again]}"
recorded lost_again "[('${job[lost_again]}', 'NODE_FAIL', False, 'jobcomp'), ('${job[lost_again]}', 'CANCELLED', True, 'jobcomp')]" \
	"cancelled while it waits again"
wait_until 60 spool_empty
ok_if $? "the spool is empty at the end"
is "$(find "$(spool_of jc)/bad" -type f)" "" "and nothing was bad"
is "$(cat "$work/jc/drain.err")" "" "drain had nothing to complain of"
records_are_valid "$group" "every record obeys the schema"
is "$(find "$group" ! -user "$(alice_uid)")" "" "all of it is alice's"
drain_kill
cluster_start_node n3
cluster_is_unhurt "nothing of ours is left, and every node serves"
done_testing
