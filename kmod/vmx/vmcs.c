// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two kinds of VMCS: Domain-0's, one a processor, taken from the running
 * Linux; and a DomU's, one a vCPU.
 */
#include "vmx.h"
#include "../core/domain.h"

struct field_value {
	enum vmcs_field field;
	u64 value;
};

static bool write_all(const struct field_value *list, u32 count)
{
	bool ok = true;

	for (u32 i = 0; i < count; i++)
		ok &= vmwrite_ok(list[i].field, list[i].value);
	return ok;
}

static bool prepare_region(u64 pa)
{
	zero_page(phys(pa));
	*(u32 *)phys(pa) = machine.caps.basic & 0x7fffffff;
	return vmclear(pa) && vmptrld(pa);
}

u64 vmx_enable(struct cpu *cpu)
{
	u64 control = rdmsr(MSR_FEATURE_CONTROL);
	const u64 enabled = FEATURE_CONTROL_LOCK | FEATURE_CONTROL_VMX;

	if (read_cr4() & CR4_VMXE)
		return HV_WHY_VMX_IN_USE;
	if (!(control & FEATURE_CONTROL_LOCK)) {
		wrmsr(MSR_FEATURE_CONTROL, control | enabled);
		control = rdmsr(MSR_FEATURE_CONTROL);
	}
	if ((control & enabled) != enabled)
		return HV_WHY_FIRMWARE;
	zero_page(phys(cpu->vmxon));
	*(u32 *)phys(cpu->vmxon) = machine.caps.basic & 0x7fffffff;
	write_cr0(read_cr0() | CR0_NE);
	write_cr4(read_cr4() | CR4_VMXE);
	if (!vmxon(cpu->vmxon)) {
		write_cr4(read_cr4() & ~CR4_VMXE);
		return HV_WHY_VMXON;
	}
	return 0;
}

void vmx_disable(struct cpu *cpu)
{
	vmclear(cpu->dom0.vmcs);
	vmxoff();
	write_cr4(read_cr4() & ~CR4_VMXE);
}

void vmx_load_host_tables(struct cpu *cpu)
{
	struct hv_table gdt = { sizeof(cpu->gdt) - 1, (u64)cpu->gdt };
	struct hv_table idt = { IDT_BYTES - 1, fault_idt() };
	u64 tss = (u64)&cpu->tss;

	cpu->gdt[CORE_CS / 8] = 0x00af9b000000ffffULL;
	cpu->gdt[CORE_SS / 8] = 0x00cf93000000ffffULL;
	cpu->gdt[CORE_TR / 8] = (sizeof(cpu->tss) - 1) | (tss & 0xffffff) << 16 | 0x89ULL << 40 |
				(tss >> 24 & 0xff) << 56;
	cpu->gdt[CORE_TR / 8 + 1] = tss >> 32;
	lgdt(&gdt);
	lidt(&idt);
	ltr(CORE_TR);
}

/* Everything of the host-state area; all of it is the core's. */
void vmx_host_state(struct cpu *cpu)
{
	struct ctx *ctx = cpu->vcpu ? (struct ctx *)cpu->vcpu : &cpu->dom0;
	const struct field_value fields[] = {
		{ HOST_ES_SELECTOR, 0 },
		{ HOST_CS_SELECTOR, CORE_CS },
		{ HOST_SS_SELECTOR, CORE_SS },
		{ HOST_DS_SELECTOR, 0 },
		{ HOST_FS_SELECTOR, 0 },
		{ HOST_GS_SELECTOR, 0 },
		{ HOST_TR_SELECTOR, CORE_TR },
		{ HOST_CR0, read_cr0() },
		{ HOST_CR3, read_cr3() },
		{ HOST_CR4, read_cr4() },
		{ HOST_FS_BASE, 0 },
		{ HOST_GS_BASE, (u64)cpu },
		{ HOST_TR_BASE, (u64)&cpu->tss },
		{ HOST_GDTR_BASE, (u64)cpu->gdt },
		{ HOST_IDTR_BASE, fault_idt() },
		{ HOST_SYSENTER_CS, 0 },
		{ HOST_SYSENTER_ESP, 0 },
		{ HOST_SYSENTER_EIP, 0 },
		{ HOST_PAT, rdmsr(MSR_PAT) },
		{ HOST_EFER, rdmsr(MSR_EFER) },
		{ HOST_RIP, (u64)vmexit_entry },
		{ HOST_RSP, (u64)&ctx->gpr[16] },
	};

	if (!write_all(fields, ARRAY_SIZE(fields)))
		vmx_field_error(HOST_RIP);
}

static bool write_segments(const struct hv_segment_state *segment)
{
	bool ok = true;

	for (int i = 0; i < 8; i++) {
		const struct field_value fields[] = {
			{ GUEST_ES_SELECTOR + 2 * i, segment[i].selector },
			{ GUEST_ES_BASE + 2 * i, segment[i].base },
			{ GUEST_ES_LIMIT + 2 * i, segment[i].limit },
			{ GUEST_ES_ACCESS + 2 * i, segment[i].access },
		};

		ok &= write_all(fields, ARRAY_SIZE(fields));
	}
	return ok;
}

