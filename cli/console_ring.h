/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_CONSOLE_RING_H
#define HVCTL_CONSOLE_RING_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#define CONSOLE_RING_SIZE	(1U << 20)

/**
 * struct console_ring - the last output of a guest's console
 * @lock: protects @head and @data; held for one copy at most
 * @head: bytes ever written
 * @size: bytes kept, a power of two
 * @data: the last @size bytes; byte number n is at n % @size
 *
 * The writer is a vCPU thread and never waits for a reader: each reader has a
 * position of its own, and finds out that it came too late.
 */
struct console_ring {
	pthread_mutex_t lock;
	uint64_t head;
	size_t size;
	uint8_t *data;
};

/** console_ring_init() - Return: 0, or -1 with errno */
int console_ring_init(struct console_ring *ring, size_t size);

/** console_ring_free() - give the memory back */
void console_ring_free(struct console_ring *ring);

/** console_ring_write() - add output */
void console_ring_write(struct console_ring *ring, const uint8_t *data, size_t len);

/** console_ring_head() - bytes ever written: the position behind the newest */
uint64_t console_ring_head(struct console_ring *ring);

/**
 * console_ring_read() - copy output, from a position onwards
 * @ring: the ring
 * @position: where to read; moved to the oldest byte kept if that is later
 * @data: buffer
 * @len: its size
 * @lost: how many bytes @position was moved by
 *
 * Does not move @position past what was copied: the caller does, by as much as
 * it could use.
 *
 * Return: bytes copied.
 */
size_t console_ring_read(struct console_ring *ring, uint64_t *position,
			 uint8_t *data, size_t len, uint64_t *lost);

#endif
