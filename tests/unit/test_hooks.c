/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plugins' hooks, played by a host of our own and a helper that is a few lines of shell.
 *
 * A helper writes what it was given to seen.argv, seen.stdin and seen.env in the test's folder, so that a claim about
 * what was asked for is a claim about these files; whoever was never called leaves none.
 */
#include "tests/unit/fake_host.h"
#include "tests/unit/scratch.h"

#include "lib/clock.h"
#include "lib/record.h"
#include "lib/record_read.h"
#include "lib/statusfile.h"
#include "spank/hooks/address.h"
#include "spank/hooks/deliver.h"
#include "spank/hooks/finish.h"
#include "spank/hooks/hostlist.h"
#include "spank/hooks/start.h"
#include "spank/hooks/step.h"
#include "spank/hooks/submit.h"

#include <limits.h>

static struct fake_host fake;
static struct rlg_submission submission;
static struct rlg_settings settings;
static struct holdings before;

/* ---- the world of a test ---- */

static uid_t job_uid(void)
{
	return geteuid() == 0 ? SCRATCH_UID : geteuid();
}

static gid_t job_gid(void)
{
	return geteuid() == 0 ? SCRATCH_GID : getegid();
}

#define SOME_SID "5f0e7a1c93b24d68a1b2c3d4e5f60718"

/* The helper: remembers what it was given, then does `more`. */
static void write_helper(const char *more)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", in_scratch("helper"));
	write_script(path,
		     "cwd=$(pwd)\n"
		     "cd '%s/seen' || exit 1\n"
		     "for argument; do printf '<%%s>\\n' \"$argument\"; done >argv.new\n"
		     "cat >stdin\n"
		     "env | sort >env\n"
		     "echo \"$cwd\" >cwd\n"
		     "id -u >uid\n"
		     "umask >umask\n"
		     "mv argv.new argv\n"
		     "%s\n",
		     scratch, more);
}

/* The same for a process that can make no children: the shell's own words alone, and `more` before the argv shows. */
static void write_lone_helper(const char *more)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", in_scratch("helper"));
	write_script(path,
		     "cwd=$PWD\n"
		     "cd '%s/seen' || exit 1\n"
		     "for argument; do printf '<%%s>\n' \"$argument\"; done >argv.new\n"
		     "while IFS= read -r line; do printf '%%s\n' \"$line\"; done >stdin\n"
		     "export -p >env\n"
		     "echo \"$cwd\" >cwd\n"
		     "while read -r key value rest; do [ \"$key\" != Uid: ] || echo \"$value\"; done </proc/self/status >uid\n"
		     "umask >umask\n"
		     "%s\n"
		     "exec mv argv.new argv\n",
		     scratch, more);
}

static int set_up(void **state)
{
	if (scratch_set_up(state) != 0)
		return -1;
	fake_host_init(&fake);
	memset(&submission, 0, sizeof(submission));
	memset(&settings, 0, sizeof(settings));
	rlg_siteconf_default(&settings.site);
	strcpy(settings.conf_path, "/nowhere/runledger.conf");
	snprintf(settings.helper, sizeof(settings.helper), "%s", in_scratch("helper"));
	make_folder(in_scratch("seen"), 0777);
	make_folder(in_scratch("elsewhere"), 0777);
	make_folder(in_scratch("group"), 0755);
	make_folder(in_scratch("group/.runledger"), 0755);
	make_folder(in_scratch("group/r1"), 0755);
	unsetenv("SLURM_JOB_ID");
	unsetenv("RUNLEDGER_RUN");
	unsetenv("RUNLEDGER_GROUP");
	return chdir(in_scratch("group/r1"));
}

static int tear_down(void **state)
{
	unsetenv("SLURM_JOB_ID");
	unsetenv("RUNLEDGER_RUN");
	unsetenv("RUNLEDGER_GROUP");
	return scratch_tear_down(state);
}

static const char *seen(const char *what)
{
	return text_of_file(in_scratch("seen/%s", what));
}

static void forget_seen(void)
{
	remove(in_scratch("seen/argv"));
	remove(in_scratch("seen/stdin"));
}

static const char *host_file(const char *run)
{
	char host[RLG_HOST_MAX];

	rlg_statusfile_host(host);
	return in_scratch("group/.runledger/runs/%s/%s.jsonl", run, host);
}

/* The record in a text of one line; ends the test if there is none, or more. */
static struct rlg_record only_record(const char *text)
{
	struct rlg_record record;
	struct rlg_err err = {""};

	assert_non_null(text);
	assert_non_null(strchr(text, '\n'));
	assert_string_equal(strchr(text, '\n'), "\n");
	if (rlg_record_parse(text, strlen(text), &record, &err) != 0)
		fail_msg("%s in %s", err.text, text);
	return record;
}

static int64_t int_of(const struct rlg_record *record, const char *key)
{
	int64_t value = -1;

	rlg_record_get_int(record, key, &value);
	return value;
}

/* ---- hostlist ---- */

static void the_first_host_of_a_list(void **state)
{
	static const struct {
		const char *list, *first;
	} table[] = {
		{"n1", "n1"},
		{"n1,n2", "n1"},
		{"n[1-3,7],m1", "n1"},
		{"n[7,1-3]", "n7"},
		{"n[001-128]", "n001"},
		{"n[5]", "n5"},
		{"n[1-2]-ib", "n1-ib"},
		{"n[1-2]-ib,m", "n1-ib"},
		{"rack[0-1]n[08-11]", "rack0n08"},
		{"rack[0,3]n[08,11],x", "rack0n08"},
		{"a-b-c", "a-b-c"},
		{"a-[3-4]", "a-3"},
		{"login.example.org,b", "login.example.org"},
		{"n[1-3", "n1"}, /* cut off */
		{"", NULL},
		{",n1", NULL},
		{"[]", NULL},
	};
	char host[256];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		bool found = rlg_hostlist_first(table[i].list, host, sizeof(host));
		if (found != (table[i].first != NULL) || (found && strcmp(host, table[i].first) != 0))
			fail_msg("the first host of '%s' is '%s'", table[i].list, found ? host : "(none)");
	}
	assert_true(rlg_hostlist_first("n123", host, 5));
	assert_false(rlg_hostlist_first("n1234", host, 5));
	assert_false(rlg_hostlist_first("n[1234-9]", host, 5));
	assert_true(rlg_hostlist_first("n1,a-very-long-name-behind-it", host, 3));
}

/* ---- address ---- */

