// SPDX-License-Identifier: GPL-2.0-only
/* MSRs of a DomU: what is not in the table is #GP. */
#include "world.h"

static struct vcpu *vcpu;

static bool rd(u32 msr, u64 *value)
{
	u64 *gpr = vcpu->ctx.gpr, rip = vmread(GUEST_RIP);

	gpr[RCX] = 0xabcdef0000000000ULL | msr;
	gpr[RAX] = gpr[RDX] = ~0ULL;
	check(guest_exit(EXIT_RDMSR, 0));
	if (injected_gp()) {
		check(vmread(GUEST_RIP) == rip && gpr[RAX] == ~0ULL);
		return false;
	}
	check(injected() < 0 && vmread(GUEST_RIP) == rip + 3);
	check(!(gpr[RAX] >> 32) && !(gpr[RDX] >> 32));
	*value = gpr[RAX] | gpr[RDX] << 32;
	return true;
}

static bool wr(u32 msr, u64 value)
{
	u64 *gpr = vcpu->ctx.gpr, rip = vmread(GUEST_RIP);

	gpr[RCX] = msr;
	gpr[RAX] = 0xfeed00000000ULL << 16 | (u32)value;
	gpr[RDX] = value >> 32;
	guest_exit(EXIT_WRMSR, 0);
	if (!this_cpu()->vcpu)
		guest_run(vcpu);
	if (injected_gp()) {
		check(vmread(GUEST_RIP) == rip);
		return false;
	}
	return true;
}

static const u32 readable[] = {
	MSR_TSC, MSR_APIC_BASE, MSR_TSC_ADJUST, 0x8b, MSR_MTRRCAP, MSR_SYSENTER_CS,
	MSR_SYSENTER_ESP, MSR_SYSENTER_EIP, 0x179, 0x17a, MSR_MISC_ENABLE, MSR_DEBUGCTL, MSR_PAT,
	MSR_MTRR_DEF_TYPE, MSR_TSC_DEADLINE, 0x4b564d00, 0x4b564d01, 0x4b564d03, 0x4b564d04, MSR_EFER, MSR_STAR,
	MSR_LSTAR, MSR_CSTAR, MSR_SFMASK, MSR_KERNEL_GS_BASE, MSR_TSC_AUX,
};

static bool listed(u32 msr)
{
	for (u32 i = 0; i < ARRAY_SIZE(readable); i++)
		if (readable[i] == msr)
			return true;
	return false;
}

static void default_deny(void)
{
	static const u32 starts[] = { 0, 0xc0000000, 0x40000000, 0x4b564d00, 0x80000000, 0xffffe000 };
	u64 value, seen = 0;

	for (u32 r = 0; r < ARRAY_SIZE(starts); r++)
		for (u32 i = 0; i < 0x2000; i++) {
			u32 msr = starts[r] + i;

			if (listed(msr)) {
				seen += rd(msr, &value);
				continue;
			}
			if (rd(msr, &value) || wr(msr, 0) || wr(msr, ~0ULL))
				ok(false, "MSR %#x is there", msr);
		}
	ok(seen == ARRAY_SIZE(readable), "%lu MSRs can be read, all others are #GP", seen);
}

static void bitmap(void)
{
	static const u32 reads[] = { MSR_SYSENTER_CS, MSR_SYSENTER_ESP, MSR_SYSENTER_EIP, MSR_PAT,
				     MSR_TSC, MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SFMASK,
				     MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE, MSR_TSC_AUX };
	static const u32 writes[] = { MSR_SYSENTER_CS, MSR_SYSENTER_ESP, MSR_SYSENTER_EIP, MSR_PAT,
				      MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE, MSR_TSC_AUX };
	const u8 *map = phys(machine.msr_bitmap_domu);
	u32 open = 0, good = 0;

	for (u32 i = 0; i < PAGE_SIZE * 8; i++)
		open += !(map[i / 8] >> (i & 7) & 1);
	for (u32 i = 0; i < ARRAY_SIZE(reads); i++)
		good += !(map[(reads[i] >> 31) * 1024 + (reads[i] & 0x1fff) / 8] >> (reads[i] & 7) & 1);
	for (u32 i = 0; i < ARRAY_SIZE(writes); i++)
		good += !(map[2048 + (writes[i] >> 31) * 1024 + (writes[i] & 0x1fff) / 8] >>
			  (writes[i] & 7) & 1);
	ok(good == ARRAY_SIZE(reads) + ARRAY_SIZE(writes) && open == good,
	   "the bitmap lets %u through and no other", open);
}

