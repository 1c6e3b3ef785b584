/* SPDX-License-Identifier: GPL-2.0-only */
/* Guest memory and page tables for tests. */
#ifndef HVMOD_TEST_PAGING_H
#define HVMOD_TEST_PAGING_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"

#define TEST_MEMORY	0x400000ULL	/* 4 MiB */
#define TEST_ROOT	0x10000ULL
#define P	0x001ULL
#define W	0x002ULL
#define U	0x004ULL
#define A	0x020ULL
#define D	0x040ULL
#define PS	0x080ULL
#define NX	(1ULL << 63)

/* Heap memory: ASan sees one byte too far. */
static inline void test_memory(struct guest_memory *memory)
{
	*memory = (struct guest_memory){
		.range[0] = {
			.bytes = TEST_MEMORY,
			.host = aligned_alloc(4096, TEST_MEMORY),
		},
		.ranges = 1,
	};
	memset(memory->range[0].host, 0, TEST_MEMORY);
}

static inline void test_memory_free(struct guest_memory *memory)
{
	free(memory->range[0].host);
}

static inline void put64(struct guest_memory *memory, uint64_t gpa,
			 uint64_t value)
{
	guest_write(memory, gpa, &value, sizeof(value));
}

static inline uint64_t get64(struct guest_memory *memory, uint64_t gpa)
{
	uint64_t value = 0;

	guest_read(memory, gpa, &value, sizeof(value));
	return value;
}

static inline void put32(struct guest_memory *memory, uint64_t gpa,
			 uint32_t value)
{
	guest_write(memory, gpa, &value, sizeof(value));
}

static inline uint32_t get32(struct guest_memory *memory, uint64_t gpa)
{
	uint32_t value = 0;

	guest_read(memory, gpa, &value, sizeof(value));
	return value;
}

/*
 * Tables of @levels levels for one linear address, each in the page after the
 * one above, with full rights but in the last entry.
 */
static inline void map64(struct guest_memory *memory, unsigned int levels,
			 uint64_t linear, uint64_t leaf)
{
	uint64_t table = TEST_ROOT;
	unsigned int level;

	for (level = levels; level > 1; level--) {
		uint64_t at = table + (linear >> (3 + 9 * level) & 0x1FF) * 8;

		put64(memory, at, (table + 0x1000) | P | W | U);
		table += 0x1000;
	}
	put64(memory, table + (linear >> 12 & 0x1FF) * 8, leaf);
}

#endif
