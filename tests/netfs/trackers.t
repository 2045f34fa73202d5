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

for options in '' write_back no_lock; do
	netfs_server
	netfs_mount hosta "$options" && netfs_mount hostb "$options" || exit 99
	both "${options:-write-through}"
	netfs_umount hosta
	netfs_umount hostb
done
done_testing
