/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtio device that another process serves, whatever it is. A type of them
 * has a struct vhost_user_type, and takes what it has no own of for its struct
 * virtio_device_ops.
 */
#ifndef HVMOD_VMM_VHOST_USER_DEVICE_H
#define HVMOD_VMM_VHOST_USER_DEVICE_H

#include "vhost_user.h"
#include "virtio.h"

struct vhost_user_device;

/**
 * struct vhost_user_type - a type of device that another process serves
 * @ops: its operations
 * @name: what messages call it, before the path of its socket: "disk vhost-user:"
 * @wanted: hint for a socket of something else
 * @start: hint for a socket on which nobody listens
 * @gone: what is said when the back end goes
 * @queues: how many, at most VHOST_USER_QUEUES_MAX
 * @features: those of its type that need nothing of us
 * @config_bytes: length of its configuration
 * @asks_config: the back end has the configuration
 * @orphaned: the back end is dead, the queues have been taken back; they may be in
 *	use. In the worker. NULL: the device has failed
 */
struct vhost_user_type {
	struct virtio_device_ops ops;
	const char *name;
	const char *wanted;
	const char *start;
	const char *gone;
	unsigned int queues;
	uint64_t features;
	unsigned int config_bytes;
	bool asks_config;
	void (*orphaned)(struct vhost_user_device *served);
};

/**
 * struct vhost_user_device - a device that another process serves
 * @device: the device
 * @user: who serves it
 * @type: what it is
 * @path: the socket
 */
struct vhost_user_device {
	struct virtio_device device;
	struct vhost_user user;
	const struct vhost_user_type *type;
	char path[VHOST_USER_PATH_MAX];
};

struct vhost_user_device *
vhost_user_device_create(const struct vhost_user_type *type,
			 const struct virtio_machine *machine, const char *path,
			 char *err, size_t err_size);

/* For struct virtio_device_ops */
const char *vhost_user_device_activate(struct virtio_device *device);
void vhost_user_device_reset(struct virtio_device *device);
void vhost_user_device_call_changed(struct virtio_device *device,
				    unsigned int queue, int call);
void vhost_user_device_destroy(struct virtio_device *device);

#endif
