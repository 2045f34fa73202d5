#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The story of the SLURM cookbook on a real Slurm: a run is planned, submitted, runs, fails, is submitted again, ends, and
# its artifacts are copied; nobody polls, and manifest and list are what the cookbook's agent would have written.
# shellcheck source-path=SCRIPTDIR source=stage.sh disable=SC2016,SC2119,SC2317
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/stage.sh"
stage_need root
stage_install || exit 99
# The job's id is known at the submission where cli_filter tells it; else from the start on.
stage_cluster --plugindir "$STAGE/lib/slurm" --conf <(echo 'CliFilterPlugins=cli_filter/runledger') || exit 99
stage_need_multiuser

project=$(cluster_home alice)/project
iteration=$project/experiments/plan/iter1
doc=$project/docs/slurm_job_list.md
first=20260218T160045Z
second=20260219T080000Z

manifest_of() { echo "$iteration/runs/$1/run_manifest.json"; }

# launch RUN: what the launch stage leaves: the run's folder, its script, and a manifest before the submission.
launch() {
	cluster_as alice bash -c '
		set -eu
		mkdir -p "$1/runs/$2" && cd "$1/runs/$2"
		cat >run_slurm.sbatch <<-END
			#!/bin/bash
			#SBATCH --job-name=autolab --ntasks=1 --time=5 --output=slurm-%j.out
			while [ -e hold ]; do sleep 0.05; done
			[ ! -e broken ]
		END
		cat >run_manifest.json <<-END
			{
			  "schema_version": "1.0",
			  "run_id": "$2",
			  "iteration_id": "iter1",
			  "host_mode": "slurm",
			  "launch_mode": "slurm",
			  "status": "pending",
			  "command": "sbatch run_slurm.sbatch",
			  "resource_request": {
			    "cpus": 1,
			    "memory": "8GB",
			    "gpu_count": 0
			  },
			  "slurm": {
			    "job_id": null
			  },
			  "artifact_sync_to_local": {
			    "status": "pending"
			  },
			  "timestamps": {
			    "started_at": null
			  },
			  "notes": "caf\u00e9"
			}
		END
		touch hold' _ "$iteration" "$1"
}
submit() { id=$(cluster_as alice bash -c 'cd "$1" && sbatch --parsable "${@:2}" run_slurm.sbatch' _ "$iteration/runs/$1" "${@:2}"); }
touched() { cluster_as alice touch "$iteration/runs/$1/$2"; }
removed() { cluster_as alice rm "$iteration/runs/$1/$2"; }

# value RUN PATH: of the manifest; "-" where it is not there.
value() {
	/usr/bin/python3 -c '
import json, sys
at = json.load(open(sys.argv[1]))
for name in sys.argv[2].split("."):
    at = at.get(name, "-") if isinstance(at, dict) else "-"
print(at)' "$(manifest_of "$1")" "$2" 2>&1 | tail -n 1
}
value_is() { [[ $(value "$1" "$2") == "$3" ]]; }
# becomes RUN STATUS CLAIM
becomes() {
	wait_until "$CLUSTER_TIMEOUT" value_is "$1" status "$2" || note "status of $1: $(value "$1" status), not $2"
	is "$(value "$1" status)" "$2" "$3"
}
# valid RUN CLAIM: it is what its readers ask for.
valid() {
	/usr/bin/python3 -W ignore - "$top_srcdir/tests/format/run_manifest.schema.json" "$(manifest_of "$1")" <<-'END'
	import json, sys
	try:
	    import jsonschema
	except ImportError:
	    sys.exit(77)
	errors = list(jsonschema.Draft202012Validator(json.load(open(sys.argv[1]))).iter_errors(json.load(open(sys.argv[2]))))
	for error in errors:
	    print("# " + error.message)
	sys.exit(bool(errors))
	END
	case $? in
	77) skip "$2" "no python3 jsonschema" ;;
	*) ok_if $? "$2" ;;
	esac
}
# moment JOBID FIELD: as Slurm has it, in UTC.
moment() { date -u -d "$(cluster_admin date -d "$(cluster_job_field "$1" "$2")" +@%s)" +%Y-%m-%dT%H:%M:%SZ; }
# runledger slurm-job-list VERB for RUN
list() { run rl alice slurm-job-list "$1" --manifest "$(manifest_of "$2")" --doc "$doc"; }

# --- planned

launch "$first"
cluster_as alice mkdir -p "$project/docs"
printf '# SLURM Job Ledger\n\nAll launches, newest last.\n' | make_as alice "$doc" 0644
planned=$(<"$(manifest_of "$first")")
run rl alice init "$project"
status_is 0 "init takes the project for a run group"
like "$out" 'experiments/*/*/runs/{run}/run_manifest.json' "it finds where manifests are"
like "$out" "docs/slurm_job_list.md" "and the list"
is "$(<"$(manifest_of "$first")")" "$planned" "a planned run's manifest stays as it is"
list verify "$first"
status_is 1 "verify fails before the submission"
like "$err" '`job_id` is missing' "and says that there is no job yet"

# --- Job submission fails

