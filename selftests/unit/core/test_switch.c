// SPDX-License-Identifier: GPL-2.0-only
/* What changes hands between Domain-0 and a DomU, and the mitigations. */
#include "world.h"

#define XMM0	160
#define YMM0	576
#define ZMM0	0x480
#define PKRU	0xa80

static void fill(u8 value)
{
	memset(model.me->fpu + 32, value, 128);		/* x87 */
	memset(model.me->fpu + XMM0, value, 256);
	memset(model.me->fpu + YMM0, value, 256);
	memset(model.me->fpu + 0x440, value, 0x640);	/* AVX-512 */
}

static bool all(u32 from, u32 bytes, u8 value)
{
	for (u32 i = 0; i < bytes; i++)
		if (model.me->fpu[from + i] != value)
			return false;
	return true;
}

static bool everything(u8 value)
{
	return all(32, 128, value) && all(XMM0, 256, value) && all(YMM0, 256, value) &&
	       all(0x440, 0x640, value);
}

/* XCR0 says what XSAVE handles, not which registers a guest can reach: SSE works without it. */
static void vector_registers(void)
{
	struct vcpu *vcpu;

	world_start(&skylake_server, 1, NULL);
	fill(0xd0);
	vcpu = running_guest();
	ok(vcpu->xcr0 == 1 && all(XMM0, 256, 0), "a new guest sees no XMM register of Domain-0");
	ok(all(YMM0, 256, 0) && all(0x440, 0x640, 0), "and nothing of the rest, should it ask for it");
	memset(model.me->fpu + XMM0, 0x11, 256);
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	ok(everything(0xd0) && model.me->xcr0 == 0x2ff, "Domain-0 has all of its own back");
	fill(0xd1);
	guest_run(vcpu);
	ok(all(XMM0, 256, 0x11), "a guest with XCR0 = 1 keeps its XMM registers");
	vcpu->ctx.gpr[RAX] = 7;
	vcpu->ctx.gpr[RCX] = vcpu->ctx.gpr[RDX] = 0;
	model_set(GUEST_CR4, CR4_VMXE | CR4_MCE | CR4_OSXSAVE);
	guest_exit(EXIT_XSETBV, 0);
	fill(0x22);
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	ok(everything(0xd1), "Domain-0's again");
	guest_run(vcpu);
	ok(model.me->xcr0 == 7 && all(XMM0, 256, 0x22) && all(YMM0, 256, 0x22), "AVX state is kept");
}

static void two_guests(void)
{
	struct vcpu *a, *b;
	u64 domain;

	world_start(&skylake_server, 1, NULL);
	a = running_guest();
	fill(0xaa);
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	domain = make_domain();
	b = make_vcpu(domain, 0);
	guest_run(b);
	ok(!all(XMM0, 16, 0xaa) && !all(YMM0, 16, 0xaa) && !all(ZMM0, 16, 0xaa),
	   "one guest's registers are not another's");
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	guest_run(a);
	ok(all(XMM0, 256, 0xaa), "and come back");
}

static void cr2(void)
{
	struct vcpu *vcpu;

	world_start(&skylake_server, 1, NULL);
	model.me->cr2 = 0xd0d0;
	vcpu = running_guest();
	ok(model.me->cr2 == 0, "CR2 is the guest's");
	model.me->cr2 = 0x9999;
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	ok(model.me->cr2 == 0xd0d0, "Domain-0's");
	guest_run(vcpu);
	ok(model.me->cr2 == 0x9999, "the guest's again");
}

/*
 * PEBS writes through the page tables of whoever runs: the model ends the test
 * if Domain-0's counters count in root mode, or PEBS is on in a DomU.
 */
static void count_and_trace(void)
{
	for (u32 i = 0; i < boot.cpus; i++) {
		model_use(i);
		model_msr(MSR_PERF_GLOBAL_CTRL)->value = 0xf;
		model_msr(MSR_PEBS_ENABLE)->value = 1;
		model_msr(MSR_DEBUGCTL)->value = 0xc0;		/* BTS */
	}
	model_use(0);
}

static bool dom0_write_exits(u32 msr)
{
	const u8 *map = phys(machine.msr_bitmap_dom0);

	return map[2048 + msr / 8] >> (msr & 7) & 1;
}

