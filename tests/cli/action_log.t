#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The action logs from outside: found by init, kept by refreshers that run at once, and left alone where they must be.
# shellcheck source=tests/tap.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

TZ=UTC; export TZ
FIRST=1762858805                      # 2025-11-11 11:00:05 UTC

# --- init

new_group exp r8_lr1e-5 r8_lr5e-5
rm -r exp/.runledger
mkdir exp/logs
printf 'Notes of Ann.\n' >exp/logs/run-torchtune.log
run runledger init exp
status_is 0 "init finds a log in logs/"
like "$out" "logs/run-torchtune.log" "and says so"
like "$(cat exp/.runledger/config.yaml)" "  training_log: logs/run-torchtune.log" "and keeps it"
unlike "$(cat exp/.runledger/config.yaml)" "  evaluation_log: logs" "but not one that is not there"
is "$(sed 's/^\[....-..-.. ..:..:..\]/[TIME]/' exp/logs/run-torchtune.log)" "Notes of Ann.

[TIME] DISCOVER_EXPERIMENT
Details: Found experiment at $(realpath exp)
Result: 2 runs configured

[TIME] IDENTIFY_RUNS
Details: r8_lr1e-5, r8_lr5e-5 (from runs_plan.md)
Result: 2 runs to fine-tune" "what it found stands in it, behind what stood there"
before=$(cat exp/logs/run-torchtune.log; cat exp/.runledger/runs/*/*)
sleep 1.1                              # the next second, so that a second time would show
run runledger init exp
is "$(cat exp/logs/run-torchtune.log; cat exp/.runledger/runs/*/*)" "$before" "init again adds nothing"
new_group plain a
rm -r plain/.runledger
run runledger init plain
is "$(ls plain/.runledger/runs)" "" "a group without such logs gets no record of that"

# --- records

job exp r8_lr1e-5 finetune "$FIRST" 1234567 COMPLETED
job exp r8_lr5e-5 finetune "$((FIRST + 5))" 1234568 FAILED 1
run runledger refresh exp
status_is 0 "jobs are logged"
is "$(grep -A2 'SUBMIT_JOB: r8_lr5e-5' exp/logs/run-torchtune.log)" "[2025-11-11 11:00:10] SUBMIT_JOB: r8_lr5e-5
Details: sbatch finetune.slurm (5-second stagger)
Result: Job ID 1234568" "as their user's words have it"
export RUNLEDGER_GROUP=$PWD/exp RUNLEDGER_RUN=r8_lr1e-5
run runledger log --action CACHE_READY --details words_8L
unset RUNLEDGER_GROUP RUNLEDGER_RUN
status_is 0 "a person puts an action on record"
run runledger refresh exp
is "$(grep -A1 'CACHE_READY$' exp/logs/run-torchtune.log | tail -n 1)" "Details: words_8L" "and it is logged"

# --- ten refreshers

for ((i = 0; i < 20; i++)); do
	job exp "sweep_$i" finetune "$((FIRST + 100 * i))" "$((2000000 + i))" COMPLETED
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		runledger refresh exp >/dev/null 2>>refresh.err &
	done
	wait
done
run runledger refresh exp
is "$(cat refresh.err)" "" "ten refreshers at once do not fail"
is "$(awk 'BEGIN { RS = "" } seen[$0]++' exp/logs/run-torchtune.log)" "" "nor say an entry twice"
is "$(grep -c '\] SUBMIT_JOB: sweep_' exp/logs/run-torchtune.log) $(grep -c '→ COMPLETED' exp/logs/run-torchtune.log)" "20 21" "nor lose one"

# --- where two hosts have no lock in common: each for itself, from the same text

cp -a exp other
for host in exp other; do job $host late finetune "$((FIRST + 9000))" 3000000 COMPLETED; done
runledger refresh exp >/dev/null
runledger refresh other >/dev/null
is "$(cat other/logs/run-torchtune.log)" "$(cat exp/logs/run-torchtune.log)" "two that render the same write the same, so the later does no harm"
# The other's file has come between, and its memory has not.
cp other/logs/run-torchtune.log exp/logs/run-torchtune.log
rm -f exp/.runledger/trackers/training_log*
run runledger refresh exp
is "$(cat exp/logs/run-torchtune.log)" "$(cat other/logs/run-torchtune.log)" "and what it wrote is known without its memory"

# --- what is no log

printf 'a\0b\n' >exp/logs/run-torchtune.log
run runledger refresh exp
status_is 1 "a file that is no text is left alone"
like "$err" "run-torchtune.log" "and named"
is "$(wc -c <exp/logs/run-torchtune.log)" 4 "as it was"

done_testing