static void an_address_goes_to_the_job_and_comes_back(void **state)
{
	static struct rlg_address given, back;

	(void)state;
	strcpy(given.sid, "0123456789abcdef0123456789abcdef");
	strcpy(given.group, "/scratch/a group/ünï=code\n");
	strcpy(given.run, "1B rank4 {array_task}");
	strcpy(given.phase, "fine=tune");
	assert_true(rlg_address_set(&given, &fake.host));
	for (int i = 0; i < 2; i++) {
		assert_true(rlg_address_get(&back, &fake.host, i == 0 ? "SLURM_SPANK_" : "SPANK_"));
		assert_string_equal(back.sid, given.sid);
		assert_string_equal(back.group, given.group);
		assert_string_equal(back.run, given.run);
		assert_string_equal(back.phase, given.phase);
	}
	rlg_address_unset(&fake.host);
	assert_false(rlg_address_get(&back, &fake.host, "SPANK_"));
	for (size_t i = 0; i < FAKE_VARIABLES; i++)
		assert_false(fake.control[i].set);
}

static void a_phase_that_is_not_known_is_not_set(void **state)
{
	static struct rlg_address given, back;

	(void)state;
	strcpy(given.group, "/g");
	strcpy(given.run, "r");
	assert_true(rlg_address_set(&given, &fake.host));
	assert_null(fake_get(fake.control, "RUNLEDGER_PHASE"));
	assert_null(fake_get(fake.control, "RUNLEDGER_SID"));
	assert_true(rlg_address_get(&back, &fake.host, "SPANK_"));
	assert_string_equal(back.phase, "");
	assert_string_equal(back.sid, "");
}

static void a_host_that_refuses_is_told(void **state)
{
	static struct rlg_address given;

	(void)state;
	strcpy(given.group, "/g");
	strcpy(given.run, "r");
	fake.refuses_control = true;
	assert_false(rlg_address_set(&given, &fake.host));
}

/* What the job finds in RUNLEDGER_ADDRESS, which its environment had from another job. */
static void a_job_is_told_its_address_and_no_others(void **state)
{
	static const struct {
		uint32_t step;
		const char *group, *run, *phase, *sid, *expected;
	} table[] = {
		{RLG_STEP_BATCH, "/scratch/a b/g", "r 1", "eval", SOME_SID, "4711/" SOME_SID "/r 1/eval/scratch/a b/g"},
		{0, "/g", "r", NULL, "forged", "4711//r//g"},
		{3, "/g", "r{array_task}", NULL, SOME_SID, "4711/" SOME_SID "/r{array_task}//g"},
		{0, "/g", "../r", NULL, SOME_SID, NULL},
		{0, "/g", "r", "a/b", SOME_SID, NULL},
		{0, "g", "r", NULL, SOME_SID, NULL},
		{0, NULL, NULL, NULL, SOME_SID, NULL},
		{RLG_STEP_EXTERN, "/g", "r", NULL, SOME_SID, "12/outer/job//x"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct {
			const char *name, *value;
		} variables[] = {
			{"SLURM_SPANK_RUNLEDGER_GROUP", table[i].group}, {"SLURM_SPANK_RUNLEDGER_RUN", table[i].run},
			{"SLURM_SPANK_RUNLEDGER_PHASE", table[i].phase}, {"SLURM_SPANK_RUNLEDGER_SID", table[i].sid},
			{"RUNLEDGER_ADDRESS", "12/outer/job//x"},
		};
		fake_host_init(&fake);
		fake_knows(&fake, RLG_FACT_JOB_ID, 4711);
		fake_knows(&fake, RLG_FACT_STEP_ID, table[i].step);
		for (size_t v = 0; v < sizeof(variables) / sizeof(variables[0]); v++)
			if (variables[v].value != NULL)
				fake_set(fake.environment, variables[v].name, variables[v].value);
		rlg_address_publish(&fake.host);
		const char *found = fake_get(fake.environment, "RUNLEDGER_ADDRESS");
		if (found == NULL ? table[i].expected != NULL : table[i].expected == NULL || strcmp(found, table[i].expected) != 0)
			fail_msg("case %zu: %s", i, found == NULL ? "(none)" : found);
	}
}

static void only_a_whole_address_is_one(void **state)
{
	static const struct {
		const char *group, *run;
		bool whole, exact;
	} table[] = {
		{"/g", "r", true, true},
		{"/g", "r{array_task}", true, false},
		{"/g", NULL, false, false},
		{NULL, "r", false, false},
		{"g", "r", false, false}, /* relative: to what? */
		{"", "r", false, false},
		{"/g", "", false, false},
		{"~/g", "r", false, false},
		{"./g", "r", false, false},
	};
	static struct rlg_address back;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		fake_host_init(&fake);
		if (table[i].group != NULL)
			fake_set(fake.environment, "SPANK_RUNLEDGER_GROUP", table[i].group);
		if (table[i].run != NULL)
			fake_set(fake.environment, "SPANK_RUNLEDGER_RUN", table[i].run);
		fake_set(fake.environment, "SPANK_RUNLEDGER_SID", SOME_SID);
		memset(&back, 'x', sizeof(back));
		assert_int_equal(rlg_address_get(&back, &fake.host, "SPANK_"), table[i].whole);
		assert_int_equal(rlg_address_is_exact(&back), table[i].exact);
		assert_string_equal(back.sid, SOME_SID); /* which submission it was is known even so */
		if (!table[i].whole)
			assert_string_equal(back.group, "");
	}
}

static void an_address_that_is_too_long_is_none(void **state)
{
	static char long_text[8000];
	static struct rlg_address back;

	(void)state;
	memset(long_text, 'a', sizeof(long_text) - 1);
	long_text[0] = '/';
	fake_set(fake.environment, "SPANK_RUNLEDGER_GROUP", long_text);
	fake_set(fake.environment, "SPANK_RUNLEDGER_RUN", "r");
	assert_false(rlg_address_get(&back, &fake.host, "SPANK_"));
	fake_set(fake.environment, "SPANK_RUNLEDGER_GROUP", "/g");
	fake_set(fake.environment, "SPANK_RUNLEDGER_RUN", long_text);
	assert_false(rlg_address_get(&back, &fake.host, "SPANK_"));
	fake_set(fake.environment, "SPANK_RUNLEDGER_RUN", "r");
	fake_set(fake.environment, "SPANK_RUNLEDGER_PHASE", long_text);
	fake_set(fake.environment, "SPANK_RUNLEDGER_SID", long_text);
	assert_true(rlg_address_get(&back, &fake.host, "SPANK_"));
	assert_string_equal(back.phase, "");
	assert_string_equal(back.sid, "");
}

