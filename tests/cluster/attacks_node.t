#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Attacks on the node's spool, which everybody may write in: bob against alice, whose records wait there, and against root,
# who delivers them.  Named in SECURITY.md.
# shellcheck source-path=SCRIPTDIR source=stage.sh disable=SC2119,SC2016,SC2317
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/stage.sh"
stage_need root
stage_install || exit 99

SECRET=this-is-private-to-alice
chmod 711 "$work"
node=$work/node
mkdir -m 1777 "$node"
printf 'node_spool = %s\nspool_entries = 20\n' "$node" >"$work/site.conf"
chmod 644 "$work/site.conf"
cluster_start --nodes 1 --plugstack <(stage_plugstack "conf=$work/site.conf") || exit 99
stage_need_multiuser
alice=$(alice_uid)
drain() { cluster_admin timeout 30 "$RUNLEDGER" drain "--conf=$work/site.conf"; }

# A group each, which only its owner reads, and which cannot be written to for now.
for user in alice bob; do
	home=$(cluster_home "$user")
	cluster_as "$user" bash -c 'umask 077; mkdir -p "$1/exp" && cd "$1/exp" &&
		printf "# Run Plan: x\n\n## All Runs\n\n| Run Name |\n|---|\n| one |\n" >runs_plan.md && "$2" init . >/dev/null &&
		mkdir -p .runledger/runs/one && chmod 500 .runledger/runs .runledger/runs/one' _ "$home" "$RUNLEDGER" || exit 99
done
closed=$(cluster_home alice)/exp
mine=$(cluster_home alice)/mine
cluster_as alice bash -c 'umask 077; mkdir "$1" && echo "$2" >"$1/key" && echo "{\"secret\":\"$2\"}" >"$1/1-1.json"' _ "$mine" "$SECRET"
things() { cluster_as alice bash -c 'cd "$1" && find . -printf "%p %m %u %s\n" | sort && cat key *.json' _ "$mine"; }
before=$(things)

# a_job_of USER: one that ends well, and whose records cannot be written.
a_job_of() { cluster_as "$1" bash -c 'cd ~/exp && exec timeout 20 srun -Q -J one true' >"$work/job.out" 2>&1; }
some_wait() { (($(find "$node" -uid "$1" -name '[0-9]*.json' | wc -l) >= $2)); }
# tidy: as before the next attack; root may remove what bob left.
tidy() { find "$node" -mindepth 1 -maxdepth 1 -exec rm -rf {} +; }
# unharmed CLAIM
unharmed() {
	is "$(things)" "$before" "$1: nothing of alice's is changed"
	unlike "$(cat "$work"/drain.* 2>/dev/null; cluster_as bob bash -c 'cat "$1"/*/* 2>/dev/null' _ "$node")" "$SECRET" \
		"$1: and nothing of hers gets out"
}

# --- somebody sits on her folder's name

# squat NAME WHAT-BOB-MAKES: with u1000 for alice's name
squat() {
	tidy
	cluster_as bob bash -c 'cd "$1" && eval "$4"' _ "$node" "u$alice" "$mine" "$2"
	a_job_of alice
	ok_if $? "squatted: $1: her job runs and ends well"
	wait_until 20 some_wait "$alice" 3
	ok_if $? "squatted: $1: her records wait all the same"
	is "$(find "$node" -maxdepth 1 -type d -uid "$alice" ! -perm 700)" "" "squatted: $1: in a folder that is hers alone"
	is "$(cluster_as bob bash -c 'cat "$1"/u*/*.json 2>/dev/null' _ "$node" | grep -c '"user":"alice"')" 0 \
		"squatted: $1: and that bob cannot read"
	drain >"$work/drain.out" 2>&1
	ok_if "$(($? >= 124))" "squatted: $1: drain is not held up"
	unharmed "squatted: $1"
}
squat "a folder open to all" 'mkdir -m 777 "$2"'
squat "a link to a folder of hers" 'ln -s "$3" "$2"'
squat "a fifo" 'mkfifo "$2"'
squat "a file" 'echo x >"$2"'

# --- what bob writes is bob's word

tidy
a_job_of bob
wait_until 20 some_wait "$(cluster_as bob id -u)" 3
# forge NAME SCRIPT: in bob's own folder, with one of his own entries in $e
forge() {
	cluster_as bob bash -c 'cd "$1"/u* && e=$(ls [0-9]*.json | head -n 1) && mine=$2 closed=$3 own=$4 alice=$5 && eval "$6"' \
		_ "$node" "$mine" "$closed" "$(cluster_home bob)/exp" "$alice" "$2"
	drain >"$work/drain.out" 2>"$work/drain.err"
	ok_if "$(($? >= 124))" "forged: $1: drain is not held up"
	unharmed "forged: $1"
	is "$(find "$closed/.runledger/runs" -type f)" "" "forged: $1: nothing is in alice's records"
}
# It must be a forgery: an entry names its group.
is "$(cluster_as bob bash -c 'cat "$1"/u*/[0-9]*.json' _ "$node" | grep -cF "$(cluster_home bob)/exp" | sed 's/^[1-9].*/some/')" some \
	"forged: bob's own entries name his group"
forge "an entry for a group of alice's" 'sed "s,$own,$closed,g" "$e" >"1${e#?}"'
forge "an entry that says it is alice's" 'sed "s/\"user\":\"bob\"/\"user\":\"alice\"/; s/\"uid\":[0-9]*/\"uid\":$alice/" "$e" >"2${e#?}"'
forge "an entry for a group of root's" 'sed "s,$own,/root,g" "$e" >"3${e#?}"'
forge "a link to a file of hers" 'ln -s "$mine/1-1.json" "1-1.json"; ln -s "$mine/key" "2-2.json"'
forge "a fifo among the entries" 'mkfifo 3-3.json'
forge "an entry without end" 'truncate -s 10G 4-4.json'
forge "a folder under the name of an entry" 'mkdir 5-5.json'
forge "a name with a newline and an escape" 'cp "$e" "$(printf "6-6\n\033[31m.json")"'
unlike "$(cat "$work"/drain.*)" $'\033' "forged: and no escape reaches root's terminal"

# --- room

tidy
for ((i = 0; i < 8; i++)); do a_job_of bob; done
wait_until 20 some_wait "$(cluster_as bob id -u)" 20
is "$(find "$node" -user "$(cluster_as bob id -u)" -name '[0-9]*.json' 2>/dev/null | wc -l)" 20 "room: bob has filled what is his"
a_job_of alice
wait_until 20 some_wait "$alice" 3
ok_if $? "room: alice's records find theirs"

# --- after all that

for user in alice bob; do
	cluster_as "$user" bash -c 'chmod 700 ~/exp/.runledger/runs ~/exp/.runledger/runs/one'
done
nothing_of_alices_waits() { drain >"$work/drain.out" 2>&1; ! some_wait "$alice" 1; }
wait_until 30 nothing_of_alices_waits
ok_if $? "delivered: what waits of alice's is in her records"
is "$(find "$closed/.runledger" ! -uid "$alice")" "" "delivered: as her own"
is "$(records_count "$closed" one finish)" 1 "delivered: each once"
done_testing
