#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A group that several people write: what one of them puts there leads nobody's reading and writing elsewhere.
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

if [ "$(id -u)" -ne 0 ] || ! setpriv --reuid 7002 --regid 7002 --groups 7100 true 2>/dev/null; then
	echo "1..0 # SKIP only root can be two people"
	exit 0
fi

# The build tree may be closed to others.
cp "$RUNLEDGER" "$work/tool" && RUNLEDGER=$work/tool
chmod 755 "$work" "$work/tool"
mallory() { setpriv --reuid 7001 --regid 7001 --groups 7100 sh -c "umask 002; $1"; }
refresh() { run setpriv --reuid 7002 --regid 7002 --groups 7100 "$RUNLEDGER" refresh "$work/group"; }

mkdir mine && printf 'users: [{token: SECRET}]\n' >mine/kube.yaml && echo 'alias ll=ls' >mine/.bashrc
chown -R 7002:7002 mine && chmod 700 mine && chmod 600 mine/kube.yaml
mkdir -p group/.runledger/runs group/.runledger/trackers
printf 'runs:\n  a:\n    finetune_status: pending\n' >group/runs_status.yaml
chown -R 7001:7100 group && chmod -R g+w group
before=$(cat mine/kube.yaml mine/.bashrc)

unharmed() {
	is "$(cat mine/kube.yaml mine/.bashrc; ls -A mine | wc -l)" "$before
2" "$1: no file of mine is touched"
	unlike "$(find group -type f -exec cat {} +)" SECRET "$1: nor copied to where others read"
}

for link in trackers/runs_status trackers/runs_status.next; do
	mallory "ln -s $work/mine/.bashrc group/.runledger/$link"
	refresh
	status_is 1 "a link in place of $link is an error"
	like "$err" "somebody else's symbolic link" "and is told"
	unharmed "$link"
	mallory "rm group/.runledger/$link"
done

mallory "mv group/.runledger/trackers group/away; ln -s $work/mine group/.runledger/trackers"
refresh
like "$err" "somebody else's symbolic link" "a link in place of a folder of ours is told"
unharmed "the folder"
mallory "rm group/.runledger/trackers; mv group/away group/.runledger/trackers"

mallory "mv group/runs_status.yaml group/away; ln -s $work/mine/kube.yaml group/runs_status.yaml"
refresh
like "$err" "somebody else's symbolic link" "a link in place of the tracker is told"
unharmed "the tracker"
mallory "rm group/runs_status.yaml; mv group/away group/runs_status.yaml"

for path in "$work/mine/kube.yaml" ../mine/kube.yaml; do
	mallory "printf 'trackers:\n  runs_status: $path\n' >group/.runledger/config.yaml"
	refresh
	like "$err" "outside of the group" "a path out of the group in somebody else's config.yaml is told"
	unharmed "the path"
done
mallory "rm group/.runledger/config.yaml"

mkdir group/.runledger/runs/a group/run_logs
printf '{"timestamp":1773241200,"name":"submit","context":{"v":1,"id":"%032d","run":"a","sid":"1","job_id":7}}\n' 1 \
	>group/.runledger/runs/a/host1.jsonl
chown -R 7001:7100 group/.runledger/runs/a group/run_logs && chmod -R g+w group/run_logs
mallory "ln -s $work/mine/kube.yaml group/run_logs/2026-03-11_a.md"
run setpriv --reuid 7002 --regid 7002 --groups 7100 "$RUNLEDGER" publish a -g "$work/group"
status_is 1 "a link in place of a run log is not published"
like "$err" "somebody else's symbolic link" "which is told"
unharmed "the run log"
mallory "rm group/run_logs/2026-03-11_a.md"

refresh
status_is 0 "without all that the other's group is refreshed"
mallory "exec '$RUNLEDGER' refresh '$work/group'" >/dev/null 2>&1
ok_if $? "and then by the other, though no folder hands its group on"

done_testing
