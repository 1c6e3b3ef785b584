// SPDX-License-Identifier: GPL-2.0-only
/* A network whose other end takes every frame and has as many as it was told to have. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "driver.h"
#include "net_driver.h"

#define FRAMES	64	/* for a request */

unsigned int net_frames;

static int ready;

static int take(struct net_backend *backend, const struct iovec *iov,
		unsigned int count, size_t bytes)
{
	uint8_t sum = 0;
	size_t total = 0;
	unsigned int i;
	size_t j;

	(void)backend;
	for (i = 0; i < count; i++) {
		for (j = 0; j < iov[i].iov_len; j++)
			sum += ((const uint8_t *)iov[i].iov_base)[j];
		total += iov[i].iov_len;
	}
	if (total != bytes)
		abort();
	return sum ? -EIO : 0;
}

static ssize_t give(struct net_backend *backend, const uint8_t **frame)
{
	static const uint8_t bytes[1514] = { 1, 2, 3 };

	uint64_t count;

	if (!net_frames) {
		/* Nothing to wait for any more. */
		if (read(backend->fd, &count, sizeof(count)) < 0)
			return 0;
		return 0;
	}
	net_frames--;
	*frame = bytes;
	return sizeof(bytes);
}

static void destroy(struct net_backend *backend)
{
	close(backend->fd);
	free(backend);
}

static const struct net_backend_ops plenty = {
	.send = take,
	.receive = give,
	.destroy = destroy,
};

struct virtio_device *net_plenty_create(const struct virtio_machine *machine)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
	struct net_backend *backend = calloc(1, sizeof(*backend));

	if (!backend)
		abort();
	backend->ops = &plenty;
	backend->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ready = backend->fd;
	net_have_frames(FRAMES);
	return virtio_net_create(machine, backend, mac);
}

void net_have_frames(unsigned int count)
{
	uint64_t one = 1;

	net_frames = count;
	if (write(ready, &one, sizeof(one)) < 0)
		abort();
}

void net_rx_request(unsigned int queue)
{
	net_have_frames(FRAMES);
	driver_desc(queue, 0, DRIVER_DATA, 2048, F_WRITE, 0);
}

void net_tx_request(unsigned int queue)
{
	memset(driver_memory(DRIVER_DATA), 0, NET_HEADER);
	driver_desc(queue, 0, DRIVER_DATA, 100, 0, 0);
}
