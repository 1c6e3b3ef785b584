// SPDX-License-Identifier: GPL-2.0-only
/* A split virtqueue: requests out of it, answers into it. */
#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <string.h>

#include "virtqueue.h"

#define BUFFER_MAX	UINT32_MAX

/* One load each: what is checked is what is used. */
#define load(field)		__atomic_load_n(&(field), __ATOMIC_RELAXED)
#define store(field, value)	__atomic_store_n(&(field), value, __ATOMIC_RELAXED)

static int fail(struct virtqueue *queue, const char *error)
{
	queue->error = error;
	return -EINVAL;
}

/* The two event fields lie behind the rings. */
static uint16_t *used_event(const struct virtqueue *queue)
{
	return &queue->avail->ring[queue->size];
}

static uint16_t *avail_event(const struct virtqueue *queue)
{
	return (uint16_t *)&queue->used->ring[queue->size];
}

static void *ring_pointer(const struct guest_memory *memory, uint64_t gpa,
			  size_t bytes, uint64_t alignment)
{
	return gpa & (alignment - 1) ? NULL : guest_pointer(memory, gpa, bytes);
}

/**
 * virtqueue_start() - begin to use a queue
 * @queue: filled
 * @memory: guest memory, kept
 * @layout: what the driver said
 * @features: what was negotiated
 *
 * Return: 0, or -EINVAL with @queue->error
 */
int virtqueue_start(struct virtqueue *queue, const struct guest_memory *memory,
		    const struct virtqueue_layout *layout, uint64_t features)
{
	uint16_t size = layout->size;

	*queue = (struct virtqueue){
		.memory = memory,
		.size = size,
		.indirect = features & 1ULL << VIRTIO_RING_F_INDIRECT_DESC,
		.event_idx = features & 1ULL << VIRTIO_RING_F_EVENT_IDX,
	};
	if (!size || size > VIRTQUEUE_SIZE_MAX || (size & (size - 1)))
		return fail(queue, "size of a queue is no power of 2, or too large");
	queue->desc = ring_pointer(memory, layout->desc,
				   size * sizeof(*queue->desc),
				   VRING_DESC_ALIGN_SIZE);
	queue->avail = ring_pointer(memory, layout->driver,
				    sizeof(*queue->avail) +
				    (size + 1) * sizeof(queue->avail->ring[0]),
				    VRING_AVAIL_ALIGN_SIZE);
	queue->used = ring_pointer(memory, layout->device,
				   sizeof(*queue->used) +
				   size * sizeof(queue->used->ring[0]) +
				   sizeof(uint16_t), VRING_USED_ALIGN_SIZE);
	if (!queue->desc || !queue->avail || !queue->used)
		return fail(queue, "a ring is not aligned or not in memory");
	return 0;
}

/**
 * virtqueue_take_over() - go on where somebody else stopped to serve a queue
 * @queue: the queue, from virtqueue_start() on
 *
 * What they answered is on the used ring. They are supposed to have answered in
 * order: what they took and did not answer is taken again. Since they may have
 * stopped before they said so, virtqueue_wants_signal() counts what they answered.
 */
void virtqueue_take_over(struct virtqueue *queue)
{
	queue->next_used = load(queue->used->idx);
	queue->next_avail = queue->next_used;
	queue->signalled = (uint16_t)(queue->next_used - queue->size);
}

/* A table that descriptors are taken from: the queue's own or an indirect one. */
struct table {
	const void *desc;
	unsigned int size;
	bool indirect;
};

/* An indirect table has no alignment. The barrier keeps the copy the only one. */
static struct vring_desc load_desc(const struct table *table, unsigned int index)
{
	struct vring_desc desc;

	memcpy(&desc, (const uint8_t *)table->desc + index * sizeof(desc),
	       sizeof(desc));
	__asm__ volatile("" : : : "memory");
	return desc;
}

static int add_buffer(struct virtqueue *queue, struct virtio_chain *chain,
		      const struct vring_desc *desc)
{
	unsigned int count = chain->out + chain->in;
	void *buffer;

	/* No chain is longer than its queue (2.7.5.3.1): this ends loops too. */
	if (count == queue->size)
		return fail(queue, "a chain is longer than its queue");
	if (!desc->len)
		return fail(queue, "a buffer is empty");
	if (desc->len > BUFFER_MAX - chain->out_bytes - chain->in_bytes)
		return fail(queue, "a chain is longer than 4 GiB");
	buffer = guest_pointer(queue->memory, desc->addr, desc->len);
	if (!buffer)
		return fail(queue, "a buffer is not in memory");
	chain->iov[count].iov_base = buffer;
	chain->iov[count].iov_len = desc->len;
	if (desc->flags & VRING_DESC_F_WRITE) {
		chain->in++;
		chain->in_bytes += desc->len;
		return 0;
	}
	if (chain->in)
		return fail(queue, "a buffer to read follows one to write");
	chain->out++;
	chain->out_bytes += desc->len;
	return 0;
}

static int enter_table(struct virtqueue *queue, struct table *table,
		       const struct vring_desc *desc)
{
	if (!queue->indirect)
		return fail(queue, "an indirect table that was not negotiated");
	if (table->indirect)
		return fail(queue, "an indirect table in another");
	if (desc->flags & VRING_DESC_F_NEXT)
		return fail(queue, "a chain goes on behind an indirect table");
	if (!desc->len || desc->len % sizeof(*desc) ||
	    desc->len / sizeof(*desc) > queue->size)
		return fail(queue, "length of an indirect table");
	table->desc = guest_pointer(queue->memory, desc->addr, desc->len);
	table->size = desc->len / sizeof(*desc);
	table->indirect = true;
	if (!table->desc)
		return fail(queue, "an indirect table is not in memory");
	return 0;
}

