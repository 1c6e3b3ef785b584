// SPDX-License-Identifier: GPL-2.0-only
/* The processors: found in the MADT, started by INIT and SIPI. */
#include "guest.h"

#define BIOS_START	0xE0000ULL
#define BIOS_END	0x100000ULL
#define MADT_ENTRIES	44
#define MADT_LOCAL_APIC	0
#define MADT_ENABLED	1
#define START_TICKS	2000000000ULL

unsigned int cpus = 1;
uint8_t cpu_apic_id[CPUS_MAX];

extern const char ap_start[], ap_end[];
extern uint32_t ap_ticket;

static unsigned int ready;

void ap_main(void);

static uint64_t find_rsdp(void)
{
	uint64_t at;

	for (at = BIOS_START; at < BIOS_END; at += 16) {
		if (same((const void *)at, "RSD PTR ", 8))
			return at;
	}
	bail_out("no RSDP");
}

static const uint8_t *find_table(const char *signature)
{
	const uint8_t *rsdp = (const uint8_t *)find_rsdp();
	uint64_t root = rsdp[15] ? *(const uint64_t *)(rsdp + 24)
				 : *(const uint32_t *)(rsdp + 16);
	unsigned int width = rsdp[15] ? 8 : 4;
	const uint8_t *table = (const uint8_t *)root;
	uint32_t bytes = *(const uint32_t *)(table + 4);
	uint32_t at;

	for (at = 36; at < bytes; at += width) {
		uint64_t entry = 0;

		memcpy(&entry, table + at, width);
		if (same((const void *)entry, signature, 4))
			return (const uint8_t *)entry;
	}
	bail_out("no table %s", signature);
}

/* This processor is the first of cpu_apic_id[]. */
void smp_find(void)
{
	const uint8_t *madt = find_table("APIC");
	uint32_t bytes = *(const uint32_t *)(madt + 4);
	uint8_t own = (uint8_t)(cpuid(1, 0).ebx >> 24);
	uint32_t at;

	cpu_apic_id[0] = own;
	for (at = MADT_ENTRIES; at < bytes; at += madt[at + 1]) {
		if (madt[at] == MADT_LOCAL_APIC && madt[at + 4] & MADT_ENABLED &&
		    madt[at + 3] != own && cpus < CPUS_MAX)
			cpu_apic_id[cpus++] = madt[at + 3];
	}
}

unsigned int cpu_index(void)
{
	uint8_t id = (uint8_t)(cpuid(1, 0).ebx >> 24);
	unsigned int i;

	for (i = 0; i < cpus && cpu_apic_id[i] != id; i++)
		;
	return i;
}

/* Asleep with interrupts on; handlers do the rest. */
void ap_main(void)
{
	trap_load();
	apic_enable(apic_x2);
	__atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
	for (;;)
		asm volatile("sti; hlt");
}

/* Again for each mode of the APICs: INIT brings them back. */
void smp_start(void)
{
	uint64_t start;
	unsigned int i;

	ready = 0;
	ap_ticket = 0;
	memcpy((void *)AP_PAGE, ap_start, (size_t)(ap_end - ap_start));
	for (i = 1; i < cpus; i++)
		apic_send(ICR_INIT, cpu_apic_id[i]);
	spin(1000000);
	for (i = 1; i < cpus; i++)
		apic_send(ICR_SIPI | AP_PAGE >> 12, cpu_apic_id[i]);
	start = rdtsc();
	while (READ_ONCE(ready) < cpus - 1) {
		if (rdtsc() - start > START_TICKS)
			bail_out("%u of %u processors started", READ_ONCE(ready) + 1, cpus);
		pause();
	}
}
