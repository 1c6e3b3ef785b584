// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory balloon (virtio 1.2, 5.5): the guest gives pages away as long as we
 * want more of them, takes some back before it kills a program for want of
 * memory, and reports free memory by itself. Asked, it tells how much it has.
 *
 * Queues: where hints, or statistics, are not negotiated, Linux gives the number
 * of the next queue to the reports, and the text of 5.5.2 does not. So any queue
 * behind those that are negotiated is one for reports.
 */
#include <endian.h>
#include <errno.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_ids.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "compiler.h"
#include "virtio_balloon.h"

#define CLASS_OTHER	0xFF0000
#define STATS_VQ	(1ULL << VIRTIO_BALLOON_F_STATS_VQ)
#define FEATURES	(STATS_VQ | 1ULL << VIRTIO_BALLOON_F_DEFLATE_ON_OOM | \
			 1ULL << VIRTIO_BALLOON_F_REPORTING)
#define INFLATE		0
#define DEFLATE		1
#define STATS		2	/* where it was negotiated */
#define QUEUES		5
#define QUEUE_SIZE	32	/* what Linux wants for reports */
#define FRAMES_MAX	4096	/* in a request; Linux has 256 */
#define STATS_MAX	64	/* in a list; Linux has 16 kinds at most */
#define CHANGED_NS	100000000	/* who watches hears no more often of it */

#define TARGET		offsetof(struct virtio_balloon_config, num_pages)
#define ACTUAL		offsetof(struct virtio_balloon_config, actual)
#define CONFIG_BYTES	(ACTUAL + sizeof(uint32_t))

/**
 * struct balloon - a balloon
 * @device: the device
 * @give: what is in it
 * @wires: its domain
 * @timer: when @wires.changed is due; a timerfd
 * @told: what it was told last
 * @list: the driver's list of statistics, which it gets back when we want a new
 *	one, if @has_list
 * @has_list: there is one
 * @asked: somebody wants a new one. Atomic
 * @stats: the last one. With the device's lock
 */
struct balloon {
	struct virtio_device device;
	struct give give;
	struct balloon_wires wires;
	struct virtio_watch timer;
	uint64_t told;
	uint16_t list;
	bool has_list;
	bool asked;
	struct balloon_stats stats;
};

static struct balloon *to_balloon(struct virtio_device *device)
{
	return (struct balloon *)device;
}

static void tell(struct virtio_watch *watch, uint32_t events)
{
	struct balloon *balloon = container_of(watch, struct balloon, timer);
	uint64_t count;

	(void)events;
	if (read(watch->fd, &count, sizeof(count)) < 0)
		return;
	balloon->told = give_bytes(&balloon->give);
	balloon->wires.changed(balloon->wires.give.ctx, balloon->told);
}

/* Once it runs it goes on, however often there is a change. */
static void tell_later(struct balloon *balloon)
{
	const struct itimerspec then = { .it_value.tv_nsec = CHANGED_NS };
	struct itimerspec now;

	if (give_bytes(&balloon->give) == balloon->told ||
	    timerfd_gettime(balloon->timer.fd, &now) ||
	    now.it_value.tv_sec || now.it_value.tv_nsec)
		return;
	timerfd_settime(balloon->timer.fd, 0, &then, NULL);
}

static bool move(struct balloon *balloon, unsigned int queue,
		 const struct virtio_chain *chain)
{
	uint32_t frame[GIVE_BATCH];
	size_t offset = 0;
	size_t count;
	size_t i;

	while (offset < chain->out_bytes) {
		count = virtio_chain_read(chain, offset, frame, sizeof(frame)) /
			sizeof(frame[0]);
		offset += count * sizeof(frame[0]);
		for (i = 0; i < count; i++) {
			frame[i] = le32toh(frame[i]);
			if (!give_has(&balloon->give, frame[i]))
				return false;
		}
		if (queue == INFLATE)
			give_away(&balloon->give, frame, (unsigned int)count);
		else
			give_back(&balloon->give, frame, (unsigned int)count);
	}
	return true;
}

/* Numbers of page frames, to be read (5.5.6). */
static bool take_frames(struct virtio_device *device, unsigned int queue,
			struct virtio_chain *chain)
{
	const char *error = NULL;

