/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a fuzz target over its corpus, tests/fuzz/corpus/NAME, or over the files that are named: a test as any other, with
 * any compiler.  Where an input ends the program, the last line in front tells which.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <errno.h>

#define PATH_ROOM 4096

static bool replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t size = 0, room = 0, got;

	if (file == NULL) {
		printf("# cannot open %s: %s\n", path, strerror(errno));
		return false;
	}
	do {
		if (room - size < BUFSIZ) {
			room = room == 0 ? (size_t)BUFSIZ * 2 : room * 2;
			data = realloc(data, room);
			FUZZ_MUST(data != NULL, "out of memory");
		}
		got = fread(data + size, 1, room - size, file);
		size += got;
	} while (got > 0);
	fclose(file);
	/* Exactly as long as it is, so that a look behind its end is seen. */
	uint8_t *exact = malloc(size == 0 ? 1 : size);
	FUZZ_MUST(exact != NULL, "out of memory");
	memcpy(exact, data, size);
	free(data);
	printf("# %s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return true;
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static size_t replay_folder(const char *folder)
{
	struct dirent **names;
	char path[PATH_ROOM];
	size_t count = 0;
	int n = scandir(folder, &names, not_hidden, alphasort);

	for (int i = 0; i < n; i++) {
		if (snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name) < PATH_ROOM)
			count += replay(path);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return count;
}

/* "tests/fuzz/fuzz_record" and ".libs/lt-fuzz_record" -> "record" */
static const char *target_of(const char *program)
{
	const char *name = strrchr(program, '/');
	const char *at = strstr(name == NULL ? program : name, "fuzz_");

	return at == NULL ? program : at + strlen("fuzz_");
}

int main(int argc, char **argv)
{
	const char *source = getenv("srcdir");
	char folder[PATH_ROOM];
	size_t count = 0;

	/* The empty input, as libFuzzer begins. */
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", source != NULL ? source : ".", target_of(argv[0]));
	for (int i = 1; i < argc; i++)
		count += replay(argv[i]);
	if (argc == 1)
		count = replay_folder(folder);
	printf("%s 1 - nothing of the corpus of %s hurts it (%zu inputs)\n1..1\n", count > 0 ? "ok" : "not ok", target_of(argv[0]),
	       count);
	return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
