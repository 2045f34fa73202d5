/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether an updated runs_status.yaml still holds all that was a person's: see runs_status.h. */
#include "tool/tracker/runs_status.h"

#include <string.h>

static bool unchanged_pairs(const struct rlg_yaml_node *old, const struct rlg_yaml_node *new);

bool rlg_rs_unchanged(const struct rlg_yaml_node *old, const struct rlg_yaml_node *new)
{
	bool empty = old->kind == RLG_YAML_SCALAR || old->first == NULL;

	if (old->mark == RLG_RS_REPLACED)
		return new->kind == RLG_YAML_SCALAR && !new->anchored && !new->tagged;
	if (old->mark == RLG_RS_GROWN && empty)
		return rlg_yaml_is_mapping(new);
	if (old->kind != new->kind || old->style != new->style || old->anchored != new->anchored ||
	    old->tagged != new->tagged)
		return false;
	if (old->kind == RLG_YAML_SCALAR || old->kind == RLG_YAML_ALIAS)
		return strcmp(old->value, new->value) == 0;
	if (old->mark == RLG_RS_GROWN ? new->count <= old->count : new->count != old->count)
		return false;
	if (old->kind == RLG_YAML_MAPPING)
		return unchanged_pairs(old, new);
	for (old = old->first, new = new->first; old != NULL; old = old->next, new = new->next) {
		if (!rlg_rs_unchanged(old, new))
			return false;
	}
	return true;
}

/* The old pairs in their order; new ones may stand between them where the mapping has grown. */
static bool unchanged_pairs(const struct rlg_yaml_node *old, const struct rlg_yaml_node *new)
{
	bool grown = old->mark == RLG_RS_GROWN;

	for (old = old->first, new = new->first; old != NULL; old = old->next->next, new = new->next->next) {
		while (grown && new != NULL && !rlg_rs_unchanged(old, new))
			new = new->next->next;
		if (new == NULL || !rlg_rs_unchanged(old, new) || !rlg_rs_unchanged(old->next, new->next))
			return false;
	}
	return true;
}
