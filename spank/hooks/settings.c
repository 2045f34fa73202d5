/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the admin said: see settings.h. */
#include "spank/hooks/settings.h"

#include "lib/text.h"
#include "lib/trusted.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* What the arguments said, before runledger.conf is read. */
struct given {
	struct rlg_settings *settings;
	int timeout_ms; /* 0: not given */
};

static bool take_path(char to[RLG_PATH_MAX], const char *value)
{
	return value[0] == '/' && rlg_copy(to, RLG_PATH_MAX, value);
}

static bool take_conf(struct given *given, const char *value)
{
	return take_path(given->settings->conf_path, value);
}

static bool take_helper(struct given *given, const char *value)
{
	return take_path(given->settings->helper, value);
}

static bool take_timeout(struct given *given, const char *value)
{
	long long number;

	if (!rlg_parse_int(value, RLG_TIMEOUT_LEAST_MS, RLG_TIMEOUT_MOST_MS, &number))
		return false;
	given->timeout_ms = (int)number;
	return true;
}

static bool take_usage(struct given *given, const char *value)
{
	static const char *const words[] = {[RLG_USAGE_ALL] = "all", [RLG_USAGE_FIRST] = "first", [RLG_USAGE_OFF] = "off"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], value) != 0)
			continue;
		given->settings->usage = (enum rlg_usage_nodes)i;
		return true;
	}
	return false;
}

static const struct argument {
	const char *key;
	const char *takes;
	bool (*take)(struct given *given, const char *value);
} known[] = {
	{"conf=", "an absolute path", take_conf},
	{"helper=", "an absolute path", take_helper},
	{"timeout_ms=", "a whole number from 50 to 60000", take_timeout},
	{"usage=", "all, first or off", take_usage},
};

static int take_argument(struct given *given, const char *words, struct rlg_err *err)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t length = strlen(known[i].key);
		if (strncmp(words, known[i].key, length) != 0)
			continue;
		if (known[i].take(given, words + length))
			return 0;
		return rlg_fail(err, -EINVAL, "runledger: plugstack.conf: %s takes %s, not '%.100s'; the default is used",
				known[i].key, known[i].takes, words + length);
	}
	return rlg_fail(err, -EINVAL,
			"runledger: plugstack.conf: there is no argument '%.100s'; there are conf=, helper=, timeout_ms= and usage=",
			words);
}

int rlg_settings_read(struct rlg_settings *settings, int n_arguments, char *const *arguments, struct rlg_err *err)
{
	struct given given = {.settings = settings};
	int first_code = 0;

	settings->usage = RLG_USAGE_ALL;
	rlg_copy(settings->conf_path, sizeof(settings->conf_path), RLG_SITECONF_PATH);
	rlg_copy(settings->helper, sizeof(settings->helper), RLG_BINDIR "/runledger");
	for (int i = 0; i < n_arguments; i++) {
		int code = take_argument(&given, arguments[i], first_code == 0 ? err : NULL);
		/* A path that was refused is empty by now. */
		if (settings->conf_path[0] == '\0')
			rlg_copy(settings->conf_path, sizeof(settings->conf_path), RLG_SITECONF_PATH);
		if (settings->helper[0] == '\0')
			rlg_copy(settings->helper, sizeof(settings->helper), RLG_BINDIR "/runledger");
		first_code = first_code == 0 ? code : first_code;
	}
	int code = rlg_siteconf_read(settings->conf_path, &settings->site, first_code == 0 ? err : NULL);
	if (given.timeout_ms > 0)
		settings->site.timeout_ms = given.timeout_ms;
	return first_code == 0 ? code : first_code;
}

int rlg_settings_check_helper(struct rlg_settings *settings, struct rlg_err *err)
{
	int code = rlg_trusted_program(settings->helper, err);

	/* One that is not there is told of by whoever wants to start it. */
	if (code != -EPERM)
		return 0;
	settings->helper[0] = '\0';
	return code;
}

int rlg_settings_wait_ms(const struct rlg_settings *settings)
{
	return settings->site.timeout_ms - settings->site.timeout_ms / 8;
}
