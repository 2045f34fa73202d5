#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The node's spool from outside: what `record`, `log` and `note` cannot put into a status file waits there, and is delivered by
# whoever comes next, in effect once.
# shellcheck disable=SC2016,SC2317
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

chmod 755 "$work"
umask 022
me=$(id -u)
node=$work/node own=$work/node/u$me
mkdir -m 1777 "$node"
printf 'node_spool = %s\nspool_after_ms = 1000\nspool = %s\n' "$node" "$work/none" >conf
RUNLEDGER_CONF=$work/conf
export RUNLEDGER_CONF
ids=0

# draft EVENT [MEMBERS]
draft() {
	ids=$((ids + 1))
	printf '{"timestamp":%s.%06d,"name":"%s","context":{"v":1,"id":"%032x"%s}}\n' "$(date +%s)" "$ids" "$1" "$ids" "${2:+,$2}"
}
# start GROUP RUN [OPTION...]: hands in a start, as a plugin would by hand
start() {
	group=$1 to=$2
	shift 2
	draft start '"job_id":'$((1000 + ids))',"step":"batch"' >d
	status=0
	"$RUNLEDGER" record --conf=conf --group="$group" --run="$to" --phase=finetune "$@" start <d >.out 2>.err || status=$?
	out=$(cat .out) err=$(cat .err)
}
drain() { run "$RUNLEDGER" drain --conf=conf; }
waiting() { find "$own" -name '[0-9]*.json' 2>/dev/null | wc -l | tr -d ' '; }
records_in() { cat "$1"/.runledger/runs/*/*.jsonl 2>/dev/null; }
count_in() { records_in "$1" | wc -l | tr -d ' '; }
count_ids() { records_in "$1" | grep -o '"id":"[0-9a-f]*"' | sort -u | wc -l | tr -d ' '; }

# --- a group that is away, and comes back ---

new_group g r1 r2
drain
is "$status:$out" "0:node: 0 delivered, 0 not tracked, 0 waiting, 0 dropped" "an empty spool is no work"
mv g away
start "$work/g" r1
status_is 0 "a record for a group that is away is kept"
like "$err" "cannot look at the run group $work/g: No such file or directory" "with a word about what is wrong"
like "$err" "waits in the node's spool" "and where it is"
is "$(waiting):$(stat -c %a "$own")" 1:700 "it waits in a folder of its user's own"
start "$work/g" r2 --quiet
is "$(waiting):$err" "2:" "a plugin's says nothing"
new_group other r1
run "$RUNLEDGER" status other
like "$err" "2 of your records wait on this node" "status says that something waits"
run "$RUNLEDGER" status --json other
like "$out" '"node_spool":{"waiting":2,"dropped":0,"last_drop":null}' "and tells programs"
drain
is "$out" "node: 0 delivered, 0 not tracked, 2 waiting, 0 dropped" "what cannot be delivered goes on waiting"
status_is 0 "which is no failure"
mv away g
drain
is "$out" "node: 2 delivered, 0 not tracked, 0 waiting, 0 dropped" "once the group is back everything is delivered"
is "$(count_in g):$(waiting)" 2:0 "and is in its files, and in the spool no more"
like "$(cat g/runs_status.yaml)" 'finetune_status: running' "the tracker is refreshed"
is "$(find "$own" -name '.try*')" "" "no mark is left"

# --- a group inside of another, away: the other is not it ---

new_group outer outer_run
new_group outer/inner r1
mv outer/inner/.runledger kept
start "$work/outer/inner" r1
mkdir -p outer/.runledger/runs
drain
is "$(count_in outer):$(waiting)" 0:1 "while a group is away the one around it gets nothing of its"
mv kept outer/inner/.runledger
drain
is "$(count_in outer/inner):$(waiting)" 1:0 "it gets it itself, later"

# --- who comes next takes it along ---

mv g away
start "$work/g" r1 --quiet
mv away g
draft finish '"job_id":1,"state":"COMPLETED","final":true' >d
"$RUNLEDGER" record --conf=conf --group="$work/g" --run=r2 --phase=finetune --quiet --detach finish <d
spool_is_empty() { [ "$(waiting)" -eq 0 ]; }
wait_for spool_is_empty
is "$?:$(count_in g)" 0:4 "the next record that gets through takes along what waits"

mv g away
start "$work/g" r1 --quiet
mv away g
# by themselves deliveries leave alone what failed a moment ago
mv g away
"$RUNLEDGER" drain --conf=conf --by-itself >/dev/null
mv away g
run "$RUNLEDGER" drain --conf=conf --by-itself
is "$(waiting)" 1 "what failed a moment ago is left alone by deliveries that nobody asked for"
drain
is "$(waiting):$(count_in g)" 0:5 "but not by a person's"

# --- words from a job, and a person's ---

new_group words r1
"$RUNLEDGER" log --run=r1 --run-group="$work/words" step=1
chmod 000 words/.runledger/runs/r1
if [ "$me" -ne 0 ]; then
	run "$RUNLEDGER" log --run=r1 --run-group="$work/words" step=2
	status_is 0 "a job's word that cannot be written is kept"
	like "$err" "waits in the node's spool" "and the job is told"
	run "$RUNLEDGER" log --quiet --run=r1 --run-group="$work/words" step=3
	is "$status:$err" "0:" "but for --quiet"
	chmod 755 words/.runledger/runs/r1
	drain
	is "$(count_in words)" 3 "they are delivered"
fi
chmod 755 words/.runledger/runs/r1
rm -r words/.runledger/runs/r1
: >words/.runledger/runs/r1
run "$RUNLEDGER" log --run=r1 --run-group="$work/words" step=2
is "$status:$(waiting)" 0:1 "a job's word whose folder is a file is kept"
like "$err" "waits in the node's spool" "and the job is told"
run "$RUNLEDGER" note -g words r1 looks odd
is "$(waiting)" 2 "a person's note, too"
run env SLURM_JOB_ID=41 SLURM_JOB_NAME=r1 "$RUNLEDGER" exec --run=r1 --run-group="$work/words" -- sh -c 'exit 4'
is "$status" 4 "a command that is recorded runs all the same"
all_five() { [ "$(waiting)" -eq 5 ]; }
wait_for all_five
ok_if $? "and its submission, start and end wait, too"
rm words/.runledger/runs/r1
drain
is "$(count_ids words):$(waiting)" 5:0 "all of it is delivered"
like "$(records_in words)" '"text":"looks odd"' "with its words"

# --- a command that is recorded, in a job whose group cannot be opened ---

# exec_for GROUP COMMAND...: in job 41, which was told at its submission where its records belong
exec_for() {
	address="41/0123456789abcdef0123456789abcdef/r1/finetune$1"
	shift
	run env SLURM_JOB_ID=41 SLURM_CLUSTER_NAME=c SLURM_JOB_NAME=job "RUNLEDGER_ADDRESS=$address" "$RUNLEDGER" exec -- "$@"
}
as_many_wait() { [ "$(waiting)" -eq "$wanted" ]; }
they_wait() { wanted=$1 && wait_for as_many_wait; }	# a busy machine may have left them behind
names_in() { records_in "$1" | grep -o '"name":"[a-z-]*"' | cut -d'"' -f4 | sort | tr '\n' ' '; }
# delivered GROUP NAMES CLAIM: after a drain and another, each of these is there, once
delivered() {
	drain
	drain
	is "$status:$(waiting):$(names_in "$1")" "0:0:$2" "$3"
	is "$(count_ids "$1")" "$(count_in "$1")" "$3: once"
}

new_group mine r1
mv mine hidden
exec_for "$work/mine" sh -c 'echo out; exit 7'
is "$status:$out" 7:out "a command whose group is away runs, and its exit code is its own"
like "$err" "waits in the node's spool" "where its records are is told"
they_wait 3
ok_if $? "submission, start and end wait on the node"
mv hidden mine
delivered mine "finish start submit " "once the group is back they are delivered"
is "$("$RUNLEDGER" status mine --json | grep -o '"status":"[a-z]*","job_id":"[0-9]*"' | head -n 1)" '"status":"failed","job_id":"41"' "and come to what happened"

new_group taken r1
# The start is told by a process of its own: it must have been at it.
run env SLURM_JOB_ID=41 SLURM_JOB_NAME=r1 "$RUNLEDGER" exec --run-group="$work/taken" -- sh -c 'until grep -qs 41 "$1/runs_status.yaml"; do sleep 0.02; done; mv "$1" "$2"; exit 3' \
	sh "$work/taken" "$work/hidden"
is "$status" 3 "a command during which its group goes away"
they_wait 1
ok_if $? "leaves its end on the node"
rm -rf taken && mv hidden taken
delivered taken "finish start submit " "and that is delivered"

new_group torn r1
printf 'phases: [\n' >torn/.runledger/config.yaml
run env SLURM_JOB_ID=41 SLURM_JOB_NAME=r1 "$RUNLEDGER" exec --run-group="$work/torn" -- true
is "$status" 0 "a command whose group has settings that do not parse"
they_wait 3
ok_if $? "leaves all of its records on the node"
drain
is "$(waiting):$(count_in torn)" 3:0 "where they stay"
printf 'phases: [finetune]\n' >torn/.runledger/config.yaml
delivered torn "finish start submit " "until the settings are mended"

mkdir untracked
run env -C untracked SLURM_JOB_ID=41 SLURM_JOB_NAME=r1 "$RUNLEDGER" exec --run-group="$work/nobodys" -- sh -c 'exit 5'
is "$status:$(waiting)" 5:0 "for a group that never was nothing is kept"

# --- what is not believed ---

new_group bad r1
mkdir -p "$own"
printf 'garbage\n' >"$own/1.json"
printf '{"timestamp":1,"name":"spooled","context":{"v":1}}\n' >"$own/2.json"
: >"$own/3.json"
printf '\0\0' >"$own/4.json"
truncate -s 1G "$own/5.json"
ln -s /etc/passwd "$own/6.json"
mkfifo "$own/7.json"
mkdir "$own/8.json"
began=$(date +%s)
drain
status_is 3 "what is no entry is told by the exit status"
is "$out" "node: 0 delivered, 0 not tracked, 0 waiting, 8 dropped" "and put aside"
ok_if "$([ $(($(date +%s) - began)) -lt 5 ]; echo $?)" "without holding anybody up"
rm -rf "$own"/.bad*
for to in ../../../escape a/b .hidden; do
	start "$work/bad" "$to" --quiet
done
drain
is "$(find "$work" -name '*escape*')$(count_in bad)" 0 "a name that leads out of the group leads nowhere"
rm -f "$own"/*.json "$own"/.try*

# --- what was left by who was killed over it ---

mkdir -p "$own"
for name in .1-0123.json .bad-1.json .try-0123456789abcdef .dropped; do
	echo x >"$own/$name"
	touch -d '25 hours ago' "$own/$name"
done
echo x >"$own/.2-0123.json"
touch -d '23 hours ago' "$own/.2-0123.json"
drain
is "$(find "$own" -type f | sed 's,.*/,,' | sort | tr '\n' ' ')" ".2-0123.json .dropped .try-0123456789abcdef " \
	"what was never made whole goes after a day, and what is counted and marked stays"
rm -f "$own"/.[!.]*

# --- too old, too much ---

mkdir gone && rmdir gone
start "$work/gone" r1 --quiet
sed -i 's/"timestamp":[0-9]*/"timestamp":1000000000/' "$own"/[0-9]*.json
drain
is "$out" "node: 0 delivered, 0 not tracked, 0 waiting, 1 dropped" "what never could be delivered is dropped in the end"
like "$(cat "$own/.dropped")" '"dropped":                   1,' "and counted"
printf 'spool_entries = 5\n' >>conf
i=0
while [ $i -lt 8 ]; do
	start "$work/gone" r1 --quiet
	i=$((i + 1))
done
lost=$status
run "$RUNLEDGER" status other
like "$err" "4 of your records found no room on this node" "status says that something is lost"
run "$RUNLEDGER" status --json other
like "$out" '"dropped":4,"last_drop":"20' "and tells programs, and when it was"
is "$(waiting):$lost" 5:1 "more than the site allows are dropped"
like "$(cat "$own/.dropped")" '"dropped":                   4,' "each is counted"
rm -rf "$own"

# --- killed at any moment ---

sed -i 's/^spool_entries.*/spool_entries = 10000/' conf
new_group many r1
mv many away
start "$work/many" r1 --quiet
first=$(find "$own" -name '[0-9]*.json')
i=0
while [ $i -lt 300 ]; do
	sed "s/\"id\":\"[0-9a-f]*\"/\"id\":\"$(printf %032x $((100000 + i)))\"/g" "$first" >"$own/$(printf %05d $i).json"
	i=$((i + 1))
done
rm "$first"
mv away many
kills=0
while [ "$(waiting)" -gt 0 ] && [ $kills -lt 40 ]; do
	setsid "$RUNLEDGER" drain --conf=conf >/dev/null 2>&1 &
	pid=$!
	sleep "0.0$((kills % 5 + 1))"
	kill -KILL -$pid 2>/dev/null
	wait $pid 2>/dev/null
	kills=$((kills + 1))
done
drain
say "$kills drains were killed; $(count_in many) lines for $(count_ids many) records"
is "$(count_ids many):$(waiting)" 300:0 "drains that are killed lose nothing"

# --- two at a time ---

new_group both r1
i=0
while [ $i -lt 100 ]; do
	printf '{"timestamp":%s.0,"name":"spooled","context":{"v":1,"event":"start","group":"%s","run":"r1","phase":"finetune"}}\n{"timestamp":1.0,"name":"start","context":{"v":1,"id":"%032x","run":"r1"}}\n' \
		"$(date +%s)" "$work/both" $((200000 + i)) >"$own/$(printf %05d $i).json"
	i=$((i + 1))
done
"$RUNLEDGER" drain --conf=conf >first 2>&1 &
pid=$!
drain
wait $pid
drain
is "$(count_in both):$(count_ids both)" 100:100 "two drains at a time deliver nothing twice"

if [ "$me" -ne 0 ]; then
	skip "real disks, and other users" "this is not root"
	done_testing
fi

# --- real disks: full, read-only; other users ---

uid=64123
as() { setpriv --reuid=$uid --regid=$uid --clear-groups "$@"; }
own=$node/u$uid
me=$uid
rm -rf "${node:?}"/u*
as_start() { # GROUP [ENVIRONMENT]
	draft start '"job_id":'$((1000 + ids))',"step":"batch"' >d
	chmod 644 d
	status=0
	as "$RUNLEDGER" record --conf="$work/conf" --group="$1" --run=r1 --phase=finetune --quiet start <d 2>.err || status=$?
}
if mkdir disk && mount -t tmpfs -o size=100k,mode=0755,uid=$uid,gid=$uid none disk 2>/dev/null; then
	trap 'umount -l "$work/disk" 2>/dev/null; rm -rf "$work"' EXIT
	(cd disk && new_group full r1 && chown -R $uid:$uid full)
	as sh -c 'cat /dev/zero >disk/fill' 2>/dev/null
	as_start "$work/disk/full"
	is "$status:$(waiting):$(stat -c %u "$own")" "0:1:$uid" "a record for a full disk waits, as its user's"
	grep -q '"errno":28,' "$own"/[0-9]*.json
	ok_if $? "for want of room"
	rm disk/fill
	mount -o remount,ro disk
	as_start "$work/disk/full"
	is "$(waiting)" 2 "one for a disk that is read-only waits, too"
	mount -o remount,rw disk
	drain
	is "$out:$(count_ids disk/full)" "node: 2 delivered, 0 not tracked, 0 waiting, 0 dropped:2" "root delivers both once the disk is well"
	is "$(find disk/full/.runledger ! -uid $uid)" "" "as their user"
	mkdir small && mount -t tmpfs -o size=64k,mode=1777 none small
	sed -i "s,^node_spool.*,node_spool = $work/small," conf
	i=0
	while [ $i -lt 30 ]; do
		as_start "$work/gone"
		i=$((i + 1))
	done
	is "$status" 1 "a spool whose own disk is full takes no more"
	dropped=$(sed 's/[^0-9]*\([0-9]*\).*/\1/' "$work/small/u$uid/.dropped")
	is "$(($(find "$work/small/u$uid" -name '[0-9]*.json' | wc -l) + dropped))" 30 "each record waits, or is counted as dropped"
	umount small
	sed -i "s,^node_spool.*,node_spool = $node," conf
	umount disk
else
	skip "real disks" "no tmpfs can be mounted here"
fi

new_group closed r1
chown -R $uid:$uid closed && chmod 555 closed/.runledger/runs
as_start "$work/closed"
is "$(waiting)" 1 "a record for a group that may not be written to waits"
# Somebody else's entry in a folder that is called ours.
mkdir -m 700 "$node/u64125"
cp "$own"/[0-9]*.json "$node/u64125/1.json"
chown -R 64126 "$node/u64125"
ln -s "$own" "$node/u64127"
chmod 755 closed/.runledger/runs
drain
is "$out:$(count_in closed)" "node: 1 delivered, 0 not tracked, 0 waiting, 0 dropped:1" "root delivers what is in folders of their users"
ok_if "$([ -e "$node/u64125/1.json" ]; echo $?)" "and nothing from a folder whose name and owner differ"
mkdir -m 700 "$node/u64126"
cp "$node/u64125/1.json" "$node/u64126/1.json"
chown -R 64126 "$node/u64126"
drain
is "$(count_in closed)" 1 "one user's entry cannot write into another's group"
chmod 777 "$node"
drain
status_is 1 "a spool without its sticky bit is refused"
like "$err" "must be root's, with mode 1777" "and that is why"
done_testing
