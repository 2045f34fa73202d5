# SPDX-License-Identifier: GPL-2.0-or-later
"""Which faults can befall a call: from the calls that a run without faults made to the plans of runs with one each."""

import collections

Call = collections.namedtuple("Call", "role kind n flags path")

# What can become of a call of each kind, by what it was about: "c" makes a file, "w" writes, "r" reads, "d" is a folder.
# A "+" is the same for all later calls of the kind: a disk stays full, a server without locks has none.
OPEN_READING = "EINTR EIO ESTALE EACCES ENOENT EMFILE"
OPEN_WRITING = "EINTR ENOSPC EDQUOT EIO ESTALE EACCES EROFS ENOENT ENOSPC+ EROFS+ EDQUOT+ EACCES+"
LOOK = "EINTR EIO ESTALE EACCES ENOENT"
FAULTS = {
    ("open", "r"): OPEN_READING,
    ("open", "d"): OPEN_READING,
    ("open", "w"): OPEN_WRITING,
    ("open", "c"): OPEN_WRITING,
    ("opendir", ""): "EIO ESTALE EACCES ENOMEM",
    ("readdir", ""): "EIO ESTALE",
    ("read", ""): "EINTR EIO ESTALE short",
    ("write", ""): "EINTR ENOSPC EDQUOT EIO ESTALE EROFS ENOSPC+ EDQUOT+ EIO+ short short+ torn late-ENOSPC late-EDQUOT late-EIO",
    ("fsync", ""): "EINTR EIO ENOSPC EDQUOT ESTALE EIO+ lost-EIO lost-ENOSPC lost-EDQUOT lost-ESTALE",
    ("close", "r"): "done-EINTR done-EIO",
    ("close", "w"): "done-EINTR done-EIO done-ENOSPC done-EDQUOT done-ESTALE lost-EIO lost-ENOSPC lost-EDQUOT",
    ("lock", ""): "EINTR ENOLCK EACCES EAGAIN EIO ESTALE ENOSYS ENOLCK+ ENOSYS+",
    ("unlock", ""): "EINTR EIO ENOLCK",
    ("rename", ""): "ENOSPC EDQUOT EIO ESTALE EACCES EROFS ENOENT EINTR ENOSPC+ EROFS+ done-ENOENT done-EIO",
    ("unlink", ""): "EIO EACCES EROFS ENOENT ESTALE EROFS+ done-ENOENT done-EIO",
    ("rmdir", ""): "EIO EACCES EROFS",
    ("mkdir", ""): "ENOSPC EDQUOT EIO EACCES EROFS ENOENT ESTALE ENOSPC+ EROFS+ done-EEXIST done-EIO",
    ("stat", ""): LOOK,
    ("fstat", ""): "EINTR EIO ESTALE",
    ("statfs", ""): "EINTR EIO ESTALE",
    ("truncate", ""): "ENOSPC EDQUOT EIO ESTALE",
    ("random", ""): "EINTR EAGAIN ENOSYS",
    ("link", ""): "ENOSPC EDQUOT EIO EACCES EROFS ESTALE EPERM done-EEXIST",
    ("symlink", ""): "ENOSPC EDQUOT EIO EACCES EROFS ESTALE done-EEXIST",
    ("chown", ""): "EPERM EIO EROFS ESTALE",
    ("chmod", ""): "EPERM EIO EROFS ESTALE",
    ("fork", ""): "EAGAIN ENOMEM",
    ("exec", ""): "ENOENT EACCES E2BIG ENOMEM ETXTBSY",
    ("realpath", ""): LOOK,
    ("readlink", ""): LOOK,
    ("access", ""): LOOK,
    ("pipe", ""): "EMFILE ENFILE",
    ("dup", ""): "EINTR EMFILE",
    ("getcwd", ""): "EACCES ENOENT",
    ("waitpid", ""): "EINTR",
    ("poll", ""): "EINTR",
}

# Whoever dies between two that only look dies as well before the later one: these are worth a death behind them, too.
CHANGES = {"write", "fsync", "rename", "unlink", "rmdir", "mkdir", "link", "symlink", "truncate", "chown", "chmod", "lock",
           "unlock", "fork"}

# What can hang with a file server.
ON_FILES = set("open read write fsync close lock unlock rename unlink rmdir mkdir stat fstat statfs truncate link symlink chown "
               "chmod opendir readdir realpath readlink access".split())

LOOKS = {"open", "opendir", "readdir", "stat", "realpath", "readlink", "access", "getcwd"}


def changes(call):
    return call.kind in CHANGES or (call.kind in ("open", "close") and call.flags[0] in "cw")


def read_log(path):
    calls = []
    with open(path, errors="surrogateescape") as log:
        for line in log:
            role, kind, n, flags, where = line.rstrip("\n").split(" ", 4)
            calls.append(Call(int(role), kind, int(n), flags, where))
    return calls


def can_be(word, nfs, synced):
    """Only a network's reply gets lost, and only its files go stale; bytes that nobody syncs may be lost with the machine."""
    if word in ("done-ENOENT", "done-EEXIST", "lost-ESTALE"):
        return nfs
    return synced or not word.startswith("late-")


def faults_of(call, nfs, synced):
    words = FAULTS.get((call.kind, call.flags[0])) or FAULTS.get((call.kind, ""), "")
    words = [word for word in words.split() if can_be(word, nfs, synced)] + ["kill"]
    if changes(call):
        words += ["kill-after", "cut", "cut-after"]
    return words


def hanging_plans(calls, wanted):
    """Each call of a child's on a file system hangs for good: who waits for it does so no longer than it wants to."""
    return ["%d:%s:%d:hang" % (call.role, call.kind, call.n)
            for call in calls if call.role > 0 and call.kind in ON_FILES and wanted(call)]


def all_plans(calls, wanted, nfs, synced):
    """A plan for each (call, fault); `wanted` says of a path whether it is the product's concern."""
    plans = []
    for call in calls:
        if not wanted(call):
            continue
        for word in faults_of(call, nfs, synced):
            more = "+" if word.endswith("+") else ""
            plans.append("%d:%s:%d%s:%s" % (call.role, call.kind, call.n, more, word.rstrip("+")))
    return plans


class Plan:
    """A plan's text taken apart."""

    def __init__(self, text, calls=()):
        self.text = text
        role, self.kind, n, self.what = text.split(":")
        self.role = int(role)
        self.lasts = n.endswith("+")
        self.writes = any(changes(call) for call in calls
                          if (call.role, call.kind, call.n) == (self.role, self.kind, int(n.rstrip("+"))))
        self.hangs = self.what == "hang"        # and who hangs is killed, as soon as it is given up on
        self.dies = self.what.split("-")[0] in ("kill", "cut", "torn", "hang")
        self.cuts = self.what.startswith("cut")
        self.tears = self.what in ("short", "torn")
        # What is there is said to be gone, or locked away; the lock, to be somebody else's: who hears it must believe it.
        self.lies = self.what in ("ENOENT", "EACCES") and self.kind in LOOKS and not self.writes
        self.waits = self.what in ("EAGAIN", "EACCES") and self.kind == "lock"
