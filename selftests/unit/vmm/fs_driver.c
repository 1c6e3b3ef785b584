// SPDX-License-Identifier: GPL-2.0-only
/* File system devices for tests, and requests to them. */
#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "fake_back_end.h"
#include "fs_driver.h"
#include "virtio_fs.h"

#define PLACE(first)	(DRIVER_DATA + 128ULL * (first))

char fs_error[512];

struct virtio_device *fs_try(const struct virtio_machine *machine)
{
	const struct vmm_fs fs = { .tag = "data", .socket = back_end.path };

	return virtio_fs_create(machine, &fs, fs_error, sizeof(fs_error));
}

struct virtio_device *fs_orphan_create(const struct virtio_machine *machine)
{
	struct virtio_device *device;

	back_end_start(BACK_END_FS, WRONG_NOTHING, 0);
	device = fs_try(machine);
	back_end_stop();
	if (!device)
		abort();
	return device;
}

void fs_prepare(unsigned int queue, uint16_t first, uint64_t unique)
{
	struct fuse_in_header in = {
		.len = sizeof(in),
		.opcode = FUSE_STATFS,
		.unique = unique,
	};

	memcpy(driver_memory(PLACE(first)), &in, sizeof(in));
	memset(driver_memory(PLACE(first) + sizeof(in)), 0, sizeof(struct fuse_out_header));
	driver_desc(queue, first, PLACE(first), sizeof(in), F_NEXT, (uint16_t)(first + 1));
	driver_desc(queue, (uint16_t)(first + 1), PLACE(first) + sizeof(in),
		    sizeof(struct fuse_out_header), F_WRITE, 0);
}

const struct fuse_out_header *fs_answer(uint16_t first)
{
	return driver_memory(PLACE(first) + sizeof(struct fuse_in_header));
}

void fs_request(unsigned int queue)
{
	fs_prepare(queue, 0, FS_UNIQUE);
}

/* Without room for an answer. */
void fs_forget_request(unsigned int queue)
{
	fs_prepare(queue, 0, FS_UNIQUE);
	driver_desc(queue, 0, PLACE(0), sizeof(struct fuse_in_header), 0, 0);
}
