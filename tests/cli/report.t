#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# `runledger report`: the Markdown summary.
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

new_skill_group cap_8L
mkdir cap_8L/3B_rank4
touch cap_8L/3B_rank4/eval.slurm
cat >expected <<'END'
## Run Status Update - 2025-10-19 18:21:00

### Overall Progress
- **Pending**: 2 runs
- **Running**: 1 run
- **Completed**: 0 runs
- **Failed**: 1 run

### Details by Run
| Run Name | Finetune | Eval | Notes |
|----------|----------|------|-------|
| 1B_rank4 | ✓ completed | → running | Eval job 1234568 |
| 1B_rank64 | ✗ failed | pending | Finetune job 1234569: FAILED after 13m 32s: exit code 1 |
| 3B_rank4 | ✓ completed | pending | Eval not submitted yet |
| 3B_rank64 | pending | pending | Not started |

### Next Actions
- Monitor running jobs: `runledger status`
- 1 eval job in progress
- Look at finetune of 1B_rank64, job 1234569 (FAILED after 13m 32s: exit code 1); its log: `/logs/slurm-1234569.out`
- Submit eval of 3B_rank4, as finetune is completed: `(cd 3B_rank4 && sbatch eval.slurm)`
- 1 run not yet started
END

# The story is an old one: its jobs need not be heard of.
cat >>cap_8L/.runledger/config.yaml <<'END'
no_word_after: {waiting: 5000w, running: 5000w}
END
run runledger report cap_8L
status_is 0 "report works"
is "$out" "$(cat expected)" "the summary has the form of the update-run-status skill"
is "$err" "" "nothing is said on stderr"

run runledger report cap_8L -f markdown
is "$out" "$(cat expected)" "-f markdown is the default"
run env LC_ALL=C "$RUNLEDGER" report cap_8L
is "$out" "$(cat expected)" "a document does not depend on the locale"

run runledger report cap_8L -f word
status_is 2 "an unknown format is asked wrongly"
like "$err" "there is no format \`word\`; there is: markdown" "and the formats are named"

run runledger report cap_8L -o summary.md
status_is 0 "-o works"
is "$out" "" "-o prints nothing"
ok_if "$(cmp -s summary.md expected; echo $?)" "-o writes the same bytes"
run runledger report cap_8L -o summary.md
ok_if "$(cmp -s summary.md expected; echo $?)" "-o over a file replaces it"

run runledger report cap_8L -o -
is "$out" "$(cat expected)" "-o - is standard output"

run runledger report cap_8L -o nowhere/summary.md
status_is 1 "a folder that is not there is a failure"
like "$err" "nowhere/summary.md" "and the file is named"

mkfifo pipe
cat pipe >piped &
reader=$!
run runledger report cap_8L -o pipe
[ -p pipe ] || kill "$reader" # nobody will ever write to it
wait
ok_if "$(cmp -s piped expected; echo $?)" "a fifo is written to"
ok_if "$([ -p pipe ]; echo $?)" "and not replaced"

# A tool that replaces fifos would replace the device too, for everybody on this machine.
if [ -c /dev/full ] && [ -p pipe ]; then
	run runledger report cap_8L -o /dev/full
	status_is 1 "a full disk is a failure"
	is "$err" "runledger report: cannot write /dev/full: No space left on device" "and is called so"
	run sh -c '"$1" report cap_8L >/dev/full' sh "$RUNLEDGER"
	status_is 1 "so is one under stdout"
	like "$err" "cannot write to standard output: No space left on device" "and is called so"
fi

echo garbage >>cap_8L/.runledger/runs/1B_rank4/host1.jsonl
run runledger report cap_8L
status_is 3 "a damaged line gives status 3"
like "$out" "- 1 damaged line in the records stepped over" "and stands in the report"
like "$err" "runledger report: 1 damaged line or file in" "and is told on stderr"

done_testing
