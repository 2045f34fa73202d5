#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# watch and wait on a real Slurm: a hundred jobs that end together are all told, in a few lines, within a second of the
# last record; and nothing is done while nothing happens.
#
# RLG_WATCH_JOBS=N makes it shorter.
# shellcheck source-path=SCRIPTDIR source=stage.sh disable=SC2016,SC2119,SC2317
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/stage.sh"
stage_need root
stage_install || exit 99
JOBS=${RLG_WATCH_JOBS:-100}
BAD=$((JOBS / 2))                     # the one that fails
stage_cluster --nodes 4 --cpus 32 || exit 99
stage_need_multiuser

group=$(cluster_home alice)/exp
cluster_as alice bash -c 'mkdir "$1" && cd "$1" && {
	printf "# Run Plan: exp\n\n## All Runs\n\n| Run Name |\n|---|\n"
	for ((i = 1; i <= $2; i++)); do echo "| r$i |"; done
	echo "| requeued |"
} >runs_plan.md && printf "phases: [train]\n" >config && touch gate
cat >job.slurm <<-END
#!/bin/bash
flock -s $1/gate true
if [ "\$SLURM_JOB_NAME" = r$3 ]; then
	echo "RuntimeError: CUDA out of memory" >&2
	exit 3
fi
END' _ "$group" "$JOBS" "$BAD"
rl alice init "$group" >/dev/null || exit 99
cluster_as alice bash -c 'cat "$1/config" >"$1/.runledger/config.yaml"' _ "$group"

# All jobs wait for this lock, asleep.
exec 8<>"$group/gate"
flock -x 8

# runs_in STATUS: how many.
runs_in() { rl alice status "$group" --json | jq ".counts.$1"; }
are_in() { [[ $(runs_in "$1") == "$2" ]]; }

# --- the way into the queue and onto the nodes ---

cluster_as alice bash -c 'cd "$1" && for ((i = 1; i <= $2; i++)); do sbatch -Q -J r$i -o "$1/out.$i" -t 10 job.slurm || exit; done' _ "$group" "$JOBS"
ok_if $? "$JOBS jobs are submitted"
rl alice watch "$group" --timeout 5m >"$work/lines" 2>"$work/words" &
lines_pid=$!
rl alice watch "$group" --timeout 5m --json 2>>"$work/words" | while IFS= read -r line; do echo "$EPOCHREALTIME $line"; done >"$work/changes" &
changes_pid=$!
wait_until 120 are_in running "$JOBS"
ok_if $? "all of them run"

# --- idle ---

watchers() {
	local pid
	for pid in $(pgrep -f "watch $group"); do
		[[ $(readlink "/proc/$pid/exe") == "$(realpath "$RUNLEDGER")" ]] && echo "$pid"
	done
}
cpu_ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; }
nobody_refreshes() { ! pgrep -f "^$STAGE/bin/runledger refresh" >/dev/null; }
wait_until 30 nobody_refreshes
is "$(watchers | wc -l)" 2 "both watchers are there"
pid=$(watchers | head -n 1)
# What the starts set off is told by now, and its sum.
wait_until 30 grep -q "$JOBS running" "$work/lines"
is_silent() { [[ $(wc -l <"$work/trace") -le 1 ]] && ! grep -qvE 'poll\(|restart_syscall\(' "$work/trace"; }
if strace -V >/dev/null 2>&1; then
	# On a busy machine it may still wait for a sum that somebody else's refresh has told already.
	for _ in {1..3}; do
		before=$(cpu_ticks "$pid")
		timeout 6 strace -f -qq -p "$pid" -o "$work/trace" 2>"$work/strace.err"
		is_silent && break
	done
	if [[ -s $work/trace || ! -s $work/strace.err ]]; then
		note "in six seconds: $(tr '\n' ' ' <"$work/trace")"
		ok_if "$(is_silent; echo $?)" "while nothing happens it sleeps in poll: no other call in six seconds"
	else
		skip "while nothing happens it sleeps in poll" "strace: $(head -c 200 "$work/strace.err")"
	fi
	is "$(cpu_ticks "$pid")" "$before" "and takes no time of a CPU"
