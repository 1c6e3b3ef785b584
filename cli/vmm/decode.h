/* SPDX-License-Identifier: GPL-2.0-only */
/* From the bytes of an instruction to its operands. */
#ifndef HVMOD_VMM_DECODE_H
#define HVMOD_VMM_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvmod.h>

#include "opcodes.h"

#define INSN_BYTES_MAX	15
#define INSN_NO_REG	0xFF

/* What F2 and F3 are before a string instruction. */
enum insn_repeat {
	REPEAT_NONE,
	REPEAT_WHILE_ZERO,	/* F3: REP, REPE */
	REPEAT_UNTIL_ZERO,	/* F2: REPNE */
};

/**
 * struct insn - an instruction with a memory operand
 * @opcode: its row of the table
 * @length: bytes of the instruction
 * @code_width: default size of the code: 2, 4 or 8
 * @operand_width: bytes of the register operands: 1, 2, 4 or 8
 * @width: bytes of the memory operand
 * @lock: with LOCK
 * @repeat: enum insn_repeat
 * @vex: a VEX prefix made it
 * @reg: ModRM.reg: a register in the order of the encoding
 * @reg_high: @reg is AH, CH, DH or BH; @reg is then that of the whole register
 * @reg_b: VEX.vvvv
 * @imm: the constant, sign-extended
 * @segment: HVMOD_SEG_* of the address
 * @address_width: bytes of the effective address: 2, 4 or 8
 * @base: base register or INSN_NO_REG
 * @index: index register or INSN_NO_REG
 * @scale: left shift of the index
 * @rip_relative: the base is RIP behind the instruction
 * @displacement: constant part of the address, sign-extended
 */
struct insn {
	const struct opcode *opcode;
	uint8_t length;
	uint8_t code_width;
	uint8_t operand_width;
	uint8_t width;
	bool lock;
	uint8_t repeat;
	bool vex;
	uint8_t reg;
	bool reg_high;
	uint8_t reg_b;
	uint64_t imm;
	uint8_t segment;
	uint8_t address_width;
	uint8_t base;
	uint8_t index;
	uint8_t scale;
	bool rip_relative;
	uint64_t displacement;
};

int insn_decode(const uint8_t *bytes, size_t count, unsigned int code_width,
		struct insn *insn);
uint64_t insn_offset(const struct insn *insn, const struct hvmod_regs *regs);

#endif
