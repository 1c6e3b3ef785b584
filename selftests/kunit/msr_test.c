// SPDX-License-Identifier: GPL-2.0-only
/* The table of a DomU's MSRs: what is not in it is #GP. */
#include "core.h"

static struct vcpu *vcpu;

static int start(struct kunit *test)
{
	model_start(test);
	KUNIT_ASSERT_EQ(test, alloc_init(), 0ULL);
	vcpu = model_domain(1);
	return 0;
}

static void unknown_is_a_fault(struct kunit *test)
{
	static const u32 msrs[] = { MSR_FEATURE_CONTROL, MSR_SPEC_CTRL, MSR_VMX_BASIC, MSR_PERF_GLOBAL_CTRL,
				    MSR_XSS, MSR_MTRR_PHYSBASE0, 0, 0xc0010015, 0xffffffff };
	u64 value;

	for (u32 i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++) {
		KUNIT_EXPECT_NE(test, msr_read(vcpu, msrs[i], &value), 0);
		KUNIT_EXPECT_NE(test, msr_write(vcpu, msrs[i], 0, false), 0);
		vcpu->ctx.gpr[RCX] = msrs[i];
		resume_rdmsr(vcpu);
		exit_wrmsr(vcpu);
		KUNIT_EXPECT_EQ(test, model.gps, 2 * (i + 1));
	}
	KUNIT_EXPECT_EQ(test, model.skipped, 0U);
}

