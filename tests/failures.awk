# SPDX-License-Identifier: GPL-2.0-or-later
#
# failures.awk LOG: the claims of a test's log (TAP) that failed, each with all that was said between the claims around it.
function is_result(line) { return line ~ /^(ok|not ok)( |$)/ || line ~ /^1\.\./ }

# automake's driver says each result again.
/^(PASS|FAIL|SKIP|XFAIL): / { next }

is_result($0) {
	failed = /^not ok/
	if (failed && !shown) printf "%s", said
	if (failed) print
	shown = failed
	said = ""
	next
}
shown { print; next }
{ said = said $0 "\n" }
