#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `runledger exec`: the command first, and what is recorded of it.  No Slurm: the environment says that this is a job.
# shellcheck disable=SC2016 # $ for other shells
# shellcheck source-path=SCRIPTDIR source=../tap.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

umask 022
for name in $(compgen -e SLURM; compgen -e SPANK; compgen -e RUNLEDGER_); do unset "$name"; done
export SLURM_JOB_ID=41 SLURM_JOB_NAME=r1 SLURM_CLUSTER_NAME=c SLURM_JOB_NODELIST=n1 SLURM_JOB_NUM_NODES=1 \
	SLURM_JOB_PARTITION=main

new_group g r1 r2
cd g || exit 99

# exec_in COMMAND...: with a standard input of its own
exec_in() {
	status=0
	"$RUNLEDGER" exec "$@" >"$work/.out" 2>"$work/.err" || status=$?
	out=$(cat "$work/.out")
	err=$(cat "$work/.err")
}

records_of() { cat "$work/g/.runledger/runs/$1"/*.jsonl 2>/dev/null | grep "\"name\":\"$2\""; }
count() { records_of "$@" | wc -l; }
forget() { rm -rf "$work/g/.runledger/runs" "$work/g/.runledger/trackers" "$work/g/runs_status.yaml"; }

# field RUN NAME KEY: of the last record of that name
field() { records_of "$1" "$2" | tail -n 1 | sed -n 's/.*"'"$3"'":"\{0,1\}\([^",}]*\).*/\1/p'; }

# now RUN EXPRESSION: of `status --json`, with the run's phases as p
now() {
	"$RUNLEDGER" status --json "$work/g" | /usr/bin/python3 -c '
import json, sys
p = {x["phase"]: x for r in json.load(sys.stdin)["runs"] if r["run"] == sys.argv[1] for x in r["phases"]}
print(eval(sys.argv[2]))' "$1" "$2"
}

# --- the command is run as if nobody stood in between ---

run "$RUNLEDGER" exec -- echo hello world
is "$status:$out:$err" "0:hello world:" "a command says what it says, and we nothing"
is "$(field r1 finish state) $(field r1 finish exit_code) $(field r1 finish signal)" "COMPLETED 0 0" "and is recorded as completed"
is "$(field r1 start command)" "echo hello world" "with its command line"
is "$(field r1 start step) $(field r1 start nodes) $(field r1 start node) $(field r1 start nnodes) $(field r1 start partition)" \
	"exec n1 n1 1 main" "and what Slurm told the job"
is "$(field r1 submit job_id) $(field r1 submit cwd)" "41 $work/g" "its submission is said in the client's stead"
is "$(field r1 start exec)" "$(field r1 finish exec)" "start and finish find each other"
is "$(records_of r1 finish | grep -c '"start_time"')" 0 "the finish says no start_time, which is Slurm's"
like "$(cat runs_status.yaml)" "finetune_status: completed" "the tracker is up to date when it ends"
like "$(cat runs_status.yaml)" 'finetune_job_id: "41"' "with the job's id"
run "$RUNLEDGER" events
like "$out" '`echo hello world` started on n1' "events tells the command"
like "$out" "COMPLETED after 0s, 0s of CPU" "and what it took"

for code in 0 1 7 126 127 255; do
	run "$RUNLEDGER" exec sh -c "exit $code"
	status_is "$code" "exit code $code is handed on"
	is "$(field r1 finish exit_code)" "$code" "and recorded"
done
is "$(now r1 'p["finetune"]["status"], len(p["finetune"]["attempts"])')" "('failed', 1)" "execs one after another are one attempt: the last counts"
run "$RUNLEDGER" exec true
is "$(now r1 'p["finetune"]["status"], len(p["finetune"]["attempts"])')" "('completed', 1)" "also when it went well"
is "$("$RUNLEDGER" events --json | grep -c '"submit"')" 1 "and one submission"

run "$RUNLEDGER" exec no-such-program
status_is 127 "a command that is not there gives 127"
is "$err" "runledger exec: cannot run no-such-program: No such file or directory" "with a sentence"
: >plain
run "$RUNLEDGER" exec ./plain
status_is 126 "one that cannot be executed gives 126"
is "$(field r1 finish state) $(field r1 finish exit_code)" "FAILED 126" "and is recorded as failed"

for signal in 1 2 9 11 15; do
	run env --default-signal "$RUNLEDGER" exec sh -c "ulimit -c 0; kill -$signal \$\$"
	status_is $((128 + signal)) "a command killed by signal $signal: the shell sees $((128 + signal))"
	is "$(field r1 finish state) $(field r1 finish signal) $(field r1 finish exit_code)" "FAILED $signal 0" "and it is recorded"
done
/usr/bin/python3 -c 'import subprocess, sys; print(subprocess.call(sys.argv[1:]))' "$RUNLEDGER" exec sh -c 'kill -9 $$' >ended
is "$(cat ended)" -9 "a parent sees the signal itself"

printf 'one\ntwo\nthree\n' >lines
{
	exec_in sh -c 'read -r line; echo "got $line"'
	read -r rest
} <lines
is "$out, then $rest" "got one, then two" "standard input is the command's, and no more is read of it"
run "$RUNLEDGER" exec sh -c 'echo words >&2'
is "$out:$err" ":words" "standard error too"
"$RUNLEDGER" exec sh -c 'echo lost' >/dev/full 2>said
status_is 0 "a full standard output is no matter of ours"
is "$(grep -v '^sh' said)" "" "and no words either"
look='import os
print(sorted(int(f) for f in os.listdir("/proc/self/fd")), os.umask(0), os.getcwd())
print([l for l in open("/proc/self/status") if l[:3] in ("Sig", "Shd")], os.getsid(0), os.getpgid(0), sorted(i for i in os.environ.items() if i[0] != "_"))
import resource; print([resource.getrlimit(n) for n in range(16)])'
same_as_without() { # CLAIM: of $look, run with and without, in the same surroundings
	sed 's/SigQ[^,]*,//' with >with.cut
	sed 's/SigQ[^,]*,//' without >without.cut
	run diff without.cut with.cut
	status_is 0 "$1"
}
/usr/bin/python3 -c "$look" >without
"$RUNLEDGER" exec /usr/bin/python3 -c "$look" >with
same_as_without "descriptors, umask, folder, signals, session, environment and limits are as without"
(trap '' HUP CHLD; /usr/bin/python3 -c "$look" >without; "$RUNLEDGER" exec /usr/bin/python3 -c "$look" >with)
same_as_without "also where signals are ignored"
is "$(field r1 finish state)" COMPLETED "and its end is found out all the same"
/usr/bin/python3 -c "$look" <&- >without 2>&-
"$RUNLEDGER" exec /usr/bin/python3 -c "$look" <&- >with 2>&-
same_as_without "also where descriptors are closed"
/usr/bin/python3 -c "$look" 7<lines >without
"$RUNLEDGER" exec /usr/bin/python3 -c "$look" 7<lines >with
same_as_without "also where there are others"

run "$RUNLEDGER" exec --name=r2 python3 -c 'import sys; print(sys.argv)' --run=x -h --help
is "$out" "['-c', '--run=x', '-h', '--help']" "options behind the command are the command's"

# --- what it took ---

run "$RUNLEDGER" exec /usr/bin/python3 -c '
import time
x = bytearray(100 << 20)
x[::4096] = b"x" * len(x[::4096])
end = time.process_time() + 0.3
while time.process_time() < end: sum(range(100000))'
is "$(field r1 finish max_rss_bytes | awk '{ print ($1 > 100e6 && $1 < 400e6) }')" 1 "memory is that of the command"
is "$(field r1 finish user_cpu_s | awk '{ print ($1 >= 0.1 && $1 < 30) }')" 1 "CPU time too"
is "$(field r1 finish elapsed_s | awk '{ print ($1 >= 0.3 && $1 < 60) }')" 1 "and how long it took"

# --- signals ---

# A command that says what it gets, until it gets USR2.
cat >listen.py <<'END'
import os, signal, sys
out, into = os.pipe()
os.set_blocking(into, False)
signal.set_wakeup_fd(into)
for name in ("HUP", "INT", "QUIT", "TERM", "USR1", "USR2", "CONT"):
    signal.signal(getattr(signal, "SIG" + name), lambda number, frame: None)
print("ready", os.getppid(), flush=True)
number = 0
while number != signal.SIGUSR2:
    number = os.read(out, 1)[0]
    print("got", signal.Signals(number).name, flush=True)
sys.exit(9)
END
# listen: starts it behind; sets $pid, of `runledger exec`
listen() {
	: >heard
	"$RUNLEDGER" exec /usr/bin/python3 "$work/g/listen.py" >heard 2>&1 &
	pid=$!
	await 'grep -q ^ready heard'
}
await() { # CONDITION
	local i
	for ((i = 0; i < 500; i++)); do
		eval "$1" && return
		sleep 0.02
	done
	return 1
}
heard() { await "[[ \$(grep -c got heard) -ge $1 ]]"; }

listen
n=0
for name in HUP INT QUIT TERM USR1 CONT; do
	kill -"$name" "$pid"
	n=$((n + 1))
	heard $n
done
/bin/kill -USR2 "$pid"
wait "$pid"
is "$?" 9 "exec survives every signal until its command has ended"
is "$(sed 's/ready .*/ready/' heard | tr '\n' ' ')" "ready got SIGHUP got SIGINT got SIGQUIT got SIGTERM got SIGUSR1 got SIGCONT got SIGUSR2 " \
	"a signal for us alone is handed on, once"
listen
kill -USR1 "$(pgrep -P "$pid" -f listen.py)"
heard 1
kill -USR2 "$(pgrep -P "$pid" -f listen.py)"
wait "$pid"
is "$? $(grep -c got heard)" "9 2" "one for the command is the command's"

# A stand-in for Slurm: its name is what tells it.  It sends TERM to each process that it reads, as long as there is one.
cat >slurmstepd.c <<'END'
#include <signal.h>
#include <stdio.h>
int main(void)
{
	int pid;

	while (scanf("%d", &pid) == 1) {
		kill(pid, SIGTERM);
		puts("signalled");
		fflush(stdout);
	}
	return 0;
}
END
if ${CC:-cc} -o slurmstepd slurmstepd.c 2>/dev/null; then
	mkfifo victims
	./slurmstepd <victims >signalled &
	daemon=$!
	exec 8>victims
	listen
	pgrep -P "$pid" -f listen.py >&8
	heard 1
	echo "$pid" >&8
	await '[[ $(grep -c . signalled) == 2 ]]'
	kill -USR1 "$pid" # what comes after it has been heard, so all that came before has
	await 'grep -q SIGUSR1 heard'
	kill -USR2 "$pid"
	wait "$pid"
	is "$(sed 1d heard | tr '\n' ' ')" "got SIGTERM got SIGUSR1 got SIGUSR2 " \
		"what slurmstepd signals to both, the command gets once"
	exec 8>&-
	wait "$daemon"
else
	skip "what slurmstepd signals to both, the command gets once" "no compiler"
fi

# A terminal: ^C goes to both.
cat >terminal.py <<'END'
import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
seen = b""
while b"ready" not in seen or not seen.endswith(b"\n"):
    seen += os.read(fd, 1000)
os.write(fd, b"\x03")
while seen.count(b"got") < 1:
    seen += os.read(fd, 1000)
ppid = int(seen.split(b"ready ")[1].split()[0])
os.kill(ppid, 12)
try:
    while True:
        more = os.read(fd, 1000)
        if not more: break
        seen += more
except OSError:
    pass
print(seen.count(b"got SIGINT"), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
run /usr/bin/python3 terminal.py "$RUNLEDGER" exec /usr/bin/python3 "$work/g/listen.py"
is "$out" "1 9" "what a terminal signals to both, the command gets once"

# --- which run ---

forget
run "$RUNLEDGER" exec --run=r2/eval true
is "$(field r2 start run) $(field r2 start phase) $(field r2 start matched_by)" "r2 eval option" "--run says run and phase"
is "$(count r1 start)" 0 "and the job's name then does not"
run "$RUNLEDGER" exec --name=eval_r1 true
is "$(field r1 start phase) $(field r1 start job_name)" "eval eval_r1" "--name is taken for the job's"
RUNLEDGER_RUN=r2/finetune run "$RUNLEDGER" exec true
is "$(field r2 start phase) $(field r2 start matched_by)" "finetune environment" "RUNLEDGER_RUN says it"
mkdir -p r2 && cd r2 || exit 99
run "$RUNLEDGER" exec true
is "$(field r2 start matched_by)" folder "the folder says it"
cd / || exit 99
run "$RUNLEDGER" exec --run-group="$work/g" true
is "$(count r1 start)" 2 "--run-group, and the job's name"
RUNLEDGER_GROUP=$work/g run "$RUNLEDGER" exec true
is "$(count r1 start)" 3 "RUNLEDGER_GROUP, and the job's name"
sid=0123456789abcdef0123456789abcdef
export SLURM_SPANK_RUNLEDGER_GROUP=$work/g SLURM_SPANK_RUNLEDGER_RUN=r2 SLURM_SPANK_RUNLEDGER_PHASE=eval \
	SLURM_SPANK_RUNLEDGER_SID=$sid
submits=$(count r2 submit)
RUNLEDGER_RUN=r1 run "$RUNLEDGER" exec true
is "$(field r2 start phase) $(field r2 start sid)" "eval $sid" "the job's address goes before the environment, and has the submission's id"
is "$(count r2 submit)" "$submits" "and then there is no second submission"
run "$RUNLEDGER" exec --run=r1/eval true
is "$(field r1 start phase) $(field r1 start sid)" "eval $sid" "an option goes before the address, in the address's group"
export SLURM_SPANK_RUNLEDGER_RUN='seed_{array_task}' SLURM_ARRAY_JOB_ID=40 SLURM_ARRAY_TASK_ID=3
run "$RUNLEDGER" exec true
is "$(field seed_3 start run) $(field seed_3 finish array_task_id) $(field seed_3 start array_job_id)" "seed_3 3 40" \
	"an address with a run a task is this task's"
unset SLURM_ARRAY_JOB_ID SLURM_ARRAY_TASK_ID
for name in $(compgen -e SLURM_SPANK); do unset "$name"; done
cd "$work/g" || exit 99
forget
run "$RUNLEDGER" exec true
first=$(field r1 start sid)
SLURM_RESTART_COUNT=1 run "$RUNLEDGER" exec true
is "$(records_of r1 submit | grep -o '"sid":"[0-9a-f]*"' | sort -u | wc -l)" 2 "a restart of the job is another submission"
is "$(now r1 '[(a["slurm_state"], a["final"]) for a in p["finetune"]["attempts"]]')" "[('REQUEUED', False), ('COMPLETED', True)]" "and attempt"
run "$RUNLEDGER" exec true
is "$(field r1 start sid)" "$first" "what is of one job has one submission's id"

forget
run "$RUNLEDGER" exec sh -c 'cp '"$work"'/g/runs_plan.md kept; sed -i s/r1/r9/ runs_plan.md; '"$RUNLEDGER"' refresh'
mv kept runs_plan.md
is "$(count r1 start) $(count r1 finish)" "1 1" "the end goes where the start went, whatever becomes of the plan"

# --- two at once ---

forget
mkfifo gate
"$RUNLEDGER" exec sh -c 'read -r line <gate; exit 3' &
one=$!
run "$RUNLEDGER" exec true
await '[[ $(count r1 start) == 2 ]]'
is "$(now r1 'p["finetune"]["status"]')" running "while one of two runs the attempt does"
echo >gate
wait "$one"
is "$? $(now r1 '(p["finetune"]["status"], p["finetune"]["exit_code"], len(p["finetune"]["attempts"]))')" "3 ('failed', 3, 1)" \
	"of two at once the one that failed counts"
is "$("$RUNLEDGER" status --json | grep -o '"damaged":[0-9]*')" '"damaged":0' "and no record is damaged"

# --- recording that cannot be ---

run env -u SLURM_JOB_ID "$RUNLEDGER" exec sh -c 'echo out; exit 5'
is "$status:$out" "5:out" "outside of a job the command is run"
is "$err" "runledger exec: this is no Slurm job, so nothing is recorded" "with a warning"
SLURM_JOB_ID=x run "$RUNLEDGER" exec true
is "$status:$err" "0:runledger exec: this is no Slurm job, so nothing is recorded" "also with a job's id that is none"
run env -u SLURM_JOB_ID "$RUNLEDGER" exec no-such-program
status_is 127 "and 127 is 127"
before=$(cat .runledger/runs/r1/*.jsonl | wc -l)
mkdir "$work/elsewhere" && cd "$work/elsewhere" || exit 99
run "$RUNLEDGER" exec sh -c 'echo out; exit 5'
is "$status:$out" "5:out" "in no run group the command is run"
is "$err" "runledger exec: $work/elsewhere is in no run group; \`runledger init\` makes one" "with one sentence"
is "$(ls -A)" "" "and nothing is made"
run "$RUNLEDGER" exec --run-group=/nowhere true
is "$status" 0 "a group that is none does not keep the command"
like "$err" "/nowhere is no run group" "and is told"
cd "$work/g" || exit 99
run "$RUNLEDGER" exec --run=../x true
is "$status" 0 "nor does a run that cannot be one"
like "$err" "'../x' cannot be the name of a run" "which is told"
is "$(cat .runledger/runs/r1/*.jsonl | wc -l)" "$((before + 3))" "and the job's name says it then"
run "$RUNLEDGER" exec
status_is 2 "no command is asked wrongly"
run "$RUNLEDGER" exec --rnu=x true
status_is 2 "so is an option that is none"

host=$(hostname -s)
host=${host//[^A-Za-z0-9._-]/_}
rm -f ".runledger/runs/r1/"* && ln -s /dev/full ".runledger/runs/r1/$host.jsonl"
run "$RUNLEDGER" exec sh -c 'exit 6'
status_is 6 "a status file that is a link: the command's exit status"
is "$(wc -l <<<"$err")" 1 "and one sentence"
rm -rf .runledger/runs
: >.runledger/runs
run "$RUNLEDGER" exec sh -c 'exit 6'
status_is 6 "a group that cannot be written: the command's exit status"
is "$(wc -l <<<"$err")" 1 "and one sentence"
like "$err" "runledger exec: " "which says who speaks"
rm .runledger/runs

if [[ $EUID == 0 ]] && unshare -m true 2>/dev/null; then
	mkdir -p .runledger/runs
	run unshare -m sh -c 'mount -t tmpfs -o size=4k,nr_inodes=3 none .runledger/runs && mkdir .runledger/runs/r1 &&
		head -c 4096 /dev/zero >.runledger/runs/fill; '"$RUNLEDGER"' exec sh -c "exit 6"'
	status_is 6 "a full disk: the command's exit status"
	like "$err" "No space left" "and it is told"
else
	skip "a full disk: the command's exit status" "not root, or no namespaces"
	skip "and it is told" "not root, or no namespaces"
fi

# A file system that never answers: the lock of somebody who does not let go holds up a refresh, not the command.
forget
run "$RUNLEDGER" exec true
mkfifo hung
mkdir .runledger/runs/r1.hung
cat >wait_lock.py <<'END'
import fcntl, glob, os, struct, sys
fds = [os.open(path, os.O_RDWR) for path in glob.glob(sys.argv[1])]
for fd in fds:
    fcntl.fcntl(fd, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 1, 0))  # F_OFD_SETLK
print("locked", flush=True)
sys.stdin.read()
END
rmdir .runledger/runs/r1.hung
/usr/bin/python3 wait_lock.py "$work/g/.runledger/runs/r1/*.jsonl" <hung >locked &
holder=$!
exec 8>hung
await 'grep -q locked locked'
begin=$(date +%s%N)
run "$RUNLEDGER" exec sh -c 'date +%s%N; exit 4'
took=$((($(date +%s%N) - begin) / 1000000))
status_is 4 "a status file that somebody holds: the command's exit status"
is "$(((out - begin) / 1000000 < 1000))" 1 "the command does not wait"
is "$((took < 6000))" 1 "and its end no longer than the site's timeout"
like "$err" "recording takes longer than 2000 ms" "which is told"
exec 8>&-
wait "$holder"
await '[[ $(cat .runledger/runs/r1/*.jsonl | grep -c "\"exit_code\":4") == 1 ]]'
ok_if $? "what was left behind arrives when it can"

# A refresh that is held up (here by an edit of a run whose records somebody holds) is nothing to tell a job.
forget
run "$RUNLEDGER" exec true
run "$RUNLEDGER" exec --run=r2 true
/usr/bin/python3 - runs_status.yaml <<'END'
import re, sys
text = open(sys.argv[1]).read()
edited = re.sub(r"(?s)(\n  r2:\n.*?_status: )\w+", r"\1skipped", text, count=1)
assert edited != text
open(sys.argv[1], "w").write(edited)
END
/usr/bin/python3 wait_lock.py "$work/g/.runledger/runs/r2/*.jsonl" <hung >locked2 &
holder=$!
exec 8>hung
await 'grep -q locked locked2'
run "$RUNLEDGER" exec sh -c 'echo hello; exit 4'
status_is 4 "a refresh that is held up: the command's exit status"
is "$out/$err" hello/ "and its output, as the records are there"
is "$(cat .runledger/runs/r1/*.jsonl | grep -c '"exit_code":4')" 1 "as they are"
exec 8>&-
wait "$holder"

# --- every record obeys the schema ---

forget
run "$RUNLEDGER" exec true
run "$RUNLEDGER" exec --run=r2 sh -c 'kill -9 $$'
if /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
	cat >check.py <<'END'
import json, sys, jsonschema
check = jsonschema.Draft202012Validator(json.load(open(sys.argv[1])))
for path in sys.argv[2:]:
    for line in open(path):
        for error in check.iter_errors(json.loads(line)):
            print(error.message)
END
	run /usr/bin/python3 -W ignore check.py "$srcdir/lib/runledger-record.schema.json" .runledger/runs/*/*.jsonl
	is "$status:$out" "0:" "every record is what the schema says"
else
	skip "every record is what the schema says" "no python3 with jsonschema"
fi
words=$(printf 'word%04d ' $(seq 1 1000))
# shellcheck disable=SC2086
run "$RUNLEDGER" exec echo $words
is "$(field r1 start left_out) $(field r1 start run)" "1 r1" "a command too long for a record is left out of it, and nothing else"
run "$RUNLEDGER" exec sh -c true srun --export=KEY=secret x
is "$(cat .runledger/runs/*/*.jsonl | grep -c secret)" 0 "values in --export=NAME=VALUE are not recorded"

done_testing
