// SPDX-License-Identifier: GPL-2.0-only
/* Domain-0's exits: what hides VMX, what hides the core, NMIs, INIT and SIPI. */
#include "world.h"

static u64 *gpr;

static void fresh(void)
{
	world_start(&skylake_server, 2, NULL);
	gpr = this_cpu()->dom0.gpr;
}

static void no_vmx(void)
{
	static const u32 reasons[] = { EXIT_GETSEC, 19, 20, 21, 22, 23, 24, 25, 26, 27, EXIT_INVEPT,
				       EXIT_INVVPID, EXIT_VMFUNC, EXIT_SEAMCALL, EXIT_TDCALL };
	u64 rip;

	fresh();
	rip = vmread(GUEST_RIP);
	for (u32 i = 0; i < ARRAY_SIZE(reasons); i++) {
		dom0_do(reasons[i], 0);
		check(injected_ud() && vmread(GUEST_RIP) == rip);
	}
	ok(true, "VMX instructions, SEAMCALL and TDCALL are #UD, RIP stays");
	for (u32 msr = 0; msr < 0x2000; msr++) {
		if (msr == MSR_FEATURE_CONTROL)
			continue;
		gpr[RCX] = msr;
		dom0_do(EXIT_RDMSR, 0);
		check(injected_gp());
		dom0_do(EXIT_WRMSR, 0);
		check(injected_gp());
	}
	ok(true, "capability MSRs, and whatever else exits, are #GP");
	gpr[RCX] = MSR_FEATURE_CONTROL | BIT(40);
	gpr[RDX] = gpr[RAX] = ~0ULL;
	dom0_do(EXIT_RDMSR, 0);
	ok(injected() < 0 && gpr[RAX] == 1 && gpr[RDX] == 0, "FEATURE_CONTROL: locked, VMX off");
	gpr[RCX] = MSR_FEATURE_CONTROL;
	dom0_do(EXIT_WRMSR, 0);
	ok(injected_gp(), "and can't be written");
}

/* SDM volume 3, 26.1.3: does this MOV to CR0 or CR4 exit? */
static bool mov_cr_exits(u32 number, u64 value)
{
	enum vmcs_field shadow = number ? CR4_SHADOW : CR0_SHADOW;

	return (value ^ vmread(shadow)) & vmread(number ? CR4_MASK : CR0_MASK);
}

/* It does, and the handler has it done by the processor: again, without an exit. */
static bool mov_cr_again(u32 number, u64 value)
{
	u64 rip = vmread(GUEST_RIP), cr0 = vmread(GUEST_CR0), cr4 = vmread(GUEST_CR4);

	if (!mov_cr_exits(number, value))
		return false;
	gpr[RBX] = value;
	dom0_do(EXIT_CR_ACCESS, number | RBX << 8);
	return injected() < 0 && vmread(GUEST_RIP) == rip && vmread(GUEST_CR0) == cr0 &&
	       vmread(GUEST_CR4) == cr4 && !mov_cr_exits(number, value);
}

static void control_registers(void)
{
	fresh();
	ok(vmread(CR4_MASK) == CR4_VMXE && !(vmread(CR4_SHADOW) & CR4_VMXE) &&
	   vmread(GUEST_CR4) & CR4_VMXE, "CR4.VMXE reads as 0");
	ok(mov_cr_again(4, vmread(GUEST_CR4)) && vmread(CR4_SHADOW) & CR4_VMXE,
	   "until Domain-0 sets it, as KVM does");
	dom0_do(EXIT_VMXON, 0);
	ok(injected() == VECTOR_UD, "VMXON is #UD, for which KVM has a fixup");
	ok(mov_cr_again(4, vmread(GUEST_CR4) & ~CR4_VMXE) && !(vmread(CR4_SHADOW) & CR4_VMXE),
	   "and clears it");
	ok(mov_cr_again(4, vmread(GUEST_CR4)) && mov_cr_again(4, CR4_PAE) &&
	   !(vmread(CR4_SHADOW) & CR4_VMXE), "with all that a crash kernel's kexec clears, too");
	ok(mov_cr_again(0, vmread(GUEST_CR0) & ~CR0_NE) && vmread(GUEST_CR0) & CR0_NE,
	   "CR0.NE stays on, unseen");
	ok(mov_cr_again(0, CR0_PE | CR0_ET | CR0_NE | CR0_WP | CR0_PG),
	   "the MOV that sets it is left to do the rest");
	dom0_do(EXIT_CR_ACCESS, 3 | RBX << 8);
	ok(injected_gp(), "a register that does not exit is #GP");
	dom0_do(EXIT_CR_ACCESS, 8 | RBX << 8);
	ok(injected_gp(), "as is CR8");
	dom0_do(EXIT_CR_ACCESS, 0 | 2 << 4);
	ok(injected_gp(), "and CLTS, which does not either");
}

