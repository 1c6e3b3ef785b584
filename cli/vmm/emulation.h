/* SPDX-License-Identifier: GPL-2.0-only */
/* One instruction under emulation, for mmio.c, operand.c and string.c. */
#ifndef HVMOD_VMM_EMULATION_H
#define HVMOD_VMM_EMULATION_H

#include <stdbool.h>

#include "compiler.h"
#include "decode.h"
#include "execute.h"
#include "mmio.h"
#include "walk.h"

/**
 * struct emulation - what the steps of one emulation share
 * @env: memory and devices
 * @run: the run page
 * @walk: the guest's page tables
 * @insn: the instruction
 * @bytes: its bytes, and some behind them
 * @count: how many of @bytes there are
 * @device: an operand was found that is not memory
 * @repeats: a string instruction has repetitions left, RIP stays
 * @fault: the exception after MMIO_FAULT
 * @why: buffer for a text after MMIO_RETRY and MMIO_FAILED
 * @why_size: its size
 */
struct emulation {
	const struct mmio_env *env;
	struct hvmod_run *run;
	struct walk walk;
	struct insn insn;
	uint8_t bytes[INSN_BYTES_MAX];
	size_t count;
	bool device;
	bool repeats;
	struct guest_fault *fault;
	char *why;
	size_t why_size;
};

/**
 * struct operand - a memory operand after its checks and translations
 * @piece: the parts in one page each
 * @piece.gpa: guest-physical address
 * @piece.host: where that is in this process, NULL for a device
 * @piece.bytes: length
 * @pieces: 1, or 2 if it crosses into another page
 */
struct operand {
	struct {
		uint64_t gpa;
		void *host;
		unsigned int bytes;
	} piece[2];
	unsigned int pieces;
};

#define OPERAND_WRITE	(1U << 0)
#define OPERAND_ALIGNED	(1U << 1)

/* mmio.c */
enum mmio_result emulation_raise(struct emulation *e, uint32_t vector,
				 uint32_t error);
enum mmio_result emulation_why(struct emulation *e, enum mmio_result result,
			       const char *format, ...) __printf(3, 4);

/* operand.c */
enum mmio_result operand_find(struct emulation *e, unsigned int segment,
			      uint64_t offset, unsigned int width,
			      unsigned int access, struct operand *operand);
void operand_read(const struct emulation *e, const struct operand *operand,
		  void *to);
void operand_write(const struct emulation *e, const struct operand *operand,
		   const void *from);

/* string.c */
enum mmio_result string_run(struct emulation *e);

/* stack.c */
enum mmio_result stack_run(struct emulation *e);

#endif
