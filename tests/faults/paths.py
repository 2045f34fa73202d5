# SPDX-License-Identifier: GPL-2.0-or-later
"""The ways on which the product writes: what is there before, what is done, and what makes it good again."""

import json
import os

from world import NOW, CannotTry, Records, is_status_file

SID = "0123456789abcdef0123456789abcdef"
SETTINGS = """artifact_sync: local
trackers:
  runs_status: on
  active_jobs: on
  run_manifest: "manifests/{run}.json"
  slurm_job_list: on
  run_logs: "run_logs/{run}.md"
  training_log: on
  evaluation_log: on
  experiments: on
"""
MANIFEST = """{
  "schema_version": "1.0",
  "run_id": "r1",
  "iteration_id": "it1",
  "created_at": "2026-02-18T16:00:45Z",
  "host_mode": "slurm",
  "status": "pending",
  "command": "sbatch run.sbatch",
  "resource_request": {"cpus": 1},
  "timestamps": {"started_at": null},
  "artifact_sync_to_local": {"status": "pending"},
  "mine": "a person's"
}
"""
STATUS = "runs_status.yaml"


# --- what is there before ---

def record(name, n, run="r1", phase="finetune", seconds=NOW - 7200, **more):
    context = dict({"v": 1, "id": "%032x" % n, "cluster": "c", "run": run, "phase": phase}, **more)
    return json.dumps({"timestamp": seconds, "name": name, "context": context}, separators=(",", ":")) + "\n"


def job(n, run, phase, at, end=None):
    """Submitted and started, and ended if `end` is given."""
    said = {"sid": "%032x" % n, "job_id": n, "submit_time": at}
    text = record("submit", 4 * n, run, phase, at, user="ann", host="login1", script=phase + ".slurm", agent="codex",
                  session="s1", **said)
    text += record("start", 4 * n + 1, run, phase, at + 60, nodes="n1", start_time=at + 60, **said)
    if end:
        text += record("finish", 4 * n + 2, run, phase, at + 600, state=end, final=True, exit_code=0 if end == "COMPLETED" else 1,
                       start_time=at + 60, end_time=at + 600, nodes="n1", source="epilog", **said)
    return text


def plan(*runs):
    return "# Run Plan: g\n\n## All Runs\n\n| Run Name | Type |\n|---|---|\n" + "".join("| %s | Fine-tuned |\n" % run for run in runs)


def here(world):
    """The host's own file: what the product appends to.  It names it after the host, as it does in its own words."""
    return os.uname().nodename.split(".")[0] + ".jsonl"


def group(world, settings="trackers:\n  runs_status: on\n"):
    """Two runs, one of them with a job that has ended; the trackers are up to date."""
    world.empty()
    world.write("g/runs_plan.md", plan("r1", "r2"))
    world.write("g/.runledger/config.yaml", settings)
    world.write("g/.runledger/runs/r1/" + here(world), job(11, "r1", "finetune", NOW - 7200, "COMPLETED"))
    world.write("g/r1/finetune.slurm", "#!/bin/sh\n")
    refresh(world)


def full_group(world):
    group(world, SETTINGS)
    world.write("g/manifests/r1.json", MANIFEST)
    refresh(world)


def refresh(world):
    result = world.run(["refresh", world.group])
    if result.status != 0:
        raise CannotTry("the group cannot be made: " + result.words)
    age(world)


def age(world, below=""):
    """A file that was saved just now is looked at twice: that is for people's."""
    for folder, _, names in os.walk(world.file_in(below)):
        for name in names:
            os.utime(os.path.join(folder, name), (NOW - 3600, NOW - 3600))


# --- the ways ---

