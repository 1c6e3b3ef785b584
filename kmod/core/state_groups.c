// SPDX-License-Identifier: GPL-2.0-only
/*
 * The HVMOD_STATE_* groups, one a call. A row a group: how large its data may
 * be, how it is read, checked and written. The data lies in a page of
 * Domain-0's and may change meanwhile: it is copied once, into core_scratch.
 */
#include "state_impl.h"

#define XSAVE_LEGACY	512
#define XSAVE_HEADER	64
#define XSAVE_BYTES	2688		/* up to AVX-512, standard form */

static union {
	struct hvmod_regs regs;
	struct hvmod_sregs sregs;
	struct hvmod_msr_value msr[64];
	struct hvmod_apic_state apic;
	struct hvmod_events events;
	struct {
		u64 xcr0;
		u8 area[XSAVE_BYTES];
	} xsave;
	u8 bytes[PAGE_SIZE];
} scratch __aligned(64);		/* under machine.lock */

static u64 get_regs(struct vcpu *vcpu)
{
	regs_export(vcpu, &scratch.regs);
	return sizeof(scratch.regs);
}

static enum hvmod_why set_regs(struct vcpu *vcpu, u64 bytes, bool check_only)
{
	enum hvmod_why why = regs_check(&scratch.regs);

	if (!why && !check_only) {
		/* They are from another time than an IN that waits for its value. */
		vcpu->in.size = 0;
		regs_import(vcpu, &scratch.regs);
	}
	return why;
}

static u64 get_sregs(struct vcpu *vcpu)
{
	sregs_export(vcpu, &scratch.sregs);
	return sizeof(scratch.sregs);
}

static enum hvmod_why set_sregs(struct vcpu *vcpu, u64 bytes, bool check_only)
{
	enum hvmod_why why = sregs_check(&scratch.sregs);

	if (!why && !check_only)
		why = sregs_import(vcpu, &scratch.sregs);
	return why;
}

static u64 get_msrs(struct vcpu *vcpu)
{
	u32 count = msr_saved_count();

	for (u32 i = 0; i < count; i++) {
		scratch.msr[i].index = msr_saved_index(i);
		scratch.msr[i].reserved = 0;
		msr_read(vcpu, scratch.msr[i].index, &scratch.msr[i].value);
	}
	return count * sizeof(scratch.msr[0]);
}

/* The VMM may set any mode of the APIC, the guest only what follows its own. */
static int set_apic_base(struct vcpu *vcpu, u64 value, bool check_only)
{
	if (!apic_base_valid(APIC_BASE_ENABLE, value))
		return -1;
	if (!check_only)
		apic_set_base(&vcpu->apic, value);
	return 0;
}

/*
 * The TSC and IA32_TSC_ADJUST are values of one moment: neither moves the
 * other, as it does when the guest writes one.
 */
static int set_msr(struct vcpu *vcpu, const struct hvmod_msr_value *m, bool check_only)
{
	u64 adjust = vcpu->tsc_adjust;
	int ret;

	if (m->reserved)
		return -1;
	switch (m->index) {
	case MSR_APIC_BASE:
		return set_apic_base(vcpu, m->value, check_only);
	case MSR_TSC:
		ret = msr_write(vcpu, MSR_TSC, m->value, check_only);
		vcpu->tsc_adjust = adjust;
		return ret;
	case MSR_TSC_ADJUST:
		if (!check_only)
			vcpu->tsc_adjust = m->value;
		return 0;
	default:
		return msr_write(vcpu, m->index, m->value, check_only);
	}
}

static enum hvmod_why set_msrs(struct vcpu *vcpu, u64 bytes, bool check_only)
{
	u64 count = bytes / sizeof(scratch.msr[0]);

