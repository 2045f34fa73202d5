#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the run-experiment skill has an agent log by hand, on a real Slurm: four fine-tunings, five seconds apart, of which
# one fails and leaves a checkpoint out; its resubmission; sixteen evaluations.  The logs end with the skill's own
# example entries, field for field.
# shellcheck source-path=SCRIPTDIR source=stage.sh disable=SC2016
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/stage.sh"
stage_need
stage_install || exit 99
stage_cluster --cpus 32 || exit 99

RUNS=(r8_lr1e-5 r8_lr5e-5 r32_lr1e-5 r32_lr5e-5)
group=$(cluster_home alice)/experiment
training=$group/run-torchtune.log
evaluation=$group/run-inspect.log

# The skill's experiment, as alice.  A fine-tuning goes on while `hold` lies beside its script, and fails after its first
# epoch while `fail` does.
cluster_as alice bash -c '
	set -eu
	mkdir -p "$1/out" && cd "$1" && shift
	{
		printf "experiment:\n  name: experiment\nruns:\n"
		for run; do printf "  - name: %s\n    type: fine-tuned\n" "$run"; done
		printf "evaluation:\n  tasks:\n    - name: capitalization\n    - name: reversal\n  matrix:\n"
		for run; do printf "    - run: %s\n      tasks: [capitalization, reversal]\n      epochs: [0, 1]\n" "$run"; done
	} >experiment_summary.yaml
	for run; do
		mkdir -p "$run/eval"
		printf "output_dir_base: %s/out/\nmy_wandb_run_name: %s\nepochs: 2\n" "$PWD" "$run" >"$run/setup_finetune.yaml"
		cat >"$run/finetune.slurm" <<-END
			#!/bin/bash
			#SBATCH --job-name=$run
			#SBATCH --time=5
			out=$PWD/out/ck-out-$run
			mkdir -p \$out/epoch_0
			printf "timestamp, utilization.gpu [%%], memory.used [MiB], memory.total [MiB]\n\$(date "+%Y/%m/%d %T").5, 93 %%, 61234 MiB, 81559 MiB\n" >\$out/gpu_metrics.csv
			while [ -e hold ]; do sleep 0.05; done
			[ ! -e fail ] || exit 3
			mkdir -p \$out/epoch_1
			END
		for task in capitalization reversal; do
			for epoch in 0 1; do
				printf "#!/bin/bash\n#SBATCH --time=5\nsrun sleep 0.2\n" >"$run/eval/${task}_epoch$epoch.slurm"
			done
		done
	done
	touch r8_lr1e-5/hold r32_lr5e-5/fail
	: >run-torchtune.log
	: >run-inspect.log' _ "$group" "${RUNS[@]}"

# submit FOLDER SCRIPT: sets $out to the job's id.
submit() { run cluster_as alice bash -c 'cd "$1" && sbatch --parsable -o /dev/null "$2"' _ "$group/$1" "$2"; }

# entry FILE ACTION[: SUBJECT]: the entries so headed, without their moments.
entry() { awk -v head="$2" 'BEGIN { RS = ""; FS = "\n" } { first = $1; sub(/^\[[^]]*\] /, "", first); if (first == head) print }' "$1" | sed 's/^\[[^]]*\] //'; }
entries() { entry "$1" "$2" | grep -c "^${2%%:*}"; }
# field FILE ACTION[: SUBJECT] KEY: its values, a line each.
field() { entry "$1" "$2" | sed -n "s/^$3: //p"; }
last_entry() { entry "$1" "$2" | awk -v head="$2" '$0 == head { text = "" } { text = text $0 "\n" } END { printf "%s", text }'; }
# shellcheck disable=SC2317 # called by wait_until
has_entries() { [[ $(entries "$1" "$2") == "$3" ]]; }

# --- found, and submitted five seconds apart

run rl alice init "$group"
status_is 0 "a run group is made of the experiment"
like "$out" "run-torchtune.log" "init says that the folder keeps this log"
like "$out" "run-inspect.log" "and this one"
declare -A job
for name in "${RUNS[@]}"; do
	[[ $name == "${RUNS[0]}" ]] || sleep 5          # "5-second stagger between submissions to prevent cache collision"
	submit "$name" finetune.slurm
	job[$name]=$out
done

