/* SPDX-License-Identifier: GPL-2.0-only */
/* Loads and stores that found no memory. */
#ifndef HVMOD_VMM_MMIO_H
#define HVMOD_VMM_MMIO_H

#include <stddef.h>

#include <hvmod.h>

#include "bus.h"
#include "guest.h"

/**
 * enum mmio_result - what became of the access
 * @MMIO_DONE: done, the registers are behind the instruction
 * @MMIO_RETRY: not done: let the guest run the instruction again
 * @MMIO_FAILED: not to be emulated
 */
enum mmio_result {
	MMIO_DONE,
	MMIO_RETRY,
	MMIO_FAILED,
};

enum mmio_result mmio_emulate(const struct guest_memory *memory,
			      const struct bus *bus, struct hvmod_run *run,
			      char *why, size_t why_size);

#endif
