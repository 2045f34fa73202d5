# SPDX-License-Identifier: GPL-2.0-or-later
# Appending on network file systems: README.md beside this.
check_PROGRAMS += %D%/appender %D%/recount

tests_netfs_appender_SOURCES = %D%/appender.c
tests_netfs_appender_LDADD = lib/librlg_core.la
tests_netfs_recount_SOURCES = %D%/recount.c
tests_netfs_recount_LDADD = lib/librlg_read.la lib/librlg_core.la

if HAVE_FUSE3
check_PROGRAMS += %D%/nfsim
tests_netfs_nfsim_SOURCES = %D%/nfsim.c %D%/nfsim_client.c %D%/nfsim_client.h
tests_netfs_nfsim_CFLAGS = $(AM_CFLAGS) $(FUSE3_CFLAGS)
tests_netfs_nfsim_LDADD = $(FUSE3_LIBS)
endif

# The append protocol on NFS 3, 4.0, 4.2 and Gluster, 100,000 times over all; a full server, and trackers: as root, an hour
# and a half on two cores without KVM.  NETFS='nfs4.2' for one part: tests/netfs/check --help.
check-netfs: $(check_PROGRAMS) all
	top_builddir='$(abs_top_builddir)' '$(abs_top_srcdir)/%D%/check' $(NETFS)
.PHONY: check-netfs

EXTRA_DIST += %D%/README.md %D%/functions.sh %D%/recount.py %D%/trackers.sh %D%/parts.sh %D%/rig %D%/check %D%/gluster %D%/vm
