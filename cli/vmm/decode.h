/* SPDX-License-Identifier: GPL-2.0-only */
/* The instructions with which a program touches a device register. */
#ifndef HVMOD_VMM_DECODE_H
#define HVMOD_VMM_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvmod.h>

#define INSN_BYTES_MAX	15
#define INSN_NO_REG	0xFF

/**
 * struct insn - a move between memory and a register or constant
 * @length: bytes of the instruction
 * @store: memory is written, else read
 * @width: bytes of the memory operand: 1, 2, 4 or 8
 * @reg: the register, in the order of the encoding
 * @reg_width: bytes of the register operand
 * @reg_high: it is AH, CH, DH or BH; @reg is then that of the whole register
 * @sign: a load extends the sign
 * @has_imm: a store takes @imm, not a register
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
	uint8_t length;
	bool store;
	uint8_t width;
	uint8_t reg;
	uint8_t reg_width;
	bool reg_high;
	bool sign;
	bool has_imm;
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
uint64_t insn_store_value(const struct insn *insn,
			  const struct hvmod_regs *regs);
void insn_load_value(const struct insn *insn, struct hvmod_regs *regs,
		     uint64_t value);

#endif
