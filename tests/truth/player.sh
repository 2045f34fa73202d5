# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The words that scenarios are written in.  Sourced by play, which runs inside the cluster as root; each scenario is a
# function in a shell of its own, so it may set what it likes.
#
# There are:  $name  the scenario, which is its run's and its job's name, too;  $here  a folder of its own, where its
# jobs write;  $group  alice's run group;  $job  the job it submitted last.  $deadline: seconds that a wait may take.

POLL=0.25                             # s between two looks at the picture of the queue
deadline=120

declare -A SCENARIO_ABOUT=() SCENARIO_WORLD=() SCENARIO_MARKS=()
SCENARIOS=()

# scenario NAME WORLD "WHAT IT IS" [MARK...]: registers the function of that name.  Worlds: see worlds.sh.  Marks:
#   blind          SPANK alone cannot see how it ends, so that without jobcomp the ledger may say that it does not know
#   run=PATTERN    its runs, as a pattern of the shell, where that is not its name alone
#   group=NAME     its run group, where that is not exp
#   het            its jobs are one submission
#   rewritten      sacct changes its word about an attempt afterwards: see compare.py
#   chance         how often Slurm tries differs from time to time: the number of attempts is not compared between cells
scenario() {
	SCENARIOS+=("$1")
	SCENARIO_WORLD[$1]=$2
	SCENARIO_ABOUT[$1]=$3
	SCENARIO_MARKS[$1]=${*:4}
}

# --- time

# Nobody ever writes to it: a read with a time limit is a sleep without a process.
exec 9<> <(:)
pause() { read -rt "${1:-$POLL}" -u 9 _ || :; }

# gives_up WORDS: the scenario could not be played; that is a fault of the harness or of Slurm, never agreement.
gives_up() {
	printf '%s\n' "$*" >>"$here/gave_up"
	printf '# %s: gave up: %s\n' "$name" "$*" >&2
	exit 1
}

# impossible WHY: it cannot be played on this machine or with this Slurm.
impossible() {
	printf '%s\n' "$*" >"$here/impossible"
	exit 0
}

# wait_for COMMAND...: until it succeeds.
wait_for() {
	local end=$((SECONDS + deadline))
	until "$@"; do
		((SECONDS < end)) || gives_up "waited $deadline s for: $*${job:+ (job $job: $(squeue -h -a -t all -r -o '%i %T %r' -j "$job" 2>&1 | tr '\n' ';'))}"
		pause
	done
}

# --- who and where

user_env() {
	ENV=(-i SLURM_CONF="$SLURM_CONF" PATH="$PATH" HOME="$DIR/home/$1" USER="$1" LOGNAME="$1" SHELL=/bin/bash
		LANG=C.UTF-8 TZ="${TZ:-UTC0}")
}

# as USER COMMAND...: in the current folder.
as() {
	local -a ENV
	user_env "$1"
	setpriv --reuid "$1" --regid "$1" --init-groups env "${ENV[@]}" "${@:2}" 9<&-
}

# client COMMAND...: as $user (alice) in $folder (the group).  Its words and its exit status are part of the outcome,
# which must be the same without plugins: they are kept in client.N.*.  Sets out, code.
client() {
	local n
	n=$here/client.$((++clients))
	code=0
	(cd "${folder:-$group}" && as "${user:-alice}" "$@") >"$n.out" 2>"$n.err" </dev/null || code=$?
	echo "$code" >"$n.code"
	out=$(<"$n.out")
}
clients=0

# own JOBID: this job is the scenario's, whatever its name.
own() { printf '%s\n' "$1" >>"$here/jobs"; }

# --- jobs

# A job's stdout and stderr; -o takes it.
OUTPUT='job.%a.log'

# script NAME: standard input becomes a batch script that first says that it began.
script() {
	{
		printf '#!/bin/bash\ncd %q 2>/dev/null\n' "$here"
		# shellcheck disable=SC2016 # the job's
		printf 'attempt=${SLURM_RESTART_COUNT:-0}\n: >"began.${SLURM_ARRAY_TASK_ID:-0}.$attempt"\necho "attempt $attempt"\n'
		cat
	} >"$here/$1"
	chmod 755 "$here/$1"
}

