#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2016  # keys stand in backticks
# Run manifests and the list of Slurm jobs: kept by themselves, and by `runledger slurm-job-list`.
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

run_id=20260218T160045Z
line="- 2026-02-18 | job_id=4187 | iteration_id=iter1 | run_id=$run_id | status=submitted"

list() { # append|verify [OPTION...]
	verb=$1
	shift
	run runledger slurm-job-list "$verb" --manifest m.json --doc docs/list.md "$@"
}
manifest() { # SED-SCRIPT: the whole one, changed
	sed "$1" >m.json <<-END
	{
	  "run_id": "$run_id",
	  "iteration_id": "iter1",
	  "host_mode": "slurm",
	  "slurm": {"job_id": "4187"},
	  "status": "submitted",
	  "timestamp_utc": "2026-02-18T16:00:45Z"
	}
	END
}

# --- append ---

manifest ''
list append
status_is 0 "append works where there is no list"
is "$out" "docs/list.md: appended $line" "and says what it appended"
is "$(cat docs/list.md)" "# SLURM Job Ledger

$line" "the list has a heading and the line"
before=$(stat -c '%i %Y %Z' docs/list.md)
manifest 's/submitted/completed/'
list append
status_is 0 "again it works"
is "$out" "docs/list.md: has run_id=$run_id already" "and says that the run is there"
is "$(stat -c '%i %Y %Z' docs/list.md)" "$before" "and writes nothing"
manifest 's/20260218T160045Z/other/; s/4187/4190/'
list append --json
is "$out" '{"version":1,"ok":true,"result":"appended","run_id":"other","line":"- 2026-02-18 | job_id=4190 | iteration_id=iter1 | run_id=other | status=submitted","differences":[]}' "--json says it in an object"
is "$(tail -n 1 docs/list.md)" "- 2026-02-18 | job_id=4190 | iteration_id=iter1 | run_id=other | status=submitted" "another run comes behind"

# --- verify ---

manifest ''
list verify
status_is 0 "verify works where the very line is"
is "$out" "docs/list.md:3: $line" "and says where"
manifest 's/submitted/completed/; s/4187/4188/'
list verify
status_is 1 "another status or job is not the very line"
is "$err" "runledger slurm-job-list: docs/list.md:3: the line of run_id=$run_id is not the manifest's: job_id is 4187, but 4188 in the manifest; status is submitted, but completed in the manifest; expected: - 2026-02-18 | job_id=4188 | iteration_id=iter1 | run_id=$run_id | status=completed" "and each difference is named"
list verify --json
status_is 1 "--json fails as well"
like "$out" '"ok":false,"result":"differs",' "and says so"
like "$out" '{"key":"job_id","list":"4187","manifest":"4188"},{"key":"status","list":"submitted","manifest":"completed"}' "with each difference"
manifest 's/iter1/iter2/; s/2026-02-18T/2026-02-19T/'
list verify
like "$err" "date is 2026-02-18, but 2026-02-19 in the manifest; iteration_id is iter1, but iter2 in the manifest;" "so are date and iteration"
sed -i 's/ | status=submitted$//; s/ | iteration_id=iter1//' docs/list.md
manifest ''
list verify
like "$err" "iteration_id is missing, but iter1 in the manifest; status is missing, but submitted in the manifest" "and what the line does not say"
printf -- '- %s\n' "2026-02-18  |  job_id=4187 | iteration_id=iter1 | run_id=$run_id | status=submitted" >docs/list.md
list verify
like "$err" "it is written in another way" "a line in another form is told as that"
printf '# Jobs\n\nrun_id=%s is mine\n' "$run_id" >docs/list.md
list verify
is "$err" "runledger slurm-job-list: docs/list.md has no line with run_id=$run_id, though it is mentioned there; expected: $line" "a mention is no line"
echo '# Jobs' >docs/list.md
list verify
is "$err" "runledger slurm-job-list: docs/list.md has no line with run_id=$run_id; \`runledger slurm-job-list append\` adds it; expected: $line" "a missing line is told"
rm docs/list.md
list verify
status_is 1 "no list is a failure"
is "$err" "runledger slurm-job-list: docs/list.md is not there; \`runledger slurm-job-list append\` makes it" "and told"
list verify --json
like "$out" '"result":"missing"' "for programs, too"

# --- what a manifest can lack: each has its sentence ---

