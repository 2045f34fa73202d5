# SPDX-License-Identifier: GPL-2.0-or-later
"""One fault on one path: done, looked at, made good, and looked at again."""

import collections
import os
import re

from paths import age
from plans import Plan, all_plans, changes, hanging_plans, read_log
from world import CannotTry, is_status_file

# What can be wrong, a column of the table each.
COLUMNS = ("lost", "torn", "doubled", "half", "locks", "left", "silent")

LOCK_S = 4                      # a turn that is not had at once takes 10 s
# Locks, marks of news, and the snapshot, which never says more than the records: what it says is held against them.
MACHINES = re.compile(r"^g/\.runledger/(lock|refreshing|dirty|snapshot[^/]*|news/.*)$|^node/u[0-9.a-f]+/\.(try-|dropped)")
DAMAGED = 3                     # the exit status of what worked, though a line of the records was stepped over
TEMPORARY = re.compile(r"(^|/)\.[^/]*\.tmp$|(^|/)\.[0-9]+-[0-9a-f]+\.json$|\.next$")
# Entries of the spool, and status files of a process's own, have names of their own.
NAMED_ANEW = re.compile(r"^spool/(new|held)/[^.][^/]*\.json$|^node/u[0-9.a-f]+/[^.][^/]*\.json$|/runs/[^/]+/[^/]+\.jsonl$")
# The groups that a user asked for from elsewhere: a help, which is let go without a word, and never half a path.
HELP = re.compile(r"^home/\.local/state/runledger/groups$")


def is_whole_help(text):
    return set((text or b"\n").split(b"\n")) <= {b"/WORLD/g", b""} and (text or b"\n").endswith(b"\n")


def is_history(name, now, old, new):
    """A ledger's line says how things stood when it was added: another job or status than without the fault, but a whole line."""
    def lines(text):
        return [re.sub(rb"(job_id|iteration_id|status)=\w+", rb"\1", line) for line in (text or b"").split(b"\n")]
    before = lines(old)[:-1] if old else []
    return ("slurm_job_list" in name and now is not None and lines(now)[:len(before)] == before and
            set(lines(now)) <= set(lines(old) + lines(new)))


def judged(plan, said):
    """Who is told that a tracker's copy, the plan or a tracker is not there takes other words for a person's, or finds less."""
    if not plan.lies:
        return said
    return collections.Counter({what: n for what, n in said.items() if not what.startswith(('["edit"', '["action"'))})


class Verdict:
    def __init__(self, plan):
        self.plan = plan
        self.fired = False
        self.wrong = collections.Counter()
        self.why = []
        self.left_by_kill = 0

    def say(self, column, why):
        self.wrong[column] += 1
        self.why.append("%s: %s" % (column, why))


