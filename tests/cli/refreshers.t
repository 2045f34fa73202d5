#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Ten refreshers and three editors at once on one group, while records come in.
# shellcheck source=tests/tap.sh disable=SC2030,SC2031
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

ROUNDS=25                             # of each editor
RUNS=12

mkdir -p group/.runledger/runs
{
	printf '# Run Plan: group\n\n## All Runs\n\n| Run Name |\n|---|\n'
	for ((i = 0; i < RUNS; i++)); do echo "| r$i |"; done
} >group/runs_plan.md
runledger refresh group

# An editor of one kind: reads, waits as long as a person's script does, and saves.  A lock keeps the editors apart, as it
# is not each other that they are to be safe from; refreshers know nothing of it.  Each edit is a line of its own, saved
# or given up before the next.
cat >edit.py <<'END'
import fcntl, os, sys, time
kind, count, path = sys.argv[1], int(sys.argv[2]), "group/runs_status.yaml"
lock = open("editors.lock", "w")
for n in range(count):
    fcntl.flock(lock, fcntl.LOCK_EX)
    for attempt in range(200):
        before = os.stat(path)
        text = open(path, encoding="utf-8").read()
        new = "# %s %d\n" % (kind, n) + text
        now = os.stat(path)
        if (before.st_ino, before.st_mtime_ns) != (now.st_ino, now.st_mtime_ns):
            continue                                # what an editor says: the file has changed since it was read
        if kind == "inplace":                       # truncates, then writes
            with open(path, "w", encoding="utf-8") as file:
                file.write(new)
        elif kind == "slow":                        # the same, in two writes
            with open(path, "w", encoding="utf-8") as file:
                file.write(new[:len(new) // 2])
                file.flush()
                time.sleep(0.005)
                file.write(new[len(new) // 2:])
        else:                                       # replacing, alone: a new file in its place
            with open(path + ".swp", "w", encoding="utf-8") as file:
                file.write(new)
            os.rename(path + ".swp", path)
        break
    with open("saved." + kind, "a") as saved:
        saved.write("# %s %d\n" % (kind, n))
    fcntl.flock(lock, fcntl.LOCK_UN)
    time.sleep(0.06)
END

# Whoever reads sees a whole tracker, but for what the editors themselves write in halves.
cat >read.py <<'END'
import os, sys, yaml
halves = reads = 0
while not os.path.exists("ended"):
    text = open("group/runs_status.yaml", encoding="utf-8").read()
    reads += 1
    try:
        tree = yaml.safe_load(text)
        halves += len(tree["runs"]) != int(sys.argv[1])
    except Exception:
        halves += 1
print(reads, halves)
END

# record RUN NAME N: one that was not there before.
record() {
	local run=$1 name=$2 n=$3
	mkdir -p "group/.runledger/runs/$run"
	printf '{"timestamp":%s,"name":"%s","context":{"v":1,"id":"%s%s%s","run":"%s","phase":"finetune","job_id":%d,"submit_time":%d%s}}\n' \
		"$EPOCHREALTIME" "$name" "$run" "$name" "$n" "$run" "$((100 + n))" "$((1700000000 + n))" \
		"$([[ $name != finish ]] || echo ',"state":"FAILED","exit_code":1')" >>"group/.runledger/runs/$run/host.jsonl"
}

refreshing() {
	local said
	while [[ ! -e ended ]]; do
		said=$(runledger refresh group 2>&1 >/dev/null) || echo "exit status $?: $said" >>refresh.err
	done
}

# by_editors KIND...: these edit until they have had enough.
by_editors() {
	local kind n=0
	rm -f ended refresh.err saved.*
	for kind; do
		python3 edit.py "$kind" "$ROUNDS" &
	done
	local editors
	editors=$(jobs -p)
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		refreshing &
	done
	python3 read.py "$RUNS" >read.out &
	# shellcheck disable=SC2086 # several
	while kill -0 $editors 2>/dev/null; do
		n=$((n + 1))
		for name in submit start finish; do record "r$((n % RUNS))" "$name" "$n"; done
		sleep 0.02
	done
	touch ended
	wait
	run runledger refresh group
	says "$*: the last refresh" "$status" 0
}
says() { is "$2" "$3" "$1"; }

# Every line that an editor saved is there, once.
nothing_is_lost() {
	local kind
	for kind; do
		is "$(grep "^# $kind " group/runs_status.yaml | sort)" "$(sort "saved.$kind")" "$1: all edits of the $kind editor are there, once"
	done
}

by_editors replacing inplace slow
nothing_is_lost replacing inplace slow
is "$(cat refresh.err 2>/dev/null | grep -v 'runs_status.yaml:[0-9]*:')" "" "no refresher failed but over what an editor had half written"
run runledger refresh group
like "$out" "1 unchanged" "then nothing is left to do"

by_editors alone
nothing_is_lost alone
is "$(cut -d' ' -f2 read.out)" 0 "no reader sees half a tracker"
is "$(cat refresh.err 2>/dev/null)" "" "and no refresher fails"
say "$(cut -d' ' -f1 read.out) reads"
is "$(find group -name '*.next' -o -name '.*.tmp*' -o -name '*.XXXXXX')" "" "nothing is left behind"

done_testing
