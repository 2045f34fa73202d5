#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the update-run-status skill has a person or an agent do, and nobody does any more: plan, submit, run, fail,
# resume, evaluate, finish.  On the way the tracker is the skill's own example, field for field.
# shellcheck source-path=SCRIPTDIR source=stage.sh
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/stage.sh"
stage_need
stage_install || exit 99
stage_cluster || exit 99

RUNS=(1B_rank4 1B_rank64 3B_rank4 3B_rank64)
group=$(cluster_home alice)/cap_8L_llama32_lora_comparison_2025-10-18
tracker=$group/runs_status.yaml

seed_experiment "$group"
cluster_as alice sed -i 's/ck-out-1B_rank4/ck-out-bright-horizon/; s/^my_wandb_run_name: .*/my_wandb_run_name: bright-horizon/' \
	"$group/1B_rank4/finetune.slurm" "$group/1B_rank4/setup_finetune.yaml"
for name in "${RUNS[@]}"; do
	cluster_as alice touch "$group/$name/hold"
done

# submit RUN SCRIPT: as its "Usage Patterns" have it; sets $out to the job's id.
submit() {
	# shellcheck disable=SC2016 # for the inner shell
	run cluster_as alice bash -c 'cd "$1" && sbatch --parsable "$2"' _ "$group/$1" "$2"
}
release() { cluster_as alice rm "$group/$1/hold"; }
hold() { cluster_as alice touch "$group/$1/hold"; }

# The tracker with this story's job ids, folder and times as the skill's example has them.
as_in_the_example() {
	sed -e "s/\"$first\"/\"1234567\"/; s/\"$second\"/\"1234568\"/; s/\"$third\"/\"1234569\"/" \
		-e "s#$group/out#/scratch/gpfs/MSALGANIK/mjs3#" \
		-e 's/20[0-9][0-9]-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-5][0-9]/TIME/' "$tracker"
}

# --- Initialize status file

run rl alice init "$group"
status_is 0 "a run group is made from runs_plan.md"
is "$(grep -c 'finetune_status: pending' "$tracker") $(grep -c 'eval_status: pending' "$tracker")" "4 4" \
	"all runs begin as pending"

# --- the skill's example

submit 1B_rank4 finetune.slurm; first=$out
tracker_becomes "$tracker" 1B_rank4 finetune_status running "the first fine-tuning runs"
release 1B_rank4
tracker_becomes "$tracker" 1B_rank4 finetune_status completed "and is completed"
hold 1B_rank4
submit 1B_rank4 eval.slurm; second=$out
submit 1B_rank64 finetune.slurm; third=$out
tracker_becomes "$tracker" 1B_rank4 eval_status running "its evaluation runs"
tracker_becomes "$tracker" 1B_rank64 finetune_status running "and the second fine-tuning"

is "$(as_in_the_example | sed '/^  3B_rank4:/,$d')" '# Run Status Tracker
# Auto-generated and updated by update-run-status skill
# Last updated: TIME

run_group: cap_8L_llama32_lora_comparison_2025-10-18
runs:
  1B_rank4:
    finetune_status: completed
    finetune_job_id: "1234567"
    finetune_output: /scratch/gpfs/MSALGANIK/mjs3/ck-out-bright-horizon/epoch_2
    eval_status: running
    eval_job_id: "1234568"
    eval_output: null
    last_updated: "TIME"
  1B_rank64:
    finetune_status: running
    finetune_job_id: "1234569"
    finetune_output: null
    eval_status: pending
    eval_job_id: null
    eval_output: null
    last_updated: "TIME"' "the tracker is the skill's example, field for field"

run rl alice report "$group"
like "$out" "| 1B_rank4 | ✓ completed | → running | Eval job $second |" "the summary has the example's row of a run that is evaluated"
like "$out" "| 1B_rank64 | → running | pending | Finetune job $third |" "and of one that is trained"
like "$out" "| 3B_rank64 | pending | pending | Not started |" "and of one that is not started"
like "$out" "- 2 runs not yet started: \`for run in 3B_rank4 3B_rank64; do (cd \"\$run\" && sbatch finetune.slurm); done\`" \
	"and how to go on"

# --- a failure, and what a person wrote meanwhile

cluster_as alice sed -i '/^  1B_rank64:/a\    comment: "rank 64 needs a smaller batch"   # Zoë' "$tracker"
cluster_as alice scancel "$third"
tracker_becomes "$tracker" 1B_rank64 finetune_status failed "a cancelled job is failed"
is "$(tracker_value "$tracker" 1B_rank64 finetune_output)" null "without an output, though checkpoints are there"
run rl alice report "$group"
like "$out" "- Submit finetune of 1B_rank64 again, unless it was cancelled for good: \`(cd 1B_rank64 && sbatch finetune.slurm)\`" \
	"the summary tells how to submit it again"

# --- resume

release 1B_rank64
submit 1B_rank64 finetune.slurm; again=$out
tracker_becomes "$tracker" 1B_rank64 finetune_status completed "submitted again it completes"
is "$(tracker_value "$tracker" 1B_rank64 finetune_job_id)" "\"$again\"" "with the new job's id"
is "$(tracker_value "$tracker" 1B_rank64 finetune_output)" "$group/out/ck-out-1B_rank64/epoch_2" "and its newest checkpoint"
is "$(status_json alice "$group" "[a['slurm_state'] for a in phase('1B_rank64','finetune')['attempts']]")" \
	"['CANCELLED', 'COMPLETED']" "the first attempt is not forgotten"

# --- the rest: evaluate, finish

release 1B_rank4
for name in 3B_rank4 3B_rank64; do
	release "$name"
	submit "$name" finetune.slurm
done
for name in 3B_rank4 3B_rank64; do
	tracker_becomes "$tracker" "$name" finetune_status completed "$name is trained"
done
for name in 1B_rank64 3B_rank4 3B_rank64; do
	submit "$name" eval.slurm
done
for name in "${RUNS[@]}"; do
	tracker_becomes "$tracker" "$name" eval_status completed "$name is evaluated"
	is "$(tracker_value "$tracker" "$name" eval_output)" "$group/$name/logs/$name.eval" "$name: with its log"
done
run rl alice status "$group"
like "$out" "4 of 4 completed" "all are done"
run rl alice report "$group"
like "$out" "| 3B_rank4 | ✓ completed | ✓ completed | All done! |" "and the summary says so, as the skill does"
like "$(<"$tracker")" '    comment: "rank 64 needs a smaller batch"   # Zoë' "what a person wrote is still there"
wait_until 10 nothing_left
before=$(sha256sum <"$tracker")
rl alice refresh "$group" >/dev/null
is "$(sha256sum <"$tracker")" "$before" "updating again is safe: no byte changes"
cluster_is_unhurt "nothing of ours is left, and every node serves"
done_testing
