# shellcheck shell=bash disable=SC2119,SC2120,SC2016
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the attack tests share: alice, whose things are not to be touched, a run group that she shares with bob, and looks at
# both.  Every test is named in SECURITY.md by its claim's beginning.
# shellcheck source-path=SCRIPTDIR source=stage.sh
. "${top_srcdir:-$(dirname "${BASH_SOURCE[0]}")/../..}/tests/cluster/stage.sh"

SECRET=this-is-private-to-alice

# attack_scene [UP-OPTION...]: the cluster, alice's private things and the shared group; sets shared, group and mine.
attack_scene() {
	stage_need root
	stage_install || exit 99
	stage_cluster --cpus 16 "$@" || exit 99
	stage_need_multiuser
	shared=$(cluster_shared)
	mine=$(cluster_home alice)/mine
	group=$shared/group
	cluster_as alice bash -c 'umask 077; mkdir -p "$1"/{runs,trackers,a} && cd "$1" &&
		for name in kube.yaml config.yaml rlg.jsonl lock dirty runs_status.yaml runs/x.jsonl private.sh; do
			echo "$2: $name" >$name
		done' _ "$mine" "$SECRET"
	before=$(alices_things)
	new_group
}

# new_group: alice's, and everybody of `lab` may write in all of it.
new_group() {
	cluster_admin rm -rf "$group"
	cluster_as alice bash -c 'umask 002; mkdir "$1" && chgrp lab "$1" && chmod 2775 "$1" && cd "$1" && mkdir a b &&
		printf "# Run Plan: x\n\n## All Runs\n\n| Run Name |\n|---|\n| a |\n| b |\n" >runs_plan.md &&
		"$2" init . >/dev/null && chgrp -R lab . && chmod -R g+w . && find . -type d -exec chmod g+s {} +' _ "$group" "$RUNLEDGER"
}

# as USER SCRIPT: a line of shell in the group; $mine, $shared and $secret are there.
as() {
	cluster_as "$1" env mine="$mine" shared="$shared" tool="$RUNLEDGER" bash -c 'umask 002; cd "$1" && eval "$2"' _ "$group" "$2"
}

# All that must not change, and what it says.
alices_things() {
	(cd "$mine" && find . -printf '%p %y %m %u %g %n %s %T@\n' | sort && find . -type f -exec cat {} +)
}

# What bob can read of all that is in the group.
bob_reads() { as bob 'find . -type f -exec cat {} + 2>/dev/null; find . -printf "%p %l\n"'; }

# unharmed CLAIM
unharmed() {
	is "$(alices_things)" "$before" "$1: nothing of alice's is changed"
	unlike "$(bob_reads)" "$SECRET" "$1: and nothing of hers gets out"
}

# a_job_of USER RUN [SRUN-ARGUMENT...]: one that ends well, whatever; its exit status.
a_job_of() { cluster_as "$1" bash -c 'cd "$1" && exec timeout 20 srun -Q -J "$2" "${@:3}" true' _ "$group/$2" "${@:2}" >"$work/job.out" 2>&1; }

# attack NAME WHAT-BOB-DOES [WHAT-UNDOES-IT]: then a job of alice's runs, and her refresh by hand; both unharmed.
attack() {
	as bob "$2" >"$work/bob.out" 2>&1 || note "bob: $(<"$work/bob.out")"
	a_job_of alice a
	ok_if $? "$1: a job of alice's runs and ends well all the same"
	wait_until 20 jobs_are_over || note "left: $(leftovers)"
	cluster_as alice timeout 20 "$RUNLEDGER" refresh "$group" >"$work/refresh.out" 2>&1
	status=$?
	ok_if "$([[ $status -ne 124 && $status -lt 126 ]]; echo $?)" "$1: nothing is waited for"
	unharmed "$1"
	as bob "${3:-true}" >"$work/bob.out" 2>&1 || note "bob, afterwards: $(<"$work/bob.out")"
}

# still_works CLAIM: the group keeps its records and trackers after all that.
still_works() {
	local n
	n=$(records_count "$group" b finish)
	a_job_of alice b
	wait_until 20 jobs_are_over
	ok_if "$([[ $(records_count "$group" b finish) -gt $n ]]; echo $?)" "$1"
}
