// SPDX-License-Identifier: GPL-2.0-only
/* VT-x: regions, fields, and what VM entry checks. SDM volume 3, 25 to 27. */
#include "model.h"

#define REGIONS		1024

static struct model_vmcs *regions[REGIONS];
static u32 regions_used;

static const struct { u32 first, last; } supported[] = {
	{ 0x0000, 0x0000 }, { 0x0800, 0x080e }, { 0x0c00, 0x0c0c },
	{ 0x2000, 0x201a }, { 0x2400, 0x2400 }, { 0x2800, 0x2810 }, { 0x2c00, 0x2c02 },
	{ 0x4000, 0x401e }, { 0x4400, 0x440e }, { 0x4800, 0x482e }, { 0x4c00, 0x4c00 },
	{ 0x6000, 0x600e }, { 0x6400, 0x640a }, { 0x6800, 0x6826 }, { 0x6c00, 0x6c16 },
};

void model_vmx_init(void)
{
	while (regions_used)
		free(regions[--regions_used]);
}

static bool field_exists(u32 field)
{
	if (field == model.unsupported_field)
		return false;
	if (field == XSS_EXITING_BITMAP)
		return model_msr(MSR_VMX_PROCBASED2)->value >> 32 & PROC2_XSAVES;
	if (field == HOST_PERF_GLOBAL_CTRL)
		return model_msr(MSR_VMX_EXIT)->value >> 32 & EXIT_LOAD_PERF_GLOBAL;
	if (field == GUEST_PERF_GLOBAL_CTRL)
		return model_msr(MSR_VMX_ENTRY)->value >> 32 & ENTRY_LOAD_PERF_GLOBAL;
	if (field == INJECTED_EVENT_DATA || field == ORIGINAL_EVENT_DATA)
		return cpuid(7, 1).eax & BIT(17);
	if (field == GUEST_INTERRUPT_STATUS || (field >= EOI_EXIT_BITMAP0 && field <= EOI_EXIT_BITMAP0 + 6))
		return !(field & 1) &&
		       model_msr(MSR_VMX_PROCBASED2)->value >> 32 & PROC2_VIRTUAL_INTERRUPTS;
	if (field & 1)
		return false;
	for (u32 i = 0; i < ARRAY_SIZE(supported); i++)
		if (field >= supported[i].first && field <= supported[i].last)
			return true;
	return false;
}

u64 *model_field(struct model_vmcs *vmcs, u32 field)
{
	if (!vmcs || !field_exists(field))
		model_fatal("field %#x does not exist", field);
	return &vmcs->field[(field >> 13 << 2 | (field >> 10 & 3)) << 6 | (field >> 1 & 63)];
}

struct model_vmcs *model_vmcs_at(u64 pa)
{
	for (u32 i = 0; i < regions_used; i++)
		if (regions[i]->pa == pa)
			return regions[i];
	return NULL;
}

static struct model_vmcs *region(u64 pa)
{
	struct model_vmcs *vmcs = model_vmcs_at(pa);

	if (vmcs)
		return vmcs;
	if (regions_used == REGIONS)
		model_fatal("too many VMCS regions");
	vmcs = calloc(1, sizeof(*vmcs));
	vmcs->pa = pa;
	vmcs->active_on = -1;
	return regions[regions_used++] = vmcs;
}

static bool region_valid(u64 pa)
{
	return model.me->vmx && pa && !(pa & ~PAGE_MASK) && !(pa >> machine.max_pa_bits) &&
	       pa != model.me->vmxon_pa &&
	       *(u32 *)phys(pa) == (model_msr(MSR_VMX_BASIC)->value & 0x7fffffff);
}

bool vmxon(u64 pa)
{
	if (!(model.me->cr4 & CR4_VMXE) || !(model.me->cr0 & CR0_NE) ||
	    (model_msr(MSR_FEATURE_CONTROL)->value & 5) != 5)
		model_fatal("#GP or #UD: VMXON");
	if (model.no_vmxon || pa & ~PAGE_MASK ||
	    *(u32 *)phys(pa) != (model_msr(MSR_VMX_BASIC)->value & 0x7fffffff))
		return false;
	for (u32 i = 0; i < regions_used; i++)
		if (regions[i]->active_on == (int)model.me->number)
			model_fatal("VMXON with an active VMCS from before");
	model.me->vmx = true;
	model.me->vmxon_pa = pa;
	return true;
}

