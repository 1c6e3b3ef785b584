/* SPDX-License-Identifier: GPL-2.0-only */
/* What the ACPI tables say of processors. */
#ifndef HVMOD_VMM_ACPI_CPUS_H
#define HVMOD_VMM_ACPI_CPUS_H

#include <stdint.h>

#include "aml.h"
#include "compiler.h"

#define ACPI_CPUS_SCAN	"\\_SB_.SCAN"	/* method: look what has changed */

/* Flags of a local APIC (ACPI 6.5, table 5.23). */
#define MADT_LOCAL_APIC		0
#define MADT_ENABLED		(1U << 0)
#define MADT_ONLINE_CAPABLE	(1U << 1)

/**
 * struct madt_local_apic - a processor: in the MADT, and what its _MAT gives
 * @type: MADT_LOCAL_APIC
 * @length: size of this struct
 * @processor: its _UID
 * @id: its APIC id
 * @flags: MADT_ENABLED, or MADT_ONLINE_CAPABLE: it may come later
 */
struct madt_local_apic {
	uint8_t type;
	uint8_t length;
	uint8_t processor;
	uint8_t id;
	uint32_t flags;
} __packed;

struct madt_local_apic acpi_local_apic(unsigned int index, bool present);
void acpi_cpus_devices(struct aml *aml, unsigned int cpus);

#endif
