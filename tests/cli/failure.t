#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A job that failed tells its cause: in status, report and events, and in no tracker.
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

# failed_task GROUP RUN SECONDS JOB NODE RANK EXIT_CODE SIGNAL [MEMBERS]
failed_task() { record "$1" "$2" finetune "$3" task-failed "\"sid\":\"s$4\",\"job_id\":$4,\"step\":\"0\",\"node\":\"$5\",\"rank\":$6,\"exit_code\":$7,\"signal\":$8,\"failed\":1,\"tasks\":4${9:+,$9}"; }

new_group g crash memory cancelled good
job g crash finetune 1760896800 11 FAILED 1
job g memory finetune 1760896801 12 OUT_OF_MEMORY 0 125
job g cancelled finetune 1760896802 13 CANCELLED 0 15
job g good finetune 1760896803 14 COMPLETED
cp -r g without
run runledger refresh without
failed_task g crash 1760897600 11 n3 5 0 9
failed_task g crash 1760897599 11 n2 3 1 0 '"oom":false'
failed_task g memory 1760897600 12 n1 0 0 9 '"oom":true'
failed_task g cancelled 1760897600 13 n1 0 0 15
failed_task g good 1760897600 14 n1 0 1 0
run runledger refresh g
status_is 0 "refresh works"
is "$(sed 's/run_group: .*//' g/runs_status.yaml)" "$(sed 's/run_group: .*//' without/runs_status.yaml)" \
	"the tracker is the same with and without failed tasks"

run runledger status g
like "$out" "Finetune: FAILED, rank 3 on n2, exit code 1" "the first that failed is the cause"
like "$out" "Finetune: OUT_OF_MEMORY, rank 0 on n1" "of one without memory it is said once"
like "$out" "Finetune: CANCELLED, signal 15 (TERM)" "a cancelled job has none"
like "$out" "- Look at finetune of crash, job 11 (FAILED after 13m 32s: rank 3 on n2, exit code 1); its log: /logs/slurm-11.out" \
	"what to look at says it"

run runledger status g --run crash
like "$out" "  Slurm says   FAILED after 13m 32s: exit code 1
  failed first rank 3 on n2 (step 0): exit code 1" "--run keeps apart what Slurm says and what failed first"
like "$out" "n1     FAILED after 13m 32s: rank 3 on n2, exit code 1" "and has it with the attempt"

run runledger status g --json
like "$out" '"source":"epilog","no_word_since":null,"failure":{"node":"n2","rank":3,"step":"0","exit_code":1,"signal":0,"oom":false}' "--json has the attempt's"
like "$out" '"failure":{"node":"n1","rank":0,"step":"0","exit_code":0,"signal":9,"oom":true}' "with what it knows of memory"
is "$(printf '%s\n' "$out" | grep -o '"failure":null' | wc -l | tr -d ' ')" 2 "and null where there is no cause"
if python3 -c 'import jsonschema' 2>/dev/null; then
	printf '%s\n' "$out" >status.json
	run python3 -W ignore -m jsonschema -i status.json "$srcdir/tool/runledger-status.schema.json"
	status_is 0 "--json is what its schema says"
else
	skip "--json is what its schema says" "no python3 with jsonschema"
fi

run runledger report g
like "$out" "Finetune job 11: FAILED after 13m 32s: rank 3 on n2, exit code 1" "report says it in the details"
like "$out" "(FAILED after 13m 32s: rank 3 on n2, exit code 1); its log: \`/logs/slurm-11.out\`" "and in the next actions"

run runledger events crash --group g
like "$out" "rank 5 on n3 (step 0) failed first: killed by signal 9 (KILL)" "events shows what each node told"
like "$out" "rank 3 on n2 (step 0) failed first: exit code 1" "in a sentence"

# --- as the plugin hands it over ---

printf '%s\n' '{"timestamp":1760897601.5,"name":"task-failed","context":{"v":1,"id":"0123456789abcdef0123456789abcdef","job_id":15,"step":"batch","node":"n1","rank":0,"exit_code":2,"signal":0,"failed":1,"tasks":1,"job_name":"good","cwd":"'"$PWD/g"'"}}' >draft
run sh -c '"$1" record --conf=/dev/null task-failed <draft' sh "$RUNLEDGER"
status_is 0 "record takes a failed task"
like "$(cat g/.runledger/runs/good/*.jsonl)" '"matched_by":"job-name","job_id":15,"step":"batch"' "and finds its run by the job's name"

done_testing
