// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSRs of a DomU: default deny with #GP, and a table of what there is. The
 * same table serves RDMSR, WRMSR and the HVMOD_STATE_MSRS group.
 */
#include "domain.h"
#include "interp.h"
#include "kvm_abi.h"

#define MSR_MCG_CAP		0x179
#define MSR_MCG_STATUS		0x17a

/* Where the value lives. */
enum home { CONSTANT, FIELD, VMCS, SPECIAL };

/* Which values are allowed. */
enum rule { ANY, READ_ONLY, IGNORED, CANONICAL, LOW32, PAT, ZERO, PVCLOCK, STEAL,
	    PV_EOI, SPECIAL_RULE };

struct row {
	u32 msr;
	u8 home;
	u8 rule;
	u8 saved;		/* part of the state group */
	u8 loaded;		/* in the processor while the vCPU is */
	u64 where;		/* constant, offset in struct vcpu, or VMCS field */
};

#define IN_VCPU(member)	offsetof(struct vcpu, member)

static const struct row rows[] = {
	{ MSR_TSC,		SPECIAL,  SPECIAL_RULE, 1 },
	{ MSR_APIC_BASE,	SPECIAL,  SPECIAL_RULE, 1 },
	{ MSR_TSC_ADJUST,	SPECIAL,  SPECIAL_RULE, 1 },
	{ MSR_BIOS_SIGN_ID,	CONSTANT, IGNORED, 0 },
	{ MSR_MTRRCAP,		CONSTANT, READ_ONLY, 0, 0, BIT(10) },
	{ MSR_SYSENTER_CS,	VMCS,     LOW32, 1, 0, GUEST_SYSENTER_CS },
	{ MSR_SYSENTER_ESP,	VMCS,     CANONICAL, 1, 0, GUEST_SYSENTER_ESP },
	{ MSR_SYSENTER_EIP,	VMCS,     CANONICAL, 1, 0, GUEST_SYSENTER_EIP },
	{ MSR_MCG_CAP,		CONSTANT, READ_ONLY, 0 },
	{ MSR_MCG_STATUS,	CONSTANT, ZERO, 0 },
	{ MSR_MISC_ENABLE,	FIELD,    ANY, 1, 0, IN_VCPU(misc_enable) },
	{ MSR_DEBUGCTL,		VMCS,     ZERO, 0, 0, GUEST_DEBUGCTL },
	{ MSR_PAT,		VMCS,     PAT, 1, 0, GUEST_PAT },
	{ MSR_MTRR_DEF_TYPE,	FIELD,    LOW32, 1, 0, IN_VCPU(mtrr_def_type) },
	{ MSR_TSC_DEADLINE,	SPECIAL,  SPECIAL_RULE, 0 },
	{ MSR_KVM_WALL_CLOCK,	FIELD,    PVCLOCK, 1, 0, IN_VCPU(pvclock_wall) },
	{ MSR_KVM_SYSTEM_TIME,	FIELD,    PVCLOCK, 1, 0, IN_VCPU(pvclock) },
	{ MSR_KVM_STEAL_TIME,	FIELD,    STEAL, 1, 0, IN_VCPU(steal_msr) },
	{ MSR_KVM_PV_EOI_EN,	FIELD,    PV_EOI, 1, 0, IN_VCPU(pv_eoi_msr) },
	{ MSR_EFER,		SPECIAL,  SPECIAL_RULE, 0 },
	{ MSR_STAR,		FIELD,    ANY, 1, 1, IN_VCPU(star) },
	{ MSR_LSTAR,		FIELD,    CANONICAL, 1, 1, IN_VCPU(lstar) },
	{ MSR_CSTAR,		FIELD,    CANONICAL, 1, 1, IN_VCPU(cstar) },
	{ MSR_SFMASK,		FIELD,    LOW32, 1, 1, IN_VCPU(sfmask) },
	{ MSR_KERNEL_GS_BASE,	FIELD,    CANONICAL, 1, 1, IN_VCPU(kernel_gs) },
	{ MSR_TSC_AUX,		FIELD,    LOW32, 1, 1, IN_VCPU(tsc_aux) },
};

/* Passed through to the processor for reading, writing, or both. */
static const struct {
	u32 msr;
	bool read, write;
} direct[] = {
	{ MSR_SYSENTER_CS, true, true },
	{ MSR_SYSENTER_ESP, true, true },
	{ MSR_SYSENTER_EIP, true, true },
	{ MSR_PAT, true, true },
	{ MSR_TSC, true, false },
	{ MSR_STAR, true, false },
	{ MSR_LSTAR, true, false },
	{ MSR_CSTAR, true, false },
	{ MSR_SFMASK, true, false },
	{ MSR_FS_BASE, true, true },
	{ MSR_GS_BASE, true, true },
	{ MSR_KERNEL_GS_BASE, true, true },
	{ MSR_TSC_AUX, true, true },
};