	if (chain->in)
		error = "a list of pages has something to write";
	else if (chain->out_bytes % sizeof(uint32_t))
		error = "a list of pages has a part of one";
	else if (chain->out_bytes / sizeof(uint32_t) > FRAMES_MAX)
		error = "a list of pages is too long";
	else if (!move(to_balloon(device), queue, chain))
		error = "a page is not in memory";
	if (error) {
		virtio_fail(device, error);
		return false;
	}
	virtio_push(device, queue, chain->head, 0);
	return true;
}

/* Free memory itself, to be written (5.5.6.7). */
static bool take_report(struct virtio_device *device, unsigned int queue,
			struct virtio_chain *chain)
{
	struct balloon *balloon = to_balloon(device);
	unsigned int i;

	if (chain->out) {
		virtio_fail(device, "a report of free memory has something to read");
		return false;
	}
	for (i = 0; i < chain->in; i++)
		give_unused(&balloon->give,
			    guest_address(device->machine.memory,
					  chain->iov[i].iov_base),
			    chain->iov[i].iov_len);
	virtio_push(device, queue, chain->head, 0);
	return true;
}

/* No guest has more than all of its memory. */
static void keep_stat(const struct balloon *balloon, struct balloon_stats *stats,
		      const struct virtio_balloon_stat *stat)
{
	uint64_t bytes = le64toh(stat->val);

	if (bytes > guest_memory_bytes(balloon->device.machine.memory))
		return;
	switch (le16toh(stat->tag)) {
	case VIRTIO_BALLOON_S_MEMFREE:
		stats->free = bytes;
		break;
	case VIRTIO_BALLOON_S_MEMTOT:
		stats->total = bytes;
		break;
	case VIRTIO_BALLOON_S_AVAIL:
		stats->available = bytes;
		break;
	}
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/*
 * Statistics, to be read, of any kinds in any order (5.5.6.3). The list stays
 * here until we want the next one, and the driver makes no second one before.
 */
static bool take_stats(struct virtio_device *device, unsigned int queue,
		       struct virtio_chain *chain)
{
	struct virtio_balloon_stat stat[STATS_MAX];
	struct balloon *balloon = to_balloon(device);
	struct balloon_stats stats = {
		.told_ns = now_ns(),
		.free = BALLOON_UNKNOWN,
		.available = BALLOON_UNKNOWN,
		.total = BALLOON_UNKNOWN,
	};
	const char *error = NULL;
	size_t count;
	size_t i;

	(void)queue;
	if (balloon->has_list)
		return false;
	if (chain->in)
		error = "a list of statistics has something to write";
	else if (chain->out_bytes % sizeof(stat[0]))
		error = "a list of statistics has a part of one";
	else if (chain->out_bytes > sizeof(stat))
		error = "a list of statistics is too long";
	if (error) {
		virtio_fail(device, error);
		return false;
	}
	count = virtio_chain_read(chain, 0, stat, sizeof(stat)) / sizeof(stat[0]);
	for (i = 0; i < count; i++)
		keep_stat(balloon, &stats, &stat[i]);
	pthread_mutex_lock(&device->lock);
	balloon->stats = stats;
	pthread_mutex_unlock(&device->lock);
	balloon->list = chain->head;
	balloon->has_list = true;
	return true;
}

static void run_stats(struct balloon *balloon)
{
	struct virtio_device *device = &balloon->device;

	if (__atomic_exchange_n(&balloon->asked, false, __ATOMIC_ACQ_REL) &&
	    balloon->has_list) {
		balloon->has_list = false;
		virtio_push(device, STATS, balloon->list, 0);
	}
	virtio_run(device, STATS, take_stats);
}

static void notify(struct virtio_device *device, unsigned int queue)
{
	if (queue == STATS && (device->features & STATS_VQ)) {
		run_stats(to_balloon(device));
		return;
	}
	virtio_run(device, queue, queue <= DEFLATE ? take_frames : take_report);
	tell_later(to_balloon(device));
}

static void reset(struct virtio_device *device)
{
	struct balloon *balloon = to_balloon(device);
	uint32_t none = 0;

	give_back_all(&balloon->give);
	balloon->has_list = false;
	pthread_mutex_lock(&device->lock);
	balloon->stats = (struct balloon_stats){ 0 };
	memcpy(device->config + ACTUAL, &none, sizeof(none));
	pthread_mutex_unlock(&device->lock);
	tell_later(balloon);
}

/* What the driver says that there is; we count ourselves. */
static void config_written(struct virtio_device *device, uint32_t offset,
			   unsigned int size, uint64_t value)
{
	uint32_t actual = htole32((uint32_t)value);

	if (offset == ACTUAL && size == sizeof(actual))
		memcpy(device->config + ACTUAL, &actual, sizeof(actual));
}

static void destroy(struct virtio_device *device)
{
	struct balloon *balloon = to_balloon(device);

	close(balloon->timer.fd);
	give_free(&balloon->give);
	free(balloon);
}

static const struct virtio_device_ops balloon_ops = {
	.name = "virtio-balloon",
	.type = VIRTIO_ID_BALLOON,
	.class_code = CLASS_OTHER,
	.notify = notify,
	.reset = reset,
	.config_written = config_written,
	.destroy = destroy,
};

static uint32_t pages_of(uint64_t bytes)
{
	uint64_t pages = bytes / GIVE_PAGE;

	/* The field has no more bits, and page frames no higher numbers. */
	return htole32(pages > UINT32_MAX ? UINT32_MAX : (uint32_t)pages);
}

static int add_timer(struct balloon *balloon)
{
	balloon->timer.ready = tell;
	balloon->timer.fd = timerfd_create(CLOCK_MONOTONIC,
					   TFD_CLOEXEC | TFD_NONBLOCK);
	if (balloon->timer.fd < 0)
		return -1;
	if (!virtio_watch_add(&balloon->device, &balloon->timer, EPOLLIN))
		return 0;
	close(balloon->timer.fd);
	return -1;
}

/**
 * virtio_balloon_create() - a balloon, empty
 * @machine: where it will be
 * @wires: its domain
 * @bytes: what the guest shall give away from the start
 *
 * Return: the device, for virtio_device_destroy(); or NULL with errno
 */
struct virtio_device *virtio_balloon_create(const struct virtio_machine *machine,
					    const struct balloon_wires *wires,
					    uint64_t bytes)
{
	const struct virtio_shape shape = {
		.queues = QUEUES,
		.queue_size = QUEUE_SIZE,
		.features = FEATURES,
		.config_bytes = CONFIG_BYTES,
	};
	struct balloon *balloon = calloc(1, sizeof(*balloon));
	uint32_t target = pages_of(bytes);

	if (!balloon)
		return NULL;
	balloon->timer.fd = -1;
	if (give_init(&balloon->give, machine->memory, &wires->give) ||
	    virtio_device_init(&balloon->device, &balloon_ops, &shape, machine)) {
		give_free(&balloon->give);
		free(balloon);
		return NULL;
	}
	balloon->wires = *wires;
	memcpy(balloon->device.config + TARGET, &target, sizeof(target));
	if (!add_timer(balloon))
		return &balloon->device;
	virtio_device_destroy(&balloon->device);
	return NULL;
}

/**
 * virtio_balloon_set() - how much the guest shall give away; from any thread
 * @device: a balloon
 * @bytes: how much
 */
void virtio_balloon_set(struct virtio_device *device, uint64_t bytes)
{
	uint32_t target = pages_of(bytes);

	virtio_config_set(device, TARGET, &target, sizeof(target));
}

/**
 * virtio_balloon_target() - what virtio_balloon_set() said last
 * @device: a balloon
 *
 * Return: bytes
 */
uint64_t virtio_balloon_target(struct virtio_device *device)
{
	uint32_t target;

	pthread_mutex_lock(&device->lock);
	memcpy(&target, device->config + TARGET, sizeof(target));
	pthread_mutex_unlock(&device->lock);
	return le32toh(target) * GIVE_PAGE;
}

/**
 * virtio_balloon_stats() - what the guest told last of its memory, and ask it for
 * more; from any thread
 * @device: a balloon
 * @stats: filled
 *
 * The next list is there as soon as the guest has answered, if it does.
 *
 * Return: 0, or -1 with errno ENODATA: it told nothing since its driver came
 */
int virtio_balloon_stats(struct virtio_device *device, struct balloon_stats *stats)
{
	struct balloon *balloon = to_balloon(device);

	pthread_mutex_lock(&device->lock);
	*stats = balloon->stats;
	pthread_mutex_unlock(&device->lock);
	if (!stats->told_ns) {
		errno = ENODATA;
		return -1;
	}
	__atomic_store_n(&balloon->asked, true, __ATOMIC_RELEASE);
	virtio_ring_doorbell(device, STATS);
	return 0;
}
