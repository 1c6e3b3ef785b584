// SPDX-License-Identifier: GPL-2.0-only
/* Control and debug registers, XSETBV, PDPTEs. */
#include "world.h"

static struct vcpu *vcpu;

#define MOV_TO(cr, reg)		((cr) | (reg) << 8)
#define MOV_FROM(cr, reg)	((cr) | 1 << 4 | (reg) << 8)

static void fresh(void)
{
	world_start(&skylake_server, 1, NULL);
	vcpu = running_guest();
	guest_protected_mode();
}

static bool to_cr(int cr, u64 value)
{
	u64 rip = vmread(GUEST_RIP);

	vcpu->ctx.gpr[RBX] = value;
	guest_exit(EXIT_CR_ACCESS, MOV_TO(cr, RBX));
	if (injected_gp()) {
		check(vmread(GUEST_RIP) == rip && vmread(ENTRY_EXCEPTION_ERROR) == 0);
		return false;
	}
	check(injected() < 0 && vmread(GUEST_RIP) == rip + 3);
	return true;
}

static u64 cr0(void)
{
	const u64 mask = CR0_NE | CR0_CD | CR0_NW;

	return (vmread(GUEST_CR0) & ~mask) | (vmread(CR0_SHADOW) & mask);
}

static void test_cr0(void)
{
	fresh();
	ok(to_cr(0, CR0_PE | CR0_CD | CR0_NW) && cr0() == (CR0_PE | CR0_CD | CR0_NW | CR0_ET) &&
	   !(vmread(GUEST_CR0) & (CR0_CD | CR0_NW)) && vmread(GUEST_CR0) & CR0_NE,
	   "CD and NW are seen, never real; NE is on");
	ok(to_cr(0, CR0_PE | CR0_CD) && to_cr(0, CR0_PE), "CD alone, none");
	ok(!to_cr(0, CR0_PE | CR0_NW), "NW without CD");
	ok(!to_cr(0, CR0_PG), "PG without PE");
	ok(!to_cr(0, CR0_PE | BIT(32)) && !to_cr(0, CR0_PE | BIT(63)), "upper half");
	ok(to_cr(0, CR0_PE | BIT(7) | BIT(20)) && cr0() == (CR0_PE | CR0_ET),
	   "reserved bits of the lower half read as 0");
	ok(to_cr(0, CR0_NE), "to real mode");
	model_set(GUEST_CR0, CR0_NE | CR0_ET);
	vcpu->ctx.gpr[RBX] = CR0_PG;
	guest_exit(EXIT_CR_ACCESS, MOV_TO(0, RBX));
	ok(injected_gp() && !(vmread(ENTRY_INTERRUPTION_INFO) & INFO_ERROR_CODE),
	   "#GP in real mode has no error code");
}

static void test_long_mode(void)
{
	u32 flushes;

	fresh();
	model_set(GUEST_EFER, EFER_LME);
	ok(!to_cr(0, CR0_PE | CR0_PG | CR0_NE), "long mode without PAE");
	model_set(GUEST_CR4, CR4_VMXE | CR4_MCE | CR4_PAE);
	model_set(GUEST_CS_ACCESS, 0xa09b);
	ok(!to_cr(0, CR0_PE | CR0_PG | CR0_NE), "long mode from a segment with CS.L");
	model_set(GUEST_CS_ACCESS, 0xc09b);
	flushes = model.me->invvpids;
	ok(to_cr(0, CR0_PE | CR0_PG | CR0_NE) && vmread(GUEST_EFER) == (EFER_LME | EFER_LMA) &&
	   vmread(ENTRY_CONTROLS) & ENTRY_IA32E, "into long mode: LMA and the entry control");
	ok(model.me->invvpids > flushes, "translations are dropped");
	ok(to_cr(0, CR0_PE | CR0_NE) && vmread(GUEST_EFER) == EFER_LME &&
	   !(vmread(ENTRY_CONTROLS) & ENTRY_IA32E), "and out of it from compatibility mode");
	to_cr(0, CR0_PE | CR0_PG | CR0_NE);
	model_set(GUEST_CS_ACCESS, 0xa09b);
	ok(!to_cr(0, CR0_PE | CR0_NE) && vmread(GUEST_EFER) & EFER_LMA, "not from 64-bit mode");
	model_set(GUEST_CR4, CR4_VMXE | CR4_MCE | CR4_PAE | CR4_PCIDE);
	model_set(GUEST_CS_ACCESS, 0xc09b);
	ok(!to_cr(0, CR0_PE | CR0_NE), "not with PCIDE");
}

