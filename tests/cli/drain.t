#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# `runledger drain`: what waits in the spool gets into the status files, as each record's user, once in effect, and nothing
# else does.
# shellcheck disable=SC2016,SC2317
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

# Whoever drain becomes must get to the groups.
chmod 755 "$work"
umask 022
spool=$work/spool me=$(id -u)
entries=0
now=$(date +%s)

new_spool() {
	rm -rf "$spool"
	mkdir -m 700 "$spool" "$spool/new"
}

# body UID FOLDER [MEMBERS]: a record as `runledger jobcomp` makes it, of a job that ended just now
body() {
	entries=$((entries + 1))
	printf '{"timestamp":%s.%06d,"name":"finish","context":{"v":1,"id":"%032x","job_id":%s,"source":"jobcomp","state":"CANCELLED","exit_code":0,"signal":0,"never_ran":true,"submit_time":%s,"end_time":%s,"uid":%s,"gid":%s,"batch":true,"cluster":"c","job_name":"r1","cwd":"%s"%s}}\n' \
		"$now" "$entries" "$entries" $((1000 + entries)) "$((now - 100))" "$now" "$1" "$1" "$2" "${3:+,$3}"
}
# entry NAME UID FOLDER [MEMBERS]
entry() {
	name=$1
	shift
	body "$@" >"$spool/new/$name"
}
drain() { run "$RUNLEDGER" drain --conf="$work/none.conf" --spool="$spool" "$@"; }
# drained DELIVERED UNTRACKED HELD BAD CLAIM
drained() {
	is "$out" "$1 delivered, $2 not tracked, $3 held, $4 bad" "$5"
	is "$status" "$([ "$4" -gt 0 ] && echo 3 || echo 0)" "$5: and the exit status says whether any was bad"
}
records_in() { cat "$1"/.runledger/runs/*/*.jsonl 2>/dev/null; }
count_in() { records_in "$1" | wc -l | tr -d ' '; }
# Records with one id are one.
count_ids() { records_in "$1" | grep -o '"id":"[0-9a-f]*"' | sort -u | wc -l | tr -d ' '; }
left() { find "$spool" -type f | sed "s,^$spool/,," | sort | tr '\n' ' '; }

# --- one's own ---

new_group g r1
mkdir elsewhere
new_spool
entry 1.json "$me" "$work/g"
drain
drained 1 0 0 0 "an entry is delivered"
is "$(left)" "" "and is gone from the spool"
is "$(count_in g)" 1 "it is one record"
like "$(records_in g)" '"run":"r1"' "in the run that the job's name tells"
unlike "$(records_in g)" '"gid"' "without what is for drain alone"
like "$(cat g/runs_status.yaml)" 'finetune_status: failed' "the tracker is refreshed"
is "$(stat -c %a "$spool/new" "$spool/held" "$spool/bad" | sort -u)" 700 "the spool's folders are for their owner alone"
drain
drained 0 0 0 0 "an empty spool is no work"

entry 1.json "$me" "$work/elsewhere"
drain
drained 0 1 0 0 "a job of no run group is let be"
is "$(left)$(find elsewhere)" elsewhere "and leaves nothing"

entry 1.json "$me" "$work/g" '"array_job_id":0,"het_job_id":0'
drain
drained 1 0 0 0 "zeros for no array and no het job do no harm"

# --- what is no entry ---

new_group bad r1
new_spool
printf 'garbage\n' >"$spool/new/garbage.json"
: >"$spool/new/empty.json"
printf '{"timestamp":1,"name":"finish","context":' >"$spool/new/torn.json"
printf '[1]\n' >"$spool/new/array.json"
printf '\0\0\0' >"$spool/new/nuls.json"
body "$me" "$work/bad" | sed 's/"finish"/"start"/' >"$spool/new/start.json"
body "$me" "$work/bad" | sed 's/"uid":[0-9]*,//' >"$spool/new/nobody.json"
body "$me" "$work/bad" | sed "s/\"uid\":[0-9]*/\"uid\":\"$me\"/" >"$spool/new/text-uid.json"
body -1 "$work/bad" >"$spool/new/negative.json"
body 4294967295 "$work/bad" >"$spool/new/no-uid.json"
body 0.5 "$work/bad" >"$spool/new/half.json"
body "$me" "$work/bad" | sed 's/"job_id":[0-9]*/"job_id":0/' >"$spool/new/no-job.json"
body "$me" "$work/bad" | sed 's/"v":1/"v":2/' >"$spool/new/newer.json"
{ body "$me" "$work/bad" | tr -d '\n'; body "$me" "$work/bad"; } >"$spool/new/two.json"
{ body "$me" "$work/bad" | tr -d '\n'; printf '%4096s\n' ' '; } >"$spool/new/long.json"
truncate -s 1G "$spool/new/huge.json"
body "$me" "$work/bad" >target
ln -s "$work/target" "$spool/new/link.json"
ln -s "$spool/new/none" "$spool/new/dangling.json"
ln target "$spool/new/hard.json"
mkfifo "$spool/new/fifo.json"
mkdir "$spool/new/folder.json"
python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$spool/new/socket.json" 2>/dev/null || : >"$spool/new/socket.json"
n_bad=22
if [ "$me" -eq 0 ]; then
	body 0 "$work/bad" >"$spool/new/foreign.json"
	chown 64123 "$spool/new/foreign.json"
	n_bad=23
fi
body "$me" "$work/bad" >"$spool/new/.hidden.json"
body "$me" "$work/bad" >"$spool/new/other.txt"
entry good.json "$me" "$work/bad"
began=$(date +%s)
drain
drained 1 0 0 $n_bad "what is no entry is put aside"
ok_if "$([ $(($(date +%s) - began)) -lt 5 ]; echo $?)" "and holds nobody up"
is "$(find "$spool/bad" -mindepth 1 | wc -l | tr -d ' ')" $n_bad "all of it lies in bad"
is "$(find "$spool/new" -type f | sed 's,.*/,,' | sort | tr '\n' ' ')" ".hidden.json other.txt " "what is still being written, or is not ours, stays"
is "$(count_in bad)" 1 "none of it was delivered"
drain
drained 0 0 0 0 "and none of it is looked at again"
rm -f target

new_spool
entry 1.json "$me" "$work/bad" '"run":"../../../escape","phase":"../x"'
entry 2.json "$me" "$work/bad" '"group":"'"$work/bad"'","run":"../../../escape","phase":"x"'
entry 3.json "$me" "$work/bad" '"group":"/nowhere","run":"r1"'
drain
is "$(find "$work" -name '*escape*')" "" "an address that leads out of the group leads nowhere"
like "$out" "1 delivered, 0 not tracked, 2 held" "the record goes where the job belongs, or is held"

# --- what was left by who was killed over it ---

new_spool
mkdir -m 700 "$spool/held"
hex=0123456789abcdef0123456789abcdef
# An entry is written behind a dot; a day later nobody is at it any more.
body "$me" "$work/bad" >"$spool/new/.1795338244123456-$hex.json"
: >"$spool/new/.1795338244123457-$hex.json"
printf '{"timestamp":1,"na' >"$spool/new/.1-0.json"
touch -d '25 hours ago' "$spool/new"/.[0-9]*.json
left_by_killed=$(left)
for name in .hidden.json .notes ".$hex.json" .-$hex.json ".1795338244123456-${hex}x.json" ".1795338244123456-$hex.json.bak" \
	.1795338244123456-.json ".1795338244123456_$hex.json" ".x1795338244123456-$hex.json" other.txt; do
	echo mine >"$spool/new/$name"
done
body "$me" "$work/bad" >"$spool/new/.2-1.json"
ln "$spool/new/.2-1.json" "$spool/new/.2-2.json"
echo mine >target
ln -s "$work/target" "$spool/new/.2-3.json"
mkdir "$spool/new/.2-4.json"
mkfifo "$spool/new/.2-5.json"
echo mine >"$spool/held/.2-6.json"
touch -h -d '25 hours ago' "$spool/new"/.[!.]* "$spool/new/other.txt" "$spool/held/.2-6.json" target
body "$me" "$work/bad" >"$spool/new/.3-1.json"
touch -d '23 hours ago' "$spool/new/.3-1.json"
if [ "$me" -eq 0 ]; then
	echo theirs >"$spool/new/.3-2.json"
	chown 64123 "$spool/new/.3-2.json"
	touch -d '25 hours ago' "$spool/new/.3-2.json"
fi
all() { (cd "$spool" && find . -mindepth 2 | sort); }
all >all.before
drain
drained 0 0 0 0 "what was never made whole is no entry"
all | comm -3 - all.before >all.differ
is "$(tr -d '\t' <all.differ | tr '\n' ' ')" "$(for name in $left_by_killed; do printf './%s ' "$name"; done)" \
	"and goes after a day; not what is called otherwise, younger, linked, no file, another's, or elsewhere"
is "$(cat target)" mine "nor what a link leads to"
rm -f target

# --- a spool that others can write to ---

for mode in 770 707 777; do
	new_spool
	entry 1.json "$me" "$work/g"
	chmod $mode "$spool"
	drain
	is "$status:$(find "$spool/new" -name 1.json | wc -l)" 1:1 "a spool with mode $mode is refused"
	like "$err" "others may write in the spool" "and that is why"
	chmod 700 "$spool"
	chmod $mode "$spool/new"
	drain
	is "$status:$(find "$spool/new" -name 1.json | wc -l)" 1:1 "so is one whose folder new has mode $mode"
	like "$err" "others may write in $spool/new" "and that is why"
done
new_spool
mv "$spool" "$spool.real" && ln -s "$spool.real" "$spool"
drain
status_is 1 "a spool that is a link is refused"
rm "$spool" && rm -r "$spool.real"
drain
is "$status:$err" "1:runledger drain: cannot open the spool $spool: No such file or directory" "a spool that is missing is told in a sentence"
drain now
status_is 2 "it takes no arguments"

# --- held, and tried again ---

new_spool
new_group gone r1
mv gone aside
entry 1.json "$me" "$work/gone"
drain
drained 0 0 1 0 "a job whose folder is not there is held: its file system may be away"
like "$err" "cannot look at $work/gone" "with a word about it"
is "$(left)" "held/1.json " "in a folder of its own"
drain
drained 0 0 1 0 "it is tried again, and still held"
is "$err" "" "without another word"
mv aside gone
drain
drained 1 0 0 0 "and is delivered once it is back"
is "$(count_in gone)" 1 "once"
entry 1.json "$me" "$work/removed"
sed -i "s/\"timestamp\":[0-9]*/\"timestamp\":$((now - 90000))/" "$spool/new/1.json"
drain
drained 0 1 0 0 "after a day such a folder counts as removed"
new_group broken r1
printf 'phases: [\n' >broken/.runledger/config.yaml
entry 1.json "$me" "$work/broken"
drain
drained 0 0 1 0 "where a group's settings do not parse a record is held"
like "$err" "config.yaml" "with a word about it"
printf 'phases: [finetune]\n' >broken/.runledger/config.yaml
drain
drained 1 0 0 0 "until somebody has mended them"

# --- delivered twice is delivered once ---

new_spool
new_group twice r1
entry 1.json "$me" "$work/twice"
cp "$spool/new/1.json" saved
drain
mv saved "$spool/new/1.json"
drain
drained 1 0 0 0 "an entry that outlived its delivery is delivered again"
is "$(count_in twice):$(count_ids twice)" 2:1 "as the same record"
is "$("$RUNLEDGER" status twice --json | grep -o '"source": *"jobcomp"' | wc -l | tr -d ' ')" 1 "which is one attempt"

new_group tasks t0 t1 t2
for task in 0 1 2; do
	record tasks t$task finetune "$((now - 100))" submit '"sid":"00000000000000000000000000000077","array_task_id":'$task',"job_name":"sweep","cwd":"'"$work/tasks"'"'
done
record tasks t0 finetune "$((now - 50))" start '"sid":"00000000000000000000000000000077","job_id":901,"array_job_id":900,"array_task_id":0,"step":"batch"'
entry 1.json "$me" "$work/tasks"
sed -i 's/"job_id":[0-9]*/"job_id":900,"array_job_id":900/; s/"job_name":"r1"/"job_name":"sweep"/' "$spool/new/1.json"
cp "$spool/new/1.json" saved
drain
drained 1 0 0 0 "an array with a run a task that was cancelled whole"
is "$(grep -l CANCELLED tasks/.runledger/runs/*/*.jsonl | cut -d/ -f4 | tr '\n' ' ')" "t1 t2 " "is told to each task that had not begun"
mv saved "$spool/new/1.json"
drain
is "$(records_in tasks | grep -c CANCELLED):$(records_in tasks | grep CANCELLED | grep -o '"id":"[0-9a-f]*"' | sort -u | wc -l | tr -d ' ')" 2:2 \
	"and delivered again it is not told to the one that had"

new_group killed r1
new_spool
i=0
while [ $i -lt 200 ]; do
	entry "$(printf %04d $i).json" "$me" "$work/killed"
	i=$((i + 1))
done
"$RUNLEDGER" drain --spool="$spool" >/dev/null 2>&1 &
pid=$!
while [ "$(count_in killed)" -lt 1 ]; do
	kill -0 $pid 2>/dev/null || break
done
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
# What it had started may still be at work.
while pgrep -f "drain --spool=$spool" >/dev/null 2>&1; do sleep 0.02; done
survived=$(find "$spool/new" -name '*.json' | wc -l | tr -d ' ')
say "$survived entries outlived a drain that was killed; $(count_in killed) records were there"
ok_if "$([ "$survived" -gt 0 ]; echo $?)" "a drain that is killed leaves entries that it had delivered, or not yet"
drain
drained "$survived" 0 0 0 "the next one delivers them"
is "$(count_ids killed)" 200 "and every record is there, in effect once"

new_group both r1
i=0
while [ $i -lt 100 ]; do
	entry "$(printf %04d $i).json" "$me" "$work/both"
	i=$((i + 1))
done
"$RUNLEDGER" drain --spool="$spool" >first 2>first.err &
pid=$!
drain
second=$status:$err
wait $pid
is "$?:$(cat first.err) $second" "0: 0:" "two drains at a time complain of nothing"
is "$(count_ids both):$(left)" 100: "and lose nothing"

# Not one by one: a process each would take a minute.
awk -v uid="$me" -v folder="$work/elsewhere" -v spool="$spool" -v line="$(body "$me" "$work/elsewhere")" 'BEGIN {
	for (i = 0; i < 10050; i++) { name = sprintf("%s/new/%05d.json", spool, i); print line >name; close(name) } }'
