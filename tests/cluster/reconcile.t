#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Jobs whose end nobody recorded, on a real Slurm: status says since when there was no word, --reconcile asks slurmctld,
# then slurmdbd, about exactly those, and says UNKNOWN where neither knows.
# shellcheck source-path=SCRIPTDIR source=stage.sh disable=SC2119,SC2016,SC2317
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/stage.sh"
stage_need root
stage_install || exit 99
for program in slurmdbd mariadbd sacct; do
	PATH=$PATH:/usr/sbin:/sbin command -v "$program" >/dev/null || skip_all "$program is not installed"
done

# Ends are lost: there is no epilog of ours, and no jobcomp.
no_ends() { stage_plugstack | grep -v epilog; }
cluster_start --cpus 16 --accounting --plugstack <(no_ends) --conf <(echo MinJobAge=2) || exit 99
stage_need_multiuser
with_accounting=$CLUSTER_DIR
cluster_start --cpus 16 --plugstack <(no_ends) --conf <(echo MinJobAge=300) || exit 99
without=$CLUSTER_DIR

declare -A job
sub() { # NAME SBATCH-ARGUMENTS
	job[$1]=$(cluster_as alice bash -c 'cd "$1" && eval "sbatch --parsable -o /dev/null $2"' _ "$group" "$2" 2>&1)
	[[ ${job[$1]} =~ ^[0-9]+$ ]] || note "sbatch $2: ${job[$1]}"
}
attempts() { status_json alice "$group" "[(a['job_id'],a['slurm_state'],a['final'],a['exit_code']) for a in phase('$1','finetune')['attempts']]"; }
status_of() { status_json alice "$group" "phase('$1','finetune')['status']"; }
# As sacct would have it, of the last answer: who was asked.
asked_of() { cat "$group/.runledger/runs/$1"/*.jsonl | grep -F '"source":"reconcile"' | tail -n 1 | grep -o '"asked":"[a-z]*"'; }
some_time_passes() { sleep 5.1; }     # a word is missed five seconds after it was due, in these groups

# jobs: the same for both clusters.  Without a time limit a job is missed as one that waits; `fresh` has one that has not passed.
jobs() {
	job=()
	group=$(cluster_home alice)/exp
	cluster_as alice mkdir "$group"
	{ printf '# Run Plan: exp\n\n## All Runs\n\n| Run Name |\n|---|\n'; printf '| %s |\n' ended failed stopped goes_on fresh queued waits array; } |
		make_as alice "$group/runs_plan.md" 644
	rl alice init "$group" >/dev/null || exit 99
	printf 'no_word_after:\n  waiting: 5s\n  running: 5s\n' | cluster_as alice tee -a "$group/.runledger/config.yaml" >/dev/null
	sub goes_on '-J goes_on --wrap "sleep 600"'
	sub fresh '-J fresh -t 60 --wrap "sleep 600"'
	sub ended '-J ended --wrap true'
	sub failed '-J failed --wrap "exit 7"'
	sub stopped '-J stopped --wrap "sleep 600"'
	sub queued '-J queued --hold --wrap true'
	sub waits '-J waits --hold --wrap true'
	sub array '-J array -a 0-2 --wrap "exit \$SLURM_ARRAY_TASK_ID"'
	for run in goes_on fresh stopped ended failed array; do
		wait_tracker "$group/runs_status.yaml" "$run" finetune_status running
	done
	wait_until 10 all_tasks_started
	cluster_as alice scancel "${job[stopped]}" "${job[queued]}"
	for run in ended failed stopped array; do cluster_wait_done "${job[$run]}"; done
	wait_until 10 nothing_starts
}
all_tasks_started() { [[ $(records_count "$group" array start) == 3 ]]; }
nothing_starts() { [[ -z $(cluster_admin find /proc -maxdepth 2 -path '/proc/[0-9]*/exe' -lname "$STAGE/*" -printf '%h\n' 2>/dev/null) ]]; }
by_itself='MESSAGE_|REQUEST_PING|REQUEST_STATS_INFO|ACCOUNTING_|REQUEST_CONTROL'
asked() { cluster_rpc_counts | grep -vE "^($by_itself)" | tr '\n' ' '; }

CLUSTER_DIR=$with_accounting jobs
declare -A first_job
for run in "${!job[@]}"; do first_job[$run]=${job[$run]}; done
CLUSTER_DIR=$without jobs
CLUSTER_DIR=$without

# --- slurmctld knows

is "$(status_of ended) $(status_of stopped) $(status_of queued)" "running running submitted" "ends that nobody recorded are not guessed"
some_time_passes
cluster_rpc_reset
run rl alice status "$group"
is "$(grep -c 'no word since' <<<"$out")" 7 "status misses a word of all but the one within its limit"
run rl alice status "$group" --json
run rl alice report "$group"
is "$(asked)" "" "and asks slurmctld nothing, as report does not"
cluster_rpc_reset
run rl alice status "$group" --reconcile
status_is 0 "--reconcile works"
like "$err" "asked about 9 jobs: 7 ended, 2 go on, 0 that nobody knows any more" "and asks about each of them"
is "$(asked)" "REQUEST_BUILD_INFO 1 REQUEST_JOB_INFO_SINGLE 7 REQUEST_JOB_USER_INFO 2 " "with one question each, by number, by name where no number was told; and once for the cluster's name"
is "$(attempts ended)" "[('${job[ended]}', 'COMPLETED', True, 0)]" "one that had ended"
is "$(attempts failed)" "[('${job[failed]}', 'FAILED', True, 7)]" "one that had failed"
is "$(attempts stopped)" "[('${job[stopped]}', 'CANCELLED', True, 0)]" "one that was cancelled while it ran"
is "$(attempts queued)" "[('${job[queued]}', 'CANCELLED', True, 0)]" "one that was cancelled while it waited, found by its name"
is "$(attempts waits)" "[('${job[waits]}', 'PENDING', False, None)]" "one that still waits"
is "$(attempts goes_on)" "[('${job[goes_on]}', 'RUNNING', False, None)]" "one that still runs"
is "$(attempts fresh)" "[('${job[fresh]}', 'RUNNING', False, None)]" "the one within its limit is as it was"
is "$(records_of "$group" fresh state)" "" "as nobody asked about it"
is "$(status_json alice "$group" "sorted((a['array_task_id'],a['slurm_state'],a['exit_code']) for a in phase('array','finetune')['attempts'])")" \
	"[(0, 'COMPLETED', 0), (1, 'FAILED', 1), (2, 'FAILED', 2)]" "the tasks of an array, each with its own end"
is "$(asked_of ended)" '"asked":"slurmctld"' "the record tells who was asked"
unlike "$out" "no word since" "no word is missed any more"
# What goes on is missed again five seconds after the answer, and a slow disk may need longer for nine of them.
asks_nobody() {
	cluster_rpc_reset
	run rl alice status "$group" --reconcile
	[[ $err == *"nobody was asked"* ]]
}
wait_until 30 asks_nobody
is "$?$(asked)" 0 "and a second time nobody is asked"
some_time_passes
cluster_rpc_reset
run rl alice status "$group" --reconcile
is "$(asked)" "REQUEST_BUILD_INFO 1 REQUEST_JOB_INFO_SINGLE 2 " "later on only about what goes on, now by number"
is "$(attempts goes_on)" "[('${job[goes_on]}', 'RUNNING', False, None)]" "which still runs"

# --- nobody knows: the same jobs anew, in a slurmctld that forgets, and no accounting

sub ended '-J ended --wrap true'
sub queued '-J queued --hold --wrap true'
started_twice() { [[ $(records_count "$group" ended start) == 2 ]]; }
wait_until 10 started_twice
cluster_as alice scancel "${job[queued]}"
cluster_wait_done "${job[ended]}"
cluster_admin sed -i 's/^MinJobAge=.*/MinJobAge=2/' "$CLUSTER_DIR/etc/slurm.conf"
cluster_admin scontrol reconfigure
forgotten() { ! cluster_admin scontrol show job "$1" >/dev/null 2>&1; }
wait_until 120 forgotten "${job[ended]}" && wait_until 60 forgotten "${job[queued]}"
ok_if $? "slurmctld forgets them"
run rl alice status "$group" --reconcile
like "$err" "2 that nobody knows any more" "without accounting nobody knows any more"
like "$(attempts ended)" "('${job[ended]}', 'UNKNOWN', True, None)" "which is UNKNOWN"
like "$(attempts queued)" "'UNKNOWN', True, None)" "so is a submission whose number nobody told"
like "$(rl alice status "$group" --run ended)" "neither slurmctld nor accounting knows" "with the reason"
some_time_passes
cluster_rpc_reset
run rl alice status "$group" --reconcile
is "$(asked)" "REQUEST_BUILD_INFO 1 REQUEST_JOB_INFO_SINGLE 2 " "nobody is asked about them again, but about what goes on"
records_are_valid "$group" "every record obeys the schema"
cluster_admin scancel -u alice

# --- only slurmdbd knows

CLUSTER_DIR=$with_accounting
group=$(cluster_home alice)/exp
for run in "${!job[@]}"; do job[$run]=${first_job[$run]}; done
wait_until 120 forgotten "${job[ended]}" && wait_until 60 forgotten "${job[stopped]}" && wait_until 60 forgotten "${job[queued]}"
ok_if $? "slurmctld with accounting has forgotten them, too"
sacct_knows() { [[ $(cluster_admin sacct -X -n -P --format=State -j "${job[$1]}" -S now-1hour | head -n 1) == "$2"* ]]; }
wait_until 30 sacct_knows ended COMPLETED && wait_until 30 sacct_knows queued CANCELLED && wait_until 30 sacct_knows stopped CANCELLED
some_time_passes
run rl alice status "$group" --reconcile
like "$err" "7 ended, 2 go on, 0 that nobody knows any more" "all of them are known to slurmdbd"
is "$(attempts ended)" "[('${job[ended]}', 'COMPLETED', True, 0)]" "one that had ended, from accounting"
is "$(attempts failed)" "[('${job[failed]}', 'FAILED', True, 7)]" "one that had failed, from accounting"
is "$(attempts stopped)" "[('${job[stopped]}', 'CANCELLED', True, 0)]" "one that was cancelled while it ran, from accounting"
is "$(attempts queued)" "[('${job[queued]}', 'CANCELLED', True, 0)]" "one that was cancelled while it waited, from accounting"
is "$(status_json alice "$group" "phase('queued','finetune')['attempts'][0]['start_time']")" None "it never started, whatever accounting says"
is "$(status_json alice "$group" "sorted((a['array_task_id'],a['slurm_state'],a['exit_code']) for a in phase('array','finetune')['attempts'])")" \
	"[(0, 'COMPLETED', 0), (1, 'FAILED', 1), (2, 'FAILED', 2)]" "the tasks of an array, each with its own end, from accounting"
is "$(asked_of ended) $(asked_of goes_on)" '"asked":"slurmdbd" "asked":"slurmctld"' "each record tells who was asked"
records_are_valid "$group" "every record obeys the schema, those from accounting too"
cluster_admin scancel -u alice
cluster_is_unhurt "nothing of ours is left, and every node serves"
done_testing
