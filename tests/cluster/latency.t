#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How long after a job's real start and end the tracker says so: within a second, each time.
# shellcheck source-path=SCRIPTDIR source=stage.sh disable=SC2119
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/stage.sh"
stage_need
stage_install || exit 99
stage_cluster || exit 99

JOBS=10
LIMIT=1.0

group=$(cluster_home alice)/timed
tracker=$group/runs_status.yaml
# shellcheck disable=SC2016 # for the inner shell
cluster_as alice bash -c '
	mkdir "$1" && cd "$1" || exit
	printf "# Run Plan: timed\n\n## All Runs\n\n| Run Name |\n|---|\n" >runs_plan.md
	for ((i = 1; i <= $2; i++)); do
		mkdir "run$i"
		echo "| run$i |" >>runs_plan.md
	done
	cat >job.slurm <<-"END"
	#!/bin/bash
	date +%s.%N >began.new && mv began.new began
	while [ ! -e ../go ]; do sleep 0.01; done
	date +%s.%N >ended
	END' _ "$group" "$JOBS"
rl alice init "$group" >/dev/null || exit 99

# watch WORD COUNT: notes in seen[RUN] when the tracker first said so of each run; looks every 5 ms.
declare -A seen
watch() {
	local end=$((SECONDS + 30)) now run stamp last=
	seen=()
	while ((${#seen[@]} < JOBS && SECONDS < end)); do
		# A change is a new file, so the look itself costs next to nothing.
		stamp=$(stat -c %i.%Y.%s "$tracker")
		now=$EPOCHREALTIME
		if [[ $stamp != "$last" ]]; then
			last=$stamp
			while read -r run; do
				[[ ${seen[$run]:-} ]] || seen[$run]=$now
			done < <(awk -v word="$1" '/^  [^ ]/ { run = $1; sub(/:$/, "", run) } $1 == "finetune_status:" && $2 == word { print run }' "$tracker")
		fi
		sleep 0.005
	done
}

# delays FILE: seconds between what each job wrote there and when it was seen, sorted.
delays() {
	local run
	for run in "${!seen[@]}"; do
		# The tracker may say so before the job itself has come to it.
		wait_until 10 test -s "$group/$run/$1"
		echo "${seen[$run]} $(<"$group/$run/$1")"
	done | awk '{ printf "%.3f\n", $1 - $2 }' | sort -n
}

# claim WORDS FILE
claim() {
	local list
	list=$(delays "$2")
	is "$(wc -l <<<"$list")" "$JOBS" "$1: all $JOBS jobs are seen"
	note "$1: median $(sed -n "$(((JOBS + 1) / 2))p" <<<"$list") s, most $(tail -n 1 <<<"$list") s"
	ok_if "$(awk -v limit="$LIMIT" '$1 >= limit { bad = 1 } END { print bad + 0 }' <<<"$list")" \
		"$1: each within $LIMIT s"
}

for ((i = 1; i <= JOBS; i++)); do
	cluster_submit alice -D "$group/run$i" -J "run$i" "$group/job.slurm" >/dev/null
done &
watch running
wait $!
claim "from the job's start to running in the tracker" began

cluster_as alice touch "$group/go"
watch completed
claim "from the job's end to completed in the tracker" ended

# One job alone: what a person sees who submits one job and looks.
seen=()
rm -f "$group/go"
cluster_submit alice -D "$group/run1" -J run1 "$group/job.slurm" >/dev/null
JOBS=1
wait_tracker "$tracker" run1 finetune_status running
cluster_as alice touch "$group/go"
wait_tracker "$tracker" run1 finetune_status completed
note "one job alone, to the tracker's own time: $(awk -v a="$(<"$group/run1/ended")" -v b="$(stat -c %.9Y "$tracker")" 'BEGIN { printf "%.3f s", b - a }')"
ok_if "$(awk -v a="$(<"$group/run1/ended")" -v b="$(stat -c %.9Y "$tracker")" -v limit="$LIMIT" 'BEGIN { print b - a >= limit }')" \
	"one job alone: the tracker is written within $LIMIT s of its end"
cluster_is_unhurt "nothing of ours is left, and every node serves"
done_testing
