#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Groups that are too large, too deep, or made to hurt: each command ends soon, in bounded memory, with the right status
# and a sentence that helps, and what is good in such a group still counts.
#
# RLG_LIMITS=big (make check-limits) makes the large ones as large as they come: 10 GB, a hundred thousand runs, 100 MB.
# shellcheck source-path=SCRIPTDIR source=../tap.sh
. "${top_srcdir:=$(realpath "$(dirname "$0")/../..")}/tests/tap.sh"

big=${RLG_LIMITS:-}
pick() { if [[ $big == big ]]; then echo "$2"; else echo "$1"; fi; } # SMALL BIG

# Sanitizers reserve terabytes of addresses; 4 GB is what a refresh by itself may have (RLG_LIMIT_MEMORY_BYTES).
memory=(prlimit --as=$((4 << 30)))
if ! command -v prlimit >/dev/null || nm "$RUNLEDGER" 2>/dev/null | grep -q '__asan'; then memory=(); fi

# bounded COMMAND...: as run, but killed when it takes too long.
bounded() { run timeout "$(pick 120 600)" "${memory[@]}" "$RUNLEDGER" "$@"; }

status_line() { jq -r --arg run "$1" '.runs[] | select(.run == $run) | .phases[0] | "\(.status) \(.job_id)"' <<<"$out"; }

# ends STATUS CLAIM: by itself, not by a signal or by our patience.
ends() { status_is "$1" "$2"; }

fill() { python3 -c "$1"; } # a small program that prints

# ---- status files ----

new_group sparse a
submit_job sparse a finetune 1760896800 7
truncate -s "$(pick 256M 10G)" sparse/.runledger/runs/a/host1.jsonl
submit_job sparse a finetune 1760896900 8
bounded status --json sparse
ends 3 'a status file with gigabytes of NULs is damaged'
is "$(status_line a)" 'submitted 8' 'the records before and behind the NULs count'
bounded refresh sparse
ends 3 'and its trackers are refreshed'
has sparse/runs_status.yaml 'finetune_job_id: "8"'
ok_if $? 'with what there is'

new_group line a
submit_job line a finetune 1760896800 7
{ head -c "$(pick 20000000 100000000)" /dev/zero | tr '\0' x; echo; } >>line/.runledger/runs/a/host1.jsonl
submit_job line a finetune 1760896900 8
bounded status --json line
ends 3 'a line of megabytes is damaged'
is "$(status_line a)" 'submitted 8' 'the line behind it counts'

if [[ $big == big ]]; then
	new_group real a
	for i in {1..1000}; do submit_job real a finetune $((1760896800 + i)) "$i"; done
	for _ in {1..12}; do cat real/.runledger/runs/a/*.jsonl{,} >all && mv all real/.runledger/runs/a/host1.jsonl; done
	say "$(wc -c <real/.runledger/runs/a/host1.jsonl) bytes of real lines"
	bounded status --json real
	ends 0 'a status file of a gigabyte of real lines is read'
	is "$(jq '.runs[0].phases[0].attempts | length' <<<"$out")" 1000 'each record counts once'
	rm -rf real
fi

new_group deep a
submit_job deep a finetune 1760896800 7
fill 'print("{\"timestamp\":1,\"name\":\"submit\",\"context\":{\"v\":1,\"x\":" + "[" * 1900 + "]" * 1900 + "}}")' \
	>>deep/.runledger/runs/a/host1.jsonl
bounded status --json deep
ok_if $((status != 0 && status != 3)) 'a record that is nested as deep as it is long hurts nobody'
is "$(status_line a)" 'submitted 7' 'the others count'

# ---- settings, plans and trackers ----

# One file of a group, and what is to be said of it.
refused() { # FILE SENTENCE CLAIM
	bounded refresh hostile
	ends 1 "$3"
	like "$err" "${1##*/}" "... the sentence names the file"
	like "$err" "$2" '... and says why'
	rm -rf hostile
	new_group hostile a
	submit_job hostile a finetune 1760896800 7
}
new_group hostile a
submit_job hostile a finetune 1760896800 7

