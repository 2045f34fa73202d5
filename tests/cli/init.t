#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# `runledger init`: from a plan, a summary, folders or a tracker; twice; and what it leaves behind when it fails.
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

plan='# Run Plan: cap_8L

## All Runs

| Run Name | Type |
|---|---|
| 1B_rank4 | Fine-tuned |
| base | Control |
'

# --- from a plan ---

mkdir plan && printf '%s' "$plan" >plan/runs_plan.md
run runledger init plan
status_is 0 "init works from a plan"
is "$err" "" "without complaint"
ok_if "$([ -d plan/.runledger/runs ] && [ -f plan/.runledger/config.yaml ]; echo $?)" "there is a .runledger folder"
like "$(cat plan/runs_status.yaml)" 'run_group: cap_8L' "the tracker has the plan's name"
like "$(cat plan/runs_status.yaml)" '  1B_rank4:' "and its runs"
is "$(cat plan/runs_plan.md)" "$(printf '%s' "$plan")" "the plan is as it was"
run runledger status plan --json
status_is 0 "the group works"
like "$out" '"group":"cap_8L"' "under its name"

(cd plan && find . -type f ! -name lock ! -name dirty ! -name snapshot -exec cksum {} + | sort -k3) >before
run runledger init plan
status_is 0 "init again is harmless"
is "$(cd plan && find . -type f ! -name lock ! -name dirty ! -name snapshot -exec cksum {} + | sort -k3)" "$(cat before)" "and changes no byte"
printf 'phases: [train, test]\n' >plan/.runledger/config.yaml
run runledger init plan
status_is 0 "init over settings of a person's works"
is "$(cat plan/.runledger/config.yaml)" "phases: [train, test]" "and leaves them alone"

# --- from the current folder, by its name ---

mkdir "a group" && printf '%s' "$plan" >"a group/runs_plan.md"
run sh -c 'cd "a group" && "$1" init' sh "$RUNLEDGER"
status_is 0 "init works in the current folder"
ok_if "$([ -d "a group/.runledger" ]; echo $?)" "whatever it is called"

# --- from folders with scripts ---

mkdir -p folders/r1 folders/r2 folders/notes
touch folders/r1/train.slurm folders/r2/train.slurm folders/notes/x.txt
run runledger init folders
status_is 0 "init works from folders"
like "$(cat folders/runs_status.yaml)" '  r1:' "a folder with a script is a run"
unlike "$(cat folders/runs_status.yaml)" 'notes' "one without is none"
like "$(cat folders/runs_status.yaml)" 'run_group: folders' "the group has the folder's name"

# --- from a summary ---

mkdir summary
printf 'experiment:\n  name: exp1\nruns:\n  - name: s1\n    type: fine-tuned\n  - name: s2\n    type: control\n' >summary/experiment_summary.yaml
run runledger init summary
status_is 0 "init works from experiment_summary.yaml"
like "$(cat summary/runs_status.yaml)" 'run_group: exp1' "with its name"
like "$(cat summary/runs_status.yaml)" '  s2:' "and its runs"

# --- from a tracker ---

mkdir tracker
printf 'run_group: old\nruns:\n  t1:\n    finetune_status: completed   # by hand\n    finetune_job_id: "5"\n    finetune_output: null\n    eval_status: pending\n    eval_job_id: null\n    eval_output: null\n    last_updated: "2025-01-01 00:00:00"\n' >tracker/runs_status.yaml
run runledger init tracker
status_is 0 "init works from a tracker alone"
like "$(cat tracker/runs_status.yaml)" 'completed   # by hand' "what stands in it is kept, byte for byte"
run runledger status tracker --json
like "$out" '"phase":"finetune","status":"completed","job_id":"5"' "and taken over"

# --- who may read it ---

(umask 077 && mkdir private && printf '%s' "$plan" >private/runs_plan.md && "$RUNLEDGER" init private >/dev/null)
is "$(stat -c %a private/.runledger)" 700 "the marker is as private as the umask says"
(umask 002 && mkdir shared && printf '%s' "$plan" >shared/runs_plan.md && "$RUNLEDGER" init shared >/dev/null)
is "$(stat -c %a shared/.runledger shared/.runledger/runs | sort -u)" 775 "or as shared"

