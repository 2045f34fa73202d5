#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a user, or the user that slurmctld runs as, lays out for root's processes: a helper, entries of the spool, and what
# drain's child holds once it is a user.
# shellcheck source-path=SCRIPTDIR source=attacks.sh disable=SC2016,SC2317
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/attacks.sh"
attack_scene --unprivileged

# --- a helper that others could exchange

pwned=$shared/pwned
: >"$pwned" && chmod 666 "$pwned"
# plugged NAME PATH: the plugins with that helper, and a job of alice's.
plugged() {
	: >"$pwned"
	stage_plugstack helper="$2" >"$work/plugstack" && mv "$work/plugstack" "$CLUSTER_DIR/etc/plugstack.conf"
	a_job_of alice a
	ok_if $? "helper $1: a job runs and ends well all the same"
	wait_until 20 jobs_are_over
}
helper_of() { # USER FOLDER MODE-OF-FOLDER MODE
	cluster_admin bash -c 'mkdir -p "$1" && printf "#!/bin/sh\ncat >/dev/null\necho ran by \$(id -un) >>%s\n" "$2" >"$1/tool" &&
		chmod "$3" "$1/tool" && chown "$4" "$1" "$1/tool" && chmod "$5" "$1"' _ "$2" "$pwned" "$4" "$1" "$3"
}
refused() { # NAME PATH
	plugged "$1" "$2"
	is "$(cat "$pwned")" "" "helper $1: it is not started"
	like "$(cat "$work/job.out" "$CLUSTER_DIR"/log/slurmd-n*.{log,out} 2>/dev/null)" "the helper is not started" "helper $1: which is told"
	is "$(cluster_drained)" "" "helper $1: no node is drained"
}
helper_of root:root "$shared/h-root" 755 755
plugged "of root's" "$shared/h-root/tool"
like "$(cat "$pwned")" "ran by root" "helper of root's: it is started, as root too"
helper_of bob:bob "$shared/h-bob" 755 755
refused "of a user's" "$shared/h-bob/tool"
helper_of root:root "$shared/h-mode" 755 757
refused "that all may write" "$shared/h-mode/tool"
helper_of root:root "$shared/h-folder" 777 755
refused "in a folder that all may write" "$shared/h-folder/tool"
helper_of root:lab "$shared/h-lab" 775 775
refused "that a group may write" "$shared/h-lab/tool"
cluster_as bob ln -s "$shared/h-root/tool" "$shared/h-link"
refused "behind a user's link" "$shared/h-link"
stage_plugstack >"$work/plugstack" && mv "$work/plugstack" "$CLUSTER_DIR/etc/plugstack.conf"

# --- the spool

spool=$CLUSTER_DIR/spool-of-site
cluster_admin install -d -m 700 -o slurmctl -g slurmctl "$spool" "$spool/new"
drain() { cluster_admin timeout 60 "$RUNLEDGER" drain --spool="$spool" >"$work/drain.out" 2>"$work/drain.err"; }
uid_of() { cluster_as "$1" id -u; }
alice=$(uid_of alice) bob=$(uid_of bob)

cluster_as alice touch "$spool/new/x.json" 2>"$work/words"
ok_if "$(! [[ -e $spool/new/x.json ]]; echo $?)" "spool: a user puts nothing into it: $(tail -n 1 "$work/words")"
cluster_as alice ls "$spool" >"$work/words" 2>&1
ok_if "$(! grep -q new "$work/words"; echo $?)" "spool: nor reads it"

