#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Whatever is broken of ours or of the user's, a job runs, ends and is let go as if we were not there, within the
# configured limit.  A table of faults, each with the same small job.
# shellcheck source-path=SCRIPTDIR source=stage.sh disable=SC2119,SC2016,SC2317
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/stage.sh"
stage_need root
stage_install || exit 99
cluster_start || exit 99
stage_need_multiuser

LIMIT_MS=1000
SLACK_MS=600                          # for what Slurm itself and this machine take

shared=$(cluster_shared)
site=$shared/site                     # the admin's: helpers and runledger.conf
home=$(cluster_home alice)
mkdir -p "$site" && chmod 755 "$site"
victim=$shared/victim                 # bob's, and anybody may write to it
cluster_as bob bash -c 'echo precious >"$1" && chmod 666 "$1"' _ "$victim"

make_as alice "$shared/job" 755 <<-'END'
	#!/bin/bash
	echo "a line of mine"
	date +%s.%N >"$STAMP"
	exit 5
END

# --- the admin's side

# plug [ARGUMENT...]: our lines with these arguments, for everybody from now on.
plug() {
	stage_plugstack conf="$site/runledger.conf" timeout_ms="$LIMIT_MS" "$@" >"$site/plugstack"
	mv "$site/plugstack" "$CLUSTER_DIR/etc/plugstack.conf"
}
unplug() { : >"$CLUSTER_DIR/etc/plugstack.conf"; }

# helper NAME: standard input becomes the body of a program in the tool's place, and is plugged in.
helper() {
	{
		echo '#!/bin/bash'
		printf 'REAL=%q PIDS=%q\n' "$RUNLEDGER" "$shared/pids"
		cat
	} >"$site/$1"
	chmod 755 "$site/$1"
	plug helper="$site/$1"
}
# Programs that hang on purpose write down who they are.
: >"$shared/pids" && chmod 666 "$shared/pids"
end_helpers() {
	local pid
	while read -r pid; do
		cluster_admin kill -KILL "$pid" 2>/dev/null
	done <"$shared/pids"
	: >"$shared/pids"
}

# hang WORD: a tool that never comes back from what its command line says.
hang() {
	helper "hang-$1" <<-END
		case " \$* " in *" $1 "*)
			trap '' TERM HUP INT
			echo \$\$ >>"\$PIDS"
			exec sleep infinity
		esac
		exec "\$REAL" "\$@"
	END
}

# --- the user's side

# new_place NAME: a run group with one run, where one good job was; sets group, folder and file.
new_place() {
	group=$home/$1 folder=$group/one
	cluster_as alice bash -c 'mkdir -p "$1/one" && cd "$1" &&
		printf "# Run Plan: x\n\n## All Runs\n\n| Run Name |\n|---|\n| one |\n" >runs_plan.md &&
		"$2" init . >/dev/null && mkdir -p .runledger/runs/one && : >.runledger/runs/one/rlg.jsonl' _ "$group" "$RUNLEDGER"
	file=$group/.runledger/runs/one/rlg.jsonl
}

