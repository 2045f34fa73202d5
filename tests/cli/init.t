#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# `runledger init`: from a plan, a summary, folders or a tracker; twice; and what it leaves behind when it fails.
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

plan='# Run Plan: cap_8L

## All Runs

| Run Name | Type |
|---|---|
| 1B_rank4 | Fine-tuned |
| base | Control |
'

# --- from a plan ---

mkdir plan && printf '%s' "$plan" >plan/runs_plan.md
run runledger init plan
status_is 0 "init works from a plan"
is "$err" "" "without complaint"
ok_if "$([ -d plan/.runledger/runs ] && [ -f plan/.runledger/config.yaml ]; echo $?)" "there is a .runledger folder"
like "$(cat plan/runs_status.yaml)" 'run_group: cap_8L' "the tracker has the plan's name"
like "$(cat plan/runs_status.yaml)" '  1B_rank4:' "and its runs"
is "$(cat plan/runs_plan.md)" "$(printf '%s' "$plan")" "the plan is as it was"
run runledger status plan --json
status_is 0 "the group works"
like "$out" '"group":"cap_8L"' "under its name"

(cd plan && find . -type f ! -name lock ! -name dirty ! -name snapshot -exec cksum {} + | sort -k3) >before
run runledger init plan
status_is 0 "init again is harmless"
is "$(cd plan && find . -type f ! -name lock ! -name dirty ! -name snapshot -exec cksum {} + | sort -k3)" "$(cat before)" "and changes no byte"
printf 'phases: [train, test]\n' >plan/.runledger/config.yaml
run runledger init plan
status_is 0 "init over settings of a person's works"
is "$(cat plan/.runledger/config.yaml)" "phases: [train, test]" "and leaves them alone"

# --- from the current folder, by its name ---

mkdir "a group" && printf '%s' "$plan" >"a group/runs_plan.md"
run sh -c 'cd "a group" && "$1" init' sh "$RUNLEDGER"
status_is 0 "init works in the current folder"
ok_if "$([ -d "a group/.runledger" ]; echo $?)" "whatever it is called"

# --- from folders with scripts ---

mkdir -p folders/r1 folders/r2 folders/notes
touch folders/r1/train.slurm folders/r2/train.slurm folders/notes/x.txt
run runledger init folders
status_is 0 "init works from folders"
like "$(cat folders/runs_status.yaml)" '  r1:' "a folder with a script is a run"
unlike "$(cat folders/runs_status.yaml)" 'notes' "one without is none"
like "$(cat folders/runs_status.yaml)" 'run_group: folders' "the group has the folder's name"

# --- from a summary ---

mkdir summary
printf 'experiment:\n  name: exp1\nruns:\n  - name: s1\n    type: fine-tuned\n  - name: s2\n    type: control\n' >summary/experiment_summary.yaml
run runledger init summary
status_is 0 "init works from experiment_summary.yaml"
like "$(cat summary/runs_status.yaml)" 'run_group: exp1' "with its name"
like "$(cat summary/runs_status.yaml)" '  s2:' "and its runs"

# --- from a tracker ---

mkdir tracker
printf 'run_group: old\nruns:\n  t1:\n    finetune_status: completed   # by hand\n    finetune_job_id: "5"\n    finetune_output: null\n    eval_status: pending\n    eval_job_id: null\n    eval_output: null\n    last_updated: "2025-01-01 00:00:00"\n' >tracker/runs_status.yaml
run runledger init tracker
status_is 0 "init works from a tracker alone"
like "$(cat tracker/runs_status.yaml)" 'completed   # by hand' "what stands in it is kept, byte for byte"
run runledger status tracker --json
like "$out" '"phase":"finetune","status":"completed","job_id":"5"' "and taken over"

# --- who may read it ---

(umask 077 && mkdir private && printf '%s' "$plan" >private/runs_plan.md && "$RUNLEDGER" init private >/dev/null)
is "$(stat -c %a private/.runledger)" 700 "the marker is as private as the umask says"
(umask 002 && mkdir shared && printf '%s' "$plan" >shared/runs_plan.md && "$RUNLEDGER" init shared >/dev/null)
is "$(stat -c %a shared/.runledger shared/.runledger/runs | sort -u)" 775 "or as shared"

# --- what fails leaves nothing ---

mkdir empty
run runledger init empty
status_is 1 "init without runs fails"
like "$err" "runs_plan.md" "and says what was looked for"
is "$(find empty | wc -l | tr -d ' ')" 1 "and leaves nothing behind"
mkdir linked elsewhere && printf '%s' "$plan" >linked/runs_plan.md && ln -s "$work/elsewhere" linked/.runledger
run runledger init linked
is "$(find elsewhere | wc -l | tr -d ' ')" 1 "a .runledger that is a link is not followed"

done_testing
