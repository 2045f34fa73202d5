#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# `runledger events` over records that are written by hand.
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

new_skill_group cap_8L
record cap_8L 1B_rank64 finetune 1760897600 task-failed '"sid":"s1234569","job_id":1234569,"node":"n2","rank":3,"exit_code":1'
record cap_8L 1B_rank64 finetune 1760897500 progress '"step":2400,"loss":0.085'
record cap_8L 1B_rank64 finetune 1760897501 something '"a":1,"b":{"c":2}'
record cap_8L 3B_rank64 finetune 1760899000 reject '"sid":"s0","exit_code":1'
record cap_8L 3B_rank64 finetune 1760899001 note '"text":"queue was full"'

run runledger events --group cap_8L
status_is 0 "events works"
is "$(printf '%s\n' "$out" | sed -n 1p)" \
	"2025-10-19 18:00:00  1B_rank4/finetune   submit       job 1234567: finetune.slurm, by ann on login1" "a submission in a line"
like "$out" "2025-10-19 18:01:00  1B_rank4/finetune   start        job 1234567: started on n1, log /logs/slurm-1234567.out" "a start in a line"
like "$out" "2025-10-19 18:14:32  1B_rank4/finetune   finish       job 1234567: COMPLETED after 13m 32s; said by epilog" "an end in a line"
like "$out" "finish       job 1234569: FAILED after 13m 32s: exit code 1; said by epilog" "a bad end says why"
like "$out" "task-failed  job 1234569: rank 3 on n2 failed first: exit code 1" "a failed task says its rank and node"
like "$out" "3B_rank64/finetune  reject       Slurm refused the submission, exit code 1" "a refusal is called so"
like "$out" "note         queue was full" "a note is what somebody wrote"
like "$out" "progress     step 2400, loss 0.085" "what a job tells is a sentence"
like "$out" "something    a=1, b={" "what has no sentence is shown as it is"
is "$(printf '%s\n' "$out" | sort -k1,2)" "$out" "all comes in order of time"

run runledger events 3B_rank64 --group cap_8L
is "$out" "2025-10-19 18:36:40  finetune  reject  Slurm refused the submission, exit code 1
2025-10-19 18:36:41  finetune  note    queue was full" "of one run only its own events, without its name"

run runledger events --group cap_8L --since "2025-10-19 18:36:41"
is "$(printf '%s\n' "$out" | wc -l | tr -d ' ')" 1 "--since leaves out what is older"
like "$out" "queue was full" "and keeps what is not"

# --- JSON: the bytes of the records, each id once ---

cat cap_8L/.runledger/runs/*/host1.jsonl | sort >all
cp cap_8L/.runledger/runs/1B_rank4/host1.jsonl cap_8L/.runledger/runs/1B_rank4/host2.jsonl
run runledger events --group cap_8L --json
status_is 0 "--json works"
is "$(printf '%s\n' "$out" | sort)" "$(cat all)" "--json prints every record as it stands, and a duplicate once"
is "$(printf '%s\n' "$out" | sed 's/.*"timestamp":\([0-9.]*\).*/\1/')" \
	"$(printf '%s\n' "$out" | sed 's/.*"timestamp":\([0-9.]*\).*/\1/' | sort -n)" "--json is in order of time"

new_group odd r1
printf '{ "timestamp": 1760896800, "name":"custom", "context":{"deep":{"a":[1,null]},  "v":1}}\n' >line
mkdir -p odd/.runledger/runs/r1
cat line line >odd/.runledger/runs/r1/h.jsonl
run runledger events --group odd --json
is "$out" "$(cat line line)" "records without an id are like no other; blanks stay"
run runledger events --group odd
like "$out" 'r1  custom  deep={"a":[1,null]}' "an unknown event is shown with its members"

# --- runs without events ---

new_group quiet 1B_rank4
run runledger events 1B_rank4 --group quiet
status_is 0 "a planned run without records is no failure"
is "$err" "runledger events: nothing has happened to 1B_rank4 yet" "and is called so"
run runledger events 1B_rnk4 --group quiet
status_is 1 "an unknown run is a failure"
is "$err" "runledger events: there is no run \`1B_rnk4\` in $PWD/quiet; did you mean \`1B_rank4\`?" "and a near name is offered"
run runledger events ../x --group quiet
status_is 2 "a name that cannot be a run's is asked wrongly"
run runledger events a b --group quiet
status_is 2 "two runs are one too many"

# --- damage ---

echo garbage >>cap_8L/.runledger/runs/1B_rank4/host1.jsonl
run runledger events --group cap_8L --json
status_is 3 "a damaged line gives status 3"
like "$err" "runledger events: 1 damaged line or file in" "and is told on stderr"
unlike "$out" "garbage" "and not printed"

printf '{"timestamp":1760896800.5,"name":"e\\u001b[2Jvil","context":{"v":1,"id":"x","k":"\\u001b]0;pwned\\u0007"}}\n' >odd/.runledger/runs/r1/h.jsonl
run runledger events --group odd
unlike "$out" "$(printf '\033')" "no escape sequence gets through"
like "$out" 'e\x1b[2Jvil  k=\x1b]0;pwned\a' "it is shown as it would be written in C"

if [ -c /dev/full ]; then
	run sh -c '"$1" events --group cap_8L --json >/dev/full' sh "$RUNLEDGER"
	status_is 1 "a full disk is a failure"
	like "$err" "cannot write to standard output: No space left on device" "and is called so"
fi

done_testing
