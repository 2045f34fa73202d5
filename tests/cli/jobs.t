#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# `runledger jobs`: the registry of an agent session's jobs, whoever else writes it.
# shellcheck source-path=SCRIPTDIR source=../tap.sh disable=SC2016  # what stands in single quotes is for other shells
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

unset CLAUDE_CODE_SESSION_ID CODEX_THREAD_ID
# entries FILE EXPRESSION: of its array `a`, in python.
entries() {
	python3 -c 'import json, sys
a = json.load(open(sys.argv[1], encoding="utf-8-sig"))
print(eval(sys.argv[2]))' "$1" "$2"
}
ids() { entries "$1" '[e["id"] for e in a]'; }
# What stands below a folder: names, kinds, modes and contents.
look() {
	(cd "$1" && find . -printf '%p %y %m %l\n' | sort && find . -type f -exec cksum {} + | sort -k3)
}
# fails CLAIM STATUS PART COMMAND...: in one sentence, and nothing on disk is another; beside it or below it.
fails() {
	claim=$1 expected=$2 part=$3
	shift 3
	look p >"$work/.before"
	run "$@"
	status_is "$expected" "$claim: status $expected"
	is "$(printf '%s\n' "$err" | grep -vc '^Try ')" 1 "$claim: one sentence"
	like "$err" "$part" "$claim: it says what is wrong"
	is "$out" "" "$claim: nothing on standard output"
	is "$(look p)" "$(cat "$work/.before")" "$claim: every file is as it was"
}
jobs_in() { # FOLDER ARGUMENT...
	folder=$1
	shift
	run sh -c 'cd "$1" && shift && tool=$1 && shift && exec "$tool" jobs "$@"' sh "$folder" "$RUNLEDGER" "$@"
}

mkdir -p p/.claude p/deep/er
own=p/.claude/agents/s1/active_jobs.json

# --- register ---

jobs_in p/deep/er register 1234567 --session s1 -d 'PTQ of the 8B model'
status_is 0 "a job is registered"
is "$out$err" "" "without a word"
ok_if "$([ -f $own ]; echo $?)" "in the session's registry, in the .claude above"
is "$(entries $own 'list(a[0])')" "['type', 'id', 'host', 'user', 'submitted', 'description', 'last_status', 'owner']" \
	"with the members of the skill's example, in its order"
is "$(entries $own '[a[0][k] for k in ("type", "id", "description", "last_status")]')" \
	"['slurm', '1234567', 'PTQ of the 8B model', 'PENDING']" "and what was said, or is usual"
is "$(entries $own 'a[0]["owner"]')" "{'agent': 'manual', 'session_id': 's1'}" "a session that a person names is a manual one"
is "$(entries $own 'a[0]["user"]')" "$(id -un)" "the user is the one who asks"
is "$(entries $own '__import__("re").fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d", a[0]["submitted"]) is not None')" True \
	"the time is as the skill has it"
jobs_in p register inv-7 --type nel --session s1 --host cluster9 --user bob --status RUNNING
is "$(entries $own '[a[1][k] for k in ("type", "id", "host", "user", "description", "last_status")]')" \
	"['nel', 'inv-7', 'cluster9', 'bob', '', 'RUNNING']" "every member can be said"
jobs_in p register exp_9 -t launcher -s s1
is "$(ids $own)" "['1234567', 'inv-7', 'exp_9']" "a new job comes last"
cp $own expected
jobs_in p register 1234567 --session s1 -d again --status RUNNING
is "$(ids $own)" "['inv-7', 'exp_9', '1234567']" "a job that is registered again takes the place of its old entry"
is "$(entries $own '[a[2]["description"], a[2]["last_status"]]')" "['again', 'RUNNING']" "with what is said now"
jobs_in p register inv-7 --session s1
is "$(ids $own)" "['inv-7', 'exp_9', '1234567', 'inv-7']" "but not that of another type's"
jobs_in p remove inv-7 --type slurm --session s1
is "$(entries $own '[e["type"] for e in a]')" "['nel', 'launcher', 'slurm']" "a job of one type is removed by that type"

# --- list ---

