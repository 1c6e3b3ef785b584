/* SPDX-License-Identifier: GPL-2.0-only */
/* The ACPI tables that tell the guest what the machine has. */
#ifndef HVMOD_VMM_ACPI_H
#define HVMOD_VMM_ACPI_H

#include <stddef.h>
#include <stdint.h>

#define ACPI_RSDP_BYTES	36	/* the first of what acpi_build() writes */
#define ACPI_VCPUS_MAX	64	/* more need other MADT entries from 255 on */

size_t acpi_build(uint8_t *buffer, size_t size, uint64_t gpa,
		  unsigned int vcpus, uint64_t present);

#endif
