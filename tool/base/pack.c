/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Structs as bytes and back: see pack.h. */
#include "tool/base/pack.h"

#include <string.h>

void rlg_pack_number(struct rlg_bytes *to, uint64_t number)
{
	char bytes[10];
	size_t count = 0;

	for (; number >= 0x80; number >>= 7)
		bytes[count++] = (char)(number | 0x80);
	bytes[count++] = (char)number;
	rlg_bytes_add_n(to, bytes, count);
}

/* Its length, one more than that, and its NUL; 0 alone is NULL. */
void rlg_pack_text(struct rlg_bytes *to, const char *text)
{
	size_t length = text == NULL ? 0 : strlen(text);

	rlg_pack_number(to, text == NULL ? 0 : length + 1);
	if (text != NULL)
		rlg_bytes_add_n(to, text, length + 1);
}

struct rlg_unpack rlg_unpack_begin(const void *bytes, size_t count)
{
	return (struct rlg_unpack){.at = bytes, .end = (const unsigned char *)bytes + count};
}

uint64_t rlg_unpack_number(struct rlg_unpack *from)
{
	uint64_t number = 0;

	/* Most are small. */
	if (from->at < from->end && *from->at < 0x80)
		return *from->at++;

	for (unsigned shift = 0; from->at < from->end && shift < 64; shift += 7) {
		unsigned char byte = *from->at++;
		number |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return number;
	}
	from->bad = true;
	from->at = from->end;
	return 0;
}

const char *rlg_unpack_bytes(struct rlg_unpack *from, size_t count)
{
	const unsigned char *bytes = from->at;

	if (count > (size_t)(from->end - from->at)) {
		from->bad = true;
		from->at = from->end;
		return NULL;
	}
	from->at += count;
	return (const char *)bytes;
}

const char *rlg_unpack_text(struct rlg_unpack *from)
{
	uint64_t size = rlg_unpack_number(from);
	const char *text = size == 0 ? NULL : rlg_unpack_bytes(from, size);

	if (text == NULL || text[size - 1] == '\0')
		return text;
	from->bad = true;
	return NULL;
}

size_t rlg_unpack_count(struct rlg_unpack *from, size_t least)
{
	uint64_t count = rlg_unpack_number(from);

	if (count <= (size_t)(from->end - from->at) / least)
		return count;
	from->bad = true;
	return 0;
}

/* ---- ids ---- */

#define ID_FIGURES 32

