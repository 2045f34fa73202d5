/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cjson_loop GROUP: what somebody would write first in C.  Each line of the status files becomes a tree of cJSON's, and of
 * the finish records of a run the last one's state counts: "RUN<tab>STATE", as fold_state prints it.
 */
#include <cjson/cJSON.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Files come run by run. */
struct last {
	char run[256];
	char state[32];
	double timestamp;
};

static void print(const struct last *last)
{
	if (last->state[0] != '\0')
		printf("%s\t%s\n", last->run, last->state);
}

static void take(struct last *last, const cJSON *record)
{
	const cJSON *timestamp = cJSON_GetObjectItemCaseSensitive(record, "timestamp");
	const cJSON *context = cJSON_GetObjectItemCaseSensitive(record, "context");
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(record, "name"));
	const char *run = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(context, "run"));
	const char *state = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(context, "state"));

	if (name == NULL || strcmp(name, "finish") != 0 || run == NULL || state == NULL || timestamp == NULL)
		return;
	if (strcmp(run, last->run) != 0) {
		print(last);
		*last = (struct last){.timestamp = 0};
		snprintf(last->run, sizeof(last->run), "%s", run);
	}
	if (timestamp->valuedouble >= last->timestamp) {
		last->timestamp = timestamp->valuedouble;
		snprintf(last->state, sizeof(last->state), "%s", state);
	}
}

int main(int argc, char **argv)
{
	char pattern[4096];
	char *line = NULL;
	size_t room = 0;
	struct last last = {.timestamp = 0};
	glob_t files;

	if (argc != 2) {
		fputs("Usage: cjson_loop GROUP\n", stderr);
		return 2;
	}
	snprintf(pattern, sizeof(pattern), "%s/.runledger/runs/*/*.jsonl", argv[1]);
	if (glob(pattern, 0, NULL, &files) != 0)
		return 1;
	for (size_t i = 0; i < files.gl_pathc; i++) {
		FILE *file = fopen(files.gl_pathv[i], "r");
		if (file == NULL)
			return 1;
		while (getline(&line, &room, file) > 0) {
			cJSON *record = cJSON_Parse(line);
			if (record != NULL)
				take(&last, record);
			cJSON_Delete(record);
		}
		fclose(file);
	}
	print(&last);
	free(line);
	globfree(&files);
	return 0;
}
