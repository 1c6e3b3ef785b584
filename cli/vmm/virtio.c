// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a virtio device (virtio 1.2, 2.1 and 3.1): status, features,
 * activation, reset, and what a device does with its queues.
 */
#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "compiler.h"
#include "virtio.h"

#define FEATURE(bit)		(1ULL << (bit))
#define FEATURES_OF_ALL		(FEATURE(VIRTIO_F_VERSION_1) |		\
				 FEATURE(VIRTIO_RING_F_INDIRECT_DESC) |	\
				 FEATURE(VIRTIO_RING_F_EVENT_IDX))

/**
 * virtio_update_doorbells() - notifications of queues in use are signalled by
 * the kernel, where that is possible. With the lock
 * @device: the device
 */
void virtio_update_doorbells(struct virtio_device *device)
{
	const struct virtio_machine *machine = &device->machine;
	unsigned int i;

	for (i = 0; i < device->shape.queues; i++) {
		struct virtio_queue *queue = &device->queue[i];
		uint16_t port = 0;

		if (device->notify_port && queue->enabled)
			port = (uint16_t)(device->notify_port +
					  VIRTIO_NOTIFY_STEP * i);
		if (port == queue->port)
			continue;
		if (queue->port)
			machine->doorbell(machine->ctx, queue->doorbell.fd,
					  queue->port, false);
		queue->port = 0;
		if (port && !machine->doorbell(machine->ctx, queue->doorbell.fd,
					       port, true))
			queue->port = port;
	}
}

/* With the lock. MSI-X and addresses belong to PCI: they stay. */
static void reset_registers(struct virtio_device *device)
{
	unsigned int i;

	device->status = 0;
	device->error = NULL;
	device->driver_features = 0;
	device->device_select = 0;
	device->driver_select = 0;
	device->queue_select = 0;
	device->config_vector = VIRTIO_MSI_NO_VECTOR;
	device->request = VIRTIO_NOTHING;
	__atomic_store_n(&device->broken, false, __ATOMIC_RELEASE);
	__atomic_store_n(&device->isr, 0, __ATOMIC_RELAXED);
	for (i = 0; i < device->shape.queues; i++) {
		struct virtio_queue *queue = &device->queue[i];

		queue->layout = (struct virtqueue_layout){
			.size = device->shape.queue_size,
		};
		queue->enabled = false;
		__atomic_store_n(&queue->vector, VIRTIO_MSI_NO_VECTOR,
				 __ATOMIC_RELAXED);
	}
	virtio_update_doorbells(device);
}

/**
 * virtio_device_init() - a device after reset, not on a bus yet
 * @device: filled
 * @ops: its type, kept
 * @shape: how big it is
 * @machine: where it will be
 *
 * Return: 0, or -1 with errno; then there is nothing to undo. Else
 * virtio_device_destroy() undoes all
 */
int virtio_device_init(struct virtio_device *device,
		       const struct virtio_device_ops *ops,
		       const struct virtio_shape *shape,
		       const struct virtio_machine *machine)
{
	unsigned int i;

	memset(device, 0, sizeof(*device));
	device->ops = ops;
	device->machine = *machine;
	device->shape = *shape;
	device->shape.features |= FEATURES_OF_ALL;
	if (msix_init(&device->msix, shape->queues + 1, &machine->msix))
		return -1;
	if (virtio_worker_create(device)) {
		int error = errno;

		msix_destroy(&device->msix);
		errno = error;
		return -1;
	}
	pthread_mutex_init(&device->lock, NULL);
	for (i = 0; i < shape->queues; i++)
		pthread_mutex_init(&device->queue[i].lock, NULL);
	reset_registers(device);
	return 0;
}

/**
 * virtio_device_destroy() - end the worker, drop requests, free the device
 * @device: the device; no vCPU runs any more
 */