# --- what fails leaves nothing ---

mkdir empty
run runledger init empty
status_is 1 "init without runs fails"
like "$err" "runs_plan.md" "and says what was looked for"
is "$(find empty | wc -l | tr -d ' ')" 1 "and leaves nothing behind"
mkdir linked elsewhere && printf '%s' "$plan" >linked/runs_plan.md && ln -s "$work/elsewhere" linked/.runledger
run runledger init linked
is "$(find elsewhere | wc -l | tr -d ' ')" 1 "a .runledger that is a link is not followed"

# --- settings that init cannot read it never replaces ---

mkdir mended && printf '%s' "$plan" >mended/runs_plan.md
"$RUNLEDGER" init mended >/dev/null
config=mended/.runledger/config.yaml
rm mended/runs_status.yaml
# refused FILE WORDS CLAIM: init says so, and what stands in FILE is what was put there
refused() {
	is "$status" 1 "$3 are no reason to go on"
	like "$err" "$2" "$3 are told"
	cmp -s "$1" kept
	ok_if $? "$3 stay as they are"
	ok_if "$([ ! -e mended/runs_status.yaml ]; echo $?)" "$3: and no tracker is made by others' settings"
}
printf '# mine\nphases: [train, te' >kept	# whoever wrote it died, or is still at it
cp kept $config
run runledger init mended
refused $config 'config.yaml:3: this is not valid YAML' "half-written settings"
printf 'phases: [train]\nno_such_setting: 1\n' >kept
cp kept $config
run runledger init mended
is "$(cat $config)" "$(cat kept)" "settings of a newer version stay as they are"
rm -f mended/runs_status.yaml
printf 'phases: [train]\n\0\0\0\0' >kept
cp kept $config
run runledger init mended
refused $config 'config.yaml' "settings with a hole, as a disk leaves them"
rm $config && ln -s config.yaml $config
run runledger init mended
is "$status:$(readlink $config)" 1:config.yaml "a link that leads in a circle stays"
rm $config && mkdir $config
run runledger init mended
ok_if "$([ "$status" -eq 1 ] && [ -d $config ]; echo $?)" "so does a folder in the settings' place"
rmdir $config
: >kept && cp kept $config
run runledger init mended
is "$status:$(wc -c <$config | tr -d ' ')" 0:0 "an empty file is settings, too: all of them are the defaults"
rm mended/runs_status.yaml
printf 'phases: [train]\n' >kept
cp kept $config
mv mended/runs_plan.md kept.plan
run runledger init mended
is "$status:$(cat $config)" "1:phases: [train]" "where there are no runs a group that was there keeps its settings"
mv kept.plan mended/runs_plan.md

# A file system that fails now and then: each look and each read of init's, by itself and with all that follow.
inject=$top_builddir/tests/faults/.libs/inject.so
if [ -e "$inject" ] && ! grep -qa __asan_init "$RUNLEDGER"; then
	replaced='' fired=0
	for kind in access open opendir read fstat stat; do
		for n in 1 2 3 4 5 6 1+ 2+ 3+; do
			for what in EIO ESTALE EACCES; do
				cp kept $config
				truncate -s 0 state && truncate -s 65536 state
				RLG_FAULTS_PLAN=0:$kind:$n:$what RLG_FAULTS_PROGRAM=$RUNLEDGER RLG_FAULTS_STATE=$work/state \
					LD_PRELOAD=$inject "$RUNLEDGER" init mended >.out 2>.err
				[ "$(od -An -N4 -j4 -td4 state)" -eq 0 ] || fired=$((fired + 1))
				cmp -s $config kept || replaced="$replaced $kind:$n:$what"
			done
		done
	done
	say "$fired of the faults befell it"
	ok_if "$([ $fired -ge 50 ]; echo $?)" "a file system that fails while init looks"
	is "$replaced" "" "never makes it replace, or take away, a person's settings"
else
	skip "a file system that fails while init looks" "there is no library to preload, or a program with sanitizers, which takes none"
fi

done_testing