config=hostile/.runledger/config.yaml
fill 'print("phases: " + "[" * 100000)' >$config
refused $config 'nested too deeply' 'config.yaml of a hundred thousand brackets is refused'
{ echo 'run_group: &a [*a]' && echo 'phases: *a'; } >$config
refused $config 'must be' 'an alias in config.yaml that holds itself is refused'
fill '
print("a0: &a0 [x, x]")
for i in range(1, 60): print(f"a{i}: &a{i} [*a{i-1}, *a{i-1}, *a{i-1}]")
print("phases: *a59")' >$config
refused $config 'there is no setting' 'a bomb of aliases in config.yaml stays small'
fill 'print("phases: [" + ", ".join("p%d" % i for i in range(10000)) + "]")' >$config
refused $config '10000' 'ten thousand phases in config.yaml are refused, with their number'
head -c 3000000 /dev/zero | tr '\0' '#' >$config
refused $config 'larger than' 'config.yaml of megabytes is refused'
ln -s config.yaml $config
refused $config 'config.yaml' 'config.yaml that is a link to itself is refused'

fill 'print("runs:\n  a: " + "{b: " * 100000)' >hostile/runs_status.yaml
cp hostile/runs_status.yaml before
bounded refresh hostile
ends 1 'a tracker of a hundred thousand braces is refused'
like "$err" 'runs_status.yaml:2: this file is nested too deeply' '... with file and line'
cmp -s before hostile/runs_status.yaml
ok_if $? '... and left alone'
fill '
print("run_group: x\nruns:\n  a:\n    x0: &x0 [y, y]")
for i in range(1, 60): print(f"    x{i}: &x{i} [*x{i-1}, *x{i-1}]")' >hostile/runs_status.yaml
bounded refresh hostile
ends 0 'a bomb of aliases in a tracker stays small'
has hostile/runs_status.yaml 'x59: &x59 [*x58, *x58]'
ok_if $? '... and stays as it is'

rm hostile/runs_plan.md
ln -s runs_plan.md hostile/runs_plan.md
bounded status --json hostile
ok_if $((status > 3)) 'a plan that is a link to itself hurts nobody'
is "$(status_line a)" 'submitted 7' '... and the records count'

mkdir -p loop/a && new_group loop a
ln -s .. loop/a/up && ln -s . loop/a/self && ln -s self loop/a/again
ln -s ../../../loop/a loop/.runledger/runs/linked
submit_job loop a finetune 1760896800 7
printf 'outputs:\n  finetune: "self/self/self/*/*/*/*/*/*.pt"\ntrackers:\n  run_logs: "run_logs/{run}.md"\n' >loop/.runledger/config.yaml
bounded refresh loop
ok_if $((status != 0 && status != 3)) 'links that go round in a run'\''s folder end nowhere'

# ---- many ----

manifold() { # GROUP RUNS
	new_group "$1" a
	python3 - "$1" "$2" <<-'END'
		import os, sys
		for i in range(int(sys.argv[2])):
		    folder = f"{sys.argv[1]}/.runledger/runs/run_{i:07d}"
		    os.mkdir(folder)
		    with open(folder + "/host1.jsonl", "w") as file:
		        file.write('{"timestamp":%d.0,"name":"submit","context":{"v":1,"id":"%032d","cluster":"c","run":"run_%07d",'
		                   '"phase":"finetune","sid":"s%d","job_id":%d}}\n' % (1760896800 + i, i, i, i, i + 1))
	END
}
count=$(pick 5000 100000)
manifold many "$count"
bounded status --json many
ends 0 "a group of $count runs is shown"
is "$(jq .counts.submitted <<<"$out")" "$count" 'with every run'
bounded refresh many
ends 0 '... and refreshed'
cp many/runs_status.yaml before
bounded refresh many
cmp -s before many/runs_status.yaml
ok_if $? '... and the second time nothing changes'
rm -rf many

new_group phases a
for i in {1..3000}; do echo "$i"; done | awk '{ printf "{\"timestamp\":%d.0,\"name\":\"submit\",\"context\":{\"v\":1,\"id\":\"%032d\",\"cluster\":\"c\",\"run\":\"a\",\"phase\":\"p%d\",\"sid\":\"s%d\",\"job_id\":%d}}\n", 1760896800 + $1, $1, $1, $1, $1 }' >records
mkdir -p phases/.runledger/runs/a && mv records phases/.runledger/runs/a/host1.jsonl
for form in status refresh 'report -f csv'; do
	# shellcheck disable=SC2086  # a command and its options
	bounded $form phases
	ends 0 "$form: thousands of phases in the records"
done

if [[ $big == big ]]; then
	new_group tracker a
	submit_job tracker a finetune 1760896800 7
	fill 'print("run_group: x\nruns:")
