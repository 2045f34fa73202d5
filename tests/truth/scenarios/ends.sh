# shellcheck shell=bash disable=SC2016,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Batch jobs that end by themselves.

scenario exit_0 main 'a batch job that exits 0'
exit_0() { batch_of 'exit 0'; over; }

scenario exit_7 main 'a batch job that exits 7'
exit_7() { batch_of 'exit 7'; over; }

scenario kills_itself main 'a batch job that ends by SIGKILL of its own'
kills_itself() { batch_of 'kill -KILL $$'; over; }

scenario terms_itself main 'a batch job that ends by SIGTERM of its own'
terms_itself() { batch_of 'kill -TERM $$'; over; }

scenario step_fails main 'a batch job whose step fails, and which exits with it'
step_fails() { batch_of 'srun -n2 bash -c "exit \$((SLURM_PROCID * 3))"' -n2; over; }

scenario wide main 'a job on three nodes'
wide() { batch_of 'srun bash -c "echo task \$SLURM_PROCID" | sort' -N3 -n3; over; }

scenario wide_bad main 'a job on three nodes, of which the last fails'
wide_bad() { batch_of 'srun bash -c "exit \$((SLURM_PROCID == 2 ? 5 : 0))"' -N3 -n3; over; }

scenario no_export main '--export=NONE'
no_export() { batch_of 'env | grep -c ^HOME=/; exit 3' --export=NONE; over; }

scenario bad_interpreter main 'a batch script that cannot be executed'
bad_interpreter() {
	script bad.sh <<<'true'
	sed -i '1s,.*,#!/nonexistent/interpreter,' "$here/bad.sh"
	batch "$here/bad.sh"
	over
}

scenario folder_gone main 'a working folder that is gone at the start'
folder_gone() {
	as alice mkdir "$group/gone"
	batch_of 'pwd; exit 4' --hold -D "$group/gone"
	as alice rmdir "$group/gone"
	admin scontrol release "$job"
	over
}

scenario output_impossible main 'a job whose output file cannot be made'
output_impossible() { OUTPUT=nowhere/at/all batch_of 'exit 0'; over; }

scenario outer main 'a batch job that submits another one' 'run=outer|inner'
outer() {
	script inner.sh <<<'exit 6'
	batch_of "sbatch --parsable -J inner -o '$here/inner.log' -D '$group' '$here/inner.sh' >inner.id; sleep 0.2"
	over
	job=$(<"$here/inner.id")
	own "$job"
	over
}

scenario suspended main 'suspended, resumed, and ended by itself'
suspended() {
	batch_of 'until [[ -e go ]]; do sleep 0.3; done'
	began
	admin scontrol suspend "$job"
	job_wait SUSPENDED
	pause 1
	admin scontrol resume "$job"
	job_wait RUNNING
	as alice touch "$here/go"
	over
}

scenario suspended_cancelled main 'suspended, and cancelled then'
suspended_cancelled() {
	batch_of "$FOREVER"
	began
	admin scontrol suspend "$job"
	job_wait SUSPENDED
	admin scancel "$job"
	over
}

scenario out_of_memory memory 'a job that uses more memory than it asked for'
out_of_memory() {
	batch_of 'head -c 300m /dev/zero | tail -c 290m | tail -c 1; exit "${PIPESTATUS[1]}"' --mem=40
	over
}
