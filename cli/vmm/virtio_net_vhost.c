// SPDX-License-Identifier: GPL-2.0-only
/*
 * The network device (virtio 1.2, 5.1) on a tap, served by the host's kernel
 * (vhost-net): frames never come to the VMM. Ours is the configuration.
 */
#include <errno.h>
#include <linux/vhost.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_ring.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

#include "vhost.h"
#include "virtio_net.h"

#define CLASS_ETHERNET	0x020000
#define FEATURE(bit)	(1ULL << (bit))
#define SERVED		2	/* received, sent */
/* Without these the kernel could not serve the rings that we offer. */
#define NEEDED		(FEATURE(VIRTIO_F_VERSION_1) |		\
			 FEATURE(VIRTIO_RING_F_INDIRECT_DESC) |	\
			 FEATURE(VIRTIO_RING_F_EVENT_IDX) |	\
			 FEATURE(VIRTIO_NET_F_MRG_RXBUF))

/**
 * struct net_vhost - a network device that the kernel serves
 * @device: the device
 * @vhost: the back end
 * @tap: where frames go to and come from
 * @gone: tells when the tap has ended
 * @down: it has
 */
struct net_vhost {
	struct virtio_device device;
	struct vhost vhost;
	struct net_backend *tap;
	struct virtio_watch gone;
	bool down;
};

static struct net_vhost *to_net(struct virtio_device *device)
{
	return (struct net_vhost *)device;
}

static int run(struct vhost *vhost, bool on)
{
	const struct net_vhost *net = (struct net_vhost *)
		((uint8_t *)vhost - offsetof(struct net_vhost, vhost));
	struct vhost_vring_file file = { .fd = on ? net->tap->fd : VHOST_FILE_UNBIND };
	int ret = 0;

	for (; file.index < SERVED && !ret; file.index++)
		ret = ioctl(vhost->fd, VHOST_NET_SET_BACKEND, &file);
	return ret;
}

static const struct vhost_kind net_kind = {
	.name = "vhost=on",
	.path = "/dev/vhost-net",
	.module = "vhost_net",
	.queues = SERVED,
	.needed = NEEDED,
	.run = run,
};

/* What is sent is lost from now on; the kernel sees to that itself. */
static void tap_gone(struct virtio_watch *watch, uint32_t events)
{
	struct net_vhost *net = (struct net_vhost *)
		((uint8_t *)watch - offsetof(struct net_vhost, gone));

	if (!(events & (EPOLLERR | EPOLLHUP)))
		return;
	net->down = true;
	virtio_watch_remove(&net->device, watch);
	virtio_net_link_down(&net->device);
}

static const char *activate(struct virtio_device *device)
{
	struct net_vhost *net = to_net(device);

	/* A cable that is pulled is no failure. */
	if (net->down)
		return NULL;
	net->tap->ops->offload(net->tap, device->features);
	return vhost_activate(&net->vhost);
}

static void notify(struct virtio_device *device, unsigned int queue)
{
	(void)device;
	(void)queue;
}

static void reset(struct virtio_device *device)
{
	struct net_vhost *net = to_net(device);

	vhost_reset(&net->vhost);
	net->tap->ops->offload(net->tap, 0);
}

static void destroy(struct virtio_device *device)
{
	struct net_vhost *net = to_net(device);

	vhost_close(&net->vhost);
	net->tap->ops->destroy(net->tap);
	free(net);
}

static const struct virtio_device_ops net_ops = {
	.name = "virtio-net",
	.type = VIRTIO_ID_NET,
	.class_code = CLASS_ETHERNET,
	.activate = activate,
	.notify = notify,
	.reset = reset,
	.destroy = destroy,
};

static int attach(struct net_vhost *net, char *err, size_t err_size)
{
	if (vhost_attach(&net->vhost, &net->device, err, err_size))
		return -1;
	net->gone.fd = net->tap->fd;
	net->gone.ready = tap_gone;
	if (!virtio_watch_add(&net->device, &net->gone, 0))
		return 0;
	snprintf(err, err_size, "vhost=on: the tap cannot be watched: %s\nhint: see \"ulimit -n\"",
		 strerror(errno));
	return -1;
}

/* Return: a device without its tap, or NULL with errno and @err */
static struct net_vhost *create(const struct virtio_machine *machine,
				uint64_t features, const uint8_t mac[6],
				char *err, size_t err_size)
{
	struct net_vhost *net = calloc(1, sizeof(*net));
	int error = ENOMEM;

	if (net && vhost_open(&net->vhost, &net_kind, err, err_size)) {
		error = errno;
	} else if (!net || virtio_net_init(&net->device, &net_ops, machine,
					   features, mac)) {
		if (net) {
			error = errno;
			vhost_close(&net->vhost);
		}
		snprintf(err, err_size, "vhost=on: no device for it: %s\nhint: see \"ulimit -n\"",
			 strerror(error));
	} else {
		return net;
	}
	free(net);
	errno = error;
	return NULL;
}

/**
 * virtio_net_vhost_create() - a network device that the host's kernel serves
 * @machine: where it will be, with its memory
 * @backend: a tap; the device's from now on
 * @mac: its address
 * @err: buffer for a message
 * @err_size: its size
 *
 * Return: the device, for virtio_device_destroy(); or NULL with errno (EACCES: no
 * permission; EINVAL: others) and @err filled
 */
struct virtio_device *virtio_net_vhost_create(const struct virtio_machine *machine,
					      struct net_backend *backend,
					      const uint8_t mac[6], char *err,
					      size_t err_size)
{
	struct net_vhost *net = NULL;
	int error = EINVAL;

	if (!backend->header) {
		snprintf(err, err_size,
			 "vhost=on: the tap has no virtio header\nhint: open it with IFF_VNET_HDR");
	} else {
		net = create(machine, backend->features, mac, err, err_size);
		error = errno;
	}
	if (!net) {
		backend->ops->destroy(backend);
		errno = error;
		return NULL;
	}
	net->tap = backend;
	if (!attach(net, err, err_size))
		return &net->device;
	error = errno;
	virtio_device_destroy(&net->device);
	errno = error;
	return NULL;
}
