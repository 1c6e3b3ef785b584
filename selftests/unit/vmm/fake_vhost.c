// SPDX-License-Identifier: GPL-2.0-only
/* A vhost-vsock and vhost-net for tests. It judges calls as the kernel does. */
#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <linux/virtio_vsock.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driver.h"
#include "fake_vhost.h"
#include "virtio_net.h"
#include "virtio_vsock.h"
#include "vmm.h"

#define HEADER_BYTES	sizeof(struct virtio_vsock_hdr)

struct fake_vhost fake_vhost = { .fd = -1 };

int __real_open(const char *path, int flags, ...);
int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);

void fake_vhost_reset(void)
{
	fake_vhost = (struct fake_vhost){ .fd = -1 };
}

int __wrap_open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;

	if (strcmp(path, "/dev/vhost-vsock") && strcmp(path, "/dev/vhost-net")) {
		va_start(args, flags);
		if (flags & O_CREAT)
			mode = va_arg(args, mode_t);
		va_end(args);
		return __real_open(path, flags, mode);
	}
	if (fake_vhost.open_errno) {
		errno = fake_vhost.open_errno;
		return -1;
	}
	fake_vhost.net = !strcmp(path, "/dev/vhost-net");
	fake_vhost.owned = false;
	fake_vhost.cid = 0;
	fake_vhost.features = 0;
	fake_vhost.running = false;
	fake_vhost.regions = 0;
	fake_vhost.starts = 0;
	memset(fake_vhost.ring, 0xFF, sizeof(fake_vhost.ring));
	fake_vhost.fd = eventfd(0, EFD_CLOEXEC);
	return fake_vhost.fd;
}

static uint64_t offered(void)
{
	if (fake_vhost.offered)
		return fake_vhost.offered;
	return 1ULL << VIRTIO_F_VERSION_1 | 1ULL << VIRTIO_RING_F_INDIRECT_DESC |
	       1ULL << VIRTIO_RING_F_EVENT_IDX | 1ULL << 26 |
	       1ULL << VIRTIO_F_ANY_LAYOUT |
	       1ULL << (fake_vhost.net ? VIRTIO_NET_F_MRG_RXBUF : VIRTIO_VSOCK_F_SEQPACKET);
}

static int set_cid(uint64_t cid)
{
	size_t i;

	if (cid <= 2 || cid >= UINT32_MAX)
		return EINVAL;
	for (i = 0; i < sizeof(fake_vhost.taken) / sizeof(fake_vhost.taken[0]); i++) {
		if (fake_vhost.taken[i] == cid)
			return EADDRINUSE;
	}
	fake_vhost.cid = cid;
	return 0;
}

static int set_memory(const struct vhost_memory *table)
{
	if (table->padding || table->nregions > 8)
		return EINVAL;
	fake_vhost.regions = table->nregions;
	memcpy(fake_vhost.region, table->regions, table->nregions * sizeof(table->regions[0]));
	return 0;
}

/* The rings are not looked at before it runs. */
static void start_ring(struct fake_vhost_ring *ring)
{
	ring->queue = (struct virtqueue){
		.memory = &driver.memory,
		.size = (uint16_t)ring->size,
		.indirect = fake_vhost.features >> VIRTIO_RING_F_INDIRECT_DESC & 1,
		.event_idx = fake_vhost.features >> VIRTIO_RING_F_EVENT_IDX & 1,
		.desc = (const void *)(uintptr_t)ring->address.desc_user_addr,
		.avail = (void *)(uintptr_t)ring->address.avail_user_addr,
		.used = (void *)(uintptr_t)ring->address.used_user_addr,
		.next_avail = (uint16_t)ring->base,
	};
}

static int set_running(int running)
{
	unsigned int i;

	if (running && !fake_vhost.running) {
		for (i = 0; i < FAKE_VHOST_RINGS; i++) {
			if (fake_vhost.ring[i].address.desc_user_addr == UINT64_MAX)
				return EFAULT;
			start_ring(&fake_vhost.ring[i]);
		}
		fake_vhost.starts++;
	}
	fake_vhost.running = running;
	return 0;
}

/* It serves when both have one. */
static int set_backend(const struct vhost_vring_file *file)
{
	bool all = true;
	unsigned int i;

	if (file->index >= FAKE_VHOST_RINGS)
		return ENOBUFS;
	fake_vhost.ring[file->index].tap = file->fd;
	for (i = 0; i < FAKE_VHOST_RINGS; i++)
		all &= fake_vhost.ring[i].tap >= 0;
	return set_running(all);
}

static int set_ring(unsigned long request, const void *arg)
{
	const struct vhost_vring_state *state = arg;
	const struct vhost_vring_file *file = arg;
	struct fake_vhost_ring *ring;

	if (state->index >= FAKE_VHOST_RINGS)
		return ENOBUFS;
	ring = &fake_vhost.ring[state->index];
	switch (request) {
	case VHOST_SET_VRING_NUM:
	case VHOST_SET_VRING_BASE:
		if (fake_vhost.running)
			return EBUSY;
		*(request == VHOST_SET_VRING_NUM ? &ring->size : &ring->base) = state->num;
		return 0;
	case VHOST_SET_VRING_ADDR:
		if (((const struct vhost_vring_addr *)arg)->flags)
			return EOPNOTSUPP;
		memcpy(&ring->address, arg, sizeof(ring->address));
		return 0;
	case VHOST_SET_VRING_KICK:
		ring->kick = file->fd;
		return 0;
	case VHOST_SET_VRING_CALL:
		ring->call = file->fd;
		return 0;
	case VHOST_SET_VRING_ERR:
		ring->err = file->fd;
		return 0;
	}
	return ENOTTY;
}

