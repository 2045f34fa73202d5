#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# `runledger record`, as the plugins call it: drafts of every kind on its standard input, and what becomes of them.
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

sid=0123456789abcdef0123456789abcdef
umask 022
unset SLURM_JOB_ID SBATCH_JOB_NAME SLURM_JOB_NAME SBATCH_ARRAY_INX

# draft NAME MEMBERS: a draft as a plugin writes it
drafts=0
draft() {
	drafts=$((drafts + 1))
	printf '{"timestamp":1771426845.%06d,"name":"%s","context":{"v":1,"id":"%032x"%s}}\n' "$drafts" "$1" "$drafts" "${2:+,$2}"
}

# record_from FILE ARGUMENTS...: runs it with that file on its standard input, and no settings of this machine
record_from() {
	input=$1
	shift
	status=0
	"$RUNLEDGER" record --conf="$work/none.conf" "$@" <"$input" >"$work/.out" 2>"$work/.err" || status=$?
	out=$(cat "$work/.out")
	err=$(cat "$work/.err")
}

records_of() { cat "$1/.runledger/runs/$2/"*.jsonl 2>/dev/null; }
count_records() { find "$1/.runledger" -name '*.jsonl' -exec cat {} + 2>/dev/null | wc -l | tr -d ' '; }

# The refresh of a submission goes on behind our back: it is over when its lock is free.
settled() {
	i=0
	while [ $i -lt 100 ] && ! grep -q "$2" "$1" 2>/dev/null; do
		sleep 0.1
		i=$((i + 1))
	done
	grep -q "$2" "$1"
}

new_group g r1 r2
mkdir -p g/r1 g/r2 elsewhere

# --- every event, by its address ---

draft start '"job_id":11,"sid":"'$sid'","step":"batch","node":"n1","cluster":"c"' >d
record_from d --group="$work/g" --run=r1 --phase=finetune start
status_is 0 "a start is recorded"
is "$out$err" "" "without a word"
like "$(records_of g r1)" '"name":"start"' "it stands in the run's file"
like "$(records_of g r1)" '"run":"r1","phase":"finetune"' "with run and phase"
like "$(records_of g r1)" '"id":"00000000000000000000000000000001"' "and the draft's id"
like "$(cat g/runs_status.yaml)" 'finetune_status: running' "the tracker is refreshed"

draft finish '"job_id":11,"sid":"'$sid'","state":"FAILED","final":true,"exit_code":3,"source":"epilog","start_time":1771426845,"end_time":1771426900,"cluster":"c"' >d
record_from d --group="$work/g" --run=r1 --phase=finetune finish
status_is 0 "a finish is recorded"
like "$(cat g/runs_status.yaml)" 'finetune_status: failed' "and shown"

draft submit '"sid":"'${sid%f}0'","cwd":"'"$work/g/r1"'"' >d
record_from d --group= --run= --answer submit
status_is 0 "a submission is recorded"
is "$out" "group=$work/g
run=r1
phase=finetune" "and answered with its address"
like "$(records_of g r1 | grep '"submit"')" '"matched_by":"folder"' "the folder told the run"
like "$(records_of g r1 | grep '"submit"')" "\"cwd\":\"$work/g/r1\"" "the folder is kept"

draft reject '"sid":"'${sid%f}0'","exit_code":1' >d
record_from d --group="$work/g" --run=r1 --phase=finetune reject
status_is 0 "a refusal is recorded"
run runledger status g --json
like "$out" '"status":"failed"' "and takes its submission back"
unlike "$out" '"status":"submitted"' "so that nothing waits"

# --- a finish that nobody asks about; --ask-ms without a Slurm ---

draft finish '"job_id":12,"source":"epilog","wait_status":256,"cluster":"c"' >d
record_from d --group="$work/g" --run=r2 --phase=finetune --ask-ms=300 finish
is "$(records_of g r2 | wc -l | tr -d ' ')" 1 "an end that slurmctld does not tell is recorded all the same"
like "$(records_of g r2)" '"state":"UNKNOWN"' "as UNKNOWN"
like "$(records_of g r2)" '"exit_code":1' "with the exit code of its script"

# --- drafts that are none ---

