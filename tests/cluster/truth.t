#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Whatever happens to a job, the ledger says what sacct -D says, and the job ends as without us: every scenario of
# tests/truth once, with cli_filter and jobcomp.  The whole matrix is `make check-truth`.
# shellcheck source-path=SCRIPTDIR source=stage.sh
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/stage.sh"
stage_need root
for program in slurmdbd mariadbd sacct python3; do
	PATH=$PATH:/usr/sbin:/sbin command -v "$program" >/dev/null || skip_all "$program is not installed"
done
stage_install || exit 99

truth=$top_srcdir/tests/truth
"$truth/run" --stage "$STAGE" --out "$work/plain" --plugins off 2>"$work/plain.err" &
plain=$!
"$truth/run" --stage "$STAGE" --out "$work/both" --cli-filter on --jobcomp on 2>"$work/both.err"
code=$?
wait "$plain" && ((code == 0)) || code=$((code + $?))
[[ $code != 77 ]] || skip_all "this needs namespaces, for users of its own"
sed 's/^/# /' "$work/plain.err" "$work/both.err" | grep -v ' played after '
((code == 0)) || exit 99
"$truth/compare.py" --tap --without "$work/plain" "$work/both"
