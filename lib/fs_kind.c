/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kinds of file systems: see fs_kind.h. */
#include "lib/fs_kind.h"

#include <stddef.h>
#include <stdint.h>

static const struct {
	uint32_t kind;
	bool local;
	const char *name;
} kinds[] = {
	{0xef53, true, "ext4"}, /* 2 and 3, too */
	{0x58465342, true, "xfs"},
	{0x9123683e, true, "btrfs"},
	{0x01021994, true, "tmpfs"},
	{0x794c7630, true, "overlayfs"},
	{0x2fc12fc1, true, "zfs"},
	{0xf2f52010, true, "f2fs"},
	{0x3153464a, true, "jfs"},
	{0xca451a4e, true, "bcachefs"},
	{0x6969, false, "NFS"},
	{0x0bd00bd0, false, "Lustre"},
	{0x47504653, false, "GPFS"},
	{0x19830326, false, "BeeGFS"},
	{0x00c36400, false, "CephFS"},
	{0xff534d42, false, "CIFS"},
	{0xfe534d42, false, "SMB"},
	{0x517b, false, "SMB"},
	{0x65735546, false, "FUSE"},
	{0x01021997, false, "9p"},
	{0x5346414f, false, "AFS"},
	{0x6b414653, false, "AFS"},
	{0x73757245, false, "Coda"},
	{0x7461636f, false, "OCFS2"},
	{0x01161970, false, "GFS2"},
	{0xaad7aaea, false, "PanFS"},
	{0x20030528, false, "OrangeFS"},
};

/* f_type has the width and the sign of a long: 0xff534d42 can come with 32 ones before it. */
static size_t row_of(unsigned long kind)
{
	size_t at = 0;

	while (at < sizeof(kinds) / sizeof(kinds[0]) && kinds[at].kind != (uint32_t)kind)
		at++;
	return at;
}

bool rlg_fs_is_local(unsigned long kind)
{
	size_t at = row_of(kind);

	return at < sizeof(kinds) / sizeof(kinds[0]) && kinds[at].local;
}

const char *rlg_fs_name(unsigned long kind)
{
	size_t at = row_of(kind);

	return at < sizeof(kinds) / sizeof(kinds[0]) ? kinds[at].name : NULL;
}