before=$(count_records g)
: >empty
echo garbage >garbage
draft start '"job_id":1,"step":"batch"' | tr -d '\n' | sed 's/..$//' >cut
{ draft start '"job_id":1'; draft start '"job_id":2'; } >two
printf '{"timestamp":1,"name":"start","context":{"v":99}}\n' >newer
draft start "\"job_id\":1,\"cwd\":\"$(printf '%05000d' 0)\"" >long
head -c 5000 /dev/zero >nuls
for file in empty garbage cut two newer long nuls; do
	record_from "$file" --group="$work/g" --run=r1 --phase=finetune start
	status_is 1 "a draft that is $file is a failure"
	is "$(printf '%s\n' "$err" | wc -l | tr -d ' ')" 1 "with one sentence"
	like "$err" "runledger record: " "that says who speaks"
	unlike "$err" "Sanitizer" "and no crash"
done
record_from d --group="$work/g" --run=r1 start
status_is 2 "a draft of another event is asked wrongly"
like "$err" 'is a `finish`, not a `start`' "and is told"
record_from d --group="$work/g" --run=r1 rejoice
status_is 2 "an event that is none is asked wrongly"
like "$err" "submit, reject, start, task-failed, usage and finish" "and the events are named"
record_from d --group="$work/g" --run=r1
status_is 2 "no event is asked wrongly"
is "$(count_records g)" "$before" "none of them left a record"

# --- addresses that are none ---

draft start '"job_id":5,"step":"batch","job_name":"x"' >d
for run in .. a/b '' ' x' -x; do
	record_from d --group="$work/nowhere" --run="$run" --phase=finetune start
	[ -e nowhere ] && break
done
ok_if "$([ ! -e nowhere ]; echo $?)" "a group that is none is not made"
record_from d --group="$work/g" --run=../../x --phase=finetune start
status_is 1 "a run that cannot be one is a failure"
like "$err" "cannot be the name of a run" "and is told"
ok_if "$([ ! -e x ] && [ ! -e g/x ]; echo $?)" "and nothing is written beside the group"
record_from d --group="$work/g" --run=unheard_of --phase=finetune start
status_is 0 "a run that nobody planned is recorded under its name"
ok_if "$([ -d g/.runledger/runs/unheard_of ]; echo $?)" "in a folder of its own"

draft start '"job_id":6,"step":"batch","cwd":"'"$work/elsewhere"'"' >d
before=$(count_records .)
record_from d --group= --run= --phase= start
status_is 0 "a job in no group is no failure"
is "$err$out" "" "and nobody hears of it"
is "$(count_records .)" "$before" "nor is it recorded"
draft start '"job_id":6,"step":"batch","job_name":"finetune_r2","cwd":"'"$work/g"'"' >d
record_from d --group= --run= --phase= start
like "$(records_of g r2)" '"job_id":6' "a job without an address is found by its folder and its name"

# --- the client's command line ---

# client NAME ARGUMENTS...: a process with that command line, behind a `-c WORDS` that sbatch too would take; its id is
# then in $client.  It ends when it is killed, or with the test.
mkfifo hold
clients=''
client() {
	bash -c 'exec -a "$0" sh -c "read x <hold" "$@"' "$@" </dev/null >/dev/null 2>&1 &
	client=$!
	clients="$clients $client"
	i=0
	while [ $i -lt 100 ] && ! tr '\0' ' ' <"/proc/$client/cmdline" | grep -q "^$1 -c read x"; do
		sleep 0.05
		i=$((i + 1))
	done
}
# shellcheck disable=SC2086 # a list
trap 'kill $clients 2>/dev/null; rm -rf "$work"' EXIT

submit() { # FOLDER
	serial=$((${serial:-100} + 1))
	sid=$(printf '%032x' "$serial")
	draft submit '"sid":"'"$sid"'","cwd":"'"$1"'"' >d
	record_from d --group= --run= --client "$client" --answer submit
}

if command -v bash >/dev/null && [ -r /proc/self/cmdline ]; then
	client sbatch --job-name=finetune_r2 --export=ALL,TOKEN=secret123 train.slurm
	submit "$work/g"
	status_is 0 "a client's command line is read"
	is "$out" "group=$work/g
run=r2
phase=finetune" "its job name tells run and phase"
	like "$(records_of g r2)" '"script":"train.slurm"' "the script is known"
	like "$(records_of g r2)" '"matched_by":"job-name"' "and what told the run"
	unlike "$(records_of g r2)" 'secret123' "and no value of --export is kept"

	client sbatch --test-only --job-name=finetune_r2 train.slurm
	before=$(count_records g)
	submit "$work/g"
	status_is 0 "--test-only is no submission"
	is "$out" "" "so there is no address"
	is "$(count_records g)" "$before" "and no record"

	printf '#!/bin/sh\n#SBATCH --job-name=eval_r1\n' >g/job.slurm
	client sbatch job.slurm
	submit "$work/g"
	is "$out" "group=$work/g
