// SPDX-License-Identifier: GPL-2.0-only
/* What a DomU and Domain-0 see of the processor. */
#include "world.h"

static struct cpuid ask(struct vcpu *vcpu, u32 leaf, u32 subleaf)
{
	u64 *gpr = vcpu->ctx.gpr, rip = vmread(GUEST_RIP);

	gpr[RAX] = 0xdeadbeef00000000ULL | leaf;
	gpr[RCX] = 0xdeadbeef00000000ULL | subleaf;
	gpr[RBX] = gpr[RDX] = ~0ULL;
	exit_length = 2;
	check(guest_exit(EXIT_CPUID, 0));
	check(vmread(GUEST_RIP) == rip + 2);
	for (int i = 0; i < 4; i++)
		check(!(gpr[i] >> 32));
	return (struct cpuid){ gpr[RAX], gpr[RBX], gpr[RCX], gpr[RDX] };
}

static void features(struct vcpu *vcpu, const struct model_type *type)
{
	bool avx512 = type == &skylake_server;
	const char *name = type->name;
	struct cpuid r;

	r = ask(vcpu, 0, 0);
	ok(r.eax == 0xd && r.ebx == 0x756e6547, "%s: leaf 0", name);
	r = ask(vcpu, 1, 0);
	ok(!(r.ecx & BIT(5)) && !(r.ecx & BIT(6)) && !(r.ecx & BIT(3)),
	   "%s: no VMX, no SMX, no MONITOR", name);
	ok(r.ecx & BIT(31) && r.ecx & BIT(21) && r.ecx & BIT(24),
	   "%s: hypervisor, x2APIC, TSC deadline", name);
	ok(!(r.ecx & BIT(15)) && !(r.ecx & BIT(18)) && !(r.edx & BIT(7) && r.edx & BIT(22)),
	   "%s: no PDCM, DCA, ACPI thermal", name);
	ok(!(r.ecx & BIT(27)), "%s: OSXSAVE off as CR4 has it", name);
	model_set(GUEST_CR4, vmread(GUEST_CR4) | CR4_OSXSAVE);
	ok(ask(vcpu, 1, 0).ecx & BIT(27), "%s: OSXSAVE on", name);
	model_set(GUEST_CR4, vmread(GUEST_CR4) & ~CR4_OSXSAVE);
	ok(r.ebx >> 24 == vcpu->index && (r.ebx >> 16 & 0xff) == 1 && !(r.edx & BIT(28)),
	   "%s: one processor", name);
	r = ask(vcpu, 7, 0);
	ok(!r.eax && !(r.ebx & (BIT(2) | BIT(4) | BIT(11) | BIT(12) | BIT(14) | BIT(15) | BIT(25))),
	   "%s: no SGX, HLE, RTM, RDT, MPX, PT", name);
	ok(!(r.ecx & (BIT(3) | BIT(4) | BIT(5) | BIT(7) | BIT(16))),
	   "%s: no PKU, WAITPKG, CET, LA57", name);
	ok(!(r.edx & (BIT(26) | BIT(27) | BIT(28) | BIT(29) | BIT(31))),
	   "%s: no SPEC_CTRL, L1D_FLUSH, ARCH_CAPABILITIES without their MSRs", name);
	ok(!!(r.ebx & BIT(16)) == avx512, "%s: AVX-512 as the processor has it", name);
	ok(!!(r.ebx & BIT(10)) == avx512, "%s: INVPCID with its control alone", name);
	r = ask(vcpu, 7, 1);
	ok(!(r.eax | r.ebx | r.ecx | r.edx), "%s: leaf 7.1 is empty", name);
}

static void no_leak(struct vcpu *vcpu, const char *name)
{
	static const u32 empty[] = { 3, 5, 8, 9, 0xa, 0xc, 0xe, 0xf, 0x10, 0x12, 0x14, 0x15, 0x16,
				     0x19, 0x1f, 0x20, 0x21, 0xff, 0x10000, 0x3fffffff, 0x40000002,
				     0x4000000f, 0x40000011, 0x40000100, 0x7fffffff, 0x80000005,
				     0x80000009, 0x8000000a, 0x8000001f, 0xc0000000, 0xffffffff };

	for (u32 i = 0; i < ARRAY_SIZE(empty); i++) {
		struct cpuid r = ask(vcpu, empty[i], 0);

		check(!(r.eax | r.ebx | r.ecx | r.edx));
	}
	ok(true, "%s: leaves that there are not are zero", name);
	ok(ask(vcpu, 6, 0).eax == BIT(2) && !ask(vcpu, 6, 0).ecx, "%s: of leaf 6, ARAT alone", name);
}

