/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nfsim: a mount that behaves as an NFS client's, without NFS.
 *
 *     nfsim [-o believe=SECONDS,write_back,no_lock,stale] [FUSE-OPTION...] SERVER-FOLDER MOUNT-POINT
 *
 * Each process is one client of the server whose disk is SERVER-FOLDER: two of them on one folder see each other's writes
 * as late as two hosts do.  Stop the process (SIGSTOP), and the server has gone away; a small tmpfs as SERVER-FOLDER is a
 * server without room.
 *     believe=S     for how long attributes are good; 3 s, as with NFS
 *     write_back    what is written is kept until fsync, close or unlock, and errors come as late (unlock tells none)
 *     no_lock       locks fail with ENOLCK, as without a lock manager
 *     stale         a file that was removed behind the client's back gives ESTALE, as NFSv3 does; otherwise it lives on
 *
 * It does not show what only a real client does: leases, grace, lost locks, folders that are seen late.  For these there
 * is the machine in vm/.
 */
#define FUSE_USE_VERSION 35
#include "nfsim_client.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

static struct {
	char *server;
	double believe_s;
	int write_back, no_lock, stale;
} options = {.believe_s = 3};

#define OPTION(template, member, value) {template, offsetof(__typeof__(options), member), value}
static const struct fuse_opt known_options[] = {
	OPTION("believe=%lf", believe_s, 0), OPTION("write_back", write_back, 1), OPTION("no_lock", no_lock, 1),
	OPTION("stale", stale, 1),	     FUSE_OPT_END,
};

static struct client_handle *handle_of(const struct fuse_file_info *info)
{
	return (struct client_handle *)(uintptr_t)info->fh;
}

/* The server's path.  Too long a one is cut, and then there is no such file. */
struct path {
	char text[PATH_MAX];
};

static struct path at_server(const char *path)
{
	struct path whole;

	snprintf(whole.text, sizeof(whole.text), "%s%s", options.server, path);
	return whole;
}

static int done(int result)
{
	return result < 0 ? -errno : 0;
}

/*
 * The server's root makes it for the caller; the kernel has checked whether they may.  A group that is not root's comes
 * from a folder with set-group-ID, and stays.
 */
static int give_to_caller(const char *path, int result)
{
	const struct fuse_context *caller = fuse_get_context();
	struct stat here;

	if (result < 0 || lstat(path, &here) != 0)
		return -errno;
	return done(lchown(path, caller->uid, here.st_gid != getegid() ? (gid_t)-1 : caller->gid));
}

static int is_stale(const struct client_handle *handle)
{
	struct stat file;

	return options.stale && fstat(handle->fd, &file) == 0 && file.st_nlink == 0;
}

static int sim_getattr(const char *path, struct stat *out, struct fuse_file_info *info)
{
	if (info != NULL) {
		int fd = handle_of(info)->fd;
		if (is_stale(handle_of(info)))
			return -ESTALE;
		if (fstat(fd, out) != 0)
			return -errno;
		client_believe(fd, NULL, out);
		return 0;
	}
	struct path here = at_server(path);
	if (lstat(here.text, out) != 0)
		return -errno;
	client_believe(-1, here.text, out);
	return 0;
}

static int keep_handle(int fd, int flags, struct fuse_file_info *info)
{
	struct client_handle *handle = calloc(1, sizeof(*handle));

	if (handle == NULL || (handle->file = client_open(fd)) == NULL) {
		free(handle);
		close(fd);
		return -EIO;
	}
	handle->fd = fd;
	handle->append = (flags & O_APPEND) != 0;
	info->fh = (uintptr_t)handle;
	/* The kernel's page cache is not ours. */
	info->direct_io = 1;
	return 0;
}

/* Where to append is the client's business and not the server's; and a client reads what it fills up pages with. */
static int server_flags(int flags)
{
	int access = flags & O_ACCMODE;

	return (flags & ~(O_ACCMODE | O_APPEND | O_NOFOLLOW)) | (access == O_WRONLY ? O_RDWR : access) | O_CLOEXEC;
}

static int sim_open(const char *path, struct fuse_file_info *info)
{
	int fd = open(at_server(path).text, server_flags(info->flags));

	return fd < 0 ? -errno : keep_handle(fd, info->flags, info);
}

