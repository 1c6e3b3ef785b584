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
	const struct net_vhost *net = container_of(vhost, struct net_vhost, vhost);
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
	struct net_vhost *net = container_of(watch, struct net_vhost, gone);

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

static void reset(struct virtio_device *device)
{
	struct net_vhost *net = to_net(device);

	vhost_reset(&net->vhost);
	net->tap->ops->offload(net->tap, 0);
}

static void call_changed(struct virtio_device *device, unsigned int queue,
			 int call)
{
	vhost_set_call(&to_net(device)->vhost, queue, call);
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
	.reset = reset,
	.call_changed = call_changed,
	.destroy = destroy,
};

/* Return: 0; or -1 with errno and a message, and nothing is open but the tap */
static int make(struct net_vhost *net, const struct virtio_machine *machine,
		const uint8_t mac[6], const struct vhost_error *error)
{
	if (!net->tap->header)
		return vhost_fail(error, EINVAL,
				  "vhost=on: the tap has no virtio header\nhint: open it with IFF_VNET_HDR");
	if (vhost_open(&net->vhost, &net_kind, error))
		return -1;
	if (!virtio_net_init(&net->device, &net_ops, machine,
			     net->tap->features, mac))
		return 0;
	vhost_fail(error, errno, "vhost=on: no device for it: %s\nhint: see \"ulimit -n\"",
		   strerror(errno));
	vhost_close(&net->vhost);
	return -1;
}

static int attach(struct net_vhost *net, const struct vhost_error *error)
{
	if (vhost_attach(&net->vhost, &net->device, error))
		return -1;
	net->gone.fd = net->tap->fd;
	net->gone.ready = tap_gone;
	if (!virtio_watch_add(&net->device, &net->gone, 0))
		return 0;
	return vhost_fail(error, errno,
			  "vhost=on: the tap cannot be watched: %s\nhint: see \"ulimit -n\"",
			  strerror(errno));
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
	const struct vhost_error error = { err, err_size };
	struct net_vhost *net = calloc(1, sizeof(*net));
	int number;

	if (net)
		net->tap = backend;
	else
		vhost_fail(&error, ENOMEM, "vhost=on: no memory");
	if (!net || make(net, machine, mac, &error)) {
		number = errno;
		backend->ops->destroy(backend);
		free(net);
		errno = number;
		return NULL;
	}
	if (!attach(net, &error))
		return &net->device;
	number = errno;
	virtio_device_destroy(&net->device);
	errno = number;
	return NULL;
}