static void xsave_leaf(struct vcpu *vcpu, const struct model_type *type)
{
	bool avx512 = type == &skylake_server;
	struct cpuid r = ask(vcpu, 0xd, 0);

	ok(r.eax == (avx512 ? 0xe7 : 7) && !r.edx, "%s: XCR0 that a DomU may have", type->name);
	ok(r.ecx == (avx512 ? 0xa80 : 0x340), "%s: size of all of it", type->name);
	ok(r.ebx == 576, "%s: size of what is on", type->name);
	vcpu->ctx.gpr[RAX] = 7;
	vcpu->ctx.gpr[RCX] = vcpu->ctx.gpr[RDX] = 0;
	model_set(GUEST_CR4, vmread(GUEST_CR4) | CR4_OSXSAVE);
	guest_exit(EXIT_XSETBV, 0);
	ok(ask(vcpu, 0xd, 0).ebx == 0x340, "%s: size with AVX on", type->name);
	r = ask(vcpu, 0xd, 1);
	ok(!(r.eax & BIT(3)) && !r.ecx && !r.edx, "%s: no XSAVES", type->name);
	r = ask(vcpu, 0xd, 2);
	ok(r.eax == 256 && r.ebx == 576, "%s: where AVX is", type->name);
	for (u32 i = 2; i < 70; i++) {
		r = ask(vcpu, 0xd, i);
		check(!r.eax == !(i < 64 && machine.guest_xcr0 & BIT(i)));
	}
	ok(true, "%s: no component besides", type->name);
}

/* Domain-0's user shadow stacks; and a component that wants alignment. */
static void user_shadow_stacks(void)
{
	model_leaf(0xd, 1)->ecx = 0x800;
	model_leaf(0xd, 5)->eax = 0x44;
	model_leaf(0xd, 6)->ecx = BIT(1);
	*model_leaf(0xd, 11) = (struct cpuid){ 0x10, 0, BIT(0), 0 };
	model_msr_add(MSR_XSS, MODEL_BOTH, 0x800);
}

/* Linux compares it with what it adds up itself, and lives without XSAVE if it differs. */
static void xsave_compacted(void)
{
	static const struct world_options o = { .before_init = user_shadow_stacks };
	static const struct { u64 xcr0; u32 bytes; } rows[] = {
		{ 1, 0x240 }, { 3, 0x240 }, { 7, 0x340 }, { 0xe7, 0x9c0 },
	};
	struct vcpu *vcpu;

	world_start(&skylake_server, 1, &o);
	vcpu = running_guest();
	model_set(GUEST_CR4, vmread(GUEST_CR4) | CR4_OSXSAVE);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		vcpu->ctx.gpr[RAX] = rows[i].xcr0;
		vcpu->ctx.gpr[RCX] = vcpu->ctx.gpr[RDX] = 0;
		guest_exit(EXIT_XSETBV, 0);
		ok(ask(vcpu, 0xd, 1).ebx == rows[i].bytes,
		   "XCR0 %lx, compacted: Domain-0's IA32_XSS is not in it", rows[i].xcr0);
	}
	world_start(&ivy_bridge, 1, NULL);
	ok(!ask(running_guest(), 0xd, 1).ebx, "no size without XSAVEC");
}

static void paravirtual(struct vcpu *vcpu)
{
	struct cpuid r = ask(vcpu, 0x40000000, 0);

	ok(r.eax == 0x40000010 && !memcmp(&r.ebx, "KVMKVMKVM\0\0\0", 12), "KVMKVMKVM");
	r = ask(vcpu, 0x40000001, 0);
	ok(r.eax == (BIT(0) | BIT(1) | BIT(3) | BIT(5) | BIT(6) | BIT(7) | BIT(11) | BIT(13) | BIT(24)) && !r.edx,
	   "kvmclock, stable; steal time; EOI; unhalt, IPIs and yielding by hypercall");
	ok(ask(vcpu, 0x40000010, 0).eax == 2500000, "frequency of the TSC");
	ok(ask(vcpu, 0x40000010, 0).ebx == 1000000, "frequency of the bus, which the APIC's timer counts");
	r = ask(vcpu, 0x80000000, 0);
	ok(r.eax == 0x80000008, "extended leaves");
	r = ask(vcpu, 0x80000001, 0);
	ok(r.edx & BIT(29) && r.edx & BIT(11) && r.edx & BIT(20), "long mode, SYSCALL, NX");
	r = ask(vcpu, 0x80000008, 0);
	ok((r.eax & 0xff) == (machine.max_pa_bits < 46 ? machine.max_pa_bits : 46) &&
	   (r.eax >> 8 & 0xff) == 48, "address widths");
	ok(ask(vcpu, 0x80000007, 0).edx == BIT(8), "invariant TSC");
}

