// SPDX-License-Identifier: GPL-2.0-only
/*
 * What vhost back ends have in common. The kernel gets what it can be told before
 * the sandbox then, and rings when the driver is ready.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vhost.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

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
 * vhost_fail() - a device that the kernel is to serve can't be made
 * @error: where the message goes
 * @number: why
 * @format: the message
 *
 * Return: -1 with errno
 */
int vhost_fail(const struct vhost_error *error, int number, const char *format,
	       ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->text, error->size, format, args);
	va_end(args);
	errno = number;
	return -1;
}

/* ENOENT and its like are about the module, see vmm.h. */
static int cannot_open(const struct vhost_kind *kind, int number,
		       const struct vhost_error *error)
{
	switch (number) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return vhost_fail(error, EINVAL,
				  "%s: the host's kernel has no %s: %s\nhint: modprobe %s",
				  kind->name, kind->path, strerror(number),
				  kind->module);
	case EACCES:
	case EPERM:
		return vhost_fail(error, EACCES,
				  "%s: no permission to open %s\nhint: join the group that owns the device: ls -l %s",
				  kind->name, kind->path, kind->path);
	}
	return vhost_fail(error, EINVAL,
			  "%s: %s cannot be opened: %s\nhint: see the kernel's log: dmesg",
			  kind->name, kind->path, strerror(number));
}

/**
 * vhost_open() - open a back end for this process's memory
 * @vhost: filled
 * @kind: which
 * @error: filled if there is one
 *
 * Return: 0, or -1 with errno (EACCES: no permission; EINVAL: others) and @error
 */
int vhost_open(struct vhost *vhost, const struct vhost_kind *kind,
	       const struct vhost_error *error)
{
	int number;

	*vhost = (struct vhost){ .kind = kind, .failed.fd = -1 };
	vhost->fd = open(kind->path, O_RDWR | O_CLOEXEC);
	if (vhost->fd >= 0)
		vhost->failed.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (vhost->failed.fd < 0 || ioctl(vhost->fd, VHOST_SET_OWNER)) {
		number = errno;
		vhost_close(vhost);
		return cannot_open(kind, number, error);
	}
	if (!ioctl(vhost->fd, VHOST_GET_FEATURES, &vhost->features) &&
	    (vhost->features & kind->needed) == kind->needed)
		return 0;
	vhost_close(vhost);
	return vhost_fail(error, EINVAL,
			  "%s: %s lacks what virtio 1 needs\nhint: use a newer kernel",
			  kind->name, kind->path);
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

static void ring_failed(struct virtio_watch *watch, uint32_t events)
{
	struct vhost *vhost = container_of(watch, struct vhost, failed);
	uint64_t count;

	(void)events;
	if (read(watch->fd, &count, sizeof(count)) < 0 || !vhost->device->active)
		return;
	vhost_stop(vhost);
	virtio_fail(vhost->device, "a ring that the kernel can't follow");
}

static int tell(struct vhost *vhost)
{
	struct vhost_vring_file file = { .fd = vhost->failed.fd };

	if (set_memory(vhost, vhost->device->machine.memory) ||
	    virtio_watch_add(vhost->device, &vhost->failed, EPOLLIN))
		return -1;
	for (; file.index < vhost->kind->queues; file.index++) {
		if (virtio_lend_prepare(vhost->device, file.index) ||
		    ioctl(vhost->fd, VHOST_SET_VRING_ERR, &file))
			return -1;
	}
	return 0;
}

/**
 * vhost_attach() - tell it about memory, and the device about it
 * @vhost: the back end
 * @device: whose queues it serves
 * @error: filled if there is one
 *
 * Before the sandbox; vhost_close() undoes it.
 *
 * Return: 0, or -1 with errno EINVAL and @error
 */
int vhost_attach(struct vhost *vhost, struct virtio_device *device,
		 const struct vhost_error *error)
{
	vhost->device = device;
	vhost->failed.ready = ring_failed;
	if (!tell(vhost))
		return 0;
	return vhost_fail(error, EINVAL,
			  "%s: %s does not take the domain's memory: %s\nhint: see the kernel's log: dmesg",
			  vhost->kind->name, vhost->kind->path, strerror(errno));
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

static const char *lend(struct vhost *vhost)
{
	uint64_t features = vhost->device->features & vhost->features;
	struct virtio_loan loan;
	unsigned int i;

	if (ioctl(vhost->fd, VHOST_SET_FEATURES, &features))
		return "the kernel refuses the features";
	for (i = 0; i < vhost->kind->queues; i++) {
		if (!virtio_lend(vhost->device, i, &loan))
			return "a queue that is needed was not enabled";
		if (set_ring(vhost, i, &loan))
			return "the kernel refuses a ring";
	}
	if (vhost->kind->run(vhost, true))
		return "the kernel can't start with these rings";
	return NULL;
}

/**
 * vhost_activate() - the driver is ready: the back end gets its queues
 * @vhost: the back end
 *
 * In virtio_device_ops.activate(), where the rings were checked: addresses that
 * get to the kernel are those of RAM. vhost_stop() undoes it.
 *
 * Return: NULL, or what is wrong
 */
const char *vhost_activate(struct vhost *vhost)
{
	const char *error = lend(vhost);
	unsigned int i;

	if (error) {
		vhost_stop(vhost);
		return error;
	}
	/* It did not look at notifications before it ran. */
	for (i = 0; i < vhost->kind->queues; i++)
		virtio_ring_doorbell(vhost->device, i);
	return NULL;
}

/**
 * vhost_set_call() - the driver chose another vector for a queue
 * @vhost: the back end
 * @queue: index of the queue
 * @call: what to signal from now on
 *
 * In virtio_device_ops.call_changed().
 */
void vhost_set_call(struct vhost *vhost, unsigned int queue, int call)
{
	struct vhost_vring_file file = { queue, call };

	if (!ioctl(vhost->fd, VHOST_SET_VRING_CALL, &file))
		return;
	vhost_stop(vhost);
	virtio_fail(vhost->device, "the kernel refuses an interrupt");
}

/**
 * vhost_stop() - undo vhost_activate()
 * @vhost: the back end; touches neither memory nor rings afterwards
 *
 * Any number of times.
 */
void vhost_stop(struct vhost *vhost)
{
	struct vhost_vring_file none = { .fd = VHOST_FILE_UNBIND };

	vhost->kind->run(vhost, false);
	for (; none.index < vhost->kind->queues; none.index++) {
		ioctl(vhost->fd, VHOST_SET_VRING_KICK, &none);
		ioctl(vhost->fd, VHOST_SET_VRING_CALL, &none);
		virtio_take_back(vhost->device, none.index);
	}
}

/**
 * vhost_reset() - the device is reset
 * @vhost: the back end
 */
void vhost_reset(struct vhost *vhost)
{
	uint64_t count;

	vhost_stop(vhost);
	/* What it found was about rings that are gone. */
	if (read(vhost->failed.fd, &count, sizeof(count)) < 0)
		return;
}