static void values(void)
{
	static const struct {
		u32 msr;
		u64 good, bad;
	} rows[] = {
		{ MSR_LSTAR, 0xffffffff81000000ULL, 0x0000800000000000ULL },
		{ MSR_CSTAR, 0x00007fffffffffffULL, 0xffff7fffffffffffULL },
		{ MSR_KERNEL_GS_BASE, 0xffff800000000000ULL, 0x8000000000000000ULL },
		{ MSR_SYSENTER_ESP, 0xfffffe0000001000ULL, 0x1000000000000000ULL },
		{ MSR_SYSENTER_EIP, 0xffffffff81000100ULL, 0x0001000000000000ULL },
		{ MSR_SYSENTER_CS, 0x10, BIT(32) },
		{ MSR_SFMASK, 0x47700, BIT(32) },
		{ MSR_TSC_AUX, 0xffffffff, BIT(32) },
		{ MSR_PAT, 0x0007010600070106ULL, 0x0007010600070102ULL },
		{ MSR_PAT, 0x0504010607000406ULL, 0x0307010600070106ULL },
		{ MSR_PAT, 0, 0x0800000000000000ULL },
		{ MSR_EFER, EFER_SCE | EFER_NXE, BIT(12) },
		{ MSR_EFER, EFER_LME, BIT(63) },
		{ MSR_EFER, EFER_SCE, EFER_SCE | BIT(14) },
		{ MSR_APIC_BASE, 0xfee00900, BIT(40) },
		{ MSR_APIC_BASE, 0xfee00900, 0xfee00901 },
		{ MSR_APIC_BASE, 0xfee00900, 0xfee00500 },
		{ MSR_DEBUGCTL, 0, 1 },
		{ MSR_DEBUGCTL, 0, BIT(6) | BIT(7) },
		{ 0x17a, 0, 1 },
	};
	static const u32 read_only[] = { MSR_MTRRCAP, 0x179 };
	u64 value, before;

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		check(rd(rows[i].msr, &before));
		ok(wr(rows[i].msr, rows[i].good) && rd(rows[i].msr, &value) &&
		   value == rows[i].good, "%#x takes %#lx", rows[i].msr, rows[i].good);
		ok(!wr(rows[i].msr, rows[i].bad) && rd(rows[i].msr, &value) &&
		   value == rows[i].good, "%#x does not take %#lx", rows[i].msr, rows[i].bad);
		wr(rows[i].msr, before);
	}
	for (u32 i = 0; i < ARRAY_SIZE(read_only); i++)
		ok(!wr(read_only[i], 0), "%#x can't be written", read_only[i]);
	ok(wr(0x8b, 5) && rd(0x8b, &value) && !value, "the microcode revision takes and forgets");
	for (int bit = 0; bit < 64; bit++)
		if (BIT(bit) & ~(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE))
			check(!wr(MSR_EFER, BIT(bit)));
	ok(true, "EFER: each reserved bit is #GP");
}

static void efer(void)
{
	u64 value;

	guest_protected_mode();
	ok(wr(MSR_EFER, EFER_LMA) && rd(MSR_EFER, &value) && !value, "LMA can't be written");
	guest_long_mode();
	ok(!wr(MSR_EFER, EFER_SCE), "LME can't change under paging");
	ok(wr(MSR_EFER, EFER_LME) && rd(MSR_EFER, &value) && value == (EFER_LME | EFER_LMA),
	   "LMA stays");
	guest_protected_mode();
	model_set(GUEST_EFER, 0);
	model_set(ENTRY_CONTROLS, vmread(ENTRY_CONTROLS) & ~ENTRY_IA32E);
	model_set(GUEST_CR4, CR4_VMXE | CR4_MCE);
}

