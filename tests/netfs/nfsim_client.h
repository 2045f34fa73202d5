/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one NFS client believes of the files of its server: the half of nfsim that is not FUSE.
 *
 * A client asks for a file's attributes when the file is opened and when a lock is granted, and believes them for some
 * seconds after.  It appends where it believes the end to be: that is how two clients come to write over each other.
 * With write-back it keeps what was written until fsync, close or unlock, and says only then that there was no room.
 *
 * All calls but client_init() lock for themselves.  A file is known by device, inode and birth, as an inode is soon used
 * again; what is known of it is kept until the process ends, which is soon enough for a test.
 */
#ifndef RLG_NFSIM_CLIENT_H
#define RLG_NFSIM_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct client_file;

/* One opening of a file. */
struct client_handle {
	int fd; /* the server's file */
	struct client_file *file; /* client_open(fd) */
	bool append; /* at the end, wherever that is believed to be */
	int unheard; /* a negative errno: what was written here could not be sent, and nobody was told yet */
};

/* `believe_s`: for how many seconds attributes are good (actimeo); `write_back`: see above. */
void client_init(double believe_s, bool write_back);

/* The file behind an open descriptor of the server's; asks for its attributes anew.  NULL with errno if that fails. */
struct client_file *client_open(int fd);

/* The attributes as the client believes them, given those that the server has just told. */
void client_believe(int fd, const char *path, struct stat *in_out_stat);

/* What was learnt of the file is void: its attributes are asked for anew, when somebody wants them. */
void client_forget(int fd);

/* Asks anew, if nothing is waiting to be written; as when a lock is granted. */
void client_revalidate(struct client_handle *handle);

/* Returns how many bytes, or a negative errno. */
int client_write(struct client_handle *handle, const char *bytes, size_t length, off_t offset);

/*
 * Sends what was kept of the file, whoever wrote it; do so before a handle ends.  Returns 0, or the negative errno of what
 * was written by this handle and could not be sent: that is gone.
 */
int client_flush(struct client_handle *handle);

#endif
