// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control and debug registers of a DomU, and XSETBV. SDM volume 3, 2.5, 26.1.3.
 */
#include "domain.h"
#include "interp.h"
#include "state_impl.h"

bool cr0_valid(u64 value)
{
	if (value >> 32)
		return false;
	if (value & CR0_PG && !(value & CR0_PE))
		return false;
	return !(value & CR0_NW) || value & CR0_CD;
}

bool efer_valid(u64 value)
{
	return !(value & ~(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE));
}

int load_pdptes(struct vcpu *vcpu, u64 cr3)
{
	u64 gpa = cr3 & 0xffffffe0;
	u64 pa = ept_translate(&vcpu->domain->ept, gpa, EPT_READ);
	u64 reserved = ~(BIT(0) | BIT(3) | BIT(4) | GENMASK(11, 9) |
			 (GENMASK(51, 12) & (BIT(machine.max_pa_bits) - 1)));
	u64 pdpte[4];

	if (pa == ~0ULL) {
		vcpu->run_value[0] = gpa;
		vcpu->run_value[1] = 1;
		return -1;
	}
	for (int i = 0; i < 4; i++) {
		pdpte[i] = READ_ONCE(((u64 *)phys(pa))[i]);
		if (pdpte[i] & 1 && pdpte[i] & reserved)
			return 0;
	}
	for (int i = 0; i < 4; i++)
		vmwrite(GUEST_PDPTE0 + 2 * i, pdpte[i]);
	return 1;
}

static void set_long_mode(bool on)
{
	u64 efer = vmread(GUEST_EFER), entry = vmread(ENTRY_CONTROLS);

	vmwrite(GUEST_EFER, on ? efer | EFER_LMA : efer & ~EFER_LMA);
	vmwrite(ENTRY_CONTROLS, on ? entry | ENTRY_IA32E : entry & ~ENTRY_IA32E);
}

/* Return: false: @verdict is what to do instead of changing the register */
static bool pdptes_loaded(struct vcpu *vcpu, enum verdict *verdict)
{
	int loaded = load_pdptes(vcpu, vmread(GUEST_CR3));

	if (loaded < 0) {
		vcpu->outcome = HV_RUN_FAULT;
		*verdict = TO_DRIVER;
	} else if (!loaded) {
		*verdict = resume_with_gp(vcpu);
	}
	return loaded > 0;
}

/* Reached only when NE, CD or NW change; PG may change with them. */
static enum verdict write_cr0_guest(struct vcpu *vcpu, u64 value)
{
	u64 old = vmread(GUEST_CR0), efer = vmread(GUEST_EFER), cr4 = vmread(GUEST_CR4);
	bool paging_on = value & CR0_PG && !(old & CR0_PG);
	bool paging_off = !(value & CR0_PG) && old & CR0_PG;
	enum verdict verdict;

	if (!cr0_valid(value) || (paging_off && cr4 & CR4_PCIDE))
		return resume_with_gp(vcpu);
	value &= CR0_DEFINED;
	if (paging_on && efer & EFER_LME) {
		if (!(cr4 & CR4_PAE) || vmread(GUEST_CS_ACCESS) & BIT(13))
			return resume_with_gp(vcpu);
	} else if (paging_on && cr4 & CR4_PAE && !pdptes_loaded(vcpu, &verdict)) {
		return verdict;
	}
	if (paging_on && efer & EFER_LME)
		set_long_mode(true);
	if (paging_off && efer & EFER_LMA) {
		if (vmread(GUEST_CS_ACCESS) & BIT(13))
			return resume_with_gp(vcpu);
		set_long_mode(false);
	}
	if (paging_on || paging_off)
		invvpid(INV_SINGLE, vcpu->vpid, 0);
	vmwrite(CR0_SHADOW, value | CR0_ET);
	vmwrite(GUEST_CR0, (value & ~(CR0_CD | CR0_NW)) | CR0_NE | CR0_ET);
	skip_instruction();
	return RESUME;
}

/*
 * Reached when MCE changes, or a bit that a DomU can't have. SDM volume 3,
 * 4.4.1 and 4.10.4.1; volume 2, MOV to control registers.
 */
