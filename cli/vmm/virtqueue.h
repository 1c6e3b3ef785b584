/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A split virtqueue (virtio 1.2, 2.7), seen from the device. The driver changes
 * its memory at any time: every value is loaded once and then checked.
 *
 * No lock: whoever owns a queue calls from one thread at a time.
 */
#ifndef HVMOD_VMM_VIRTQUEUE_H
#define HVMOD_VMM_VIRTQUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "guest.h"

#define VIRTQUEUE_SIZE_MAX	256

/**
 * struct virtio_chain - a request: buffers that the driver chained
 * @head: its name on the rings
 * @out: buffers to read from, first in @iov
 * @in: buffers to write to, behind them
 * @out_bytes: length of the first
 * @in_bytes: length of the second; together they are less than 4 GiB
 * @iov: the buffers in this process, none empty. Their content is the driver's
 *	and changes: copy what has to be checked
 */
struct virtio_chain {
	uint16_t head;
	unsigned int out;
	unsigned int in;
	size_t out_bytes;
	size_t in_bytes;
	struct iovec iov[VIRTQUEUE_SIZE_MAX];
};

/**
 * struct virtqueue_layout - what the driver said about a queue
 * @size: number of descriptors
 * @desc: guest-physical address of the descriptor table
 * @driver: that of the available ring
 * @device: that of the used ring
 */
struct virtqueue_layout {
	uint16_t size;
	uint64_t desc;
	uint64_t driver;
	uint64_t device;
};

/**
 * struct virtio_done - a request that is done
 * @head: its name
 * @written: bytes written to its buffers, from the first one on
 */
struct virtio_done {
	uint16_t head;
	uint32_t written;
};

struct vring_desc;
struct vring_avail;
struct vring_used;

/**
 * struct virtqueue - a queue in use
 * @memory: guest memory
 * @size: number of descriptors, a power of 2
 * @indirect: VIRTIO_F_INDIRECT_DESC was negotiated
 * @event_idx: VIRTIO_F_EVENT_IDX was negotiated
 * @desc: descriptor table
 * @avail: available ring
 * @used: used ring
 * @next_avail: index of the next request
 * @next_used: index of the next answer
 * @signalled: @next_used when the driver was asked last whether it wants to know
 * @error: what was wrong with the rings; NULL: nothing. Then the queue gives no
 *	more requests
 */
struct virtqueue {
	const struct guest_memory *memory;
	uint16_t size;
	bool indirect;
	bool event_idx;
	const struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	uint16_t next_avail;
	uint16_t next_used;
	uint16_t signalled;
	const char *error;
};

int virtqueue_start(struct virtqueue *queue, const struct guest_memory *memory,
		    const struct virtqueue_layout *layout, uint64_t features);
void virtqueue_take_over(struct virtqueue *queue);
int virtqueue_pop(struct virtqueue *queue, struct virtio_chain *chain);
void virtqueue_unpop(struct virtqueue *queue);
void virtqueue_push(struct virtqueue *queue, const struct virtio_done *done,
		    unsigned int count);
bool virtqueue_wants_signal(struct virtqueue *queue);
void virtqueue_disable_notify(struct virtqueue *queue);
bool virtqueue_enable_notify(struct virtqueue *queue);

size_t virtio_chain_read(const struct virtio_chain *chain, size_t offset,
			 void *to, size_t bytes);
size_t virtio_chain_write(const struct virtio_chain *chain, size_t offset,
			  const void *from, size_t bytes);

#endif
