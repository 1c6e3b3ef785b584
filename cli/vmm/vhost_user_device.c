// SPDX-License-Identifier: GPL-2.0-only
/* What devices that another process serves have in common. */
#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler.h"
#include "vhost_user_device.h"

#define FEATURE(bit)	(1ULL << (bit))
#define NEEDED		(FEATURE(VIRTIO_F_VERSION_1) |		\
			 FEATURE(VIRTIO_RING_F_INDIRECT_DESC) |	\
			 FEATURE(VIRTIO_RING_F_EVENT_IDX))

static struct vhost_user_device *served_of(struct virtio_device *device)
{
	return (struct vhost_user_device *)device;
}

static void report(const struct vhost_user_device *served)
{
	const struct virtio_machine *machine = &served->device.machine;
	char text[256];

	if (!machine->lost)
		return;
	snprintf(text, sizeof(text), "%s%s: %s", served->type->name, served->path,
		 served->user.error);
	machine->lost(machine->ctx, text);
}

/* Once: the watch goes too. */
static void gone(struct virtio_watch *watch, uint32_t events)
{
	struct vhost_user_device *served =
		container_of(watch, struct vhost_user_device, user.link);

	(void)events;
	vhost_user_give_up(&served->user, served->type->gone);
	virtio_watch_remove(&served->device, watch);
	report(served);
	vhost_user_take_back(&served->user);
	if (served->type->orphaned)
		served->type->orphaned(served);
	else if (served->device.active)
		virtio_fail(&served->device, served->user.error);
}

/**
 * vhost_user_device_activate() - the back end serves its queues
 * @device: the device
 *
 * Return: NULL, or what is wrong; then nobody serves them
 */
const char *vhost_user_device_activate(struct virtio_device *device)
{
	struct vhost_user *user = &served_of(device)->user;
	const char *error = vhost_user_lend(user);
	unsigned int i;

	if (error)
		vhost_user_take_back(user);
	for (i = 0; i < user->queues && !error; i++)
		virtio_ring_doorbell(device, i);
	return error;
}

/**
 * vhost_user_device_reset() - undo vhost_user_device_activate()
 * @device: the device
 */
void vhost_user_device_reset(struct virtio_device *device)
{
	vhost_user_take_back(&served_of(device)->user);
}

/**
 * vhost_user_device_call_changed() - virtio_device_ops.call_changed
 * @device: the device
 * @queue: index of the queue
 * @call: what the back end has to signal
 */
void vhost_user_device_call_changed(struct virtio_device *device,
				    unsigned int queue, int call)
{
	vhost_user_set_call(&served_of(device)->user, queue, call);
}

/**
 * vhost_user_device_destroy() - undo vhost_user_device_create()
 * @device: the device
 */
void vhost_user_device_destroy(struct virtio_device *device)
{
	vhost_user_close(&served_of(device)->user);
	free(device);
}

/* A device that is being made. */
struct making {
	const struct vhost_user_type *type;
	const char *path;
	char *err;
	size_t err_size;
};

static __printf(3, 4)
int fail(const struct making *making, int error, const char *format, ...)
{
	int used = snprintf(making->err, making->err_size, "%s%s: ",
			    making->type->name, making->path);
	va_list args;

	if (used < 0 || (size_t)used >= making->err_size)
		used = 0;
	va_start(args, format);
	vsnprintf(making->err + used, making->err_size - (size_t)used, format,
		  args);
	va_end(args);
	errno = error;
	return -1;
}

/* ENOENT and its like are about the module, see vmm.h. */
static int cannot_connect(const struct making *making,
			  const struct vhost_user *user, int error)
{
	switch (error) {
	case EPROTO:
		return fail(making, EINVAL, "%s\nhint: %s", user->error,
			    making->type->wanted);
	case EACCES:
	case EPERM:
		return fail(making, EACCES, "no permission to connect\nhint: ls -l shows who may");
	case ECONNREFUSED:
		return fail(making, EINVAL, "nobody listens\nhint: %s",
			    making->type->start);
	}
	return fail(making, EINVAL, "cannot connect: %s\nhint: check the path",
		    strerror(error));
}

/* Return: 0; or -1 with a message, and nothing is open */
static int open_user(const struct making *making, struct vhost_user *user,
		     uint8_t *config)
{
	int error;

	if (vhost_user_open(user, making->path) ||
	    (making->type->asks_config &&
	     vhost_user_config(user, config, making->type->config_bytes))) {
		error = errno;
		vhost_user_close(user);
		return cannot_connect(making, user, error);
	}
	if ((user->features & NEEDED) == NEEDED)
		return 0;
	vhost_user_close(user);
	return fail(making, EINVAL, "the back end lacks what virtio 1 needs\nhint: use a newer one");
}

static int init(const struct making *making, struct vhost_user_device *served,
		const struct virtio_machine *machine)
{
	const struct vhost_user_type *type = making->type;
	const struct virtio_shape shape = {
		.queues = type->queues,
		.queue_size = VIRTQUEUE_SIZE_MAX,
		.features = served->user.features & type->features,
		.config_bytes = type->config_bytes,
	};

	if (!virtio_device_init(&served->device, &type->ops, &shape, machine))
		return 0;
	fail(making, errno, "no device for it: %s\nhint: see \"ulimit -n\"",
	     strerror(errno));
	vhost_user_close(&served->user);
	return -1;
}

static int attach(const struct making *making, struct vhost_user_device *served,
		  const uint8_t *config)
{
	memcpy(served->device.config, config, making->type->config_bytes);
	/* It was not too long to connect to. */
	strcpy(served->path, making->path);
	if (!vhost_user_attach(&served->user, &served->device,
			       making->type->queues, gone))
		return 0;
	return fail(making, EINVAL, "%s\nhint: see what the back end reports",
		    errno == EPROTO ? served->user.error : strerror(errno));
}

/**
 * vhost_user_device_create() - a device that another process serves
 * @type: what it is, kept
 * @machine: where it will be; its memory is shared, guest_memory_share()
 * @path: the socket of the back end
 * @err: buffer for a message
 * @err_size: its size
 *
 * The configuration is the back end's, or zero: it may be changed until
 * virtio_pci_add().
 *
 * Return: the device, for virtio_device_destroy(); or NULL with errno (EACCES: no
 * permission; EINVAL: others) and @err filled
 */
struct vhost_user_device *
vhost_user_device_create(const struct vhost_user_type *type,
			 const struct virtio_machine *machine, const char *path,
			 char *err, size_t err_size)
{
	const struct making making = { type, path, err, err_size };
	struct vhost_user_device *served = calloc(1, sizeof(*served));
	uint8_t config[VIRTIO_CONFIG_MAX] = {};
	int error;

	if (!served) {
		fail(&making, ENOMEM, "no memory");
		return NULL;
	}
	served->type = type;
	if (open_user(&making, &served->user, config) ||
	    init(&making, served, machine)) {
		error = errno;
		free(served);
		errno = error;
		return NULL;
	}
	if (!attach(&making, served, config))
		return served;
	error = errno;
	virtio_device_destroy(&served->device);
	errno = error;
	return NULL;
}
