#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Slurm's other ways of beginning and ending a job on its nodes: an extern step, a prolog at allocation, both inside of the
# job, hooks inside of the job's container.  Each is recorded as ever: one start, one end, and the job as without us.
# shellcheck source-path=SCRIPTDIR source=stage.sh disable=SC2016,SC2317
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/stage.sh"
stage_need root
stage_install || exit 99
version=$(slurmctld -V | sed -n 's/^[^ ]* \([0-9]*\)\.\([0-9]*\).*/\1\2/p')
leave=$(trap -p EXIT)

# has NUMBER SETTING: is this Slurm new enough for it?
has() {
	((version >= $1)) && return
	skip "$2" "this Slurm has no such thing"
	return 1
}

# One run for each way of running a job; a place for each.
runs=(good bad sr sal gone noplug)
new_group() {
	cluster_as alice bash -c 'mkdir "$1" && cd "$1" && mkdir "${@:3}" &&
		{ printf "# Run Plan: exp\n\n## All Runs\n\n| Run Name |\n|---|\n"; printf "| %s |\n" "${@:3}"; } >runs_plan.md &&
		"$2" init . >/dev/null' _ "$group" "$RUNLEDGER" "${runs[@]}"
}

# in_run NAME COMMAND: a line of shell in the run's folder, as alice.
in_run() { cluster_as alice bash -c 'cd "$1" && eval "$2"' _ "$group/$1" "$2"; }

declare -A job
batch() {
	job[$1]=$(in_run "$1" "$2 sbatch --parsable -o out $3")
	[[ ${4:-} == alone ]] || cluster_idle
}
jobs_of_all_kinds() {
	job=()
	batch good '' "-N$1 --wrap 'srun true'"
	batch bad '' "--wrap 'echo mine; exit 3'"
	in_run sr 'timeout 60 srun -J sr -n1 true'
	cluster_idle
	in_run sal 'timeout 60 salloc -n1 sh -c "exit 4"' 2>/dev/null
	cluster_idle
	# A client without the plugin: nobody has looked for the run when the job begins.
	batch noplug "SLURM_CONF='$(cluster_shared)/slurm.conf'" '--wrap true'
	batch gone '' "--wrap 'exec sleep 600'" alone
	cluster_wait_state "${job[gone]}" RUNNING
	wait_until 10 start_known gone
	cluster_as alice scancel "${job[gone]}"
	cluster_idle
}
start_known() { [[ $(records_count "$group" "$1" start) == 1 ]]; }

without_plugin() {
	local etc
	etc=$(cluster_shared)
	cp "$CLUSTER_DIR"/etc/*.conf "$etc" && : >"$etc/plugstack.conf"
	sed -i "s,^PlugStackConfig=.*,PlugStackConfig=$etc/plugstack.conf," "$etc/slurm.conf"
}

# recorded NAME STARTS WORD STATE CLAIM
recorded() {
	tracker_becomes "$group/runs_status.yaml" "$1" finetune_status "$3" "$flavour: $5"
	is "$(records_count "$group" "$1" start) starts, $(records_of "$group" "$1" finish | sed 's/.*"state":"\([A-Z_]*\)".*/\1/' | tr '\n' ' ')" \
		"$2 starts, $4 " "$flavour: $5: and once"
}

# play FLAVOUR NODES [UP-OPTION...]
play() {
	flavour=$1
	stage_cluster --nodes "$2" "${@:3}" || exit 99
	stage_need_multiuser
	group=$(cluster_home alice)/exp
	new_group
	without_plugin
	jobs_of_all_kinds "$2" 2>"$work/said"
	recorded good 1 completed COMPLETED "a batch job with a step"
	recorded bad 1 failed FAILED "a batch job that fails"
	recorded gone 1 failed CANCELLED "a batch job that is cancelled"
	recorded sr 1 completed COMPLETED "srun by itself"
	recorded sal 0 failed FAILED "salloc without a step"
	recorded noplug "$starts_without" completed COMPLETED "a job from a client without the plugin"
	is "$(<"$group/bad/out") $(cluster_job_field "${job[bad]}" ExitCode)" "mine 3:0" "$flavour: a job ends as without us"
	records_are_valid "$group" "$flavour: the records obey the schema"
	cluster_is_unhurt "$flavour: every node serves, nothing is left"
}

# next: one cluster after the other, each with the traps of the first.
next() {
	cluster_stop
	eval "$leave"
}

starts_without=1
play 'PrologFlags=Contain' 2 --conf <(echo PrologFlags=Contain)
next
play 'PrologFlags=Alloc' 2 --conf <(echo PrologFlags=Alloc)
next
if has 2405 'PrologFlags=RunInJob'; then
	play 'PrologFlags=RunInJob' 2 --conf <(echo PrologFlags=RunInJob)
	next
fi
if has 2405 contain_spank; then
	# On some kernels (seen: 6.18) one processor's mount namespaces cannot be kept by a mount that another one makes, and
	# a container cannot be made now and then.
	taskset --pid --cpu-list "$(sed -n 's/^Cpus_allowed_list:\t\([0-9]*\).*/\1/p' /proc/self/status)" $$ >/dev/null
	mkdir "$work/container"
	printf '%s\n' AutoBasePath=true "BasePath=$work/container" Dirs=/var/tmp >"$work/job_container.conf"
	container=JobContainerType=job_container/tmpfs
	((version < 2511)) || container=NamespaceType=namespace/tmpfs
	# user_init does not stand in the job's folder then; the end knows it.
	starts_without=0
	play 'contain_spank' 1 --etc "$work/job_container.conf" \
		--conf <(printf '%s\n' "$container" PrologFlags=Contain SlurmdParameters=config_overrides,contain_spank)
	unlike "$(cat "$group"/.runledger/runs/*/*.jsonl | grep '"start"')" '"cwd":' \
		"contain_spank: no start names a folder, as none is the job's"
	next
fi
done_testing
