# SPDX-License-Identifier: GPL-2.0-or-later
"""All records of a group, from a cold state to how each run stands, beside what people read such files with."""
import pathlib
import shlex
import sys
import tempfile

import measure

HERE = pathlib.Path(__file__).resolve().parent
WORK = "fold {:,} records of {:,} runs, nothing known before"
LINES = "/.runledger/runs"


def shell(words):
    return ["sh", "-c", words]


def commands(options, group):
    """Each prints the last state of each run; the first two more, or other things."""
    quoted, here = shlex.quote(str(group)), shlex.quote(str(HERE))
    text = f"find {quoted}{LINES} -name '*.jsonl' -print0 | xargs -0 cat"
    return {
        "runledger, the fold alone": [options.build / "tests/bench/fold_state", group],
        "runledger status --json": [options.prefix / "bin/runledger", "status", "--json", group],
        "cJSON, a plain loop": [options.build / "tests/bench/cjson_loop", group],
        "python3 json": [sys.executable, HERE / "last_state.py", group],
        "jq": shell(f"{text} | jq -nrf {here}/last_state.jq"),
        "sqlite3 json": shell(f"{text} | sqlite3 :memory: '.read {here}/last_state.sql'"),
        "wc -l": shell(f"find {quoted}{LINES} -name '*.jsonl' -print0 | wc -l --files0-from=-"),
        "cat": shell(f"{text} | wc -l"),
    }


NOT_THE_STATE = ("runledger status --json", "wc -l", "cat")
NOTES = {"runledger status --json": "with what lies on disk, and 40 MB of JSON", "wc -l": "the same files",
         "cat": "the same files, read and counted as one"}


def check(all_commands):
    """They are only comparable if they come to the same."""
    states = {name: sorted(measure.run(argv).splitlines()) for name, argv in all_commands.items() if name not in NOT_THE_STATE}
    mine = next(iter(states.values()))
    for name, said in states.items():
        if said != mine:
            sys.exit(f"bench: {name} comes to other states than runledger: {set(said) ^ set(mine)}")


def kind(name):
    return "ours" if name.startswith("runledger") else "limit" if name in ("wc -l", "cat") else "peer"


def rows(options):
    records, runs = (10000, 100) if options.small else (1000000, 10000)
    with tempfile.TemporaryDirectory() as folder:
        group = pathlib.Path(folder) / "group"
        measure.say("making the records")
        measure.run([options.build / "tests/bench/make_records", group, str(runs), str(records), "1"])
        timed = commands(options, group)
        check(timed)
        found = measure.in_turns(timed, 1 if options.small else 5)
    return [measure.Row(WORK.format(records, runs), name, kind(name), took * 1e3, "ms",
                        f"{peak / 2**20:,.0f} MiB{', ' if name in NOTES else ''}{NOTES.get(name, '')}")
            for name, (took, peak) in found.items()]
