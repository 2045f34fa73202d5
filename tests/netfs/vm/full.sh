# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# full: an NFS server that runs out of room under four writers, and then has room again.  Leaves in /out/product the
# server's files and what was acknowledged.  Exits 0 if some appends failed, and later all were taken.
# Words: version.
# shellcheck disable=SC2119,SC2154
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /bin/guest.sh
serve
two_hosts || exit 1
mkdir -p /srv/product/.runledger/runs/r1 /out/product/acks
mount -o remount,size=120k /srv
mkfifo /tmp/gate
exec 9<>/tmp/gate
on hosta appender product /net/product r1 /tmp/gate /out/product/acks/full 2 120 &
a=$!
on hostb appender product /net/product r1 /tmp/gate /out/product/acks/full 2 120
full_b=$?
wait $a
full_a=$?
df -k /srv
mount -o remount,size=100m /srv
on hosta appender product /net/product r1 /tmp/gate /out/product/acks/room 2 20
room=$?
cp -r /srv/product/.runledger /out/product/
up "full: $full_a $full_b, then $room"
[ $((full_a + full_b)) -ge 1 ] && [ $room -eq 0 ]
