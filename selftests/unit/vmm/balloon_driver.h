/* SPDX-License-Identifier: GPL-2.0-only */
/* Balloons for tests, and requests to them. */
#ifndef HVMOD_TEST_BALLOON_DRIVER_H
#define HVMOD_TEST_BALLOON_DRIVER_H

#include <linux/virtio_balloon.h>

#include "virtio_balloon.h"

#define BALLOON_FRAME	0x380U	/* a page of which a test makes no other use */
#define BALLOON_TARGET	(1ULL << 20)

/* What the balloon did to its domain. */
extern struct balloon_seen {
	unsigned int holds;
	bool held;
	bool ended;		/* it can't be held any more */
	unsigned int discards;
	unsigned int held_discards;	/* those with the vCPUs held */
	uint64_t gpa;		/* of the last one */
	uint64_t pages[GIVE_UNIT_WORDS];
	unsigned int changes;
	uint64_t bytes;		/* of the last one */
} balloon_seen;

extern const struct balloon_wires balloon_wires;

struct virtio_device *balloon_create(const struct virtio_machine *machine);
void balloon_list(unsigned int queue, const uint32_t *frame, uint32_t count);
void balloon_request(unsigned int queue);
void balloon_report_request(unsigned int queue);
void balloon_stats_list(unsigned int queue, const struct virtio_balloon_stat *stat, uint32_t count);
void balloon_stats_request(unsigned int queue);

#endif
