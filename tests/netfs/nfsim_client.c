/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one NFS client believes: see nfsim_client.h. */
#include "nfsim_client.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct unsent {
	struct unsent *next;
	struct client_handle *writer; /* outlives it, as whoever closes a file sends all of it first */
	off_t offset;
	size_t length;
	char bytes[];
};

struct birth {
	dev_t dev;
	ino_t ino;
	int64_t seconds;
	uint32_t nanoseconds;
};

struct client_file {
	struct client_file *next;
	struct birth birth;
	struct stat believed;
	double asked_at; /* 0: never, or void */
	struct unsent *first, **end;
};

static struct {
	pthread_mutex_t mutex;
	double believe_s;
	bool write_back;
	struct client_file *files;
} client = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

void client_init(double believe_s, bool write_back)
{
	client.believe_s = believe_s;
	client.write_back = write_back;
}

/* By descriptor, or by path where that is not NULL.  libc's stat does not tell when a file was born. */
static int birth_of(int fd, const char *path, struct birth *out)
{
	struct statx x;
	struct stat file;
	int flags = path == NULL ? AT_EMPTY_PATH : AT_SYMLINK_NOFOLLOW;

	if (statx(path == NULL ? fd : AT_FDCWD, path == NULL ? "" : path, flags, STATX_INO | STATX_BTIME, &x) != 0)
		return -1;
	if ((path == NULL ? fstat(fd, &file) : lstat(path, &file)) != 0)
		return -1;
	*out = (struct birth){.dev = file.st_dev, .ino = file.st_ino};
	if (x.stx_mask & STATX_BTIME) {
		out->seconds = x.stx_btime.tv_sec;
		out->nanoseconds = x.stx_btime.tv_nsec;
	}
	return 0;
}

static struct client_file *find(const struct birth *birth)
{
	struct client_file *file = client.files;

	while (file != NULL && (file->birth.ino != birth->ino || file->birth.dev != birth->dev ||
				file->birth.seconds != birth->seconds || file->birth.nanoseconds != birth->nanoseconds))
		file = file->next;
	if (file != NULL)
		return file;
	file = calloc(1, sizeof(*file));
	if (file == NULL)
		return NULL;
	file->birth = *birth;
	file->end = &file->first;
	file->next = client.files;
	client.files = file;
	return file;
}

static void ask(struct client_file *file, int fd)
{
	if (file->first == NULL && fstat(fd, &file->believed) == 0)
		file->asked_at = now();
}

static bool is_believed(const struct client_file *file)
{
	return file->asked_at > 0 && (file->first != NULL || now() - file->asked_at < client.believe_s);
}

struct client_file *client_open(int fd)
{
	struct birth birth;

	if (birth_of(fd, NULL, &birth) != 0)
		return NULL;
	pthread_mutex_lock(&client.mutex);
	struct client_file *file = find(&birth);
	if (file != NULL)
		ask(file, fd);
	pthread_mutex_unlock(&client.mutex);
	return file;
}

void client_believe(int fd, const char *path, struct stat *in_out_stat)
{
	struct birth birth;

	if (!S_ISREG(in_out_stat->st_mode) || birth_of(fd, path, &birth) != 0)
		return;
	pthread_mutex_lock(&client.mutex);
	struct client_file *file = find(&birth);
	if (file != NULL && is_believed(file)) {
		*in_out_stat = file->believed;
	} else if (file != NULL) {
		file->believed = *in_out_stat;
		file->asked_at = now();
	}
	pthread_mutex_unlock(&client.mutex);
}

void client_forget(int fd)
{
	struct birth birth;

	if (birth_of(fd, NULL, &birth) != 0)
		return;
	pthread_mutex_lock(&client.mutex);
	struct client_file *file = find(&birth);
	if (file != NULL && file->first == NULL)
		file->asked_at = 0;
	pthread_mutex_unlock(&client.mutex);
}

void client_revalidate(struct client_handle *handle)
{
	pthread_mutex_lock(&client.mutex);
	ask(handle->file, handle->fd);
	pthread_mutex_unlock(&client.mutex);
}

static int send_one(const struct unsent *unsent)
{
	size_t sent = 0;

	while (sent < unsent->length) {
		ssize_t count = pwrite(unsent->writer->fd, unsent->bytes + sent, unsent->length - sent, unsent->offset + (off_t)sent);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return count < 0 ? -errno : -EIO;
		sent += (size_t)count;
	}
	return 0;
}

/*
 * With the mutex held.  Whoever asks for it, e.g. to read: it goes by the writer's opening of the file, and it is the writer
 * who hears of an error.
 */
static int send_all(struct client_file *file, struct client_handle *handle)
{
	bool failed = false;

	while (file->first != NULL) {
		struct unsent *unsent = file->first;
		int code = send_one(unsent);
		if (code != 0 && unsent->writer->unheard == 0)
			unsent->writer->unheard = code;
		failed = failed || code != 0;
		file->first = unsent->next;
		free(unsent);
	}
	file->end = &file->first;
	/* The end that we believed in was never reached. */
	if (failed)
		ask(file, handle->fd);
	int code = handle->unheard;
	handle->unheard = 0;
	return code;
}

int client_flush(struct client_handle *handle)
{
	pthread_mutex_lock(&client.mutex);
	int code = send_all(handle->file, handle);
	pthread_mutex_unlock(&client.mutex);
	return code;
}

static int keep(struct client_handle *handle, const char *bytes, size_t length, off_t offset)
{
	struct client_file *file = handle->file;
	struct unsent *unsent = malloc(sizeof(*unsent) + length);

	if (unsent == NULL)
		return -ENOMEM;
	*unsent = (struct unsent){.writer = handle, .offset = offset, .length = length};
	memcpy(unsent->bytes, bytes, length);
	*file->end = unsent;
	file->end = &unsent->next;
	if (offset + (off_t)length > file->believed.st_size)
		file->believed.st_size = offset + (off_t)length;
	clock_gettime(CLOCK_REALTIME, &file->believed.st_mtim);
	return 0;
}

int client_write(struct client_handle *handle, const char *bytes, size_t length, off_t offset)
{
	struct client_file *file = handle->file;

	pthread_mutex_lock(&client.mutex);
	if (!is_believed(file))
		ask(file, handle->fd);
	int code = keep(handle, bytes, length, handle->append ? file->believed.st_size : offset);
	if (code == 0 && !client.write_back)
		code = send_all(file, handle);
	pthread_mutex_unlock(&client.mutex);
	return code == 0 ? (int)length : code;
}
