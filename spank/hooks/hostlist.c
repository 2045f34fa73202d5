/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slurm's host lists: see hostlist.h. */
#include "spank/hooks/hostlist.h"

bool rlg_hostlist_first(const char *list, char *out_host, size_t size)
{
	size_t length = 0;
	bool in_brackets = false, taken = false;

	for (const char *at = list; *at != '\0' && (in_brackets || *at != ','); at++) {
		if (*at == '[') {
			in_brackets = true;
			taken = false;
		} else if (*at == ']') {
			in_brackets = false;
		} else if (in_brackets && (*at == '-' || *at == ',')) {
			taken = true; /* the first number of the brackets is complete */
		} else if (!in_brackets || !taken) {
			if (length + 1 >= size)
				return false;
			out_host[length++] = *at;
		}
	}
	out_host[length] = '\0';
	return length > 0;
}
