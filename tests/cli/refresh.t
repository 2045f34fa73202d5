#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# `runledger refresh`: from any folder of the group, with what people wrote kept, and nothing written for nothing.
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

new_skill_group g
mkdir -p "g/1B_rank4/deep er"

stamp() { stat -c '%i %Y %Z %s %a' "$1"; }

run runledger refresh g
status_is 0 "a refresh works"
ok_if "$([ -f g/runs_status.yaml ]; echo $?)" "and writes the tracker"
like "$(cat g/runs_status.yaml)" '  1B_rank64:' "with every run"
like "$(cat g/runs_status.yaml)" 'finetune_job_id: "1234567"' "and job ids as texts"
first=$(cat g/runs_status.yaml)
before=$(stamp g/runs_status.yaml)
run runledger refresh g
is "$(stamp g/runs_status.yaml)" "$before" "a second refresh does not touch the file"

# --- what a killed one left ---

left="g/.runs_status.yaml.0123456789abcdef.tmp g/.runledger/.snapshot.0001f3a2.tmp g/.runledger/refreshing.0123456789abcdef.tmp
	g/.runledger/trackers/.runs_status.0123456789abcdef.tmp"
kept="g/.notes.tmp g/.draft.0123456789abcdef.bak g/.runledger/.x.0123456789abcdef.tmp g/young.0123456789abcdef.tmp g/.dir.0123456789abcdef.tmp"
# shellcheck disable=SC2086 # names without blanks
touch -d '2 days ago' $left g/.notes.tmp g/.draft.0123456789abcdef.bak g/young.0123456789abcdef.tmp
touch g/.runledger/.x.0123456789abcdef.tmp
mkdir g/.dir.0123456789abcdef.tmp && touch -d '2 days ago' g/.dir.0123456789abcdef.tmp
ln g/.notes.tmp g/.linked.0123456789abcdef.tmp
kept="$kept g/.linked.0123456789abcdef.tmp"
run runledger refresh g
# shellcheck disable=SC2086
is "$(ls -d $left 2>/dev/null)" "" "temporary files of a killed refresh go after a day"
# shellcheck disable=SC2086
is "$(ls -d $kept | wc -l | tr -d ' ')" 6 "not what is called otherwise, is younger, no file, or has another name"
rm -r g/.notes.tmp g/.draft.* g/.runledger/.x.* g/young.* g/.dir.* g/.linked.*

# --- from everywhere ---

for folder in g g/1B_rank4 "g/1B_rank4/deep er" g/.runledger g/.runledger/runs/1B_rank4; do
	rm g/runs_status.yaml
	run sh -c 'cd "$1" && "$2" refresh' sh "$folder" "$RUNLEDGER"
	status_is 0 "refresh works in $folder"
	is "$(cat g/runs_status.yaml)" "$first" "and writes the same"
	run sh -c 'cd "$1" && "$2" status --json' sh "$folder" "$RUNLEDGER"
	like "$out" '"group":"g"' "status works in $folder"
done
ln -s "$work/g/1B_rank4" link
run sh -c 'cd link && "$1" refresh' sh "$RUNLEDGER"
status_is 0 "refresh works behind a link"
run runledger refresh "$work/g/"
status_is 0 "and by a path with a slash behind"

# --- what people wrote ---

sed 's/^  3B_rank64:/  # try again with less memory\n  3B_rank64:/; s/finetune_status: failed/finetune_status: skipped/' g/runs_status.yaml >edited
cp edited g/runs_status.yaml
chmod 640 g/runs_status.yaml
run runledger refresh g
status_is 0 "a refresh after an edit works"
like "$(cat g/runs_status.yaml)" '# try again with less memory' "a comment stays"
like "$(sed -n '/1B_rank64:/,/^  [13]B/p' g/runs_status.yaml)" 'finetune_status: skipped' "and so does a person's word"
is "$(stat -c %a g/runs_status.yaml)" 640 "and the file's mode"
is "$(cat g/.runledger/runs/1B_rank64/*.jsonl | grep -c '"name":"edit"')" 1 "the edit is in the records"
run runledger refresh g
is "$(cat g/.runledger/runs/1B_rank64/*.jsonl | grep -c '"name":"edit"')" 1 "once"
rm g/runs_status.yaml
run runledger refresh g
like "$(sed -n '/1B_rank64:/,/^  [13]B/p' g/runs_status.yaml)" 'finetune_status: skipped' "from which a lost tracker is made anew"

# --- a tracker behind a link ---

mv g/runs_status.yaml shared.yaml
ln -s ../shared.yaml g/runs_status.yaml
finish_job g 1B_rank4 eval 1760898000 1234568 COMPLETED
run runledger refresh g
ok_if "$([ -L g/runs_status.yaml ]; echo $?)" "a link stays a link"
like "$(sed -n '/  1B_rank4:/,/1B_rank64/p' shared.yaml)" 'eval_status: completed' "and the file behind it is brought up to date"
rm g/runs_status.yaml
mv shared.yaml g/runs_status.yaml

# --- many at once, and an editor ---

i=0
pids=''
while [ $i -lt 4 ]; do
	sh -c 'n=0; while [ $n -lt 6 ]; do "$1" refresh --by-itself -- "$2" || exit 1; n=$((n + 1)); done' sh "$RUNLEDGER" "$work/g" 2>"err$i" &
	pids="$pids $!"
	i=$((i + 1))
done
n=0
halves=0
while [ $n -lt 12 ]; do
	submit_job g 3B_rank64 eval $((1760899000 + n * 10)) $((1300000 + n))
	tail -c 1 g/runs_status.yaml >last
	[ -s last ] && [ -z "$(tr -d '\n' <last)" ] && grep -q '^run_group:' g/runs_status.yaml || halves=$((halves + 1))
	n=$((n + 1))
	sleep 0.05
done
bad=0
for pid in $pids; do wait "$pid" || bad=$((bad + 1)); done
is "$bad $halves" "0 0" "refreshers at once neither fail nor leave half a file"
run runledger refresh g
like "$(sed -n '/3B_rank64:/,$p' g/runs_status.yaml)" 'eval_job_id: "1300011"' "the newest news is there"
cp g/runs_status.yaml last
rm g/runs_status.yaml
run runledger refresh g
is "$(grep -v '^ *#' g/runs_status.yaml)" "$(grep -v '^ *#' last)" "and it is what a tracker made anew says"
is "$(find g -name '*.tmp*' -o -name '.runs_status*' | wc -l | tr -d ' ')" 0 "no temporary file is left"

# An editor that truncates, and is slow to write: more than half a second later than the file is empty.
{ echo "# mine"; cat g/runs_status.yaml; } >saved
emptied() { [ ! -s g/runs_status.yaml ]; }
(exec 4>g/runs_status.yaml && sleep 0.6 && cat saved >&4) &
editor=$!
wait_for emptied
run runledger refresh g
wait $editor
is "$(cat g/runs_status.yaml)" "$(cat saved)" "what an editor is slow to save is not lost"

# --- damage ---

echo garbage >>g/.runledger/runs/1B_rank4/host1.jsonl
run runledger refresh g
status_is 3 "a damaged line gives status 3"
like "$err" "1 damaged line" "and is told"
run runledger refresh --by-itself g
is "$err$out" "" "but by itself it says nothing"

done_testing
