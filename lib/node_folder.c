/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A user's own folder in the node's spool: see node_folder.h. */
#include "lib/node_folder.h"

#include "lib/record.h"
#include "lib/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)

/* Anybody can make names in the spool.  After so many the search ends, so that nobody's flood holds up others for long. */
#define MOST_NAMES 100000

/* As the kernel fills it in; glibc's readdir(3) would allocate. */
struct kernel_name {
	uint64_t inode;
	int64_t next;
	unsigned short length;
	unsigned char type;
	char name[];
};

int rlg_node_each_name(int folder_fd, rlg_node_name_fn *each, void *context)
{
	_Alignas(struct kernel_name) char bytes[8192];
	unsigned count = 0;
	long got;

	if (lseek(folder_fd, 0, SEEK_SET) < 0)
		return -errno;
	while ((got = syscall(SYS_getdents64, folder_fd, bytes, sizeof(bytes))) > 0)
		for (long at = 0; at < got;) {
			const struct kernel_name *found = (const struct kernel_name *)(const void *)(bytes + at);
			at += found->length;
			if (strcmp(found->name, ".") == 0 || strcmp(found->name, "..") == 0)
				continue;
			if (++count > MOST_NAMES || !each(context, folder_fd, found->name))
				return 0;
		}
	return got < 0 ? -errno : 0;
}

int rlg_node_open(const char *spool, struct rlg_err *err)
{
	struct stat facts;
	int fd = open(spool, FOLDER_FLAGS);

	if (fd < 0)
		return rlg_fail_errno(err, -errno, "cannot open the node's spool %s; see spank_runledger(8)", spool);
	int code = fstat(fd, &facts) == 0 ? 0 : -errno;
	bool open_to_others = (facts.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (facts.st_mode & S_ISVTX) == 0;
	if (code == 0 && ((facts.st_uid != 0 && facts.st_uid != geteuid()) || open_to_others))
		code = rlg_fail(err, -EPERM,
				"the node's spool %s cannot be trusted: it must be root's, with mode 1777, as /tmp is", spool);
	if (code == 0)
		return fd;
	close(fd);
	return code;
}

bool rlg_node_folder_owner(const char *name, uid_t *out_uid)
{
	char figures[16];
	long long uid;
	size_t length = name[0] == 'u' ? strspn(name + 1, "0123456789") : 0;

	if (length == 0 || length >= sizeof(figures) || (name[1 + length] != '\0' && name[1 + length] != '.'))
		return false;
	memcpy(figures, name + 1, length);
	figures[length] = '\0';
	if ((figures[0] == '0' && length > 1) || !rlg_parse_int(figures, 0, UINT32_MAX - 1, &uid))
		return false;
	*out_uid = (uid_t)uid;
	return true;
}

static bool is_ours(int fd)
{
	struct stat facts;

	return fstat(fd, &facts) == 0 && S_ISDIR(facts.st_mode) && facts.st_uid == geteuid() && (facts.st_mode & 077) == 0;
}

/* A descriptor of it, if it is ours; -EPERM for what is somebody else's, or nobody's folder. */
static int open_ours(int spool_fd, const char *name)
{
	int fd = openat(spool_fd, name, FOLDER_FLAGS);

	if (fd < 0)
		return errno == ENOENT ? -ENOENT : -EPERM;
	if (is_ours(fd))
		return fd;
	close(fd);
	return -EPERM;
}

struct search {
	char prefix[RLG_NODE_NAME_MAX]; /* "u1000." */
	int fd;
};

static bool look_at_name(void *context, int spool_fd, const char *name)
{
	struct search *search = context;

	if (strncmp(name, search->prefix, strlen(search->prefix)) == 0)
		search->fd = open_ours(spool_fd, name);
	return search->fd < 0;
}

/* Somebody sits on our name: so ours has a longer one. */
static int open_other_name(int spool_fd)
{
	struct search search = {.fd = -ENOENT};

	snprintf(search.prefix, sizeof(search.prefix), "u%lu.", (unsigned long)geteuid());
	rlg_node_each_name(spool_fd, look_at_name, &search);
	return search.fd < 0 ? -ENOENT : search.fd;
}

static int make_folder(int spool_fd, const char *name)
{
	if (mkdirat(spool_fd, name, 0700) != 0 && errno != EEXIST)
		return -errno;
	return open_ours(spool_fd, name);
}

int rlg_node_folder_open(int spool_fd, bool make, struct rlg_err *err)
{
	char name[RLG_NODE_NAME_MAX], random[RLG_ID_MAX];

	snprintf(name, sizeof(name), "u%lu", (unsigned long)geteuid());
	int fd = open_ours(spool_fd, name);
	if (fd == -ENOENT && make)
		fd = make_folder(spool_fd, name);
	if (fd == -EPERM)
		fd = open_other_name(spool_fd);
	else if (fd == -ENOENT)
		return fd;
	if (fd == -ENOENT && make) {
		rlg_record_new_id(random);
		snprintf(name, sizeof(name), "u%lu.%.16s", (unsigned long)geteuid(), random);
		fd = make_folder(spool_fd, name);
	}
	if (fd < 0 && fd != -ENOENT)
		rlg_fail_errno(err, fd, "cannot make a folder in the node's spool");
	return fd;
}

/* Each user once: nobody can make others' shares smaller by more folders of their own. */
static bool count_user(void *context, int spool_fd, const char *name)
{
	unsigned *count = context;
	struct stat facts;
	uid_t uid;

	if (strchr(name, '.') == NULL && rlg_node_folder_owner(name, &uid) && fstatat(spool_fd, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(facts.st_mode) && facts.st_uid == uid)
		++*count;
	return true;
}

unsigned rlg_node_users(int spool_fd)
{
	unsigned count = 0;

	rlg_node_each_name(spool_fd, count_user, &count);
	return count;
}
