#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# `runledger status` over groups whose records are written by hand.
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

new_skill_group cap_8L
mkdir cap_8L/3B_rank4
touch cap_8L/3B_rank4/eval.slurm

run runledger status cap_8L
status_is 0 "status works"
is "$(printf '%s\n' "$out" | sed -n 1p)" "cap_8L: 0 of 4 completed, 1 running, 1 failed, 2 pending" "the heading counts the runs"
is "$(printf '%s\n' "$out" | sed -n 3p | tr -s ' ')" "Run Finetune Eval Job Time Notes" \
	"there is a column for each phase"
like "$out" "1B_rank4   ✓ completed  → running  1234568 " "a running run shows both phases and the running job"
like "$out" "1B_rank64  ✗ failed     · pending  1234569  13m 32s " "a failed run shows how long it took"
like "$out" "Finetune: FAILED, exit code 1" "and why it failed"
like "$out" "3B_rank64  · pending    · pending " "a run without records is pending"
like "$out" "- Look at finetune of 1B_rank64, job 1234569 (FAILED after 13m 32s: exit code 1); its log: /logs/slurm-1234569.out" \
	"the failure comes with its log"
like "$out" "- Submit eval of 3B_rank4, as finetune is completed: (cd 3B_rank4 && sbatch eval.slurm)" \
	"what can be submitted comes with its command"
like "$out" "- 1 run not yet started" "what has not begun is counted"
is "$err" "" "nothing is said on stderr"

run sh -c 'cd cap_8L/3B_rank4 && "$1" status' sh "$RUNLEDGER"
status_is 0 "the group is found from a folder inside of it"

run runledger status .
status_is 1 "outside of a group status fails"
like "$err" "runledger init" "and says what makes one"

# --- filters ---

run runledger status cap_8L --state failed,pending
like "$out" "1B_rank64" "--state shows runs in these states"
unlike "$out" "
1B_rank4 " "and no others"
unlike "$out" "Next" "next actions are for the whole group"

run runledger status cap_8L --state skipped
like "$out" "No run is like that." "a filter that nothing passes says so"

run runledger status cap_8L --state broken
status_is 2 "an unknown state is asked wrongly"
like "$err" "\`broken\` is no state; there are pending, submitted, running, completed, failed and skipped" "and the states are named"

run runledger status cap_8L --since "2025-10-19 18:20"
like "$out" "
1B_rank4 " "--since shows a run with newer news"
unlike "$out" "1B_rank64" "and none with older"

run runledger status cap_8L --since soon
status_is 2 "a time that is none is asked wrongly"
like "$err" "\`soon\` is no time" "and called so"

# --- one run ---

run runledger status cap_8L --run 1B_rank64
status_is 0 "--run works"
like "$out" "1B_rank64: Finetune job 1234569: FAILED after 13m 32s: exit code 1" "--run says how it stands"
like "$out" "  log          /logs/slurm-1234569.out" "--run shows the log"
like "$out" "finetune  1234569  2025-10-19 18:01:01  n1     FAILED after 13m 32s: exit code 1" "--run shows each attempt"

run runledger status cap_8L --run 1B_rnak4
status_is 1 "an unknown run is a failure"
like "$err" "there is no run \`1B_rnak4\` in cap_8L; did you mean \`1B_rank4\`" "and a near name is offered"

# --- JSON ---

run runledger status cap_8L --json
status_is 0 "--json works"
like "$out" '{"version":1,"group":"cap_8L","path":"' "--json begins with version and group"
like "$out" '"counts":{"pending":2,"submitted":0,"running":1,"completed":0,"failed":1,"skipped":0},"damaged":0' "--json counts"
if python3 -c 'import jsonschema' 2>/dev/null; then
	printf '%s\n' "$out" >status.json
	run python3 -W ignore -m jsonschema -i status.json "$srcdir/tool/runledger-status.schema.json"
	status_is 0 "--json is what its schema says"
else
	skip "--json is what its schema says" "no python3 with jsonschema"
fi
run runledger status cap_8L --json --run 3B_rank4
like "$out" '"run":"3B_rank4"' "--json --run shows the run"
unlike "$out" '"run":"1B_rank4"' "and no other"

