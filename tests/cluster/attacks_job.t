#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What alice does to us with her own job, to reach bob or root: its environment, name, address, limits and processes.
# shellcheck source-path=SCRIPTDIR source=attacks.sh disable=SC2016,SC2317
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/attacks.sh"
attack_scene

# bob's own group and file, which alice may not read.
bobs=$(cluster_home bob)/own
cluster_as bob bash -c 'umask 077; mkdir "$1" && cd "$1" && mkdir a && echo "private to bob" >file &&
	printf "# Run Plan: x\n\n## All Runs\n\n| Run Name |\n|---|\n| a |\n" >runs_plan.md && "$2" init . >/dev/null' _ "$bobs" "$RUNLEDGER"
bobs_things() { (cd "$bobs" && find . -printf '%p %y %m %u %g %n %s %T@\n' | sort); }
bobs_before=$(bobs_things)

pwned=$shared/pwned
: >"$pwned" && chmod 666 "$pwned"
# unhurt CLAIM: bob's things are as they were, root ran nothing of alice's, and no node is drained.
unhurt() {
	wait_until 20 jobs_are_over
	is "$(bobs_things)" "$bobs_before" "$1: nothing of bob's is changed"
	is "$(cat "$pwned")" "" "$1: nobody ran what alice laid out"
	is "$(cluster_drained)" "" "$1: no node is drained"
}
# batch CLAIM SCRIPT [SBATCH-ARGUMENT...]: a job of alice's in the run a, which ends well.
batch() {
	local id
	id=$(cluster_as alice bash -c 'cd "$1" && shift && exec sbatch --parsable -o /dev/null "$@"' _ "$group/a" "${@:3}" --wrap "$2" 2>"$work/sbatch.err")
	job_ended "$id" COMPLETED 0:0 "$1: the job ends as if nothing had been"
}

# --- environment

if command -v cc >/dev/null; then
	cat >"$work/evil.c" <<-END
	#include <fcntl.h>
	#include <stdio.h>
	#include <string.h>
	#include <unistd.h>
	__attribute__((constructor)) static void run(void)
	{
		char self[256] = "", line[512];
		ssize_t got = readlink("/proc/self/exe", self, sizeof(self) - 1);
		int fd = open("$shared/loaded", O_WRONLY | O_APPEND);
		if (got > 0 && fd >= 0 && write(fd, line, (size_t)snprintf(line, sizeof(line), "%d %s\n", (int)geteuid(), self)) > 0)
			close(fd);
	}
	END
	cc -shared -fPIC -o "$shared/evil.so" "$work/evil.c" && chmod 755 "$shared/evil.so"
	: >"$shared/loaded" && chmod 666 "$shared/loaded"
	batch "LD_PRELOAD of a job" 'srun true' --export="ALL,LD_PRELOAD=$shared/evil.so,LD_AUDIT=$shared/evil.so"
	wait_until 20 jobs_are_over
	like "$(cat "$shared/loaded")" "/srun" "LD_PRELOAD of a job: it is loaded into the job's own programs"
	is "$(grep -c -e runledger -e slurmstepd -e '^0 ' "$shared/loaded")" 0 "LD_PRELOAD of a job: and into nothing of ours or root's"
	unhurt "LD_PRELOAD of a job"
else
	skip "LD_PRELOAD of a job" "no C compiler"
fi

evil_bin=$shared/evil-bin
mkdir "$evil_bin"
for name in runledger runledger-ask git sh bash env sacct scontrol python3; do
	printf '#!/bin/bash\necho "$0 $(id -un)" >>%q\n' "$pwned" >"$evil_bin/$name"
done
chmod -R a+rx "$evil_bin"
batch "PATH of a job" "PATH=$evil_bin:\$PATH /usr/bin/srun true" --export="ALL,RUNLEDGER_CONF=$evil_bin/x,RUNLEDGER_HELPER=$evil_bin/runledger"
unhurt "PATH of a job"
cluster_as alice bash -c 'cd "$1" && PATH=$2:/usr/bin:/bin BASH_ENV=$2/bash ENV=$2/sh IFS=x exec /usr/bin/srun -Q true' _ "$group/a" "$evil_bin" >/dev/null 2>&1
unhurt "PATH of a client"

# --- forged addresses: alice's sbatch has a plugstack.conf of her own, with a tool that answers what she likes

own=$shared/alices-slurm
cluster_as alice bash -c 'mkdir "$1" && cp "$2"/etc/slurm.conf "$1" && echo "PlugStackConfig=$1/plugstack.conf" >>"$1/slurm.conf" &&
	echo "optional $3/lib/slurm/spank_runledger.so helper=$1/liar conf=/dev/null" >"$1/plugstack.conf" &&
	printf "#!/bin/bash\ncat >/dev/null\ncat %q/answer\n" "$1" >"$1/liar" && chmod 755 "$1/liar"' _ "$own" "$CLUSTER_DIR" "$STAGE"
