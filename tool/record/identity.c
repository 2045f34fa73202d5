/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Becoming the user whose record it is: see identity.h. */
#include "tool/record/identity.h"

#include "lib/process.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>

/* As many as Linux has. */
#define GROUPS_MAX 65536

int rlg_identity_become(uid_t uid, int64_t gid, const char *user, struct rlg_err *err)
{
	static gid_t groups[GROUPS_MAX];
	int n_groups = GROUPS_MAX;
	const struct passwd *known = user == NULL || gid < 0 ? getpwuid(uid) : NULL;

	if (gid < 0 && known == NULL)
		return rlg_fail(err, -ENOENT, "this host does not know the user with the id %lu", (unsigned long)uid);
	if (gid < 0)
		gid = known->pw_gid;
	if (user == NULL && known != NULL)
		user = known->pw_name;
	/* A user that this host does not know has no supplementary groups here. */
	if (user == NULL || getgrouplist(user, (gid_t)gid, groups, &n_groups) < 0)
		n_groups = 0;
	struct rlg_identity identity = {.uid = uid, .gid = (gid_t)gid, .groups = groups, .n_groups = (size_t)n_groups};
	return rlg_process_become_user(&identity, err);
}
