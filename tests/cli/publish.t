#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `runledger publish`: the training log leaves, what names places and people stays here.
srcdir=${top_srcdir:-$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)}
# shellcheck source=tests/tap.sh
. "$srcdir/tests/tap.sh"

new_group g base other
record g base finetune 1773241200 submit \
	'"sid":"s-9f8e7d","job_id":4187578,"user":"ann","host":"login1.hpc.example.org","script":"slurm/train.sh","cwd":"/scratch/proj7/ann/base"'
record g base finetune 1773241260 start \
	'"sid":"s-9f8e7d","job_id":4187578,"nodes":"gpu-a[17-18]","start_time":1773241260,"stdout":"/scratch/proj7/ann/base/slurm-4187578.out"'
record g base finetune 1773327660 finish \
	'"sid":"s-9f8e7d","job_id":4187578,"state":"COMPLETED","final":true,"exit_code":0,"submit_time":1773241200,"start_time":1773241260,"end_time":1773327660,"nodes":"gpu-a[17-18]","source":"epilog"'
mkdir g/run_logs
log=g/run_logs/2026-03-11_base.md
cat >$log <<'END'
# base

## Job
- execution_id: 4187578
- node: gpu-a17
- runtime: `24:00:00`

## Status
- 2026-03-11 15:00 - step 2400, train_loss 0.085, on gpu-a18, says ann

## Results
- checkpoint: `/scratch/proj7/ann/base/epoch_3`
- synced: https://wandb.ai/ann/p/runs/abc123
END
cat >expected <<'END'
# base

## Job
- runtime: `24:00:00`

## Status
- 2026-03-11 15:00 - step 2400, train_loss 0.085, on (node), says (user)

## Results
- checkpoint: `epoch_3`
- synced: https://wandb.ai/ann/p/runs/abc123
END

run runledger publish base -g g --from $log
status_is 0 "a run log is published"
is "$out" "" "and nothing said on standard output"
ok_if "$(cmp -s expected g/run_logs/TRAINING_LOG.md; echo $?)" "TRAINING_LOG.md stands beside it, without places and people"
like "$err" "the W&B link stays as it is, and tells \`ann\`: https://wandb.ai/ann/p/runs/abc123" "what a link tells is said"

# --- a person's file ---

run runledger publish base -g g --from $log
status_is 0 "the same once more is no harm"
echo mine >>g/run_logs/TRAINING_LOG.md
cp g/run_logs/TRAINING_LOG.md mine
run runledger publish base -g g --from $log
status_is 1 "a file that says something else is not replaced"
like "$err" "TRAINING_LOG.md is there already and says something else; --force replaces it" "which is said, with what to do"
ok_if "$(cmp -s mine g/run_logs/TRAINING_LOG.md; echo $?)" "and it is as it was"
run runledger publish base -g g --from $log --force
status_is 0 "--force replaces it"
ok_if "$(cmp -s expected g/run_logs/TRAINING_LOG.md; echo $?)" "with what is published"

run runledger publish base -g g --from $log -o -
is "$out" "$(cat expected)" "-o - is standard output"
run runledger publish base -g g --from $log -o here.md
ok_if "$(cmp -s expected here.md; echo $?)" "-o writes elsewhere"

# The group is for its owner alone; what is published is as open as the writer's umask says.
chmod 700 g/.runledger
(umask 022 && runledger publish base -g g --from $log -o open.md) 2>/dev/null
is "$(stat -c %a open.md)" 644 "its mode is by the umask"

run runledger publish base -g g --force
ok_if "$(cmp -s expected g/run_logs/TRAINING_LOG.md; echo $?)" "the run's log is found by itself"

# --- without a run log ---

rm -r g/run_logs
run runledger publish base -g g
status_is 0 "records alone are published, too"
is "$out" "# base

## Config
- script: slurm/train.sh

## Training
- start: 2026-03-11
- end: 2026-03-12
- runtime: 24:00:00
- status: completed" "on standard output"
run runledger publish other -g g
is "$out" "# other" "of a run that nobody submitted there is little to tell"

# --- what goes wrong ---

run runledger publish -g g
status_is 2 "a run must be named"
run runledger publish bsae -g g
status_is 1 "a run that is not there"
like "$err" "did you mean \`base\`?" "with the one that is meant"
run runledger publish base -g g --from nowhere.md
status_is 1 "a run log that is not there"
like "$err" "there is no nowhere.md" "is named"
printf 'x\n- loss 0.1, MY_TOKEN=1\n' >token.md
record g base finetune 1773327661 start '"sid":"s-9f8e7e","job_id":4187579,"user":"my","start_time":1773327661,"nodes":"gpu-a17"'
run runledger publish base -g g --from token.md -o kept.md
status_is 1 "what cannot be withheld is a failure"
like "$err" "the user \`MY\` would still be told in line 2, so nothing is written" "that says what and where"
ok_if "$([ ! -e kept.md ]; echo $?)" "and nothing is written"
head -c 5000000 /dev/zero | tr '\0' x >huge.md
run runledger publish base -g g --from huge.md -o -
status_is 1 "a huge file is no run log"
if [[ -c /dev/full ]]; then
	run sh -c '"$1" publish base -g g --from "$2" -o - >/dev/full' sh "$RUNLEDGER" $log
	status_is 1 "a full disk is a failure"
fi
done_testing