static void loaded(void)
{
	static const u32 msrs[] = { MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SFMASK };
	u64 dom0[4], value;

	for (int i = 0; i < 4; i++) {
		dom0[i] = this_cpu()->dom0_star;
		check(wr(msrs[i], 0x1000 * (i + 1)));
		check(model_msr(msrs[i])->value == 0x1000u * (i + 1));
	}
	dom0[0] = this_cpu()->dom0_star;
	dom0[1] = this_cpu()->dom0_lstar;
	dom0[2] = this_cpu()->dom0_cstar;
	dom0[3] = this_cpu()->dom0_sfmask;
	model_msr(MSR_KERNEL_GS_BASE)->value = 0x77000;	/* SWAPGS, without an exit */
	model_msr(MSR_TSC_AUX)->value = 5;		/* passed through */
	guest_exit(EXIT_EXTERNAL_INTERRUPT, 0);
	for (int i = 0; i < 4; i++)
		check(model_msr(msrs[i])->value == dom0[i]);
	ok(model_msr(MSR_KERNEL_GS_BASE)->value == 0x9000 && !model_msr(MSR_TSC_AUX)->value,
	   "Domain-0 has its own MSRs back");
	model_msr(MSR_KERNEL_GS_BASE)->value = 0xa000;
	guest_run(vcpu);
	for (int i = 0; i < 4; i++)
		check(model_msr(msrs[i])->value == 0x1000u * (i + 1));
	ok(model_msr(MSR_KERNEL_GS_BASE)->value == 0x77000 && model_msr(MSR_TSC_AUX)->value == 5 &&
	   rd(MSR_KERNEL_GS_BASE, &value) && value == 0x77000, "and the guest has its own");
}

static void tsc(void)
{
	u64 value, offset = vcpu->tsc_offset;

	ok(rd(MSR_TSC, &value) && value == model.tsc + offset, "TSC with the offset");
	ok(rd(MSR_TSC_ADJUST, &value) && !value, "TSC_ADJUST 0");
	ok(wr(MSR_TSC, 1000) && rd(MSR_TSC, &value) && value == 1000 &&
	   vmread(TSC_OFFSET) == vcpu->tsc_offset, "TSC can be set");
	ok(rd(MSR_TSC_ADJUST, &value) && value == vcpu->tsc_offset - offset,
	   "which TSC_ADJUST shows");
	ok(wr(MSR_TSC_ADJUST, 0) && rd(MSR_TSC, &value) && value == model.tsc + offset,
	   "and undoes");
	ok(wr(MSR_TSC_ADJUST, ~0ULL) && rd(MSR_TSC, &value) && value == model.tsc + offset - 1,
	   "TSC_ADJUST backwards");
	wr(MSR_TSC_ADJUST, 0);
}

#define R	1
#define W	2

/* MSRs of Domain-0 that exit: what hides VMX, what a DomU's run replaces, what reaches memory. */
static const struct { u32 first, last; u8 access; const char *what; } dom0_kept[] = {
	{ 0x1b, 0x1b, W, "IA32_APIC_BASE" },
	{ 0x3a, 0x3a, R | W, "IA32_FEATURE_CONTROL" },
	{ 0x80, 0x80, W, "the trace hub's base" },
	{ 0x82, 0x86, W, "fast zero memory" },
	{ 0x1f4, 0x1f5, W, "PRMRR" },
	{ 0x2a0, 0x2a7, W, "PRMRR bases" },
	{ 0x2f4, 0x2f5, W, "the uncore's PRMRR" },
	{ 0x3f1, 0x3f1, W, "IA32_PEBS_ENABLE" },
	{ 0x480, 0x493, R, "VMX capabilities" },
	{ 0x560, 0x561, R | W, "Intel PT: output" },
	{ 0x570, 0x58b, R | W, "Intel PT" },
	{ 0x982, 0x984, W, "memory encryption" },
	{ 0x1400, 0x1401, W, "SEAMRR" },
	{ 0x17d0, 0x17d0, W, "IA32_HW_FEEDBACK_PTR" },
	{ 0xc0000081, 0xc0000084, W, "SYSCALL" },
};

static u8 dom0_access(u32 msr)
{
	for (u32 i = 0; i < ARRAY_SIZE(dom0_kept); i++)
		if (msr >= dom0_kept[i].first && msr <= dom0_kept[i].last)
			return dom0_kept[i].access;
	return 0;
}

static void dom0_bitmap(void)
{
	const u8 *map = phys(machine.msr_bitmap_dom0);
	u32 wrong = 0, exits = 0;

	for (u32 i = 0; i < 0x4000; i++) {
		u32 msr = i < 0x2000 ? i : 0xc0000000 + i - 0x2000;
		u8 access = (map[i / 8] >> (i & 7) & 1 ? R : 0) |
			    (map[2048 + i / 8] >> (i & 7) & 1 ? W : 0);

		wrong += access != dom0_access(msr);
		exits += !!access;
	}
	ok(!wrong, "Domain-0: %u MSRs exit, and no other", exits);
}

int main(void)
{
	world_start(&skylake_server, 1, NULL);
	vcpu = running_guest();
	guest_protected_mode();
	default_deny();
	bitmap();
	values();
	efer();
	loaded();
	tsc();
	dom0_bitmap();
	return tap_done();
}
