/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVMOD_VMM_VIRTIO_BLK_USER_H
#define HVMOD_VMM_VIRTIO_BLK_USER_H

#include "virtio.h"

struct virtio_device *virtio_blk_user_create(const struct virtio_machine *machine,
					     const char *path, char *err,
					     size_t err_size);

#endif