static int sim_create(const char *path, mode_t mode, struct fuse_file_info *info)
{
	struct path here = at_server(path);
	struct stat file;
	bool is_new = lstat(here.text, &file) != 0;
	int fd = open(here.text, server_flags(info->flags) | O_CREAT, mode);

	if (fd < 0)
		return -errno;
	if (is_new && give_to_caller(here.text, 0) != 0) {
		close(fd);
		return -EIO;
	}
	return keep_handle(fd, info->flags, info);
}

static int sim_read(const char *path, char *to, size_t size, off_t offset, struct fuse_file_info *info)
{
	struct client_handle *handle = handle_of(info);

	(void)path;
	if (is_stale(handle))
		return -ESTALE;
	int code = client_flush(handle);
	ssize_t got = code == 0 ? pread(handle->fd, to, size, offset) : code;
	return got < 0 && code == 0 ? -errno : (int)got;
}

static int sim_write(const char *path, const char *bytes, size_t size, off_t offset, struct fuse_file_info *info)
{
	struct client_handle *handle = handle_of(info);

	(void)path;
	return is_stale(handle) ? -ESTALE : client_write(handle, bytes, size, offset);
}

static int sim_flush(const char *path, struct fuse_file_info *info)
{
	(void)path;
	return client_flush(handle_of(info));
}

static int sim_fsync(const char *path, int data_only, struct fuse_file_info *info)
{
	struct client_handle *handle = handle_of(info);

	(void)path;
	(void)data_only;
	if (is_stale(handle))
		return -ESTALE;
	int code = client_flush(handle);
	return code != 0 ? code : done(fsync(handle->fd));
}

static int sim_release(const char *path, struct fuse_file_info *info)
{
	(void)path;
	client_flush(handle_of(info));
	close(handle_of(info)->fd);
	free(handle_of(info));
	return 0;
}

/* As the kernel's NFS client: an unlock sends what was kept and keeps to itself how that went; a lock asks anew. */
static void around_lock(struct client_handle *handle, bool unlock)
{
	client_flush(handle);
	if (!unlock)
		client_revalidate(handle);
}

/* The server's lock belongs to the open file, so that two clients, and two openings of one, are two. */
static int sim_lock(const char *path, struct fuse_file_info *info, int command, struct flock *lock)
{
	static const int server_command[][2] = {
		{F_GETLK, F_OFD_GETLK}, {F_SETLK, F_OFD_SETLK}, {F_SETLKW, F_OFD_SETLKW}};
	struct client_handle *handle = handle_of(info);
	struct flock asked = *lock;
	size_t row = 0;

	(void)path;
	if (options.no_lock)
		return -ENOLCK;
	while (row < 2 && server_command[row][0] != command)
		row++;
	asked.l_pid = 0;
	if (lock->l_type == F_UNLCK)
		around_lock(handle, true);
	if (fcntl(handle->fd, server_command[row][1], &asked) != 0)
		return -errno;
	if (command == F_GETLK)
		*lock = asked;
	else if (lock->l_type != F_UNLCK)
		around_lock(handle, false);
	return 0;
}

static int sim_flock(const char *path, struct fuse_file_info *info, int operation)
{
	struct client_handle *handle = handle_of(info);
	bool unlock = (operation & LOCK_UN) != 0;

	(void)path;
	if (options.no_lock)
		return -ENOLCK;
	if (unlock)
		around_lock(handle, true);
	if (flock(handle->fd, operation) != 0)
		return -errno;
	if (!unlock)
		around_lock(handle, false);
	return 0;
}

static int sim_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset, struct fuse_file_info *info,
		       enum fuse_readdir_flags flags)
{
	DIR *folder = opendir(at_server(path).text);
	const struct dirent *entry;

	(void)offset;
	(void)info;
	(void)flags;
	if (folder == NULL)
		return -errno;
	while ((entry = readdir(folder)) != NULL) {
		struct stat file = {.st_ino = entry->d_ino, .st_mode = (mode_t)DTTOIF(entry->d_type)};
		fill(buffer, entry->d_name, &file, 0, 0);
	}
	closedir(folder);
	return 0;
}

/* What the client itself changed it knows at once. */
static void forget(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return;
	client_forget(fd);
	close(fd);
}

static int changed(const struct path *here, int result)
{
	int code = done(result);

	forget(here->text);
	return code;
}

static int sim_chmod(const char *path, mode_t mode, struct fuse_file_info *info)
{
	struct path here = at_server(path);

	(void)info;
	return changed(&here, chmod(here.text, mode));
}