static void the_answer_of_the_tool_is_read(void **state)
{
	static const struct {
		const char *answer;
		bool tracked;
		const char *group, *run, *phase;
	} table[] = {
		{"group=/g\nrun=r\nphase=p\n", true, "/g", "r", "p"},
		{"phase=p\nrun=r\ngroup=/g", true, "/g", "r", "p"},
		{"group=/g\nrun=r\n", true, "/g", "r", ""},
		{"something=new\ngroup=/g\nrun=r\nother\n", true, "/g", "r", ""},
		{"group=/g=h\nrun==\n", true, "/g=h", "=", ""},
		{"", false, "", "", ""},
		{"\n\n\n", false, "", "", ""},
		{"group=/g\n", false, "/g", "", ""},
		{"run=r\n", false, "", "r", ""},
		{"group=g\nrun=r\n", false, "g", "r", ""},
		{" group=/g\n run=r\n", false, "", "", ""},
		{"garbage", false, "", "", ""},
	};
	static struct rlg_address address;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char answer[128];
		memset(&address, 0, sizeof(address));
		strcpy(address.sid, "kept");
		strcpy(address.group, "/old");
		strcpy(address.run, "old");
		strcpy(address.phase, "old");
		strcpy(answer, table[i].answer);
		if (rlg_address_parse(&address, answer) != table[i].tracked)
			fail_msg("wrong about the answer '%s'", table[i].answer);
		assert_string_equal(address.group, table[i].group);
		assert_string_equal(address.run, table[i].run);
		assert_string_equal(address.phase, table[i].phase);
		assert_string_equal(address.sid, "kept");
	}
}

static void an_answer_that_is_too_long_is_no_address(void **state)
{
	static struct rlg_address address;
	static char answer[RLG_PATH_MAX + 600];

	(void)state;
	memset(answer, 'a', sizeof(answer) - 1);
	memcpy(answer, "run=r\ngroup=/", 13);
	assert_false(rlg_address_parse(&address, answer));
	memset(answer, 'a', sizeof(answer) - 1);
	memcpy(answer, "group=/g\nrun=", 13);
	assert_false(rlg_address_parse(&address, answer));
}

/* ---- submit ---- */

static const char *good_answer(const char *run)
{
	static char text[1024];

	snprintf(text, sizeof(text), "printf 'group=%%s\\nrun=%s\\nphase=finetune\\n' '%s/group'", run, scratch);
	return text;
}

static void use_settings(void)
{
	submission.settings = settings;
}

/* A hook of the client, with a look at what it leaves behind. */
static void begin(bool is_srun)
{
	use_settings();
	adopt_orphans(false);
	look_at_holdings(&before);
	rlg_submit_begin(&submission, &fake.host, is_srun);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_nothing_changed(&before);
}

/* As begin(); a process of ours may still be at it, so this waits for its end. */
static void end(int exit_status)
{
	adopt_orphans(true);
	look_at_holdings(&before);
	rlg_submit_end(&submission, &fake.host, exit_status);
	settle();
	assert_nothing_changed(&before);
}

static void accepted(uint32_t job_id)
{
	adopt_orphans(true);
	look_at_holdings(&before);
	rlg_submit_accepted(&submission, &fake.host, job_id);
	settle();
	assert_nothing_changed(&before);
}

static void a_submission_is_asked_about_and_tracked(void **state)
{
	char expected[4096];

	(void)state;
	write_helper(good_answer("r1"));
	begin(false);
	assert_true(submission.tracked);
	assert_string_equal(fake_get(fake.control, "RUNLEDGER_GROUP"), in_scratch("group"));
	assert_string_equal(fake_get(fake.control, "RUNLEDGER_RUN"), "r1");
	assert_string_equal(fake_get(fake.control, "RUNLEDGER_PHASE"), "finetune");
	assert_int_equal(fake.n_complaints, 0);

	snprintf(expected, sizeof(expected),
		 "<record>\n<--conf>\n</nowhere/runledger.conf>\n<--group>\n<>\n<--run>\n<>\n<--client>\n<%ld>\n"
		 "<--answer>\n<submit>\n",
		 (long)getpid());
	assert_string_equal(seen("argv"), expected);
	assert_string_equal(seen("cwd"), "/\n");

	struct rlg_record record = only_record(seen("stdin"));
	assert_string_equal(record.name, "submit");
	assert_int_equal(strlen(record.id), 32);
	assert_int_equal(strlen(record.sid), 32);
	assert_string_equal(record.sid, fake_get(fake.control, "RUNLEDGER_SID"));
	assert_string_equal(rlg_record_get_str(&record, "cwd"), in_scratch("group/r1"));
	assert_non_null(rlg_record_get_str(&record, "host"));
	assert_true(llabs(record.time_us - rlg_clock_now_us()) < 60 * RLG_SECOND_US);
	rlg_record_done(&record);
}

static void what_was_asked_for_is_handed_on(void **state)
{
	(void)state;
	write_helper(good_answer("r1"));
	strcpy(submission.asked_run, "1B \"rank\"; $(x)/eval");
	strcpy(submission.asked_group, "/some where");
	assert_return_code(chdir(in_scratch("elsewhere")), errno);
	begin(false);
	assert_true(submission.tracked);
	assert_non_null(strstr(seen("argv"), "\n<--group>\n</some where>\n<--run>\n<1B \"rank\"; $(x)/eval>\n"));
}

static void a_folder_outside_of_groups_is_not_asked_about(void **state)
{
	(void)state;
	write_helper(good_answer("r1"));
	assert_return_code(chdir(in_scratch("elsewhere")), errno);
	fake_set(fake.control, "RUNLEDGER_RUN", "of an outer job");
	begin(false);
	assert_false(submission.tracked);
	assert_null(seen("argv"));
	assert_null(fake_get(fake.control, "RUNLEDGER_RUN"));
	assert_int_equal(fake.n_complaints, 0);
	end(1);
	accepted(5);
	assert_null(seen("argv"));
}

static void the_environment_and_the_site_can_ask(void **state)
{
	(void)state;
	write_helper(good_answer("r1"));
	assert_return_code(chdir(in_scratch("elsewhere")), errno);
	for (int i = 0; i < 3; i++) {
		forget_seen();
		memset(&submission, 0, sizeof(submission));
		unsetenv("RUNLEDGER_RUN");
		unsetenv("RUNLEDGER_GROUP");
		if (i == 0)
			setenv("RUNLEDGER_RUN", "r1", 1);
		else if (i == 1)
			setenv("RUNLEDGER_GROUP", in_scratch("group"), 1);
		settings.site.track_all = i == 2;
		begin(false);
		assert_non_null(seen("argv"));
		assert_true(submission.tracked);
		if (i == 0)
			assert_non_null(strstr(seen("env"), "\nRUNLEDGER_RUN=r1\n"));
	}
}

