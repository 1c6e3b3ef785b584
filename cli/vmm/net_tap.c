// SPDX-License-Identifier: GPL-2.0-only
/* A tap: frames to and from the host's kernel. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "compiler.h"
#include "net.h"

#define TUN		"/dev/net/tun"
#define FEATURE(bit)	(1ULL << (bit))
#define OFFLOADS	(TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN)
#define FEATURES	(FEATURE(VIRTIO_NET_F_CSUM) |		\
			 FEATURE(VIRTIO_NET_F_HOST_TSO4) |	\
			 FEATURE(VIRTIO_NET_F_HOST_TSO6) |	\
			 FEATURE(VIRTIO_NET_F_HOST_ECN) |	\
			 FEATURE(VIRTIO_NET_F_GUEST_CSUM) |	\
			 FEATURE(VIRTIO_NET_F_GUEST_TSO4) |	\
			 FEATURE(VIRTIO_NET_F_GUEST_TSO6) |	\
			 FEATURE(VIRTIO_NET_F_GUEST_ECN))

/* What the kernel calls what a guest can take. */
static const struct {
	unsigned int feature;
	unsigned int flag;
} offloads[] = {
	{ VIRTIO_NET_F_GUEST_CSUM, TUN_F_CSUM },
	{ VIRTIO_NET_F_GUEST_TSO4, TUN_F_TSO4 },
	{ VIRTIO_NET_F_GUEST_TSO6, TUN_F_TSO6 },
	{ VIRTIO_NET_F_GUEST_ECN, TUN_F_TSO_ECN },
};

/**
 * struct tap - a tap
 * @backend: what the device sees
 * @frame: the frame that was received last
 */
struct tap {
	struct net_backend backend;
	uint8_t frame[NET_HEADER + NET_FRAME_MAX];
};

