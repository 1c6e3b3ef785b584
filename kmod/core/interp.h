/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pieces of the interpreter that Domain-0's and a DomU's handlers share.
 */
#ifndef HVMOD_CORE_INTERP_H
#define HVMOD_CORE_INTERP_H

#include "cpu.h"

/** msr_bitmaps_init() - build both MSR bitmaps. Return: false without memory */
bool msr_bitmaps_init(void);

/** msr_bitmap_set() - does it exit? @msr: in one of the bitmap's two ranges */
void msr_bitmap_set(u8 *bitmap, u32 msr, bool write, bool intercept);

/* dom0_msr.c */
void dom0_msr_bitmap(u8 *bitmap);
void dom0_wrmsr(struct cpu *cpu);
void dom0_rdmsr(struct cpu *cpu);

/**
 * dom0_msrs_check() - before launch: does this processor write to memory by
 * itself?
 *
 * Its hardware feedback table will not be donated. Takes machine.lock.
 * Return: 0 or an enum hv_why.
 */
u64 dom0_msrs_check(void);

/** dom0_read_msrs() - note the values that a DomU's run has to bring back */
void dom0_read_msrs(struct cpu *cpu);

/** xcr0_valid() - would XSETBV take it? SDM volume 1, 13.3 */
bool xcr0_valid(u64 value);

__noreturn void launch_failed(struct cpu *cpu, u64 why);

#endif
