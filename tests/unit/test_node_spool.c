/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The node's spool: who may leave what in it, how much, and what is never believed. */
#include "tests/unit/scratch.h"

#include "lib/node_drops.h"
#include "lib/node_folder.h"
#include "lib/node_spool.h"
#include "lib/record_read.h"

static struct rlg_siteconf site;
static struct rlg_err err;

static const char line[] = "{\"timestamp\":1.000000,\"name\":\"start\",\"context\":{\"v\":1,\"id\":\"x\",\"run\":\"r1\"}}\n";

static int set_up(void **state)
{
	if (scratch_set_up(state) != 0)
		return -1;
	rlg_siteconf_default(&site);
	snprintf(site.node_spool, sizeof(site.node_spool), "%s", in_scratch("spool"));
	make_folder(in_scratch("spool"), 01777);
	return 0;
}

static int put_as(const struct rlg_siteconf *where, const char *group)
{
	const struct rlg_spooled entry = {
		.event = "start", .group = group, .run = "r1", .phase = "eval", .line = line, .length = strlen(line), .why = -EIO};

	err.text[0] = '\0';
	return rlg_node_spool_put(where, &entry, &err);
}

static int put(void)
{
	return put_as(&site, "/group");
}

static const char *own_folder(void)
{
	return in_scratch("spool/u%lu", (unsigned long)geteuid());
}

static unsigned count_entries(const char *path)
{
	DIR *folder = opendir(path);
	unsigned count = 0;

	for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;)
		count += rlg_node_spool_is_entry(entry->d_name);
	if (folder != NULL)
		closedir(folder);
	return count;
}

static void an_entry_is_two_records_in_a_folder_of_ones_own(void **state)
{
	struct rlg_record header;
	char path[SCRATCH_PATH_MAX] = "";
	struct stat facts;

	(void)state;
	umask(0);
	assert_false(rlg_node_spool_waits(&site));
	assert_int_equal(put_as(&site, "/a \"group\"\n"), 0);
	assert_true(rlg_node_spool_waits(&site));
	assert_return_code(stat(own_folder(), &facts), errno);
	assert_int_equal(facts.st_mode & 07777, 0700);
	DIR *folder = opendir(own_folder());
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
		if (rlg_node_spool_is_entry(entry->d_name))
			snprintf(path, sizeof(path), "%s/%s", own_folder(), entry->d_name);
	closedir(folder);
	assert_return_code(stat(path, &facts), errno);
	assert_int_equal(facts.st_mode & 07777, 0600);
	const char *text = text_of_file(path);
	assert_int_equal(rlg_record_parse(text, strcspn(text, "\n"), &header, NULL), 0);
	assert_string_equal(header.name, RLG_NODE_HEADER);
	assert_string_equal(rlg_record_get_str(&header, "group"), "/a \"group\"\n");
	assert_string_equal(rlg_record_get_str(&header, "event"), "start");
	rlg_record_done(&header);
	assert_string_equal(strchr(text, '\n') + 1, line);
}

static void what_is_no_record_never_waits(void **state)
{
	static const int wait[] = {-EACCES, -EAGAIN, -ECHILD, -EDQUOT, -EINVAL, -EIO, -ELOOP, -ENOENT, -ENOSPC, -EPERM, -EROFS, -ESTALE, -ETIMEDOUT};

	(void)state;
	for (size_t i = 0; i < sizeof(wait) / sizeof(wait[0]); i++)
		assert_true(rlg_node_spool_takes(wait[i]));
	assert_false(rlg_node_spool_takes(0));
	assert_false(rlg_node_spool_takes(-EMSGSIZE));
	assert_false(rlg_node_spool_takes(-EBADMSG));
}

static void a_spool_that_others_could_change_is_refused(void **state)
{
	static const mode_t modes[] = {0777, 0707, 0770};

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_return_code(chmod(in_scratch("spool"), modes[i]), errno);
		assert_int_equal(put(), -EPERM);
		assert_non_null(strstr(err.text, "1777"));
		assert_false(rlg_node_spool_waits(&site));
	}
	assert_return_code(rename(in_scratch("spool"), in_scratch("real")), errno);
	assert_return_code(chmod(in_scratch("real"), 01777), errno);
	assert_return_code(symlink(in_scratch("real"), in_scratch("spool")), errno);
	assert_true(put() < 0);
	assert_int_equal(count_names(in_scratch("real")), 0);
	assert_return_code(unlink(in_scratch("spool")), errno);
	assert_int_equal(put(), -ENOENT);
	if (geteuid() == 0) {
		make_folder(in_scratch("spool"), 01777);
		assert_return_code(chown(in_scratch("spool"), SCRATCH_UID, SCRATCH_GID), errno);
		assert_int_equal(put(), -EPERM);
	}
}

/* Somebody sits on our name, in each way there is. */
static void who_sits_on_a_name_gets_nothing(void **state)
{
	(void)state;
	make_folder(in_scratch("trap"), 0777);
	for (int way = 0; way < (geteuid() == 0 ? 5 : 4); way++) {
		char own[SCRATCH_PATH_MAX];
		snprintf(own, sizeof(own), "%s", own_folder());
		if (way == 0)
			assert_return_code(symlink(in_scratch("trap"), own), errno);
		else if (way == 1)
			assert_return_code(mkfifo(own, 0666), errno);
		else if (way == 2)
			write_text(own, "");
		else
			make_folder(own, way == 3 ? 0777 : 0700); /* open to others; or closed, but not ours */
		if (way == 4)
			assert_return_code(chown(own, SCRATCH_UID, SCRATCH_GID), errno);
		assert_int_equal(put(), 0);
		assert_int_equal(put(), 0);
		assert_int_equal(count_names(in_scratch("trap")), 0);
		assert_true(rlg_node_spool_waits(&site));
		/* Both went to one folder: ours under a longer name. */
		assert_int_equal(count_names(in_scratch("spool")), 2);
		char command[SCRATCH_PATH_MAX];
		snprintf(command, sizeof(command), "rm -rf '%s'/u*", in_scratch("spool"));
		assert_int_equal(system(command), 0);
	}
}