# submit FOLDER [SBATCH-ARGUMENT...]: sets id, said and submit_ms.
submit() {
	local code=0 begin end
	stamp=$shared/stamp.$((++stamps))
	out=$(cluster_as alice env STAMP="$stamp" bash -c 'cd "$1" && shift || exit
		begin=$EPOCHREALTIME
		id=$(sbatch --parsable "$@")
		echo "$? ${id:-none} $begin $EPOCHREALTIME"' _ "$1" -o "$shared/out.%j" "${@:2}" "$shared/job" 2>"$work/said")
	read -r code id begin end <<<"$out"
	said=$(<"$work/said")
	submit_ms=$(awk -v a="$begin" -v b="$end" 'BEGIN { printf "%d", (b - a) * 1000 }')
	[[ $code == 0 && $id != *[!0-9]* ]]
}
stamps=0

# finish: waits for the job's end on its node; sets result and completing_ms.
finish() {
	local now=
	wait_until 20 test -s "$stamp"
	until cluster_job_is_done "$id"; do
		now=$(awk -v a="$(<"$stamp")" -v b="$EPOCHREALTIME" 'BEGIN { printf "%d", b - a }')
		((now < 20)) || break
	done
	completing_ms=$(awk -v a="$(<"$stamp")" -v b="$EPOCHREALTIME" 'BEGIN { printf "%d", (b - a) * 1000 }')
	result="$(cluster_job_field "$id" JobState) $(cluster_job_field "$id" ExitCode) $(job_said 2>&1)"
}

# Without what slurmstepd itself says there, in the words of 22.05 or of 26.05.
job_said() { grep -v -e '^slurmstepd' -e "^\\[[-0-9T:.]*\\] error: couldn't chdir to" "$shared/out.$id"; }

slowest_submit=0 slowest_completing=0
claims() {
	is "$result" "$untouched" "$1: the job ends as without us"
	note "sbatch $submit_ms ms, completing $completing_ms ms${said:+; said: $(head -c 300 <<<"$said" | tr -cd '[:print:]\n')}"
	ok_if "$((submit_ms > plain_submit_ms + LIMIT_MS + SLACK_MS || completing_ms > plain_completing_ms + LIMIT_MS + SLACK_MS))" \
		"$1: nobody waits for longer than the limit"
	# A sentence or two are for the user; a terminal must not get what is none.
	(($(wc -l <<<"$said") <= 2 && $(wc -c <<<"$said") <= 600)) && [[ ! ${said//$'\n'/} =~ [[:cntrl:]] ]] &&
		iconv -f UTF-8 -t UTF-8 <<<"$said" >/dev/null
	ok_if $? "$1: sbatch says a sentence or two at most"
	((submit_ms <= slowest_submit)) || slowest_submit=$submit_ms
	((completing_ms <= slowest_completing)) || slowest_completing=$completing_ms
}

# a_job CLAIM [SBATCH-ARGUMENT...]
a_job() {
	submit "$folder" "${@:2}" || note "sbatch failed: $said"
	finish
	claims "$1"
}

# between CLAIM COMMAND...: something happens while the job waits in the queue.
between() {
	submit "$folder" --hold || note "sbatch failed: $said"
	"${@:2}"
	cluster_as alice scontrol release "$id"
	finish
	claims "$1"
}

# still_works CLAIM: the next job in the same place is recorded from beginning to end.
still_works() {
	submit "$folder" && finish
	wait_until 5 phase_is one finetune "$id failed 5"
	ok_if $? "$1: and the next job is recorded as ever"
}
phase_is() {
	[[ $(status_json alice "$group" "'%s %s %s' % tuple(phase('$1','$2')[k] for k in ('job_id','status','exit_code'))") == "$3" ]]
}

# --- without us

new_place plain
unplug
submit "$folder" && finish
untouched=$result plain_submit_ms=$submit_ms plain_completing_ms=$completing_ms
is "$untouched" "FAILED 5:0 a line of mine" "the job without plugins"
note "without plugins: sbatch $submit_ms ms, completing $completing_ms ms"
plug
cluster_restart_slurmd n1            # from now on it knows that there is an epilog
a_job "all is well"
still_works "all is well"
is "$said" "" "all is well: sbatch says nothing"

# --- the tool

plug helper="$site/nothing-here"
a_job "the tool is missing"
install -m 644 "$RUNLEDGER" "$site/plain-file"
plug helper="$site/plain-file"
a_job "the tool is not executable"
plug helper="$site"
a_job "the tool is a folder"
for event in submit refresh finish; do
	hang "$event"
	a_job "the tool hangs at $event"
	end_helpers
done
helper holds-output <<-'END'
	setsid sleep infinity &
	echo $! >>"$PIDS"
	sleep infinity &
	echo $! >>"$PIDS"
	exec sleep infinity
END
a_job "the tool hangs, and its children hold its output open"
end_helpers
helper ends-but-children <<-'END'
	setsid sleep infinity &
	echo $! >>"$PIDS"
	exec "$REAL" "$@"
END
a_job "the tool ends, but its children hold its output open"
end_helpers
helper aborts <<-'END'
	ulimit -c 0
	kill -ABRT $$
END
a_job "the tool crashes"
helper fails <<<'exit 1'
a_job "the tool exits 1"
helper babbles <<-'END'
	head -c 1048576 /dev/urandom
	head -c 1048576 /dev/urandom >&2
	printf 'group=/\xff\ngroup=\n\nrun=../../x\nphase\n'
END
a_job "the tool babbles, 1 MB of it"
helper lies <<-END
	printf 'group=%s\nrun=../../../etc\nphase=\e[31m\n' "$victim"
END
a_job "the tool answers with an address that is none"
helper half <<-'END'
	"$REAL" "$@" <&0 &
	tool=$!
	sleep 0.000$((RANDOM % 10))
	kill -KILL $tool $$ 2>/dev/null
END
for _ in 1 2 3; do
	a_job "the tool is killed while it works"
done
plug
still_works "the tool is killed while it works"
is "$(<"$victim")" precious "nobody's file was written to"

# --- the admin's settings

printf 'track = sometimes\n\0\1\2 = \xff\ntimeout_ms = -7\n%s\n[section\n' "$(head -c 5000 /dev/zero | tr '\0' x)" >"$site/runledger.conf"
a_job "a broken runledger.conf"
still_works "a broken runledger.conf"
rm "$site/runledger.conf" && mkdir "$site/runledger.conf"
a_job "a runledger.conf that is a folder"
rmdir "$site/runledger.conf"

plug colour=red
cluster_restart_slurmd n1
a_job "an unknown argument in plugstack.conf"
is "$said" "" "an unknown argument in plugstack.conf: no user is told"
wait_until 5 grep -qF "there is no argument 'colour=red'" "$(cluster_log slurmd-n1)"
ok_if $? "an unknown argument in plugstack.conf: slurmd's log has it"
still_works "an unknown argument in plugstack.conf"

new_place twice
plug && cat "$CLUSTER_DIR/etc/plugstack.conf" "$CLUSTER_DIR/etc/plugstack.conf" >"$site/plugstack"
mv "$site/plugstack" "$CLUSTER_DIR/etc/plugstack.conf"
cluster_restart_slurmd n1
a_job "our lines stand in plugstack.conf twice"
is "$said" "" "our lines stand in plugstack.conf twice: sbatch says nothing"
one_has_ended() { (($(records_count "$group" one finish) >= 1)); }
wait_until 30 one_has_ended
wait_until 5 nothing_left
is "$(records_count "$group" one submit) $(records_count "$group" one start) $(records_count "$group" one finish)" "1 1 1" \
	"our lines stand in plugstack.conf twice: each record is written once"
plug
cluster_restart_slurmd n1

# --- the user's folders

new_place run_gone
between "the run's folder is removed before the start" cluster_as alice rm -r "$folder"
new_place group_gone
between "the group's .runledger is removed before the start" cluster_as alice rm -r "$group/.runledger"
[[ ! -e $group/.runledger ]]
ok_if $? "the group's .runledger is removed before the start: it is not made again"
new_place all_gone
between "the whole group is removed before the start" cluster_as alice rm -r "$group"

new_place read_only
cluster_as alice chmod -R a-w "$group"
a_job "nothing in the group can be written to"
cluster_as alice chmod -R u+w "$group"
still_works "nothing in the group can be written to"
new_place closed
cluster_as alice chmod 555 "$group"
a_job "the group's folder cannot be written to"
cluster_as alice chmod 755 "$group"
still_works "the group's folder cannot be written to"

new_place odd_file
# instead CLAIM COMMAND...: puts something else in the status file's place.
instead() {
	cluster_admin rm -rf "$file"
	"${@:2}"
	a_job "$1"
}
instead "the status file is read-only" cluster_as alice bash -c ': >"$1" && chmod 444 "$1"' _ "$file"
instead "the status file is root's" cluster_admin touch "$file"
[[ ! -s $file ]]
ok_if $? "the status file is root's: it stays empty"
instead "the status file is a folder" cluster_as alice mkdir "$file"
instead "the status file is a fifo" cluster_as alice mkfifo "$file"
instead "the status file is a link to somebody else's" cluster_as alice ln -s "$victim" "$file"
is "$(<"$victim")" precious "the status file is a link to somebody else's: which is not touched"
instead "the status file has a second name" cluster_admin ln "$victim" "$file"
is "$(<"$victim")" precious "the status file has a second name: which is not touched"
cluster_admin rm -rf "$file"
still_works "the status file was odd"
cluster_as alice bash -c 'rm -r "$1" && ln -s "$2" "$1"' _ "$group/.runledger/runs/one" "$shared"
a_job "the run's record folder is a link elsewhere"
is "$(find "$shared" -maxdepth 1 -name '*.jsonl')" "" "the run's record folder is a link elsewhere: nothing is written there"

new_place broken
cluster_as alice bash -c 'printf "phases: [\n\tx: \"\n" >"$1"' _ "$group/.runledger/config.yaml"
a_job "a config.yaml that does not parse"
cluster_as alice rm "$group/.runledger/config.yaml"
still_works "a config.yaml that does not parse"
cluster_as alice bash -c 'printf "runs: [\n\tx: \"\n" >"$1"' _ "$group/runs_status.yaml"
a_job "a tracker that does not parse"
is "$(<"$group/runs_status.yaml")" "$(printf 'runs: [\n\tx: "\n')" "a tracker that does not parse: is left alone"
still_works "a tracker that does not parse"

new_place full
cluster_as alice mv "$group" "$group.aside"
cluster_as alice mkdir "$group"
cluster_admin mount -t tmpfs -o size=1m,mode=0755,uid="$(alice_uid)" none "$group"
cluster_as alice bash -c 'cp -r "$1.aside/." "$1" && cat /dev/zero >"$1/fill"' _ "$group" 2>/dev/null
is "$(cluster_as alice stat -f -c %f "$group")" 0 "the disk is full"
a_job "the disk is full"
cluster_as alice rm "$group/fill"
still_works "the disk is full"

# Names as long as a file system takes, with all that a shell or a line of text could trip over.
long=$(head -c 240 /dev/zero | tr '\0' x)
new_place "odd/a b  'q\" # \$(x) é☃ %s \\n/$long"
a_job "a path with all kinds of characters"
still_works "a path with all kinds of characters"
is "$(tracker_value "$group/runs_status.yaml" one finetune_status)" failed "a path with all kinds of characters: the tracker is kept"
folder=$group/$long
cluster_as alice mkdir "$folder"
a_job "a folder's name too long for a run's"
new_place $'odd/new\nline'
a_job "a path with a newline"

new_place homeless
for value in '' /nonexistent relative; do
	submit_home() { cluster_as alice bash -c 'cd "$1" && HOME=$2 STAMP=$3 sbatch --parsable -o "$4/out.%j" "$4/job"' _ "$folder" "$value" "$stamp" "$shared"; }
	stamp=$shared/stamp.home.${#value}
	id=$(submit_home 2>"$work/said")
	said=$(<"$work/said")
	finish
	submit_ms=0
	claims "HOME is '$value'"
done
still_works "HOME is odd"

note "slowest of all: sbatch $slowest_submit ms, completing $slowest_completing ms; the limit is $LIMIT_MS ms"
is "$(<"$victim")" precious "nobody's file was written to"
end_helpers
cluster_is_unhurt "nothing of ours is left, and every node serves"
done_testing
