/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vhost-user: another process serves the queues of a device. It maps guest
 * memory, and so can do to the guest what it likes; what it says to us is checked.
 * One that answers wrongly, late or not at all is dead for good.
 */
#ifndef HVMOD_VMM_VHOST_USER_H
#define HVMOD_VMM_VHOST_USER_H

#include <stdbool.h>
#include <stdint.h>

#include "virtio.h"

#define VHOST_USER_PATH_MAX	108	/* sockaddr_un.sun_path */
/* The first byte of SET_VRING_KICK and the like. */
#define VHOST_USER_QUEUES_MAX	8

/**
 * struct vhost_user - a back end
 * @device: the device whose queues it serves
 * @link: its socket, -1: closed, and tells when it goes away
 * @features: what it can do
 * @extras: protocol features that both sides have
 * @queues: how many it serves, from the device's first on
 * @error: what was wrong with it, NULL: nothing
 */
struct vhost_user {
	struct virtio_device *device;
	struct virtio_watch link;
	uint64_t features;
	uint64_t extras;
	unsigned int queues;
	const char *error;
};

int vhost_user_open(struct vhost_user *user, const char *path);
void vhost_user_close(struct vhost_user *user);
int vhost_user_config(struct vhost_user *user, void *config, uint32_t bytes);
int vhost_user_attach(struct vhost_user *user, struct virtio_device *device,
		      unsigned int queues,
		      void (*gone)(struct virtio_watch *watch, uint32_t events));
void vhost_user_give_up(struct vhost_user *user, const char *error);
const char *vhost_user_lend(struct vhost_user *user);
void vhost_user_set_call(struct vhost_user *user, unsigned int queue, int call);
void vhost_user_take_back(struct vhost_user *user);

#endif
