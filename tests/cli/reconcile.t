#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# `runledger status --reconcile`: whom it asks about which jobs, and what becomes of the answers.  In place of slurmctld and
# of sacct(1) stand programs that say what the test tells them.
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

# Beside the tool runledger-ask is looked for, and sacct in PATH.
mkdir bin answers
cp "$RUNLEDGER" bin/runledger
RUNLEDGER=$work/bin/runledger
cat >bin/runledger-ask <<'END'
#!/bin/sh
echo "ask $*" >>"$ANSWERS/$([ "$1" = --cluster ] && echo cluster_)calls"
[ ! -e "$ANSWERS/away" ] || { echo "Unable to contact slurm controller" >&2; exit 1; }
[ "$1" != --cluster ] || { cat "$ANSWERS/cluster" 2>/dev/null || echo c; exit; }
[ $# -eq 1 ] && answer=$ANSWERS/$1 || answer=$ANSWERS/submission
[ -e "$answer" ] || { echo "Invalid job id specified" >&2; exit 3; }
cat "$answer"
END
cat >bin/sacct <<'END'
#!/bin/sh
for word; do case $word in --jobs=* | --user=* | --name=*) said="$said $word" ;; esac; done
echo "sacct$said" >>"$ANSWERS/calls"
[ -e "$ANSWERS/accounting" ] || { echo "Slurm accounting storage is disabled" >&2; exit 1; }
cat "$ANSWERS/accounting"
END
chmod 755 bin/*
ANSWERS=$work/answers PATH=$work/bin:$PATH
export ANSWERS PATH

now=$(date +%s)
long_ago=$((now - 10 * 86400))
ann='"user":"ann","cluster":"c"'

# answer JOB MEMBERS: what slurmctld says of it
answer() { printf '{"timestamp":%s,"name":"finish","context":{"v":1,"id":"%032d","job_id":%s,%s}}\n' "$now" 7 "$1" "$2" >"$work/answers/${3:-$1}"; }
calls() { tr '\n' ';' <"$work/answers/calls" 2>/dev/null; }
new_world() {
	rm -rf g "$work"/answers/*
	new_group g r1 r2 r3
}
# A job that runs since ten days, with a limit of a minute; and its number.
silent() { # RUN JOB [MEMBERS]
	record g "$1" finetune $((long_ago - 5)) submit "\"sid\":\"$(printf %032x "$2")\",\"job_id\":$2,\"job_name\":\"$1\",$ann"
	record g "$1" finetune $long_ago start "\"sid\":\"$(printf %032x "$2")\",\"job_id\":$2,\"step\":\"batch\",\"time_limit\":60,$ann${3:+,$3}"
}
# One whose submission is all that is known, without a number.
unnumbered() { record g "$1" finetune $((long_ago - 5)) submit "\"sid\":\"$(printf %032x "$2")\",\"job_name\":\"$3\",$ann"; } # RUN SID NAME
reconcile() { rm -f "$work/answers/cluster_calls"; : >"$work/answers/calls"; run "$RUNLEDGER" status g --reconcile; }
# The last record of a run, and one of its members.
last() { tail -n 1 "g/.runledger/runs/$1/"*.jsonl | tail -n 1; }
has() { like "$(last "$1")" "$2" "$3"; } # RUN PART CLAIM
records() { cat g/.runledger/runs/*/*.jsonl | wc -l | tr -d ' '; }

# --- nobody is asked without being told to, nor about what is known ---

