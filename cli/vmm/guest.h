/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest memory as the VMM sees it. The guest changes it at any time: copy
 * once, then check the copy.
 */
#ifndef HVMOD_VMM_GUEST_H
#define HVMOD_VMM_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct guest_range - a piece of guest-physical memory
 * @gpa: guest-physical start
 * @bytes: length
 * @host: where it is in this process
 */
struct guest_range {
	uint64_t gpa;
	uint64_t bytes;
	uint8_t *host;
};

/**
 * struct guest_memory - all memory of a domain
 * @range: low RAM, and RAM above 4 GiB if there is that much
 * @ranges: how many of @range are used
 * @fd: descriptor by which others can map it, from the low RAM's first byte on; 0:
 *	nobody can
 * @map: what mmap() returned, bigger than the memory by the alignment
 * @map_bytes: its length
 */
struct guest_memory {
	struct guest_range range[2];
	unsigned int ranges;
	int fd;
	void *map;
	size_t map_bytes;
};

int guest_memory_alloc(struct guest_memory *memory, uint64_t bytes);
int guest_memory_share(struct guest_memory *memory);
void guest_memory_free(struct guest_memory *memory);
uint64_t guest_memory_bytes(const struct guest_memory *memory);
void *guest_pointer(const struct guest_memory *memory, uint64_t gpa,
		    uint64_t bytes);
uint64_t guest_address(const struct guest_memory *memory, const void *pointer);
bool guest_read(const struct guest_memory *memory, uint64_t gpa, void *to,
		size_t bytes);
bool guest_write(const struct guest_memory *memory, uint64_t gpa,
		 const void *from, size_t bytes);
bool guest_page_zero(const struct guest_memory *memory, const uint8_t *page);
void guest_clear(struct guest_memory *memory);
uint64_t guest_low_end(const struct guest_memory *memory);

#endif
