// SPDX-License-Identifier: GPL-2.0-only
/* The console device (virtio 1.2, 5.3), with one port: hvc0. */
#include <linux/virtio_console.h>
#include <linux/virtio_ids.h>
#include <stdlib.h>

#include "virtio_console.h"

#define CLASS_OTHER	0x078000
#define FEATURES	(1ULL << VIRTIO_CONSOLE_F_EMERG_WRITE)
#define QUEUE_SIZE	64
#define RX		0
#define TX		1
#define TYPED_BYTES	4096
#define CHUNK		1024
#define TURN_BYTES	65536	/* of output, then others get their turn */

/**
 * struct console - a console
 * @device: the device
 * @output: takes what the guest writes; it does not block
 * @ctx: its first argument
 * @done: bytes of the request for output that is the next one. The worker's
 * @lock: protects what is behind it
 * @typed: what was typed and not read yet, a ring
 * @first: the oldest
 * @count: how many
 */
struct console {
	struct virtio_device device;
	void (*output)(void *ctx, const uint8_t *data, size_t len);
	void *ctx;
	size_t done;
	pthread_mutex_t lock;
	uint8_t typed[TYPED_BYTES];
	size_t first;
	size_t count;
};

static struct console *to_console(struct virtio_device *device)
{
	return (struct console *)device;
}

/* Moves what is typed into a buffer. Return: how many bytes */
static size_t take(struct console *console, const struct virtio_chain *chain)
{
	size_t done = 0;

	pthread_mutex_lock(&console->lock);
	while (console->count) {
		size_t here = TYPED_BYTES - console->first;

		if (here > console->count)
			here = console->count;
		here = virtio_chain_write(chain, done,
					  console->typed + console->first, here);
		if (!here)
			break;
		done += here;
		console->first = (console->first + here) % TYPED_BYTES;
		console->count -= here;
	}
	pthread_mutex_unlock(&console->lock);
	return done;
}

static bool receive(struct virtio_device *device, unsigned int queue,
		    struct virtio_chain *chain)
{
	size_t got;

	if (chain->out) {
		virtio_fail(device, "a buffer for what is typed has something to read");
		return false;
	}
	got = take(to_console(device), chain);
	if (!got)
		return false;
	virtio_push(device, queue, chain->head, (uint32_t)got);
	return true;
}

/* A request may have 4 GiB, and a reset waits for us. Return: it was all put out */
static bool put_out(struct console *console, const struct virtio_chain *chain)
{
	uint8_t bytes[CHUNK];
	size_t turn = 0;
	size_t got;

	while (console->done < chain->out_bytes && turn < TURN_BYTES) {
		got = virtio_chain_read(chain, console->done, bytes, sizeof(bytes));
		console->output(console->ctx, bytes, got);
		console->done += got;
		turn += got;
	}
	return console->done >= chain->out_bytes;
}

static bool transmit(struct virtio_device *device, unsigned int queue,
		     struct virtio_chain *chain)
{
	struct console *console = to_console(device);

	if (chain->in) {
		virtio_fail(device, "output has something to write");
		return false;
	}
	if (!put_out(console, chain)) {
		virtio_ring_doorbell(device, queue);
		return false;
	}
	console->done = 0;
	virtio_push(device, queue, chain->head, 0);
	return true;
}

static void notify(struct virtio_device *device, unsigned int queue)
{
	virtio_run(device, queue, queue == RX ? receive : transmit);
}

/* Output before there are queues. */
static void config_written(struct virtio_device *device, uint32_t offset,
			   unsigned int size, uint64_t value)
{
	struct console *console = to_console(device);
	uint8_t byte = (uint8_t)value;

	(void)size;
	if (offset == offsetof(struct virtio_console_config, emerg_wr))
		console->output(console->ctx, &byte, 1);
}

static void reset(struct virtio_device *device)
{
	to_console(device)->done = 0;
}

static void destroy(struct virtio_device *device)
{
	struct console *console = to_console(device);

	pthread_mutex_destroy(&console->lock);
	free(console);
}

static const struct virtio_device_ops console_ops = {
	.name = "virtio-console",
	.type = VIRTIO_ID_CONSOLE,
	.class_code = CLASS_OTHER,
	.notify = notify,
	.reset = reset,
	.config_written = config_written,
	.destroy = destroy,
};

/**
 * virtio_console_create() - a console
 * @machine: where it will be
 * @output: takes what the guest writes, in the worker or a vCPU thread; must not
 *	block
 * @ctx: its first argument
 *
 * Return: the device, for virtio_device_destroy(); or NULL with errno
 */
struct virtio_device *
virtio_console_create(const struct virtio_machine *machine,
		      void (*output)(void *ctx, const uint8_t *data, size_t len),
		      void *ctx)
{
	const struct virtio_shape shape = {
		.queues = 2,
		.queue_size = QUEUE_SIZE,
		.features = FEATURES,
		.config_bytes = sizeof(struct virtio_console_config),
	};
	struct console *console = calloc(1, sizeof(*console));

	if (!console)
		return NULL;
	if (virtio_device_init(&console->device, &console_ops, &shape, machine)) {
		free(console);
		return NULL;
	}
	pthread_mutex_init(&console->lock, NULL);
	console->output = output;
	console->ctx = ctx;
	return &console->device;
}

/**
 * virtio_console_input() - bytes typed for the guest; from any thread
 * @device: a console
 * @data: the bytes
 * @len: how many
 *
 * Return: how many found a place
 */
size_t virtio_console_input(struct virtio_device *device, const uint8_t *data,
			    size_t len)
{
	struct console *console = to_console(device);
	size_t done;

	pthread_mutex_lock(&console->lock);
	for (done = 0; done < len && console->count < TYPED_BYTES; done++)
		console->typed[(console->first + console->count++) % TYPED_BYTES] =
			data[done];
	pthread_mutex_unlock(&console->lock);
	if (done)
		virtio_ring_doorbell(device, RX);
	return done;
}
