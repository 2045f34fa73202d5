#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What jobs used, told by the nodes alone, is what Slurm's own accounting says, within 5 %: CPU time, and memory as seff
# has it, without cgroups and with them; each step of a node once, whatever it does, and at no cost to it.
# shellcheck source-path=SCRIPTDIR source=stage.sh disable=SC2016,SC2119,SC2317
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/stage.sh"
stage_need root
for program in slurmdbd mariadbd mariadb-install-db; do
	PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || skip_all "$program is not installed: there is no accounting to compare with"
done
stage_install || exit 99

runs='alone steps threads cached executed first off plain quiet hang fails requeued many'

# Slurm's own figures are samples of each second, so memory is held for some.
eats='import hashlib, sys, threading, time
memory = bytearray(int(sys.argv[1]) << 20)
def burn(seconds):
    began = time.thread_time()
    while time.thread_time() - began < seconds:
        hashlib.sha256(memory[:1 << 16] * 16).digest()
threads = [threading.Thread(target=burn, args=(float(sys.argv[2]),)) for _ in range(int(sys.argv[3]))]
for thread in threads: thread.start()
for thread in threads: thread.join()
time.sleep(float(sys.argv[4]))'

# new_cluster CONF-LINE...: one with accounting, and a run group of alice's.
new_cluster() {
	printf '%s\n' "$@" JobAcctGatherFrequency=1 SelectTypeParameters=CR_Core_Memory AccountingStorageTRES=cpu,mem >"$work/conf"
	stage_cluster --accounting --conf "$work/conf" --etc "$work/cgroup.conf" || exit 99
	stage_need_multiuser
	group=$(cluster_home alice)/exp
	cluster_as alice bash -c 'mkdir -p "$1" && cd "$1" && mkdir $2 &&
		{ printf "# Run Plan: x\n\n## All Runs\n\n| Run Name |\n|---|\n"; printf "| %s |\n" $2; } >runs_plan.md &&
		"$3" init . >/dev/null' _ "$group" "$runs" "$RUNLEDGER" || exit 99
	make_as alice "$group/eats.py" 644 <<<"$eats"
	eat="/usr/bin/python3 $group/eats.py"
}

# batch RUN COMMAND [SBATCH-ARGUMENT...]: submits; sets id and ids[RUN].
declare -A ids
batch() {
	id=$(cluster_submit alice -o "$group/$1/out" -J "$1" -D "$group/$1" -t 10 "${@:3}" --wrap "$2")
	ids[$1]=$id
}

# who_told RUN: "STEP NODE", a line a record, sorted.
who_told() {
	records_of "$group" "$1" usage | /usr/bin/python3 -c '
import json, sys
for line in sys.stdin:
    c = json.loads(line)["context"]
    print(c["step"], c["node"])' | sort
}
told_is() { [[ $(who_told "$1") == "$2" ]]; }

# told RUN LINES CLAIM
told() {
	wait_until "$CLUSTER_TIMEOUT" told_is "$1" "$2"
	is "$(who_told "$1")" "$2" "$3"
}

# matches TEXT PATTERN CLAIM: an extended regular expression fits a line.
matches() {
	grep -qE -- "$2" <<<"$1" || { note "no line like: $2"; ok_if 1 "$3"; return; }
	ok_if 0 "$3"
}

# in_accounting ID: until slurmdbd has the whole job.
in_accounting() { wait_until "$CLUSTER_TIMEOUT" accounted "$1"; }
accounted() {
	local states
	states=$(cluster_admin sacct -nP -j "$1" -o state,end) && [[ -n $states && $states != *RUNNING* && $states != *PENDING* && $states != *Unknown* ]]
}

