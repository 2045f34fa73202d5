#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# With the optional cli_filter plugin: a job's id is known as soon as slurmctld gave it one.
# shellcheck source-path=SCRIPTDIR source=stage.sh disable=SC2119,SC2016
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/stage.sh"
stage_need
stage_install || exit 99
# A folder of its own, as the file is taken away later.  It must be the very object that plugstack.conf names.
plugins=$(mktemp -d /tmp/rlg-plugins.XXXXXX) || exit 99
eval "old=($(trap -p EXIT))"
# shellcheck disable=SC2154 # old is set above
trap 'rm -rf "$plugins"; eval "${old[2]}"' EXIT
chmod 755 "$plugins"
ln -s "$STAGE/lib/slurm/spank_runledger.so" "$plugins/cli_filter_runledger.so"
stage_cluster --nodes 1 --plugindir "$plugins" --conf <(echo 'CliFilterPlugins=cli_filter/runledger') || exit 99

group=$(cluster_home alice)/exp
tracker=$group/runs_status.yaml
cluster_as alice bash -c 'mkdir "$1" && cd "$1" && printf "# Run Plan: exp\n\n## All Runs\n\n| Run Name |\n|---|\n" >runs_plan.md
	for run in plain array seed_0 seed_1 waits salloc srun het rejected tested absent; do echo "| $run |"; done >>runs_plan.md' _ "$group"
rl alice init "$group" >/dev/null || exit 99
cluster_as alice tee -a "$group/.runledger/config.yaml" >/dev/null <<-'END'
	match: ["{run}", {job_name: sweep, run: "seed_{array_task}"}]
END
[[ $STAGE/lib/slurm/cli_filter_runledger.so -ef $STAGE/lib/slurm/spank_runledger.so ]]
ok_if $? "make install makes the two names of one object"

# sub COMMAND...: in the group, as alice.
sub() { run cluster_as alice bash -c 'cd "$1" && shift && eval "$*"' _ "$group" "$@"; }
# has_id RUN ID CLAIM: no start is waited for, so only a moment.
has_id() {
	wait_tracker "$tracker" "$1" finetune_job_id "\"$2\""
	ok_if $? "$3"
	is "$(tracker_value "$tracker" "$1" finetune_status)" submitted "$3: and it is submitted"
}

sub sbatch --parsable --hold -o /dev/null -J plain --wrap true
plain=$out
is "$status:$err" "0:" "sbatch works, and says nothing"
has_id plain "$plain" "sbatch: the job's id is there while it waits"
sub sbatch --parsable --hold -o /dev/null -J array -a 0-3 --wrap true
array=$out
has_id array "$array" "sbatch, an array: the array's id is there while it waits"
sub sbatch --parsable --hold -o /dev/null -J sweep -a 0-1 --wrap true
sweep=$out
wait_tracker "$tracker" seed_1 finetune_status submitted
ok_if $? "an array with a run a task: each is submitted"
is "$(cluster_as alice ls "$group/.runledger/runs" | grep -c '{')" 0 "an array with a run a task: no run is called after the rule"
cluster_as alice bash -c 'cd "$1" && exec salloc --begin=now+600 -J salloc true' _ "$group" 2>"$work/salloc" &
salloc=$!
wait_until 10 grep -q 'Pending job allocation' "$work/salloc"
pending=$(grep -om 1 'allocation [0-9]*' "$work/salloc")
has_id salloc "${pending##* }" "salloc: the job's id is there while it waits"
cluster_admin scancel "${pending##* }"
wait "$salloc" 2>/dev/null

sub sbatch -p nowhere -J rejected --wrap true
is "$status" 1 "a rejected submission fails as ever"
tracker_becomes "$tracker" rejected finetune_status pending "a rejected submission is pending"
is "$(tracker_value "$tracker" rejected finetune_job_id)" null "and has no id"
sub sbatch --test-only -J tested --wrap true
status_is 0 "--test-only works"
is "$(tracker_value "$tracker" tested finetune_status) $(tracker_value "$tracker" tested finetune_job_id)" "pending null" "and leaves no trace"

sub srun -J srun true
is "$status:$err" "0:" "srun works"
tracker_becomes "$tracker" srun finetune_status completed "srun's job is recorded to its end"
is "$(records_of "$group" srun submit | grep -c '"job_id"')" 1 "its id is told once"
sub sbatch --wait -o /dev/null -J waits --wrap "'exit 3'"
is "$status" 3 "sbatch --wait ends with the job's status"
tracker_becomes "$tracker" waits finetune_status failed "and the job has failed"
is "$(records_count "$group" waits reject)" 0 "but was not rejected"
sub "sbatch --parsable -o /dev/null -J het -n1 --wrap true"

cluster_as alice scontrol release "$plain" "$array" "$sweep"
tracker_becomes "$tracker" plain finetune_status completed "a job whose id was known first ends as ever"
is "$(status_json alice "$group" "len(phase('plain','finetune')['attempts'])")" 1 "as one attempt"
tracker_becomes "$tracker" array finetune_status completed "an array whose id was known first ends as ever"
is "$(status_json alice "$group" "len(phase('array','finetune')['attempts'])")" 4 "with an attempt a task"
tracker_becomes "$tracker" seed_1 finetune_status completed "an array with a run a task ends as ever"
tracker_becomes "$tracker" het finetune_status completed "all is quiet"

# --- without the other half, and without the file

: >"$CLUSTER_DIR/etc/plugstack.conf"
sub sbatch --parsable --hold -o /dev/null -J absent --wrap true
is "$status:$err" "0:" "without the SPANK plugin submissions work"
cluster_admin scancel "$out"
is "$(records_count "$group" absent submit)" 0 "and nothing is recorded"
wait_until 30 nothing_left
records_are_valid "$group" "every record obeys the schema"

rm "$plugins/cli_filter_runledger.so"
for command in 'sbatch --hold -o /dev/null --wrap true' 'salloc true' 'srun true'; do
	sub "$command"
	[[ $status != 0 ]]
	ok_if $? "the README's warning is true: where the file is missing, ${command%% *} fails"
done
like "$err" "cli_filter" "and says why"
ln -s "$STAGE/lib/slurm/spank_runledger.so" "$plugins/cli_filter_runledger.so"
sub srun true
status_is 0 "once the file is back, all is well"
cluster_is_unhurt "nothing of ours is left, and every node serves"
done_testing
