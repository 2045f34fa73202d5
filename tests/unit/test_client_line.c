/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command lines of sbatch, salloc and srun, #SBATCH lines and array specifications. */
#include "tests/unit/scratch.h"

#include "tool/record/client_line.h"

#define MOST_WORDS 16

static struct rlg_arena *arena;
static const char *environment_name, *environment_value;

static int set_up(void **state)
{
	arena = rlg_arena_new();
	environment_name = NULL;
	return scratch_set_up(state);
}

static int tear_down(void **state)
{
	rlg_arena_free(arena);
	return scratch_tear_down(state);
}

static const char *look_up(const char *name)
{
	return environment_name != NULL && strcmp(name, environment_name) == 0 ? environment_value : NULL;
}

/* Words are kept apart by '|'. */
static struct rlg_client_line read_line(const char *words)
{
	struct rlg_client_line line;
	char *copy = rlg_arena_strdup(arena, words), *argv[MOST_WORDS + 1] = {NULL};
	size_t argc = 0;

	for (char *at = copy, *next; at != NULL && words[0] != '\0'; at = next) {
		next = strchr(at, '|');
		if (next != NULL)
			*next++ = '\0';
		argv[argc++] = at;
	}
	rlg_client_line_read(arena, argv, argc, look_up, scratch, &line);
	return line;
}

static bool same(const char *left, const char *right)
{
	return left == right || (left != NULL && right != NULL && strcmp(left, right) == 0);
}

