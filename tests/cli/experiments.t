#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The tracker experiments.md, kept by refreshes: what a person typed or took out, they keep.
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

new_group g base wide
printf 'trackers:\n  experiments: on\n' >g/.runledger/config.yaml
below=run_logs/experiments.md
table=g/$below

run runledger refresh g
status_is 0 "a group without submissions is refreshed"
ok_if "$([ ! -e g/run_logs ]; echo $?)" "and has no table yet"

submit_job g base finetune 1773241200 101
run runledger refresh g
is "$(cat $table)" "# Experiments

| run | description | val_loss | status | notes |
|-----|-------------|----------|--------|-------|
| base_2026-03-11 | finetune.slurm |  | pending |  |" "a submission gives a row"

stamp() { stat -c '%i %Y %Z %s' "$1"; }
before=$(stamp $table)
run runledger refresh g
is "$(stamp $table)" "$before" "without news nothing is written"

# --- a person's table ---

sed 's/pending |  |/keep | ours |/; s/finetune.slurm/front cam/' $table >edited
printf '\nA lesson.\n' >>edited
cp edited $table
run runledger refresh g
run runledger refresh g
ok_if "$(cmp -s edited $table; echo $?)" "what a person typed stays"
submit_job g wide finetune 1773327600 102
run runledger refresh g
sed 's/^A lesson.$/&/; /front cam/a| wide_2026-03-12 | finetune.slurm |  | pending |  |' edited >expected
is "$(cat $table)" "$(cat expected)" "the next run's row goes below the last one, and all else stays"
cp edited $table
run runledger refresh g
run runledger refresh g
ok_if "$(cmp -s edited $table; echo $?)" "a row that was taken out stays out"

# --- what the job and a person tell ---

new_group told base
printf 'trackers:\n  experiments: on\n' >told/.runledger/config.yaml
submit_job told base finetune 1773241200 101
record told base finetune 1773241300 progress '"job_id":101,"step":2400,"val_loss":0.09'
run runledger refresh told
like "$(cat told/$below)" "| base_2026-03-11 | finetune.slurm | 0.09 | pending |  |" "the last value goes into the column of its name"
record told base finetune 1773241400 progress '"job_id":101,"step":2500,"val_loss":0.05'
record told base finetune 1773241401 note '"verdict":"keep","description":"front cam","text":"good"'
run runledger refresh told
like "$(cat told/$below)" "| base_2026-03-11 | front cam | 0.05 | keep | good |" "and follows the job, as the rest follows the person"
sed 's/0.05/0.050/' told/$below >typed
cp typed told/$below
run runledger refresh told
record told base finetune 1773241500 progress '"job_id":101,"step":2600,"val_loss":0.04'
run runledger refresh told
ok_if "$(cmp -s typed told/$below; echo $?)" "until they type a value of their own"

# --- a file that cannot be kept ---

printf '```\nnever closed\n' >broken
cp broken $table
rm -r g/.runledger/trackers
run runledger refresh g
status_is 1 "a block of code without an end is a failure"
like "$err" "experiments.md:1: a comment or block of code begins here that nothing ends" "that names the line"
ok_if "$(cmp -s broken $table; echo $?)" "and the file is left alone"

# --- init ---

mkdir -p h/run_logs h/base
touch h/base/train.slurm
cp edited h/run_logs/experiments.md
run runledger init h
status_is 0 "init works beside an experiments.md"
like "$(cat h/.runledger/config.yaml)" "experiments: run_logs/experiments.md" "and keeps it from now on"
ok_if "$(cmp -s edited h/run_logs/experiments.md; echo $?)" "without news it is not touched"
done_testing