void vmxoff(void)
{
	if (!model.me->vmx)
		model_fatal("#UD: VMXOFF");
	for (u32 i = 0; i < regions_used; i++)
		if (regions[i]->active_on == (int)model.me->number)
			model_fatal("VMXOFF with the VMCS at %#lx active", regions[i]->pa);
	model.me->vmx = false;
	model.me->vmcs = NULL;
}

/* SDM volume 3, 25.11.1: active on one processor alone. */
bool vmclear(u64 pa)
{
	struct model_vmcs *vmcs;

	if (!model.me->vmx || !pa || pa & ~PAGE_MASK || pa == model.me->vmxon_pa)
		return false;
	vmcs = region(pa);
	if (vmcs->active_on >= 0 && vmcs->active_on != (int)model.me->number)
		model_fatal("VMCLEAR of the VMCS at %#lx, active on %d", pa, vmcs->active_on);
	vmcs->active_on = -1;
	vmcs->launched = false;
	if (model.me->vmcs == vmcs)
		model.me->vmcs = NULL;
	return true;
}

bool vmptrld(u64 pa)
{
	struct model_vmcs *vmcs;

	if (model.no_vmptrld || !region_valid(pa))
		return false;
	vmcs = region(pa);
	if (vmcs->active_on >= 0 && vmcs->active_on != (int)model.me->number)
		model_fatal("VMPTRLD of the VMCS at %#lx, active on %d", pa, vmcs->active_on);
	vmcs->active_on = model.me->number;
	model.me->vmcs = vmcs;
	return true;
}

u64 vmread(u32 field)
{
	model_root();
	if (!model.me->vmx || !model.me->vmcs)
		model_fatal("VMREAD of %#x without a VMCS", field);
	return *model_field(model.me->vmcs, field);
}

void model_set(u32 field, u64 value)
{
	static const u64 width[] = { 0xffff, ~0ULL, 0xffffffff, ~0ULL };

	*model_field(model.me->vmcs, field) = value & width[field >> 13 & 3];
}

bool vmwrite_ok(u32 field, u64 value)
{
	if (!model.me->vmx || !model.me->vmcs)
		model_fatal("VMWRITE of %#x without a VMCS", field);
	/* Type 1 is read-only data. */
	if (!field_exists(field) || (field >> 10 & 3) == 1) {
		model_set(VM_INSTRUCTION_ERROR, field_exists(field) ? 13 : 12);
		return false;
	}
	model_set(field, value);
	return true;
}

bool invept(u64 type, u64 eptp)
{
	if (!model.me->vmx || (type != INV_SINGLE && type != INV_ALL))
		model_fatal("INVEPT %lu", type);
	if (type == INV_ALL)
		model.me->invept_all++;
	else
		model.me->invept_single++;
	return true;
}

bool invvpid(u64 type, u16 vpid, u64 address)
{
	if (!model.me->vmx || !vpid)
		model_fatal("INVVPID %lu of %u", type, vpid);
	model.me->invvpids++;
	model.me->invvpid_last = vpid;
	return true;
}

static bool word_allowed(u32 field, u32 msr, u32 true_msr)
{
	bool use_true = true_msr && model_msr(MSR_VMX_BASIC)->value & BIT(55);
	u64 allowed = model_msr(use_true ? true_msr : msr)->value;
	u32 word = vmread(field);

	return !(word & ~(u32)(allowed >> 32)) && !((u32)allowed & ~word);
}

