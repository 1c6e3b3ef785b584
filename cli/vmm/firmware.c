// SPDX-License-Identifier: GPL-2.0-only
/* The firmware's part of memory: ACPI tables and the entry at F000:FFF0. */
#include "acpi.h"
#include "firmware.h"
#include "layout.h"

/*
 * Linux on hardware-reduced ACPI without EFI does not try the reset register:
 * it goes to real mode and jumps to the firmware's entry.
 */
static const uint8_t reset_code[] = {
	0xB0, RESET_VALUE,					/* mov al */
	0xBA, RESET_ENTRY_PORT & 0xFF, RESET_ENTRY_PORT >> 8,	/* mov dx */
	0xEE,							/* out dx, al */
	0xF4,							/* hlt */
	0xEB, 0xFD,						/* jmp back */
};

_Static_assert(ACPI_TABLES + ACPI_TABLES_BYTES <= RESET_ENTRY,
	       "the tables end before the code");
_Static_assert(RESET_ENTRY + sizeof(reset_code) <= FIRMWARE + FIRMWARE_BYTES,
	       "the code ends where the firmware does");

/**
 * firmware_load() - write tables and code
 * @memory: guest memory
 * @vcpus: number of processors that there can be
 * @present: those that are there, a bit for each
 *
 * Return: 0, or -1 if there is no place
 */
int firmware_load(const struct guest_memory *memory, unsigned int vcpus,
		  uint64_t present)
{
	uint8_t *tables = guest_pointer(memory, ACPI_TABLES, ACPI_TABLES_BYTES);

	if (!tables || !acpi_build(tables, ACPI_TABLES_BYTES, ACPI_TABLES, vcpus,
				   present))
		return -1;
	return guest_write(memory, RESET_ENTRY, reset_code,
			   sizeof(reset_code)) ? 0 : -1;
}
