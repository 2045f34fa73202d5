#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage_cost.sh: what it costs a step that it tells what it used, on a real throwaway cluster.
#
# The same `srun true` inside of an allocation with usage=off and usage=all in plugstack.conf, in turns, so that a busy
# moment of this machine hits both.  Prints medians and lower quartiles in milliseconds.
set -euo pipefail

usage() {
	cat <<-'END'
	Usage: usage_cost.sh PREFIX [SAMPLES]
	Measures steps with the plugins that
	`make install prefix=PREFIX slurmplugdir=PREFIX/lib/slurm` has installed.
	SAMPLES is 40 if not given.  Needs root, as tests/cluster does for its users.
	END
}

case ${1:-} in -h | --help) usage; exit 0 ;; '') usage >&2; exit 2 ;; esac
PREFIX=$(realpath -e -- "$1")
SAMPLES=${2:-40}
CLUSTER=$(realpath -- "$(dirname -- "${BASH_SOURCE[0]}")/../cluster")
DIR=$("$CLUSTER/up" --quiet --with-pid $$)

for which in off all; do
	for plugin in spank_runledger spank_runledger_epilog; do
		echo "optional $PREFIX/lib/slurm/$plugin.so helper=$PREFIX/bin/runledger usage=$which"
	done >"$DIR/scratch/$which"
done
chmod 666 "$DIR/etc/plugstack.conf"
cat >"$DIR/scratch/prepare" <<'END'
cd && mkdir -p group/run1 outside
printf '# Run Plan: bench\n\n## All Runs\n\n| Run Name |\n|---|\n| run1 |\n' >group/runs_plan.md
"$1" init group >/dev/null
END
# In an allocation, so that an srun is a step and no job: DIR, the folder, how many.
cat >"$DIR/scratch/sample" <<'END'
for ((i = 0; i < $2; i++)); do
	for which in off all; do
		cat "$1/scratch/$which" >"$1/etc/plugstack.conf"
		begun=$EPOCHREALTIME
		srun -n1 true
		ended=$EPOCHREALTIME
		echo "$which $((${ended/./} - ${begun/./}))"
		sleep 0.1                  # what is left behind (an append) is over before the next one
	done
done
END
"$CLUSTER/enter" "$DIR" alice bash "$DIR/scratch/prepare" "$PREFIX/bin/runledger"
printf '%-24s %10s %16s   (%d each)\n' "srun true, usage=" median "lower quartile" "$SAMPLES"
for place in group/run1 outside; do
	cat "$DIR/scratch/off" >"$DIR/etc/plugstack.conf"
	# shellcheck disable=SC2016 # for the inner shell
	"$CLUSTER/enter" "$DIR" alice bash -c 'cd && cd "$1" && shift && exec salloc -Q -n1 bash "$@"' _ "$place" \
		"$DIR/scratch/sample" "$DIR" "$SAMPLES" >"$DIR/scratch/samples"
	for which in off all; do
		awk -v which="$which" '$1 == which { print $2 }' "$DIR/scratch/samples" | sort -n |
			awk -v what="$which, in $place" '{ value[NR] = $1 } END {
				printf "%-24s %7.1f ms %13.1f ms\n", what, value[int((NR + 1) / 2)] / 1000, value[int(NR / 4) + 1] / 1000 }'
	done
done
