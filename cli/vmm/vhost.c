// SPDX-License-Identifier: GPL-2.0-only
/*
 * What vhost back ends have in common. The kernel gets what it can be told before
 * the sandbox then, and rings when the driver is ready.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vhost.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "compiler.h"
#include "vhost.h"

#define RANGES_MAX	ARRAY_SIZE(((struct guest_memory *)0)->range)

/* The table of the ABI and its rows. */
struct memory_table {
	struct vhost_memory head;
	struct vhost_memory_region region[RANGES_MAX];
};

_Static_assert(offsetof(struct memory_table, region) ==
	       offsetof(struct vhost_memory, regions), "rows follow the head");

/**
 * vhost_open() - open a back end for this process's memory
 * @vhost: filled
 * @path: its device
 * @queues: how many it will serve, at most VHOST_QUEUES_MAX
 */
int vhost_open(struct vhost *vhost, const char *path, unsigned int queues)
{
	int error;

	*vhost = (struct vhost){ .queues = queues, .failed.fd = -1 };
	vhost->fd = open(path, O_RDWR | O_CLOEXEC);
	if (vhost->fd < 0)
		return -1;
	vhost->failed.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (vhost->failed.fd >= 0 && !ioctl(vhost->fd, VHOST_SET_OWNER))
		return 0;
	error = errno;
	vhost_close(vhost);
	errno = error;
	return -1;
}

/**
 * vhost_close() - undo vhost_open()
 * @vhost: the back end; nothing of it touches guest memory afterwards
 */
void vhost_close(struct vhost *vhost)
{
	if (vhost->failed.fd >= 0)
		close(vhost->failed.fd);
	if (vhost->fd >= 0)
		close(vhost->fd);
	vhost->failed.fd = -1;
	vhost->fd = -1;
}

/**
 * vhost_features() - what it can do
 * @vhost: the back end
 * @features: virtio feature bits (out)
 */
int vhost_features(const struct vhost *vhost, uint64_t *features)
{
	return ioctl(vhost->fd, VHOST_GET_FEATURES, features);
}

/* All RAM and nothing else: no device answers a back end. */
static int set_memory(const struct vhost *vhost,
		      const struct guest_memory *memory)
{
	struct memory_table table = { .head.nregions = memory->ranges };
	unsigned int i;

	for (i = 0; i < memory->ranges; i++) {
		const struct guest_range *range = &memory->range[i];

		table.region[i] = (struct vhost_memory_region){
			.guest_phys_addr = range->gpa,
			.memory_size = range->bytes,
			.userspace_addr = (uintptr_t)range->host,
		};
	}
	return ioctl(vhost->fd, VHOST_SET_MEM_TABLE, &table);
}

/**
 * vhost_attach() - tell it about memory, and the device about it
 * @vhost: the back end
 * @device: whose queues it serves
 * @failed: what the worker does when it found a ring that is not as it should be
 *
 * Before the sandbox; vhost_close() undoes it.
 */
int vhost_attach(struct vhost *vhost, struct virtio_device *device,
		 void (*failed)(struct virtio_watch *watch, uint32_t events))
{
	struct vhost_vring_file file = { .fd = vhost->failed.fd };

	vhost->device = device;
	vhost->failed.ready = failed;
	if (set_memory(vhost, device->machine.memory) ||
	    virtio_watch_add(device, &vhost->failed, EPOLLIN))
		return -1;
	for (file.index = 0; file.index < vhost->queues; file.index++) {
		if (virtio_lend_prepare(device, file.index) ||
		    ioctl(vhost->fd, VHOST_SET_VRING_ERR, &file))
			return -1;
	}
	return 0;
}

static int set_ring(const struct vhost *vhost, unsigned int index,
		    const struct virtio_loan *loan)
{
	const struct virtqueue *ring = loan->ring;
	struct vhost_vring_state size = { index, ring->size };
	struct vhost_vring_state base = { index, ring->next_avail };
	struct vhost_vring_addr address = {
		.index = index,
		.desc_user_addr = (uintptr_t)ring->desc,
		.used_user_addr = (uintptr_t)ring->used,
		.avail_user_addr = (uintptr_t)ring->avail,
	};
	struct vhost_vring_file call = { index, loan->call };
	struct vhost_vring_file kick = { index, loan->kick };

	return ioctl(vhost->fd, VHOST_SET_VRING_NUM, &size) ||
	       ioctl(vhost->fd, VHOST_SET_VRING_BASE, &base) ||
	       ioctl(vhost->fd, VHOST_SET_VRING_ADDR, &address) ||
	       ioctl(vhost->fd, VHOST_SET_VRING_CALL, &call) ||
	       ioctl(vhost->fd, VHOST_SET_VRING_KICK, &kick);
}

/**
 * vhost_lend() - the driver is ready: the back end gets its queues
 * @vhost: the back end, which the device starts afterwards
 *
 * In virtio_device_ops.activate(), where the rings were checked: addresses that
 * get to the kernel are those of RAM.
 *
 * Return: NULL, or what is wrong; then vhost_take_back() is due
 */
const char *vhost_lend(struct vhost *vhost)
{
	uint64_t features = vhost->device->features;
	struct virtio_loan loan;
	unsigned int i;

	if (ioctl(vhost->fd, VHOST_SET_FEATURES, &features))
		return "the kernel refuses the features";
	for (i = 0; i < vhost->queues; i++) {
		if (!virtio_lend(vhost->device, i, &loan))
			return "a queue that is needed was not enabled";
		if (set_ring(vhost, i, &loan))
			return "the kernel refuses a ring";
	}
	return NULL;
}

/**
 * vhost_take_back() - undo vhost_lend()
 * @vhost: the back end, which the device has stopped; any number of times
 */
void vhost_take_back(struct vhost *vhost)
{
	struct vhost_vring_file none = { .fd = VHOST_FILE_UNBIND };

	for (none.index = 0; none.index < vhost->queues; none.index++) {
		ioctl(vhost->fd, VHOST_SET_VRING_KICK, &none);
		ioctl(vhost->fd, VHOST_SET_VRING_CALL, &none);
		virtio_take_back(vhost->device, none.index);
	}
}
