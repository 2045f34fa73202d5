# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a test that needs a real Slurm sources: one cluster, named by
# CLUSTER_DIR, its users, jobs and nodes.  Works under set -euo pipefail and
# without; sets no option itself.

CLUSTER_HERE=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
CLUSTER_DIR=${CLUSTER_DIR:-}
CLUSTER_TIMEOUT=${CLUSTER_TIMEOUT:-30}     # seconds that the waiting functions wait by default
CLUSTER_POLL=0.02

# cluster_start [UP-OPTION...]: one cluster, which ends with this shell however
# it ends.  An EXIT trap that was set before still runs, first.
cluster_start() {
	CLUSTER_DIR=$("$CLUSTER_HERE/up" --quiet --with-pid "$$" "$@") || return
	local -a old
	eval "old=($(trap -p EXIT))"
	# A second cluster of the same shell: the trap is ours already, and must not call itself.
	[[ ${old[2]:-} != cluster_at_exit ]] || return 0
	CLUSTER_OLD_TRAP=${old[2]:-:}
	trap cluster_at_exit EXIT
}

# cluster_cgroup_turn: before a cluster that holds its jobs in cgroups.  Two at once on one machine would share them, as
# their nodes, users and jobs are called the same; the turn ends with this shell and what it started.
cluster_cgroup_turn() {
	exec {CLUSTER_TURN}</sys/fs/cgroup
	flock -w 600 "$CLUSTER_TURN"
}

# The status that the shell ends with is kept; a failure (77 is a skip) shows the logs' ends.
cluster_at_exit() {
	local status=$?
	trap - EXIT
	eval "$CLUSTER_OLD_TRAP" || :
	((status == 0 || status == 77)) || cluster_show_logs >&2
	cluster_stop || :
	exit "$status"
}

cluster_stop() {
	[[ -n $CLUSTER_DIR ]] || return 0
	"$CLUSTER_HERE/down" "$CLUSTER_DIR"
	CLUSTER_DIR=
}

# As TAP comments, so that a test's output stays one.
cluster_show_logs() {
	local file
	for file in "$CLUSTER_DIR"/log/{slurmctld,slurmd-*}.log; do
		[[ -s $file ]] || continue
		echo "# --- the last of ${file##*/}"
		tail -n 20 "$file" | sed 's/^/# /'
	done
}

# cluster_is_multiuser: are there alice, bob and root (else alice is who you are)?
cluster_is_multiuser() { grep -qx mode=multi "$CLUSTER_DIR/.rlg-cluster"; }

# cluster_as USER COMMAND...
cluster_as() { "$CLUSTER_HERE/enter" "$CLUSTER_DIR" "$@"; }

# cluster_admin COMMAND...: as the one who may do all in Slurm, from here's environment.
cluster_admin() {
	if cluster_is_multiuser; then cluster_as root "$@"; else cluster_as alice "$@"; fi
}

# cluster_home USER, cluster_shared: folders inside the cluster's that jobs can write to.
cluster_home() {
	if cluster_is_multiuser; then printf '%s\n' "$CLUSTER_DIR/home/$1"; else printf '%s\n' "$CLUSTER_DIR/home/alice"; fi
}
cluster_shared() { printf '%s\n' "$CLUSTER_DIR/scratch"; }

# cluster_log NAME: the log of slurmctld, slurmd-n1, slurmdbd, ...; .out beside it is what
# the daemon and its children wrote to stdout and stderr.
cluster_log() { printf '%s\n' "$CLUSTER_DIR/log/$1.log"; }

# wait_until TIMEOUT_SECONDS COMMAND...: non-zero when it never succeeded; whole seconds.
wait_until() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS <= end)) || return 1
		sleep "$CLUSTER_POLL"
	done
}

# --- jobs

# cluster_submit USER [SBATCH-ARGUMENT...]: prints the job id.
cluster_submit() {
	local user=$1 id
	shift
	id=$(cluster_as "$user" sbatch --parsable "$@") || return
	printf '%s\n' "${id%%;*}"
}

# cluster_job_field JOBID FIELD: as scontrol prints it, a line for each task of an array;
# prints nothing and fails when slurmctld does not know the job (any more) or the field.
cluster_job_field() {
	cluster_admin scontrol show job -o "$1" 2>/dev/null | awk -v field="$2" '
		{
			line = " " $0
			at = index(line, " " field "=")
			if (!at) next
			rest = substr(line, at + length(field) + 2)
			# a value may hold blanks: it ends where the next Key= begins
			if (match(rest, / [A-Za-z][A-Za-z0-9_:\/]*=/)) rest = substr(rest, 1, RSTART - 1)
			print rest
			found = 1
		}
		END { exit !found }'
}

