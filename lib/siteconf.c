/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The site's settings: see siteconf.h. */
#include "lib/siteconf.h"

#include "lib/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file of settings is a few lines; what is larger is none. */
#define FILE_MAX 16384

void rlg_siteconf_default(struct rlg_siteconf *conf)
{
	*conf = (struct rlg_siteconf){.default_group = "~/runledger",
				      .timeout_ms = RLG_TIMEOUT_DEFAULT_MS,
				      .spool = RLG_SPOOL_PATH,
				      .node_spool = RLG_NODE_SPOOL_PATH,
				      .spool_after_ms = 10000,
				      .spool_entries = 10000,
				      .spool_user_mb = 32,
				      .spool_mb = 256,
				      .spool_days = 30};
}

static bool set_track(struct rlg_siteconf *conf, const char *value)
{
	bool all = strcmp(value, "all") == 0;

	if (!all && strcmp(value, "groups") != 0)
		return false;
	conf->track_all = all;
	return true;
}

static bool set_default_group(struct rlg_siteconf *conf, const char *value)
{
	if ((value[0] != '/' && strncmp(value, "~/", 2) != 0) || strlen(value) >= sizeof(conf->default_group))
		return false;
	return rlg_copy(conf->default_group, sizeof(conf->default_group), value);
}

static bool set_path(char to[RLG_PATH_MAX], const char *value)
{
	return value[0] == '/' && strlen(value) < RLG_PATH_MAX && rlg_copy(to, RLG_PATH_MAX, value);
}

static bool set_spool(struct rlg_siteconf *conf, const char *value)
{
	return set_path(conf->spool, value);
}

static bool set_jobcomp_then(struct rlg_siteconf *conf, const char *value)
{
	return set_path(conf->jobcomp_then, value);
}

static bool set_node_spool(struct rlg_siteconf *conf, const char *value)
{
	return set_path(conf->node_spool, value);
}

/* `set` takes what is no number. */
static const struct setting {
	const char *key;
	const char *takes;
	bool (*set)(struct rlg_siteconf *conf, const char *value);
	size_t offset; /* of a number, and its bounds */
	int least, most;
} settings[] = {
	{"track", "groups or all", set_track, 0, 0, 0},
	{"default_group", "an absolute path, or one that begins with ~/", set_default_group, 0, 0, 0},
	{"timeout_ms", "a whole number from 50 to 60000", NULL, offsetof(struct rlg_siteconf, timeout_ms),
	 RLG_TIMEOUT_LEAST_MS, RLG_TIMEOUT_MOST_MS},
	{"spool", "an absolute path", set_spool, 0, 0, 0},
	{"jobcomp_then", "an absolute path", set_jobcomp_then, 0, 0, 0},
	{"node_spool", "an absolute path", set_node_spool, 0, 0, 0},
	{"spool_after_ms", "a whole number from 100 to 600000", NULL, offsetof(struct rlg_siteconf, spool_after_ms), 100, 600000},
	{"spool_entries", "a whole number from 1 to 1000000", NULL, offsetof(struct rlg_siteconf, spool_entries), 1, 1000000},
	{"spool_user_mb", "a whole number from 1 to 1000000", NULL, offsetof(struct rlg_siteconf, spool_user_mb), 1, 1000000},
	{"spool_mb", "a whole number from 1 to 1000000", NULL, offsetof(struct rlg_siteconf, spool_mb), 1, 1000000},
	{"spool_days", "a whole number from 1 to 3650", NULL, offsetof(struct rlg_siteconf, spool_days), 1, 3650},
};

static bool set_value(struct rlg_siteconf *conf, const struct setting *setting, const char *value)
{
	long long number;

	if (setting->set != NULL)
		return setting->set(conf, value);
	if (!rlg_parse_int(value, setting->least, setting->most, &number))
		return false;
	*(int *)(void *)((char *)conf + setting->offset) = (int)number;
	return true;
}

static char *trim(char *words)
{
	words += strspn(words, " \t\r");
	for (size_t length = strlen(words); length > 0 && strchr(" \t\r", words[length - 1]) != NULL;)
		words[--length] = '\0';
	return words;
}

static int use_line(struct rlg_siteconf *conf, const char *path, int number, char *line, struct rlg_err *err)
{
	line[strcspn(line, "#")] = '\0';
	line = trim(line);
	if (*line == '\0')
		return 0;
	char *equals = strchr(line, '=');
	if (equals == NULL)
		return rlg_fail(err, -EINVAL, "%s:%d: '%.100s' is no setting; write: key = value", path, number, line);
	*equals = '\0';
	const char *key = trim(line), *value = trim(equals + 1);
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (strcmp(key, settings[i].key) != 0)
			continue;
		if (set_value(conf, &settings[i], value))
			return 0;
		return rlg_fail(err, -EINVAL, "%s:%d: %s takes %s, not '%.100s'", path, number, key, settings[i].takes,
				value);
	}
	return rlg_fail(err, -EINVAL,
			"%s:%d: there is no setting '%.100s'; there are track, default_group, timeout_ms, spool, "
			"jobcomp_then, node_spool, spool_after_ms, spool_entries, spool_user_mb, spool_mb, spool_days",
			path, number, key);
}

static ssize_t read_all(const char *path, char text[FILE_MAX])
{
	struct stat file;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t length;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	length = read(fd, text, FILE_MAX - 1);
	close(fd);
	if (length < 0)
		return -EIO;
	if (length == FILE_MAX - 1)
		return -EFBIG;
	text[length] = '\0';
	return length;
}

int rlg_siteconf_read(const char *path, struct rlg_siteconf *conf, struct rlg_err *err)
{
	char text[FILE_MAX];
	int first_code = 0, number = 0;
	ssize_t length;

	rlg_siteconf_default(conf);
	length = read_all(path, text);
	if (length == -ENOENT)
		return 0;
	if (length < 0)
		return rlg_fail_errno(err, (int)length, "cannot read %s", path);
	for (char *line = text, *next; line != NULL; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		int code = use_line(conf, path, ++number, line, first_code == 0 ? err : NULL);
		first_code = first_code == 0 ? code : first_code;
	}
	return first_code;
}
