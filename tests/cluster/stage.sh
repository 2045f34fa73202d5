# shellcheck shell=bash disable=SC2119,SC2120
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the tests of the product on a real Slurm share: the installed build, the
# seed's experiment, and looks at trackers and records.  Sources tests/tap.sh and
# functions.sh; sets STAGE and RUNLEDGER.  Every function's claim is made by its caller.
: "${top_srcdir:=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")}"
: "${top_builddir:=$PWD}"
# shellcheck source-path=SCRIPTDIR source=../tap.sh
. "$top_srcdir/tests/tap.sh"
# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$top_srcdir/tests/cluster/functions.sh"

trap 'cd / && rm -rf "$work"' EXIT

note() { printf '%s\n' "$*" | sed 's/^/# /'; }

# skip_all WHY: the whole test cannot run here.
skip_all() {
	echo "1..0 # SKIP $*"
	exit 0
}

# stage_need [root]: ends the test where Slurm, the plugins or (if asked for) root are missing.
stage_need() {
	local program
	[[ ${RLG_TEST_CLUSTER:-yes} != no ]] || skip_all "RLG_TEST_CLUSTER=no"
	for program in slurmctld slurmd munged sbatch; do
		PATH=$PATH:/usr/sbin:/sbin command -v "$program" >/dev/null || skip_all "$program is not installed"
	done
	[[ -e $top_builddir/spank/.libs/spank_runledger.so ]] || skip_all "the build has no plugins"
	[[ ${1:-} != root || $EUID == 0 ]] || skip_all "this needs root"
}

# stage_need_multiuser: the same for a cluster that is up but has one user only.
stage_need_multiuser() {
	cluster_is_multiuser || skip_all "this needs root and namespaces, for users of its own"
}

# stage_install: the build, installed where every user can read it; sets STAGE.
# A caller's $RLG_STAGE is used, filled if need be, and kept.
stage_install() {
	STAGE=${RLG_STAGE:-}
	if [[ -z $STAGE ]]; then
		STAGE=$(mktemp -d /tmp/rlg-stage.XXXXXX) || return
		trap 'cd / && rm -rf "$work" "$STAGE"' EXIT
	fi
	mkdir -p "$STAGE"
	chmod 0755 "$STAGE"
	if [[ ! -e $STAGE/.complete ]]; then
		# Two at a time would build in one folder.
		(
			flock 9
			umask 022
			unset MAKEFLAGS MFLAGS MAKELEVEL DESTDIR
			[[ ! -e $STAGE/.complete ]] || exit 0
			make -C "$top_builddir" install prefix="$STAGE" slurmplugdir="$STAGE/lib/slurm" >"$work/install.log" 2>&1 &&
				mkdir -p "$STAGE/etc" && touch "$STAGE/.complete"
		) 9<"$top_builddir/config.status" || { note "$(tail -n 20 "$work/install.log")"; return 1; }
	fi
	STAGE_CONF=$STAGE/etc/runledger.conf
	RUNLEDGER=$STAGE/bin/runledger
}

# stage_plugstack [ARGUMENT...]: the lines of plugstack.conf; a later helper= or conf= wins.
stage_plugstack() {
	local so
	for so in spank_runledger spank_runledger_epilog; do
		printf 'optional %s helper=%s conf=%s%s\n' "$STAGE/lib/slurm/$so.so" "$STAGE/bin/runledger" "$STAGE_CONF" \
			"${*:+ $*}"
	done
}

# stage_cluster [UP-OPTION...]: one cluster with the plugins in.
stage_cluster() {
	cluster_start --plugstack <(stage_plugstack) "$@"
}

# rl USER ARGUMENT...: runledger in the cluster, as that user.
rl() {
	local user=$1
	shift
	cluster_as "$user" "$RUNLEDGER" "$@"
}

alice_uid() { cluster_as alice id -u; }

# make_as USER FILE MODE: standard input becomes a file of that user's.
make_as() {
	# shellcheck disable=SC2016 # for the inner shell
	cluster_as "$1" bash -c 'cat >"$1" && chmod "$2" "$1"' _ "$2" "$3"
}

# seed_experiment DIR: the experiment of the update-run-status skill, as alice: four runs with scripts.
# Jobs go on for as long as a file `hold` lies beside their script.
seed_experiment() {
	# shellcheck disable=SC2016 # for the inner shell
	cluster_as alice bash -c '
		set -eu
		mkdir -p "$1/out" && cd "$1"
		{
			printf "# Run Plan: %s\n\n## All Runs\n\n| Run Name | Type | Rank |\n|---|---|---|\n" "${PWD##*/}"
			for run in 1B_rank4 1B_rank64 3B_rank4 3B_rank64; do
				printf "| %s | Fine-tuned | %s |\n" "$run" "${run#*rank}"
			done
		} >runs_plan.md
		for run in 1B_rank4 1B_rank64 3B_rank4 3B_rank64; do
			mkdir -p "$run"
			printf "output_dir_base: %s/out/\nmy_wandb_run_name: %s\n" "$PWD" "$run" >"$run/setup_finetune.yaml"
			cat >"$run/finetune.slurm" <<-END
			#!/bin/bash
			#SBATCH --job-name=$run
			#SBATCH --ntasks=1
			#SBATCH --time=5
			set -eu
			while [ -e hold ]; do sleep 0.05; done
			mkdir -p $PWD/out/ck-out-$run/epoch_{0,1,2}
			END
			cat >"$run/eval.slurm" <<-END
			#!/bin/bash
			#SBATCH --job-name=eval_$run
			#SBATCH --ntasks=1
			#SBATCH --time=5
			set -eu
			while [ -e hold ]; do sleep 0.05; done
			mkdir -p logs
			echo accuracy >logs/$run.eval
			END
		done' _ "$1"
}

