# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# append: both hosts append to one run, plainly and as the product does.  Leaves the server's files and what was
# acknowledged in /out/plain and /out/product.  Words: version, writers (of each host), records (of each writer), plain
# (records of each, plainly).
# shellcheck disable=SC2119,SC2154
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /bin/guest.sh
serve
two_hosts || exit 1

# both MODE RECORDS
both() {
	mkdir -p "/srv/$1/.runledger/runs/r1" "/out/$1/acks"
	mkfifo "/tmp/gate.$1"
	on hosta appender "$1" "/net/$1" r1 "/tmp/gate.$1" "/out/$1/acks/a" "$writers" "$2" &
	a=$!
	on hostb appender "$1" "/net/$1" r1 "/tmp/gate.$1" "/out/$1/acks/a" "$writers" "$2" &
	b=$!
	exec 9<>"/tmp/gate.$1"
	wait $a
	bad=$?
	wait $b || bad=1
	exec 9>&-
	mv "/srv/$1/.runledger" "/out/$1/"
	up "$1: status $bad"
	return $bad
}
both plain "$plain"
both product "$records"