/* What no row is for: a processor that is newer than the table. */
static void unknown(void)
{
	static const u32 reasons[] = { 9, 11, 37, 42, 60, 77, 78, 200, 0xffff };
	u64 rip;

	fresh();
	rip = vmread(GUEST_RIP);
	for (u32 i = 0; i < ARRAY_SIZE(reasons); i++) {
		dom0_do(reasons[i], 0);
		check(injected_ud() && vmread(GUEST_RIP) == rip && !machine.dead);
	}
	ok(true, "an exit without a handler is #UD, and the core goes on");
}

static void fatal(void)
{
	static const u32 reasons[] = { EXIT_EPT_MISCONFIGURATION,
				       EXIT_GUEST_STATE | EXIT_REASON_ENTRY_FAILURE };

	for (volatile u32 i = 0; i < ARRAY_SIZE(reasons); i++) {
		fresh();
		dom0_do(EXIT_CPUID, 0);
		ok(no_return(reasons[i]) == MODEL_RESUMED && machine.dead && injected() == VECTOR_NMI,
		   "exit %#x is the core's fault: a panic", reasons[i]);
	}
}

/* The holder of the lock has faulted, now or while this processor waits. */
static void holder_dies(void)
{
	machine.dead = true;
}

static void lock_of_the_dead(void)
{
	u64 rip;

	fresh();
	rip = vmread(GUEST_RIP);
	machine.lock.held = 1;
	model.relax = holder_dies;
	gpr[RAX] = HV_GATE_BASE + GATE_NOP;
	ok(no_return(EXIT_VMCALL) == MODEL_RESUMED && model_resumed == &this_cpu()->dom0 &&
	   vmread(GUEST_RIP) == rip && gpr[RAX] == HV_GATE_BASE + GATE_NOP && injected() < 0,
	   "who waits for a dead processor's lock goes back to Domain-0, as it was");
	model.relax = NULL;
	machine.lock.held = 0;
	ok(gate_call(0, GATE_NOP, 0, 0, 0, 0).rax == -HV_EIO, "which tries again and is told");
	machine.lock.held = 1;
	exit_gpa = 0x4080000000ULL;
	ok(no_return(EXIT_EPT_VIOLATION) == MODEL_RESUMED && vmread(GUEST_RIP) == rip + 3,
	   "an access above what is mapped likewise");
	machine.lock.held = 0;
}

static void gate_from_linux(void)
{
	fresh();
	model_set(GUEST_SS_ACCESS, 0xc0f3);
	gpr[RAX] = HV_GATE_BASE + GATE_NOP;
	dom0_do(EXIT_VMCALL, 0);
	ok(injected_ud() && gpr[RAX] == HV_GATE_BASE + GATE_NOP, "VMCALL from CPL 3 is #UD");
	model_set(GUEST_SS_ACCESS, 0xc0b3);
	dom0_do(EXIT_VMCALL, 0);
	ok(injected_ud(), "from CPL 1 too");
	model_set(GUEST_SS_ACCESS, 0xc093);
	dom0_do(EXIT_VMCALL, 0);
	ok(injected() < 0 && gpr[RAX] == 0 && gpr[RDX] == machine.owned, "from CPL 0 it is the gate");
}

/* One of Linux's own, which numbers its hypercalls as KVM does. */
static u64 hypercall(u64 number)
{
	u64 rip = vmread(GUEST_RIP), domains = machine.domains;

	gpr[RAX] = number;
	gpr[RBX] = 0xb;
	gpr[RCX] = 0xc;
	gpr[RDX] = 0xd;
	gpr[RSI] = 0x51;
	dom0_do(EXIT_VMCALL, 0);
	check(injected() < 0 && vmread(GUEST_RIP) == rip + 3 && machine.domains == domains &&
	      gpr[RBX] == 0xb && gpr[RCX] == 0xc && gpr[RDX] == 0xd && gpr[RSI] == 0x51);
	return gpr[RAX];
}

static void over_kvm(void)
{
	boot.flags |= HV_BOOT_KVM;
}