	if (bytes % sizeof(scratch.msr[0]))
		return HVMOD_WHY_BAD_BLOB;
	for (u64 i = 0; i < count; i++)
		if (set_msr(vcpu, &scratch.msr[i], true))
			return HVMOD_WHY_BAD_MSR;
	for (u64 i = 0; i < count && !check_only; i++)
		set_msr(vcpu, &scratch.msr[i], false);
	return HVMOD_WHY_NONE;
}

static u64 get_xsave(struct vcpu *vcpu)
{
	scratch.xsave.xcr0 = vcpu->xcr0;
	__builtin_memcpy(scratch.xsave.area, vcpu->xsave, XSAVE_BYTES);
	return sizeof(scratch.xsave);
}

/* XRSTOR must not fault on it: SDM volume 1, 13.8. */
static bool xsave_valid(void)
{
	const u64 *header = (const u64 *)(scratch.xsave.area + XSAVE_LEGACY);
	u32 mxcsr = ((const u32 *)scratch.xsave.area)[6];

	if (scratch.xsave.xcr0 & ~machine.guest_xcr0 || !xcr0_valid(scratch.xsave.xcr0))
		return false;
	if (header[0] & ~machine.guest_xcr0 || mxcsr & ~0xffffU)
		return false;
	for (u32 i = 1; i < XSAVE_HEADER / 8; i++)
		if (header[i])
			return false;
	return true;
}

static enum hvmod_why set_xsave(struct vcpu *vcpu, u64 bytes, bool check_only)
{
	if (!xsave_valid())
		return HVMOD_WHY_BAD_XSAVE;
	if (!check_only) {
		vcpu->xcr0 = scratch.xsave.xcr0;
		__builtin_memcpy(vcpu->xsave, scratch.xsave.area, XSAVE_BYTES);
	}
	return HVMOD_WHY_NONE;
}

/* The registers that stand at their place in the APIC page, and where. */
static const struct {
	u8 reg;
	u16 offset;
	u32 bits;		/* that there are */
} apic_fields[] = {
	{ 0x08, offsetof(struct apic, tpr), 0xff },
	{ 0x0d, offsetof(struct apic, ldr), ~0U },
	{ 0x0e, offsetof(struct apic, dfr), ~0U },
	{ 0x0f, offsetof(struct apic, svr), 0x11ff },
	{ 0x28, offsetof(struct apic, esr), 0xff },
	{ 0x2f, offsetof(struct apic, lvt[LVT_CMCI]), 0x107ff },
	{ 0x32, offsetof(struct apic, lvt[LVT_TIMER]), 0x700ff },
	{ 0x33, offsetof(struct apic, lvt[LVT_THERMAL]), 0x107ff },
	{ 0x34, offsetof(struct apic, lvt[LVT_PERF]), 0x107ff },
	{ 0x35, offsetof(struct apic, lvt[LVT_LINT0]), 0x1a7ff },
	{ 0x36, offsetof(struct apic, lvt[LVT_LINT1]), 0x1a7ff },
	{ 0x37, offsetof(struct apic, lvt[LVT_ERROR]), 0x100ff },
	{ 0x38, offsetof(struct apic, timer_initial), ~0U },
	{ 0x3e, offsetof(struct apic, timer_divide), 0xb },
};

#define APIC_ISR	0x10
#define APIC_TMR	0x18
#define APIC_IRR	0x20

static u32 *apic_field(struct apic *apic, u32 i)
{
	return (u32 *)((char *)apic + apic_fields[i].offset);
}

#define NS_PER_MS	1000000ULL

/* value * to / from, where value * to may not fit. */
static u64 scale_ticks(u64 value, u64 to, u64 from)
{
	return value / from * to + value % from * to / from;
}