# As in the skill's examples: this story's ids, folder and durations made those.
# A busy machine staggers a little longer.
as_in_the_example() {
	sed -e "s#$group#/path/to/experiment#; s/\b${job[r8_lr1e-5]}\b/1234567/; s/\b${job[r8_lr5e-5]}\b/1234568/" \
		-e 's/([4-9]-second stagger)/(5-second stagger)/' \
		-e "s/\b${job[evaluation]:-none}\b/2345678/; s/^Duration: [0-9]* \(second\|minute\)s\?$/Duration: 45 minutes/"
}
# example CLAIM ENTRY FIELD...: the entry has those lines, in this order, whatever else it has.
example() {
	local claim=$1 want=$3 text
	text=$(as_in_the_example <<<"$2")
	is "$(grep -xFf <(printf '%s\n' "$want") <<<"$text")" "$want" "$claim"
}

example "DISCOVER_EXPERIMENT is the skill's" "$(entry "$training" DISCOVER_EXPERIMENT)" 'DISCOVER_EXPERIMENT
Details: Found experiment at /path/to/experiment
Result: 4 runs configured'
wait_until "$CLUSTER_TIMEOUT" has_entries "$training" "SUBMIT_JOB: r32_lr5e-5" 1
example "the first SUBMIT_JOB is the skill's" "$(entry "$training" "SUBMIT_JOB: r8_lr1e-5")" 'SUBMIT_JOB: r8_lr1e-5
Details: sbatch finetune.slurm
Result: Job ID 1234567'
example "the second tells the stagger" "$(entry "$training" "SUBMIT_JOB: r8_lr5e-5")" 'SUBMIT_JOB: r8_lr5e-5
Details: sbatch finetune.slurm (5-second stagger)
Result: Job ID 1234568'
is "$(field "$training" "SUBMIT_JOB: r8_lr1e-5" "Job ID")" "${job[r8_lr1e-5]}" "with a line for whoever looks for job ids"
wait_until "$CLUSTER_TIMEOUT" has_entries "$training" "STATE_CHANGE: r8_lr1e-5" 1
example "STATE_CHANGE is the skill's" "$(entry "$training" "STATE_CHANGE: r8_lr1e-5")" 'STATE_CHANGE: r8_lr1e-5
Details: PENDING → RUNNING
Result: Training started'

# --- one fails

wait_until "$CLUSTER_TIMEOUT" has_entries "$training" "STATE_CHANGE: r32_lr5e-5" 2
like "$(entry "$training" "STATE_CHANGE: r32_lr5e-5")" "RUNNING → FAILED" "a failure is told"
like "$(field "$training" "STATE_CHANGE: r32_lr5e-5" Result)" "exit code 3" "with its cause"
is "$(entries "$training" ALL_COMPLETE)" 0 "not all are complete while one runs"
is "$(entries "$evaluation" VERIFY_FINETUNING)" 0 "and nothing is verified"
cluster_as alice rm "$group/r8_lr1e-5/hold"
wait_until "$CLUSTER_TIMEOUT" has_entries "$training" ALL_COMPLETE 1
is "$(field "$training" ALL_COMPLETE Result)" "3 COMPLETED, 1 FAILED" "when all have ended that is told"
wait_until "$CLUSTER_TIMEOUT" has_entries "$evaluation" "CHECKPOINT_MISSING: r32_lr5e-5" 1
is "$(field "$evaluation" VERIFY_FINETUNING Result)" "3 of 4 fine-tuning jobs COMPLETED; FAILED: r32_lr5e-5" "what evaluations need is verified"
is "$(field "$evaluation" VERIFY_CHECKPOINTS Result)" "7 of 8 checkpoints exist" "checkpoints, too"
is "$(field "$evaluation" "CHECKPOINT_MISSING: r32_lr5e-5" Details)" "Expected path: $group/out/ck-out-r32_lr5e-5/epoch_1/" "the missing one by its path"
is "$(field "$evaluation" IDENTIFY_EVALS Result)" "14 evaluations to submit, 2 left out (checkpoint missing)" "and what can be evaluated"

# --- and is resubmitted

cluster_as alice rm "$group/r32_lr5e-5/fail"
submit r32_lr5e-5 finetune.slurm
wait_until "$CLUSTER_TIMEOUT" has_entries "$training" ALL_COMPLETE 2
is "$(field "$training" "SUBMIT_JOB: r32_lr5e-5" "Job ID")" "${job[r32_lr5e-5]}
$out" "a resubmission is one more submission"
example "ALL_COMPLETE is the skill's" "$(last_entry "$training" ALL_COMPLETE)" 'ALL_COMPLETE
Details: All 4 jobs reached terminal states
Result: 4 COMPLETED, 0 FAILED
Duration: 45 minutes'
for name in "${RUNS[@]}"; do
	like "$(field "$training" "COMPUTE_METRICS: $name" Details)" "Wall time: 00:00:" "COMPUTE_METRICS of $name tells its time"
