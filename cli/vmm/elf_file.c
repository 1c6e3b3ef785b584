// SPDX-License-Identifier: GPL-2.0-only
/*
 * ELF executables (System V ABI, chapters 4 and 5). The physical addresses of
 * the program headers count; sections and symbols are not looked at.
 */
#include <elf.h>
#include <string.h>

#include "elf_file.h"

/**
 * elf_is() - whether a file begins as an ELF file does
 * @request: the file
 *
 * Return: true if it does
 */
bool elf_is(const struct boot_request *request)
{
	return request->kernel_bytes >= SELFMAG &&
	       !memcmp(request->kernel, ELFMAG, SELFMAG);
}

/* The fields of both classes that count. */
struct header {
	uint16_t type;
	uint16_t machine;
	uint64_t entry;
	uint64_t table_at;
	uint16_t entry_bytes;
	uint16_t entries;
};

#define READ_HEADER(Ehdr, to, from) do {				\
	Ehdr raw;							\
									\
	memcpy(&raw, from, sizeof(raw));				\
	*(to) = (struct header){					\
		.type = raw.e_type,					\
		.machine = raw.e_machine,				\
		.entry = raw.e_entry,					\
		.table_at = raw.e_phoff,				\
		.entry_bytes = raw.e_phentsize,				\
		.entries = raw.e_phnum,					\
	};								\
} while (0)

#define READ_PART(Phdr, to, from) do {					\
	Phdr raw;							\
									\
	memcpy(&raw, from, sizeof(raw));				\
	*(to) = (struct elf_part){					\
		.type = raw.p_type,					\
		.align = raw.p_align,					\
		.part = {						\
			.gpa = raw.p_paddr,				\
			.bytes = raw.p_memsz,				\
			.file_at = raw.p_offset,			\
			.file_bytes = raw.p_filesz,			\
		},							\
	};								\
} while (0)

static const char *check_header(const struct header *header, bool wide)
{
	if (header->type != ET_EXEC)
		return "the ELF file is no executable, or one for any address";
	if (header->machine != (wide ? EM_X86_64 : EM_386))
		return "the ELF file is for another processor";
	if (header->entry_bytes != (wide ? sizeof(Elf64_Phdr) :
					   sizeof(Elf32_Phdr)))
		return "the ELF file has program headers of an odd size";
	if (!header->entries || header->entries > ELF_PARTS_MAX)
		return "the ELF file has no program headers, or more than 64";
	return NULL;
}

static const char *read_header(const struct load *load, struct header *header,
			       bool *wide)
{
	const uint8_t *ident = load_bytes(load, 0, EI_NIDENT);
	const void *from;

	if (!ident)
		return "cut off: shorter than an ELF header";
	*wide = ident[EI_CLASS] == ELFCLASS64;
	if ((ident[EI_CLASS] != ELFCLASS32 && !*wide) ||
	    ident[EI_DATA] != ELFDATA2LSB || ident[EI_VERSION] != EV_CURRENT)
		return "the ELF file is of an unknown class, byte order or version";
	from = load_bytes(load, 0, *wide ? sizeof(Elf64_Ehdr) :
					   sizeof(Elf32_Ehdr));
	if (!from)
		return "cut off: shorter than an ELF header";
	if (*wide)
		READ_HEADER(Elf64_Ehdr, header, from);
	else
		READ_HEADER(Elf32_Ehdr, header, from);
	return check_header(header, *wide);
}

/**
 * elf_open() - read header and program headers
 * @elf: what they say (out)
 * @load: the load
 *
 * Return: 0, or -1 with errno and a message
 */
int elf_open(struct elf *elf, const struct load *load)
{
	struct header header;
	const uint8_t *table;
	const char *cause;
	unsigned int i;
	bool wide;

	*elf = (struct elf){};
	cause = read_header(load, &header, &wide);
	if (cause)
		return load_unusable(load, cause);
	table = load_bytes(load, header.table_at,
			   (uint64_t)header.entry_bytes * header.entries);
	if (!table)
		return load_unusable(load, "cut off: no program headers where the ELF header says");
	elf->entry = header.entry;
	for (i = 0; i < header.entries; i++, table += header.entry_bytes) {
		if (wide)
			READ_PART(Elf64_Phdr, &elf->part[i], table);
		else
			READ_PART(Elf32_Phdr, &elf->part[i], table);
	}
	elf->parts = header.entries;
	return 0;
}

static bool is_loaded(const struct elf_part *part)
{
	return part->type == PT_LOAD && part->part.bytes;
}

/* Both are in memory, so no sum overflows. */
static bool overlaps_earlier(const struct elf *elf, unsigned int at)
{
	const struct load_part *part = &elf->part[at].part;
	unsigned int i;

	for (i = 0; i < at; i++) {
		const struct load_part *other = &elf->part[i].part;

		if (is_loaded(&elf->part[i]) &&
		    part->gpa < other->gpa + other->bytes &&
		    other->gpa < part->gpa + part->bytes)
			return true;
	}
	return false;
}

/**
 * elf_load() - put the segments into guest memory
 * @elf: from elf_open()
 * @load: the load
 *
 * Return: 0, or -1 with errno and a message
 */
int elf_load(const struct elf *elf, struct load *load)
{
	unsigned int i;

	for (i = 0; i < elf->parts; i++) {
		if (!is_loaded(&elf->part[i]))
			continue;
		if (load_put(load, &elf->part[i].part))
			return -1;
		if (overlaps_earlier(elf, i))
			return load_unusable(load, "two segments of the ELF file overlap");
	}
	if (!load->end)
		return load_unusable(load, "the ELF file has nothing to load");
	return 0;
}

/**
 * elf_contains() - whether an address is in a segment
 * @elf: from elf_open(), loaded
 * @gpa: guest-physical address
 *
 * Return: true if it is
 */
bool elf_contains(const struct elf *elf, uint64_t gpa)
{
	unsigned int i;

	for (i = 0; i < elf->parts; i++) {
		const struct load_part *part = &elf->part[i].part;

		if (is_loaded(&elf->part[i]) && gpa >= part->gpa &&
		    gpa - part->gpa < part->bytes)
			return true;
	}
	return false;
}
