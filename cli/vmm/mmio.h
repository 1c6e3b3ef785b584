/* SPDX-License-Identifier: GPL-2.0-only */
/* Instructions whose memory operand is a device. */
#ifndef HVMOD_VMM_MMIO_H
#define HVMOD_VMM_MMIO_H

#include <stddef.h>

#include <hvmod.h>

#include "bus.h"
#include "fault.h"
#include "guest.h"
#include "vectors.h"

/**
 * enum mmio_result - what became of the instruction
 * @MMIO_DONE: done, or some of its repetitions; the registers say which
 * @MMIO_FAULT: it raises the exception in struct guest_fault; a string
 *	instruction may have done some repetitions before
 * @MMIO_RETRY: not done: let the guest run the instruction again
 * @MMIO_FAILED: not to be emulated
 */
enum mmio_result {
	MMIO_DONE,
	MMIO_FAULT,
	MMIO_RETRY,
	MMIO_FAILED,
};

/**
 * struct mmio_env - what an instruction works on beside the run page
 * @memory: guest memory
 * @bus: who answers where no memory is
 * @get_vectors: get the vCPU's vector registers; 0, or -1 with errno
 * @put_vectors: set them; 0, or -1 with errno
 * @ctx: first argument of both
 */
struct mmio_env {
	const struct guest_memory *memory;
	const struct bus *bus;
	int (*get_vectors)(void *ctx, struct vectors *vectors);
	int (*put_vectors)(void *ctx, const struct vectors *vectors);
	void *ctx;
};

enum mmio_result mmio_emulate(const struct mmio_env *env,
			      struct hvmod_run *run, struct guest_fault *fault,
			      char *why, size_t why_size);

#endif
