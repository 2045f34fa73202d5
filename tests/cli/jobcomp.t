#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# `runledger jobcomp`, as slurmctld runs it: one entry in the spool, and then the site's former script, whatever happens.
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

spool=$work/spool
mkdir -m 700 "$spool"
printf 'spool = %s\n' "$spool" >site.conf

# ended PROGRAM ARGUMENTS...: with the environment of a job that slurmctld tells of, and no other
ended() {
	env -i JOBID=17 ARRAYJOBID=0 ARRAYTASKID=4294967294 UID=4711 GID=4712 USERNAME=ann JOBNAME=r1 JOBSTATE=COMPLETED \
		EXITCODE=0:0 START=1771426850 END=1771426900 SUBMIT=1771426845 LIMIT=1-00:00:00 PROCS=2 NODECNT=1 NODES=n1 \
		PARTITION=main BATCH=yes CLUSTER=c WORK_DIR=/scratch/ann PATH=/usr/bin:/bin "$@"
}
entries() { find "$spool/new" -type f 2>/dev/null | wc -l | tr -d ' '; }
entry() { cat "$spool"/new/*.json; }
forget() { rm -rf "$spool/new"; }

# --- one entry ---

run ended "$RUNLEDGER" jobcomp --conf="$work/none.conf" --spool="$spool"
status_is 0 "the end of a job is taken from the environment"
is "$out$err" "" "without a word"
is "$(entries)" 1 "one entry is left"
is "$(find "$spool" | wc -l | tr -d ' ')" 3 "and nothing else"
like "$(entry)" '"name":"finish"' "it is a finish"
like "$(entry)" '"job_id":17,"source":"jobcomp","state":"COMPLETED"' "of that job, with its state"
like "$(entry)" '"time_limit":86400' "and its limit"
is "$(stat -c %a "$spool/new"/*.json)" 600 "for its owner alone"
forget

run ended "$RUNLEDGER" jobcomp --conf="$work/site.conf"
is "$status:$(entries)" 0:1 "the spool that runledger.conf names"
forget

ln -s "$RUNLEDGER" runledger-jobcomp
run ended ./runledger-jobcomp --conf="$work/site.conf"
is "$status:$(entries)" 0:1 "the link runledger-jobcomp is the same, as JobCompLoc takes no arguments"
forget

run ended JOBSTATE=RESIZING "$RUNLEDGER" jobcomp --spool="$spool"
is "$status:$(entries)" 0:0 "a resize is no end, and no failure"
run ended JOBSTATE= "$RUNLEDGER" jobcomp --spool="$spool"
is "$status:$(entries)" 1:0 "an environment that is none fails, and leaves nothing"
run ended "$RUNLEDGER" jobcomp --spool="$spool" 17
status_is 2 "it takes no arguments"

run env -i SLURM_JOB_ID=17 SLURM_JOB_UID=4711 SLURM_JOB_EXIT_CODE2=7:0 SPANK_RUNLEDGER_RUN=r1 "$RUNLEDGER" jobcomp --epilog --spool="$spool"
is "$status:$(entries)" 0:1 "--epilog takes EpilogSlurmctld's environment"
like "$(entry)" '"source":"slurmctld"' "and says so"
unlike "$(entry)" '"state"' "without a state, which it is not told"
forget
run ended "$RUNLEDGER" jobcomp --epilog --spool="$spool"
is "$status:$(entries)" 1:0 "--epilog with jobcomp's environment fails"

i=0
while [ $i -lt 30 ]; do
	ended "$RUNLEDGER" jobcomp --spool="$spool" &
	i=$((i + 1))
done
wait
is "$(entries)" 30 "thirty at once are thirty entries, on a fresh spool too"
forget

# --- then the former script, in our place ---

cat >former <<'END'
#!/bin/sh
env >"$PWD_OF_TEST/env.then"
echo "$#" >"$PWD_OF_TEST/arguments"
ls -l /proc/self/fd/ 2>/dev/null | grep -c -- '->' >"$PWD_OF_TEST/fds"
exit 7
END
chmod 755 former
ended PWD_OF_TEST="$work" "$work/former"
mv env.then env.direct
mv fds fds.direct
run ended PWD_OF_TEST="$work" "$RUNLEDGER" jobcomp --spool="$spool" --then="$work/former"
is "$status:$(entries)" 7:1 "--then: the entry, and the former script's exit status"
is "$(grep -v '^_=' env.then | sort)" "$(grep -v '^_=' env.direct | sort)" "--then: the former script's environment is the one that slurmctld gave"
is "$(cat arguments)" 0 "--then: and no arguments"
is "$(cat fds)" "$(cat fds.direct)" "--then: and no descriptor of ours"
forget
printf 'spool = %s\njobcomp_then = %s\n' "$spool" "$work/former" >site.conf
rm -f env.then
run ended PWD_OF_TEST="$work" ./runledger-jobcomp --conf="$work/site.conf"
is "$status:$(entries):$(test -s env.then; echo $?)" 7:1:0 "jobcomp_then of runledger.conf does the same"
forget
rm -f env.then
run ended PWD_OF_TEST="$work" JOBSTATE=RESIZING ./runledger-jobcomp --conf="$work/site.conf"
is "$status:$(entries):$(test -s env.then; echo $?)" 7:0:0 "the former script hears of a resize, too"
printf '#!/bin/sh\nkill -TERM $$\n' >killed
chmod 755 killed
run ended "$RUNLEDGER" jobcomp --spool="$spool" --then="$work/killed"
is "$status:$(entries)" 143:1 "--then: a former script that dies of a signal dies of it"
forget
run ended "$RUNLEDGER" jobcomp --spool="$spool" --then="$work/not-there"
is "$status:$(entries)" 1:1 "--then: where the former script is missing the entry is left all the same"
forget

# --- where the spool cannot be had ---

rm -f env.then
began=$(date +%s%N)
run ended PWD_OF_TEST="$work" "$RUNLEDGER" jobcomp --spool="$work/no-spool" --then="$work/former"
took_ms=$((($(date +%s%N) - began) / 1000000))
is "$status:$(test -s env.then; echo $?)" 7:0 "without a spool the former script still runs, with its exit status"
is "$out$err" "" "and slurmctld's log is not written to"
ok_if "$([ $took_ms -lt 1000 ]; echo $?)" "and nobody waits ($took_ms ms)"
run ended "$RUNLEDGER" jobcomp --spool="$work/no-spool"
status_is 1 "without a former script it fails"
is "$(test -e no-spool; echo $?)" 1 "and the spool is not made: it is the admin's to make"
if script -qec true /dev/null >/dev/null 2>&1; then
	env -i JOBID=17 JOBSTATE=COMPLETED PATH=/usr/bin:/bin script -qec "'$RUNLEDGER' jobcomp --spool='$work/no-spool'" /dev/null </dev/null >said 2>&1
	is "$(tr -d '\r' <said)" "runledger jobcomp: cannot open the spool $work/no-spool; see spank_runledger(8): No such file or directory" \
		"a person at a terminal is told in one sentence"
else
	skip "a person at a terminal is told in one sentence" "there is no script(1)"
fi
mkdir -m 500 "$work/read-only"
if [ "$(id -u)" -eq 0 ]; then
	chown 64123 "$work/read-only"
	chmod 755 "$work"
	run ended setpriv --reuid=64123 --clear-groups "$RUNLEDGER" jobcomp --spool="$work/read-only"
else
	run ended "$RUNLEDGER" jobcomp --spool="$work/read-only"
fi
status_is 1 "a spool that cannot be written to is a failure"
printf 'colour = red\nspool = %s\n' "$spool" >broken.conf
run ended "$RUNLEDGER" jobcomp --conf="$work/broken.conf"
is "$status:$(entries)" 0:1 "a broken line of runledger.conf is passed over"
forget
run ended sh -c 'exec "$@" <&- >&- 2>&-' sh "$RUNLEDGER" jobcomp --spool="$spool"
is "$status:$(entries)" 0:1 "without standard descriptors it works as well"
like "$(entry)" '"job_id":17' "and writes into no other file"

done_testing