static bool write_controls(const struct vmx_controls *c)
{
	const struct field_value fields[] = {
		{ PIN_BASED_CONTROLS, c->pin },
		{ PROC_BASED_CONTROLS, c->proc },
		{ PROC_BASED_CONTROLS2, c->proc2 },
		{ EXIT_CONTROLS, c->exit },
		{ ENTRY_CONTROLS, c->entry },
		{ PF_ERROR_MASK, 0 },
		{ PF_ERROR_MATCH, 0 },
		{ CR3_TARGET_COUNT, 0 },
		{ EXIT_MSR_STORE_COUNT, 0 },
		{ EXIT_MSR_LOAD_COUNT, 0 },
		{ ENTRY_MSR_LOAD_COUNT, 0 },
		{ ENTRY_INTERRUPTION_INFO, 0 },
		{ VMCS_LINK_POINTER, ~0ULL },
		{ GUEST_PENDING_DEBUG, 0 },
		{ GUEST_ACTIVITY, ACTIVITY_ACTIVE },
		{ GUEST_INTERRUPTIBILITY, 0 },
	};

	/*
	 * These fields exist only where what they are for does. XRSTORS of Intel
	 * PT's state would write the MSRs that the bitmap denies.
	 */
	if (c->proc2 & PROC2_XSAVES && !vmwrite_ok(XSS_EXITING_BITMAP, XSS_PT))
		return false;
	if (machine.has_fred && !vmwrite_ok(INJECTED_EVENT_DATA, 0))
		return false;
	return write_all(fields, ARRAY_SIZE(fields));
}

/*
 * Linux goes on where the trampoline wants it, with what is in the processor
 * now. CR4.VMXE is the core's: what Linux sets it to is seen by Linux alone.
 * CR0.NE must stay on for the processor; whoever starts in real mode sees it
 * as off.
 */
bool vmx_setup_dom0(struct cpu *cpu)
{
	const struct hv_linux *lx = phys(boot.linux_pa[cpu->number]);
	const struct vmx_controls *c = &machine.caps.dom0;

	if (!prepare_region(cpu->dom0.vmcs))
		return false;
	const struct field_value fields[] = {
		{ VPID, 1 },
		{ MSR_BITMAP, machine.msr_bitmap_dom0 },
		{ EPT_POINTER, machine.dom0_ept.eptp },
		{ EXCEPTION_BITMAP, 0 },
		{ CR0_MASK, CR0_NE },
		{ CR0_SHADOW, read_cr0() },
		{ CR4_MASK, CR4_VMXE },
		{ CR4_SHADOW, 0 },
		{ GUEST_CR0, read_cr0() },
		{ GUEST_CR3, lx->cr3 },
		{ GUEST_CR4, lx->cr4 | CR4_VMXE },
		{ GUEST_DR7, lx->dr7 },
		{ GUEST_RIP, lx->rip },
		{ GUEST_RSP, lx->rsp },
		{ GUEST_RFLAGS, RFLAGS_FIXED },
		{ GUEST_DEBUGCTL, lx->debugctl },
		{ GUEST_PAT, rdmsr(MSR_PAT) },
		{ GUEST_EFER, rdmsr(MSR_EFER) },
		{ GUEST_SYSENTER_CS, rdmsr(MSR_SYSENTER_CS) },
		{ GUEST_SYSENTER_ESP, rdmsr(MSR_SYSENTER_ESP) },
		{ GUEST_SYSENTER_EIP, rdmsr(MSR_SYSENTER_EIP) },
		{ GUEST_GDTR_BASE, lx->gdt.base },
		{ GUEST_GDTR_LIMIT, lx->gdt.limit },
		{ GUEST_IDTR_BASE, lx->idt.base },
		{ GUEST_IDTR_LIMIT, lx->idt.limit },
	};
	if (!write_all(fields, ARRAY_SIZE(fields)) || !write_segments(lx->segment) ||
	    !write_controls(c) || !pmu_setup_dom0(cpu, lx))
		return false;
	if (!vmwrite_ok(GUEST_FS_BASE, lx->fs_base) ||
	    !vmwrite_ok(GUEST_GS_BASE, lx->gs_base))
		return false;
	cpu->dom0.launched = 0;
	vmx_host_state(cpu);
	return true;
}

/* State comes from vcpu_reset(); host state when it first runs somewhere. */
bool vmx_setup_domu(struct cpu *cpu, struct vcpu *vcpu)
{
	const struct vmx_controls *c = &machine.caps.domu;
	const struct field_value fields[] = {
		{ VPID, vcpu->vpid },
		{ MSR_BITMAP, machine.msr_bitmap_domu },
		{ EPT_POINTER, vcpu->domain->ept.eptp },
		{ EXCEPTION_BITMAP, BIT(VECTOR_MC) | BIT(VECTOR_DB) | BIT(VECTOR_AC) },
		{ TSC_OFFSET, vcpu->tsc_offset },
		{ CR0_MASK, CR0_NE | CR0_CD | CR0_NW },
		{ CR4_MASK, ~guest_cr4_allowed() | CR4_ALWAYS_ON },
		{ PREEMPTION_TIMER, 0 },
	};
	bool ok = prepare_region(vcpu->ctx.vmcs) && write_all(fields, ARRAY_SIZE(fields)) &&
		  write_controls(c);

	if (ok)
		vcpu_reset(vcpu);
	ok &= vmclear(vcpu->ctx.vmcs);
	ok &= vmptrld(cpu->dom0.vmcs);
	vcpu->ctx.launched = 0;
	return ok;
}