static void garbage_from_the_helper_is_no_answer(void **state)
{
	static const char *const answers[] = {
		"true",
		"printf 'group=relative\\nrun=r1\\n'",
		"printf 'group=/x\\n'",
		"head -c 100000 /dev/zero | tr '\\0' x",
		"head -c 100000 /dev/zero",
		"head -c 3000 /dev/urandom",
		"printf 'group=/x\\nrun=r1\\n'; exit 1", /* a good answer of a bad program */
		"printf 'group=/x\\nrun=r1\\n'; kill -9 $$",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		memset(&submission, 0, sizeof(submission));
		fake_set(fake.control, "RUNLEDGER_RUN", "of an outer job");
		forget_seen();
		write_helper(answers[i]);
		begin(false);
		assert_non_null(seen("argv"));
		if (submission.tracked)
			fail_msg("tracked by: %s", answers[i]);
		assert_null(fake_get(fake.control, "RUNLEDGER_GROUP"));
		assert_null(fake_get(fake.control, "RUNLEDGER_RUN"));
		end(1);
	}
	assert_false(exists(in_scratch("group/.runledger/runs")));
}

static void what_the_helper_says_on_stderr_reaches_the_user(void **state)
{
	(void)state;
	write_helper("echo 'runledger: there is no run `r9`' >&2; exit 1");
	begin(false);
	assert_int_equal(fake.n_complaints, 1);
	assert_non_null(strstr(fake.complaint, "runledger: there is no run `r9`"));
}

static void a_helper_that_hangs_is_given_up_in_time(void **state)
{
	(void)state;
	settings.site.timeout_ms = 300;
	write_helper("trap '' TERM HUP INT; sleep 20 & sleep 20");
	int64_t begun_ms = scratch_now_ms();
	begin(false);
	int64_t took_ms = scratch_now_ms() - begun_ms;
	assert_in_range(took_ms, 250, 3000);
	assert_false(submission.tracked);
	assert_int_equal(fake.n_complaints, 1);
	if (strstr(fake.complaint, " ms and was ended") == NULL)
		fail_msg("the complaint is: %s", fake.complaint);
	assert_int_equal(fake.n_unset, 4);
}

static void a_missing_helper_is_told_and_hurts_nobody(void **state)
{
	(void)state;
	strcpy(settings.helper, "/nowhere/runledger");
	begin(false);
	assert_false(submission.tracked);
	if (fake.n_complaints == 0)
		fail_msg("a helper that cannot be started (%s) is not complained about", settings.helper);
	assert_non_null(strstr(fake.complaint, "/nowhere/runledger"));
	end(1);
}

/* A daemon that ignores SIGCHLD hands that on to the sbatch it starts. */
static void a_client_that_ignores_sigchld_is_tracked_too(void **state)
{
	(void)state;
	write_helper(good_answer("r1"));
	signal(SIGCHLD, SIG_IGN);
	use_settings();
	rlg_submit_begin(&submission, &fake.host, false);
	assert_ptr_equal(signal(SIGCHLD, SIG_DFL), SIG_IGN);
	if (fake.n_complaints > 0)
		fail_msg("complained: %s", fake.complaint);
	assert_true(submission.tracked);
}

static void slurm_may_refuse_the_address(void **state)
{
	(void)state;
	write_helper(good_answer("r1"));
	fake.refuses_control = true;
	begin(false);
	assert_true(submission.tracked); /* the submit record stands, so a reject must be able to take it back */
	assert_int_equal(fake.n_complaints, 1);
	assert_int_equal(fake.n_unset, 4);
}

static void a_het_job_is_asked_about_once(void **state)
{
	(void)state;
	write_helper(good_answer("r1"));
	begin(false);
	forget_seen();
	begin(false);
	assert_null(seen("argv"));
	assert_true(submission.tracked);
}

static void a_step_inside_an_allocation_is_no_submission(void **state)
{
	(void)state;
	write_helper(good_answer("r1"));
	setenv("SLURM_JOB_ID", "77", 1);
	fake_set(fake.control, "RUNLEDGER_RUN", "of this job");
	begin(true);
	assert_null(seen("argv"));
	assert_false(submission.tracked);
	assert_string_equal(fake_get(fake.control, "RUNLEDGER_RUN"), "of this job");
	end(1);
	assert_null(seen("argv"));

	/* sbatch inside of a job is one. */
	memset(&submission, 0, sizeof(submission));
	begin(false);
	assert_non_null(seen("argv"));
	assert_true(submission.tracked);
	assert_string_equal(fake_get(fake.control, "RUNLEDGER_RUN"), "r1");
}

static void a_refused_submission_is_taken_back(void **state)
{
	char expected[4096];

	(void)state;
	write_helper(good_answer("r1"));
	begin(false);
	forget_seen();
	end(1);
	struct rlg_record record = only_record(text_of_file(host_file("r1")));
	assert_string_equal(record.name, "reject");
	assert_int_equal(int_of(&record, "exit_code"), 1);
	assert_string_equal(record.sid, fake_get(fake.control, "RUNLEDGER_SID"));
	assert_string_equal(record.run, "r1");
	assert_string_equal(record.phase, "finetune");
	rlg_record_done(&record);
	snprintf(expected, sizeof(expected), "<refresh>\n<--by-itself>\n<-->\n<%s/group>\n", scratch);
	assert_string_equal(seen("argv"), expected);

	end(1);
	assert_non_null(text_of_file(host_file("r1")));
	record = only_record(text_of_file(host_file("r1"))); /* still one */
	rlg_record_done(&record);
}

static void what_was_not_refused_is_not_taken_back(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		memset(&submission, 0, sizeof(submission));
		write_helper(good_answer("r1"));
		unsetenv("SLURM_JOB_ID");
		begin(false);
		forget_seen();
		if (i == 1)
			accepted(4711);
		if (i == 2)
			setenv("SLURM_JOB_ID", "4711", 1); /* salloc got it, and its command failed */
		if (i == 3)
			submission.accepted = true;
		end(i == 0 ? 0 : 1);
		const char *text = text_of_file(host_file("r1"));
		if (text != NULL && strstr(text, "\"reject\"") != NULL)
			fail_msg("case %d: %s", i, text);
		if (i == 1 || i == 2) {
			struct rlg_record record = only_record(text);
			assert_string_equal(record.name, "submit");
			assert_int_equal(record.job_id, 4711);
			assert_string_equal(record.sid, submission.address.sid);
			assert_string_equal(record.run, "r1");
			rlg_record_done(&record);
			remove(host_file("r1"));
		} else {
			assert_null(text);
			assert_null(seen("argv"));
		}
	}
}

