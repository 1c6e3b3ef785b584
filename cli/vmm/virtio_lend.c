// SPDX-License-Identifier: GPL-2.0-only
/*
 * Queues that somebody else serves: the host's kernel (vhost) or another process
 * (vhost-user). The driver's notifications and the interrupts pass by us: the
 * kernel signals the doorbell, and a signal of the vector's eventfd is the
 * message. Where a message was not bound, the worker passes interrupts on.
 */
#include <linux/virtio_pci.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "compiler.h"
#include "virtio.h"

/* Whoever serves the queue decided that the driver wants to know. */
static void pass_on(struct virtio_watch *watch, uint32_t events)
{
	struct virtio_queue *queue =
		container_of(watch, struct virtio_queue, relay);
	uint64_t count;

	(void)events;
	if (read(watch->fd, &count, sizeof(count)) < 0)
		return;
	__atomic_fetch_or(&queue->device->isr, 1U, __ATOMIC_RELAXED);
	msix_signal(&queue->device->msix,
		    __atomic_load_n(&queue->vector, __ATOMIC_RELAXED));
}

/**
 * virtio_lend_prepare() - have what it takes to lend a queue later, and to take it over
 * @device: the device; virtio_device_destroy() undoes it
 * @queue: index of the queue
 *
 * A VMM in its sandbox makes no eventfd.
 *
 * Return: 0, or -1 with errno
 */
int virtio_lend_prepare(struct virtio_device *device, unsigned int queue)
{
	struct virtio_watch *relay = &device->queue[queue].relay;

	relay->ready = pass_on;
	relay->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (relay->fd < 0 || virtio_watch_add(device, relay, EPOLLIN))
		return -1;
	device->queue[queue].spare = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return device->queue[queue].spare < 0 ? -1 : 0;
}

static int call_of(struct virtio_queue *queue)
{
	unsigned int vector = __atomic_load_n(&queue->vector, __ATOMIC_RELAXED);
	int event = msix_event(&queue->device->msix, vector);

	return event < 0 ? queue->relay.fd : event;
}

/**
 * virtio_lend() - somebody else serves a queue from now on
 * @device: the device
 * @queue: index of the queue, prepared
 * @loan: what they need
 *
 * In the worker. A vector that the driver has not unmasked yet goes by way of the
 * worker; of one that it chooses later virtio_device_ops.call_changed tells.
 *
 * Return: false if the driver did not enable the queue
 */
bool virtio_lend(struct virtio_device *device, unsigned int queue,
		 struct virtio_loan *loan)
{
	struct virtio_queue *q = &device->queue[queue];

	if (!q->live)
		return false;
	if (!q->lent)
		virtio_watch_remove(device, &q->doorbell);
	q->lent = true;
	q->call = call_of(q);
	*loan = (struct virtio_loan){
		.ring = &q->ring,
		.kick = q->doorbell.fd,
		.call = q->call,
	};
	return true;
}

/**
 * virtio_update_calls() - whoever serves queues signals their vectors as they are now
 * @device: the device
 *
 * In the worker.
 */
void virtio_update_calls(struct virtio_device *device)
{
	unsigned int i;

	for (i = 0; i < device->shape.queues; i++) {
		struct virtio_queue *queue = &device->queue[i];
		int call;

		if (!queue->lent)
			continue;
		call = call_of(queue);
		if (call == queue->call)
			continue;
		queue->call = call;
		device->ops->call_changed(device, i, call);
	}
}

/**
 * virtio_take_back() - undo virtio_lend()
 * @device: the device
 * @queue: index of the queue, which nobody serves any more; may not be lent
 *
 * In the worker, or when there is none.
 */
void virtio_take_back(struct virtio_device *device, unsigned int queue)
{
	struct virtio_queue *q = &device->queue[queue];

	if (q->lent)
		virtio_watch_add(device, &q->doorbell, EPOLLIN);
	q->lent = false;
}

/* They may still take what the old one signals. With the device's lock */
static void change_doorbell(struct virtio_queue *queue)
{
	const struct virtio_machine *machine = &queue->device->machine;
	int old = queue->doorbell.fd;

	if (queue->port)
		machine->doorbell(machine->ctx, old, queue->port, false);
	__atomic_store_n(&queue->doorbell.fd, queue->spare, __ATOMIC_RELEASE);
	queue->spare = old;
	if (queue->port && machine->doorbell(machine->ctx, queue->doorbell.fd,
					     queue->port, true))
		queue->port = 0;
}

/**
 * virtio_take_over() - serve a queue ourselves, as its server has gone for good
 * @device: the device
 * @queue: index of the queue, prepared and taken back
 *
 * Once, in the worker. If the queue is in use it goes on where they stopped;
 * virtio_device_ops.notify is called for it.
 */
void virtio_take_over(struct virtio_device *device, unsigned int queue)
{
	struct virtio_queue *q = &device->queue[queue];

	virtio_watch_remove(device, &q->doorbell);
	pthread_mutex_lock(&device->lock);
	change_doorbell(q);
	pthread_mutex_unlock(&device->lock);
	virtio_watch_add(device, &q->doorbell, EPOLLIN);
	pthread_mutex_lock(&q->lock);
	if (q->live)
		virtqueue_take_over(&q->ring);
	pthread_mutex_unlock(&q->lock);
	virtio_ring_doorbell(device, queue);
}
