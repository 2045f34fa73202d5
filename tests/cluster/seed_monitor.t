#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the monitor skill has an agent do after each submission, and none does any more: register, poll, update
# last_status, remove.
# shellcheck source-path=SCRIPTDIR source=stage.sh disable=SC2016,SC2317
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/stage.sh"
stage_need
stage_install || exit 99
stage_cluster --plugindir "$STAGE/lib/slurm" --conf <(echo 'CliFilterPlugins=cli_filter/runledger') || exit 99

repo=$(cluster_home alice)/repo
group=$repo/experiments/sweep
claude=$repo/.claude/agents/0b9c-claude/active_jobs.json
codex=$repo/.claude/agents/thread_77/active_jobs.json

cluster_as alice bash -c 'mkdir -p "$1" "$2/.claude/agents" && cd "$1" && {
	printf "# Run Plan: sweep\n\n## All Runs\n\n| Run Name |\n|---|\n"
	for run in ptq mmlu gsm8k serve late sweep4; do echo "| $run |"; done
} >runs_plan.md' _ "$group" "$repo"
make_as alice "$group/job.sh" 755 <<-'END'
	#!/bin/bash
	#SBATCH --time=5
	while [ ! -e "$SLURM_JOB_NAME.go" ]; do sleep 0.05; done
	. "./$SLURM_JOB_NAME.go"
END

# What another program has put there, in its own way; and a session without a job of this group.
make_as alice "$repo/.claude/agents.txt" 644 <<<''
cluster_as alice mkdir -p "$(dirname "$claude")"
make_as alice "$claude" 600 <<-'END'
	[
	    {"type": "nel", "id": "inv-17", "host": "hpc", "user": "alice", "submitted": "2026-03-11 14:00",
	     "description": "MMLU-Pro of the 8B model", "last_status": "RUNNING", "extra": [1, 2],
	     "owner": {"agent": "claude-code", "session_id": "0b9c-claude"}}
	]
END

# session VARIABLE=ID NAME [SBATCH-OPTION...]: a job of that session; sets $out to its id.
session() {
	run cluster_as alice env "$1" bash -c 'cd "$1" && shift && sbatch --parsable "$@" job.sh' _ "$group" -J "$2" "${@:3}"
}
# Whole at once: a job that waits for the file reads it the moment it is there.
go() { make_as alice "$group/$1.new" 644 <<<"$2"; cluster_as alice mv "$group/$1.new" "$group/$1.go"; }
# entries FILE EXPRESSION: of its array `a`, in python.
entries() {
	cluster_as alice python3 -c 'import json, os, sys
a = json.load(open(sys.argv[1])) if os.path.exists(sys.argv[1]) else None
print(eval(sys.argv[2]))' "$1" "$2"
}
status_in() { entries "$1" "[e['last_status'] for e in a if e['id'] == '$2']"; }
entry_is() { [[ $(status_in "$1" "$2") == "$3" ]]; }
becomes() { # FILE ID STATUSES CLAIM
	local code=0
	wait_until 30 entry_is "$1" "$2" "$3" || { note "$(cat "$1")"; code=1; }
	ok_if "$code" "$4"
}

run rl alice init "$group"
like "$out" "found     .claude/agents/{session}/active_jobs.json, which keeps itself from now on" "init finds the agents' registries"

# --- On Job Submission

session CLAUDE_CODE_SESSION_ID=0b9c-claude ptq; ptq=$out
session CLAUDE_CODE_SESSION_ID=0b9c-claude mmlu; mmlu=$out
session CODEX_THREAD_ID=thread_77 gsm8k; gsm8k=$out
session CLAUDE_CODE_SESSION_ID=0b9c-claude late --begin=now+1hour; late=$out
session NOBODY=1 serve; serve=$out
session CODEX_THREAD_ID=thread_77 sweep4 --array=0-1; array=$out
becomes "$claude" "$late" "['PENDING']" "a job that waits is PENDING"
becomes "$claude" "$ptq" "['RUNNING']" "one that runs is RUNNING"
becomes "$codex" "$gsm8k" "['RUNNING']" "another session has a registry of its own"
becomes "$codex" "$array" "['RUNNING']" "an array is one entry"
is "$(entries "$claude" 'sorted(e["id"] for e in a)')" "$(python3 -c "print(sorted(['inv-17', '$ptq', '$mmlu', '$late']))")" \
	"a session has its own jobs and no others"
is "$(cat "$claude" "$codex" | grep -c "\"$serve\"")" 0 "a job of no session is in none"

# --- the skill's example, field for field

is "$(entries "$codex" "list([e for e in a if e['id'] == '$gsm8k'][0])")" \
	"['type', 'id', 'host', 'user', 'submitted', 'description', 'last_status', 'owner']" "the members of the skill's example, in its order"
