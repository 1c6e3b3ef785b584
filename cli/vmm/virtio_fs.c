// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file system device (virtio 1.2, 5.11): a directory that another process
 * serves, virtiofsd. Files are its business alone. What is ours is the tag, and
 * an error for every request of a guest whose virtiofsd has gone: Linux's driver
 * does not look at DEVICE_NEEDS_RESET, and who waits for an answer can't be killed.
 */
#include <errno.h>
#include <linux/fuse.h>
#include <linux/virtio_fs.h>
#include <linux/virtio_ids.h>
#include <string.h>

#include "vhost_user_device.h"
#include "virtio_fs.h"

#define CLASS_STORAGE_OTHER	0x018000
#define REQUEST_QUEUES		1
#define QUEUES			(1 + REQUEST_QUEUES)	/* FORGET has its own */

_Static_assert(sizeof(((struct virtio_fs_config *)0)->tag) == VMM_FS_TAG_MAX,
	       "tag");

static bool is_orphan(struct virtio_device *device)
{
	return ((struct vhost_user_device *)device)->user.error;
}

/* A FORGET has no room for an answer, and wants none. */
static bool refuse(struct virtio_device *device, unsigned int queue,
		   struct virtio_chain *chain)
{
	struct fuse_out_header answer = {
		.len = sizeof(answer),
		.error = -ENOTCONN,
	};
	struct fuse_in_header request;

	if (virtio_chain_read(chain, 0, &request, sizeof(request)) !=
	    sizeof(request)) {
		virtio_fail(device, "a request without a header");
		return false;
	}
	answer.unique = request.unique;
	virtio_push(device, queue, chain->head,
		    (uint32_t)virtio_chain_write(chain, 0, &answer,
						 sizeof(answer)));
	return true;
}

static void notify(struct virtio_device *device, unsigned int queue)
{
	if (is_orphan(device))
		virtio_run(device, queue, refuse);
}

static void orphaned(struct vhost_user_device *served)
{
	unsigned int i;

	for (i = 0; i < QUEUES; i++)
		virtio_take_over(&served->device, i);
}

/* A guest that begins again without a virtiofsd gets errors too. */
static const char *activate(struct virtio_device *device)
{
	vhost_user_device_activate(device);
	return NULL;
}

static const struct vhost_user_type fs_type = {
	.ops = {
		.name = "virtio-fs",
		.type = VIRTIO_ID_FS,
		.class_code = CLASS_STORAGE_OTHER,
		.activate = activate,
		.notify = notify,
		.reset = vhost_user_device_reset,
		.call_changed = vhost_user_device_call_changed,
		.destroy = vhost_user_device_destroy,
	},
	.name = "fs ",
	.wanted = "it has to be the socket of a virtiofsd",
	.start = "start virtiofsd; one serves one domain, and ends with it",
	.gone = "virtiofsd has gone",
	.queues = QUEUES,
	.config_bytes = sizeof(struct virtio_fs_config),
	.orphaned = orphaned,
};

/**
 * virtio_fs_create() - a directory that virtiofsd serves
 * @machine: where it will be; its memory is shared, guest_memory_share()
 * @fs: its tag and the socket
 * @err: buffer for a message
 * @err_size: its size
 *
 * Return: the device, for virtio_device_destroy(); or NULL with errno (EACCES: no
 * permission; EINVAL: others) and @err filled
 */
struct virtio_device *virtio_fs_create(const struct virtio_machine *machine,
				       const struct vmm_fs *fs, char *err,
				       size_t err_size)
{
	struct virtio_fs_config config = {
		.num_request_queues = REQUEST_QUEUES,
	};
	struct vhost_user_device *served =
		vhost_user_device_create(&fs_type, machine, fs->socket, err,
					 err_size);

	if (!served)
		return NULL;
	/* Padded with zeros, and without one where it is as long as it can be. */
	memcpy(config.tag, fs->tag, strnlen(fs->tag, sizeof(config.tag)));
	memcpy(served->device.config, &config, sizeof(config));
	return &served->device;
}
