// SPDX-License-Identifier: GPL-2.0-only
/* The loader of ELF files with a PVH note, of both classes. */
#include <elf.h>

#include "fuzz_load.h"

#define NOTE_AT	0x200
#define ENTRY	0x200010

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	return load_input(data, bytes, NULL);
}

static void fill_64(uint8_t *file, uint32_t note_bytes)
{
	const Elf64_Ehdr header = {
		.e_ident = { 0x7F, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(header),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 3,
	};
	const Elf64_Phdr part[] = {
		{ PT_LOAD, 7, LOAD_CODE, 0x200000, 0x200000, 0x1000, 0x3000, 0x1000 },
		{ PT_LOAD, 6, 0x400, 0x40000, 0x40000, 0x100, 0x100, 0x1000 },
		{ PT_NOTE, 4, NOTE_AT, 0, 0, note_bytes, note_bytes, 4 },
	};

	memcpy(file, &header, sizeof(header));
	memcpy(file + sizeof(header), part, sizeof(part));
}

static void fill_32(uint8_t *file, uint32_t note_bytes)
{
	const Elf32_Ehdr header = {
		.e_ident = { 0x7F, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_386,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(header),
		.e_phentsize = sizeof(Elf32_Phdr),
		.e_phnum = 2,
	};
	const Elf32_Phdr part[] = {
		{ PT_LOAD, LOAD_CODE, 0x200000, 0x200000, 0x1000, 0x3000, 7, 0x1000 },
		{ PT_NOTE, NOTE_AT, 0, 0, note_bytes, note_bytes, 4, 4 },
	};

	memcpy(file, &header, sizeof(header));
	memcpy(file + sizeof(header), part, sizeof(part));
}

size_t fuzz_seed(unsigned int n, uint8_t *data, size_t max)
{
	static const uint32_t notes[] = {
		4, 8, 1, 0x00554E47, 0x11111111, 0x22222222,
		4, 8, 18, 0x006E6558, ENTRY, 0,
	};
	uint8_t *file;

	if (n > 3 || max < LOAD_HEAD + LOAD_FILE)
		return 0;
	file = seed_file(data, n);
	if (n & 2)
		fill_32(file, sizeof(notes));
	else
		fill_64(file, sizeof(notes));
	memcpy(file + NOTE_AT, notes, sizeof(notes));
	/* Short enough that most mutations hit what is looked at. */
	return LOAD_HEAD + LOAD_CODE + 0x1000;
}
