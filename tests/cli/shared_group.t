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

# ---- what others put into the group is not followed, whoever reads it ----

iteration=PRIVATE_iteration
printf '{"schema_version":"1.0","run_id":"a","iteration_id":"%s","host_mode":"slurm","command":"x","job_id":"7",
"resource_request":{"mode":"slurm"},"timestamp_utc":"2026-03-11T15:00:00Z","status":"submitted"}\n' $iteration >mine/run_manifest.json
printf '#!/bin/sh\ntrain --config PRIVATE_config.yaml\n' >mine/job.sh
mkdir mine/ck && touch mine/ck/PRIVATE_name
chown -R 7002:7002 mine && chmod 600 mine/run_manifest.json mine/job.sh
before=$(cat mine/kube.yaml mine/.bashrc)
# What others may read: all but the snapshot, which is closed to them.
shown() { find group -type f ! -path '*/runs/*' ! -perm 600 -exec cat {} + 2>/dev/null; }
set_config() { mallory "printf '%b' '$1' >group/.runledger/config.yaml"; }

set_config "trackers:\n  run_manifest: runs/{run}/run_manifest.json\n  slurm_job_list: on\n"
mkdir -p group/runs docs && chown 7001:7100 group/runs && chmod 775 group/runs
mallory "ln -s $work/mine group/runs/a"
refresh
unlike "$(shown)" PRIVATE "a link to my folder puts no manifest of mine into the list of jobs"
mallory "rm group/runs/a; mkdir group/runs/a; ln -s $work/mine/run_manifest.json group/runs/a/run_manifest.json"
refresh
unlike "$(shown)" PRIVATE "nor does a link to the file"
mallory "rm -r group/runs/a"
set_config "trackers:\n  run_manifest: $work/mine/*.json\n  slurm_job_list: on\n"
refresh
unlike "$(shown)" PRIVATE "nor a pattern that leads to it"
set_config "trackers:\n  run_manifest: ../mine/*.json\n  slurm_job_list: on\n"
refresh
unlike "$(shown)" PRIVATE "nor one by two dots"

printf '{"timestamp":1773241200,"name":"submit","context":{"v":1,"id":"%032d","run":"a","sid":"2","job_id":8,"script":"%s"}}\n' \
	2 "$work/mine/job.sh" >group/.runledger/runs/a/host2.jsonl
set_config "trackers:\n  run_logs: on\n"
refresh
unlike "$(shown)" PRIVATE "a forged record gets no word of my script into a run log"
is "$(find group/run_logs -name '*_a.md' | wc -l)" 1 "which is made"
mallory "rm -rf group/run_logs/*; ln -s $work/mine group/run_logs/deeper"
refresh
unlike "$(ls -A mine)" "md" "nor is a run log written behind a link"
mallory "rm -rf group/run_logs/*"
rm group/.runledger/runs/a/host2.jsonl

printf '{"timestamp":1773241300,"name":"finish","context":{"v":1,"id":"%032d","run":"a","phase":"finetune","job_id":7,"state":"COMPLETED","final":true,"exit_code":0,"signal":0,"start_time":1773241210,"end_time":1773241300,"source":"epilog"}}\n' \
	3 >>group/.runledger/runs/a/host1.jsonl
mkdir group/a && chown 7001:7100 group/a
set_config "outputs:\n  finetune: $work/mine/ck/*\ntrackers:\n  runs_status: on\n"
refresh
status_is 0 "a run of the group is done"
unlike "$(shown)" PRIVATE "a pattern of outputs tells nothing of what lies in my folders"
like "$(cat group/runs_status.yaml)" "finetune_status: completed" "and the state is shown all the same"
printf 'output_dir_base: %s/mine\nmy_wandb_run_name: x\nepochs: 2\n' "$work" >group/a/setup_finetune.yaml
mkdir -p mine/ck-out-x/epoch_1 && chown -R 7002:7002 mine
set_config "outputs:\n  finetune: checkpoints\ntrackers:\n  runs_status: on\n"
refresh
unlike "$(shown)" ck-out-x "nor does a set-up file"
mallory "rm -f group/a/setup_finetune.yaml"
rm -rf group/a/setup_finetune.yaml mine/ck-out-x
rm group/.runledger/config.yaml

mine_before=$(cat mine/kube.yaml mine/.bashrc; ls mine)

# Who writes in a folder may move what others have in it.
mallory "mv group/runs_status.yaml group/away"
printf 'runs:\n  a:\n    token: SECRET\n' >group/private.yaml && chown 7002:7002 group/private.yaml && chmod 600 group/private.yaml
mallory "mv group/private.yaml group/runs_status.yaml"
refresh
like "$err" "closed to the others" "a closed file of mine in place of the tracker is told"
is "$(grep -rl SECRET group)" group/runs_status.yaml "and not copied to where others read"
mallory "mv group/away group/runs_status.yaml"
rm -f group/.runledger/lock
touch group/closed && chown 7002:7002 group/closed && chmod 640 group/closed
mallory "mv group/closed group/.runledger/lock"
refresh
is "$(stat -c %g group/.runledger/lock)" 7002 "a file of mine in place of the lock is not handed to the group"
rm -f group/.runledger/lock
for kind in "mkfifo" "mkdir" "ln -s $work/mine/new"; do
	for name in lock dirty; do
		mallory "rm -rf group/.runledger/$name; $kind group/.runledger/$name"
		refresh
		# One of theirs that we may not open is as good a mark as any, and is taken away.
		ok_if "$([ "$status" -ne 0 ] || ! [ -e group/.runledger/$name ]; echo $?)" \
			"what '${kind%% *}' made in place of the $name is an error or goes, and is waited for by nobody"
		is "$(cat mine/kube.yaml mine/.bashrc; ls mine)" "$mine_before" "and leaves mine as it is"
		mallory "rm -rf group/.runledger/$name"
	done
done

# ---- between the look and the use ----

# Exchanges the one for the other, as fast as it can, until `stop` is there.
swapper() { # PATH TARGET
	setpriv --reuid 7001 --regid 7001 --groups 7100 sh -c "
		ln -s '$2' '$1.link'
		while ! [ -e '$work/stop' ]; do
			mv -T '$1' '$1.kept' && mv -T '$1.link' '$1'; mv -T '$1' '$1.link' && mv -T '$1.kept' '$1'
		done" 2>/dev/null &
}
chmod 700 mine && mkdir mine/runs && touch mine/lock mine/dirty mine/runs_status.yaml && chown -R 7002:7002 mine
listed() { (cd mine && find . -printf '%p %s %T@ %m %U %G\n' | sort); }
list_before=$(listed)
for path in .runledger .runledger/trackers runs_status.yaml .runledger/trackers/runs_status; do
	case $path in
		*status*) target=$work/mine/kube.yaml ;;
		*) target=$work/mine ;;
	esac
	swapper "group/$path" "$target"
	pid=$!
	for round in $(seq 40); do
		mallory "echo '# $round' >>group/runs_status.yaml" 2>/dev/null
		refresh
	done
	touch stop && wait $pid
	rm -f stop
	rm -rf "group/$path.link"
	[ -e "group/$path" ] || mv "group/$path.kept" "group/$path"
	is "$(listed)" "$list_before" "a link that comes and goes in place of $path leads to nothing of mine"
	unlike "$(find group -type f -exec cat {} + 2>/dev/null)" SECRET "and gets nothing out"
done

refresh
status_is 0 "without all that the other's group is refreshed"
run mallory "exec '$RUNLEDGER' refresh '$work/group'"
status_is 0 "and then by the other, though no folder hands its group on"

done_testing
