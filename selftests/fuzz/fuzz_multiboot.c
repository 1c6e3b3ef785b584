// SPDX-License-Identifier: GPL-2.0-only
/* The loader of multiboot kernels, with addresses in the header and as ELF. */
#include <elf.h>

#include "fuzz_load.h"

#define LOAD	0x200000U

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	uint8_t copy[16384];
	uint32_t words[3];

	/* A checksum that is wrong in all but one of 2^32 inputs would find nothing. */
	if (bytes < LOAD_HEAD + 0x40 + sizeof(words) || bytes > sizeof(copy))
		return load_input(data, bytes, NULL);
	memcpy(copy, data, bytes);
	memcpy(words, copy + LOAD_HEAD + 0x40, sizeof(words));
	words[0] = 0x1BADB002;
	words[2] = -(words[0] + words[1]);
	memcpy(copy + LOAD_HEAD + 0x40, words, sizeof(words));
	return load_input(copy, bytes, NULL);
}

size_t fuzz_seed(unsigned int n, uint8_t *data, size_t max)
{
	static const uint32_t header[8] = {
		0x1BADB002, 0x10003, 0, LOAD + 0x40, LOAD, LOAD + 0x2000, LOAD + 0x8000,
		LOAD + 0x100,
	};
	static const Elf32_Ehdr elf = {
		.e_ident = { 0x7F, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_386,
		.e_version = EV_CURRENT,
		.e_entry = LOAD + 0x100,
		.e_phoff = 0x80,
		.e_phentsize = sizeof(Elf32_Phdr),
		.e_phnum = 1,
	};
	static const Elf32_Phdr part = { PT_LOAD, 0, LOAD, LOAD, 0x2000, 0x3000, 7, 0x1000 };
	uint8_t *file;

	if (n > 3 || max < LOAD_HEAD + LOAD_FILE)
		return 0;
	file = seed_file(data, n);
	memcpy(file + 0x40, header, sizeof(header));
	if (n & 2) {
		memcpy(file, &elf, sizeof(elf));
		memcpy(file + 0x44, (uint32_t[]){ 3 }, 4);
		memcpy(file + 0x80, &part, sizeof(part));
	}
	return LOAD_HEAD + LOAD_FILE;
}