class Bench:
    """A path in a world: what is there before, and what a run without faults makes of it."""

    def __init__(self, path, world):
        self.path, self.world = path, world
        path.prepare(world)
        world.keep()
        world.reset()
        self.before = world.look()
        log = world.file("log")
        if os.path.exists(log):
            os.unlink(log)
        result = path.run(world, log=log)
        self.words, self.out = result.words, result.out
        if result.status not in path.statuses or result.hung:
            raise CannotTry("%s does not work without faults: %s" % (path.name, result.words))
        self.calls = read_log(log)
        self.assert_nothing_leaves_the_world()
        self.clean = world.look()
        self.recorded = path.records(self.before)
        self.new = path.records(self.clean).beyond(self.recorded)
        self.clean_unsynced = result.unsynced
        self.steps = collections.defaultdict(set)
        if path.again == "drain":       # on a busy machine a record may have waited even so
            world.run(["drain", "--conf=" + world.file_in("node.conf")])
        world.run(["refresh", world.group])
        self.final = world.look()
        if path.steps:
            self.find_steps()

    def assert_nothing_leaves_the_world(self):
        """What is changed elsewhere would not be put back: one fault's consequence would be the next one's beginning."""
        away = {call.path for call in self.calls if changes(call) and call.kind != "fork" and not self.is_own(call)
                and not call.path.startswith(("/dev/", "/proc/"))}
        if away:
            raise CannotTry("%s changes what is not of its world: %s" % (self.path.name, ", ".join(sorted(away))))

    def is_own(self, call):
        return not call.path.startswith("/") or call.path.startswith(self.world.root + "/") or call.kind == "pipe"

    def is_far(self, call):
        """On the group's file system; the node's spool is on the local disk."""
        return call.path.startswith(self.world.group + "/") or not call.path.startswith(("/", "-"))

    def plans(self):
        if self.path.hangs:
            return hanging_plans(self.calls, self.is_far)
        return all_plans(self.calls, self.is_own, self.path.nfs, self.path.nfs or self.path.safe)

    # --- one fault ---

    def judge(self, text):
        plan, verdict = Plan(text, self.calls), Verdict(text)
        self.world.reset()
        result = self.path.run(self.world, plan=text)
        verdict.fired = result.fired > 0
        if plan.cuts:
            self.world.cut_power(result)
        found = self.world.look()
        if result.hung:
            verdict.say("locks", "it hangs")
        self.look_at_records(plan, verdict, result, found)
        self.look_at_files(plan, verdict, result, found)
        self.look_at_words(plan, verdict, result, found)
        self.make_good(plan, verdict, found)
        return verdict

    def judge_power_after(self):
        """The power goes when all is done: what was acknowledged is there, and each tracker whole."""
        verdict = Verdict("the power goes afterwards")
        self.world.reset()
        result = self.path.run(self.world)
        verdict.fired = True
        self.world.cut_power(result)
        found = self.world.look()
        if self.path.safe and self.path.records(found).beyond(self.recorded) != self.new:
            verdict.say("lost", "what was acknowledged is gone with the power")
        self.look_at_files(Plan("0:none:0:cut"), verdict, result, found)
        return verdict

    def look_at_records(self, plan, verdict, result, found):
        records = self.path.records(found)
        for name, data in self.before.items():
            if is_status_file(name) and not found.get(name, b"").startswith(data):
                verdict.say("lost", "%s no longer begins with what stood there" % name)
        if records.torn > self.recorded.torn and not plan.tears:
            verdict.say("torn", "a line is no record")
        if records.differ:
            verdict.say("doubled", "two records of one id differ")
        more = judged(plan, collections.Counter(records.beyond(self.recorded)) - collections.Counter(self.new))
        if more:
            verdict.say("doubled", "recorded beyond what was to be: %s" % list(more)[:2])

    def look_at_files(self, plan, verdict, result, found):
        for name in sorted(set(found) | set(self.before)):
            if MACHINES.search(name) or NAMED_ANEW.search(name):
                continue
            now, old, new = found.get(name), self.before.get(name), self.clean.get(name)
            if HELP.search(name):
                if not is_whole_help(now):
                    verdict.say("half", "%s holds half a path" % name)
            elif TEMPORARY.search(name) and name not in self.clean:
                if plan.dies:
                    verdict.left_by_kill += 1
                elif not (name.endswith(".next") and result.words):     # it says that the tracker is ours
                    verdict.say("left", name)
            elif now not in (old, new) and not (plan.lies or is_history(name, now, old, new) or now in self.steps[name]):
                verdict.say("half", "%s is neither the old nor the new one" % name)

    def find_steps(self):
        """What each file is between the first write and the last: as whoever dies behind any of the renames leaves it."""
        for call in {(call.role, call.n) for call in self.calls if call.kind == "rename"}:
            self.world.reset()
            self.path.run(self.world, plan="%d:rename:%d:kill-after" % call)
            for name, data in self.world.look().items():
                self.steps[name].add(data)

    def is_complete(self, found):
        return self.path.records(found).beyond(self.recorded) == self.new

    def lacks(self, plan, found):
        """Records that there should be; none where the group itself is said to be gone, and so the job is nobody's."""
        if plan.lies and self.path.discovers:
            return False
        return judged(plan, collections.Counter(self.new) - collections.Counter(self.path.records(found).beyond(self.recorded)))

    def trackers_are(self, found, wanted):
        beside = (MACHINES, NAMED_ANEW, TEMPORARY, HELP)
        names = [name for name in set(found) | set(wanted) if not any(kind.search(name) for kind in beside)]
        return [name for name in names if found.get(name) != wanted.get(name)]

    def look_at_words(self, plan, verdict, result, found):
        """Success must be true, and failure must be told."""
        if result.status < 0 and not plan.dies:
            verdict.say("silent", "it was ended by signal %d" % -result.status)
        if result.status < 0 or plan.cuts:
            return
        if plan.hangs and self.lacks(plan, found):
            verdict.say("lost", "it is neither recorded nor does it wait")
        if plan.hangs:
            return                      # the trackers wait for who comes next
        told = result.words.strip() != self.words.strip() and result.words.strip() != ""
        told = told or (self.path.counts and result.out != self.out)
        if result.status == 0 and self.path.tells and self.lacks(plan, found):
            verdict.say("silent", "exit status 0, and it is not recorded")
        elif plan.dies:
            return                      # a child that was killed says nothing; whoever waits for it cannot know what it did
        elif not (told or plan.lies or plan.waits) and (not self.is_complete(found) or self.trackers_are(found, self.clean)):
            verdict.say("silent", "no word, and it is not as it should be: %s" %
                        (self.trackers_are(found, self.clean) or "records")) 
        if result.status != 0 and result.status not in self.path.statuses and not told:
            verdict.say("silent", "exit status %d without a word" % result.status)
        if "Sanitizer" in result.words or result.status == 99:
            verdict.say("silent", result.words)

    def make_good(self, plan, verdict, found):
        """Once more, without a fault: then all is as if nothing had happened."""
        complete = self.is_complete(found)
        age(self.world, "node")         # its marks have the true time, and what failed just now is left alone
        if self.path.again == "drain":
            self.world.run(["drain", "--conf=" + self.world.file_in("node.conf")])
            result = self.world.run(["refresh", self.world.group])
        elif self.path.again == "same" or (self.path.again == "if-lost" and not complete):
            result = self.path.run(self.world)
            if result.status not in self.path.statuses and not (plan.tears and result.status == DAMAGED):
                verdict.say("lost", "it does not work afterwards: " + result.words)
        else:
            result = self.world.run(["refresh", self.world.group])
        if result.hung or result.took_s > LOCK_S:
            verdict.say("locks", "the next one waits for %.1f s" % result.took_s)
        second = self.world.run(["refresh", self.world.group]) if self.path.again == "same" else result
        if second.took_s > LOCK_S:
            verdict.say("locks", "the next refresh waits for %.1f s" % second.took_s)
        self.look_at_end(plan, verdict, complete)

    def look_at_end(self, plan, verdict, was_complete):
        found = self.world.look()
        records = self.path.records(found)
        said, wanted = (judged(plan, collections.Counter(of)) for of in (records.beyond(self.recorded), self.new))
        if said - wanted:
            verdict.say("doubled", "in the end there is recorded beyond what was to be: %s" % list(said - wanted)[:2])
        if wanted - said and (self.path.again != "never" or was_complete) and not (plan.lies and self.path.discovers):
            verdict.say("lost", "in the end there is missing: %s" % list(wanted - said)[:2])
        if records.open_ended > 0 and self.path.again == "same":
            verdict.say("torn", "a torn tail is not healed")
        if said == wanted and not plan.lies:    # what is done where a file is said to be gone is done
            for name in self.trackers_are(found, self.final):
                if is_history(name, found.get(name), self.before.get(name), self.final.get(name)):
                    continue
                verdict.say("half", "in the end %s is not what it is without the fault" % name)
        if not plan.dies:
            for name in found:
                if TEMPORARY.search(name) and name not in self.final:
                    verdict.say("left", "in the end: " + name)
        self.look_at_snapshot(verdict)
        for name in found:
            if name.startswith("spool/bad/") or (name.startswith("spool/") and self.path.name == "drain"):
                if not (TEMPORARY.search(name) and plan.dies):
                    verdict.say("lost", "in the end the spool holds " + name)
            if name.startswith("node/") and NAMED_ANEW.search(name) and not self.path.keeps_spooled:
                verdict.say("lost", "in the end the node's spool holds " + name)

    def look_at_snapshot(self, verdict):
        """What is shown by way of it is what the records alone come to."""
        shown = self.world.run(["status", "--json", self.world.group]).out
        self.world.run(["refresh", "--rebuild", self.world.group])
        if shown != self.world.run(["status", "--json", self.world.group]).out:
            verdict.say("half", "the snapshot says what the records do not")