static void hypercalls_below(void)
{
	static const struct world_options o = { .before_init = over_kvm };
	static const u64 down[] = { 5, 10, 11 };

	fresh();
	for (u64 number = 0; number < 64; number++)
		check(hypercall(number) == -1000UL);
	check(hypercall(~0ULL) == -1000UL && hypercall(HV_GATE_BASE + GATE_OPS) == -1000UL &&
	      hypercall(HV_GATE_BASE - 1) == -1000UL);
	ok(!model.hypercalls, "what is not the gate's does nothing, and is what KVM says of an unknown one");
	ok(!dom0_writes(0x4b564d05, 1) && !dom0_writes(0x4b564d07, 1), "KVM's MSRs are #GP");
	world_start(&skylake_server, 2, &o);
	gpr = this_cpu()->dom0.gpr;
	for (u32 i = 0; i < ARRAY_SIZE(down); i++)
		check(hypercall(down[i]) == 0x600d && model.hypercalls == i + 1 &&
		      !memcmp(model.hypercall, (u64 []){ down[i], 0xb, 0xc, 0xd, 0x51 },
			      sizeof(model.hypercall)));
	ok(true, "over KVM a kick, an IPI and a yield are handed down, with their arguments");
	for (u64 number = 0; number < 64; number++)
		if (number != 5 && number != 10 && number != 11)
			check(hypercall(number) == -1000UL);
	ok(model.hypercalls == 3, "and no other: some write to physical addresses");
	machine.dead = true;
	ok(hypercall(10) == 0x600d, "also while Linux panics because of the core");
	machine.dead = false;
	model_msr_add(0x4b564d05, MODEL_BOTH, 1);
	model_msr_add(0x4b564d07, MODEL_BOTH, 0);
	model_msr_add(0x4b564d03, MODEL_BOTH, 0);
	ok(dom0_writes(0x4b564d05, 0) && !model_msr(0x4b564d05)->value &&
	   dom0_writes(0x4b564d07, 1) && model_msr(0x4b564d07)->value == 1,
	   "MSRs of KVM's that take no address are Domain-0's");
	ok(!dom0_writes(0x4b564d03, OWN_START | 1) && !model_msr(0x4b564d03)->value,
	   "one that takes an address is #GP");
	boot.flags &= ~HV_BOOT_KVM;
}

static void rip_wraps(void)
{
	fresh();
	model_set(GUEST_CS_ACCESS, 0xc0fb);
	model_set(GUEST_SS_ACCESS, 0xc0f3);
	model_set(GUEST_RIP, 0xfffffffe);
	gpr[RAX] = 0;
	exit_length = 2;
	dom0_do(EXIT_CPUID, 0);
	ok(vmread(GUEST_RIP) == 0, "a 32-bit program at the end of its space does not stop the machine");
}

static void wrmsr_tracked(void)
{
	static const struct { u32 msr; u64 good, bad; } rows[] = {
		{ MSR_STAR, ~0ULL, 0 }, { MSR_LSTAR, 0xffffffff82000000ULL, BIT(47) },
		{ MSR_CSTAR, 0x1000, BIT(63) }, { MSR_SFMASK, 0x700, BIT(32) },
	};

	fresh();
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		gpr[RCX] = rows[i].msr;
		gpr[RAX] = (u32)rows[i].good;
		gpr[RDX] = rows[i].good >> 32 | BIT(35);
		dom0_do(EXIT_WRMSR, 0);
		check(injected() < 0 && model_msr(rows[i].msr)->value == rows[i].good);
		if (!rows[i].bad)
			continue;
		gpr[RAX] = (u32)rows[i].bad;
		gpr[RDX] = rows[i].bad >> 32;
		dom0_do(EXIT_WRMSR, 0);
		check(injected_gp() && model_msr(rows[i].msr)->value == rows[i].good);
	}
	ok(true, "the SYSCALL MSRs are checked before the core writes them");
}

/* The page that the local APIC answers for must not become one of the core's. */
static void apic_base(void)
{
	struct model_msr *base;

	fresh();
	base = model_msr(MSR_APIC_BASE);
	ok(!dom0_writes(MSR_APIC_BASE, OWN_START | 0x900) && base->value == 0xfee00900 &&
	   !dom0_writes(MSR_APIC_BASE, 0xfee01900) && !dom0_writes(MSR_APIC_BASE, BIT(40) | 0xfee00900),
	   "the local APIC can't be moved");
	ok(dom0_writes(MSR_APIC_BASE, 0xfee00d00) && base->value == 0xfee00d00, "x2APIC mode goes on");
	ok(!dom0_writes(MSR_APIC_BASE, 0xfee00900) && !dom0_writes(MSR_APIC_BASE, 0xfee00dff) &&
	   base->value == 0xfee00d00 && !machine.dead, "what the processor refuses is #GP, not a panic");
	ok(dom0_writes(MSR_APIC_BASE, 0xfee00100) && dom0_writes(MSR_APIC_BASE, 0xfee00900),
	   "and off, by the way that there is");
}

static void ask(u32 leaf, u32 subleaf)
{
	gpr[RAX] = leaf;
	gpr[RCX] = subleaf;
	dom0_do(EXIT_CPUID, 0);
}

