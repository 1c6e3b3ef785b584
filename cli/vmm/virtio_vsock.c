// SPDX-License-Identifier: GPL-2.0-only
/*
 * The socket device (virtio 1.2, 5.10). The host's kernel serves what is received
 * and sent (vhost-vsock): data never come to the VMM. Ours are the configuration
 * and the event queue, on which nothing is said, since connections end with the
 * device.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/vhost.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_vsock.h>
#include <linux/vm_sockets.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vhost.h"
#include "virtio_vsock.h"
#include "vmm.h"

#define CLASS_OTHER	0x078000
#define FEATURE(bit)	(1ULL << (bit))
/* Without these the kernel could not serve the rings that we offer. */
#define NEEDED		(FEATURE(VIRTIO_F_VERSION_1) |		\
			 FEATURE(VIRTIO_RING_F_INDIRECT_DESC) |	\
			 FEATURE(VIRTIO_RING_F_EVENT_IDX))
#define QUEUE_SIZE	128
#define SERVED		2	/* received, sent */
#define EVENTS		SERVED
#define QUEUES		3
#define AUTOMATIC_MOST	4096

struct vsock {
	struct virtio_device device;
	struct vhost vhost;
};

static struct vsock *vsock_of(struct virtio_device *device)
{
	return (struct vsock *)device;
}

static int run(struct vhost *vhost, bool on)
{
	int running = on;

	return ioctl(vhost->fd, VHOST_VSOCK_SET_RUNNING, &running);
}

static const struct vhost_kind vsock_kind = {
	.name = "vsock",
	.path = "/dev/vhost-vsock",
	.module = "vhost_vsock",
	.queues = SERVED,
	.needed = NEEDED,
	.run = run,
};

static bool check_event(struct virtio_device *device, unsigned int queue,
			struct virtio_chain *chain)
{
	(void)queue;
	if (chain->out || chain->in_bytes < sizeof(struct virtio_vsock_event))
		virtio_fail(device, "a buffer that is none for an event");
	/* It waits. */
	return false;
}

static void notify(struct virtio_device *device, unsigned int queue)
{
	if (queue != EVENTS)
		return;
	virtio_run(device, queue, check_event);
	if (__atomic_load_n(&device->broken, __ATOMIC_ACQUIRE))
		vhost_stop(&vsock_of(device)->vhost);
}

static const char *activate(struct virtio_device *device)
{
	return vhost_activate(&vsock_of(device)->vhost);
}

static void reset(struct virtio_device *device)
{
	vhost_reset(&vsock_of(device)->vhost);
}

static void call_changed(struct virtio_device *device, unsigned int queue,
			 int call)
{
	vhost_set_call(&vsock_of(device)->vhost, queue, call);
}

static void destroy(struct virtio_device *device)
{
	struct vsock *vsock = vsock_of(device);

	vhost_close(&vsock->vhost);
	free(vsock);
}

static const struct virtio_device_ops vsock_ops = {
	.name = "virtio-vsock",
	.type = VIRTIO_ID_VSOCK,
	.class_code = CLASS_OTHER,
	.activate = activate,
	.notify = notify,
	.reset = reset,
	.call_changed = call_changed,
	.destroy = destroy,
};

static int set_cid(const struct vsock *vsock, uint64_t cid)
{
	return ioctl(vsock->vhost.fd, VHOST_VSOCK_SET_GUEST_CID, &cid);
}

/* The lowest that is free, as libvirt chooses. */
static int choose_cid(const struct vhost_error *error, const struct vsock *vsock,
		      uint32_t *cid)
{
	for (*cid = VMM_VSOCK_CID_MIN;
	     *cid < VMM_VSOCK_CID_MIN + AUTOMATIC_MOST; ++*cid) {
		if (!set_cid(vsock, *cid))
			return 0;
		if (errno != EADDRINUSE)
			break;
	}
	return vhost_fail(error, EINVAL, "vsock: no CID for the domain: %s\nhint: choose one: vsock=cid=N",
			  strerror(errno));
}

static int take_cid(const struct vhost_error *error, const struct vsock *vsock,
		    uint32_t *cid)
{
	if (*cid == VMM_VSOCK_AUTO)
		return choose_cid(error, vsock, cid);
	if (!set_cid(vsock, *cid))
		return 0;
	if (errno == EADDRINUSE)
		return vhost_fail(error, EBUSY,
				  "vsock: CID %" PRIu32 " is in use\nhint: \"hvctl info\" shows a domain's; vsock=auto takes a free one",
				  *cid);
	return vhost_fail(error, EINVAL, "vsock: the kernel refuses CID %" PRIu32 ": %s\nhint: CIDs of guests are %u to %u",
			  *cid, strerror(errno), VMM_VSOCK_CID_MIN,
			  VMM_VSOCK_CID_MAX);
}

static int init(const struct vhost_error *error, struct vsock *vsock,
		const struct virtio_machine *machine)
{
	const struct virtio_shape shape = {
		.queues = QUEUES,
		.queue_size = QUEUE_SIZE,
		.features = vsock->vhost.features &
			    FEATURE(VIRTIO_VSOCK_F_SEQPACKET),
		.config_bytes = sizeof(struct virtio_vsock_config),
	};

	if (virtio_device_init(&vsock->device, &vsock_ops, &shape, machine))
		return vhost_fail(error, errno, "vsock: no device for it: %s\nhint: see \"ulimit -n\"",
				  strerror(errno));
	return 0;
}

static int attach(const struct vhost_error *error, struct vsock *vsock,
		  uint32_t *cid)
{
	struct virtio_vsock_config config;

	if (vhost_attach(&vsock->vhost, &vsock->device, error) ||
	    take_cid(error, vsock, cid))
		return -1;
	config.guest_cid = *cid;
	memcpy(vsock->device.config, &config, sizeof(config));
	return 0;
}

/**
 * virtio_vsock_create() - a socket device
 * @machine: where it will be, with its memory
 * @cid: the guest's address; VMM_VSOCK_AUTO becomes the one that was chosen
 * @err: buffer for a message
 * @err_size: its size
 *
 * The CID is the domain's until the device is destroyed, or the process ends.
 *
 * Return: the device, for virtio_device_destroy(); or NULL with errno (EBUSY: the
 * CID is in use; EACCES: no permission; EINVAL: others) and @err filled
 */
struct virtio_device *virtio_vsock_create(const struct virtio_machine *machine,
					  uint32_t *cid, char *err,
					  size_t err_size)
{
	const struct vhost_error error = { err, err_size };
	struct vsock *vsock = calloc(1, sizeof(*vsock));
	int number;

	if (!vsock) {
		vhost_fail(&error, ENOMEM, "vsock: no memory");
		return NULL;
	}
	if (vhost_open(&vsock->vhost, &vsock_kind, &error)) {
		free(vsock);
		return NULL;
	}
	if (init(&error, vsock, machine)) {
		number = errno;
		vhost_close(&vsock->vhost);
		free(vsock);
		errno = number;
		return NULL;
	}
	if (!attach(&error, vsock, cid))
		return &vsock->device;
	number = errno;
	virtio_device_destroy(&vsock->device);
	errno = number;
	return NULL;
}