is "$(sed "/\"id\": \"$gsm8k\"/,/^  }/!d" "$codex" | sed "s/\"id\": \"$gsm8k\"/\"id\": \"ID\"/; s/\"host\": \".*\"/\"host\": \"HOST\"/; s/20..-..-.. ..:..\"/YYYY-MM-DD HH:MM\"/")" \
	'    "id": "ID",
    "host": "HOST",
    "user": "alice",
    "submitted": "YYYY-MM-DD HH:MM",
    "description": "gsm8k/finetune",
    "last_status": "RUNNING",
    "owner": {
      "agent": "codex",
      "session_id": "thread_77"
    }
  },' "written as the skill writes it"
is "$(sed -n '2,4p' "$claude")" "$(printf '    {"type": "nel", "id": "inv-17", "host": "hpc", "user": "alice", "submitted": "2026-03-11 14:00",\n     "description": "MMLU-Pro of the 8B model", "last_status": "RUNNING", "extra": [1, 2],\n     "owner": {"agent": "claude-code", "session_id": "0b9c-claude"}},')" \
	"an entry of a type that is not ours is as it was"

# --- On Monitor Event: each change of this session's jobs once, a failure with its cause, and an end

cluster_as alice env CODEX_THREAD_ID=thread_77 "$RUNLEDGER" watch "$group" --session --timeout 5m >"$work/said" 2>"$work/words" &
watcher=$!
says() { # WORDS CLAIM
	local code=0
	wait_until 30 grep -qF -- "$1" "$work/said" || { note "$(cat "$work/said" "$work/words")"; code=1; }
	ok_if "$code" "$2"
}
says "gsm8k/finetune: running" "watch --session begins with the session's jobs"

# --- Remove completed jobs: each way to end

go ptq 'exit 0'
becomes "$claude" "$ptq" "[]" "a completed job is removed"
go gsm8k 'echo "RuntimeError: CUDA out of memory" >&2; exit 3'
becomes "$codex" "$gsm8k" "[]" "a failed one too"
says "gsm8k/finetune: failed: FAILED" "the failure is told at once"
says "RuntimeError: CUDA out of memory" "with what the job's own log says"
cluster_as alice scancel "$mmlu"
becomes "$claude" "$mmlu" "[]" "a cancelled one too"
session CLAUDE_CODE_SESSION_ID=0b9c-claude mmlu; again=$out
becomes "$claude" "$again" "['RUNNING']" "submitted again it is registered again"
cluster_admin scontrol requeue "$again"
becomes "$claude" "$again" "['PENDING']" "a requeued job is PENDING"
# Not in the second of the requeue: a node does not take a job's credential again that it has just revoked.
cluster_admin scontrol update JobId="$again" StartTime=now+2
becomes "$claude" "$again" "['RUNNING']" "and RUNNING again"
cluster_admin scontrol update JobId="$again" EndTime=now+1
becomes "$claude" "$again" "[]" "one that is past its time limit is removed"
go sweep4 'exit 0'
becomes "$codex" "$array" "[]" "an array is removed when its last task has ended"
is "$(entries "$codex" a)" "[]" "no active jobs remain"
status=0
wait "$watcher" || status=$?
status_is 1 "so watch ends by itself, with the failure"
is "$(grep -c 'gsm8k/finetune: failed' "$work/said") $(grep -c 'sweep4/finetune: completed' "$work/said")" "1 1" "each change was told once"
is "$(grep -cE '^[^ ].* (ptq|mmlu|late|serve)/' "$work/said")" 0 "and none of another session's jobs"
is "$(tail -n 1 "$work/said")" "sweep, session thread_77: 1 of 2 completed (sweep4), 1 failed" "the sum is the session's"

# --- what people and agents write themselves

run cluster_as alice env CLAUDE_CODE_SESSION_ID=0b9c-claude bash -c "cd '$repo' && '$RUNLEDGER' jobs register $serve -d 'by hand'"
status_is 0 "a job from elsewhere is registered by hand"
becomes "$claude" "$serve" "['PENDING']" "as it was told"
rl alice refresh "$group" >/dev/null
becomes "$claude" "$serve" "['RUNNING']" "and kept up from then on, as it is a job of the group"
run cluster_as alice bash -c "cd '$repo' && '$RUNLEDGER' jobs remove $late --session 0b9c-claude"
status_is 0 "a job that waits is taken out by hand"
go serve 'exit 0'
becomes "$claude" "$serve" "[]" "the registered one is removed at its end"
is "$(status_in "$claude" "$late")" "[]" "and what was taken out did not come back"
is "$(entries "$claude" '[e["id"] for e in a]')" "['inv-17']" "the other types are still there"
is "$(find "$repo" ! -uid "$(alice_uid)")" "" "every file is alice's"
before=$(stat -c '%Y %i %s' "$claude" "$codex")
rl alice refresh "$group" >/dev/null
is "$(stat -c '%Y %i %s' "$claude" "$codex")" "$before" "another refresh writes nothing"
cluster_admin scancel "$late"
records_are_valid "$group" "every record obeys the schema"
cluster_is_unhurt "nothing of ours is left, and every node serves"
done_testing
