# shellcheck shell=bash disable=SC2016,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Jobs that are no sbatch's, or that somebody waits for: srun, salloc, het jobs, scrontab, slurmrestd.

# its_job: of a client that does not tell the job's id, by the job's name.
its_job() {
	job=$(squeue -h -a -t all -n "$name" -o %A | sort -n | tail -n 1)
	[[ $job ]] && own "$job"
}

scenario srun_good main 'srun as allocator'
srun_good() { client srun -Q -J "$name" echo hello; wait_for its_job; over; }

scenario srun_bad main 'srun as allocator, with a command that exits 3'
srun_bad() { client srun -Q -J "$name" bash -c 'exit 3'; wait_for its_job; over; }

scenario srun_signal main 'srun as allocator, with a command that ends by a signal'
srun_signal() { client srun -Q -J "$name" bash -c 'kill -USR2 $$'; wait_for its_job; over; }

# background COMMAND...: a client that goes on; wait_client ends with it.
background() {
	(cd "$group" && exec setsid setpriv --reuid alice --regid alice --init-groups env "${ENV[@]}" "$@") \
		>"$here/client.bg.out" 2>"$here/client.bg.err" </dev/null 9<&- &
	client_pid=$!
}
wait_client() { wait "$client_pid"; echo $? >"$here/client.bg.code"; }

scenario srun_cancelled main 'srun as allocator, cancelled while it runs'
srun_cancelled() {
	local -a ENV; user_env alice
	background srun -Q -J "$name" bash -c ": >'$here/began.0.0'; exec sleep 900"
	began
	wait_for its_job
	client scancel "$job"
	wait_client
	over
}

scenario srun_interrupted main 'srun as allocator, left while it waits' blind
srun_interrupted() {
	local -a ENV; user_env alice
	background srun -Q -J "$name" --begin=now+1hour true
	wait_for its_job
	job_wait PENDING
	kill -INT "$client_pid"
	wait_client
	over
}

scenario salloc_step main 'salloc, with a step'
salloc_step() { client salloc -Q -J "$name" srun echo hello; wait_for its_job; over; }

scenario salloc_bare main 'salloc, without a step'
salloc_bare() { client salloc -Q -J "$name" true; wait_for its_job; over; }

scenario salloc_bad main 'salloc, with a command that exits 4'
salloc_bad() { client salloc -Q -J "$name" bash -c 'exit 4'; wait_for its_job; over; }

scenario salloc_cancelled main 'salloc, cancelled while its command runs'
salloc_cancelled() {
	local -a ENV; user_env alice
	background salloc -K -Q -J "$name" bash -c ": >'$here/began.0.0'; exec sleep 900"
	began
	wait_for its_job
	client scancel "$job"
	wait_client
	over
}

scenario sbatch_wait main 'sbatch --wait'
sbatch_wait() {
	script waited.sh <<<'exit 3'
	client sbatch --parsable --wait -J "$name" -o "$here/$OUTPUT" "$here/waited.sh"
	job=$out
	own "$job"
	over
}

scenario het main 'a heterogeneous job'
het() {
	script het.sh <<<'srun --het-group=0,1 echo here; exit 2'
	sed -i '1a #SBATCH -n1\n#SBATCH hetjob\n#SBATCH -n1' "$here/het.sh"
	batch "$here/het.sh"
	own "$((job + 1))"
	over
}

scenario het_cancelled main 'a heterogeneous job, cancelled while it waits' blind het
het_cancelled() {
	script het.sh <<<'exit 2'
	sed -i '1a #SBATCH -n1\n#SBATCH hetjob\n#SBATCH -n1' "$here/het.sh"
	batch --hold "$here/het.sh"
	own "$((job + 1))"
	known
	client scancel "$job"
	over
}

# The next minute's job runs once; then the table is taken away, and with it the next one that waits.
scenario cron main 'a job of scrontab, which runs once and is taken away' blind rewritten
cron() {
	[[ -x $PROGRAMS/cron_client ]] || impossible 'cron_client could not be built here'
	script cron.sh <<<'exit 0'
	client "$PROGRAMS/cron_client" "$name" "$group" "$here/job.log" "$here/cron.sh"
	wait_for its_job
	began
	wait_for cron_waits
	client "$PROGRAMS/cron_client"
	over
}
# The picture may be of before it ran.
cron_waits() { [[ $(scontrol show job -o "$job") == *' JobState=PENDING '* ]]; }

# slurmrestd answers what it reads on its standard input.
scenario rest main 'a job submitted through slurmrestd'
rest() {
	command -v slurmrestd >/dev/null || impossible 'slurmrestd is not installed'
	local version
	version=$(rest_version) || gives_up 'no version of the API fits'
	script rest.sh <<<'exit 0'
	python3 - "$name" "$here" "$group" "$version" >"$here/request" <<-'END'
	import json, sys
	name, here, group, version = sys.argv[1:]
	numbers = tuple(int(n) for n in version.lstrip("v").split("."))
	environment = {"PATH": "/usr/bin:/bin"} if numbers < (0, 0, 39) else ["PATH=/usr/bin:/bin"]
	body = json.dumps({
	    "script": open(here + "/rest.sh").read(),
	    "job": {"name": name, "current_working_directory": group, "environment": environment,
	            "standard_output": here + "/job.%a.log", "standard_error": here + "/job.%a.log", "tasks": 1}})
	sys.stdout.write("POST /slurm/%s/job/submit HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
	                 "Accept: application/json\r\nContent-Length: %d\r\n\r\n%s" % (version, len(body), body))
	END
	# It wants a pipe of its user's own for a connection.
	(cd "$group" && as alice bash -c 'cat "$0/request" | slurmrestd -a rest_auth/local 2>"$0/answer.err" | cat >"$0/answer"' "$here")
	wait_for its_job
	over
}
rest_version() {
	# From 23.11 on the versions are those of the data parser.
	{ as alice slurmrestd -d list; as alice slurmrestd -s list; } 2>&1 </dev/null | grep -o 'v0\.0\.[0-9]*' | sort -Vu | tail -n 1 | grep .
}
