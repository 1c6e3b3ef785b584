// SPDX-License-Identifier: GPL-2.0-only
/* The local APIC: modes, registers, messages and the timer. SDM volume 3, 11. */
#include "world.h"

#define X2APIC	(APIC_DEFAULT_BASE | APIC_BASE_ENABLE | APIC_BASE_EXTD)

static struct vcpu *vcpu, *second;
static u64 domain;

/* With a time slice that does not end. */
static void enter(struct vcpu *which)
{
	guest_run(which);
	which->slice_end = BIT(62);
}

static void fresh(bool x2)
{
	world_start(&skylake_server, 1, NULL);
	domain = make_domain();
	vcpu = make_vcpu(domain, 0);
	second = make_vcpu(domain, 1);
	enter(vcpu);
	guest_protected_mode();
	model_set(GUEST_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
	if (x2) {
		vcpu->apic.base |= APIC_BASE_EXTD;
		second->apic.base |= APIC_BASE_EXTD;
		vcpu->apic.ldr = x2apic_ldr(0);
		second->apic.ldr = x2apic_ldr(1);
	}
	vcpu->apic.svr = second->apic.svr = SVR_ENABLED | 0xff;
}

static bool rd(u32 reg, u64 *value)
{
	u64 *gpr = vcpu->ctx.gpr;

	gpr[RCX] = 0x800 + reg;
	guest_exit(EXIT_RDMSR, 0);
	*value = gpr[RAX] | gpr[RDX] << 32;
	return !injected_gp();
}

static struct answer told;		/* of the last wr() that left the core */

static bool wr(u32 reg, u64 value)
{
	u64 *gpr = vcpu->ctx.gpr;

	gpr[RCX] = 0x800 + reg;
	gpr[RAX] = (u32)value;
	gpr[RDX] = value >> 32;
	guest_exit(EXIT_WRMSR, 0);
	if (this_cpu()->vcpu)
		return !injected_gp();
	told = left;
	enter(vcpu);
	return true;
}

static void modes(void)
{
	static const u64 off = 0, on = APIC_BASE_ENABLE, x2 = APIC_BASE_ENABLE | APIC_BASE_EXTD,
			 bad = APIC_BASE_EXTD;
	const u64 b = APIC_DEFAULT_BASE;

	ok(apic_base_valid(b | on, b | x2) && apic_base_valid(b | on, b | off) &&
	   apic_base_valid(b | x2, b | off) && apic_base_valid(b | off, b | on) &&
	   apic_base_valid(b | x2, b | x2), "changes of mode that there are");
	ok(!apic_base_valid(b | off, b | x2) && !apic_base_valid(b | x2, b | on) &&
	   !apic_base_valid(b | on, b | bad) && !apic_base_valid(b | off, b | bad) &&
	   !apic_base_valid(b | x2, b | bad), "changes that are #GP");
	for (int bit = 0; bit < 64; bit++) {
		bool reserved = bit < 8 || bit == 9 || bit >= 32;

		check(apic_base_valid(b | on, (b | on) ^ BIT(bit)) == !reserved || bit == 11 || bit == 10);
	}
	ok(true, "reserved bits");
}

static void x2_registers(void)
{
	static const u32 readable[] = { 2, 3, 8, 0xa, 0xd, 0xf, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15,
					0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,
					0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x2f,
					0x30, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3e };
	static const u32 writable[] = { 8, 0xb, 0xf, 0x28, 0x2f, 0x30, 0x32, 0x33, 0x34, 0x35, 0x36,
					0x37, 0x38, 0x3e, 0x3f };
	static const struct { u32 reg; u64 bits; } defined[] = {
		{ 8, 0xff }, { 0xf, 0x11ff }, { 0x2f, 0x117ff }, { 0x32, 0x710ff },
		{ 0x33, 0x117ff }, { 0x34, 0x117ff }, { 0x35, 0x1f7ff }, { 0x36, 0x1f7ff },
		{ 0x37, 0x110ff }, { 0x3e, 0xb }, { 0x38, 0xffffffff },
	};
	bool wrong = false;
	u64 value;

	fresh(false);
	for (u32 reg = 0; reg < 0x100; reg++)
		wrong |= rd(reg, &value) || wr(reg, 0);
	ok(!wrong, "xAPIC mode: every x2APIC MSR is #GP");
	fresh(true);
	for (u32 reg = 0; reg < 0x100; reg++) {
		bool can_read = false, can_write = false;

		for (u32 i = 0; i < ARRAY_SIZE(readable); i++)
			can_read |= readable[i] == reg;
		for (u32 i = 0; i < ARRAY_SIZE(writable); i++)
			can_write |= writable[i] == reg;
		if (rd(reg, &value) != can_read || (reg != 0x30 && reg != 0x3f && wr(reg, 0) != can_write)) {
			ok(false, "x2APIC MSR %#x", 0x800 + reg);
			wrong = true;
		}
	}
	ok(!wrong, "x2APIC mode: those that there are, for reading and for writing");
	fresh(true);
	for (u32 i = 0; i < ARRAY_SIZE(defined); i++)
		for (int bit = 0; bit < 64; bit++)
			if (!(defined[i].bits & BIT(bit)) && wr(defined[i].reg, BIT(bit)))
				ok(false, "register %#x takes bit %d", defined[i].reg, bit);
	ok(!wr(0xb, 1) && !wr(0x28, 1) && !wr(0x3f, 0x100), "EOI, ESR and SELF IPI: zero, a vector");
	ok(rd(2, &value) && value == 0 && rd(0xd, &value) && value == 1, "id and LDR");
	vcpu->apic.svr = 0xff;
	wr(0x35, 0x40);
	ok(rd(0x35, &value) && value & LVT_MASKED, "LVTs are masked while the APIC is off");
	vcpu->apic.svr = SVR_ENABLED | 0xff;
	wr(0x35, 0x40);
	wr(0xf, 0xff);
	ok(rd(0x35, &value) && value & LVT_MASKED, "turning it off masks them");
}

static void ipis(void)
{
	u64 value;

	fresh(true);
	ok(wr(0x30, 1ULL << 32 | 0x41) && second->apic.irr[2] == BIT(1) && told.rax == HV_RUN_IPI &&
	   told.rdx == BIT(1), "an IPI by id; the driver is told whom to wake");
	ok(wr(0x30, 2ULL << 32 | BIT(11) | 0x42) && second->apic.irr[2] & BIT(2), "logical");
	ok(wr(0x30, 3ULL << 32 | BIT(11) | 0x43) && second->apic.irr[2] & BIT(3) &&
	   vcpu->apic.isr[2] & BIT(3), "logical, both");
	vcpu->apic.isr[2] = 0;
	ok(wr(0x30, 3ULL << 18 | 0x44) && second->apic.irr[2] & BIT(4) &&
	   !(vcpu->apic.isr[2] & BIT(4)), "all but self");
	ok(wr(0x30, 1ULL << 18 | 0x45) && vcpu->apic.isr[2] & BIT(5) &&
	   !(second->apic.irr[2] & BIT(5)), "self");
	vcpu->apic.isr[2] = 0;
	ok(wr(0x30, 0xffffffffULL << 32 | 0x46) && second->apic.irr[2] & BIT(6) &&
	   vcpu->apic.isr[2] & BIT(6), "broadcast");
	vcpu->apic.isr[2] = 0;
	ok(wr(0x3f, 0x47) && vcpu->apic.isr[2] & BIT(7), "SELF IPI");
	wr(0x30, 1ULL << 32 | 0x0f);
	wr(0x28, 0);
	ok(rd(0x28, &value) && value & ESR_SEND_VECTOR, "a vector below 16 is an error");
	wr(0x30, 77ULL << 32 | 0x48);
	ok(true, "to nobody");
	wr(0x30, 1ULL << 32 | 4 << 8);
	ok(second->nmi_pending, "NMI");
	ok(second->wait_for_sipi, "the second waits for SIPI");
	wr(0x30, 1ULL << 32 | 5 << 8 | BIT(14) | BIT(15));
	ok(second->init_pending, "INIT");
	second->init_pending = false;
	wr(0x30, 1ULL << 32 | 5 << 8 | BIT(15));
	ok(!second->init_pending, "INIT level de-assert is none");
	wr(0x30, 1ULL << 32 | 5 << 8 | BIT(14));
	wr(0x30, 1ULL << 32 | 6 << 8 | 0x9a);
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	enter(second);
	ok(vmread(GUEST_CS_BASE) == 0x9a000 && vmread(GUEST_RIP) == 0 && !second->wait_for_sipi,
	   "INIT, SIPI: it starts at the vector");
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	enter(vcpu);
	wr(0x30, 1ULL << 32 | 6 << 8 | 0x33);
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	enter(second);
	ok(vmread(GUEST_CS_BASE) == 0x9a000, "a SIPI to one that does not wait is ignored");
}

/* A SIPI counts only after INIT; Linux sends two. */
static void late_sipi(void)
{
	fresh(true);
	wr(0x30, 1ULL << 32 | 5 << 8 | BIT(14));
	wr(0x30, 1ULL << 32 | 6 << 8 | 0x9a);
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	enter(second);
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	enter(vcpu);
	wr(0x30, 1ULL << 32 | 6 << 8 | 0x9a);
	wr(0x30, 1ULL << 32 | 5 << 8 | BIT(14));
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	left = gate_call(0, GATE_VCPU_RUN, domain, 1, 0, 0);
	ok(!this_cpu()->vcpu && left.rax == HV_RUN_HALT && second->wait_for_sipi,
	   "a SIPI from before an INIT does not start it");
	enter(vcpu);
	wr(0x30, 1ULL << 32 | 6 << 8 | 0x12);
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	enter(second);
	ok(vmread(GUEST_CS_BASE) == 0x12000, "the next one does");
}

/* An NMI that INIT takes away takes its window with it. */
static void init_nmi(void)
{
	fresh(true);
	model_set(GUEST_INTERRUPTIBILITY, BLOCKED_BY_NMI);
	vcpu->nmi_pending = true;
	vcpu->event = 1;
	guest_exit(EXIT_CPUID, 0);
	ok(vmread(PROC_BASED_CONTROLS) & PROC_NMI_WINDOW, "an NMI waits for its window");
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	vcpu->init_pending = true;
	vcpu->sipi_pending = SIPI_PENDING | 8;
	enter(vcpu);
	ok(!(vmread(PROC_BASED_CONTROLS) & PROC_NMI_WINDOW) && injected() < 0,
	   "INIT closes the window");
}

/* SDM volume 3, table 9-1: what INIT leaves alone. */
static void init_keeps(void)
{
	fresh(true);
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	second->wait_for_sipi = false;
	enter(second);
	vmwrite_ok(GUEST_PAT, 0x0606060606060606ULL);
	second->mtrr_def_type = 0xc00;
	second->tsc_adjust = 77;
	second->apic.id = 1;
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	second->init_pending = true;
	second->sipi_pending = SIPI_PENDING | 8;
	enter(second);
	ok(vmread(GUEST_PAT) == 0x0606060606060606ULL && second->mtrr_def_type == 0xc00 &&
	   second->tsc_adjust == 77 && second->apic.id == 1 && apic_is_x2apic(&second->apic),
	   "INIT does not touch PAT, MTRRs, TSC_ADJUST, APIC id and mode");
	ok(second->apic.svr == 0xff && second->apic.lvt[LVT_LINT0] == LVT_MASKED, "but the APIC");
	u64 shadow = vmread(CR0_SHADOW);

	ok(shadow & CR0_CD && shadow & CR0_NW, "CR0.CD and NW");
}

static void messages(void)
{
	struct answer r;

	fresh(true);
	r = gate_call(0, GATE_NOP, 0, 0, 0, 0);
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	r = gate_call(0, GATE_MSI, domain, 0xfee01000, 0x51, 0);
	ok(r.rdx == 1 && r.rcx == BIT(1) && second->apic.irr[2] & BIT(17), "MSI by id");
	r = gate_call(0, GATE_MSI, domain, 0xfee01000, 0x51, 0);
	ok(r.rdx == 0, "pending already");
	r = gate_call(0, GATE_MSI, domain, 0xfee00000 | 0xff << 12, 0x52, 0);
	ok(r.rdx == 2 && r.rcx == 3, "broadcast");
	ok(!gate_call(0, GATE_MSI, domain, 0xfed00000, 0x53, 0).rdx &&
	   !gate_call(0, GATE_MSI, domain, 0, 0x53, 0).rdx, "another address");
	ok(!gate_call(0, GATE_MSI, domain, 0xfee00000, 0x0f, 0).rdx &&
	   !gate_call(0, GATE_MSI, domain, 0xfee00000, 6 << 8, 0).rdx &&
	   !gate_call(0, GATE_MSI, domain, 0xfee00000, 2 << 8 | 0x40, 0).rdx &&
	   !gate_call(0, GATE_MSI, domain, 0xfee00000, 7 << 8 | 0x40, 0).rdx,
	   "low vectors, SIPI, SMI, ExtINT");
	second->apic.tpr = 0x20;
	vcpu->apic.tpr = 0x30;
	r = gate_call(0, GATE_MSI, domain, 0xfee00000 | 0xff << 12, 1 << 8 | 0x61, 0);
	ok(r.rdx == 1 && r.rcx == BIT(1), "lowest priority");
	r = gate_call(0, GATE_MSI, domain, 0xfee00000 | BIT(2) | 3 << 12, 0x62, 0);
	ok(r.rdx == 2, "logical");
	r = gate_call(0, GATE_MSI, domain, 0xfee00000, BIT(15) | 0x63, 0);
	ok(r.rdx == 1 && vcpu->apic.tmr[3] & BIT(3), "level-triggered");
	vcpu->apic.tpr = 0;
	for (int i = 0; i < 8; i++)
		vcpu->apic.irr[i] = i == 3 ? BIT(3) : 0;
	enter(vcpu);
	guest_exit(EXIT_CPUID, 0);
	vcpu->ctx.gpr[RCX] = 0x80b;
	vcpu->ctx.gpr[RAX] = vcpu->ctx.gpr[RDX] = 0;
	ok(!guest_exit(EXIT_WRMSR, 0) && left.rax == HV_RUN_VMM && vcpu->run->exit == HVMOD_EXIT_EOI &&
	   vcpu->run->eoi.vector == 0x63, "its EOI is told to the VMM");
}

static u32 msi(u64 address, u32 data)
{
	return gate_call(0, GATE_MSI, domain, 0xfee00000 | address, data, 0).rdx;
}

static bool got(const struct vcpu *which, u32 vector)
{
	return which->apic.irr[vector / 32] & BIT(vector % 32);
}

/* SDM volume 3, 11.8.3: a vector is delivered if its class is above that of TPR and of what is served. */
static void priorities(void)
{
	static const struct { u32 tpr; int service; u32 ppr; } rows[] = {
		{ 0x00, -1, 0x00 }, { 0x2b, -1, 0x2b }, { 0x2b, 0x3f, 0x30 }, { 0x4b, 0x3f, 0x4b },
		{ 0xff, 0xe1, 0xff }, { 0x10, 0xe1, 0xe0 },
	};
	u64 value;

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		bool wrong = false;

		fresh(true);
		wr(REG_TPR, rows[i].tpr);
		if (rows[i].service >= 0)
			vcpu->apic.isr[rows[i].service / 32] = BIT(rows[i].service % 32);
		ok(rd(REG_PPR, &value) && value == rows[i].ppr, "TPR %#x, in service %d: PPR %#x",
		   rows[i].tpr, rows[i].service, rows[i].ppr);
		for (u32 vector = 16; vector < 256; vector++) {
			bool above = vector >> 4 > rows[i].ppr >> 4;

			memset(vcpu->apic.irr, 0, sizeof(vcpu->apic.irr));
			vcpu->apic.irr[vector / 32] = BIT(vector % 32);
			wrong |= apic_deliverable(&vcpu->apic) != (above ? (int)vector : -1);
		}
		ok(!wrong, "and what is deliverable");
	}
	fresh(true);
	wr(REG_TPR, 0x40);
	wr(REG_SELF_IPI, 0x45);
	ok(injected() < 0 && got(vcpu, 0x45), "a vector of TPR's class waits");
	wr(REG_TPR, 0x30);
	ok(injected() == 0x45 && vcpu->apic.isr[2] & BIT(5), "until TPR goes down");
	wr(REG_SELF_IPI, 0x4f);
	ok(injected() < 0, "one of the class in service waits");
	wr(REG_SELF_IPI, 0x51);
	ok(injected() == 0x51, "one above interrupts it");
	wr(REG_EOI, 0);
	ok(!(vcpu->apic.isr[2] & BIT(17)) && vcpu->apic.isr[2] & BIT(5) && injected() < 0,
	   "EOI ends the highest in service");
	wr(REG_EOI, 0);
	ok(injected() == 0x4f, "and the next one comes");
	wr(REG_EOI, 0);
	wr(REG_EOI, 0);
	ok(vcpu->apic.isr[2] == 0, "an EOI of nothing is none");
}