static u64 get_apic(struct vcpu *vcpu)
{
	struct hvmod_apic_state *s = &scratch.apic;
	struct apic *apic = &vcpu->apic;
	u64 now = rdtsc();

	apic_settle(vcpu);
	*s = (struct hvmod_apic_state){ .base = apic->base, .tsc_deadline = apic->tsc_deadline };
	if (apic->deadline && !apic->tsc_deadline && apic->deadline > now)
		s->timer_left = scale_ticks(apic->deadline - now, NS_PER_MS, machine.tsc_khz);
	for (u32 i = 0; i < ARRAY_SIZE(apic_fields); i++)
		s->reg[apic_fields[i].reg] = *apic_field(apic, i);
	for (int i = 0; i < 8; i++) {
		s->reg[APIC_ISR + i] = apic->isr[i];
		s->reg[APIC_TMR + i] = apic->tmr[i];
		s->reg[APIC_IRR + i] = apic->irr[i];
	}
	s->reg[0x02] = apic->id;
	s->reg[0x30] = apic->icr;
	s->reg[0x31] = apic->icr >> 32;
	return sizeof(*s);
}

static enum hvmod_why set_apic(struct vcpu *vcpu, u64 bytes, bool check_only)
{
	const struct hvmod_apic_state *s = &scratch.apic;
	struct apic *apic = &vcpu->apic;

	if (!apic_base_valid(APIC_BASE_ENABLE, s->base))
		return HVMOD_WHY_BAD_APIC;
	for (u32 i = 0; i < ARRAY_SIZE(apic_fields); i++)
		if (s->reg[apic_fields[i].reg] & ~apic_fields[i].bits)
			return HVMOD_WHY_BAD_APIC;
	/* Vectors below 16 can't be pending: the processor would refuse them. */
	if ((s->reg[APIC_IRR] | s->reg[APIC_ISR]) & 0xffff)
		return HVMOD_WHY_BAD_APIC;
	if (check_only)
		return HVMOD_WHY_NONE;
	apic_settle(vcpu);
	apic->base = s->base;
	for (u32 i = 0; i < ARRAY_SIZE(apic_fields); i++)
		*apic_field(apic, i) = s->reg[apic_fields[i].reg];
	for (int i = 0; i < 8; i++) {
		apic->isr[i] = s->reg[APIC_ISR + i];
		apic->tmr[i] = s->reg[APIC_TMR + i];
		__atomic_store_n(&apic->irr[i], s->reg[APIC_IRR + i], __ATOMIC_SEQ_CST);
	}
	apic->icr = s->reg[0x30] | (u64)s->reg[0x31] << 32;
	apic->deadline = 0;
	apic->tsc_deadline = s->tsc_deadline;
	if (s->tsc_deadline)
		apic->deadline = s->tsc_deadline - vcpu->tsc_offset;
	else if (s->timer_left)
		apic->deadline = rdtsc() + scale_ticks(s->timer_left, machine.tsc_khz, NS_PER_MS);
	vcpu->event = 1;
	return HVMOD_WHY_NONE;
}

static u64 get_events(struct vcpu *vcpu)
{
	u64 info = vmread(ENTRY_INTERRUPTION_INFO);

	scratch.events = (struct hvmod_events){
		.activity = vcpu->wait_for_sipi ? ACTIVITY_WAIT_FOR_SIPI :
			    vcpu->halted ? ACTIVITY_HLT : ACTIVITY_ACTIVE,
		.interruptibility = vmread(GUEST_INTERRUPTIBILITY),
		.nmi_pending = vcpu->nmi_pending,
	};
	if (info & INFO_VALID) {
		scratch.events.injection = info & ~INFO_NESTED;
		scratch.events.injection_error = vmread(ENTRY_EXCEPTION_ERROR);
		scratch.events.injection_length = vmread(ENTRY_INSTRUCTION_LENGTH);
	}
	return sizeof(scratch.events);
}

