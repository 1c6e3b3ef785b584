// SPDX-License-Identifier: GPL-2.0-only
/*
 * Late launch and its undoing, on one processor.
 *
 * The trampoline brings the processor here on the core's page tables. At
 * HV_ENTER_LAUNCH it goes on as Domain-0 in non-root operation, just where it
 * left Linux. Every other way out of this file ends in return_to_linux().
 */
#include "domain.h"
#include "interp.h"

struct hv_boot boot;

/*
 * The bits of CR4 that root mode has if Linux has them. Any other may be there
 * for a Linux that is newer than the core: LASS forbids it its own addresses,
 * FRED sends NMIs past its IDT, PKS and CET bring state that it doesn't switch.
 */
#define ROOT_CR4	(CR4_PAE | CR4_MCE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_LA57 | \
			 CR4_VMXE | CR4_FSGSBASE | CR4_PCIDE | CR4_OSXSAVE | CR4_SMEP | CR4_SMAP)

void core_enter(u64 operation, u64 number);

static struct hv_linux *linux_of(struct cpu *cpu)
{
	return phys(boot.linux_pa[cpu->number]);
}

static void cpu_setup(struct cpu *cpu, u32 number)
{
	u64 area = boot.cpu_area[number];
	u64 pa = boot.cpu_area_pa[number];

	cpu->self = cpu;
	cpu->number = number;
	cpu->stack_top = area + (AREA_STACK + AREA_STACK_PAGES) * PAGE_SIZE;
	cpu->vmxon = pa + AREA_VMXON * PAGE_SIZE;
	cpu->dom0.vmcs = pa + AREA_VMCS * PAGE_SIZE;
	cpu->tss.ist[IST_NMI - 1] = area + (AREA_NMI + 1) * PAGE_SIZE;
	cpu->tss.ist[IST_FAULT - 1] = area + (AREA_FAULT + 1) * PAGE_SIZE;
	cpu->tss.ist[IST_MC - 1] = area + (AREA_MC + 1) * PAGE_SIZE;
	cpu->tss.io_map = sizeof(cpu->tss);
	cpu->verw = machine.has_verw ? CORE_SS : 0;
}

/* SDM volume 3, 24.6 and 24.7: is there VMX, and who has it? */
static u64 vmx_usable(u64 linux_cr4)
{
	struct cpuid vendor = cpuid(0, 0);

	if (vendor.ebx != 0x756e6547 || vendor.edx != 0x49656e69 || vendor.ecx != 0x6c65746e)
		return HV_WHY_NOT_INTEL;
	if (!(cpuid(1, 0).ecx & BIT(5)))
		return HV_WHY_NO_VMX;
	if (linux_cr4 & CR4_VMXE)
		return HV_WHY_VMX_IN_USE;
	if (!(cpuid(1, 0).ecx & BIT(27)))
		return HV_WHY_NO_XSAVE;
	if (cpuid(0xd, 0).ecx > XSAVE_MAX)
		return HV_WHY_NO_XSAVE | (u64)cpuid(0xd, 0).ecx << 32;
	return 0;
}

static bool fred_exists(void)
{
	return cpuid(0, 0).eax >= 7 && cpuid(7, 0).eax >= 1 && cpuid(7, 1).eax & BIT(17);
}

static u64 machine_init(u64 linux_cr4)
{
	u64 why = vmx_usable(linux_cr4);

	if (why)
		return why;
	why = vmx_read_caps(&machine.caps);
	if (why)
		return why;
	machine.tsc_khz = boot.tsc_khz;
	machine.max_pa_bits = cpuid(0x80000008, 0).eax & 0xff;
	machine.mitigations = boot.flags & HV_BOOT_MITIGATIONS;
	machine.has_fred = fred_exists();
	machine.vid = machine.caps.vid && boot.flags & HV_BOOT_APICV;
	machine.crash = phys(boot.crash_pa);
	machine.domain_hint = 1;
	machine.vpid_used[0] = 3;	/* 0 is the core's, 1 Domain-0's */
	why = alloc_init();
	if (why)
		return why;
	cpuid_init();
	split_lock_init();
	pmu_init();
	spec_init();
	if (!msr_bitmaps_init())
		return HV_WHY_MEMORY;
	boot.features = vmx_features(&machine.caps) |
			 (machine.mitigations ? HVMOD_FEATURE_MITIGATIONS : 0) |
			 (machine.vid ? HVMOD_FEATURE_TPR_SHADOW | HVMOD_FEATURE_VIRTUAL_INTERRUPTS : 0);
	machine.ready = true;
	return 0;
}

/* All processors must solve to the same controls as the first. */
static u64 cpu_launch(struct cpu *cpu, u64 linux_cr4)
{
	struct vmx_caps caps;
	u64 why = vmx_usable(linux_cr4);

	if (why)
		return why;
	if (!machine.ready || machine.dead || machine.leaving)
		return HV_WHY_LAUNCH;
	why = vmx_read_caps(&caps);
	if (why)
		return why;
	if (__builtin_memcmp(&caps.dom0, &machine.caps.dom0, 2 * sizeof(caps.dom0)) ||
	    (machine.vid && !caps.vid))
		return HV_WHY_CPU_DIFFERS;
	why = dom0_msrs_check();
	if (why)
		return why;
	why = vmx_enable(cpu);
	if (why)
		return why;
	if (!vmx_setup_dom0(cpu)) {
		why = HV_WHY_VMCS | vmread(VM_INSTRUCTION_ERROR) << 32;
		vmx_disable(cpu);
		return why;
	}
	dom0_read_msrs(cpu);
	invept(INV_ALL, 0);
	lock(&machine.lock);
	cpu->sync_generation = machine.generation;
	machine.cpu[cpu->number] = cpu;
	cpu->launched = true;
	unlock(&machine.lock);
	cpu->entered = false;
	cpu->dom0.gpr[RAX] = 0;
	resume(&cpu->dom0);
}

