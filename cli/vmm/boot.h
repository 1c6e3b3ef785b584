/* SPDX-License-Identifier: GPL-2.0-only */
/* From a kernel file to memory that a vCPU can start in. */
#ifndef HVMOD_VMM_BOOT_H
#define HVMOD_VMM_BOOT_H

#include <stddef.h>
#include <stdint.h>

#include "guest.h"

#define BOOT_SEED_BYTES	32
#define BOOT_REGIONS_MAX	8

/**
 * enum boot_mode - the mode in which vCPU 0 starts
 * @BOOT_LONG: 64-bit code, 4 GiB mapped one to one
 * @BOOT_PROTECTED: 32-bit code, flat segments, no paging
 * @BOOT_REAL: real mode
 */
enum boot_mode {
	BOOT_LONG,
	BOOT_PROTECTED,
	BOOT_REAL,
	BOOT_MODES,
};

/**
 * struct boot_flat - how a file without any header starts
 * @address: where it goes and starts
 * @mode: in which mode
 */
struct boot_flat {
	uint64_t address;
	enum boot_mode mode;
};

/**
 * struct boot_request - what to load
 * @path: path of the kernel, for messages
 * @kernel: its bytes
 * @kernel_bytes: how many
 * @initrd_path: path of the initrd, for messages; NULL if there is none
 * @initrd_bytes: size of the initrd
 * @cmdline: kernel command line
 * @flat: the file is a flat binary; NULL if it tells itself what it is
 * @rsdp: guest-physical address of the ACPI RSDP, which is there
 * @seed: random bytes for the guest's generator
 */
struct boot_request {
	const char *path;
	const uint8_t *kernel;
	size_t kernel_bytes;
	const char *initrd_path;
	uint64_t initrd_bytes;
	const char *cmdline;
	const struct boot_flat *flat;
	uint64_t rsdp;
	uint8_t seed[BOOT_SEED_BYTES];
};

/**
 * struct boot_entry - how vCPU 0 starts, and where the initrd goes
 * @mode: its mode
 * @xapic: the local APICs are in xAPIC mode, not in x2APIC mode
 * @cs: code segment in real mode, whose base is 16 times that
 * @rip: entry point
 * @rax: value of EAX
 * @rbx: value of EBX
 * @rsi: value of RSI
 * @cr3: page tables, for BOOT_LONG
 * @gdt_base: global descriptor table, but for BOOT_REAL
 * @gdt_limit: its limit
 * @initrd: where the caller has to put the initrd, @initrd_bytes long
 */
struct boot_entry {
	enum boot_mode mode;
	bool xapic;
	uint16_t cs;
	uint64_t rip;
	uint64_t rax;
	uint64_t rbx;
	uint64_t rsi;
	uint64_t cr3;
	uint64_t gdt_base;
	uint32_t gdt_limit;
	uint64_t initrd;
};

#define BOOT_SELECTOR_CODE	0x10
#define BOOT_SELECTOR_DATA	0x18
#define BOOT_SELECTOR_TSS	0x20

#define BOOT_REGION_RAM		1	/* the numbers of e820, multiboot and PVH */
#define BOOT_REGION_RESERVED	2

/**
 * struct boot_region - one row of the memory map that a kernel is given
 * @from: first address
 * @bytes: length
 * @type: BOOT_REGION_*
 */
struct boot_region {
	uint64_t from;
	uint64_t bytes;
	uint32_t type;
};

int boot_tables(const struct guest_memory *memory, struct boot_entry *entry);
unsigned int boot_regions(const struct guest_memory *memory,
			  struct boot_region region[BOOT_REGIONS_MAX]);
int boot_load(const struct guest_memory *memory,
	      const struct boot_request *request, struct boot_entry *entry,
	      char *err, size_t err_size);

#endif
