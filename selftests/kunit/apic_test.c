// SPDX-License-Identifier: GPL-2.0-only
/* The local APIC: priorities, messages, timer. SDM volume 3, chapter 11. */
#include "core.h"

static struct vcpu *vcpus;

static int start(struct kunit *test)
{
	model_start(test);
	vcpus = model_domain(4);
	return 0;
}

static u64 reg(struct vcpu *vcpu, u32 number)
{
	u64 value = ~0ULL;

	return apic_read(vcpu, number, &value) ? ~0ULL : value;
}

static void x2apic(struct vcpu *vcpu)
{
	apic_set_base(&vcpu->apic, vcpu->apic.base | APIC_BASE_EXTD);
}

static void highest_vector_first(struct kunit *test)
{
	struct apic *apic = &vcpus->apic;

	KUNIT_EXPECT_EQ(test, apic_deliverable(apic), -1);
	KUNIT_EXPECT_TRUE(test, apic_set_irq(vcpus, 0x41, false));
	KUNIT_EXPECT_TRUE(test, apic_set_irq(vcpus, 0xef, false));
	KUNIT_EXPECT_FALSE(test, apic_set_irq(vcpus, 0x41, false));
	KUNIT_EXPECT_EQ(test, apic_deliverable(apic), 0xef);
	apic_accept(apic, 0xef);
	KUNIT_EXPECT_EQ(test, apic_deliverable(apic), -1);
	KUNIT_EXPECT_EQ(test, reg(vcpus, REG_PPR), 0xe0ULL);
	KUNIT_EXPECT_EQ(test, apic_write(vcpus, REG_EOI, 0), 0);
	KUNIT_EXPECT_EQ(test, apic_deliverable(apic), 0x41);
}

static void task_priority_holds_back(struct kunit *test)
{
	static const struct { u32 tpr; int deliverable; } rows[] = {
		{ 0, 0x55 }, { 0x40, 0x55 }, { 0x4f, 0x55 }, { 0x50, -1 }, { 0xf0, -1 },
	};

	apic_set_irq(vcpus, 0x55, false);
	for (u32 i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		KUNIT_EXPECT_EQ(test, apic_write(vcpus, REG_TPR, rows[i].tpr), 0);
		KUNIT_EXPECT_EQ(test, apic_deliverable(&vcpus->apic), rows[i].deliverable);
	}
	apic_write(vcpus, REG_TPR, 0);
	apic_write(vcpus, REG_SVR, 0xff);
	KUNIT_EXPECT_EQ(test, apic_deliverable(&vcpus->apic), -1);
}

static void only_level_triggered_ends_leave(struct kunit *test)
{
	apic_set_irq(vcpus, 0x60, true);
	apic_accept(&vcpus->apic, 0x60);
	apic_write(vcpus, REG_EOI, 0);
	KUNIT_EXPECT_EQ(test, vcpus->eoi, 0x60U);
	vcpus->eoi = 0;
	apic_set_irq(vcpus, 0x60, false);
	apic_accept(&vcpus->apic, 0x60);
	apic_write(vcpus, REG_EOI, 0);
	KUNIT_EXPECT_EQ(test, vcpus->eoi, 0U);
}

static void messages_find_their_target(struct kunit *test)
{
	static const struct { u64 address; u32 data; u64 wake; u32 taken; } rows[] = {
		{ 0xfee00000 | 2 << 12, 0x51, BIT(2), 1 },
		{ 0xfee00000 | 9 << 12, 0x51, 0, 0 },
		{ 0xfee00000 | 0xff << 12, 0x52, 0xf, 4 },
		{ 0xfee00000 | 1 << 12, 0x0f, 0, 0 },		/* a vector below 16 */
		{ 0xfed00000 | 1 << 12, 0x51, 0, 0 },		/* no interrupt message */
		{ 0xfee00000 | 1 << 12, 0x600, 0, 0 },		/* start-up */
		{ 0xfee00000 | 1 << 12, 0x400, BIT(1), 1 },	/* NMI */
	};

	for (u32 i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		u64 wake = 0;

		KUNIT_EXPECT_EQ(test, apic_msi(vcpus->domain, rows[i].address, rows[i].data, &wake),
				rows[i].taken);
		KUNIT_EXPECT_EQ(test, wake, rows[i].wake);
	}
	KUNIT_EXPECT_TRUE(test, vcpus[1].nmi_pending);
}

static void ipi_shorthands(struct kunit *test)
{
	static const struct { u64 icr; u64 wake; } rows[] = {
		{ 3ULL << 18 | 0x70, 0xe },		/* all but itself */
		{ 2ULL << 18 | 0x71, 0xe },		/* all; itself needs no wake */
		{ 1ULL << 18 | 0x72, 0 },		/* itself */
		{ 3ULL << 56 | 0x73, BIT(3) },
	};

	for (u32 i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		apic_write(vcpus, REG_ICR_HIGH, rows[i].icr >> 32);
		apic_write(vcpus, REG_ICR, (u32)rows[i].icr);
		KUNIT_EXPECT_EQ(test, apic_take_wake(vcpus), rows[i].wake);
	}
	KUNIT_EXPECT_EQ(test, apic_deliverable(&vcpus->apic), 0x72);
	KUNIT_EXPECT_EQ(test, apic_deliverable(&vcpus[3].apic), 0x73);
	apic_write(vcpus, REG_ICR, 0x0f);
	apic_write(vcpus, REG_ESR, 0);
	KUNIT_EXPECT_EQ(test, reg(vcpus, REG_ESR), (u64)ESR_SEND_VECTOR);
}