else
	skip "while nothing happens it sleeps in poll" "no strace"
fi

# --- the end of all ---

begin_lines=$(wc -l <"$work/lines")
opened=$EPOCHREALTIME
flock -u 8 # our children hold it, too
status=0
wait "$lines_pid" || status=$?
out=$(tail -n 4 "$work/lines")
err=$(cat "$work/words")
status_is 1 "watch ends when all have ended, and says that one failed"
wait "$changes_pid"

is "$(cut -d' ' -f2- "$work/changes" | jq -r 'select(.status == "completed" or .status == "failed") | .run' | sort | uniq -c | awk '$1 == 1' | wc -l)" \
	"$JOBS" "each of $JOBS ends is told, once"
is "$(cut -d' ' -f2- "$work/changes" | jq -r 'select(.status == "failed") | [.run, .exit_code, .cause, .log_lines[0]] | join("|")' | sed 's/ after [0-9hms ]*//')" \
	"r$BAD|3|FAILED: exit code 3 on $(records_of "$group" "r$BAD" start | jq -r .context.nodes)|RuntimeError: CUDA out of memory" \
	"the failure with its cause, and what its log says"
sed -n "$((begin_lines + 1)),\$p" "$work/lines" >"$work/told"
is "$(grep -oE '[0-9]+ (completed|failed) \(|: (completed|failed)[ :]' "$work/told" | grep -v '^:.*failed: FAILED.*failed' |
	awk '{ n += $1 == ":" ? 1 : $1 } END { print n }')" "$JOBS" "in lines, each is counted once"
like "$(cat "$work/told")" "RuntimeError: CUDA out of memory" "and the cause is told"
last_record=$(find "$group/.runledger/runs" -name '*.jsonl' -printf '%T@\n' | sort -n | tail -n 1)
last_told=$(tail -n 1 "$work/changes" | cut -d' ' -f1)
took=$(awk -v a="$opened" -v b="$last_record" 'BEGIN { printf "%.1f", b - a }')
behind=$(awk -v a="$last_record" -v b="$last_told" 'BEGIN { printf "%.3f", b - a }')
note "$JOBS jobs ended within $took s: told in $(wc -l <"$work/told") lines, the last $behind s after its record"
ok_if "$(awk -v s="$behind" 'BEGIN { print !(s < 1) }')" "the last is told within a second of its record"
# A line a look, a look each tenth of a second at most; three for the failure, one for the sum.
ok_if "$(awk -v n="$(wc -l <"$work/told")" -v s="$took" 'BEGIN { print !(n <= 8 + s / 0.4) }')" "in a few lines"
is "$err" "" "without a word of complaint"

# --- a requeue; waiting for a job by its id ---

flock -x 8
id=$(cluster_submit alice -D "$group" -J requeued -o "$group/out.requeued" "$group/job.slurm")
rl alice wait --group "$group" --for running --timeout 1m requeued >"$work/waited"
ok_if $? "wait --for running ends when the job runs"
like "$(cat "$work/waited")" "requeued: train running on n" "and says where"
rl alice watch "$group" --timeout 20s >"$work/lines" 2>&1 &
lines_pid=$!
wait_until 30 grep -q "1 running" "$work/lines"
cluster_admin scontrol requeue "$id"
wait_until 30 grep -q "requeued/train: back in the queue (job $id); it was " "$work/lines"
ok_if $? "a requeue is told"
rl alice wait --group "$group" --timeout 20s "$id" >"$work/waited" &
waiter=$!
cluster_as alice scancel "$id"
status=0
wait "$lines_pid" || status=$?
out=$(cat "$work/lines")
status=0
wait "$waiter" || status=$?
out+=$(cat "$work/waited")
if grep -q CANCELLED <(records_of "$group" requeued finish); then
	status_is 1 "wait for a job that is cancelled fails"
	like "$(cat "$work/waited")" "$id: requeued/train: failed: CANCELLED" "and says so"
else
	status_is 124 "without jobcomp nobody tells of a job that is cancelled in the queue: the time is up"
fi
exec 8>&- # who holds a file of the cluster's ends with it
cluster_is_unhurt "nothing of ours is left, and every node serves"
done_testing
