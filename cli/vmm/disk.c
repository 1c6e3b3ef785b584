// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opening a disk image. Whoever has it for writing has it alone: the lock is one
 * of the open file, which the kernel drops with the process.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler.h"
#include "disk.h"

/* What every kernel since 6.1 tells; older C libraries have no name for it. */
#ifndef STATX_DIOALIGN
#define STATX_DIOALIGN	0x2000U
#endif

/* What direct transfers need where nobody says. */
#define DIRECT_ALIGNMENT	4096U

/* A disk that is being opened. */
struct opening {
	struct disk *disk;
	const struct vmm_disk *config;
	char *err;
	size_t err_size;
};

static __printf(3, 4)
int open_fail(struct opening *o, int error, const char *format, ...)
{
	int used = snprintf(o->err, o->err_size, "disk %s: ", o->config->path);
	va_list args;

	if (used < 0 || (size_t)used >= o->err_size)
		used = 0;
	va_start(args, format);
	vsnprintf(o->err + used, o->err_size - (size_t)used, format, args);
	va_end(args);
	disk_close(o->disk);
	errno = error;
	return -1;
}

static int cannot_open(struct opening *o, int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return open_fail(o, EACCES, "no permission to %s it\nhint: %s",
				 o->config->read_only ? "read" : "write",
				 o->config->read_only ? "ls -l shows who may"
				 : "ls -l shows who may; add \",ro\" to use it read-only");
	case EROFS:
		return open_fail(o, EINVAL,
				 "its file system is read-only\nhint: add \",ro\"");
	case EBUSY:
		return open_fail(o, EBUSY,
				 "the host uses the device, or another domain does\nhint: unmount it (\"findmnt -S %s\"), or \"hvctl list\" shows domains",
				 o->config->path);
	case EINVAL:
		if (o->config->direct)
			return open_fail(o, EINVAL,
					 "its file system has no direct I/O\nhint: leave out \",direct\"");
	}
	/* ENOENT and its like are about the module, see vmm.h. */
	return open_fail(o, EINVAL, "cannot be opened: %s\nhint: check the path",
			 strerror(error));
}

/*
 * A block device that is mounted, or another's, is not ours to write; it is the
 * kernel that knows. A FIFO must not wait for its other end.
 */
static int open_image(struct opening *o)
{
	int flags = O_CLOEXEC | O_NONBLOCK |
		    (o->config->read_only ? O_RDONLY : O_RDWR) |
		    (o->config->direct ? O_DIRECT : 0);
	struct stat stat_before;

	if (!o->config->read_only && !stat(o->config->path, &stat_before) &&
	    S_ISBLK(stat_before.st_mode))
		flags |= O_EXCL;
	o->disk->fd = open(o->config->path, flags);
	return o->disk->fd < 0 ? cannot_open(o, errno) : 0;
}

static int lock_image(struct opening *o)
{
	struct flock lock = {
		.l_type = o->config->read_only ? F_RDLCK : F_WRLCK,
		.l_whence = SEEK_SET,
	};

	if (!fcntl(o->disk->fd, F_OFD_SETLK, &lock))
		return 0;
	if (errno == EAGAIN || errno == EACCES)
		return open_fail(o, EBUSY,
				 "in use by another domain or program\nhint: %s",
				 o->config->read_only
				 ? "who has it, has it for writing; \"hvctl list\" shows domains"
				 : "\"hvctl list\" shows domains; several may share it if all say \",ro\"");
	return open_fail(o, EINVAL,
			 "cannot be locked: %s\nhint: put it on a file system that has locks",
			 strerror(errno));
}

static int measure(struct opening *o)
{
	struct disk *disk = o->disk;
	struct stat st;
	off_t end;

	if (fstat(disk->fd, &st))
		return cannot_open(o, errno);
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return open_fail(o, EINVAL,
				 "neither a file nor a block device\nhint: check the path");
	end = lseek(disk->fd, 0, SEEK_END);
	if (end < 0)
		return cannot_open(o, errno);
	disk->bytes = (uint64_t)end;
	if (!disk->bytes || disk->bytes % disk->block_bytes)
		return open_fail(o, EINVAL,
				 "%" PRIu64 " bytes are not a whole number of blocks of %u\nhint: \"truncate -s\" makes a raw image of any size, such as 1G",
				 disk->bytes, disk->block_bytes);
	return 0;
}

/* struct statx of older C libraries ends before what is asked for. */
struct direct_alignment {
	uint8_t unused[0x98];
	uint32_t buffer;
	uint32_t offset;
	uint8_t rest[0x60];
};

static void find_alignment(struct opening *o)
{
	struct disk *disk = o->disk;
	int sector = 0;
	struct {
		union {
			struct statx stx;
			struct direct_alignment direct;
		};
	} answer;

	disk->block_bytes = SECTOR_BYTES;
	disk->buffer_alignment = 1;
	/* BLKSSZGET fails for a file, which has no sectors of its own. */
	if (!ioctl(disk->fd, BLKSSZGET, &sector) && sector > (int)SECTOR_BYTES)
		disk->block_bytes = (uint32_t)sector;
	if (!o->config->direct)
		return;
	memset(&answer, 0, sizeof(answer));
	if (statx(disk->fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &answer.stx) ||
	    !(answer.stx.stx_mask & STATX_DIOALIGN) || !answer.direct.offset) {
		disk->buffer_alignment = DIRECT_ALIGNMENT;
		if (sector <= 0)
			disk->block_bytes = DIRECT_ALIGNMENT;
		return;
	}
	disk->buffer_alignment = answer.direct.buffer;
	if (answer.direct.offset > disk->block_bytes)
		disk->block_bytes = answer.direct.offset;
}

/**
 * disk_open() - open and lock an image
 * @disk: filled
 * @config: which, and how
 * @err: buffer for a message
 * @err_size: its size
 *
 * Return: 0; or -1 with errno (EBUSY: in use; EACCES: no permission; EINVAL: no
 * image) and @err filled
 */
int disk_open(struct disk *disk, const struct vmm_disk *config, char *err,
	      size_t err_size)
{
	struct opening o = {
		.disk = disk,
		.config = config,
		.err = err,
		.err_size = err_size,
	};

	*disk = (struct disk){ .fd = -1, .read_only = config->read_only };
	if (open_image(&o))
		return -1;
	find_alignment(&o);
	if (measure(&o))
		return -1;
	return lock_image(&o);
}

/**
 * disk_close() - undo disk_open()
 * @disk: the disk; nobody uses it any more
 */
void disk_close(struct disk *disk)
{
	if (disk->fd >= 0)
		close(disk->fd);
	disk->fd = -1;
}