void msr_bitmap_set(u8 *bitmap, u32 msr, bool write, bool intercept)
{
	u32 bit = msr & 0x1fff;
	u8 *half = bitmap + (msr >= 0xc0000000 ? 1024 : 0) + (write ? 2048 : 0);

	if (intercept)
		half[bit / 8] |= 1 << (bit & 7);
	else
		half[bit / 8] &= ~(1 << (bit & 7));
}

/* SDM volume 3, 30.5: what virtual-interrupt delivery answers. */
static bool x2apic_bitmap_init(void)
{
	static const u32 writes[] = { MSR_X2APIC_FIRST + 0x08, MSR_X2APIC_FIRST + 0x0b,
				      MSR_X2APIC_FIRST + 0x3f };
	u8 *bitmap;

	machine.msr_bitmap_x2apic = page_alloc();
	if (!machine.msr_bitmap_x2apic)
		return false;
	bitmap = phys(machine.msr_bitmap_x2apic);
	__builtin_memcpy(bitmap, phys(machine.msr_bitmap_domu), PAGE_SIZE);
	msr_bitmap_set(bitmap, writes[0], false, false);
	for (u32 i = 0; i < ARRAY_SIZE(writes); i++)
		msr_bitmap_set(bitmap, writes[i], true, false);
	return true;
}

bool msr_bitmaps_init(void)
{
	u8 *domu;

	machine.msr_bitmap_dom0 = page_alloc();
	machine.msr_bitmap_domu = page_alloc();
	if (!machine.msr_bitmap_dom0 || !machine.msr_bitmap_domu)
		return false;
	dom0_msr_bitmap(phys(machine.msr_bitmap_dom0));
	domu = phys(machine.msr_bitmap_domu);
	for (u32 i = 0; i < PAGE_SIZE; i++)
		domu[i] = 0xff;
	for (u32 i = 0; i < ARRAY_SIZE(direct); i++) {
		if (direct[i].msr == MSR_TSC_AUX && !(machine.caps.domu.proc2 & PROC2_RDTSCP))
			continue;
		if (direct[i].read)
			msr_bitmap_set(domu, direct[i].msr, false, false);
		if (direct[i].write)
			msr_bitmap_set(domu, direct[i].msr, true, false);
	}
	return !machine.vid || x2apic_bitmap_init();
}

static const struct row *find(u32 msr)
{
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].msr == msr)
			return &rows[i];
	return NULL;
}

static bool is_loaded(const struct vcpu *vcpu)
{
	return this_cpu()->vcpu == vcpu;
}

static int special_read(struct vcpu *vcpu, u32 msr, u64 *value)
{
	switch (msr) {
	case MSR_TSC:
		*value = rdtsc() + vcpu->tsc_offset;
		return 0;
	case MSR_TSC_ADJUST:
		*value = vcpu->tsc_adjust;
		return 0;
	case MSR_APIC_BASE:
		*value = vcpu->apic.base;
		return 0;
	case MSR_TSC_DEADLINE:
		*value = vcpu->apic.tsc_deadline;
		return 0;
	case MSR_EFER:
		*value = vmread(GUEST_EFER);
		return 0;
	}
	return -1;
}

int msr_read(struct vcpu *vcpu, u32 msr, u64 *value)
{
	const struct row *row;

	if (msr >= MSR_X2APIC_FIRST && msr <= MSR_X2APIC_LAST)
		return apic_is_x2apic(&vcpu->apic) ?
		       apic_read(vcpu, msr - MSR_X2APIC_FIRST, value) : -1;
	row = find(msr);
	if (!row)
		return -1;
	switch (row->home) {
	case CONSTANT:
		*value = row->where;
		return 0;
	case FIELD:
		*value = row->loaded && is_loaded(vcpu) ? rdmsr(msr) :
			 *(u64 *)((char *)vcpu + row->where);
		return 0;
	case VMCS:
		*value = vmread(row->where);
		return 0;
	}
	return special_read(vcpu, msr, value);
}

static bool pat_valid(u64 value)
{
	for (int i = 0; i < 64; i += 8) {
		u8 type = value >> i;

		if (type > 7 || type == 2 || type == 3)
			return false;
	}
	return true;
}

static bool allowed(u8 rule, u32 msr, u64 value)
{
	switch (rule) {
	case READ_ONLY: return false;
	case CANONICAL: return is_canonical(value);
	case LOW32: return !(value >> 32);
	case PAT: return pat_valid(value);
	case ZERO: return !value;
	case PVCLOCK: return pvclock_valid(msr, value);
	case STEAL: return steal_valid(value);
	case PV_EOI: return pv_eoi_valid(value);
	}
	return true;
}

static int write_efer(struct vcpu *vcpu, u64 value, bool check_only)
{
	u64 old = vmread(GUEST_EFER);

	if (!efer_valid(value) || ((old ^ value) & EFER_LME && vmread(GUEST_CR0) & CR0_PG))
		return -1;
	if (!check_only)
		vmwrite(GUEST_EFER, (value & ~EFER_LMA) | (old & EFER_LMA));
	return 0;
}

