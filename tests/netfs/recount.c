/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recount: what became of an appender's records, as Runledger's own reader sees it.  recount.py sees it without.
 *
 *     recount GROUP RUN ACKS...
 *
 * One line: how many records were acknowledged, how many of them are not there (lost), how many lines are no record
 * (damaged), how many records stand there more than once (doubled), or without having been acknowledged (unasked).
 */
#include "lib/lines.h"
#include "lib/record.h"
#include "lib/record_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct acked {
	char id[RLG_ID_MAX];
	unsigned seen;
};

struct count {
	struct acked *acked;
	size_t n, room;
	unsigned unasked, not_parsed;
};

static int by_id(const void *left, const void *right)
{
	return strcmp(((const struct acked *)left)->id, ((const struct acked *)right)->id);
}

static int read_acks(struct count *count, const char *path)
{
	FILE *file = fopen(path, "r");
	struct acked one = {"", 0};

	if (file == NULL)
		return -1;
	while (fscanf(file, "%32s %*d", one.id) == 1) {
		if (count->n == count->room) {
			count->room = count->room == 0 ? 4096 : 2 * count->room;
			count->acked = realloc(count->acked, count->room * sizeof(one));
			if (count->acked == NULL)
				abort();
		}
		count->acked[count->n++] = one;
	}
	return fclose(file);
}

static int see(void *context, const char *run, const char *file, const char *line, size_t length)
{
	struct count *count = context;
	struct rlg_record record;
	struct acked wanted = {"", 0};

	(void)run;
	(void)file;
	if (rlg_record_parse(line, length, &record, NULL) != 0) {
		count->not_parsed++;
		return 0;
	}
	snprintf(wanted.id, sizeof(wanted.id), "%s", record.id != NULL ? record.id : "");
	struct acked *found = bsearch(&wanted, count->acked, count->n, sizeof(wanted), by_id);
	if (found != NULL)
		found->seen++;
	else
		count->unasked++;
	rlg_record_done(&record);
	return 0;
}

int main(int argc, char **argv)
{
	struct count count = {.n = 0};
	struct rlg_damage damage = {0};
	struct rlg_err err = {""};
	unsigned lost = 0, doubled = 0;

	if (argc < 4) {
		fprintf(stderr, "usage: recount GROUP RUN ACKS...\n");
		return 2;
	}
	for (int i = 3; i < argc; i++) {
		if (read_acks(&count, argv[i]) != 0) {
			perror(argv[i]);
			return 2;
		}
	}
	if (count.n > 0)
		qsort(count.acked, count.n, sizeof(*count.acked), by_id);
	if (rlg_lines_each(argv[1], argv[2], see, &count, &damage, &err) != 0) {
		fprintf(stderr, "recount: %s\n", err.text);
		return 2;
	}
	for (size_t i = 0; i < count.n; i++) {
		lost += count.acked[i].seen == 0;
		doubled += count.acked[i].seen > 1;
	}
	printf("acknowledged=%zu lost=%u damaged=%lu doubled=%u unasked=%u\n", count.n, lost,
	       (unsigned long)(rlg_damage_total(&damage) + damage.torn + count.not_parsed), doubled, count.unasked);
	free(count.acked);
	return 0;
}
