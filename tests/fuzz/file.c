/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that holds the input, for readers that want a descriptor: see fuzz.h. */
#include "tests/fuzz/fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

int fuzz_file(const uint8_t *data, size_t size)
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	FUZZ_MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0, "no memory for a file");
	return fd;
}
