// SPDX-License-Identifier: GPL-2.0-only
/*
 * A block device (virtio 1.2, 5.2) that another process serves, such as
 * qemu-storage-daemon: whatever format it knows. It says what the disk is.
 */
#include <errno.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_ring.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler.h"
#include "vhost_user.h"
#include "virtio_blk_user.h"

#define CLASS_STORAGE	0x010000
#define FEATURE(bit)	(1ULL << (bit))
/* What a disk has that needs nothing of us. */
#define FEATURES	(FEATURE(VIRTIO_BLK_F_SIZE_MAX) |	\
			 FEATURE(VIRTIO_BLK_F_SEG_MAX) |	\
			 FEATURE(VIRTIO_BLK_F_GEOMETRY) |	\
			 FEATURE(VIRTIO_BLK_F_RO) |		\
			 FEATURE(VIRTIO_BLK_F_BLK_SIZE) |	\
			 FEATURE(VIRTIO_BLK_F_FLUSH) |		\
			 FEATURE(VIRTIO_BLK_F_TOPOLOGY) |	\
			 FEATURE(VIRTIO_BLK_F_DISCARD) |	\
			 FEATURE(VIRTIO_BLK_F_WRITE_ZEROES))
#define NEEDED		(FEATURE(VIRTIO_F_VERSION_1) |		\
			 FEATURE(VIRTIO_RING_F_INDIRECT_DESC) |	\
			 FEATURE(VIRTIO_RING_F_EVENT_IDX))
/* As far as write_zeroes_may_unmap, and what pads it. */
#define CONFIG_BYTES	60

_Static_assert(offsetof(struct virtio_blk_config, write_zeroes_may_unmap) + 4 ==
	       CONFIG_BYTES, "device configuration");

struct blk_user {
	struct virtio_device device;
	struct vhost_user user;
};

static struct blk_user *blk_of(struct virtio_device *device)
{
	return (struct blk_user *)device;
}

/* Once: the watch goes too. */
static void gone(struct virtio_watch *watch, uint32_t events)
{
	struct blk_user *blk = (struct blk_user *)
		((uint8_t *)watch - offsetof(struct blk_user, user.link));

	(void)events;
	if (!blk->user.error)
		blk->user.error = "the back end of the disk has gone";
	virtio_watch_remove(&blk->device, watch);
	vhost_user_take_back(&blk->user);
	if (blk->device.active)
		virtio_fail(&blk->device, blk->user.error);
}

/* Nobody is here to be notified. */
static void notify(struct virtio_device *device, unsigned int queue)
{
	(void)device;
	(void)queue;
}

static const char *activate(struct virtio_device *device)
{
	struct blk_user *blk = blk_of(device);
	const char *error = vhost_user_lend(&blk->user);

	if (error)
		vhost_user_take_back(&blk->user);
	else
		virtio_ring_doorbell(device, 0);
	return error;
}

static void reset(struct virtio_device *device)
{
	vhost_user_take_back(&blk_of(device)->user);
}

static void destroy(struct virtio_device *device)
{
	struct blk_user *blk = blk_of(device);

	vhost_user_close(&blk->user);
	free(blk);
}

static const struct virtio_device_ops blk_user_ops = {
	.name = "virtio-blk",
	.type = VIRTIO_ID_BLOCK,
	.class_code = CLASS_STORAGE,
	.activate = activate,
	.notify = notify,
	.reset = reset,
	.destroy = destroy,
};

/* A disk that is being made. */
struct making {
	const char *path;
	char *err;
	size_t err_size;
};

static __printf(3, 4)
int fail(const struct making *making, int error, const char *format, ...)
{
	int used = snprintf(making->err, making->err_size, "disk vhost-user:%s: ",
			    making->path);
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
		return fail(making, EINVAL, "%s\nhint: it has to be the socket of a vhost-user-blk export",
			    user->error);
	case EACCES:
	case EPERM:
		return fail(making, EACCES, "no permission to connect\nhint: ls -l shows who may");
	case ECONNREFUSED:
		return fail(making, EINVAL, "nobody listens\nhint: start the back end, such as qemu-storage-daemon");
	}
	return fail(making, EINVAL, "cannot connect: %s\nhint: check the path",
		    strerror(error));
}

static int attach(const struct making *making, struct blk_user *blk,
		  const struct virtio_blk_config *config)
{
	memcpy(blk->device.config, config, CONFIG_BYTES);
	if (!vhost_user_attach(&blk->user, &blk->device, 1, gone))
		return 0;
	return fail(making, EINVAL, "%s\nhint: see what the back end reports",
		    errno == EPROTO ? blk->user.error : strerror(errno));
}

/* Return: 0; or -1 with a message, and nothing is open */
static int open_user(const struct making *making, struct blk_user *blk,
		     struct virtio_blk_config *config)
{
	int error;

	if (vhost_user_open(&blk->user, making->path) ||
	    vhost_user_config(&blk->user, config, CONFIG_BYTES)) {
		error = errno;
		vhost_user_close(&blk->user);
		return cannot_connect(making, &blk->user, error);
	}
	if ((blk->user.features & NEEDED) != NEEDED) {
		vhost_user_close(&blk->user);
		return fail(making, EINVAL, "the back end lacks what virtio 1 needs\nhint: use a newer one");
	}
	config->num_queues = 1;
	return 0;
}

static int init(const struct making *making, struct blk_user *blk,
		const struct virtio_machine *machine)
{
	const struct virtio_shape shape = {
		.queues = 1,
		.queue_size = VIRTQUEUE_SIZE_MAX,
		.features = blk->user.features & FEATURES,
		.config_bytes = CONFIG_BYTES,
	};

	if (!virtio_device_init(&blk->device, &blk_user_ops, &shape, machine))
		return 0;
	fail(making, errno, "no device for it: %s\nhint: see \"ulimit -n\"",
	     strerror(errno));
	vhost_user_close(&blk->user);
	return -1;
}

/**
 * virtio_blk_user_create() - a block device that another process serves
 * @machine: where it will be; its memory is shared, guest_memory_share()
 * @path: the socket of the back end
 * @err: buffer for a message
 * @err_size: its size
 *
 * Return: the device, for virtio_device_destroy(); or NULL with errno (EACCES: no
 * permission; EINVAL: others) and @err filled
 */
struct virtio_device *virtio_blk_user_create(const struct virtio_machine *machine,
					     const char *path, char *err,
					     size_t err_size)
{
	const struct making making = { path, err, err_size };
	struct blk_user *blk = calloc(1, sizeof(*blk));
	struct virtio_blk_config config = {};
	int error;

	if (!blk) {
		fail(&making, ENOMEM, "no memory");
		return NULL;
	}
	if (open_user(&making, blk, &config) || init(&making, blk, machine)) {
		error = errno;
		free(blk);
		errno = error;
		return NULL;
	}
	if (!attach(&making, blk, &config))
		return &blk->device;
	error = errno;
	virtio_device_destroy(&blk->device);
	errno = error;
	return NULL;
}
