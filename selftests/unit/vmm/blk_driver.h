/* SPDX-License-Identifier: GPL-2.0-only */
/* An image and requests for tests of the block device. */
#ifndef HVMOD_TEST_BLK_DRIVER_H
#define HVMOD_TEST_BLK_DRIVER_H

#include "driver.h"
#include "virtio_blk.h"

#define BLK_BYTES	(1ULL << 20)	/* of the image; byte n is n / 512 + n */
#define BLK_HEADER	DRIVER_DATA
#define BLK_BUFFER	(DRIVER_DATA + 0x10000)
#define BLK_STATUS	(DRIVER_DATA + 0x80000)

/* How blk_create() opens the image. */
extern struct vmm_disk blk_config;

void blk_make_image(void);
void blk_remove_image(void);
struct virtio_device *blk_create(const struct virtio_machine *machine);
/* Header, data and status in descriptors 0, 1 and 2. */
void blk_prepare(unsigned int queue, uint32_t type, uint64_t sector, uint32_t bytes);
void blk_request(unsigned int queue);

#endif