number=0
# entry CONTEXT: as SlurmUser, an end of a job.
entry() {
	number=$((number + 1))
	printf '{"timestamp":1773241300,"name":"finish","context":{"v":1,"id":"%032d","job_id":%d,"state":"COMPLETED","final":true,"exit_code":0,"signal":0,%s}}\n' \
		"$number" "$((9000 + number))" "$1" | cluster_as slurmctl bash -c 'cat >"$1" && chmod 600 "$1"' _ "$spool/new/e$number.json"
}
entry "\"uid\":$alice,\"user\":\"alice\",\"group\":\"$group\",\"run\":\"a\",\"phase\":\"finetune\""
drain
is "$(records_of "$group" a finish | grep -c '"source"\|9001')" 1 "spool: a good entry is delivered: $(tail -n 1 "$work/drain.err")"

rooted=$shared/rooted
cluster_as slurmctl bash -c 'mkdir -p "$1/.runledger/runs" "$1/a"' _ "$rooted"
entry "\"uid\":0,\"user\":\"root\",\"group\":\"$rooted\",\"run\":\"a\",\"phase\":\"x\""
drain
is "$(find "$rooted" -uid 0)" "" "spool: an entry for root chooses no folder of its own: $(tail -n 1 "$work/drain.err" | cut -c1-100)"

# What only the groups of root, or of bob, may enter.
closed=$shared/closed
cluster_admin bash -c 'mkdir -p "$1/root" "$1/bob" && cp -r "$2/.runledger" "$1/root" && cp -r "$2/.runledger" "$1/bob" &&
	chown -R alice:root "$1/root" && chown -R alice:bob "$1/bob" && chown root:root "$1/root" && chown root:bob "$1/bob" &&
	chmod 750 "$1/root" "$1/bob"' _ "$closed" "$group"
entry "\"uid\":$alice,\"gid\":0,\"user\":\"root\",\"group\":\"$closed/root\",\"run\":\"a\",\"phase\":\"finetune\""
entry "\"uid\":$alice,\"gid\":$bob,\"user\":\"bob\",\"group\":\"$closed/bob\",\"run\":\"a\",\"phase\":\"finetune\""
drain
is "$(cat "$closed"/*/.runledger/runs/a/*.jsonl 2>/dev/null | grep -c '"job_id":900[34]')" 0 \
	"spool: an entry with another's group and name reaches nothing of theirs"

cluster_as slurmctl bash -c 'cd "$1" && ln -s /etc/shadow l.json && mkfifo f.json && mkdir d.json && head -c 30M /dev/zero >z.json &&
	head -c 30M /dev/zero | tr "\0" "{" >deep.json && echo garbage >g.json && : >e.json' _ "$spool/new"
cluster_as alice bash -c 'echo x >"$1/alices.json" && chmod 666 "$1/alices.json"' _ "$shared"
cluster_admin mv "$shared/alices.json" "$spool/new/"
drain
status=$?
ok_if "$([[ $status -ne 124 ]]; echo $?)" "spool: links, fifos, folders, huge and foreign entries: drain ends"
unlike "$(cat "$work/drain.out" "$work/drain.err")" "root:" "spool: and shows nothing of what a link leads to"
is "$(find "$spool/new" -name '*.json' | wc -l)" 0 "spool: and all are put aside"
entry "\"uid\":$alice,\"user\":\"alice\",\"cwd\":\"/nowhere/\\u001b[2J\\nrunledger drain: forged\",\"job_name\":\"\\u001b]0;x\\u0007\",\"submit_time\":1773241200"
entry "\"uid\":$alice,\"user\":\"alice\",\"group\":\"/nowhere\\u001b[2J\\nrunledger drain: forged\",\"run\":\"a\",\"phase\":\"x\""
drain
unlike "$(cat "$work/drain.err")" $'\e' "spool: a path's escapes do not get into drain's log"
is "$(grep -c '^runledger drain: forged' "$work/drain.err")" 0 "spool: nor is its newline one"
entry "\"uid\":$alice,\"user\":\"alice\",\"group\":\"$group/../../home/bob\",\"run\":\"../../x\",\"phase\":\"x\""
entry "\"uid\":$alice,\"user\":\"alice\",\"group\":\"$mine\",\"run\":\"a\",\"phase\":\"x\""
entry "\"uid\":4294967295,\"user\":\"alice\",\"group\":\"$group\",\"run\":\"a\""
entry "\"uid\":-1,\"gid\":4294967295,\"group\":\"$group\",\"run\":\"a\""
drain
unharmed "spool: entries with odd runs, groups and users"