/*
 * Off the trampoline's page tables, and with PGE off for a moment, which drops
 * what the TLB holds of Linux, global pages too: SDM volume 3, 4.10.4.1.
 */
static void own_control_registers(void)
{
	u64 cr4 = read_cr4() & ROOT_CR4;

	write_cr4(cr4 & ~CR4_PGE);
	write_cr4(cr4);
	write_cr3(boot.core_cr3);
	/* A breakpoint of Linux's may be on an address of the core's. */
	write_dr7(DR7_FIXED);
}

/* This processor is out of VMX and Linux's own again. */
static __noreturn void leave_root(struct cpu *cpu, const struct hv_linux *lx)
{
	write_cr3(boot.launch_cr3);
	write_dr7(lx->dr7);
	return_to_linux(boot.linux_va[cpu->number], lx->cr3, lx->cr4, boot.leave_stub);
}

/* What a VM exit, or a VM entry that failed, replaces besides what leave_root() brings back. */
struct replaced {
	u64 cr0, pat, efer, sysenter[3];
};

static struct replaced read_replaced(void)
{
	return (struct replaced){
		vmread(GUEST_CR0), vmread(GUEST_PAT), vmread(GUEST_EFER),
		{ vmread(GUEST_SYSENTER_CS), vmread(GUEST_SYSENTER_ESP), vmread(GUEST_SYSENTER_EIP) },
	};
}

static void put_back(const struct replaced *r)
{
	write_cr0(r->cr0);
	wrmsr(MSR_SYSENTER_CS, r->sysenter[0]);
	wrmsr(MSR_SYSENTER_ESP, r->sysenter[1]);
	wrmsr(MSR_SYSENTER_EIP, r->sysenter[2]);
	wrmsr(MSR_PAT, r->pat);
	wrmsr(MSR_EFER, r->efer);
}

/* A first entry that failed comes here from entry_failed() and dom0_exit(). */
__noreturn void launch_failed(struct cpu *cpu, u64 why)
{
	struct hv_linux *lx = linux_of(cpu);
	struct replaced replaced = read_replaced();

	lock(&machine.lock);
	cpu->launched = false;
	machine.cpu[cpu->number] = NULL;
	unlock(&machine.lock);
	vmx_disable(cpu);
	put_back(&replaced);
	lx->gpr[RAX] = why;
	leave_root(cpu, lx);
}

/* The trampoline has put Linux's CR4 into struct hv_linux. */
void core_enter(u64 operation, u64 number)
{
	struct cpu *cpu = (struct cpu *)boot.cpu_area[number];
	struct hv_linux *lx;
	u64 why;

	machine.direct_base = boot.direct_base;
	lx = phys(boot.linux_pa[number]);
	lx->fs_base = rdmsr(MSR_FS_BASE);
	lx->gs_base = rdmsr(MSR_GS_BASE);
	lx->rflags = RFLAGS_FIXED;
	wrmsr(MSR_GS_BASE, (u64)cpu);
	cpu_setup(cpu, number);
	fault_init();
	vmx_load_host_tables(cpu);
	own_control_registers();

	if (operation == HV_ENTER_INIT) {
		why = machine_init(lx->cr4);
	} else {
		write_cr4(read_cr4() | CR4_OSXSAVE);
		why = cpu_launch(cpu, lx->cr4);
	}
	lx->gpr[RAX] = why;
	leave_root(cpu, lx);
}

static void read_table(struct hv_table *table, enum vmcs_field base, enum vmcs_field limit)
{
	table->base = vmread(base);
	table->limit = vmread(limit);
}

/*
 * Everything that a VM exit replaced goes back: SDM volume 3, 28.5. What the
 * trampoline's stub loads is put where Linux can reach it. Holds machine.lock,
 * and lets go of it.
 */
__noreturn void launch_leave(struct cpu *cpu)
{
	struct hv_linux *lx = linux_of(cpu);
	u16 *selector = &lx->es;
	struct replaced replaced = read_replaced();

	skip_instruction();
	for (int i = 0; i < 8; i++)
		selector[i] = vmread(GUEST_ES_SELECTOR + 2 * i);
	read_table(&lx->gdt, GUEST_GDTR_BASE, GUEST_GDTR_LIMIT);
	read_table(&lx->idt, GUEST_IDTR_BASE, GUEST_IDTR_LIMIT);
	lx->rip = vmread(GUEST_RIP);
	lx->rsp = vmread(GUEST_RSP);
	lx->rflags = vmread(GUEST_RFLAGS);
	lx->cr3 = vmread(GUEST_CR3);
	lx->cr4 = (vmread(GUEST_CR4) & ~CR4_VMXE) | (vmread(CR4_SHADOW) & CR4_VMXE);
	lx->dr7 = vmread(GUEST_DR7);
	lx->debugctl = vmread(GUEST_DEBUGCTL);
	lx->perf_global = pmu_dom0_global();
	lx->fs_base = vmread(GUEST_FS_BASE);
	lx->gs_base = vmread(GUEST_GS_BASE);
	for (int i = 0; i < 16; i++)
		lx->gpr[i] = cpu->dom0.gpr[i];
	lx->gpr[RAX] = 0;

	cpu->launched = false;
	machine.cpu[cpu->number] = NULL;
	unlock(&machine.lock);

	vmx_disable(cpu);
	put_back(&replaced);
	leave_root(cpu, lx);
}
