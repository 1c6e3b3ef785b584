// SPDX-License-Identifier: GPL-2.0-only
/* Capabilities, the control solver, and the reasons of a launch that fails. */
#include "world.h"

static void solver(void)
{
	u32 word;

	ok(!vmx_solve(0xff00000001ULL | 0xf00000000ULL, 2, 4, &word) && word == 7,
	   "needed, wanted and must-be-1 bits come together");
	ok(vmx_solve(0x0f00000000ULL, 0x18, 0, &word) == 0x10, "a needed bit that is not allowed");
	ok(!vmx_solve(0x0f00000000ULL, 0x8, 0x30, &word) && word == 8,
	   "a wanted bit that is not allowed is left out");
	ok(!vmx_solve(0xffffffff00000016ULL, 0, 0, &word) && word == 0x16, "default-1 bits alone");
	for (int i = 0; i < 32; i++) {
		check(vmx_solve(~BIT(32 + i) & 0xffffffff00000000ULL, BIT(i), 0, &word) == BIT(i));
		check(!vmx_solve(0xffffffff00000000ULL, BIT(i), 0, &word) && word == BIT(i));
	}
	ok(true, "each bit by itself");
}

static u64 caps_without(u32 msr, u64 bits)
{
	struct vmx_caps caps = { 0 };
	struct model_msr *m;
	u64 saved, why;

	model_init(&skylake_server, 1);
	m = model_msr(msr);
	saved = m->value;
	m->value &= ~bits;
	why = vmx_read_caps(&caps);
	m->value = saved;
	return why;
}

static void reasons(void)
{
	static const struct {
		u32 msr;
		u64 bits;
		u32 why;
		const char *name;
	} rows[] = {
		{ MSR_VMX_TRUE_PROCBASED, BIT(63), HV_WHY_NO_SECONDARY, "secondary controls" },
		{ MSR_VMX_PROCBASED2, BIT(33), HV_WHY_NO_EPT, "EPT" },
		{ MSR_VMX_PROCBASED2, BIT(39), HV_WHY_NO_UNRESTRICTED, "unrestricted guest" },
		{ MSR_VMX_TRUE_PROCBASED, BIT(60), HV_WHY_NO_MSR_BITMAP, "MSR bitmaps" },
		{ MSR_VMX_TRUE_PINBASED, BIT(38), HV_WHY_NO_PREEMPT_TIMER, "preemption timer" },
		{ MSR_VMX_PROCBASED2, BIT(37), HV_WHY_CONTROLS, "VPID" },
		{ MSR_VMX_TRUE_EXIT, BIT(32 + 20), HV_WHY_CONTROLS, "save EFER" },
		{ MSR_VMX_TRUE_EXIT, BIT(32 + 21), HV_WHY_CONTROLS, "load host EFER" },
		{ MSR_VMX_TRUE_EXIT, BIT(32 + 18), HV_WHY_CONTROLS, "save PAT" },
		{ MSR_VMX_TRUE_ENTRY, BIT(32 + 15), HV_WHY_CONTROLS, "load guest EFER" },
		{ MSR_VMX_TRUE_ENTRY, BIT(32 + 14), HV_WHY_CONTROLS, "load guest PAT" },
		{ MSR_VMX_TRUE_PROCBASED, BIT(32 + 19), HV_WHY_CONTROLS, "CR8-load exiting" },
		{ MSR_VMX_TRUE_PROCBASED, BIT(32 + 24), HV_WHY_CONTROLS, "I/O exiting" },
		{ MSR_VMX_TRUE_PROCBASED, BIT(32 + 11), HV_WHY_CONTROLS, "RDPMC exiting" },
		{ MSR_VMX_TRUE_PINBASED, BIT(37), HV_WHY_CONTROLS, "virtual NMIs" },
		{ MSR_VMX_EPT_VPID_CAP, BIT(6), HV_WHY_EPT_FEATURES, "4-level walk" },
		{ MSR_VMX_EPT_VPID_CAP, BIT(14), HV_WHY_EPT_FEATURES, "write-back EPT" },
		{ MSR_VMX_EPT_VPID_CAP, BIT(20), HV_WHY_EPT_FEATURES, "INVEPT" },
		{ MSR_VMX_EPT_VPID_CAP, BIT(41), HV_WHY_EPT_FEATURES, "INVVPID of one" },
	};

	ok(!caps_without(MSR_VMX_BASIC, 0), "a Skylake server has all");
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 why = caps_without(rows[i].msr, rows[i].bits);

		ok((u32)why == rows[i].why && why >> 32, "no %s: the reason, with a detail",
		   rows[i].name);
	}
}

