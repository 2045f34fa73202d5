#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A helper that crashes, aborts, loops, babbles, eats memory or forks at each of its calls, and a plugin whose own child
# does: no node is drained, no job ends otherwise than without us, and nobody waits for longer than the limit.
# (never_hurt.t breaks what the helper finds; this breaks the helper.)
# shellcheck source-path=SCRIPTDIR source=stage.sh disable=SC2119,SC2016,SC2317
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/stage.sh"
stage_need root
broken=$top_builddir/tests/cluster/.libs/crashing_plugin.so
[[ -e $broken ]] || skip_all "the build has no crashing plugin"
stage_install || exit 99
cluster_start || exit 99
stage_need_multiuser

LIMIT_MS=1000
SLACK_MS=800                          # for what Slurm itself and this machine take

site=$(cluster_shared)/site           # the admin's
group=$(cluster_home alice)/g
mkdir -p "$site" && chmod 755 "$site"
install -m 755 "$broken" "$site/crashing_plugin.so"
: >"$site/pids" && chmod 666 "$site/pids"
cluster_as alice bash -c 'mkdir -p "$1/one" && cd "$1" &&
	printf "# Run Plan: x\n\n## All Runs\n\n| Run Name |\n|---|\n| one |\n" >runs_plan.md && "$2" init . >/dev/null' _ "$group" "$RUNLEDGER"
make_as alice "$group/one/job" 755 <<-'END'
	#!/bin/bash
	date +%s.%N >"$STAMP"
	exit 5
END

# plug [ARGUMENT...]: our lines with these arguments
plug() {
	stage_plugstack timeout_ms="$LIMIT_MS" "$@" >"$site/plugstack"
	mv "$site/plugstack" "$CLUSTER_DIR/etc/plugstack.conf"
}

# helper NAME: standard input becomes a program in the tool's place.  Whoever may have to be ended says who it is.
helper() {
	{ printf '#!/bin/bash\necho $$ >>%q\necho "$*" >>%q\n' "$site/pids" "$site/calls"; cat; } >"$site/$1"
	chmod 755 "$site/$1"
	: >"$site/calls" && chmod 666 "$site/calls"
	plug helper="$site/$1"
}
end_helpers() {
	local pid
	while read -r pid; do
		cluster_admin kill -KILL "$pid" 2>/dev/null
	done < <(cat "$site/pids" "$group/crashed" 2>/dev/null)
	: >"$site/pids"
}

between() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%d", (b - a) * 1000 }'; }

# a_job: sets how, submit_ms and completing_ms
a_job() {
	local begin=$EPOCHREALTIME id stamp=$group/one/stamp.$((++stamps))
	id=$(cluster_as alice env STAMP="$stamp" sbatch --parsable -D "$group/one" -o /dev/null "$group/one/job" 2>"$work/said") ||
		note "sbatch failed: $(head -c 300 "$work/said")"
	submit_ms=$(between "$begin" "$EPOCHREALTIME")
	wait_until 20 test -s "$stamp"
	wait_until 20 cluster_job_is_done "$id"
	completing_ms=$(between "$(<"$stamp")" "$EPOCHREALTIME")
	how="$(cluster_job_field "$id" JobState) $(cluster_job_field "$id" ExitCode)"
}
stamps=0

# unhurt CLAIM
unhurt() {
	a_job
	is "$how" "FAILED 5:0" "$1: the job ends as without us"
	note "sbatch $submit_ms ms, completing $completing_ms ms"
	ok_if "$((submit_ms > plain_submit_ms + LIMIT_MS + SLACK_MS || completing_ms > plain_completing_ms + LIMIT_MS + SLACK_MS))" \
		"$1: nobody waits for longer than the limit"
	is "$(cluster_drained)" "" "$1: no node is drained"
	end_helpers
}

# --- without us, and with all well

: >"$CLUSTER_DIR/etc/plugstack.conf"
a_job
is "$how" "FAILED 5:0" "the job without plugins"
plain_submit_ms=$submit_ms plain_completing_ms=$completing_ms
plug
cluster_restart_slurmd n1            # from now on it knows that there is an epilog
unhurt "all is well"

# --- the helper

# wrong NAME CALLS: the same for a helper of that body; it was called
wrong() {
	helper "$1"
	unhurt "the helper $1"
	ok_if "$([[ -s $site/calls ]]; echo $?)" "the helper $1: it was called"
}
wrong crashes <<<'kill -SEGV $$'
wrong aborts <<<'ulimit -c unlimited; kill -ABRT $$'
wrong bus-error <<<'kill -BUS $$; kill -KILL $$'
wrong loops <<<"trap '' TERM HUP INT; while :; do :; done"
wrong stops <<<'kill -STOP $$'
wrong babbles <<<"trap '' PIPE; while :; do echo 'group=/etc\nrun=../x'; echo '\e[31m' >&2; done"
wrong eats <<<"ulimit -v 400000; exec tail /dev/zero"
wrong forks <<'END'
for ((i = 0; i < 40; i++)); do
	setsid bash -c "echo \$\$ >>'$0.pids'; exec sleep 60" &
	echo $! >>"${0%/*}/pids"
done
wait
END
if [[ -e $site/forks.pids ]]; then
	cat "$site/forks.pids" >>"$site/pids"
	end_helpers
fi
helper closes <<<'exec 0<&- 1>&- 2>&-; sleep 60'
unhurt "the helper closes all it has, and sleeps"

# --- the plugin's own child

sed "s,$STAGE/lib/slurm/spank_runledger.so,$site/crashing_plugin.so," <(stage_plugstack timeout_ms="$LIMIT_MS") >"$site/plugstack"
mv "$site/plugstack" "$CLUSTER_DIR/etc/plugstack.conf"
cluster_restart_slurmd n1
unhurt "the plugin that can crash does not"
for way in crashes aborts loops sleeps eats leaves; do
	cluster_as alice bash -c 'rm -f "$1/crashed"; echo "$2" >"$1/crash"' _ "$group" "$way"
	unhurt "the plugin's child $way"
	ok_if "$([[ -s $group/crashed ]]; echo $?)" "the plugin's child $way: it did"
done
cluster_as alice rm "$group/crash"

plug
cluster_restart_slurmd n1
a_job
recorded() { (($(records_count "$group" one finish) > 0)) && [[ $(tracker_value "$group/runs_status.yaml" one finetune_status) == failed ]]; }
wait_until 20 recorded
ok_if $? "afterwards a job is recorded as ever"
cluster_is_unhurt "nothing of ours is left, and every node serves"
done_testing
