/* SPDX-License-Identifier: GPL-2.0-only */
/* ELF executables of 32 and 64 bits, as far as a loader needs them. */
#ifndef HVMOD_VMM_ELF_FILE_H
#define HVMOD_VMM_ELF_FILE_H

#include "load.h"

#define ELF_PARTS_MAX	64

/**
 * struct elf_part - one program header
 * @type: PT_*
 * @align: its alignment
 * @part: where it is in the file and in memory, physical address
 */
struct elf_part {
	uint32_t type;
	uint64_t align;
	struct load_part part;
};

/**
 * struct elf - an ELF file that elf_open() found in order
 * @entry: entry point, as the file has it
 * @part: its program headers
 * @parts: how many
 */
struct elf {
	uint64_t entry;
	struct elf_part part[ELF_PARTS_MAX];
	unsigned int parts;
};

bool elf_is(const struct boot_request *request);
int elf_open(struct elf *elf, const struct load *load);
int elf_load(const struct elf *elf, struct load *load);
bool elf_contains(const struct elf *elf, uint64_t gpa);

#endif
