/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVMOD_VMM_VIRTIO_NET_H
#define HVMOD_VMM_VIRTIO_NET_H

#include <linux/virtio_net.h>

#include "net.h"
#include "virtio.h"

struct virtio_device *virtio_net_create(const struct virtio_machine *machine,
					struct net_backend *backend,
					const uint8_t mac[6]);

/* virtio_net_vhost.c */
struct virtio_device *virtio_net_vhost_create(const struct virtio_machine *machine,
					      struct net_backend *backend,
					      const uint8_t mac[6], char *err,
					      size_t err_size);

/* What the two have in common. */
#define VIRTIO_NET_FEATURES						\
	(1ULL << VIRTIO_NET_F_MAC | 1ULL << VIRTIO_NET_F_STATUS |	\
	 1ULL << VIRTIO_NET_F_MRG_RXBUF)

int virtio_net_init(struct virtio_device *device,
		    const struct virtio_device_ops *ops,
		    const struct virtio_machine *machine, uint64_t features,
		    const uint8_t mac[6]);
void virtio_net_link_down(struct virtio_device *device);

#endif
