# SPDX-License-Identifier: GPL-2.0-or-later
"""
Instructions of the fold and of an append, counted by callgrind: the same whatever else the machine is doing.

instructions.json has what they were, for the compiler and processor that it names: a change that adds more than 5 % shows
in the note.  RLG_BENCH_RENEW=1 writes it anew.
"""
import json
import os
import pathlib
import platform
import re
import shutil
import tempfile

import measure

KEPT = pathlib.Path(__file__).with_name("instructions.json")
MOST_MORE = 0.05
TOTAL = re.compile(r"^(?:summary|totals): (\d+)", re.MULTILINE)


def count(folder, argv, inside=None):
    """Instructions of a command; `inside` a function alone."""
    out = folder / "callgrind.out"
    only = [f"--toggle-collect={inside}"] if inside else []
    measure.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *only, *map(str, argv)])
    return int(TOTAL.search(out.read_text(encoding="utf-8"))[1])


def where():
    """Counts of another compiler or processor say nothing about a change."""
    compiler = measure.run(["gcc", "-dumpfullversion"]).strip() if shutil.which("gcc") else "unknown"
    return f"gcc {compiler}, {platform.machine()}"


def counted(options, folder):
    records, appends = 10000, 200
    group = folder / "group"
    measure.run([options.build / "tests/bench/make_records", group, "100", str(records), "1"])
    measure.say("instructions of the fold")
    fold = count(folder, [options.prefix / "bin/runledger", "status", "--json", group]) / records
    (folder / "append/.runledger").mkdir(parents=True)
    measure.say("instructions of an append")
    append = count(folder, [options.build / "tests/bench/append_cost", folder / "append", str(appends)],
                   "rlg_statusfile_append") / appends
    measure.say("")
    return {"a record folded, of 10,000 in 100 runs": fold, "a record appended": append}


def rows(options):
    if not shutil.which("valgrind"):
        return []
    with tempfile.TemporaryDirectory() as folder:
        now = counted(options, pathlib.Path(folder))
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    here = where()
    if os.environ.get("RLG_BENCH_RENEW"):
        kept[here] = {name: round(value) for name, value in now.items()}
        KEPT.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    found = []
    for name, value in now.items():
        before = kept.get(here, {}).get(name)
        words = "" if not before else "MORE THAN 5 % ABOVE" if value > before * (1 + MOST_MORE) else f"{value / before - 1:+.1%}"
        found += [measure.Row(f"instructions: {name}", "runledger", "ours", value, "Ir", words),
                  measure.Row(f"instructions: {name}", f"as kept for {here}", "limit", before or value, "Ir",
                              "" if before else "none kept")]
    return found
