// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vCPU's registers out and in: the run page's two groups. Its VMCS is
 * current. What comes in is copied once and checked as a copy.
 */
#include "domain.h"
#include "state_impl.h"

#define RFLAGS_DEFINED	0x3f7fd7ULL
#define CR0_HIDDEN	(CR0_NE | CR0_CD | CR0_NW)

void regs_export(struct vcpu *vcpu, struct hvmod_regs *regs)
{
	for (int i = 0; i < 16; i++)
		regs->gpr[i] = vcpu->ctx.gpr[i];
	regs->gpr[RSP] = vmread(GUEST_RSP);
	regs->rip = vmread(GUEST_RIP);
	regs->rflags = vmread(GUEST_RFLAGS);
}

void sregs_export(struct vcpu *vcpu, struct hvmod_sregs *sregs)
{
	u64 mask = CR0_HIDDEN;

	for (int i = 0; i < 8; i++) {
		struct hvmod_segment *s = &sregs->segment[i];
		u32 access = vmread(GUEST_ES_ACCESS + 2 * i);

		s->base = vmread(GUEST_ES_BASE + 2 * i);
		s->limit = vmread(GUEST_ES_LIMIT + 2 * i);
		s->selector = vmread(GUEST_ES_SELECTOR + 2 * i);
		s->attributes = access;
		s->unusable = !!(access & SEGMENT_UNUSABLE);
		s->reserved = 0;
	}
	sregs->gdt_base = vmread(GUEST_GDTR_BASE);
	sregs->gdt_limit = vmread(GUEST_GDTR_LIMIT);
	sregs->idt_base = vmread(GUEST_IDTR_BASE);
	sregs->idt_limit = vmread(GUEST_IDTR_LIMIT);
	sregs->cr0 = (vmread(GUEST_CR0) & ~mask) | (vmread(CR0_SHADOW) & mask);
	sregs->cr2 = this_cpu()->vcpu == vcpu ? read_cr2() : vcpu->cr2;
	sregs->cr3 = vmread(GUEST_CR3);
	sregs->cr4 = (vmread(GUEST_CR4) & ~CR4_ALWAYS_ON) | (vmread(CR4_SHADOW) & CR4_ALWAYS_ON);
	apic_settle(vcpu);
	sregs->cr8 = vcpu->apic.tpr >> 4;
	sregs->efer = vmread(GUEST_EFER);
}

u32 vcpu_export(struct vcpu *vcpu, u32 groups)
{
	groups &= HVMOD_STATE_REGS | HVMOD_STATE_SREGS;
	if (groups & HVMOD_STATE_REGS)
		regs_export(vcpu, &vcpu->run->regs);
	if (groups & HVMOD_STATE_SREGS)
		sregs_export(vcpu, &vcpu->run->sregs);
	return groups;
}

enum hvmod_why regs_check(const struct hvmod_regs *regs)
{
	if (!is_canonical(regs->rip) || regs->rflags & ~RFLAGS_DEFINED)
		return HVMOD_WHY_BAD_REGS;
	return HVMOD_WHY_NONE;
}

/* In a shadow VM entry wants BS to say what TF says: SDM volume 3, 27.3.1.5. */
void settle_shadow(void)
{
	u64 pending = vmread(GUEST_PENDING_DEBUG);

	if (vmread(GUEST_INTERRUPTIBILITY) & (BLOCKED_BY_STI | BLOCKED_BY_MOV_SS))
		vmwrite(GUEST_PENDING_DEBUG, single_steps() ? pending | PENDING_BS : pending & ~PENDING_BS);
}

void regs_import(struct vcpu *vcpu, const struct hvmod_regs *regs)
{
	for (int i = 0; i < 16; i++)
		vcpu->ctx.gpr[i] = regs->gpr[i];
	vmwrite(GUEST_RSP, regs->gpr[RSP]);
	vmwrite(GUEST_RIP, regs->rip);
	vmwrite(GUEST_RFLAGS, regs->rflags | RFLAGS_FIXED);
	settle_shadow();
}

