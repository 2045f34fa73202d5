#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# That the benchmarks work: each part, small and once.  No figure is judged here.
# shellcheck source-path=SCRIPTDIR source=../cluster/stage.sh
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/stage.sh"
stage_need root
stage_install || exit 99

bench=$top_srcdir/tests/bench/bench
"$bench" "$top_builddir" "$STAGE" --small --json >"$work/rows.json" 2>"$work/errors"
is "$?" 0 "all parts run"
is "$(<"$work/errors")" "" "and have nothing to complain of"
# Each work has a figure of ours and one to hold it against, and no figure is nothing.
/usr/bin/python3 - "$work/rows.json" >"$work/works" <<'END'
import json, sys
rows = json.load(open(sys.argv[1]))["rows"]
for work in dict.fromkeys(row["work"] for row in rows):
    mine = [row for row in rows if row["work"] == work]
    kinds = {row["kind"] for row in mine}
    whole = "ours" in kinds and len(mine) > 1 and all(row["value"] > 0 for row in mine)
    print(f"{'whole' if whole else 'NOT WHOLE'}\t{work}")
END
while IFS=$'\t' read -r verdict words; do
	is "$verdict" whole "$words"
done <"$work/works"
ok_if "$(($(wc -l <"$work/works") < 6))" "there are works of all parts"

"$bench" "$top_builddir" "$STAGE" --small --only append >"$work/table"
grep -qE "open, write, close .* us +x [0-9.]+" "$work/table"
ok_if "$?" "the table has figures and ratios"
"$bench" "$top_builddir" "$STAGE" --only nothing 2>"$work/errors"
is "$?" 2 "a part that is not there is a wrong question"
done_testing
