// SPDX-License-Identifier: GPL-2.0-only
/*
 * The network device (virtio 1.2, 5.1), with one pair of queues. A frame that
 * comes is copied into as many buffers as it needs; one that goes is handed to
 * the backend where it lies.
 */
#include <errno.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_net.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "compiler.h"
#include "virtio_net.h"

#define CLASS_ETHERNET	0x020000
#define FEATURE(bit)	(1ULL << (bit))
#define RX		0
#define TX		1
#define LOST_MAX	256	/* frames in a row */
#define CONFIG_BYTES	offsetof(struct virtio_net_config, mtu)

/**
 * struct net - a network device
 * @device: the device
 * @backend: where frames go to and come from
 * @watch: tells when it has or takes frames
 * @events: what @watch waits for
 * @gone: the backend has ended
 * @dry: the backend had no more frames when it was asked last
 * @blocked: a frame waits for the backend to take it
 * @header: of the frame that is on its way to the guest
 * @frame: the rest of it, or NULL
 * @bytes: how long that is
 * @copied: how much of it was copied
 * @first: its first buffers
 * @done: all that were filled for it
 * @count: how many
 */
struct net {
	struct virtio_device device;
	struct net_backend *backend;
	struct virtio_watch watch;
	uint32_t events;
	bool gone;
	bool dry;
	bool blocked;
	struct virtio_net_hdr_v1 header;
	const uint8_t *frame;
	size_t bytes;
	size_t copied;
	struct virtio_chain first;
	struct virtio_done done[VIRTQUEUE_SIZE_MAX];
	unsigned int count;
};

static struct net *to_net(struct virtio_device *device)
{
	return (struct net *)device;
}

static void wait_for(struct net *net, uint32_t events)
{
	if (net->gone || net->events == events)
		return;
	net->events = events;
	virtio_watch_change(&net->device, &net->watch, events);
}

/* What we wait for follows from what was done last. */
static void wait_again(struct net *net)
{
	bool full = net->blocked || net->backend->pending;

	wait_for(net, (net->dry ? (uint32_t)EPOLLIN : 0) |
		      (full ? (uint32_t)EPOLLOUT : 0));
}

/* The cable is pulled: frames that go are lost from now on. */
static void end_link(struct net *net)
{
	if (net->gone)
		return;
	net->gone = true;
	net->blocked = false;
	virtio_watch_remove(&net->device, &net->watch);
	virtio_net_link_down(&net->device);
	/* What waits to be sent does so no longer. */
	virtio_ring_doorbell(&net->device, TX);
}

static bool next_frame(struct net *net)
{
	const uint8_t *frame;
	ssize_t got = 0;

	if (!net->gone)
		got = net->backend->ops->receive(net->backend, &frame);
	if (got < 0)
		end_link(net);
	/* Less than its header is no frame. */
	net->dry = got <= (net->backend->header ? (ssize_t)NET_HEADER : 0);
	if (net->dry)
		return false;
	memset(&net->header, 0, sizeof(net->header));
	if (net->backend->header) {
		memcpy(&net->header, frame, NET_HEADER);
		frame += NET_HEADER;
		got -= NET_HEADER;
	}
	net->header.num_buffers = 1;
	net->frame = frame;
	net->bytes = (size_t)got;
	net->copied = 0;
	net->count = 0;
	return true;
}

static void frame_done(struct net *net)
{
	if (net->count > 1) {
		net->header.num_buffers = (uint16_t)net->count;
		virtio_chain_write(&net->first, 0, &net->header, NET_HEADER);
	}
	virtio_push_all(&net->device, RX, net->done, net->count);
	net->frame = NULL;
	net->count = 0;
}

/* The buffers for the beginning of a frame. Return: NULL, or what is wrong */
static const char *begin_frame(struct net *net, const struct virtio_chain *chain)
{
	bool mergeable = net->device.features & FEATURE(VIRTIO_NET_F_MRG_RXBUF);
	unsigned int lost = 0;

	if (chain->in_bytes <= NET_HEADER)
		return "a buffer for frames has no room for one";
	/*
	 * A frame that does not fit is lost; the driver chose the length. They
	 * may come as fast as they are lost: others get their turn.
	 */
	while (!mergeable && net->bytes > chain->in_bytes - NET_HEADER) {
		net->frame = NULL;
		if (++lost == LOST_MAX) {
			virtio_ring_doorbell(&net->device, RX);
			return NULL;
		}
		if (!next_frame(net))
			return NULL;
	}
	virtio_chain_write(chain, 0, &net->header, NET_HEADER);
	if (net->bytes > chain->in_bytes - NET_HEADER)
		net->first = *chain;
	return NULL;
}

static bool receive(struct virtio_device *device, unsigned int queue,
		    struct virtio_chain *chain)
{
	struct net *net = to_net(device);
	const char *error = NULL;
	size_t header = 0;
	size_t copied;

	(void)queue;
	if (!net->frame && !next_frame(net))
		return false;
	if (chain->out)
		error = "a buffer for frames has something to read";
	else if (net->count == device->queue[RX].ring.size)
		error = "a frame needs more buffers than the queue can have";
	else if (!net->count)
		error = begin_frame(net, chain);
	if (error)
		virtio_fail(device, error);
	if (error || !net->frame)
		return false;
	if (!net->count)
		header = NET_HEADER;
	copied = virtio_chain_write(chain, header, net->frame + net->copied,
				    net->bytes - net->copied);
	net->copied += copied;
	net->done[net->count++] = (struct virtio_done){
		.head = chain->head,
		.written = (uint32_t)(header + copied),
	};
	if (net->copied == net->bytes)
		frame_done(net);
	return true;
}

