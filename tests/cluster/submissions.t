#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every way in which a job can come to be and to end, and which run it is recorded in.  All that can run side by side does.
# shellcheck source-path=SCRIPTDIR source=stage.sh disable=SC2119,SC2016,SC2317
. "${top_srcdir:-$(dirname "$0")/../..}/tests/cluster/stage.sh"
stage_need root
stage_install || exit 99
cluster_start --cpus 32 || exit 99
stage_need_multiuser

conf=$(cluster_shared)/runledger.conf
: >"$conf"
stage_plugstack conf="$conf" >"$CLUSTER_DIR/etc/plugstack.conf"
for node in n1 n2 n3; do
	cluster_restart_slurmd "$node" &
done
wait

home=$(cluster_home alice)
group=$home/exp
tracker=$group/runs_status.yaml
declare -A job                        # what was submitted, by a name of ours

# as USER FOLDER COMMAND [ARGUMENT...]: a line of shell, with $1... ; $conf and $lab are there.
as() {
	cluster_as "$1" env GROUP="$group" OUT="$(cluster_shared)" bash -c 'cd "$1" && shift && eval "$1"' _ "$2" "$3" "${@:4}"
}
# sub NAME FOLDER SBATCH-ARGUMENTS: as alice, remembered as job[NAME]; what it said is in $said.
sub() {
	job[$1]=$(as alice "$2" "sbatch --parsable -o /dev/null $3" 2>"$work/said")
	said=$(<"$work/said")
	[[ ${job[$1]} =~ ^[0-9]+$ ]] || note "sbatch $3: ${job[$1]:-nothing}; $said"
}
value() { tracker_value "$tracker" "$1" "$2"; }
jobs_of() { status_json alice "$group" "sorted(a['job_id'] for a in phase('$1','${2:-finetune}')['attempts'])"; }
# start_again JOBID: Slurm lets a requeued job wait for two minutes, unless somebody has other ideas.
start_again() {
	# COMPLETING may still be the first attempt's.
	cluster_job_in_state "$1" RUNNING COMPLETED && return
	cluster_admin scontrol update JobId="$1" StartTime=now 2>/dev/null
	return 1
}
# told RUN WORD CLAIM JOB: what became of the finetune of that run, and that it was job[JOB].
told() {
	tracker_becomes "$tracker" "$1" finetune_status "$2" "$3"
	is "$(value "$1" finetune_job_id)" "\"${job[$4]}\"" "$3: with its job id"
}

runs='srun srun_bad salloc salloc_bare salloc_bad asked here by_group by_env dir_d dir_c dir_s one two eval_me rejected again tested
	none outer inner inner_asked waits piped piped_named wrapped array array_bad seed_0 seed_1 seed_2 het requeued stopped dropped late
	wide noplug noplug_dir odd'
as alice "$home" 'mkdir exp && cd exp && {
	printf "# Run Plan: exp\n\n## All Runs\n\n| Run Name |\n|---|\n"
	for run in '"${runs//$'\n'/ }"'; do echo "| $run |"; done
} >runs_plan.md
mkdir dir_d dir_c dir_s noplug_dir
for name in c s; do
	printf "#!/bin/bash\n#SBATCH --job-name=finetune\n#SBATCH --chdir=%s/dir_%s\ntrue\n" "$PWD" $name >chdir_$name.slurm
done
printf "#!/bin/bash\nwhile [ ! -e \"\$1\" ]; do sleep 0.05; done\n" >hold.sh
printf "#!/bin/bash\n#SBATCH -J het -n1\n#SBATCH hetjob\n#SBATCH -n1\ntrue\n" >het.slurm
cat >outer.sh <<-END
	#!/bin/bash
	sbatch -o /dev/null -J inner --wrap true
	cd /tmp && sbatch -o /dev/null -J stranger --wrap true