static void logical(void)
{
	fresh(false);
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	vcpu->apic.ldr = 0x01000000;
	second->apic.ldr = 0x82000000;
	ok(msi(BIT(2) | 0x01 << 12, 0x41) == 1 && got(vcpu, 0x41) && !got(second, 0x41), "flat: one bit");
	ok(msi(BIT(2) | 0x80 << 12, 0x42) == 1 && got(second, 0x42), "another");
	ok(msi(BIT(2) | 0x03 << 12, 0x43) == 2, "two of them");
	ok(msi(BIT(2) | 0x7c << 12, 0x44) == 0, "nobody's");
	ok(msi(BIT(2) | 0xff << 12, 0x45) == 2, "all");
	vcpu->apic.dfr = second->apic.dfr = 0x0fffffff;
	vcpu->apic.ldr = 0x11000000;
	second->apic.ldr = 0x24000000;
	ok(msi(BIT(2) | 0x11 << 12, 0x46) == 1 && got(vcpu, 0x46), "cluster: one of the first");
	ok(msi(BIT(2) | 0x14 << 12, 0x47) == 0, "a bit of the other cluster is not meant");
	ok(msi(BIT(2) | 0x26 << 12, 0x48) == 1 && got(second, 0x48), "the second");
	vcpu->apic.base |= APIC_BASE_EXTD;
	second->apic.base |= APIC_BASE_EXTD;
	vcpu->apic.ldr = x2apic_ldr(0);
	second->apic.ldr = x2apic_ldr(17);
	ok(msi(BIT(2) | 0x01 << 12, 0x49) == 1 && got(vcpu, 0x49), "x2APIC: the first cluster");
	ok(msi(BIT(2) | 0x02 << 12 | 1ULL << 48, 0x4a) == 1 && got(second, 0x4a),
	   "x2APIC: the second cluster, by the address's upper half");
	ok(msi(BIT(2) | 0x02 << 12, 0x4b) == 0, "not of the first");
}

