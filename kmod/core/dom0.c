// SPDX-License-Identifier: GPL-2.0-only
/*
 * Domain-0's exits. There are few: what VMX always intercepts, what hides VMX
 * itself, and the gate.
 */
#include "domain.h"
#include "interp.h"

/*
 * Outside it EIP wraps at 4 GiB, and VM entry refuses a larger RIP: any program
 * of Domain-0 can bring it there.
 */
noinline bool in_64_bit_mode(void)
{
	return vmread(GUEST_EFER) & EFER_LMA && vmread(GUEST_CS_ACCESS) & BIT(13);
}

void skip_bytes(u64 length)
{
	u64 blocked = vmread(GUEST_INTERRUPTIBILITY);
	u64 rip = vmread(GUEST_RIP), next = rip + length;

	if (unlikely((rip ^ next) >> 32) && !in_64_bit_mode())
		next = (u32)next;
	vmwrite(GUEST_RIP, next);
	if (blocked & (BLOCKED_BY_STI | BLOCKED_BY_MOV_SS))
		vmwrite(GUEST_INTERRUPTIBILITY, blocked & ~(BLOCKED_BY_STI | BLOCKED_BY_MOV_SS));
	/* The single-step trap that the skipped instruction would have made. */
	if (single_steps())
		vmwrite(GUEST_PENDING_DEBUG, vmread(GUEST_PENDING_DEBUG) | PENDING_BS);
}

void skip_instruction(void)
{
	skip_bytes(vmread(EXIT_INSTRUCTION_LENGTH));
}

void inject(u32 info, u32 error)
{
	if (info & INFO_ERROR_CODE)
		vmwrite(ENTRY_EXCEPTION_ERROR, error);
	vmwrite(ENTRY_INTERRUPTION_INFO, info | INFO_VALID);
}

/*
 * FRED, which no DomU has, puts @data on the stack: what CR2, DR6 or XFD_ERR is
 * for an exception, and 0 for all that the core makes. SDM volume 3, 25.8.3.
 */
void dom0_inject(u32 info, u32 error, u64 data)
{
	if (unlikely(machine.has_fred))
		vmwrite(INJECTED_EVENT_DATA, data);
	inject(info, error);
}

void inject_gp(void)
{
	dom0_inject(INFO_HARDWARE | INFO_ERROR_CODE | VECTOR_GP, 0, 0);
}

static void inject_ud(void)
{
	dom0_inject(INFO_HARDWARE | VECTOR_UD, 0, 0);
}

static u32 cpl(void)
{
	return vmread(GUEST_SS_ACCESS) >> 5 & 3;
}

/*
 * Domain-0 has no NMI-window exiting (that would need every NMI to exit). If
 * it is inside its NMI handler, look again a little later.
 */
#define NMI_RETRY_TICKS	4096

void dom0_deliver_pending(struct cpu *cpu)
{
	if (vmread(ENTRY_INTERRUPTION_INFO) & INFO_VALID) {
		vmwrite(PREEMPTION_TIMER, NMI_RETRY_TICKS >> machine.caps.timer_shift);
		vmwrite(PIN_BASED_CONTROLS, machine.caps.dom0.pin | PIN_PREEMPTION_TIMER);
		return;
	}
	if (cpu->mc_pending) {
		cpu->mc_pending = false;
		dom0_inject(INFO_HARDWARE | VECTOR_MC, 0, 0);
	} else if (!(vmread(GUEST_INTERRUPTIBILITY) & (BLOCKED_BY_NMI | BLOCKED_BY_MOV_SS))) {
		cpu->nmi_pending = false;
		vmwrite(GUEST_INTERRUPTIBILITY, vmread(GUEST_INTERRUPTIBILITY) & ~BLOCKED_BY_STI);
		dom0_inject(INFO_NMI | VECTOR_NMI, 0, 0);
	}
	if (cpu->mc_pending || cpu->nmi_pending) {
		vmwrite(PREEMPTION_TIMER, NMI_RETRY_TICKS >> machine.caps.timer_shift);
		vmwrite(PIN_BASED_CONTROLS, machine.caps.dom0.pin | PIN_PREEMPTION_TIMER);
	}
}