END
'
rl alice init "$group" >/dev/null || exit 99
cluster_as alice tee -a "$group/.runledger/config.yaml" >/dev/null <<-'END'
	match:
	  - "{phase}_{run}"
	  - "{run}_{phase}"
	  - "{run}"
	  - "{run}-*"
	  - "*-{run}"
	  - {job_name: sweep, run: "seed_{array_task}"}
END

# --- what takes long begins first

sub late "$group" '-J late --wrap "sleep 600"'
sub stopped "$group" '-J stopped --wrap "sleep 600"'
sub requeued "$group" '-J requeued hold.sh $PWD/go.requeued'
cluster_wait_state "${job[late]}" RUNNING
cluster_admin scontrol update JobId="${job[late]}" EndTime=now+1     # looked at every 30 s

# --- nothing that is no submission leaves a trace

for name in late stopped requeued; do
	wait_tracker "$tracker" "$name" finetune_status running
done
before=$(sha256sum "$tracker")
run as alice "$group" 'sbatch --test-only -J tested --wrap true'
status_is 0 "sbatch --test-only works"
run as alice "$group" 'cd dir_d && salloc --help'
like "$out" "--run=RUN[/PHASE]" "--help tells our options"
run as alice "$group" 'sbatch --usage; srun --version; sbatch --no-such-option'
is "$(sha256sum "$tracker")" "$before" "--test-only, --help and a wrong option are no submissions"
is "$(as alice "$group" 'ls .runledger/runs | tr "\n" " "')" "late requeued stopped " "and leave no records"

run as alice "$group" 'sbatch -J rejected -p nowhere --wrap true'
is "$status" 1 "a rejected submission fails as ever"
tracker_becomes "$tracker" rejected finetune_status pending "a rejected submission goes back to pending"
run as alice "$group" 'sbatch -J sweep -a 0-2 -p nowhere --wrap true'
wait_tracker "$tracker" seed_1 finetune_status pending 5
ok_if $? "a rejected array with a run a task: each goes back to pending"
is "$(as alice "$group" 'ls .runledger/runs | grep -c {')" 0 "and no run is called after the rule"

# --- sbatch

sub asked "$group" '--run=asked/eval -J anything --wrap true'
sub here "$home" '--run=here --run-group=exp --wrap true'
sub by_group "$home" '--run-group=$GROUP -J by_group --wrap true'
job[by_env]=$(as alice / 'RUNLEDGER_RUN=by_env/eval RUNLEDGER_GROUP=$GROUP sbatch --parsable -o /dev/null --wrap true')
sub dir_d "$home" '-D exp/dir_d -J x --wrap true'
sub dir_c "$home" 'exp/chdir_c.slurm'
sub dir_s "$group" 'chdir_s.slurm'
sub rule "$group" '-J eval_one --wrap true'
sub rule2 "$group" '-J two_eval --wrap true'
sub ambiguous "$group" '-J one-two --wrap true'
sub unknown "$group" '-J mystery --wrap true'
sub odd "$group" '--run=../odd -J odd --wrap true'
odd_said=$said
sub none "$group" '--export=NONE -J none --wrap true'
sub outer "$group" '-J outer outer.sh'
job[piped]=$(as alice "$group" 'printf "#!/bin/bash\ntrue\n" | sbatch --parsable -o /dev/null -J piped')
job[piped_named]=$(as alice "$group" 'printf "#!/bin/bash\n#SBATCH -J piped_named\ntrue\n" | sbatch --parsable -o /dev/null')
sub wrapped "$group" '--job-name wrapped --wrap true'
sub array "$group" '-J array -a 0-2 --wrap true'
sub array_bad "$group" '-J array_bad -a 0-2 --wrap "exit \$((SLURM_ARRAY_TASK_ID == 0))"'
sub sweep_late "$group" '-J sweep -a 0-2 --hold --wrap "exit \$((SLURM_ARRAY_TASK_ID == 1 ? 9 : 0))"'
tracker_becomes "$tracker" seed_0 finetune_status submitted "an array with a run a task: the first run is submitted"
tracker_becomes "$tracker" seed_2 finetune_status submitted "and so is the last"
cluster_as alice scontrol release "${job[sweep_late]}"
sub het "$group" 'het.slurm'
sub wide "$group" '-J wide -N3 --wrap "srun true"'
sub dropped "$group" '-J dropped --hold --wrap true'
tracker_becomes "$tracker" dropped finetune_status submitted "a held job is submitted"
run as alice "$group" 'sbatch --wait -J waits -o /dev/null --wrap "exit 7"'
is "$status" 7 "sbatch --wait ends with the job's own status"
job[waits]=$(grep -o '[0-9]*$' <<<"$out")

