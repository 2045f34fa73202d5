#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# selftest.t: does the throwaway cluster do what its README says?  TAP.
# Every test starts its own clusters and is a claim; "skip" where this machine
# has no root or no namespaces.
# shellcheck disable=SC2317,SC2119 # the tests are called by their names in TESTS; cluster_idle alone is right
set -uo pipefail
HERE=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$HERE/functions.sh"

if [[ ${RLG_TEST_CLUSTER:-yes} == no ]]; then
	echo '1..0 # SKIP RLG_TEST_CLUSTER=no'
	exit 0
fi

TESTS=()                             # "function|claim", in the order they run
test_that() { TESTS+=("$1|$2"); }
note() { printf '# %s\n' "$*"; }
fail() { note "$*"; return 1; }
need_multi() { [[ $MULTI ]] || exit 77; }
elapsed() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f", b - a }'; }

# What a cluster may not leave behind.
traces() {
	sort /proc/self/mounts
	awk '$4 == "0A" { print $2 }' /proc/net/tcp | sort
	find "$TMPDIR" -maxdepth 1 -name 'rlg-cluster.*'
}
marked() { grep -lxzsF -- "RLG_CLUSTER=$1" /proc/[0-9]*/environ; }
named() { grep -lzsF -- "$1/" /proc/[0-9]*/cmdline; }
same_traces() { [[ $(traces) == "$BEFORE" ]]; }
traceless() {
	[[ -n $1 && ! -e $1 ]] || fail "the folder $1 is still there" || return
	! marked "$1" || fail "processes with the mark are left" || return
	! named "$1" || fail "processes are left" || return
	wait_until 5 same_traces || fail "mounts, ports or folders differ" || return
}

test_that up_and_down 'up gives idle nodes, down leaves nothing'
up_and_down() {
	local start=$EPOCHREALTIME dir
	dir=$("$HERE/up" --quiet) || return
	note "up took $(elapsed "$start") s"
	CLUSTER_DIR=$dir
	[[ $(cluster_node_states | grep -c ' idle$') == 3 ]] || fail "not three idle nodes" || return
	start=$EPOCHREALTIME
	"$HERE/down" "$dir" || return
	note "down took $(elapsed "$start") s"
	traceless "$dir" && "$HERE/down" "$dir"
}

test_that two_users 'jobs of alice and bob run as alice and bob'
two_users() {
	need_multi
	cluster_start || return
	local user id
	for user in alice bob; do
		id=$(cluster_submit "$user" -o /dev/null --wrap "id -Gn > $(cluster_shared)/$user; pwd > ~/where" -D "$(cluster_home "$user")") || return
		cluster_wait_done "$id" || return
		[[ $(stat -c %u "$(cluster_shared)/$user") == "$(cluster_as root id -u "$user")" ]] || fail "wrong owner" || return
		[[ $(<"$(cluster_shared)/$user") == "$user lab" ]] || fail "wrong groups" || return
		[[ $(<"$(cluster_home "$user")/where") == "$(cluster_home "$user")" ]] || fail "wrong home" || return
	done
}

test_that three_nodes 'srun -N3 uses three nodes'
three_nodes() {
	cluster_start || return
	# shellcheck disable=SC2016 # for the node
	[[ $(cluster_as alice srun -N3 sh -c 'echo $SLURMD_NODENAME' | sort | tr '\n' ' ') == 'n1 n2 n3 ' ]]
}

