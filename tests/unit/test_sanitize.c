/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What leaves the cluster: run logs with and without their secrets, and logs at random of which none may be left.
 *
 * Each folder of tests/golden/publish is a case: before.md and after.md, for the model of this file.  With `--update` the
 * after.md are written anew; look at them before they are committed.  RLG_TEST_SEED repeats an earlier time,
 * RLG_TEST_SHUFFLES says how many logs.
 */
#include "tests/unit/cmocka_any.h"
#include "tests/unit/arena_state.h"
#include "tests/unit/dice.h"
#include "tests/unit/golden.h"
#include "tool/base/hostlist.h"
#include "tool/publish/sanitize.h"
#include "tool/publish/training_log.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* ---- a model with a secret of each kind ---- */

static struct rlg_attempt attempt;
static struct rlg_phase phase;
static struct rlg_note note;
static struct rlg_run run;
static struct rlg_model model;

static void make_model(void)
{
	attempt = (struct rlg_attempt){
		.cluster = "isambard", .job_id = 4187578, .array_job_id = -1, .array_task_id = -1, .het_job_id = -1,
		.sid = "5f0c2c7e9a", .nodes = "gpu-a[17-18],nid001", .user = "ann", .start_us = 1773241260000000, .end_us = 1773327660000000,
		.stdout_path = "/scratch/proj 7/ann/base/slurm-4187578.out",
		.submission = {.script = "slurm/train.sh", .command = "sbatch --account=proj7 slurm/train.sh --lr 5e-4",
			       .cwd = "/scratch/proj 7/ann/base", .host = "login1.hpc.example.org", .session = "sess-77aa"}};
	phase = (struct rlg_phase){.name = "finetune", .status_text = "completed", .job_id = "4187578", .output = "/data/out/ann/epoch_3",
				   .attempts = &attempt, .n_attempts = 1};
	note = (struct rlg_note){.text = "nid001 was slow; ask bob", .user = "bob"};
	run = (struct rlg_run){.name = "base", .phases = &phase, .n_phases = 1, .notes = &note, .n_notes = 1,
			       .wandb = "https://wandb.ai/ann/project/runs/abc123"};
	model = (struct rlg_model){.group_path = "/scratch/proj 7/ann", .runs = &run, .n_runs = 1};
}

static const char *sanitized(struct rlg_arena *arena, const char *text)
{
	struct rlg_secrets *secrets = rlg_secrets_new(arena);
	struct rlg_err err = {""};
	struct rlg_bytes out;

	make_model();
	rlg_secrets_add_model(secrets, &model);
	rlg_bytes_init(&out, arena);
	if (rlg_sanitize(arena, secrets, text, &out, &err) != 0)
		fail_msg("%s: %s", err.text, text);
	return out.data;
}

/* ---- golden files ---- */

static void check_case(void *context, const char *name)
{
	struct rlg_arena *arena = context;
	const char *before = golden_read(arena, golden_path(arena, "publish/%s/before.md", name));

	assert_non_null(before);
	const char *after = sanitized(arena, before);
	golden_expect(arena, golden_path(arena, "publish/%s/after.md", name), after);
	assert_string_equal(sanitized(arena, after), after);
}

static void run_logs_keep_their_training_and_lose_their_places(void **state)
{
	golden_each(*state, "publish", NULL, 4, check_case, *state);
}

/* ---- words ---- */

static void assert_lines(struct rlg_arena *arena, const char *const (*cases)[2], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *text = rlg_arena_printf(arena, "%s\n", cases[i][0]);
		const char *expected = cases[i][1] == NULL ? "" : rlg_arena_printf(arena, "%s\n", cases[i][1]);
		assert_string_equal(sanitized(arena, text), expected);
	}
}

#define ASSERT_LINES(arena, cases) assert_lines(arena, cases, sizeof(cases) / sizeof((cases)[0]))