for i in range(400000): print("  r%d:\n    finetune_status: pending\n    note: \"%s\"" % (i, "y" * 200))' >tracker/runs_status.yaml
	say "a tracker of $(wc -c <tracker/runs_status.yaml) bytes"
	cp tracker/runs_status.yaml before
	run timeout 600 "$RUNLEDGER" refresh tracker
	ends 0 'a tracker of a hundred megabytes is refreshed'
	is "$(grep -c '    note:' tracker/runs_status.yaml)" 400000 'and nothing in it is lost'
	cp before tracker/runs_status.yaml
	bounded refresh tracker
	if ((status != 0)); then
		like "$err" 'out of memory' 'where it may not have the memory, it says so'
		cmp -s before tracker/runs_status.yaml
		ok_if $? '... and leaves the file alone'
	fi
	rm -rf tracker
fi

# One job that is told of tens of thousands of times: what looks at all of its attempts for each word takes from ten seconds to minutes.
told_often() { # GROUP PYTHON: more(moment, event, members...) is a record; i counts
	new_group "$1" a
	mkdir -p "$1/.runledger/runs/a"
	python3 - "$2" >"$1/.runledger/runs/a/host1.jsonl" <<-'END'
		import json, sys
		count = 0
		def more(moment, event, **members):
		    global count
		    count += 1
		    print(json.dumps({"timestamp": 1700000000 + moment, "name": event, "context": {
		        "v": 1, "id": "%032d" % count, "cluster": "c", "run": "a", "phase": "finetune", "job_id": 7, **members}}))
		def requeued(at):
		    more(at + 90, "finish", state="REQUEUED", final=False, source="slurmctld", submit_time=1700000000 + at,
		         start_time=1700000001 + at, end_time=1700000090 + at)
		for i in range(40000):
		    exec(sys.argv[1])
	END
}
told_of() { # GROUP ATTEMPTS CLAIM
	run sh -c 'ulimit -t 8; exec "$@"' sh "$RUNLEDGER" status --json "$1" # seconds of CPU: others may be at work
	ends 0 "$3"
	is "$(jq '.runs[0].phases[0].attempts | length' <<<"$out")" "$2" '... with every attempt'
	rm -rf "$1"
}
told_often steps 'requeued(100 * i); more(100 * i + 1, "start", step="batch"); more(100 * i + 9, "start", step="0")'
told_of steps 40000 'a job with steps that was requeued tens of thousands of times is shown at once'
told_often ends 'more(100 * i, "finish", state="FAILED", final=True, source="epilog")'
told_of ends 40000 'so is one with ends that name no attempt'
told_often loose 'requeued(100 * i); more(100 * i + 91, "finish", state="REQUEUED", final=False, source="epilog")'
told_of loose 40000 'and one that was requeued, with as many more'
told_often waits 'more(i, "state", state="PENDING", source="slurmctld", submit_time=1700000000 + i); more(10**6 + i, "start", step="batch")'
told_of waits 40000 'and one with as many submissions that wait, and starts'
told_often second 'more(i / 10**6, "start", step="batch")'
told_of second 40000 'and one with as many starts in a second'

# ---- names ----

new_group names a
mkdir -p names/.runledger/runs
python3 - <<-'END'
	import os
	record = ('{"timestamp":1760896800.0,"name":"submit","context":{"v":1,"id":"%032d","cluster":"c","run":"x","phase":"finetune",'
	          '"sid":"s%d","job_id":%d}}\n')
	for byte in range(1, 256):
	    if byte == ord("/"):
	        continue
	    folder = b"names/.runledger/runs/odd" + bytes([byte]) + b"name"
	    os.mkdir(folder)
	    with open(folder + b"/host1.jsonl", "w") as file:
	        file.write(record % (byte, byte, byte))
END
for form in status 'status --json' report refresh events; do
	# shellcheck disable=SC2086  # a command and its options
	case $form in
	events) run sh -c 'cd names && exec timeout 120 "$0" events' "$RUNLEDGER" ;;
	*) bounded $form names ;;
	esac
	ok_if $((status != 0 && status != 3)) "$form: every odd byte in the name of a run"
	printf '%s' "$out" | LC_ALL=C grep -q $'[\x01-\x08\x0b-\x1f\x7f]'
	ok_if $((!$?)) '... none of which comes to the terminal as it is'
