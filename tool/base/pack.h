/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Structs as bytes and back: compact, table-driven, and safe to read whatever the bytes are.
 *
 * Numbers are LEB128; texts stand with their NUL, so that what is unpacked points into the packed bytes.  Nobody but the
 * same program on the same kind of machine reads them (group/snapshot.h sees to that).
 */
#ifndef RLG_PACK_H
#define RLG_PACK_H

#include "tool/base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void rlg_pack_number(struct rlg_bytes *to, uint64_t number);
void rlg_pack_text(struct rlg_bytes *to, const char *text); /* may be NULL */

/* An id: as a text, but that 32 figures in hexadecimal take half the room.  May be NULL. */
void rlg_pack_id(struct rlg_bytes *to, const char *id);

/* What is left of packed bytes. */
struct rlg_unpack {
	const unsigned char *at, *end;
	bool bad; /* the bytes are not what was packed: all that comes from now on is 0 and NULL */
};

struct rlg_unpack rlg_unpack_begin(const void *bytes, size_t count);
uint64_t rlg_unpack_number(struct rlg_unpack *from);

/* Into the bytes themselves; NULL where NULL was packed. */
const char *rlg_unpack_text(struct rlg_unpack *from);

/* In the arena, unless it can stand in the bytes. */
const char *rlg_unpack_id(struct rlg_unpack *from, struct rlg_arena *arena);

/* So many bytes as they stand; NULL, and bad, where there are less. */
const char *rlg_unpack_bytes(struct rlg_unpack *from, size_t count);

/* How many things follow, each of which takes at least `least` bytes: never more than the bytes can hold. */
size_t rlg_unpack_count(struct rlg_unpack *from, size_t least);

/* ---- structs ---- */

enum rlg_packed_kind {
	RLG_PACKED_TEXT, /* const char * */
	RLG_PACKED_INT, /* int64_t, or uint64_t */
	RLG_PACKED_BOOL,
	RLG_PACKED_ENUM, /* any enum */
	RLG_PACKED_REAL, /* double */
};

/* A member: which, and of what kind. */
struct rlg_packed_member {
	unsigned short offset;
	unsigned char kind;
	unsigned char most; /* of an enum: what is not below this is bad */
};

#define RLG_PACKED_MOST 64 /* members of a struct: one bit each says which differ */

/* The members in which `what` differs from `like`; unpacking begins with `what` as a copy of the same `like`. */
void rlg_pack_struct(struct rlg_bytes *to, const void *what, const void *like, const struct rlg_packed_member *members,
		     size_t n_members);
void rlg_unpack_struct(struct rlg_unpack *from, void *what, const struct rlg_packed_member *members, size_t n_members);

#endif
