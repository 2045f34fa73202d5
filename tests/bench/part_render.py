# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole of runs_status.yaml in memory, beside python3-yaml's C dumper on the same content."""
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import measure

PYTHON = "/usr/bin/python3"
LOADED = 10000  # as many runs have records; more runs are these under other names

DUMP = """
import sys, time, yaml
with open(sys.argv[1], encoding="utf-8") as text:
    tree = yaml.load(text, Loader=yaml.CSafeLoader)
begin = time.process_time()
yaml.dump(tree, Dumper=yaml.CSafeDumper, sort_keys=False)
print((time.process_time() - begin) * 1e3)
"""


def ours(program, group, times, kept):
    """Milliseconds of the processor, by case; the text goes to `kept`."""
    done = subprocess.run([program, group, "runs_status", "runs_status.yaml"], stdout=subprocess.PIPE, text=True, check=False,
                          env=dict(os.environ, RENDER_TIMES=str(times), RENDER_TO=str(kept)))
    if done.returncode != 0:
        sys.exit(f"bench: render_cost: exit status {done.returncode}")
    return {line.split()[0]: float(line.split()[1]) for line in done.stdout.splitlines()}


def has_dumper():
    return subprocess.run([PYTHON, "-c", "import yaml; yaml.CSafeDumper"], capture_output=True, check=False).returncode == 0


def rows(options):
    if not has_dumper():
        return []
    runs, rounds = (1000, 1) if options.small else (100000, 5)
    loaded = min(runs, LOADED)
    work = f"runs_status.yaml of {runs:,} runs, CPU time"
    with tempfile.TemporaryDirectory() as folder:
        group, kept = pathlib.Path(folder) / "group", pathlib.Path(folder) / "rendered"
        measure.run([options.build / "tests/bench/make_records", group, str(loaded), str(6 * loaded), "1"])
        took, dumped = [], []
        for number in range(rounds):
            measure.say(f"rendering {runs} runs ({number + 1} of {rounds})")
            took.append(ours(options.build / "tests/bench/render_cost", group, runs // loaded, kept))
            dumped.append(float(measure.run([PYTHON, "-c", DUMP, kept])))
    measure.say("")
    cases = {"anew": "the whole, anew", "one": "one run has changed", "edited": "a person has edited it", "all": "all have changed"}
    found = [measure.Row(work, words, "ours", statistics.median(one[case] for one in took), "ms")
             for case, words in cases.items()]
    return [found[0], measure.Row(work, "PyYAML's C dumper, the whole", "peer", statistics.median(dumped), "ms"), *found[1:]]