/* SDM volume 3, 27.3.1.1: what the processor would refuse, or we can't hold. */
static bool control_registers_valid(const struct hvmod_sregs *s)
{
	bool paging = s->cr0 & CR0_PG, lme = s->efer & EFER_LME, lma = s->efer & EFER_LMA;

	if (!cr0_valid(s->cr0) || s->cr0 & ~CR0_DEFINED || s->cr4 & ~guest_cr4_allowed() ||
	    !efer_valid(s->efer) || s->cr8 > 15)
		return false;
	if (lma != (lme && paging))
		return false;
	if (lma && !(s->cr4 & CR4_PAE))
		return false;
	if (s->cr4 & CR4_PCIDE && !lma)
		return false;
	return !(s->cr3 & ~(BIT(machine.max_pa_bits) - 1));
}

static bool segment_valid(const struct hvmod_segment *s, int index)
{
	if (s->attributes & 0x0f00 || s->unusable > 1 || s->reserved)
		return false;
	if (index == HVMOD_SEG_TR && s->unusable)
		return false;
	return is_canonical(s->base);
}

enum hvmod_why sregs_check(const struct hvmod_sregs *s)
{
	if (!control_registers_valid(s))
		return HVMOD_WHY_BAD_CR;
	for (int i = 0; i < 8; i++)
		if (!segment_valid(&s->segment[i], i))
			return HVMOD_WHY_BAD_SEGMENT;
	if (!is_canonical(s->gdt_base) || !is_canonical(s->idt_base) || s->gdt_limit > 0xffff ||
	    s->idt_limit > 0xffff)
		return HVMOD_WHY_BAD_SEGMENT;
	return HVMOD_WHY_NONE;
}

enum hvmod_why sregs_import(struct vcpu *vcpu, const struct hvmod_sregs *s)
{
	u64 entry = vmread(ENTRY_CONTROLS);

	if (s->cr0 & CR0_PG && s->cr4 & CR4_PAE && !(s->efer & EFER_LMA) &&
	    load_pdptes(vcpu, s->cr3) != 1)
		return HVMOD_WHY_BAD_CR;
	for (int i = 0; i < 8; i++) {
		const struct hvmod_segment *seg = &s->segment[i];

		vmwrite(GUEST_ES_BASE + 2 * i, seg->base);
		vmwrite(GUEST_ES_LIMIT + 2 * i, seg->limit);
		vmwrite(GUEST_ES_SELECTOR + 2 * i, seg->selector);
		vmwrite(GUEST_ES_ACCESS + 2 * i,
			seg->attributes | (seg->unusable ? SEGMENT_UNUSABLE : 0));
	}
	vmwrite(GUEST_GDTR_BASE, s->gdt_base);
	vmwrite(GUEST_GDTR_LIMIT, s->gdt_limit);
	vmwrite(GUEST_IDTR_BASE, s->idt_base);
	vmwrite(GUEST_IDTR_LIMIT, s->idt_limit);
	vmwrite(CR0_SHADOW, s->cr0);
	vmwrite(GUEST_CR0, (s->cr0 & ~(CR0_CD | CR0_NW)) | CR0_NE | CR0_ET);
	vmwrite(GUEST_CR3, s->cr3);
	vmwrite(CR4_SHADOW, s->cr4);
	vmwrite(GUEST_CR4, s->cr4 | CR4_ALWAYS_ON);
	vmwrite(GUEST_EFER, s->efer);
	vmwrite(ENTRY_CONTROLS, s->efer & EFER_LMA ? entry | ENTRY_IA32E : entry & ~ENTRY_IA32E);
	vcpu->cr2 = s->cr2;
	apic_settle(vcpu);
	/* CR8 has no lower half of it: SDM volume 3, 11.8.6. */
	if (vcpu->apic.tpr >> 4 != s->cr8) {
		vcpu->apic.tpr = s->cr8 << 4;
		vcpu->event = 1;
	}
	invvpid(INV_SINGLE, vcpu->vpid, 0);
	return HVMOD_WHY_NONE;
}

