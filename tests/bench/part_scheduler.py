# SPDX-License-Identifier: GPL-2.0-or-later
"""What slurmctld does for a tracked job, beside what it does for those who poll."""
import re

import measure
from cluster import Cluster, is_possible

WORK = "slurmctld's work for a job of one hour, of {} in the queue"
POLLS_AN_HOUR = 60
ENTRY = re.compile(r"^\s*(\w+)\s*\(\s*\d+\)\s*count:(\d+)\s+ave_time:\d+\s+total_time:(\d+)")


def told(cluster):
    """{message type: (how many, microseconds)} since the counters were last reset."""
    text = cluster.run("root", "sdiag").split("Remote Procedure Call statistics by message type")[1]
    found = {}
    for line in text.splitlines()[1:]:
        match = ENTRY.match(line)
        if match:
            found[match[1]] = (int(match[2]), int(match[3]))
        elif line and not line.startswith((" ", "\t")):
            break
    return found


def rows(options):
    if not is_possible():
        return []
    jobs, queue = (5, 20) if options.small else (20, 500)
    cluster = Cluster(options.prefix, "--nodes", 1, "--cpus", 8, plugins=("spank_runledger", "spank_runledger_epilog"))
    group = cluster.make_group()
    measure.say("a queue")
    cluster.shell("alice", 'cd && for ((i = 0; i < $1; i++)); do sbatch --hold -o /dev/null --wrap true >/dev/null; done', queue)
    cluster.run("root", "sdiag", "-r")
    measure.say("tracked jobs")
    cluster.shell("alice", '''cd "$1/run1" && for ((i = 0; i < $2; i++)); do sbatch -o /dev/null --wrap true >/dev/null; done
        while [[ $(squeue -h -t R,CG,PD -o %r | grep -v JobHeld) ]]; do sleep 0.2; done; sleep 1''', group, jobs)
    ours = told(cluster).get("REQUEST_JOB_INFO_SINGLE", (0, 0))
    cluster.run("root", "sdiag", "-r")
    measure.say("polls")
    for _ in range(POLLS_AN_HOUR // (6 if options.small else 1)):
        cluster.run("alice", "squeue", "-h")
    polls = [value for name, value in told(cluster).items() if name.startswith("REQUEST_JOB_INFO")]
    measure.say("")
    asked, spent = sum(count for count, _ in polls), sum(us for _, us in polls)
    work = WORK.format(queue)
    return [measure.Row(f"{work}: questions", "runledger", "ours", ours[0] / jobs, "RPC"),
            measure.Row(f"{work}: questions", "squeue every 60 s", "peer", POLLS_AN_HOUR, "RPC", f"{asked} asked here"),
            measure.Row(f"{work}: time", "runledger", "ours", ours[1] / jobs, "us"),
            measure.Row(f"{work}: time", "squeue every 60 s", "peer", spent / max(asked, 1) * POLLS_AN_HOUR, "us",
                        "one poll serves all of a person's jobs")]
