#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A run group on a file system that hangs, on a real Slurm: jobs are submitted, start and end as without us, nothing of ours
# waits longer than its limit; and once the server is back every record arrives, in effect once.
# shellcheck source-path=SCRIPTDIR source=stage.sh disable=SC2119,SC2016,SC2317
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/stage.sh"
stage_need root
NFSIM=$top_builddir/tests/netfs/nfsim
[[ -x $NFSIM ]] || skip_all "nfsim is not built: libfuse3-dev was not there when configure ran"
(: <>/dev/fuse) 2>/dev/null || skip_all "there is no /dev/fuse to be had"
stage_install || exit 99

LIMIT_MS=2000                         # timeout_ms
SPOOL_AFTER_MS=1000
SLACK_MS=2500                         # for a machine that others use, too
JOBS=5

chmod 711 "$work"
mkdir -m 1777 "$work/node"
node=$work/node
printf 'node_spool = %s\nspool_after_ms = %s\ntimeout_ms = %s\n' "$node" "$SPOOL_AFTER_MS" "$LIMIT_MS" >"$work/site.conf"
chmod 644 "$work/site.conf"
cluster_start --nodes 2 --cpus 16 --plugstack <(stage_plugstack "conf=$work/site.conf") || exit 99
stage_need_multiuser

home=$(cluster_home alice)
mount=$home/net
cluster_as alice mkdir "$mount" "$home/server" "$home/here"
cp "$NFSIM" "$work/nfsim" && chmod 755 "$work/nfsim"
cluster_admin bash -c 'echo $$ >"$1"; exec "$2" -f -o allow_other,default_permissions "$3" "$4"' _ "$work/nfsim.pid" "$work/nfsim" "$home/server" "$mount" \
	2>"$work/nfsim.err" >/dev/null &
disown
is_mounted() { cluster_admin mountpoint -q "$mount"; }
wait_until 10 is_mounted || { note "$(cat "$work/nfsim.err")"; skip_all "nfsim cannot be mounted here"; }
server() { cluster_admin kill "-$1" "$(<"$work/nfsim.pid")"; }
# However this ends, nobody must be left hanging.
trap 'server CONT 2>/dev/null; cd / && rm -rf "$work"; cluster_at_exit' EXIT

group=$mount/exp
cluster_as alice mkdir "$group"
printf '# Run Plan: exp\n\n## All Runs\n\n| Run Name |\n|---|\n| one |\n' | make_as alice "$group/runs_plan.md" 644
rl alice init "$group" >/dev/null || exit 99

# submit ARGUMENT...: as alice, from her own disk; sets id, took_ms and said
submit() {
	local from=$EPOCHREALTIME
	id=$(cluster_as alice bash -c 'cd "$1" && shift && sbatch --parsable -o /dev/null -J one -t 5 "$@"' _ "$home/here" "$@" 2>"$work/said")
	took_ms=$(awk -v a="$from" -v b="$EPOCHREALTIME" 'BEGIN { printf "%d", (b - a) * 1000 }')
}
told() { cat "$home/server/exp/.runledger/runs/one/"*.jsonl 2>/dev/null | grep -F "\"name\":\"$1\"" | grep -cF "\"job_id\":$2,"; }
drain() { cluster_admin timeout 60 "$RUNLEDGER" drain --conf="$work/site.conf" 2>&1; }
own=$node/u$(alice_uid)
waiting() { find "$own" -name '[0-9]*.json' 2>/dev/null | wc -l; }

submit --run=one --run-group="$group" --wrap true
cluster_wait_done "$id"
all_of_first() { (($(told start "$id") == 1 && $(told finish "$id") == 1)); }
wait_until 20 all_of_first
ok_if $? "while the server answers a job is recorded"
plain_ms=$took_ms

# --- submitted while it answers, started and ended while it does not