static void command_lines_of_all_kinds(void **state)
{
	static const struct {
		const char *words, *script, *job_name, *chdir, *array;
		bool test_only;
	} table[] = {
		{"sbatch|job.slurm", "job.slurm", "job.slurm", NULL, NULL, 0},
		{"/usr/bin/sbatch|a/b/job.slurm|arg|--job-name=no", "a/b/job.slurm", "job.slurm", NULL, NULL, 0},
		{"sbatch|--job-name=x|job.slurm", "job.slurm", "x", NULL, NULL, 0},
		{"sbatch|--job-name|x|job.slurm", "job.slurm", "x", NULL, NULL, 0},
		{"sbatch|-J|x|job.slurm", "job.slurm", "x", NULL, NULL, 0},
		{"sbatch|-Jx|job.slurm", "job.slurm", "x", NULL, NULL, 0},
		{"sbatch|--job-n=x|job.slurm", "job.slurm", "x", NULL, NULL, 0}, /* as getopt_long abbreviates */
		{"sbatch|-J|a|-J|b|job.slurm", "job.slurm", "b", NULL, NULL, 0},
		{"sbatch|-vHJ|x|job.slurm", "job.slurm", "x", NULL, NULL, 0},
		{"sbatch|-N|2|-n4|-t|1:00:00|--mem=4G|job.slurm", "job.slurm", "job.slurm", NULL, NULL, 0},
		{"sbatch|--exclusive|--requeue|--parsable|job.slurm", "job.slurm", "job.slurm", NULL, NULL, 0},
		{"sbatch|--wait|job.slurm", "job.slurm", "job.slurm", NULL, NULL, 0},
		{"sbatch|-W|job.slurm", "job.slurm", "job.slurm", NULL, NULL, 0},
		{"sbatch|-D|/x|--array=0-3%2|job.slurm", "job.slurm", "job.slurm", "/x", "0-3%2", 0},
		{"sbatch|--chdir=/x|-a|1,2|job.slurm", "job.slurm", "job.slurm", "/x", "1,2", 0},
		{"sbatch|--test-only|job.slurm", "job.slurm", "job.slurm", NULL, NULL, 1},
		{"sbatch|--wrap=echo hello", NULL, "wrap", NULL, NULL, 0},
		{"sbatch|--wrap|echo hello", NULL, "wrap", NULL, NULL, 0},
		{"sbatch|-J|x|--wrap=y", NULL, "x", NULL, NULL, 0},
		{"sbatch", NULL, "sbatch", NULL, NULL, 0},
		{"sbatch|--|-odd.slurm", "-odd.slurm", "-odd.slurm", NULL, NULL, 0},
		{"sbatch|--job-name", NULL, NULL, NULL, NULL, 0}, /* no value: sbatch will say so */
		{"sbatch|-J", NULL, NULL, NULL, NULL, 0},
		{"salloc|-J|x|-N1", NULL, "x", NULL, NULL, 0},
		{"srun|--job-name=x|./train|--job-name=no", NULL, "x", NULL, NULL, 0},
		{"srun|./bin/train|-J|no", NULL, "train", NULL, NULL, 0},
		{"", NULL, NULL, NULL, NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct rlg_client_line line = read_line(table[i].words);
		if (!same(line.script, table[i].script) || !same(line.chdir, table[i].chdir) ||
		    !same(line.array, table[i].array) || line.test_only != table[i].test_only ||
		    (table[i].job_name != NULL && !same(line.job_name, table[i].job_name)))
			fail_msg("%s: script %s, job name %s, folder %s, array %s", table[i].words, line.script, line.job_name,
				 line.chdir, line.array);
	}
}

static void scripts_say_what_the_line_does_not(void **state)
{
	struct rlg_client_line line;

	(void)state;
	write_text(in_scratch("job.slurm"), "#!/bin/bash\n# a comment\n\n#SBATCH --job-name=\"of the script\" # why\n"
					    "#SBATCH -N 2 --array=0-7\n##SBATCH --chdir=/no\n  \n#SBATCH --chdir='/a b'\n"
					    "echo begun\n#SBATCH --job-name=late\n");
	line = read_line("sbatch|job.slurm");
	assert_string_equal(line.job_name, "of the script");
	assert_string_equal(line.array, "0-7");
	assert_string_equal(line.chdir, "/a b");
	line = read_line("sbatch|-J|x|job.slurm");
	assert_string_equal(line.job_name, "x");
	assert_string_equal(line.array, "0-7");
	environment_name = "SBATCH_JOB_NAME";
	environment_value = "of the environment";
	assert_string_equal(read_line("sbatch|job.slurm").job_name, "of the environment");
	assert_string_equal(read_line("sbatch|-J|x|job.slurm").job_name, "x");
	environment_name = NULL;
	assert_string_equal(read_line("sbatch|./job.slurm").array, "0-7");
	/* Only sbatch reads them. */
	assert_null(read_line("srun|job.slurm").array);
	/* What cannot be read says nothing. */
	assert_string_equal(read_line("sbatch|nowhere.slurm").job_name, "nowhere.slurm");
	make_folder(in_scratch("folder"), 0755);
	assert_string_equal(read_line("sbatch|folder").job_name, "folder");
	assert_return_code(mkfifo(in_scratch("fifo"), 0644), errno);
	assert_string_equal(read_line("sbatch|fifo").job_name, "fifo");
	write_text(in_scratch("crlf"), "#!/bin/sh\r\n#SBATCH -J x\r\n\r\n#SBATCH -a 1\r\n");
	assert_string_equal(read_line("sbatch|crlf").job_name, "x");
	assert_string_equal(read_line("sbatch|crlf").array, "1");
}

static void values_of_exported_variables_are_hidden(void **state)
{
	static const char *const lines[] = {
		"sbatch|--export=ALL,TOKEN=secret,OTHER=secret|job.slurm",
		"sbatch|--export|ALL,TOKEN=secret|job.slurm",
		"sbatch|--export=TOKEN=se=secret|job.slurm",
		"srun|--export=TOKEN=secret|./train",
		"sbatch|--expor=TOKEN=secret|job.slurm",
	};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct rlg_client_line line = read_line(lines[i]);
		assert_non_null(strstr(line.command, "TOKEN"));
		if (strstr(line.command, "secret") != NULL) {
			print_message("# not hidden: %s\n", line.command);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
	assert_string_equal(read_line("/usr/bin/sbatch|--mem=4G|a.slurm|x=y").command, "sbatch --mem=4G a.slurm x=y");
}

struct tasks {
	char text[256];
};

static void take_task(void *context, long task)
{
	struct tasks *tasks = context;
	size_t used = strlen(tasks->text);

	snprintf(tasks->text + used, sizeof(tasks->text) - used, "%ld ", task);
}

static void arrays_are_taken_apart(void **state)
{
	static const struct {
		const char *array, *tasks;
		size_t count;
	} table[] = {
		{"7", "7 ", 1}, {"0-3", "0 1 2 3 ", 4}, {"0-8:4", "0 4 8 ", 3}, {"1,3-4,9", "1 3 4 9 ", 4},
		{"0-3%2", "0 1 2 3 ", 4}, {"5%1", "5 ", 1}, {"0-15:4,20%2", "0 4 8 12 20 ", 5}, {"0-99", "0 1 2 3 4 5 ", 6},
		{"", "", 0}, {"x", "", 0}, {"-1", "", 0}, {"3-1", "", 0}, {"1-", "", 0}, {"0-4:0", "", 0}, {"0-4:-1", "", 0},
		{"0-4x", "", 0}, {"0-9223372036854775807:9223372036854775806", "0 9223372036854775806 ", 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct tasks tasks = {""};
		size_t count = rlg_array_tasks(table[i].array, 6, take_task, &tasks);
		if (count != table[i].count || strcmp(tasks.text, table[i].tasks) != 0)
			fail_msg("%s: %zu tasks, %s", table[i].array, count, tasks.text);
	}
}

static void what_is_no_list_has_no_tasks(void **state)
{
	static const char *const lists[] = {"1,x", "1,", "1,,2", "1,3-2", "0-3,4:0"};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct tasks tasks = {""};
		size_t count = rlg_array_tasks(lists[i], 6, take_task, &tasks);
		if (count == 0 && tasks.text[0] == '\0')
			continue;
		print_message("# '%s' has the tasks %s\n", lists[i], tasks.text);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void a_processs_arguments(void **state)
{
	char **argv = NULL;

	(void)state;
	assert_in_range(rlg_client_argv(arena, getpid(), &argv), 1, 20);
	assert_non_null(strstr(argv[0], "test_client_line"));
	assert_int_equal(rlg_client_argv(arena, 0x7ffffffe, &argv), -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void a_time_limit_is_read_as_slurm_reads_it(void **state)
{
	static const struct {
		const char *words;
		int64_t seconds;
	} cases[] = {
		{"5", 300},	   {"5:30", 330},	 {"1:00:00", 3600},    {"2-3", 183600},	      {"2-3:04", 183840},
		{"2-3:04:05", 183845}, {"0", -1},	 {"", -1},	       {NULL, -1},	      {"UNLIMITED", -1},
		{"1:2:3:4", -1},   {"5x", -1},		 {"-5", -1},	       {"1-", -1},	      {"99999999999999999999", -1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(rlg_time_limit_s(cases[i].words), cases[i].seconds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_time_limit_is_read_as_slurm_reads_it),
		TEST(command_lines_of_all_kinds),
		TEST(scripts_say_what_the_line_does_not),
		TEST(values_of_exported_variables_are_hidden),
		TEST(arrays_are_taken_apart),
		TEST(what_is_no_list_has_no_tasks),
		TEST(a_processs_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