run cluster_as alice bash -c 'cd "$1" && sbatch --parsable -p nowhere run_slurm.sbatch' _ "$iteration/runs/$first"
ok_if "$((status == 0))" "a submission that Slurm rejects"
wait_until 10 nothing_left
run rl alice refresh "$project"
is "$(<"$(manifest_of "$first")")" "$planned" "leaves the manifest as it was planned"
is "$(grep -c run_id= "$doc")" 0 "and no line in the list"

# --- submitted

submit "$first" --hold
failed=$id
becomes "$first" submitted "a submission is in the manifest"
is "$(value "$first" slurm.job_id)" "$failed" "with the job's id, where the manifest has a place for it"
valid "$first" "the manifest of a submitted run is what its readers ask for"
line="- 2026-02-18 | job_id=$failed | iteration_id=iter1 | run_id=$first | status=submitted"
has_line() { grep -qxF -- "$1" "$doc"; }
wait_until "$CLUSTER_TIMEOUT" has_line "$line"
is "$(<"$doc")" "# SLURM Job Ledger

All launches, newest last.

$line" "the list has its line, behind what was there"
list verify "$first"
status_is 0 "verify finds it"

# --- running, and what the launch script writes too late

cluster_admin scontrol release "$failed"
becomes "$first" running "a start is in the manifest"
is "$(value "$first" timestamps.started_at)" "$(moment "$failed" StartTime)" "with its time"
valid "$first" "the manifest of a running run is what its readers ask for"
list append "$first"
status_is 0 "the launch script appends its line too"
is "$(grep -c "run_id=$first" "$doc")" 1 "and there is still one"
list verify "$first"
status_is 1 "verify sees that the status has gone on"
like "$err" "status is submitted, but running in the manifest" "and says so"

# --- failed

touched "$first" broken
removed "$first" hold
cluster_wait_done "$failed"
becomes "$first" failed "a failed job is in the manifest"
is "$(value "$first" timestamps.completed_at)" "$(moment "$failed" EndTime)" "with the time of its end"
is "$(value "$first" artifact_sync_to_local.status)" pending "its artifacts are nowhere"
valid "$first" "the manifest of a failed run is what its readers ask for"

# --- submitted again

removed "$first" broken
touched "$first" hold
submit "$first"
good=$id
becomes "$first" running "a resubmission begins anew in the same manifest"
is "$(value "$first" slurm.job_id)" "$good" "with the new job's id"
is "$(value "$first" timestamps.completed_at)" None "and no end"
valid "$first" "the manifest of a resubmitted run is what its readers ask for"
removed "$first" hold
cluster_wait_done "$good"
ended() { [[ $(status_json alice "$project" "phase('$first','finetune')['status']") == completed ]]; }
wait_until "$CLUSTER_TIMEOUT" ended
run rl alice refresh "$project"
is "$(value "$first" status)" running "a job that ended well waits for its artifacts"

# --- artifacts

cluster_as alice sed -i '/artifact_sync_to_local/,/}/s/"pending"/"ok"/' "$(manifest_of "$first")"
run rl alice refresh "$project"
status_is 0 "a person says in the manifest that they are here"
becomes "$first" completed "and the run is completed"
valid "$first" "the manifest of a completed run is what its readers ask for"
is "$(<"$(manifest_of "$first")")" '{
  "schema_version": "1.0",
  "run_id": "20260218T160045Z",
  "iteration_id": "iter1",
  "host_mode": "slurm",
  "launch_mode": "slurm",
  "status": "completed",
  "command": "sbatch run_slurm.sbatch",
  "resource_request": {
    "cpus": 1,
    "memory": "8GB",
    "gpu_count": 0
  },
  "slurm": {
    "job_id": "'"$good"'"
  },
  "artifact_sync_to_local": {
    "status": "ok"
  },
  "timestamps": {
    "started_at": "'"$(moment "$good" StartTime)"'",
    "completed_at": "'"$(moment "$good" EndTime)"'"
  },
  "notes": "caf\u00e9"
}' "field for field"
is "$(grep -c run_id= "$doc")" 1 "the list's one line is history"

# --- another run, recovered as the cookbook says

launch "$second"
removed "$second" hold
submit "$second"
cluster_wait_done "$id"
list_has_second() { grep -q "run_id=$second" "$doc"; }
wait_until "$CLUSTER_TIMEOUT" list_has_second
ok_if $? "a second run is listed by itself"
cluster_as alice sed -i "/run_id=$second/d" "$doc"
run rl alice refresh "$project"
list verify "$second"
status_is 1 "a missing line is seen"
list append "$second"
list verify "$second"
status_is 0 "and appended by hand"
run rl alice note --group "$project" "$second" sync=failed
is "$(value "$second" artifact_sync_to_local.status) $(value "$second" status)" "failed running" "a copy that failed is told, and completes nothing"
valid "$second" "and the manifest is what its readers ask for"
run rl alice note --group "$project" "$second" sync=ok
status_is 0 "that artifacts are here can be said by note, too"
becomes "$second" completed "which completes the run"
valid "$second" "and its manifest is what its readers ask for"
records_are_valid "$project" "every record obeys the schema"
cluster_is_unhurt "nothing is left, and every node serves"

done_testing