/* SDM volume 3, 27.2.1.1 */
static const char *check_apic_controls(void)
{
	u64 pin = vmread(PIN_BASED_CONTROLS), proc = vmread(PROC_BASED_CONTROLS);
	u64 proc2 = vmread(PROC_BASED_CONTROLS2), page;

	if (!(proc & PROC_TPR_SHADOW))
		return proc2 & (PROC2_X2APIC | PROC2_APIC_REGISTERS | PROC2_VIRTUAL_INTERRUPTS) ?
		       "an APIC control without the TPR shadow" : NULL;
	page = vmread(VIRTUAL_APIC_PAGE);
	if (page & ~PAGE_MASK || page >> machine.max_pa_bits)
		return "virtual-APIC page";
	if (proc2 & PROC2_VIRTUAL_INTERRUPTS && !(pin & PIN_EXTERNAL_INTERRUPT))
		return "virtual-interrupt delivery without external-interrupt exiting";
	if (!(proc2 & PROC2_VIRTUAL_INTERRUPTS) && vmread(TPR_THRESHOLD) & ~0xfULL)
		return "TPR threshold";
	return NULL;
}

static const char *check_controls(const struct ctx *ctx)
{
	u64 eptp = vmread(EPT_POINTER);

	if (!word_allowed(PIN_BASED_CONTROLS, MSR_VMX_PINBASED, MSR_VMX_TRUE_PINBASED) ||
	    !word_allowed(PROC_BASED_CONTROLS, MSR_VMX_PROCBASED, MSR_VMX_TRUE_PROCBASED) ||
	    !word_allowed(PROC_BASED_CONTROLS2, MSR_VMX_PROCBASED2, 0) ||
	    !word_allowed(EXIT_CONTROLS, MSR_VMX_EXIT, MSR_VMX_TRUE_EXIT) ||
	    !word_allowed(ENTRY_CONTROLS, MSR_VMX_ENTRY, MSR_VMX_TRUE_ENTRY))
		return "a control word is not allowed";
	if (!vmread(VPID) || (eptp & 0xfff) != (6 | 3 << 3) || eptp >> machine.max_pa_bits)
		return "VPID or EPTP";
	if (vmread(PROC_BASED_CONTROLS) & PROC_NMI_WINDOW &&
	    !(vmread(PIN_BASED_CONTROLS) & PIN_VIRTUAL_NMIS))
		return "NMI-window exiting without virtual NMIs";
	if (vmread(VMCS_LINK_POINTER) != ~0ULL || vmread(MSR_BITMAP) & ~PAGE_MASK)
		return "link pointer or MSR bitmap";
	if (vmread(HOST_RIP) != (u64)vmexit_entry || vmread(HOST_RSP) != (u64)&ctx->gpr[16] ||
	    vmread(HOST_GS_BASE) != (u64)model.me->core || vmread(HOST_CR0) != model.me->cr0 ||
	    vmread(HOST_CR3) != model.me->cr3 || vmread(HOST_CR4) != model.me->cr4 ||
	    vmread(HOST_TR_SELECTOR) != CORE_TR || !vmread(HOST_CS_SELECTOR))
		return "host state is not this processor's";
	if (vmread(HOST_CR3) != boot.core_cr3)
		return "HOST_CR3: Linux's pages are in these tables";
	if (!(vmread(HOST_CR4) & CR4_VMXE))
		return "HOST_CR4.VMXE";
	if (vmread(HOST_CR4) & (CR4_LASS | CR4_FRED))
		return "HOST_CR4: the exit handler can't run, or an NMI is Linux's";
	return check_apic_controls();
}

static const char *check_injection(void)
{
	u32 info = vmread(ENTRY_INTERRUPTION_INFO), type = INFO_TYPE(info), vector = info & 0xff;
	bool pe = vmread(GUEST_CR0) & CR0_PE, code = info & INFO_ERROR_CODE;
	bool has_code = type == 3 && pe && vector < 32 && (0x27d00U >> vector & 1);
	bool fred = vmread(GUEST_CR4) & CR4_FRED;
	u64 basic = model_msr(MSR_VMX_BASIC)->value;
	u32 reserved = basic & BIT(58) && type == 3 ? 0x7fffd000 : 0x7ffff000;

	if (!(info & INFO_VALID))
		return NULL;
	if (info & reserved || type == 1 || (type == 7 && (!fred || !vector || vector > 2)))
		return "injection: reserved";
	if ((type == 2 && vector != 2) || (type == 3 && vector > 31))
		return "injection: vector";
	if (code != has_code)
		return "injection: error code";
	if (code && vmread(ENTRY_EXCEPTION_ERROR) & ~0x7fffULL)
		return "injection: error code's bits";
	/* Which data belong to an event: the test's business. For these it is 0. */
	if (fred && (type == 2 || (type == 3 && (vector == VECTOR_GP || vector == VECTOR_UD))) &&
	    vmread(INJECTED_EVENT_DATA))
		return "injection: event data of an event that has none";
	if (type >= 4 && (vmread(ENTRY_INSTRUCTION_LENGTH) < 1 ||
			  vmread(ENTRY_INSTRUCTION_LENGTH) > 15))
		return "injection: instruction length";
	return NULL;
}

