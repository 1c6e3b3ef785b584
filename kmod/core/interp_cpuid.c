// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUID of a DomU: the processor's answer through a mask a register, default
 * deny. What depends on the vCPU or on its CR4 and XCR0 is added at the exit.
 */
#include "domain.h"
#include "interp.h"

#define LEAVES		0x20
#define MAX_LEAF	0x0d
#define KVM_BASE	0x40000000
#define KVM_LAST	0x40000010
#define EXTENDED	0x80000000
#define EXTENDED_LAST	0x80000008
#define EXTENDED_LEAVES	9

#define KVM_FEATURE_CLOCKSOURCE		BIT(0)
#define KVM_FEATURE_NOP_IO_DELAY	BIT(1)
#define KVM_FEATURE_CLOCKSOURCE2	BIT(3)
#define KVM_FEATURE_STEAL_TIME		BIT(5)
#define KVM_FEATURE_PV_EOI		BIT(6)
#define KVM_FEATURE_PV_UNHALT		BIT(7)
#define KVM_FEATURE_PV_SEND_IPI		BIT(11)
#define KVM_FEATURE_PV_SCHED_YIELD	BIT(13)
#define KVM_FEATURE_STABLE		BIT(24)

#define LEAF1_ECX	(BIT(0) | BIT(1) | BIT(9) | BIT(12) | BIT(13) | BIT(17) | BIT(19) | \
			 BIT(20) | BIT(22) | BIT(23) | BIT(25) | BIT(26) | BIT(28) | BIT(29) | \
			 BIT(30))
#define LEAF1_ECX_SET	(BIT(21) | BIT(24) | BIT(31))	/* x2APIC, TSC deadline, hypervisor */
#define LEAF1_EDX	(0x1bf | BIT(9) | BIT(11) | BIT(12) | BIT(13) | BIT(14) | BIT(15) | \
			 BIT(16) | BIT(17) | BIT(19) | BIT(23) | BIT(24) | BIT(25) | BIT(26) | \
			 BIT(6))
#define LEAF7_EBX	(BIT(0) | BIT(1) | BIT(3) | BIT(5) | BIT(7) | BIT(8) | BIT(9) | BIT(10) | \
			 BIT(16) | BIT(17) | BIT(18) | BIT(19) | BIT(20) | BIT(21) | BIT(23) | \
			 BIT(24) | BIT(28) | BIT(29) | BIT(30) | BIT(31))
#define LEAF7_ECX	(BIT(1) | BIT(2) | BIT(6) | BIT(8) | BIT(9) | BIT(10) | BIT(11) | \
			 BIT(12) | BIT(14) | BIT(22))
#define LEAF7_EDX	(BIT(2) | BIT(3) | BIT(4) | BIT(10) | BIT(14))

/* Leaves whose answer is the same for every vCPU at any time. */
static struct cpuid basic[LEAVES];
static struct cpuid extended[EXTENDED_LEAVES];
static bool basic_static[LEAVES];
static u32 xsave_size;

static const struct {
	u32 leaf;
	struct cpuid mask, set;
	bool dynamic;
} policy[] = {
	{ 0x00, { 0, ~0U, ~0U, ~0U }, { 0 } },
	{ 0x01, { ~0U, 0xff00, LEAF1_ECX, LEAF1_EDX }, { 0, 0, LEAF1_ECX_SET, BIT(9) }, true },
	{ 0x02, { ~0U, ~0U, ~0U, ~0U }, { 0 } },
	{ 0x04, { 0 }, { 0 }, true },
	{ 0x06, { 0 }, { BIT(2) } },			/* ARAT: the timer never stops */
	{ 0x07, { 0, LEAF7_EBX, LEAF7_ECX, LEAF7_EDX }, { 0 }, true },
	{ 0x0b, { 0 }, { 0 }, true },
	{ 0x0d, { 0 }, { 0 }, true },
};

static struct cpuid apply(struct cpuid r, const struct cpuid *mask, const struct cpuid *set)
{
	return (struct cpuid){
		(r.eax & mask->eax) | set->eax, (r.ebx & mask->ebx) | set->ebx,
		(r.ecx & mask->ecx) | set->ecx, (r.edx & mask->edx) | set->edx,
	};
}

static void init_xsave(void)
{
	struct cpuid d = cpuid(0xd, 0);
	u64 wanted = 0x7 | 0xe0;	/* x87, SSE, AVX, AVX-512 */

	machine.guest_xcr0 = (d.eax | (u64)d.edx << 32) & wanted;
	if ((machine.guest_xcr0 & 0xe0) != 0xe0)
		machine.guest_xcr0 &= 7;
	xsave_size = 576;
	for (int i = 2; i < 8; i++) {
		struct cpuid part = cpuid(0xd, i);

		if (machine.guest_xcr0 & BIT(i) && part.eax + part.ebx > xsave_size)
			xsave_size = part.eax + part.ebx;
	}
}