static void names_go_and_prose_stays(void **state)
{
	static const char *const cases[][2] = {
		{"Ann planned it", "(user) planned it"},
		{"ann_run, x-ann, ann.", "(user)_run, x-(user), (user)."},
		{"on gpu-a17, not on gpu-a170 or gpu-a1", "on (node), not on gpu-a170 or gpu-a1"},
		{"GPU-A18.hpc.example.org: 4 GPUs", "(node): 4 GPUs"},
		{"gpu-a[17-18] and gpu-a[17]", "(node) and (node)"},
		{"login1, login1.hpc.example.org, at hpc.example.org", "(host), (host), at (host)"},
		{"the isambard cluster", "the (cluster) cluster"},
		{"bob@example.org, root@10.1.2.3", "(address), (address)"},
		{"10.1.2.3 is an address, 1.2.3 a version, 10.1.2.3.4 neither", "(host) is an address, 1.2.3 a version, 10.1.2.3.4 neither"},
		{"resubmitted from sess-77aa as 5f0c2c7e9a", "resubmitted from (session) as (session)"},
		{"run `ssh nowhere uptime`; ssh access fails; ssh c42 works", "run `ssh (host) uptime`; ssh access fails; ssh (host) works"},
		{"caf\xc3\xa9 \xe2\x80\x94 nid001\xe2\x80\xa6 best", "caf\xc3\xa9 \xe2\x80\x94 (node)\xe2\x80\xa6 best"},
	};

	ASSERT_LINES(*state, cases);
}

static void job_ids_go_and_numbers_stay(void **state)
{
	static const char *const cases[][2] = {
		{"job 4187578 failed", "job failed"},
		{"see slurm-4187578.out, 4187578_3, 4187578_[1-4], 4187578.batch", "see slurm-(job).out, (job), (job), (job).batch"},
		{"step 4187578, loss 0.4187578", "step 4187.578k, loss 0.418757"},
		{"4187578 tokens, epoch=4187578", "4187.578k tokens, epoch=4187.578k"},
		{"41875780 and 14187578 are others", "41875780 and 14187578 are others"},
		{"## Job (resubmit - 1234567 - running)\nand 1234567 again", "## Job (resubmit - running)\nand (job) again"},
		{"- execution_id: 98765\n\n98765 is the same", "\n(job) is the same"},
		{"| steps | job |\n|---|---|\n| 4187578 | 4187578 |", "| steps | job |\n|---|---|\n| 4187.578k | (job) |"},
	};

	ASSERT_LINES(*state, cases);
}

static void a_short_id_goes_only_where_it_is_one(void **state)
{
	struct rlg_secrets *secrets = rlg_secrets_new(*state);
	struct rlg_bytes out;

	rlg_secrets_add(secrets, RLG_SECRET_JOB, "12");
	rlg_bytes_init(&out, *state);
	assert_int_equal(rlg_sanitize(*state, secrets, "2026-03-12 12:12, lr 12, step 12, 0.12; job 12 and array 12_3, slurm-12.out\n", &out,
				      NULL), 0);
	assert_string_equal(out.data, "2026-03-12 12:12, lr 12, step 12, 0.12; job and array (job), slurm-(job).out\n");
}

static void paths_keep_a_name_that_tells_no_place(void **state)
{
	static const char *const cases[][2] = {
		{"`/scratch/proj 7/ann/base/slurm-4187578.out`", "`(path)`"},
		{"at /scratch/proj 7/ann/x/config.yaml.", "at config.yaml."},
		{"/data/out/ann/epoch_3 and /data/out/ann", "epoch_3 and (path)"},
		{"ckpt=/lustre/x/step-100/, dir=$SCRATCH/x, ${HOME}/y.yaml", "ckpt=step-100, dir=(path), y.yaml"},
		{"~/x/y.log ~carl/z", "y.log (path)"},
		{"n9:/data/x file:///data/x.bin s3://bucket/key", "n9:(path) x.bin (path)"},
		{"slurm/train.sh, tokens/s, 9/1, and/or, </details>, /tmp", "slurm/train.sh, tokens/s, 9/1, and/or, </details>, /tmp"},
		{"[log](/scratch/x/y) \"/scratch/x/y z\"", "[log]((path)) \"(path) z\""},
		{"/users/carl/x; carl said so", "(path); (user) said so"},
		{"Prose/Scratch/Proj 7/ann, /SCRATCH/proj 7/x", "Prose(path), (path)"},
	};

	ASSERT_LINES(*state, cases);
}