test_that passes_through 'enter passes streams, status, folder and RLG_ variables, and nothing else'
passes_through() {
	cluster_start || return
	local status=0
	[[ $(echo in | cluster_as alice cat) == in ]] || fail stdin || return
	cluster_as alice sh -c 'exit 42' || status=$?
	[[ $status == 42 ]] || fail "status $status" || return
	[[ $(cd / && cluster_as alice pwd) == / ]] || fail "folder" || return
	# shellcheck disable=SC2016 # for the shell inside
	[[ $(RLG_X='a b' OTHER=1 cluster_as alice sh -c 'echo "$RLG_X$OTHER"') == 'a b' ]] || fail "environment" || return
	# Ctrl-C is a SIGINT to the whole group of the terminal; whoever starts us in the background has us ignore it.
	[[ $(env --default-signal=INT,QUIT script -qc "trap : INT; '$HERE/enter' '$CLUSTER_DIR' alice sleep 4720; echo status \$?" /dev/null \
		< <(wait_until 20 pgrep -fx 'sleep 4720' >/dev/null; printf '\003'; sleep 0.5)) == *'status 130'* ]] || fail "Ctrl-C" || return
	"$HERE/enter" "$CLUSTER_DIR" alice sleep 4711 &
	local pid=$!
	wait_until 5 pgrep -fx 'sleep 4711' >/dev/null || return
	kill -KILL "$pid"
	wait_until 5 no_process 'sleep 4711' || fail "the command outlives enter"
}
no_process() { ! pgrep -fx "$1" >/dev/null; }

test_that side_by_side 'two clusters run side by side'
side_by_side() {
	local a b dir
	a=$("$HERE/up" --quiet --with-pid $$ --nodes 1) || return
	b=$("$HERE/up" --quiet --with-pid $$ --nodes 2) || return
	for dir in "$a" "$b"; do
		"$HERE/enter" "$dir" alice srun true || return
	done
	[[ $(CLUSTER_DIR=$a cluster_node_states | wc -l) == 1 && $(CLUSTER_DIR=$b cluster_node_states | wc -l) == 2 ]] ||
		fail "they are one" || return
	"$HERE/down" "$a" && "$HERE/enter" "$b" alice srun true && "$HERE/down" "$b"
}

test_that owner_killed 'a cluster ends by itself when its owner is killed'
owner_killed() {
	local dir file owner
	file=$(mktemp)
	# shellcheck disable=SC2016 # for the shell inside
	bash -c 'dir=$("$1/up" --quiet --with-pid $$) && echo "$dir" >"$2" && "$1/enter" "$dir" alice srun sleep 100; :' \
		_ "$HERE" "$file" 2>/dev/null &
	owner=$!
	wait_until 20 test -s "$file"
	dir=$(<"$file")
	rm "$file"
	CLUSTER_DIR=$dir
	wait_until 10 job_runs || note "no job of the owner's runs"
	CLUSTER_DIR=
	kill -KILL "$owner"
	wait_until 5 folder_gone "$dir"
	sleep 0.3
	traceless "$dir"
}
job_runs() { [[ $(cluster_admin squeue -h -t R 2>/dev/null | wc -l) == 1 ]]; }
folder_gone() { [[ ! -e $1 ]]; }

test_that up_killed 'a killed up leaves nothing'
up_killed() {
	local dir
	dir=$(mktemp -u "$TMPDIR/rlg-cluster.XXXXXX")
	"$HERE/up" --quiet --accounting --dir "$dir" &
	wait_until 10 test -s "$dir/run/munged.pid" || return
	kill -KILL $!
	wait_until 10 folder_gone "$dir"
	sleep 0.3
	traceless "$dir"
}

test_that foreign_folder 'down refuses a folder that is no cluster'
foreign_folder() {
	local dir status=0
	dir=$(mktemp -d)
	touch "$dir/precious"
	"$HERE/down" "$dir" 2>/dev/null || status=$?
	[[ $status == 2 && -e $dir/precious ]] || fail "status $status" || return
	rm -r "$dir"
}

test_that accounting 'with --accounting sacct shows a job COMPLETED'
accounting() {
	local start=$EPOCHREALTIME id
	cluster_start --accounting || return
	note "up with accounting took $(elapsed "$start") s"
	id=$(cluster_submit alice -o /dev/null --wrap true) || return
	cluster_wait_done "$id" || return
	wait_until 20 sacct_says "$id" COMPLETED
}
sacct_says() { [[ $(cluster_admin sacct -nXP -j "$1" -o State,Account) == "$2|root" ]]; }

