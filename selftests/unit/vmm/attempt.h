/* SPDX-License-Identifier: GPL-2.0-only */
/* Random encodings of one row of the instruction table, with operands. */
#ifndef HVMOD_TEST_ATTEMPT_H
#define HVMOD_TEST_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "decode.h"

/**
 * struct attempt - an instruction, registers, and where its operand is
 * @row: the row it is made of
 * @bytes: its bytes
 * @length: how many
 * @rex: 0, or 0x40 and its bits; with VEX the bits alone
 * @reg: ModRM.reg with REX.R
 * @vvvv: VEX.vvvv
 * @lock: with LOCK
 * @address_width: bytes of its address
 * @code: where it is in the arena
 * @target: where its operand is in the arena
 * @native: the registers before
 */
struct attempt {
	const struct opcode *row;
	uint8_t bytes[32];
	unsigned int length;
	unsigned int rex;
	unsigned int reg;
	unsigned int vvvv;
	bool lock;
	unsigned int address_width;
	uint64_t code;
	uint64_t target;
	struct native native;
};

void attempt_begin(struct arena *pages, uint64_t number);
bool attempt_make(struct attempt *t, const struct opcode *row,
		  unsigned int code_width, struct insn *insn);

#endif
