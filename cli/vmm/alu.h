/* SPDX-License-Identifier: GPL-2.0-only */
/* What the arithmetic instructions make of values and flags. */
#ifndef HVMOD_VMM_ALU_H
#define HVMOD_VMM_ALU_H

#include <stdbool.h>
#include <stdint.h>

#include "opcodes.h"

#define RFLAGS_CF	(1ULL << 0)
#define RFLAGS_PF	(1ULL << 2)
#define RFLAGS_AF	(1ULL << 4)
#define RFLAGS_ZF	(1ULL << 6)
#define RFLAGS_SF	(1ULL << 7)
#define RFLAGS_DF	(1ULL << 10)
#define RFLAGS_OF	(1ULL << 11)
#define RFLAGS_RF	(1ULL << 16)
#define RFLAGS_VM	(1ULL << 17)
#define RFLAGS_AC	(1ULL << 18)

#define RFLAGS_STATUS	(RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | \
			 RFLAGS_SF | RFLAGS_OF)

/**
 * struct alu - one operation
 * @width: bytes of the operands: 1, 2, 4 or 8
 * @a: first operand, the one that most instructions write (in, out); cut to
 *	@width
 * @b: second operand, cut to @width (in)
 * @count: shift count or bit number, as the instruction has it (in); the
 *	source's width for CRC32 (in)
 * @high: upper half of a product (out), of a dividend (in); the remainder (out)
 * @flags: RFLAGS (in, out)
 */
struct alu {
	unsigned int width;
	uint64_t a;
	uint64_t b;
	uint64_t count;
	uint64_t high;
	uint64_t flags;
};

/**
 * alu_sign_extend() - extend the sign of a value
 * @value: the value
 * @bytes: its size, 1 to 8
 *
 * Return: the value with all bits above it as its highest
 */
static inline uint64_t alu_sign_extend(uint64_t value, unsigned int bytes)
{
	unsigned int unused = 64 - 8 * bytes;

	return (uint64_t)((int64_t)(value << unused) >> unused);
}

/**
 * alu_top() - the sign bit
 * @alu: whose operands
 *
 * Return: the bit, in its place
 */
static inline uint64_t alu_top(const struct alu *alu)
{
	return 1ULL << (8 * alu->width - 1);
}

/**
 * alu_flag() - set or clear flags
 * @alu: whose flags
 * @flag: which
 * @value: set
 */
static inline void alu_flag(struct alu *alu, uint64_t flag, bool value)
{
	alu->flags = value ? alu->flags | flag : alu->flags & ~flag;
}

bool alu_run(unsigned int op, struct alu *alu);
bool alu_condition(unsigned int condition, uint64_t flags);

#endif