/* Its packets go to physical addresses. */
static void no_tracing(void)
{
	fresh();
	for (u32 msr = 0x560; msr <= 0x58b; msr++) {
		gpr[RCX] = msr;
		dom0_do(EXIT_RDMSR, 0);
		check(injected_gp());
		check(!dom0_writes(msr, 0) && !dom0_writes(msr, 1));
	}
	ok(true, "Intel PT's MSRs are #GP");
	ok(vmread(XSS_EXITING_BITMAP) == BIT(8), "XRSTORS of its state exits");
	dom0_do(EXIT_XRSTORS, 0);
	ok(injected_ud(), "and is #UD");
	check(cpuid(7, 0).ebx & BIT(25));
	ask(7, 0);
	ok(!(gpr[RBX] & BIT(25)) && gpr[RBX] == (cpuid(7, 0).ebx & ~BIT(25)), "CPUID has no Intel PT");
	ask(0x14, 0);
	ok(!gpr[RAX] && !gpr[RBX] && !gpr[RCX] && !gpr[RDX], "and an empty leaf 14H");
	ask(0xd, 1);
	ok(gpr[RCX] == (cpuid(0xd, 1).ecx & ~BIT(8)), "nor its XSAVE state");
	ask(0xd, 8);
	ok(!gpr[RAX] && !gpr[RBX] && !gpr[RCX] && !gpr[RDX], "nor that one's leaf");
	ok(!dom0_writes(0x80, 0xfe0c0000) && !dom0_writes(0x84, 0) && !dom0_writes(0x1f4, 0) &&
	   !dom0_writes(0x2f5, 0) && !dom0_writes(0x984, 0) && !dom0_writes(0x1400, 0),
	   "nor can what maps physical memory otherwise be written");
}

#define TABLE	(FREE_RAM + 0x10000)

static u64 table_at[2];

/* Two packages, a table each; of two pages. */
static void feedback(void)
{
	model_leaf(6, 0)->eax |= BIT(19) | BIT(23);
	model_leaf(6, 0)->edx = 1 << 8;
	for (u32 i = 0; i < 2; i++) {
		model_use(i);
		model_msr_add(0x17d0, MODEL_BOTH, table_at[i]);
	}
	model_use(0);
}

static void feedback_table(void)
{
	const struct world_options o = { .before_init = feedback };
	const struct world_options late = { .before_init = feedback, .no_launch = true };
	u64 why;

	table_at[0] = TABLE | 1;
	table_at[1] = (TABLE + 0x4000) | 1;
	world_start(&skylake_server, 2, &o);
	gpr = this_cpu()->dom0.gpr;
	ok(machine.tables == 2 && gate_call(0, GATE_DONATE, TABLE, 1, 0, 0).rax == -HV_EBUSY &&
	   gate_call(0, GATE_DONATE, TABLE + 0x1000, 1, 0, 0).rax == -HV_EBUSY &&
	   gate_call(0, GATE_DONATE, TABLE + 0x2000, 4, 0, 0).rax == -HV_EBUSY,
	   "the processor's feedback tables are not taken");
	ok(!gate_call(0, GATE_DONATE, TABLE + 0x2000, 2, 0, 0).rax &&
	   !gate_call(0, GATE_DONATE, TABLE - 0x1000, 1, 0, 0).rax, "what lies around them is");
	ok(!dom0_writes(0x17d0, OWN_START | 1) && !dom0_writes(0x17d0, (TABLE + 0x8000) | 1) &&
	   !dom0_writes(0x17d0, (TABLE + 0x1000) | 1) && !dom0_writes(0x17d0, 1) &&
	   model_msr(0x17d0)->value == table_at[0], "no table can be anywhere else");
	ok(dom0_writes(0x17d0, TABLE | 1) && !dom0_writes(0x17d0, TABLE | 3) && !machine.dead,
	   "the same one can be named again");
	ask(6, 0);
	ok(gpr[RAX] == (cpuid(6, 0).eax & ~(BIT(19) | BIT(23))), "CPUID has no feedback interface");

	table_at[0] = table_at[1] = TABLE;
	world_start(&skylake_server, 2, &o);
	gpr = this_cpu()->dom0.gpr;
	ok(!machine.tables && !dom0_writes(0x17d0, TABLE | 1) &&
	   !gate_call(0, GATE_DONATE, TABLE, 2, 0, 0).rax, "one that is not valid is none");
	table_at[0] = table_at[1] = OWN_START | 1;
	world_start(&skylake_server, 2, &late);
	ok(world_enter(0, HV_ENTER_LAUNCH, &why) == MODEL_LINUX && why == HV_WHY_FEEDBACK &&
	   !model.me->vmx && !machine.lock.held, "no launch with one in the core's memory");
}

static void tracing(void)
{
	model_msr(0x570)->value = 0x2001;
}

static void no_launch_while_tracing(void)
{
	const struct world_options o = { .before_init = tracing, .no_launch = true };
	u64 why;

	world_start(&skylake_server, 2, &o);
	ok(world_enter(0, HV_ENTER_LAUNCH, &why) == MODEL_LINUX && why == HV_WHY_TRACING &&
	   !model.me->vmx && !machine.cpu[0], "no launch while Intel PT traces");
	model_msr(0x570)->value = 0x2000;
	ok(world_enter(0, HV_ENTER_LAUNCH, &why) == MODEL_RESUMED, "launch when it does not");
}