static void the_outer_jobs_number_is_not_ours(void **state)
{
	(void)state;
	write_helper(good_answer("r1"));
	setenv("SLURM_JOB_ID", "77", 1);
	begin(false);
	end(1);
	struct rlg_record record = only_record(text_of_file(host_file("r1")));
	assert_string_equal(record.name, "reject");
	assert_int_equal(record.job_id, -1);
	rlg_record_done(&record);
}

static void an_accepted_job_is_told_once(void **state)
{
	(void)state;
	write_helper(good_answer("r1"));
	begin(false);
	accepted(99);
	accepted(100);
	struct rlg_record record = only_record(text_of_file(host_file("r1")));
	assert_int_equal(record.job_id, 99);
	rlg_record_done(&record);
}

static void a_run_that_only_the_tool_can_name_goes_to_the_tool(void **state)
{
	(void)state;
	write_helper(good_answer("r{array_task}"));
	begin(false);
	assert_true(submission.tracked);
	forget_seen();
	accepted(99);
	assert_non_null(strstr(seen("argv"), "<record>\n"));
	assert_non_null(strstr(seen("argv"), "\n<--run>\n<r{array_task}>\n"));
	assert_non_null(strstr(seen("argv"), "\n<--quiet>\n<submit>\n"));
	struct rlg_record record = only_record(seen("stdin"));
	assert_int_equal(record.job_id, 99);
	rlg_record_done(&record);
	assert_false(exists(in_scratch("group/.runledger/runs")));
}

/* ---- start ---- */

static void new_job(uint32_t step)
{
	fake_host_init(&fake);
	fake_knows(&fake, RLG_FACT_JOB_ID, 4711);
	fake_knows(&fake, RLG_FACT_STEP_ID, step);
	fake_knows(&fake, RLG_FACT_UID, job_uid());
	fake_knows(&fake, RLG_FACT_GID, job_gid());
	fake_knows(&fake, RLG_FACT_NODE_INDEX, 0);
	fake_set(fake.environment, "SLURM_JOB_NODELIST", "n[1-2]");
	fake_set(fake.environment, "SLURM_CLUSTER_NAME", "c1");
	fake_set(fake.control, "RUNLEDGER_SID", SOME_SID);
	fake_set(fake.control, "RUNLEDGER_GROUP", in_scratch("group"));
	fake_set(fake.control, "RUNLEDGER_RUN", "r1");
	fake_set(fake.control, "RUNLEDGER_PHASE", "eval");
	if (geteuid() == 0)
		chown_tree_to_scratch_user(in_scratch("group"));
}

static void start(void)
{
	forget_seen();
	adopt_orphans(true);
	look_at_holdings(&before);
	rlg_start(&fake.host, &settings);
	settle();
	assert_nothing_changed(&before);
}

static void a_start_is_recorded_as_the_user(void **state)
{
	struct stat facts;
	char expected[4096];

	(void)state;
	write_lone_helper("true");
	new_job(RLG_STEP_BATCH);
	fake_set(fake.environment, "SLURM_JOB_NAME", "a \"job\"");
	fake_set(fake.environment, "SLURM_JOB_NUM_NODES", "2");
	fake_set(fake.environment, "SLURM_RESTART_COUNT", "1");
	fake_set(fake.environment, "SLURM_JOB_PARTITION", "gpu");
	rlg_step_remember_folder();
	start();
	struct rlg_record record = only_record(text_of_file(host_file("r1")));
	assert_string_equal(record.name, "start");
	assert_int_equal(record.job_id, 4711);
	assert_string_equal(record.sid, SOME_SID);
	assert_string_equal(record.run, "r1");
	assert_string_equal(record.phase, "eval");
	assert_string_equal(record.cluster, "c1");
	assert_string_equal(rlg_record_get_str(&record, "step"), "batch");
	assert_string_equal(rlg_record_get_str(&record, "node"), "n1");
	assert_string_equal(rlg_record_get_str(&record, "nodes"), "n[1-2]");
	assert_string_equal(rlg_record_get_str(&record, "job_name"), "a \"job\"");
	assert_string_equal(rlg_record_get_str(&record, "partition"), "gpu");
	assert_string_equal(rlg_record_get_str(&record, "cwd"), in_scratch("group/r1"));
	assert_int_equal(int_of(&record, "nnodes"), 2);
	assert_int_equal(int_of(&record, "attempt"), -1); /* another job's, from which it was submitted */
	assert_int_equal(int_of(&record, "array_task_id"), -1);
	rlg_record_done(&record);
	assert_return_code(lstat(host_file("r1"), &facts), errno);
	assert_int_equal(facts.st_uid, job_uid());
	assert_int_equal(facts.st_gid, job_gid());

	snprintf(expected, sizeof(expected), "<refresh>\n<--by-itself>\n<-->\n<%s/group>\n", scratch);
	assert_string_equal(seen("argv"), expected);
	assert_int_equal(atoll(seen("uid")), job_uid());
	assert_string_equal(seen("cwd"), "/\n");
	assert_null(strstr(seen("env"), "SLURM"));
	assert_int_equal(fake.n_complaints, 0);
}

static void the_tool_gets_a_clean_environment(void **state)
{
	(void)state;
	write_lone_helper("true");
	new_job(RLG_STEP_BATCH);
	setenv("LD_PRELOAD_OF_THE_JOB", "x", 1);
	start();
	unsetenv("LD_PRELOAD_OF_THE_JOB");
	assert_null(strstr(seen("env"), "LD_PRELOAD_OF_THE_JOB"));
	assert_non_null(strstr(seen("env"), "PATH='/usr/bin:/bin'\n"));
}