static void test_pdptes(void)
{
	u64 *table;

	fresh();
	table = phys(GUEST_RAM + 0x5020);
	model_set(GUEST_CR4, CR4_VMXE | CR4_MCE | CR4_PAE);
	model_set(GUEST_CR3, 0x5020 | 0x18);
	table[0] = 0x6001;
	table[1] = 0x7000 | BIT(63);			/* not present: anything goes */
	table[2] = 0x8019;
	table[3] = 0;
	ok(to_cr(0, CR0_PE | CR0_PG | CR0_NE) && vmread(GUEST_PDPTE0) == 0x6001 &&
	   vmread(GUEST_PDPTE0 + 2) == (0x7000 | BIT(63)) && vmread(GUEST_PDPTE0 + 4) == 0x8019,
	   "PAE paging loads the PDPTEs");
	to_cr(0, CR0_PE | CR0_NE);
	for (int bit = 0; bit < 64; bit++) {
		bool reserved = bit == 1 || bit == 2 || (bit >= 5 && bit <= 8) || bit >= 46;

		table[0] = 0x6001 | BIT(bit);
		check(to_cr(0, CR0_PE | CR0_PG | CR0_NE) == !reserved);
		if (!reserved)
			to_cr(0, CR0_PE | CR0_NE);
	}
	ok(true, "each reserved bit of a PDPTE is #GP");
	model_set(GUEST_CR3, 0x40000000);
	vcpu->ctx.gpr[RBX] = CR0_PE | CR0_PG;
	u64 rip = vmread(GUEST_RIP);

	ok(!guest_exit(EXIT_CR_ACCESS, MOV_TO(0, RBX)) && left.rax == HV_RUN_FAULT &&
	   left.rdx == 0x40000000, "a table that is not mapped: the driver is asked");
	guest_run(vcpu);
	ok(vmread(GUEST_RIP) == rip && !(vmread(GUEST_CR0) & CR0_PG), "and the instruction again");
}

static void test_cr4(void)
{
	u64 mask;

	fresh();
	mask = vmread(CR4_MASK);
	ok(mask & CR4_VMXE && mask & CR4_SMXE && mask & CR4_LA57 && mask & CR4_PKE && mask >> 32 == ~0U,
	   "what a DomU can't have exits");
	ok(!(mask & (CR4_PAE | CR4_PGE | CR4_OSXSAVE | CR4_SMEP | CR4_SMAP | CR4_FSGSBASE | CR4_PCIDE)),
	   "what it has does not");
	ok(!to_cr(4, CR4_VMXE) && !to_cr(4, CR4_SMXE) && !to_cr(4, CR4_LA57) &&
	   !to_cr(4, CR4_PKE) && !to_cr(4, CR4_CET), "and is #GP");
	world_start(&ivy_bridge, 1, NULL);
	vcpu = running_guest();
	ok(vmread(CR4_MASK) & CR4_SMAP && !(vmread(CR4_MASK) & CR4_SMEP),
	   "SMAP only where CPUID has it");
	world_start(&panther_lake, 1, NULL);
	vcpu = running_guest();
	mask = CR4_PKS | CR4_UINTR | CR4_LASS | CR4_LAM_SUP | CR4_FRED;
	ok((vmread(CR4_MASK) & mask) == mask && !to_cr(4, CR4_LASS),
	   "no FRED and no LASS where the processor has them");
}

static u64 cr4(void)
{
	u64 mask = vmread(CR4_MASK);

	return (vmread(GUEST_CR4) & ~mask) | (vmread(CR4_SHADOW) & mask);
}

static bool sets_cr4(u64 value)
{
	return to_cr(4, value) && cr4() == value && vmread(GUEST_CR4) == (value | CR4_VMXE | CR4_MCE);
}