static void xsetbv(void)
{
	static const u64 good[] = { 1, 3, 7, 0xe7 };	/* with MPX, PKRU or both */
	bool wrong = false;

	fresh();
	for (u64 v = 0; v < 0x800; v++) {
		bool expect = false;

		for (u32 i = 0; i < ARRAY_SIZE(good); i++)
			expect |= good[i] == (v & ~0x218ULL);
		expect &= (v & 0x18) == 0 || (v & 0x18) == 0x18;
		gpr[RAX] = v;
		gpr[RCX] = gpr[RDX] = 0;
		dom0_do(EXIT_XSETBV, 0);
		wrong |= injected_gp() == expect || (expect && model.me->xcr0 != v);
	}
	ok(!wrong, "XSETBV: what the processor takes and no more");
	gpr[RAX] = 7;
	gpr[RCX] = 1;
	dom0_do(EXIT_XSETBV, 0);
	ok(injected_gp(), "XCR1");
	gpr[RCX] = 0;
	model_set(GUEST_SS_ACCESS, 0xc0f3);
	dom0_do(EXIT_XSETBV, 0);
	ok(injected_gp(), "CPL 3");
}

/* SDM volume 3, 29.3.3: the qualification; table 28-7 */
static bool page_fault(u64 qualification, u64 linear, u32 error)
{
	exit_gpa = OWN_START + 0x3210;
	exit_linear = linear;
	model.me->cr2 = 0;
	dom0_do(EXIT_EPT_VIOLATION, qualification);
	if (injected() != VECTOR_PF)
		return false;
	check(model.me->cr2 == linear && vmread(ENTRY_EXCEPTION_ERROR) == error &&
	      vmread(ENTRY_INTERRUPTION_INFO) == (INFO_VALID | INFO_HARDWARE | INFO_ERROR_CODE | VECTOR_PF));
	return true;
}

/* load_unaligned_zeropad() and others in Linux have an answer to a page that is not there. */
static void hidden_from_linux(void)
{
	const u64 linear = 0xffff888000200000ULL;

	fresh();
	ok(page_fault(0x181, linear, 0) && page_fault(0x182, linear, 2) && page_fault(0x184, linear, 0x10),
	   "Linux's own access to the core's memory is #PF: a read, a write, a fetch");
	ok(!page_fault(0x181, 0x7000200000ULL, 0) && injected_gp(), "by an address of a program's: #GP");
	ok(!page_fault(0x81, linear, 0) && injected_gp(), "that of a page table: #GP");
	ok(!page_fault(1, linear, 0) && injected_gp(), "without an address: #GP");
	model_set(GUEST_SS_ACCESS, 0xc0f3);
	ok(!page_fault(0x181, linear, 0) && injected_gp(), "a program's: #GP");
	world_start(&panther_lake, 1, NULL);
	gpr = this_cpu()->dom0.gpr;
	ok(page_fault(0x181, linear, 0) && vmread(INJECTED_EVENT_DATA) == linear, "for FRED with the address as well");
}