static bool dom0_leaves(void)
{
	u64 *gpr = this_cpu()->dom0.gpr;

	gpr[RAX] = HV_GATE_BASE + GATE_LEAVE;
	gpr[RDI] = HV_LEAVE_FORCE;
	return no_return(EXIT_VMCALL) == MODEL_LINUX;
}

static void counters(void)
{
	static const struct world_options o = { .before_init = count_and_trace };
	struct model_msr *global, *pebs;
	struct vcpu *vcpu;

	world_start(&panther_lake, 2, &o);
	global = model_msr(MSR_PERF_GLOBAL_CTRL);
	pebs = model_msr(MSR_PEBS_ENABLE);
	ok(global->value == 0xf && pebs->value == 1 && model_msr(MSR_DEBUGCTL)->value == 0xc0,
	   "counters, PEBS and BTS go on in Domain-0 after the launch");
	ok(dom0_write_exits(MSR_PERF_GLOBAL_CTRL) && !dom0_write_exits(MSR_PEBS_ENABLE),
	   "of their MSRs one write exits");
	ok(dom0_writes(MSR_PERF_GLOBAL_CTRL, 0x1000f000003ffULL) && global->value == 0x1000f000003ffULL,
	   "Domain-0 starts all of them: what leaf 23H alone tells of, and metrics");
	ok(!dom0_writes(MSR_PERF_GLOBAL_CTRL, 0x400) && !dom0_writes(MSR_PERF_GLOBAL_CTRL, BIT(36)) &&
	   !dom0_writes(MSR_PERF_GLOBAL_CTRL, BIT(63)) && global->value == 0x1000f000003ffULL,
	   "what there is none of is #GP");
	ok(dom0_writes(MSR_PERF_GLOBAL_CTRL, 3) && global->value == 3, "and stops some");
	vcpu = running_guest();
	ok(!global->value && !pebs->value, "they stand still in a DomU, and PEBS is off");
	guest_exit(EXIT_CPUID, 0);
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	ok(global->value == 3 && pebs->value == 1, "and go on in Domain-0");
	pebs->value = 0;
	dom0_writes(MSR_PERF_GLOBAL_CTRL, 0);
	guest_run(vcpu);
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	ok(!global->value && !pebs->value, "or not, if they did not");
	model_use(1);
	dom0_writes(MSR_PERF_GLOBAL_CTRL, 5);
	ok(dom0_leaves() && model_msr(MSR_PERF_GLOBAL_CTRL)->value == 5 &&
	   model_msr(MSR_DEBUGCTL)->value == 0xc0, "a processor that leaves takes them along");
	world_start(&skylake_server, 1, NULL);
	ok(!machine.caps.perf_global && !dom0_writes(MSR_PERF_GLOBAL_CTRL, 0) &&
	   !dom0_writes(MSR_PEBS_ENABLE, 0), "no counters: their MSRs are #GP");
}

/* One with two kinds of cores: leaf 0AH has what is in both, and nothing has metrics. */
static void alder_lake(void)
{
	count_and_trace();
	model_leaf(0, 0)->eax = 0x20;
	model_leaf(0xa, 0)->eax = 0x07300605;
	model_leaf(0xa, 0)->ecx = 7;
	model_leaf(0xa, 0)->edx = 0x8603;
	model_msr(MSR_PERF_CAPABILITIES)->value = 0xc5;
}

static void counters_of_hybrids(void)
{
	static const struct world_options o = { .before_init = alder_lake };
	struct model_msr *global, *pebs;
	u64 writes;

	world_start(&panther_lake, 1, &o);
	global = model_msr(MSR_PERF_GLOBAL_CTRL);
	pebs = model_msr(MSR_PEBS_ENABLE);
	ok(dom0_writes(MSR_PERF_GLOBAL_CTRL, 0x70000003fULL) && global->value == 0x70000003fULL,
	   "what both kinds of cores have");
	ok(dom0_writes(MSR_PERF_GLOBAL_CTRL, 0x1000f000000ffULL) && global->value == 0x1000f000000ffULL,
	   "and what CPUID does not tell of, but the core has");
	ok(pebs->value == 1, "PEBS is as it was");
	writes = pebs->writes;
	ok(dom0_writes(MSR_PERF_GLOBAL_CTRL, 0) && dom0_writes(MSR_PERF_GLOBAL_CTRL, 0x1000f000000ffULL) &&
	   pebs->writes == writes, "which is asked once");
	ok(!dom0_writes(MSR_PERF_GLOBAL_CTRL, BIT(36)) && !dom0_writes(MSR_PERF_GLOBAL_CTRL, BIT(63)) &&
	   global->value == 0x1000f000000ffULL && pebs->value == 1, "what it has not is #GP");
}