/* It exits when MCE changes, and what else changes does so with it. */
static void test_mce(void)
{
	u32 flushes;
	u64 *table;

	fresh();
	ok(vmread(CR4_MASK) & CR4_MCE && !cr4() && vmread(GUEST_CR4) == (CR4_VMXE | CR4_MCE),
	   "CR4.MCE is on before a guest sets it, and reads as 0");
	ok(sets_cr4(CR4_MCE) && sets_cr4(0), "it reads what it wrote");
	ok(to_cr(4, CR4_MCE | BIT(63)) && cr4() == CR4_MCE && sets_cr4(0), "32 bits, as the operand has");
	flushes = model.me->invvpids;
	ok(sets_cr4(CR4_MCE | CR4_OSFXSR | CR4_OSXSAVE) && model.me->invvpids == flushes,
	   "with others, that the TLB does not depend on");
	ok(sets_cr4(CR4_PSE | CR4_PGE) && model.me->invvpids > flushes, "and that it does");
	ok(!to_cr(4, CR4_MCE | CR4_VMXE) && !to_cr(4, CR4_MCE | CR4_LA57) && cr4() == (CR4_PSE | CR4_PGE),
	   "what it can't have is #GP, and nothing changes");
	ok(!to_cr(4, CR4_MCE | CR4_PCIDE), "PCIDE outside long mode");
	guest_long_mode();
	ok(!to_cr(4, CR4_MCE | CR4_OSFXSR), "PAE off in long mode");
	ok(!to_cr(4, CR4_PAE | BIT(63)) && !to_cr(4, CR4_PAE | CR4_FRED), "an upper half there");
	model_set(GUEST_CR3, 0x5001);
	ok(!to_cr(4, CR4_MCE | CR4_PAE | CR4_PCIDE), "PCIDE with a PCID in CR3");
	model_set(GUEST_CR3, 0x5018);
	ok(!to_cr(4, CR4_MCE | CR4_PAE | CR4_PCIDE), "or with PWT and PCD there");
	model_set(GUEST_CR3, 0x5000);
	ok(sets_cr4(CR4_MCE | CR4_PAE | CR4_PCIDE), "PCIDE in long mode");
	model_set(GUEST_CR3, 0x5001);
	ok(sets_cr4(CR4_PAE | CR4_PCIDE), "it stays with a PCID");
	fresh();
	table = phys(GUEST_RAM + 0x5000);
	model_set(GUEST_CR0, CR0_PE | CR0_PG | CR0_NE | CR0_ET);
	model_set(GUEST_CR3, 0x5000);
	table[0] = 0x6001;
	ok(sets_cr4(CR4_MCE | CR4_PAE) && vmread(GUEST_PDPTE0) == 0x6001, "PAE paging loads the PDPTEs");
	table[0] = 0x7001;
	ok(sets_cr4(CR4_PAE) && vmread(GUEST_PDPTE0) == 0x6001, "but not when MCE alone changes");
	ok(sets_cr4(CR4_MCE | CR4_PAE | CR4_PGE) && vmread(GUEST_PDPTE0) == 0x7001, "PGE loads them again");
	table[0] = 0x7001 | BIT(1);
	ok(!to_cr(4, CR4_PAE) && cr4() == (CR4_MCE | CR4_PAE | CR4_PGE), "a reserved bit there is #GP");
	model_set(GUEST_CR3, 0x40000000);
	vcpu->ctx.gpr[RBX] = CR4_PAE;
	u64 rip = vmread(GUEST_RIP);

	ok(!guest_exit(EXIT_CR_ACCESS, MOV_TO(4, RBX)) && left.rax == HV_RUN_FAULT && left.rdx == 0x40000000,
	   "a table that is not mapped: the driver is asked");
	guest_run(vcpu);
	ok(vmread(GUEST_RIP) == rip && cr4() & CR4_MCE, "and the instruction again");
}

/* The VMM and a saved state have the guest's. */
static void test_mce_state(void)
{
	struct hvmod_run *run;

	fresh();
	run = vcpu->run;
	for (int on = 0; on < 2; on++) {
		to_cr(4, on ? CR4_MCE | CR4_PSE : CR4_PSE);
		guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
		gate_call(0, GATE_VCPU_EXPORT, vcpu->domain->handle, 0, HVMOD_STATE_SREGS, 0);
		ok(run->sregs.cr4 == (on ? CR4_MCE | CR4_PSE : CR4_PSE), "MCE %d is told as such", on);
		run->sregs.cr4 ^= CR4_MCE;
		run->dirty = HVMOD_STATE_SREGS;
		guest_run(vcpu);
		ok(cr4() == (on ? CR4_PSE : CR4_MCE | CR4_PSE) && vmread(GUEST_CR4) & CR4_MCE,
		   "and what the VMM sets is read");
	}
}

