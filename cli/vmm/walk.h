/* SPDX-License-Identifier: GPL-2.0-only */
/* Guest-linear to guest-physical, as the guest's own page tables say. */
#ifndef HVMOD_VMM_WALK_H
#define HVMOD_VMM_WALK_H

#include <stddef.h>
#include <stdint.h>

#include <hvmod.h>

#include "guest.h"

/**
 * enum walk_result - what became of a translation
 * @WALK_OK: there is an address
 * @WALK_FAULT: the processor would raise #PF
 * @WALK_NONCANONICAL: the processor would raise #GP or #SS
 * @WALK_OUTSIDE: a page table or the operand is not in memory
 */
enum walk_result {
	WALK_OK,
	WALK_FAULT,
	WALK_NONCANONICAL,
	WALK_OUTSIDE,
};

#define WALK_WRITE	(1U << 0)
#define WALK_FETCH	(1U << 1)

/**
 * struct walk - whose page tables, and with which rights
 * @memory: guest memory
 * @sregs: control registers and segments of the vCPU
 * @rflags: its RFLAGS
 * @error: error code of the #PF after WALK_FAULT (out)
 * @fault: address of the #PF, for CR2 (out)
 */
struct walk {
	const struct guest_memory *memory;
	const struct hvmod_sregs *sregs;
	uint64_t rflags;
	uint32_t error;
	uint64_t fault;
};

enum walk_result walk_linear(struct walk *walk, uint64_t linear,
			     unsigned int access, uint64_t *gpa);
enum walk_result walk_copy(struct walk *walk, uint64_t linear,
			   unsigned int access, void *buffer, size_t bytes);
size_t walk_fetch(struct walk *walk, uint64_t linear, uint8_t *buffer,
		  size_t bytes);
unsigned int walk_code_width(const struct hvmod_sregs *sregs);

#endif