static void lowest(void)
{
	fresh(true);
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	vcpu->apic.isr[7] = BIT(1);
	ok(msi(0xff << 12, 1 << 8 | 0x61) == 1 && got(second, 0x61) && !got(vcpu, 0x61),
	   "lowest priority: what is in service counts");
	second->apic.tpr = 0xf0;
	ok(msi(0xff << 12, 1 << 8 | 0x62) == 1 && got(vcpu, 0x62), "TPR counts");
	vcpu->apic.svr = 0xff;
	ok(msi(0xff << 12, 1 << 8 | 0x63) == 1 && got(second, 0x63) && !got(vcpu, 0x63),
	   "one that is off is passed over");
	second->apic.svr = 0xff;
	ok(msi(0xff << 12, 1 << 8 | 0x64) == 0, "all off: nobody");
}

/* Off by software it takes NMI, INIT and SIPI; off altogether nothing. */
static void turned_off(void)
{
	u64 value;

	fresh(true);
	second->apic.svr = 0xff;
	second->wait_for_sipi = false;
	wr(REG_ICR, 1ULL << 32 | 0x41);
	ok(!got(second, 0x41), "off by software: no vector");
	wr(REG_ICR, 1ULL << 32 | 4 << 8);
	ok(second->nmi_pending, "but NMI");
	second->nmi_pending = false;
	apic_set_base(&second->apic, APIC_DEFAULT_BASE);
	wr(REG_ICR, 1ULL << 32 | 4 << 8);
	wr(REG_ICR, 1ULL << 32 | 5 << 8 | BIT(14));
	ok(!second->nmi_pending && !second->init_pending, "off altogether: not even that");
	vcpu->ctx.gpr[RAX] = 1;
	guest_exit(EXIT_CPUID, 0);
	ok(vcpu->ctx.gpr[RDX] & BIT(9), "CPUID has an APIC");
	wr(REG_TPR, 0x20);
	wr(MSR_APIC_BASE - 0x800, APIC_DEFAULT_BASE);
	vcpu->ctx.gpr[RAX] = 1;
	guest_exit(EXIT_CPUID, 0);
	ok(!(vcpu->ctx.gpr[RDX] & BIT(9)), "while it is on");
	wr(MSR_APIC_BASE - 0x800, APIC_DEFAULT_BASE | APIC_BASE_ENABLE);
	wr(MSR_APIC_BASE - 0x800, APIC_DEFAULT_BASE | APIC_BASE_ENABLE | APIC_BASE_EXTD);
	ok(rd(REG_TPR, &value) && value == 0 && rd(REG_SVR, &value) && value == 0xff,
	   "on again it is as after reset");
	ok(rd(REG_LDR, &value) && value == 1 && rd(REG_ID, &value) && value == 0, "with its id");
}