void virtio_device_destroy(struct virtio_device *device)
{
	unsigned int i;

	virtio_worker_stop(device);
	if (device->active && device->ops->reset)
		device->ops->reset(device);
	device->notify_port = 0;
	virtio_update_doorbells(device);
	virtio_worker_destroy(device);
	msix_destroy(&device->msix);
	for (i = 0; i < device->shape.queues; i++)
		pthread_mutex_destroy(&device->queue[i].lock);
	pthread_mutex_destroy(&device->lock);
	device->ops->destroy(device);
}

static void config_interrupt(struct virtio_device *device)
{
	__atomic_fetch_or(&device->isr, VIRTIO_PCI_ISR_CONFIG | 1U,
			  __ATOMIC_RELAXED);
	msix_signal(&device->msix, device->config_vector);
}

/* With the lock. */
static void fail_locked(struct virtio_device *device, const char *error)
{
	if (device->status & VIRTIO_CONFIG_S_NEEDS_RESET)
		return;
	device->error = error;
	device->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	__atomic_store_n(&device->broken, true, __ATOMIC_RELEASE);
	if (device->status & VIRTIO_CONFIG_S_DRIVER_OK)
		config_interrupt(device);
}

/**
 * virtio_fail() - the driver did what it must not: stop until it resets
 * @device: the device
 * @error: what it was, a constant
 *
 * From any thread without a lock of the device.
 */
void virtio_fail(struct virtio_device *device, const char *error)
{
	pthread_mutex_lock(&device->lock);
	fail_locked(device, error);
	pthread_mutex_unlock(&device->lock);
}

static bool features_acceptable(const struct virtio_device *device)
{
	uint64_t needed = device->shape.needed | FEATURE(VIRTIO_F_VERSION_1);

	return !(device->driver_features & ~device->shape.features) &&
	       (device->driver_features & needed) == needed;
}

/**
 * virtio_set_status() - the driver writes the status. With the lock
 * @device: the device
 * @status: what it writes
 */
void virtio_set_status(struct virtio_device *device, uint8_t status)
{
	uint8_t set = status & (uint8_t)~device->status;

	/* It has to wait until it reads 0 (4.1.4.3.2). */
	if (device->request == VIRTIO_RESET)
		return;
	if (!status && !(device->status & VIRTIO_CONFIG_S_DRIVER_OK)) {
		reset_registers(device);
		return;
	}
	if (!status) {
		device->request = VIRTIO_RESET;
		virtio_worker_wake(device);
		return;
	}
	set &= VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER |
	       VIRTIO_CONFIG_S_DRIVER_OK | VIRTIO_CONFIG_S_FEATURES_OK |
	       VIRTIO_CONFIG_S_FAILED;
	if ((set & VIRTIO_CONFIG_S_FEATURES_OK) && !features_acceptable(device))
		set &= (uint8_t)~VIRTIO_CONFIG_S_FEATURES_OK;
	device->status |= set;
	if (!(set & VIRTIO_CONFIG_S_DRIVER_OK))
		return;
	if (!(device->status & VIRTIO_CONFIG_S_FEATURES_OK)) {
		fail_locked(device, "DRIVER_OK without FEATURES_OK");
		return;
	}
	device->request = VIRTIO_ACTIVATE;
	virtio_worker_wake(device);
}

/* In the worker. */
static void notify_device(struct virtio_queue *queue)
{
	struct virtio_device *device = queue->device;

	if (queue->live && device->ops->notify)
		device->ops->notify(device,
				    (unsigned int)(queue - device->queue));
}

