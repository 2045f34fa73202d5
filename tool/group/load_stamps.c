/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stamps of trackers, in a snapshot: see load.h. */
#include "tool/group/load_runs.h"

#include <string.h>

#define STAMP(member) {offsetof(struct rlg_stamp, member), RLG_PACKED_INT, 0}
/* NOLINTNEXTLINE(bugprone-macro-parentheses): the name of a member */
#define SIGN(file) STAMP(file.inode), STAMP(file.size), STAMP(file.modified_ns), STAMP(file.changed_ns)

static const struct rlg_packed_member members[] = {
	STAMP(sequence), STAMP(settings), STAMP(text), STAMP(told), SIGN(file), SIGN(base), SIGN(memory),
};
#define N_MEMBERS (sizeof(members) / sizeof(members[0]))
_Static_assert(sizeof(struct rlg_stamp) == 8 * N_MEMBERS, "all of it");

static struct rlg_known_stamp *stamp_called(struct rlg_load *load, const char *key)
{
	struct rlg_arena *arena = load->group->arena;
	size_t at = rlg_names_find(load->stamp_names, key);

	if (at != RLG_NAMES_NONE)
		return &load->stamps[at];
	if (load->n_stamps == load->stamps_room) {
		load->stamps_room = load->stamps_room == 0 ? 16 : 2 * load->stamps_room;
		load->stamps =
			rlg_arena_grow(arena, load->stamps, load->n_stamps, load->stamps_room, sizeof(*load->stamps));
	}
	load->stamps[load->n_stamps] = (struct rlg_known_stamp){.key = rlg_arena_strdup(arena, key)};
	rlg_names_add(load->stamp_names, load->stamps[load->n_stamps].key, load->n_stamps);
	return &load->stamps[load->n_stamps++];
}

struct rlg_stamp rlg_load_stamp(const struct rlg_load *load, const char *key)
{
	size_t at = rlg_names_find(load->stamp_names, key);

	if (at == RLG_NAMES_NONE)
		return (struct rlg_stamp){.sequence = 0};
	return load->stamps[at].stamp;
}

void rlg_load_set_stamp(struct rlg_load *load, const char *key, const struct rlg_stamp *stamp)
{
	struct rlg_known_stamp *known = stamp_called(load, key);

	if (memcmp(&known->stamp, stamp, sizeof(*stamp)) == 0)
		return;
	known->stamp = *stamp;
	known->dirty = true;
}

void rlg_known_stamp_add(struct rlg_load *load, struct rlg_known_stamp *stamp)
{
	static const struct rlg_stamp nothing;
	struct rlg_bytes bytes;

	rlg_bytes_init(&bytes, load->scratch);
	rlg_pack_text(&bytes, stamp->key);
	rlg_pack_struct(&bytes, &stamp->stamp, &nothing, members, N_MEMBERS);
	rlg_snapshot_add(load->snapshot, RLG_FRAME_STAMP, bytes.data, bytes.length);
	rlg_arena_empty(load->scratch);
	stamp->dirty = false;
}

bool rlg_known_stamp_unpack(struct rlg_load *load, struct rlg_unpack *from)
{
	const char *key = rlg_unpack_text(from);

	if (key == NULL)
		return false;
	struct rlg_known_stamp *known = stamp_called(load, key);
	known->stamp = (struct rlg_stamp){.sequence = 0};
	rlg_unpack_struct(from, &known->stamp, members, N_MEMBERS);
	known->dirty = false;
	return !from->bad && from->at == from->end;
}