static void icr_bits(void)
{
	static const u8 reserved[] = { 12, 13, 16, 17, 20, 25, 31 };
	bool wrong = false;

	fresh(true);
	for (u32 i = 0; i < ARRAY_SIZE(reserved); i++)
		wrong |= wr(REG_ICR, 1ULL << 32 | BIT(reserved[i]) | 0x41);
	ok(!wrong && !got(second, 0x41), "x2APIC: reserved bits of the ICR are #GP");
	wr(REG_ICR, 1ULL << 32 | 2 << 8 | 0x41);
	wr(REG_ICR, 1ULL << 32 | 3 << 8 | 0x41);
	wr(REG_ICR, 1ULL << 32 | 7 << 8 | 0x41);
	ok(!got(second, 0x41) && !second->nmi_pending && !second->init_pending,
	   "SMI, remote read and ExtINT are not sent");
}

static void error_status(void)
{
	u64 value;

	fresh(true);
	wr(0x37, 0xfe);
	wr(REG_SELF_IPI, 5);
	ok(injected() == 0xfe, "an error has its interrupt");
	ok(rd(REG_ESR, &value) && value == 0, "ESR shows it only when it was written");
	wr(REG_ESR, 0);
	ok(rd(REG_ESR, &value) && value == ESR_SEND_VECTOR, "then it does");
	wr(REG_ESR, 0);
	ok(rd(REG_ESR, &value) && value == 0, "once");
	wr(REG_EOI, 0);
	wr(0x37, LVT_MASKED | 0xfe);
	wr(REG_ICR, 1ULL << 32 | 3);
	ok(injected() < 0, "masked: no interrupt");
	wr(REG_ESR, 0);
	ok(rd(REG_ESR, &value) && value == ESR_SEND_VECTOR, "but the bit");
}

