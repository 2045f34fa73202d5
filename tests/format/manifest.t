#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A run's manifest is what its readers ask for at every stage of the run, against a schema written from their contract.
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

python=/usr/bin/python3
schema=$srcdir/tests/format/run_manifest.schema.json
writer=$top_builddir/tests/unit/test_run_manifest

cat >check.py <<'PYTHON'
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
check = jsonschema.Draft202012Validator(schema)
for path in sys.argv[2:]:
    manifest = json.load(open(path, encoding="utf-8"))
    errors = ["%s: %s" % ("/".join(map(str, e.path)), e.message) for e in check.iter_errors(manifest)]
    print(path, manifest.get("status"), errors[0] if errors else "good")
PYTHON

if [ -x "$writer" ] && "$python" -c 'import jsonschema' 2>/dev/null; then
	mkdir stages
	run env srcdir="$srcdir" "$writer" --write stages
	status_is 0 "the tracker writes a manifest at each stage"
	run "$python" -W ignore check.py "$schema" stages/*.json
	is "$(printf '%s\n' "$out" | grep -v ' good$')" "" "each is what the schema says"
	is "$(printf '%s\n' "$out" | awk '{ print $2 }' | sort -u | tr '\n' ' ')" \
		"completed failed pending running submitted synced " "and every status was among them"
	is "$(printf '%s\n' "$out" | wc -l)" 42 "of a manifest that was there and of a new one, artifacts here or elsewhere"

	# The schema can say no.
	refused() { # SED-SCRIPT CLAIM: of the completed manifest
		sed "$1" stages/10_completed.json >bad.json
		run "$python" -W ignore check.py "$schema" bad.json
		unlike "$out" " good" "$2"
	}
	refused 's/"completed_at": ".*"/"completed_at": null/' "completed without an end is refused"
	refused 's/"status": "ok"/"status": "pending"/' "completed without its artifacts is refused"
	refused 's/"started_at": ".*",/"x": null,/' "no beginning is refused"
	refused 's/"status": "completed"/"status": "running"/' "an end while it runs is refused"
	refused 's/"job_id": "4190"/"job_id": 4190/' "a number for a job id is refused"
	refused 's/"command"/"commend"/' "no command is refused"
	refused 's/"status": "completed"/"status": "done"/' "another status is refused"
else
	skip "manifests are what the schema says" "no python3 with jsonschema, or no unit tests"
fi

done_testing
