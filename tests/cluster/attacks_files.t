#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What bob puts into a group that he shares with alice, while jobs of hers are recorded in it.
# shellcheck source-path=SCRIPTDIR source=attacks.sh disable=SC2016,SC2317
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/attacks.sh"
attack_scene

host=$(cluster_as alice hostname)
still_works "before all that: a job is recorded in the shared group"

# --- links, and other things that are no files, where files and folders of ours are

attack "link: status folder" 'mv .runledger/runs/a a.away 2>/dev/null; ln -s "$mine/a" .runledger/runs/a' 'rm .runledger/runs/a'
attack "link: runs folder" 'mv .runledger/runs r.away; ln -s "$mine/runs" .runledger/runs' 'rm .runledger/runs; mv r.away .runledger/runs'
attack "link: .runledger" 'mv .runledger l.away; ln -s "$mine" .runledger' 'rm .runledger; mv l.away .runledger'
attack "link: status file" "rm -rf .runledger/runs/a; mkdir .runledger/runs/a; ln -s \"\$mine/rlg.jsonl\" .runledger/runs/a/$host.jsonl" \
	'rm -r .runledger/runs/a'
attack "link: tracker" 'mv runs_status.yaml t.away; ln -s "$mine/kube.yaml" runs_status.yaml' 'rm runs_status.yaml; mv t.away runs_status.yaml'
attack "link: copy of a tracker" 'rm -rf .runledger/trackers; ln -s "$mine/trackers" .runledger/trackers' 'rm .runledger/trackers'
attack "link: lock" 'rm -f .runledger/lock; ln -s "$mine/lock" .runledger/lock' 'rm -f .runledger/lock'
attack "link: mark" 'rm -f .runledger/dirty; ln -s "$mine/dirty" .runledger/dirty' 'rm -f .runledger/dirty'
attack "link: settings" 'rm -f .runledger/config.yaml; ln -s "$mine/config.yaml" .runledger/config.yaml' 'rm .runledger/config.yaml'
attack "link: plan" 'mv runs_plan.md p.away; ln -s "$mine/kube.yaml" runs_plan.md' 'rm runs_plan.md; mv p.away runs_plan.md'

mkdir_run='rm -rf .runledger/runs/a; mkdir -p .runledger/runs/a; cd .runledger/runs/a;'
attack "fifo: status file" "$mkdir_run mkfifo -m 666 $host.jsonl" 'rm -r .runledger/runs/a'
attack "socket: status file" "$mkdir_run /usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"$host.jsonl\")'" \
	'rm -r .runledger/runs/a'
attack "folder: status file" "$mkdir_run mkdir $host.jsonl" 'rm -r .runledger/runs/a'
attack "fifo: lock, mark, settings, plan, tracker" 'mkdir f.away; mv runs_plan.md runs_status.yaml .runledger/config.yaml f.away/
	rm -f .runledger/lock .runledger/dirty
	mkfifo -m 666 .runledger/lock .runledger/dirty .runledger/config.yaml runs_plan.md runs_status.yaml' \
	'rm -f .runledger/lock .runledger/dirty .runledger/config.yaml runs_plan.md runs_status.yaml; mv f.away/runs* .; mv f.away/* .runledger'

# What only a kernel without fs.protected_hardlinks lets bob do, root does for him.
cluster_admin bash -c 'rm -rf "$1"; mkdir "$1" && chown bob:lab "$1" && chmod 2775 "$1" && ln "$2" "$1/$3.jsonl"' _ \
	"$group/.runledger/runs/a" "$mine/rlg.jsonl" "$host" && before=$(alices_things)
attack "hard link: status file" true
ok_if "$(find "$group/.runledger/runs/a" -name "$host.*.jsonl" -size +0 | grep -q .; echo $?)" "hard link: status file: the records are in files of their own"
as bob 'rm -r .runledger/runs/a'
cluster_admin ln -f "$mine/kube.yaml" "$group/runs_status.yaml"
before=$(alices_things)
attack "hard link: tracker" true
rm "$group/runs_status.yaml" && before=$(alices_things)

# Devices are for root to make; that bob found one is as bad.
cluster_admin bash -c 'rm -rf "$1"; mkdir "$1" && mknod -m 666 "$1/$2.jsonl" c 1 5 && rm -f "$3" && mknod -m 666 "$3" c 1 5' _ \
	"$group/.runledger/runs/a" "$host" "$group/runs_plan.md"
attack "device: status file and plan" true
cluster_admin rm -r "$group/.runledger/runs/a" "$group/runs_plan.md"
new_group

# --- folders with modes of their own

as bob 'mkdir -p .runledger/runs; rm -rf .runledger/runs/a; mkdir .runledger/runs/a; chmod 7777 .runledger/runs/a'
attack "setuid folder" true
is "$(find "$group/.runledger" -type f -perm /7000)" "" "setuid folder: no file becomes setuid or setgid in it"
new_group

# --- settings that lead elsewhere

config() { as bob "rm -f .runledger/config.yaml; printf '%b' '$1' >.runledger/config.yaml"; }
for path in "$mine/kube.yaml" "../../home/alice/mine/kube.yaml" "$(cluster_home alice)/.bashrc" /dev/tty \
	"a/../../../home/alice/mine/new"; do
	config "trackers:\n  runs_status: $path\n  run_logs: $path\n  training_log: $path\n  experiments: $path\n"
	attack "path in settings: ${path##*/}" true