static void links_stay_where_they_are_public(void **state)
{
	static const char *const cases[][2] = {
		{"- synced: `https://wandb.ai/ann/p/runs/abc123`", "- synced: `https://wandb.ai/ann/p/runs/abc123`"},
		{"https://wandb.ai/t/p/runs/x?nw=nwuserann#a.", "https://wandb.ai/t/p/runs/x."},
		{"https://lab.wandb.ai/t/4187578, wandb.ai/t/p", "https://lab.wandb.ai/t/4187578, wandb.ai/t/p"},
		{"https://isambard.wandb.ai/t/p https://notwandb.ai/ann/x", "(link) (link)"},
		{"https://huggingface.co/lab/model and https://x.org/ann", "https://huggingface.co/lab/model and (link)"},
		{"http://n9:8080/x http://10.0.0.1/x https://u:p@x.org/y http://localhost/x", "(link) (link) (link) (link)"},
		{"- local: `wandb/offline-run-20260311_150000-q1w2e3`\n\nq1w2e3 has a bump", "\n(offline run) has a bump"},
		{"wandb sync wandb/offline-run-20260311_150000-q1w2e3 # wandb/wandb_id.txt", "wandb sync wandb/(offline run) # wandb/(offline run)"},
	};

	ASSERT_LINES(*state, cases);
}

static void lines_that_only_tell_a_place_go(void **state)
{
	static const char *const cases[][2] = {
		{"- node: gpu-a17\n  (left rack)\n- runtime: 1h", "- runtime: 1h"},
		{"* **Job ID**: `77`\n- Slurm_Job_ID: 5", NULL},
		{"- nodes: 4 x 8 GPUs\n- user: ann", "- nodes: 4 x 8 GPUs"},
		{"## Job\n\n- node: x1\n\n## Next\nmore", "## Next\nmore"},
		{"## Job\n### Deeper\n- node: x1\n## Next\nmore", "## Job\n## Next\nmore"},
		{"## Results\n\n## Next", "## Results\n\n## Next"},
		{"a\n<!-- node: x1\nb -->\nc", "a\nc"},
		{"export WANDB_API_KEY=123 HF_TOKEN=x lr=3", "export WANDB_API_KEY=(withheld) HF_TOKEN=(withheld) lr=3"},
		{"python t.py --hf-token=x1 --api-key abc --wandb-api-key 'a b' --max-tokens 9",
		 "python t.py --hf-token=(withheld) --api-key (withheld) --wandb-api-key (withheld) --max-tokens 9"},
		{"sbatch --partition gpu --time=1:00 t.sh", "sbatch --partition (withheld) --time=1:00 t.sh"},
	};

	ASSERT_LINES(*state, cases);
}

/* A user may be called as the word that would stand for users. */
static void a_stand_in_is_no_secret_itself(void **state)
{
	struct rlg_secrets *secrets = rlg_secrets_new(*state);
	struct rlg_bytes out;

	rlg_secrets_add(secrets, RLG_SECRET_USER, "user");
	rlg_secrets_add(secrets, RLG_SECRET_NODE, "job");
	rlg_secrets_add(secrets, RLG_SECRET_JOB, "123456");
	rlg_bytes_init(&out, *state);
	assert_int_equal(rlg_sanitize(*state, secrets, "user on job, 123456\n", &out, NULL), 0);
	assert_string_equal(out.data, "(withheld) on (node), (withheld)\n");
}