static int sim_chown(const char *path, uid_t user, gid_t group, struct fuse_file_info *info)
{
	struct path here = at_server(path);

	(void)info;
	return changed(&here, lchown(here.text, user, group));
}

static int sim_truncate(const char *path, off_t size, struct fuse_file_info *info)
{
	struct path here = at_server(path);

	if (info != NULL)
		client_flush(handle_of(info));
	return changed(&here, truncate(here.text, size));
}

static int sim_utimens(const char *path, const struct timespec times[2], struct fuse_file_info *info)
{
	struct path here = at_server(path);

	(void)info;
	return changed(&here, utimensat(AT_FDCWD, here.text, times, AT_SYMLINK_NOFOLLOW));
}

static int sim_rename(const char *from, const char *to, unsigned flags)
{
	struct path new = at_server(to);

	if (flags != 0)
		return -EINVAL;
	return changed(&new, rename(at_server(from).text, new.text));
}

static int sim_link(const char *from, const char *to)
{
	struct path new = at_server(to);

	return changed(&new, link(at_server(from).text, new.text));
}

static int sim_mkdir(const char *path, mode_t mode)
{
	struct path here = at_server(path);

	return give_to_caller(here.text, mkdir(here.text, mode));
}

static int sim_mknod(const char *path, mode_t mode, dev_t device)
{
	struct path here = at_server(path);

	return give_to_caller(here.text, mknod(here.text, mode, device));
}

static int sim_symlink(const char *target, const char *path)
{
	struct path here = at_server(path);

	return give_to_caller(here.text, symlink(target, here.text));
}

static int sim_readlink(const char *path, char *to, size_t size)
{
	ssize_t length = readlink(at_server(path).text, to, size - 1);

	if (length < 0)
		return -errno;
	to[length] = '\0';
	return 0;
}

static int sim_unlink(const char *path)
{
	return done(unlink(at_server(path).text));
}

static int sim_rmdir(const char *path)
{
	return done(rmdir(at_server(path).text));
}

static int sim_statfs(const char *path, struct statvfs *out)
{
	return done(statvfs(at_server(path).text, out));
}

/* The kernel is to believe nothing: that is the client's part. */
static void *sim_init(struct fuse_conn_info *connection, struct fuse_config *config)
{
	(void)connection;
	config->use_ino = 1;
	config->direct_io = 1;
	config->attr_timeout = config->entry_timeout = config->negative_timeout = 0;
	return NULL;
}

static const struct fuse_operations operations = {
	.init = sim_init, .getattr = sim_getattr, .open = sim_open, .create = sim_create, .read = sim_read,
	.write = sim_write, .flush = sim_flush, .fsync = sim_fsync, .release = sim_release, .lock = sim_lock,
	.flock = sim_flock, .readdir = sim_readdir, .chmod = sim_chmod, .chown = sim_chown, .truncate = sim_truncate,
	.utimens = sim_utimens, .rename = sim_rename, .link = sim_link, .mkdir = sim_mkdir, .mknod = sim_mknod,
	.symlink = sim_symlink, .readlink = sim_readlink, .unlink = sim_unlink, .rmdir = sim_rmdir, .statfs = sim_statfs,
};

/* The first word that is no option is the server's folder; the rest is FUSE's. */
static int take_argument(void *data, const char *word, int key, struct fuse_args *rest)
{
	(void)data;
	(void)rest;
	if (key != FUSE_OPT_KEY_NONOPT || options.server != NULL)
		return 1;
	options.server = realpath(word, NULL);
	if (options.server == NULL)
		perror(word);
	return options.server == NULL ? -1 : 0;
}

int main(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);

	if (fuse_opt_parse(&args, &options, known_options, take_argument) != 0)
		return 2;
	if (options.server == NULL) {
		fprintf(stderr, "usage: nfsim [-o believe=SECONDS,write_back,no_lock,stale] [FUSE-OPTION...] SERVER-FOLDER MOUNT-POINT\n");
		return 2;
	}
	client_init(options.believe_s, options.write_back);
	fuse_opt_add_arg(&args, "-odefault_permissions");
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 12)
	/* One thread a lock that is waited for, and some that work. */
	fuse_opt_add_arg(&args, "-omax_threads=64");
#endif
	umask(0);
	return fuse_main(args.argc, args.argv, &operations, NULL);
}