done
like "$(field "$training" "COMPUTE_METRICS: r8_lr1e-5" Details)" " of 00:05:00" "and the limit"
like "$(field "$training" "RESOURCE_STATUS: r8_lr1e-5" Result)" "GPU Utilization: 93% | GPU Memory: 59.8/79.6 GiB" "RESOURCE_STATUS has the last line of gpu_metrics.csv"
is "$(entries "$training" "RESOURCE_STATUS: r8_lr1e-5")" 1 "once"
wait_until "$CLUSTER_TIMEOUT" has_entries "$evaluation" VERIFY_CHECKPOINTS 2
example "VERIFY_FINETUNING is the skill's" "$(last_entry "$evaluation" VERIFY_FINETUNING)" 'VERIFY_FINETUNING
Result: All fine-tuning jobs COMPLETED'
example "VERIFY_CHECKPOINTS is the skill's" "$(last_entry "$evaluation" VERIFY_CHECKPOINTS)" 'VERIFY_CHECKPOINTS
Details: Checking epoch_0, epoch_1 for 4 runs
Result: All 8 checkpoints exist'
is "$(entries "$evaluation" "CHECKPOINT_MISSING: r32_lr5e-5")" 1 "nothing is missing any more"

# --- caches, which only the agent knows of

cache() { run cluster_as alice bash -c 'cd "$1" && shift && "$@"' _ "$group" "$RUNLEDGER" log --run r8_lr1e-5 --action "$@"; }
cache CACHE_PREBUILD --details "2 datasets"
cache CACHE_BUILT --details words_8L --result "12000 rows"
cache CACHE_PREBUILD_COMPLETE --result "All dataset caches ready"
rl alice refresh "$group" >/dev/null
is "$(entry "$evaluation" CACHE_BUILT)" 'CACHE_BUILT
Details: words_8L
Result: 12000 rows' "what an agent puts on record is logged"
is "$(grep -o '\] CACHE_[A-Z_]*' "$evaluation" | tr -d '\n')" "] CACHE_PREBUILD] CACHE_BUILT] CACHE_PREBUILD_COMPLETE" "in its order, each once"

# --- evaluations

for name in "${RUNS[@]}"; do
	for task in capitalization reversal; do
		for epoch in 0 1; do
			submit "$name/eval" "${task}_epoch$epoch.slurm"
			job[${job[evaluation]:+last_}evaluation]=$out
		done
	done
done
wait_until 90 has_entries "$evaluation" ALL_COMPLETE 1
example "SUBMIT_EVAL is the skill's" "$(entry "$evaluation" "SUBMIT_EVAL: r8_lr1e-5/capitalization/epoch0")" 'SUBMIT_EVAL: r8_lr1e-5/capitalization/epoch0
Details: sbatch capitalization_epoch0.slurm
Result: Job ID 2345678'
example "STATE_CHANGE of an evaluation is the skill's" "$(last_entry "$evaluation" "STATE_CHANGE: r8_lr1e-5/capitalization/epoch0")" 'STATE_CHANGE: r8_lr1e-5/capitalization/epoch0
Details: RUNNING → COMPLETED
Result: Evaluation finished'
example "ALL_COMPLETE of the evaluations is the skill's" "$(entry "$evaluation" ALL_COMPLETE)" 'ALL_COMPLETE
Details: All 16 evaluations reached terminal states
Result: 16 COMPLETED, 0 FAILED
Duration: 45 minutes'
is "$(field "$evaluation" ALL_SUBMITTED Details)" "All 16 evaluations submitted" "ALL_SUBMITTED stands before"
is "$(grep -c '\] SUBMIT_EVAL: ' "$evaluation") $(grep -c '→ COMPLETED' "$evaluation") $(grep -o '\] COMPUTE_METRICS: .*' "$evaluation" | sort -u | wc -l)" "16 16 16" \
	"each evaluation is submitted and ends once, and is measured"
is "$(status_json alice "$group" "phase('r8_lr1e-5','finetune')['job_id']")" "${job[r8_lr1e-5]}" "an evaluation's job is not taken for a fine-tuning"

# --- once

# What a later word may still bring, usage of a step or a last word of a GPU, is there now.
run rl alice refresh "$group"
before=$(cat "$training" "$evaluation" | sha256sum)
for _ in 1 2 3 4 5 6 7 8 9 10; do
	rl alice refresh "$group" >/dev/null 2>&1 &
done
wait
is "$(cat "$training" "$evaluation" | sha256sum)" "$before" "ten more refreshes write nothing"
is "$(cat "$training" "$evaluation" | awk 'BEGIN { RS = "" } seen[$0]++' | wc -l)" 0 "and no entry stands there twice"
records_are_valid "$group" "every record obeys the schema"
cluster_is_unhurt "nothing of ours is left, and every node serves"

done_testing
