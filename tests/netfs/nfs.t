#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two hosts append to one run on a real NFS server, in a machine of our own; in short.  `make check-netfs` is the long form.
# shellcheck source=tests/tap.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

WRITERS=4
RECORDS=${RLG_NETFS_RECORDS:-12}      # of each writer

# A mere `make check` fetches nothing; ./check does, and `make check-netfs`.
export RLG_NETFS_FETCH=${RLG_NETFS_FETCH:-no}
export RLG_NETFS_SECONDS=${RLG_NETFS_SECONDS:-300}
run env top_builddir="$top_builddir" "$srcdir/tests/netfs/rig" nfs4.2 "$work/nfs" "$WRITERS" "$RECORDS" 25
if [ "$status" -eq 77 ]; then
	skip "two hosts on NFS" "the machine cannot be put together here: $(tail -n 1 <<<"$err" | tr -d '#')"
	done_testing
fi
say "$out"
status_is 0 "the machine starts, mounts the server twice, and every append is acknowledged"
like "$out" "nfs4 vers=4.2 on hosta and hostb" "by NFS 4.2, on two hosts"

# counts MODE: ours, theirs
counts() {
	ours=$("$top_builddir/tests/netfs/recount" nfs/"$1" r1 nfs/"$1"/acks/*)
	theirs=$("$srcdir/tests/netfs/recount.py" nfs/"$1"/.runledger/runs/r1 nfs/"$1"/acks/*)
	say "$1: $theirs"
}
all=$((2 * WRITERS * RECORDS))
counts plain
unlike "$theirs" " lost=0 " "plain O_APPEND to one file loses records, or this test proves nothing"
counts product
is "$ours" "acknowledged=$all lost=0 damaged=0 doubled=0 unasked=0" "our own append loses none, says our reader"
like "$theirs" "acknowledged=$all lost=0 torn=0 merged=0 wrong=0 doubled=0 unasked=0 nuls=0 files=2" \
	"and none is lost, torn or merged on the server's disk; one file a host"
done_testing
