#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Each test that SECURITY.md names is there, is run, and makes claims that begin so.
# shellcheck source-path=SCRIPTDIR source=../tap.sh
: "${top_srcdir:=$(realpath "$(dirname "$0")/../..")}"
. "$top_srcdir/tests/tap.sh"

# named FILE: the tests that it names, "file" or "file: claim".
named() {
	# shellcheck disable=SC2016 # backticks are Markdown's
	grep -oE '`(cli|unit|cluster|lint)/[a-z_]+\.[tc](: [^`]+)?`' "$1" | tr -d '`' | sort -u
}

# claims WORDS FILE: does a claim there begin so, or is a test called so?  Comments and what is run claim nothing.
claims() {
	local lines
	lines=$(grep -v '^[[:space:]]*#' "$2" 2>/dev/null) || return
	case $2 in
	*.c) grep -qF "($1)" <<<"$lines" || grep -qF "($1," <<<"$lines" ;;
	*) grep -qF -e "\"$1" -e "'$1" <<<"$lines" ;;
	esac
}

# missing FILE: those of them that are not there, or not run.
missing() {
	named "$1" | while IFS= read -r test; do
		local file=${test%%: *} claim=
		[[ $test != *': '* ]] || claim=${test#*: }
		local name=${file##*/}
		[[ -e $top_srcdir/tests/$file ]] || echo "$test: no such file"
		grep -qF "${name%.c}" "$top_srcdir/tests/local.mk" || echo "$test: not run"
		[[ -z $claim ]] || claims "$claim" "$top_srcdir/tests/$file" || echo "$test: no such claim"
	done
}

ok_if "$([[ $(named "$top_srcdir/SECURITY.md" | wc -l) -ge 20 ]]; echo $?)" "SECURITY.md names at least twenty tests"
is "$(missing "$top_srcdir/SECURITY.md")" "" "and each is there, and run"

# shellcheck disable=SC2016
printf '`cli/shared_group.t: nobody claims this`, `cluster/attacks_node.t: Attacks on`, `unit/test_nothing.c`\n' >hollow.md
is "$(missing hollow.md)" "cli/shared_group.t: nobody claims this: no such claim
cluster/attacks_node.t: Attacks on: no such claim
unit/test_nothing.c: no such file
unit/test_nothing.c: not run" "a test that is not there would be told, and one of which a comment tells alone"
done_testing
