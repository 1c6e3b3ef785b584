// SPDX-License-Identifier: GPL-2.0-only
/* The APIC timer: one-shot, periodic, TSC deadline. */
#include "guest.h"

#define VECTOR		0x40
#define DIVIDE_BY_1	0xB
#define COUNT		2000000U
#define SHORT_TICKS	2000000ULL
#define DEADLINE_TICKS	5000000ULL
#define CPUID_DEADLINE	(1U << 24)

static unsigned int interrupts;
static uint64_t last_tsc;

static void on_timer(struct frame *frame)
{
	(void)frame;
	last_tsc = rdtsc();
	interrupts++;
	apic_eoi();
}

static void start(uint32_t lvt, uint32_t count)
{
	interrupts = 0;
	apic_write(APIC_INITIAL, 0);
	apic_write(APIC_LVT_TIMER, lvt);
	apic_write(APIC_DIVIDE, DIVIDE_BY_1);
	apic_write(APIC_INITIAL, count);
}

/* As much time as it took once, and more: would there be another one? */
static bool another(uint64_t ticks)
{
	unsigned int before = READ_ONCE(interrupts);

	sti();
	spin(ticks);
	cli();
	return READ_ONCE(interrupts) != before;
}

static void test_one_shot(const char *mode)
{
	uint64_t began = rdtsc();
	uint32_t first, second;
	uint64_t took;

	start(VECTOR, COUNT);
	first = apic_read(APIC_CURRENT);
	spin(1000);
	second = apic_read(APIC_CURRENT);
	ok(first && first <= COUNT && second < first, "%s: one-shot: the count goes down", mode);
	ok(wait_count(&interrupts, 1), "%s: one-shot: an interrupt", mode);
	took = rdtsc() - began;
	ok(!another(3 * took) && interrupts == 1, "%s: one-shot: only one", mode);
	ok(apic_read(APIC_CURRENT) == 0, "%s: one-shot: the count stays at 0", mode);
	start(VECTOR, COUNT);
	sti_hlt_cli();
	ok(interrupts == 1, "%s: one-shot: wakes from HLT", mode);
	start(VECTOR, COUNT);
	apic_write(APIC_INITIAL, 0);
	ok(!another(3 * took), "%s: one-shot: a count of 0 stops it", mode);
	start(VECTOR | LVT_MASKED, COUNT);
	ok(!another(3 * took) && apic_read(APIC_CURRENT) == 0,
	   "%s: one-shot: masked, it counts and keeps quiet", mode);
	start(VECTOR, COUNT);
	spin(3 * took);
	ok(interrupts == 0 && apic_bit(APIC_IRR, VECTOR), "%s: one-shot: waits while IF is 0", mode);
	sti();
	cli();
	ok(interrupts == 1, "%s: one-shot: and comes with STI", mode);
}

static void test_periodic(const char *mode)
{
	uint64_t began = rdtsc();
	uint64_t took;

	start(VECTOR | LVT_PERIODIC, COUNT);
	ok(wait_count(&interrupts, 5), "%s: periodic: five interrupts", mode);
	took = rdtsc() - began;
	ok(apic_read(APIC_INITIAL) == COUNT && apic_read(APIC_CURRENT) <= COUNT,
	   "%s: periodic: it goes on", mode);
	apic_write(APIC_INITIAL, 0);
	/* One may have come while IF was 0. */
	sti();
	cli();
	ok(!another(took), "%s: periodic: a count of 0 stops it", mode);
}

static void set_deadline(uint64_t deadline)
{
	interrupts = 0;
	wrmsr(MSR_TSC_DEADLINE, deadline);
}

static void test_deadline(const char *mode)
{
	uint64_t deadline;

	if (!(cpuid(1, 0).ecx & CPUID_DEADLINE)) {
		skip("TSC deadline", "the processor has none");
		return;
	}
	start(VECTOR | LVT_DEADLINE, 0);
	deadline = rdtsc() + DEADLINE_TICKS;
	set_deadline(deadline);
	ok(rdmsr(MSR_TSC_DEADLINE) == deadline, "%s: TSC deadline: armed", mode);
	ok(wait_count(&interrupts, 1) && last_tsc >= deadline, "%s: TSC deadline: not too early",
	   mode);
	ok(rdmsr(MSR_TSC_DEADLINE) == 0, "%s: TSC deadline: disarmed by itself", mode);
	ok(!another(2 * DEADLINE_TICKS), "%s: TSC deadline: only one", mode);
	set_deadline(rdtsc() + DEADLINE_TICKS);
	sti_hlt_cli();
	ok(interrupts == 1, "%s: TSC deadline: wakes from HLT", mode);
	set_deadline(1);
	ok(wait_count(&interrupts, 1), "%s: TSC deadline: one that is past is due", mode);
	set_deadline(rdtsc() + SHORT_TICKS);
	wrmsr(MSR_TSC_DEADLINE, 0);
	ok(!another(3 * SHORT_TICKS), "%s: TSC deadline: 0 disarms", mode);
	set_deadline(rdtsc() + SHORT_TICKS);
	apic_write(APIC_LVT_TIMER, VECTOR);
	ok(!another(3 * SHORT_TICKS) && rdmsr(MSR_TSC_DEADLINE) == 0,
	   "%s: TSC deadline: another mode disarms", mode);
}

void test_timer(void)
{
	const char *mode = apic_x2 ? "x2APIC" : "xAPIC";

	trap_handle(VECTOR, on_timer);
	test_one_shot(mode);
	test_periodic(mode);
	test_deadline(mode);
	apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR);
}
