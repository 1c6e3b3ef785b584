/* SPDX-License-Identifier: GPL-2.0-only */
/* Run one instruction on this machine's processor with chosen registers. */
#ifndef HVMOD_TEST_NATIVE_H
#define HVMOD_TEST_NATIVE_H

#include <stdbool.h>
#include <stdint.h>

#include <hvmod.h>

/**
 * struct native - registers before and after
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
	uint32_t error;
	uint64_t cr2;
};

void native_init(void);
void native_place(uint8_t *at, uint64_t *slot, const uint8_t *bytes,
		  unsigned int length);
void native_run(const uint8_t *code, struct native *native);

#endif
