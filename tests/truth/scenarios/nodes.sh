# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Nodes that are lost, come back, or refuse to begin.  Slurm calls a node down some 30 s after it fell silent.

lost() { node_is "$1" DOWN; }

scenario node_lost main 'its node is lost, and it may not be requeued' blind
node_lost() {
	batch_of "$FOREVER" -p main -w n10 --no-requeue --time=1
	began
	node kill n10
	over
	node start n10
}

scenario node_lost_requeued main 'its node is lost, it is requeued, and the node comes back' blind
node_lost_requeued() {
	batch_of "$(until_attempt 1)" -p main -w n11 --time=1
	began 0
	node kill n11
	wait_for lost n11
	node start n11
	again 1
	over
}

scenario first_node_lost main 'the first of its two nodes is lost' blind
first_node_lost() {
	batch_of "$FOREVER" -p main -w 'n[12-13]' -N2 --no-requeue --time=1
	began
	node kill n12
	over
	node start n12
}

scenario other_node_lost main 'the other one of its two nodes is lost'
other_node_lost() {
	batch_of "$FOREVER" -p main -w 'n[14-15]' -N2 --no-requeue --time=1
	began
	node kill n15
	over
	node start n15
}

scenario first_node_lost_requeued main 'the first of its two nodes is lost, and it is requeued' blind
first_node_lost_requeued() {
	batch_of "$(until_attempt 1)" -p main -w 'n[16-17]' -N2 --time=1
	began 0
	node kill n16
	wait_for lost n16
	node start n16
	again 1
	over
}

scenario other_node_lost_requeued main 'the other one of its two nodes is lost, and it is requeued'
other_node_lost_requeued() {
	batch_of "$(until_attempt 1)" -p main -w 'n[18-19]' -N2 --time=1
	began 0
	node kill n19
	wait_for lost n19
	node start n19
	again 1
	over
}

# The node says at its registration which jobs it has.
scenario node_back main 'its node dies, and is back before anybody noticed' blind
node_back() {
	batch_of "$FOREVER" -p main -w n20 --no-requeue --time=5
	began
	node kill n20
	node start n20
	over
}

scenario slurmd_restarted main 'slurmd is restarted while the job runs'
slurmd_restarted() {
	batch_of 'until [[ -e go ]]; do sleep 0.3; done; exit 5' -p main -w n21
	began
	node restart n21
	as alice touch "$here/go"
	over
}

scenario prolog_fails main 'its node refuses: the prolog fails; it is requeued, held and released' blind chance
prolog_fails() {
	: >"$PROGRAMS/prolog_fails.n22"
	batch_of 'exit 0' -p main -w n22
	job_wait PENDING '[1-9].*'
	wait_for node_is n22 DRAIN
	rm "$PROGRAMS/prolog_fails.n22"
	pause 1.2
	admin scontrol update NodeName=n22 State=RESUME
	admin scontrol release "$job"
	again 1
	over
}

# Only an administrator may ask for a boot; the node never says that it has.  It is NODE_FAIL, not BOOT_FAIL, to Slurm.
scenario boot_fails main 'its node does not come back from the boot that the job asked for' blind group=lab
boot_fails() {
	user=bob folder=$lab
	admin sacctmgr -iQ modify user bob set adminlevel=Admin
	wait_for is_admin
	batch_of 'exit 0' -p main -w n23 --reboot --no-requeue --time=1
	over
}
is_admin() { as bob sbatch --test-only -w n23 -p main --reboot --wrap true >>"$here/admin.log" 2>&1; }