static void only_the_step_that_begins_the_job_counts(void **state)
{
	static const struct {
		uint32_t step, node;
		const char *environment; /* ENVIRONMENT */
		const char *word; /* NULL: not recorded */
	} table[] = {
		{RLG_STEP_BATCH, 0, NULL, "batch"},
		{RLG_STEP_BATCH, 0, "BATCH", "batch"},
		{RLG_STEP_BATCH, 1, NULL, "batch"}, /* a batch step runs on one node, and knows no index */
		{RLG_STEP_INTERACTIVE, 0, NULL, "interactive"},
		{RLG_STEP_INTERACTIVE, 1, NULL, NULL},
		{RLG_STEP_EXTERN, 0, NULL, NULL},
		{0, 0, NULL, "0"},
		{0, 0, "something", "0"},
		{0, 0, "BATCH", NULL},
		{0, 1, NULL, NULL},
		{0, 7, NULL, NULL},
		{1, 0, NULL, NULL},
		{5, 0, NULL, NULL},
		{5, 0, "BATCH", NULL},
	};

	(void)state;
	write_lone_helper("true");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		new_job(table[i].step);
		fake_knows(&fake, RLG_FACT_NODE_INDEX, table[i].node);
		if (table[i].environment != NULL)
			fake_set(fake.environment, "ENVIRONMENT", table[i].environment);
		remove(host_file("r1"));
		start();
		const char *text = text_of_file(host_file("r1"));
		if ((text != NULL) != (table[i].word != NULL))
			fail_msg("step %x on node %u: %s", table[i].step, table[i].node, text == NULL ? "nothing" : text);
		if (text == NULL) {
			assert_null(seen("argv"));
			continue;
		}
		struct rlg_record record = only_record(text);
		assert_string_equal(rlg_record_get_str(&record, "step"), table[i].word);
		rlg_record_done(&record);
	}
}

static void a_host_that_knows_too_little_is_let_be(void **state)
{
	static const enum rlg_fact needed[] = {RLG_FACT_STEP_ID, RLG_FACT_UID, RLG_FACT_GID};

	(void)state;
	write_lone_helper("true");
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		new_job(RLG_STEP_BATCH);
		fake.knows[needed[i]] = false;
		start();
		assert_null(seen("argv"));
		assert_false(exists(host_file("r1")));
	}
	/* It can do without the groups, and without a batch step's node index. */
	new_job(RLG_STEP_BATCH);
	fake.n_groups = -1;
	fake.knows[RLG_FACT_NODE_INDEX] = false;
	start();
	assert_true(exists(host_file("r1")));
}

static void a_task_of_an_array_says_which(void **state)
{
	(void)state;
	write_lone_helper("true");
	new_job(RLG_STEP_BATCH);
	fake_knows(&fake, RLG_FACT_ARRAY_JOB_ID, 4700);
	fake_knows(&fake, RLG_FACT_ARRAY_TASK_ID, 11);
	start();
	struct rlg_record record = only_record(text_of_file(host_file("r1")));
	assert_int_equal(int_of(&record, "array_job_id"), 4700);
	assert_int_equal(int_of(&record, "array_task_id"), 11);
	rlg_record_done(&record);
	remove(host_file("r1"));

	/* Where the run depends on the task the record has none yet: the tool knows. */
	fake_set(fake.control, "RUNLEDGER_RUN", "sweep_{array_task}");
	start();
	assert_false(exists(in_scratch("group/.runledger/runs/sweep_{array_task}")));
	assert_non_null(strstr(seen("argv"), "\n<--run>\n<sweep_{array_task}>\n<--phase>\n<eval>\n<--quiet>\n<start>\n"));
	record = only_record(seen("stdin"));
	assert_null(record.run);
	assert_int_equal(int_of(&record, "array_task_id"), 11);
	rlg_record_done(&record);
	assert_int_equal(atoll(seen("uid")), job_uid());
}

static void hostile_addresses_write_nowhere_else(void **state)
{
	static const char *const runs[] = {"..", "../../x", "a/b", ".hidden", "a\nb", "-x", " x", "x\xff", "con\x01"};

	(void)state;
	write_lone_helper("true");
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		new_job(RLG_STEP_BATCH);
		fake_set(fake.control, "RUNLEDGER_RUN", runs[i]);
		start();
		assert_int_equal(count_names(in_scratch("group")), 2);
		assert_int_equal(count_names(in_scratch("group/.runledger/runs")), 0);
		assert_non_null(strstr(seen("argv"), "<record>")); /* the tool looks closer */
		struct rlg_record record = only_record(seen("stdin")); /* and what it gets is still a record */
		rlg_record_done(&record);
	}
	/* A group that is no group, or somebody else's file. */
	new_job(RLG_STEP_BATCH);
	fake_set(fake.control, "RUNLEDGER_GROUP", in_scratch("elsewhere"));
	start();
	assert_int_equal(count_names(in_scratch("elsewhere")), 0);
	assert_non_null(strstr(seen("argv"), "<record>"));
	new_job(RLG_STEP_BATCH);
	fake_set(fake.control, "RUNLEDGER_GROUP", "/dev/null");
	start();
	assert_non_null(strstr(seen("argv"), "<record>"));
}

static void a_job_without_an_address_is_found_by_its_folder(void **state)
{
	(void)state;
	write_lone_helper("true");
	for (int i = 0; i < 3; i++) {
		new_job(RLG_STEP_BATCH);
		fake_unset_job_control(&fake.host, "RUNLEDGER_GROUP");
		fake_unset_job_control(&fake.host, "RUNLEDGER_RUN");
		fake_unset_job_control(&fake.host, "RUNLEDGER_PHASE");
		assert_return_code(chdir(in_scratch(i == 0 ? "group/r1" : "elsewhere")), errno);
		settings.site.track_all = i == 2;
		rlg_step_remember_folder();
		start();
		assert_false(exists(in_scratch("group/.runledger/runs")));
		if (i == 1) {
			assert_null(seen("argv")); /* in no group: not even a program is started */
			continue;
		}
		assert_non_null(strstr(seen("argv"),
				       "<--group>\n<>\n<--run>\n<>\n<--phase>\n<>\n<--quiet>\n<start>\n"));
		struct rlg_record record = only_record(seen("stdin"));
		assert_null(record.run);
		assert_int_equal(record.job_id, 4711);
		rlg_record_done(&record);
	}
}

