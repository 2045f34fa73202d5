/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Becoming the user whose record it is: see identity.h. */
#include "tool/record/identity.h"

#include "lib/process.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>

/* As many as Linux has. */
#define GROUPS_MAX 65536

/* Up to here they are the system's (SYS_GID_MAX). */
#define SYSTEM_GROUPS_MAX 999

/* Whoever says uid, gid and name (a spool, a command line) must not mix those of several people. */
static const struct passwd *user_of(uid_t uid, const char *name)
{
	const struct passwd *known = name == NULL ? NULL : getpwnam(name);

	return known != NULL && known->pw_uid == uid ? known : getpwuid(uid);
}

static bool is_among(gid_t gid, const gid_t *groups, int count)
{
	for (int i = 0; i < count; i++)
		if (groups[i] == gid)
			return true;
	return false;
}

/* Nobody of this host's: there are no groups to be had, and those of the system are not for strangers. */
static int become_stranger(uid_t uid, int64_t gid, bool by_root, struct rlg_err *err)
{
	struct rlg_identity identity = {.uid = uid, .gid = (gid_t)gid};

	if (gid < 0)
		return rlg_fail(err, -ENOENT, "this host does not know the user with the id %lu", (unsigned long)uid);
	if (!by_root && gid <= SYSTEM_GROUPS_MAX && uid != 0)
		return rlg_fail(err, -EPERM, "this host does not know the user with the id %lu, who is no one for its group %lld",
				(unsigned long)uid, (long long)gid);
	return rlg_process_become_user(&identity, err);
}

int rlg_identity_become(uid_t uid, int64_t gid, const char *user, bool by_root, struct rlg_err *err)
{
	static gid_t groups[GROUPS_MAX];
	int n_groups = GROUPS_MAX;
	const struct passwd *known = user_of(uid, user);

	if (known == NULL)
		return become_stranger(uid, gid, by_root, err);
	gid_t usual = known->pw_gid;
	if (getgrouplist(known->pw_name, usual, groups, &n_groups) < 0)
		n_groups = 0;
	struct rlg_identity identity = {.uid = uid, .gid = usual, .groups = groups, .n_groups = (size_t)n_groups};
	if (gid >= 0 && is_among((gid_t)gid, groups, n_groups))
		identity.gid = (gid_t)gid;
	return rlg_process_become_user(&identity, err);
}