static void what_cannot_be_withheld_is_not_written(void **state)
{
	struct rlg_secrets *secrets = rlg_secrets_new(*state);
	struct rlg_err err = {""};
	struct rlg_bytes out;

	/* The name of a key is kept, as is what stands for its value. */
	rlg_secrets_add(secrets, RLG_SECRET_USER, "my");
	rlg_bytes_init(&out, *state);
	assert_int_equal(rlg_sanitize(*state, secrets, "x\nMY_TOKEN=1\n", &out, &err), -EPERM);
	assert_int_equal(out.length, 0);
	assert_string_equal(err.text, "the user `MY` would still be told in line 2, so nothing is written; reword it in the run log");
}

static void records_alone_make_a_log(void **state)
{
	static struct rlg_metric metrics[] = {{.name = "val_loss", .is_number = true, .first = "0.9", .last = "0.028", .best = "0.026"}};
	static struct rlg_progress_point points[] = {{.time_us = 1773241320000000, .words = "step 2400, val_loss 0.085"}};
	struct rlg_bytes out;

	make_model();
	phase.progress = (struct rlg_progress){.records = 2, .last_step = "100000", .metrics = metrics, .n_metrics = 1, .points = points,
					       .n_points = 1};
	phase.findings.config_snapshot = "/data/out/ann/config.yaml";
	rlg_bytes_init(&out, *state);
	rlg_training_log(&run, &out);
	assert_string_equal(sanitized(*state, out.data),
			    "# base\n\n## Config\n- script: slurm/train.sh\n- command: sbatch --account=(withheld) slurm/train.sh --lr 5e-4\n"
			    "- config_snapshot: config.yaml\n\n## Training\n- start: 2026-03-11\n- end: 2026-03-12\n- runtime: 24:00:00\n"
			    "- status: completed\n\n## Status\n- 2026-03-11 15:02 \xe2\x80\x94 step 2400, val_loss 0.085\n\n## Results\n"
			    "- final step: 100000\n\n| metric | first | last | best |\n|--------|-------|------|------|\n"
			    "| val_loss | 0.9 | 0.028 | 0.026 |\n\n## W&B\n- synced: https://wandb.ai/ann/project/runs/abc123\n\n## Notes\n"
			    "- (node) was slow; ask (user)\n");
}

/* ---- host lists ---- */

static void note_host(void *context, const char *host)
{
	rlg_bytes_addf(context, "%s ", host);
}

static void host_lists_name_each_host(void **state)
{
	static const char *const cases[][2] = {
		{"n1", "n1 "},			  {"n[1-3,7],m1", "n1 n2 n3 n7 m1 "},
		{"n[08-11]", "n08 n09 n10 n11 "},  {"r[1-2]c[3-4]x", "r1c3x r1c4x r2c3x r2c4x "},
		{"a,b,,c", "a b c "},		  {"", ""},
		{"n[1-", "n[1- "},		  {"n[3-1]", "n3-1 "},
		{"n[1-99999999999]", "n1-99999999999 "},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rlg_bytes out;
		rlg_bytes_init(&out, *state);
		rlg_hostlist_each(*state, cases[i][0], note_host, &out);
		assert_string_equal(out.data, cases[i][1]);
	}
	/* However much it says, it ends. */
	struct rlg_bytes out;
	rlg_bytes_init(&out, *state);
	assert_true(rlg_hostlist_each(*state, "n[1-60000]r[1-60000]c[1-60000]", note_host, &out) <= 2 * RLG_HOSTLIST_MAX);
}

/* ---- logs at random ---- */

#define ROUNDS 400
#define MOST_SECRETS 64

static const char *pick(const char *const *list, size_t n)
{
	return list[dice(n)];
}

#define PICK(list) pick(list, sizeof(list) / sizeof((list)[0]))

