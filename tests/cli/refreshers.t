#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Ten refreshers and three editors at once on one group that keeps every tracker there is, while records come in.
# shellcheck source=tests/tap.sh disable=SC2016,SC2030,SC2031
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

ROUNDS=36                             # of each editor: each of the nine kinds of files four times
RUNS=5

# --- the group ---

mkdir -p group/.runledger/runs group/.claude group/manifests
{
	printf '# Run Plan: group\n\n## All Runs\n\n| Run Name |\n|---|\n'
	for ((i = 0; i < RUNS; i++)); do echo "| r$i |"; done
} >group/runs_plan.md
cat >group/.runledger/config.yaml <<'END'
artifact_sync: local
trackers:
  runs_status: on
  active_jobs: on
  run_manifest: "manifests/{run}.json"
  slurm_job_list: on
  run_logs: "run_logs/{run}.md"
  training_log: on
  evaluation_log: on
  experiments: on
END
for ((i = 0; i < RUNS; i++)); do
	cat >"group/manifests/r$i.json" <<-END
		{
		  "schema_version": "1.0",
		  "run_id": "r$i",
		  "iteration_id": "it1",
		  "created_at": "2026-02-18T16:00:45Z",
		  "host_mode": "slurm",
		  "status": "pending",
		  "command": "sbatch run.sbatch",
		  "resource_request": {"cpus": 1},
		  "timestamps": {"started_at": null},
		  "artifact_sync_to_local": {"status": "pending"}
		}
	END
done

# next_record N: each job has four, in minutes of its own; each run one job after the other.
next_record() {
	local events=(submit start progress finish) job=$(($1 / 4)) phase=finetune more=''
	local event=${events[$1 % 4]} submitted=$((1700000000 + 600 * job))
	((job / RUNS % 2 == 0)) || phase='eval'
	case $event in
	submit) more='"user":"ann","host":"login1","script":"'$phase'.slurm","agent":"codex","session":"s1"' ;;
	start) more="\"nodes\":\"n1\",\"start_time\":$((submitted + 60))" ;;
	progress) more="\"step\":$job,\"train_loss\":0.$job" ;;
	finish) more="\"state\":\"$( ((job % 2)) && echo COMPLETED || echo FAILED)\",\"final\":true,\"exit_code\":$((1 - job % 2)),\"start_time\":$((submitted + 60)),\"end_time\":$((submitted + 240)),\"nodes\":\"n1\",\"source\":\"epilog\"" ;;
	esac
	record group "r$((job % RUNS))" "$phase" $((submitted + 60 * ($1 % 4))) "$event" \
		"\"sid\":\"s$job\",\"job_id\":$((100 + job)),\"submit_time\":$submitted,$more"
}
n_records=0
# All files are there before an editor looks for them: each run has had a training and an evaluation.
while ((n_records < 4 * 2 * RUNS)); do
	next_record $((n_records++))
done
next_record $((n_records++))
run runledger refresh group
status_is 0 "a group that keeps all trackers"

# --- editors ---

# An editor of one kind: reads, waits as long as a person's script does, and saves.  A lock keeps the editors apart, as it
# is not each other that they are to be safe from; refreshers know nothing of it.  Each edit is one of its own, saved or
# given up before the next; it stays where it is saved, so its mark is to be found once in the end.
cat >edit.py <<'END'
import fcntl, json, os, random, sys, time
kind, count, runs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

def below_title(text, mark):            # a sentence between a title and what follows
    title, rest = text.split("\n", 1)
    return title + "\n\n" + mark + ".\n" + rest

def in_front(text, mark):               # a comment
    return "# " + mark + "\n" + text

def section(text, mark):                # one of a person's own, in the midst of the machine's
    return text.replace("## Results\n", "## Aside\n" + mark + "\n\n## Results\n", 1)

def cell(text, mark):                   # in the notes of a row
    at = text.index("|\n", text.index("| r0"))
    return text[:at] + mark + " " + text[at:]

def member(text, mark):                 # of an object, unknown to the machine
    return text.replace("{\n", '{\n  "%s": [1, {"a": null}],\n' % mark, 1)

def element(text, mark):                # of an array: a job that is not Slurm's
    comma = ",\n " if json.loads(text) else "\n"
    return text.replace("[", '[\n  {"type": "nel", "id": "%s", "last_status": "RUNNING"}%s' % (mark, comma), 1)

