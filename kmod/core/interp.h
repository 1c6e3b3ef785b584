/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pieces of the interpreter that Domain-0's and a DomU's handlers share.
 */
#ifndef HVMOD_CORE_INTERP_H
#define HVMOD_CORE_INTERP_H

#include "cpu.h"

/** msr_bitmaps_init() - build both MSR bitmaps. Return: false without memory */
bool msr_bitmaps_init(void);

/** dom0_read_msrs() - note the values that a DomU's run has to bring back */
void dom0_read_msrs(struct cpu *cpu);

/** xcr0_valid() - would XSETBV take it? SDM volume 1, 13.3 */
bool xcr0_valid(u64 value);

__noreturn void launch_failed(struct cpu *cpu);

#endif
