# SPDX-License-Identifier: GPL-2.0-or-later
"""
How long jobs take from the first sbatch to the last end, on clusters that differ in what they load only; and the CPU time
of all that took part.  Jobs of `true` come as fast as sbatch goes, and one machine that plays all nodes has too little CPU
for them; jobs of two seconds wait for each other, as on a cluster that is full.
"""
import os
import pathlib
import statistics
import tempfile

import measure
from cluster import CPU_MS, Cluster, is_possible

SPANK = ("spank_runledger", "spank_runledger_epilog")
ALL = "all, with jobcomp and cli_filter"
SIZE = ("--unprivileged", "--nodes", 4, "--cpus", 32)

# The look at the queue is the same everywhere.
SAMPLE = f'''
cd && cd group/run1
begun=$EPOCHREALTIME
for ((i = 0; i < $1; i++)); do sbatch -o /dev/null "${{@:2}}" >/dev/null; done
while [[ $(squeue -h -o %i | head -n 1) ]]; do sleep 0.1; done
ended=$EPOCHREALTIME
echo $((${{ended/./}} - ${{begun/./}})) "$(cat /proc/$$/stat | {CPU_MS})"
'''


def everything(prefix, folder):
    """With cli_filter and slurmctld's own words, which drain delivers."""
    spool, program = folder / "spool", folder / "jobcomp"
    spool.mkdir()
    program.write_text(f"#!/bin/sh\nexec {prefix}/libexec/runledger/runledger-jobcomp --spool={spool}\n", encoding="utf-8")
    program.chmod(0o755)
    cluster = Cluster(prefix, *SIZE, "--plugindir", f"{prefix}/lib/slurm", plugins=SPANK,
                      conf=f"CliFilterPlugins=cli_filter/runledger\nJobCompType=jobcomp/script\nJobCompLoc={program}\n")
    cluster.shell("root", 'chown slurmctl "$1" && chmod 700 "$1"', spool)
    cluster.drain = cluster.begin("root", cluster.runledger, "drain", "--follow", f"--spool={spool}")
    return cluster


def sample(clusters, rounds, jobs, words):
    """In turns: the seconds, and the milliseconds of CPU time a job, of each cluster."""
    took, cost = {name: [] for name in clusters}, {name: [] for name in clusters}
    for number in range(rounds):
        for name, cluster in clusters.items():
            measure.say(f"{jobs} jobs of {words[-1]}, {name} ({number + 1} of {rounds})")
            before = cluster.cpu_ms()
            elapsed_us, clients_ms = map(int, cluster.shell("alice", SAMPLE, jobs, *words).split())
            took[name].append(elapsed_us / 1e6)
            cost[name].append((cluster.cpu_ms() - before + clients_ms) / jobs)
    return took, cost


KINDS = {"no plugins": "limit", "jobcomp/filetxt": "peer"}


def rows_of(what, unit, figures):
    return [measure.Row(what, name, KINDS.get(name, "ours"), statistics.median(values), unit,
                        f"{min(values):.2f} to {max(values):.2f} {unit}")
            for name, values in figures.items()]


def rows(options):
    if not is_possible():
        return []
    jobs, rounds, full = (20, 1, 20) if options.small else (300, 5, 200)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        os.chmod(folder, 0o711)
        (folder / "filetxt").mkdir()
        (folder / "filetxt").chmod(0o777)
        clusters = {
            "no plugins": Cluster(options.prefix, *SIZE),
            "jobcomp/filetxt": Cluster(options.prefix, *SIZE,
                                       conf=f"JobCompType=jobcomp/filetxt\nJobCompLoc={folder}/filetxt/log\n"),
            "submit and start alone": Cluster(options.prefix, *SIZE, plugins=SPANK[:1]),
            "the plugins": Cluster(options.prefix, *SIZE, plugins=SPANK),
            ALL: everything(options.prefix, folder),
        }
        for cluster in clusters.values():
            cluster.make_group()
        took, cost = sample(clusters, rounds, jobs, ("--wrap", "true"))
        # A quarter of a node each: sixteen at a time.
        few = {name: clusters[name] for name in ("no plugins", ALL)}
        took_full, _ = sample(few, min(rounds, 3), full, ("-c", 8, "--wrap", "sleep 2"))
        clusters[ALL].drain.terminate()
    measure.say("")
    return [*rows_of(f"{jobs} jobs of `true`, first sbatch to last end", "s", took),
            *rows_of("CPU time of every process that such a job has", "ms", cost),
            *rows_of(f"{full} jobs of `sleep 2`, sixteen at a time", "s", took_full)]
