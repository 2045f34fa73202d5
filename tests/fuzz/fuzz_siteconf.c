/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runledger.conf, and the arguments of a line of plugstack.conf: the first line of the input, with blanks in between. */
#include "tests/fuzz/fuzz.h"
#include "spank/hooks/settings.h"

#include <unistd.h>

#define ARGUMENTS_MAX 16

static void is_sound(const struct rlg_siteconf *conf)
{
	FUZZ_MUST(conf->timeout_ms >= RLG_TIMEOUT_LEAST_MS && conf->timeout_ms <= RLG_TIMEOUT_MOST_MS, "%d", conf->timeout_ms);
	FUZZ_MUST(strnlen(conf->default_group, RLG_PATH_MAX) < RLG_PATH_MAX && strchr("/~", conf->default_group[0]) != NULL,
		  "default_group is %s", conf->default_group);
	FUZZ_MUST(conf->spool[0] == '/' && (conf->jobcomp_then[0] == '/' || conf->jobcomp_then[0] == '\0'), "a relative path");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	const uint8_t *end = size == 0 ? NULL : memchr(data, '\n', size);
	size_t first = end == NULL ? size : (size_t)(end - data);
	char *words = fuzz_text(arena, data, first), conf_path[64], *arguments[ARGUMENTS_MAX + 1] = {conf_path};
	int fd = fuzz_file(data + first, size - first), n = 1;
	struct rlg_settings settings;
	struct rlg_siteconf conf;
	struct rlg_err err = {""};

	snprintf(conf_path, sizeof(conf_path), "conf=/proc/self/fd/%d", fd);
	int code = rlg_siteconf_read(conf_path + strlen("conf="), &conf, &err);
	FUZZ_MUST((code != 0) == (err.text[0] != '\0'), "%d with the sentence `%s`", code, err.text);
	is_sound(&conf);
	for (char *word = strtok(words, " \t"); word != NULL && n < ARGUMENTS_MAX; word = strtok(NULL, " \t"))
		arguments[n++] = word;
	err.text[0] = '\0';
	code = rlg_settings_read(&settings, n, arguments, &err);
	FUZZ_MUST((code != 0) == (err.text[0] != '\0'), "%d with the sentence `%s`", code, err.text);
	is_sound(&settings.site);
	FUZZ_MUST(settings.helper[0] == '/' && rlg_settings_wait_ms(&settings) > 0, "the helper is %s", settings.helper);
	close(fd);
	return 0;
}
