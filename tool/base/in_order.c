/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arrays put in order: see in_order.h. */
#include "tool/base/in_order.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static char *item(void *items, size_t number, size_t size)
{
	return (char *)items + number * size;
}

void rlg_put_in_order(void *items, size_t count, size_t size, int (*compare)(const void *left, const void *right))
{
	for (size_t i = 1; i < count; i++)
		if (compare(item(items, i - 1, size), item(items, i, size)) > 0) {
			qsort(items, count, size, compare);
			return;
		}
}

size_t rlg_put_in_order_once(void *items, size_t count, size_t size, int (*compare)(const void *left, const void *right))
{
	size_t kept = 0;

	rlg_put_in_order(items, count, size, compare);
	for (size_t i = 0; i < count; i++) {
		if (kept > 0 && compare(item(items, kept - 1, size), item(items, i, size)) == 0)
			continue;
		if (kept != i)
			memcpy(item(items, kept, size), item(items, i, size), size);
		kept++;
	}
	return kept;
}