/* SDM volume 3, 27.3.1.5: in a shadow BS says what TF says; elsewhere it is free. */
static const char *check_pending_debug(void)
{
	u64 pending = vmread(GUEST_PENDING_DEBUG);
	bool shadow = vmread(GUEST_INTERRUPTIBILITY) & (BLOCKED_BY_STI | BLOCKED_BY_MOV_SS);
	bool steps = vmread(GUEST_RFLAGS) & RFLAGS_TF && !(vmread(GUEST_DEBUGCTL) & DEBUGCTL_BTF);

	if (pending & ~0x1500fULL)
		return "pending debug exceptions: reserved";
	if ((shadow || vmread(GUEST_ACTIVITY) == ACTIVITY_HLT) && !!(pending & PENDING_BS) != steps)
		return "pending debug exceptions: BS in a shadow";
	return NULL;
}

static const char *check_interruptibility(void)
{
	u32 info = vmread(ENTRY_INTERRUPTION_INFO), type = INFO_TYPE(info);
	u64 blocked = vmread(GUEST_INTERRUPTIBILITY), rflags = vmread(GUEST_RFLAGS);
	u64 activity = vmread(GUEST_ACTIVITY);
	bool shadow = blocked & (BLOCKED_BY_STI | BLOCKED_BY_MOV_SS);

	if (blocked & ~0x1fULL || (blocked & 3) == 3)
		return "interruptibility";
	if (blocked & BLOCKED_BY_STI && !(rflags & RFLAGS_IF))
		return "blocking by STI with IF = 0";
	if (activity > 3 || (activity && shadow))
		return "activity";
	if (!(info & INFO_VALID))
		return NULL;
	if (type == 0 && (shadow || !(rflags & RFLAGS_IF)))
		return "external interrupt while they are blocked";
	if (type == 2 && shadow)
		return "NMI in a shadow";
	if (type == 2 && blocked & BLOCKED_BY_NMI &&
	    vmread(PIN_BASED_CONTROLS) & PIN_VIRTUAL_NMIS)
		return "NMI while NMIs are blocked";
	return NULL;
}

