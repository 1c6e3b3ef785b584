/* SPDX-License-Identifier: GPL-2.0-only */
/* File system devices for tests, and requests to them. */
#ifndef HVMOD_TEST_FS_DRIVER_H
#define HVMOD_TEST_FS_DRIVER_H

#include <linux/fuse.h>

#include "driver.h"

#define FS_FORGET	0	/* queues */
#define FS_REQUEST	1
#define FS_UNIQUE	0x1234567890ULL

/* Of the back end that runs; what went wrong is in fs_error. */
extern char fs_error[512];
struct virtio_device *fs_try(const struct virtio_machine *machine);
/* Its back end has gone, so that it does not matter whether memory is shared. */
struct virtio_device *fs_orphan_create(const struct virtio_machine *machine);
/* A request and room for its answer in descriptors @first and @first + 1. */
void fs_prepare(unsigned int queue, uint16_t first, uint64_t unique);
const struct fuse_out_header *fs_answer(uint16_t first);
void fs_request(unsigned int queue);
void fs_forget_request(unsigned int queue);

#endif
