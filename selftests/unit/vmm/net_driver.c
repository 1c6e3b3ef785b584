// SPDX-License-Identifier: GPL-2.0-only
/* A network whose other end takes every frame and always has one more. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "driver.h"
#include "net_driver.h"

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

	(void)backend;
	*frame = bytes;
	return sizeof(bytes);
}

static void destroy(struct net_backend *backend)
{
	close(backend->fd);
	free(backend);
}

static const struct net_backend_ops endless = {
	.send = take,
	.receive = give,
	.destroy = destroy,
};

struct virtio_device *net_endless_create(const struct virtio_machine *machine)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
	struct net_backend *backend = calloc(1, sizeof(*backend));

	if (!backend)
		abort();
	backend->ops = &endless;
	backend->fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	return virtio_net_create(machine, backend, mac);
}

void net_rx_request(unsigned int queue)
{
	driver_desc(queue, 0, DRIVER_DATA, 2048, F_WRITE, 0);
}

void net_tx_request(unsigned int queue)
{
	memset(driver_memory(DRIVER_DATA), 0, NET_HEADER);
	driver_desc(queue, 0, DRIVER_DATA, 100, 0, 0);
}
