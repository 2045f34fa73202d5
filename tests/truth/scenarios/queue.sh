# shellcheck shell=bash disable=SC2016,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Jobs that do not begin, or only after something happened to them; and submissions that are none.

scenario cancelled_pending main 'cancelled while it waited' blind
cancelled_pending() { batch_of 'exit 0' --begin=now+1hour; job_wait PENDING; client scancel "$job"; over; }

scenario cancelled_held main 'held, then cancelled' blind
cancelled_held() { batch_of 'exit 0' --hold; job_wait PENDING; client scancel "$job"; over; }

scenario held main 'held, and so it stays'
held() { batch_of 'exit 0' --hold; job_wait PENDING; }

scenario held_released main 'held, released, and run'
held_released() { batch_of 'exit 0' --hold; job_wait PENDING; client scontrol release "$job"; over; }

scenario never_runnable main 'a dependency that is never satisfied: it stays in the queue' 'run=never_runnable|never_runnable_first'
never_runnable() {
	name=never_runnable_first batch_of 'exit 1'
	over
	batch_of 'exit 0' -d "afterok:$job"
	job_wait PENDING '.*' 'DependencyNeverSatisfied'
}

scenario never_killed main 'a dependency that is never satisfied, with --kill-on-invalid-dep' blind 'run=never_killed|never_killed_first'
never_killed() {
	name=never_killed_first batch_of 'exit 1'
	over
	batch_of 'exit 0' -d "afterok:$job" --kill-on-invalid-dep=yes
	over
}

# Held back by a node of its own that is full.
scenario past_deadline main 'a deadline that passes while it waits' blind 'run=past_deadline|past_deadline_first'
past_deadline() {
	name=past_deadline_first batch_of "$FOREVER" -p main -w n8 --exclusive
	began
	local first=$job
	batch_of 'exit 0' -p main -w n8 --time=1 --deadline="$(date -d '+64 seconds' +%Y-%m-%dT%H:%M:%S)"
	over
	job=$first
	client scancel "$job"
	over
}

scenario renamed main 'a job whose name is changed while it waits'
renamed() {
	batch_of 'exit 2' --hold
	job_wait PENDING
	client scontrol update JobId="$job" JobName=another_name
	client scontrol release "$job"
	over
}

scenario renamed_cancelled main 'a job whose name is changed while it waits, and which is cancelled then' blind
renamed_cancelled() {
	# Its folder is its run's: of two such jobs in one folder and minute nobody could tell which is which.
	mkdir "$group/$name" && chown alice: "$group/$name"
	folder=$group/$name batch_of 'exit 2' --hold
	job_wait PENDING
	client scontrol update JobId="$job" JobName=another_name
	client scancel "$job"
	over
}

scenario from_elsewhere main '--run and --run-group, from elsewhere' plugin
from_elsewhere() {
	local -a asked=()
	[[ $PLUGINS == off ]] || asked=(--run="$name" --run-group="$group")
	folder=/tmp batch_of 'exit 0' "${asked[@]}" -J elsewhere
	over
}

scenario from_elsewhere_cancelled main '--run and --run-group, from elsewhere, cancelled while it waited' blind plugin
from_elsewhere_cancelled() {
	local -a asked=()
	[[ $PLUGINS == off ]] || asked=(--run="$name" --run-group="$group")
	folder=/tmp batch_of 'exit 0' "${asked[@]}" -J elsewhere --hold
	job_wait PENDING
	client scancel "$job"
	over
}

scenario rejected_partition main 'a submission to a partition that is none' nothing
rejected_partition() { client sbatch -J "$name" -p nowhere --wrap true; }

scenario rejected_limit main 'a submission over the limits of the partition' nothing
rejected_limit() { client sbatch -J "$name" -p short --time=10 --wrap true; }

scenario rejected_srun main 'srun as allocator, to a partition that is none' nothing
rejected_srun() { client srun -J "$name" -p nowhere true; }

scenario rejected_salloc main 'salloc, to a partition that is none' nothing
rejected_salloc() { client salloc -J "$name" -p nowhere true; }

scenario only_tested main 'sbatch --test-only' nothing
only_tested() { client bash -c "sbatch --test-only -J '$name' --wrap true 2>/dev/null"; }

scenario only_help main 'sbatch --help' nothing
only_help() { client bash -c "sbatch -J '$name' --help >/dev/null"; }

scenario two_users main 'jobs of two users in one run group' group=lab
two_users() {
	folder=$lab batch_of 'exit 0'
	over
	user=bob folder=$lab OUTPUT=bob.log batch_of 'exit 8'
	over
}

scenario two_users_cancelled main 'somebody else'\''s job in a shared run group, cancelled while it waited' blind group=lab
two_users_cancelled() {
	user=bob folder=$lab OUTPUT=bob.log batch_of 'exit 8' --hold
	job_wait PENDING
	user=bob client scancel "$job"
	over
}

# slurmctld counts to its last job id, and begins again with the first: four jobs here have two ids' worth of history.
scenario ids_wrap wrap 'job ids that are given out again'
ids_wrap() {
	local i
	for i in 1 2 3 4 5 6 7; do
		batch_of "exit $i"
		deadline=60 wait_for purged_or_over
	done
}
purged_or_over() { ! in_picture "${job}[|]${LINE}[|]${LINE}[|]($ACTIVE)[|]" && [[ -e $here/began.0.0 ]] && rm "$here/began.0.0"; }
