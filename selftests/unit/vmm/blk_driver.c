// SPDX-License-Identifier: GPL-2.0-only
/* An image and requests for tests of the block device. */
#include <fcntl.h>
#include <linux/virtio_blk.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blk_driver.h"

static char path[64];

struct vmm_disk blk_config;

void blk_make_image(void)
{
	uint8_t *bytes = malloc(BLK_BYTES);
	size_t i;
	int fd;

	strcpy(path, "/tmp/test_blk.XXXXXX");
	fd = mkstemp(path);
	for (i = 0; i < BLK_BYTES; i++)
		bytes[i] = (uint8_t)(i / 512 + i);
	if (fd < 0 || write(fd, bytes, BLK_BYTES) != BLK_BYTES || close(fd))
		abort();
	free(bytes);
	blk_config = (struct vmm_disk){ .path = path, .serial = "0123456789abcdefghij" };
}

void blk_remove_image(void)
{
	unlink(path);
}

struct virtio_device *blk_create(const struct virtio_machine *machine)
{
	struct disk disk;
	char err[512];

	if (disk_open(&disk, &blk_config, err, sizeof(err))) {
		printf("# %s\n", err);
		abort();
	}
	return virtio_blk_create(machine, &disk, blk_config.serial, 4);
}

void blk_prepare(unsigned int queue, uint32_t type, uint64_t sector, uint32_t bytes)
{
	struct virtio_blk_outhdr header = { .type = type, .sector = sector };
	bool write = type == VIRTIO_BLK_T_OUT || type == VIRTIO_BLK_T_DISCARD ||
		     type == VIRTIO_BLK_T_WRITE_ZEROES;

	memcpy(driver_memory(BLK_HEADER), &header, sizeof(header));
	*(uint8_t *)driver_memory(BLK_STATUS) = 0xEE;
	driver_desc(queue, 0, BLK_HEADER, sizeof(header), F_NEXT, bytes ? 1 : 2);
	driver_desc(queue, 1, BLK_BUFFER, bytes, (write ? 0 : F_WRITE) | F_NEXT, 2);
	driver_desc(queue, 2, BLK_STATUS, 1, F_WRITE, 0);
}

void blk_request(unsigned int queue)
{
	blk_prepare(queue, VIRTIO_BLK_T_IN, 0, 512);
}