static const char *check_registers(void)
{
	u64 cr0 = vmread(GUEST_CR0), cr4 = vmread(GUEST_CR4), efer = vmread(GUEST_EFER);
	u64 rflags = vmread(GUEST_RFLAGS), cs = vmread(GUEST_CS_ACCESS);
	bool ia32e = vmread(ENTRY_CONTROLS) & ENTRY_IA32E, pg = cr0 & CR0_PG;
	u64 fixed = machine.caps.cr0_fixed0 & ~(CR0_PE | CR0_PG);

	if ((cr0 & fixed) != fixed || cr0 & ~machine.caps.cr0_fixed1 || (pg && !(cr0 & CR0_PE)))
		return "CR0";
	if ((cr4 & machine.caps.cr4_fixed0) != machine.caps.cr4_fixed0 ||
	    cr4 & ~machine.caps.cr4_fixed1)
		return "CR4";
	if (ia32e && (!pg || !(cr4 & CR4_PAE)))
		return "IA-32e mode without paging";
	if (!ia32e && cr4 & CR4_PCIDE)
		return "PCIDE";
	if (efer & ~0xd01ULL || ia32e != !!(efer & EFER_LMA) ||
	    (pg && !(efer & EFER_LMA) != !(efer & EFER_LME)))
		return "EFER";
	if (vmread(ENTRY_CONTROLS) & ENTRY_LOAD_PERF_GLOBAL &&
	    vmread(GUEST_PERF_GLOBAL_CTRL) & ~model.type->perf_global)
		return "PERF_GLOBAL_CTRL";
	if (vmread(GUEST_CR3) >> machine.max_pa_bits || vmread(GUEST_DR7) >> 32)
		return "CR3 or DR7";
	if (rflags & 0xffffffffffc08028ULL || !(rflags & 2) || (rflags & RFLAGS_VM && ia32e))
		return "RFLAGS";
	if (ia32e && cs & BIT(13) && cs & BIT(14))
		return "CS.L with CS.D";
	if (!(ia32e && cs & BIT(13)) && vmread(GUEST_RIP) >> 32)
		return "RIP above 4 GiB outside 64-bit mode";
	if (!is_canonical(vmread(GUEST_RIP)))
		return "RIP";
	if (vmread(GUEST_GDTR_LIMIT) > 0xffff || vmread(GUEST_IDTR_LIMIT) > 0xffff)
		return "GDTR or IDTR";
	for (int i = 0; i < 8; i++)
		if ((i == 1 || i >= 4) && !is_canonical(vmread(GUEST_ES_BASE + 2 * i)))
			return "segment base";
	if (vmread(GUEST_ES_ACCESS + 14) & (SEGMENT_UNUSABLE | 0xf00))
		return "TR";
	return NULL;
}

const char *model_entry_checks(void)
{
	const char *why = check_injection();

	if (!why)
		why = check_interruptibility();
	if (!why)
		why = check_pending_debug();
	return why ? why : check_registers();
}

const char *model_enter(struct ctx *ctx)
{
	struct model_vmcs *vmcs = model.me->vmcs;
	const char *why;

	if (!model.me->vmx || !vmcs || vmcs->pa != ctx->vmcs)
		return "another VMCS is current";
	if (!!ctx->launched != vmcs->launched)
		return "VMLAUNCH for VMRESUME or the reverse";
	why = check_controls(ctx);
	if (!why)
		why = model_entry_checks();
	if (why)
		return why;
	vmcs->launched = true;
	ctx->launched = 1;
	model.me->root = false;
	model_msr(MSR_DEBUGCTL)->value = vmread(GUEST_DEBUGCTL);
	if (vmread(ENTRY_CONTROLS) & ENTRY_LOAD_PERF_GLOBAL)
		model_msr(MSR_PERF_GLOBAL_CTRL)->value = vmread(GUEST_PERF_GLOBAL_CTRL);
	if (ctx->domu && !(vmread(GUEST_CR4) & CR4_MCE))
		return "a DomU without CR4.MCE: a machine check is a shutdown";
	if (ctx->domu && (model_msr(MSR_PERF_GLOBAL_CTRL)->value || model_msr(MSR_PEBS_ENABLE)->value))
		return "counters or PEBS of Domain-0 in a DomU";
	/* As entry.S, the last thing before VMRESUME. */
	if (ctx->domu && model.me->core->verw) {
		if (model.me->core->verw != CORE_SS)
			return "VERW of a selector that is none";
		model.me->verws++;
	}
	return NULL;
}

void model_exit(void)
{
	struct model_vmcs *vmcs = model.me->vmcs;

	model.me->root = true;
	*model_field(vmcs, ENTRY_INTERRUPTION_INFO) &= ~INFO_VALID;
	model_msr(MSR_DEBUGCTL)->value = 0;
	if (*model_field(vmcs, EXIT_CONTROLS) & EXIT_LOAD_PERF_GLOBAL)
		model_msr(MSR_PERF_GLOBAL_CTRL)->value = *model_field(vmcs, HOST_PERF_GLOBAL_CTRL);
	model.me->dr[7] = 0x400;
	model_set(IDT_VECTORING_INFO, 0);
	model_set(IDT_VECTORING_ERROR, 0);
	model_set(EXIT_INTERRUPTION_INFO, 0);
	model_set(EXIT_QUALIFICATION, 0);
}
