# SPDX-License-Identifier: GPL-2.0-or-later
"""One append of a start record, beside open, write and close of the same line."""
import pathlib
import statistics
import tempfile

import measure

WORK = "append one record, local file system"


def rows(options):
    rounds = 2000 if options.small else 20000
    with tempfile.TemporaryDirectory() as group:
        (pathlib.Path(group) / ".runledger").mkdir()
        measure.say(WORK)
        text = measure.run([options.build / "tests/bench/append_cost", group, str(rounds)])
    measure.say("")
    pairs = [tuple(map(float, line.split())) for line in text.splitlines()]
    ours, bare = zip(*pairs)
    found = []
    for words, reduce in (("median", statistics.median), ("99th percentile", lambda values: measure.percentile(values, 99))):
        found += [measure.Row(f"{WORK}, {words}", "runledger", "ours", reduce(ours), "us"),
                  measure.Row(f"{WORK}, {words}", "open, write, close", "limit", reduce(bare), "us")]
    return found