# agrees RUN CLAIM: our figures beside those of sacct, and of seff, which reads the same; says both.
agrees() {
	in_accounting "${ids[$1]}"
	cluster_admin sacct -nP -j "${ids[$1]}" -o jobid,elapsedraw,alloccpus,totalcpu,maxrss,ntasks,reqmem >"$work/sacct"
	status_json alice "$group" "json.dumps(phase('$1','finetune')['usage'])" >"$work/ours"
	/usr/bin/python3 - "$work/sacct" "$work/ours" "$1" <<-'PYTHON'
	import json, re, sys
	def seconds(words):
	    days, _, rest = words.rpartition("-")
	    total = 0
	    for part in rest.split(":"):
	        total = total * 60 + float(part)
	    return total + 86400 * int(days or 0)
	def size(words):
	    found = re.fullmatch(r"([0-9.]+)([KMGT]?)", words)
	    return float(found[1]) * 1024 ** " KMGT".index(found[2] or " ") if found else 0.0
	rows = [line.rstrip("\n").split("|") for line in open(sys.argv[1])]
	job, steps = rows[0], rows[1:]
	cpu = seconds(job[3])
	cpu_efficiency = cpu / (int(job[2]) * int(job[1]))
	used = max(size(step[4]) * int(step[5]) for step in steps)
	memory_efficiency = used / size(job[6])
	ours = json.load(open(sys.argv[2]))
	bad = 0
	for name, theirs, mine in (("CPU seconds", cpu, ours["cpu_s"]), ("CPU efficiency", cpu_efficiency, ours["cpu_efficiency"]),
	                           ("memory efficiency", memory_efficiency, ours["memory_efficiency"])):
	    apart = abs(mine - theirs) / theirs if mine and theirs else 9.99
	    print("# %s: %s: sacct %.4f, ours %s, %.2f %% apart" % (sys.argv[3], name, theirs, mine, 100 * apart))
	    bad += apart > 0.05
	sys.exit(bad > 0)
	PYTHON
	ok_if $? "$2"
}

# The same jobs wherever they are held: `how` names it, `cpu_by` and `memory_by` are what the records say.
play() {
	local how=$1 cpu_by=$2 memory_by=$3
	batch alone "$eat 300 2 1 3" --mem=600
	batch steps "srun -N2 -n2 --mem=0 $eat 300 1 1 3; srun -n1 -N1 --mem=0 $eat 30 0.5 1 0" -N2 -n2 --mem=600
	batch threads "$eat 300 1 3 3" -c3 --mem=600
	batch executed "$RUNLEDGER exec -- $eat 300 1 1 3" --mem=600
	for id in "${ids[@]}"; do
		cluster_wait_done "$id" 120
	done
	told alone "batch n1" "$how: a batch job tells one record"
	told steps "0 n1
0 n2
1 n1
batch n1" "$how: each step tells one a node"
	is "$(records_of "$group" steps usage | grep -c "\"cpu_source\":\"$cpu_by\".*\"memory_source\":\"$memory_by\"")" 4 "$how: with who counted"
	is "$(find "$group/.runledger/runs/steps" -name '*.jsonl' -printf '%U\n' | sort -u)" "$(alice_uid)" "$how: their files are the user's"
	agrees alone "$how: a batch job used what Slurm says"
	agrees steps "$how: so did steps on two nodes"
	agrees threads "$how: so did threads"
	agrees executed "$how: what runledger exec told is not counted twice"
	matches "$(rl alice status "$group" --run alone)" '^ +used +CPU [0-9]+ % of 1, memory [0-9]+ of 600 MiB \([0-9]+ %\), [0-9ms ]+ of 10m' \
		"$how: status says it in a line"
}

: >"$work/cgroup.conf"
new_cluster JobAcctGatherType=jobacct_gather/linux
play "without cgroups" rusage rusage
matches "$(rl alice events --group "$group")" "job ${ids[alone]}: the batch script on n1 used [0-9]+s of CPU and [0-9]+ MiB in [0-9]+s" \
	"events says it in a sentence"
matches "$(rl alice report "$group")" "^\\| alone \\| Finetune \\| ${ids[alone]} \\| [0-9]+ % of 1 \\| [0-9]+ of 600 MiB \\([0-9]+ %\\) \\|" "and report in a table"

# --- which steps, and whose

cluster_idle
batch fails 'srun -n2 -N2 bash -c "exit \$SLURM_PROCID"' -N2 -n2
cluster_wait_done "$id"
cluster_idle
batch plain 'srun --export=NONE -n1 /bin/true' --export=NONE
cluster_wait_done "$id"
told fails "0 n1
0 n2
batch n1" "a step that fails tells what it used, too"
told plain "0 n1
batch n1" "one without an environment as well"
id=$(cluster_submit alice -o /dev/null -D "$(cluster_home alice)" --wrap 'srun -n1 true')
cluster_wait_done "$id"
is "$(find "$group/.runledger" -name '*.jsonl' -exec grep -l "\"job_id\":$id," {} +)" "" "a job that is in no group tells nothing"

batch requeued '[ -e again ] || { touch again; exec sleep 60; }' --requeue
wait_until "$CLUSTER_TIMEOUT" test -e "$group/requeued/again"
cluster_as alice scontrol requeue "$id"
cluster_wait_state "$id" PENDING
sleep 3.1                              # KillWait, and a start within a second of the requeue is "already killed" to slurmd
# Slurm lets a requeued job wait for two minutes.
cluster_admin scontrol update JobId="$id" StartTime=now
requeued() { [[ $(status_json alice "$group" "[a['usage']['cpu_s'] is not None for a in phase('requeued','finetune')['attempts']]") == '[True, True]' ]]; }
wait_until 60 requeued
ok_if $? "each attempt of a requeued job has its own"

