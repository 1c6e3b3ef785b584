/* SPDX-License-Identifier: GPL-2.0-only */
/* One request to the block device. */
#ifndef HVMOD_VMM_BLK_REQUEST_H
#define HVMOD_VMM_BLK_REQUEST_H

#include <linux/virtio_blk.h>

#include "disk.h"
#include "virtqueue.h"

#define BLK_RANGES_MAX		16	/* of a discard or write-zeroes */
#define BLK_DISCARD_SECTORS	(1U << 21)
#define BLK_ZERO_SECTORS	(1U << 16)

/**
 * struct blk_target - what requests are for
 * @disk: the image
 * @serial: serial number, padded with NUL
 * @write_through: what a request changes is on the medium before it is answered
 */
struct blk_target {
	struct disk disk;
	char serial[VIRTIO_BLK_ID_BYTES];
	bool write_through;
};

bool blk_request_is_sound(const struct virtio_chain *chain);
uint32_t blk_request_perform(const struct blk_target *target,
			     struct virtio_chain *chain);

#endif
