#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2016  # Markdown has backticks
# The tracker run_logs in its folder: which file is whose, wherever people put it; timelines; and hostile files.
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

keep() { printf 'trackers:\n  run_logs: %s\n' "$2" >"$1/.runledger/config.yaml"; }
files() { (cd "$1" && find . -name '*.md' ! -name runs_plan.md ! -path './.runledger/*' | sort | tr '\n' ' '); }
block_of() { grep -c "^- execution_id: $2\$" "$1"; }

# 2026-03-11 15:00:00 UTC, and the days after
day=1773241200 next=1773327600 third=1773414000

# --- off, on, and at a place of one's own ---

new_group off a
job off a finetune $day 11 COMPLETED
run runledger refresh off
is "$(files off)" "" "nothing is kept unless it is asked for"

new_group g train 1B_rank4 rank4 idle
keep g on
submit_job g train finetune $day 4187578
run runledger refresh g
status_is 0 "refresh works"
is "$(files g)" "./run_logs/2026-03-11_train.md ./run_logs/timeline.md " "a run has a log from its submission on, named by its day"
is "$(cat g/run_logs/timeline.md)" "# Run Logs Timeline

1. \`2026-03-11_train.md\` — Wednesday, Mar 11th" "and its folder a timeline"
before=$(cksum g/run_logs/*)
run runledger refresh g
is "$(cksum g/run_logs/*)" "$before" "a second refresh changes nothing"
like "$out" "0 trackers written" "and writes nothing"

for place in 'logs/{run}.md' 'run_logs/{phase}/{date}_{run}.md' run_logs/arx5_multitask; do
	dir=$(printf '%s' "$place" | tr -c 'a-z5_\n' x)
	new_group "$dir" train
	keep "$dir" "\"$place\""
	job "$dir" train finetune $day 11 COMPLETED
	run runledger refresh "$dir"
	case $place in
	logs*) is "$(files "$dir")" "./logs/timeline.md ./logs/train.md " "a pattern without a date" ;;
	*phase*) is "$(files "$dir")" "./run_logs/finetune/2026-03-11_train.md ./run_logs/finetune/timeline.md " "a folder by the phase" ;;
	*) is "$(files "$dir")" "./run_logs/arx5_multitask/2026-03-11_train.md ./run_logs/arx5_multitask/timeline.md " "a folder alone" ;;
	esac
done
like "$(cat run_logsxarx5_multitask/run_logs/arx5_multitask/timeline.md)" "# ARX5 Multitask Timeline" "its timeline is called as the folder"
like "$(cat logsxxrunxxmd/logs/timeline.md)" "1. \`train.md\` — Wednesday, Mar 11th" "a name without a date is listed by the first submission"

new_group one train
keep one run_logs/log.md
run runledger refresh one
status_is 1 "one file for all runs is an error"
like "$err" "run_logs: run_logs/log.md names one file; it needs {run}, as in run_logs/{date}_{run}.md" "that says what to write"

# --- people move and rename ---

mkdir g/run_logs/arx5
mv g/run_logs/2026-03-11_train.md g/run_logs/arx5/
sed -i '/submitted, job 4187578/d' g/run_logs/arx5/2026-03-11_train.md
start_job g train finetune $day 4187578
run runledger refresh g
is "$(files g)" "./run_logs/arx5/2026-03-11_train.md ./run_logs/arx5/timeline.md ./run_logs/timeline.md " "a log that was moved is found again"
like "$(cat g/run_logs/arx5/2026-03-11_train.md)" "15:01 — running on n1" "and goes on there"
unlike "$(cat g/run_logs/arx5/2026-03-11_train.md)" "submitted, job 4187578" "what was taken out of it before stays out"
mv g/run_logs/arx5/2026-03-11_train.md "g/run_logs/arx5/front camera, first try.md"
finish_job g train finetune $day 4187578 TIMEOUT
submit_job g train finetune $next 12346
run runledger refresh g
is "$(find g/run_logs -name '*train*')" "" "a log that was renamed is found by its job's id: there is no second one"
is "$(block_of "g/run_logs/arx5/front camera, first try.md" 12346)" 1 "and gets the next job's block"
like "$(cat g/run_logs/arx5/timeline.md)" "1. \`front camera, first try.md\` — Wednesday, Mar 11th" "the timeline has the new name, too"

# --- by name; whose suffix is whose ---

mkdir -p g/run_logs/lora
printf '# by hand\n' >g/run_logs/lora/2026-03-10_1B_rank4.md
printf '# a copy\n\n## Job\n- job_id: 77\n' >g/run_logs/lora/2026-03-09_note.md
job g 1B_rank4 finetune $day 55 COMPLETED
job g rank4 finetune $next 56 COMPLETED
run runledger refresh g
is "$(block_of g/run_logs/lora/2026-03-10_1B_rank4.md 55)" 1 "a log that a person began is known by its name"
is "$(block_of g/run_logs/2026-03-12_rank4.md 56)" 1 "a run whose name is the end of another's has a log of its own"
is "$(cat g/run_logs/lora/timeline.md)" "# Lora Timeline

1. \`2026-03-09_note.md\` — Monday, Mar 9th
2. \`2026-03-10_1B_rank4.md\` — Tuesday, Mar 10th" "a timeline lists other people's logs as well"

# --- a name that is another's by its ids ---

new_group ids a b
keep ids on
job ids a finetune $day 21 COMPLETED
mkdir ids/run_logs && printf '# a\n\n## Job\n- execution_id: 22\n' >ids/run_logs/2026-03-11_a.md
job ids b finetune $day 22 COMPLETED
run runledger refresh ids
is "$(files ids)" "./run_logs/2026-03-11_a.md ./run_logs/2026-03-11_a_2.md ./run_logs/timeline.md " "job ids go before names"
is "$(block_of ids/run_logs/2026-03-11_a.md 22) $(block_of ids/run_logs/2026-03-11_a_2.md 21)" "1 1" "each job is in its run's file"

# --- timelines that people edit ---

new_group t b c d
keep t on
mkdir t/run_logs
cat >t/run_logs/timeline.md <<'END'
# What we did in March

Read from the top.

1. `2026-03-10_a.md` — Tuesday, Mar 10th, *the good one*
2. `2026-03-12_c.md` — Thursday, Mar 12th
   - died twice; see `2026-03-10_a.md`

1. not
2. a list of logs
END
job t c finetune $next 32 COMPLETED
job t d finetune $third 33 COMPLETED
job t b finetune $day 31 COMPLETED
run runledger refresh t
is "$(cat t/run_logs/timeline.md)" '# What we did in March

Read from the top.

1. `2026-03-10_a.md` — Tuesday, Mar 10th, *the good one*
2. `2026-03-11_b.md` — Wednesday, Mar 11th
3. `2026-03-12_c.md` — Thursday, Mar 12th
   - died twice; see `2026-03-10_a.md`
4. `2026-03-13_d.md` — Friday, Mar 13th

1. not
2. a list of logs' "new entries go in by their day; words of people's stay"
sed -i '/2026-03-11_b/d; s/^3\. /2. /; s/^4\. /3. /' t/run_logs/timeline.md
before=$(cat t/run_logs/timeline.md)
run runledger refresh t
run runledger refresh t
is "$(cat t/run_logs/timeline.md)" "$before" "an entry that was taken out stays out"

# --- what is no good ---

cp -r g bad
keep bad on
printf '# x\n\n```\n' >bad/run_logs/2026-03-12_rank4.md
submit_job bad 1B_rank4 eval $third 57
run runledger refresh bad
status_is 1 "a file that cannot be told apart is an error"
like "$err" "run_logs/2026-03-12_rank4.md:3: the code block that begins here is not closed" "that names its line"
is "$(cat bad/run_logs/2026-03-12_rank4.md)" "$(printf '# x\n\n```')" "it is left alone"
like "$(cat bad/run_logs/lora/2026-03-10_1B_rank4.md)" "## Job (eval)" "and the others are brought up to date"

new_group hostile a
keep hostile on
mkdir -p hostile/run_logs/sub/deep
mkfifo hostile/run_logs/fifo_a.md hostile/run_logs/timeline.md
ln -s .. hostile/run_logs/sub/deep/loop
ln -s /etc/passwd hostile/run_logs/2026-03-11_a.md
printf '\0\0' >hostile/run_logs/nul.md
job hostile a finetune $day 41 COMPLETED
run runledger refresh hostile
ok_if "$([ "$status" -ne 0 ] && [ -p hostile/run_logs/timeline.md ]; echo $?)" "pipes are neither waited for nor replaced"
is "$(head -c 4 /etc/passwd)" "root" "and nothing is written through a link"

# --- init knows a folder that uses them ---

new_group used a
rm -r used/.runledger used/runs_status.yaml 2>/dev/null
mkdir -p used/run_logs/arx5
printf '# a\n\n## Job\n- execution_id: 1\n' >used/run_logs/arx5/2026-03-11_a.md
run runledger init used
like "$(cat used/.runledger/config.yaml)" '  run_logs: "run_logs/arx5/{date}_{run}.md"' "init finds run logs, and where they are"

done_testing
