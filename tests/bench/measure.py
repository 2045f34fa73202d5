# SPDX-License-Identifier: GPL-2.0-or-later
"""What the benchmarks share: commands timed in turns, their peak memory, and rows for the table."""
import os
import resource
import statistics
import subprocess
import sys
import time

KINDS = ("ours", "peer", "limit")


class Row:
    """One figure: of `work`, by `who`; the smaller the better unless `more_is_better`."""

    def __init__(self, work, who, kind, value, unit, note=""):
        assert kind in KINDS
        self.work, self.who, self.kind, self.value, self.unit, self.note = work, who, kind, value, unit, note


def run(argv, **how):
    """Runs a command that must work; what it printed."""
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, **how)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(map(str, argv))}: exit status {done.returncode}\n{done.stderr.strip()}")
    return done.stdout


def once(argv, stdin=None):
    """Seconds that a command took, and its peak memory in bytes; its output is thrown away."""
    took, used = once_used(argv, stdin)
    return took, used.ru_maxrss * 1024


def once_used(argv, stdin=None):
    """The same, with all that the kernel counted of it."""
    with open(stdin or os.devnull, "rb") as given, open(os.devnull, "wb") as nowhere:
        begun = time.perf_counter()
        process = subprocess.Popen(argv, stdin=given, stdout=nowhere, stderr=subprocess.PIPE)
        complaint = process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        took = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"bench: {' '.join(map(str, argv))}: exit status {process.returncode}\n{complaint.decode()}")
    return took, used


def in_turns(commands, rounds, before=None):
    """
    Times named commands, one after the other, `rounds` times over, so that a busy moment of the machine hits all.
    `before`, if given, is called with the name before each.  {name: (median seconds, peak bytes)}.
    """
    times, peaks = {name: [] for name in commands}, {name: 0 for name in commands}
    for number in range(rounds):
        for name, argv in commands.items():
            say(f"{name} ({number + 1} of {rounds})")
            if before:
                before(name)
            took, peak = once(argv)
            times[name].append(took)
            peaks[name] = max(peaks[name], peak)
    say("")
    return {name: (statistics.median(times[name]), peaks[name]) for name in commands}


def percentile(values, percent):
    """The value that `percent` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * percent // 100) - 1))]


def say(words):
    """Progress, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\033[K{words}", end="", file=sys.stderr, flush=True)


def machine():
    """What the figures were measured on."""
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as text:
        model = next((line.split(":", 1)[1].strip() for line in text if line.startswith("model name")), "unknown CPU")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30
    return f"{model}, {os.cpu_count()} CPUs, {memory} GiB, Linux {os.uname().release}, load {os.getloadavg()[0]:.1f}"


def own_peak():
    """Of this process's children so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
