# shellcheck shell=bash disable=SC2016,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Job arrays.

scenario array main 'an array whose tasks are attempts of one run; one fails'
array() { batch_of 'exit $((SLURM_ARRAY_TASK_ID == 2 ? 3 : 0))' -a 0-3; over; }

scenario sweep main 'an array with a run a task; one fails' 'run=seed_*'
sweep() { batch_of 'exit $((SLURM_ARRAY_TASK_ID == 1 ? 9 : 0))' -a 0-2 -J sweep; over; }

scenario sweep_cancelled main 'an array with a run a task, cancelled while it waits' blind 'run=held_seed_*'
sweep_cancelled() { batch_of 'exit 0' -a 0-2 --hold; known; client scancel "$job"; over; }

scenario array_limit main 'an array of which two tasks may run at once'
array_limit() { batch_of 'exit 0' -a 1-5%2; over; }

scenario array_steps main 'an array with a stride'
array_steps() { batch_of 'exit $SLURM_ARRAY_TASK_ID' -a 2-10:4; over; }

scenario array_half main 'a cancelled half of an array: running and waiting tasks' blind
array_half() {
	batch_of 'until [[ -e go.$SLURM_ARRAY_TASK_ID ]]; do sleep 0.3; done' -a 0-5%2
	began 0 0
	began 0 1
	client scancel "${job}_1" "${job}_4" "${job}_5"
	as alice touch "$here/go.0" "$here/go.2" "$here/go.3"
	over
}

scenario array_held_cancelled main 'an array that is held, and cancelled' blind
array_held_cancelled() { batch_of 'exit 0' -a 0-3 --hold; known; client scancel "$job"; over; }

scenario array_held main 'an array that is held, and so it stays'
array_held() { batch_of 'exit 0' -a 0-3 --hold; job_wait PENDING; }

scenario array_cancelled main 'an array that is cancelled as a whole, running and waiting' blind
array_cancelled() {
	batch_of "$FOREVER" -a 0-3%2
	began 0 0
	began 0 1
	client scancel "$job"
	over
}

scenario array_requeued main 'an array of which one task is requeued'
array_requeued() {
	batch_of '[[ $SLURM_ARRAY_TASK_ID == 0 || $attempt -ge 1 ]] && exit 0; exec sleep 900' -a 0-1
	began 0 1
	local whole=$job
	client scontrol requeue "${job}_1"
	task_wait 1 PENDING 1
	pause 1.2
	task_again "$whole" 1
	job=$whole
	over
}
# task_again ARRAY TASK: like again, for one task.
task_again() {
	local end=$((SECONDS + deadline))
	until [[ -e $here/began.$2.1 ]]; do
		((SECONDS < end)) || gives_up "task $1_$2 did not start again"
		admin scontrol update JobId="$1_$2" StartTime=now
		pause 1
	done
}