static const char *const users[] = {"ann", "b.o-b", "u5ab", "user", "job", "node", "x", "train", "\xc3\xbcnal", "root", "path", "4711a"};
static const char *const stems[] = {"n", "gpu-a", "nid0", "c1-", "NODE", "r2d"};
static const char *const domains[] = {"", "", ".hpc.example.org", ".local", ".a.b"};
static const char *const folders[] = {"/scratch/proj7/", "/lustre/a b/c/", "/gpfs/x.y/", "/home" "/", "/d/e(f)/", "/\xc3\xa9t\xc3\xa9/z/"};

/* The secrets of this round, as the records have them. */
static const char *told[MOST_SECRETS];
static bool is_path[MOST_SECRETS];
static size_t n_told;

static const char *tell(const char *text, bool path)
{
	if (n_told < MOST_SECRETS) {
		is_path[n_told] = path;
		told[n_told++] = text;
	}
	return text;
}

static void random_attempt(struct rlg_arena *arena, struct rlg_attempt *one)
{
	static const long long sizes[] = {1000000, 100000000, 99999, 4294967295};
	long long id = 10000 + (long long)dice(1000000) % sizes[dice(4)];
	unsigned first = 1 + (unsigned)dice(90);
	const char *stem = PICK(stems);

	*one = (struct rlg_attempt){.job_id = id, .array_job_id = dice(3) == 0 ? id + 7 : -1, .het_job_id = -1};
	tell(rlg_arena_printf(arena, "%lld", id), false);
	if (one->array_job_id > 0)
		tell(rlg_arena_printf(arena, "%lld", id + 7), false);
	one->user = tell(PICK(users), false);
	one->nodes = rlg_arena_printf(arena, "%s[%u-%u]", stem, first, first + 2);
	for (unsigned i = 0; i < 3; i++)
		tell(rlg_arena_printf(arena, "%s%u", stem, first + i), false);
	one->submission.host = tell(rlg_arena_printf(arena, "login%zu%s", dice(9), PICK(domains)), false);
	one->submission.cwd = tell(rlg_arena_printf(arena, "%s%s/run%zu", PICK(folders), one->user, dice(9)), true);
	one->stdout_path = tell(rlg_arena_printf(arena, "%s/slurm-%lld.out", one->submission.cwd, id), true);
}

static const char *random_text(struct rlg_arena *arena)
{
	static const char *const glue[] = {" ", " ", " ", "\n", "\n- ", "\r\n", "`", "'", "\"", "(", ")", "[", "]", "|", "\n| ", "/", "-", "_", ".", ":",
					   "=", ",", "@", "#", "\n## ", "\n```\n", "<!--", "-->", "~", "$", "\t", "\xe2\x80\x94", "\xc2\xa0", "*", "  ", "\\", ";"};
	static const char *const words[] = {"step", "loss", "0.", "job", "ssh", "node:", "execution_id:", "https://wandb.ai/t/p", "https://x.org/", "http://",
					    "planned", "2026-03-11", "slurm-", ".out", "tokens", "epoch", "--nodelist=", "user:", "checkpoint:", "| step |",
					    "WANDB_API_KEY=", "wandb/offline-run-20260311_150000-abc123", "s3://", "1", "a", "\xc3\xa9", "local:"};
	struct rlg_bytes text;

	rlg_bytes_init(&text, arena);
	for (size_t i = 40 + dice(120); i > 0; i--) {
		size_t what = dice(3);
		if (what == 0 && n_told > 0)
			rlg_bytes_add(&text, told[dice(n_told)]);
		else if (what == 1)
			rlg_bytes_add(&text, PICK(words));
		rlg_bytes_add(&text, PICK(glue));
	}
	return text.data;
}

static bool is_letter(char character)
{
	return isalnum((unsigned char)character) && (unsigned char)character < 0x80;
}