# batch [SBATCH-ARGUMENT...]: submits; sets job.
batch() {
	client sbatch --parsable -J "$name" -o "$here/$OUTPUT" "$@"
	[[ $code == 0 ]] || gives_up "sbatch $*: $code, $(tail -n 3 "$here/client.$clients.err")"
	job=${out%%;*}
	own "$job"
}

# batch_of BODY [SBATCH-ARGUMENT...]: a script of these words.
batch_of() {
	script "job$((++scripts)).sh" <<<"$1"
	batch "${@:2}" "$here/job$scripts.sh"
}
scripts=0

# What a job does that waits to be ended by somebody else: bash ends at once at a signal, and takes no children along.
FOREVER='exec sleep 900'
# One that does something at a signal: a wait is left then, a command in the foreground is not.
# It says when it is ready for that.  Again and again, as a child may get the signal first.
PATIENT='while :; do sleep 900 & : >patient; wait $!; done'
patient() { wait_for test -e "$here/patient"; }

# admin COMMAND...: as the one who may do all in Slurm, tried again while slurmctld is busy with that job.
admin() {
	"$@" >>"$here/admin.log" 2>&1 || printf '# %s: %s: exit %d\n' "$name" "$*" $? >>"$here/admin.log"
}
admin_until() { wait_for_admin "$@"; }
wait_for_admin() { wait_for admin_works "$@"; }
admin_works() { "$@" >>"$here/admin.log" 2>&1; }

# --- the picture of the queue: written by play, read by everybody.  Lines of JOB|ARRAY|TASK|STATE|RESTARTS|REASON

picture() {
	local -a text
	mapfile -d '' -t text 2>/dev/null <"$PICTURE"
	picture=$'\n'${text[0]:-}
}
in_picture() {
	picture
	[[ $picture =~ $'\n'$1 ]]
}
LINE='[^|'$'\n'']*'

# job_is STATE [RESTARTS [REASON]]: patterns of regex(7).  The id of an array stands for all its tasks.
job_is() { in_picture "(${job}[|]$LINE|${LINE}[|]$job)[|]${LINE}[|]($1)[|](${2:-$LINE})[|](${3:-.*})"; }
job_wait() { wait_for job_is "$@"; }
# task_wait TASK STATE [RESTARTS]
task_wait() { wait_for in_picture "${LINE}[|]${job}[|]$1[|]($2)[|]${3:-$LINE}[|]"; }

ACTIVE='PENDING|RUNNING|COMPLETING|CONFIGURING|SUSPENDED|REQUEUED|REQUEUE_HOLD|REQUEUE_FED|RESIZING|SIGNALING|STAGE_OUT|STOPPED|SPECIAL_EXIT'

# job_over: it was there, and nothing of it is left to happen.
job_over() { in_picture "(${job}[|]|${LINE}[|]${job}[|])" && ! job_is "$ACTIVE"; }
over() { wait_for job_over; }

# known: sacct has it.  An array that is cancelled before is one without tasks there.
known() { wait_for is_known; }
is_known() { [[ $(sacct -n -X -P -j "$job" --format=State 2>/dev/null) == *PENDING* ]]; }

# began [ATTEMPT [TASK]]: the script itself runs.
began() { wait_for test -e "$here/began.${2:-0}.${1:-0}"; }

# again ATTEMPT: a requeued job is held back for two minutes by Slurm; this lets it go, and waits until it runs.
# Not within the second of the requeue: slurmd would take it for the one that it has just killed.
again() {
	local end=$((SECONDS + deadline))
	job_wait PENDING "$1"
	pause 1.2
	until [[ -e $here/began.${2:-0}.$1 ]]; do
		((SECONDS < end)) || gives_up "job $job did not start again"
		if job_is PENDING; then admin scontrol update JobId="$job" StartTime=now; fi
		pause 1
	done
}

# node VERB NODE: start, kill (a machine that dies) or restart (slurmd alone).
node() { "$TESTS/cluster/lib/node" "$1" "$DIR" "$2" 9<&- >>"$here/admin.log" 2>&1 || gives_up "node $1 $2 failed"; }
# node_is NODE PATTERN: of regex(7), for the states that scontrol tells.  sinfo -N says "mixed" of one that is down.
node_is() { [[ $(scontrol show node -o "$1") =~ " State="[^[:blank:]]*($2) ]]; }