/* A guest that does not let go of the processor needs a timer that counts. */
static void broken_timers(void)
{
	static const struct { u32 signature; bool broken; } rows[] = {
		{ 0x20652, true }, { 0x20655, true }, { 0x306a8, true }, { 0x206e6, true },
		{ 0x106a5, true }, { 0x206e7, false },
		{ 0x306a8 | BIT(14) | BIT(31), true },	/* reserved bits */
		{ 0x306a9, false }, { 0x206c2, false }, { 0x50654, false },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vmx_caps caps = { 0 };
		u64 why;

		model_init(&ivy_bridge, 1);
		model_leaf(1, 0)->eax = rows[i].signature;
		why = vmx_read_caps(&caps);
		ok((u32)why == (rows[i].broken ? HV_WHY_BROKEN_TIMER : 0) &&
		   (!rows[i].broken || why >> 32 == (rows[i].signature & 0x0fff3fff)),
		   "CPUID %08x: its preemption timer %s",
		   rows[i].signature, rows[i].broken ? "is broken" : "counts");
	}
}

static void true_msrs(void)
{
	struct vmx_caps caps;

	model_init(&ivy_bridge, 1);
	ok(!vmx_read_caps(&caps) && !(caps.domu.proc & (PROC_CR3_LOAD | PROC_CR3_STORE)),
	   "with VMX_BASIC[55] the TRUE MSRs are used");
	ok(!model_msr(MSR_VMX_PROCBASED)->reads && model_msr(MSR_VMX_TRUE_PROCBASED)->reads,
	   "and the others are not");
	model_init(&ivy_bridge, 1);
	model_msr(MSR_VMX_BASIC)->value &= ~BIT(55);
	model_msr(MSR_VMX_TRUE_PROCBASED)->access = 0;
	model_msr(MSR_VMX_TRUE_PINBASED)->access = 0;
	model_msr(MSR_VMX_TRUE_EXIT)->access = 0;
	model_msr(MSR_VMX_TRUE_ENTRY)->access = 0;
	ok(!vmx_read_caps(&caps) && caps.domu.proc & PROC_CR3_LOAD,
	   "without it they are not even read");
	model_init(&ivy_bridge, 1);
	model_msr(MSR_VMX_TRUE_PROCBASED)->value &= ~BIT(63);
	model_msr(MSR_VMX_PROCBASED2)->access = 0;
	model_msr(MSR_VMX_EPT_VPID_CAP)->access = 0;
	ok((u32)vmx_read_caps(&caps) == HV_WHY_NO_SECONDARY,
	   "no secondary controls: their MSR is not read");
	model_init(&ivy_bridge, 1);
	model_msr(MSR_VMX_PROCBASED2)->value &= ~BIT(33);
	model_msr(MSR_VMX_EPT_VPID_CAP)->access = 0;
	ok((u32)vmx_read_caps(&caps) == HV_WHY_NO_EPT, "no EPT: its capability MSR is not read");
}