# A hundred steps: a record each, and no refresh for any of them.
batch many 'for i in $(seq 100); do srun -n1 true; done'
cluster_wait_done "$id" 240
many_told() { [[ $(records_count "$group" many usage) == 101 ]]; }
wait_until "$CLUSTER_TIMEOUT" many_told
is "$(who_told many | sort -u | wc -l)" 101 "a hundred steps and their script tell a hundred and one"

# --- what the admin can say

plug() {
	stage_plugstack "$@" >"$work/plugstack"
	cp "$work/plugstack" "$CLUSTER_DIR/etc/plugstack.conf"
}
plug usage=first
batch first 'srun -N2 -n2 true' -N2 -n2
cluster_wait_done "$id"
told first "0 n1
batch n1" "usage=first: the first node of each step tells"
plug usage=off
batch off 'srun -n1 true'
cluster_wait_done "$id"
off_ended() { [[ $(status_json alice "$group" "phase('off','finetune')['status']") == completed ]]; }
wait_until "$CLUSTER_TIMEOUT" off_ended
is "$(who_told off)" "" "usage=off: none does"

# A tool that never comes back: only jobs without an address need it.
hangs=$(cluster_shared)/hangs
printf '#!/bin/sh\necho $$ >>%q\nexec sleep infinity\n' "$hangs.pids" >"$hangs"
chmod 755 "$hangs" && : >"$hangs.pids" && chmod 666 "$hangs.pids"
: >"$CLUSTER_DIR/etc/plugstack.conf"
batch hang 'srun -n1 true' --hold
echo "optional $STAGE/lib/slurm/spank_runledger.so helper=$hangs conf=$STAGE_CONF" >"$CLUSTER_DIR/etc/plugstack.conf"
cluster_as alice scontrol release "$id"
job_ended "$id" COMPLETED 0:0 "no step waits for a tool that hangs"
hung() { [[ $(wc -l <"$hangs.pids") == 3 ]]; }
wait_until "$CLUSTER_TIMEOUT" hung
while read -r pid; do
	cluster_admin kill -KILL "$pid"
done <"$hangs.pids"
plug
records_are_valid "$group" "all records obey the schema"
cluster_is_unhurt "nothing is left, every node serves"

# --- cgroups

hierarchy=/sys/fs/cgroup/memory
if [[ -w $hierarchy/cgroup.procs && -w /sys/fs/cgroup/freezer/cgroup.procs && -w /sys/fs/cgroup/cpuacct/cgroup.procs ]]; then
	cluster_stop
	# shellcheck disable=SC2064 # as it stands now: the next cluster's trap would call this one's, which is itself
	trap "$CLUSTER_OLD_TRAP" EXIT
	ids=()
	printf '%s\n' CgroupPlugin=cgroup/v1 ConstrainRAMSpace=yes >"$work/cgroup.conf"
	cluster_cgroup_turn || exit 99
	new_cluster JobAcctGatherType=jobacct_gather/cgroup ProctrackType=proctrack/cgroup TaskPlugin=task/cgroup
	play "cgroup/v1" cgroup/v1 cgroup/v1
	# What a job wrote and still lies in memory is nobody's need; seff does not count it either.
	batch cached "$eat 300 1 1 3; dd if=/dev/zero of=$group/cached/big bs=1M count=250 2>/dev/null; sleep 1" --mem=600
	cluster_wait_done "$id"
	agrees cached "cgroup/v1: what lies in the page cache is not counted as used"
	rm -f "$group/cached/big"
	cluster_idle
	no_cgroups() { [[ -z $(jobs_cgroups) ]]; }
	jobs_cgroups() {
		for id in "${ids[@]}"; do
			find /sys/fs/cgroup/{memory,freezer,cpuacct} -path "*/uid_$(alice_uid)/job_$id" -prune -print 2>/dev/null
		done
	}
	wait_until 5 no_cgroups
	is "$(jobs_cgroups)" "" "jobs leave no cgroup behind"
	records_are_valid "$group" "these records obey the schema, too"
	cluster_is_unhurt "every node serves"
	cluster_stop
	find /sys/fs/cgroup/{memory,freezer,cpuacct} -maxdepth 1 -name 'slurm_n[1-3]' -exec rmdir --ignore-fail-on-non-empty {} + 2>/dev/null
else
	skip "cgroup/v1: a batch job used what Slurm says" "no cgroup hierarchies of version 1 to write to"
fi
done_testing
