#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The whole story, as an ordinary user lives it: a plan, four runs, plain sbatch.
# shellcheck source-path=SCRIPTDIR source=stage.sh
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/stage.sh"
stage_need
stage_install || exit 99
stage_cluster || exit 99

RUNS=(1B_rank4 1B_rank64 3B_rank4 3B_rank64)
BAD=3B_rank4
group=$(cluster_home alice)/cap_8L
tracker=$group/runs_status.yaml
declare -A finetune evaluation

seed_experiment "$group"
echo "exit 3" | cluster_as alice tee -a "$group/$BAD/finetune.slurm" >/dev/null
cluster_as alice touch "$group/1B_rank4/hold"

run rl alice init "$group"
status_is 0 "init makes a run group of an experiment folder"
is "$(tracker_value "$tracker" 1B_rank4 finetune_status)" pending "the tracker begins with every run pending"
is "$(tracker_value "$tracker" 3B_rank64 eval_job_id)" null "what is not known is null"

# submit RUN SCRIPT [OPTION...]: as a person would, from the run's folder; sets $out to the job's id.
submit() {
	# shellcheck disable=SC2016 # for the inner shell
	run cluster_as alice bash -c 'cd "$1" && shift && sbatch --parsable "$@"' _ "$group/$1" "${@:3}" "$2"
}

said=
for name in "${RUNS[@]}"; do
	submit "$name" finetune.slurm --output='%x-%N.%n%t.%s.%J.log'
	finetune[$name]=$out said+=$err
	submit "$name" eval.slurm "--dependency=afterok:${finetune[$name]}"
	evaluation[$name]=$out said+=$err
done
is "$said" "" "sbatch says nothing that it would not say without us"
is "$(tr -d '0-9' <<<"${finetune[*]}${evaluation[*]}" | tr -d ' ')" "" "and prints only job ids"
tracker_becomes "$tracker" 1B_rank4 eval_status submitted "a job that waits for another is submitted"

tracker_becomes "$tracker" 1B_rank4 finetune_status running "a job that runs is running"
is "$(tracker_value "$tracker" 1B_rank4 finetune_job_id)" "\"${finetune[1B_rank4]}\"" "with its job id, a quoted string"
is "$(tracker_value "$tracker" 1B_rank4 finetune_output)" null "and no output yet"
cluster_as alice rm "$group/1B_rank4/hold"

for name in "${RUNS[@]}"; do
	if [[ $name == "$BAD" ]]; then
		job_ended "${finetune[$name]}" FAILED 3:0 "$name: slurmctld says the finetune failed"
		tracker_becomes "$tracker" "$name" finetune_status failed "$name: the finetune is failed"
		is "$(cluster_job_field "${evaluation[$name]}" JobState)" PENDING "$name: its evaluation still waits in Slurm"
		is "$(tracker_value "$tracker" "$name" eval_status)" submitted "$name: and is submitted"
		is "$(tracker_value "$tracker" "$name" eval_output)" null "$name: without an output"
		continue
	fi
	job_ended "${finetune[$name]}" COMPLETED 0:0 "$name: slurmctld says the finetune completed"
	job_ended "${evaluation[$name]}" COMPLETED 0:0 "$name: and the evaluation too"
	tracker_becomes "$tracker" "$name" eval_status completed "$name: the evaluation is completed"
	is "$(tracker_value "$tracker" "$name" finetune_status)" completed "$name: the finetune is completed"
	is "$(tracker_value "$tracker" "$name" eval_job_id)" "\"${evaluation[$name]}\"" "$name: the evaluation's job id"
	is "$(tracker_value "$tracker" "$name" finetune_output)" "$group/out/ck-out-$name/epoch_2" "$name: the newest checkpoint"
	is "$(tracker_value "$tracker" "$name" eval_output)" "$group/$name/logs/$name.eval" "$name: the evaluation's log"
done
for name in "${RUNS[@]}"; do
	is "$(tracker_value "$tracker" "$name" finetune_job_id)" "\"${finetune[$name]}\"" "$name: the finetune's job id"
done

run rl alice status "$group"
like "$out" "cap_8L: 3 of 4 completed (1B_rank4, 1B_rank64, 3B_rank64), 1 failed" "status tells the same"
is "$(status_json alice "$group" 's["counts"], s["damaged"]')" \
	"({'pending': 0, 'submitted': 0, 'running': 0, 'completed': 3, 'failed': 1, 'skipped': 0}, 0)" "and in JSON"
is "$(status_json alice "$group" "[phase('$BAD','finetune')[k] for k in ('job_id','slurm_state','exit_code','final','nodes')]")" \
	"['${finetune[$BAD]}', 'FAILED', 3, True, 'n1']" "the failed job with Slurm's own facts"
log=$(records_of "$group" "$BAD" finish | sed 's/.*"stdout":"\([^"]*\)".*/\1/')
# %N is the host's name, since 26.05 the node's: the file itself knows.
is "$log" "$(ls "$group/$BAD/$BAD"-*.00.batch."${finetune[$BAD]}.log")" "and its log by its name"

wait_until 30 nothing_left
before=$(sha256sum "$tracker" "$group"/.runledger/runs/*/*; stat -c %Y.%i "$tracker")
run rl alice refresh "$group"
status_is 0 "refresh works by hand"
is "$(sha256sum "$tracker" "$group"/.runledger/runs/*/*; stat -c %Y.%i "$tracker")" "$before" "and changes no byte"
is "$(find "$group" ! -uid "$(alice_uid)")" "" "every file is alice's"
records_are_valid "$group" "every record obeys the schema"
cluster_admin scancel "${evaluation[$BAD]}"
cluster_is_unhurt "nothing of ours is left, and every node serves"
done_testing