jobs_in p --session s1
status_is 0 "without a word the jobs are listed"
plain=$out
jobs_in p list --session s1
is "$out" "$plain" "as by list"
is "$(printf '%s\n' "$out" | sed -n 1p | tr -s ' ')" "Type Job Status Submitted Host Description" "with a heading"
like "$(printf '%s\n' "$out" | grep exp_9 | tr -s ' ')" "launcher exp_9 PENDING 20" "and a line for each"
jobs_in p list --json --session s1
is "$out" "$(cat $own)" "--json shows the registry as it stands"
jobs_in p list --session nobody
status_is 0 "a session without a registry has no jobs"
is "$out" "no jobs are registered" "and is told so"
jobs_in p list --session nobody --json
is "$out" "[]" "as an empty list to a program"
ok_if "$([ ! -e p/.claude/agents/nobody ]; echo $?)" "and nothing is made for it"
printf '[{"id":"1","description":"\\u001b[31mred\\u001b[0m","host":"\\u0007"},{"id":2,"type":null,"owner":[]},7,"x"]' >p/odd.json
jobs_in p list -f odd.json
status_is 0 "odd entries are listed"
is "$(printf '%s' "$out" | tr -d '[:print:]\n' | wc -c)" 0 "and nothing that a terminal would obey"
is "$(printf '%s\n' "$out" | wc -l)" 3 "objects alone"
run sh -c '"$1" jobs list -f p/odd.json --json >/dev/full' sh "$RUNLEDGER"
status_is 1 "a list that could not be written is a failure"

# --- remove ---

cp $own before
jobs_in p remove 1234567 -s s1
status_is 0 "a job is removed"
is "$(ids $own)" "['inv-7', 'exp_9']" "and no other"
jobs_in p register 1234567 -s s1
jobs_in p remove exp_9 -s s1
jobs_in p remove inv-7 -s s1
jobs_in p remove 1234567 -s s1
is "$(cat $own)" "[]" "of the last one an empty list is left"

# --- whose session ---

mkdir -p q/.claude
CLAUDE_CODE_SESSION_ID=0b9c-claude
export CLAUDE_CODE_SESSION_ID
jobs_in q register 1
is "$(entries q/.claude/agents/0b9c-claude/active_jobs.json 'a[0]["owner"]')" \
	"{'agent': 'claude-code', 'session_id': '0b9c-claude'}" "Claude Code's session is that of its environment"
CODEX_THREAD_ID=thread_77
export CODEX_THREAD_ID
jobs_in q register 2
is "$(ids q/.claude/agents/0b9c-claude/active_jobs.json)" "['1', '2']" "Claude Code goes before Codex"
unset CLAUDE_CODE_SESSION_ID
jobs_in q register 3
is "$(entries q/.claude/agents/thread_77/active_jobs.json 'a[0]["owner"]')" "{'agent': 'codex', 'session_id': 'thread_77'}" \
	"Codex's is that of its own"
jobs_in q register 4 --session mine
is "$(ids q/.claude/agents/mine/active_jobs.json)" "['4']" "a session that is named goes before the environment's"
jobs_in q register 5 --file "$work/q/any/where.json"
is "$(entries q/any/where.json 'a[0]["owner"]["session_id"]')" thread_77 "a file that is named has the session of the environment"
CLAUDE_CODE_SESSION_ID=../../evil
export CLAUDE_CODE_SESSION_ID
jobs_in q register 6
is "$(ids q/.claude/agents/thread_77/active_jobs.json)" "['3', '6']" "an id that is no name of a folder is nobody's"
unset CODEX_THREAD_ID
fails "no session but such a one" 2 "names a session" sh -c 'cd p && "$1" jobs register 7' sh "$RUNLEDGER"
unset CLAUDE_CODE_SESSION_ID
fails "no session at all" 2 "--session ID or --file PATH" sh -c 'cd p && "$1" jobs list' sh "$RUNLEDGER"
jobs_in q register 8 --file any/where.json
is "$(entries q/any/where.json 'a[1]["owner"]')" "{'agent': 'manual', 'session_id': None}" "a file is enough, without a session"
ok_if "$([ ! -e evil ] && [ ! -e q/evil ]; echo $?)" "no path is made of a hostile id"

# --- where it is ---

mkdir -p root/.git root/a/.claude root/a/b/.git root/a/b/c root/other/d
jobs_in root/a/b/c register 1 -s w
ok_if "$([ -f root/a/.claude/agents/w/active_jobs.json ]; echo $?)" "a .claude goes before a nearer .git"
jobs_in root/other/d register 1 -s w
ok_if "$([ -f root/.claude/agents/w/active_jobs.json ]; echo $?)" "without one the folder with the .git counts"
mkdir none
jobs_in none register 1 -s w
ok_if "$([ -f none/.claude/agents/w/active_jobs.json ]; echo $?)" "with neither, where one stands"
mkdir -p file/x && echo 'gitdir: elsewhere' >file/.git
jobs_in file/x register 1 -s w
ok_if "$([ -f file/.claude/agents/w/active_jobs.json ]; echo $?)" "the .git of a worktree is a file"
if [ "$(id -u)" -eq 0 ]; then
	mkdir -p theirs/.claude theirs/mine/.git theirs/mine/x
	chown 7001 theirs/.claude
	jobs_in theirs/mine/x register 1 -s w
	ok_if "$([ ! -e theirs/.claude/agents ] && [ -f theirs/mine/.claude/agents/w/active_jobs.json ]; echo $?)" \
		"a .claude that is somebody else's does not count"