lacks() { # SED-SCRIPT PLACE-AND-SENTENCE CLAIM
	manifest "$1"
	for verb in append verify; do
		list $verb
		status_is 1 "$3: $verb fails"
		is "$err" "runledger slurm-job-list: m.json:$2" "and says why"
	done
	is "$([ -e docs/list.md ]; echo $?)" 1 "and makes no list"
}
lacks '/"run_id"/d' '1: `run_id` is missing' "no run_id"
lacks 's/"run_id": ".*"/"run_id": " "/' '2: `run_id` is empty, or neither a text nor a number' "an empty run_id"
lacks '/iteration_id/d' '1: `iteration_id` is missing' "no iteration_id"
lacks 's/"iteration_id": "iter1"/"iteration_id": null/' '3: `iteration_id` is empty, or neither a text nor a number' "a null iteration_id"
lacks 's/"job_id": "4187"/"partition": "main"/' '1: `job_id` is missing: it stands at none of slurm.job_id, resource_request.slurm.job_id, resource_request.job_id and job_id' "no job id"
lacks 's/"slurm",/"local",/; s/"slurm": {.*}/"slurm": {}/' '1: this is not a Slurm run: none of location, launch_mode, host_mode, detected_host_mode, launch.mode, host.mode, resource_request.mode and resource_request.location says slurm, and there is no `slurm` section' "no run on Slurm"
lacks "s/\"timestamp_utc.*/\"timestamp_utc\": \"yesterday\"/; s/$run_id/r1/" '1: the date of the launch is missing: none of timestamp_utc, launch_snapshot.launched_at_utc, started_at, created_at and timestamp is one like 2026-02-18T16:00:45Z, and run_id has no stamp like 20260218T160045Z' "no date"
lacks 's/iter1/a|b/' '3: `iteration_id` holds a character that cannot stand in the list: |' "a bar in a name"
lacks 's/iter1/a\\nb/' '3: `iteration_id` holds a character that cannot stand in the list: a control character' "a newline in a name"
lacks 's/"host_mode": "slurm",/&,/' '4: this is not valid JSON: `,` stands where a key in double quotes should' "no JSON"
echo '[]' >m.json
list append
is "$err" "runledger slurm-job-list: m.json:1: this is no run manifest, which is an object: {...}" "a list is no manifest"
rm m.json
list append
is "$err" "runledger slurm-job-list: m.json: there is no such manifest" "no manifest is told"

# --- where a manifest may say it ---

says() { # SED-SCRIPT LINE CLAIM
	rm -rf docs
	manifest "$1"
	list append
	is "$(tail -n 1 docs/list.md)" "$2" "$3"
}
says 's/"slurm": {.*/"job_id": 99,/' "$(echo "$line" | sed s/4187/99/)" "a job id may be a number at job_id"
says 's/"slurm": {.*/"resource_request": {"job_id": "98"},/' "$(echo "$line" | sed s/4187/98/)" "or at resource_request.job_id"
says 's/"slurm": {.*/"job_id": "1", "resource_request": {"job_id": "2", "slurm": {"job_id": "97"}},/' "$(echo "$line" | sed s/4187/97/)" "resource_request.slurm.job_id comes before them"
says 's/"slurm": {.*/"job_id": "1", "slurm": {"job_id": "96"},/' "$(echo "$line" | sed s/4187/96/)" "and slurm.job_id first"
says '/"status"/d' "$(echo "$line" | sed s/submitted/unknown/)" "no status is unknown"
says 's/"host_mode": "slurm",/"launch": {"mode": "SLURM"},/' "$line" "the mode may stand elsewhere, in any case"
says '/host_mode/d' "$line" "a slurm section says it too"
says 's/"timestamp_utc"/"created_at"/' "$line" "the date may be created_at's"
says 's/"timestamp_utc": .*/"timestamp_utc": "soon", "launch_snapshot": {"launched_at_utc": "2026-02-20 10:00"}, "started_at": "2026-02-21"/' \
	"$(echo "$line" | sed s/2026-02-18/2026-02-20/)" "the first date that is one counts"
says 's/"timestamp_utc": .*/"timestamp": "20260222T010203Z"/' "$(echo "$line" | sed s/2026-02-18/2026-02-22/)" "short form, too"
says 's/"timestamp_utc": .*/"timestamp": 1771430445/' "$line" "else the stamp in the run's name"

# --- asked wrongly ---

run runledger slurm-job-list
status_is 2 "no verb is asked wrongly"
run runledger slurm-job-list remove --manifest m.json --doc d
status_is 2 "so is another verb"
run runledger slurm-job-list append --doc d
like "$err" "--manifest names its run_manifest.json" "a manifest is asked for"
run runledger slurm-job-list append --manifest m.json
like "$err" "--doc names it" "and a list"

# --- many at once ---