class Path:
    """
    name: its own; keeps: its table row's words.  prepare(world), arguments(world), stdin(world), env(world), cwd(world).
    nfs: on what calls itself NFS.  safe: what is acknowledged survives a power failure.
    tells: exit status 0 means that the records are there.  again: "same" may be done over without a second record.
    """
    nfs = False
    safe = True
    tells = True
    again = "same"
    statuses = (0,)
    counts = False              # it prints how many records are delivered, and how many wait
    hangs = False               # its calls hang, and nothing else befalls them
    keeps_spooled = False       # what it leaves in the node's spool is to stay there
    discovers = False           # finds the group by itself, and records nothing where there is none
    steps = False               # the trackers are written more than once, and may stand at what is in between
    volatile = ()               # members of its records that are others each time

    def __init__(self, name, arguments, prepare=group, **more):
        self.name, self.arguments, self.prepare = name, arguments, prepare
        self.stdin = self.env = self.cwd = None
        self.__dict__.update(more)

    def run(self, world, plan=None, log=None):
        env, cwd = (of(world) if of else None for of in (self.env, self.cwd))
        return world.run(self.arguments(world), stdin=self.stdin(world) if self.stdin else "", plan=plan, log=log,
                         nfs=self.nfs, hangs=self.hangs and plan is not None, env=env, cwd=cwd)

    def records(self, found):
        """All that counts as recorded."""
        return Records(found, self.holds, self.volatile)

    @staticmethod
    def holds(name):
        return is_status_file(name)


PLACE = ("run", "phase", "matched_by")      # what a record that waits does not know of itself


class Hung(Path):
    """On a file server that stops to answer, on a node with a spool; again: what waits is delivered."""
    hangs = True
    again = "drain"
    safe = False
    volatile = PLACE

    def __init__(self, name, arguments, **more):
        super().__init__(name, arguments, prepare=with_node, holds=is_anywhere, **more)


def recording(event, *more):
    return lambda world: ["record", "--conf=" + world.root + "/none.conf", "--group=" + world.group, "--run=r1",
                          "--phase=eval", *more, event]


def draft(event, **more):
    """As the plugins write it; a member named `cwd` is made the group's run folder."""
    def make(world):
        said = dict(more)
        if "cwd" in said:
            said["cwd"] = world.group + "/r1"
        return json.dumps({"timestamp": NOW - 10, "name": event, "context": dict({"v": 1, "id": "%032x" % 77}, **said)}) + "\n"
    return make


START = draft("start", job_id=21, sid=SID, step="batch", node="n1", nodes="n1", cluster="c", start_time=NOW - 10)
FINISH = draft("finish", job_id=21, sid=SID, state="FAILED", final=True, exit_code=3, signal=0, source="epilog",
               submit_time=NOW - 60, start_time=NOW - 50, end_time=NOW - 10, cluster="c")


def torn_group(world):
    """Somebody died in the middle of a record."""
    group(world)
    world.write("g/.runledger/runs/r1/" + here(world),
                job(11, "r1", "finetune", NOW - 7200, "COMPLETED") + record("start", 99, job_id=99)[:40])
    refresh(world)


def submitted(world):
    group(world)
    path = "g/.runledger/runs/r1/" + here(world)
    world.write(path, job(11, "r1", "finetune", NOW - 7200, "COMPLETED") +
                record("submit", 98, "r1", "eval", NOW - 60, sid=SID, user="ann", script="eval.slurm", cwd="/x"))
    refresh(world)


def changed(world):
    full_group(world)
    world.write("g/.runledger/runs/r1/n2.jsonl", job(12, "r1", "eval", NOW - 6000, "FAILED"))
    world.write("g/.runledger/runs/r2/n2.jsonl", job(13, "r2", "finetune", NOW - 6000))


def anew(world):
    changed(world)
    for name in world.look():
        if name.startswith("g/.runledger/trackers/") or not name.startswith("g/.runledger"):
            if name not in ("g/runs_plan.md", "g/r1/finetune.slurm", "g/manifests/r1.json"):
                os.unlink(os.path.join(world.root, name))


def edit(world, name, old, new):
    with open(os.path.join(world.root, name)) as file:
        text = file.read()
    if old not in text:
        raise CannotTry("%s has no %s to edit" % (name, old))
    world.write(name, text.replace(old, new, 1), NOW - 1800)


def edited(world):
    """A person has said in three trackers what the machine cannot know."""
    full_group(world)
    edit(world, "g/runs_status.yaml", "eval_status: pending", "eval_status: skipped")
    with open(os.path.join(world.group, "run_logs/r1.md")) as file:
        text = file.read()
    world.write("g/run_logs/r1.md", text + "\nA person's last word.\n", NOW - 1800)
    world.write("g/.runledger/runs/r2/n2.jsonl", job(13, "r2", "finetune", NOW - 6000))