/* Registers that the VMM gives back after an emulated access. */
static void cr8(void)
{
	fresh(true);
	wr(REG_TPR, 0x2b);
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	gate_call(0, GATE_VCPU_EXPORT, domain, 0, HVMOD_STATE_SREGS, 0);
	vcpu->run->dirty = HVMOD_STATE_SREGS;
	ok(vcpu->run->sregs.cr8 == 2, "CR8 is the upper half of TPR");
	enter(vcpu);
	ok(vcpu->apic.tpr == 0x2b, "giving it back leaves the lower half alone");
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	apic_set_irq(vcpu, 0x25, false);
	enter(vcpu);
	ok(injected() < 0, "a vector of its class waits");
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	vcpu->run->sregs.cr8 = 0;
	vcpu->run->dirty = HVMOD_STATE_SREGS;
	enter(vcpu);
	ok(injected() == 0x25 && vcpu->apic.tpr == 0, "until CR8 goes down");
}

static void xapic_page(void)
{
	fresh(false);
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	second->apic.id = 1;
#define LOAD(o)		gate_call(0, GATE_APIC, domain, 1, o, 0).rdx
#define STORE(o, v)	gate_call(0, GATE_APIC, domain, 1, (o) | HV_APIC_WRITE, v)
	ok(LOAD(0x20) == 1 << 24 && LOAD(0x30) == 0x60014, "id, version");
	STORE(0xd0, 0x02ffffff);
	STORE(0xe0, 0x0fffffff);
	ok(LOAD(0xd0) == 0x02000000 && LOAD(0xe0) == 0x0fffffff, "LDR, DFR");
	STORE(0x310, 0xff123456);
	ok(LOAD(0x310) == 0xff000000, "ICR, upper half");
	struct answer r = STORE(0x300, 0x000c4071);

	ok(r.rcx == BIT(0) && vcpu->apic.irr[3] & BIT(17), "an IPI to all but self");
	ok(gate_call(0, GATE_APIC, domain, 1, 0x1000, 0).rax == -HV_EINVAL &&
	   gate_call(0, GATE_APIC, domain, 1, 0x24, 0).rax == -HV_EINVAL &&
	   gate_call(0, GATE_APIC, domain, 1, 0xff0, 0).rax == 0, "offsets");
	for (u32 o = 0; o < 0x1000; o += 16) {
		(void)LOAD(o);
		STORE(o, ~0U);
		STORE(o, 0);
	}
	second->apic.base |= APIC_BASE_EXTD;
	ok(gate_call(0, GATE_APIC, domain, 1, 0x20, 0).rax == -HV_ENXIO, "not in x2APIC mode");
	second->apic.base = APIC_DEFAULT_BASE;
	ok(gate_call(0, GATE_APIC, domain, 1, 0x20, 0).rax == -HV_ENXIO, "nor when it is off");
}