# cluster_wait_state JOBID STATE... [TIMEOUT]: until it is in one of them.
cluster_wait_state() {
	local id=$1 timeout=$CLUSTER_TIMEOUT
	shift
	if [[ ${*: -1} =~ ^[0-9]+$ ]]; then
		timeout=${*: -1}
		set -- "${@:1:$#-1}"
	fi
	wait_until "$timeout" cluster_job_in_state "$id" "$@" && return
	echo "job $id is $(cluster_job_field "$id" JobState || echo unknown), not $* after $timeout s" >&2
	return 1
}

# cluster_job_in_state JOBID STATE...: all its array tasks are in one of the states.
cluster_job_in_state() {
	local id=$1 states state
	shift
	states=$(cluster_job_field "$id" JobState) || return
	for state in $states; do
		[[ " $* " == *" $state "* ]] || return 1
	done
}

# cluster_wait_done JOBID [TIMEOUT]: until it is over on every node, epilog included.
cluster_wait_done() {
	wait_until "${2:-$CLUSTER_TIMEOUT}" cluster_job_is_done "$1" && return
	echo "job $1 is still $(cluster_job_field "$1" JobState || echo unknown) after ${2:-$CLUSTER_TIMEOUT} s" >&2
	return 1
}

cluster_job_is_done() {
	local states
	states=$(cluster_admin squeue -h -t all -o %T -j "$1" 2>/dev/null) || return 0    # forgotten
	[[ ! $states =~ PENDING|RUNNING|COMPLETING|CONFIGURING|SUSPENDED|REQUEUE|RESIZING|SIGNALING|STAGE_OUT|STOPPED|SPECIAL_EXIT ]]
}

# --- nodes

# cluster_node_states: "NODE STATE" lines, as sinfo says it (idle, mixed, down*, ...).
cluster_node_states() { cluster_admin sinfo -h -N -p main -o '%N %T' | sort -u; }

# cluster_drained: the nodes that are drained or down, a line each.
cluster_drained() { cluster_node_states | awk '$2 ~ /drain|down|fail/ { print $1 }'; }

# cluster_idle [TIMEOUT]: until no job is left and every node is idle.
cluster_idle() {
	wait_until "${1:-$CLUSTER_TIMEOUT}" cluster_is_idle && return
	{ echo "the cluster is not idle:"; cluster_node_states; cluster_admin squeue -h; } >&2
	return 1
}

cluster_is_idle() {
	local jobs states
	jobs=$(cluster_admin squeue -h -o %i) && [[ -z $jobs ]] || return 1
	states=$(cluster_node_states) || return 1
	! grep -qv ' idle$' <<<"$states"
}

cluster_node_is() { cluster_node_states | grep -qxE "$1 ($2)"; }

# cluster_inside_node VERB NODE: start, kill or restart, from inside and as the admin.
cluster_inside_node() {
	cluster_admin "$CLUSTER_HERE/lib/node" "$1" "$CLUSTER_DIR" "$2"
}

# cluster_kill_node NODE: a machine that dies: slurmd, its step daemons and their
# tasks by SIGKILL.  slurmctld says "down" after SlurmdTimeout (10 s and more).
cluster_kill_node() { cluster_inside_node kill "$1"; }

# cluster_start_node NODE: and waits until slurmctld holds it for alive.
cluster_start_node() {
	cluster_inside_node start "$1" && cluster_node_back "$1"
}

# cluster_restart_slurmd NODE: the daemon alone; jobs go on.
cluster_restart_slurmd() {
	cluster_inside_node restart "$1" && cluster_node_back "$1"
}

cluster_node_back() {
	wait_until "$CLUSTER_TIMEOUT" cluster_node_is "$1" 'idle|mixed|allocated|completing' && return
	echo "node $1 did not come back: $(cluster_node_states | tr '\n' ' ')" >&2
	return 1
}

# --- what slurmctld was asked

cluster_rpc_reset() { cluster_admin sdiag -r >/dev/null; }

# cluster_rpc_counts: "TYPE COUNT" lines since the reset; our own sdiag is among them.
cluster_rpc_counts() {
	cluster_admin sdiag | awk '
		/^Remote Procedure Call statistics by / { on = /by message type/; next }
		/^[^ \t]/ { on = 0 }
		on && match($0, /count:[0-9]+/) { sum[$1] += substr($0, RSTART + 6, RLENGTH - 6) }
		END { for (type in sum) print type, sum[type] }' | sort
}