/* The kernel checks what a guest's header says. */
static int tap_send(struct net_backend *backend, const struct iovec *iov,
		    unsigned int count, size_t bytes)
{
	ssize_t sent;

	(void)bytes;
	do {
		sent = writev(backend->fd, iov, (int)count);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

static ssize_t tap_receive(struct net_backend *backend, const uint8_t **frame)
{
	struct tap *tap = (struct tap *)backend;
	ssize_t got;

	do {
		got = read(backend->fd, tap->frame, sizeof(tap->frame));
	} while (got < 0 && errno == EINTR);
	*frame = tap->frame;
	if (got > 0)
		return got;
	return got < 0 && errno == EAGAIN ? 0 : -EPIPE;
}

static void tap_offload(struct net_backend *backend, uint64_t features)
{
	unsigned int flags = 0;
	size_t i;

	if (!backend->features)
		return;
	for (i = 0; i < ARRAY_SIZE(offloads); i++) {
		if (features & FEATURE(offloads[i].feature))
			flags |= offloads[i].flag;
	}
	ioctl(backend->fd, TUNSETOFFLOAD, flags);
}

static void tap_destroy(struct net_backend *backend)
{
	close(backend->fd);
	free(backend);
}

static const struct net_backend_ops tap_ops = {
	.send = tap_send,
	.receive = tap_receive,
	.offload = tap_offload,
	.destroy = tap_destroy,
};

/**
 * net_tap_create() - a backend for a descriptor with one frame a read and a write
 * @fd: the descriptor, which does not block; the backend's after success
 * @header: frames have a virtio_net_hdr_v1
 * @features: VIRTIO_NET_F_* that the descriptor can do
 *
 * Return: the backend, or NULL with errno
 */
struct net_backend *net_tap_create(int fd, bool header, uint64_t features)
{
	struct tap *tap = malloc(sizeof(*tap));

	if (!tap)
		return NULL;
	tap->backend = (struct net_backend){
		.ops = &tap_ops,
		.fd = fd,
		.header = header,
		.features = features,
	};
	return &tap->backend;
}

static struct net_backend *fail(int fd, int error, char *err, size_t err_size,
				const char *object, const char *text)
{
	snprintf(err, err_size, "%s: %s", object, text);
	if (fd >= 0)
		close(fd);
	errno = error;
	return NULL;
}

/* The header is 10 bytes long until somebody says otherwise. */
static struct net_backend *configure(int fd, bool header, const char *object,
				     char *err, size_t err_size)
{
	struct net_backend *backend;
	int bytes = NET_HEADER;
	bool offload = false;

	if (header && ioctl(fd, TUNSETVNETHDRSZ, &bytes))
		return fail(fd, errno, err, err_size, object, strerror(errno));
	if (header)
		offload = !ioctl(fd, TUNSETOFFLOAD, OFFLOADS);
	backend = net_tap_create(fd, header, offload ? FEATURES : 0);
	if (!backend)
		return fail(fd, ENOMEM, err, err_size, object, strerror(ENOMEM));
	tap_offload(backend, 0);
	return backend;
}

static const struct {
	int error;
	const char *text;
} attach_errors[] = {
	{ EPERM, "it is another user's\nhint: make it yours: ip tuntap del dev NAME mode tap, then ip tuntap add dev NAME mode tap user $USER" },
	{ EBUSY, "another process has it\nhint: each device needs a tap of its own; \"hvctl list\" shows who runs" },
	{ EINVAL, "it is no tap, or one with several queues\nhint: make one: ip tuntap add dev NAME mode tap" },
};

/**
 * net_tap_open() - a tap by its name
 * @name: of an interface that is there
 * @err: buffer for a message
 * @err_size: its size
 *
 * Return: the backend, or NULL with errno and the message
 */
struct net_backend *net_tap_open(const char *name, char *err, size_t err_size)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	char object[32];
	size_t i;
	int fd;

	snprintf(object, sizeof(object), "tap %s", name);
	/* Who may would make it otherwise, and lose it when the domain ends. */
	if (strlen(name) >= IFNAMSIZ || !if_nametoindex(name))
		return fail(-1, ENXIO, err, err_size, object,
			    "there is no such interface\nhint: make it: ip tuntap add dev NAME mode tap user $USER; ip link set NAME up");
	fd = open(TUN, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == EACCES)
		return fail(-1, EACCES, err, err_size, TUN,
			    "Permission denied\nhint: see who may use it: ls -l " TUN);
	if (fd < 0)
		return fail(-1, errno == ENOENT ? ENXIO : errno, err, err_size,
			    TUN, "cannot be opened\nhint: load the module: modprobe tun");
	strcpy(request.ifr_name, name);
	if (!ioctl(fd, TUNSETIFF, &request))
		return configure(fd, true, object, err, err_size);
	for (i = 0; i < ARRAY_SIZE(attach_errors); i++) {
		if (attach_errors[i].error == errno)
			return fail(fd, errno, err, err_size, object,
				    attach_errors[i].text);
	}
	return fail(fd, errno, err, err_size, object, strerror(errno));
}

/**
 * net_tap_from_fd() - a tap that somebody opened for us
 * @fd: its descriptor; the caller's, the backend has a copy
 * @err: buffer for a message
 * @err_size: its size
 *
 * Return: the backend, or NULL with errno and the message
 */
struct net_backend *net_tap_from_fd(int fd, char *err, size_t err_size)
{
	struct ifreq request = {};
	char object[32];
	int flags;

	snprintf(object, sizeof(object), "descriptor %d", fd);
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return fail(-1, errno, err, err_size, object,
			    "it is not open\nhint: hvctl has to inherit it, as in: hvctl ... 7<>/dev/tap7");
	if (ioctl(fd, TUNGETIFF, &request) || !(request.ifr_flags & IFF_TAP) ||
	    !(request.ifr_flags & IFF_NO_PI))
		return fail(fd, EINVAL, err, err_size, object,
			    "it is no tap without packet information\nhint: open it with IFF_TAP | IFF_NO_PI");
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK))
		return fail(fd, errno, err, err_size, object, strerror(errno));
	return configure(fd, request.ifr_flags & IFF_VNET_HDR, object, err,
			 err_size);
}