test_that node_dies 'a killed node is down, its job ends, and it comes back'
node_dies() {
	cluster_start || return
	local id start=$EPOCHREALTIME
	id=$(cluster_submit alice --no-requeue -w n2 -o /dev/null --wrap 'exec sleep 4712') || return
	cluster_wait_state "$id" RUNNING || return
	wait_until 5 pgrep -fx 'sleep 4712' >/dev/null || return
	cluster_kill_node n2 || return
	no_process 'sleep 4712' || fail "its task lives on" || return
	wait_until 60 node_down n2 || return
	note "down after $(elapsed "$start") s"
	cluster_wait_state "$id" NODE_FAIL || return
	[[ $(cluster_drained) == n2 ]] || fail "cluster_drained" || return
	cluster_start_node n2 && cluster_idle && cluster_as alice srun -w n2 true
}
node_down() { [[ $(cluster_drained) == "$1" ]]; }

test_that slurmd_restarts 'a job lives through a restart of its slurmd'
slurmd_restarts() {
	cluster_start --nodes 1 || return
	local id
	id=$(cluster_submit alice -o /dev/null --wrap 'sleep 2') || return
	cluster_wait_state "$id" RUNNING || return
	cluster_restart_slurmd n1 || return
	cluster_wait_state "$id" COMPLETED && cluster_idle
}

test_that counts_rpcs 'cluster_rpc_counts counts what clients ask'
counts_rpcs() {
	cluster_start --nodes 1 || return
	cluster_rpc_reset || return
	local i
	for i in 1 2 3; do cluster_submit alice -o /dev/null --wrap true >/dev/null || return; done
	grep -x 'REQUEST_SUBMIT_BATCH_JOB 3' <(cluster_rpc_counts) >/dev/null ||
		fail "$(cluster_rpc_counts | tr '\n' ';')"
}

test_that conf_overrides 'a key in --conf replaces ours; --cpus, --plugstack and --plugindir count'
conf_overrides() {
	mkdir "$TMPDIR/plugins"
	cluster_start --conf <(printf 'killwait=7\nPartitionName=extra Nodes=n1\n') --plugstack <(echo '# a comment') \
		--plugindir "$TMPDIR/plugins" --cpus 9 --nodes 1 || return
	[[ $(grep -ic '^killwait=' "$CLUSTER_DIR/etc/slurm.conf") == 1 ]] || fail "two keys" || return
	[[ $(<"$CLUSTER_DIR/etc/plugstack.conf") == '# a comment' ]] || fail "plugstack" || return
	[[ $(cluster_admin scontrol show config | grep '^PluginDir ') == *"= $TMPDIR/plugins:/"* ]] || fail "plugindir" || return
	[[ $(cluster_admin sinfo -h -o '%R %c' | tr '\n' ';') == 'main 9;low 9;extra 9;' ]] || fail "$(cluster_admin sinfo)"
}

test_that no_descriptors 'the cluster holds no descriptor of its caller'
no_descriptors() {
	# shellcheck disable=SC2016 # for the shell inside; a reader sees the end of the pipe although the cluster runs on
	timeout 10 bash -c 'exec 5> >(cat >/dev/null); pid=$!; CLUSTER=$("$1/up" --quiet --nodes 1) || exit
		exec 5>&-; wait "$pid"; status=$?; "$1/down" "$CLUSTER"; exit $status' _ "$HERE"
}

test_that broken_conf 'up with a broken slurm.conf says so and leaves nothing'
broken_conf() {
	local dir status=0 start=$EPOCHREALTIME words
	dir=$(mktemp -u "$TMPDIR/rlg-cluster.XXXXXX")
	echo SelectType=select/nonsense >"$dir.conf"
	words=$(timeout 15 "$HERE/up" --quiet --dir "$dir" --conf "$dir.conf" 2>&1) || status=$?
	rm -f "$dir.conf"
	note "after $(elapsed "$start") s: $(head -n 1 <<<"$words")"
	[[ $status == 1 && $words == *'slurmctld ended at once'*'select/nonsense'* ]] || fail "status $status: $words" || return
	traceless "$dir"
}