static void too_many_are_dropped_counted_and_told_once(void **state)
{
	struct rlg_node_drops drops;

	(void)state;
	site.spool_entries = 3;
	for (int i = 0; i < 3; i++)
		assert_int_equal(put(), 0);
	assert_int_equal(put(), -ENOBUFS);
	assert_non_null(strstr(err.text, "is full"));
	assert_int_equal(put(), -ENOBUFS);
	assert_string_equal(err.text, "");
	assert_int_equal(count_entries(own_folder()), 3);
	int fd = open(own_folder(), O_RDONLY | O_DIRECTORY);
	rlg_node_drops_read(fd, &drops);
	assert_int_equal(drops.count, 2);
	assert_true(drops.last_us > 0);
	/* What stands there instead is no number: it begins anew. */
	write_text(in_scratch("spool/u%lu/.dropped", (unsigned long)geteuid()), "{\"dropped\":\"many\"}\n");
	assert_true(rlg_node_drops_add(fd, 5));
	assert_false(rlg_node_drops_add(fd, 5));
	rlg_node_drops_read(fd, &drops);
	assert_int_equal(drops.count, 10);
	close(fd);
}

/* A user has a mebibyte in any case; beyond that the site's share is divided by the users there are. */
static void nobody_takes_anothers_room(void **state)
{
	char name[64];

	(void)state;
	site.spool_mb = 3;
	site.spool_user_mb = 32;
	assert_int_equal(put(), 0);
	snprintf(name, sizeof(name), "spool/u%lu/.ballast", (unsigned long)geteuid());
	write_text(in_scratch("%s", name), "");
	assert_return_code(truncate(in_scratch("%s", name), (2 << 20)), errno);
	assert_int_equal(put(), 0); /* alone */
	/* Names without their owners behind them, and more than one of one owner, do not count. */
	for (int i = 0; i < 20; i++)
		make_folder(in_scratch("spool/u%lu.%d", (unsigned long)geteuid(), i), 0700);
	make_folder(in_scratch("spool/u4000000000"), 0700);
	make_folder(in_scratch("spool/unknown"), 0700);
	assert_int_equal(put(), 0);
	if (geteuid() == 0) {
		make_folder(in_scratch("spool/u%d", SCRATCH_UID), 0700);
		assert_return_code(chown(in_scratch("spool/u%d", SCRATCH_UID), SCRATCH_UID, SCRATCH_GID), errno);
		assert_int_equal(put(), -ENOBUFS); /* two of them: half of three is less than two */
	}
	site.spool_mb = 1;
	assert_return_code(truncate(in_scratch("%s", name), (1 << 20) - 65536), errno);
	assert_int_equal(put(), 0); /* whatever others have */
	site.spool_user_mb = 1;
	assert_return_code(truncate(in_scratch("%s", name), (2 << 20)), errno);
	assert_int_equal(put(), -ENOBUFS);
}

static void names_of_users_are_taken_exactly(void **state)
{
	static const struct {
		const char *name;
		long uid; /* -1: none */
	} table[] = {{"u0", 0}, {"u1000", 1000}, {"u1000.abc", 1000}, {"u4294967294", 4294967294}, {"u4294967295", -1}, {"u", -1},
		     {"u-1", -1}, {"u01", -1}, {"u1000x", -1}, {"U1000", -1}, {"u99999999999999999999", -1}, {"", -1}, {"u+1", -1}};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uid_t uid = 12345;
		bool is = rlg_node_folder_owner(table[i].name, &uid);
		if (is != (table[i].uid >= 0) || (is && (long)uid != table[i].uid))
			fail_msg("'%s'", table[i].name);
	}
}

/* Ten writers at once, all of which are killed at any moment: what is there is whole. */
static void who_is_killed_leaves_no_half_entry(void **state)
{
	(void)state;
	for (int round = 0; round < 20; round++) {
		pid_t child = fork();
		assert_return_code(child, errno);
		if (child == 0)
			for (;;)
				if (put() != 0)
					_exit(1);
		scratch_sleep_ms(1 + round % 5);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	DIR *folder = opendir(own_folder());
	unsigned count = 0;
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		if (!rlg_node_spool_is_entry(entry->d_name))
			continue;
		const char *text = text_of_file(in_scratch("spool/u%lu/%s", (unsigned long)geteuid(), entry->d_name));
		assert_non_null(strchr(text, '\n'));
		assert_string_equal(strchr(text, '\n') + 1, line);
		count++;
	}
	closedir(folder);
	assert_true(count > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_entry_is_two_records_in_a_folder_of_ones_own, set_up, scratch_tear_down),
		cmocka_unit_test(what_is_no_record_never_waits),
		cmocka_unit_test_setup_teardown(a_spool_that_others_could_change_is_refused, set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(who_sits_on_a_name_gets_nothing, set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(too_many_are_dropped_counted_and_told_once, set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(nobody_takes_anothers_room, set_up, scratch_tear_down),
		cmocka_unit_test(names_of_users_are_taken_exactly),
		cmocka_unit_test_setup_teardown(who_is_killed_leaves_no_half_entry, set_up, scratch_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