static u32 signature, revision;

static void with_microcode(void)
{
	count_and_trace();
	model_leaf(1, 0)->eax = signature;
	model.microcode = revision;
}

/* A record may come after its counter was stopped, to an address of Domain-0's choice. */
static void pebs_by_microcode(void)
{
	static const struct world_options o = { .before_init = with_microcode };
	static const struct { u32 signature, revision; bool pebs; } rows[] = {
		{ 0x306a9, 0xffff, false }, { 0x306c3, 0x1e, false }, { 0x306c3, 0x1f, true },
		{ 0x50654, 0, true }, { 0x906ed, 0x4d, false }, { 0x906ed, 0xf0, true },
		{ 0xa0655, 0xffff, false },
	};
	struct model_msr *pebs;

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		signature = rows[i].signature;
		revision = rows[i].revision;
		world_start(&ivy_bridge, 1, &o);
		pebs = model_msr(MSR_PEBS_ENABLE);
		ok(pebs->value == rows[i].pebs && dom0_write_exits(MSR_PEBS_ENABLE) == !rows[i].pebs &&
		   model_msr(MSR_PERF_GLOBAL_CTRL)->value == 0xf,
		   "%x, microcode %x: %s PEBS", signature, revision, rows[i].pebs ? "has" : "no");
		if (rows[i].pebs)
			continue;
		ok(dom0_writes(MSR_PEBS_ENABLE, 0) && !dom0_writes(MSR_PEBS_ENABLE, 1) && !pebs->value,
		   "nor can Domain-0 turn it on");
		running_guest();
		ok(!model_msr(MSR_PERF_GLOBAL_CTRL)->value, "its counters stand still in a DomU");
	}
}

/* Below another hypervisor, which shows DS and no format of PEBS. */
static void no_pebs_msr(void)
{
	for (u32 i = 0; i < boot.cpus; i++) {
		model_use(i);
		model_msr(MSR_PEBS_ENABLE)->access = 0;
	}
	model_use(0);
}

static void counters_without_pebs(void)
{
	static const struct world_options o = { .before_init = no_pebs_msr };

	world_start(&panther_lake, 1, &o);
	ok(!machine.has_pebs && dom0_writes(MSR_PERF_GLOBAL_CTRL, 0x1000f000003ffULL) &&
	   !dom0_writes(MSR_PEBS_ENABLE, 0), "without the MSR of PEBS there are counters");
	running_guest();
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	ok(model_msr(MSR_PERF_GLOBAL_CTRL)->value == 0x1000f000003ffULL, "and DomUs");
}

/* A Westmere, whose VM entry has an erratum, or a processor without the controls. */
static void without_controls(void)
{
	count_and_trace();
	model.counters_stop = false;
	model_leaf(1, 0)->eax = 0x206c2;
}

static void counters_of_old(void)
{
	static const struct world_options o = { .before_init = without_controls };
	struct model_msr *global, *pebs;

	world_start(&ivy_bridge, 1, &o);
	global = model_msr(MSR_PERF_GLOBAL_CTRL);
	pebs = model_msr(MSR_PEBS_ENABLE);
	ok(!machine.caps.perf_global && !(vmread(ENTRY_CONTROLS) & ENTRY_LOAD_PERF_GLOBAL) &&
	   !(vmread(EXIT_CONTROLS) & EXIT_LOAD_PERF_GLOBAL), "a model with the erratum: not by the controls");
	ok(global->value == 0xf && !pebs->value, "Domain-0's counters go on after the launch, without PEBS");
	ok(dom0_write_exits(MSR_PEBS_ENABLE) && dom0_writes(MSR_PEBS_ENABLE, 0) &&
	   !dom0_writes(MSR_PEBS_ENABLE, 1) && !pebs->value, "which it can't turn on");
	running_guest();
	ok(!global->value, "they stand still in a DomU");
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	ok(global->value == 0xf, "and go on in Domain-0");
}

