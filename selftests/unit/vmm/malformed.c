// SPDX-License-Identifier: GPL-2.0-only
/* Rings that no driver may make. */
#include <linux/virtio_ring.h>

#include "compiler.h"
#include "driver.h"
#include "layout.h"
#include "malformed.h"
#include "paging.h"

#define TABLE		0x300000ULL	/* an indirect table */

/* What a driver must not do. Each leaves something to be found in a queue. */
static void bad_head(unsigned int q)
{
	driver_submit(q, DRIVER_SIZE);
}

static void bad_head_large(unsigned int q)
{
	driver_submit(q, 0xFFFF);
}

static void bad_loop_of_one(unsigned int q)
{
	driver_desc(q, 0, DRIVER_DATA, 16, F_NEXT, 0);
	driver_submit(q, 0);
}

static void bad_loop_of_two(unsigned int q)
{
	driver_desc(q, 0, DRIVER_DATA, 16, F_NEXT | F_WRITE, 1);
	driver_desc(q, 1, DRIVER_DATA, 16, F_NEXT | F_WRITE, 0);
	driver_submit(q, 0);
}

static void bad_next(unsigned int q)
{
	driver_desc(q, 0, DRIVER_DATA, 16, F_NEXT | F_WRITE, DRIVER_SIZE);
	driver_submit(q, 0);
}

static void bad_next_large(unsigned int q)
{
	driver_desc(q, 0, DRIVER_DATA, 16, F_NEXT | F_WRITE, 0xFFFF);
	driver_submit(q, 0);
}

static void bad_address(unsigned int q)
{
	driver_desc(q, 0, 0xC0000000, 16, F_WRITE, 0);
	driver_submit(q, 0);
}

static void bad_address_wraps(unsigned int q)
{
	driver_desc(q, 0, UINT64_MAX - 7, 16, F_WRITE, 0);
	driver_submit(q, 0);
}

static void bad_address_device(unsigned int q)
{
	driver_desc(q, 0, PCI_MEMORY, 16, F_WRITE, 0);
	driver_submit(q, 0);
}

static void bad_end(unsigned int q)
{
	driver_desc(q, 0, TEST_MEMORY - 8, 16, F_WRITE, 0);
	driver_submit(q, 0);
}

static void bad_huge(unsigned int q)
{
	driver_desc(q, 0, 0, UINT32_MAX, F_WRITE, 0);
	driver_submit(q, 0);
}

static void bad_empty(unsigned int q)
{
	driver_desc(q, 0, DRIVER_DATA, 0, F_WRITE, 0);
	driver_submit(q, 0);
}

static void bad_empty_in_chain(unsigned int q)
{
	driver_desc(q, 0, DRIVER_DATA, 16, F_NEXT, 1);
	driver_desc(q, 1, DRIVER_DATA, 0, F_NEXT, 2);
	driver_desc(q, 2, DRIVER_DATA, 16, F_WRITE, 0);
	driver_submit(q, 0);
}

static void bad_order(unsigned int q)
{
	driver_desc(q, 0, DRIVER_DATA, 16, F_NEXT | F_WRITE, 1);
	driver_desc(q, 1, DRIVER_DATA, 16, 0, 0);
	driver_submit(q, 0);
}

static void bad_jump(unsigned int q)
{
	driver_avail_index(q, (uint16_t)(driver.avail[q] + DRIVER_SIZE + 1));
}

static void bad_jump_half(unsigned int q)
{
	driver_avail_index(q, (uint16_t)(driver.avail[q] + 0x8000));
}

static void bad_jump_back(unsigned int q)
{
	driver_avail_index(q, (uint16_t)(driver.avail[q] - 1));
}

static void bad_indirect(unsigned int q)
{
	driver_desc_at(TABLE, 0, DRIVER_DATA, 16, F_WRITE, 0);
	driver_desc(q, 0, TABLE, 16, F_INDIRECT, 0);
	driver_submit(q, 0);
}

static void bad_indirect_twice(unsigned int q)
{
	driver_desc_at(TABLE, 0, TABLE, 16, F_INDIRECT, 0);
	driver_desc(q, 0, TABLE, 16, F_INDIRECT, 0);
	driver_submit(q, 0);
}

static void bad_indirect_next(unsigned int q)
{
	driver_desc_at(TABLE, 0, DRIVER_DATA, 16, F_WRITE, 0);
	driver_desc(q, 0, TABLE, 16, F_INDIRECT | F_NEXT, 1);
	driver_desc(q, 1, DRIVER_DATA, 16, F_WRITE, 0);
	driver_submit(q, 0);
}

static void bad_indirect_length(unsigned int q)
{
	driver_desc(q, 0, TABLE, 24, F_INDIRECT, 0);
	driver_submit(q, 0);
}

