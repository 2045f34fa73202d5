#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `runledger watch` and `events --follow` on status files that a second process writes.
# shellcheck source=tests/tap.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

now=$(date +%s)

# begin_watch [OPTION...]: in the background, on the group g; waits until it has said where things stand.
begin_watch() {
	: >said
	: >words
	"$RUNLEDGER" watch g --timeout 60s "$@" >said 2>words </dev/null & # a minute: it ends, whatever goes wrong
	watcher=$!
	wait_for has said "g: "
}
ends() { # STATUS CLAIM
	status=0
	wait "$watcher" || status=$?
	out=$(cat said)
	err=$(cat words)
	status_is "$1" "$2"
}
start_now() { record g "$1" "$2" "$now" start "\"job_id\":$3,\"nodes\":\"n1\",\"start_time\":$((now - 60)),\"stdout\":\"$work/$3.out\""; }
submit_now() { record g "$1" "$2" "$now" submit "\"sid\":\"s$3\",\"job_id\":$3"; }
finish_now() { # RUN PHASE JOB STATE [EXIT_CODE]
	record g "$1" "$2" "$now" finish "\"job_id\":$3,\"state\":\"$4\",\"final\":${6:-true},\"exit_code\":${5:-0},\"start_time\":$((now - 60)),\"end_time\":$now,\"nodes\":\"n1\",\"source\":\"epilog\""
}

# --- a job from its submission to its end ---

new_group g a b
run runledger watch g
status_is 0 "where nothing is in the works watch ends at once"
is "$out" "g: 0 of 2 completed, 2 pending" "after it has said where things stand"
is "$err" "runledger watch: nothing is in the queue, and nothing runs" "and why it ends"

submit_now a finetune 11
begin_watch
is "$(cat said)" "g: 0 of 2 completed, 1 submitted, 1 pending
  a/finetune: submitted (job 11)" "what is in the works is named at the beginning"
start_now a finetune 11
wait_for has said "1 running"
is "$(sed 's/^[0-9-]\{10\} [0-9:]*  /@ /' said | tail -n +3)" "@ a/finetune: running on n1 (job 11)
g: 0 of 2 completed, 1 running, 1 pending" "a change is told, then the sum"
printf 'step 1\n\033[31mRuntimeError: CUDA out of memory\033[0m\n\033]0;pwned\007Error: x\n' >11.out
finish_now a finetune 11 FAILED 1
ends 1 "watch ends when nothing is in the works; something failed"
is "$(sed 's/^[0-9-]\{10\} [0-9:]*  /@ /' said | tail -n +5)" "@ a/finetune: failed: FAILED after 1m 0s: exit code 1 (job 11)
    RuntimeError: CUDA out of memory
    \\x1b]0;pwned\\aError: x
g: 0 of 2 completed, 1 failed, 1 pending" "a failure tells its cause, and what its log says, harmlessly"
is "$err" "" "without a word on stderr"

# --- many at once ---

rm -rf g
# shellcheck disable=SC2046
new_group g $(seq -f r%g 60)
for ((i = 1; i <= 60; i++)); do submit_now r$i finetune $i; start_now r$i finetune $i; done
begin_watch
is "$(cat said)" "g: 0 of 60 completed, 60 running" "many that run are counted"
for ((i = 1; i <= 60; i++)); do
	finish_now r$i finetune $i "$( ((i % 20)) && echo COMPLETED || echo FAILED)" $((i % 20 == 0))
done
ends 1 "sixty that end together are told to the end"
ok_if "$([[ $(wc -l <said) -le 16 ]]; echo $?)" "in a few lines: $(wc -l <said)"
counted=$(grep -oE '[0-9]+ (completed|failed) \(|: (completed|failed)' said | awk '{ n += $1 == ":" ? 1 : $1 } END { print n }')
is "$counted" 60 "each of them is counted once"
like "$out" "g: 0 of 60 completed, 3 failed, 57 pending" "and the sum is right: nobody has evaluated them"

# --- a requeue, a person's edit, a run that comes later ---

