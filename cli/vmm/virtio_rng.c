// SPDX-License-Identifier: GPL-2.0-only
/* The entropy device (virtio 1.2, 5.4): random bytes of the host's kernel. */
#include <linux/virtio_ids.h>
#include <stdlib.h>
#include <sys/random.h>

#include "virtio_rng.h"

#define CLASS_OTHER	0xFF0000
#define QUEUE_SIZE	64
/* For a request: getrandom() is not interrupted for so few. */
#define BYTES_MAX	256

static bool fill(struct virtio_device *device, unsigned int queue,
		 struct virtio_chain *chain)
{
	uint8_t bytes[BYTES_MAX];
	ssize_t got;

	if (chain->out) {
		virtio_fail(device, "a request for entropy has something to read");
		return false;
	}
	got = getrandom(bytes, sizeof(bytes), 0);
	if (got < 0)
		got = 0;
	got = (ssize_t)virtio_chain_write(chain, 0, bytes, (size_t)got);
	virtio_push(device, queue, chain->head, (uint32_t)got);
	return true;
}

static void notify(struct virtio_device *device, unsigned int queue)
{
	virtio_run(device, queue, fill);
}

static void destroy(struct virtio_device *device)
{
	free(device);
}

static const struct virtio_device_ops rng_ops = {
	.name = "virtio-rng",
	.type = VIRTIO_ID_RNG,
	.class_code = CLASS_OTHER,
	.notify = notify,
	.destroy = destroy,
};

/**
 * virtio_rng_create() - an entropy device
 * @machine: where it will be
 *
 * Return: the device, for virtio_device_destroy(); or NULL with errno
 */
struct virtio_device *virtio_rng_create(const struct virtio_machine *machine)
{
	const struct virtio_shape shape = {
		.queues = 1,
		.queue_size = QUEUE_SIZE,
	};
	struct virtio_device *device = malloc(sizeof(*device));

	if (!device)
		return NULL;
	if (!virtio_device_init(device, &rng_ops, &shape, machine))
		return device;
	free(device);
	return NULL;
}