new_world
silent r1 11
job g r2 finetune $long_ago 12 COMPLETED
record g r3 finetune $((now - 30)) start "\"sid\":\"13\",\"job_id\":13,\"step\":\"batch\",\"time_limit\":60,$ann"
answer 11 "\"state\":\"COMPLETED\",\"final\":true,\"exit_code\":0,\"signal\":0,\"submit_time\":$((long_ago - 6)),\"start_time\":$((long_ago - 1)),\"end_time\":$((long_ago + 30)),\"user\":\"ann\",\"nodes\":\"n1\""
: >answers/calls
run "$RUNLEDGER" status g
status_is 0 "status"
like "$out" "no word since $(date -u -d "@$long_ago" '+%Y-%m-%d %H:%M:%S')" "a job past its limit is shown with the time of the last word"
run "$RUNLEDGER" refresh g
run "$RUNLEDGER" status g --json
run "$RUNLEDGER" report g
is "$(calls)" "" "and nobody is asked: not by status, nor by refresh or report"
before=$(records)
reconcile
is "$(calls)" "ask 11;" "--reconcile asks about that job, and about no other, once"
like "$err" "asked about 1 job: 1 ended, 0 go on, 0 that nobody knows" "and says how it went"
is "$(records)" $((before + 1)) "the answer is one record"
has r1 '"name":"finish"' "a finish"
has r1 '"source":"reconcile"' "by reconcile"
has r1 '"asked":"slurmctld"' "that tells who was asked"
has r1 '"job_id":11' "about that job"
like "$(cat g/runs_status.yaml)" 'finetune_status: completed' "the tracker is brought up to date"
unlike "$out" "no word since" "and status no longer misses a word"
reconcile
is "$(calls)" "" "a second time there is nothing to ask"
like "$err" "nobody was asked" "which is said"

# --- one that goes on ---

new_world
silent r1 11
answer 11 "\"state\":\"RUNNING\",\"final\":false,\"submit_time\":$((long_ago - 6)),\"start_time\":$long_ago,\"time_limit\":60,\"user\":\"ann\""
reconcile
has r1 '"name":"state"' "a job that runs gets a state, not an end"
has r1 '"state":"RUNNING"' "of slurmctld's word"
unlike "$(last r1)" '"final"' "with nothing said of an end"
like "$err" "0 ended, 1 go on" "and that is said"
unlike "$out" "no word since" "it is running, with a word of just now"
reconcile
is "$(calls)" "" "so that nobody is asked again at once"
is "$("$RUNLEDGER" status g --json | grep -o '"slurm_state": *"RUNNING"' | wc -l | tr -d ' ')" 2 "it is one attempt"

# --- another job of that number ---

new_world
silent r1 11
answer 11 "\"state\":\"COMPLETED\",\"final\":true,\"submit_time\":$((now - 500)),\"start_time\":$((now - 400)),\"end_time\":$now,\"user\":\"ann\""
printf '11|11|FAILED|3:0|%s|%s|%s|n1|ann|r1\n11|11|COMPLETED|0:0|%s|%s|%s|n1|ann|r1\n' \
	$((now - 500)) $((now - 400)) "$now" $((long_ago - 6)) $((long_ago - 1)) $((long_ago + 50)) >answers/accounting
reconcile
is "$(calls)" "ask 11;sacct --jobs=11;" "where slurmctld knows only a later job of that number, accounting is asked"
has r1 '"state":"COMPLETED"' "and of its jobs of that number the one of that time is taken"
has r1 '"asked":"slurmdbd"' "with the source"
has r1 "\"end_time\":$((long_ago + 50))" "and its times"
new_world
silent r1 11
answer 11 "\"state\":\"COMPLETED\",\"final\":true,\"submit_time\":$((long_ago - 6)),\"start_time\":$long_ago,\"end_time\":$now,\"user\":\"bob\""
reconcile
has r1 '"state":"UNKNOWN"' "a job of somebody else's is not this one"

# --- accounting ---

new_world
silent r1 11
printf '11|11|CANCELLED by 4711|0:15|%s|%s|%s|n[1-2]|ann|a|b\n' $((long_ago - 6)) $((long_ago - 1)) $((long_ago + 50)) >answers/accounting
reconcile
is "$(calls)" "ask 11;sacct --jobs=11;" "what slurmctld has forgotten accounting is asked for"
has r1 '"state":"CANCELLED","final":true,"exit_code":0,"signal":15' "and it tells the end"
has r1 '"nodes":"n[1-2]"' "with the nodes"

new_world
unnumbered r1 1 job.sh
printf '11|11|CANCELLED by 4711|0:0|%s|%s|%s|None assigned|ann|job.sh\n' $((long_ago - 6)) $((long_ago + 50)) $((long_ago + 50)) >answers/accounting
reconcile
has r1 '"never_ran":true' "a job that had no nodes never ran"
unlike "$(last r1)" start_time "and did not start when it was cancelled, whatever accounting says"

