# SPDX-License-Identifier: GPL-2.0-or-later
"""Time per record as a group grows: it should stay flat, but for what a command costs whatever it reads."""
import pathlib
import statistics
import tempfile

import measure

WORK = "time per record, read and folded, as a group grows"
SIZES = ((100, 10), (1000, 10), (10000, 100), (100000, 1000), (1000000, 1000), (1000000, 10000), (1000000, 100000))


def rows(options):
    found, rounds = [], 1 if options.small else 5
    runledger = options.prefix / "bin/runledger"
    # What stands still: a process that starts, looks and ends.
    with tempfile.TemporaryDirectory() as folder:
        for records, runs in SIZES[:3] if options.small else SIZES:
            group = pathlib.Path(folder) / f"{records}_{runs}"
            measure.say(f"making {records} records of {runs} runs")
            measure.run([options.build / "tests/bench/make_records", group, str(runs), str(records), "1"])
            times, peak = [], 0
            for _ in range(rounds):
                measure.say(f"reading {records} records of {runs} runs")
                took, used = measure.once([runledger, "status", "--json", group])
                times.append(took)
                peak = max(peak, used)
            found.append(measure.Row(WORK, f"{records:,} records, {runs:,} runs", "ours",
                                     statistics.median(times) / records * 1e6, "us",
                                     f"{statistics.median(times) * 1e3:,.0f} ms, {peak / 2**20:,.0f} MiB"))
    measure.say("")
    return found