static int figure(char letter)
{
	return letter >= '0' && letter <= '9' ? letter - '0' : letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

static bool is_of_figures(const char *id)
{
	size_t count = 0;

	while (count <= ID_FIGURES && figure(id[count]) >= 0)
		count++;
	return count == ID_FIGURES && id[count] == '\0';
}

/* 1: figures, else 0 and the text. */
void rlg_pack_id(struct rlg_bytes *to, const char *id)
{
	char bytes[ID_FIGURES / 2];

	if (id == NULL || !is_of_figures(id)) {
		rlg_pack_number(to, 0);
		rlg_pack_text(to, id);
		return;
	}
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(figure(id[2 * i]) * 16 + figure(id[2 * i + 1]));
	rlg_pack_number(to, 1);
	rlg_bytes_add_n(to, bytes, sizeof(bytes));
}

const char *rlg_unpack_id(struct rlg_unpack *from, struct rlg_arena *arena)
{
	static const char figures[] = "0123456789abcdef";

	if (rlg_unpack_number(from) == 0)
		return rlg_unpack_text(from);
	const char *bytes = rlg_unpack_bytes(from, ID_FIGURES / 2);
	char id[ID_FIGURES + 1] = "";
	for (size_t i = 0; bytes != NULL && i < ID_FIGURES / 2; i++) {
		id[2 * i] = figures[(unsigned char)bytes[i] >> 4];
		id[2 * i + 1] = figures[(unsigned char)bytes[i] & 15];
	}
	return bytes == NULL ? NULL : rlg_arena_strndup(arena, id, ID_FIGURES);
}

/* ---- structs ---- */

#define MEMBER(what, member, type) (*(type *)((char *)(what) + (member)->offset))
#define KNOWN(what, member, type) (*(const type *)((const char *)(what) + (member)->offset))

static bool same_text(const char *left, const char *right)
{
	return left == right || (left != NULL && right != NULL && strcmp(left, right) == 0);
}

static bool is_same(const void *what, const void *like, const struct rlg_packed_member *member)
{
	switch (member->kind) {
	case RLG_PACKED_TEXT:
		return same_text(KNOWN(what, member, char *), KNOWN(like, member, char *));
	case RLG_PACKED_BOOL:
		return KNOWN(what, member, bool) == KNOWN(like, member, bool);
	case RLG_PACKED_ENUM:
		return KNOWN(what, member, int) == KNOWN(like, member, int);
	default: /* bit by bit: a NAN is no number, but the same */
		return memcmp(&KNOWN(what, member, uint64_t), &KNOWN(like, member, uint64_t), sizeof(uint64_t)) == 0;
	}
}

/* Small whether negative or not. */
static uint64_t folded(int64_t number)
{
	return number < 0 ? ~((uint64_t)number << 1) : (uint64_t)number << 1;
}

static int64_t unfolded(uint64_t number)
{
	return (int64_t)(number >> 1) ^ -(int64_t)(number & 1);
}

static void pack_member(struct rlg_bytes *to, const void *what, const void *like, const struct rlg_packed_member *member)
{
	switch (member->kind) {
	case RLG_PACKED_TEXT:
		rlg_pack_text(to, KNOWN(what, member, char *));
		return;
	case RLG_PACKED_INT: /* moments lie near each other */
		rlg_pack_number(to, folded((int64_t)(KNOWN(what, member, uint64_t) - KNOWN(like, member, uint64_t))));
		return;
	case RLG_PACKED_ENUM:
		rlg_pack_number(to, (uint64_t)KNOWN(what, member, int));
		return;
	case RLG_PACKED_REAL:
		rlg_bytes_add_n(to, (const char *)what + member->offset, sizeof(double));
		return;
	default: /* a truth value that differs says all */
		return;
	}
}

void rlg_pack_struct(struct rlg_bytes *to, const void *what, const void *like, const struct rlg_packed_member *members,
		     size_t n_members)
{
	uint64_t differ = 0;

	for (size_t i = 0; i < n_members; i++)
		differ |= (uint64_t)!is_same(what, like, &members[i]) << i;
	rlg_pack_number(to, differ);
	for (size_t i = 0; i < n_members; i++)
		if (differ >> i & 1)
			pack_member(to, what, like, &members[i]);
}

static void unpack_member(struct rlg_unpack *from, void *what, const struct rlg_packed_member *member)
{
	const char *bytes;

	switch (member->kind) {
	case RLG_PACKED_TEXT:
		MEMBER(what, member, const char *) = rlg_unpack_text(from);
		return;
	case RLG_PACKED_INT:
		MEMBER(what, member, uint64_t) += (uint64_t)unfolded(rlg_unpack_number(from));
		return;
	case RLG_PACKED_BOOL:
		MEMBER(what, member, bool) = !MEMBER(what, member, bool);
		return;
	case RLG_PACKED_ENUM: {
		uint64_t value = rlg_unpack_number(from);
		from->bad = from->bad || value >= member->most;
		MEMBER(what, member, int) = from->bad ? 0 : (int)value;
		return;
	}
	default:
		bytes = rlg_unpack_bytes(from, sizeof(double));
		if (bytes != NULL)
			memcpy((char *)what + member->offset, bytes, sizeof(double));
		return;
	}
}

void rlg_unpack_struct(struct rlg_unpack *from, void *what, const struct rlg_packed_member *members, size_t n_members)
{
	uint64_t differ = rlg_unpack_number(from);

	if (n_members < RLG_PACKED_MOST && differ >> n_members != 0) {
		from->bad = true;
		return;
	}
	for (; differ != 0; differ &= differ - 1)
		unpack_member(from, what, &members[__builtin_ctzll(differ)]);
}