static void dom0_timer(struct cpu *cpu)
{
	vmwrite(PIN_BASED_CONTROLS, machine.caps.dom0.pin);
}

/*
 * Everything as the processor has it, less VMX and what dom0_msr.c denies:
 * Intel PT with its XSAVE state, and the hardware feedback interface.
 */
static void dom0_cpuid(struct cpu *cpu)
{
	u64 *gpr = cpu->dom0.gpr;
	u32 leaf = gpr[RAX], subleaf = gpr[RCX];
	struct cpuid r = cpuid(leaf, subleaf);

	if (leaf == 1) {
		r.ecx &= ~(BIT(5) | BIT(27));
		if (vmread(GUEST_CR4) & CR4_OSXSAVE)
			r.ecx |= BIT(27);
	} else if (leaf == 6) {
		r.eax &= ~(BIT(19) | BIT(23));
	} else if (leaf == 7 && !subleaf) {
		r.ebx &= ~BIT(25);
		r.ecx &= ~BIT(4);
		if (vmread(GUEST_CR4) & CR4_PKE)
			r.ecx |= BIT(4);
	} else if (leaf == 0xd && subleaf == 1) {
		r.ecx &= ~XSS_PT;
	} else if (leaf == 0x14 || (leaf == 0xd && subleaf == 8)) {
		r = (struct cpuid){ 0 };
	}
	gpr[RAX] = r.eax;
	gpr[RBX] = r.ebx;
	gpr[RCX] = r.ecx;
	gpr[RDX] = r.edx;
	skip_instruction();
}

/*
 * MOV to CR0 or CR4 that changes what is masked: CR0.NE, and CR4.VMXE, which KVM
 * before Linux 6.3 sets without a look at CPUID, and kexec clears with much
 * else. Once that reads as written the same MOV exits no more, and the processor
 * does the rest of it: paging on and off, its checks, what the TLB has to drop.
 */
static void dom0_cr_access(struct cpu *cpu)
{
	u64 qualification = vmread(EXIT_QUALIFICATION);
	u32 number = qualification & 15, type = qualification >> 4 & 3;
	u32 reg = qualification >> 8 & 15;
	u64 value = reg == RSP ? vmread(GUEST_RSP) : cpu->dom0.gpr[reg];

	if (type || (number && number != 4))
		inject_gp();
	else
		vmwrite(number ? CR4_SHADOW : CR0_SHADOW, value);
}

bool xcr0_valid(u64 value)
{
	u64 supported = cpuid(0xd, 0).eax | (u64)cpuid(0xd, 0).edx << 32;

	if (!(value & 1) || value & ~supported)
		return false;
	if (value & BIT(2) && !(value & BIT(1)))
		return false;
	if ((value & 0xe0) && ((value & 0xe6) != 0xe6))
		return false;
	if ((value & 0x18) && (value & 0x18) != 0x18)
		return false;
	return !(value & 0x60000) || (value & 0x60000) == 0x60000;
}

static void dom0_xsetbv(struct cpu *cpu)
{
	u64 *gpr = cpu->dom0.gpr;
	u64 value = (u32)gpr[RAX] | gpr[RDX] << 32;

	if ((u32)gpr[RCX] || cpl() || !xcr0_valid(value)) {
		inject_gp();
		return;
	}
	xsetbv0(value);
	skip_instruction();
}

static void dom0_vmcall(struct cpu *cpu)
{
	if (cpl())
		inject_ud();
	else
		gate(cpu, &cpu->dom0);
}

/* @level is that of the highest entry that is not present. */
static bool dom0_fill(u64 address, int level)
{
	int largest = dom0_ept_largest();
	struct mtrrs mtrrs;

	mtrr_read(&mtrrs);
	return dom0_ept_map(&machine.dom0_ept, &mtrrs, address, BIT(machine.max_pa_bits),
			    level < largest ? level : largest);
}