new_world
silent r1 12 '"array_job_id":12,"array_task_id":2'
printf '13|12_0|FAILED|1:0|%s|%s|%s|n1|ann|r1\n14|12_1|FAILED|1:0|%s|%s|%s|n1|ann|r1\n12|12_2|COMPLETED|0:0|%s|%s|%s|n1|ann|r1\n' \
	$((long_ago - 6)) $((long_ago - 1)) $((long_ago + 5)) $((long_ago - 6)) $((long_ago - 1)) $((long_ago + 5)) \
	$((long_ago - 6)) $((long_ago - 1)) $((long_ago + 5)) >answers/accounting
reconcile
has r1 '"job_id":12,"state":"COMPLETED"' "of an array's tasks the very one is taken"

new_world
silent r1 11
printf '11|11|RUNNING|0:0|%s|%s|Unknown|n1|ann|r1\n' $((long_ago - 6)) $((long_ago - 1)) >answers/accounting
reconcile
has r1 '"state":"UNKNOWN"' "what accounting thinks still runs, and slurmctld does not know, is unknown"

new_world
silent r1 11
printf '11|11|NODE_FAIL|0:0|%s|%s|%s|n1|ann|r1\n11|11|COMPLETED|0:0|%s|%s|%s|n1|ann|r1\n' \
	$((long_ago - 6)) $((long_ago - 1)) $((long_ago + 500)) $((long_ago + 500)) $((long_ago + 700)) $((long_ago + 800)) >answers/accounting
reconcile
has r1 '"state":"NODE_FAIL","final":false' "an attempt that another one followed was requeued"

# --- nobody knows ---

new_world
silent r1 11
reconcile
is "$(calls)" "ask 11;sacct --jobs=11;" "where there is no accounting"
has r1 '"state":"UNKNOWN"' "an end that nobody knows is UNKNOWN"
has r1 'neither slurmctld nor accounting knows the job any more' "with the reason"
like "$err" "0 ended, 0 go on, 1 that nobody knows any more" "and that is said"
reconcile
is "$(calls)" "" "and it is not asked for again"

