#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The story of the hpc-run-tracking skill on a real Slurm: a training is submitted, makes progress, is cut off by its time
# limit, resumed and completed, then evaluated, judged and published; a person writes in its log meanwhile; and all files
# end as the skill's examples.
# shellcheck source-path=SCRIPTDIR source=stage.sh disable=SC2016,SC2119,SC2317
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/stage.sh"
stage_need
stage_install || exit 99
plugins=$(mktemp -d /tmp/rlg-plugins.XXXXXX) && chmod 0755 "$plugins" || exit 99
trap 'rm -rf "$plugins"; cd / && rm -rf "$work"' EXIT
ln -s "$STAGE/lib/slurm/spank_runledger.so" "$plugins/cli_filter_runledger.so"
stage_cluster --plugindir "$plugins" || exit 99

RUN=train_front_cam
group=$(cluster_home alice)/bench
as() { cluster_as alice bash -c 'cd "$1" && shift && eval "$1"' _ "$group" "$@"; }

# A training that writes what the skill looks for, and tells its progress.
cluster_as alice bash -c '
	mkdir -p "$1"/{slurm,configurations,'$RUN'/ckpt} && cd "$1" && git init -q -b front-cam . &&
	git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x
	printf "# Run Plan: bench\n\n## All Runs\n\n| Run Name |\n|---|\n| '$RUN' |\n" >runs_plan.md
	echo "lr: 1e-4" >configurations/front_cam.yaml
	cat >slurm/train.sh' _ "$group" <<'END'
#!/bin/bash
#SBATCH --job-name=train_front_cam --ntasks=1
# train.sh CONFIG STEP TRAIN_LOSS VAL_LOSS [SETTING...]
RUNLEDGER log step="$2" train_loss="$3" val_loss="$4"
mkdir -p train_front_cam/ckpt/step_$2 train_front_cam/wandb/offline-run-20260311_150000-abc123
echo "told" >out.$SLURM_JOB_ID
while [ ! -e "go.$2" ]; do sleep 0.05; done
END
as "printf '#!/bin/bash\n#SBATCH --job-name=eval_$RUN\ntrue\n' >slurm/eval.sh"
as "sed -i 's,^RUNLEDGER ,$RUNLEDGER ,' slurm/train.sh"
rl alice init "$group" >/dev/null || exit 99
cluster_as alice tee "$group/.runledger/config.yaml" >/dev/null <<'END'
phases: [train, eval]
outputs: {train: "ckpt/step_*", eval: none}
trackers: {run_logs: on, experiments: on}
END

log=
find_log() { log=$(find "$group/run_logs" -name "????-??-??_$RUN.md" 2>/dev/null) && [[ -n $log ]]; }
log_has() { grep -qF -- "$1" "$log"; }
says() { wait_until "$CLUSTER_TIMEOUT" log_has "$1"; ok_if $? "$2"; }
# told JOBID: it has told its progress; the log refreshes only every now and then.
told() {
	wait_until "$CLUSTER_TIMEOUT" test -e "$group/out.$1" && rl alice refresh "$group" >/dev/null
}
# submit ARGUMENTS [SLURM_CONF]: sets $out to the job's id.
submit() {
	out=$(as "${2:+SLURM_CONF=$2} sbatch --parsable -o /dev/null $1" 2>"$work/err")
	[[ $out =~ ^[0-9]+$ ]] || note "sbatch $1: $(cat "$work/err")"
}

# --- on submit; where a site has cli_filter/runledger, the id is known at once

filtered=$(cluster_shared)/filtered
mkdir "$filtered" && cp "$CLUSTER_DIR"/etc/*.conf "$filtered" && echo 'CliFilterPlugins=cli_filter/runledger' >>"$filtered/slurm.conf"
submit '--hold slurm/train.sh configurations/front_cam.yaml 2400 0.085 0.09 lr=1e-4' "$filtered/slurm.conf"
first=$out
wait_until 10 find_log
ok_if $? "submitting makes a run log, called by its day and the run"
wait_until 10 test -e "$group/run_logs/experiments.md"     # it comes last
is "$(find "$group/run_logs" -name '*.md' | wc -l)" 3 "one, a timeline and the comparison"
says "- execution_id: $first" "the execution id is recorded at once"
says "- script: \`slurm/train.sh\`" "with the script"
says "- config: \`configurations/front_cam.yaml\`" "the configuration that it was given"
says "- key settings: 2400, 0.085, 0.09, lr=1e-4" "the settings"
says "- code: \`front-cam\` at \`$(as 'git rev-parse HEAD')\`" "and the state of the code"
says "— submitted, job $first" "the status says that it was submitted"
says '- end: `<ISO timestamp>`' "what is not known yet is the skill's placeholder"

# --- a person fills in what only a person knows

as "sed -i 's/^- objective: .*/- objective: does the front camera suffice?/; s/^- run_type: .*/- run_type: experiment/' run_logs/*_$RUN.md"
rl alice note --group "$group" $RUN 'description=front cam, default LR' >/dev/null
as "sed -i 's/^## Results/## Aside\nAsk Mara about nid001.\n\n&/' run_logs/*_$RUN.md"
cluster_as alice scontrol release "$first"