# --- srun and salloc

run as alice "$group" 'srun -J srun echo hello'
is "$status:$out" "0:hello" "srun as allocator prints what the command prints"
run as alice "$group" 'srun -J srun_bad bash -c "exit 3"'
is "$status" 3 "srun's exit status is the command's"
run as alice "$group" 'salloc -J salloc srun echo hello'
is "$status:$out" "0:hello" "salloc with a step"
run as alice "$group" 'salloc -J salloc_bare true'
is "$status" 0 "salloc without a step"
run as alice "$group" 'salloc -J salloc_bad bash -c "exit 4"'
is "$status" 4 "salloc's exit status is the command's"

# --- a client without the plugin, nodes with it

noplug=$(cluster_shared)/noplug
mkdir "$noplug" && cp "$CLUSTER_DIR"/etc/{slurm,cgroup}.conf "$noplug"
sed -i "s,^PlugStackConfig=.*,PlugStackConfig=$noplug/plugstack.conf," "$noplug/slurm.conf"
: >"$noplug/plugstack.conf"
job[noplug]=$(as alice "$group" 'SLURM_CONF=$OUT/noplug/slurm.conf sbatch --parsable -o /dev/null -J noplug --wrap true')
job[noplug_dir]=$(as alice "$group/noplug_dir" 'SLURM_CONF=$OUT/noplug/slurm.conf sbatch --parsable -o /dev/null -J x --wrap "exit 2"')

# --- others' groups

# lab: alice's group for everybody in `lab`; own: alice's alone.
lab=$(cluster_shared)/lab_exp own=$(cluster_shared)/own_exp
as alice "$(cluster_shared)" 'for name in lab own; do
	mkdir ${name}_exp
	[ $name = own ] || { umask 002; chgrp lab lab_exp; chmod 2775 lab_exp; }
	(cd ${name}_exp && mkdir one two && touch one/job.slurm two/job.slurm)
done'
as alice "$lab" "umask 002; $RUNLEDGER init" >/dev/null
as alice "$own" "$RUNLEDGER init" >/dev/null
own_before=$(cd "$own" && find . -printf '%p %u %m %s %T@\n' | sort)
as bob "$lab/one" 'sbatch -o /dev/null --wrap true' >/dev/null
run as bob "$own/one" 'sbatch -o /dev/null --parsable --wrap true'
is "$status" 0 "bob may submit in a folder of alice's"
foreign=$out
is "$err" "" "bob hears nothing of alice's group, which is not his"

# --- ends that need somebody

cluster_wait_state "${job[stopped]}" RUNNING && cluster_as alice scancel "${job[stopped]}"
cluster_wait_state "${job[requeued]}" RUNNING
tracker_becomes "$tracker" requeued finetune_status running "the first attempt runs"
cluster_as alice scontrol requeue "${job[requeued]}"
tracker_becomes "$tracker" requeued finetune_status submitted "a requeued job is submitted again"
cluster_wait_state "${job[requeued]}" PENDING
cluster_as alice touch "$group/go.requeued"
sleep 1.1                              # a start within the second of the requeue is "already killed" to slurmd
wait_until 20 start_again "${job[requeued]}"
cluster_as alice scancel "${job[dropped]}"

# --- all of it, as it ended