ids=()
for ((i = 0; i < JOBS; i++)); do
	submit --run=one --run-group="$group" --hold --wrap 'sleep 0.2'
	ids+=("$id")
done
# Two more, which have something to say: one begins while it hangs, one is at work in the group's folder by then.
make_as alice "$home/here/words.sh" 755 <<-'END'
	#!/bin/bash
	timed() { local from=${EPOCHREALTIME/./} name=$1; shift; "$@"; echo "$name $? $(((${EPOCHREALTIME/./} - from) / 1000))"; }
	: >"$HERE/$1.begun"
	until [[ -e $HERE/$1.go ]]; do sleep 0.05; done
	timed log "$X" log step=1 "of=$1"
	timed note "$X" note -g "$GROUP" one "said in $1"
	# A shell would look at the folder that it is in, and hang with it.
	timed exec "$X" exec -- awk 'BEGIN { exit 6 }'
	"$X" exec -- awk 'BEGIN { exit 7 }'
END
declare -A talker
for where in here group; do
	folder=$home/here
	[[ $where == here ]] || folder=$group
	submit --run=one --run-group="$group" --hold --chdir="$folder" -o "$home/here/$where.out" \
		--export="ALL,X=$RUNLEDGER,HERE=$home/here,GROUP=$group,RUNLEDGER_CONF=$work/site.conf" "$home/here/words.sh" "$where"
	talker[$where]=$id
done
cluster_as alice scontrol release "${talker[group]}"
at_work() { [[ -e $home/here/group.begun ]] && (($(told start "${talker[group]}") == 1)); }
wait_until 30 at_work
server STOP
for id in "${ids[@]}"; do cluster_as alice scontrol release "$id"; done
from=$EPOCHREALTIME
for id in "${ids[@]}"; do cluster_wait_done "$id" 60; done
took=$(awk -v a="$from" -v b="$EPOCHREALTIME" 'BEGIN { printf "%d", b - a }')
states=$(for one in "${ids[@]}"; do cluster_job_field "$one" JobState; done | sort -u)
is "$states" COMPLETED "jobs of a group that hangs start and end"
note "$JOBS of them took $took s from release to the last epilog"
ok_if "$((took > 30))" "in no more time than they need"
some_wait() { (($(waiting) >= 2 * JOBS)); }
wait_until 30 some_wait
ok_if $? "their starts and ends wait on the node"
is "$(cluster_drained)" "" "no node is drained"

# --- jobs that tell of themselves while it hangs

cluster_as alice scontrol release "${talker[here]}"
cluster_as alice touch "$home/here/here.go" "$home/here/group.go"
# within WHERE NAME LIMIT-MS CODE: did that command end so, and in time?
within() {
	local code ms
	read -r _ code ms < <(grep "^$2 [0-9]" "$home/here/$1.out")
	note "$2 took $ms ms"
	[[ $code == "$4" ]] && ((ms < $3 + SLACK_MS))
}
for where in here group; do
	cluster_wait_done "${talker[$where]}" 60
	while read -r name limit code; do
		within "$where" "$name" "$limit" "$code"
		ok_if $? "$name in a job in $where ends with status $code, and keeps to its limit of $limit ms"
	done <<-END
		log $LIMIT_MS 0
		note $SPOOL_AFTER_MS 0
		exec $LIMIT_MS 6
	END
	is "$(cluster_job_field "${talker[$where]}" JobState) $(cluster_job_field "${talker[$where]}" ExitCode)" "FAILED 7:0" \
		"the job in $where ends as its command"
	like "$(<"$home/here/$where.out")" "waits in the node's spool" "and it is told where its words are"
done

# --- submitted while it hangs

submit --run=one --run-group="$group" --hold --wrap true
note "sbatch took $took_ms ms; $plain_ms ms before; it said: $(head -n 2 "$work/said")"
[[ $id =~ ^[0-9]+$ ]] && ((took_ms < plain_ms + LIMIT_MS + SLACK_MS))
ok_if $? "a job is submitted while its group hangs, and nobody waits for longer than the limit"
# It was told group and run, so its node knows where its records belong.
cluster_as alice scontrol release "$id"
cluster_wait_done "$id" 60
ids+=("$id")
submitted=$id