drain
drained 0 10050 0 0 "a flood of more than ten thousand is one pass"
is "$(left)" "" "to its end"

# --- --follow ---

new_group follow r1
new_spool
entry 0.json "$me" "$work/follow"
"$RUNLEDGER" drain --follow --conf="$work/none.conf" --spool="$spool" >follow.out 2>follow.err &
pid=$!
wait_for() { # COMMAND...: for ten seconds
	i=0
	until "$@"; do
		i=$((i + 1))
		[ $i -lt 500 ] || return 1
		sleep 0.02
	done
}
has_records() { [ "$(count_in follow)" -eq "$1" ]; }
spool_is_empty() { [ -z "$(left)" ]; }
wait_for spool_is_empty
is "$?:$(count_in follow)" 0:1 "--follow delivers what was there before"
sleeps() { [ "$(cut -d' ' -f3 "/proc/$pid/stat")" = S ] && [ -z "$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)" ]; }
cpu() { cut -d' ' -f14-17 "/proc/$pid/stat"; }
wait_for sleeps
before=$(cpu)
switches=$(grep ctxt_switches "/proc/$pid/status")
sleep 1
is "$(cpu)" "$before" "then it sleeps, and takes no time of a processor"
is "$(grep ctxt_switches "/proc/$pid/status")" "$switches" "and is not even woken in a second"
case $(cat "/proc/$pid/syscall" 2>/dev/null) in
"") skip "it sleeps in poll(2)" "/proc tells no system calls" ;;
*) case $(uname -m):$(cut -d' ' -f1 "/proc/$pid/syscall") in
	x86_64:7 | x86_64:271 | aarch64:73) ok_if 0 "it sleeps in poll(2)" ;;
	x86_64:* | aarch64:*) say "$(cat "/proc/$pid/syscall")"; ok_if 1 "it sleeps in poll(2)" ;;
	*) skip "it sleeps in poll(2)" "system calls have other numbers here" ;;
	esac ;;
