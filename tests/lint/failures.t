#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What ./check shows of a failed test's log: the claims that failed, however far they are from its end.
: "${top_srcdir:=$(realpath "$(dirname "$0")/../..")}"
# shellcheck source-path=SCRIPTDIR source=../tap.sh
. "$top_srcdir/tests/tap.sh"

cat >log <<-'END'
	1..7
	# of the first
	ok 1 - first
	# got: 1
	# expected: 2
	not ok 2 - second
	# exit status: 0
	# got: 3
	not ok 3 - third
	job 4 is unknown
	FAIL: tests/x.t 3 - third
	ok 4 - fourth
	# of the fifth
	ok 5 - fifth
	PASS: tests/x.t 5 - fifth
	ok 6 - sixth # SKIP no Slurm
	# slow
	not ok 7 - seventh
	# the last of slurmctld.log
END
cat >expected <<-'END'
	# got: 1
	# expected: 2
	not ok 2 - second
	# exit status: 0
	# got: 3
	not ok 3 - third
	job 4 is unknown
	# slow
	not ok 7 - seventh
	# the last of slurmctld.log
END
run awk -f "$top_srcdir/tests/failures.awk" log
is "$out" "$(cat expected)" "a failed claim is shown with what was said around it, and no other"
run awk -f "$top_srcdir/tests/failures.awk" /dev/null
is "$status:$out" 0: "a test that said nothing shows nothing"
done_testing