static void hidden(void)
{
	struct answer r;
	u64 rip, pool;
	u32 events;
	int level;

	fresh();
	model_set(GUEST_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
	rip = vmread(GUEST_RIP);
	exit_gpa = OWN_START + 0x3210;
	dom0_do(EXIT_EPT_VIOLATION, 2);
	ok(injected_gp() && vmread(GUEST_RIP) == rip, "an access to the core's memory is #GP");
	r = gate_call(0, GATE_EVENT, 0, 0, 0, 0);
	ok(!r.rax && r.rdx == HV_EVENT_PROTECTION && r.rcx == OWN_START + 0x3210, "and an event");
	ok(*ept_find(&machine.dom0_ept, OWN_START + 0x3210, &level) == EPT_OWNER_CORE,
	   "it stays hidden");
	exit_gpa = OWN_START;
	exit_vectoring = INFO_VALID | 0x30;
	dom0_do(EXIT_EPT_VIOLATION, 1);
	ok(injected_gp(), "in the middle of a delivery too");
	exit_gpa = 0x4080001000ULL;
	pool = machine.pool.count;
	exit_vectoring = INFO_VALID | 0x30;
	dom0_do(EXIT_EPT_VIOLATION, 1);
	u64 entry = *ept_find(&machine.dom0_ept, 0x4080000000ULL, &level);

	ok(injected() == 0x30 && level == 3 &&
	   entry == (0x4080000000ULL | EPT_RWX | EPT_TYPE(MEMORY_UC) | EPT_LARGE),
	   "a device above what was mapped is filled in, the interrupt comes again");
	ok(machine.pool.count >= pool - 1, "at the price of a table");
	exit_gpa = 0x4100001000ULL;
	dom0_do(EXIT_EPT_VIOLATION, 1);
	entry = *ept_find(&machine.dom0_ept, 0x4100001000ULL, &level);
	ok(level == 3 && entry == (0x4100000000ULL | EPT_RWX | EPT_TYPE(MEMORY_WB) | EPT_LARGE),
	   "RAM that came later is write-back, as the MTRRs say");
	model_msr(0x206)->value = 0x4000000000ULL;
	model_msr(0x207)->value = 0x3fffffc00800ULL;
	exit_gpa = 0x4000001000ULL;
	dom0_do(EXIT_EPT_VIOLATION, 1);
	entry = *ept_find(&machine.dom0_ept, 0x4000001000ULL, &level);
	ok(level == 2 && entry == (0x4000000000ULL | EPT_RWX | EPT_LARGE), "a smaller page where the type changes");
	exit_gpa = 0x4000400000ULL;
	dom0_do(EXIT_EPT_VIOLATION, 1);
	entry = *ept_find(&machine.dom0_ept, 0x4000400000ULL, &level);
	ok(level == 2 && entry == (0x4000400000ULL | EPT_RWX | EPT_TYPE(MEMORY_WB) | EPT_LARGE),
	   "and the other type beside it");
	exit_gpa = 0x100000;
	dom0_do(EXIT_EPT_VIOLATION, 1);
	ok(injected() < 0, "a stale translation: try again");
	exit_vectoring = INFO_VALID | INFO_NMI | VECTOR_NMI;
	model_set(GUEST_INTERRUPTIBILITY, BLOCKED_BY_NMI);
	exit_gpa = 0x8000000000ULL;
	dom0_do(EXIT_EPT_VIOLATION, 1);
	ok(injected() == VECTOR_NMI, "an NMI that was cut off comes again");
	model_set(GUEST_INTERRUPTIBILITY, 0);
	events = machine.event_count;
	for (int bit = 48; bit < 52; bit++) {
		exit_gpa = BIT(bit) | 0x100000;
		dom0_do(EXIT_EPT_VIOLATION, 1);
		check(injected_gp());
	}
	ok(machine.event_count == events,
	   "above what four levels translate is #GP, not an endless loop");
}

static void small_pages(void)
{
	boot.pool[0].end = boot.own[0].end += 2800 * PAGE_SIZE;
	model_msr(MSR_VMX_EPT_VPID_CAP)->value &= ~(EPT_CAP_1G | EPT_CAP_2M);
}

static void far_small_page(void)
{
	const struct world_options o = { .before_init = small_pages };
	u64 entry;
	int level;

	world_start(&skylake_server, 1, &o);
	exit_gpa = 0x4080003000ULL;
	dom0_do(EXIT_EPT_VIOLATION, 1);
	entry = *ept_find(&machine.dom0_ept, 0x4080003000ULL, &level);
	ok(level == 1 && entry == (0x4080003000ULL | EPT_RWX),
	   "without large pages a device is filled in page by page");
}

/* What Domain-0 could do to fill the pool's last pages: nothing dangerous. */
static void hidden_without_pool(void)
{
	fresh();
	while (!gate_call(0, GATE_RECLAIM, 0, 0, 0, 0).rax)
		;
	exit_gpa = 0x300000000000ULL;
	dom0_do(EXIT_EPT_VIOLATION, 1);
	ok(injected_gp(), "a far device without a page for its table is #GP");
}

static void nmi(void)
{
	struct cpu *cpu;
	bool timer;

	fresh();
	cpu = this_cpu();
	cpu->nmi_pending = true;
	gpr[RAX] = 0;
	dom0_do(EXIT_CPUID, 0);
	ok(injected() == VECTOR_NMI && !cpu->nmi_pending, "an NMI in root mode comes at the next entry");
	cpu->nmi_pending = true;
	model_set(GUEST_INTERRUPTIBILITY, BLOCKED_BY_NMI);
	dom0_do(EXIT_CPUID, 0);
	timer = vmread(PIN_BASED_CONTROLS) & PIN_PREEMPTION_TIMER;
	ok(injected() < 0 && cpu->nmi_pending && timer && vmread(PREEMPTION_TIMER),
	   "inside the NMI handler it waits, with the timer on");
	dom0_do(EXIT_PREEMPTION_TIMER, 0);
	ok(injected() < 0 && vmread(PIN_BASED_CONTROLS) & PIN_PREEMPTION_TIMER, "and again");
	model_set(GUEST_INTERRUPTIBILITY, 0);
	dom0_do(EXIT_PREEMPTION_TIMER, 0);
	ok(injected() == VECTOR_NMI && !(vmread(PIN_BASED_CONTROLS) & PIN_PREEMPTION_TIMER),
	   "until the handler is done; the timer is off");
	cpu->nmi_pending = true;
	cpu->mc_pending = true;
	dom0_do(EXIT_CPUID, 0);
	ok(injected() == VECTOR_MC && cpu->nmi_pending, "a machine check first");
	dom0_do(EXIT_PREEMPTION_TIMER, 0);
	ok(injected() == VECTOR_NMI && !cpu->pending, "then the NMI");
	cpu->nmi_pending = true;
	gpr[RCX] = 0x480;
	dom0_do(EXIT_RDMSR, 0);
	ok(injected_gp() && cpu->nmi_pending, "behind a #GP it waits");
	dom0_do(EXIT_PREEMPTION_TIMER, 0);
	ok(injected() == VECTOR_NMI, "and comes");
	model_set(GUEST_INTERRUPTIBILITY, BLOCKED_BY_MOV_SS);
	cpu->nmi_pending = true;
	dom0_do(EXIT_PREEMPTION_TIMER, 0);
	ok(injected() < 0 && cpu->nmi_pending, "not into the shadow of MOV SS");
	model_set(GUEST_INTERRUPTIBILITY, BLOCKED_BY_STI);
	model_set(GUEST_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
	dom0_do(EXIT_PREEMPTION_TIMER, 0);
	ok(injected() == VECTOR_NMI, "that of STI does not matter to it");
}

static void linux_has_fred(void)
{
	model.me->cr4 |= CR4_FRED;
}

/* What an IDT's handler reads from CR2, a FRED's finds on its stack. */
static void fred(void)
{
	static const struct world_options o = { .before_init = linux_has_fred };

	world_start(&panther_lake, 1, &o);
	gpr = this_cpu()->dom0.gpr;
	exit_gpa = 0x4080000000ULL;
	exit_vectoring = INFO_VALID | INFO_HARDWARE | INFO_ERROR_CODE | BIT(13) | 14;
	exit_vectoring_error = 2;
	model_set(ORIGINAL_EVENT_DATA, 0x7f0000001000ULL);
	dom0_do(EXIT_EPT_VIOLATION, 2);
	ok(injected() == VECTOR_PF && vmread(INJECTED_EVENT_DATA) == 0x7f0000001000ULL &&
	   vmread(ENTRY_INTERRUPTION_INFO) & BIT(13), "FRED: a cut off #PF keeps its data, nested as it was");
	gpr[RCX] = 0x480;
	dom0_do(EXIT_RDMSR, 0);
	ok(injected_gp() && !vmread(INJECTED_EVENT_DATA), "a #GP after it has none");
	exit_gpa = 0x4080000000ULL;
	exit_vectoring = INFO_VALID | 7 << 8 | 1;
	exit_length = 2;
	dom0_do(EXIT_EPT_VIOLATION, 2);
	ok(injected() == 1 && vmread(ENTRY_INSTRUCTION_LENGTH) == 2, "a cut off SYSCALL goes on");
	model_set(INJECTED_EVENT_DATA, 1);
	this_cpu()->nmi_pending = this_cpu()->mc_pending = true;
	gpr[RAX] = 0;
	dom0_do(EXIT_CPUID, 0);
	ok(injected() == VECTOR_MC && !vmread(INJECTED_EVENT_DATA), "nor a machine check");
	model_set(INJECTED_EVENT_DATA, 1);
	dom0_do(EXIT_PREEMPTION_TIMER, 0);
	ok(injected() == VECTOR_NMI && !vmread(INJECTED_EVENT_DATA), "nor an NMI");
}

/* As kmod/core/fault.c has it. */
struct frame {
	u64 gpr[16];
	u64 vector, error, rip, cs, rflags, rsp, ss;
};
void fault(struct frame *frame);

extern char wrmsr_ok_instruction[], rdmsr_ok_instruction[], msr_refused[];

static void refused_msrs(void)
{
	struct frame frame = { .vector = VECTOR_GP, .rip = (u64)wrmsr_ok_instruction };

	fresh();
	fault(&frame);
	ok(frame.rip == (u64)msr_refused && !machine.dead, "#GP at wrmsr_ok()'s WRMSR is an answer");
	frame.rip = (u64)rdmsr_ok_instruction;
	fault(&frame);
	ok(frame.rip == (u64)msr_refused && !machine.dead, "as at rdmsr_ok()'s RDMSR");
}

/* After the last look at what is pending and before VMRESUME. */
static void nmi_too_late(void)
{
	struct frame frame = { .vector = VECTOR_NMI };
	struct vcpu *vcpu;

	fresh();
	fault(&frame);
	ok(this_cpu()->nmi_pending && vmread(PIN_BASED_CONTROLS) & PIN_PREEMPTION_TIMER &&
	   vmread(PREEMPTION_TIMER) == 0, "an NMI just before VMRESUME makes Domain-0 exit at once");
	dom0_do(EXIT_PREEMPTION_TIMER, 0);
	ok(injected() == VECTOR_NMI, "and comes");
	dom0_do(EXIT_PREEMPTION_TIMER, 0);
	ok(!(vmread(PIN_BASED_CONTROLS) & PIN_PREEMPTION_TIMER), "the timer goes off again");
	vcpu = running_guest();
	fault(&frame);
	ok(vmread(PREEMPTION_TIMER) == 0, "a DomU exits at once too");
	ok(!guest_exit(EXIT_PREEMPTION_TIMER, 0) && injected() == VECTOR_NMI && !vcpu->busy,
	   "and Domain-0 gets it");
	frame.vector = VECTOR_MC;
	fault(&frame);
	dom0_do(EXIT_PREEMPTION_TIMER, 0);
	ok(injected() == VECTOR_MC, "a machine check likewise");
	this_cpu()->nmi_pending = true;
	guest_run(vcpu);
	ok(vmread(PREEMPTION_TIMER) == 0, "one before the DomU's timer was armed is not armed over");
	ok(!guest_exit(EXIT_PREEMPTION_TIMER, 0) && left.rax == HV_RUN_INTERRUPT &&
	   injected() == VECTOR_NMI, "and comes");
	guest_run(vcpu);
	ok(vmread(PREEMPTION_TIMER) != 0, "the next run has its time");
}

/* SDM volume 3, 25.9.1: bits 16 to 30 say more about an exit, not which it is. */
static void in_an_enclave(void)
{
	static const u32 bits[] = { BIT(25), BIT(26), BIT(27) };

	for (u32 i = 0; i < ARRAY_SIZE(bits); i++) {
		u64 count;

		fresh();
		count = this_cpu()->exits[EXIT_PREEMPTION_TIMER];
		this_cpu()->nmi_pending = true;
		dom0_do(EXIT_PREEMPTION_TIMER | bits[i], 0);
		ok(injected() == VECTOR_NMI && this_cpu()->exits[EXIT_PREEMPTION_TIMER] == count + 1,
		   "exit reason with bit %d: its handler, no #UD", __builtin_ctz(bits[i]));
	}
}

static void init_sipi(void)
{
	world_start(&skylake_server, 2, NULL);
	model_use(1);
	gpr = this_cpu()->dom0.gpr;
	gpr[RSI] = 5;
	dom0_do(EXIT_INIT, 0);
	ok(vmread(GUEST_ACTIVITY) == ACTIVITY_WAIT_FOR_SIPI && !vmread(GUEST_EFER) &&
	   !(vmread(ENTRY_CONTROLS) & ENTRY_IA32E) && vmread(GUEST_CR4) == CR4_VMXE &&
	   vmread(GUEST_CR0) == (CR0_ET | CR0_NE) && !vmread(GUEST_CR3) && gpr[RSI] == 0 &&
	   gpr[RDX] == 0x50654, "INIT: the state of SDM table 9-1, waiting");
	ok(vmread(GUEST_PAT) == 0x0007040600070406ULL, "PAT stays");
	model_set(GUEST_INTERRUPTIBILITY, BIT(2) | BLOCKED_BY_NMI);
	dom0_do(EXIT_SIPI, 0x9a);
	ok(!vmread(GUEST_INTERRUPTIBILITY), "SIPI: what blocks SMIs and NMIs while it waits is over");
	ok(vmread(GUEST_ACTIVITY) == ACTIVITY_ACTIVE && vmread(GUEST_RIP) == 0 &&
	   vmread(GUEST_ES_SELECTOR + 2) == 0x9a00 && vmread(GUEST_CS_BASE) == 0x9a000,
	   "it starts at its vector");
}

static void faults(void)
{
	const struct world_options o = { .flags = HV_BOOT_SELFTEST };
	struct hv_crash *crash;

	for (volatile u64 kind = 0; kind < 3; kind++) {
		struct cpu *cpu;
		int how;

		world_start(&skylake_server, 1, &o);
		crash = ram(CRASH_PAGE);
		cpu = this_cpu();
		gpr = cpu->dom0.gpr;
		gpr[RAX] = HV_GATE_BASE + GATE_FAULT;
		gpr[RDI] = kind;
		how = no_return(EXIT_VMCALL);
		if (kind < 2) {
			ok(how == (kind ? MODEL_PAGE_0 : MODEL_UD2), "a fault on purpose");
			continue;
		}
		ok(how == MODEL_RESUMED && model_resumed == &cpu->dom0 && injected() == VECTOR_NMI &&
		   machine.dead, "a panic of the core is an NMI to Domain-0");
		ok(crash->magic == HV_CRASH_MAGIC && crash->exit_reason == EXIT_VMCALL &&
		   !strcmp(crash->text, "asked for"), "with the last words in the crash page");
		ok(gate_call(0, GATE_NOP, 0, 0, 0, 0).rax == -HV_EIO, "the gate is shut");
	}
}

int main(void)
{
	no_vmx();
	control_registers();
	unknown();
	fatal();
	lock_of_the_dead();
	gate_from_linux();
	hypercalls_below();
	rip_wraps();
	wrmsr_tracked();
	apic_base();
	no_tracing();
	feedback_table();
	no_launch_while_tracing();
	xsetbv();
	hidden();
	hidden_from_linux();
	far_small_page();
	hidden_without_pool();
	nmi();
	refused_msrs();
	nmi_too_late();
	in_an_enclave();
	fred();
	init_sipi();
	faults();
	return tap_done();
}