static void values_are_checked(struct kunit *test)
{
	static const struct { u32 msr; u64 value; bool good; } rows[] = {
		{ MSR_LSTAR, 0xffffffff81000000, true },
		{ MSR_LSTAR, 0x0000800000000000, false },
		{ MSR_SYSENTER_EIP, 0x8000000000000000, false },
		{ MSR_KERNEL_GS_BASE, 0x00007fffffffffff, true },
		{ MSR_SFMASK, 0x47700, true },
		{ MSR_SFMASK, 0x100000000, false },
		{ MSR_PAT, 0x0007040600070406, true },
		{ MSR_PAT, 0x0007040600070402, false },
		{ MSR_PAT, 0x0807040600070406, false },
		{ MSR_DEBUGCTL, 0, true },
		{ MSR_DEBUGCTL, 1, false },
		{ MSR_MTRRCAP, 0, false },
		{ MSR_EFER, EFER_SCE | EFER_NXE, true },
		{ MSR_EFER, BIT(12), false },
		{ MSR_APIC_BASE, APIC_DEFAULT_BASE | APIC_BASE_EXTD, false },
	};

	for (u32 i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		KUNIT_EXPECT_EQ(test, !msr_write(vcpu, rows[i].msr, rows[i].value, true), rows[i].good);
}

static void a_check_changes_nothing(struct kunit *test)
{
	u64 before, after;

	for (u32 i = 0; i < msr_saved_count(); i++) {
		u32 msr = msr_saved_index(i);

		KUNIT_EXPECT_EQ(test, msr_read(vcpu, msr, &before), 0);
		msr_write(vcpu, msr, 0, true);
		KUNIT_EXPECT_EQ(test, msr_read(vcpu, msr, &after), 0);
		KUNIT_EXPECT_EQ(test, before, after);
	}
	KUNIT_EXPECT_EQ(test, msr_saved_index(msr_saved_count()), 0U);
}

static void what_is_written_is_read(struct kunit *test)
{
	static const u32 msrs[] = { MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SFMASK, MSR_KERNEL_GS_BASE,
				    MSR_TSC_AUX, MSR_SYSENTER_CS, MSR_SYSENTER_ESP, MSR_MISC_ENABLE };
	u64 value;

	for (u32 i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++) {
		KUNIT_EXPECT_EQ(test, msr_write(vcpu, msrs[i], 0x1000 + i, false), 0);
		KUNIT_EXPECT_EQ(test, msr_read(vcpu, msrs[i], &value), 0);
		KUNIT_EXPECT_EQ(test, value, 0x1000ULL + i);
	}
}

static void loaded_ones_are_the_processors(struct kunit *test)
{
	u64 value;

	model.cpu.vcpu = vcpu;
	KUNIT_EXPECT_EQ(test, msr_write(vcpu, MSR_LSTAR, 0x1234, false), 0);
	KUNIT_EXPECT_EQ(test, rdmsr(MSR_LSTAR), 0x1234ULL);
	wrmsr(MSR_LSTAR, 0x5678);
	KUNIT_EXPECT_EQ(test, msr_read(vcpu, MSR_LSTAR, &value), 0);
	KUNIT_EXPECT_EQ(test, value, 0x5678ULL);
	model.cpu.vcpu = NULL;
	KUNIT_EXPECT_EQ(test, msr_write(vcpu, MSR_CSTAR, 0x1234, false), 0);
	KUNIT_EXPECT_EQ(test, rdmsr(MSR_CSTAR), 0ULL);
}

static void tsc_is_offset(struct kunit *test)
{
	u64 value;

	model.tsc = 1000000;
	KUNIT_EXPECT_EQ(test, msr_write(vcpu, MSR_TSC, 5000, false), 0);
	model.tsc += 100;
	KUNIT_EXPECT_EQ(test, msr_read(vcpu, MSR_TSC, &value), 0);
	KUNIT_EXPECT_EQ(test, value, 5100ULL);
	KUNIT_EXPECT_EQ(test, vmread(TSC_OFFSET), 5000ULL - 1000000);
	KUNIT_EXPECT_EQ(test, msr_read(vcpu, MSR_TSC_ADJUST, &value), 0);
	KUNIT_EXPECT_EQ(test, value, 5000ULL - 1000000);
	KUNIT_EXPECT_EQ(test, msr_write(vcpu, MSR_TSC_ADJUST, 0, false), 0);
	KUNIT_EXPECT_EQ(test, msr_read(vcpu, MSR_TSC, &value), 0);
	KUNIT_EXPECT_EQ(test, value, model.tsc);
}

static bool intercepted(u64 bitmap, u32 msr, bool write)
{
	const u8 *bits = phys(bitmap);
	u32 bit = msr & 0x1fff;

	return bits[(msr >= 0xc0000000 ? 1024 : 0) + (write ? 2048 : 0) + bit / 8] & 1 << (bit & 7);
}

static void bitmaps(struct kunit *test)
{
	static const struct { u32 msr; bool read, write; } direct[] = {
		{ MSR_PAT, true, true }, { MSR_TSC, true, false }, { MSR_LSTAR, true, false },
		{ MSR_KERNEL_GS_BASE, true, true }, { MSR_EFER, false, false },
		{ MSR_SPEC_CTRL, false, false }, { MSR_FEATURE_CONTROL, false, false },
		{ MSR_APIC_BASE, false, false }, { 0x830, false, false },
	};

	KUNIT_ASSERT_TRUE(test, msr_bitmaps_init());
	for (u32 i = 0; i < sizeof(direct) / sizeof(direct[0]); i++) {
		KUNIT_EXPECT_EQ(test, intercepted(machine.msr_bitmap_domu, direct[i].msr, false),
				!direct[i].read);
		KUNIT_EXPECT_EQ(test, intercepted(machine.msr_bitmap_domu, direct[i].msr, true),
				!direct[i].write);
	}
	KUNIT_EXPECT_TRUE(test, intercepted(machine.msr_bitmap_dom0, MSR_VMX_BASIC, false));
	KUNIT_EXPECT_TRUE(test, intercepted(machine.msr_bitmap_dom0, MSR_FEATURE_CONTROL, true));
	KUNIT_EXPECT_FALSE(test, intercepted(machine.msr_bitmap_dom0, MSR_PAT, true));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(unknown_is_a_fault),
	KUNIT_CASE(values_are_checked),
	KUNIT_CASE(a_check_changes_nothing),
	KUNIT_CASE(what_is_written_is_read),
	KUNIT_CASE(loaded_ones_are_the_processors),
	KUNIT_CASE(tsc_is_offset),
	KUNIT_CASE(bitmaps),
	{}
};

static struct kunit_suite msr_suite = {
	.name = "hvmod_msr",
	.init = start,
	.test_cases = cases,
};
kunit_test_suite(msr_suite);
