/* SPDX-License-Identifier: GPL-2.0-only */
/* Run one instruction on this machine's processor with chosen registers. */
#ifndef HVMOD_TEST_NATIVE_H
#define HVMOD_TEST_NATIVE_H

#include <stdbool.h>
#include <stdint.h>

#include <hvmod.h>

/**
 * struct native - registers before and after
 * @code_width: 8 for 64-bit code; 4 or 2 for code in a segment that
 *	native_segments() made
 * @regs: general registers and flags; RIP is ignored
 * @ymm: vector registers
 * @vector: -1, or the exception that the instruction raised (out)
 * @error: its error code (out)
 * @cr2: CR2 of a #PF (out)
 */
struct native {
	struct hvmod_regs regs;
	_Alignas(32) uint8_t ymm[16][32];
	int vector;
	unsigned int code_width;
	uint32_t error;
	uint64_t cr2;
};

void native_init(void);
bool native_segments(uint32_t base, uint32_t limit);
void native_place(uint8_t *at, uint64_t *slot, const uint8_t *bytes,
		  unsigned int length, unsigned int code_width);
void native_run(uint64_t code, struct native *native);

#endif