static void pairs(void)
{
	const struct model_type *types[] = { &ivy_bridge, &skylake_server };

	for (int t = 0; t < 2; t++) {
		struct vmx_caps caps;

		model_init(types[t], 1);
		ok(!vmx_read_caps(&caps), "%s is good enough", types[t]->name);
		for (int i = 0; i < 2; i++) {
			const struct vmx_controls *c = i ? &caps.domu : &caps.dom0;

			ok(c->exit & EXIT_SAVE_EFER && c->exit & EXIT_LOAD_EFER &&
			   c->entry & ENTRY_LOAD_EFER && c->exit & EXIT_SAVE_PAT &&
			   c->exit & EXIT_LOAD_PAT && c->entry & ENTRY_LOAD_PAT &&
			   c->exit & EXIT_SAVE_DEBUG && c->entry & ENTRY_LOAD_DEBUG,
			   "%s, %s: entry and exit controls in pairs", types[t]->name,
			   i ? "DomU" : "Domain-0");
		}
		ok(caps.domu.proc & PROC_UNCONDITIONAL_IO && caps.domu.proc & PROC_CR8_LOAD &&
		   caps.domu.proc & PROC_MSR_BITMAPS && caps.domu.pin & PIN_EXTERNAL_INTERRUPT &&
		   caps.domu.pin & PIN_NMI && caps.domu.pin & PIN_PREEMPTION_TIMER,
		   "%s: what a DomU must not have exits", types[t]->name);
		ok(!(caps.domu.proc2 & (PROC2_XSAVES | PROC2_USER_WAIT)),
		   "%s: a DomU has no XSAVES and no UMWAIT", types[t]->name);
	}
}

static u64 init_fails(const struct model_type *type, void (*before)(void), u64 expect)
{
	const struct world_options o = { .no_launch = true, .before_init = before,
					 .expect = expect };

	world_start(type, 1, &o);
	return expect;
}

static void not_intel(void)
{
	model_leaf(0, 0)->ebx = 0x68747541;
}

static void without_vmx(void)
{
	model_leaf(1, 0)->ecx &= ~BIT(5);
}

static void large_xsave(void)
{
	model_leaf(0xd, 0)->ecx = XSAVE_MAX + 64;
}

static void vmxe_on(void)
{
	model.me->cr4 |= CR4_VMXE;
}

static void locked_off(void)
{
	for (u32 i = 0; i < boot.cpus; i++) {
		model_use(i);
		model_msr(MSR_FEATURE_CONTROL)->value = 1;
	}
	model_use(0);
}

static void unlocked(void)
{
	model_msr(MSR_FEATURE_CONTROL)->value = 0;
}

static void usable(void)
{
	const struct world_options off = { .no_launch = true, .before_init = locked_off };
	const struct world_options on = { .before_init = unlocked };
	u64 why;

	ok(init_fails(&skylake_server, not_intel, HV_WHY_NOT_INTEL), "not Intel");
	ok(init_fails(&skylake_server, without_vmx, HV_WHY_NO_VMX), "no VMX");
	ok(init_fails(&skylake_server, large_xsave, HV_WHY_NO_XSAVE | (u64)(XSAVE_MAX + 64) << 32),
	   "an XSAVE area that is too large");
	ok(init_fails(&ivy_bridge, vmxe_on, HV_WHY_VMX_IN_USE), "VMX is in use");
	world_start(&ivy_bridge, 1, &off);
	ok(world_enter(0, HV_ENTER_LAUNCH, &why) == MODEL_LINUX && why == HV_WHY_FIRMWARE,
	   "the firmware locked VMX off");
	ok(!(model.me->cr4 & CR4_VMXE) && !machine.cpu[0], "and nothing stays behind");
	world_start(&ivy_bridge, 1, &on);
	ok(model_msr(MSR_FEATURE_CONTROL)->value == 5, "not locked: it is turned on and locked");
}

static void launch_failures(void)
{
	const struct world_options none = { .no_launch = true };
	u64 why;

	world_start(&skylake_server, 2, &none);
	model.no_vmxon = true;
	ok(world_enter(1, HV_ENTER_LAUNCH, &why) == MODEL_LINUX && why == HV_WHY_VMXON,
	   "VMXON fails");
	ok(!(model.me->cr4 & CR4_VMXE) && !model.me->vmx, "CR4.VMXE is as before");
	model.no_vmxon = false;
	model.no_vmptrld = true;
	why = 0;
	world_start(&skylake_server, 2, &none);
	model.unsupported_field = GUEST_PAT;
	ok(world_enter(0, HV_ENTER_LAUNCH, &why) == MODEL_LINUX && (u32)why == HV_WHY_VMCS &&
	   why >> 32 == 12, "a field that does not exist: reason and VMX error");
	ok(!model.me->vmx && !(model.me->cr4 & CR4_VMXE), "VMX is off again");
	model.unsupported_field = ~0U;
	model_use(1);
	model_msr(MSR_VMX_TRUE_PROCBASED)->value |= BIT(17);
	model_msr(MSR_VMX_TRUE_PROCBASED)->value |= BIT(49);
	ok(world_enter(0, HV_ENTER_LAUNCH, &why) == MODEL_RESUMED, "the first processor launches");
	ok(world_enter(1, HV_ENTER_LAUNCH, &why) == MODEL_LINUX && why == HV_WHY_CPU_DIFFERS,
	   "a processor with other controls is refused");
	ok(machine.cpu[0] && !machine.cpu[1], "and is not one of the machine's");
}

