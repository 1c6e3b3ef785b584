/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The little of a processor that these suites need, without a line of Linux in
 * it: MSRs, CPUID and VMCS fields are lists of values. What is checked on
 * the way into a guest is in selftests/unit/core, which has a whole processor.
 */
#ifndef HVMOD_KUNIT_MODEL_H
#define HVMOD_KUNIT_MODEL_H

#include "../unit/core/insn_model.h"
#include "../../kmod/core/domain.h"
#include "../../kmod/core/interp.h"
#include "../../kmod/core/apic_impl.h"

#define MODEL_PAGES	192
#define MODEL_BYTES	(MODEL_PAGES * PAGE_SIZE)
#define MODEL_POOL	64		/* pages of ring -1's own, at the end */
#define MODEL_OWN	((MODEL_PAGES - MODEL_POOL) * PAGE_SIZE)
#define MODEL_VALUES	64

/**
 * struct model - what the processor says, and what it was told
 * @tsc: TSC
 * @msr: MSRs; others read as 0
 * @field: VMCS fields
 * @leaf: CPUID; a leaf is leaf << 32 | subleaf; others are 0
 * @gps: #GP that were injected
 * @skipped: instructions that were skipped
 * @invepts: INVEPT of all contexts
 * @cpu: what this_cpu() is
 */
struct model {
	u64 tsc;
	struct { u32 msr; u64 value; } msr[MODEL_VALUES];
	struct { u32 field; u64 value; } field[MODEL_VALUES];
	struct { u64 leaf; struct cpuid value; } leaf[MODEL_VALUES];
	u32 msrs, fields, leaves;
	u32 gps, skipped, invepts;
	struct cpu cpu;
};

extern struct model model;

/* A machine with this memory, page aligned within @arena. */
void model_init(void *arena);

/* What the following returns, 0 if nobody set it. */
void model_msr(u32 msr, u64 value);
void model_leaf(u32 leaf, u32 subleaf, u32 eax, u32 ebx, u32 ecx, u32 edx);

/* A domain with vCPUs 0 to @count - 1 in xAPIC mode, valid until model_init(). */
#define MODEL_VCPUS	4
struct vcpu *model_domain(u32 count);

#endif