static void timer_modes(void)
{
	static const struct { u32 code, divide; } rows[] = {
		{ 0xb, 1 }, { 0, 2 }, { 1, 4 }, { 2, 8 }, { 3, 16 }, { 8, 32 }, { 9, 64 }, { 0xa, 128 },
	};
	u64 value, start;

	fresh(true);
	model.tsc = 5000000000;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		wr(0x3e, rows[i].code);
		wr(0x32, 0x50);
		wr(0x38, 1000000);
		/* 1 GHz of the APIC, 2.5 GHz of the TSC. */
		ok(vcpu->apic.deadline == model.tsc + 2500000ULL * rows[i].divide, "divide by %u",
		   rows[i].divide);
	}
	wr(0x3e, 0xb);
	wr(0x38, 1000000);
	start = model.tsc;
	ok(rd(0x39, &value) && value == 1000000, "current count, at once");
	model.tsc = start + 2500000 / 4;
	ok(rd(0x39, &value) && value == 750000, "a quarter later");
	model.tsc = start + 2499999;
	guest_exit(EXIT_PREEMPTION_TIMER, 0);
	ok(!(vcpu->apic.irr[2] & BIT(16)) && !(vcpu->apic.isr[2] & BIT(16)), "not a tick too early");
	model.tsc = start + 2500000;
	guest_exit(EXIT_PREEMPTION_TIMER, 0);
	ok(injected() == 0x50 && !vcpu->apic.deadline, "one-shot: once");
	ok(rd(0x39, &value) && value == 0, "current count 0");
	wr(0xb, 0);
	wr(0x32, LVT_MASKED | 0x50);
	wr(0x38, 1000);
	model.tsc += 10000;
	guest_exit(EXIT_PREEMPTION_TIMER, 0);
	ok(injected() < 0 && !vcpu->apic.deadline, "masked: it runs out in silence");
	wr(0x32, TIMER_PERIODIC | 0x51);
	wr(0x38, 100000);
	start = model.tsc;
	for (int i = 1; i <= 5; i++) {
		model.tsc = start + i * 250000 + 17;
		guest_exit(EXIT_PREEMPTION_TIMER, 0);
		check(injected() == 0x51 && vcpu->apic.deadline == start + (i + 1) * 250000);
		wr(0xb, 0);
	}
	ok(true, "periodic: no drift");
	model.tsc = start + 100 * 250000;
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	enter(vcpu);
	ok(injected() == 0x51 && vcpu->apic.deadline > model.tsc &&
	   vcpu->apic.deadline <= model.tsc + 250000, "periods that were slept over are one");
	wr(0x38, 1);
	ok(vcpu->apic.deadline - model.tsc == machine.tsc_khz / 20, "a period is 50 us at least");
	wr(0x38, 0);
	ok(!vcpu->apic.deadline, "0 stops it");
	wr(0x32, 0x52);
	wr(0x38, 500);
	wr(0x32, TIMER_TSC_DEADLINE | 0x52);
	ok(!vcpu->apic.deadline && !vcpu->apic.timer_initial, "a change of mode stops it");
	wr(0x38, 500);
	ok(!vcpu->apic.deadline, "in deadline mode the count does nothing");
}