# --- on poll: real progress, not only "running"

says "— running on n" "the status says where it runs"
told "$first"
says "— running, step 2400, train_loss 0.085, val_loss 0.09" "and how far it is"
cluster_admin scontrol update JobId="$first" EndTime=now+1          # looked at every 30 s
CLUSTER_TIMEOUT=75 says "— failed, TIMEOUT after" "the end by the time limit is told"
says "- resume for more steps: edit \`LOAD_CKPT_PATH\`" "what to do next is to resume"
is "$(grep -c MODEL_PASSPORT "$log")" 0 "and not to evaluate a checkpoint of a run that was cut off"

# --- on resume: the same file

as "mv run_logs/*_$RUN.md . && mkdir run_logs/front && mv *_$RUN.md run_logs/front/"
submit '--hold slurm/train.sh configurations/front_cam.yaml 100000 0.031 0.04 lr=1e-4'
second=$out
# This one has no id before it starts.
wait_until 10 find_log && is "${log%/*}" "$group/run_logs/front" "a log that was moved is gone on with where it is"
says "## Job (resumed)" "the same log has a block for the next job"
cluster_as alice scontrol release "$second"
says "- execution_id: $second" "with its id"
is "$(grep -A3 '^## Job (resumed)' "$log" | sed 's/....-..-.. ..:.. [A-Z]*$/TIME/')" "## Job (resumed)
- execution_id: $second
- submitted: TIME
- resumed from: \`$group/$RUN/ckpt/step_2400\`" "as the skill has it, with the checkpoint"
told "$second"
as 'touch go.100000'
says "— completed, exit code 0" "the end is told with its exit code"
cluster_wait_done "$second"

# --- the evaluation

submit 'slurm/eval.sh'
evaluation=$out
says "— eval: completed, exit code 0" "another phase is told in the same log"

# --- and how it ended, field for field

says '- synced: pending — run `wandb sync train_front_cam/wandb/offline-run-20260311_150000-abc123`' "the dashboard is still to be synced"
rl alice note --group "$group" $RUN wandb=https://wandb.ai/team/project/runs/abc123 >/dev/null
rl alice refresh "$group" >/dev/null
day='[A-Z][a-z]*day, [A-Z][a-z][a-z] [0-9]*[a-z][a-z]'
sed -E "s/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[+-][0-9:]{5}/ISO/g; s/$day, [0-9]{4}/HUMAN/g; s/\`[0-9]+:[0-9:]{5}\`/\`HH:MM:SS\`/
	s/^- [0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{5} —/- MINUTE —/; s/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{5} [A-Z+0-9-]+$/ZONED/
	s/\b$first\b/ID1/; s/\b$second\b/ID2/; s/\b$evaluation\b/ID3/; s/\bn[123]\$/NODE/; s/after [0-9dhms ]+$/after TIME/
	s,$group,GROUP,; s/\`[0-9a-f]{40}\`/\`COMMIT\`/" "$log" >"$work/got"
is "$(cat "$work/got")" '# train_front_cam — front cam, default LR

## Mode
- run_type: experiment
- objective: does the front camera suffice?

## Config
- script: `slurm/train.sh`
- config: `configurations/front_cam.yaml`
- dataset: `<actual filename>` at `<path>` (if hosted online, link: `<URL>`)
- key settings: 2400, 0.085, 0.09, lr=1e-4
- code: `front-cam` at `COMMIT`

## Job
- execution_id: ID1
- submitted/start: `ISO`
- start_human: `HUMAN`
- end: `ISO`
- end_human: `HUMAN`
- runtime: `HH:MM:SS`
- node: NODE

## Job (resumed)
- execution_id: ID2
- submitted: ZONED
- resumed from: `GROUP/train_front_cam/ckpt/step_2400`
- start: `ISO`
- start_human: `HUMAN`
- end: `ISO`
- end_human: `HUMAN`
- runtime: `HH:MM:SS`
- node: NODE

## Job (eval)
- execution_id: ID3
- script: `slurm/eval.sh`
- submitted/start: `ISO`
- start_human: `HUMAN`
- end: `ISO`
- end_human: `HUMAN`
- runtime: `HH:MM:SS`
- node: NODE

## Status
- MINUTE — submitted, job ID1
- MINUTE — running on NODE
- MINUTE — running, step 2400, train_loss 0.085, val_loss 0.09
- MINUTE — failed, TIMEOUT after TIME
- MINUTE — submitted, job ID2
- MINUTE — running on NODE
- MINUTE — running, step 100000, train_loss 0.031, val_loss 0.04
- MINUTE — completed, exit code 0
- MINUTE — eval: submitted, job ID3
- MINUTE — eval: running on NODE
- MINUTE — eval: completed, exit code 0

## Aside
Ask Mara about nid001.

## Results
- runtime: `HH:MM:SS` (start `ISO`, end `ISO`)
- final step: 100000
- start_train_loss: `0.085`
- end_train_loss: `0.031`
- start_val_loss: `0.09`
- end_val_loss: `0.04`
- loss_one_liner: <one-sentence qualitative summary of the loss progression>
- checkpoint: `GROUP/train_front_cam/ckpt/step_100000`
- config_snapshot: `<path to resolved config from run output>`

## W&B
- local: `train_front_cam/wandb/offline-run-20260311_150000-abc123`
- synced: `https://wandb.ai/team/project/runs/abc123`
- notes: <brief qualitative read of the curves — discuss with user after reviewing the dashboard>