/*
 * The core's memory does not exist for Domain-0. Linux reads some strings and
 * checksums by words that may end in a page that is not there, and goes on with
 * what was in the first: at #PF with the second page's address, and not at #GP
 * (load_unaligned_zeropad()). In a program's address space it would find the
 * page and try again for ever, so there it is #GP.
 */
static void inject_hidden(void)
{
	u64 qualification = vmread(EXIT_QUALIFICATION), linear = vmread(GUEST_LINEAR_ADDRESS);
	u32 error = qualification & EPT_VIOLATION_WRITE ? PF_WRITE : 0;

	if (cpl() || !(linear >> 63) ||
	    (qualification & EPT_VIOLATION_LINEAR) != EPT_VIOLATION_LINEAR) {
		inject_gp();
		return;
	}
	if (qualification & EPT_VIOLATION_FETCH)
		error |= PF_FETCH;
	write_cr2(linear);
	dom0_inject(INFO_HARDWARE | INFO_ERROR_CODE | VECTOR_PF, error, linear);
}

/*
 * The core's memory is hidden: see above. Anything else that is not mapped lies
 * above what was mapped at load, devices or RAM that came later, and is filled
 * in now.
 */
static void dom0_ept_violation(struct cpu *cpu)
{
	u64 address = vmread(GUEST_PHYSICAL_ADDRESS);
	u64 vectoring = vmread(IDT_VECTORING_INFO);
	bool filled = false, hidden;
	u64 *entry;
	int level;

	/* Four levels translate no more, and ept_find() would find another's entry. */
	if (address >> 48) {
		inject_gp();
		return;
	}
	lock(&machine.lock);
	entry = ept_find(&machine.dom0_ept, address, &level);
	hidden = *entry && !(*entry & EPT_RWX);
	if (!*entry)
		filled = dom0_fill(address, level);
	else if (*entry & EPT_RWX)
		filled = true;
	if (hidden)
		event_post(HV_EVENT_PROTECTION, address);
	unlock(&machine.lock);
	if (filled) {
		if (vectoring & INFO_VALID) {
			vmwrite(ENTRY_INSTRUCTION_LENGTH, vmread(EXIT_INSTRUCTION_LENGTH));
			dom0_inject(vectoring & ~INFO_NMI_UNBLOCKING, vmread(IDT_VECTORING_ERROR),
				    machine.has_fred ? vmread(ORIGINAL_EVENT_DATA) : 0);
		}
		return;
	}
	if (hidden)
		inject_hidden();
	else
		inject_gp();
}

/*
 * INIT and SIPI, SDM volume 3, 9.1.1 and 9.4: a crash kernel starts the other
 * processors, which are still under the core.
 */
static void dom0_init(struct cpu *cpu)
{
	u64 *gpr = cpu->dom0.gpr;

	for (int i = 0; i < 16; i++)
		gpr[i] = 0;
	gpr[RDX] = cpuid(1, 0).eax;
	for (int i = 0; i < 8; i++) {
		vmwrite(GUEST_ES_SELECTOR + 2 * i, i == 1 ? 0xf000 : 0);
		vmwrite(GUEST_ES_BASE + 2 * i, i == 1 ? 0xffff0000 : 0);
		vmwrite(GUEST_ES_LIMIT + 2 * i, 0xffff);
		vmwrite(GUEST_ES_ACCESS + 2 * i, i == 1 ? 0x9b : i == 6 ? 0x82 : i == 7 ? 0x8b : 0x93);
	}
	vmwrite(GUEST_GDTR_BASE, 0);
	vmwrite(GUEST_GDTR_LIMIT, 0xffff);
	vmwrite(GUEST_IDTR_BASE, 0);
	vmwrite(GUEST_IDTR_LIMIT, 0xffff);
	vmwrite(CR0_SHADOW, CR0_ET | CR0_CD | CR0_NW);
	vmwrite(GUEST_CR0, CR0_ET | CR0_NE);
	vmwrite(GUEST_CR3, 0);
	vmwrite(CR4_SHADOW, 0);
	vmwrite(GUEST_CR4, CR4_VMXE);
	vmwrite(GUEST_EFER, 0);
	vmwrite(ENTRY_CONTROLS, machine.caps.dom0.entry & ~ENTRY_IA32E);
	vmwrite(GUEST_DR7, 0x400);
	vmwrite(GUEST_RIP, 0xfff0);
	vmwrite(GUEST_RSP, 0);
	vmwrite(GUEST_RFLAGS, RFLAGS_FIXED);
	vmwrite(GUEST_INTERRUPTIBILITY, 0);
	vmwrite(GUEST_PENDING_DEBUG, 0);
	vmwrite(GUEST_ACTIVITY, ACTIVITY_WAIT_FOR_SIPI);
	invvpid(INV_SINGLE, 1, 0);
}

