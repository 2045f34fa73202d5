# SPDX-License-Identifier: GPL-2.0-or-later
"""From a job's own last act to the tracker on disk that says so."""
import re
import statistics
import time

import measure
from cluster import Cluster, is_possible

WORK = "job end to tracker on disk"
SCRIPT = "#!/bin/bash\n#SBATCH -o /dev/null\n#SBATCH -J run1\ndate +%s%N >ended.new\nmv ended.new ended\n"

# The intervals that the trackers we take over were polled at.
POLLS_S = (30, 900)


def wait_for(condition, what, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"bench: waited {seconds} s for {what}")
        time.sleep(0.001)


def one_job(cluster, group):
    """Milliseconds; the tracker's time of modification is when its new bytes were on disk under its name."""
    tracker, ended = group / "runs_status.yaml", group / "run1/ended"
    before = tracker.stat().st_ino
    job = cluster.shell("alice", 'cd "$1/run1" && rm -f ended && sbatch --parsable job.slurm', group).strip()
    says = re.compile(rf"finetune_status: completed\n.*\n?\s*finetune_job_id: \"?{job}\"?")
    last = [before, 0]

    def is_told():
        facts = tracker.stat()
        if facts.st_ino == last[0]:
            return False
        last[0], last[1] = facts.st_ino, time.time_ns()
        return says.search(tracker.read_text(encoding="utf-8"))

    wait_for(is_told, "the tracker")
    return (last[1] - int(ended.read_text(encoding="utf-8"))) / 1e6


def rows(options):
    if not is_possible():
        return []
    cluster = Cluster(options.prefix, "--nodes", 1, plugins=("spank_runledger", "spank_runledger_epilog"))
    group = cluster.make_group()
    cluster.shell("alice", 'printf "%s" "$2" >"$1/run1/job.slurm"', group, SCRIPT)
    took = []
    for number in range(3 if options.small else 20):
        measure.say(f"{WORK} ({number + 1})")
        took.append(one_job(cluster, group))
    measure.say("")
    return [measure.Row(WORK, "runledger", "ours", statistics.median(took), "ms", f"most {max(took):.0f} ms"),
            *(measure.Row(WORK, f"a poll every {interval} s, at worst", "peer", interval * 1000, "ms") for interval in POLLS_S)]
