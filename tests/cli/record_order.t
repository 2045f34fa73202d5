#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The state is a function of the set of records: neither order nor repetition counts, with ids or without.
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

records=group/.runledger/runs/a/host.jsonl
mkdir -p group/.runledger/runs/a

record() { # SECONDS NAME MEMBERS
	printf '{"timestamp":17700000%s.5,"name":"%s","context":{"v":1,%s}}\n' "$1" "$2" "$3"
}
status_of() { # FILE...
	cat "$@" >"$records"
	run runledger status group --json
}

{
	record 00 submit '"sid":"s"'
	record 00 submit '"sid":"s","phase":"eval"'
	record 09 finish '"job_id":1,"state":"FAILED","source":"epilog","start_time":1770000001'
	record 09 finish '"job_id":1,"state":"COMPLETED","source":"epilog","start_time":1770000001'
} >records
status_of records
before=$out
tac records >reversed
status_of reversed
is "$out" "$before" "records without ids have an order of their own"

record 00 submit '"phase":"eval"' >records
status_of records
before=$out
status_of records records
is "$out" "$before" "a record without an id that is there twice counts once"

{
	record 05 finish '"id":"a","job_id":1,"state":"RUNNING","source":"epilog","start_time":1770000001'
	record 09 finish '"id":"b","job_id":1,"state":"COMPLETED","source":"epilog","start_time":1770000001'
} >records
status_of records
like "$out" '"slurm_state":"COMPLETED"' "a job that was running when an epilog ran ends all the same"

{
	record 05 finish '"id":"a","job_id":1,"state":"REQUEUED","final":false,"source":"epilog","start_time":1770000001'
	record 09 finish '"id":"b","job_id":1,"state":"COMPLETED","source":"epilog","start_time":1770000001'
} >records
status_of records
like "$out" '"slurm_state":"COMPLETED"' "of two ends of one second the later one counts"

done_testing