static void activate(struct virtio_device *device)
{
	struct virtqueue_layout layout[VIRTIO_QUEUES_MAX];
	bool enabled[VIRTIO_QUEUES_MAX];
	const char *error = NULL;
	unsigned int i;

	pthread_mutex_lock(&device->lock);
	device->features = device->driver_features;
	for (i = 0; i < device->shape.queues; i++) {
		layout[i] = device->queue[i].layout;
		enabled[i] = device->queue[i].enabled;
	}
	pthread_mutex_unlock(&device->lock);

	for (i = 0; i < device->shape.queues && !error; i++) {
		struct virtio_queue *queue = &device->queue[i];

		queue->live = false;
		if (!enabled[i])
			continue;
		if (virtqueue_start(&queue->ring, device->machine.memory, &layout[i],
				    device->features))
			error = queue->ring.error;
		queue->live = !error;
	}
	if (!error && device->ops->activate)
		error = device->ops->activate(device);
	if (error) {
		virtio_fail(device, error);
		return;
	}
	device->active = true;
	/* Requests may be there from before DRIVER_OK. */
	for (i = 0; i < device->shape.queues; i++)
		notify_device(&device->queue[i]);
}

static void reset(struct virtio_device *device)
{
	unsigned int i;

	if (device->active && device->ops->reset)
		device->ops->reset(device);
	device->active = false;
	for (i = 0; i < device->shape.queues; i++)
		device->queue[i].live = false;
	pthread_mutex_lock(&device->lock);
	reset_registers(device);
	pthread_mutex_unlock(&device->lock);
}

static bool resetting(struct virtio_device *device)
{
	bool is;

	pthread_mutex_lock(&device->lock);
	is = device->request == VIRTIO_RESET;
	pthread_mutex_unlock(&device->lock);
	return is;
}

/**
 * virtio_device_reset() - the device as after power on
 * @device: the device; no vCPU runs meanwhile
 *
 * Returns when it touches guest memory no more.
 */
void virtio_device_reset(struct virtio_device *device)
{
	const struct timespec moment = { .tv_nsec = 1000000 };

	pthread_mutex_lock(&device->lock);
	device->request = VIRTIO_RESET;
	pthread_mutex_unlock(&device->lock);
	if (device->thread_made)
		virtio_worker_wake(device);
	else
		virtio_do_request(device);
	while (resetting(device))
		nanosleep(&moment, NULL);
	msix_reset(&device->msix);
}

/**
 * virtio_do_request() - the worker does what vCPU threads asked for
 * @device: the device
 */
void virtio_do_request(struct virtio_device *device)
{
	enum virtio_request request;
	bool vectors_changed;

	pthread_mutex_lock(&device->lock);
	vectors_changed = device->vectors_changed;
	device->vectors_changed = false;
	request = device->request;
	/* A reset stays on until its end: it keeps the driver waiting. */
	if (request == VIRTIO_ACTIVATE)
		device->request = VIRTIO_NOTHING;
	pthread_mutex_unlock(&device->lock);
	if (request == VIRTIO_ACTIVATE)
		activate(device);
	else if (request == VIRTIO_RESET)
		reset(device);
	if (vectors_changed)
		virtio_update_calls(device);
}

/**
 * virtio_doorbell_rang() - virtio_watch.ready of a queue's doorbell
 * @watch: its watch
 * @events: ignored
 */
void virtio_doorbell_rang(struct virtio_watch *watch, uint32_t events)
{
	struct virtio_queue *queue =
		container_of(watch, struct virtio_queue, doorbell);
	struct virtio_device *device = queue->device;
	uint64_t count;

	(void)events;
	if (read(watch->fd, &count, sizeof(count)) < 0)
		return;
	if (device->active &&
	    !__atomic_load_n(&device->broken, __ATOMIC_ACQUIRE))
		notify_device(queue);
}

static int pop(struct virtio_queue *queue, struct virtio_chain *chain)
{
	int ret;

	pthread_mutex_lock(&queue->lock);
	ret = virtqueue_pop(&queue->ring, chain);
	pthread_mutex_unlock(&queue->lock);
	return ret;
}

/* Return: false if there are no more requests, or no more for now */
static bool run_some(struct virtio_device *device, unsigned int index,
		     unsigned int *budget,
		     bool (*handle)(struct virtio_device *device,
				    unsigned int queue,
				    struct virtio_chain *chain))
{
	struct virtio_queue *queue = &device->queue[index];
	struct virtio_chain chain;
	int ret = 0;

