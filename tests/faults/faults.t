#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A few hundred faults of the many thousand that `make check-faults` injects; RLG_FAULTS_SEED=N takes others.
# shellcheck source=tests/tap.sh
. "${top_srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

library=$top_builddir/tests/faults/.libs/inject.so
if ! [ -e "$library" ]; then
	echo "1..0 # SKIP there is no shared library to preload"
	exit 0
fi
if grep -qa __asan_init "$RUNLEDGER"; then
	echo "1..0 # SKIP a program with sanitizers takes no preloaded library"
	exit 0
fi

faults() { run /usr/bin/python3 -B "$srcdir/tests/faults/check_faults" "$@" "$RUNLEDGER" "$library"; }

faults --some=600 --seed="${RLG_FAULTS_SEED:-2}"
say "$out"
status_is 0 "600 faults: nothing lost, torn or doubled, no half tracker, no lock left, no silent failure"
is "$(printf '%s\n' "$out" | awk '$1 == "all" { print ($3 >= 500) }')" 1 "and they were injected"

# On a file system without locks a person's edit once made its run's tracker forget all else.
faults --path="refresh, edits" --plan=0:lock:1:ENOLCK --plan=0:lock:1+:ENOLCK
say "$out"
status_is 0 "where the file system has no locks, a refresh that finds an edit forgets nothing"
is "$(printf '%s\n' "$out" | awk '$1 == "all" { print $3 }')" 2 "and there were none"

faults --path="start, hung" --path="log, hung" --path="note, hung" --path="exec, hung" --some=24 --seed="${RLG_FAULTS_SEED:-2}"
say "$out"
status_is 0 "a file server that does not answer holds nobody up, and what could not be written there waits on the node"

done_testing