static void init_extended(void)
{
	u32 phys_bits = machine.max_pa_bits < HVMOD_GPA_BITS ? machine.max_pa_bits : HVMOD_GPA_BITS;
	u32 host_last = cpuid(EXTENDED, 0).eax;
	const struct cpuid leaf1 = { 0, 0, BIT(0) | BIT(5) | BIT(8),
				     BIT(11) | BIT(20) | BIT(26) | BIT(27) | BIT(29) };
	const struct cpuid none = { 0 };

	for (u32 i = 0; i < EXTENDED_LEAVES && EXTENDED + i <= host_last; i++)
		extended[i] = cpuid(EXTENDED + i, 0);
	extended[0] = (struct cpuid){ EXTENDED_LAST, 0, 0, 0 };
	extended[1] = apply(extended[1], &leaf1, &none);
	/* Outside 64-bit mode the processor says no here; a DomU has it. */
	extended[1].edx |= BIT(11);
	if (!(machine.caps.domu.proc2 & PROC2_RDTSCP))
		extended[1].edx &= ~BIT(27);
	extended[5] = none;
	extended[7] = (struct cpuid){ 0, 0, 0, extended[7].edx & BIT(8) };
	extended[8] = (struct cpuid){ phys_bits | 48 << 8, 0, 0, 0 };
}

void cpuid_init(void)
{
	u32 host_last = cpuid(0, 0).eax;

	for (u32 i = 0; i < ARRAY_SIZE(policy); i++) {
		u32 leaf = policy[i].leaf;

		if (leaf > host_last)
			continue;
		basic[leaf] = apply(cpuid(leaf, 0), &policy[i].mask, &policy[i].set);
	}
	for (u32 leaf = 0; leaf < LEAVES; leaf++)
		basic_static[leaf] = true;
	for (u32 i = 0; i < ARRAY_SIZE(policy); i++)
		if (policy[i].dynamic)
			basic_static[policy[i].leaf] = false;
	basic[0].eax = host_last < MAX_LEAF ? host_last : MAX_LEAF;
	if (!(machine.caps.domu.proc2 & PROC2_INVPCID))
		basic[7].ebx &= ~BIT(10);
	machine.has_rdtscp = machine.caps.domu.proc2 & PROC2_RDTSCP &&
			     cpuid(EXTENDED + 1, 0).edx & BIT(27);
	machine.has_pmu = host_last >= 0xa && (cpuid(0xa, 0).eax & 0xff) >= 2;
	init_xsave();
	init_extended();
	if ((machine.guest_xcr0 & 0xe0) != 0xe0) {
		basic[7].ebx &= ~(BIT(16) | BIT(17) | BIT(21) | BIT(28) | BIT(30) | BIT(31));
		basic[7].ecx &= ~(BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14));
		basic[7].edx &= ~(BIT(2) | BIT(3));
	}
}

u64 guest_cr4_allowed(void)
{
	static const struct {
		u8 leaf;
		u8 reg;			/* 0 EBX, 1 ECX */
		u8 bit;
		u64 cr4;
	} rows[] = {
		{ 1, 1, 17, CR4_PCIDE },
		{ 1, 1, 26, CR4_OSXSAVE },
		{ 7, 0, 0, CR4_FSGSBASE },
		{ 7, 0, 7, CR4_SMEP },
		{ 7, 0, 20, CR4_SMAP },
		{ 7, 1, 2, CR4_UMIP },
	};
	u64 allowed = 0x7ff;		/* VME to OSXMMEXCPT */

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct cpuid *r = &basic[rows[i].leaf];

		if ((rows[i].reg ? r->ecx : r->ebx) & BIT(rows[i].bit))
			allowed |= rows[i].cr4;
	}
	return allowed & machine.caps.cr4_fixed1;
}

static u32 vcpu_count(const struct vcpu *vcpu)
{
	u32 count = 0;

	for (u32 i = 0; i < HV_VCPUS_MAX; i++)
		count += vcpu->domain->vcpu[i] != NULL;
	return count;
}

static u32 bits_for(u32 count)
{
	return count > 1 ? 32 - __builtin_clz(count - 1) : 0;
}

static struct cpuid topology(struct vcpu *vcpu, u32 level)
{
	u32 count = vcpu_count(vcpu);

	if (level == 0)
		return (struct cpuid){ 0, 1, 1 << 8, vcpu->index };
	if (level == 1)
		return (struct cpuid){ bits_for(count), count, 2 << 8 | 1, vcpu->index };
	return (struct cpuid){ 0, 0, level & 0xff, vcpu->index };
}