esac
# This machine may be busy: the best of ten tells what drain takes, or of more where they all were slow.
best_ms=9999 n=1
while [ $n -le 10 ] || { [ $best_ms -ge 100 ] && [ $n -le 40 ]; }; do
	body "$me" "$work/follow" >"$spool/new/.$n"
	began=$(date +%s%N)
	mv "$spool/new/.$n" "$spool/new/$n.json"
	i=0
	until has_records $((n + 1)) || [ $i -ge 2000 ]; do i=$((i + 1)); done
	took_ms=$((($(date +%s%N) - began) / 1000000))
	[ $took_ms -ge $best_ms ] || best_ms=$took_ms
	wait_for sleeps
	n=$((n + 1))
done
say "from the entry to its record: $best_ms ms at best"
ok_if "$([ $best_ms -lt 100 ]; echo $?)" "something new is delivered within 100 ms"
is "$(count_in follow)" $n "each of them"
kill -TERM $pid
wait $pid
is $? 143 "--follow ends on SIGTERM"
is "$(cat follow.out follow.err)" "" "and had nothing to say"

"$RUNLEDGER" drain --follow --spool="$spool" >follow.out 2>follow.err &
pid=$!
wait_for sleeps
mv "$spool" "$spool.old"
mkdir -m 700 "$spool" "$spool/new"
ended() { ! kill -0 "$pid" 2>/dev/null || [ "$(cut -d' ' -f3 "/proc/$pid/stat" 2>/dev/null)" = Z ]; }
if wait_for ended; then
	wait $pid
	is "$?:$(cat follow.err)" "1:runledger drain: $spool/new is gone, or is another folder now; start again" "--follow ends where somebody replaces the spool"
