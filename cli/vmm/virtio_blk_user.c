// SPDX-License-Identifier: GPL-2.0-only
/*
 * A block device (virtio 1.2, 5.2) that another process serves, such as
 * qemu-storage-daemon: whatever format it knows. It says what the disk is.
 */
#include <linux/virtio_blk.h>
#include <linux/virtio_ids.h>
#include <stddef.h>
#include <string.h>

#include "vhost_user_device.h"
#include "virtio_blk_user.h"

#define CLASS_STORAGE	0x010000
#define FEATURE(bit)	(1ULL << (bit))
/* As far as write_zeroes_may_unmap, and what pads it. */
#define CONFIG_BYTES	60

_Static_assert(offsetof(struct virtio_blk_config, write_zeroes_may_unmap) + 4 ==
	       CONFIG_BYTES, "device configuration");

static const struct vhost_user_type blk_user = {
	.ops = {
		.name = "virtio-blk",
		.type = VIRTIO_ID_BLOCK,
		.class_code = CLASS_STORAGE,
		.activate = vhost_user_device_activate,
		.reset = vhost_user_device_reset,
		.call_changed = vhost_user_device_call_changed,
		.destroy = vhost_user_device_destroy,
	},
	.name = "disk vhost-user:",
	.wanted = "it has to be the socket of a vhost-user-blk export",
	.start = "start the back end, such as qemu-storage-daemon",
	.gone = "the back end of the disk has gone",
	.queues = 1,
	.features = FEATURE(VIRTIO_BLK_F_SIZE_MAX) |
		    FEATURE(VIRTIO_BLK_F_SEG_MAX) |
		    FEATURE(VIRTIO_BLK_F_GEOMETRY) |
		    FEATURE(VIRTIO_BLK_F_RO) |
		    FEATURE(VIRTIO_BLK_F_BLK_SIZE) |
		    FEATURE(VIRTIO_BLK_F_FLUSH) |
		    FEATURE(VIRTIO_BLK_F_TOPOLOGY) |
		    FEATURE(VIRTIO_BLK_F_DISCARD) |
		    FEATURE(VIRTIO_BLK_F_WRITE_ZEROES),
	.config_bytes = CONFIG_BYTES,
	.asks_config = true,
};

/**
 * virtio_blk_user_create() - a block device that another process serves
 * @machine: where it will be; its memory is shared, guest_memory_share()
 * @path: the socket of the back end
 * @err: buffer for a message
 * @err_size: its size
 *
 * Return: the device, for virtio_device_destroy(); or NULL with errno (EACCES: no
 * permission; EINVAL: others) and @err filled
 */
struct virtio_device *virtio_blk_user_create(const struct virtio_machine *machine,
					     const char *path, char *err,
					     size_t err_size)
{
	const uint16_t queues = 1;
	struct vhost_user_device *served =
		vhost_user_device_create(&blk_user, machine, path, err, err_size);

	if (!served)
		return NULL;
	memcpy(served->device.config +
	       offsetof(struct virtio_blk_config, num_queues), &queues,
	       sizeof(queues));
	return &served->device;
}
