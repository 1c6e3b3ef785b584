/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVMOD_VMM_VIRTIO_VSOCK_H
#define HVMOD_VMM_VIRTIO_VSOCK_H

#include "virtio.h"

struct virtio_device *virtio_vsock_create(const struct virtio_machine *machine,
					  uint32_t *cid, char *err,
					  size_t err_size);

#endif
