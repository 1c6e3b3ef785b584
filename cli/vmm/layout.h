/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The map of the small PC: every guest-physical address, port and interrupt
 * that is not the guest's own choice.
 */
#ifndef HVMOD_VMM_LAYOUT_H
#define HVMOD_VMM_LAYOUT_H

/* Memory: RAM from 0 up to LOW_RAM_MAX, devices, the rest from HIGH_RAM_BASE. */
#define LOW_RAM_MAX		0xC0000000ULL
#define HIGH_RAM_BASE		0x100000000ULL
#define PCI_ECAM		0xE0000000ULL	/* of bus 0, the only one */
#define PCI_ECAM_BYTES		0x100000ULL
#define PCI_MEMORY		0xE1000000ULL	/* for BARs */
#define PCI_MEMORY_BYTES	0x0F000000ULL
#define IOAPIC_BASE		0xFEC00000ULL
#define IOAPIC_BYTES		0x1000ULL
#define APIC_BASE		0xFEE00000ULL
#define APIC_BYTES		0x1000ULL

/* What the loader leaves in the first megabyte. */
#define BOOT_GDT		0x500ULL
#define BOOT_PARAMS		0x7000ULL
#define BOOT_PAGE_TABLES	0x9000ULL	/* six pages */
#define BOOT_SETUP_DATA		0x10000ULL
#define BOOT_CMDLINE		0x20000ULL
#define BOOT_CMDLINE_MAX	0x10000ULL	/* bytes with the final NUL */
#define BOOT_INFO		BOOT_SETUP_DATA	/* for all but bzImage */
#define BOOT_END		(BOOT_CMDLINE + BOOT_CMDLINE_MAX)
#define BOOT_RAM_END		0xA0000ULL	/* the VGA hole of every PC */
#define FIRMWARE		0xE0000ULL
#define FIRMWARE_BYTES		0x20000ULL
#define ACPI_TABLES		FIRMWARE
#define ACPI_TABLES_BYTES	0x10000ULL
#define RESET_ENTRY		0xFFFF0ULL	/* F000:FFF0 */
#define HIGH_MEMORY		0x100000ULL

/* Ports */
#define KEYBOARD_PORT		0x64
#define RTC_PORT		0x70
#define RTC_PORTS		2
#define SYSTEM_CONTROL_PORT	0x92
#define COM1_PORT		0x3F8
#define COM1_PORTS		8
#define SLEEP_CONTROL_PORT	0x600
#define SLEEP_STATUS_PORT	0x601
#define RESET_PORT		0x604
#define RESET_ENTRY_PORT	0x605		/* for the code at RESET_ENTRY */
#define RESET_VALUE		0x01
#define CPUS_PORT		0x620		/* to 0x633, see cpus.h */
#define RESET_CONTROL_PORT	0xCF9
#define PCI_ADDRESS_PORT	0xCF8
#define PCI_DATA_PORT		0xCFC
#define PCI_PORTS		0xC000		/* for BARs */
#define PCI_PORTS_COUNT		0x4000

/* Global system interrupts, the pins of the IOAPIC */
#define IOAPIC_PINS		24
#define COM1_GSI		4
#define RTC_GSI			8
#define GED_GSI			9		/* power button */
#define CPUS_GSI		10

#define SLEEP_TYPE_S5		5

#endif