# --- others' groups, and a drain, while it hangs

cluster_as bob bash -c 'mkdir -p ~/g && cd ~/g && '"$RUNLEDGER"' init . >/dev/null 2>&1; mkdir -p .runledger/runs; chmod 500 .runledger/runs'
cluster_as bob bash -c 'cd ~/g && sbatch --parsable -o /dev/null -J two --wrap true' >/dev/null 2>&1
bobs() { find "$node" -path "*/u$(cluster_as bob id -u)/[0-9]*.json" | wc -l; }
bobs_wait() { (($(bobs) >= 2)); }
wait_until 30 bobs_wait
cluster_idle 30
cluster_as bob chmod 755 "$(cluster_home bob)/g/.runledger/runs"
from=$EPOCHREALTIME
note "$(drain)"
is "$(bobs)" 0 "another user's records are delivered meanwhile"
ok_if "$(($(waiting) < 2 * JOBS))" "those of the group that hangs wait on"
note "drain took $(awk -v a="$from" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }') s"

# --- it wakes

server CONT
drained() { drain >"$work/drain.out"; (($(waiting) == 0)); }
wait_until 60 drained
ok_if $? "once the server is back everything is delivered"
note "$(<"$work/drain.out")"
lost=0
for id in "${ids[@]}"; do
	# Who was killed in the server's queue may have written all the same: that is twice, with one id.
	(($(told start "$id") >= 1 && $(told finish "$id") >= 1)) || lost=$((lost + 1))
done
is "$lost" 0 "each job's start and end has arrived"
# ids_of PART...: of how many records each of these is a part; one that was written twice is one
ids_of() {
	local lines part
	lines=$(cat "$home/server/exp/.runledger/runs/one/"*.jsonl)
	for part; do lines=$(grep -F -- "$part" <<<"$lines"); done
	grep -o '"id":"[0-9a-f]*"' <<<"$lines" | sort -u | wc -l
}
for where in here group; do
	job="\"job_id\":${talker[$where]},"
	is "$(ids_of '"name":"progress"' "$job" "\"of\":\"$where\"") $(ids_of '"name":"note"' "said in $where")" "1 1" \
		"what the job in $where logged, and noted, is there once"
	is "$(ids_of '"name":"start"' "$job" '"step":"exec"') $(ids_of '"name":"finish"' "$job" '"source":"exec"' '"exit_code":6') $(
		ids_of '"name":"finish"' "$job" '"source":"exec"' '"exit_code":7')" "2 1 1" "and what its two execs recorded"
	is "$(ids_of '"name":"start"' "$job" '"step":"batch"') $(ids_of '"name":"finish"' "$job" '"source":"epilog"')" "1 1" \
		"beside its own start and end"
	is "$(status_json alice "$group" "[(a['slurm_state'], a['exit_code']) for a in phase('one','finetune')['attempts'] if a['job_id'] == '${talker[$where]}']")" \
		"[('FAILED', 7)]" "and all of it is one attempt, which ended as its command"
done
like "$(records_of "$home/server/exp" one submit)" "--run-group=$group" "and the submission that could not be looked into"
note "$(told submit "$submitted") acceptances of it"
is "$(status_json alice "$group" "[(a['job_id'], a['slurm_state']) for a in phase('one','finetune')['attempts'] if a['job_id'] in '${ids[*]}'.split()]")" \
	"[$(for id in "${ids[@]}"; do printf "('%s', 'COMPLETED'), " "$id"; done | sed 's/, $//')]" "and each job is one attempt"
cluster_is_unhurt "nothing of ours is left, and every node serves"
cluster_admin umount "$mount"
done_testing