/* At RUN: both groups are checked before either is loaded. */
enum hvmod_why vcpu_import_run(struct vcpu *vcpu, u32 groups)
{
	enum hvmod_why why = HVMOD_WHY_NONE;
	struct hvmod_sregs sregs;
	struct hvmod_regs regs;

	if (groups & ~(HVMOD_STATE_REGS | HVMOD_STATE_SREGS))
		return HVMOD_WHY_BAD_BLOB;
	if (groups & HVMOD_STATE_REGS) {
		__builtin_memcpy(&regs, &vcpu->run->regs, sizeof(regs));
		why = regs_check(&regs);
	}
	if (!why && groups & HVMOD_STATE_SREGS) {
		__builtin_memcpy(&sregs, &vcpu->run->sregs, sizeof(sregs));
		why = sregs_check(&sregs);
		if (!why)
			why = sregs_import(vcpu, &sregs);
	}
	if (!why && groups & HVMOD_STATE_REGS)
		regs_import(vcpu, &regs);
	return why;
}

/* SDM volume 3, table 9-1: after RESET, or INIT, whose CR0.CD and NW stay. */
void vcpu_reset(struct vcpu *vcpu)
{
	struct hvmod_sregs s = { .cr0 = CR0_ET | CR0_CD | CR0_NW, .gdt_limit = 0xffff,
				 .idt_limit = 0xffff };
	struct hvmod_regs regs = { .rip = 0xfff0, .rflags = RFLAGS_FIXED };
	static const u16 attributes[8] = { 0x93, 0x9b, 0x93, 0x93, 0x93, 0x93, 0x82, 0x8b };
	bool first = !vcpu->apic.base;

	for (int i = 0; i < 8; i++)
		s.segment[i] = (struct hvmod_segment){ .limit = 0xffff, .attributes = attributes[i] };
	s.segment[HVMOD_SEG_CS].selector = 0xf000;
	s.segment[HVMOD_SEG_CS].base = 0xffff0000;
	regs.gpr[RDX] = cpuid(1, 0).eax;
	if (first) {
		vcpu->apic.id = vcpu->index;
		vcpu->apic.base = APIC_DEFAULT_BASE | APIC_BASE_ENABLE |
				  (vcpu->index ? 0 : APIC_BASE_BSP);
		vcpu->wait_for_sipi = vcpu->index;
		vcpu->misc_enable = BIT(0);
		vcpu->mtrr_def_type = BIT(11) | MEMORY_WB;
		vcpu->xcr0 = 1;
		vcpu->dr6 = 0xffff0ff0;
		((u32 *)vcpu->xsave)[6] = 0x1f80;	/* MXCSR */
		vmwrite(GUEST_PAT, 0x0007040600070406ULL);
		vmwrite(GUEST_DEBUGCTL, 0);
		vmwrite(GUEST_SYSENTER_CS, 0);
		vmwrite(GUEST_SYSENTER_ESP, 0);
		vmwrite(GUEST_SYSENTER_EIP, 0);
	}
	apic_settle(vcpu);
	vcpu->pv_eoi_msr = 0;
	apic_reset(&vcpu->apic);
	vcpu->halted = vcpu->closed = vcpu->unhalt = false;
	vcpu->nmi_pending = false;
	vcpu->event = 1;		/* the windows may be open */
	vcpu->in.size = 0;
	vcpu->eoi = 0;
	sregs_import(vcpu, &s);
	regs_import(vcpu, &regs);
	vmwrite(GUEST_DR7, 0x400);
	vmwrite(GUEST_INTERRUPTIBILITY, 0);
	vmwrite(GUEST_PENDING_DEBUG, 0);
	vmwrite(GUEST_ACTIVITY, ACTIVITY_ACTIVE);
	vmwrite(ENTRY_INTERRUPTION_INFO, 0);
}