/* SDM volume 3, 27.2.1.3; what depends on CR0.PE is left to VM entry. */
static bool injection_valid(const struct hvmod_events *e)
{
	u32 type = INFO_TYPE(e->injection), vector = e->injection & 0xff;
	const u32 with_code = 0x27d00;	/* #DF, #TS to #PF, #AC */

	if (!(e->injection & INFO_VALID))
		return true;
	if (e->injection & 0x7ffff000 || e->injection_error & ~0x7fffU || type == 1 || type == 7)
		return false;
	if ((type == TYPE_NMI && vector != VECTOR_NMI) || (type == 3 && vector > 31))
		return false;
	if (e->injection & INFO_ERROR_CODE && (type != 3 || !(with_code >> vector & 1)))
		return false;
	return type < TYPE_SOFTWARE_INTERRUPT || e->injection_length;
}

static enum hvmod_why set_events(struct vcpu *vcpu, u64 bytes, bool check_only)
{
	const struct hvmod_events *e = &scratch.events;

	if (e->activity > ACTIVITY_WAIT_FOR_SIPI || e->activity == ACTIVITY_SHUTDOWN ||
	    e->interruptibility & ~0xbU || (e->interruptibility & 3) == 3 || e->nmi_pending > 1 ||
	    e->reserved[0] || e->reserved[1] || e->injection_length > 15)
		return HVMOD_WHY_BAD_EVENT;
	if (!injection_valid(e))
		return HVMOD_WHY_BAD_EVENT;
	if (check_only)
		return HVMOD_WHY_NONE;
	vcpu->halted = e->activity == ACTIVITY_HLT;
	vcpu->wait_for_sipi = e->activity == ACTIVITY_WAIT_FOR_SIPI;
	vcpu->nmi_pending = e->nmi_pending;
	vcpu->event = 1;
	vmwrite(GUEST_INTERRUPTIBILITY, e->interruptibility);
	settle_shadow();
	vmwrite(ENTRY_INTERRUPTION_INFO, e->injection & INFO_VALID ? e->injection : 0);
	vmwrite(ENTRY_EXCEPTION_ERROR, e->injection_error);
	vmwrite(ENTRY_INSTRUCTION_LENGTH, e->injection_length);
	return HVMOD_WHY_NONE;
}

static const struct {
	u32 group;
	u64 bytes;		/* exactly, or at most for MSRs */
	bool at_most;
	u64 (*get)(struct vcpu *vcpu);
	enum hvmod_why (*set)(struct vcpu *vcpu, u64 bytes, bool check_only);
} groups[] = {
	{ HVMOD_STATE_REGS, sizeof(scratch.regs), false, get_regs, set_regs },
	{ HVMOD_STATE_SREGS, sizeof(scratch.sregs), false, get_sregs, set_sregs },
	{ HVMOD_STATE_MSRS, sizeof(scratch.msr), true, get_msrs, set_msrs },
	{ HVMOD_STATE_XSAVE, sizeof(scratch.xsave), false, get_xsave, set_xsave },
	{ HVMOD_STATE_APIC, sizeof(scratch.apic), false, get_apic, set_apic },
	{ HVMOD_STATE_EVENTS, sizeof(scratch.events), false, get_events, set_events },
};

int vcpu_get_group(struct vcpu *vcpu, u32 group, void *data, u64 *bytes)
{
	for (u32 i = 0; i < ARRAY_SIZE(groups); i++)
		if (groups[i].group == group) {
			*bytes = groups[i].get(vcpu);
			__builtin_memcpy(data, scratch.bytes, *bytes);
			return 0;
		}
	return -HV_EINVAL;
}

enum hvmod_why vcpu_set_group(struct vcpu *vcpu, u32 group, const void *data, u64 bytes,
			      bool check_only)
{
	for (u32 i = 0; i < ARRAY_SIZE(groups); i++) {
		if (groups[i].group != group)
			continue;
		if (bytes > groups[i].bytes || (!groups[i].at_most && bytes != groups[i].bytes))
			return HVMOD_WHY_BAD_BLOB;
		__builtin_memcpy(scratch.bytes, data, bytes);
		return groups[i].set(vcpu, bytes, check_only);
	}
	return HVMOD_WHY_BAD_BLOB;
}
