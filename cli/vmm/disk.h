/* SPDX-License-Identifier: GPL-2.0-only */
/* A disk image: a file or block device of the host, and what can be done to it. */
#ifndef HVMOD_VMM_DISK_H
#define HVMOD_VMM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "vmm.h"

#define SECTOR_BYTES	512U

/**
 * struct disk - an open image
 * @fd: the image, locked; -1: closed
 * @bytes: its size, a multiple of SECTOR_BYTES
 * @read_only: it was opened for reading alone
 * @block_bytes: what offsets and lengths have to be multiples of, at least
 *	SECTOR_BYTES
 * @buffer_alignment: what addresses of buffers have to be multiples of; 1: of
 *	nothing
 * @stopping: what is under way ends early, with -EIO. Atomic
 */
struct disk {
	int fd;
	uint64_t bytes;
	bool read_only;
	uint32_t block_bytes;
	uint32_t buffer_alignment;
	bool stopping;
};

/* disk.c */
int disk_open(struct disk *disk, const struct vmm_disk *config, char *err,
	      size_t err_size);
void disk_close(struct disk *disk);

/* disk_io.c: from any thread; 0 or a negative errno value */
int disk_transfer(const struct disk *disk, bool write, uint64_t offset,
		  struct iovec *iov, unsigned int count);
void disk_stop(struct disk *disk, bool stopping);
int disk_flush(const struct disk *disk);
int disk_discard(const struct disk *disk, uint64_t offset, uint64_t bytes);
int disk_zero(const struct disk *disk, uint64_t offset, uint64_t bytes,
	      bool may_unmap);

#endif