else
	skip "a .claude that is somebody else's does not count" "only root can be two people"
fi

# --- what others wrote stays ---

printf '\357\273\277[\r\n\t{"type":"nel", "id":"9","x":[1, 2] },\r\n\r\n\t{"id" : 12, "caf\\u00e9": "Zo\303\253"}\r\n]\r\n\r\n' >q/hand.json
cp q/hand.json before
jobs_in q register 77 -f hand.json -s w
is "$(head -c "$(($(wc -c <before) - 7))" q/hand.json | cksum)" "$(head -c "$(($(wc -c <before) - 7))" before | cksum)" \
	"a job is added behind what stands there, byte for byte"
jobs_in q remove 77 -f hand.json
is "$(cksum <q/hand.json)" "$(cksum <before)" "and taken out again leaves it as it was"
jobs_in q remove 12 -f hand.json
is "$(tr -d '\r\n' <q/hand.json | cksum)" "$(printf '\357\273\277[\t{"type":"nel", "id":"9","x":[1, 2] }]' | cksum)" \
	"an id that is a number is one too"
chmod 640 q/hand.json
jobs_in q register 78 -f hand.json -s w
is "$(stat -c %a q/hand.json)" 640 "the file's mode stays"
mv q/hand.json q/real.json
ln -s real.json q/hand.json
jobs_in q register 79 -f hand.json -s w
ok_if "$([ -L q/hand.json ]; echo $?)" "a link stays a link"
is "$(ids q/real.json)" "['9', '78', '79']" "and the file behind it has the job"
: >q/touched.json
jobs_in q register 1 -f touched.json -s w
is "$(ids q/touched.json)" "['1']" "what touch(1) made is an empty registry"
words=$(printf 'a"b\\c\n\t\033[1m\303\251 \377\376')
jobs_in q register "$words" -d "$words" --host "$words" -f words.json -s w
status_is 0 "odd words are taken"
is "$(entries q/words.json 'a[0]["description"].startswith("a\"b\\c\n\t\x1b[1m\u00e9 ")')" True "and are whole, in a file that is still JSON"
is "$(entries q/words.json 'a[0]["id"] == a[0]["host"] == a[0]["description"]')" True "in each member"

# --- files that it must not touch ---

bad() { # CLAIM PART: of p/bad.json
	for verb in 'register 1' 'list --json'; do
		# shellcheck disable=SC2086
		fails "$1, $verb" 1 "$2" runledger jobs $verb -s w -f p/bad.json
	done
}
printf '{"jobs": []}\n' >p/bad.json; bad "no list" "p/bad.json:1: a registry of jobs is a list"
printf '[\n {"id": "1"},\n]\n' >p/bad.json; bad "a comma too many" "p/bad.json:2: this is not valid JSON"
printf '[\n\n{"id": "1"' >p/bad.json; bad "half a file" "p/bad.json:3: this is not valid JSON"
printf '[{"id": "1", "id": "2"}]' >p/bad.json; bad "a member twice" 'p/bad.json:1: the key "id" stands twice'
printf '[]\0[]' >p/bad.json; bad "a NUL" "holds a NUL byte"
printf '[{"id": "\377"}]' >p/bad.json; bad "no UTF-8" "p/bad.json:1: this is not valid JSON"
truncate -s 17M p/bad.json; bad "a huge file" "larger than 16 MB"
python3 -c 'print("[" * 100000)' >p/bad.json; bad "a deep file" "p/bad.json:1: this file is nested too deeply"
rm p/bad.json; mkfifo p/bad.json; bad "a fifo" "is no regular file"
rm p/bad.json; mkdir p/bad.json; bad "a folder" "is no regular file"
rmdir p/bad.json; ln -s bad.json p/bad.json; bad "a link to itself" "p/bad.json"
rm p/bad.json; touch p/plain
fails "a file in place of a folder" 1 "p/plain" runledger jobs register 1 -f p/plain/x.json
if [ "$(id -u)" -eq 0 ] && setpriv --reuid 7001 --regid 7001 --clear-groups true 2>/dev/null; then
	cp "$RUNLEDGER" "$work/tool"
	chmod 755 "$work" "$work/tool"
	mkdir p/closed && echo '[]' >p/closed/r.json && chmod 600 p/closed/r.json && chmod 755 p p/closed
	fails "a file that may not be read" 1 "Permission denied" setpriv --reuid 7001 --regid 7001 --clear-groups "$work/tool" jobs list -f p/closed/r.json
	chmod 644 p/closed/r.json
	fails "a folder that may not be written" 1 "Permission denied" setpriv --reuid 7001 --regid 7001 --clear-groups "$work/tool" jobs register 1 -f p/closed/r.json
	fails "a folder that may not be made" 1 "Permission denied" setpriv --reuid 7001 --regid 7001 --clear-groups "$work/tool" jobs register 1 -f p/closed/new/r.json
	mkdir open && chmod 777 open && ln -s "$work/p/closed/r.json" open/r.json && chown -h 7001 open/r.json
	fails "somebody else's link" 1 "symbolic link" runledger jobs register 1 -f open/r.json
