// SPDX-License-Identifier: GPL-2.0-only
/*
 * The block device (virtio 1.2, 5.2). The worker takes requests off the queues;
 * threads that come when they are needed do them, each as long as the host's
 * disk takes, and answer.
 */
#include <errno.h>
#include <linux/virtio_ids.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "blk_request.h"
#include "compiler.h"
#include "virtio_blk.h"

#define CLASS_STORAGE	0x010000
#define FEATURE(bit)	(1ULL << (bit))
#define THREADS_MAX	8
#define JOBS		128
#define SEGMENTS_MAX	(VIRTQUEUE_SIZE_MAX - 2)

_Static_assert(sizeof(struct virtio_blk_config) <= VIRTIO_CONFIG_MAX,
	       "device configuration");

/* A request on its way. */
struct job {
	struct job *next;
	unsigned int queue;
	struct virtio_chain chain;
};

/*
 * @lock protects all below it. @first to @last wait for a thread. Jobs are used
 * again before @fresh ones are, so that a disk that is not busy touches few.
 */
struct blk {
	struct virtio_device device;
	struct blk_target target;
	pthread_mutex_t lock;
	pthread_cond_t work;
	pthread_cond_t idle;
	struct job *jobs;
	struct job *free;
	unsigned int fresh;
	struct job *first;
	struct job **last;
	unsigned int queued;
	unsigned int running;
	unsigned int waiting;		/* threads that do */
	bool starved[VIRTIO_BLK_QUEUES_MAX];
	bool ending;
	pthread_t thread[THREADS_MAX];
	unsigned int threads;
};

static struct blk *blk_of(struct virtio_device *device)
{
	return (struct blk *)device;
}

/* With the lock. Return: NULL if there is none */
static struct job *take_job(struct blk *blk)
{
	struct job *job = blk->first;

	if (!job)
		return NULL;
	blk->first = job->next;
	if (!blk->first)
		blk->last = &blk->first;
	blk->queued--;
	blk->running++;
	return job;
}

/* With the lock. Return: NULL if all are on their way */
static struct job *new_job(struct blk *blk)
{
	struct job *job = blk->free;

	if (job)
		blk->free = job->next;
	else if (blk->fresh < JOBS)
		job = &blk->jobs[blk->fresh++];
	return job;
}

/* With the lock. */
static void free_job(struct blk *blk, struct job *job)
{
	unsigned int i;

	job->next = blk->free;
	blk->free = job;
	for (i = 0; i < blk->device.shape.queues; i++) {
		if (blk->starved[i])
			virtio_ring_doorbell(&blk->device, i);
		blk->starved[i] = false;
	}
}

static void do_job(struct blk *blk, struct job *job)
{
	uint16_t head = job->chain.head;
	uint32_t written = blk_request_perform(&blk->target, &job->chain);

	virtio_push(&blk->device, job->queue, head, written);
	virtio_signal(&blk->device, job->queue);
}

static void *thread_main(void *arg)
{
	struct blk *blk = arg;
	struct job *job;

	prctl(PR_SET_NAME, "disk");
	pthread_mutex_lock(&blk->lock);
	while (!blk->ending) {
		job = take_job(blk);
		if (!job) {
			blk->waiting++;
			pthread_cond_wait(&blk->work, &blk->lock);
			blk->waiting--;
			continue;
		}
		pthread_mutex_unlock(&blk->lock);
		do_job(blk, job);
		pthread_mutex_lock(&blk->lock);
		free_job(blk, job);
		blk->running--;
		if (!blk->running)
			pthread_cond_broadcast(&blk->idle);
	}
	pthread_mutex_unlock(&blk->lock);
	return NULL;
}

/* With the lock. One more, if that would help; none is an error of the caller. */
static bool have_thread(struct blk *blk)
{
	if (blk->waiting > blk->queued || blk->threads == THREADS_MAX)
		return true;
	if (!pthread_create(&blk->thread[blk->threads], NULL, thread_main, blk))
		blk->threads++;
	return blk->threads;
}

static bool queue_job(struct blk *blk, unsigned int queue,
		      const struct virtio_chain *chain)
{
	struct job *job;

	pthread_mutex_lock(&blk->lock);
	job = new_job(blk);
	if (!job) {
		blk->starved[queue] = true;
		pthread_mutex_unlock(&blk->lock);
		return false;
	}
	job->next = NULL;
	job->queue = queue;
	memcpy(&job->chain, chain, offsetof(struct virtio_chain, iov));
	memcpy(job->chain.iov, chain->iov,
	       (chain->out + chain->in) * sizeof(chain->iov[0]));
	have_thread(blk);
	*blk->last = job;
	blk->last = &job->next;
	blk->queued++;
	pthread_cond_signal(&blk->work);
	pthread_mutex_unlock(&blk->lock);
	return true;
}

static bool handle(struct virtio_device *device, unsigned int queue,
		   struct virtio_chain *chain)
{
	if (!blk_request_is_sound(chain)) {
		virtio_fail(device, "a disk request without header or status");
		return false;
	}
	return queue_job(blk_of(device), queue, chain);
}

static void notify(struct virtio_device *device, unsigned int queue)
{
	virtio_run(device, queue, handle);
}

static const char *activate(struct virtio_device *device)
{
	struct blk *blk = blk_of(device);
	bool good;

	pthread_mutex_lock(&blk->lock);
	/* A driver that can't flush takes what is answered for done (5.2.6.2). */
	blk->target.write_through =
		!(device->features & FEATURE(VIRTIO_BLK_F_FLUSH));
	good = have_thread(blk);
	pthread_mutex_unlock(&blk->lock);
	return good ? NULL : "no thread for the disk";
}