# forged NAME ANSWER: a job whose address says so.
forged() {
	local id
	printf '%b' "$2" | make_as alice "$own/answer" 644
	id=$(cluster_as alice bash -c 'cd "$1" && SLURM_CONF=$2/slurm.conf exec sbatch --parsable -o /dev/null -J a --wrap "srun true"' _ "$group/a" "$own")
	job_ended "${id%%;*}" COMPLETED 0:0 "forged address: $1: the job ends as if nothing had been"
	unhurt "forged address: $1"
}
long=$(printf '%05000d' 7)
forged "bob's group" "group=$bobs\nrun=a\nphase=finetune\n"
forged "run with .." "group=$group\nrun=../../../../home/bob/own\nphase=finetune\n"
forged "run with a slash" "group=$group\nrun=a/b\nphase=x/y\n"
forged "group with .." "group=$group/../../home/bob/own\nrun=a\nphase=finetune\n"
forged "group is /" "group=/\nrun=etc\nphase=x\n"
forged "group is a device" "group=/dev/zero\nrun=a\nphase=x\n"
forged "group is /proc" "group=/proc/1/root/root\nrun=a\nphase=x\n"
forged "over-long" "group=/$long\nrun=$long\nphase=$long\n"
forged "options as values" "group=/--uid=0\nrun=--uid=0\nphase=--conf=/dev/zero\n"
forged "escapes and quotes" "group=$group\nrun=\\x1b[2J\$(touch $pwned)'\"\`id\`%s%n{}\nphase=%n%n\n"
is "$(find /etc /root "$CLUSTER_DIR/etc" -name .runledger 2>/dev/null)" "" "forged address: no group is made anywhere"
like "$(ls "$group/.runledger/runs")" "a" "forged address: and what is alice's own goes on"

# --- names

odd=$'x\n2026-01-01 forged: line\e[2J\e]0;title\a'
for name in "$odd" '$(touch pwned)`touch pwned`' "%s%n%s'\"\\" '{run}{phase}{array_task}' '../../../../tmp/x' '-rf' "$(printf '%0900d' 1)" $'\xff\xfe' '&a [*a]' '#' '---'; do
	cluster_as alice bash -c 'mkdir -p "$1" && cd "$1" && exec sbatch -W -Q -o /dev/null -J "$2" --comment="$2" --wrap true' _ \
		"$group/odd/$(printf %q "${name:0:100}" | tr -d /)" "$name" >/dev/null 2>&1
