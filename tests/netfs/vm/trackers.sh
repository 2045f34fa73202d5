# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# trackers: both hosts record in one group and refresh it.  Words: version, jobs (three records and refreshes each).
# Says what there is to say of it on standard output; exits 0 if all is well.
# shellcheck disable=SC2119,SC2154
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /bin/guest.sh
# shellcheck source-path=SCRIPTDIR source=../trackers.sh
. /bin/trackers_group.sh
export TZ=UTC0
serve
two_hosts || exit 1
bad=0

# claim STATUS CLAIM
claim() {
	[ "$1" -eq 0 ] && up "yes: $2" && return
	up "NO: $2"
	bad=1
}

trackers_group /srv/group
# shellcheck disable=SC2016 # the inner shell's
for n in 0 1; do
	name=hosta
	[ $n -eq 0 ] || name=hostb
	on $name sh -c '. /bin/trackers_group.sh; trackers_host /net/group "$1" "$2"' sh $n $((jobs - 1)) >/tmp/said.$name 2>&1 &
	eval "writer_$n=$!"
done
wait "$writer_0"
claim $? "all that hosta recorded was taken"
wait "$writer_1"
claim $? "all that hostb recorded was taken"
cat /tmp/said.hosta /tmp/said.hostb
trackers_settled
on hostb runledger refresh /net/group
claim $? "the last refresh"
said=$(on hosta runledger refresh /net/group)
up "$said"
test "${said#0 trackers written}" != "$said"
claim $? "after it the other host finds nothing to write"
count=$(cat /srv/group/.runledger/runs/*/*.jsonl | wc -l)
test "$count" -eq $((3 * jobs))
claim $? "every record is there: $count of $((3 * jobs))"
trackers_twice /srv/group $((jobs - 1))
claim $? "each submission is told once in the run logs"
trackers_say /srv/group >/tmp/before
on hosta sh -c '. /bin/trackers_group.sh; trackers_again /net/group'
trackers_say /srv/group >/tmp/after
cat /tmp/after
cmp /tmp/before /tmp/after
claim $? "trackers of state are byte for byte what a rebuild gives"
cp -r /srv/group /srv/group.kept /out/
exit $bad
