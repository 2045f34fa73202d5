/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of a tracker's file since it was rendered last: see refresh_trackers.h. */
#include "tool/base/sum64.h"
#include "tool/group/refresh_trackers.h"

#include <string.h>

static bool is_same(const struct rlg_file_sign *left, const struct rlg_file_sign *right)
{
	return memcmp(left, right, sizeof(*left)) == 0;
}

struct rlg_stamped rlg_tracker_stamped(struct rlg_refreshing *refreshing, const struct rlg_tracker_choice *choice,
				       const struct rlg_tracker_place *place)
{
	struct rlg_stamped stamped = {.key = rlg_tracker_stamp_key(refreshing->group, choice, place)};
	struct rlg_tracker_signs signs;

	stamped.stamp = rlg_load_stamp(refreshing->load, stamped.key);
	if (!refreshing->locked || stamped.stamp.sequence == 0 ||
	    stamped.stamp.sequence < rlg_load_moved_at(refreshing->load) ||
	    stamped.stamp.settings != rlg_load_settings(refreshing->load))
		return stamped;
	rlg_tracker_signs(refreshing->group, choice, place, &signs);
	stamped.holds = is_same(&signs.file, &stamped.stamp.file) && is_same(&signs.base, &stamped.stamp.base) &&
			is_same(&signs.memory, &stamped.stamp.memory);
	return stamped;
}

void rlg_tracker_stamp(struct rlg_refreshing *refreshing, const struct rlg_tracker_choice *choice,
		       const struct rlg_stamped *stamped, const struct rlg_tracker_file *file, const struct rlg_model *model,
		       const struct rlg_bytes *text, bool written)
{
	const struct rlg_tracker *tracker = rlg_tracker_called(choice->tracker);
	struct rlg_tracker_signs signs = rlg_tracker_file_signs(file);
	struct rlg_stamp stamp = {.sequence = model->sequence, .settings = rlg_load_settings(refreshing->load)};

	/* Somebody saved it already: what stands there was never rendered. */
	if (!written && file->text != NULL && !rlg_tracker_file_is_current(file))
		return;
	stamp.text = rlg_sum64(0, text->data, text->length);
	stamp.told = tracker->runs != NULL && rlg_load_all_are_told(refreshing->load);
	stamp.file = signs.file;
	stamp.base = signs.base;
	stamp.memory = signs.memory;
	if (stamp.file.size == text->length)
		rlg_load_set_stamp(refreshing->load, stamped->key, &stamp);
}