def entry(text, mark):                  # of a log that agents write to, too
    return text.rstrip("\n") + "\n\n[2026-03-11 15:00:00] STATUS_CHECK: %s\nResult: 1 RUNNING\n" % mark

files = [("runs_status.yaml", in_front), (".claude/agents/s1/active_jobs.json", element),
         ("manifests/r%d.json", member), ("docs/slurm_job_list.md", below_title), ("run_logs/r%d.md", section),
         ("run_logs/timeline.md", below_title), ("run-torchtune.log", entry), ("run-inspect.log", entry),
         ("run_logs/experiments.md", cell)]

def is_read(file, path):                # what an editor says otherwise: the file has changed since it was read
    now = os.stat(path)
    return (file.st_ino, file.st_mtime_ns, file.st_size) == (now.st_ino, now.st_mtime_ns, now.st_size)

def save_in_place(path, before, text, pause):
    with open(path, "r+", encoding="utf-8") as file:
        if not is_read(before, path) or os.fstat(file.fileno()).st_ino != before.st_ino:
            return False
        file.truncate(0)
        file.write(text[:len(text) // 2])
        file.flush()
        time.sleep(pause)
        file.write(text[len(text) // 2:])
        file.flush()
        return os.fstat(file.fileno()).st_ino == os.stat(path).st_ino

def save_anew(path, before, text):
    with open(path + ".swp", "w", encoding="utf-8") as file:
        file.write(text)
    if not is_read(before, path):
        return False
    os.rename(path + ".swp", path)
    return True

lock = open("editors.lock", "w")
for n in range(count):
    name, change = files[n % len(files)]
    path = "group/" + (name % (n // len(files) % runs) if "%" in name else name)
    mark = "%s-%d" % (kind, n)
    saved = False
    fcntl.flock(lock, fcntl.LOCK_EX)
    while not saved:
        before = os.stat(path)
        with open(path, encoding="utf-8") as file:
            text = change(file.read(), mark)
        if kind in ("inplace", "slow"):
            saved = save_in_place(path, before, text, 0.005 if kind == "slow" else 0)
        else:
            saved = save_anew(path, before, text)
    with open("saved." + kind, "a") as file:
        file.write("%s %s\n" % (path, mark))
    fcntl.flock(lock, fcntl.LOCK_UN)
    time.sleep(0.04)
END

# --- a reader ---

# Whoever reads sees whole trackers, but for what the editors themselves write in halves.
cat >read.py <<'END'
import glob, json, os, sys, yaml
runs, reads, halves = int(sys.argv[1]), 0, []

def lines(text, *begins):
    assert text.startswith(begins) and text.endswith("\n")

def manifest(text):
    tree = json.loads(text)
    assert tree["schema_version"] == "1.0" and tree["status"] and tree["job_id"] and text.endswith("}\n")

def registry(text):
    assert all(job["type"] and job["id"] and job["last_status"] for job in json.loads(text)) and text.endswith("]\n")

def run_log(text):
    lines(text, "# r")
    assert "\n## Mode\n" in text and "\n## Next\n" in text

kinds = {
    "runs_status.yaml": lambda text: text.endswith("\n") and len(yaml.safe_load(text)["runs"]) == runs or 1 / 0,
    ".claude/agents/s1/active_jobs.json": registry, "manifests/r*.json": manifest,
    "docs/slurm_job_list.md": lambda text: lines(text, "# SLURM Job Ledger\n"),
    "run_logs/r*.md": run_log, "run_logs/timeline.md": lambda text: lines(text, "# Run Logs Timeline\n"),
    "run-torchtune.log": lambda text: lines(text, "[20"), "run-inspect.log": lambda text: lines(text, "[20"),
    "run_logs/experiments.md": lambda text: lines(text, "# Experiments\n"),
}
while not os.path.exists("ended"):
    for name, check in kinds.items():
        for path in glob.glob("group/" + name):
            reads += 1
            with open(path, encoding="utf-8") as file:
                text = file.read()
            try:
                check(text)
            except Exception as what:
                halves.append("%s: %r: %r" % (path, what, text[-200:]))
print(reads)
print("\n".join(halves[:5]))
END

# --- all at once ---

refreshing() {
	local said
	while [[ ! -e ended ]]; do
		said=$(runledger refresh group 2>&1 >/dev/null) || echo "exit status $?: $said" >>refresh.err
	done
}

# by_editors KIND...: these edit until they have had enough.
by_editors() {
	local kind
	rm -f ended refresh.err saved.*
	for kind; do
		python3 edit.py "$kind" "$ROUNDS" "$RUNS" 2>>editors.err &
	done
	local editors
	editors=$(jobs -p)
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		refreshing &
	done
	python3 read.py "$RUNS" >read.out 2>&1 &
	# shellcheck disable=SC2086 # several
	while kill -0 $editors 2>/dev/null; do
		next_record $((n_records++))
		sleep 0.02
	done
	touch ended
	wait
	is "$(cat editors.err)" "" "$*: the editors have edited"
	run runledger refresh group
	is "$status" 0 "$*: the last refresh"
}

# Every edit that was saved is there, once.
nothing_is_lost() {
	local kind path mark lost
	for kind; do
		lost=''
		while read -r path mark; do
			[[ $(grep -cE -- "$mark([^0-9]|\$)" "$path") == 1 ]] || lost+="$mark in $path; "
		done <"saved.$kind"
		is "$lost" "" "$1: all edits of the $kind editor are there, once"
		is "$(wc -l <"saved.$kind")" "$ROUNDS" "which were $ROUNDS"
	done
}

# Entries without what tells when they were written; a person's are told apart by their marks.
said_twice() { awk 'BEGIN { RS = ""; FS = "\n" } seen[$0]++ { print $1 }' "$@"; }
submissions() { sed -n 's/^Result: Job ID //p' "$@" | sort -n; }
jobs_of() { # EVENT
	cat group/.runledger/runs/*/host1.jsonl | jq -r "select(.name == \"$1\") | .context.job_id" | sort -n
}

all_is_said_once() {
	local i
	is "$(said_twice group/run-torchtune.log; said_twice group/run-inspect.log)" "" "$1: no entry stands twice in an action log"
	is "$(submissions group/run-torchtune.log group/run-inspect.log)" "$(jobs_of submit)" "each job's submission stands in one of them"
	is "$(cat group/run-torchtune.log group/run-inspect.log | grep -cE '^Details: RUNNING → (COMPLETED|FAILED)')" "$(jobs_of finish | wc -l)" \
		"and each end"
	is "$(sed -n '/^## Status/,/^## /p' group/run_logs/r*.md | grep '^- ' | sed 's/^- [-0-9: ]*—/-/' | grep -o 'submitted, job [0-9]*' | sort | uniq -d)" "" \
		"no submission is said twice in the run logs"
	for ((i = 0; i < RUNS; i++)); do
		sed -n '/^## Status/,/^## /p' "group/run_logs/r$i.md" | grep '^- ' | sort | uniq -d
	done >twice
	is "$(cat twice)" "" "and no line of a Status is there twice"
	is "$(sed -n '/^## Status/,/^## /p' group/run_logs/r*.md | grep -o 'submitted, job [0-9]*' | sort | uniq | wc -l)" "$(jobs_of submit | wc -l)" \
		"each submission is said"
	is "$(grep -o 'run_id=[^ ]*' group/docs/slurm_job_list.md)" "$(for ((i = 0; i < RUNS; i++)); do echo "run_id=r$i"; done)" \
		"one line a run in the job list"
	is "$(grep -oE '`r[0-9]+\.md`' group/run_logs/timeline.md | sort | uniq -c | awk '{ print $1 }' | sort -u)" 1 "one in the timeline"
	is "$(grep -cE '^\| r[0-9]' group/run_logs/experiments.md)" "$RUNS" "and one in the experiments"
	run runledger refresh group
	like "$out" "0 trackers written" "then nothing is left to do"
}

by_editors replacing inplace slow
nothing_is_lost replacing inplace slow
all_is_said_once "editors of three kinds"
is "$(grep -vsE '(yaml|json|md|log):[0-9]+:' refresh.err)" "" "no refresher failed but over what an editor had half written"

by_editors alone
nothing_is_lost alone
all_is_said_once "an editor that replaces files"
is "$(sed 1d read.out)" "" "no reader sees half a tracker"
is "$(cat refresh.err 2>/dev/null)" "" "and no refresher fails"
say "$(head -n 1 read.out) reads, $n_records records"
is "$(find group -name '*.next' -o -name '*.tmp' -o -name '*.swp')" "" "nothing is left behind"

done_testing
