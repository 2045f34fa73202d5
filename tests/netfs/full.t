#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A server without room, which says so when it writes, or with write-back only at fsync: what was acknowledged is there,
# and what was torn is stepped over once there is room again.
# shellcheck source=tests/tap.sh disable=SC2154
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"
# shellcheck source=tests/netfs/functions.sh
. "$srcdir/tests/netfs/functions.sh"
netfs_need "$@"

# append ROUND MODE RECORDS: two writers of one host; sets out and status
append() {
	rm -f gate
	mkfifo gate
	mkdir -p acks
	exec 9<>gate
	run on hosta "$top_builddir/tests/netfs/appender" "$2" "$net" r1 gate "acks/$1" 2 "$3"
	exec 9>&-
}
value() { sed -n "s/.*\\b$1=\\([^ ]*\\).*/\\1/p" <<<"$2"; } # NAME COUNTS
recount() {
	theirs=$("$srcdir/tests/netfs/recount.py" "$server/.runledger/runs/r1" acks/*)
	ours=$("$top_builddir/tests/netfs/recount" "$server" r1 acks/*)
	say "$theirs"
}

for options in '' write_back; do
	name=${options:-write-through}
	rm -rf acks
	netfs_server size=60k
	mkdir -p "$server/.runledger/runs/r1"
	netfs_mount hosta "$options" || exit 99
	append full product 150
	status_is 1 "$name: a full server is a failure"
	like "$out" "No space left on device" "$name: and says why"
	ok_if "$(($(value appended "$out") < 50))" "$name: what there was room for was acknowledged"
	recount
	is "$(value lost "$theirs")" 0 "$name: all of that is there"
	mount -o remount,size=4m "$server"
	append room product 20
	is "$(value appended "$out")" 40 "$name: with room again, all is taken"
	recount
	is "$(value lost "$theirs") $(value merged "$theirs") $(value wrong "$theirs")" "0 0 0" "$name: and nothing acknowledged is lost, glued to what was torn, or changed"
	is "$(value lost "$ours")" 0 "$name: as our reader sees it, too"
	netfs_umount hosta
done
done_testing