else
	skip "files of others" "only root can be two people"
fi

# --- asked wrongly ---

fails "no such verb" 2 "there is no \`jobs add\`; there is register, list and remove" runledger jobs add 1 -s w
fails "two jobs" 2 "one job at a time, not also \`2\`" runledger jobs register 1 2 -s w
fails "no job to register" 2 "which job?" runledger jobs register -s w
fails "no job to remove" 2 "which job?" runledger jobs remove -s w
fails "an empty id" 2 "which job?" runledger jobs register '' -s w
fails "a job to list" 2 "\`list\` takes no job" runledger jobs list 1 -s w
fails "an unknown type" 2 "--type is nel, slurm or launcher, not \`pbs\`" runledger jobs register 1 -t pbs -s w
fails "an unknown type to remove" 2 "--type is nel, slurm or launcher, not \`pbs\`" runledger jobs remove 1 -t pbs -s w
fails "an unknown option" 2 "there is no option --nope" runledger jobs --nope
fails "an empty file name" 2 "--file" runledger jobs register 1 -f ''
for session in .. a/b '' -x "$(printf 'a\nb')" "$(printf '\033[31m')" "$(printf '\377')" "$(printf '%0201d' 0)"; do
	fails "the session '$(printf %.20s "$session" | tr -c '[:print:]' '?')'" 2 "cannot be a session's id" \
		sh -c 'cd p && "$1" jobs register 1 --session="$2"' sh "$RUNLEDGER" "$session"
	is "$(printf '%s' "$err" | tr -d '[:print:]\n' | wc -c)" 0 "and nothing of it reaches the terminal"
done
fails "a job that is not there" 1 "there is no job 99 in" sh -c 'cd p && "$1" jobs remove 99 -s s1' sh "$RUNLEDGER"
fails "a job of a session without a registry" 1 "there is no job 99 in" sh -c 'cd p && "$1" jobs remove 99 -s new' sh "$RUNLEDGER"

# --- many at once ---

i=0
while [ $i -lt 20 ]; do
	"$RUNLEDGER" jobs register "many-$i" -s w -f q/many.json 2>"many.err.$i" &
	i=$((i + 1))
done
wait
is "$(cat many.err.*)" "" "twenty at once all succeed"
is "$(entries q/many.json 'sorted(int(e["id"][5:]) for e in a) == list(range(20))')" True "and none is lost"
i=0
while [ $i -lt 20 ]; do
	case $((i % 2)) in
	0) "$RUNLEDGER" jobs remove "many-$i" -f q/many.json 2>"many.err.$i" & ;;
	1) "$RUNLEDGER" jobs register "more-$i" -s w -f q/many.json 2>"many.err.$i" & ;;
	esac
	i=$((i + 1))
done
wait
is "$(cat many.err.*)" "" "nor do those fail that come and go"
is "$(entries q/many.json 'sorted(e["id"] for e in a) == sorted(w + "-%d" % i for w in ("many", "more") for i in range(1, 20, 2))')" True \
	"each does what it was asked, once"
is "$(find q -maxdepth 1 -name '*many*' | sort)" "q/many.json" "and leaves nothing beside the file"

# --- beside the tracker of a group ---

session_job() { # GROUP RUN JOB SESSION
	record "$1" "$2" finetune 1773237600 submit "\"sid\":\"s$3\",\"job_id\":$3,\"user\":\"ann\",\"host\":\"login1\",\"agent\":\"codex\",\"session\":\"$4\""
}
tracked_group() { # DIR PATH
	new_group "$1" a b
	printf 'trackers:\n  active_jobs: %s\n' "$2" >"$1/.runledger/config.yaml"
}