def with_run_logs(world):
    """Logs that are found by what stands in them."""
    group(world, "trackers: {run_logs: on, experiments: on}\n")
    os.rename(os.path.join(world.group, next(iter(logs_of(world)))[2:]), os.path.join(world.group, "run_logs/mine.md"))
    refresh(world)
    world.write("g/.runledger/runs/r1/n2.jsonl", job(12, "r1", "eval", NOW - 6000, "FAILED"))
    world.write("g/.runledger/runs/r2/n2.jsonl", job(13, "r2", "finetune", NOW - 6000))


def logs_of(world):
    return [name for name in sorted(world.look()) if name.startswith("g/run_logs/") and name.endswith("_r1.md")]


def bare(world):
    world.empty()
    world.write("g/runs_plan.md", plan("r1", "r2"))


def with_tracker(world):
    bare(world)
    world.write("g/runs_status.yaml", "# mine\nrun_group: g\nruns:\n  r1:\n    finetune_status: completed\n    mine: a word\n  r9:\n    eval_status: skipped\n")
    world.write("g/run-torchtune.log", "Notes of Ann.\n")


def with_spool(world):
    group(world)
    os.makedirs(world.spool, 0o700)
    os.chmod(world.spool, 0o700)


def spooled(world):
    with_spool(world)
    me = os.geteuid()
    said = record("finish", 55, job_id=21, source="jobcomp", state="CANCELLED", exit_code=0, signal=0, never_ran=True,
                  submit_time=NOW - 100, end_time=NOW - 10, uid=me, gid=me, batch=True, job_name="r2", cwd="/WORLD/g")
    said = json.loads(said.replace("/WORLD/", world.root + "/"))
    del said["context"]["run"], said["context"]["phase"]
    world.write("spool/new/1771430000000000-0.json", json.dumps(said, separators=(",", ":")) + "\n")
    os.chmod(world.spool + "/new", 0o700)


def with_node(world):
    """The node has a spool, and a status file may take half a second."""
    group(world)
    os.makedirs(world.file_in("node"), 0o700)
    world.write("node.conf", "node_spool = %s\nspool = /nowhere\ntimeout_ms = 400\nspool_after_ms = 400\n" % world.file_in("node"))


def away(world):
    with_node(world)
    os.rename(world.group, world.file_in("far"))


def left_on_node(world):
    """An end waits; its group is back."""
    away(world)
    if world.run(node_start(world)[:-1] + ["finish"], stdin=FINISH(world)).status != 0:
        raise CannotTry("nothing can be left in the node's spool")
    os.rename(world.file_in("far"), world.group)
    age(world)


def node_start(world):
    return ["record", "--conf=" + world.file_in("node.conf"), "--group=" + world.group, "--run=r1", "--phase=eval", "start"]


def node_job(world):
    return dict(in_job(world), RUNLEDGER_CONF=world.file_in("node.conf"))


def is_on_node(name):
    return name.startswith("node/") and name.endswith(".json") and "/." not in name


def is_anywhere(name):
    return is_status_file(name) or is_on_node(name)


def ledger(world):
    group(world)
    world.write("g/m.json", MANIFEST.replace('"resource_request"', '"slurm": {"job_id": "4187"},\n  "resource_request"'))
    world.write("g/docs/list.md", "# Mine\n\n- 2026-02-17 | job_id=1 | iteration_id=it0 | run_id=r0 | status=completed\n")


COMPLETION = {
    "JOBID": "17", "ARRAYJOBID": "0", "ARRAYTASKID": "4294967294", "UID": "4711", "GID": "4712", "USERNAME": "ann",
    "JOBNAME": "r1", "JOBSTATE": "COMPLETED", "EXITCODE": "0:0", "START": "1771426850", "END": "1771426900",
    "SUBMIT": "1771426845", "LIMIT": "1-00:00:00", "PROCS": "2", "NODECNT": "1", "NODES": "n1", "PARTITION": "main",
    "BATCH": "yes", "CLUSTER": "c", "WORK_DIR": "/scratch/ann",
}


def in_group(world):
    return world.group


def in_job(world):
    return {"SLURM_JOB_ID": "41", "SLURM_JOB_NAME": "r1", "SLURM_CLUSTER_NAME": "c", "SLURM_JOB_NODELIST": "n1"}


