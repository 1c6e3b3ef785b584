/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory balloon. */
#ifndef HVMOD_VMM_VIRTIO_BALLOON_H
#define HVMOD_VMM_VIRTIO_BALLOON_H

#include "give.h"
#include "virtio.h"

/**
 * struct balloon_wires - what a balloon needs of its domain
 * @give: how pages go
 * @changed: it has @bytes now. In the worker; not for each change, but some time
 *	after the last
 */
struct balloon_wires {
	struct give_wires give;
	void (*changed)(void *ctx, uint64_t bytes);
};

#define BALLOON_UNKNOWN		UINT64_MAX

/**
 * struct balloon_stats - what a guest tells of its memory
 * @told_ns: when, CLOCK_BOOTTIME; 0: never
 * @free: bytes that it has no use for, or BALLOON_UNKNOWN
 * @available: bytes that its programs can have, or BALLOON_UNKNOWN
 * @total: bytes that it knows of, or BALLOON_UNKNOWN
 */
struct balloon_stats {
	uint64_t told_ns;
	uint64_t free;
	uint64_t available;
	uint64_t total;
};

struct virtio_device *virtio_balloon_create(const struct virtio_machine *machine,
					    const struct balloon_wires *wires,
					    uint64_t bytes);
void virtio_balloon_set(struct virtio_device *device, uint64_t bytes);
uint64_t virtio_balloon_target(struct virtio_device *device);
int virtio_balloon_stats(struct virtio_device *device, struct balloon_stats *stats);

#endif