static bool set_deadline(u64 value)
{
	return wr(0x6e0 - 0x800, value);
}

static void deadline(void)
{
	static const u64 odd[] = { ~0ULL, BIT(63), BIT(63) - 1, 1, 2 };
	u64 at;

	fresh(true);
	set_deadline(model.tsc + vcpu->tsc_offset + 100);
	ok(!vcpu->apic.deadline, "IA32_TSC_DEADLINE in another mode is ignored");
	wr(0x32, TIMER_TSC_DEADLINE | 0x53);
	at = model.tsc + 1000000;
	set_deadline(at + vcpu->tsc_offset);
	ok(vcpu->apic.deadline == at &&
	   vmread(PREEMPTION_TIMER) == (at - model.tsc) >> machine.caps.timer_shift, "armed");
	model.tsc = at;
	guest_exit(EXIT_PREEMPTION_TIMER, 0);
	ok(injected() == 0x53 && !vcpu->apic.tsc_deadline, "fired, reads as 0");
	wr(0xb, 0);
	set_deadline(model.tsc + vcpu->tsc_offset - 5);
	guest_exit(EXIT_PREEMPTION_TIMER, 0);
	ok(injected() == 0x53, "one in the past fires at once");
	wr(0xb, 0);
	set_deadline(model.tsc + vcpu->tsc_offset + 1000);
	set_deadline(0);
	ok(!vcpu->apic.deadline, "0 disarms");
	for (u32 i = 0; i < ARRAY_SIZE(odd); i++) {
		set_deadline(odd[i]);
		guest_exit(EXIT_PREEMPTION_TIMER, 0);
		wr(0xb, 0);
	}
	ok(true, "extreme values do no harm");
	set_deadline(0);
	wr(0x32, TIMER_TSC_DEADLINE | 0x53);
	set_deadline(model.tsc + vcpu->tsc_offset + 1000000);
	ok(!guest_exit(EXIT_HLT, 0) && left.rdx == vcpu->apic.deadline, "HLT tells when to come back");
	model.tsc += 1000000;
	enter(vcpu);
	ok(injected() == 0x53, "and then it comes");
	/* The TSC is set back while a deadline is armed. */
	wr(0xb, 0);
	set_deadline(model.tsc + vcpu->tsc_offset + 5000);
	wr(MSR_TSC_ADJUST - 0x800, vcpu->tsc_adjust + 2000);
	ok(vcpu->apic.deadline == model.tsc + 3000, "TSC_ADJUST moves an armed deadline");
}