run=r1
phase=eval" "an #SBATCH line tells the name"

	client sbatch -D g/r2 "$work/g/job.slurm"
	submit "$work"
	like "$out" "run=r2" "--chdir leads to another folder"

	client sbatch --job-name=nobody_knows train.slurm
	submit "$work/g"
	like "$out" "run=nobody_knows" "an unknown name is never guessed into a run"
	like "$(records_of g nobody_knows)" '"matched_by":"none"' "and says that it is unknown"

	# --- an array with a run a task ---

	new_group sweep sweep_0 sweep_1 sweep_2
	mkdir -p sweep/.runledger
	cat >sweep/.runledger/config.yaml <<'YAML'
match:
  - job_name: sweep
    run: sweep_{array_task}
YAML
	client sbatch --array=0-2 --job-name=sweep train.slurm
	submit "$work/sweep"
	status_is 0 "an array is recorded"
	like "$out" "run=sweep_{array_task}" "its address holds the place of the task"
	run runledger status sweep --json
	is "$(printf '%s\n' "$out" | grep -o '"status":"submitted"' | wc -l | tr -d ' ')" 3 "every task's run is submitted"
	draft submit '"sid":"'"$sid"'","job_id":77' >d
	record_from d --group="$work/sweep" --run='sweep_{array_task}' --quiet submit
	status_is 0 "that it was accepted is taken in"
	ok_if "$([ ! -e 'sweep/.runledger/runs/sweep_{array_task}' ]; echo $?)" "under no name with a place in it"
	draft reject '"sid":"'"$sid"'","exit_code":1' >d
	record_from d --group="$work/sweep" --run='sweep_{array_task}' --quiet reject
	ok_if "$([ ! -e 'sweep/.runledger/runs/sweep_{array_task}' ]; echo $?)" "nor is that it was refused"
	run runledger status sweep --json
	unlike "$out" '"status":"submitted"' "and a refused array waits in no run"
	draft start '"job_id":78,"step":"batch","array_job_id":77,"array_task_id":1' >d
	record_from d --group="$work/sweep" --run='sweep_{array_task}' --phase= start
	like "$(records_of sweep sweep_1)" '"job_id":78' "a task's start finds its run"
else
	skip "a client's command line is read" "no bash, or no /proc"
fi

# --- asked for by the environment ---

draft submit '"sid":"'"$(printf '%032x' 200)"'","cwd":"'"$work/elsewhere"'"' >d
RUNLEDGER_GROUP=$work/g RUNLEDGER_RUN=r1/eval record_from d --group= --run= --answer submit
is "$out" "group=$work/g
run=r1
phase=eval" "RUNLEDGER_GROUP and RUNLEDGER_RUN are believed"
draft submit '"sid":"'"$(printf '%032x' 201)"'","cwd":"'"$work/elsewhere"'"' >d
record_from d --group="$work/elsewhere" --run=r1 --answer submit
status_is 1 "a group that was asked for and is none is a failure"
like "$err" "is no run group" "and is told"
like "$err" "this job is not tracked" "with what follows from it"
is "$out" "" "and answered with no address"

# --- every record is what the schema says ---

if python3 -c 'import jsonschema' 2>/dev/null; then
	# Refreshes that go on behind our back add no records but edits, of which there are none here.
	cat >check.py <<'PYTHON'
import json, sys, jsonschema
check = jsonschema.Draft202012Validator(json.load(open(sys.argv[1])))
lines = 0
for path in sys.argv[2:]:
    for line in open(path, encoding="utf-8"):
        lines += 1
        for error in check.iter_errors(json.loads(line)):
            print(path, error.message, line)
print(lines > 5)
PYTHON
	run python3 -W ignore check.py "$srcdir/lib/runledger-record.schema.json" g/.runledger/runs/*/*.jsonl sweep/.runledger/runs/*/*.jsonl
	is "$out" "True" "every record is what the schema says"
else
	skip "every record is what the schema says" "no python3 with jsonschema"
fi

# Submissions refresh in a process that nobody waits for; it must not find its folder gone.
ok_if "$(settled g/runs_status.yaml 'eval_status: submitted'; echo $?)" "a submission's refresh comes by itself"
sleep 0.3

done_testing