/* Which processors need VERW. */
static u64 arch_capabilities;
static u32 leaf7_ebx, leaf7_edx;

static void other_processor(void)
{
	struct cpuid *leaf7 = model_leaf(7, 0);

	leaf7->ebx = (leaf7->ebx & ~BIT(11)) | leaf7_ebx;
	leaf7->edx = (leaf7->edx & ~BIT(10)) | leaf7_edx | BIT(29);
	model_msr(MSR_ARCH_CAPABILITIES)->value = arch_capabilities;
}

static void verw_or_not(void)
{
	static const struct world_options o = { .flags = HV_BOOT_MITIGATIONS,
						.before_init = other_processor };
	static const struct { u32 ebx, edx; u64 arch; bool needed; const char *what; } rows[] = {
		{ 0, BIT(10), 0, true, "MDS" },
		{ 0, BIT(10), BIT(5), false, "MDS_NO, no RTM" },
		{ BIT(11), BIT(10), BIT(5), true, "MDS_NO, but RTM: TAA" },
		{ BIT(11), BIT(10), BIT(5) | BIT(8), false, "TAA_NO" },
		{ BIT(11), 0, 0, false, "without MD_CLEAR it clears nothing" },
		{ 0, 0, BIT(5) | BIT(28), true, "RFDS" },
		{ 0, 0, BIT(5) | BIT(27) | BIT(28), false, "RFDS_NO" },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		leaf7_ebx = rows[i].ebx;
		leaf7_edx = rows[i].edx;
		arch_capabilities = rows[i].arch;
		world_start(&skylake_server, 1, &o);
		running_guest();
		ok(!!model.me->verws == rows[i].needed, "VERW: %s", rows[i].what);
	}
}

static u64 spec_ctrl;

static void with_spec_ctrl(void)
{
	other_processor();
	model_msr(MSR_SPEC_CTRL)->value = spec_ctrl;
}

/*
 * Domain-0 and a DomU are both in non-root mode, so IBRS that is always on sees
 * no difference between them; it wants an IBPB. Legacy IBRS wants to be written
 * again. The history is neither's business.
 */
static void predictions_for_dom0(void)
{
	static const struct world_options o = { .flags = HV_BOOT_MITIGATIONS,
						.before_init = with_spec_ctrl };
	static const struct { u64 spec_ctrl, arch; u32 writes, barriers; u64 clears; const char *what; } rows[] = {
		{ 0, 0, 0, 0, 0, "retpolines: nothing" },
		{ 2, 0, 0, 0, 0, "STIBP alone: nothing" },
		{ 1, 0, 1, 0, 0, "legacy IBRS is written again" },
		{ 7, 0, 1, 0, 0, "with what else was set" },
		{ 1, BIT(1), 0, 1, 1, "enhanced IBRS: IBPB, and the history is cleared" },
		{ 0, BIT(1), 0, 0, 1, "enhanced IBRS that is off, retpolines: the history" },
		{ 1, BIT(1) | BIT(20), 0, 1, 0, "BHI_NO: IBPB alone" },
		{ 1 | BIT(10), BIT(1), 0, 1, 0, "BHI_DIS_S: IBPB alone" },
	};

	leaf7_ebx = leaf7_edx = 0;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct model_msr *spec, *barrier;
		struct vcpu *vcpu;
		u32 entered;

		spec_ctrl = rows[i].spec_ctrl;
		arch_capabilities = rows[i].arch;
		world_start(&skylake_server, 1, &o);
		spec = model_msr(MSR_SPEC_CTRL);
		barrier = model_msr(MSR_PRED_CMD);
		running_guest();
		guest_exit(EXIT_CPUID, 0);
		entered = barrier->writes;
		check(!spec->writes && !model.me->history_clears && entered == !rows[i].barriers);
		guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
		ok(spec->value == spec_ctrl && spec->writes == rows[i].writes &&
		   barrier->writes == entered + rows[i].barriers &&
		   model.me->history_clears == rows[i].clears, "%s", rows[i].what);
		vcpu = make_vcpu(make_domain(), 0);
		guest_run(vcpu);
		ok(barrier->writes == (rows[i].barriers ? 1 : 2), "one IBPB for another vCPU in either case");
	}
}