static void write_tsc(struct vcpu *vcpu, u64 offset)
{
	vcpu->tsc_offset = offset;
	vmwrite(TSC_OFFSET, offset);
	/* The deadline is in the guest's TSC. */
	if (vcpu->apic.tsc_deadline)
		apic_set_tsc_deadline(vcpu, vcpu->apic.tsc_deadline);
}

static int special_write(struct vcpu *vcpu, u32 msr, u64 value, bool check_only)
{
	u64 offset;

	switch (msr) {
	case MSR_TSC:
		if (check_only)
			return 0;
		offset = value - rdtsc();
		vcpu->tsc_adjust += offset - vcpu->tsc_offset;
		write_tsc(vcpu, offset);
		return 0;
	case MSR_TSC_ADJUST:
		if (check_only)
			return 0;
		write_tsc(vcpu, vcpu->tsc_offset + value - vcpu->tsc_adjust);
		vcpu->tsc_adjust = value;
		return 0;
	case MSR_APIC_BASE:
		if (!apic_base_valid(vcpu->apic.base, value))
			return -1;
		if (!check_only) {
			apic_settle(vcpu);
			apic_set_base(&vcpu->apic, value);
			vcpu->event = 1;
		}
		return 0;
	case MSR_TSC_DEADLINE:
		if (!check_only)
			apic_set_tsc_deadline(vcpu, value);
		return 0;
	case MSR_EFER:
		return write_efer(vcpu, value, check_only);
	}
	return -1;
}

int msr_write(struct vcpu *vcpu, u32 msr, u64 value, bool check_only)
{
	const struct row *row;

	if (msr >= MSR_X2APIC_FIRST && msr <= MSR_X2APIC_LAST)
		return apic_is_x2apic(&vcpu->apic) && !check_only ?
		       apic_write(vcpu, msr - MSR_X2APIC_FIRST, value) : -1;
	row = find(msr);
	if (!row || !allowed(row->rule, msr, value))
		return -1;
	if (row->home == SPECIAL)
		return special_write(vcpu, msr, value, check_only);
	if (check_only || row->rule == IGNORED || row->home == CONSTANT)
		return 0;
	if (row->home == VMCS) {
		vmwrite(row->where, value);
		return 0;
	}
	*(u64 *)((char *)vcpu + row->where) = value;
	if (row->loaded && is_loaded(vcpu))
		wrmsr(msr, value);
	return 0;
}

u32 msr_saved_count(void)
{
	u32 count = 0;

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		count += rows[i].saved;
	return count;
}

u32 msr_saved_index(u32 n)
{
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].saved && !n--)
			return rows[i].msr;
	return 0;
}

enum verdict resume_rdmsr(struct vcpu *vcpu)
{
	u64 *gpr = vcpu->ctx.gpr;
	u64 value;

	if (msr_read(vcpu, gpr[RCX], &value))
		return resume_with_gp(vcpu);
	gpr[RAX] = (u32)value;
	gpr[RDX] = value >> 32;
	skip_instruction();
	return RESUME;
}

enum verdict exit_without_page(struct vcpu *vcpu, u64 gpa, u64 *pa)
{
	*pa = ept_translate(&vcpu->domain->ept, gpa, EPT_READ | EPT_WRITE);
	if (*pa != ~0ULL)
		return RESUME;
	vcpu->run_value[0] = gpa;
	vcpu->run_value[1] = 2;
	vcpu->fault_access = 2;
	vcpu->outcome = HV_RUN_FAULT;
	return TO_DRIVER;
}

/* What has to be there before one of KVM's MSRs is written. */
static enum verdict before_kvm_msr(struct vcpu *vcpu, u32 msr, u64 value)
{
	switch (msr) {
	case MSR_KVM_WALL_CLOCK:
	case MSR_KVM_SYSTEM_TIME:
		return pvclock_write(vcpu, msr, value);
	case MSR_KVM_STEAL_TIME:
		return steal_write(vcpu, value);
	case MSR_KVM_PV_EOI_EN:
		return pv_eoi_write(vcpu, value);
	}
	return RESUME;
}

enum verdict exit_wrmsr(struct vcpu *vcpu)
{
	u64 *gpr = vcpu->ctx.gpr;
	u64 value = (u32)gpr[RAX] | gpr[RDX] << 32;
	u32 msr = gpr[RCX];

	if (msr >> 8 == MSR_KVM_WALL_CLOCK >> 8) {
		enum verdict verdict = before_kvm_msr(vcpu, msr, value);

		if (verdict != RESUME)
			return verdict;
	}
	if (msr_write(vcpu, msr, value, false))
		return resume_with_gp(vcpu);
	skip_instruction();
	if (vcpu->rearm)
		timer_arm(vcpu);
	if (unlikely(vcpu->eoi)) {
		vcpu->run->eoi.vector = vcpu->eoi;
		vcpu->eoi = 0;
		return vmm_exit(vcpu, HVMOD_EXIT_EOI, HVMOD_WHY_NONE);
	}
	if (unlikely(vcpu->apic.wake)) {
		vcpu->run_value[0] = apic_take_wake(vcpu);
		vcpu->outcome = HV_RUN_IPI;
		return TO_DRIVER;
	}
	return RESUME;
}