# --- the screen ---

run env LC_ALL=C "$RUNLEDGER" status cap_8L
like "$out" "1B_rank64  x failed     . pending  1234569" "without UTF-8 the marks are ASCII"

on_screen() { # COLUMNS ARGUMENT...: the tool on a terminal that wide
	python3 - "$@" <<'PYTHON'
import fcntl, os, pty, struct, sys, termios
child, screen = pty.fork()
if child == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 50, int(sys.argv[1]), 0, 0))
    os.execv(os.environ["TOOL"], ["runledger"] + sys.argv[2:])
text = b""
while True:
    try:
        part = os.read(screen, 65536)
    except OSError:
        break
    if not part:
        break
    text += part
os.waitpid(child, 0)
sys.stdout.buffer.write(text.replace(b"\r\n", b"\n"))
PYTHON
}

if command -v python3 >/dev/null; then
	TOOL=$RUNLEDGER TERM=xterm
	export TOOL TERM
	run on_screen 72 status cap_8L
	like "$out" "$(printf '\033[31m✗ failed\033[0m')" "a terminal gets colour"
	like "$out" "…" "and a cut column an ellipsis"
	printf '%s\n' "$out" | sed "s/$(printf '\033')\[[0-9]*m//g" | sed -n '/^Run/,/^$/p' >rows
	is "$(python3 -c 'print(max(len(row.rstrip("\n")) for row in open("rows", encoding="utf-8")))')" 72 \
		"the widest row is as wide as the screen"
	NO_COLOR=1
	export NO_COLOR
	run on_screen 100 status cap_8L
	unset NO_COLOR
	unlike "$out" "$(printf '\033')" "NO_COLOR turns colour off"
	run on_screen 100 status cap_8L --no-color
	unlike "$out" "$(printf '\033')" "--no-color does too"
	run on_screen 44 status cap_8L --no-color
	like "$out" "Run " "a narrow screen gets a table too"
	like "$out" "Phase " "with a row for each phase"
	unset TERM
else
	skip "a terminal gets colour" "no python3"
fi

# --- damage, and what is not in the plan ---

echo '{"torn' >>cap_8L/.runledger/runs/1B_rank4/host1.jsonl
run runledger status cap_8L
status_is 3 "a damaged line gives status 3"
like "$err" "runledger status: 1 damaged line or file in $PWD/cap_8L/.runledger/runs stepped over; the rest counts" "and is told on stderr"
like "$out" "1B_rank4   ✓ completed  → running  1234568 " "the rest counts"
run runledger status cap_8L --json
status_is 3 "--json too gives status 3"
like "$out" '"damaged":1,' "and counts it"

new_group strange 1B_rank4
record strange warmup finetune 1760896800 submit '"sid":"s9","job_id":9,"matched_by":"none"'
run runledger status strange
like "$out" "
Not in the plan (to say which run is meant: \`sbatch --run=RUN\`)
Run     " "a run outside of the plan stands apart"

evil=$(printf 'a\033[31mb')
mkdir -p "strange/.runledger/runs/ok"
printf '{"timestamp":1760896800.5,"name":"finish","context":{"v":1,"id":"e1","job_id":7,"run":"ok","phase":"finetune","state":"FAILED","final":true,"reason":"x\\u001b]0;pwned\\u0007\\nForged: line"}}\n' \
	>>strange/.runledger/runs/ok/h.jsonl
run runledger status strange
unlike "$out" "$(printf '\033')" "no escape sequence gets through"
like "$out" 'x\x1b]0;pwned\a\nForged: line' "it is shown as it would be written in C"

run runledger status "$evil"
status_is 1 "a folder that is none is a failure"
unlike "$err" "$(printf '\033')" "and its name is shown harmlessly"

new_group empty
run runledger status empty
status_is 0 "a group without runs is no failure"
like "$out" "empty: no runs yet" "and is called so"

if [ -c /dev/full ]; then
	run sh -c '"$1" status strange >/dev/full' sh "$RUNLEDGER"
	status_is 1 "a full disk is a failure"
	like "$err" "cannot write to standard output: No space left on device" "and is called so"
fi

done_testing
