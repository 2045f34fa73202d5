/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Near names: see nearest.h. */
#include "tool/cmd/nearest.h"

#include <string.h>
#include <strings.h>

static size_t least(size_t one, size_t other)
{
	return one < other ? one : other;
}

size_t rlg_edit_distance(const char *one, const char *other)
{
	size_t n_one = strnlen(one, RLG_NEAREST_LENGTH_MAX), n_other = strnlen(other, RLG_NEAREST_LENGTH_MAX);
	size_t rows[3][RLG_NEAREST_LENGTH_MAX + 1];

	for (size_t j = 0; j <= n_other; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= n_one; i++) {
		size_t *now = rows[i % 3];
		const size_t *last = rows[(i + 2) % 3], *last_but_one = rows[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= n_other; j++) {
			now[j] = last[j - 1] + (one[i - 1] != other[j - 1]);
			now[j] = least(now[j], least(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
				now[j] = least(now[j], last_but_one[j - 2] + 1);
		}
	}
	return rows[n_one % 3][n_other];
}

void rlg_nearest_offer(struct rlg_nearest *nearest, const char *name)
{
	size_t length = strlen(nearest->word);
	size_t distance = rlg_edit_distance(nearest->word, name);
	size_t at;

	if (length >= 2 && strcasestr(name, nearest->word) != NULL)
		distance = least(distance, 1);
	if (distance > (length < 3 ? 1 : length < 8 ? 2 : 3))
		return;
	for (at = nearest->n; at > 0 && nearest->distances[at - 1] > distance; at--)
		continue;
	if (at == RLG_NEAREST_MAX)
		return;
	if (nearest->n < RLG_NEAREST_MAX)
		nearest->n++;
	memmove(&nearest->names[at + 1], &nearest->names[at], (nearest->n - at - 1) * sizeof(nearest->names[0]));
	memmove(&nearest->distances[at + 1], &nearest->distances[at],
		(nearest->n - at - 1) * sizeof(nearest->distances[0]));
	nearest->names[at] = name;
	nearest->distances[at] = distance;
}