done
is "$(cluster_as alice bash -c 'ls -A ~' | grep -c bashrc)" 0 "path in settings: no .bashrc of alice's is made"
config "outputs:\n  finetune: $mine/*\n"
attack "outputs: a pattern in alice's home" true
unlike "$(cat "$group/runs_status.yaml")" "$mine" "outputs: a pattern in alice's home: nor does bob learn what lies there"
config "outputs:\n  finetune: /dev/*\n"
attack "outputs: devices" true
config ''
as bob 'printf "output_dir_base: %s\nmy_wandb_run_name: x\nepochs: 2\n" "$mine" >a/setup_finetune.yaml'
cluster_as alice mkdir -p "$mine/ck-out-x/epoch_0" && before=$(alices_things)
attack "set-up file: alice's folder" true
unlike "$(bob_reads)" "ck-out-x/epoch" "set-up file: alice's folder: nor does bob learn what lies in it"
as bob 'printf "output_dir_base: /proc/self/fd\nmy_wandb_run_name: ../../../dev\n" >a/setup_finetune.yaml'
attack "set-up file: /proc" true
as bob 'rm -f a/setup_finetune.yaml; ln -s /dev/zero a/setup_finetune.yaml'
attack "set-up file: endless" true 'rm a/setup_finetune.yaml'
config 'trackers:\n  run_logs: on\n'
as bob 'mkdir -p .runledger/runs/a; printf "{\"timestamp\":1773241200,\"name\":\"submit\",\"context\":{\"v\":1,\"id\":\"%032d\",\"run\":\"a\",\"sid\":\"2\",\"job_id\":8,\"script\":\"%s\"}}\n" 7 "$mine/private.sh" >.runledger/runs/a/bob.jsonl'
attack "forged record: a script of alice's" true

# --- what eats memory and time

