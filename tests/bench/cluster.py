# SPDX-License-Identifier: GPL-2.0-or-later
"""Real throwaway clusters (tests/cluster) for the benchmarks."""
import os
import pathlib
import shutil
import subprocess
import tempfile

import measure

HERE = pathlib.Path(__file__).resolve().parent
HARNESS = HERE.parent / "cluster"
PLAN = "# Run Plan: bench\n\n## All Runs\n\n| Run Name |\n|---|\n| run1 |\n"

# Lines as /proc/PID/stat has them: user and system time, the process's own and that of the children it waited for.
CPU_MS = '''sed 's/.*) //' | awk -v second="$(getconf CLK_TCK)" '{ sum += $12 + $13 + $14 + $15 }
END { printf "%d", 1000 * sum / second }' '''


def is_possible():
    """Is there a Slurm here, and are we root, as its users need?"""
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    return os.geteuid() == 0 and all(shutil.which(name, path=path) for name in ("slurmctld", "slurmd", "munged", "sbatch"))


class Cluster:
    """One cluster, which ends with this process however that ends; `prefix` is where the product is installed."""

    def __init__(self, prefix, *options, plugins=(), conf="", usage=None):
        self.prefix = pathlib.Path(prefix)
        self.runledger = self.prefix / "bin/runledger"
        with tempfile.TemporaryDirectory() as folder:
            lines = [f"optional {self.prefix}/lib/slurm/{name}.so helper={self.runledger}" + (f" usage={usage}" if usage else "")
                     for name in plugins]
            files = {"--plugstack": "".join(line + "\n" for line in lines), "--conf": conf}
            for option, text in files.items():
                path = pathlib.Path(folder) / option.strip("-")
                path.write_text(text, encoding="utf-8")
                options += (option, str(path))
            self.folder = pathlib.Path(
                measure.run([HARNESS / "up", "--quiet", "--with-pid", str(os.getpid()), *map(str, options)]).strip())

    def run(self, user, *argv):
        """What the command printed; it must work."""
        return measure.run([HARNESS / "enter", self.folder, user, *map(str, argv)])

    def begin(self, user, *argv):
        """The same, in the background."""
        return subprocess.Popen([HARNESS / "enter", self.folder, user, *map(str, argv)])

    def shell(self, user, script, *words):
        return self.run(user, "bash", "-ec", script, "_", *words)

    def make_group(self):
        """A run group of alice's with one run in it; its path."""
        group = self.folder / "home/alice/group"
        self.shell("alice", 'mkdir -p "$1/run1" && printf "%s" "$2" >"$1/runs_plan.md" && "$3" init "$1" >/dev/null',
                   group, PLAN, self.runledger)
        return group

    def cpu_ms(self):
        """CPU time of the cluster's daemons and of all that they ever started, but not of commands run in it from outside."""
        return int(self.shell("root", f"cat /proc/[0-9]*/stat 2>/dev/null | {CPU_MS}"))

    def wait_idle(self):
        self.shell("root", "while [[ $(squeue -h -t all -o %T | grep -vE 'COMPLETED|CANCELLED') ]]; do sleep 0.1; done")
