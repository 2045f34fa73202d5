#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `runledger note`: a person's word on a run, and what it changes.
# shellcheck source-path=SCRIPTDIR source=../tap.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

new_skill_group g
cd g || exit 99
group=$PWD
printf 'trackers:\n  runs_status: runs_status.yaml\n' >.runledger/config.yaml
runledger refresh >/dev/null || exit 99

notes_of() { cat ".runledger/runs/$1"/*.jsonl | grep -E '"name":"(note|output|sync)"'; }
# last RUN KEY: a member of its last record
last() { notes_of "$1" | tail -n 1 | sed -n 's/.*"'"$2"'":"\([^"]*\)".*/\1/p'; }
# now RUN EXPRESSION: of `status --json`, with the run as r and its phases as p
now() {
	runledger status --json | /usr/bin/python3 -c '
import json, sys
r = next(r for r in json.load(sys.stdin)["runs"] if r["run"] == sys.argv[1])
p = {x["phase"]: x for x in r["phases"]}
print(eval(sys.argv[2]))' "$1" "$2"
}

run runledger note 1B_rank4 the loss went up, see "page 3"
is "$status:$out:$err" "0::" "a note is taken without a word"
is "$(last 1B_rank4 text)" "the loss went up, see page 3" "all words together are its text"
is "$(last 1B_rank4 user)" "$(id -un)" "with the name of whoever said it"
is "$(now 1B_rank4 "r['note']")" "the loss went up, see page 3" "status --json has it"
run runledger status --run 1B_rank4
like "$out" "$(id -un): the loss went up, see page 3" "status --run lists it"
run runledger note 1B_rank4/eval looks fine
is "$(last 1B_rank4 phase)" eval "a note on a phase says which"
run runledger status --run 1B_rank4
like "$out" " on eval: looks fine" "and is listed so"
like "$out" "see page 3" "beside the older one"
is "$(now 1B_rank4 "p['eval']['status']")" running "a note changes no status"

# --- words with a meaning

run runledger note 1B_rank4 keep
is "$(now 1B_rank4 "r['verdict'], r['note']")" "('keep', 'looks fine')" "keep alone is a verdict, and no note"
run runledger note 1B_rank4 keep an eye on it
is "$(now 1B_rank4 "r['verdict'], r['note']")" "('keep', 'keep an eye on it')" "in a sentence it is a word"
run runledger note 1B_rank4 verdict=discard it diverged
is "$(now 1B_rank4 "r['verdict'], r['note']")" "('discard', 'it diverged')" "a verdict with its reason"
run runledger note 1B_rank4 wandb=https://wandb.ai/lab/cap/runs/x1 "description=rank 4, lr 1e-4" keep
is "$(now 1B_rank4 "r['verdict'], r['wandb'], r['description']")" "('keep', 'https://wandb.ai/lab/cap/runs/x1', 'rank 4, lr 1e-4')" "several at once"
run runledger note 1B_rank4 wandb= verdict=
is "$(now 1B_rank4 "r['verdict'], r['wandb'], r['description']")" "(None, None, 'rank 4, lr 1e-4')" "an empty one takes back"
run runledger note 1B_rank4 lr=3e-4 was too high
is "$(now 1B_rank4 "r['note']")" "lr=3e-4 was too high" "other words with = are words"
run runledger note 1B_rank4 sync=pending
is "$(now 1B_rank4 "[p[x]['sync'] for x in ('finetune', 'eval')]")" "['pending', 'pending']" "a sync of the run"
run runledger note 1B_rank4/finetune sync=ok
is "$(now 1B_rank4 "[p[x]['sync'] for x in ('finetune', 'eval')]")" "['ok', 'pending']" "and of a phase"
mkdir out
run runledger note 1B_rank4 output=out
is "$status:$err" "0:" "an output that is there"
is "$(now 1B_rank4 "p['finetune']['output']")" "$group/out" "stands absolute, for the first phase"
like "$(cat runs_status.yaml)" "finetune_output: $group/out" "and the tracker has it when the command ends"
run runledger note 1B_rank4/eval output=/not/there
like "$status:$err" "0:runledger note: /not/there is not there" "one that is not is taken with a warning"
run runledger note --group "$group" 3B_rank64 not yet submitted
is "$status $(now 3B_rank64 "r['note']")" "0 not yet submitted" "a run without records can have one"
run runledger note 3B_rank64 --not an option
is "$(now 3B_rank64 "r['note']")" "--not an option" "behind the run all words are words"

# --- hostile words

# shellcheck disable=SC1003 # a backslash
run runledger note 3B_rank64 "$(printf 'a\033[31mb\nc"\\')"
status_is 0 "any text is taken"
run runledger status --run 3B_rank64
unlike "$out" "$(printf '\033')" "and shown harmlessly"
# shellcheck disable=SC1003
like "$out" 'a\x1b[31mb\nc"\' "as it would be written in C"
before=$(notes_of 3B_rank64 | wc -l)
run runledger note 3B_rank64 "$(printf 'x%.0s' {1..5000})"
like "$status:$err" "1:runledger note: that is too long" "a text that no record holds is a failure"
is "$(notes_of 3B_rank64 | wc -l)" "$before" "and nothing of it is kept"

# --- asked wrongly

run runledger note 1B_rnak4 hello
is "$status" 1 "a run that is none is a failure"
like "$err" "there is no run \`1B_rnak4\` in g; did you mean \`1B_rank4\`" "with a near name"
run runledger note 1B_rank4/evl hello
like "$status:$err" "1:runledger note: there is no phase \`evl\` in 1B_rank4; did you mean \`eval\`" "so is a phase"
ok_if "$([ ! -e .runledger/runs/1B_rnak4 ]; echo $?)" "and makes nothing"
for words in "" 1B_rank4 "1B_rank4 verdict=maybe" "1B_rank4 sync=" "1B_rank4 sync=OK!" "1B_rank4 output="; do
	# shellcheck disable=SC2086 # words
	run runledger note $words
	is "$status" 2 "asked wrongly: note $words"
done
run runledger note 1B_rank4 ""
is "$status" 2 "asked wrongly: an empty note"
run runledger note --group / 1B_rank4 hello
is "$status" 1 "outside of a group it fails"

# --- damage

echo 'no record' >>".runledger/runs/3B_rank4/host1.jsonl"
run runledger note 3B_rank4 all the same
is "$status $(now 3B_rank4 "r['note']")" "3 all the same" "with damaged records it works, and status 3 tells"
rm -rf .runledger/runs/3B_rank4
printf 'runs: [\n' >runs_status.yaml
run runledger note 1B_rank4 kept
is "$status $(last 1B_rank4 text)" "1 kept" "where a tracker does not parse the note is kept all the same"
like "$err" "it is recorded, but the trackers are not all up to date" "and that is said"
is "$(cat runs_status.yaml)" "runs: [" "and the tracker left alone"

run runledger events 1B_rank4
like "$out" "note    it diverged, verdict discard; said by $(id -un)" "events tells who said what"
like "$out" "sync    artifacts: ok; said by $(id -un)" "and how the artifacts stand"
done_testing