# --- slurmctld's program with hostile values

cluster_as slurmctl env -i JOBID=77 UID=0 GID=0 USERNAME=$'root\nx' JOBNAME=$'\e[2J$(id)' JOBSTATE=COMPLETED EXITCODE=0:0 SUBMIT=1 START=2 END=3 \
	CLUSTER='../..' WORK_DIR=/proc/self/fd NODES="$(printf '%09000d' 1)" ACCOUNT=$'\xff' LD_LIBRARY_PATH=/tmp \
	"$STAGE/libexec/runledger/runledger-jobcomp" --spool="$spool" >"$work/words" 2>&1
status=$?
ok_if "$([[ $status -lt 126 ]]; echo $?)" "jobcomp: hostile values are no crash"
drain
status=$?
ok_if "$([[ $status -lt 124 ]]; echo $?)" "jobcomp: nor for drain"
is "$(find "$CLUSTER_DIR" /etc /root -xdev -newer "$work/words" -name .runledger -uid 0 2>/dev/null | head -n 1)" "" "jobcomp: root makes no group for them"

# --- what drain's child holds once it is alice

cluster_as alice /usr/bin/python3 - "$group/.runledger/runs/a/$(cluster_as alice hostname).jsonl" "$shared/locked" <<-'END' &
	import fcntl, sys, time
	f = open(sys.argv[1], "a+")
	fcntl.lockf(f, fcntl.LOCK_EX, 1, 0)
	open(sys.argv[2], "w").close()
	time.sleep(6)
END
wait_until 10 test -e "$shared/locked"
entry "\"uid\":$alice,\"user\":\"alice\",\"group\":\"$group\",\"run\":\"a\",\"phase\":\"finetune\""
drain &
draining=$!
child_of_alice() {
	child=$(cluster_admin bash -c 'for p in /proc/[0-9]*; do [[ $(readlink $p/exe) == "$1" && $(stat -c %u $p/task/self 2>/dev/null; awk "/^Uid/ { print \$2 }" $p/status) == *"$2" ]] && echo ${p#/proc/}; done' _ \
		"$RUNLEDGER" "$alice" 2>/dev/null | head -n 1)
	[[ -n $child ]]
}
wait_until 5 child_of_alice
look=$(cluster_admin bash -c 'cat /proc/$1/status; for f in /proc/$1/fd/*; do echo "fd ${f##*/} $(readlink $f)"; done' _ "$child" 2>/dev/null)
note "$(printf '%s\n' "$look" | grep -E '^(Uid|Gid|Groups|Cap|NoNew|fd)' | tr '\n\t' '; ')"
like "$(printf '%s\n' "$look" | tr '\t' ' ')" "Uid: $alice $alice $alice $alice" "drain's child: it is alice, for good"
like "$(printf '%s\n' "$look" | tr '\t' ' ')" "NoNewPrivs: 1" "drain's child: without new privileges"
is "$(printf '%s\n' "$look" | grep -E '^Cap(Inh|Prm|Eff|Amb)' | grep -vc '	0000000000000000')" 0 "drain's child: without capabilities"
is "$(printf '%s\n' "$look" | awk '/^Groups:/ { for (i = 2; i <= NF; i++) if ($i == 0) print "root" }')" "" "drain's child: without root's group"
unlike "$(printf '%s\n' "$look" | grep '^fd')" "$spool" "drain's child: without a descriptor of the spool"
ok_if "$([[ -n $look ]]; echo $?)" "drain's child: which was met while it waited"
wait "$draining"
unharmed "after all that"
cluster_is_unhurt "no process of ours is left, and no node is drained"
done_testing