static void test_cr8(void)
{
	fresh();
	for (int i = 0; i < 16; i++)
		check(to_cr(8, i) && vcpu->apic.tpr == (u32)i << 4);
	ok(!to_cr(8, 16) && !to_cr(8, BIT(32)) && !to_cr(8, ~0ULL), "CR8 above 15");
	vcpu->apic.tpr = 0x57;
	guest_exit(EXIT_CR_ACCESS, MOV_FROM(8, RSI));
	ok(vcpu->ctx.gpr[RSI] == 5, "CR8 is the upper half of TPR");
	guest_exit(EXIT_CR_ACCESS, MOV_FROM(8, RSP));
	ok(vmread(GUEST_RSP) == 5, "into RSP");
	model_set(GUEST_RSP, 9);
	guest_exit(EXIT_CR_ACCESS, MOV_TO(8, RSP));
	ok(vcpu->apic.tpr == 0x90, "from RSP");
}

static bool xsetbv(u64 value, u32 index)
{
	u64 *gpr = vcpu->ctx.gpr;

	gpr[RCX] = index | BIT(40);
	gpr[RAX] = (u32)value | BIT(63);
	gpr[RDX] = value >> 32 | BIT(50);
	guest_exit(EXIT_XSETBV, 0);
	return !injected_gp();
}

static void test_xsetbv(void)
{
	static const u64 good[] = { 1, 3, 7, 0xe7 };
	bool wrong = false;

	fresh();
	model_set(GUEST_CR4, CR4_VMXE | CR4_MCE | CR4_OSXSAVE);
	for (u64 v = 0; v < 0x800; v++) {
		bool expect = false;

		for (u32 i = 0; i < ARRAY_SIZE(good); i++)
			expect |= good[i] == v;
		wrong |= xsetbv(v, 0) != expect;
	}
	ok(!wrong, "XCR0: of the lowest 2048 values those that the SDM allows, no MPX and PKRU");
	ok(!xsetbv(BIT(62) | 7, 0) && !xsetbv(BIT(63) | 7, 0) && !xsetbv(BIT(17) | BIT(18) | 7, 0),
	   "AMX and the rest");
	ok(!xsetbv(7, 1), "XCR1");
	ok(xsetbv(7, 0) && model.me->xcr0 == 7 && vcpu->xcr0 == 7, "it is in the processor at once");
	model_set(GUEST_SS_ACCESS, 0xc0f3);
	ok(!xsetbv(3, 0) && vcpu->xcr0 == 7, "CPL 3");
}

static void test_dr(void)
{
	struct cpu *cpu;

	fresh();
	cpu = this_cpu();
	model.me->dr[0] = 0x1111;
	model.me->dr[6] = 0xffff0ff1;
	vcpu->dr[0] = 0x2222;
	u64 rip = vmread(GUEST_RIP);

	ok(vmread(PROC_BASED_CONTROLS) & PROC_MOV_DR, "MOV DR exits at first");
	guest_exit(EXIT_MOV_DR, 0);
	ok(vmread(GUEST_RIP) == rip && !(vmread(PROC_BASED_CONTROLS) & PROC_MOV_DR) &&
	   model.me->dr[0] == 0x2222 && cpu->dom0_dr[0] == 0x1111,
	   "then the guest has its registers and the instruction runs");
	model.me->dr[3] = 0x3333;
	model.me->dr[6] = 0xffff0ff2;
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	ok(model.me->dr[0] == 0x1111 && model.me->dr[3] == 0 && model.me->dr[6] == 0xffff0ff1,
	   "Domain-0 has its own back");
	guest_run(vcpu);
	ok(vmread(PROC_BASED_CONTROLS) & PROC_MOV_DR && model.me->dr[3] == 0, "they are not loaded");
	model_set(GUEST_DR7, 0x401);
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	guest_run(vcpu);
	ok(model.me->dr[3] == 0x3333 && model.me->dr[6] == 0xffff0ff2,
	   "unless a breakpoint of the guest is armed");
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	ok(model.me->dr[0] == 0x1111 && model.me->dr[6] == 0xffff0ff1, "back again");
}

int main(void)
{
	test_cr0();
	test_long_mode();
	test_pdptes();
	test_cr4();
	test_mce();
	test_mce_state();
	test_cr8();
	test_xsetbv();
	test_dr();
	return tap_done();
}
