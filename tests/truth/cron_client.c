/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cron_client NAME FOLDER OUTPUT SCRIPT: asks slurmctld for a job of scrontab's that runs every minute; without
 * arguments: takes all of this user's away.
 *
 * Debian's packages have no scrontab.  It is a client of slurm_update_crontab() in slurm.h; what a line of the table
 * becomes has no public header.
 */
#include <slurm/slurm.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As libslurmfull has it, from 20.11 on. */
struct cron_entry {
	uint32_t flags;
	void *fields[5];
	char *spec, *command;
	uint32_t line_start, line_end;
};
#define EVERY_MINUTE 0x3e /* no field is given: minute, hour, day of month, month, day of week */

extern struct cron_entry *new_cron_entry(void);

static char *read_file(const char *path)
{
	static char text[65536];
	FILE *stream = fopen(path, "r");

	if (stream == NULL)
		return NULL;
	text[fread(text, 1, sizeof(text) - 1, stream)] = '\0';
	fclose(stream);
	return text;
}

static void fill(job_desc_msg_t *job, char **args)
{
	static char *environment[] = {"SLURM_GET_USER_ENV=0", "PATH=/usr/bin:/bin", NULL};
	struct cron_entry *entry = new_cron_entry();

	entry->flags = EVERY_MINUTE;
	entry->spec = strdup("* * * * *");
	entry->command = strdup(args[3]);
	slurm_init_job_desc_msg(job);
	job->crontab_entry = entry;
	job->name = args[0];
	job->work_dir = args[1];
	job->std_out = args[2];
	job->std_in = "/dev/null";
	job->script = read_file(args[3]);
	job->environment = environment;
	job->env_size = 2;
	job->user_id = getuid();
	job->group_id = getgid();
	job->min_nodes = 1;
	job->num_tasks = 1;
}

int main(int argc, char **argv)
{
	static job_desc_msg_t job;

	slurm_init(NULL);
	if (argc == 1)
		return slurm_remove_crontab(getuid(), getgid()) != 0;
	if (argc != 5)
		return 2;
	fill(&job, argv + 1);
	void *jobs = slurm_list_create(NULL);
	slurm_list_append(jobs, &job);
	crontab_update_response_msg_t *answer = slurm_update_crontab(getuid(), getgid(), "* * * * * job\n", jobs);
	if (answer == NULL || answer->return_code != 0) {
		fprintf(stderr, "cron_client: %s\n", answer == NULL ? "no answer" : slurm_strerror((int)answer->return_code));
		return 1;
	}
	return 0;
}
