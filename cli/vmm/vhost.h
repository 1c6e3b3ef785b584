/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vhost back end: a part of the host's kernel that serves queues of a device.
 * It reaches guest memory as this process maps it.
 *
 * Functions return 0, or -1 with errno.
 */
#ifndef HVMOD_VMM_VHOST_H
#define HVMOD_VMM_VHOST_H

#include <stdbool.h>
#include <stdint.h>

#include "virtio.h"

#define VHOST_QUEUES_MAX	2

/**
 * struct vhost - a back end
 * @device: the device whose queues it serves
 * @fd: its descriptor, -1: closed
 * @queues: how many it serves, from the device's first on
 * @failed: signalled when it found a ring that is not as it should be
 */
struct vhost {
	struct virtio_device *device;
	int fd;
	unsigned int queues;
	struct virtio_watch failed;
};

int vhost_open(struct vhost *vhost, const char *path, unsigned int queues);
void vhost_close(struct vhost *vhost);
int vhost_features(const struct vhost *vhost, uint64_t *features);
int vhost_attach(struct vhost *vhost, struct virtio_device *device,
		 void (*failed)(struct virtio_watch *watch, uint32_t events));
const char *vhost_lend(struct vhost *vhost);
void vhost_take_back(struct vhost *vhost);

#endif
