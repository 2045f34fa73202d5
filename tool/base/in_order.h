/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arrays put in order, that are in order already as a rule.
 */
#ifndef RLG_IN_ORDER_H
#define RLG_IN_ORDER_H

#include <stddef.h>

/* Sorts `count` items of `size` bytes each, as qsort(3) does, and moves none where none has to. */
void rlg_put_in_order(void *items, size_t count, size_t size, int (*compare)(const void *left, const void *right));

/* The same, and keeps one of those that are equal; how many are left. */
size_t rlg_put_in_order_once(void *items, size_t count, size_t size, int (*compare)(const void *left, const void *right));

#endif
