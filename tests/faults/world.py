# SPDX-License-Identifier: GPL-2.0-or-later
"""A run group in a folder of its own: put there anew, worked on by the product with one fault, and looked at."""

import ctypes
import json
import os
import shutil
import signal
import struct
import subprocess
import time

NOW = 1771430000                # the wall clock of every run: 2026-02-18
LATE_S = 25                     # a run that takes longer hangs
STILL_S = 1                     # where a call hangs, those are given up who do nothing for so long
LOOK_S = 0.05
STATE_HEAD, FILES, FILE = 16, 256, "=QQqII"   # struct fault_state, fault.h
STATE_BYTES = 65536
PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans():
    """Processes that the product leaves behind become ours, so that their end can be waited for."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants(pid):
    """All processes below this one, with what each of their threads has done: a line that changes when it runs."""
    found = {}
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
            children = file.read().split()
        for child in children:
            for thread in os.listdir("/proc/%s/task" % child):
                with open("/proc/%s/task/%s/status" % (child, thread)) as file:
                    found[thread] = [line for line in file if line.startswith(("State", "voluntary", "nonvoluntary"))]
            found.update(descendants(int(child)))
    except (FileNotFoundError, ProcessLookupError):
        found["gone"] = ["%f" % time.monotonic()]       # somebody ended just now
    return found


class Stillness:
    """
    How long none of our children has done anything.  Who waits for a processor, or a disk, is not still: on a busy machine
    a process may need long for what takes no time.
    """

    def __init__(self):
        self.began = self.looked = time.monotonic()
        self.seen = None

    def lasts_s(self):
        now = time.monotonic()
        if now - self.looked > LOOK_S:
            seen = descendants(os.getpid())
            at_work = any(line.startswith(("State:\tR", "State:\tD")) for lines in seen.values() for line in lines)
            if at_work or seen != self.seen:
                self.began = now
            self.looked, self.seen = now, seen
        return now - self.began


class Result:
    """How a run ended."""

    def __init__(self):
        self.status = 0         # negative: the signal
        self.out = self.words = ""
        self.fired = 0
        self.hung = False
        self.took_s = 0.0
        self.unsynced = []      # (device, inode, safe size)


class CannotTry(Exception):
    """The bench itself is broken: nothing that it found would count.  (A worker that exits would leave the pool waiting.)"""


class World:
    def __init__(self, folder, program, library):
        # What the product writes may hold this path: each world's is as long as any other's.
        self.folder = folder
        self.root = os.path.join(folder, "w")
        self.template = os.path.join(folder, "template")
        self.group = os.path.join(self.root, "g")
        self.home = os.path.join(self.root, "home")
        self.spool = os.path.join(self.root, "spool")
        self.program, self.library = program, library
        os.makedirs(folder, exist_ok=True)

    def file(self, name):
        return os.path.join(self.folder, name)

    def file_in(self, name):
        return os.path.join(self.root, name)

    def empty(self):
        shutil.rmtree(self.root, ignore_errors=True)
        for folder in (self.group, self.home):
            os.makedirs(folder)

    def write(self, name, text, mtime=NOW - 3600):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
        os.utime(path, (mtime, mtime))

    def keep(self):
        shutil.rmtree(self.template, ignore_errors=True)
        shutil.copytree(self.root, self.template, symlinks=True)

    def reset(self):
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(self.template, self.root, symlinks=True)

    # --- running ---

    def environment(self, plan, log, nfs, more):
        environment = {
            "PATH": "/usr/bin:/bin", "HOME": self.home, "LC_ALL": "C.UTF-8", "TZ": "UTC0",
            "LD_PRELOAD": self.library, "RLG_FAULTS_PROGRAM": self.program, "RLG_FAULTS_STATE": self.file("state"),
            "RLG_FAULTS_NOW": str(NOW), "RLG_FAULTS_SYSLOG": self.file("syslog"),
        }
        if plan:
            environment["RLG_FAULTS_PLAN"] = plan
        if log:
            environment["RLG_FAULTS_LOG"] = log
        if nfs:
            environment["RLG_FAULTS_NFS"] = "1"
        environment.update(more)
        return environment

    def run(self, arguments, stdin="", plan=None, log=None, nfs=False, env=None, cwd=None, hangs=False):
        with open(self.file("state"), "wb") as state:
            state.write(bytes(STATE_BYTES))
        for name in ("syslog", "stdin"):
            with open(self.file(name), "w") as file:
                file.write(stdin if name == "stdin" else "")
        result = Result()
        began = time.monotonic()
        with open(self.file("stdin")) as source, open(self.file("out"), "wb") as out, open(self.file("err"), "wb") as err:
            child = subprocess.Popen([self.program] + arguments, stdin=source, stdout=out, stderr=err,
                                     cwd=cwd or self.root, start_new_session=True,
                                     env=self.environment(plan, log, nfs, env or {}))
        self.wait_for_all(child, result, hangs)
        result.took_s = time.monotonic() - began
        result.out = self.text("out")
        result.words = self.text("err") + self.text("syslog")
        self.read_state(result)
        return result

    def wait_for_all(self, first, result, hangs):
        """
        Until the process and all that came of it have ended: what still runs may hold a lock, or write.  Where a call
        hangs those who are left when nobody does anything any more are ended, which is what they would wait for.
        """
        end = time.monotonic() + LATE_S
        still, given_up = None, False
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == first.pid:
                result.status = first.returncode = os.waitstatus_to_exitcode(status)
                end = time.monotonic() + LATE_S
                still = Stillness() if hangs else None
            elif pid == 0:
                if not given_up and time.monotonic() > end:
                    result.hung = given_up = True
                if given_up or (still is not None and still.lasts_s() > STILL_S):
                    given_up = True
                    self.end_all()
                time.sleep(0.0005)

    @staticmethod
    def end_all():
        with open("/proc/self/task/%d/children" % os.getpid()) as children:
            for pid in children.read().split():
                os.kill(int(pid), signal.SIGKILL)

    def text(self, name):
        with open(self.file(name), errors="replace") as file:
            return file.read()

    def read_state(self, result):
        with open(self.file("state"), "rb") as file:
            state = file.read()
        result.fired = struct.unpack_from("=4I", state)[1]
        size = struct.calcsize(FILE)
        for i in range(FILES):
            device, inode, safe, used, _ = struct.unpack_from(FILE, state, STATE_HEAD + i * size)
            if used:
                result.unsynced.append((device, inode, safe))

    def cut_power(self, result):
        """What had not reached the disk is gone."""
        sizes = {(device, inode): safe for device, inode, safe in result.unsynced}
        for folder, _, names in os.walk(self.root):
            for name in names:
                path = os.path.join(folder, name)
                file = os.lstat(path)
                if (file.st_dev, file.st_ino) in sizes:
                    os.truncate(path, sizes[(file.st_dev, file.st_ino)])

    # --- looking ---

    def look(self):
        """All files: their bytes, with this world's own path made that of any."""
        found = {}
        own = self.root.encode()
        for folder, _, names in os.walk(self.root):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, self.root)] = file.read().replace(own, b"/WORLD")
        return found


