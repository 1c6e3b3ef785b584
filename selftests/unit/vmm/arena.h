/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The same pages twice: as memory of this process, where the processor runs an
 * instruction, and as pages of a guest with the same linear addresses.
 */
#ifndef HVMOD_TEST_ARENA_H
#define HVMOD_TEST_ARENA_H

#include <stdbool.h>
#include <stdint.h>

#include "mmio.h"
#include "native.h"

#define PAGE		4096U

enum arena_page {
	ARENA_CODE, ARENA_CODE_2, ARENA_HOLE, ARENA_DEVICE, ARENA_RAM,
	ARENA_DEVICE_2, ARENA_READ_ONLY, ARENA_HOLE_2, ARENA_PAGES
};

/* Limit of the segments of 16- and 32-bit code: in the last page. */
#define ARENA_LIMIT	(ARENA_HOLE_2 * PAGE + 7)

/**
 * struct arena - the pages
 * @native: where they are in this process, below 2 GiB; also the linear address
 *	in the guest
 * @memory: guest memory with page tables
 * @bus: the guest's devices
 * @vectors: vector registers of the guest
 */
struct arena {
	uint8_t *native;
	struct guest_memory memory;
	struct bus bus;
	struct vectors vectors;
};

void arena_init(struct arena *arena);
void arena_free(struct arena *arena);
void arena_poke(struct arena *arena, uint64_t offset, const void *from,
		unsigned int bytes);
void arena_copy(struct arena *arena);
bool arena_equal(const struct arena *arena);
enum mmio_result arena_emulate(struct arena *arena, struct hvmod_run *run,
			       unsigned int code_width,
			       struct guest_fault *fault);

#endif
