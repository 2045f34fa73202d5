#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""compare.py [--brief] [--tap] [--without CELL] CELL...: does the ledger say what sacct -D says, attempt by attempt?

A CELL is a folder that `run` left.  One line for each attempt, and how many scenarios agree.  With --without, which is
a cell without plugins, also: is the outcome of every job the same?  The exit status is 0 if all is well.

What counts as agreement
  state       the same word; who cancelled is left off.  A job in the queue is PENDING.
  final       false where sacct has a later attempt of the job and says REQUEUED, PREEMPTED or NODE_FAIL; else true.
  exit code   what sacct says, or what scontrol says.  They differ where slurmctld ended the job: sacct then has 0:0, as it
              was told before the tasks had ended, and slurmctld learns of their end a moment later.
              An exit code 1 that slurmctld set itself is 1:0 to sacct, and 0:1 to scontrol and jobcomp.
  start, end  the same second where the ledger's source was told by slurmctld: jobcomp, an epilog of a final end;
              else, as for the start record's own time, TOLERANCE seconds.
              An epilog of a job that goes back to the queue knows the attempt's end by its own time at worst, so that comes
              up to EPILOG_LATE seconds behind; and no start, where the attempt's node refused before any step began.  It
              leaves out the exit code of a lost node, which slurmctld does not tell.
  start, end  not compared where sacct has a node but no start: it loses that of a job that is requeued at once.
              Where the job never had a node, sacct has no start or the end's, by chance, and may have no end.
  nodes       the same text.
  no word     a job that is PENDING to sacct may be one of which nothing was heard since, if PENDING is what was heard.
  rewritten   sacct puts REQUEUED over how an attempt had ended, when the job is requeued after its end; what the ledger
              had recorded as its end is then as good, if the exit code is the same.  From 26.05 on sacct leaves it as it
              was: final or not is then a matter of taste.
  a PENDING attempt after one that went back into the queue: the ledger says so by final = false and `submitted`.