static int answer(unsigned long request, void *arg)
{
	if (fake_vhost.fail_errno && request == fake_vhost.fail_request)
		return fake_vhost.fail_errno;
	if (request == VHOST_SET_OWNER) {
		fake_vhost.owned = true;
		return 0;
	}
	if (request == VHOST_GET_FEATURES) {
		*(uint64_t *)arg = offered();
		return 0;
	}
	if (!fake_vhost.owned)
		return EPERM;
	switch (request) {
	case VHOST_SET_FEATURES:
		fake_vhost.features = *(uint64_t *)arg;
		return fake_vhost.features & ~offered() ? EOPNOTSUPP : 0;
	case VHOST_SET_MEM_TABLE:
		return set_memory(arg);
	case VHOST_VSOCK_SET_GUEST_CID:
		return fake_vhost.net ? ENOTTY : set_cid(*(uint64_t *)arg);
	case VHOST_VSOCK_SET_RUNNING:
		return fake_vhost.net ? ENOTTY : set_running(*(int *)arg);
	case VHOST_NET_SET_BACKEND:
		return fake_vhost.net ? set_backend(arg) : ENOTTY;
	}
	return set_ring(request, arg);
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (fd != fake_vhost.fd || fd < 0)
		return __real_ioctl(fd, request, arg);
	errno = answer(request, arg);
	return errno ? -1 : 0;
}

static void put(int fd)
{
	uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) < 0)
		abort();
}

void fake_vhost_report(unsigned int ring)
{
	put(fake_vhost.ring[ring].err);
}

static void serve(struct fake_vhost_ring *ring)
{
	struct virtio_chain chain;
	uint8_t header[HEADER_BYTES];
	int ret;

	do {
		virtqueue_disable_notify(&ring->queue);
		while ((ret = virtqueue_pop(&ring->queue, &chain)) > 0) {
			struct virtio_done done = { .head = chain.head };

			memset(header, 0xAB, sizeof(header));
			done.written = (uint32_t)virtio_chain_write(&chain, 0, header,
								    sizeof(header));
			virtqueue_push(&ring->queue, &done, 1);
		}
	} while (ret == 0 && virtqueue_enable_notify(&ring->queue));
	if (virtqueue_wants_signal(&ring->queue) && ring->call >= 0)
		put(ring->call);
	if (ret < 0)
		put(ring->err);
}

bool fake_vhost_idle(void)
{
	unsigned int i;

	for (i = 0; i < FAKE_VHOST_RINGS; i++) {
		const struct fake_vhost_ring *ring = &fake_vhost.ring[i];

		if (ring->tap != -1 || ring->kick != -1 || ring->call != -1)
			return false;
	}
	return true;
}

bool fake_vhost_run(void)
{
	bool did = false;
	unsigned int i;

	if (fake_vhost.fd < 0 || !driver.device)
		return false;
	for (i = 0; i < FAKE_VHOST_RINGS; i++) {
		struct fake_vhost_ring *ring = &fake_vhost.ring[i];
		uint64_t count;

		if (ring->kick < 0 || read(ring->kick, &count, sizeof(count)) < 0)
			continue;
		if (!fake_vhost.running)
			continue;
		serve(ring);
		did = true;
	}
	return did;
}

struct virtio_device *vsock_create(const struct virtio_machine *machine)
{
	struct virtio_device *device;
	uint32_t cid = 42;
	char err[512];

	driver_kernel = fake_vhost_run;
	device = virtio_vsock_create(machine, &cid, err, sizeof(err));
	if (!device) {
		puts(err);
		abort();
	}
	return device;
}

void vsock_rx_request(unsigned int queue)
{
	driver_desc(queue, 0, DRIVER_DATA, 4096, F_WRITE, 0);
}

void vsock_tx_request(unsigned int queue)
{
	driver_desc(queue, 0, DRIVER_DATA, HEADER_BYTES, 0, 0);
}

void vsock_event_request(unsigned int queue)
{
	driver_desc(queue, 0, DRIVER_DATA, sizeof(struct virtio_vsock_event), F_WRITE, 0);
}

int vhost_net_other_end = -1;

struct virtio_device *vhost_net_create(const struct virtio_machine *machine)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
	struct virtio_device *device;
	int end[2];
	char err[512];

	if (vhost_net_other_end >= 0)
		close(vhost_net_other_end);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, end))
		abort();
	vhost_net_other_end = end[1];
	driver_kernel = fake_vhost_run;
	device = virtio_net_vhost_create(machine,
					 net_tap_create(end[0], true, 1ULL << VIRTIO_NET_F_GUEST_CSUM),
					 mac, err, sizeof(err));
	if (!device) {
		puts(err);
		abort();
	}
	return device;
}