/* By another way than the tool's: every place of the text against every secret. */
static const char *leaked(const char *text)
{
	for (size_t i = 0; i < n_told; i++) {
		size_t length = strlen(told[i]);
		bool digits = strspn(told[i], "0123456789") == length;
		for (const char *at = text; *at != '\0'; at++) {
			if (strncmp(at, "https://wandb.ai/", 17) == 0) {
				at += strcspn(at, " \t\r\n\"'`<>|)]}\\") - 1;
				continue;
			}
			if (strncasecmp(at, told[i], length) != 0 || (is_path[i] && strncmp(at, told[i], length) != 0))
				continue;
			bool before = at > text && (digits ? isdigit((unsigned char)at[-1]) : is_letter(at[-1]) && is_letter(at[0]));
			bool behind = digits ? isdigit((unsigned char)at[length]) : is_letter(at[length]) && is_letter(at[length - 1]);
			if (is_path[i] || (!before && !behind))
				return told[i];
		}
	}
	return NULL;
}

static void no_secret_of_the_records_survives(void **state)
{
	uint64_t rounds = environment_number("RLG_TEST_SHUFFLES", ROUNDS), written = 0, leaky = 0;

	(void)state;
	dice_begin();
	for (uint64_t i = 0; i < rounds; i++) {
		struct rlg_arena *arena = rlg_arena_new();
		struct rlg_attempt attempts[3];
		struct rlg_bytes out;
		struct rlg_err err = {""};

		n_told = 0;
		make_model();
		note.user = tell(PICK(users), false);
		phase.n_attempts = 1 + dice(3);
		phase.attempts = attempts;
		phase.job_id = phase.output = NULL;
		for (size_t a = 0; a < phase.n_attempts; a++)
			random_attempt(arena, &attempts[a]);
		struct rlg_secrets *secrets = rlg_secrets_new(arena);
		rlg_secrets_add_model(secrets, &model);
		const char *text = random_text(arena);
		rlg_bytes_init(&out, arena);
		leaky += leaked(text) != NULL;
		if (rlg_sanitize(arena, secrets, text, &out, &err) == 0) {
			written++;
			const char *leak = leaked(out.data);
			if (leak != NULL)
				fail_msg("`%s` is told in:\n%s\nmade of:\n%s", leak, out.data, text);
		} else {
			assert_int_equal(out.length, 0);
			assert_string_not_equal(err.text, "");
		}
		rlg_arena_free(arena);
	}
	assert_true(leaky > rounds * 9 / 10);
	assert_true(written > rounds * 9 / 10);
}

/* Of so many parts. */
#define LONG_LINE 2000

static void a_long_line_takes_a_moment(void **state)
{
	static const char *const parts[] = {"a.", "a@", "/", "[", "n[", "1 ", "12345 ", "<!--", "```\n", "~", "$a", "| ", "https://", "ssh ", "x://", "--output=", "job 1 "};
	clock_t start = clock();

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct rlg_bytes text;
		rlg_bytes_init(&text, *state);
		for (size_t n = 0; n < LONG_LINE; n++)
			rlg_bytes_add(&text, parts[i]);
		sanitized(*state, text.data);
	}
	assert_true(clock() - start < 20 * CLOCKS_PER_SEC);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(run_logs_keep_their_training_and_lose_their_places, utc_arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(names_go_and_prose_stays, utc_arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(job_ids_go_and_numbers_stay, utc_arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(a_short_id_goes_only_where_it_is_one, utc_arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(paths_keep_a_name_that_tells_no_place, utc_arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(links_stay_where_they_are_public, utc_arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(lines_that_only_tell_a_place_go, utc_arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(a_stand_in_is_no_secret_itself, utc_arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(what_cannot_be_withheld_is_not_written, utc_arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(records_alone_make_a_log, utc_arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(host_lists_name_each_host, utc_arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(no_secret_of_the_records_survives, utc_arena_set_up, arena_tear_down),
		cmocka_unit_test_setup_teardown(a_long_line_takes_a_moment, utc_arena_set_up, arena_tear_down),
	};

	golden_begin(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
