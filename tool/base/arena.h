/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that lives and ends together: one arena a model, a document, a command.
 *
 * Nothing here returns NULL: a tool that cannot have a few megabytes says so and exits with status 1.
 */
#ifndef RLG_ARENA_H
#define RLG_ARENA_H

#include <stddef.h>

struct rlg_arena;

struct rlg_arena *rlg_arena_new(void);
void rlg_arena_free(struct rlg_arena *arena);

/* Ends all that it holds, and keeps room for as much again: for what is done ten thousand times over. */
void rlg_arena_empty(struct rlg_arena *arena);

/* Zeroed memory, aligned for any type. */
void *rlg_arena_alloc(struct rlg_arena *arena, size_t size) __attribute__((returns_nonnull));

/*
 * The same for what will be filled from end to end, such as a file's text: where that is large the kernel is asked for all
 * of its pages at once, as each page that it is asked for by itself costs more than what is written to it.
 */
void *rlg_arena_alloc_full(struct rlg_arena *arena, size_t size) __attribute__((returns_nonnull));

/* Of the room of `size` bytes that was taken last only the first `kept` were needed: the rest goes back. */
void rlg_arena_trim(struct rlg_arena *arena, void *room, size_t size, size_t kept);

/* Room for `count` things of `size` bytes, holding the first `old_count` of `old`; for arrays that grow. */
void *rlg_arena_grow(struct rlg_arena *arena, const void *old, size_t old_count, size_t count, size_t size)
	__attribute__((returns_nonnull));

/* Copies; a NULL stays NULL.  The second copies no more than `count` bytes, and ends before a NUL as strndup(3) does. */
char *rlg_arena_strdup(struct rlg_arena *arena, const char *words);
char *rlg_arena_strndup(struct rlg_arena *arena, const char *bytes, size_t count);

/* A copy of `count` bytes among which is no NUL, with one behind them. */
char *rlg_arena_text(struct rlg_arena *arena, const char *bytes, size_t count);

/* A copy of bytes of any kind, NULs too. */
char *rlg_arena_copy(struct rlg_arena *arena, const char *bytes, size_t count);
char *rlg_arena_printf(struct rlg_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Use as `RLG_ARENA struct rlg_arena *arena = rlg_arena_new();`: freed when the scope ends. */
#define RLG_ARENA __attribute__((cleanup(rlg_arena_cleanup)))
void rlg_arena_cleanup(struct rlg_arena **arena);

#endif
