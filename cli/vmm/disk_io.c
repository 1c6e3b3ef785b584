// SPDX-License-Identifier: GPL-2.0-only
/* Reading, writing, flushing, discarding and zeroing a disk image. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "disk.h"

#define PIECE_BYTES	((size_t)4 << 20)
#define BOUNCE_BYTES	((size_t)1 << 20)
#define BOUNCE_ALIGN	4096

static ssize_t transfer_once(const struct disk *disk, bool write,
			     uint64_t offset, const struct iovec *iov,
			     unsigned int count)
{
	ssize_t done;

	do {
		done = write ? pwritev(disk->fd, iov, (int)count, (off_t)offset)
			     : preadv(disk->fd, iov, (int)count, (off_t)offset);
	} while (done < 0 && errno == EINTR);
	if (done < 0)
		return -errno;
	/* The image became shorter under our hands. */
	return done ? done : -EIO;
}

/* Takes @done bytes off the front. Return: how many buffers are left */
static unsigned int advance(struct iovec **iov, unsigned int count, size_t done)
{
	while (count && done >= (*iov)->iov_len) {
		done -= (*iov)->iov_len;
		++*iov;
		count--;
	}
	if (count) {
		(*iov)->iov_base = (uint8_t *)(*iov)->iov_base + done;
		(*iov)->iov_len -= done;
	}
	return count;
}

static bool is_stopping(const struct disk *disk)
{
	return __atomic_load_n(&disk->stopping, __ATOMIC_ACQUIRE);
}

/* The kernel lets nothing stop it in the middle: it gets PIECE_BYTES at most. */
static ssize_t transfer_piece(const struct disk *disk, bool write,
			      uint64_t offset, struct iovec *iov,
			      unsigned int count)
{
	size_t room = PIECE_BYTES;
	size_t rest = 0;
	unsigned int used = 0;
	ssize_t done;

	while (used < count && room > iov[used].iov_len)
		room -= iov[used++].iov_len;
	if (used < count) {
		rest = iov[used].iov_len - room;
		iov[used++].iov_len = room;
	}
	done = transfer_once(disk, write, offset, iov, used);
	iov[used - 1].iov_len += rest;
	return done;
}

static int transfer(const struct disk *disk, bool write, uint64_t offset,
		    struct iovec *iov, unsigned int count)
{
	while (count) {
		ssize_t done = -EIO;

		if (!is_stopping(disk))
			done = transfer_piece(disk, write, offset, iov, count);
		if (done < 0)
			return (int)done;
		offset += (uint64_t)done;
		count = advance(&iov, count, (size_t)done);
	}
	return 0;
}

static bool is_aligned(const struct disk *disk, const struct iovec *iov,
		       unsigned int count)
{
	unsigned int i;

	if (disk->buffer_alignment <= 1)
		return true;
	for (i = 0; i < count; i++) {
		if ((uintptr_t)iov[i].iov_base % disk->buffer_alignment ||
		    iov[i].iov_len % disk->block_bytes)
			return false;
	}
	return true;
}

/* Moves up to @size bytes between @bounce and the front of the buffers. */
static size_t bounce_copy(uint8_t *bounce, size_t size, bool write,
			  struct iovec **iov, unsigned int *count)
{
	size_t done = 0;

	while (*count && done < size) {
		size_t here = (*iov)->iov_len;

		if (here > size - done)
			here = size - done;
		if (write)
			memcpy(bounce + done, (*iov)->iov_base, here);
		else
			memcpy((*iov)->iov_base, bounce + done, here);
		done += here;
		*count = advance(iov, *count, here);
	}
	return done;
}

static size_t total_bytes(const struct iovec *iov, unsigned int count)
{
	size_t bytes = 0;

	while (count--)
		bytes += iov++->iov_len;
	return bytes;
}