rm -rf docs
for i in 1 2 3 4 5 6 7 8; do
	manifest "s/20260218T160045Z/r$i/"
	mv m.json "m$i.json"
done
for i in 1 2 3 4 5 6 7 8; do
	runledger slurm-job-list append --manifest "m$i.json" --doc docs/list.md >/dev/null &
done
wait
is "$(sed -n 's/.*run_id=\(r[0-9]\).*/\1/p' docs/list.md | sort | tr '\n' ' ')" "r1 r2 r3 r4 r5 r6 r7 r8 " \
	"of eight that append at once each has its line"

# --- kept by themselves ---

m=p/experiments/plan/iter1/runs/$run_id/run_manifest.json
new_group p other
mkdir -p "$(dirname $m)" p/docs
manifest 's/"slurm": {.*/"artifact_sync_to_local": {"status": "pending"}, "slurm": {"partition": "main"},/; s/submitted/pending/'
cp m.json $m
printf '# SLURM Job Ledger\n' >p/docs/slurm_job_list.md
rm -r p/.runledger
run runledger init p
status_is 0 "init works where there are manifests"
like "$out" 'experiments/*/*/runs/{run}/run_manifest.json' "and finds them"
like "$out" 'docs/slurm_job_list.md' "and the list"
is "$(cat $m)" "$(cat m.json)" "a manifest without news stays as it is"
submit_job p $run_id finetune 1771430445 4187
run runledger refresh p
status_is 0 "a refresh works"
is "$(tail -n 1 p/docs/slurm_job_list.md)" "$line" "a submission puts the line into the list"
run runledger slurm-job-list verify --manifest $m --doc p/docs/slurm_job_list.md
status_is 0 "which verify finds"
start_job p $run_id finetune 1771430445 4187
finish_job p $run_id finetune 1771430445 4187 COMPLETED
run runledger refresh p
is "$(grep -o '"status": "[a-z]*"' $m | tail -n 1)" '"status": "running"' "a run that ended well waits for its artifacts"
sed -i 's/"artifact_sync_to_local": {"status": "pending"}/"artifact_sync_to_local": {"status": "ok"}/' $m
run runledger refresh p
like "$out" "1 edit by hand kept" "a person's word on them is kept"
is "$(grep -o '"status": "[a-z]*"' $m | tail -n 1)" '"status": "completed"' "and completes the run"
like "$(cat p/.runledger/runs/$run_id/*.jsonl)" '"field":"sync","value":"ok"' "as a record"
is "$(grep -c run_id= p/docs/slurm_job_list.md)" 1 "the list has its one line"
before=$(stat -c '%i %Z' $m p/docs/slurm_job_list.md)
run runledger refresh p
is "$(stat -c '%i %Z' $m p/docs/slurm_job_list.md)" "$before" "a second refresh writes nothing"
sed -i /run_id=/d p/docs/slurm_job_list.md
run runledger refresh p
is "$(grep -c run_id= p/docs/slurm_job_list.md)" 0 "a line that a person took out stays out"
run runledger refresh p
is "$(grep -c run_id= p/docs/slurm_job_list.md)" 0 "for good"
mv p/docs/slurm_job_list.md taken.md
run runledger refresh p
is "$(tail -n 1 p/docs/slurm_job_list.md)" "${line%submitted}completed" "a list that is gone is made with all lines"
sed -i 's/^{/{,/' $m
run runledger refresh p
status_is 1 "a manifest that is no JSON is told"
like "$err" "run_manifest.json:1: this is not valid JSON" "with its line"
is "$(head -c 2 $m)" "{," "and left alone"

# --- made new ---

new_group q a b
printf 'artifact_sync: local\ntrackers:\n  run_manifest: "runs/{run}/run_manifest.json"\n  slurm_job_list: on\n' >q/.runledger/config.yaml
submit_job q a finetune 1771430445 5000
run runledger refresh q
status_is 0 "a pattern without wildcards makes manifests"
is "$([ -e q/runs/b/run_manifest.json ]; echo $?)" 1 "none for a run that was never submitted"
is "$(tail -n 1 q/docs/slurm_job_list.md)" "- 2026-02-18 | job_id=5000 | iteration_id=q | run_id=a | status=submitted" \
	"and the list has its line at once"
finish_job q a finetune 1771430445 5000 COMPLETED
run runledger refresh q
like "$(cat q/runs/a/run_manifest.json)" '"completed_at": "2026-02-18T16:15:17Z"' "its end is in its manifest"
like "$(cat q/runs/a/run_manifest.json)" '"status": "completed"' "which is completed, as artifacts are here"

done_testing