static void a_huge_environment_makes_a_record_all_the_same(void **state)
{
	char value[4000];

	(void)state;
	write_lone_helper("true");
	new_job(RLG_STEP_BATCH);
	memset(value, '"', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	fake_set(fake.environment, "SLURM_JOB_NAME", value);
	fake_set(fake.environment, "SLURM_JOB_PARTITION", value);
	fake_set(fake.environment, "SLURM_RESTART_COUNT", "99999999999999999999");
	fake_set(fake.environment, "SLURM_JOB_NUM_NODES", "-1");
	start();
	struct rlg_record record = only_record(text_of_file(host_file("r1")));
	assert_int_equal(int_of(&record, "left_out"), 2);
	assert_int_equal(int_of(&record, "attempt"), -1);
	assert_int_equal(int_of(&record, "nnodes"), -1);
	assert_string_equal(record.run, "r1");
	rlg_record_done(&record);
}

static void a_start_leaves_no_child_and_is_quick(void **state)
{
	(void)state;
	write_lone_helper("i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done");
	new_job(RLG_STEP_BATCH);
	adopt_orphans(false);
	int64_t begun_ms = scratch_now_ms();
	rlg_start(&fake.host, &settings);
	assert_true(scratch_now_ms() - begun_ms < 900); /* before the helper has ended */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	for (int i = 0; i < 2000 && !exists(in_scratch("seen/argv")); i++)
		scratch_sleep_ms(5);
	assert_true(exists(in_scratch("seen/argv")));
	scratch_sleep_ms(1100); /* it still holds the test's folder */
}

static void no_descriptor_of_slurmstepd_gets_to_the_helper(void **state)
{
	int ends[2];
	char byte;

	(void)state;
	/* As slurmd waits for its pipe: whoever holds the other end blocks it. */
	assert_return_code(pipe(ends), errno);
	write_lone_helper("i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done");
	new_job(RLG_STEP_BATCH);
	adopt_orphans(true);
	int64_t begun_ms = scratch_now_ms();
	rlg_start(&fake.host, &settings);
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	assert_true(scratch_now_ms() - begun_ms < 900);
	close(ends[0]);
	settle();
}

static void the_record_is_as_open_as_the_group(void **state)
{
	struct stat facts;

	(void)state;
	write_lone_helper("true");
	assert_return_code(chmod(in_scratch("group/.runledger"), 0770), errno);
	new_job(RLG_STEP_BATCH);
	start();
	assert_return_code(lstat(host_file("r1"), &facts), errno);
	assert_int_equal(facts.st_mode & 07777, 0660);
	assert_return_code(lstat(in_scratch("group/.runledger/runs/r1"), &facts), errno);
	assert_int_equal(facts.st_mode & 0777, 0770);
	assert_string_equal(seen("umask"), "0007\n");
}

/* ---- finish ---- */

static void new_ended_job(void)
{
	char number[16];

	fake_host_init(&fake);
	fake_set(fake.environment, "SLURM_JOB_ID", "4711");
	snprintf(number, sizeof(number), "%lu", (unsigned long)job_uid());
	fake_set(fake.environment, "SLURM_JOB_UID", number);
	snprintf(number, sizeof(number), "%lu", (unsigned long)job_gid());
	fake_set(fake.environment, "SLURM_JOB_GID", number);
	fake_set(fake.environment, "SLURM_JOB_USER", "ann");
	fake_set(fake.environment, "SLURM_CLUSTER_NAME", "c1");
	fake_set(fake.environment, "SLURMD_NODENAME", "n1");
	fake_set(fake.environment, "SLURM_JOB_NODELIST", "n[1-2]");
	fake_set(fake.environment, "SLURM_JOB_EXIT_CODE", "256");
	fake_set(fake.environment, "SLURM_JOB_WORK_DIR", in_scratch("group/r1"));
	fake_set(fake.environment, "SLURM_CONF", "/etc/slurm/slurm.conf");
	fake_set(fake.control, "RUNLEDGER_SID", SOME_SID);
	fake_set(fake.control, "RUNLEDGER_GROUP", in_scratch("group"));
	fake_set(fake.control, "RUNLEDGER_RUN", "r1");
	fake_set(fake.control, "RUNLEDGER_PHASE", "eval");
	if (geteuid() == 0)
		chown_tree_to_scratch_user(in_scratch("group"));
}

static void finish(void)
{
	forget_seen();
	adopt_orphans(false);
	look_at_holdings(&before);
	rlg_finish(&fake.host, &settings);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_nothing_changed(&before);
}

static void the_tool_is_asked_how_a_job_ended(void **state)
{
	char expected[8192];

	(void)state;
	write_helper("true");
	new_ended_job();
	finish();
	snprintf(expected, sizeof(expected),
		 "<record>\n<--conf>\n</nowhere/runledger.conf>\n<--group>\n<%s/group>\n<--run>\n<r1>\n<--phase>\n<eval>\n"
		 "<--uid>\n<%lu>\n<--gid>\n<%lu>\n<--user>\n<ann>\n<--ask-ms>\n",
		 scratch, (unsigned long)job_uid(), (unsigned long)job_gid());
	const char *argv = seen("argv");
	assert_non_null(argv);
	assert_memory_equal(argv, expected, strlen(expected));
	long ask_ms = strtol(argv + strlen(expected) + 1, NULL, 10);
	assert_in_range(ask_ms, 500, 1800); /* of 2000, with a share for the tool itself */
	assert_non_null(strstr(argv, ">\n<--detach>\n<finish>\n"));
	/* Nothing of slurmd's environment but what is needed. */
	assert_non_null(strstr(seen("env"), "SLURM_CONF=/etc/slurm/slurm.conf\n"));
	assert_null(strstr(seen("env"), "HOME="));

	struct rlg_record record = only_record(seen("stdin"));
	assert_string_equal(record.name, "finish");
	assert_int_equal(record.job_id, 4711);
	assert_string_equal(record.sid, SOME_SID);
	assert_string_equal(record.cluster, "c1");
	assert_string_equal(rlg_record_get_str(&record, "source"), "epilog");
	assert_string_equal(rlg_record_get_str(&record, "node"), "n1");
	assert_int_equal(int_of(&record, "wait_status"), 256);
	rlg_record_done(&record);
	assert_int_equal(fake.n_complaints, 0);
}

static void only_the_first_node_asks(void **state)
{
	static const struct {
		const char *here, *list;
		bool asks;
	} table[] = {
		{"n1", "n[1-2]", true}, {"n2", "n[1-2]", false}, {"n10", "n[1-20]", false}, {"n1", "n10", false},
		{"m1", "m1", true},     {NULL, "n[1-2]", true},  {"n7", NULL, true},        {"n7", "", true},
	};

	(void)state;
	write_helper("true");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		new_ended_job();
		fake_find(fake.environment, "SLURMD_NODENAME")->set = table[i].here != NULL;
		fake_find(fake.environment, "SLURM_JOB_NODELIST")->set = table[i].list != NULL;
		if (table[i].here != NULL)
			fake_set(fake.environment, "SLURMD_NODENAME", table[i].here);
		if (table[i].list != NULL)
			fake_set(fake.environment, "SLURM_JOB_NODELIST", table[i].list);
		finish();
		if ((seen("argv") != NULL) != table[i].asks)
			fail_msg("on %s of %s", table[i].here, table[i].list);
	}
}