rm -rf g
new_group g a b
submit_now a finetune 21
start_now a finetune 21
begin_watch
finish_now a finetune 21 NODE_FAIL 0 false
wait_for has said "back in the queue"
like "$(cat said)" "a/finetune: back in the queue (job 21); it was NODE_FAIL after 1m 0s" "a job that is taken off its node is back in the queue"
submit_now b eval 22
wait_for has said "b/eval: submitted (job 22)"
ok_if $? "a run's first record is seen, though its folder is new"
printf 'a_line_that_is_no_record\n' >>g/.runledger/runs/b/host1.jsonl
mv g/.runledger/runs/b g/.runledger/runs/c
wait_for has said "c/eval: submitted (job 22)"
ok_if $? "so is a run whose folder was moved there"
finish_now c eval 22 COMPLETED
wait_for has said "c/eval: completed"
record g a finetune $((now + 1)) edit '"field":"status","value":"skipped"'
ends 3 "what a person says counts; a damaged line gives status 3"
like "$out" "a/finetune: skipped, by hand" "and is told"
like "$err" "1 damaged line or file in" "with a word on stderr"

# --- JSON ---

rm -rf g
new_group g a b
submit_now a finetune 31
submit_now b finetune 32
"$RUNLEDGER" watch g --timeout 60s --json --run a >said 2>words </dev/null &
watcher=$!
# It says nothing before there is a change: the first change is what it begins with.
wait_for sh -c 'ls -l /proc/'$watcher'/fd 2>/dev/null | grep -q inotify'
start_now b finetune 32
start_now a finetune 31
wait_for has said running
ok_if $? "a change is flushed at once"
finish_now a finetune 31 TIMEOUT
ends 1 "with --run watch ends with that run"
is "$(jq -r '[.run, .phase, .change, .old_status, .status, .job_id, .slurm_state, .cause, .words] | join("|")' said)" \
	"a|finetune|status|submitted|running|31|RUNNING||a/finetune: running on n1 (job 31)
a|finetune|status|running|failed|31|TIMEOUT|TIMEOUT after 1m 0s|a/finetune: failed: TIMEOUT after 1m 0s (job 31)" \
	"--json is one object a change, and nothing else"
documented=$(man_members() { sed -n '/^\.Ss runledger watch/,/^\.Ss runledger wait/p' "$srcdir/man/runledger.1" | sed -n 's/^\.Cm \([a-z_]*\)\( ,\)\{0,1\}$/\1/p'; }; man_members | sort -u)
is "$(head -n 1 said | jq -r 'keys[]' | LC_ALL=C sort)" "$(grep -vx watch <<<"$documented" | LC_ALL=C sort)" "its members are those of runledger(1)"

# --- a person's own command ---

rm -rf g
new_group g a b "o'dd; touch pwned"
submit_now a finetune 41
submit_now "o'dd; touch pwned" finetune 42
# shellcheck disable=SC2016 # for the command's own shell
begin_watch --exec 'echo "$RUNLEDGER_CHANGE_RUN|$RUNLEDGER_CHANGE_OLD_STATUS>$RUNLEDGER_CHANGE_STATUS|$RUNLEDGER_CHANGE_JOB_ID|$RUNLEDGER_CHANGE_CAUSE" >>hook
	echo loud; if read -r x; then echo "$x" >>hook; fi; exit 7'
start_now a finetune 41
wait_for has hook "a|submitted>running|41|"
ok_if $? "the command finds the change in its environment"
finish_now "o'dd; touch pwned" finetune 42 OUT_OF_MEMORY
finish_now a finetune 41 COMPLETED
ends 1 "a command that fails ends nothing"
is "$(sort hook)" "a|running>completed|41|
a|submitted>running|41|
o'dd; touch pwned|submitted>failed|42|OUT_OF_MEMORY after 1m 0s" "it is run for each change, once, to the last"
ok_if "$([[ ! -e pwned ]]; echo $?)" "a run's name is no part of it"
like "$err" "runledger watch: the command of --exec ended with exit status 7" "that it failed is told"
like "$err" "loud" "its output goes to standard error"
unlike "$out" "loud" "and not among the changes"

# --- an agent's session ---