# as_nobody COMMAND...: as an ordinary user without any capability; not as nobody, whom newer Slurms take for no user.
as_nobody() {
	if [[ $EUID == 0 ]]; then
		setpriv --reuid daemon --regid daemon --clear-groups env HOME=/nonexistent "$@"
	else
		RLG_CLUSTER_MODE=single "$@"
	fi
}

test_that single_user 'an ordinary user gets a cluster too, with one user'
single_user() {
	local start=$EPOCHREALTIME dir status=0 id
	as_nobody test -x "$HERE/up" || exit 77
	dir=$(as_nobody "$HERE/up" --quiet) || return
	note "up took $(elapsed "$start") s"
	as_nobody "$HERE/enter" "$dir" bob true 2>/dev/null || status=$?
	[[ $status == 77 ]] || fail "bob: status $status" || return
	[[ $(as_nobody "$HERE/enter" "$dir" alice srun -N3 id -un | sort -u) == "$(as_nobody id -un)" ]] || fail "srun" || return
	id=$(as_nobody "$HERE/enter" "$dir" alice sbatch --parsable --export=NIL -o /dev/null --wrap 'setsid sleep 4713') || return
	wait_until 10 pgrep -fx 'sleep 4713' >/dev/null || fail "job $id does not run" || return
	# shellcheck disable=SC2016 # for the shell inside
	as_nobody bash -c '. "$1/functions.sh"; CLUSTER_DIR=$2; cluster_restart_slurmd n3; cluster_kill_node n2; cluster_start_node n2; cluster_rpc_counts' \
		_ "$HERE" "$dir" | grep -q '^REQUEST_SUBMIT_BATCH_JOB 1$' || fail "functions" || return
	start=$EPOCHREALTIME
	as_nobody "$HERE/down" "$dir" || return
	note "down took $(elapsed "$start") s"
	no_process 'sleep 4713' || fail "a job's process is left" || return
	traceless "$dir"
}

test_that single_side_by_side 'two single-user clusters run side by side and end with their owner'
single_side_by_side() {
	as_nobody test -x "$HERE/up" || exit 77
	local a b owner
	sleep 60 &
	owner=$!
	a=$(as_nobody "$HERE/up" --quiet --with-pid "$owner" --nodes 1) || return
	b=$(as_nobody "$HERE/up" --quiet --with-pid "$owner" --nodes 1 --accounting) || return
	as_nobody "$HERE/enter" "$a" alice srun true && as_nobody "$HERE/enter" "$b" alice srun true || return
	kill -KILL "$owner"
	wait_until 10 folder_gone "$a"
	wait_until 10 folder_gone "$b"
	sleep 0.3
	traceless "$a" && traceless "$b"
}

# run_test NUMBER FUNCTION CLAIM: in a shell of its own, so that its cluster ends with it.
run_test() {
	local status=0 start=$EPOCHREALTIME
	bash "$HERE/selftest.t" --one "$2" </dev/null || status=$?
	case $status in
	0) echo "ok $1 - $3" ;;
	77) echo "ok $1 - $3 # SKIP not on this machine" ;;
	*) echo "not ok $1 - $3"; FAILED=1 ;;
	esac
	note "$(elapsed "$start") s"
}

MULTI=
[[ $EUID != 0 || ${RLG_CLUSTER_MODE:-} == single ]] || ! unshare --mount --pid --uts --ipc --net --fork true 2>/dev/null || MULTI=1
if [[ ${1:-} == --one ]]; then
	BEFORE=$(traces)
	"$2"
	exit
fi
# A folder of our own: other people's clusters come and go beside ours.
TMPDIR=$(mktemp -d)
export TMPDIR
chmod 1777 "$TMPDIR"
trap 'rm -rf "$TMPDIR"' EXIT
FAILED=0
[[ $# == 0 ]] || mapfile -t TESTS < <(printf '%s\n' "${TESTS[@]}" | grep -E "^($(IFS='|'; echo "$*"))\|")
echo "1..${#TESTS[@]}"
for i in "${!TESTS[@]}"; do
	run_test $((i + 1)) "${TESTS[i]%%|*}" "${TESTS[i]#*|}"
done
exit "$FAILED"
