#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What tracking costs slurmctld: one question a job, at its end.  And no squeue, sacct or scontrol, ever.
# shellcheck source-path=SCRIPTDIR source=stage.sh disable=SC2119,SC2016,SC2317
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/stage.sh"
stage_need root
stage_install || exit 99
stage_cluster --cpus 8 --nodes 1 || exit 99
stage_need_multiuser

JOBS=20
home=$(cluster_home alice)
shared=$(cluster_shared)
group=$home/tracked other=$home/untracked

# Two folders that differ in nothing but in being a run group.
for folder in "$group" "$other"; do
	cluster_as alice bash -c 'mkdir -p "$1/one" && printf "# Run Plan: x\n\n## All Runs\n\n| Run Name |\n|---|\n| one |\n" >"$1/runs_plan.md"' _ "$folder"
done
rl alice init "$group" >/dev/null || exit 99

# --- in place of the programs that scripts poll with, ones that write down who calls them

called=$shared/called
: >"$called" && chmod 666 "$called"
wrapped=()
for program in squeue sacct scontrol sinfo sstat sdiag scancel sacctmgr; do
	real=$(PATH=$PATH:/usr/sbin:/sbin command -v "$program") || continue
	real=$(realpath "$real")
	mkdir -p "$shared/real" && cp "$real" "$shared/real/$program"
	printf '#!/bin/sh\necho "%s $*" >>%q\nexec %q "$@"\n' "$program" "$called" "$shared/real/$program" >"$shared/real/$program.logged"
	chmod 755 "$shared/real" "$shared/real/$program.logged"
	cluster_admin mount --bind "$shared/real/$program.logged" "$real" || exit 99
	wrapped+=("$program")
done
cluster_as alice squeue -h
is "$(<"$called")" "squeue -h" "the wrappers (of ${wrapped[*]}) see a call"

# --- the same jobs twice; meanwhile nobody of us asks anything

# run_jobs FOLDER: sets counts to "TYPE COUNT" lines of what slurmctld was asked meanwhile.
run_jobs() {
	cluster_idle
	cluster_as alice rm -f "$shared"/ended.*
	: >"$called"
	cluster_admin "$shared/real/sdiag" -r >/dev/null
	cluster_as alice bash -c 'cd "$1/one" && for ((i = 0; i < $2; i++)); do
			sbatch -o /dev/null --wrap "touch $3/ended.$i" >/dev/null || exit
		done' _ "$1" "$JOBS" "$shared"
	wait_until 60 all_ended
	# Not squeue, for it is a question too.  The last one's end is told once its step daemon is gone.
	wait_until 10 nothing_left
	counts=$(cluster_admin "$shared/real/sdiag" | awk '
		/^Remote Procedure Call statistics by / { on = /by message type/; next }
		/^[^ \t]/ { on = 0 }
		on && match($0, /count:[0-9]+/) { sum[$1] += substr($0, RSTART + 6, RLENGTH - 6) }
		END { for (type in sum) print type, sum[type] }' | sort)
	calls=$(<"$called")
}
all_ended() { [[ $(find "$shared" -maxdepth 1 -name 'ended.*' | wc -l) == "$JOBS" ]]; }

# What nodes and daemons say by themselves, at their own times.
by_itself='MESSAGE_NODE_REGISTRATION_STATUS|REQUEST_PING|REQUEST_STATS_INFO|ACCOUNTING_|REQUEST_CONTROL'
count_of() { awk -v type="$1" '$1 == type { print $2; found = 1 } END { if (!found) print 0 }' <<<"$counts"; }

run_jobs "$other"
without=$(grep -vE "^($by_itself)" <<<"$counts")
is "$calls" "" "untracked jobs: nobody calls one of these programs"
is "$(count_of REQUEST_JOB_INFO_SINGLE)" 0 "untracked jobs: nobody asks for a job"
is "$(count_of REQUEST_SUBMIT_BATCH_JOB)" "$JOBS" "untracked jobs: all were submitted"

run_jobs "$group"
with=$(grep -vE "^($by_itself)" <<<"$counts")
is "$calls" "" "tracked jobs: nobody calls one of these programs"
is "$(diff <(cat <<<"$without") <(cat <<<"$with") | grep '^[<>]')" "> REQUEST_JOB_INFO_SINGLE $JOBS" \
	"tracked jobs: one question a job is all the difference"
note "slurmctld was asked: $(tr '\n' ' ' <<<"$with")"
is "$(records_count "$group" one submit) $(records_count "$group" one start) $(records_count "$group" one finish)" "$JOBS $JOBS $JOBS" \
	"and every job's submission, start and end is recorded"

# --- people's commands read the records only

: >"$called"
cluster_admin "$shared/real/sdiag" -r >/dev/null
for ((i = 0; i < 5; i++)); do
	rl alice status "$group"
	rl alice status "$group" --json
	rl alice events "$group"
	rl alice refresh "$group"
	rl alice report "$group"
done >/dev/null 2>&1
counts=$(cluster_rpc_counts | grep -vE "^($by_itself)")
is "$(grep -v '^sdiag' "$called")" "" "status, events, refresh and report call none of them"
is "$counts" "" "and ask slurmctld nothing"

# Wrappers of programs that the rest needs go first.
for program in "${wrapped[@]}"; do
	cluster_admin umount "$(realpath "$(PATH=$PATH:/usr/sbin:/sbin command -v "$program")")"
done
cluster_is_unhurt "nothing of ours is left, and every node serves"
done_testing