## Next
- resume for more steps: edit `LOAD_CKPT_PATH` in the sbatch script (or pass checkpoint path to `docker run`), then resubmit
- or generate `MODEL_PASSPORT.json` + `SIGNOFF.json` for the checkpoint (see `checkpoint-passport/SKILL.md`), then eval / upload / hand off' \
	"the log is the skill's, field for field, and the person's words are in it"
file=${log##*/}
is "$(sed -E "s/$day/DAY/; s/${file:0:10}/DATE/" "$group/run_logs/front/timeline.md")" '# Front Timeline

1. `DATE_train_front_cam.md` — DAY' "the timeline is the skill's, under the folder's name"

# --- the comparison of experiments

run rl alice note --group "$group" $RUN keep
status_is 0 "a person keeps the run"
rl alice note --group "$group" $RUN suffices alone >/dev/null
rl alice refresh "$group" >/dev/null
is "$(sed -E "s/_[0-9]{4}-[0-9]{2}-[0-9]{2} /_DATE /" "$group/run_logs/experiments.md")" '# Experiments

| run | description | val_loss | status | notes |
|-----|-------------|----------|--------|-------|
| train_front_cam_DATE | front cam, default LR | 0.04 | keep | suffices alone |' "experiments.md is the skill's, with the run's last val_loss"
before=$(cd "$group/run_logs" && find . -type f -exec cksum {} +)
rl alice refresh "$group" >/dev/null
is "$(cd "$group/run_logs" && find . -type f -exec cksum {} +)" "$before" "another refresh changes nothing"

# --- publishing

run rl alice publish --group "$group" $RUN
status_is 0 "the run's log is published"
public=$group/run_logs/front/TRAINING_LOG.md
for part in "does the front camera suffice?" "lr=1e-4" "running, step 2400, train_loss 0.085, val_loss 0.09" "failed, TIMEOUT after" \
	"end_val_loss: \`0.04\`" "https://wandb.ai/team/project/runs/abc123"; do
	like "$(cat "$public")" "$part" "it keeps: $part"
done
leaked=''
for secret in "$first" "$second" "$evaluation" alice "$(cluster_home alice)" "$group" "$(uname -n)" 20260311_150000-abc123 \
	$(cluster_admin scontrol show hostnames 'n[1-3]'); do
	! grep -qwF -- "$secret" "$public" || leaked+="$secret "
done
is "$leaked" "" "but no job id, node, user, host or home" || note "$(cat "$public")"
rl alice refresh "$group" >/dev/null
is "$(cd "$group/run_logs" && find . -type f ! -name TRAINING_LOG.md -exec cksum {} +)" "$before" "it is no run log, and changes none"
records_are_valid "$group" "every record obeys the schema"
cluster_is_unhurt "and the cluster is as it was"
done_testing