static void bad_indirect_empty(unsigned int q)
{
	driver_desc(q, 0, TABLE, 0, F_INDIRECT, 0);
	driver_submit(q, 0);
}

static void bad_indirect_long(unsigned int q)
{
	driver_desc(q, 0, TABLE, 16 * (DRIVER_SIZE + 1), F_INDIRECT, 0);
	driver_submit(q, 0);
}

static void bad_indirect_huge(unsigned int q)
{
	driver_desc(q, 0, TABLE, 0xFFFFFFF0, F_INDIRECT, 0);
	driver_submit(q, 0);
}

static void bad_indirect_address(unsigned int q)
{
	driver_desc(q, 0, TEST_MEMORY - 16, 32, F_INDIRECT, 0);
	driver_submit(q, 0);
}

static void bad_indirect_outside(unsigned int q)
{
	driver_desc_at(TABLE, 0, DRIVER_DATA, 16, F_NEXT | F_WRITE, 2);
	driver_desc_at(TABLE, 2, DRIVER_DATA, 16, F_WRITE, 0);
	driver_desc(q, 0, TABLE, 32, F_INDIRECT, 0);
	driver_submit(q, 0);
}

static void bad_indirect_loop(unsigned int q)
{
	driver_desc_at(TABLE, 0, DRIVER_DATA, 16, F_NEXT | F_WRITE, 0);
	driver_desc(q, 0, TABLE, 16, F_INDIRECT, 0);
	driver_submit(q, 0);
}

static void bad_long(unsigned int q)
{
	uint16_t i;

	for (i = 0; i < DRIVER_SIZE - 1; i++) {
		driver_desc(q, i, DRIVER_DATA, 16, F_NEXT | F_WRITE,
			    (uint16_t)(i + 1));
		driver_desc_at(TABLE, i, DRIVER_DATA, 16, F_NEXT | F_WRITE,
			       (uint16_t)(i + 1));
	}
	driver_desc_at(TABLE, DRIVER_SIZE - 1, DRIVER_DATA, 16, F_WRITE, 0);
	driver_desc(q, DRIVER_SIZE - 1, TABLE, 16 * DRIVER_SIZE, F_INDIRECT, 0);
	driver_submit(q, 0);
}

/* Descriptor 0 is a good request. */
static void bad_behind_good(unsigned int q)
{
	driver_submit(q, 0);
	driver_submit(q, DRIVER_SIZE);
}

const struct malformed malformed[] = {
	{ "a head just outside the table", 0, bad_head, 0 },
	{ "a head far outside the table", 0, bad_head_large, 0 },
	{ "a descriptor that is its own next", 0, bad_loop_of_one, 0 },
	{ "two that are each other's next", 0, bad_loop_of_two, 0 },
	{ "a next just outside the table", 0, bad_next, 0 },
	{ "a next far outside the table", 0, bad_next_large, 0 },
	{ "a buffer outside memory", 0, bad_address, 0 },
	{ "a buffer around the end of addresses", 0, bad_address_wraps, 0 },
	{ "a buffer in a device", 0, bad_address_device, 0 },
	{ "a buffer across the end of memory", 0, bad_end, 0 },
	{ "a huge buffer", 0, bad_huge, 0 },
	{ "an empty buffer", 0, bad_empty, 0 },
	{ "an empty buffer in a chain", 0, bad_empty_in_chain, 0 },
	{ "a buffer to write before one to read", 0, bad_order, 0 },
	{ "an index that jumps by the ring and one", 0, bad_jump, 0 },
	{ "an index that jumps by half of all", EVENT_IDX, bad_jump_half, 0 },
	{ "an index that goes back", 0, bad_jump_back, 0 },
	{ "an indirect table that was not negotiated", 0, bad_indirect, 0 },
	{ "an indirect table in an indirect table", INDIRECT, bad_indirect_twice, 0 },
	{ "a chain that goes on behind an indirect table", INDIRECT, bad_indirect_next, 0 },
	{ "an indirect table of one and a half", INDIRECT, bad_indirect_length, 0 },
	{ "an empty indirect table", INDIRECT, bad_indirect_empty, 0 },
	{ "an indirect table longer than the queue", INDIRECT, bad_indirect_long, 0 },
	{ "a huge indirect table", INDIRECT, bad_indirect_huge, 0 },
	{ "an indirect table across the end of memory", INDIRECT, bad_indirect_address, 0 },
	{ "a next outside an indirect table", INDIRECT, bad_indirect_outside, 0 },
	{ "a loop in an indirect table", INDIRECT, bad_indirect_loop, 0 },
	{ "a chain longer than the queue", INDIRECT, bad_long, 0 },
	{ "a head outside the table behind a good request", 0, bad_behind_good, 1 },
};

const size_t malformed_count = ARRAY_SIZE(malformed);
