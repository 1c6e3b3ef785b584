// SPDX-License-Identifier: GPL-2.0-only
/* Balloons for tests, and requests to them. */
#include <stdlib.h>
#include <string.h>

#include "balloon_driver.h"
#include "driver.h"

struct balloon_seen balloon_seen;

static int hold(void *ctx)
{
	struct balloon_seen *seen = ctx;

	if (seen->held)
		abort();
	if (seen->ended)
		return -1;
	seen->held = true;
	seen->holds++;
	return 0;
}

static void release(void *ctx)
{
	struct balloon_seen *seen = ctx;

	if (!seen->held)
		abort();
	seen->held = false;
}

static void discard(void *ctx, uint64_t gpa, const uint64_t pages[GIVE_UNIT_WORDS])
{
	struct balloon_seen *seen = ctx;

	seen->discards++;
	seen->held_discards += seen->held;
	seen->gpa = gpa;
	memcpy(seen->pages, pages, sizeof(seen->pages));
}

static void changed(void *ctx, uint64_t bytes)
{
	struct balloon_seen *seen = ctx;

	seen->changes++;
	seen->bytes = bytes;
}

const struct balloon_wires balloon_wires = {
	.give = {
		.hold = hold,
		.release = release,
		.discard = discard,
		.ctx = &balloon_seen,
	},
	.changed = changed,
};

struct virtio_device *balloon_create(const struct virtio_machine *machine)
{
	memset(&balloon_seen, 0, sizeof(balloon_seen));
	return virtio_balloon_create(machine, &balloon_wires, BALLOON_TARGET);
}

/* A list of page frames as the request at descriptor 0. */
void balloon_list(unsigned int queue, const uint32_t *frame, uint32_t count)
{
	memcpy(driver_memory(DRIVER_DATA), frame, count * sizeof(*frame));
	driver_desc(queue, 0, DRIVER_DATA, count * (uint32_t)sizeof(*frame), 0, 0);
}

void balloon_request(unsigned int queue)
{
	const uint32_t frame = BALLOON_FRAME;

	balloon_list(queue, &frame, 1);
}

void balloon_report_request(unsigned int queue)
{
	driver_desc(queue, 0, BALLOON_FRAME * GIVE_PAGE, GIVE_PAGE, F_WRITE, 0);
}

/* A list of statistics as the request at descriptor 0. */
void balloon_stats_list(unsigned int queue, const struct virtio_balloon_stat *stat, uint32_t count)
{
	memcpy(driver_memory(DRIVER_DATA), stat, count * sizeof(*stat));
	driver_desc(queue, 0, DRIVER_DATA, count * (uint32_t)sizeof(*stat), 0, 0);
}

void balloon_stats_request(unsigned int queue)
{
	const struct virtio_balloon_stat stat = { .tag = VIRTIO_BALLOON_S_MEMFREE, .val = GIVE_PAGE };

	balloon_stats_list(queue, &stat, 1);
}