def is_status_file(name):
    return "/.runledger/runs/" in "/" + name and name.endswith(".jsonl")


def parse(line, volatile=()):
    """A record as (id, what it says without what is another each time), or None."""
    try:
        record = json.loads(line)
        said = {key: value for key, value in record["context"].items() if key != "id" and key not in volatile}
        return record["context"]["id"], json.dumps([record["name"], said], sort_keys=True)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


class Records:
    """What the status files of a look say."""

    def __init__(self, found, wanted=is_status_file, volatile=()):
        self.volatile = volatile
        self.said = {}          # id: what it says
        self.torn = 0           # lines that are none
        self.open_ended = 0     # files whose last line has no newline
        self.differ = 0         # two records of one id that do not say the same
        for name in sorted(found):
            if wanted(name):
                self.add(found[name])

    def add(self, data):
        lines = data.split(b"\n")
        self.open_ended += lines[-1] != b""
        self.torn += lines[-1] != b""
        for line in lines[:-1]:
            record = parse(line, self.volatile)
            if record is None:
                self.torn += line != b""
                continue
            if record[1].startswith('["spooled"'):      # an entry's first line, another each time
                continue
            self.differ += self.said.get(record[0], record[1]) != record[1]
            self.said[record[0]] = record[1]

    def beyond(self, before):
        """What they say that `before` did not, sorted; a record that was written twice counts once."""
        return sorted(said for key, said in self.said.items() if key not in before.said)
