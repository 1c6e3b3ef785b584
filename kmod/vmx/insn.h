/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The instructions of VT-x, SDM volume 3, chapter 31. The unit tests bring a
 * software model of them instead, so nothing else belongs here.
 */
#ifndef HVMOD_VMX_INSN_H
#define HVMOD_VMX_INSN_H

#include "vmx.h"

static __always_inline u64 vmread(enum vmcs_field field)
{
	u64 value;

	asm volatile("vmread %1, %0" : "=r" (value) : "r" ((u64)field) : "cc");
	return value;
}

/* For fields that the processor may lack. */
static inline bool vmwrite_ok(enum vmcs_field field, u64 value)
{
	bool failed;

	asm volatile("vmwrite %2, %1" : "=@ccbe" (failed)
		     : "r" ((u64)field), "r" (value) : "memory");
	return !failed;
}

static inline bool vmxon(u64 pa)
{
	bool failed;

	asm volatile("vmxon %1" : "=@ccbe" (failed) : "m" (pa) : "memory");
	return !failed;
}

static inline void vmxoff(void)
{
	asm volatile("vmxoff" : : : "cc", "memory");
}

static inline bool vmclear(u64 pa)
{
	bool failed;

	asm volatile("vmclear %1" : "=@ccbe" (failed) : "m" (pa) : "memory");
	return !failed;
}

static inline bool vmptrld(u64 pa)
{
	bool failed;

	asm volatile("vmptrld %1" : "=@ccbe" (failed) : "m" (pa) : "memory");
	return !failed;
}

static inline bool invept(u64 type, u64 eptp)
{
	struct { u64 eptp, zero; } operand = { eptp, 0 };
	bool failed;

	asm volatile("invept %1, %2" : "=@ccbe" (failed) : "m" (operand), "r" (type) : "memory");
	return !failed;
}

static inline bool invvpid(u64 type, u16 vpid, u64 address)
{
	struct { u64 vpid, address; } operand = { vpid, address };
	bool failed;

	asm volatile("invvpid %1, %2" : "=@ccbe" (failed) : "m" (operand), "r" (type) : "memory");
	return !failed;
}

#endif
