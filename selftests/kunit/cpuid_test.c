// SPDX-License-Identifier: GPL-2.0-only
/* What a DomU is told by CPUID: default deny. */
#include "core.h"

static struct vcpu *vcpus;

/* A processor that has everything, to see what is kept from a guest. */
static int start(struct kunit *test)
{
	model_start(test);
	for (u32 leaf = 0; leaf < 0x20; leaf++)
		model_leaf(leaf, 0, ~0U, ~0U, ~0U, ~0U);
	model_leaf(0, 0, 0x1f, 0x756e6547, 0x6c65746e, 0x49656e69);
	model_leaf(0xd, 0, 7, 832, 832, 0);
	model_leaf(0xd, 2, 256, 576, 0, 0);
	for (u32 leaf = 1; leaf < 9; leaf++)
		model_leaf(0x80000000 + leaf, 0, ~0U, ~0U, ~0U, ~0U);
	model_leaf(0x80000000, 0, 0x80000008, 0, 0, 0);
	machine.caps.domu.proc2 = PROC2_RDTSCP | PROC2_INVPCID;
	machine.caps.cr4_fixed1 = ~0ULL;
	vcpus = model_domain(2);
	cpuid_init();
	return 0;
}

static struct cpuid ask(u32 leaf, u32 subleaf)
{
	u64 *gpr = vcpus->ctx.gpr;

	gpr[RAX] = leaf;
	gpr[RCX] = subleaf;
	resume_cpuid(vcpus);
	return (struct cpuid){ gpr[RAX], gpr[RBX], gpr[RCX], gpr[RDX] };
}

static void what_would_need_more_is_hidden(struct kunit *test)
{
	struct cpuid one = ask(1, 0), seven = ask(7, 0);
	static const u8 hidden_ecx[] = { 2, 3, 5, 6, 7, 8, 15, 18 };	/* VMX is 5, MONITOR 3 */
	static const u8 hidden_ebx[] = { 2, 4, 11, 12, 14, 15, 25 };	/* SGX, HLE, RTM, PT */

	for (u32 i = 0; i < sizeof(hidden_ecx); i++)
		KUNIT_EXPECT_FALSE(test, one.ecx & BIT(hidden_ecx[i]));
	for (u32 i = 0; i < sizeof(hidden_ebx); i++)
		KUNIT_EXPECT_FALSE(test, seven.ebx & BIT(hidden_ebx[i]));
	KUNIT_EXPECT_TRUE(test, one.ecx & BIT(31));
	KUNIT_EXPECT_TRUE(test, one.ecx & BIT(21));
}

static void unknown_leaves_are_zero(struct kunit *test)
{
	static const u32 leaves[] = { 3, 5, 8, 9, 0xa, 0xc, 0xe, 0xf, 0x10, 0x12, 0x14, 0x19, 0x1f, 0x20,
				      0x40000002, 0x80000009, 0xffffffff };

	for (u32 i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
		struct cpuid r = ask(leaves[i], 0);

		KUNIT_EXPECT_EQ(test, r.eax | r.ebx | r.ecx | r.edx, 0U);
	}
}

static void largest_leaf_is_capped(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, ask(0, 0).eax, 0xdU);
	KUNIT_EXPECT_EQ(test, ask(0x80000000, 0).eax, 0x80000008U);
	KUNIT_EXPECT_EQ(test, ask(0x40000000, 0).ebx, 0x4b4d564bU);
}

static void osxsave_follows_cr4(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, ask(1, 0).ecx & BIT(27));
	vmwrite_ok(GUEST_CR4, CR4_OSXSAVE);
	KUNIT_EXPECT_TRUE(test, ask(1, 0).ecx & BIT(27));
}

static void cr4_allows_what_cpuid_shows(struct kunit *test)
{
	u64 allowed = guest_cr4_allowed();

	KUNIT_EXPECT_TRUE(test, allowed & CR4_SMEP);
	KUNIT_EXPECT_TRUE(test, allowed & CR4_PAE);
	KUNIT_EXPECT_FALSE(test, allowed & CR4_VMXE);
	KUNIT_EXPECT_FALSE(test, allowed & CR4_LA57);
	KUNIT_EXPECT_FALSE(test, allowed & CR4_PKE);
	KUNIT_EXPECT_FALSE(test, allowed & CR4_CET);
	machine.caps.cr4_fixed1 = ~CR4_SMEP;
	KUNIT_EXPECT_FALSE(test, guest_cr4_allowed() & CR4_SMEP);
}

static void each_vcpu_has_its_id(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, ask(1, 0).ebx >> 24, 0U);
	KUNIT_EXPECT_EQ(test, ask(0xb, 0).edx, 0U);
	vcpus++;
	KUNIT_EXPECT_EQ(test, ask(1, 0).ebx >> 24, 1U);
	KUNIT_EXPECT_EQ(test, ask(0xb, 0).edx, 1U);
	KUNIT_EXPECT_EQ(test, ask(1, 0).ebx >> 16 & 0xff, 2U);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(what_would_need_more_is_hidden),
	KUNIT_CASE(unknown_leaves_are_zero),
	KUNIT_CASE(largest_leaf_is_capped),
	KUNIT_CASE(osxsave_follows_cr4),
	KUNIT_CASE(cr4_allows_what_cpuid_shows),
	KUNIT_CASE(each_vcpu_has_its_id),
	{}
};

static struct kunit_suite cpuid_suite = {
	.name = "hvmod_cpuid",
	.init = start,
	.test_cases = cases,
};
kunit_test_suite(cpuid_suite);
