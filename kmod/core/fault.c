// SPDX-License-Identifier: GPL-2.0-only
/*
 * The core's own IDT. An NMI or a machine check that arrives in root mode is
 * Linux's: it is noted and injected into Domain-0 at its next entry. That WRMSR
 * or RDMSR is refused is an answer, if wrmsr_ok() or rdmsr_ok() asked. Any other
 * vector is a fault of the core: its registers go into the crash page, no DomU
 * runs again, and Domain-0 gets an NMI whose handler panics with them.
 */
#include "domain.h"

struct frame {
	u64 gpr[16];
	u64 vector, error, rip, cs, rflags, rsp, ss;
};

struct gate_descriptor {
	u16 offset0;
	u16 selector;
	u8 ist;
	u8 type;
	u16 offset1;
	u32 offset2;
	u32 zero;
};

static struct gate_descriptor idt[32] __aligned(16);
extern char fault_stubs[], wrmsr_ok_instruction[], rdmsr_ok_instruction[], msr_refused[];

#define STUB_BYTES	16
#define GATE_INTERRUPT	0x8e

void fault(struct frame *frame);

u64 fault_idt(void)
{
	return (u64)idt;
}

static u8 ist_of(u32 vector)
{
	if (vector == VECTOR_NMI)
		return IST_NMI;
	return vector == VECTOR_MC ? IST_MC : IST_FAULT;
}

void fault_init(void)
{
	for (u32 v = 0; v < 32; v++) {
		u64 address = (u64)fault_stubs + v * STUB_BYTES;

		idt[v] = (struct gate_descriptor){
			.offset0 = address,
			.offset1 = address >> 16,
			.offset2 = address >> 32,
			.selector = CORE_CS,
			.ist = ist_of(v),
			.type = GATE_INTERRUPT,
		};
	}
}

/* The last resort: no IDT, then a fault. Root mode makes that a shutdown. */
__noreturn void machine_reset(void)
{
	struct hv_table none = { 0, 0 };

	out8(0xcf9, 0x02);
	out8(0xcf9, 0x06);
	lidt(&none);
	for (;;)
		ud2();
}

static void debug_text(const char *text)
{
	if (boot.flags & HV_BOOT_SELFTEST)
		while (*text)
			out8(0xe9, *text++);
}

static void debug_number(const char *name, u64 value)
{
	debug_text(name);
	for (int shift = 60; shift >= 0; shift -= 4)
		out8(0xe9, "0123456789abcdef"[value >> shift & 15]);
}

static void write_crash(const struct cpu *cpu, const struct frame *frame, const char *text)
{
	struct hv_crash *crash = machine.crash;
	u32 i;

	if (boot.flags & HV_BOOT_SELFTEST) {
		debug_text("hvmod core: ");
		debug_text(text);
		debug_number(" vector ", frame->vector);
		debug_number(" error ", frame->error);
		debug_number(" rip ", frame->rip);
		debug_number(" rsp ", frame->rsp);
		debug_number(" cr2 ", read_cr2());
		debug_number(" rdi ", frame->gpr[RDI]);
		debug_number(" rax ", frame->gpr[RAX]);
		debug_text("\n");
	}
	if (!crash || machine.dead)
		return;
	crash->cpu = cpu->number;
	crash->vector = frame->vector;
	crash->error = frame->error;
	crash->rip = frame->rip;
	crash->rsp = frame->rsp;
	crash->rflags = frame->rflags;
	crash->cr2 = read_cr2();
	for (i = 0; i < 16; i++)
		crash->gpr[i] = frame->gpr[i];
	if (cpu->launched) {
		crash->exit_reason = vmread(EXIT_REASON);
		crash->qualification = vmread(EXIT_QUALIFICATION);
		crash->guest_rip = vmread(GUEST_RIP);
	}
	for (i = 0; i + 1 < sizeof(crash->text) && text[i]; i++)
		crash->text[i] = text[i];
	crash->text[i] = 0;
	__atomic_store_n(&crash->magic, HV_CRASH_MAGIC, __ATOMIC_RELEASE);
}

static __noreturn void die(struct frame *frame, const char *text)
{
	struct cpu *cpu = this_cpu();
	bool again = cpu->faulted;

	cpu->faulted = true;
	if (!again)
		write_crash(cpu, frame, text);
	if (again || !cpu->launched)
		machine_reset();
	machine.dead = true;
	cpu->vcpu = NULL;
	if (!vmptrld(cpu->dom0.vmcs))
		machine_reset();
	vmwrite(HOST_RSP, (u64)&cpu->dom0.gpr[16]);
	dom0_inject(INFO_NMI | VECTOR_NMI, 0, 0);
	cpu->dom0.launched = 1;
	resume(&cpu->dom0);
}

__noreturn void core_panic(const char *text)
{
	struct frame frame = { .rip = (u64)__builtin_return_address(0), .vector = 255 };

	die(&frame, text);
}

__noreturn void vmx_field_error(u64 field)
{
	struct frame frame = { .rip = (u64)__builtin_return_address(0), .vector = 255,
			       .error = field };

	frame.gpr[RAX] = vmread(VM_INSTRUCTION_ERROR);
	die(&frame, "VMWRITE failed, field in error");
}

/*
 * Whoever waits does so for Domain-0, before it has changed anything: Domain-0
 * does it again, finds the core dead, and takes its interrupts meanwhile.
 */
__noreturn void lock_abandoned(void)
{
	struct cpu *cpu = this_cpu();

	if (!cpu->launched)
		machine_reset();
	resume(&cpu->dom0);
}

/*
 * It may have come after the last look at what is pending: whoever is entered
 * next exits at once, by its preemption timer. Any VMCS may be current, or none.
 */
static void expire_timer(struct cpu *cpu)
{
	if (!cpu->launched)
		return;
	vmwrite_ok(PIN_BASED_CONTROLS, vmread(PIN_BASED_CONTROLS) | PIN_PREEMPTION_TIMER);
	vmwrite_ok(PREEMPTION_TIMER, 0);
}

void fault(struct frame *frame)
{
	struct cpu *cpu = this_cpu();

	if (frame->vector == VECTOR_NMI) {
		cpu->nmi_pending = true;
		expire_timer(cpu);
		return;
	}
	if (frame->vector == VECTOR_MC) {
		cpu->mc_pending = true;
		expire_timer(cpu);
		return;
	}
	if (frame->vector == VECTOR_GP && (frame->rip == (u64)wrmsr_ok_instruction ||
					   frame->rip == (u64)rdmsr_ok_instruction)) {
		frame->rip = (u64)msr_refused;
		return;
	}
	die(frame, "fault in ring -1");
}
