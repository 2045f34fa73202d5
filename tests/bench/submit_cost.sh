#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# submit_cost.sh: what the plugins cost a job, on two real throwaway clusters.
#
# One cluster has the plugins and one has none; the samples alternate between the two, so that a busy moment of this
# machine hits both.  Prints medians, the difference in milliseconds, and the ratio.
set -euo pipefail

usage() {
	cat <<-'END'
	Usage: submit_cost.sh PREFIX [SAMPLES]
	Measures sbatch, srun and the epilog with and without the plugins that
	`make install prefix=PREFIX slurmplugdir=PREFIX/lib/slurm` has installed.
	SAMPLES is 30 if not given.  Needs root, as tests/cluster does for its users.
	END
}

case ${1:-} in -h | --help) usage; exit 0 ;; '') usage >&2; exit 2 ;; esac
PREFIX=$(realpath -e -- "$1")
SAMPLES=${2:-30}
CLUSTER=$(realpath -- "$(dirname -- "${BASH_SOURCE[0]}")/../cluster")
WORK=$(mktemp -d "${TMPDIR:-/tmp}/runledger-bench.XXXXXX")
chmod 755 "$WORK"
trap 'rm -rf "$WORK"' EXIT

[[ -e $PREFIX/lib/slurm/spank_runledger.so ]] || { echo "no plugins in $PREFIX/lib/slurm" >&2; exit 2; }
for plugin in spank_runledger spank_runledger_epilog; do
	echo "optional $PREFIX/lib/slurm/$plugin.so helper=$PREFIX/bin/runledger"
done >"$WORK/plugstack"
: >"$WORK/none"

export RLG_DEBUG=1                 # slurmd then logs when an epilog begins and ends, in milliseconds
with=$("$CLUSTER/up" --quiet --with-pid $$ --plugstack "$WORK/plugstack")
without=$("$CLUSTER/up" --quiet --with-pid $$ --plugstack "$WORK/none")

# Runs inside a cluster: a run group, a folder outside of any, and the stopwatch.
cat >"$WORK/prepare" <<END
cd && mkdir -p group/run1 outside
printf '# Run Plan: bench\n\n## All Runs\n\n| Run Name |\n|---|\n| run1 |\n' >group/runs_plan.md
'$PREFIX/bin/runledger' init group >/dev/null
END
cat >"$WORK/sample" <<'END'
cd && cd "$1" && shift
begun=$EPOCHREALTIME
"$@" >/dev/null 2>&1
ended=$EPOCHREALTIME
echo $((${ended/./} - ${begun/./}))
END
for cluster in "$with" "$without"; do
	"$CLUSTER/enter" "$cluster" alice bash "$WORK/prepare"
done

# sample CLUSTER FOLDER COMMAND...: microseconds on stdout
sample() {
	local cluster=$1
	shift
	"$CLUSTER/enter" "$cluster" alice bash "$WORK/sample" "$@"
	sleep 0.1                  # what the plugin leaves behind (append, refresh) is over before the next one
}

median() { sort -n | awk '{ value[NR] = $1 } END { print (value[int((NR + 1) / 2)] + value[int(NR / 2) + 1]) / 2 }'; }

report() { # WHAT WITH_FILE WITHOUT_FILE, in microseconds
	awk -v what="$1" -v a="$(median <"$2")" -v b="$(median <"$3")" 'BEGIN {
		ratio = b > 0 ? sprintf("x%.2f", a / b) : "-"
		printf "%-34s %8.1f ms %8.1f ms %+7.1f ms   %s\n", what, b / 1000, a / 1000, (a - b) / 1000, ratio
	}'
}

measure() { # WHAT FOLDER COMMAND...
	local what=$1 i
	shift
	: >"$WORK/a"; : >"$WORK/b"
	sample "$with" "$@" >/dev/null           # both warm
	sample "$without" "$@" >/dev/null
	for ((i = 0; i < SAMPLES; i++)); do
		sample "$with" "$@" >>"$WORK/a"
		sample "$without" "$@" >>"$WORK/b"
	done
	report "$what" "$WORK/a" "$WORK/b"
}

# From slurmd's logs: "JOB MICROSECONDS" for each epilog that was run, in the order of the jobs.
epilogs() {
	cat "$1"/log/slurmd-n*.log | awk '
		function ms(stamp) { split(substr(stamp, 13, 12), t, ":"); return (t[1] * 60 + t[2]) * 60000 + t[3] * 1000 }
		/credential for job [0-9]+ revoked/ { began[$(NF - 1)] = ms($1) }
		/completed epilog for jobid [0-9]+/ && $NF in began { print $NF, (ms($1) - began[$NF]) * 1000 }' | sort -n
}

printf '%-34s %11s %11s %10s   %s\n' "median of $SAMPLES" without with more ratio
measure "sbatch, in a run group" group/run1 sbatch --hold --wrap true
measure "sbatch, elsewhere" outside sbatch --hold --wrap true
measure "srun -N1 true, in a run group" group/run1 srun -N1 true
measure "srun -N1 true, elsewhere" outside srun -N1 true

# Without a plugin that exports the hook, and without an Epilog=, slurmd runs no epilog at all.
sleep 1
epilogs "$without" | awk '{ print $2 }' >"$WORK/b"
[[ -s $WORK/b ]] || echo 0 >"$WORK/b"
epilogs "$with" | awk '{ print $2 }' >"$WORK/all"
head -n $((SAMPLES + 1)) "$WORK/all" >"$WORK/a"
report "epilog on a node, job in a group" "$WORK/a" "$WORK/b"
tail -n $((SAMPLES + 1)) "$WORK/all" >"$WORK/a"
report "epilog on a node, other job" "$WORK/a" "$WORK/b"
