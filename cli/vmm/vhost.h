/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vhost back end: a part of the host's kernel that serves queues of a device.
 * It reaches guest memory as this process maps it.
 */
#ifndef HVMOD_VMM_VHOST_H
#define HVMOD_VMM_VHOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"
#include "virtio.h"

struct vhost;

/**
 * struct vhost_kind - what back ends of one kind have in common
 * @name: what messages call it
 * @path: its device
 * @module: of the kernel, which makes the device
 * @queues: how many it serves, from the virtio device's first on
 * @needed: feature bits without which it could not serve what we offer
 * @run: let it begin or stop to serve rings; stopping any number of times.
 *	Return: not 0: it cannot begin
 */
struct vhost_kind {
	const char *name;
	const char *path;
	const char *module;
	unsigned int queues;
	uint64_t needed;
	int (*run)(struct vhost *vhost, bool on);
};

/**
 * struct vhost - a back end
 * @kind: its kind
 * @device: the device whose queues it serves
 * @fd: its descriptor, -1: closed
 * @features: virtio feature bits that it knows
 * @failed: signalled when it found a ring that is not as it should be
 */
struct vhost {
	const struct vhost_kind *kind;
	struct virtio_device *device;
	int fd;
	uint64_t features;
	struct virtio_watch failed;
};

/**
 * struct vhost_error - where a message about what is wrong goes, with a hint
 * @text: the buffer
 * @size: its size
 */
struct vhost_error {
	char *text;
	size_t size;
};

int vhost_open(struct vhost *vhost, const struct vhost_kind *kind,
	       const struct vhost_error *error);
void vhost_close(struct vhost *vhost);
int vhost_attach(struct vhost *vhost, struct virtio_device *device,
		 const struct vhost_error *error);
const char *vhost_activate(struct vhost *vhost);
void vhost_set_call(struct vhost *vhost, unsigned int queue, int call);
void vhost_stop(struct vhost *vhost);
void vhost_reset(struct vhost *vhost);

__printf(3, 4)
int vhost_fail(const struct vhost_error *error, int number, const char *format,
	       ...);

#endif