/* GATE_LEAVE, which does not come back into the core. */
static void go(u32 number, u64 how)
{
	u64 *gpr;

	model_use(number);
	gpr = this_cpu()->dom0.gpr;
	gpr[RAX] = HV_GATE_BASE + GATE_LEAVE;
	gpr[RDI] = how;
	no_return(EXIT_VMCALL);
}

/* SDM volume 3, 27.8: Linux's state was refused, and the host's loaded. */
static void launch_refused(void)
{
	const struct world_options none = { .no_launch = true };
	const struct hv_linux *lx = world_linux(1);
	u64 why;

	world_start(&skylake_server, 2, &none);
	ok(world_enter(0, HV_ENTER_LAUNCH, &why) == MODEL_RESUMED, "the first processor launches");
	machine.cpu[0]->dom0.launched = 1;
	ok(world_enter(1, HV_ENTER_LAUNCH, &why) == MODEL_RESUMED, "the second is on its way");
	model_msr(MSR_SYSENTER_EIP)->value = 0;
	ok(no_return(EXIT_GUEST_STATE | EXIT_REASON_ENTRY_FAILURE) == MODEL_LINUX &&
	   lx->gpr[RAX] == (HV_WHY_GUEST_STATE | (u64)EXIT_GUEST_STATE << 32),
	   "a refused first entry: Linux goes on with the reason");
	ok(!model.me->vmx && !(model.me->cr4 & CR4_VMXE) && !machine.cpu[1] && !machine.dead,
	   "VMX is off there, and nothing else");
	ok(model_msr(MSR_SYSENTER_EIP)->value == 0x6000, "what the failed entry loaded is put back");
	ok(!gate_call(0, GATE_NOP, 0, 0, 0, 0).rax, "the other processor is well");
	go(0, HV_LEAVE_ALL);
	ok(!model.me->vmx && !machine.lock.held, "and can leave");
}

/* Bits of Linux's that root mode must not have. */
#define NEW_CR4	(CR4_PKE | CR4_CET | CR4_PKS | CR4_UINTR | CR4_LASS | CR4_LAM_SUP | CR4_FRED)

static void newer_linux(void)
{
	for (u32 i = 0; i < boot.cpus; i++)
		model.cpu[i].cr4 |= NEW_CR4 | CR4_UMIP | CR4_SMEP | CR4_SMAP;
}

static void control_registers(void)
{
	const struct world_options o = { .no_launch = true, .before_init = newer_linux };
	const u64 needed = CR4_PAE | CR4_MCE | CR4_PGE | CR4_OSFXSR | CR4_OSXSAVE | CR4_SMEP |
			   CR4_SMAP | CR4_VMXE;
	u64 linux_cr4, why;

	world_start(&panther_lake, 2, &o);
	linux_cr4 = model.me->cr4;
	ok(linux_cr4 & CR4_LASS && linux_cr4 & CR4_FRED && model.me->cr3 == 0x1000,
	   "the way back gives Linux its CR4 and CR3");
	ok(world_enter(0, HV_ENTER_LAUNCH, &why) == MODEL_RESUMED, "a Linux with LASS and FRED");
	ok((vmread(HOST_CR4) & ~CR4_OSXMMEXCPT) == needed, "root mode has the bits that it needs alone");
	ok(vmread(GUEST_CR4) == (linux_cr4 | CR4_VMXE) && vmread(GUEST_CR3) == 0x1000,
	   "Domain-0 has all of its own");
	ok(vmread(HOST_CR3) == CORE_CR3 && model.me->cr3 == CORE_CR3,
	   "the trampoline is in no page table of root mode");
	model.no_vmxon = true;
	ok(world_enter(1, HV_ENTER_LAUNCH, &why) == MODEL_LINUX && why == HV_WHY_VMXON &&
	   model.me->cr4 == linux_cr4 && model.me->cr3 == 0x1000, "after a launch that failed as well");
}

