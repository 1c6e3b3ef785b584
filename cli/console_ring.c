// SPDX-License-Identifier: GPL-2.0-only
/* The scroll-back of a console. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "console_ring.h"

int console_ring_init(struct console_ring *ring, size_t size)
{
	ring->data = malloc(size);
	if (!ring->data)
		return -1;
	ring->size = size;
	ring->head = 0;
	pthread_mutex_init(&ring->lock, NULL);
	return 0;
}

void console_ring_free(struct console_ring *ring)
{
	free(ring->data);
	ring->data = NULL;
	pthread_mutex_destroy(&ring->lock);
}

void console_ring_write(struct console_ring *ring, const uint8_t *data, size_t len)
{
	size_t at, first;

	pthread_mutex_lock(&ring->lock);
	/* Of more than fits only the end will be seen. */
	if (len > ring->size) {
		ring->head += len - ring->size;
		data += len - ring->size;
		len = ring->size;
	}
	at = ring->head & (ring->size - 1);
	first = ring->size - at < len ? ring->size - at : len;
	memcpy(ring->data + at, data, first);
	memcpy(ring->data, data + first, len - first);
	ring->head += len;
	pthread_mutex_unlock(&ring->lock);
}

uint64_t console_ring_head(struct console_ring *ring)
{
	uint64_t head;

	pthread_mutex_lock(&ring->lock);
	head = ring->head;
	pthread_mutex_unlock(&ring->lock);
	return head;
}

size_t console_ring_read(struct console_ring *ring, uint64_t *position,
			 uint8_t *data, size_t len, uint64_t *lost)
{
	uint64_t oldest;
	size_t at, first;

	pthread_mutex_lock(&ring->lock);
	oldest = ring->head > ring->size ? ring->head - ring->size : 0;
	*lost = *position < oldest ? oldest - *position : 0;
	*position += *lost;
	if (ring->head - *position < len)
		len = ring->head - *position;
	at = *position & (ring->size - 1);
	first = ring->size - at < len ? ring->size - at : len;
	memcpy(data, ring->data + at, first);
	memcpy(data + first, ring->data, len - first);
	pthread_mutex_unlock(&ring->lock);
	return len;
}