static void extremes(void)
{
	static const u64 khz[] = { 1, 63, 64, 999, 1000000, 2500000, 10000000 };

	for (u32 i = 0; i < ARRAY_SIZE(khz); i++) {
		const struct world_options o = { .tsc_khz = khz[i] };
		u64 value;

		world_start(&skylake_server, 1, &o);
		vcpu = running_guest();
		vcpu->apic.base |= APIC_BASE_EXTD;
		vcpu->apic.svr = SVR_ENABLED | 0xff;
		for (u32 mode = 0; mode < 3; mode++) {
			wr(0x32, mode << 17 | 0x40);
			for (u32 d = 0; d < 16; d++) {
				wr(0x3e, d & 0xb);
				wr(0x38, d & 1 ? ~0U : 1);
				rd(0x39, &value);
				guest_exit(EXIT_PREEMPTION_TIMER, 0);
			}
		}
	}
	ok(true, "no division by zero at any frequency");
}

int main(void)
{
	modes();
	x2_registers();
	ipis();
	late_sipi();
	init_nmi();
	init_keeps();
	messages();
	priorities();
	logical();
	lowest();
	turned_off();
	icr_bits();
	error_status();
	cr8();
	xapic_page();
	timer_modes();
	deadline();
	extremes();
	return tap_done();
}