/* The machine goes down with domains in it. */
static void leave_by_force(void)
{
	struct vcpu *vcpu, *other, *claimed;

	world_start(&skylake_server, 2, NULL);
	vcpu = make_vcpu(make_domain(), 0);
	claimed = make_vcpu(make_domain(), 0);
	other = make_vcpu(make_domain(), 0);
	guest_run(vcpu);
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	guest_run(claimed);
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	/* Another processor is about to be told that it can't have it. */
	check(vcpu_claim(claimed));
	model_use(1);
	guest_run(other);
	go(0, HV_LEAVE_FORCE);
	ok(!model.me->vmx && vcpu->vmcs_cpu == -1 && claimed->vmcs_cpu == -1,
	   "no VMCS of a vCPU stays in a processor that is forced out");
	model_use(1);
	ok(!guest_exit(EXIT_EXTERNAL_INTERRUPT, 0), "a DomU elsewhere runs to its next exit");
	ok(gate_call(1, GATE_VCPU_RUN, other->domain->handle, 0, 0, 0).rax == -HV_EIO &&
	   gate_call(1, GATE_VCPU_RUN, vcpu->domain->handle, 0, 0, 0).rax == -HV_EIO && !this_cpu()->vcpu,
	   "none is entered again");
	ok(gate_call(1, GATE_RECLAIM, 0, 0, 0, 0).rax == -HV_EIO &&
	   gate_call(1, GATE_DONATE, FREE_RAM, 1, 0, 0).rax == -HV_EIO &&
	   gate_call(1, GATE_DOM_CREATE, 0, 0, 0, 0).rax == -HV_EIO &&
	   gate_call(1, GATE_VCPU_GET, vcpu->domain->handle, 0, 1, GUEST_RAM).rax == -HV_EIO, "the gate is shut");
	go(1, HV_LEAVE_FORCE);
	ok(!model.me->vmx && !machine.lock.held, "but for leaving");
}

static void leave(void)
{
	u64 why;

	world_start(&skylake_server, 2, NULL);
	for (u32 i = 0; i < 2; i++) {
		struct hv_linux *lx = world_linux(i);

		model_use(i);
		model_set(GUEST_RIP, 0xffffffffc0002000ULL);
		model_set(GUEST_CR3, 0x7000);
		model_set(GUEST_DR7, 0x401);
		model_set(GUEST_SYSENTER_CS, 0x77);
		this_cpu()->dom0.gpr[RBX] = 0x1234;
		go(i, HV_LEAVE_ALL);
		ok(!model.me->vmx && !(model.me->cr4 & CR4_VMXE) && lx->rip == 0xffffffffc0002003ULL &&
		   lx->cr3 == 0x7000 && lx->gpr[RBX] == 0x1234 && !lx->gpr[RAX] &&
		   !(lx->cr4 & CR4_VMXE) && model.me->dr[7] == 0x401 &&
		   model_msr(MSR_SYSENTER_CS)->value == 0x77,
		   "processor %u leaves VMX with all that is Linux's", i);
	}
	ok(!machine.lock.held && machine.leaving, "no lock is held");
	ok(world_enter(0, HV_ENTER_LAUNCH, &why) == MODEL_LINUX && why == HV_WHY_LAUNCH,
	   "no launch once a processor has left");
}

int main(void)
{
	solver();
	reasons();
	broken_timers();
	true_msrs();
	pairs();
	usable();
	launch_failures();
	launch_refused();
	control_registers();
	leave();
	leave_by_force();
	return tap_done();
}