new_world
silent r1 11
silent r2 12
: >answers/away
before=$(records)
reconcile
is "$(calls)/$(grep -c . answers/cluster_calls)" /2 "where slurmctld is away not even the cluster's name is told"
is "$(records)" "$before" "nothing is recorded"
like "$err" "slurmctld did not answer: Unable to contact slurm controller; ask again later" "and the reason is said"
like "$out" "no word since" "the jobs are missed as before"
rm answers/away
mv bin/runledger-ask bin/aside
printf '11|11|COMPLETED|0:0|%s|%s|%s|n1|ann|r1\n' $((long_ago - 6)) $((long_ago - 1)) $((long_ago + 50)) >answers/accounting
reconcile
is "$(records)" "$before" "without runledger-ask nothing is recorded either"
mv bin/aside bin/runledger-ask
for run in r3 r4 r5 r6 r7; do silent $run 2${run#r}; done
: >answers/away
reconcile
is "$(grep -c ask answers/cluster_calls)" 3 "after three that could not be asked about the rest is let be"

# --- submissions whose number nobody told ---

new_world
unnumbered r1 1 job.sh
answer 31 "\"state\":\"CANCELLED\",\"final\":true,\"exit_code\":0,\"signal\":0,\"submit_time\":$((long_ago - 5)),\"end_time\":$((long_ago + 5)),\"user\":\"ann\"" submission
reconcile
uid=$(id -u)
is "$(calls)" "ask $uid $((long_ago - 6)) $((long_ago + 55)) job.sh;" "it is asked for by user, moment and name"
has r1 '"state":"CANCELLED"' "and the answer is recorded"
has r1 '"job_id":31' "with the number that it told"
has r1 "\"sid\":\"$(printf %032x 1)\"" "and the submission's id"
reconcile
is "$(calls)" "" "it is known from now on"
is "$("$RUNLEDGER" status g --json | grep -o '"slurm_state": *"CANCELLED"' | wc -l | tr -d ' ')" 2 "as one attempt"

new_world
unnumbered r1 1 job.sh
silent r2 31
answer 31 "\"state\":\"COMPLETED\",\"final\":true,\"submit_time\":$((long_ago - 5)),\"start_time\":$long_ago,\"end_time\":$((long_ago + 5)),\"user\":\"ann\"" submission
cp answers/submission answers/31
printf '31|31|COMPLETED|0:0|%s|%s|%s|n1|ann|job.sh\n' $((long_ago - 5)) $long_ago $((long_ago + 5)) >answers/accounting
reconcile
has r1 '"state":"UNKNOWN"' "a job that is known to be another submission's is not this one's"
has r2 '"state":"COMPLETED"' "but that one's"
printf '32|32|FAILED|1:0|%s|%s|%s|n1|ann|job.sh\n' $((long_ago - 4)) $long_ago $((long_ago + 5)) >>answers/accounting
new_group g r1 r2 r3 && rm -r g/.runledger/runs/r1
unnumbered r1 1 job.sh
reconcile
has r1 '"job_id":32,"state":"FAILED"' "the one that is left is"

new_world
unnumbered r1 1 a,b
printf '33|33|COMPLETED|0:0|%s|%s|%s|n1|ann|a\n34|34|COMPLETED|0:0|%s|%s|%s|n1|ann|b\n35|35|FAILED|1:0|%s|%s|%s|n1|ann|a,b\n' \
	$((long_ago - 5)) $long_ago $((long_ago + 5)) $((long_ago - 5)) $long_ago $((long_ago + 5)) $((long_ago - 5)) $long_ago $((long_ago + 5)) >answers/accounting
reconcile
has r1 '"job_id":35,"state":"FAILED"' "a comma in a name is not two names"

new_world
unnumbered r1 1 job.sh
unnumbered r2 2 job.sh
printf '36|36|COMPLETED|0:0|%s|%s|%s|n1|ann|job.sh\n37|37|FAILED|1:0|%s|%s|%s|n1|ann|job.sh\n' \
	$((long_ago - 5)) $long_ago $((long_ago + 5)) $((long_ago - 5)) $long_ago $((long_ago + 5)) >answers/accounting
reconcile
has r1 '"state":"UNKNOWN"' "of two jobs of one name none is guessed"
has r1 'several jobs of that name were submitted then' "and the reason says so"

new_world
record g r1 finetune $((long_ago - 5)) submit "\"sid\":\"$(printf %032x 1)\""
reconcile
is "$(calls)" "" "a submission of which not even the name is known is asked for nowhere"
has r1 '"state":"UNKNOWN"' "and is unknown"

# --- another cluster's jobs ---

new_world
silent r1 41
silent r2 42
sed -i 's/"cluster":"c"/"cluster":"other"/g' g/.runledger/runs/r1/*.jsonl
answer 42 "\"state\":\"RUNNING\",\"submit_time\":$((long_ago - 5)),\"start_time\":$long_ago,\"user\":\"ann\""
before=$(cat g/.runledger/runs/r1/*.jsonl)
reconcile
status_is 0 "a job of another cluster and one of this"
is "$(calls)" "ask 42;" "only the one of this cluster is asked about, and only slurmctld, which knows it"
is "$(cat answers/cluster_calls)" "ask --cluster" "whose name is asked for once"
is "$(cat g/.runledger/runs/r1/*.jsonl)" "$before" "nothing is recorded of the other"
like "$err" "1 job is of another cluster than c: to be asked about there" "which is told"
echo other >answers/cluster
reconcile
is "$(calls)" "ask 41;sacct --jobs=41;" "on that cluster it is asked about"

new_world
silent r1 43
rm -f answers/away && echo >answers/cluster
reconcile
status_is 0 "a slurmctld that does not tell its cluster"
is "$(calls)" "" "is asked for no job whose cluster is known"
like "$err" "did not tell its cluster's name" "with the reason"
unlike "$(last r1)" UNKNOWN "and nothing becomes unknown"

done_testing
