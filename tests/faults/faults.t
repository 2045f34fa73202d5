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

done_testing
