#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""recount.py: what became of an appender's records, from the bytes on the server's disk, by no code of Runledger's.

    recount.py FOLDER ACKS...

FOLDER has the status files of one run.  Prints one line:
    acknowledged=N lost=N torn=N merged=N wrong=N doubled=N unasked=N nuls=N files=N p50_ms=N p99_ms=N max_ms=N
lost: acknowledged and not there.  torn: a line that is part of a record, or of none.  merged: two records in one line.
wrong: a whole record that is not what its writer wrote.  unasked: there, but never acknowledged.
"""
import glob
import json
import os
import sys


def filling_of(number):
    return 2000 + number * 7 % 1500 if number % 50 == 7 else 20 + number * 37 % 600


def is_right(context):
    try:
        length = filling_of(context["number"])
        letter = chr(ord("a") + context["writer"])
        return context["filled"] == length and context["filling"] == letter * length
    except (KeyError, TypeError):
        return False


def record_of(line):
    try:
        record = json.loads(line)
        return record["context"] if isinstance(record["timestamp"], float) else None
    except (ValueError, KeyError, TypeError):
        return None


def main():
    took, seen = {}, {}
    count = dict.fromkeys("acknowledged lost torn merged wrong doubled unasked nuls files".split(), 0)
    for path in sys.argv[2:]:
        with open(path) as acks:
            for line in acks:
                name, microseconds = line.split()
                took[name] = int(microseconds)
    for path in sorted(glob.glob(os.path.join(sys.argv[1], "*.jsonl"))):
        count["files"] += 1
        with open(path, "rb") as file:
            data = file.read()
        count["nuls"] += data.count(b"\0")
        if data and not data.endswith(b"\n"):
            count["torn"] += 1
            data = data[:data.rfind(b"\n") + 1]
        for line in data.split(b"\n"):
            context = record_of(line) if line else None
            if line.count(b'{"timestamp":') > 1:
                count["merged"] += 1
            elif line and context is None:
                count["torn"] += 1
            elif line and not is_right(context):
                count["wrong"] += 1
            elif line:
                seen[context["id"]] = seen.get(context["id"], 0) + 1
    count["acknowledged"] = len(took)
    count["lost"] = sum(name not in seen for name in took)
    count["unasked"] = sum(name not in took for name in seen)
    count["doubled"] = sum(times > 1 for times in seen.values())
    times = sorted(took.values()) or [0]
    for name, share in (("p50_ms", 0.5), ("p99_ms", 0.99), ("max_ms", 1)):
        count[name] = "%.1f" % (times[min(len(times) - 1, int(len(times) * share))] / 1000)
    print(" ".join("%s=%s" % item for item in count.items()))


main()