	virtqueue_disable_notify(&queue->ring);
	while (*budget) {
		ret = pop(queue, &chain);
		if (ret <= 0)
			break;
		--*budget;
		if (handle(device, index, &chain))
			continue;
		pthread_mutex_lock(&queue->lock);
		virtqueue_unpop(&queue->ring);
		pthread_mutex_unlock(&queue->lock);
		return false;
	}
	if (ret < 0) {
		virtio_fail(device, queue->ring.error);
		return false;
	}
	if (!*budget) {
		virtio_ring_doorbell(device, index);
		return false;
	}
	return virtqueue_enable_notify(&queue->ring);
}

/**
 * virtio_run() - handle the requests of a queue. In the worker
 * @device: the device
 * @queue: index of the queue
 * @handle: takes a request and returns true, or can't now and returns false: the
 *	request stays the next one, and the device calls virtio_run() when it
 *	can. Whoever took a request ends it with virtio_push(), then or later
 *
 * Answers are signalled at the end. A driver that always has one more request
 * does not keep the worker: after a round through the ring others get their
 * turn. A ring that is not as it should be stops the device.
 */
void virtio_run(struct virtio_device *device, unsigned int queue,
		bool (*handle)(struct virtio_device *device, unsigned int queue,
			       struct virtio_chain *chain))
{
	unsigned int budget = device->queue[queue].ring.size;

	if (!device->active || !device->queue[queue].live)
		return;
	while (!__atomic_load_n(&device->broken, __ATOMIC_ACQUIRE) &&
	       run_some(device, queue, &budget, handle))
		;
	virtio_signal(device, queue);
}

/**
 * virtio_push_all() - requests are done, and the driver sees all of them at once;
 * from any thread
 * @device: the device
 * @queue: index of the queue
 * @done: which, in the order in which the driver made them available
 * @count: how many, at most the queue's size
 */
void virtio_push_all(struct virtio_device *device, unsigned int queue,
		     const struct virtio_done *done, unsigned int count)
{
	struct virtio_queue *q = &device->queue[queue];

	pthread_mutex_lock(&q->lock);
	virtqueue_push(&q->ring, done, count);
	pthread_mutex_unlock(&q->lock);
}

/**
 * virtio_push() - a request is done; from any thread
 * @device: the device
 * @queue: index of the queue
 * @head: virtio_chain.head of the request
 * @written: bytes written to its buffers, from the first one on
 */
void virtio_push(struct virtio_device *device, unsigned int queue,
		 uint16_t head, uint32_t written)
{
	const struct virtio_done done = { .head = head, .written = written };

	virtio_push_all(device, queue, &done, 1);
}

/**
 * virtio_signal() - interrupt if the driver wants to know of what was pushed;
 * from any thread
 * @device: the device
 * @queue: index of the queue
 */
void virtio_signal(struct virtio_device *device, unsigned int queue)
{
	struct virtio_queue *q = &device->queue[queue];
	bool wanted;

	pthread_mutex_lock(&q->lock);
	wanted = virtqueue_wants_signal(&q->ring);
	pthread_mutex_unlock(&q->lock);
	if (!wanted)
		return;
	__atomic_fetch_or(&device->isr, 1U, __ATOMIC_RELAXED);
	msix_signal(&device->msix,
		    __atomic_load_n(&q->vector, __ATOMIC_RELAXED));
}

/**
 * virtio_config_set() - the device changes its configuration and tells the driver
 * @device: the device
 * @offset: where
 * @data: what
 * @size: bytes
 *
 * From any thread without a lock of the device.
 */
void virtio_config_set(struct virtio_device *device, uint32_t offset,
		       const void *data, unsigned int size)
{
	pthread_mutex_lock(&device->lock);
	memcpy(device->config + offset, data, size);
	device->generation++;
	if (device->status & VIRTIO_CONFIG_S_DRIVER_OK)
		config_interrupt(device);
	pthread_mutex_unlock(&device->lock);
}
