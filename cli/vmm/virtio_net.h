/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVMOD_VMM_VIRTIO_NET_H
#define HVMOD_VMM_VIRTIO_NET_H

#include "net.h"
#include "virtio.h"

struct virtio_device *virtio_net_create(const struct virtio_machine *machine,
					struct net_backend *backend,
					const uint8_t mac[6]);

#endif
