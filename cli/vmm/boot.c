// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a kernel needs to run before it makes its own: GDT, page tables, and the
 * memory map.
 */
#include <string.h>

#include "boot.h"
#include "layout.h"

#define ENTRIES		512
#define DIRECTORIES	4	/* 1 GiB each */

#define PTE_PRESENT	(1ULL << 0)
#define PTE_WRITE	(1ULL << 1)
#define PTE_LARGE	(1ULL << 7)
#define LARGE_PAGE	(2ULL << 20)

#define CODE_64		0x00AF9B000000FFFFULL
#define CODE_32		0x00CF9B000000FFFFULL

struct boot_pages {
	uint64_t pml4[ENTRIES];
	uint64_t pdpt[ENTRIES];
	uint64_t directory[DIRECTORIES][ENTRIES];
};

static void fill_pages(struct boot_pages *pages)
{
	const uint64_t link = PTE_PRESENT | PTE_WRITE;
	unsigned int i;

	memset(pages, 0, sizeof(*pages));
	pages->pml4[0] = link | (BOOT_PAGE_TABLES +
				 offsetof(struct boot_pages, pdpt));
	for (i = 0; i < DIRECTORIES; i++)
		pages->pdpt[i] = link | (BOOT_PAGE_TABLES +
			offsetof(struct boot_pages, directory) +
			i * sizeof(pages->directory[0]));
	for (i = 0; i < DIRECTORIES * ENTRIES; i++)
		pages->directory[i / ENTRIES][i % ENTRIES] =
			link | PTE_LARGE | i * LARGE_PAGE;
}

/**
 * boot_tables() - write what @entry->mode needs
 * @memory: guest memory
 * @entry: where it is (out)
 *
 * A GDT with flat segments, but for real mode; for long mode page tables that
 * map 4 GiB one to one, in pages of 2 MiB: not every processor has larger ones.
 * The TSS has base 0 and is there because VM entry wants one.
 *
 * Return: 0, or -1 if there is not even that much memory
 */
int boot_tables(const struct guest_memory *memory, struct boot_entry *entry)
{
	const uint64_t gdt[] = {
		[BOOT_SELECTOR_CODE / 8] = entry->mode == BOOT_LONG ? CODE_64
								    : CODE_32,
		[BOOT_SELECTOR_DATA / 8] = 0x00CF93000000FFFFULL,
		[BOOT_SELECTOR_TSS / 8]	 = 0x00008B0000000067ULL,
		[BOOT_SELECTOR_TSS / 8 + 1] = 0,
	};
	struct boot_pages *pages;

	if (entry->mode == BOOT_REAL)
		return 0;
	if (!guest_write(memory, BOOT_GDT, gdt, sizeof(gdt)))
		return -1;
	entry->gdt_base = BOOT_GDT;
	entry->gdt_limit = sizeof(gdt) - 1;
	if (entry->mode != BOOT_LONG)
		return 0;
	pages = guest_pointer(memory, BOOT_PAGE_TABLES, sizeof(*pages));
	if (!pages)
		return -1;
	fill_pages(pages);
	entry->cr3 = BOOT_PAGE_TABLES;
	return 0;
}

static unsigned int add_region(struct boot_region *region, unsigned int count,
			       uint64_t from, uint64_t to, uint32_t type)
{
	if (from >= to)
		return count;
	region[count] = (struct boot_region){
		.from = from,
		.bytes = to - from,
		.type = type,
	};
	return count + 1;
}

/**
 * boot_regions() - the memory map, in ascending order
 * @memory: guest memory
 * @region: its rows (out)
 *
 * Return: how many
 */
unsigned int boot_regions(const struct guest_memory *memory,
			  struct boot_region region[BOOT_REGIONS_MAX])
{
	unsigned int count = 0;
	unsigned int i;

	count = add_region(region, count, 0, BOOT_RAM_END, BOOT_REGION_RAM);
	count = add_region(region, count, FIRMWARE, FIRMWARE + FIRMWARE_BYTES,
			   BOOT_REGION_RESERVED);
	count = add_region(region, count, HIGH_MEMORY, guest_low_end(memory),
			   BOOT_REGION_RAM);
	for (i = 1; i < memory->ranges; i++)
		count = add_region(region, count, memory->range[i].gpa,
				   memory->range[i].gpa + memory->range[i].bytes,
				   BOOT_REGION_RAM);
	return count;
}
