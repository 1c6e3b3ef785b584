/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVMOD_VMM_VIRTIO_CONSOLE_H
#define HVMOD_VMM_VIRTIO_CONSOLE_H

#include "virtio.h"

struct virtio_device *
virtio_console_create(const struct virtio_machine *machine,
		      void (*output)(void *ctx, const uint8_t *data, size_t len),
		      void *ctx);
size_t virtio_console_input(struct virtio_device *device, const uint8_t *data,
			    size_t len);

#endif