told here completed "--run and --run-group, from elsewhere" here
tracker_becomes "$tracker" asked eval_status completed "--run=RUN/PHASE"
is "$(value asked finetune_status)" pending "--run=RUN/PHASE: and the other phase is as it was"
told by_group completed "--run-group with a job's name" by_group
tracker_becomes "$tracker" by_env eval_status completed "RUNLEDGER_RUN and RUNLEDGER_GROUP"
told dir_d completed "-D into a run's folder" dir_d
told dir_c completed "--chdir in an #SBATCH line, submitted from outside of the group" dir_c
told dir_s completed "--chdir in an #SBATCH line, submitted from the group" dir_s
tracker_becomes "$tracker" one eval_status completed "a job called PHASE_RUN"
tracker_becomes "$tracker" two eval_status completed "a job called RUN_PHASE"
is "$(value one finetune_status) $(value two finetune_status)" "pending pending" "a name that fits two runs is guessed into neither"
one_two_is() { [[ $(status_json alice "$group" "phase('one-two','finetune')['status']") == "$1" ]]; }
wait_until 30 one_two_is completed
run rl alice status "$group"
like "$out" "Not in the plan" "status has a place for names that are no run's"
is "$(sed -n '/^Not in the plan/,$p' <<<"$out" | grep -cE '^(one-two|mystery) .*completed')" 2 "with the ambiguous one and the unknown one"
is "$(status_json alice "$group" "'../odd' in runs() or 'odd' not in runs()")" False "a run's name that cannot be one is not taken"
like "$odd_said" "../odd" "and the user is told"
told none completed "--export=NONE" none
told outer completed "a job that submits jobs" outer
tracker_becomes "$tracker" inner finetune_status completed "a job submitted from a job is another one"
is "$(jobs_of outer)" "['${job[outer]}']" "and none of its own is recorded as the outer one's"
is "$(status_json alice "$group" "'stranger' in runs()")" False "a job submitted from a job, but from no group, is not tracked"
told piped completed "a script on standard input" piped
told piped_named completed "a script on standard input that tells the job's name" piped_named
told wrapped completed "--wrap" wrapped
tracker_becomes "$tracker" waits finetune_status failed "sbatch --wait with a job that fails: failed, not refused"
is "$(status_json alice "$group" "[phase('waits','finetune')[k] for k in ('slurm_state','exit_code')]")" "['FAILED', 7]" "with its exit code"

tracker_becomes "$tracker" array finetune_status completed "an array"
is "$(status_json alice "$group" "sorted(set((a['array_job_id'],a['array_task_id'],a['slurm_state']) for a in phase('array','finetune')['attempts']))")" \
	"[('${job[array]}', 0, 'COMPLETED'), ('${job[array]}', 1, 'COMPLETED'), ('${job[array]}', 2, 'COMPLETED')]" "an array: every task is an attempt"
tracker_becomes "$tracker" array_bad finetune_status failed "an array of which one task fails has failed"
tracker_becomes "$tracker" seed_0 finetune_status completed "an array with a run a task: the first"
tracker_becomes "$tracker" seed_1 finetune_status failed "an array with a run a task: the one that fails"
tracker_becomes "$tracker" seed_2 finetune_status completed "an array with a run a task: the last"
is "$(status_json alice "$group" "[(len(p['attempts']), p['exit_code']) for n in (0,1,2) for p in [phase('seed_%d' % n,'finetune')]]")" \
	"[(1, 0), (1, 9), (1, 0)]" "an array with a run a task: one attempt each"
tracker_becomes "$tracker" het finetune_status completed "a heterogeneous job"
told wide completed "a job on three nodes" wide
is "$(records_count "$group" wide start) $(records_count "$group" wide finish)" "1 1" "a job on three nodes: one start, one finish"

tracker_becomes "$tracker" srun finetune_status completed "srun as allocator"
tracker_becomes "$tracker" srun_bad finetune_status failed "srun as allocator, with a command that fails"
tracker_becomes "$tracker" salloc finetune_status completed "salloc with a step"
tracker_becomes "$tracker" salloc_bare finetune_status completed "salloc without a step"
tracker_becomes "$tracker" salloc_bad finetune_status failed "salloc with a command that fails"
is "$(status_json alice "$group" "[(len(p['attempts']), p['exit_code']) for n in ('srun','srun_bad','salloc','salloc_bare','salloc_bad') for p in [phase(n,'finetune')]]")" \
	"[(1, 0), (1, 3), (1, 0), (1, 0), (1, 4)]" "srun and salloc: one attempt each, with its exit code"