done
python3 -c 'import yaml, sys; sys.exit(len(yaml.safe_load(open("names/runs_status.yaml"))["runs"]) != 95)'
ok_if $? 'and the tracker is YAML with all that can be one'

for name in '../x' 'a/b/c' '/etc' '.' '..' '-x' $'a\nb' "$(printf 'x%.0s' {1..300})"; do
	bounded note --group names "$name" text
	ok_if $((status != 1 && status != 2)) "$(printf 'no run can be called %.20q' "$name")"
done
is "$(find . -path ./names -prune -o -newer before -name '*.jsonl' -print | grep -c 'etc\|/x/')" 0 'and nothing was written beside the group'

# ---- clocks and clusters ----

new_group clock a
submit_job clock a finetune 1760900000 7
record clock a finetune 1760890000 start '"sid":"s7","job_id":7,"nodes":"n1","start_time":1760890000'
record clock a finetune 1760880000 finish '"sid":"s7","job_id":7,"state":"COMPLETED","final":true,"exit_code":0,"submit_time":1760900000,"start_time":1760890000,"end_time":1760880000,"source":"epilog"'
record clock a eval 99999999999 submit '"sid":"s8","job_id":8'
record clock a eval -5 start '"sid":"s8","job_id":8'
for form in status 'status --json' 'report -f csv' refresh; do
	# shellcheck disable=SC2086  # a command and its options
	bounded $form clock
	ok_if $((status != 0 && status != 3)) "$form: a clock that was set back, and one that is centuries ahead"
done
bounded status --json clock
is "$(status_line a)" 'completed 7' 'an end before its beginning is an end'
is "$(jq '[.. | .elapsed_s? | numbers | select(. < 0)] | length' <<<"$out")" 0 'and nothing took less than no time'

new_group clusters a
for cluster in one two; do
	for event in submit:'"user":"ann"' start:'"nodes":"n1","start_time":1760896860' \
		finish:'"final":true,"exit_code":0,"source":"epilog","submit_time":1760896800,"start_time":1760896860,"end_time":1760897000,"state":"'"$([[ $cluster == one ]] && echo COMPLETED || echo FAILED)"'"'; do
		record clusters a "$cluster" 1760896800 "${event%%:*}" '"job_id":7,"sid":"'$cluster'",'"${event#*:}"
		sed -i "\$s/\"cluster\":\"c\"/\"cluster\":\"$cluster\"/" clusters/.runledger/runs/a/host1.jsonl
	done
done
bounded status --json clusters
ends 0 'two clusters with the same job id'
is "$(jq -c '[.runs[0].phases[] | select(.job_id) | [.phase, .status, (.attempts | length)]]' <<<"$out")" \
	'[["one","completed",1],["two","failed",1]]' '... are two jobs'

# ---- places ----

new_group readonly a
job readonly a finetune 1760896800 7 COMPLETED
in_readonly() { unshare --mount sh -c 'mount --bind readonly readonly && mount -o remount,ro,bind readonly && exec "$@"' sh "$@"; }
if in_readonly true 2>/dev/null; then
	run in_readonly "$RUNLEDGER" status --json readonly
	ends 0 'a group on a read-only file system is shown'
	is "$(status_line a)" 'completed 7' '... as it is'
	for form in 'refresh readonly' 'note --group readonly a text'; do
		# shellcheck disable=SC2086  # a command and its options
		run in_readonly "$RUNLEDGER" $form
		ends 1 "$form: cannot be done there"
		like "$err" 'Read-only file system' '... and says why'
	done
else
	skip 'a group on a read-only file system' 'no mounts can be made here'
fi

HOME=$work/not/mounted run "$RUNLEDGER" status --json readonly
ends 0 'a home that is not mounted is not needed'
printf 'track = all\n' >site.conf
printf '{"timestamp":1760896800.0,"name":"start","context":{"v":1,"id":"%032d","cluster":"c","job_id":9,"job_name":"x"}}\n' 9 >draft
status=0
HOME=$work/not/mounted "$RUNLEDGER" record start --conf=site.conf >.out 2>.err <draft || status=$?
out=$(cat .out) err=$(cat .err)
ok_if $((status > 3)) 'nor does the record of a job end otherwise than it should without one'
[[ ! -e $work/not ]] || [[ -d $work/not/mounted/runledger ]]
ok_if $? '... and no half of a home is made'

done_testing
