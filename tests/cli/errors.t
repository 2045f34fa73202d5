#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What goes wrong is told in one clear sentence, gives a status, and leaves every file as it was.
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

# What stands in a folder: names, kinds, modes and contents; all but what the tool only keeps for itself, lock and snapshot.
look() {
	(cd "$1" && find . ! -name lock ! -name dirty ! -name snapshot -printf '%p %y %m %l\n' | sort && find . -type f ! -name lock ! -name dirty ! -name snapshot \
		-exec cksum {} + | sort -k3)
}

# fails CLAIM STATUS PART COMMAND...: in the folder g
fails() {
	claim=$1 expected=$2 part=$3
	shift 3
	look g >before
	run "$@"
	status_is "$expected" "$claim: status $expected"
	is "$(printf '%s\n' "$err" | grep -vc '^Try ')" 1 "$claim: one sentence"
	like "$err" "$part" "$claim: it says what is wrong"
	case $err in runledger*) ok_if 0 "$claim: it says who speaks" ;; *) ok_if 1 "$claim: it says who speaks" ;; esac
	is "$out" "" "$claim: nothing on standard output"
	look g >after
	is "$(cat after)" "$(cat before)" "$claim: every file is as it was"
}

new_skill_group g
mkdir g/1B_rank4
run runledger refresh g
status_is 0 "the group is in order"

# --- asked wrongly ---

mkdir elsewhere
for command in status refresh report events; do
	case $command in
	events) fails "$command outside of groups" 1 "not in a run group" sh -c 'cd elsewhere && "$1" events' sh "$RUNLEDGER" ;;
	*) fails "$command of a folder that is no group" 1 "elsewhere" runledger "$command" elsewhere ;;
	esac
done
fails "a group that does not exist" 1 "nowhere" runledger status nowhere
fails "a run that does not exist" 1 "1B_rnk4" runledger events 1B_rnk4 --group g
fails "an option that does not exist" 2 "--colour" runledger status --colour g
fails "a command that does not exist" 2 "statu" runledger statu

# --- a broken config.yaml ---

cp -R g kept
restore() { rm -rf g && cp -R kept g; }

broken_config() { # CLAIM PART TEXT
	restore
	printf '%b' "$3" >g/.runledger/config.yaml
	for command in status refresh report; do
		fails "$1, $command" 1 "$2" runledger "$command" g
	done
}
broken_config "a config.yaml that is no YAML" "config.yaml:2:" 'phases: [a, b\nx: "\n'
broken_config "a config.yaml with an unknown key" "config.yaml:2:" '# mine\ncolour: red\n'
broken_config "a config.yaml that is a list" "config.yaml:1:" '- a\n'
broken_config "phases that are no list" "config.yaml:1:" 'phases: finetune\n'
broken_config "a phase that cannot be one" "config.yaml:2:" 'phases:\n  - ../x\n'
broken_config "a phase twice" "config.yaml:" 'phases: [a, a]\n'
broken_config "a tracker that does not exist" "config.yaml:2:" 'trackers:\n  wiki: x.md\n'
broken_config "a tab" "config.yaml:" 'phases:\n\t- a\n'
broken_config "the same key twice" "config.yaml:2:" 'phases: [a]\nphases: [b]\n'

restore
rm -f g/.runledger/config.yaml
mkdir g/.runledger/config.yaml
fails "a config.yaml that is a folder" 1 "config.yaml" runledger status g
rmdir g/.runledger/config.yaml
mkfifo g/.runledger/config.yaml
fails "a config.yaml that is a fifo" 1 "config.yaml" timeout 10 "$RUNLEDGER" status g

# --- a broken tracker ---

broken_tracker() { # CLAIM PART TEXT
	restore
	printf '%b' "$3" >g/runs_status.yaml
	fails "$1" 1 "$2" runledger refresh g
}
broken_tracker "a tracker that is no YAML" "runs_status.yaml:" 'runs:\n  a: [\n'
broken_tracker "a tracker that is a list" "runs_status.yaml:1" '- a\n'
broken_tracker "a tracker whose runs are a word" "runs_status.yaml:1" 'runs: none\n'
broken_tracker "a tracker with a run twice" "runs_status.yaml:3" 'runs:\n  a: {finetune_status: pending}\n  a: {finetune_status: pending}\n'
broken_tracker "a tracker with a conflict of git's" "runs_status.yaml:" 'runs:\n<<<<<<< HEAD\n  a: {}\n=======\n  b: {}\n>>>>>>> x\n'
restore
printf 'runs:\n  a: [\n' >g/runs_status.yaml
run runledger status g
status_is 0 "a broken tracker does not keep the status from being shown"
restore
rm g/runs_status.yaml
mkdir g/runs_status.yaml
fails "a tracker that is a folder" 1 "runs_status.yaml" runledger refresh g
rmdir g/runs_status.yaml
mkfifo g/runs_status.yaml
fails "a tracker that is a fifo" 1 "runs_status.yaml" timeout 10 "$RUNLEDGER" refresh g

# --- init ---

mkdir plain
cp -R plain kept_plain
rm -rf g && mkdir g
fails "init of a folder without runs" 1 "runs_plan.md" runledger init g
printf '# Run Plan: x\n\nNo table.\n' >g/runs_plan.md
fails "init with a plan without runs" 1 "runs_plan.md" runledger init g
printf '# Run Plan: x\n\n## All Runs\n\n| Run Name |\n|---|\n| ../x |\n' >g/runs_plan.md
fails "init with a plan with a bad name" 1 "runs_plan.md:7" runledger init g
fails "init of a folder that does not exist" 1 "nowhere" runledger init nowhere
fails "init of two folders" 2 "b" runledger init a b

# --- several at once ---

# Each write to such a socket is read by itself.
writes=$(python3 - "$RUNLEDGER" <<'END'
import socket, subprocess, sys
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
subprocess.run([sys.argv[1], "status", "nowhere"], stdout=theirs, stderr=theirs)
theirs.close()
print(len(list(iter(lambda: ours.recv(4096), b""))))
END
)
is "$writes" 1 "a sentence is written at once: what two say at the same time is not mixed"

# --- a full disk ---

if [ -c /dev/full ]; then
	restore
	for command in "status" "status --json" "report"; do
		run sh -c '"$1" $2 g >/dev/full' sh "$RUNLEDGER" "$command"
		status_is 1 "$command on a full disk fails"
		like "$err" "cannot write to standard output" "and says so"
	done
fi

done_testing
