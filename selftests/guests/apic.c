// SPDX-License-Identifier: GPL-2.0-only
/* The local APIC, as xAPIC by its page or as x2APIC by its MSRs. */
#include "guest.h"

#define APIC_PAGE		0xFEE00000ULL
#define BASE_X2			(1U << 10)
#define BASE_ENABLE		(1U << 11)
#define SVR_ENABLE		(1U << 8)
#define SPURIOUS		0xFF
#define ICR_PENDING		(1U << 12)
#define CPUID_X2APIC		(1U << 21)
#define WAIT_TICKS		400000000ULL

bool apic_x2;

static volatile uint32_t *xapic(uint32_t reg)
{
	return (volatile uint32_t *)(APIC_PAGE + 16 * reg);
}

uint32_t apic_read(uint32_t reg)
{
	return apic_x2 ? (uint32_t)rdmsr(MSR_X2APIC + reg) : *xapic(reg);
}

void apic_write(uint32_t reg, uint32_t value)
{
	if (apic_x2)
		wrmsr(MSR_X2APIC + reg, value);
	else
		*xapic(reg) = value;
}

void apic_send(uint32_t command, uint32_t apic_id)
{
	if (apic_x2) {
		wrmsr(MSR_X2APIC + APIC_ICR, (uint64_t)apic_id << 32 | ICR_ASSERT | command);
		return;
	}
	apic_write(APIC_ICR + 1, apic_id << 24);
	apic_write(APIC_ICR, ICR_ASSERT | command);
	while (apic_read(APIC_ICR) & ICR_PENDING)
		pause();
}

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

/* A bit of ISR, TMR or IRR. */
bool apic_bit(uint32_t reg, uint8_t vector)
{
	return apic_read(reg + vector / 32) >> vector % 32 & 1;
}

bool apic_has_x2(void)
{
	return cpuid(1, 0).ecx & CPUID_X2APIC;
}

/* From x2APIC mode there is no way back but through the state of being off. */
void apic_enable(bool x2)
{
	uint64_t base = rdmsr(MSR_APIC_BASE) & ~(uint64_t)(BASE_X2 | BASE_ENABLE);

	if (!x2 && rdmsr(MSR_APIC_BASE) & BASE_X2)
		wrmsr(MSR_APIC_BASE, base);
	wrmsr(MSR_APIC_BASE, base | BASE_ENABLE);
	if (x2)
		wrmsr(MSR_APIC_BASE, base | BASE_ENABLE | BASE_X2);
	apic_x2 = x2;
	apic_write(APIC_SVR, SVR_ENABLE | SPURIOUS);
	apic_write(APIC_TPR, 0);
}

/* Interrupts are on between the looks: a timer need not be there to wake us. */
bool wait_count(const unsigned int *count, unsigned int wanted)
{
	uint64_t start = rdtsc();

	while (READ_ONCE(*count) < wanted) {
		if (rdtsc() - start > WAIT_TICKS)
			return false;
		sti();
		pause();
		cli();
	}
	return true;
}

void spin(uint64_t ticks)
{
	uint64_t start = rdtsc();

	while (rdtsc() - start < ticks)
		pause();
}
