// SPDX-License-Identifier: GPL-2.0-only
/* Interrupts between processors: to one, to itself, to all, NMIs, priorities. */
#include "guest.h"

#define VECTOR		0x50
#define VECTOR_HIGH	0x91
#define NMI		2
#define APIC_LDR	0x0D
#define APIC_DFR	0x0E
#define LONG_TICKS	3000000ULL

static unsigned int count[CPUS_MAX + 1];
static unsigned int nmis[CPUS_MAX + 1];
static unsigned int total;
static unsigned int order[2];
static unsigned int ordered;

static void on_ipi(struct frame *frame)
{
	(void)frame;
	__atomic_add_fetch(&count[cpu_index()], 1, __ATOMIC_SEQ_CST);
	apic_eoi();
	__atomic_add_fetch(&total, 1, __ATOMIC_SEQ_CST);
}

static void on_nmi(struct frame *frame)
{
	(void)frame;
	__atomic_add_fetch(&nmis[cpu_index()], 1, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&total, 1, __ATOMIC_SEQ_CST);
}

static void on_ordered(struct frame *frame)
{
	if (ordered < 2)
		order[ordered] = (unsigned int)frame->vector;
	ordered++;
	apic_eoi();
}

static void begin(void)
{
	memset(count, 0, sizeof(count));
	memset(nmis, 0, sizeof(nmis));
	__atomic_store_n(&total, 0, __ATOMIC_SEQ_CST);
}

/* Whether those of @from up to @to, and no others, have had one. */
static bool had(const unsigned int *counts, unsigned int from, unsigned int to)
{
	unsigned int i;
	bool good = true;

	wait_count(&total, to - from);
	sti();
	spin(LONG_TICKS);
	cli();
	for (i = 0; i <= CPUS_MAX; i++) {
		if (counts[i] != (i >= from && i < to)) {
			print("# processor %u: %u\n", i, counts[i]);
			good = false;
		}
	}
	return good && READ_ONCE(total) == to - from;
}

static void test_each(const char *mode)
{
	unsigned int i;

	for (i = 0; i < cpus; i++) {
		begin();
		apic_send(VECTOR, cpu_apic_id[i]);
		ok(had(count, i, i + 1), "%s: an IPI to processor %u", mode, i);
	}
	begin();
	for (i = 0; i < 100 * cpus; i++) {
		apic_send(VECTOR, cpu_apic_id[i % cpus]);
		if (!wait_count(&total, i + 1))
			break;
	}
	ok(READ_ONCE(total) == 100 * cpus, "%s: %u in a row, each arrives", mode, 100 * cpus);
	begin();
	apic_send(VECTOR, 0xFE);
	ok(had(count, 0, 0), "%s: an IPI to nobody", mode);
}

static void test_shorthands(const char *mode)
{
	begin();
	apic_send(ICR_SELF | VECTOR, 0);
	ok(had(count, 0, 1), "%s: an IPI to self", mode);
	begin();
	apic_send(ICR_ALL | VECTOR, 0);
	ok(had(count, 0, cpus), "%s: an IPI to all", mode);
	begin();
	apic_send(ICR_OTHERS | VECTOR, 0);
	ok(had(count, 1, cpus), "%s: an IPI to all others", mode);
	begin();
	apic_send(VECTOR, apic_x2 ? 0xFFFFFFFF : 0xFF);
	ok(had(count, 0, cpus), "%s: an IPI to the broadcast address", mode);
	if (!apic_x2)
		return;
	begin();
	apic_write(APIC_SELF_IPI, VECTOR);
	ok(had(count, 0, 1), "%s: the self-IPI register", mode);
}

static void test_logical(const char *mode)
{
	uint32_t ldr;

	if (!apic_x2) {
		apic_write(APIC_DFR, 0xFFFFFFFF);
		apic_write(APIC_LDR, 0x01000000);
	}
	ldr = apic_read(APIC_LDR);
	begin();
	apic_send(ICR_LOGICAL | VECTOR, apic_x2 ? ldr : ldr >> 24);
	ok(ldr && had(count, 0, 1), "%s: an IPI to a logical address, 0x%x", mode, ldr);
}

static void test_nmi(const char *mode)
{
	unsigned int i;

	for (i = 1; i < cpus; i++) {
		begin();
		apic_send(ICR_NMI, cpu_apic_id[i]);
		ok(had(nmis, i, i + 1), "%s: an NMI to processor %u", mode, i);
	}
	begin();
	apic_send(ICR_NMI, cpu_apic_id[0]);
	ok(wait_count(&total, 1) && nmis[0] == 1, "%s: an NMI to itself, whatever IF is", mode);
	begin();
	apic_send(ICR_NMI | ICR_OTHERS, 0);
	ok(had(nmis, 1, cpus), "%s: an NMI to all others", mode);
}

static void test_priority(const char *mode)
{
	ordered = 0;
	apic_send(ICR_SELF | VECTOR, 0);
	apic_send(ICR_SELF | VECTOR_HIGH, 0);
	ok(apic_bit(APIC_IRR, VECTOR) && apic_bit(APIC_IRR, VECTOR_HIGH),
	   "%s: two wait while IF is 0", mode);
	sti();
	spin(1000);
	cli();
	ok(ordered == 2 && order[0] == VECTOR_HIGH && order[1] == VECTOR,
	   "%s: the higher one comes first", mode);
	ordered = 0;
	apic_write(APIC_TPR, VECTOR & 0xF0);
	apic_send(ICR_SELF | VECTOR, 0);
	sti();
	spin(1000);
	ok(READ_ONCE(ordered) == 0, "%s: TPR holds it back", mode);
	apic_send(ICR_SELF | VECTOR_HIGH, 0);
	spin(1000);
	ok(READ_ONCE(ordered) == 1 && order[0] == VECTOR_HIGH, "%s: but not a higher one", mode);
	apic_write(APIC_TPR, 0);
	spin(1000);
	cli();
	ok(ordered == 2 && order[1] == VECTOR, "%s: lowering TPR lets it come", mode);
	asm volatile("mov %0, %%cr8" : : "r"(5UL));
	ok(apic_read(APIC_TPR) == 0x50, "%s: CR8 is TPR", mode);
	asm volatile("mov %0, %%cr8" : : "r"(0UL));
}

void test_ipi(void)
{
	const char *mode = apic_x2 ? "x2APIC" : "xAPIC";

	trap_handle(VECTOR, on_ipi);
	trap_handle(NMI, on_nmi);
	test_each(mode);
	test_shorthands(mode);
	test_logical(mode);
	test_nmi(mode);
	trap_handle(VECTOR, on_ordered);
	trap_handle(VECTOR_HIGH, on_ordered);
	test_priority(mode);
	trap_handle(NMI, NULL);
}
