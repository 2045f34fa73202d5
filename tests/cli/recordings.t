#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What tests/truth recorded on real clusters, and found to be what sacct says, folds to the same state today.
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"
[ -x /usr/bin/python3 ] || { echo "1..0 # SKIP there is no python3"; exit 0; }

# told EXPECTED GOT: each member that stands in EXPECTED is in GOT, too; later versions may say more.
told() {
	/usr/bin/python3 - "$@" <<-'END'
	import json, sys
	AGING = "no_word_since"              # of when it is looked at
	def by_name(value):
	    for key in ("run", "phase"):
	        if isinstance(value, list) and value and key in value[0]:
	            return {item[key]: item for item in value}
	    return value
	def lacks(want, have, where):
	    want, have = by_name(want), by_name(have)
	    if isinstance(want, dict) and isinstance(have, dict):
	        return [x for key in want if key != AGING for x in lacks(want[key], have.get(key), "%s.%s" % (where, key))]
	    if isinstance(want, list) and isinstance(have, list) and len(want) == len(have):
	        return [x for i in range(len(want)) for x in lacks(want[i], have[i], "%s[%d]" % (where, i))]
	    return [] if want == have else ["%s: %r, not %r" % (where, have, want)]
	wrong = lacks(*[json.load(open(path)) for path in sys.argv[1:3]], "status")
	print("\n".join(wrong[:20]))
	sys.exit(bool(wrong))
	END
}

for expected in "$srcdir"/tests/golden/recordings/*/*.json; do
	group=${expected%.json}
	name=${group#"$srcdir"/tests/golden/recordings/}
	rm -rf group && cp -r "$group" group
	run runledger status group --json
	status_is 0 "$name: no record is damaged"
	printf '%s\n' "$out" >got.json
	run told "$expected" got.json
	status_is 0 "$name folds to what was recorded"
done
done_testing