rm -rf g
new_group g a b c d
mkdir -p g/.claude/agents/s1
submit_of() { record g "$1" "$2" "$now" submit "\"sid\":\"s$3\",\"job_id\":$3,\"host\":\"login1\",\"agent\":\"claude-code\",\"session\":\"$4\""; }
submit_of a finetune 81 s1
submit_of b finetune 82 s2
record g c finetune "$now" submit "\"sid\":\"s83\",\"job_id\":83,\"host\":\"$(uname -n)\""
submit_now d finetune 84
run env CLAUDE_CODE_SESSION_ID=s1 sh -c "cd g && '$RUNLEDGER' jobs register 83 && '$RUNLEDGER' jobs register inv-7 --type nel"
status_is 0 "a job is registered for the session by hand"
run runledger watch g --session
status_is 2 "--session without an id needs one in the environment"
like "$err" "whose jobs?" "and asks"
run runledger watch g --session=../x
status_is 2 "an id that could be none is asked wrongly"
run env CODEX_THREAD_ID=s1 "$RUNLEDGER" watch --session s1
status_is 1 "an id goes behind the ="
like "$err" "a session's id is given as --session=s1" "and that is told"
run runledger watch g --session=nobody
status_is 0 "a session without jobs has nothing to wait for"
is "$out" "g, session nobody: no runs yet" "and stands nowhere"

: >said
CLAUDE_CODE_SESSION_ID=s1 "$RUNLEDGER" watch g --timeout 60s --session >said 2>words </dev/null &
watcher=$!
wait_for has said "c/finetune"
is "$(cat said)" "g, session s1: 0 of 2 completed, 2 submitted
  a/finetune: submitted (job 81)
  c/finetune: submitted (job 83)" "--session begins with the session's jobs, those registered by hand too"
start_now b finetune 82
start_now d finetune 84
start_now a finetune 81
wait_for has said "a/finetune: running"
finish_now b finetune 82 FAILED 1
(cd g && "$RUNLEDGER" jobs remove 83 --session s1)
finish_now c finetune 83 COMPLETED
wait_for has said "c/finetune: completed"
ok_if $? "a job that has left the registry at its end is told"
submit_of c eval 85 s1
wait_for has said "c/eval: submitted (job 85)"
printf '[{"type": ' >g/.claude/agents/s1/active_jobs.json
finish_now a finetune 81 COMPLETED
wait_for has words active_jobs.json
finish_now c eval 85 COMPLETED
ends 0 "it ends with the session's jobs, whatever the others are at, and does not mind their failures"
unlike "$out" "b/" "a job of another session's is not told"
unlike "$out" "d/" "nor that of a person's"
like "$out" "g, session s1: 2 of 2 completed (a, c)" "the sum counts the session's"
is "$(grep -c 'active_jobs.json:1' words)" 1 "a registry that cannot be read is told, once"

# Two at one phase: the end of the session's own is told though another's job decides by then.
submit_of b eval 86 s1
start_now b eval 86
: >said
"$RUNLEDGER" watch g --timeout 60s --session=s1 >said 2>words </dev/null &
watcher=$!
wait_for has said "b/eval: running"
record g b eval $((now + 1)) submit '"sid":"s87","job_id":87'
finish_now b eval 86 FAILED 1
wait_for has said "(job 87)"
ok_if $? "what takes the place of a session's job is told"
kill "$watcher" 2>/dev/null
wait "$watcher" 2>/dev/null

# --- time, and other ends ---

rm -rf g
new_group g a
submit_now a finetune 51
run runledger watch g --timeout 0s
status_is 124 "when the time is up the status is 124"
like "$err" "runledger watch: the time is up, and 1 phase of runs is in the works" "and is told"
run runledger watch g --timeout soon
status_is 2 "a time that is none is asked wrongly"
run runledger watch g --run b
status_is 1 "an unknown run is a failure"
run runledger watch nowhere
status_is 1 "so is a folder that is not there"

begin_watch
kill -TERM "$watcher"
ends 143 "a signal ends it, with its status"
begin_watch
mv g gone
ends 1 "a group that goes ends it"
is "$err" "runledger watch: the run group $work/g is gone" "with a sentence"
mv gone g

begin_watch
printf 'phases: [\n' >g/.runledger/config.yaml
start_now a finetune 51
wait_for has words "config.yaml"
ok_if $? "settings that somebody is editing are told"
rm g/.runledger/config.yaml
finish_now a finetune 51 COMPLETED
ends 0 "and are no end: it looks again at the next news"
is "$(grep -c config.yaml words)" 1 "they are told once"
like "$out" "a/finetune: completed" "nothing is missed"