static int walk_chain(struct virtqueue *queue, struct virtio_chain *chain)
{
	struct table table = { .desc = queue->desc, .size = queue->size };
	unsigned int next = chain->head;
	struct vring_desc desc;
	int ret;

	do {
		if (next >= table.size)
			return fail(queue, "a descriptor outside its table");
		desc = load_desc(&table, next);
		if (desc.flags & VRING_DESC_F_INDIRECT) {
			ret = enter_table(queue, &table, &desc);
			if (ret)
				return ret;
			desc.flags = VRING_DESC_F_NEXT;
			next = 0;
			continue;
		}
		ret = add_buffer(queue, chain, &desc);
		if (ret)
			return ret;
		next = desc.next;
	} while (desc.flags & VRING_DESC_F_NEXT);
	return 0;
}

/**
 * virtqueue_pop() - take the next request
 * @queue: the queue
 * @chain: filled after 1
 *
 * Return: 1: a request; 0: there is none; -EINVAL: the rings are not as they
 * should be, now or before, and @queue->error says how
 */
int virtqueue_pop(struct virtqueue *queue, struct virtio_chain *chain)
{
	uint16_t waiting;
	int ret;

	if (queue->error)
		return -EINVAL;
	waiting = (uint16_t)(__atomic_load_n(&queue->avail->idx,
					     __ATOMIC_ACQUIRE) -
			     queue->next_avail);
	if (!waiting)
		return 0;
	if (waiting > queue->size)
		return fail(queue, "the available index jumped");
	chain->head = load(queue->avail->ring[queue->next_avail &
					      (queue->size - 1)]);
	chain->out = 0;
	chain->in = 0;
	chain->out_bytes = 0;
	chain->in_bytes = 0;
	ret = walk_chain(queue, chain);
	if (ret)
		return ret;
	queue->next_avail++;
	return 1;
}

/**
 * virtqueue_unpop() - give the request that was taken last back, untouched
 * @queue: the queue
 */
void virtqueue_unpop(struct virtqueue *queue)
{
	queue->next_avail--;
}

/**
 * virtqueue_push() - requests are done; the driver sees all of them at once
 * @queue: the queue
 * @done: which
 * @count: how many, at most the queue's size
 */
void virtqueue_push(struct virtqueue *queue, const struct virtio_done *done,
		    unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		struct vring_used_elem *element =
			&queue->used->ring[queue->next_used & (queue->size - 1)];

		store(element->id, (uint32_t)done[i].head);
		store(element->len, done[i].written);
		queue->next_used++;
	}
	__atomic_store_n(&queue->used->idx, queue->next_used, __ATOMIC_RELEASE);
}

/**
 * virtqueue_wants_signal() - whether the driver wants an interrupt for what was
 * pushed since the last call
 * @queue: the queue
 *
 * Return: true if it has to get one
 */
bool virtqueue_wants_signal(struct virtqueue *queue)
{
	uint16_t before = queue->signalled;

	if (before == queue->next_used)
		return false;
	queue->signalled = queue->next_used;
	/* The driver sees the new index, or we see what it wrote before. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!queue->event_idx)
		return !(load(queue->avail->flags) & VRING_AVAIL_F_NO_INTERRUPT);
	return vring_need_event(load(*used_event(queue)), queue->next_used,
				before);
}

/**
 * virtqueue_disable_notify() - the driver need not notify: we are at it
 * @queue: the queue
 */
void virtqueue_disable_notify(struct virtqueue *queue)
{
	if (!queue->event_idx)
		store(queue->used->flags, (uint16_t)VRING_USED_F_NO_NOTIFY);
}

/**
 * virtqueue_enable_notify() - the driver shall notify for the next request
 * @queue: the queue
 *
 * Return: true if there is one already
 */
bool virtqueue_enable_notify(struct virtqueue *queue)
{
	if (queue->event_idx)
		store(*avail_event(queue), queue->next_avail);
	else
		store(queue->used->flags, (uint16_t)0);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return load(queue->avail->idx) != queue->next_avail;
}

/* Moves @bytes between @buffer and the buffers [first, first + count). */
static size_t chain_copy(const struct iovec *iov, unsigned int count,
			 size_t offset, uint8_t *to, const uint8_t *from,
			 size_t bytes)
{
	size_t done = 0;
	unsigned int i;

	for (i = 0; i < count && done < bytes; i++) {
		size_t here = iov[i].iov_len;
		uint8_t *at = iov[i].iov_base;

		if (offset >= here) {
			offset -= here;
			continue;
		}
		at += offset;
		here -= offset;
		offset = 0;
		if (here > bytes - done)
			here = bytes - done;
		memcpy(to ? to + done : at, to ? at : from + done, here);
		done += here;
	}
	return done;
}

/**
 * virtio_chain_read() - copy out of a request
 * @chain: the request
 * @offset: in its buffers to read
 * @to: buffer
 * @bytes: how many
 *
 * Return: how many there were
 */
size_t virtio_chain_read(const struct virtio_chain *chain, size_t offset,
			 void *to, size_t bytes)
{
	return chain_copy(chain->iov, chain->out, offset, to, NULL, bytes);
}

/**
 * virtio_chain_write() - copy into a request
 * @chain: the request
 * @offset: in its buffers to write
 * @from: buffer
 * @bytes: how many
 *
 * Return: how many there was room for
 */
size_t virtio_chain_write(const struct virtio_chain *chain, size_t offset,
			  const void *from, size_t bytes)
{
	return chain_copy(chain->iov + chain->out, chain->in, offset, NULL, from,
			  bytes);
}