static void init_forgets_an_earlier_sipi(struct kunit *test)
{
	x2apic(vcpus);
	apic_write(vcpus, REG_ICR, 1ULL << 32 | 0x609);
	KUNIT_EXPECT_EQ(test, vcpus[1].sipi_pending, (u32)SIPI_PENDING | 9);
	apic_write(vcpus, REG_ICR, 1ULL << 32 | 0x4500);
	KUNIT_EXPECT_TRUE(test, vcpus[1].init_pending);
	KUNIT_EXPECT_EQ(test, vcpus[1].sipi_pending, 0U);
}

/* SDM volume 3, figure 11-27. */
static void mode_changes(struct kunit *test)
{
	const u64 off = APIC_DEFAULT_BASE, x = off | APIC_BASE_ENABLE, x2 = x | APIC_BASE_EXTD;
	const struct { u64 old, new; bool valid; } rows[] = {
		{ off, x, true }, { x, x2, true }, { x2, off, true }, { x, off, true }, { x2, x2, true },
		{ off, x2, false }, { x2, x, false }, { x, off | APIC_BASE_EXTD, false },
		{ x, x | BIT(9), false }, { x, x | BIT(40), false },
	};

	for (u32 i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		KUNIT_EXPECT_EQ(test, apic_base_valid(rows[i].old, rows[i].new), rows[i].valid);
}

static void x2apic_has_no_reserved_bits(struct kunit *test)
{
	static const struct { u32 reg; u64 value; } rows[] = {
		{ REG_TPR, 0x100 }, { REG_EOI, 1 }, { REG_LDR, 0 }, { REG_DFR, 0 }, { REG_ICR_HIGH, 0 },
		{ REG_SVR, BIT(16) }, { REG_ESR, 1 }, { REG_TIMER_DIVIDE, 4 }, { REG_SELF_IPI, 0x100 },
		{ REG_TIMER_INITIAL, BIT(32) }, { REG_VERSION, 0 }, { 0x04, 0 },
	};

	x2apic(vcpus);
	for (u32 i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		KUNIT_EXPECT_NE(test, apic_write(vcpus, rows[i].reg, rows[i].value), 0);
	KUNIT_EXPECT_EQ(test, reg(vcpus, REG_DFR), ~0ULL);
	KUNIT_EXPECT_EQ(test, reg(&vcpus[2], REG_ID), 2ULL << 24);
	x2apic(&vcpus[2]);
	KUNIT_EXPECT_EQ(test, reg(&vcpus[2], REG_ID), 2ULL);
	KUNIT_EXPECT_EQ(test, reg(&vcpus[2], REG_LDR), (u64)BIT(2));
}

/* The timer counts 1 GHz, the model's TSC 2 GHz. */
static void one_shot_and_periodic(struct kunit *test)
{
	struct apic *apic = &vcpus->apic;

	model.tsc = 1000;
	apic_write(vcpus, REG_LVT_CMCI + 3, 0x40);
	apic_write(vcpus, REG_TIMER_DIVIDE, 0xb);		/* by 1 */
	apic_write(vcpus, 0x32, 0x40);
	apic_write(vcpus, REG_TIMER_INITIAL, 500000);
	KUNIT_EXPECT_EQ(test, apic->deadline, 1001000ULL);
	model.tsc = 501000;
	KUNIT_EXPECT_EQ(test, reg(vcpus, REG_TIMER_CURRENT), 250000ULL);
	KUNIT_EXPECT_FALSE(test, timer_expire(vcpus));
	model.tsc = 1001000;
	KUNIT_EXPECT_TRUE(test, timer_expire(vcpus));
	KUNIT_EXPECT_EQ(test, apic_deliverable(apic), 0x40);
	KUNIT_EXPECT_EQ(test, apic->deadline, 0ULL);

	apic_write(vcpus, 0x32, 0x40 | TIMER_PERIODIC);
	apic_write(vcpus, REG_TIMER_INITIAL, 500000);
	model.tsc += 10000000;
	KUNIT_EXPECT_TRUE(test, timer_expire(vcpus));
	KUNIT_EXPECT_EQ(test, apic->deadline, model.tsc + 1000000);
}

static void deadlines_in_the_past_fire(struct kunit *test)
{
	model.tsc = 5000000;
	apic_write(vcpus, 0x32, 0x41 | TIMER_TSC_DEADLINE);
	apic_set_tsc_deadline(vcpus, 4000000);
	KUNIT_EXPECT_TRUE(test, timer_expire(vcpus));
	apic_set_tsc_deadline(vcpus, 6000000);
	KUNIT_EXPECT_FALSE(test, timer_expire(vcpus));
	KUNIT_EXPECT_EQ(test, vcpus->apic.deadline, 6000000ULL);
	apic_set_tsc_deadline(vcpus, 0);
	model.tsc = 7000000;
	KUNIT_EXPECT_FALSE(test, timer_expire(vcpus));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(highest_vector_first),
	KUNIT_CASE(task_priority_holds_back),
	KUNIT_CASE(only_level_triggered_ends_leave),
	KUNIT_CASE(messages_find_their_target),
	KUNIT_CASE(ipi_shorthands),
	KUNIT_CASE(init_forgets_an_earlier_sipi),
	KUNIT_CASE(mode_changes),
	KUNIT_CASE(x2apic_has_no_reserved_bits),
	KUNIT_CASE(one_shot_and_periodic),
	KUNIT_CASE(deadlines_in_the_past_fire),
	{}
};

static struct kunit_suite apic_suite = {
	.name = "hvmod_apic",
	.init = start,
	.test_cases = cases,
};
kunit_test_suite(apic_suite);