else
	kill -KILL $pid
	ok_if 1 "--follow ends where somebody replaces the spool"
fi
rm -rf "$spool.old"
run timeout 5 "$RUNLEDGER" drain --follow --spool="$work/no-spool"
is "$status" 1 "--follow fails at once where there is no spool"

if [ "$me" -ne 0 ]; then
	skip "everybody's, as root" "this is not root"
	done_testing
fi

# --- everybody's, as root ---

# Two users whom this machine does not know.
for user in 64123 64125; do
	new_group "g$user" r1
	chown -R $user:$user "g$user"
	chmod 700 "g$user/.runledger"
done
new_spool
chown 64130:64130 "$spool" "$spool/new"
entry 1.json 64123 "$work/g64123"
entry 2.json 64125 "$work/g64125"
entry 3.json 64123 "$work/g64123"
chown 64130:64130 "$spool"/new/*
drain
drained 3 0 0 0 "root delivers everybody's, from SlurmUser's spool"
is "$(count_in g64123):$(count_in g64125)" 2:1 "each into its own group"
is "$(find g64123 ! -user 64123; find g64125 ! -user 64125; find g64123 g64125 -user 0)" "" "and all is its user's there, nothing root's"
is "$(stat -c %u "$spool/new")" 64130 "the folder new stays SlurmUser's"

entry 1.json 64125 "$work/g64123"
drain
is "$(count_in g64123)" 2 "nobody's record gets into another one's private group"
new_spool
rm -r "$spool/new"
chown 64130 "$spool"
drain
is "$status:$(stat -c %u "$spool/new")" 0:64130 "where new is missing it is made, and SlurmUser's"
chown 64125 "$spool/new"
drain
is "$status" 1 "a folder new of somebody else is refused"
like "$err" "is not of the spool's owner" "and that is why"

new_spool
entry 1.json 64123 "$work/g64123"
entry 2.json 64125 "$work/g64125"
chown -R 64125 "$spool"
run setpriv --reuid=64125 --regid=64125 --clear-groups "$RUNLEDGER" drain --conf="$work/none.conf" --spool="$spool"
drained 1 0 0 0 "whoever is not root delivers their own"
is "$(count_in g64125):$(left)" "2:new/1.json " "and leaves the others' where they are"

new_spool
chown 64130 "$spool" "$spool/new"
chmod 555 g64123/.runledger/runs/r1
entry 1.json 64123 "$work/g64123"
drain
chmod 755 g64123/.runledger/runs/r1
entry 2.json 64125 "$work/g64125"
drained 1 0 0 0 "a folder without the right to write, but a file that can be appended to"
chmod 555 g64123/.runledger/runs/r1
chmod 444 g64123/.runledger/runs/r1/*.jsonl
entry 3.json 64123 "$work/g64123"
drain
drained 1 0 1 0 "where a user's group cannot be written to the record is held, and others' are delivered"
is "$(left)" "held/3.json " "it is that one"
chmod 644 g64123/.runledger/runs/r1/*.jsonl
chmod 755 g64123/.runledger/runs/r1
drain
drained 1 0 0 0 "and delivered once it can"

# A namespace of its own, so that no mount outlives us; what drain says goes to files.
if unshare -m sh -c "mount -t tmpfs -o size=256k none '$work/elsewhere'" 2>/dev/null; then
	entry 1.json 64123 "$work/elsewhere/full"
	unshare -m sh -c '
		mount -t tmpfs -o size=256k,mode=0755 none "$1/elsewhere" && cp -r "$1/g64123" "$1/elsewhere/full" &&
			rm "$1"/elsewhere/full/.runledger/runs/*/*.jsonl && chown -R 64123:64123 "$1/elsewhere/full" || exit
		cat /dev/zero >"$1/elsewhere/fill" 2>/dev/null
		"$2" drain --spool="$3" >"$1/full.out" 2>"$1/full.err"
		rm "$1/elsewhere/fill"
		"$2" drain --spool="$3" >"$1/free.out"
		cat "$1"/elsewhere/full/.runledger/runs/*/*.jsonl | wc -l >"$1/free.count"' sh "$work" "$RUNLEDGER" "$spool"
	is "$(cat full.out)" "0 delivered, 0 not tracked, 1 held, 0 bad" "on a full disk a record is held"
	like "$(cat full.err)" "No space left" "with the reason"
	is "$(cat free.out)" "1 delivered, 0 not tracked, 0 held, 0 bad" "and is delivered once there is room"
	is "$(tr -d ' ' <free.count)" 1 "whole, and once"
else
	skip "a full disk" "nothing can be mounted here"
fi

done_testing
