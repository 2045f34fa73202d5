# shellcheck shell=bash disable=SC2016,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Jobs that go back into the queue, and jobs that are preempted.

# until_attempt N: a body that waits to be taken away until it is the Nth time that it runs; then it exits with N.
until_attempt() { echo "[[ \$attempt -ge $1 ]] && exit $1; $FOREVER"; }

scenario requeued main 'scontrol requeue'
requeued() {
	batch_of "$(until_attempt 1)"
	began 0
	client scontrol requeue "$job"
	again 1
	over
}

scenario requeued_twice main 'scontrol requeue, twice'
requeued_twice() {
	batch_of "$(until_attempt 2)"
	began 0
	client scontrol requeue "$job"
	again 1
	client scontrol requeue "$job"
	again 2
	over
}

scenario requeued_cancelled main 'scontrol requeue, then cancelled while it waits' blind
requeued_cancelled() {
	batch_of "$FOREVER"
	began 0
	client scontrol requeue "$job"
	job_wait PENDING 1
	pause 1.2
	client scancel "$job"
	over
}

scenario requeued_ended main 'scontrol requeue of a job that has ended' rewritten
requeued_ended() {
	batch_of '[[ $attempt == 0 ]] && exit 5; exit 0'
	over
	client scontrol requeue "$job"
	again 1
	over
}

scenario requeuehold_released main 'scontrol requeuehold, then released'
requeuehold_released() {
	batch_of "$(until_attempt 1)"
	began 0
	client scontrol requeuehold "$job"
	job_wait 'PENDING|REQUEUE_HOLD' 1
	pause 1.2
	admin scontrol release "$job"
	again 1
	over
}

scenario requeuehold_cancelled main 'scontrol requeuehold, then cancelled' blind
requeuehold_cancelled() {
	batch_of "$FOREVER"
	began 0
	client scontrol requeuehold "$job"
	job_wait 'PENDING|REQUEUE_HOLD' 1
	pause 1.2
	client scancel "$job"
	over
}

scenario requeuehold_stays main 'scontrol requeuehold, and so it stays'
requeuehold_stays() {
	batch_of "$FOREVER"
	began 0
	client scontrol requeuehold "$job"
	job_wait 'PENDING|REQUEUE_HOLD' 1
}

# preempt PARTITION NODE [ARGUMENT...]: a job there is put off its node by another one, which lasts until it is over.
preempt() {
	local first
	batch_of "${body:-$FOREVER}" -p "$1" -w "$2" --exclusive "${@:3}"
	first=$job
	began 0
	[[ ${body:-} != *'>patient'* ]] || patient
	name=${name}_by batch_of "$FOREVER" -p high -w "$2" --exclusive
	wait_for job_is RUNNING
	local winner=$job
	job=$first
	after_preemption
	job=$winner
	client scancel "$job"
	over
}
after_preemption() { over; }

scenario preempted_requeued main 'preempted, requeued, and run again' 'run=preempted_requeued|preempted_requeued_by'
preempted_requeued() {
	after_preemption() { job_wait PENDING 1; }
	body=$(until_attempt 1) preempt low n5
	job=$(head -n 1 "$here/jobs")
	again 1
	over
}

scenario preempted_cancelled main 'preempted and cancelled' 'run=preempted_cancelled|preempted_cancelled_by'
preempted_cancelled() { preempt lowcancel n6; }

scenario preempted_grace main 'preempted and cancelled, after a GraceTime' 'run=preempted_grace|preempted_grace_by'
preempted_grace() { preempt lowgrace n7; }

scenario preempted_grace_ends main 'told that it will be preempted, it ends by itself within the GraceTime' \
	'run=preempted_grace_ends|preempted_grace_ends_by'
# Slurm tells the steps, not the script.
preempted_grace_ends() {
	body="srun bash -c 'trap \"echo told; kill %1; exit 0\" TERM; $PATIENT'; exit 4" preempt lowgrace n9
}
