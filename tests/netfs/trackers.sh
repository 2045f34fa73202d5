# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# One group that two hosts record in and refresh at the same time.  Plain sh: the machine in vm/ has nothing else.
#
#     trackers_group GROUP               makes it, with every tracker that there is
#     trackers_host GROUP FIRST LAST     every second job from FIRST to LAST, each event by a `runledger record` of its own
#     trackers_say GROUP                 what the trackers of state say: path and sum, a line each
#     trackers_twice GROUP               what the run logs do not say exactly once of what each job did
#     trackers_settled                   waits for the refreshes that events left behind themselves
#     trackers_again GROUP               takes the trackers and all that was remembered of them away and refreshes anew
#
# A job has three events; each of RUNS runs has one job after the other, which both hosts tell of in turn.

RUNS=5

trackers_group() {
	mkdir -p "$1/.runledger/runs" "$1/manifests" "$1/.claude"
	{
		printf '# Run Plan: group\n\n## All Runs\n\n| Run Name |\n|---|\n'
		i=0
		while [ $i -lt $RUNS ]; do
			echo "| r$i |"
			i=$((i + 1))
		done
	} >"$1/runs_plan.md"
	cat >"$1/.runledger/config.yaml" <<-'END'
		artifact_sync: local
		trackers:
		  runs_status: on
		  active_jobs: on
		  run_manifest: "manifests/{run}.json"
		  slurm_job_list: on
		  run_logs: "run_logs/{run}.md"
		  experiments: on
	END
	trackers_manifests "$1"
}

trackers_manifests() {
	i=0
	while [ $i -lt $RUNS ]; do
		{
			printf '{\n  "schema_version": "1.0",\n  "run_id": "r%d",\n  "status": "pending",\n  "command": "x",\n' $i
			printf '  "created_at": "2026-02-18T16:00:45Z",\n  "host_mode": "slurm",\n  "timestamps": {"started_at": null}\n}\n'
		} >"$1/manifests/r$i.json"
		i=$((i + 1))
	done
}

# trackers_event GROUP JOB EVENT
trackers_event() {
	phase=finetune later=0
	submitted=$((1700000000 + 600 * $2))
	[ $(($2 / RUNS % 2)) -eq 0 ] || phase="eval"
	case $3 in
	submit) more='"user":"ann","host":"login1","script":"'$phase'.slurm","agent":"codex","session":"s1"' ;;
	start) later=60 more="\"nodes\":\"n1\",\"start_time\":$((submitted + 60))" ;;
	finish)
		later=240 state=COMPLETED code=0
		[ $(($2 % 3)) -ne 2 ] || { state=FAILED; code=1; }
		more="\"state\":\"$state\",\"final\":true,\"exit_code\":$code,\"start_time\":$((submitted + 60)),\"end_time\":$((submitted + 240)),\"nodes\":\"n1\",\"source\":\"epilog\""
		;;
	esac
	printf '{"timestamp":%d.000000,"name":"%s","context":{"v":1,"id":"%s%024d","cluster":"c","sid":"s%d","job_id":%d,"submit_time":%d,%s}}\n' \
		$((submitted + later)) "$3" "$(echo "$3" | md5sum | cut -c1-8)" "$2" "$2" $((100 + $2)) $submitted "$more" |
		"${RUNLEDGER:-runledger}" record --conf=/nonexistent --group="$1" --run=r$(($2 % RUNS)) --phase=$phase "$3"
}

trackers_host() {
	job=$2
	bad=0
	while [ "$job" -le "$3" ]; do
		for event in submit start finish; do
			trackers_event "$1" "$job" $event || bad=$((bad + 1))
		done
		job=$((job + 2))
	done
	[ $bad -eq 0 ] || { echo "$bad events failed"; return 1; }
}

# But for what tells a story in the order in which it was heard, and registries that are empty by now.
trackers_say() {
	(cd "$1" && find . -path ./.runledger -prune -o -path ./run_logs -prune -o -type f -size +3c -print | sort | xargs md5sum)
}

# trackers_twice GROUP LAST
trackers_twice() {
	n=0
	while [ $n -le "$2" ]; do
		echo "submitted, job $((100 + n))"
		n=$((n + 1))
	done | sort >/tmp/trackers.$$
	sed -n '/^## Status/,/^## /p' "$1"/run_logs/r*.md | grep -o 'submitted, job [0-9]*' | sort | diff /tmp/trackers.$$ -
	rm /tmp/trackers.$$
}

# The refresh of a submission goes on when its `record` has ended.
trackers_settled() {
	tries=0
	while pidof runledger >/dev/null && [ $tries -lt 3000 ]; do
		tries=$((tries + 1))
		sleep 0.02
	done
}

trackers_again() {
	rm -rf "$1.kept"
	mv "$1" "$1.kept"
	trackers_group "$1"
	cp -r "$1.kept/.runledger/runs" "$1/.runledger/"
	"${RUNLEDGER:-runledger}" refresh "$1"
}