/* What waits is forgotten, what runs ends soon. */
static void reset(struct virtio_device *device)
{
	struct blk *blk = blk_of(device);

	pthread_mutex_lock(&blk->lock);
	while (blk->first) {
		struct job *job = blk->first;

		blk->first = job->next;
		job->next = blk->free;
		blk->free = job;
	}
	blk->last = &blk->first;
	blk->queued = 0;
	memset(blk->starved, 0, sizeof(blk->starved));
	disk_stop(&blk->target.disk, true);
	while (blk->running)
		pthread_cond_wait(&blk->idle, &blk->lock);
	disk_stop(&blk->target.disk, false);
	pthread_mutex_unlock(&blk->lock);
}

static void free_blk(struct blk *blk)
{
	pthread_cond_destroy(&blk->idle);
	pthread_cond_destroy(&blk->work);
	pthread_mutex_destroy(&blk->lock);
	free(blk->jobs);
	free(blk);
}

static void destroy(struct virtio_device *device)
{
	struct blk *blk = blk_of(device);
	unsigned int i;

	pthread_mutex_lock(&blk->lock);
	blk->ending = true;
	pthread_cond_broadcast(&blk->work);
	pthread_mutex_unlock(&blk->lock);
	for (i = 0; i < blk->threads; i++)
		pthread_join(blk->thread[i], NULL);
	disk_close(&blk->target.disk);
	free_blk(blk);
}

static const struct virtio_device_ops blk_ops = {
	.name = "virtio-blk",
	.type = VIRTIO_ID_BLOCK,
	.class_code = CLASS_STORAGE,
	.activate = activate,
	.notify = notify,
	.reset = reset,
	.destroy = destroy,
};

static uint64_t features_of(const struct disk *disk)
{
	uint64_t features = FEATURE(VIRTIO_BLK_F_SEG_MAX) |
			    FEATURE(VIRTIO_BLK_F_BLK_SIZE) |
			    FEATURE(VIRTIO_BLK_F_FLUSH) |
			    FEATURE(VIRTIO_BLK_F_MQ);

	if (disk->read_only)
		return features | FEATURE(VIRTIO_BLK_F_RO);
	return features | FEATURE(VIRTIO_BLK_F_DISCARD) |
	       FEATURE(VIRTIO_BLK_F_WRITE_ZEROES);
}

/* A driver that does not know it writes sectors of 512 bytes, which fail. */
static uint64_t needed_of(const struct disk *disk)
{
	return disk->block_bytes > SECTOR_BYTES ? FEATURE(VIRTIO_BLK_F_BLK_SIZE) : 0;
}

static void fill_config(struct virtio_device *device, const struct disk *disk)
{
	struct virtio_blk_config config = {
		.capacity = disk->bytes / SECTOR_BYTES,
		.seg_max = SEGMENTS_MAX,
		.blk_size = disk->block_bytes,
		.num_queues = (uint16_t)device->shape.queues,
		.max_discard_sectors = BLK_DISCARD_SECTORS,
		.max_discard_seg = BLK_RANGES_MAX,
		.discard_sector_alignment = disk->block_bytes / SECTOR_BYTES,
		.max_write_zeroes_sectors = BLK_ZERO_SECTORS,
		.max_write_zeroes_seg = BLK_RANGES_MAX,
		.write_zeroes_may_unmap = 1,
	};

	memcpy(device->config, &config, sizeof(config));
}

static struct blk *alloc_blk(const struct disk *disk, const char *serial)
{
	struct blk *blk = calloc(1, sizeof(*blk));

	if (!blk)
		return NULL;
	blk->jobs = calloc(JOBS, sizeof(*blk->jobs));
	if (!blk->jobs) {
		free(blk);
		return NULL;
	}
	pthread_mutex_init(&blk->lock, NULL);
	pthread_cond_init(&blk->work, NULL);
	pthread_cond_init(&blk->idle, NULL);
	blk->target.disk = *disk;
	if (serial)
		memcpy(blk->target.serial, serial,
		       strnlen(serial, sizeof(blk->target.serial)));
	blk->last = &blk->first;
	return blk;
}

/**
 * virtio_blk_create() - a block device
 * @machine: where it will be
 * @disk: an open image; the device's from now on, closed with it
 * @serial: serial number, or NULL for an empty one
 * @queues: how many, one a vCPU is best; at most VIRTIO_BLK_QUEUES_MAX are made
 *
 * Return: the device, for virtio_device_destroy(); or NULL with errno, @disk
 * stays open then
 */
struct virtio_device *virtio_blk_create(const struct virtio_machine *machine,
					const struct disk *disk,
					const char *serial,
					unsigned int queues)
{
	const struct virtio_shape shape = {
		.queues = queues < VIRTIO_BLK_QUEUES_MAX ? queues
							 : VIRTIO_BLK_QUEUES_MAX,
		.queue_size = VIRTQUEUE_SIZE_MAX,
		.features = features_of(disk),
		.needed = needed_of(disk),
		.config_bytes = sizeof(struct virtio_blk_config),
	};
	struct blk *blk = alloc_blk(disk, serial);

	if (!blk)
		return NULL;
	if (!virtio_device_init(&blk->device, &blk_ops, &shape, machine)) {
		fill_config(&blk->device, disk);
		return &blk->device;
	}
	free_blk(blk);
	return NULL;
}