done
cluster_as alice bash -c 'mkdir -p "$1" && cd "$1" && exec sbatch -W -Q -o /dev/null -J plain --wrap true' _ "$group/odd/$odd" >/dev/null 2>&1
wait_until 20 jobs_are_over
# And by a record that somebody wrote by hand.
as bob 'mkdir -p .runledger/runs/a; for name in note finish; do
	printf "{\"timestamp\":1773241300,\"name\":\"%s\",\"context\":{\"v\":1,\"id\":\"%032d\",\"run\":\"a\",\"phase\":\"finetune\",\"job_id\":5,\"state\":\"FAILED\",\"final\":true,\"text\":\"\\\\u001b[2Jx\\\\n2026-01-01 forged: line\",\"reason\":\"\\\\u001b[2Jx\\\\n2026-01-01 forged: line\",\"nodes\":\"\\\\u001b[31mn1\"}}\n" $name 8${#name}
	done >.runledger/runs/a/bob.jsonl'
like "$(as alice '"$tool" events --json' 2>/dev/null)" '\u001b[2J' "odd names: the records have them"
for command in "status" "status --run=a" "events" "report" "status --json" "events --json" "refresh"; do
	as alice "\"\$tool\" $command" >"$work/words" 2>&1
	unlike "$(cat "$work/words")" $'\e' "odd names: no escape of theirs gets to the terminal: $command"
	is "$(grep -c '^2026-01-01 forged' "$work/words")" 0 "odd names: and none is a line of its own: $command"
done
is "$(find "$group" -name pwned)" "" "odd names: none is run"
/usr/bin/python3 -c 'import sys, yaml; yaml.safe_load(open(sys.argv[1]))' "$group/runs_status.yaml" 2>"$work/words"
ok_if $? "odd names: the tracker is YAML: $(tail -n 1 "$work/words")"
is "$(grep -c $'\e\\|forged: line\\|\xff' "$CLUSTER_DIR"/log/slurmd-n1.log 2>/dev/null)" 0 "odd names: nor does the daemon's log get them from us"
unhurt "odd names"

# --- limits of the user that submits, and what the job inherits

for limits in "-f 0" "-n 7" "-v 200000" "-s 64" "-t 1" "-c 0 -l 0"; do
	# shellcheck disable=SC2086 # words
	cluster_as alice bash -c 'cd "$1" && shift && ulimit $1 && exec timeout 20 sbatch -W -Q -o /dev/null -J a --propagate=ALL --wrap true' _ \
		"$group/a" "$limits" >"$work/words" 2>&1
	status=$?
	# Slurm's own client may need more than it has then: without our plugin it ends the same way.
	mv "$CLUSTER_DIR/etc/plugstack.conf" "$work/plugstack" && : >"$CLUSTER_DIR/etc/plugstack.conf"
	# shellcheck disable=SC2086
	cluster_as alice bash -c 'cd "$1" && shift && ulimit $1 && exec timeout 20 sbatch -W -Q -o /dev/null -J a --propagate=ALL --wrap true' _ \
		"$group/a" "$limits" >"$work/words" 2>&1
	is "$status" "$?" "limits: ulimit $limits: a submission ends as without us"
	mv "$work/plugstack" "$CLUSTER_DIR/etc/plugstack.conf"
done
for mask in 000 777; do
	rm -rf "$group/.runledger/runs/a"
	cluster_as alice bash -c 'cd "$1" && umask "$2" && exec srun -Q -J a true' _ "$group/a" "$mask" >/dev/null 2>&1
	wait_until 20 jobs_are_over
	ok_if "$([[ $(records_count "$group" a finish) -gt 0 ]]; echo $?)" "umask $mask: the job is recorded"
	is "$(find "$group/.runledger" -perm -o+w ! -type l)" "" "umask $mask: and nothing can be written by all"
	is "$(find "$group/.runledger/runs/a" ! -perm -u+rw)" "" "umask $mask: or by nobody"
done
unhurt "limits"

# --- our processes that are alice's: she may end them, but not get into them, and finds nothing in them

# A refresh that takes its time, as long as there is no snapshot.
cluster_as alice /usr/bin/python3 - "$group/.runledger/runs/b" <<-'END'
	import json, os, sys
	os.makedirs(sys.argv[1], exist_ok=True)
	with open(sys.argv[1] + "/old.jsonl", "w") as out:
	    for i in range(250000):
	        out.write(json.dumps({"timestamp": 1773241200 + i, "name": "progress", "context":
	            {"v": 1, "id": "%032x" % (i + 1), "run": "b", "phase": "finetune", "job_id": 7, "step": i}}) + "\n")
END
make_as alice "$shared/spy.py" 755 <<-'END'
	#!/usr/bin/python3
	# Looks into each process of ours that has lived for a moment, from within a job; then ends it.
	import ctypes, os, sys, time
	libc = ctypes.CDLL(None, use_errno=True)
	seen, until = {}, time.time() + float(sys.argv[1])
	while time.time() < until:
	    for pid in filter(str.isdigit, os.listdir("/proc")):
	        try:
	            if open("/proc/%s/comm" % pid).read().strip() != "runledger" or "(deleted)" in pid:
	                continue
	            born = seen.setdefault(pid, time.time())
	            if time.time() - born < 0.05 or born == 0:
	                continue
	            seen[pid] = 0
	            uid = os.stat("/proc/" + pid).st_uid
	            print("met", flush=True)
	            for what in ("environ", "maps", "mem", "auxv"):
	                try:
	                    # One that has just ended opens, and has nothing.
	                    if open("/proc/%s/%s" % (pid, what), "rb").read(1):
	                        print("read", what, uid, flush=True)
	                except OSError:
	                    pass
	            for what in ("fd", "cwd", "exe"):
	                try:
	                    os.listdir("/proc/%s/fd" % pid) if what == "fd" else os.readlink("/proc/%s/%s" % (pid, what))
	                    print("saw", what, uid, flush=True)
	                except OSError:
	                    pass
	            if libc.ptrace(16, int(pid), 0, 0) == 0:
	                print("attached", uid, flush=True)
	                libc.ptrace(17, int(pid), 0, 0)
	            os.kill(int(pid), int(sys.argv[2]))
	        except (OSError, ValueError):
	            continue
END
for signal in 0 9 19; do
	: >"$shared/spied" && chmod 666 "$shared/spied"
	cluster_as alice bash -c 'cd "$1" && exec srun -Q -n1 -J b "$2/spy.py" 8 "$3" >"$2/spied" 2>&1' _ "$group/b" "$shared" "$signal" &
	spying=$!
	for _ in 1 2 3 4 5; do
		cluster_as alice bash -c 'rm -f "$1"/.runledger/snapshot*' _ "$group"
		a_job_of alice a || true
	done
	wait "$spying"
	ok_if "$(grep -q met "$shared/spied"; echo $?)" "a look into our processes: the job meets them (signal $signal)"
	is "$(grep -v met "$shared/spied" | sort | uniq -c)" "" "a look into our processes: sees no environment, memory or descriptor, and cannot steer them (signal $signal)"
	cluster_admin pkill -CONT -x runledger
	wait_until 30 jobs_are_over
	a_job_of alice a
	ok_if $? "a look into our processes: jobs end as ever (signal $signal)"
	unhurt "a look into our processes (signal $signal)"
done

unharmed "after all that"
cluster_is_unhurt "no process of ours is left, and no node is drained"
done_testing
