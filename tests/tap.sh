# SPDX-License-Identifier: GPL-2.0-or-later
# Test Anything Protocol for shell tests: source it, make claims, end with `done_testing`.
#
#     run COMMAND...        runs it; its words are then in $out and $err, its exit status in $status
#     status_is N CLAIM     ... and so on: each claim is one line of TAP, with the difference below if it fails
#
# The tool is $RUNLEDGER (default: the one in $top_builddir).  $work is a folder of the test's own, the current one.

: "${top_builddir:=$PWD}"
: "${srcdir:=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)}"
: "${RUNLEDGER:=$top_builddir/runledger}"
case $RUNLEDGER in /*) ;; *) RUNLEDGER=$PWD/$RUNLEDGER ;; esac
case $srcdir in /*) ;; *) srcdir=$PWD/$srcdir ;; esac

tests=0
failures=0
out='' err='' status=''

work=$(mktemp -d "${TMPDIR:-/tmp}/runledger-test.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM
cd "$work" || exit 99

# The same world for every test, whoever runs it.
unset COLUMNS NO_COLOR TERM RUNLEDGER_GROUP RUNLEDGER_RUN XDG_CONFIG_HOME
HOME=$work LC_ALL=C.UTF-8 TZ=UTC0
export HOME LC_ALL TZ

runledger() { "$RUNLEDGER" "$@"; }

run() {
	status=0
	"$@" >"$work/.out" 2>"$work/.err" </dev/null || status=$?
	out=$(cat "$work/.out")
	err=$(cat "$work/.err")
}

say() { printf '%s\n' "$*" | sed 's/^/# /'; }

# ok_if STATUS CLAIM: STATUS is 0 if the claim holds.
ok_if() {
	tests=$((tests + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tests - $2"
		return
	fi
	failures=$((failures + 1))
	echo "not ok $tests - $2"
	say "exit status: $status"
	say "stdout: $out"
	say "stderr: $err"
}

is() { # GOT EXPECTED CLAIM
	[ "$1" = "$2" ] || say "got: $1
expected: $2"
	ok_if "$([ "$1" = "$2" ]; echo $?)" "$3"
}

like() { # TEXT PART CLAIM: PART, which is no pattern, stands in TEXT
	case $1 in *"$2"*) ok_if 0 "$3" ;; *) say "not there: $2"; ok_if 1 "$3" ;; esac
}

unlike() { # TEXT PART CLAIM
	case $1 in *"$2"*) say "there: $2"; ok_if 1 "$3" ;; *) ok_if 0 "$3" ;; esac
}

status_is() { ok_if "$([ "$status" -eq "$1" ]; echo $?)" "$2"; } # N CLAIM

has() { grep -qsF -- "$2" "$1"; } # FILE PART

# wait_for COMMAND...: until it succeeds.  Half a minute is for machines that are at something else.
wait_for() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ "$tries" -lt 1500 ] || return 1
		sleep 0.02
	done
}

skip() { # CLAIM WHY
	tests=$((tests + 1))
	echo "ok $tests - $1 # SKIP $2"
}

done_testing() {
	echo "1..$tests"
	[ "$failures" -eq 0 ]
	exit
}

# --- run groups made by hand ---

new_group() { # DIR RUN...: with a plan that names the runs
	mkdir -p "$1/.runledger/runs"
	{
		printf '# Run Plan: %s\n\n## All Runs\n\n| Run Name | Type |\n|---|---|\n' "$(basename "$1")"
		shift
		for name; do printf '| %s | Fine-tuned |\n' "$name"; done
	} >"$1/runs_plan.md"
}

records=0

# record GROUP RUN PHASE SECONDS NAME MEMBERS: one record, $group/.runledger/runs/RUN/host1.jsonl
record() {
	records=$((records + 1))
	mkdir -p "$1/.runledger/runs/$2"
	printf '{"timestamp":%s.000000,"name":"%s","context":{"v":1,"id":"%032d","cluster":"c","run":"%s","phase":"%s"%s}}\n' \
		"$4" "$5" "$records" "$2" "$3" "${6:+,$6}" >>"$1/.runledger/runs/$2/host1.jsonl"
}

# A whole job: submitted at SECONDS, started a minute later, ended 13 min 32 s after that.
submit_job() { record "$1" "$2" "$3" "$4" submit "\"sid\":\"s$5\",\"job_id\":$5,\"user\":\"ann\",\"host\":\"login1\",\"script\":\"$3.slurm\""; }
start_job() { record "$1" "$2" "$3" $(($4 + 60)) start "\"sid\":\"s$5\",\"job_id\":$5,\"nodes\":\"n1\",\"start_time\":$(($4 + 60)),\"stdout\":\"/logs/slurm-$5.out\""; }
finish_job() { record "$1" "$2" "$3" $(($4 + 872)) finish "\"sid\":\"s$5\",\"job_id\":$5,\"state\":\"$6\",\"final\":true,\"exit_code\":${7:-0},\"signal\":${8:-0},\"submit_time\":$4,\"start_time\":$(($4 + 60)),\"end_time\":$(($4 + 872)),\"nodes\":\"n1\",\"source\":\"epilog\""; }
job() { submit_job "$@"; start_job "$@"; finish_job "$@"; }

# The four runs of the update-run-status skill, from 2025-10-19 18:00:00 UTC on.
new_skill_group() {
	new_group "$1" 1B_rank4 1B_rank64 3B_rank4 3B_rank64
	job "$1" 1B_rank4 finetune 1760896800 1234567 COMPLETED
	submit_job "$1" 1B_rank4 eval 1760898000 1234568
	start_job "$1" 1B_rank4 eval 1760898000 1234568
	job "$1" 1B_rank64 finetune 1760896801 1234569 FAILED 1
	job "$1" 3B_rank4 finetune 1760896802 1234570 COMPLETED
}