/* Direct I/O, and buffers that it can't take. */
static int transfer_bounced(const struct disk *disk, bool write,
			    uint64_t offset, struct iovec *iov,
			    unsigned int count)
{
	size_t left = total_bytes(iov, count);
	uint8_t *bounce = aligned_alloc(BOUNCE_ALIGN, BOUNCE_BYTES);
	int ret = 0;

	if (!bounce)
		return -ENOMEM;
	while (left && !ret) {
		size_t now = left < BOUNCE_BYTES ? left : BOUNCE_BYTES;
		struct iovec one = { bounce, now };

		if (write)
			bounce_copy(bounce, now, true, &iov, &count);
		ret = transfer(disk, write, offset, &one, 1);
		if (!write && !ret)
			bounce_copy(bounce, now, false, &iov, &count);
		offset += now;
		left -= now;
	}
	free(bounce);
	return ret;
}

/**
 * disk_stop() - have what is under way end early, or not any more
 * @disk: the disk
 * @stopping: which
 */
void disk_stop(struct disk *disk, bool stopping)
{
	__atomic_store_n(&disk->stopping, stopping, __ATOMIC_RELEASE);
}

/**
 * disk_transfer() - read or write
 * @disk: the disk
 * @write: into it
 * @offset: where, a multiple of block_bytes
 * @iov: buffers, together a multiple of block_bytes and inside the disk; used up
 * @count: how many
 *
 * Return: 0 after all of it, or a negative errno value
 */
int disk_transfer(const struct disk *disk, bool write, uint64_t offset,
		  struct iovec *iov, unsigned int count)
{
	if (is_aligned(disk, iov, count))
		return transfer(disk, write, offset, iov, count);
	return transfer_bounced(disk, write, offset, iov, count);
}

/**
 * disk_flush() - what was written is on the medium when this returns
 * @disk: the disk
 *
 * Return: 0 or a negative errno value
 */
int disk_flush(const struct disk *disk)
{
	return fdatasync(disk->fd) ? -errno : 0;
}

static int allocate(const struct disk *disk, int mode, uint64_t offset,
		    uint64_t bytes)
{
	int ret;

	if (is_stopping(disk))
		return -EIO;
	do {
		ret = fallocate(disk->fd, mode | FALLOC_FL_KEEP_SIZE,
				(off_t)offset, (off_t)bytes);
	} while (ret && errno == EINTR);
	return ret ? -errno : 0;
}

/**
 * disk_discard() - what is there is not needed any more
 * @disk: the disk
 * @offset: where, a multiple of block_bytes
 * @bytes: how much, as well
 *
 * Return: 0, also where the host has no use for it, or a negative errno value
 */
int disk_discard(const struct disk *disk, uint64_t offset, uint64_t bytes)
{
	int ret = allocate(disk, FALLOC_FL_PUNCH_HOLE, offset, bytes);

	return ret == -EOPNOTSUPP ? 0 : ret;
}

static int write_zeroes(const struct disk *disk, uint64_t offset,
			uint64_t bytes)
{
	uint8_t *zeroes = aligned_alloc(BOUNCE_ALIGN, BOUNCE_BYTES);
	int ret = 0;

	if (!zeroes)
		return -ENOMEM;
	memset(zeroes, 0, BOUNCE_BYTES);
	while (bytes && !ret) {
		size_t now = bytes < BOUNCE_BYTES ? bytes : BOUNCE_BYTES;
		struct iovec one = { zeroes, now };

		ret = transfer(disk, true, offset, &one, 1);
		offset += now;
		bytes -= now;
	}
	free(zeroes);
	return ret;
}

/**
 * disk_zero() - from now on there are zeroes
 * @disk: the disk
 * @offset: where, a multiple of block_bytes
 * @bytes: how much, as well
 * @may_unmap: it need not keep its space
 *
 * Return: 0 or a negative errno value
 */
int disk_zero(const struct disk *disk, uint64_t offset, uint64_t bytes,
	      bool may_unmap)
{
	int ret = allocate(disk, may_unmap ? FALLOC_FL_PUNCH_HOLE
					   : FALLOC_FL_ZERO_RANGE,
			   offset, bytes);

	return ret == -EOPNOTSUPP ? write_zeroes(disk, offset, bytes) : ret;
}