told noplug completed "no plugin in the client: found on the node by the job's name" noplug
told noplug_dir failed "no plugin in the client: found on the node by its folder" noplug_dir

told requeued completed "a requeued job" requeued
is "$(status_json alice "$group" "[(a['job_id'],a['slurm_state'],a['final']) for a in phase('requeued','finetune')['attempts']]")" \
	"[('${job[requeued]}', 'REQUEUED', False), ('${job[requeued]}', 'COMPLETED', True)]" "a requeued job has two attempts"
told stopped failed "a job cancelled while it ran" stopped
is "$(status_json alice "$group" "phase('stopped','finetune')['slurm_state']")" CANCELLED "with Slurm's own word"
# No node sees that, and this cluster has no jobcomp: see jobcomp.t.
is "$(value dropped finetune_status)" submitted "a job cancelled in the queue, which nobody told"
run rl alice status --reconcile "$group"
is "$(value dropped finetune_status)" submitted "is not asked about before its time"
cluster_as alice tee -a "$group/.runledger/config.yaml" >/dev/null <<<'no_word_after: {waiting: 0s}'
run rl alice status --reconcile "$group"
told dropped failed "and is told when somebody asks about it" dropped
is "$(status_json alice "$group" "phase('dropped','finetune')['slurm_state']")" CANCELLED "with Slurm's own word"
left_over=

# --- others' groups, afterwards

tracker_becomes "$lab/runs_status.yaml" one finetune_status completed "bob's job in a group that alice shares"
is "$(cat "$lab"/.runledger/runs/one/*.jsonl | grep -o '"user":"[a-z]*"' | sort -u)" '"user":"bob"' "is recorded as bob's"
as alice "$lab/two" 'sbatch -o /dev/null --wrap true' >/dev/null
tracker_becomes "$lab/runs_status.yaml" two finetune_status completed "and alice's jobs are recorded after it"
as alice "$lab/one" 'sbatch -o /dev/null --wrap "exit 6"' >/dev/null
tracker_becomes "$lab/runs_status.yaml" one finetune_status failed "in the same run too"
records_are_valid "$lab" "every record of the shared group obeys the schema"
cluster_wait_done "$foreign"
is "$(cd "$own" && find . -printf '%p %u %m %s %T@\n' | sort)" "$own_before" "nothing in alice's own group changed"

# --- a site that tracks everything

echo 'track = all' >"$conf"
as alice /tmp 'sbatch -o /dev/null -J everything --wrap true' >/dev/null
as bob /tmp 'srun -J mine true'
tracker_becomes "$home/runledger/runs_status.yaml" everything finetune_status completed "track = all: a job outside of every group"
tracker_becomes "$(cluster_home bob)/runledger/runs_status.yaml" mine finetune_status completed "track = all: bob's too, at his home"
sub again "$group" '-J again --wrap true'
told again completed "track = all: a group's job is still the group's" again
: >"$conf"

tracker_becomes "$tracker" late finetune_status failed "a job that reached its time limit"
is "$(status_json alice "$group" "phase('late','finetune')['slurm_state']")" TIMEOUT "with Slurm's own word"
cluster_idle
wait_until 30 nothing_left
is "$(status_json alice "$group" 's["damaged"]')" 0 "no record is damaged"
is "$(status_json alice "$group" "' '.join(r['run'] for r in s['runs'] for p in r['phases'] if p['status'] in ('running', 'submitted'))")" "$left_over" \
	"no run is left running or submitted"
is "$(find "$group" ! -uid "$(alice_uid)")" "" "every file is alice's"
records_are_valid "$group" "every record obeys the schema"
cluster_is_unhurt "nothing of ours is left, and every node serves"
done_testing
