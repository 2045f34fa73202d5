#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `runledger log`: what a job tells, and what a job prints on its way through us.  No Slurm: the environment says it is a job.
# shellcheck disable=SC2016 # $ for other shells
# shellcheck source-path=SCRIPTDIR source=../tap.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

umask 022
for name in $(compgen -e SLURM; compgen -e SPANK; compgen -e RUNLEDGER_); do unset "$name"; done
new_group g r1 r2
mkdir g/r1 away
cd g || exit 99
group=$PWD
address=41/0123456789abcdef0123456789abcdef/r1/finetune$group
in_job=(env SLURM_JOB_ID=41 SLURM_CLUSTER_NAME=c SLURM_JOB_NAME=job "RUNLEDGER_ADDRESS=$address")

records_of() { cat "$group/.runledger/runs/$1"/*.jsonl 2>/dev/null; }
count() { records_of "$1" | wc -l; }
forget() { rm -rf "$group/.runledger/runs"; }
# values RUN: what its records tell, a line each in order of time, without what every record has
values() {
	records_of "$1" | /usr/bin/python3 -c '
import json, sys
for r in sorted(map(json.loads, sys.stdin), key=lambda r: r["timestamp"]):
    c = r["context"]
    for key in ("v", "id", "run", "phase", "cluster", "job_id"):
        c.pop(key, None)
    print(r["name"], json.dumps(c))'
}
# through INPUT-FILE ARGUMENT...: log -, in a job
through() {
	status=0
	"${in_job[@]}" "$RUNLEDGER" log "${@:2}" <"$1" >"$work/.out" 2>"$work/.err" || status=$?
	out=$(tr -d '\0' <"$work/.out"; echo .) out=${out%.}
	err=$(cat "$work/.err")
}
make_stuck() { rm -rf "$group/.runledger/runs" && ln -s /nowhere "$group/.runledger/runs"; }
mend() { rm -f "$group/.runledger/runs"; }

# --- one record

run "${in_job[@]}" "$RUNLEDGER" log step=2400 train_loss=0.0850 stage="warm up" ok=True done=false lr=1e-4 x=.5 y=nan z=-3
is "$status:$out:$err" "0::" "log says nothing"
is "$(values r1)" 'progress {"step": 2400, "train_loss": 0.085, "stage": "warm up", "ok": true, "done": false, "lr": 0.0001, "x": ".5", "y": "nan", "z": -3}' \
	"numbers are numbers, texts are texts"
like "$(records_of r1)" '"train_loss":0.0850,' "figures are as they were given"
like "$(records_of r1)" '"job_id":41,"cluster":"c","run":"r1","phase":"finetune"' "the record says whose it is"
forget
run "${in_job[@]}" "$RUNLEDGER" log loss=1 host=mine id=7 loss=2 "naïve key=a=b"
is "$(values r1)" 'progress {"loss": 2, "na\u00efve key": "a=b", "values": {"host": "mine", "id": 7}}' \
	"the last of a key counts; names that are the record's stand apart"
forget
run "${in_job[@]}" "$RUNLEDGER" log "a=$(printf '1%.0s' {1..100})" b=0x10 c=007 d=1e999
is "$(values r1 | grep -c 'a": "111')" 1 "a number that no reader could take is a text"
forget

for bad in word =1 key= $'a\nb=1' "$(printf 'k%.0s' {1..97})=1" "k=$(printf 'v%.0s' {1..1025})"; do
	run "${in_job[@]}" "$RUNLEDGER" log a=1 "$bad"
	is "$status $(count r1)" "2 0" "asked wrongly: $(head -c 20 <<<"$bad" | tr "\n" " ")"
done
like "$err" "longer than 1024 bytes" "and told what is wrong"
run "${in_job[@]}" "$RUNLEDGER" log
like "$status:$err" "2:runledger log: which values?" "no values"
run "${in_job[@]}" "$RUNLEDGER" log --tee a=1
is "$status" 2 "--tee without -"
run "${in_job[@]}" "$RUNLEDGER" log --subject r1 a=1
is "$status" 2 "--subject without --action"
long=()
for i in {1..20}; do long+=("k$i=$(printf 'v%.0s' {1..500})"); done
run "${in_job[@]}" "$RUNLEDGER" log step=1 "${long[@]}"
like "$status:$err" "0:runledger log: 13 of the values found no room" "what has no room is left out, and told"
is "$(records_of r1 | wc -c | awk '{ print ($1 <= 4096) }')" 1 "and the record is one"
forget

# --- where to

run env SLURM_JOB_ID=42 SLURM_JOB_NAME=r2 "RUNLEDGER_ADDRESS=$address" "$RUNLEDGER" log step=1
is "$status $(count r1) $(count r2)" "0 0 1" "another job's address is not taken; the job's name tells"
forget
sid=0123456789abcdef0123456789abcdef
outer=("SLURM_SPANK_RUNLEDGER_SID=$sid" "SLURM_SPANK_RUNLEDGER_GROUP=$group" SLURM_SPANK_RUNLEDGER_RUN=r1)
run env -C "$work/away" SLURM_JOB_ID=42 SLURM_JOB_NAME=r2 "RUNLEDGER_ADDRESS=$address" "${outer[@]}" "$RUNLEDGER" log step=1
is "$status $(count r1)" "1 0" "what a submission without plugins handed on is not taken"
like "$err" "is in no run group" "and it is told that there is nowhere to go"
run env -C "$work/away" SLURM_JOB_ID=42 "RUNLEDGER_ADDRESS=${address/0123/aaaa}" "${outer[@]}" "$RUNLEDGER" log step=1
is "$status $(count r1)" "0 1" "but what its own submission left is"
forget
run env SLURM_JOB_ID=25 SLURM_HET_SIZE=2 SLURM_JOB_ID_HET_GROUP_0=25 SLURM_JOB_ID_HET_GROUP_1=41 "RUNLEDGER_ADDRESS=$address" "$RUNLEDGER" log step=1
like "$(records_of r1)" '"job_id":41' "a component of a heterogeneous job has its own id"
forget
run env SLURM_JOB_ID=41 SLURM_ARRAY_TASK_ID=7 "RUNLEDGER_ADDRESS=41//seed_{array_task}/$group" "$RUNLEDGER" log step=1
is "$(count seed_7)" 1 "a task of an array has its own run"
for broken in x 41 41// 41//r1 "41///finetune$group" "41//r1/finetune" "/$address" "41/$(printf 'a%.0s' {1..99})/r1/f$group"; do
	forget
	run env SLURM_JOB_ID=41 SLURM_JOB_NAME=r2 "RUNLEDGER_ADDRESS=$broken" "$RUNLEDGER" log step=1
	is "$status $(count r1) $(count r2)" "0 0 1" "an address that is none: ${broken:0:20}"
done
forget
run env SLURM_JOB_ID=41 "RUNLEDGER_ADDRESS=41//../f$group" "$RUNLEDGER" log step=1
is "$status" 1 "an address that leads elsewhere is refused"
ok_if "$([ ! -e "$group/.runledger/f" ] && [ ! -e "$group/.runledger"/vm.jsonl ]; echo $?)" "and writes nothing there"
run env -C "$work/away" SLURM_JOB_ID=41 "RUNLEDGER_ADDRESS=41//r1/f$work/gone" "$RUNLEDGER" log step=1
is "$status" 1 "a group that is gone is a failure"
run env -C "$work/away" SLURM_JOB_ID=41 "RUNLEDGER_ADDRESS=41//r1/f$work/gone" "$RUNLEDGER" log -q step=1
is "$status:$err" "0:" "and none with --quiet"
run "$RUNLEDGER" log step=1
like "$status:$err" "1:runledger log: this is no Slurm job, and $group is no run's; say --run=RUN" "outside of a job no run is guessed"
run env RUNLEDGER_RUN=r2/eval "$RUNLEDGER" log step=1
is "$status $(records_of r2 | grep -c '"phase":"eval"')" "0 1" "but named"
run "$RUNLEDGER" log --run=r2 step=2
is "$status $(count r2)" "0 2" "by an option, too"
run env -C r1 "$RUNLEDGER" log step=3
is "$status $(count r1)" "0 1" "or by the folder"
is "$(records_of r1 | grep -c job_id)" 0 "and has no job id then"
run env -C "$work/away" "$RUNLEDGER" log --run-group="$group" --run=r1 step=4
is "$status $(count r1)" "0 2" "from elsewhere with --run-group"
forget

# --- refreshing

printf 'trackers:\n  runs_status: runs_status.yaml\n' >.runledger/config.yaml
mkdir -p .runledger/runs/r1
touch -d '1 hour ago' .runledger
run "${in_job[@]}" "$RUNLEDGER" log step=1
waits=0
until [ -e runs_status.yaml ] || [ $((waits += 1)) -gt 100 ]; do sleep 0.1; done
ok_if "$([ -e runs_status.yaml ]; echo $?)" "a refresh that is due is done behind the job's back"
rm runs_status.yaml
# The leak sanitizer is a tracer itself.
run "${in_job[@]}" env ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=clone,fork,vfork,clone3 -o "$work/trace" "$RUNLEDGER" log step=2
if [ -s "$work/trace" ]; then
	is "$(grep -cE 'clone|fork' "$work/trace")" 1 "soon after that nothing is started but the child that is watched"
else
	skip "soon after that nothing is started" "no strace"
fi
forget

# --- what a job prints

cat >"$work/lines" <<'END'
loading 3 shards
step=1 loss=0.5
Epoch 1: loss=0.5 (not a value)
{"step": 2, "loss": 0.25, "nested": {"a": 1}, "none": null}
{'step': 3, 'loss': 0.125, 'ok': True}
PASSWORD=12345
SECRET=hunter2 OTHER=abc
mode=train
{"level": "info", "msg": "no number"}
{"step": 99, "loss":
step=4, loss=0.0625; acc=0.9 | lr=1e-05
END
printf 'step=5\rstep=6\r\nstep=7 tail=1' >>"$work/lines"
through "$work/lines" --tee -
is "$status:$err" "0:" "log --tee - works"
is "$out" "$(cat "$work/lines")" "and prints what it got"
is "$(values r1)" 'progress {"step": 1, "loss": 0.5}
progress {"step": 7, "loss": 0.0625, "ok": true, "acc": 0.9, "lr": 1e-05, "tail": 1}' \
	"the first line with values, then the last of each"
is "$(records_of r1 | grep -o '"timestamp":[0-9.]*' | sort -u | wc -l)" 2 "no two at one moment, so that their order is known"
forget
through "$work/lines" -
is "$status:$out:$(count r1)" "0::2" "without --tee nothing is printed"
forget
head -c 300000 /dev/urandom >"$work/random"
through "$work/random" --tee -
cmp -s "$work/random" "$work/.out"
ok_if $? "any bytes go through as they are"
forget
: >"$work/empty"
through "$work/empty" --tee -
is "$status:$out:$err:$(count r1)" "0:::0" "nothing comes of nothing"
{ head -c 9000 /dev/zero | tr '\0' x; echo ' step=1'; echo step=2; } >"$work/long"
through "$work/long" -
is "$(values r1)" 'progress {"step": 2}' "a line without end is stepped over"
forget
for ((i = 0; i < 300; i++)); do echo "name_$i=1"; done >"$work/many"
through "$work/many" -
like "$status:$err" "0:runledger log: " "values that find no room are told"
is "$(records_of r1 | awk 'length($0) > 4095' | wc -l)" 0 "and no record is too long"
forget

# At once: a line is through before the next is written.
mkfifo "$work/in" "$work/through"
"${in_job[@]}" "$RUNLEDGER" log --tee - <"$work/in" >"$work/through" 2>/dev/null &
exec 8>"$work/in" 9<"$work/through"
printf 'step=1\nno end' >&8
read -r -t 10 line <&9 && read -r -t 10 -N 6 rest <&9
is "$line:$rest" "step=1:no end" "each byte goes through at once, line or not"
waits=0
until [ "$(count r1)" = 1 ] || [ $((waits += 1)) -gt 100 ]; do sleep 0.1; done
is "$(values r1)" 'progress {"step": 1}' "the first record is written while the job goes on"
printf '\nstep=2\n' >&8
waits=0
until [ "$(count r1)" = 2 ] || [ $((waits += 1)) -gt 100 ]; do sleep 0.1; done
is "$(count r1)" 2 "the next as soon as a second is over, though nothing comes any more"
kill -TERM $!
printf 'last words step\n' >&8
exec 8>&-
is "$(cat <&9)" "
step=2
last words step" "a signal does not cut the job's last words off"
exec 9<&-
wait $!
is $? 0 "and it ends when the job does"
forget

# --- our side fails, the job's does not

make_stuck
through "$work/lines" --tee -
is "$status" 0 "a record that cannot be written is no failure"
is "$out" "$(cat "$work/lines")" "and loses nothing of the output"
is "$(printf '%s\n' "$err" | wc -l)" 1 "one sentence says so"
like "$err" "runledger log: " "with our name"
through "$work/lines" --tee --quiet -
is "$status:$err" "0:" "or none, with --quiet"
mend
status=0
env -C "$work/away" "$RUNLEDGER" log --tee - <"$work/lines" >"$work/.out" 2>"$work/.err" || status=$?
cmp -s "$work/lines" "$work/.out"
is "$?:$status:$(grep -c 'no run group' "$work/.err")" "0:0:1" "so it is where there is no run"

# A recorder that is stuck, as on a file server that does not answer.
mkfifo "$work/in2"
"${in_job[@]}" "$RUNLEDGER" log --tee - <"$work/in2" >"$work/copy" 2>"$work/words" &
pid=$!
exec 8>"$work/in2"
echo step=1 >&8
waits=0
until [ "$(count r1)" = 1 ] || [ $((waits += 1)) -gt 100 ]; do sleep 0.1; done
recorder=$(cat "/proc/$pid/task/$pid/children")
kill -STOP "${recorder:?}"
timeout 20 head -c 30000000 /dev/zero >&8
is $? 0 "a recorder that is stuck holds the job up no longer than a moment"
exec 8>&-
wait $pid
is $? 0 "the exit status is 0"
is "$(wc -c <"$work/copy")" 30000007 "all of the output is there"
like "$(cat "$work/words")" "is left behind" "and the sentence says what was lost"
kill -KILL "$recorder"
forget

# --- the reader of the copy

status=0
yes 'step=1 loss=2' | "${in_job[@]}" "$RUNLEDGER" log --tee - 2>"$work/.err" | head -n 1 >"$work/.out"
statuses="${PIPESTATUS[*]}"
is "$(cat "$work/.out") $statuses" "step=1 loss=2 141 141 0" "where nobody reads any more the job gets SIGPIPE, as ever"
is "$(cat "$work/.err")" "" "without a word"
if [ -e /dev/full ]; then
	status=0
	seq 100000 | "${in_job[@]}" "$RUNLEDGER" log --tee - >/dev/full 2>"$work/.err"
	statuses="${PIPESTATUS[*]}"
	is "$statuses" "0 1" "a full disk is a failure, and the job goes on"
	like "$(cat "$work/.err")" "cannot write to standard output" "and is called so"
fi
forget

# --- actions

run "${in_job[@]}" "$RUNLEDGER" log --action VERIFY_CACHE --subject r1 --details "all of it" --result "ok ✓"
is "$status" 0 "an action"
is "$(values r1 | sed 's/"user": "[^"]*", //')" 'action {"action": "VERIFY_CACHE", "subject": "r1", "details": "all of it", "result": "ok \u2713"}' "has its members"
like "$(records_of r1)" '"job_id":41' "and the job's id"
run "$RUNLEDGER" log --action CACHE_CLEAR --subject r2/task/epoch_0
is "$status $(count r2) $(records_of r2 | grep -c job_id)" "0 1 0" "outside of jobs the subject tells the run"
run "$RUNLEDGER" log --action CACHE_CLEAR --subject nobody
is "$status" 1 "a subject that is no run tells none"
run "$RUNLEDGER" log --action "" --subject r1
is "$status" 2 "an action without a name is asked wrongly"
run "$RUNLEDGER" log --action X --subject r1 a=1
is "$status" 2 "so is one with values"
run "$RUNLEDGER" events
like "$out" "VERIFY_CACHE: r1, all of it, result ok ✓" "events tells it"

done_testing
