/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stands for kmod/core/insn.h and kmod/vmx/insn.h: the same names, done by the
 * model of a processor in model.c. The compiler includes it before anything
 * else, so that the guards below keep the real ones out.
 */
#ifndef HVMOD_INSN_MODEL_H
#define HVMOD_INSN_MODEL_H

#define HVMOD_CORE_INSN_H
#define HVMOD_VMX_INSN_H

#include "../../../kmod/core/types.h"

struct cpu;
struct cpuid;
struct hv_table;

struct cpuid cpuid(u32 leaf, u32 subleaf);
u64 rdmsr(u32 msr);
void wrmsr(u32 msr, u64 value);
bool wrmsr_ok(u32 msr, u64 value);
bool rdmsr_ok(u32 msr, u64 *value);
u64 vmcall(u64 number, u64 a, u64 b, u64 c, u64 d);
u64 rdtsc(void);
u64 xgetbv0(void);
void xsetbv0(u64 value);
void xsave(void *area);
void xrstor(const void *area);
void out8(u16 port, u8 value);

#define MODEL_REGISTER(name)		\
	u64 read_##name(void);		\
	void write_##name(u64 v);
MODEL_REGISTER(cr0)
MODEL_REGISTER(cr2)
MODEL_REGISTER(cr3)
MODEL_REGISTER(cr4)
MODEL_REGISTER(dr0)
MODEL_REGISTER(dr1)
MODEL_REGISTER(dr2)
MODEL_REGISTER(dr3)
MODEL_REGISTER(dr6)
MODEL_REGISTER(dr7)
#undef MODEL_REGISTER

void cpu_relax(void);
void clear_branch_history(void);
void zero_page(void *page);
struct cpu *this_cpu(void);
bool this_cpu_pending(void);
void wbinvd(void);
void lgdt(const struct hv_table *table);
void lidt(const struct hv_table *table);
void ltr(u16 selector);
void ud2(void);
void write_page_0(void);

u64 vmread(u32 field);
bool vmwrite_ok(u32 field, u64 value);
bool vmxon(u64 pa);
void vmxoff(void);
bool vmclear(u64 pa);
bool vmptrld(u64 pa);
bool invept(u64 type, u64 eptp);
bool invvpid(u64 type, u16 vpid, u64 address);

#endif
