// SPDX-License-Identifier: GPL-2.0-only
/* Control words from capability MSRs. SDM volume 3, appendix A. */
#include "core.h"

#define EVERYTHING	0xffffffff00000000ULL
#define EPT_ALL		(EPT_CAP_WALK_4 | EPT_CAP_WB | EPT_CAP_INVEPT | EPT_CAP_INVEPT_ALL | \
			 EPT_CAP_INVVPID | EPT_CAP_INVVPID_SINGLE)

static int start(struct kunit *test)
{
	static const u32 msrs[] = { MSR_VMX_PINBASED, MSR_VMX_PROCBASED, MSR_VMX_EXIT, MSR_VMX_ENTRY,
				    MSR_VMX_PROCBASED2 };

	model_start(test);
	for (u32 i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++)
		model_msr(msrs[i], EVERYTHING);
	model_msr(MSR_VMX_EPT_VPID_CAP, EPT_ALL);
	return 0;
}

static void a_word_has_what_it_must_and_may(struct kunit *test)
{
	static const struct { u64 allowed; u32 needed, wanted, word, lacking; } rows[] = {
		{ 0x000000ff00000000, 0x0f, 0xf0, 0xff, 0 },
		{ 0x0000000f00000000, 0x0f, 0xf0, 0x0f, 0 },
		{ 0x0000000f00000000, 0xff, 0x00, 0x0f, 0xf0 },
		{ 0x0000001600000016, 0x00, 0x00, 0x16, 0 },
		{ 0xffffffff00000016, 0x01, 0x00, 0x17, 0 },
	};

	for (u32 i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		u32 word;

		KUNIT_EXPECT_EQ(test, vmx_solve(rows[i].allowed, rows[i].needed, rows[i].wanted, &word),
				rows[i].lacking);
		KUNIT_EXPECT_EQ(test, word, rows[i].word);
	}
}

static void a_good_processor_is_taken(struct kunit *test)
{
	struct vmx_caps *caps = &machine.caps;

	KUNIT_ASSERT_EQ(test, vmx_read_caps(caps), 0ULL);
	KUNIT_EXPECT_TRUE(test, caps->domu.proc2 & PROC2_EPT);
	KUNIT_EXPECT_TRUE(test, caps->domu.pin & PIN_EXTERNAL_INTERRUPT);
	KUNIT_EXPECT_FALSE(test, caps->dom0.pin & PIN_EXTERNAL_INTERRUPT);
}

static void what_is_lacking_has_a_name(struct kunit *test)
{
	static const struct { u32 msr; u64 without; u32 why; } rows[] = {
		{ MSR_VMX_PROCBASED, PROC_SECONDARY, HV_WHY_NO_SECONDARY },
		{ MSR_VMX_PROCBASED2, PROC2_EPT, HV_WHY_NO_EPT },
		{ MSR_VMX_PROCBASED2, PROC2_UNRESTRICTED_GUEST, HV_WHY_NO_UNRESTRICTED },
		{ MSR_VMX_PROCBASED, PROC_MSR_BITMAPS, HV_WHY_NO_MSR_BITMAP },
		{ MSR_VMX_PINBASED, PIN_PREEMPTION_TIMER, HV_WHY_NO_PREEMPT_TIMER },
		{ MSR_VMX_PROCBASED2, PROC2_VPID, HV_WHY_CONTROLS },
		{ MSR_VMX_PINBASED, PIN_VIRTUAL_NMIS, HV_WHY_CONTROLS },
	};

	for (u32 i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		u64 why;

		model_msr(rows[i].msr, EVERYTHING & ~(rows[i].without << 32));
		why = vmx_read_caps(&machine.caps);
		KUNIT_EXPECT_EQ(test, (u32)why, rows[i].why);
		KUNIT_EXPECT_EQ(test, why >> 32, rows[i].without);
		model_msr(rows[i].msr, EVERYTHING);
	}
	model_msr(MSR_VMX_EPT_VPID_CAP, EPT_ALL & ~EPT_CAP_WB);
	KUNIT_EXPECT_EQ(test, (u32)vmx_read_caps(&machine.caps), (u32)HV_WHY_EPT_FEATURES);
}

/* Bit 55 of IA32_VMX_BASIC: the "true" MSRs say what may really be 0. */
static void true_msrs_are_used(struct kunit *test)
{
	static const u32 msrs[] = { MSR_VMX_TRUE_PINBASED, MSR_VMX_TRUE_PROCBASED, MSR_VMX_TRUE_EXIT,
				    MSR_VMX_TRUE_ENTRY };

	model_msr(MSR_VMX_BASIC, BIT(55));
	KUNIT_EXPECT_NE(test, vmx_read_caps(&machine.caps), 0ULL);
	for (u32 i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++)
		model_msr(msrs[i], EVERYTHING);
	KUNIT_EXPECT_EQ(test, vmx_read_caps(&machine.caps), 0ULL);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_word_has_what_it_must_and_may),
	KUNIT_CASE(a_good_processor_is_taken),
	KUNIT_CASE(what_is_lacking_has_a_name),
	KUNIT_CASE(true_msrs_are_used),
	{}
};

static struct kunit_suite caps_suite = {
	.name = "hvmod_caps",
	.init = start,
	.test_cases = cases,
};
kunit_test_suite(caps_suite);
