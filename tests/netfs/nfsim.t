#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two clients of one server append to one run.  As everybody does it that loses records; as we do it it loses none.
# shellcheck source=tests/tap.sh disable=SC2119,SC2154
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"
# shellcheck source=tests/netfs/functions.sh
. "$srcdir/tests/netfs/functions.sh"
netfs_need "$@"

WRITERS=4                             # of each host
RECORDS=${RLG_NETFS_RECORDS:-100}     # of each writer

# append MODE: both hosts at once; sets ours and theirs, what the two recounts say.
append() {
	local group=.runledger/runs/r1 host
	rm -rf "$server/.runledger" acks gate
	mkdir -p "$server/$group" acks
	mkfifo gate
	local -a pids=()
	for host in hosta hostb; do
		on "$host" "$top_builddir/tests/netfs/appender" "$1" "$net" r1 gate acks/a "$WRITERS" "$RECORDS" >"said.$host" 2>&1 &
		pids+=($!)
	done
	# Opened for both, it keeps nobody waiting who comes later.
	exec 9<>gate
	wait "${pids[@]}"
	exec 9>&-
	out=$(cat said.hosta said.hostb)
	ours=$("$top_builddir/tests/netfs/recount" "$server" r1 acks/*)
	theirs=$("$srcdir/tests/netfs/recount.py" "$server/$group" acks/*)
	say "$1: $theirs"
}
value() { # NAME COUNTS
	sed -n "s/.*\\b$1=\\([^ ]*\\).*/\\1/p" <<<"$2"
}

all=$((2 * WRITERS * RECORDS))
# clean CLAIM
clean() {
	is "$ours" "acknowledged=$all lost=0 damaged=0 doubled=0 unasked=0" "$1: our reader finds every record"
	like "$theirs" "acknowledged=$all lost=0 torn=0 merged=0 wrong=0 doubled=0 unasked=0 nuls=0" \
		"$1: and none is lost, torn or merged on the server's disk"
}
# control CLAIM: it must be able to fail.
control() {
	local tries
	# On a busy machine one host may be through before the other begins.
	for ((tries = 0; tries < 5; tries++)); do
		append plain
		[[ $(value lost "$theirs") == 0 ]] || break
	done
	ok_if "$(($(value lost "$theirs") == 0))" "$1: plain O_APPEND to one file loses records, or this test proves nothing"
	ok_if "$(($(value lost "$ours") < $(value lost "$theirs")))" "$1: and our reader misses no fewer"
}

# Who reads what another process of the same host has not sent yet makes it be sent, and loses none of it.
read_unsent() {
	echo one >expected
	# Any descriptor of it that is closed sends it: so none is.
	(exec >>"$work/hosta/unsent" && echo one && cmp -s "$work/hosta/unsent" expected)
	ok_if $? "${options:-write-through}: a host reads what it has written itself"
	is "$(cat "$server/unsent")" one "${options:-write-through}: and it reaches the server"
}

for options in '' write_back; do
	netfs_server
	netfs_mount hosta "$options" && netfs_mount hostb "$options" || exit 99
	control "${options:-write-through}"
	append product
	clean "${options:-write-through}"
	is "$(value files "$theirs")" 2 "${options:-write-through}: one file a host"
	read_unsent
	netfs_umount hosta
	netfs_umount hostb
done

netfs_mount hosta no_lock && netfs_mount hostb no_lock || exit 99
control "without locks"
append product
clean "without locks"
netfs_umount hosta
netfs_umount hostb

done_testing
