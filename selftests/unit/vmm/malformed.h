/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVMOD_TEST_MALFORMED_H
#define HVMOD_TEST_MALFORMED_H

#include <linux/virtio_ring.h>
#include <stddef.h>
#include <stdint.h>

#define INDIRECT	(1ULL << VIRTIO_RING_F_INDIRECT_DESC)
#define EVENT_IDX	(1ULL << VIRTIO_RING_F_EVENT_IDX)

/*
 * A ring that no driver may make. @make leaves something to be found in a queue whose
 * descriptor 0 is a request; @good: so many requests before it are answered.
 */
struct malformed {
	const char *name;
	uint64_t features;	/* negotiated */
	void (*make)(unsigned int queue);
	unsigned int good;
};

extern const struct malformed malformed[];
extern const size_t malformed_count;

#endif