static void dom0_sipi(struct cpu *cpu)
{
	u64 vector = vmread(EXIT_QUALIFICATION) & 0xff;

	vmwrite(GUEST_ES_SELECTOR + 2, vector << 8);
	vmwrite(GUEST_CS_BASE, vector << 12);
	vmwrite(GUEST_RIP, 0);
	/* One that waited had SMIs and NMIs blocked. */
	vmwrite(GUEST_INTERRUPTIBILITY, 0);
	vmwrite(GUEST_ACTIVITY, ACTIVITY_ACTIVE);
}

static void dom0_wbinvd(struct cpu *cpu)
{
	wbinvd();
	skip_instruction();
}

static void dom0_undefined(struct cpu *cpu)
{
	inject_ud();
}

/* Linux resets a machine by a triple fault when nothing else worked. */
static void dom0_triple_fault(struct cpu *cpu)
{
	machine_reset();
}

static void dom0_misconfigured(struct cpu *cpu)
{
	core_panic("EPT misconfiguration in Domain-0");
}

/*
 * A row a reason. What is missing is not enabled, or an instruction that only
 * newer processors have.
 */
static void (*const rows[EXIT_REASONS])(struct cpu *cpu) = {
	[0 ... EXIT_REASONS - 1]	= dom0_undefined,
	[EXIT_TRIPLE_FAULT]		= dom0_triple_fault,
	[EXIT_INIT]			= dom0_init,
	[EXIT_SIPI]			= dom0_sipi,
	[EXIT_CPUID]			= dom0_cpuid,
	[EXIT_INVD]			= dom0_wbinvd,
	[EXIT_VMCALL]			= dom0_vmcall,
	[EXIT_CR_ACCESS]		= dom0_cr_access,
	[EXIT_RDMSR]			= dom0_rdmsr,
	[EXIT_WRMSR]			= dom0_wrmsr,
	[EXIT_EPT_VIOLATION]		= dom0_ept_violation,
	[EXIT_EPT_MISCONFIGURATION]	= dom0_misconfigured,
	[EXIT_PREEMPTION_TIMER]		= dom0_timer,
	[EXIT_XSETBV]			= dom0_xsetbv,
};

struct ctx *dom0_exit(struct cpu *cpu, u32 reason)
{
	if (unlikely(reason & EXIT_REASON_ENTRY_FAILURE)) {
		if (!cpu->entered)
			launch_failed(cpu, HV_WHY_GUEST_STATE |
				      (u64)(reason & EXIT_REASON_BASIC) << 32);
		core_panic("VM entry into Domain-0 refused");
	}
	cpu->entered = true;
	if (unlikely(reason >= EXIT_REASONS)) {
		dom0_undefined(cpu);
	} else {
		cpu->exits[reason]++;
		rows[reason](cpu);
	}
	return cpu->vcpu ? (struct ctx *)cpu->vcpu : &cpu->dom0;
}