mkdir -p 'r[1]*/.claude'
tracked_group 'r[1]*/g' on
session_job 'r[1]*/g' a 41 one
run runledger refresh 'r[1]*/g'
status_is 0 "a group below a folder with an odd name is refreshed"
one='r[1]*/.claude/agents/one/active_jobs.json'
is "$(entries "$one" '[(e["id"], e["last_status"], e["owner"]["agent"]) for e in a]')" "[('41', 'PENDING', 'codex')]" \
	"and a job of a session is registered where agents look"
jobs_in 'r[1]*/g' register inv-1 -t nel -s one
start_job 'r[1]*/g' a finetune 1773237600 41
run runledger refresh 'r[1]*/g'
is "$(entries "$one" '[(e["id"], e["last_status"]) for e in a]')" "[('41', 'RUNNING'), ('inv-1', 'PENDING')]" \
	"it is kept up, and what a person registered stays"
jobs_in 'r[1]*/g' remove 41 -s one
run runledger refresh 'r[1]*/g'
is "$(ids "$one")" "['inv-1']" "what a person took out does not come back"
session_job 'r[1]*/g' b 42 one
run runledger refresh 'r[1]*/g'
is "$(ids "$one")" "['inv-1', '42']" "while a new job comes"
finish_job 'r[1]*/g' b finetune 1773237600 42 TIMEOUT
finish_job 'r[1]*/g' a finetune 1773237600 41 COMPLETED
run runledger refresh 'r[1]*/g'
is "$(ids "$one")" "['inv-1']" "and goes when it has ended"
printf '[\n {"id": "42",},\n]\n' >"$one"
run runledger refresh 'r[1]*/g'
status_is 1 "a registry that does not parse is an error"
like "$err" "active_jobs.json:2: this is not valid JSON" "with its line"
is "$(cat "$one")" "$(printf '[\n {"id": "42",},\n]')" "and is left alone"

mkdir -p s/.git
tracked_group s/g 'jobs/{session}.json'
session_job s/g a 43 two
run runledger refresh s/g
is "$(ids s/g/jobs/two.json)" "['43']" "another path is relative to the group"
start_job s/g a finetune 1773237600 43
run runledger refresh s/g
is "$(entries s/g/jobs/two.json '[e["last_status"] for e in a]')" "['RUNNING']" "and its session is found in it again"
is "$(find s -name .runledger -prune -o \( -name '*.json' -o -name .claude \) -print)" "s/g/jobs/two.json" "and there is no other"
printf 'trackers:\n  active_jobs: "all[1].json"\n' >s/g/.runledger/config.yaml
session_job s/g b 44 three
run runledger refresh s/g
is "$(entries 's/g/all[1].json' 'sorted(e["owner"]["session_id"] for e in a)')" "['three', 'two']" "without {session} all share one"

mkdir -p t/.claude/agents
tracked_group t/g on
n=50
for session in ../../../evil .. /tmp/evil 'a/b' '' 'a\nb' .hidden; do
	session_job t/g a $n "$session"
	n=$((n + 1))
done
mkdir "$(printf 't/.claude/agents/a\nb')" && echo '[]' >"$(printf 't/.claude/agents/a\nb/active_jobs.json')"
session_job t/g b 70 good
run runledger refresh t/g
is "$(find . -path './t/*' -name active_jobs.json -printf x)" xx "a session in a forged record makes no path"
is "$(cat "$(printf 't/.claude/agents/a\nb/active_jobs.json')")" "[]" "and a folder that is no session's has no jobs"
is "$(find . -name '*evil*')" "" "nor is anything made elsewhere"
is "$(ids t/.claude/agents/good/active_jobs.json)" "['70']" "a good one has its own job"
# --- a group that others write

mkdir -p shared/.claude shared/exp
new_group shared/exp a
printf 'trackers: {active_jobs: on}\n' >shared/exp/.runledger/config.yaml
record shared/exp a finetune "$(date +%s)" submit '"sid":"s9","job_id":901,"agent":"codex","session":"theirs"'
chmod g+w shared/exp/.runledger
run runledger refresh shared/exp
is "$(find shared -name active_jobs.json)" shared/exp/.claude/agents/theirs/active_jobs.json \
	"a record that a colleague may have written stays out of the project's registries"
rm -r shared/exp/.claude
chmod g-w shared/exp/.runledger
run runledger refresh shared/exp
is "$(find shared -name active_jobs.json)" shared/.claude/agents/theirs/active_jobs.json "one of a group of one's own does not"

done_testing