# tracker_value FILE RUN KEY: as it stands in a flat runs_status.yaml, quotes and all.
tracker_value() {
	local line in_run=
	while IFS= read -r line; do
		if [[ $line == "  $2:" || $line == "  \"$2\":" || $line == "  '$2':" ]]; then
			in_run=1
		elif [[ $in_run && $line == "    $3: "* ]]; then
			printf '%s\n' "${line#"    $3: "}"
			return 0
		elif [[ $line != '    '* ]]; then
			in_run=
		fi
	done 2>/dev/null <"$1"
	return 1
}

# wait_tracker FILE RUN KEY VALUE [TIMEOUT]
wait_tracker() {
	wait_until "${5:-$CLUSTER_TIMEOUT}" tracker_is "$1" "$2" "$3" "$4" && return
	note "$3 of $2 is $(tracker_value "$1" "$2" "$3" || echo missing), not $4, after ${5:-$CLUSTER_TIMEOUT} s"
	return 1
}
tracker_is() { [[ $(tracker_value "$1" "$2" "$3") == "$4" ]]; }

# tracker_becomes FILE RUN KEY VALUE CLAIM: waits for it and claims it.
tracker_becomes() {
	wait_tracker "$1" "$2" "$3" "$4"
	ok_if $? "$5"
}

# records_of GROUP RUN NAME: the records of that name, a line each.
records_of() {
	cat "$1/.runledger/runs/$2"/*.jsonl 2>/dev/null | grep -F "\"name\":\"$3\""
}
records_count() { records_of "$1" "$2" "$3" | wc -l; }

# records_valid GROUP: every record obeys the schema; 77 where nobody can look.  Files planted* are not ours.
records_valid() {
	/usr/bin/python3 -W ignore - "$top_srcdir/lib/runledger-record.schema.json" "$1" <<-'END'
	import glob, json, os, sys
	try:
	    import jsonschema
	except ImportError:
	    sys.exit(77)
	schema = json.load(open(sys.argv[1]))
	check = jsonschema.Draft202012Validator(schema)
	bad = seen = 0
	for path in glob.glob(glob.escape(sys.argv[2]) + "/.runledger/runs/*/*.jsonl"):
	    if os.path.basename(path).startswith("planted"):
	        continue
	    for number, line in enumerate(open(path, "rb"), 1):
	        seen += 1
	        try:
	            errors = [e.message for e in check.iter_errors(json.loads(line))]
	            if len(line) > 4096 or not line.endswith(b"\n"):
	                errors.append("%d bytes, or no newline" % len(line))
	        except ValueError as error:
	            errors = [str(error)]
	        for error in errors:
	            bad += 1
	            print("# %s:%d: %s" % (path, number, error))
	print("# %d records" % seen)
	sys.exit(bad != 0 or seen == 0)
	END
}

# records_are_valid GROUP CLAIM
records_are_valid() {
	records_valid "$1"
	case $? in
	77) skip "$2" "no python3 jsonschema" ;;
	0) ok_if 0 "$2" ;;
	*) ok_if 1 "$2" ;;
	esac
}

# Processes of ours, or steps that hold a job, inside the cluster.
leftovers() {
	# A process's exe cannot be read once it is gone.
	cluster_admin find /proc -maxdepth 2 -path '/proc/[0-9]*/exe' \
		\( -lname "$STAGE/*" -o -lname '*/slurmstepd' \) -printf '%h %l\n' 2>/dev/null
}
nothing_left() { [[ -z $(leftovers) ]]; }
# The same where srun alone was waited for: its job's epilog may not have begun.
jobs_are_over() { [[ -z $(cluster_admin squeue -h -t CG -o %i) ]] && nothing_left; }

# cluster_is_unhurt CLAIM: nothing of ours runs, every node serves.
cluster_is_unhurt() {
	local code=0
	wait_until 30 nothing_left || { note "left: $(leftovers)"; code=1; }
	[[ -z $(cluster_drained) ]] || { note "drained: $(cluster_drained)"; code=1; }
	ok_if "$code" "$1"
}

# job_ended ID STATE CODE CLAIM
job_ended() {
	cluster_wait_done "$1"
	is "$(cluster_job_field "$1" JobState) $(cluster_job_field "$1" ExitCode)" "$2 $3" "$4"
}

# status_json USER GROUP EXPRESSION: of `runledger status --json`, a Python expression over `s`; `phase(run, name)` helps.
status_json() {
	rl "$1" status "$2" --json 2>/dev/null | /usr/bin/python3 -c '
import json, sys
s = json.load(sys.stdin)
def phase(run, name):
    return next(p for r in s["runs"] if r["run"] == run for p in r["phases"] if p["phase"] == name)
def runs():
    return [r["run"] for r in s["runs"]]
print(eval(sys.argv[1]))' "$3" 2>&1 | tail -n 1
}