"""
import argparse
import collections
import fnmatch
import glob
import json
import os
import re
import sys
import unicodedata
from datetime import datetime, timezone

TOLERANCE = 2
EPILOG_LATE = 10
REQUEUES = {"REQUEUED", "PREEMPTED", "NODE_FAIL"}
SLURMCTLDS_WORD = {"jobcomp", "epilog", "reconcile"}

Row = collections.namedtuple("Row", "job raw name user state exit submit start end nodes task")
Word = collections.namedtuple("Word", "run job array task state silent final exit submit start end nodes source status")
Line = collections.namedtuple("Line", "scenario row word verdict why")


# --- reading a cell


def number(text):
    return int(text) if text.isdigit() else None


def read_sacct(path):
    rows = []
    for line in open(path, encoding="utf-8"):
        job, raw, name, user, _, state, exit_code, submit, start, end, nodes = line.rstrip("\n").split("|")
        task = re.search(r"_(.*)", job)
        rows.append(Row(job, int(raw), name, user, state.split()[0], exit_code, number(submit), number(start), number(end),
                        None if nodes in ("None assigned", "") else nodes, task.group(1) if task else None))
    return rows


def read_scontrol(path):
    """The exit codes that slurmctld has: job id -> set of "code:signal"."""
    codes = collections.defaultdict(set)
    if os.path.exists(path):
        for line in open(path, encoding="utf-8"):
            job = re.match(r"JobId=(\d+)", line)
            code = re.search(r" ExitCode=(\S+)", line)
            if job and code:
                codes[int(job.group(1))].add(code.group(1))
    return codes


def moment(text):
    if text is None:
        return None
    return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc).timestamp())


def word_of(run, phase, attempt):
    state = attempt["slurm_state"] or ("RUNNING" if attempt["start_time"] else "PENDING")
    silent = state == "UNKNOWN" or bool(attempt.get("no_word_since"))
    code = None
    if attempt["exit_code"] is not None:
        code = "%d:%d" % (attempt["exit_code"], attempt["signal"] or 0)
    array = attempt["array_job_id"]
    job = attempt["job_id"]
    return Word(run, int(job) if job else None, int(array) if array else None, attempt["array_task_id"], state,
                silent, attempt["final"], code, moment(attempt["submit_time"]), moment(attempt["start_time"]),
                moment(attempt["end_time"]), attempt["nodes"], attempt["source"], phase["status"])


def read_ledger(path):
    if not os.path.exists(path):
        return None
    status = json.load(open(path, encoding="utf-8"))
    words = []
    for run in status["runs"]:
        for phase in run["phases"]:
            words += [word_of(run["run"], phase, attempt) for attempt in phase["attempts"]]
    return words


class Scenario:
    def __init__(self, folder):
        self.folder = folder
        self.name = os.path.basename(folder)
        texts = dict(line.rstrip("\n").split("=", 1) for line in open(folder + "/scenario", encoding="utf-8"))
        self.about = texts["about"]
        marks = texts["marks"].split()
        settings = dict(mark.split("=", 1) for mark in marks if "=" in mark)
        self.marks = {mark for mark in marks if "=" not in mark}
        self.runs = settings.get("run", self.name).split("|")
        self.group = settings.get("group", "exp")
        self.jobs = {int(line) for line in self.lines("jobs")}
        self.gave_up = "; ".join(self.lines("gave_up"))
        self.impossible = "; ".join(self.lines("impossible"))

    def lines(self, name):
        path = os.path.join(self.folder, name)
        return open(path, encoding="utf-8").read().splitlines() if os.path.exists(path) else []

    def has_row(self, row):
        return int(re.match(r"\d+", row.job).group()) in self.jobs or row.raw in self.jobs

    def has_run(self, run):
        return any(fnmatch.fnmatchcase(run, pattern) for pattern in self.runs)


class World:
    def __init__(self, folder):
        self.name = os.path.basename(folder)
        self.rows = read_sacct(folder + "/sacct.txt")
        self.codes = read_scontrol(folder + "/scontrol.txt")
        self.ledger = {group: read_ledger("%s/status.%s.json" % (folder, group)) for group in ("exp", "lab")}
        self.scenarios = [Scenario(path) for path in sorted(glob.glob(folder + "/scenarios/*"))]

    def rows_of(self, scenario):
        rows = [row for row in self.rows if scenario.has_row(row)]
        return sorted(rows, key=lambda row: (row.submit or 0, row.raw, row.start or sys.maxsize))

    def words_of(self, scenario):
        return [word for word in self.ledger[scenario.group] or [] if scenario.has_run(word.run)]


class Cell:
    def __init__(self, folder, part=""):
        self.settings = json.load(open(folder + "/cell.json", encoding="utf-8"))
        self.worlds = [World(os.path.dirname(path)) for path in sorted(glob.glob(folder + "/*" + part + "/sacct.txt"))]
        self.impossible = [line.strip() for path in glob.glob(folder + "/impossible") for line in open(path)]
        if not self.worlds:
            sys.exit("compare.py: %s holds nothing that was played" % folder)
        self.reconciled = bool(part)

    def has(self, what):
        return self.settings[what] == "on"

    def title(self):
        if not self.has("plugins"):
            parts = ["without plugins"]
        else:
            parts = ["%s %s" % (what, self.settings[what]) for what in ("cli_filter", "jobcomp")]
        if self.reconciled:
            parts.append("reconciled")
        if self.settings["conf"].strip():
            parts.append(" ".join(self.settings["conf"].split()))
        return "Slurm %s, %s" % (self.settings["slurm"], ", ".join(parts))


# --- which word is about which row


def unsplit_tasks(row):
    """The tasks that a row is about, of an array of which these have not begun: 7_[0-2,5%2]; None: it is no such row."""
    inside = re.match(r"\d+_\[([\d,:-]+)(?:%\d+)?\]$", row.job)
    if not inside:
        return None
    tasks = set()
    for part in inside.group(1).split(","):
        first, last, step = re.match(r"(\d+)(?:-(\d+))?(?::(\d+))?$", part).groups()
        tasks |= set(range(int(first), int(last or first) + 1, int(step or 1)))
    return tasks


def about_row(word, row):
    """How well they fit; 0: not at all."""
    if word.job == row.raw or (word.array is not None and row.task is not None and str(word.task) == row.task
                               and row.job.startswith("%d_" % word.array)):
        if word.start is not None and row.start is not None and row.nodes:
            return 3 if abs(word.start - row.start) <= TOLERANCE else 0
        return 2
    if word.array is not None and row.job.startswith("%d_[" % word.array):
        return 2
    # Before it starts, a job has no id for SPANK.
    return 1 if word.job is None and word.state in ("UNKNOWN", "PENDING") else 0


def pair(rows, words):
    """Best fits first; each once.  What is left over stands alone."""
    fits = sorted(((-about_row(word, row), i, k) for i, row in enumerate(rows) for k, word in enumerate(words)))
    partner, taken = {}, set()
    for fit, i, k in fits:
        if fit < 0 and i not in partner and k not in taken:
            partner[i] = words[k]
            taken.add(k)
    pairs = [(row, partner.get(i)) for i, row in enumerate(rows)]
    # Where each task is a run, each has a word of its own about the one row of all.
    for row in rows:
        tasks = unsplit_tasks(row) or set()
        for k, word in enumerate(words):
            if k not in taken and about_row(word, row) and (word.task in tasks or word.job is None) and len(
                    [1 for other, _ in pairs if other is row]) < len(tasks):
                pairs.append((row, word))
                taken.add(k)
    return pairs + [(None, word) for k, word in enumerate(words) if k not in taken]


# --- one attempt


def same_moment(ours, theirs, exact):
    if ours is None or theirs is None:
        return ours is theirs
    return abs(ours - theirs) <= (0 if exact else TOLERANCE)


def differences(row, word, later, codes, rewritten):
    """What a word about a row should have said, a short text each."""
    goes_on = later and row.state in REQUEUES
    if rewritten and row.state == "REQUEUED" and word.state in ("COMPLETED", "FAILED") and word.exit == row.exit:
        return [] if word.nodes == row.nodes else ["nodes"]
    if row.state == "PENDING":
        return [] if word.state == "PENDING" else ["state"]
    wrong = []
    if word.state != row.state:
        wrong.append("state")
    if row.state == "RUNNING":
        return wrong
    if word.final == goes_on and not (rewritten and later):
        wrong.append("final")
    set_by_slurm = row.state not in ("COMPLETED", "FAILED") and (row.exit, word.exit) == ("1:0", "0:1")
    unsaid = word.exit is None and row.state == "NODE_FAIL" and word.source == "epilog"
    if word.exit != row.exit and word.exit not in codes and not set_by_slurm and not unsaid:
        wrong.append("exit")
    exact = word.source in SLURMCTLDS_WORD and (word.source == "jobcomp" or word.final)
    lost = row.nodes and row.start is None
    unsaid = word.start is None and word.source == "epilog" and not word.final
    if row.nodes and not lost and not unsaid and not same_moment(word.start, row.start, exact):
        wrong.append("start")
    if not row.nodes and word.start not in (None, word.end, row.end, row.start):
        wrong.append("start")
    at_epilog = (word.source == "epilog" and not word.final and row.end is not None and word.end is not None and
                 0 <= word.end - row.end <= EPILOG_LATE)
    if not lost and not at_epilog and (row.nodes or row.end is not None) and not same_moment(word.end, row.end, exact):
        wrong.append("end")
    if (word.nodes or None) != row.nodes:
        wrong.append("nodes")
    return wrong


def judge(cell, scenario, row, word, later, before, codes):
    """A verdict (agree, blind, disagree) and why; before: the word about what the row goes on from, if it says that it waits."""
    may_be_blind = "blind" in scenario.marks and not cell.has("jobcomp")
    if row is None:
        return "disagree", "sacct knows nothing of it"
    if word is None:
        if row.state == "PENDING" and before:
            return "agree", "waits again"
        if may_be_blind and before and before.silent:
            return "blind", "no word since it was requeued or submitted"
        if may_be_blind and later:
            return "blind", "left no trace on a node"
        return "disagree", "the ledger knows nothing of it"
    wrong = differences(row, word, later, codes, "rewritten" in scenario.marks)
    if not wrong:
        return "agree", ""
    if may_be_blind and word.silent:
        return "blind", "the ledger says that it does not know"
    return "disagree", ", ".join(wrong)


def waiting_word(scenario, row, again, words):
    """A row without a word may be meant by another's: of the attempt that was requeued, or of a het job's leader, as a
    submission is one word."""
    for word in words:
        if again and word.job == row.raw and not word.final and word.status == "submitted":
            return word
        if "het" in scenario.marks and word.state in ("PENDING", "UNKNOWN"):
            return word
    return None


def lines_of(cell, world, scenario):
    if scenario.impossible:
        return [Line(scenario, None, None, "impossible", scenario.impossible)]
    lines = []
    if scenario.gave_up:
        lines.append(Line(scenario, None, None, "disagree", "could not be played: " + scenario.gave_up))
    rows = world.rows_of(scenario)
    words = world.words_of(scenario)
    if "nothing" in scenario.marks:
        if not rows and not words and not scenario.gave_up:
            lines.append(Line(scenario, None, None, "agree", "no job, no attempt"))
    elif not rows:
        lines.append(Line(scenario, None, None, "disagree", "sacct has no job of it"))
    for row, word in pair(rows, words):
        # Where ids are given out again, two rows of one id are two jobs.
        mine = [other for other in rows if row is not None and other.raw == row.raw and world.name != "wrap"]
        later = bool(mine) and row is not mine[-1]
        codes = world.codes[row.raw] if row is not None and not later else ()
        before = waiting_word(scenario, row, row in mine[1:], words) if row is not None and word is None else None
        lines.append(Line(scenario, row, word, *judge(cell, scenario, row, word, later, before, codes)))
    return lines


def strangers(world):
    """Attempts in runs that nobody played."""
    for group, words in world.ledger.items():
        for word in words or []:
            if not any(s.group == group and s.has_run(word.run) for s in world.scenarios):
                yield word


# --- the outcome, with and without plugins

# What tells one time from another, and no more.
VARYING = [(re.compile(pattern), by) for pattern, by in (
    (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\b", "TIME"), (r"rlg-cluster\.\w+", "CLUSTER"), (r"\bn\d+\b|\bn\[[\d,-]+\]", "NODE"),
    (r"\b(JOB|STEP|StepId=|JobId=|job|allocation|for) ?\d+(\.\w+)?", r"\1 N"), (r"^\d+(_\d+)?$", "N"),
    (r"\(pid \d+\)|pid=\d+", "PID"))]

# What Slurm says at one time and not at another: all ids are in use; a task had ended before it was told to go on; who
# of srun and slurmstepd came first when a job was ended.
CHANCE = re.compile(r"Slurm temporarily unable to accept job|_handle_signal_container: failed signal|\*\*\* (JOB|STEP) "
                    r"|^srun: (Job step aborted|forcing job termination|error: \S+: tasks? )")


def neutral(text):
    lines = []
    for line in text.splitlines():
        if CHANCE.search(line):
            continue
        for pattern, by in VARYING:
            line = pattern.sub(by, line)
        lines.append(line)
    return lines


def outcome(world, scenario):
    """State, exit code and number of attempts of each job and task, and all words of jobs and clients."""
    jobs = collections.defaultdict(list)
    order = sorted({int(re.match(r"\d+", row.job).group()) for row in world.rows_of(scenario)})
    for row in world.rows_of(scenario):
        base = order.index(int(re.match(r"\d+", row.job).group()))
        # How many tasks had begun when the rest was cancelled is chance.
        tail = re.sub(r"\[.*\]", "[...]", re.sub(r"^\d+", "", row.job))
        jobs["job %d%s" % (base, tail)].append("%s %s" % (row.state, row.exit))
    if "chance" in scenario.marks:
        jobs = {name: attempts[-1:] for name, attempts in jobs.items()}
    files = {}
    for path in sorted(glob.glob(scenario.folder + "/*.log") + glob.glob(scenario.folder + "/client.*")):
        if os.path.basename(path) != "admin.log":
            files[os.path.basename(path)] = sorted(neutral(open(path, encoding="utf-8", errors="replace").read()))
    return {**jobs, **files}


def outcome_differences(cell, without):
    plain = {s.name: (w, s) for w in without.worlds for s in w.scenarios}
    for world in cell.worlds:
        for scenario in world.scenarios:
            if scenario.name not in plain or scenario.gave_up or scenario.impossible:
                continue
            with_us, without_us = outcome(world, scenario), outcome(*plain[scenario.name])
            for key in sorted(set(with_us) | set(without_us)):
                if with_us.get(key) != without_us.get(key):
                    yield scenario.name, key, without_us.get(key), with_us.get(key)


# --- the table

COLOURS = {"agree": "32", "blind": "33", "disagree": "31", "impossible": "2"}


def clock(moment_s):
    return "-" if moment_s is None else datetime.fromtimestamp(moment_s, timezone.utc).strftime("%H:%M:%S")


def sacct_text(row):
    if row is None:
        return "-"
    return "%s %s %s-%s %s" % (row.state, row.exit, clock(row.start), clock(row.end), row.nodes or "-")


def word_text(word):
    if word is None:
        return "-"
    again = not word.final and word.state not in ("PENDING", "RUNNING", "UNKNOWN")
    return "%s%s%s %s %s-%s %s" % (word.state, "~" if again else "", "?" if word.silent else "", word.exit or "-",
                                   clock(word.start), clock(word.end), word.nodes or "-")


def label(line):
    job = line.row.job if line.row else (line.word.job if line.word else None)
    return line.scenario.name if job is None else "%s %s" % (line.scenario.name, job)


def print_table(title, lines, colour):
    def cells(line):
        verdict = line.verdict + (": " + line.why if line.why else "")
        return label(line), sacct_text(line.row), word_text(line.word), verdict

    table = [("scenario, job", "sacct -D", "the ledger (~ not final, ? no word since)", "")] + [cells(line) for line in lines]
    widths = [max(len(unicodedata.normalize("NFC", row[i])) for row in table) for i in range(3)]
    print("\n%s" % title)
    for row, line in zip(table, [None] + lines):
        verdict = row[3]
        if colour and line is not None:
            verdict = "\033[%sm%s\033[0m" % (COLOURS[line.verdict], verdict)
        print("  ".join(text.ljust(width) for text, width in zip(row, widths)) + "  " + verdict)


def verdict_of(lines):
    """A scenario's: the worst of its lines'."""
    order = ["agree", "impossible", "blind", "disagree"]
    return max((line.verdict for line in lines), key=order.index)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cells", nargs="+", metavar="CELL")
    parser.add_argument("--without", metavar="CELL", action="append", default=[],
                        help="the same without plugins; one for each version of Slurm")
    parser.add_argument("--brief", action="store_true", help="only what does not agree")
    parser.add_argument("--tap", action="store_true", help="a line of TAP for each scenario")
    args = parser.parse_args()
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ and not args.tap
    plain = [Cell(folder) for folder in args.without]
    without = {cell.settings["slurm"]: cell for cell in plain}
    bad, tests, n_scenarios = [], 0, set()
    cells = []
    for folder in args.cells:
        cells.append(Cell(folder))
        if glob.glob(folder + "/*/reconciled"):
            cells.append(Cell(folder, "/reconciled"))
    for cell in cells:
        all_lines = []
        for world in cell.worlds:
            for scenario in world.scenarios:
                lines = lines_of(cell, world, scenario)
                verdict = verdict_of(lines)
                all_lines += [line for line in lines if not args.brief or line.verdict != "agree"]
                n_scenarios.add(scenario.name)
                if verdict == "disagree":
                    bad.append("%s: %s" % (cell.title(), scenario.name))
                tests += 1
                if args.tap:
                    print("%sok %d - %s: %s%s" % ("not " if verdict == "disagree" else "", tests, scenario.name, scenario.about,
                                                  " # SKIP " + lines[0].why if verdict == "impossible" else ""))
                    if verdict == "disagree":
                        for line in lines:
                            print("# %s | %s | %s | %s %s" % (label(line), sacct_text(line.row), word_text(line.word),
                                                              line.verdict, line.why))
            for word in strangers(world):
                bad.append("%s: run %s, which nobody played" % (cell.title(), word.run))
        if not args.tap:
            print_table(cell.title(), all_lines, colour)
        if cell.settings["slurm"] in without and not cell.reconciled:
            for name, what, theirs, ours in outcome_differences(cell, without[cell.settings["slurm"]]):
                bad.append("%s: %s ends otherwise than without plugins" % (cell.title(), name))
                print("# %s: %s of %s:\n#   without: %s\n#   with:    %s" % (cell.title(), what, name, theirs, ours))
    if args.tap:
        tests += 1
        other = [text for text in bad if "otherwise" in text or "nobody played" in text]
        print("%sok %d - every job ends as without the plugins, and no run is there that nobody played"
              % ("not " if other else "", tests))
        print("1..%d" % tests)
    else:
        print()
        for text in bad:
            print("DISAGREES  " + text)
        print("%d scenarios x %d cells: %s" % (len(n_scenarios), len(cells), "%d disagree" % len(bad) if bad else "all agree"))
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
