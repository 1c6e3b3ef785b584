// SPDX-License-Identifier: GPL-2.0-only
/* The worker of a virtio device: a thread that waits for doorbells and more. */
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "virtio.h"

static void signal_event(int fd)
{
	uint64_t one = 1;

	/* A counter that is full has somebody on the way to it. */
	if (write(fd, &one, sizeof(one)) < 0)
		return;
}

static void woken(struct virtio_watch *watch, uint32_t events)
{
	uint64_t count;

	(void)events;
	if (read(watch->fd, &count, sizeof(count)) < 0)
		return;
}

static int add_eventfd(struct virtio_device *device, struct virtio_watch *watch,
		       void (*ready)(struct virtio_watch *watch,
				     uint32_t events))
{
	watch->ready = ready;
	watch->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (watch->fd < 0)
		return -1;
	return virtio_watch_add(device, watch, EPOLLIN);
}

/**
 * virtio_worker_create() - what the worker waits for; no thread yet
 * @device: ops and shape set
 *
 * Return: 0, or -1 with errno and nothing to undo
 */
int virtio_worker_create(struct virtio_device *device)
{
	unsigned int i;
	int error;
	int ret;

	device->wake.fd = -1;
	for (i = 0; i < device->shape.queues; i++) {
		device->queue[i].device = device;
		device->queue[i].doorbell.fd = -1;
		device->queue[i].relay.fd = -1;
		device->queue[i].spare = -1;
	}
	device->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (device->epoll < 0)
		return -1;
	ret = add_eventfd(device, &device->wake, woken);
	for (i = 0; i < device->shape.queues && !ret; i++)
		ret = add_eventfd(device, &device->queue[i].doorbell,
				  virtio_doorbell_rang);
	if (!ret)
		return 0;
	error = errno;
	virtio_worker_destroy(device);
	errno = error;
	return -1;
}

/**
 * virtio_worker_destroy() - undo virtio_worker_create()
 * @device: the device; its thread has ended
 */
void virtio_worker_destroy(struct virtio_device *device)
{
	unsigned int i;

	for (i = 0; i < device->shape.queues; i++) {
		if (device->queue[i].doorbell.fd >= 0)
			close(device->queue[i].doorbell.fd);
		if (device->queue[i].relay.fd >= 0)
			close(device->queue[i].relay.fd);
		if (device->queue[i].spare >= 0)
			close(device->queue[i].spare);
	}
	if (device->wake.fd >= 0)
		close(device->wake.fd);
	close(device->epoll);
}

/**
 * virtio_watch_add() - have the worker wait for a descriptor
 * @device: the device
 * @watch: fd and ready set; it stays until virtio_watch_remove()
 * @events: EPOLLIN and the like, level-triggered
 *
 * Before the worker runs, or in it.
 *
 * Return: 0, or -1 with errno
 */
int virtio_watch_add(struct virtio_device *device, struct virtio_watch *watch,
		     uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	return epoll_ctl(device->epoll, EPOLL_CTL_ADD, watch->fd, &event);
}

/**
 * virtio_watch_change() - wait for other events of a descriptor
 * @device: the device
 * @watch: the watch
 * @events: the events; 0 for none but errors
 *
 * Return: 0, or -1 with errno
 */
int virtio_watch_change(struct virtio_device *device,
			struct virtio_watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	return epoll_ctl(device->epoll, EPOLL_CTL_MOD, watch->fd, &event);
}

/**
 * virtio_watch_remove() - undo virtio_watch_add(); close the descriptor after
 * @device: the device
 * @watch: the watch; its ready is not called any more. In the worker, or when
 *	there is none
 */
void virtio_watch_remove(struct virtio_device *device,
			 struct virtio_watch *watch)
{
	epoll_ctl(device->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
}

/**
 * virtio_ring_doorbell() - have the worker look at a queue; from any thread
 * @device: the device
 * @queue: index of the queue
 */
void virtio_ring_doorbell(struct virtio_device *device, unsigned int queue)
{
	signal_event(__atomic_load_n(&device->queue[queue].doorbell.fd,
				     __ATOMIC_ACQUIRE));
}

/**
 * virtio_worker_wake() - have the worker look at virtio_device.request
 * @device: the device
 */
void virtio_worker_wake(struct virtio_device *device)
{
	signal_event(device->wake.fd);
}

/**
 * virtio_worker_step() - wait for one event and handle it
 * @device: the device
 * @timeout_ms: how long; -1: for ever
 *
 * One event at a time: none is handled after its watch was removed.
 *
 * Return: whether there was one
 */
int virtio_worker_step(struct virtio_device *device, int timeout_ms)
{
	struct epoll_event event;
	struct virtio_watch *watch;

	virtio_do_request(device);
	if (epoll_wait(device->epoll, &event, 1, timeout_ms) != 1)
		return 0;
	watch = event.data.ptr;
	watch->ready(watch, event.events);
	return 1;
}

static void *worker_main(void *arg)
{
	struct virtio_device *device = arg;

	prctl(PR_SET_NAME, device->ops->name);
	while (!__atomic_load_n(&device->ending, __ATOMIC_ACQUIRE))
		virtio_worker_step(device, -1);
	return NULL;
}

/**
 * virtio_device_start() - make the worker's thread
 * @device: the device
 *
 * Signals are the owner's: the thread takes none.
 *
 * Return: 0, or an errno value
 */
int virtio_device_start(struct virtio_device *device)
{
	sigset_t all;
	sigset_t old;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&device->thread, NULL, worker_main, device);
	device->thread_made = !ret;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ret;
}

/**
 * virtio_worker_stop() - undo virtio_device_start()
 * @device: the device
 */
void virtio_worker_stop(struct virtio_device *device)
{
	if (!device->thread_made)
		return;
	__atomic_store_n(&device->ending, true, __ATOMIC_RELEASE);
	virtio_worker_wake(device);
	pthread_join(device->thread, NULL);
	device->thread_made = false;
}
