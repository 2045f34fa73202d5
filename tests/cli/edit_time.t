#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What a person changed in a tracker, when clocks and file systems are unkind.
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

mkdir -p group/.runledger/runs/a
printf '# Run Plan: group\n\n## All Runs\n\n| Run Name |\n|---|\n| a |\n' >group/runs_plan.md
run runledger refresh group
status_is 0 "the tracker is made"
edit() { sed -i "s/finetune_status: .*/finetune_status: $1/" group/runs_status.yaml; }

for moment in 2099-01-01 @-5; do
	edit running
	touch -d "$moment" group/runs_status.yaml
	run runledger refresh group
	like "$out" "1 edit by hand kept" "an edit in a file of $moment is kept"
	at=$(($(date +%s) + 2))
	printf '{"timestamp":%d.0,"name":"finish","context":{"v":1,"id":"%s","job_id":7,"state":"COMPLETED","start_time":%d,"end_time":%d}}\n' \
		"$at" "$moment" "$((at - 1))" "$at" >>group/.runledger/runs/a/host.jsonl
	run runledger refresh group
	like "$(cat group/runs_status.yaml)" "finetune_status: completed" "and later news still count"
	sleep 3
done

edit "$(printf '%05000d' 0)"
run runledger refresh group
status_is 1 "an edit that no record can hold is an error"
like "$err" "too long" "and is told"
like "$(cat group/runs_status.yaml)" 00000000 "and stays in the file"

done_testing
