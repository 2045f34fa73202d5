#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# render_cost.sh: what a tracker costs to render, at any size, and what python3-yaml's C dumper takes for the same content.
#
# Ours and Python's in turns, five rounds, in milliseconds of the processor; medians.  The columns: the whole file made
# anew; again with nothing changed; one run changed, and known as such; an empty line put in by a person; all runs changed;
# and the same content written by yaml.dump(Dumper=CSafeDumper) from a tree in memory, with the ratio to "anew".
set -euo pipefail

ROUNDS=${RENDER_ROUNDS:-5}
CASES="anew again one edited all"

usage() {
	cat <<-'END'
	Usage: render_cost.sh BUILD [RUNS...]
	Measures tests/bench/render_cost of the folder BUILD, where `make check` or
	`make bench` has built it, with 100, 1000, 10000 and 100000 RUNS if none are
	given.  RENDER_ROUNDS=1 in the environment shows that it works.
	END
}

case ${1:-} in -h | --help) usage; exit 0 ;; '') usage >&2; exit 2 ;; esac
BUILD=$(realpath -e -- "$1")/tests/bench
shift
[[ $# -gt 0 ]] || set -- 100 1000 10000 100000
DIR=$(mktemp -d "${TMPDIR:-/tmp}/render_cost.XXXXXX")
trap 'rm -rf "$DIR"' EXIT

# Of records there are no more than of 10,000 runs: what is measured has none.
make_group() { # RUNS
	times=1
	folders=$1
	while ((folders > 10000)); do
		times=$((times * 10))
		folders=$((folders / 10))
	done
	[[ -d $DIR/group$folders ]] || "$BUILD/make_records" "$DIR/group$folders" "$folders" $((folders * 6)) >/dev/null
	export RENDER_TIMES=$times
	GROUP=$DIR/group$folders
}

# Reads a file, then dumps it once for each line of its input.
cat >"$DIR/dump.py" <<'END'
import sys, time, yaml
with open(sys.argv[1], encoding="utf-8") as text:
    tree = yaml.load(text, Loader=yaml.CSafeLoader)
for _ in sys.stdin:
    begin = time.process_time()
    yaml.dump(tree, Dumper=yaml.CSafeDumper, sort_keys=False)
    print((time.process_time() - begin) * 1e3, flush=True)
END

median() { # of the numbers in a file
	sort -n "$1" | awk '{ value[NR] = $1 } END { if (NR > 0) print value[int((NR + 1) / 2)] }'
}

figures() { # TRACKER RUNS
	make_group "$2"
	rm -f "$DIR"/took.*
	RENDER_TO=$DIR/anew "$BUILD/render_cost" "$GROUP" "$1" >"$DIR/first"
	grep -q '^anew' "$DIR/first" || return 0    # it keeps no file of this group
	if [[ $1 == runs_status ]]; then
		coproc DUMP { python3 "$DIR/dump.py" "$DIR/anew"; }
	fi
	for ((round = 0; round < ROUNDS; round++)); do
		"$BUILD/render_cost" "$GROUP" "$1" | awk -v dir="$DIR" '$3 == "ms" { print $2 >(dir "/took." $1) }
			$1 == "all" { print $(NF - 1) >(dir "/took.memory") }' >/dev/null
		for case in $CASES memory; do
			cat "$DIR/took.$case" >>"$DIR/took.$case.all"
		done
		if [[ $1 == runs_status ]]; then
			echo >&"${DUMP[1]}"
			read -r took <&"${DUMP[0]}"
			echo "$took" >>"$DIR/took.python.all"
		fi
	done
	if [[ $1 == runs_status ]]; then
		eval "exec ${DUMP[1]}>&-"
		wait "$DUMP_PID"
	fi
	printf '%-15s %7d' "$1" "$2"
	for case in $CASES; do
		printf ' %10.2f' "$(median "$DIR/took.$case.all")"
	done
	awk -v runs="$2" -v anew="$(median "$DIR/took.anew.all")" -v memory="$(median "$DIR/took.memory.all")" \
		-v python="$([[ $1 != runs_status ]] || median "$DIR/took.python.all")" 'BEGIN {
		printf " %9.1f %7.0f", anew / runs * 1000, memory / 1024
		if (python != "")
			printf " %9.0f %6.1fx", python, python / anew
		print "" }'
}

printf '%-15s %7s %10s %10s %10s %10s %10s %9s %7s %9s %7s\n' tracker runs anew again one edited all us/run MiB PyYAML ratio
for tracker in runs_status experiments training_log evaluation_log run_logs active_jobs slurm_job_list run_manifest; do
	for runs; do
		figures "$tracker" "$runs"
	done
done
