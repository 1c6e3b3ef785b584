// SPDX-License-Identifier: GPL-2.0-only
/* What 64-bit code needs to run before it makes its own: GDT and page tables. */
#include <string.h>

#include "boot.h"
#include "layout.h"

#define ENTRIES		512
#define DIRECTORIES	4	/* 1 GiB each */

#define PTE_PRESENT	(1ULL << 0)
#define PTE_WRITE	(1ULL << 1)
#define PTE_LARGE	(1ULL << 7)
#define LARGE_PAGE	(2ULL << 20)

/* Flat segments; the TSS has base 0 and is there because VM entry wants one. */
static const uint64_t gdt[] = {
	[BOOT_SELECTOR_CODE / 8] = 0x00AF9B000000FFFFULL,
	[BOOT_SELECTOR_DATA / 8] = 0x00CF93000000FFFFULL,
	[BOOT_SELECTOR_TSS / 8]	 = 0x00008B0000000067ULL,
	[BOOT_SELECTOR_TSS / 8 + 1] = 0,
};

struct boot_pages {
	uint64_t pml4[ENTRIES];
	uint64_t pdpt[ENTRIES];
	uint64_t directory[DIRECTORIES][ENTRIES];
};

/**
 * boot_tables() - write a GDT and page tables that map 4 GiB one to one
 * @memory: guest memory
 * @entry: where they are (out)
 *
 * Pages of 2 MiB: not every processor has larger ones.
 *
 * Return: 0, or -1 if there is not even that much memory
 */
int boot_tables(const struct guest_memory *memory, struct boot_entry *entry)
{
	struct boot_pages *pages = guest_pointer(memory, BOOT_PAGE_TABLES,
						 sizeof(*pages));
	const uint64_t link = PTE_PRESENT | PTE_WRITE;
	unsigned int i;

	if (!pages || !guest_write(memory, BOOT_GDT, gdt, sizeof(gdt)))
		return -1;
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

	entry->cr3 = BOOT_PAGE_TABLES;
	entry->gdt_base = BOOT_GDT;
	entry->gdt_limit = sizeof(gdt) - 1;
	return 0;
}