EXEC_VOLATILE = ("sid", "exec", "end_time", "elapsed_s", "max_rss_bytes", "user_cpu_s", "system_cpu_s", "matched_by")

PATHS = [
    Path("start", recording("start"), stdin=START, safe=False),
    Path("start, NFS", recording("start"), stdin=START, nfs=True),
    Path("start, torn tail", recording("start"), stdin=START, safe=False, prepare=torn_group),
    Path("finish", recording("finish"), stdin=FINISH),
    Path("finish, all trackers", recording("finish"), stdin=FINISH, prepare=full_group),
    Path("finish, NFS", recording("finish"), stdin=FINISH, nfs=True),
    Path("finish, detached", recording("finish", "--detach"), stdin=FINISH, tells=False),
    Path("submit", lambda world: ["record", "--conf=" + world.root + "/none.conf", "--group=", "--run=", "--answer", "submit"],
         stdin=draft("submit", sid=SID, cwd=""), safe=False, discovers=True),
    Path("submit, elsewhere", recording("submit"), stdin=draft("submit", sid=SID), safe=False),
    Path("reject", recording("reject"), stdin=draft("reject", sid=SID, exit_code=1), prepare=submitted, safe=False),
    Path("log", lambda world: ["log", "step=5", "loss=0.5"], env=in_job, cwd=in_group, safe=False, again="if-lost", discovers=True),
    Path("note", lambda world: ["note", "-g", world.group, "r1", "keep", "it", "goes", "well"], again="if-lost"),
    Path("exec", lambda world: ["exec", "--", "/bin/true"], env=in_job, cwd=in_group, safe=False, tells=False, again="never", discovers=True,
         steps=True, volatile=EXEC_VOLATILE),
    Path("exec, NFS", lambda world: ["exec", "--", "/bin/true"], env=in_job, cwd=in_group, nfs=True, tells=False, again="never", discovers=True,
         steps=True, volatile=EXEC_VOLATILE),
    Path("refresh, anew", lambda world: ["refresh", world.group], prepare=anew),
    Path("refresh, changed", lambda world: ["refresh", world.group], prepare=changed),
    Path("refresh, edits", lambda world: ["refresh", world.group], prepare=edited),
    Path("refresh, run logs", lambda world: ["refresh", world.group], prepare=with_run_logs),
    Path("init", lambda world: ["init", world.group], prepare=bare),
    Path("init, trackers", lambda world: ["init", world.group], prepare=with_tracker, steps=True),
    Path("init, again", lambda world: ["init", world.group], prepare=full_group),
    Path("jobcomp", lambda world: ["jobcomp", "--conf=" + world.root + "/none.conf", "--spool=" + world.spool],
         env=lambda world: COMPLETION, prepare=with_spool, safe=False, again="if-lost",
         holds=lambda name: name.startswith("spool/new/") and name.endswith(".json")),
    Path("drain", lambda world: ["drain", "--conf=" + world.root + "/none.conf", "--spool=" + world.spool],
         prepare=spooled, tells=False, discovers=True, counts=True),
    Path("start, away", node_start, stdin=START, prepare=away, safe=False, holds=is_on_node, keeps_spooled=True),
    Path("drain, node", lambda world: ["drain", "--conf=" + world.file_in("node.conf")], prepare=left_on_node, tells=False,
         counts=True),
    Hung("start, hung", lambda world: node_start(world)[:-1] + ["--detach", "start"], stdin=START),
    Hung("log, hung", lambda world: ["log", "step=5"], env=node_job, cwd=in_group),
    Hung("note, hung", lambda world: ["note", "-g", world.group, "r1", "it", "goes", "well", "sync=ok"], env=node_job),
    Hung("exec, hung", lambda world: ["exec", "--", "/bin/true"], env=node_job, cwd=in_group, tells=False, steps=True,
         volatile=PLACE + EXEC_VOLATILE + ("git", "command")),
    Path("slurm-job-list", lambda world: ["slurm-job-list", "append", "-m", "m.json", "-d", "docs/list.md"], cwd=in_group,
         prepare=ledger),
    Path("publish", lambda world: ["publish", "r1", "-g", world.group], prepare=full_group),
]
