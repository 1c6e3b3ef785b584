/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that a guest does not use goes back to the host.
 *
 * Linux backs guest memory with 2 MiB pages where it can, and the kernel module
 * pins what the guest has touched. A part of such a page is free only after
 * Linux has split it, which it can't do while any of it is pinned. So when the
 * first page of a 2 MiB unit goes, the vCPUs are held for a moment, the unit is
 * taken out of the guest's page tables and split, and stays small: it is touched
 * again 4 KiB by 4 KiB, and nobody makes one page of it, until none of its
 * pages is away any more.
 *
 * No lock: all of it is one thread's, but give_bytes().
 */
#ifndef HVMOD_VMM_GIVE_H
#define HVMOD_VMM_GIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "guest.h"

#define GIVE_PAGE	4096ULL
#define GIVE_UNIT	(2ULL << 20)
#define GIVE_UNIT_WORDS	8	/* of 64 pages */
#define GIVE_BATCH	256	/* most pages in one call */

/**
 * struct give_wires - what it needs of the domain
 * @hold: hold all vCPUs. Return: 0, @release lets them go; or -1: the guest has
 *	ended
 * @release: undo @hold
 * @discard: take pages out of the guest's page tables, as HVMOD_MEM_DISCARD does
 * @ctx: their first argument
 */
struct give_wires {
	int (*hold)(void *ctx);
	void (*release)(void *ctx);
	void (*discard)(void *ctx, uint64_t gpa,
			const uint64_t pages[GIVE_UNIT_WORDS]);
	void *ctx;
};

/**
 * struct give_unit - 2 MiB of guest memory
 * @away: pages that the guest has given away, a bit each
 * @count: how many
 * @small: it has no 2 MiB page and gets none
 */
struct give_unit {
	uint64_t away[GIVE_UNIT_WORDS];
	uint16_t count;
	bool small;
};

/**
 * struct give - which memory of a guest is away
 * @memory: its memory
 * @wires: its domain
 * @unit: all of it, unit by unit, range by range
 * @units: how many
 * @pages: sum of @unit.count. Atomic
 */
struct give {
	const struct guest_memory *memory;
	struct give_wires wires;
	struct give_unit *unit;
	size_t units;
	uint64_t pages;
};

int give_init(struct give *give, const struct guest_memory *memory,
	      const struct give_wires *wires);
void give_free(struct give *give);
bool give_has(const struct give *give, uint64_t frame);
void give_away(struct give *give, uint32_t *frame, unsigned int count);
void give_back(struct give *give, const uint32_t *frame, unsigned int count);
void give_back_all(struct give *give);
void give_unused(struct give *give, uint64_t gpa, uint64_t bytes);
uint64_t give_bytes(const struct give *give);

#endif