static enum verdict write_cr4_guest(struct vcpu *vcpu, u64 value)
{
	bool long_mode = vmread(GUEST_EFER) & EFER_LMA, paging = vmread(GUEST_CR0) & CR0_PG;
	enum verdict verdict;
	u64 changed;

	/* Outside 64-bit mode the operand has 32 bits. */
	if (!in_64_bit_mode())
		value = (u32)value;
	changed = (vmread(GUEST_CR4) ^ value) & ~CR4_ALWAYS_ON;
	if (value & ~guest_cr4_allowed() || (long_mode && !(value & CR4_PAE)))
		return resume_with_gp(vcpu);
	if (changed & value & CR4_PCIDE && (!long_mode || vmread(GUEST_CR3) & GENMASK(11, 0)))
		return resume_with_gp(vcpu);
	if (paging && !long_mode && value & CR4_PAE &&
	    changed & (CR4_PSE | CR4_PAE | CR4_PGE | CR4_SMEP) && !pdptes_loaded(vcpu, &verdict))
		return verdict;
	if (changed & (CR4_PSE | CR4_PAE | CR4_PGE | CR4_PCIDE | CR4_SMEP | CR4_SMAP))
		invvpid(INV_SINGLE, vcpu->vpid, 0);
	vmwrite(CR4_SHADOW, value);
	vmwrite(GUEST_CR4, value | CR4_ALWAYS_ON);
	skip_instruction();
	return RESUME;
}

static enum verdict write_cr8(struct vcpu *vcpu, u64 value)
{
	if (value > 15)
		return resume_with_gp(vcpu);
	vcpu->apic.tpr = value << 4;
	vcpu->event = 1;
	skip_instruction();
	return RESUME;
}

enum verdict exit_cr_access(struct vcpu *vcpu)
{
	u64 qualification = vmread(EXIT_QUALIFICATION);
	u32 number = qualification & 15, type = qualification >> 4 & 3;
	u32 reg = qualification >> 8 & 15;
	u64 *gpr = vcpu->ctx.gpr;
	u64 value = reg == RSP ? vmread(GUEST_RSP) : gpr[reg];

	if (type == 1 && number == 8) {
		value = vcpu->apic.tpr >> 4;
		if (reg == RSP)
			vmwrite(GUEST_RSP, value);
		else
			gpr[reg] = value;
		skip_instruction();
		return RESUME;
	}
	if (type == 0 && number == 8)
		return write_cr8(vcpu, value);
	if (type == 0 && number == 0)
		return write_cr0_guest(vcpu, value);
	if (type == 0 && number == 4)
		return write_cr4_guest(vcpu, value);
	return resume_with_gp(vcpu);
}

/*
 * The first touch gives the guest the registers until it leaves to Domain-0;
 * the instruction then runs by itself. DR7 is in the VMCS all the time and
 * must not arm breakpoints that are not the guest's.
 */
enum verdict resume_mov_dr(struct vcpu *vcpu)
{
	struct cpu *cpu = this_cpu();

	cpu->dom0_dr[0] = read_dr0();
	cpu->dom0_dr[1] = read_dr1();
	cpu->dom0_dr[2] = read_dr2();
	cpu->dom0_dr[3] = read_dr3();
	cpu->dom0_dr6 = read_dr6();
	write_dr0(vcpu->dr[0]);
	write_dr1(vcpu->dr[1]);
	write_dr2(vcpu->dr[2]);
	write_dr3(vcpu->dr[3]);
	write_dr6(vcpu->dr6);
	vcpu->owns_debug = true;
	vmwrite(PROC_BASED_CONTROLS, vmread(PROC_BASED_CONTROLS) & ~PROC_MOV_DR);
	return RESUME;
}

enum verdict resume_xsetbv(struct vcpu *vcpu)
{
	u64 *gpr = vcpu->ctx.gpr;
	u64 value = (u32)gpr[RAX] | gpr[RDX] << 32;

	if ((u32)gpr[RCX] || vmread(GUEST_SS_ACCESS) >> 5 & 3 || value & ~machine.guest_xcr0 ||
	    !xcr0_valid(value))
		return resume_with_gp(vcpu);
	vcpu->xcr0 = value;
	xsetbv0(value);
	skip_instruction();
	return RESUME;
}