/* Without a header the backend can't do what one asks for, and offers nothing. */
static int send_bare(struct net *net, struct virtio_chain *chain)
{
	struct virtio_net_hdr_v1 header;
	size_t left = sizeof(header);
	struct iovec *iov = chain->iov;
	unsigned int count = chain->out;

	virtio_chain_read(chain, 0, &header, sizeof(header));
	if (header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM ||
	    header.gso_type != VIRTIO_NET_HDR_GSO_NONE)
		return -EINVAL;
	for (; left >= iov->iov_len; iov++, count--)
		left -= iov->iov_len;
	iov->iov_base = (uint8_t *)iov->iov_base + left;
	iov->iov_len -= left;
	return net->backend->ops->send(net->backend, iov, count,
				       chain->out_bytes - NET_HEADER);
}

static int send_frame(struct net *net, struct virtio_chain *chain)
{
	size_t bytes = chain->out_bytes - NET_HEADER;

	if (net->gone || bytes > NET_FRAME_MAX)
		return -EMSGSIZE;
	if (!net->backend->header)
		return send_bare(net, chain);
	return net->backend->ops->send(net->backend, chain->iov, chain->out,
				       bytes);
}

static bool transmit(struct virtio_device *device, unsigned int queue,
		     struct virtio_chain *chain)
{
	struct net *net = to_net(device);

	if (chain->in || chain->out_bytes <= NET_HEADER) {
		virtio_fail(device, chain->in ? "a frame to send has something to write" :
			    "a frame to send is shorter than its header");
		return false;
	}
	net->blocked = send_frame(net, chain) == -EAGAIN;
	if (net->blocked)
		return false;
	virtio_push(device, queue, chain->head, 0);
	return true;
}

static void notify(struct virtio_device *device, unsigned int queue)
{
	struct net *net = to_net(device);

	if (queue == RX) {
		net->dry = false;
		virtio_run(device, RX, receive);
	} else {
		/* In a ring that is broken nothing waits. */
		net->blocked = false;
		virtio_run(device, TX, transmit);
	}
	wait_again(net);
}

static void ready(struct virtio_watch *watch, uint32_t events)
{
	struct net *net = container_of(watch, struct net, watch);

	if (events & EPOLLIN)
		notify(&net->device, RX);
	else if (events & (EPOLLERR | EPOLLHUP))
		end_link(net);
	if (!(events & EPOLLOUT) || net->gone)
		return;
	if (net->backend->pending)
		net->backend->ops->flush(net->backend);
	notify(&net->device, TX);
}

static const char *activate(struct virtio_device *device)
{
	struct net *net = to_net(device);

	if (net->backend->ops->offload)
		net->backend->ops->offload(net->backend, device->features);
	return NULL;
}

static void reset(struct virtio_device *device)
{
	struct net *net = to_net(device);

	net->frame = NULL;
	net->count = 0;
	net->dry = false;
	net->blocked = false;
	wait_again(net);
	if (net->backend->ops->offload)
		net->backend->ops->offload(net->backend, 0);
}

static void destroy(struct virtio_device *device)
{
	struct net *net = to_net(device);

	net->backend->ops->destroy(net->backend);
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

/**
 * virtio_net_init() - a network device's configuration and queues
 * @device: the device
 * @ops: what it does
 * @machine: where it will be
 * @features: VIRTIO_NET_F_* that its backend makes possible
 * @mac: its address
 *
 * Return: 0, or -1 with errno
 */
int virtio_net_init(struct virtio_device *device,
		    const struct virtio_device_ops *ops,
		    const struct virtio_machine *machine, uint64_t features,
		    const uint8_t mac[6])
{
	const struct virtio_shape shape = {
		.queues = 2,
		.queue_size = VIRTQUEUE_SIZE_MAX,
		.features = VIRTIO_NET_FEATURES | features,
		.config_bytes = CONFIG_BYTES,
	};
	struct virtio_net_config *config;

	if (virtio_device_init(device, ops, &shape, machine))
		return -1;
	config = (struct virtio_net_config *)device->config;
	memcpy(config->mac, mac, sizeof(config->mac));
	config->status = VIRTIO_NET_S_LINK_UP;
	config->max_virtqueue_pairs = 1;
	return 0;
}

/**
 * virtio_net_link_down() - the cable is pulled, and the guest is told
 * @device: the device
 */
void virtio_net_link_down(struct virtio_device *device)
{
	const uint16_t down = 0;

	virtio_config_set(device, offsetof(struct virtio_net_config, status),
			  &down, sizeof(down));
}

/**
 * virtio_net_create() - a network device
 * @machine: where it will be
 * @backend: what it is connected to; the device's from now on
 * @mac: its address
 *
 * Return: the device, for virtio_device_destroy(); or NULL with errno
 */
struct virtio_device *virtio_net_create(const struct virtio_machine *machine,
					struct net_backend *backend,
					const uint8_t mac[6])
{
	struct net *net = calloc(1, sizeof(*net));
	int error;

	if (!net || virtio_net_init(&net->device, &net_ops, machine,
				    backend->features, mac)) {
		error = errno;
		backend->ops->destroy(backend);
		free(net);
		errno = error;
		return NULL;
	}
	net->backend = backend;
	net->watch.fd = backend->fd;
	net->watch.ready = ready;
	if (!virtio_watch_add(&net->device, &net->watch, 0))
		return &net->device;
	error = errno;
	virtio_device_destroy(&net->device);
	errno = error;
	return NULL;
}