# The reader goes while nothing happens.
now=$((now + 1))
submit_now a finetune 52
mkfifo pipe
"$RUNLEDGER" watch g --timeout 60s >pipe 2>words </dev/null &
watcher=$!
head -n 2 pipe >said
ends 141 "it ends when nobody reads any more, though it has nothing to say"

rm -f hook
submit_now a finetune 53
"$RUNLEDGER" watch g --timeout 60s --exec 'echo begun >>hook; exec sleep 50' >pipe 2>words </dev/null &
watcher=$!
exec 3<pipe
read -r -u 3 _ && read -r -u 3 _ # where things stand: from there on it watches
finish_now a finetune 53 COMPLETED
wait_for has hook begun
exec 3<&-
begun=$SECONDS
ends 141 "so it does when only its command is left to be waited for"
ok_if "$((SECONDS - begun < 40 ? 0 : 1))" "and does not wait for that"

# A change between the first look and the watch would be lost: so the watch comes first.  strace holds it up there.
rm -rf g
new_group g a
submit_now a finetune 61
# The leak sanitizer is a tracer itself.
if ASAN_OPTIONS=detect_leaks=0 strace -qq -o held -e trace=inotify_init1 -e inject=inotify_init1:delay_enter=500000 "$RUNLEDGER" wait --group g --timeout 0s a >/dev/null 2>&1
	[[ -s held ]]; then
	ASAN_OPTIONS=detect_leaks=0 strace -qq -o held -e trace=inotify_init1 -e inject=inotify_init1:delay_enter=1000000 \
		"$RUNLEDGER" watch g --timeout 20s >said 2>words </dev/null &
	watcher=$!
	sleep 0.4 # into that second; where this comes too early or too late it is no worse than a change at another time
	finish_now a finetune 61 COMPLETED
	ends 0 "what happens while it begins is not missed"
else
	skip "what happens while it begins is not missed" "strace cannot hold it up"
fi

# --- events --follow ---

rm -rf g
new_group g a b
submit_now a finetune 71
"$RUNLEDGER" events --group g --follow --json >said 2>words </dev/null &
watcher=$!
wait_for has said '"name":"submit"'
ok_if $? "events --follow begins with what there is"
record g b eval 1760899000 note '"text":"from long ago"'
wait_for has said "from long ago"
ok_if $? "a record that comes is shown, whenever it happened"
cp g/.runledger/runs/b/host1.jsonl g/.runledger/runs/b/host2.jsonl
printf '{"timestamp":%s,"name":"custom","context":{"v":1}}\n' "$now" "$now" >>g/.runledger/runs/a/host1.jsonl
start_now a finetune 71
wait_for has said '"name":"start"'
printf '{"timestamp":%s,"name":"custom","context":{"v":1}}\n' "$now" >>g/.runledger/runs/a/host1.jsonl
finish_now a finetune 71 COMPLETED
wait_for has said '"name":"finish"'
is "$(jq -r .name said | sort | uniq -c | awk '{ print $2, $1 }' | paste -sd' ')" "custom 3 finish 1 note 1 start 1 submit 1" \
	"each is shown once by its id; those without one as often as they were written"
is "$(sort said)" "$(cat g/.runledger/runs/a/host1.jsonl g/.runledger/runs/b/host1.jsonl | sort)" "as they stand in their files"
kill "$watcher"
ends 143 "a signal ends it"

"$RUNLEDGER" events b --group g --follow --since 0s >said 2>words </dev/null &
watcher=$!
wait_for sh -c 'ls -l /proc/'$watcher'/fd 2>/dev/null | grep -q inotify'
record g a finetune "$now" note '"text":"of another run"'
record g b eval 1760899001 note '"text":"it comes late"'
wait_for has said "it comes late"
like "$(cat said)" "2025-10-19 18:36:41  eval  note  it comes late" "of one run its own, in words"
unlike "$(cat said)" "another run" "and no other's"
unlike "$(cat said)" "long ago" "--since leaves out what was there before"
rm -rf g
ends 1 "a group that goes ends it"
like "$err" "is gone" "with a sentence"
done_testing
