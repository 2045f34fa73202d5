/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that lives and ends together: see arena.h. */
#include "tool/base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A small command needs one block; a tracker of 100,000 runs a few hundred. */
#define BLOCK_ROOM ((size_t)256 * 1024)

/*
 * What is larger than this gets a block of its own, so that little of the current block is wasted; under the address
 * sanitizer everything does, so that it sees whoever writes past the end of one thing into the next.
 */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define ONE_BLOCK_EACH 1
#endif
#endif
#if defined(ONE_BLOCK_EACH) || defined(__SANITIZE_ADDRESS__)
#define LARGE ((size_t)0)
#else
#define LARGE (BLOCK_ROOM / 4)
#endif

/* From here on memory comes in the processor's large pages, where the kernel has them: one fault instead of 512. */
#define HUGE_PAGE ((size_t)2 * 1024 * 1024)

/* What is smaller is not worth the call; what is larger than the second may be a file that only says that it is so long. */
#define LEAST_AT_ONCE ((size_t)256 * 1024)
#define MOST_AT_ONCE ((size_t)16 * 1024 * 1024)

struct block {
	struct block *next;
	size_t mapped; /* bytes, if it is a mapping of its own; else 0, and it is malloc()'s */
	alignas(max_align_t) char data[];
};

struct rlg_arena {
	struct block *blocks;
	struct block *current; /* where small things go; it need not be the first of the list */
	char *free; /* in the current block */
	size_t left;
};

static _Noreturn void out_of_memory(void)
{
	fputs("runledger: out of memory\n", stderr);
	exit(EXIT_FAILURE);
}

struct rlg_arena *rlg_arena_new(void)
{
	struct rlg_arena *arena = calloc(1, sizeof(*arena));

	if (arena == NULL)
		out_of_memory();
	return arena;
}

static void free_block(struct block *block)
{
	if (block->mapped > 0)
		munmap(block, block->mapped);
	else
		free(block);
}

void rlg_arena_free(struct rlg_arena *arena)
{
	if (arena == NULL)
		return;
	while (arena->blocks != NULL) {
		struct block *next = arena->blocks->next;

		free_block(arena->blocks);
		arena->blocks = next;
	}
	free(arena);
}

void rlg_arena_empty(struct rlg_arena *arena)
{
	struct block *kept = arena->current;

	while (arena->blocks != NULL) {
		struct block *next = arena->blocks->next;

		if (arena->blocks != kept)
			free_block(arena->blocks);
		arena->blocks = next;
	}
	arena->blocks = kept;
	if (kept == NULL)
		return;
	kept->next = NULL;
	arena->free = kept->data;
	memset(kept->data, 0, BLOCK_ROOM - arena->left);
	arena->left = BLOCK_ROOM;
}

void rlg_arena_cleanup(struct rlg_arena **arena)
{
	rlg_arena_free(*arena);
}

/* A mapping that begins where a large page begins, or NULL: the kernel gives large pages to such as ask for them. */
static struct block *map_block(size_t size)
{
#ifdef MADV_HUGEPAGE
	char *mapping = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mapping == MAP_FAILED)
		return NULL;
	size_t before = -(uintptr_t)mapping & (HUGE_PAGE - 1);
	struct block *block = (struct block *)(mapping + before);
	if (before > 0)
		munmap(mapping, before);
	munmap((char *)block + size, HUGE_PAGE - before);
	madvise(block, size, MADV_HUGEPAGE);
	block->mapped = size;
	return block;
#else
	(void)size;
	return NULL;
#endif
}

static struct block *new_block(struct rlg_arena *arena, size_t room)
{
	struct block *block = NULL;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (room > SIZE_MAX / 2)
		out_of_memory();
	if (LARGE > 0 && room >= HUGE_PAGE)
		block = map_block((sizeof(*block) + room + page - 1) & -page);
	/* calloc() rather than malloc(): the kernel's fresh pages are zero already, so a large block costs nothing. */
	if (block == NULL)
		block = calloc(1, sizeof(*block) + room);
	if (block == NULL)
		out_of_memory();
	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

/* Zeroed, aligned to `align` (a power of two). */
static void *take(struct rlg_arena *arena, size_t size, size_t align)
{
	size_t padding = -(uintptr_t)arena->free & (align - 1);

	if (size > LARGE)
		return new_block(arena, size)->data;
	if (arena->free == NULL || arena->left < padding + size) {
		arena->current = new_block(arena, BLOCK_ROOM);
		arena->free = arena->current->data;
		arena->left = BLOCK_ROOM;
		padding = 0;
	}
	void *taken = arena->free + padding;
	arena->free += padding + size;
	arena->left -= padding + size;
	return taken;
}

void *rlg_arena_alloc(struct rlg_arena *arena, size_t size)
{
	return take(arena, size, alignof(max_align_t));
}

void *rlg_arena_alloc_full(struct rlg_arena *arena, size_t size)
{
	void *room = rlg_arena_alloc(arena, size);

	/* Kernels before 5.14 do not know it: then the pages come one by one. */
#ifdef MADV_POPULATE_WRITE
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin = ((uintptr_t)room + page - 1) & -page;
	size_t most = size < MOST_AT_ONCE ? size : MOST_AT_ONCE;
	if (size >= LEAST_AT_ONCE)
		madvise((char *)room + (begin - (uintptr_t)room), (most - (begin - (uintptr_t)room)) & -page, MADV_POPULATE_WRITE);
#endif
	return room;
}

void rlg_arena_trim(struct rlg_arena *arena, void *room, size_t size, size_t kept)
{
	char *rest = (char *)room + kept;

	if (arena->free != (char *)room + size)
		return; /* a block of its own */
	memset(rest, 0, size - kept);
	arena->free = rest;
	arena->left += size - kept;
}

void *rlg_arena_grow(struct rlg_arena *arena, const void *old, size_t old_count, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		out_of_memory();
	void *room = rlg_arena_alloc(arena, bytes);
	if (old != NULL && old_count > 0)
		memcpy(room, old, (old_count < count ? old_count : count) * size);
	return room;
}

char *rlg_arena_copy(struct rlg_arena *arena, const char *bytes, size_t count)
{
	char *copy = rlg_arena_alloc(arena, count);

	if (count > 0)
		memcpy(copy, bytes, count);
	return copy;
}

char *rlg_arena_text(struct rlg_arena *arena, const char *bytes, size_t count)
{
	char *copy = take(arena, count + 1, 1);

	memcpy(copy, bytes, count);
	copy[count] = '\0';
	return copy;
}

char *rlg_arena_strndup(struct rlg_arena *arena, const char *bytes, size_t count)
{
	if (bytes == NULL)
		return NULL;
	if (count == SIZE_MAX)
		out_of_memory();
	size_t length = strnlen(bytes, count);
	char *copy = take(arena, length + 1, 1);
	memcpy(copy, bytes, length);
	return copy;
}

char *rlg_arena_strdup(struct rlg_arena *arena, const char *words)
{
	return words == NULL ? NULL : rlg_arena_strndup(arena, words, strlen(words));
}

char *rlg_arena_printf(struct rlg_arena *arena, const char *format, ...)
{
	va_list args, again;

	va_start(args, format);
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0)
		out_of_memory();
	char *words = take(arena, (size_t)length + 1, 1);
	vsnprintf(words, (size_t)length + 1, format, again);
	va_end(again);
	return words;
}
