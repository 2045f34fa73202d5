#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Records as the plugins' writer makes them, against the schema that is installed beside them.
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

python=/usr/bin/python3
schema=$srcdir/lib/runledger-record.schema.json
writer=$top_builddir/tests/unit/test_record

cat >check.py <<'PYTHON'
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
check = jsonschema.Draft202012Validator(schema)
for line in open(sys.argv[2], "rb"):
    record = json.loads(line.decode("utf-8"))
    errors = [error.message for error in check.iter_errors(record)]
    print(record["name"], errors[0] if errors else "good")
PYTHON

if [ -x "$writer" ] && "$python" -c 'import jsonschema' 2>/dev/null; then
	run "$writer" --records
	status_is 0 "the writer writes"
	printf '%s\n' "$out" >records
	run "$python" -W ignore check.py "$schema" records
	is "$out" "submit good
reject good
start good
finish good
something-new good" "each record is what the schema says"
	is "$(awk '{ print length($0) < 4096 }' records | sort -u)" 1 "and no longer than 4096 bytes"

	# The schema can say no.
	sed 's/"v":1/"v":2/' records >bad
	run "$python" -W ignore check.py "$schema" bad
	unlike "$out" "good" "another version is refused"
	sed 's/"sid":"[0-9a-f]*",//; s/"job_id":[0-9]*,*//; s/"run":"/"walk":"/' records >bad
	run "$python" -W ignore check.py "$schema" bad
	is "$(printf '%s\n' "$out" | grep -c good)" 1 "a record without its facts is refused"
	sed 's/"timestamp":[0-9.]*/"timestamp":"now"/' records >bad
	run "$python" -W ignore check.py "$schema" bad
	unlike "$out" "good" "so is one without a moment"
else
	skip "records are what the schema says" "no python3 with jsonschema, or no unit tests"
fi

done_testing