static void topology(void)
{
	static const struct { u32 count, bits; } rows[] = { { 1, 0 }, { 2, 1 }, { 3, 2 }, { 5, 3 } };

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		u64 domain;
		struct cpuid r;
		struct vcpu *vcpu = NULL;

		world_start(&skylake_server, 1, NULL);
		domain = make_domain();
		for (u32 i = 0; i < rows[n].count; i++)
			vcpu = make_vcpu(domain, i);
		vcpu->wait_for_sipi = false;
		guest_run(vcpu);
		r = ask(vcpu, 0xb, 0);
		ok(r.eax == 0 && r.ebx == 1 && r.ecx == 0x100 && r.edx == rows[n].count - 1,
		   "%u vCPUs: one thread a core", rows[n].count);
		r = ask(vcpu, 0xb, 1);
		ok(r.eax == rows[n].bits && r.ebx == rows[n].count && r.ecx == 0x201 &&
		   r.edx == rows[n].count - 1, "%u vCPUs: one package", rows[n].count);
		r = ask(vcpu, 0xb, 2);
		ok(!r.eax && !r.ebx && r.ecx == 2, "%u vCPUs: no further level", rows[n].count);
		r = ask(vcpu, 1, 0);
		ok(r.ebx >> 24 == rows[n].count - 1 && (r.ebx >> 16 & 0xff) == rows[n].count &&
		   !!(r.edx & BIT(28)) == (rows[n].count > 1), "%u vCPUs: leaf 1", rows[n].count);
		r = ask(vcpu, 4, 3);
		ok((r.eax >> 14 & 0xfff) == (1U << rows[n].bits) - 1 &&
		   r.eax >> 26 == (1U << rows[n].bits) - 1, "%u vCPUs: level 3 is shared", rows[n].count);
		r = ask(vcpu, 4, 0);
		ok(!(r.eax >> 14 & 0xfff), "%u vCPUs: level 1 is not", rows[n].count);
		ok(!ask(vcpu, 4, 4).eax, "no level 4");
	}
}

static void dom0(void)
{
	u64 *gpr;

	world_start(&skylake_server, 2, NULL);
	for (u32 cpu = 0; cpu < 2; cpu++) {
		model_use(cpu);
		gpr = this_cpu()->dom0.gpr;
		gpr[RAX] = 1;
		gpr[RCX] = 0;
		model_set(GUEST_CR4, vmread(GUEST_CR4) & ~CR4_OSXSAVE);
		dom0_do(EXIT_CPUID, 0);
		ok(!(gpr[RCX] & (BIT(5) | BIT(27))) && gpr[RBX] >> 24 == cpu,
		   "Domain-0, processor %u: no VMX, its own OSXSAVE and id", cpu);
		gpr[RAX] = 1;
		model_set(GUEST_CR4, vmread(GUEST_CR4) | CR4_OSXSAVE);
		dom0_do(EXIT_CPUID, 0);
		ok(gpr[RCX] & BIT(27), "OSXSAVE on");
	}
	gpr[RAX] = 7;
	gpr[RCX] = 0;
	dom0_do(EXIT_CPUID, 0);
	ok(gpr[RBX] == 0xd19ffffb && !(gpr[RCX] & BIT(4)), "leaf 7 less Intel PT, OSPKE by CR4.PKE");
	gpr[RAX] = 7;
	gpr[RCX] = 0;
	model_set(GUEST_CR4, vmread(GUEST_CR4) | CR4_PKE);
	dom0_do(EXIT_CPUID, 0);
	ok(gpr[RCX] & BIT(4), "OSPKE on");
	gpr[RAX] = 0x16;
	dom0_do(EXIT_CPUID, 0);
	ok(gpr[RAX] == 0x834, "others as they are");
	gpr[RAX] = 0x40000000;
	dom0_do(EXIT_CPUID, 0);
	ok(gpr[RBX] != 0x4b4d564b, "Domain-0 is not told of a hypervisor that is not its own");
}

int main(void)
{
	static const struct model_type *const types[] = { &skylake_server, &ivy_bridge };

	for (u32 i = 0; i < 2; i++) {
		struct vcpu *vcpu;

		world_start(types[i], 1, NULL);
		vcpu = running_guest();
		features(vcpu, types[i]);
		no_leak(vcpu, types[i]->name);
		xsave_leaf(vcpu, types[i]);
		paravirtual(vcpu);
	}
	xsave_compacted();
	topology();
	dom0();
	return tap_done();
}
