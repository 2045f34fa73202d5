# SPDX-License-Identifier: GPL-2.0-or-later
"""A refresh after one new record, beside a rebuild, and beside asking Slurm for the same jobs."""
import json
import pathlib
import statistics
import tempfile
import time

import measure
from cluster import Cluster, is_possible

FIGURES = ("runledger", "everything anew: --rebuild")


def append(group, number):
    """A start of another job, as the plugins write it."""
    run = sorted(path.name for path in (group / ".runledger/runs").iterdir())[number]
    record = {"timestamp": time.time(), "name": "start",
              "context": {"v": 1, "id": f"bench-{number}", "cluster": "bench", "job_id": 90000000 + number, "run": run,
                          "phase": "finetune", "step": "batch", "nodes": "n1"}}
    with open(group / f".runledger/runs/{run}/bench.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps(record, separators=(",", ":")) + "\n")
    return run


def slurm(options, jobs):
    """Seconds of one `squeue` and one `sacct` that know of so many ended jobs."""
    if not is_possible():
        return []
    measure.say(f"a cluster with {jobs} jobs in its accounting")
    cluster = Cluster(options.prefix, "--accounting", "--nodes", 4, "--cpus", 32, conf="MaxArraySize=10001\nMaxJobCount=20000\n")
    cluster.shell("alice", 'cd && sbatch -o /dev/null -a "1-$1" --wrap true >/dev/null', jobs)
    cluster.wait_idle()
    took = []
    for _ in range(5):
        begun = time.perf_counter()
        cluster.shell("alice", "squeue -h; sacct -nXP -o jobid,state,exitcode,start,end,nodelist")
        took.append(time.perf_counter() - begun)
    return took


def rows(options):
    runs, records, jobs, rounds = (100, 1000, 20, 3) if options.small else (10000, 1000000, 1000, 5)
    work = f"bring trackers up to date after one record, {runs:,} runs, {records:,} records"
    runledger = options.prefix / "bin/runledger"
    with tempfile.TemporaryDirectory() as folder:
        group = pathlib.Path(folder) / "group"
        measure.say(f"making {records} records of {runs} runs")
        measure.run([options.build / "tests/bench/make_records", group, str(runs), str(records), "1"])
        measure.run([runledger, "init", group])
        measure.run([runledger, "refresh", group])
        took, busy = {name: [] for name in FIGURES}, {name: [] for name in FIGURES}
        for number in range(rounds):
            run = append(group, number)
            commands = ([runledger, "refresh", "--by-itself", f"--run={run}", group], [runledger, "refresh", "--rebuild", group])
            for name, command in zip(FIGURES, commands):
                measure.say(f"{name} ({number + 1} of {rounds})")
                seconds, used = measure.once_used(command)
                took[name].append(seconds)
                busy[name].append(used.ru_utime + used.ru_stime)
                # The first one after a rebuild has a new run's file before it; it is not what is measured.
                if name != FIGURES[0]:
                    measure.once([runledger, "refresh", "--by-itself", f"--run={append(group, rounds + number)}", group])
    # A refresh waits for the disk, which has to have the tracker and its copy: what it does itself stands apart from that.
    found = [measure.Row(what, name, kind, statistics.median(of[name]) * 1e3, "ms", f"least {min(of[name]) * 1e3:.1f} ms")
             for what, of in ((f"{work}: CPU time", busy), (work, took)) for name, kind in zip(FIGURES, ("ours", "peer"))]
    asked = slurm(options, jobs)
    measure.say("")
    if asked:
        found.append(measure.Row(work, "squeue and sacct, once", "peer", statistics.median(asked) * 1e3, "ms",
                                 f"of {jobs:,} jobs, with slurmdbd"))
    return found
