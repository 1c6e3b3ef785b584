/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The instructions that C can't say, one function each. The unit tests bring
 * a software model of them instead, so nothing else belongs here.
 */
#ifndef HVMOD_CORE_INSN_H
#define HVMOD_CORE_INSN_H

#include "gate.h"
#include "x86.h"

static inline struct cpuid cpuid(u32 leaf, u32 subleaf)
{
	struct cpuid r;

	asm volatile("cpuid" : "=a" (r.eax), "=b" (r.ebx), "=c" (r.ecx), "=d" (r.edx)
		     : "a" (leaf), "c" (subleaf));
	return r;
}

static inline u64 rdmsr(u32 msr)
{
	u32 low, high;

	asm volatile("rdmsr" : "=a" (low), "=d" (high) : "c" (msr));
	return (u64)high << 32 | low;
}

static inline void wrmsr(u32 msr, u64 value)
{
	asm volatile("wrmsr" : : "c" (msr), "a" ((u32)value), "d" ((u32)(value >> 32)) : "memory");
}

/* entry.S. Return: false, and nothing was written: the processor says #GP, see fault(). */
bool wrmsr_ok(u32 msr, u64 value);
bool rdmsr_ok(u32 msr, u64 *value);

static inline u64 vmcall(u64 number, u64 a, u64 b, u64 c, u64 d)
{
	asm volatile("vmcall" : "+a" (number) : "b" (a), "c" (b), "d" (c), "S" (d) : "memory");
	return number;
}

static inline u64 rdtsc(void)
{
	u32 low, high;

	asm volatile("rdtsc" : "=a" (low), "=d" (high));
	return (u64)high << 32 | low;
}

static inline u64 xgetbv0(void)
{
	u32 low, high;

	asm volatile("xgetbv" : "=a" (low), "=d" (high) : "c" (0));
	return (u64)high << 32 | low;
}

static inline void xsetbv0(u64 value)
{
	asm volatile("xsetbv" : : "c" (0), "a" ((u32)value), "d" ((u32)(value >> 32)));
}

static inline void xsave(void *area)
{
	asm volatile("xsave64 (%0)" : : "r" (area), "a" (~0U), "d" (~0U) : "memory");
}

static inline void xrstor(const void *area)
{
	asm volatile("xrstor64 (%0)" : : "r" (area), "a" (~0U), "d" (~0U) : "memory");
}

static inline void out8(u16 port, u8 value)
{
	asm volatile("outb %0, %1" : : "a" (value), "Nd" (port));
}

#define DEFINE_REGISTER(name, reg)					\
static inline u64 read_##name(void)					\
{									\
	u64 v;								\
									\
	asm volatile("mov %%" reg ", %0" : "=r" (v));			\
	return v;							\
}									\
static inline void write_##name(u64 v)					\
{									\
	asm volatile("mov %0, %%" reg : : "r" (v) : "memory");		\
}

DEFINE_REGISTER(cr0, "cr0")
DEFINE_REGISTER(cr2, "cr2")
DEFINE_REGISTER(cr3, "cr3")
DEFINE_REGISTER(cr4, "cr4")
DEFINE_REGISTER(dr0, "db0")
DEFINE_REGISTER(dr1, "db1")
DEFINE_REGISTER(dr2, "db2")
DEFINE_REGISTER(dr3, "db3")
DEFINE_REGISTER(dr6, "db6")
DEFINE_REGISTER(dr7, "db7")

static inline void cpu_relax(void)
{
	asm volatile("pause" : : : "memory");
}

/*
 * The branch history remembers the last taken branches, 194 at most in what
 * there is: here are 223 that are the same each time. RETs stand in the upper
 * half of a cache line (CVE-2024-28956). After fill_return_buffer(), which
 * guards the RETs themselves.
 */
static inline void clear_branch_history(void)
{
	u32 calls = 14, jumps;

	asm volatile("	jmp 4f\n"
		     "	.balign 64, 0xcc\n"
		     "	.skip 32, 0xcc\n"
		     "1:	mov $7, %1\n"
		     "2:	jmp 3f\n"
		     "	int3\n"
		     "3:	dec %1\n"
		     "	jnz 2b\n"
		     "	ret\n"
		     "	int3\n"
		     "4:	call 1b\n"
		     "	dec %0\n"
		     "	jnz 4b\n"
		     "	lfence"
		     : "+r" (calls), "=&r" (jumps) : : "memory", "cc");
}

static inline void zero_page(void *page)
{
	u64 count = PAGE_SIZE / 8;

	asm volatile("rep stosq" : "+D" (page), "+c" (count) : "a" (0ULL) : "memory");
}

/* struct cpu of this processor; see cpu.h. */
static __always_inline struct cpu *this_cpu(void)
{
	struct cpu *cpu;

	asm("mov %%gs:0, %0" : "=r" (cpu));
	return cpu;
}

/* An NMI or a machine check that Domain-0 has to get: cpu->pending. */
static __always_inline bool this_cpu_pending(void)
{
	bool pending;

	asm volatile("cmpq $0, %%gs:16" : "=@ccne" (pending) : : "memory");
	return pending;
}

static __always_inline void wbinvd(void)
{
	asm volatile("wbinvd" : : : "memory");
}

static __always_inline void lgdt(const struct hv_table *table)
{
	asm volatile("lgdt %0" : : "m" (*table));
}

static __always_inline void lidt(const struct hv_table *table)
{
	asm volatile("lidt %0" : : "m" (*table));
}

static __always_inline void ltr(u16 selector)
{
	asm volatile("ltr %0" : : "r" (selector));
}

static __always_inline void ud2(void)
{
	asm volatile("ud2");
}

/* Page 0 is not mapped. */
static __always_inline void write_page_0(void)
{
	asm volatile("movq $0, 0x10");
}

/* The processor clears its internal buffers with it: CVE-2018-12130. */

#endif
