/* SPDX-License-Identifier: GPL-2.0-only */
/* From a kernel file to memory that a vCPU can start in. */
#ifndef HVMOD_VMM_BOOT_H
#define HVMOD_VMM_BOOT_H

#include <stddef.h>
#include <stdint.h>

#include "guest.h"

#define BOOT_SEED_BYTES	32

/**
 * struct boot_request - what to load
 * @path: path of the kernel, for messages
 * @kernel: its bytes
 * @kernel_bytes: how many
 * @initrd_path: path of the initrd, for messages; NULL if there is none
 * @initrd_bytes: size of the initrd
 * @cmdline: kernel command line
 * @rsdp: guest-physical address of the ACPI RSDP
 * @seed: random bytes for the guest's generator
 */
struct boot_request {
	const char *path;
	const uint8_t *kernel;
	size_t kernel_bytes;
	const char *initrd_path;
	uint64_t initrd_bytes;
	const char *cmdline;
	uint64_t rsdp;
	uint8_t seed[BOOT_SEED_BYTES];
};

/**
 * struct boot_entry - how vCPU 0 starts, and where the initrd goes
 * @rip: entry point
 * @rsi: address of the boot parameters
 * @cr3: page tables
 * @gdt_base: global descriptor table
 * @gdt_limit: its limit
 * @initrd: where the caller has to put the initrd, @initrd_bytes long
 */
struct boot_entry {
	uint64_t rip;
	uint64_t rsi;
	uint64_t cr3;
	uint64_t gdt_base;
	uint32_t gdt_limit;
	uint64_t initrd;
};

#define BOOT_SELECTOR_CODE	0x10
#define BOOT_SELECTOR_DATA	0x18
#define BOOT_SELECTOR_TSS	0x20

int boot_tables(const struct guest_memory *memory, struct boot_entry *entry);
int bzimage_load(const struct guest_memory *memory,
		 const struct boot_request *request, struct boot_entry *entry,
		 char *err, size_t err_size);

#endif