static void mitigations(void)
{
	static const struct world_options on = { .flags = HV_BOOT_MITIGATIONS };
	struct vcpu *a, *b;
	struct model_msr *ibpb, *l1d, *spec;
	u64 verws;

	world_start(&skylake_server, 1, &on);
	ibpb = model_msr(MSR_PRED_CMD);
	l1d = model_msr(MSR_FLUSH_CMD);
	spec = model_msr(MSR_SPEC_CTRL);
	spec->value = 1;
	a = running_guest();
	ok(ibpb->writes == 1 && l1d->writes == 1 && model.me->verws == 1, "IBPB, L1D flush, VERW");
	ok(spec->value == 1 && !spec->writes, "a DomU runs with Domain-0's SPEC_CTRL");
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	ok(spec->value == 1 && spec->writes == 1, "Domain-0's SPEC_CTRL, written anew");
	guest_run(a);
	ok(ibpb->writes == 1 && l1d->writes == 2 && model.me->verws == 2,
	   "the same vCPU again: no IBPB, the others");
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	b = make_vcpu(make_domain(), 0);
	guest_run(b);
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	guest_run(a);
	ok(ibpb->writes == 3, "an IBPB at each change of vCPU");
	verws = model.me->verws;
	guest_exit(EXIT_CPUID, 0);
	ok(model.me->verws == verws + 1 && ibpb->writes == 3,
	   "at an exit that the core ends itself VERW alone");
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	ok(model.me->verws == verws + 1, "none on the way to Domain-0");
	verw_or_not();
	predictions_for_dom0();
	world_start(&skylake_server, 1, NULL);
	model_msr(MSR_SPEC_CTRL)->value = 1;
	running_guest();
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	ok(!model_msr(MSR_PRED_CMD)->writes && !model_msr(MSR_FLUSH_CMD)->writes && !model.me->verws &&
	   !model_msr(MSR_SPEC_CTRL)->writes && !model.me->history_clears,
	   "none at all when they are off");
}

/* Every exit leaves the core's own registers as they were. */
static void host_state(void)
{
	struct vcpu *vcpu;
	struct hvmod_sregs good;
	struct model_cpu before;
	u64 seed = 4711;

	world_start(&skylake_server, 1, NULL);
	vcpu = running_guest();
	guest_protected_mode();
	hostile_states = true;
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	gate_call(0, GATE_VCPU_EXPORT, vcpu->domain->handle, 0, HVMOD_STATE_SREGS, 0);
	good = vcpu->run->sregs;
	before = *model.me;
	for (int i = 0; i < 3000; i++) {
		static const u32 reasons[] = { EXIT_CPUID, EXIT_RDMSR, EXIT_WRMSR, EXIT_CR_ACCESS,
					       EXIT_XSETBV, EXIT_MOV_DR, EXIT_HLT, EXIT_VMCALL };

		if (!this_cpu()->vcpu) {
			vcpu->halted = false;
			vcpu->run->dirty = HVMOD_STATE_SREGS;
			vcpu->run->sregs = good;
			vcpu->run->sregs.cr2 = 0;
			guest_run(vcpu);
		}
		for (int r = 0; r < 16; r++)
			vcpu->ctx.gpr[r] = tap_random(&seed) >> tap_random(&seed) % 64;
		if (i % 3 == 0)
			vcpu->ctx.gpr[RCX] = msr_saved_index(i % msr_saved_count());
		guest_exit(reasons[tap_random(&seed) % 8], tap_random(&seed) & 0xf1f);
	}
	if (this_cpu()->vcpu)
		guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	ok(before.cr0 == model.me->cr0 && before.cr3 == model.me->cr3 && before.cr4 == model.me->cr4 &&
	   before.cr2 == model.me->cr2 && before.xcr0 == model.me->xcr0, "control registers and XCR0");
	ok(!memcmp(before.dr, model.me->dr, sizeof(before.dr)), "debug registers");
	for (u32 i = 0; i < before.msrs; i++)
		if (before.msr[i].value != model.me->msr[i].value)
			ok(false, "MSR %#x", before.msr[i].msr);
	ok(!memcmp(before.fpu, model.me->fpu, sizeof(before.fpu)), "x87, SSE, AVX");
}

int main(void)
{
	vector_registers();
	counters();
	counters_of_hybrids();
	pebs_by_microcode();
	counters_without_pebs();
	counters_of_old();
	two_guests();
	cr2();
	mitigations();
	host_state();
	return tap_done();
}
