/* SPDX-License-Identifier: GPL-2.0-only */
/* A network whose other end takes every frame and has as many as it was told to have. */
#ifndef HVMOD_TEST_NET_DRIVER_H
#define HVMOD_TEST_NET_DRIVER_H

#include "net.h"
#include "virtio_net.h"

/* Frames that the other end still has. */
extern unsigned int net_frames;

struct virtio_device *net_plenty_create(const struct virtio_machine *machine);
void net_have_frames(unsigned int count);
void net_rx_request(unsigned int queue);
void net_tx_request(unsigned int queue);

#endif
