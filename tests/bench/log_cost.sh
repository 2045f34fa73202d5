#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# log_cost.sh: what a word from a job costs it.
#
# `runledger log` beside /bin/true, one after the other, so that a busy moment of this machine hits both; and how fast a
# job's output gets through `runledger log --tee -`, beside cat.
set -euo pipefail

usage() {
	cat <<-'END'
	Usage: log_cost.sh PREFIX [SAMPLES [MEGABYTES]]
	Measures the runledger that `make install prefix=PREFIX` has installed.
	SAMPLES is 300 if not given, MEGABYTES 100.
	END
}

case ${1:-} in -h | --help) usage; exit 0 ;; '') usage >&2; exit 2 ;; esac
PREFIX=$(realpath -e -- "$1")
SAMPLES=${2:-300}
MEGABYTES=${3:-100}
RUNLEDGER=$PREFIX/bin/runledger
WORK=$(mktemp -d "${TMPDIR:-/tmp}/runledger-bench.XXXXXX")
trap 'rm -rf "$WORK"' EXIT

mkdir -p "$WORK/group/run1"
printf '# Run Plan: bench\n\n## All Runs\n\n| Run Name |\n|---|\n| run1 |\n' >"$WORK/group/runs_plan.md"
"$RUNLEDGER" init "$WORK/group" >"$WORK/init"
cd "$WORK/group"
# As in a job that the plugins have told its address.
export SLURM_JOB_ID=1 SLURM_CLUSTER_NAME=bench RUNLEDGER_ADDRESS="1//run1/finetune$WORK/group"

sample() { # FILE COMMAND...
	local file=$1 begun ended
	shift
	begun=$EPOCHREALTIME
	"$@"
	ended=$EPOCHREALTIME
	echo $((${ended/./} - ${begun/./})) >>"$file"
}

report() { # WHAT FILE: milliseconds
	sort -n "$2" | awk -v what="$1" '{ value[NR] = $1 / 1000 } END {
		printf "%-44s %8.3f %8.3f %8.3f\n", what, value[int((NR + 9) / 10)], value[int((NR + 1) / 2)], value[int(NR * 9 / 10)] }'
}

for ((i = 0; i < SAMPLES; i++)); do
	sample "$WORK/true" /bin/true
	sample "$WORK/log" "$RUNLEDGER" log "step=$i" train_loss=0.085
done
[[ $(cat .runledger/runs/run1/*.jsonl | wc -l) == "$SAMPLES" ]] || { echo "records are missing" >&2; exit 1; }
printf '%-44s %8s %8s %8s\n' "milliseconds, of $SAMPLES" "10 %" median "90 %"
report "/bin/true" "$WORK/true"
report "runledger log step=1 train_loss=0.085" "$WORK/log"

awk -v bytes=$((MEGABYTES * 1000000)) 'BEGIN {
	while (done < bytes) {
		line = ++n % 10 ? "epoch 1: reading shard " n " of the training data, all is well" : "step=" n " loss=0." n " lr=1e-4"
		print line
		done += length(line) + 1
	}
}' >"$WORK/output"
sum=$(cksum <"$WORK/output")
throughput() { # WHAT COMMAND...
	local what=$1 begun ended
	shift
	begun=$EPOCHREALTIME
	"$@" <"$WORK/output" >"$WORK/copy"
	ended=$EPOCHREALTIME
	[[ $(cksum <"$WORK/copy") == "$sum" ]] || { echo "$what: the copy is another" >&2; exit 1; }
	awk -v what="$what" -v bytes=$((MEGABYTES * 1000000)) -v us=$((${ended/./} - ${begun/./})) \
		'BEGIN { printf "%-44s %8.0f MB/s\n", what, bytes / us }'
}
throughput "cat" cat
throughput "runledger log --tee -" "$RUNLEDGER" log --tee -
tail -n 1 .runledger/runs/run1/*.jsonl | sed 's/.*"phase"/last: "phase"/'