bomb='a: &a [x,x,x,x,x,x,x,x,x]\n'
for letter in b c d e f g h i j; do
	last=$(printf '%b' "\\x$(printf %x $(($(printf %d "'$letter") - 1)))")
	bomb+="$letter: &$letter [*$last,*$last,*$last,*$last,*$last,*$last,*$last,*$last,*$last]\n"
done
config "$bomb"
attack "YAML bomb: settings" true
config ''
as bob "printf '%b' '$bomb' >a/setup_finetune.yaml; cp a/setup_finetune.yaml runs_status.yaml"
attack "YAML bomb: tracker and set-up file" 'true' 'rm -f a/setup_finetune.yaml runs_status.yaml'
as bob 'yes -- "- [[[[[[[[[[{" | head -c 100M >.runledger/config.yaml; yes -- "| a | b |" | head -c 100M >runs_plan.md'
attack "100 MB: settings and plan" 'true' 'rm -f .runledger/config.yaml runs_plan.md'
as bob 'mkdir -p .runledger/runs/a; head -c 100M /dev/zero | tr "\0" x >.runledger/runs/a/bob.jsonl; yes -- "{" | tr -d "\n" | head -c 50M >.runledger/runs/a/deep.jsonl'
attack "100 MB: a record" true
new_group

# --- somebody exchanges things between the look and the use

# swapper PATH TARGET: bob, as fast as he can, until the file `stop` is there.
swapper() {
	as bob "ln -sfT '$2' '$1.link'
	while ! [ -e \"\$shared/stop\" ]; do
		mv -T '$1' '$1.kept' && mv -T '$1.link' '$1'; mv -T '$1' '$1.link' && mv -T '$1.kept' '$1'
	done" 2>/dev/null &
}
ROUNDS=${RLG_ATTACK_ROUNDS:-50}         # of each
for path in .runledger .runledger/runs .runledger/runs/a runs_status.yaml; do
	target=$mine
	[[ $path != runs_status.yaml ]] || target=$mine/kube.yaml
	as alice '"$tool" note a begin >/dev/null 2>&1; "$tool" refresh . >/dev/null 2>&1'
	swapper "$path" "$target"
	swapping=$!
	# The records and the trackers, each time anew.
	as alice "for i in \$(seq $ROUNDS); do
		timeout 20 \"\$tool\" note a round \$i; timeout 20 \"\$tool\" refresh .
	done" >"$work/rounds" 2>&1
	touch "$shared/stop"
	wait "$swapping"
	rm -f "$shared/stop"
	unharmed "exchanged in between, $ROUNDS times: $path"
	as bob "rm -f '$path.link'; [ -e '$path' ] || mv -T '$path.kept' '$path'; rm -rf '$path.kept'"
done
note "the last rounds said: $(sort "$work/rounds" | uniq -c | sort -rn | head -n 3)"

# --- between submission and end

held() { # NAME WHAT-HAPPENS: to the folder of a job that runs
	local id
	id=$(cluster_submit alice -o /dev/null -J a -D "$group/a" --wrap 'while [ -e hold ]; do sleep 0.05; done; sleep 0.3') || return
	cluster_wait_state "$id" RUNNING
	"${@:2}"
	job_ended "$id" COMPLETED 0:0 "$1: the job ends as if nothing had been"
	wait_until 20 jobs_are_over
	unharmed "$1"
}
removed() { as bob 'rm -rf a'; }
replaced() { as bob 'rm -rf a; ln -s "$mine/a" a'; }
closed() { cluster_as alice chmod 000 "$group/a"; }
moved() { as bob 'mv .runledger gone; mkdir .runledger .runledger/runs'; }
held "work folder removed" removed
as bob 'mkdir -p a'
held "work folder replaced by a link" replaced
as bob 'rm -f a'; as alice 'mkdir a'
held "work folder closed" closed
cluster_as alice chmod 755 "$group/a"
held "group replaced by one of bob's" moved
new_group

# A group behind bob's own folder, which he closes, and puts a link in the place of.
as bob 'mkdir "$shared/bobs" && chmod 777 "$shared/bobs"'
cluster_as alice bash -c 'mkdir "$1/bobs/g" && cd "$1/bobs/g" && mkdir a b && "$2" init . >/dev/null' _ "$shared" "$RUNLEDGER"
old_group=$group group=$shared/bobs/g
behind() { cluster_as bob bash -c 'mv "$1" "$1.away"; ln -s "$2" "$1"' _ "$shared/bobs" "$mine"; }
id=$(cluster_submit alice -o /dev/null -J a -D "$group/a" --wrap 'sleep 1')
cluster_wait_state "$id" RUNNING
behind
job_ended "$id" COMPLETED 0:0 "path through another's folder: the job ends as if nothing had been"
wait_until 20 jobs_are_over
group=$old_group
unharmed "path through another's folder"

still_works "after all that: a job is recorded in the shared group"
cluster_is_unhurt "no process of ours is left, and no node is drained"
done_testing
