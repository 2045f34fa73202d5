#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two hosts record in one group and refresh it, at the same time, each with a cache of its own: nothing is lost, and in the
# end the trackers are what somebody would make from nothing.
# shellcheck source=tests/tap.sh disable=SC2119,SC2154
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"
# shellcheck source=tests/netfs/functions.sh
. "$srcdir/tests/netfs/functions.sh"
# shellcheck source=tests/netfs/trackers.sh
. "$srcdir/tests/netfs/trackers.sh"
netfs_need "$@"

JOBS=${RLG_NETFS_JOBS:-40}            # three records and refreshes each
export RUNLEDGER

# record NAME FIRST
record_jobs() {
	# shellcheck disable=SC2016
	on "$1" sh -c '. "$1/tests/netfs/trackers.sh" && trackers_host "$2" "$3" "$4"' sh "$srcdir" "$net/group" "$2" $((JOBS - 1))
}

# The refresh of a submission goes on when its `record` has ended.
# shellcheck disable=SC2317 # by wait_for
nobody_refreshes() { ! pgrep -f -- "^$RUNLEDGER refresh .*$1" >/dev/null; }

# both CLAIM
both() {
	rm -rf "$server"/group*
	trackers_group "$server/group"
	local -a pids=()
	record_jobs hosta 0 >said.hosta 2>&1 &
	pids+=($!)
	record_jobs hostb 1 >said.hostb 2>&1 &
	pids+=($!)
	wait "${pids[@]}"
	wait_for nobody_refreshes "$net/group"
	is "$(cat said.hosta said.hostb)" "" "$1: all is recorded without a word"
	run on hostb "$RUNLEDGER" refresh "$net/group"
	status_is 0 "$1: the last refresh"
	run on hosta "$RUNLEDGER" refresh "$net/group"
	like "$out" "0 trackers written" "$1: after it the other host finds nothing to write"
	is "$(cat "$server"/group/.runledger/runs/*/*.jsonl | wc -l)" $((3 * JOBS)) "$1: every record is there"
	is "$(trackers_twice "$server/group" $((JOBS - 1)))" "" "$1: each submission is told once in the run logs"
	said=$(trackers_say "$server/group")
	run trackers_again "$server/group"
	is "$said" "$(trackers_say "$server/group")" "$1: trackers of state are byte for byte what a rebuild gives"
	is "$(find "$server"/group.kept -name '*.next' -o -name '*.tmp' -o -name '*.jsonl' ! -name 'host[ab].*')" "" "$1: nothing is left behind"
}

# What a refresher left that died, where a file stands in for the lock.
after_a_death() {
	local refreshing=$server/group/.runledger/refreshing
	touch "$refreshing"
	run on hosta "$RUNLEDGER" refresh --by-itself "$net/group"
	ok_if "$([[ -e $refreshing ]]; echo $?)" "without locks: a refresher that is at it is left to it"
	touch -d '5 minutes ago' "$refreshing"
	rm "$server/group/runs_status.yaml"
	run on hostb "$RUNLEDGER" refresh "$net/group"
	ok_if "$([[ -e $server/group/runs_status.yaml && ! -e $refreshing ]]; echo $?)" \
		"without locks: one that has died is stepped over after two minutes"
	is "$(find "$server/group/.runledger" -name 'refreshing*')" "" "without locks: nothing is left of that"
}

for options in '' write_back no_lock; do
	netfs_server
	netfs_mount hosta "$options" && netfs_mount hostb "$options" || exit 99
	both "${options:-write-through}"
	[[ $options != no_lock ]] || after_a_death
	netfs_umount hosta
	netfs_umount hostb
done
done_testing
