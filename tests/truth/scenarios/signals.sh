# shellcheck shell=bash disable=SC2016,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Jobs that run, and are ended or told to end: scancel in its forms, and the time limit.

# Slurm looks at time limits every half minute; an end that is near need not be waited for.
end_soon() { admin scontrol update JobId="$job" EndTime=now+1; }

scenario cancelled main 'scancel of a running job'
cancelled() { batch_of "$FOREVER"; began; client scancel "$job"; over; }

scenario cancelled_by_root main 'scancel of a running job by somebody else'
cancelled_by_root() { batch_of "$FOREVER"; began; admin scancel "$job"; over; }

scenario cancelled_trap main 'scancel of a job that traps SIGTERM and exits 0'
cancelled_trap() { batch_of "trap 'echo trapped; kill %1; exit 0' TERM; $PATIENT"; patient; client scancel "$job"; over; }

scenario cancel_batch main 'scancel --batch'
cancel_batch() { batch_of "$FOREVER"; began; client scancel --batch "$job"; over; }

scenario cancel_term main 'scancel -s TERM: the steps are told, the script goes on'
cancel_term() {
	batch_of 'srun bash -c ": >step; exec sleep 900"; echo "the step: $?"; exit 9'
	wait_for test -e "$here/step"
	client scancel -s TERM "$job"
	over
}

scenario cancel_kill_batch main 'scancel -s KILL --batch'
cancel_kill_batch() { batch_of "$FOREVER"; began; client scancel -s KILL --batch "$job"; over; }

scenario cancel_usr1 main 'scancel -s USR1 --batch, trapped'
cancel_usr1() { batch_of "trap 'echo trapped; kill %1; exit 0' USR1; $PATIENT"; patient; client scancel -s USR1 --batch "$job"; over; }

scenario cancel_full main 'scancel --full of a job with a step'
cancel_full() {
	batch_of 'srun bash -c ": >step; exec sleep 900"; exit 9'
	wait_for test -e "$here/step"
	client scancel --full "$job"
	over
}

scenario time_limit main 'a job that reaches its time limit'
time_limit() { batch_of "$FOREVER" --time=1; began; end_soon; over; }

scenario time_limit_trap main 'a script that traps SIGTERM at its time limit, and exits 0'
time_limit_trap() {
	batch_of "trap 'echo trapped; kill %1; exit 0' TERM; $PATIENT" --time=1
	patient
	end_soon
	over
}

scenario time_limit_usr1 main '--signal=B:USR1 before the time limit, trapped: the job ends by itself'
time_limit_usr1() {
	batch_of "trap 'echo trapped; kill %1; exit 0' USR1; $PATIENT" --time=1 --signal=B:USR1@30
	over
}

scenario time_limit_raised main 'a job whose time limit is raised while it runs'
time_limit_raised() {
	batch_of 'until [[ -e go ]]; do sleep 0.3; done' --time=1
	began
	admin scontrol update JobId="$job" TimeLimit=5
	as alice touch "$here/go"
	over
}

scenario time_limit_lowered main 'a job whose time limit is lowered while it runs, and which reaches it'
time_limit_lowered() {
	batch_of "$FOREVER" --time=60
	began
	client scontrol update JobId="$job" TimeLimit=1
	end_soon
	over
}