static void an_untracked_job_asks_nothing(void **state)
{
	(void)state;
	write_helper("true");
	for (int i = 0; i < 4; i++) {
		new_ended_job();
		fake_unset_job_control(&fake.host, "RUNLEDGER_GROUP");
		fake_unset_job_control(&fake.host, "RUNLEDGER_RUN");
		if (i != 1)
			fake_set(fake.environment, "SLURM_JOB_WORK_DIR", i == 2 ? "" : in_scratch("elsewhere"));
		settings.site.track_all = i == 3;
		finish();
		/* In a group's folder, or where the site tracks all, it is asked. */
		assert_int_equal(seen("argv") != NULL, i == 1 || i == 3);
		settings.site.track_all = false;
	}
}

static void an_epilog_without_a_job_asks_nothing(void **state)
{
	static const struct {
		const char *variable, *value;
	} table[] = {
		{"SLURM_JOB_ID", NULL},	  {"SLURM_JOB_ID", ""},	      {"SLURM_JOB_ID", "0"},
		{"SLURM_JOB_ID", "12x"},  {"SLURM_JOB_ID", "99999999999999"}, {"SLURM_JOB_UID", NULL},
		{"SLURM_JOB_UID", "-1"},  {"SLURM_JOB_UID", "4294967295"}, {"SLURM_JOB_GID", "root"},
		{"SLURM_JOB_GID", "4294967295"},
	};

	(void)state;
	write_helper("true");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		new_ended_job();
		fake_find(fake.environment, table[i].variable)->set = false;
		if (table[i].value != NULL)
			fake_set(fake.environment, table[i].variable, table[i].value);
		finish();
		if (seen("argv") != NULL)
			fail_msg("asked with %s=%s", table[i].variable, table[i].value);
	}
}

static void the_epilog_waits_no_longer_than_the_site_says(void **state)
{
	(void)state;
	settings.site.timeout_ms = 300;
	write_helper("trap '' TERM; sleep 20");
	new_ended_job();
	int64_t begun_ms = scratch_now_ms();
	finish();
	assert_in_range(scratch_now_ms() - begun_ms, 200, 3000);
	assert_int_equal(fake.n_complaints, 1);
	assert_non_null(strstr(fake.complaint, " ms and was ended"));
}

static void the_epilogs_log_hears_of_failures(void **state)
{
	(void)state;
	write_helper("echo 'runledger: no space' >&2; exit 1");
	new_ended_job();
	finish();
	assert_int_equal(fake.n_complaints, 1);
	assert_non_null(strstr(fake.complaint, "runledger: no space"));
	strcpy(settings.helper, "/nowhere/runledger");
	new_ended_job();
	finish();
	if (fake.n_complaints == 0)
		fail_msg("a helper that cannot be started (%s) is not complained about", settings.helper);
}

static void forged_addresses_are_only_handed_on(void **state)
{
	(void)state;
	write_helper("true");
	new_ended_job();
	fake_set(fake.control, "RUNLEDGER_GROUP", "/etc/$(reboot);x");
	fake_set(fake.control, "RUNLEDGER_RUN", "../../..");
	fake_set(fake.control, "RUNLEDGER_PHASE", "--help");
	fake_set(fake.control, "RUNLEDGER_SID", "\"},{\"x\":\"");
	finish();
	assert_non_null(strstr(seen("argv"), "\n<--group>\n</etc/$(reboot);x>\n<--run>\n<../../..>\n<--phase>\n<--help>\n"));
	struct rlg_record record = only_record(seen("stdin"));
	assert_null(record.sid); /* what is no id is none */
	rlg_record_done(&record);
}

/* ---- both ---- */

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_host_of_a_list),
		TEST(an_address_goes_to_the_job_and_comes_back),
		TEST(a_phase_that_is_not_known_is_not_set),
		TEST(a_host_that_refuses_is_told),
		TEST(a_job_is_told_its_address_and_no_others),
		TEST(only_a_whole_address_is_one),
		TEST(an_address_that_is_too_long_is_none),
		TEST(the_answer_of_the_tool_is_read),
		TEST(an_answer_that_is_too_long_is_no_address),
		TEST(a_submission_is_asked_about_and_tracked),
		TEST(what_was_asked_for_is_handed_on),
		TEST(a_folder_outside_of_groups_is_not_asked_about),
		TEST(the_environment_and_the_site_can_ask),
		TEST(garbage_from_the_helper_is_no_answer),
		TEST(what_the_helper_says_on_stderr_reaches_the_user),
		TEST(a_helper_that_hangs_is_given_up_in_time),
		TEST(a_missing_helper_is_told_and_hurts_nobody),
		TEST(a_client_that_ignores_sigchld_is_tracked_too),
		TEST(slurm_may_refuse_the_address),
		TEST(a_het_job_is_asked_about_once),
		TEST(a_step_inside_an_allocation_is_no_submission),
		TEST(a_refused_submission_is_taken_back),
		TEST(what_was_not_refused_is_not_taken_back),
		TEST(the_outer_jobs_number_is_not_ours),
		TEST(an_accepted_job_is_told_once),
		TEST(a_run_that_only_the_tool_can_name_goes_to_the_tool),
		TEST(a_start_is_recorded_as_the_user),
		TEST(the_tool_gets_a_clean_environment),
		TEST(only_the_step_that_begins_the_job_counts),
		TEST(a_host_that_knows_too_little_is_let_be),
		TEST(a_task_of_an_array_says_which),
		TEST(hostile_addresses_write_nowhere_else),
		TEST(a_job_without_an_address_is_found_by_its_folder),
		TEST(a_huge_environment_makes_a_record_all_the_same),
		TEST(a_start_leaves_no_child_and_is_quick),
		TEST(no_descriptor_of_slurmstepd_gets_to_the_helper),
		TEST(the_record_is_as_open_as_the_group),
		TEST(the_tool_is_asked_how_a_job_ended),
		TEST(only_the_first_node_asks),
		TEST(an_untracked_job_asks_nothing),
		TEST(an_epilog_without_a_job_asks_nothing),
		TEST(the_epilog_waits_no_longer_than_the_site_says),
		TEST(the_epilogs_log_hears_of_failures),
		TEST(forged_addresses_are_only_handed_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
