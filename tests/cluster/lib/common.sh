# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What up, down, enter and the programs in this folder share: words, the
# cluster's marker, and how to find and enter a cluster.  Sourced, runs nothing.
# shellcheck disable=SC2034 # the constants are for those who source this

RLG_MARKER=.rlg-cluster              # a folder without this file is never touched
RLG_MAGIC='rlg-cluster 1'            # its first line
RLG_PATH_MAX=60                      # Slurm puts sockets below: sun_path has 108 bytes
RLG_EXIT_SKIP=77                     # automake: the test cannot run here
RLG_SLURM_PREFIX=${RLG_SLURM_PREFIX:-/usr}
PATH=$RLG_SLURM_PREFIX/sbin:$RLG_SLURM_PREFIX/bin:$PATH:/usr/sbin:/usr/bin:/sbin:/bin
export RLG_SLURM_PREFIX PATH

say() { [[ -n ${QUIET:-} ]] || printf '%s: %s\n' "${0##*/}" "$*" >&2; }
complain() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { complain "$@"; exit 1; }

# cluster_folder DIR: the absolute name of a cluster's folder, or non-zero when
# it is none.  The owner is checked: in /tmp anybody may make such a file.
cluster_folder() {
	local dir first
	dir=$(realpath -e -- "$1" 2>/dev/null) || return 1
	[[ $dir != / && -O $dir && -f $dir/$RLG_MARKER && -O $dir/$RLG_MARKER ]] || return 1
	read -r first <"$dir/$RLG_MARKER" && [[ $first == "$RLG_MAGIC" ]] || return 1
	printf '%s\n' "$dir"
}

# cluster_get DIR KEY: a value of DIR/.rlg-cluster (KEY=VALUE lines).
cluster_get() {
	sed -n "s/^$2=//p" "$1/$RLG_MARKER" | tail -n 1
}

# cluster_put DIR KEY VALUE
cluster_put() { printf '%s=%s\n' "$2" "$3" >>"$1/$RLG_MARKER"; }

# proc_start PID: the process's start time, which with PID names it for good;
# non-zero when it is gone.  A zombie is gone: nobody may ever reap it.
proc_start() {
	local stat rest
	# stat's second field is a command in parentheses with anything inside
	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
	rest=${stat##*) }
	# shellcheck disable=SC2086 # the fields are wanted apart
	set -- $rest
	[[ $1 != [ZX] ]] || return 1
	printf '%s\n' "${20}"
}

# proc_is PID START
proc_is() { [[ $(proc_start "$1") == "$2" ]]; }

# cluster_init_pid DIR: the first process of its namespaces as seen from
# here; non-zero when it is not there (or the cluster has no namespaces).
cluster_init_pid() {
	local pid start
	{ read -r pid start <"$1/run/init.pid"; } 2>/dev/null || return 1
	proc_is "$pid" "$start" || return 1
	printf '%s\n' "$pid"
}

# cluster_clean_env DIR USER HOME: sets the array ENV_ARGS to env(1)'s arguments
# of the environment that commands in the cluster get.
cluster_clean_env() {
	local name
	ENV_ARGS=(-i "SLURM_CONF=$1/etc/slurm.conf" "RLG_CLUSTER=$1" "USER=$2" "LOGNAME=$2"
		"HOME=$3" SHELL=/bin/bash LANG=C.UTF-8
		"PATH=$RLG_SLURM_PREFIX/bin:$RLG_SLURM_PREFIX/sbin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin")
	[[ -z ${TERM+set} ]] || ENV_ARGS+=("TERM=$TERM")
	for name in "${!RLG_@}"; do
		# this program's own constants are not exported
		[[ $name == RLG_CLUSTER || ${!name@a} != *x* ]] || ENV_ARGS+=("$name=${!name}")
	done
}

# marked_pids DIR: every process that carries the cluster's mark in its
# environment or holds one of its logs open (slurmstepd overwrites its own
# environment with its title), and their descendants; a line each.
marked_pids() {
	{
		grep -lxzsF -- "RLG_CLUSTER=$1" /proc/[0-9]*/environ || true
		find /proc/[0-9]*/fd -maxdepth 1 -type l -lname "$1/*" 2>/dev/null || true
	} | cut -d / -f 3 | sort -u | with_descendants
}

# with_descendants: adds to the pids on stdin all their children and theirs.
with_descendants() {
	local -A want=() parent=()
	local pid stat rest again=1
	while read -r pid; do want[$pid]=1; done
	[[ ${#want[@]} -gt 0 ]] || return 0
	for stat in /proc/[0-9]*/stat; do
		{ read -r rest <"$stat"; } 2>/dev/null || continue
		pid=${rest%% *} rest=${rest##*) }
		rest=${rest#* }
		parent[$pid]=${rest%% *}
	done
	while [[ $again ]]; do
		again=
		for pid in "${!parent[@]}"; do
			[[ -z ${want[$pid]:-} && -n ${want[${parent[$pid]}]:-} ]] || continue
			want[$pid]=1 again=1
		done
	done
	printf '%s\n' "${!want[@]}"
}

# kill_all FUNCTION...: SIGKILL to every pid the function prints, until it
# prints none; this process excepted.  Non-zero when some are left after 5 s.
kill_all() {
	local pid left round
	for ((round = 0; round < 250; round++)); do
		left=
		for pid in $("$@"); do
			[[ $pid != "$$" && $pid != "$BASHPID" ]] || continue
			proc_start "$pid" >/dev/null || continue
			kill -KILL "$pid" 2>/dev/null || true
			left=1
		done
		[[ $left ]] || return 0
		sleep 0.02
	done
	return 1
}

# cluster_inside DIR COMMAND...: runs it in the cluster as its administrator,
# with this process's own environment.  The root is the one of the cluster's init:
# entering a mount namespace alone leads out of a chroot.
cluster_inside() {
	local dir=$1 pid
	shift
	if [[ $(cluster_get "$dir" mode) == single ]]; then
		RLG_CLUSTER=$dir "$@"
		return
	fi
	pid=$(cluster_init_pid "$dir") || { complain "the cluster in $dir is not running"; return 1; }
	RLG_CLUSTER=$dir nsenter --target "$pid" --mount --pid --uts --ipc --net --root --wd -- "$@"
}
