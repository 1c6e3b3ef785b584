/* SPDX-License-Identifier: GPL-2.0-only */
/* A network whose other end takes every frame and always has one more. */
#ifndef HVMOD_TEST_NET_DRIVER_H
#define HVMOD_TEST_NET_DRIVER_H

#include "net.h"
#include "virtio_net.h"

struct virtio_device *net_endless_create(const struct virtio_machine *machine);
void net_rx_request(unsigned int queue);
void net_tx_request(unsigned int queue);

#endif