/*
 * SDM volume 1, 13.4.3. The processor's own answer counts what IA32_XSS has
 * on, which is Domain-0's.
 */
static u32 compacted_size(u64 xcr0)
{
	u32 size = 576;

	for (int i = 2; i < 8; i++) {
		struct cpuid part;

		if (!(xcr0 & BIT(i)))
			continue;
		part = cpuid(0xd, i);
		size = (part.ecx & BIT(1) ? (size + 63) & ~63U : size) + part.eax;
	}
	return size;
}

static struct cpuid xsave_leaf(struct vcpu *vcpu, u32 subleaf)
{
	struct cpuid r = { 0 };

	if (subleaf == 0) {
		/* The guest's XCR0 is loaded: EBX is for it. */
		r = cpuid(0xd, 0);
		return (struct cpuid){ machine.guest_xcr0, r.ebx, xsave_size, 0 };
	}
	if (subleaf == 1) {
		r = cpuid(0xd, 1);
		return (struct cpuid){ r.eax & 7, r.eax & BIT(1) ? compacted_size(vcpu->xcr0) : 0, 0, 0 };
	}
	if (subleaf < 64 && machine.guest_xcr0 & BIT(subleaf))
		r = cpuid(0xd, subleaf);
	return r;
}

static struct cpuid caches(struct vcpu *vcpu, u32 subleaf)
{
	struct cpuid r = cpuid(4, subleaf);
	u32 ids = (1U << bits_for(vcpu_count(vcpu))) - 1;

	if (!(r.eax & 31))
		return r;
	/* Level 3 is shared by the package, the rest is each processor's own. */
	r.eax = (r.eax & 0x3fff) | ids << 26 | ((r.eax >> 5 & 7) >= 3 ? ids << 14 : 0);
	return r;
}

static struct cpuid dynamic_leaf(struct vcpu *vcpu, u32 leaf, u32 subleaf)
{
	struct cpuid r = leaf < LEAVES ? basic[leaf] : (struct cpuid){ 0 };

	switch (leaf) {
	case 0x01:
		r.ebx |= vcpu->index << 24 | vcpu_count(vcpu) << 16;
		if (vcpu_count(vcpu) > 1)
			r.edx |= BIT(28);
		if (vmread(GUEST_CR4) & CR4_OSXSAVE)
			r.ecx |= BIT(27);
		if (!(vcpu->apic.base & APIC_BASE_ENABLE))
			r.edx &= ~BIT(9);
		return r;
	case 0x04:
		return caches(vcpu, subleaf);
	case 0x07:
		return subleaf ? (struct cpuid){ 0 } : r;
	case 0x0b:
		return topology(vcpu, subleaf);
	case 0x0d:
		return xsave_leaf(vcpu, subleaf);
	case KVM_BASE:
		return (struct cpuid){ KVM_LAST, 0x4b4d564b, 0x564b4d56, 0x4d };
	case KVM_BASE + 1:
		return (struct cpuid){ KVM_FEATURE_CLOCKSOURCE | KVM_FEATURE_NOP_IO_DELAY |
				       KVM_FEATURE_CLOCKSOURCE2 | KVM_FEATURE_STEAL_TIME |
				       KVM_FEATURE_PV_EOI | KVM_FEATURE_PV_UNHALT | KVM_FEATURE_PV_SEND_IPI |
				       KVM_FEATURE_PV_SCHED_YIELD | KVM_FEATURE_STABLE, 0, 0, 0 };
	case KVM_LAST:
		return (struct cpuid){ machine.tsc_khz, 1000000, 0, 0 };
	case EXTENDED ... EXTENDED_LAST:
		return extended[leaf - EXTENDED];
	}
	return r;
}

static noinline void answer_dynamic(struct vcpu *vcpu, u32 leaf)
{
	u64 *gpr = vcpu->ctx.gpr;
	struct cpuid r = dynamic_leaf(vcpu, leaf, gpr[RCX]);

	gpr[RAX] = r.eax;
	gpr[RBX] = r.ebx;
	gpr[RCX] = r.ecx;
	gpr[RDX] = r.edx;
}

enum verdict resume_cpuid(struct vcpu *vcpu)
{
	u64 *gpr = vcpu->ctx.gpr;
	u32 leaf = gpr[RAX];

	if (likely(leaf < LEAVES && basic_static[leaf])) {
		gpr[RAX] = basic[leaf].eax;
		gpr[RBX] = basic[leaf].ebx;
		gpr[RCX] = basic[leaf].ecx;
		gpr[RDX] = basic[leaf].edx;
	} else {
		answer_dynamic(vcpu, leaf);
	}
	skip_instruction();
	return RESUME;
}
