/* SPDX-License-Identifier: GPL-2.0-only */
/* The block device. */
#ifndef HVMOD_VMM_VIRTIO_BLK_H
#define HVMOD_VMM_VIRTIO_BLK_H

#include "disk.h"
#include "virtio.h"

#define VIRTIO_BLK_QUEUES_MAX	16

struct virtio_device *virtio_blk_create(const struct virtio_machine *machine,
					const struct disk *disk,
					const char *serial,
					unsigned int queues);

#endif
