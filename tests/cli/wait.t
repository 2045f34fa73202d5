#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `runledger wait` on status files that a second process writes.
# shellcheck source=tests/tap.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

new_skill_group g

# --- what is done already ---

run runledger wait --group g 1B_rank4/finetune 3B_rank4/finetune
status_is 0 "what has completed is done"
is "$out" "1B_rank4/finetune: completed (job 1234567, 13m 32s)
3B_rank4/finetune: completed (job 1234570, 13m 32s)" "with a line for each"
is "$err" "" "and no more"
run runledger wait --group g 1B_rank64
status_is 1 "what has failed gives status 1"
is "$out" "1B_rank64: finetune failed: FAILED after 13m 32s: exit code 1 (job 1234569)" "with the cause"
run runledger wait --group g 1234567 1B_rank64/finetune
status_is 1 "one that failed among others gives status 1"
like "$out" "1234567: 1B_rank4/finetune: completed (job 1234567, 13m 32s)" "a job says which run it was of"
run runledger wait --group g --any 1B_rank64 1B_rank4 1234567
status_is 0 "with --any one that is done well is enough"
run runledger wait --group g --any 1B_rank64 1B_rank4
status_is 1 "with --any the first that is done tells, though it failed"
run runledger wait --group g --quiet 1B_rank64
status_is 1 "--quiet has the same status"
is "$out$err" "" "and says nothing"

# --- what else can be waited for ---

run runledger wait --group g --for running 1B_rank4 1234567
status_is 0 "one that runs, and one that did, were running"
run runledger wait --group g --for failed 1B_rank64
status_is 0 "a failure can be what is waited for"
run runledger wait --group g --for failed 1B_rank4/finetune
status_is 1 "what ended otherwise gives status 1"
run runledger wait --group g --for completed,failed 1B_rank64 1B_rank4/finetune
status_is 0 "there may be several"
run runledger wait --group g --any --for completed 1B_rank64 3B_rank4/finetune
status_is 0 "with --any and --for one that is as wanted is enough"

# --- time ---

run runledger wait --group g --timeout 0s 1B_rank4 1B_rank4/finetune
status_is 124 "when the time is up the status is 124"
is "$out" "1B_rank4/finetune: completed (job 1234567, 13m 32s)" "what is done is told all the same"
is "$err" "runledger wait: the time is up, and 1B_rank4 is running" "and what is not"
run runledger wait --group g --timeout 0s --quiet 1B_rank4
is "$out$err" "" "--quiet does without"
run runledger wait --group g --timeout 0s 3B_rank64 3B_rank64/finetune 3B_rank4
status_is 124 "what nobody has submitted is waited for"
like "$err" "3B_rank64: Not started; a run is done when all its phases are" "with a word"
like "$err" "3B_rank64/finetune is not submitted yet" "for a phase, too"
like "$err" "3B_rank4: Eval not submitted yet; a run is done when all its phases are" "and for a run that is half done"

# --- asked wrongly ---

for wrong in "" "--for=pending 1B_rank4" "--for=done,failed 1B_rank4" "--any --all 1B_rank4" "--timeout=soon 1B_rank4" "--timeout=-1s 1B_rank4"; do
	# shellcheck disable=SC2086 # words
	run runledger wait --group g $wrong
	status_is 2 "\`wait $wrong\` is asked wrongly"
done
run runledger wait --group g 1B_rnk4
status_is 1 "an unknown run is a failure"
is "$err" "runledger wait: there is no run or job \`1B_rnk4\` in g; did you mean \`1B_rank4\`, \`1B_rank64\` or \`3B_rank4\`?" \
	"and near names are offered"
run runledger wait --group g 1B_rank4/evl
is "$err" "runledger wait: there is no phase \`evl\` in 1B_rank4; did you mean \`eval\`?" "so is a near phase"
run runledger wait --group g 12
status_is 1 "a job that no record names is a failure"
is "$err" "runledger wait: no record in g names a job 12" "and is told"
run runledger wait --group nowhere 1
status_is 1 "so is a group that is none"

# --- JSON ---

run runledger wait --group g --json 1B_rank64
is "$(printf '%s' "$out" | jq -r '[.target, .outcome, .run, .run_status, .phase, .status, .job_id, .exit_code, .elapsed_s] | join("|")')" \
	"1B_rank64|otherwise|1B_rank64|failed|finetune|failed|1234569|1|812" "--json is one object for each that is done"

# --- what is done later ---

begin_wait() {
	"$RUNLEDGER" wait --group g --timeout 60s "$@" >said 2>words </dev/null &
	waiter=$!
	wait_for sh -c 'ls -l /proc/'$waiter'/fd 2>/dev/null | grep -q inotify'
}
ends() { # STATUS CLAIM
	status=0
	wait "$waiter" || status=$?
	out=$(cat said)
	err=$(cat words)
	status_is "$1" "$2"
}
begin_wait 1B_rank4 1B_rank4/finetune 1B_rank4/eval 1234568
wait_for has said "1B_rank4/finetune: completed"
ok_if $? "what is done is told while the rest is waited for"
finish_job g 1B_rank4 eval 1760898000 1234568 COMPLETED
ends 0 "all are done"
is "$(tail -n +2 said)" "1B_rank4: eval completed (job 1234568, 13m 32s)
1B_rank4/eval: completed (job 1234568, 13m 32s)
1234568: 1B_rank4/eval: completed (job 1234568, 13m 32s)" "and told, each once"

printf 'ValueError: no such rank\n' >99.out
begin_wait --any 3B_rank64/finetune 3B_rank4/eval
submit_job g 3B_rank4 eval 1760899000 99
record g 3B_rank4 eval 1760899060 start "\"job_id\":99,\"start_time\":1760899060,\"stdout\":\"$work/99.out\""
finish_job g 3B_rank4 eval 1760899000 99 FAILED 1
ends 1 "--any ends with the first that is done"
like "$out" "3B_rank4/eval: failed: FAILED after 13m 32s: exit code 1 (job 99)
    ValueError: no such rank" "with the cause, and the end of its log"

# The id of a submission may be known when it starts only.
record g 3B_rank64 finetune 1760899100 submit '"sid":"s7"'
begin_wait 77
wait_for has words "no record names job 77 yet; it may be one whose id is not known before it starts"
ok_if $? "a job whose id is not known yet is waited for"
record g 3B_rank64 finetune 1760899200 start '"sid":"s7","job_id":77,"start_time":1760899200'
finish_job g 3B_rank64 finetune 1760899140 77 COMPLETED
ends 0 "and found when it starts"

begin_wait 3B_rank64/eval
kill -INT "$waiter"
kill -TERM "$waiter" # a shell's background has no SIGINT
ends 143 "a signal ends it, with its status"
begin_wait 3B_rank64/eval
mv g gone
ends 1 "a group that goes ends it"
is "$err" "runledger wait: 3B_rank64/eval is not submitted yet
runledger wait: the run group $work/g is gone" "with a sentence"
mv gone g

echo garbage >>g/.runledger/runs/1B_rank4/host1.jsonl
run runledger wait --group g 1B_rank4
status_is 3 "done well, with a damaged line somewhere: status 3"
run runledger wait --group g 1B_rank64
status_is 1 "a failure goes before that"
done_testing
