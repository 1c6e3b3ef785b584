// SPDX-License-Identifier: GPL-2.0-only
/*
 * ELF files with the entry point of PVH guests, as an uncompressed Linux kernel
 * is one (Xen, docs/misc/pvh.pandoc and public/arch-x86/hvm/start_info.h):
 * 32-bit protected mode without paging, EBX points to the start info.
 */
#include <elf.h>
#include <errno.h>
#include <string.h>

#include "elf_file.h"
#include "layout.h"

#define NOTE_NAME		"Xen"
#define NOTE_PHYS32_ENTRY	18

#define START_MAGIC		0x336EC578U	/* "xEn3" with bit 7 of the E */
#define START_VERSION		1

struct start_info {
	uint32_t magic;
	uint32_t version;
	uint32_t flags;
	uint32_t modules;
	uint64_t module_list;
	uint64_t cmdline;
	uint64_t rsdp;
	uint64_t memory_map;
	uint32_t regions;
	uint32_t reserved;
};

struct start_module {
	uint64_t gpa;
	uint64_t bytes;
	uint64_t cmdline;
	uint64_t reserved;
};

struct start_region {
	uint64_t from;
	uint64_t bytes;
	uint32_t type;
	uint32_t reserved;
};

/* All that the guest finds at BOOT_INFO. */
struct start {
	struct start_info info;
	struct start_module module;
	struct start_region region[BOOT_REGIONS_MAX];
};

_Static_assert(sizeof(struct start_info) == 56, "start info of version 1");
_Static_assert(sizeof(struct start_module) == 32, "module list entry");
_Static_assert(sizeof(struct start_region) == 24, "memory map entry");
_Static_assert(BOOT_INFO + sizeof(struct start) <= BOOT_CMDLINE,
	       "the start info ends before the command line");

static uint64_t round_up(uint64_t value, uint64_t align)
{
	return (value + align - 1) & ~(align - 1);
}

/* Sizes are 32 bits wide: no sum below overflows. */
static bool find_in_notes(const uint8_t *notes, uint64_t bytes, uint64_t align,
			  uint64_t *entry)
{
	uint64_t at = 0;

	while (at + sizeof(Elf64_Nhdr) <= bytes) {
		uint64_t name = at + sizeof(Elf64_Nhdr);
		uint64_t data, next;
		Elf64_Nhdr note;

		memcpy(&note, notes + at, sizeof(note));
		data = round_up(name + note.n_namesz, align);
		next = round_up(data + note.n_descsz, align);
		if (data + note.n_descsz > bytes)
			return false;
		if (note.n_type == NOTE_PHYS32_ENTRY &&
		    note.n_namesz == sizeof(NOTE_NAME) &&
		    !memcmp(notes + name, NOTE_NAME, sizeof(NOTE_NAME)) &&
		    (note.n_descsz == 4 || note.n_descsz == 8)) {
			*entry = 0;
			memcpy(entry, notes + data, note.n_descsz);
			return true;
		}
		at = next;
	}
	return false;
}

static bool find_entry(const struct load *load, const struct elf *elf,
		       uint64_t *entry)
{
	unsigned int i;

	for (i = 0; i < elf->parts; i++) {
		const struct load_part *part = &elf->part[i].part;
		const uint8_t *notes = load_bytes(load, part->file_at,
						  part->file_bytes);

		if (elf->part[i].type == PT_NOTE && notes &&
		    find_in_notes(notes, part->file_bytes,
				  elf->part[i].align == 8 ? 8 : 4, entry))
			return true;
	}
	return false;
}

static void fill_module(const struct load *load, struct start *start)
{
	if (!load->request->initrd_path)
		return;
	start->info.modules = 1;
	start->info.module_list = BOOT_INFO + offsetof(struct start, module);
	start->module.gpa = load->entry->initrd;
	start->module.bytes = load->request->initrd_bytes;
}

static void fill_memory_map(const struct load *load, struct start *start)
{
	struct boot_region region[BOOT_REGIONS_MAX];
	unsigned int i;

	start->info.memory_map = BOOT_INFO + offsetof(struct start, region);
	start->info.regions = boot_regions(load->memory, region);
	for (i = 0; i < start->info.regions; i++)
		start->region[i] = (struct start_region){
			.from = region[i].from,
			.bytes = region[i].bytes,
			.type = region[i].type,
		};
}

static int place_start_info(const struct load *load)
{
	struct start start = {
		.info = {
			.magic = START_MAGIC,
			.version = START_VERSION,
			.cmdline = BOOT_CMDLINE,
			.rsdp = load->request->rsdp,
		},
	};

	fill_module(load, &start);
	fill_memory_map(load, &start);
	if (!guest_write(load->memory, BOOT_INFO, &start, sizeof(start)))
		return load_refuse(load, ENOMEM, "kernel %s: no memory\nhint: give the domain more memory",
				   load->request->path);
	return 0;
}

/**
 * pvh_is() - whether this loader says what is wrong with a file
 * @request: the file
 *
 * Return: true for all ELF files
 */
bool pvh_is(const struct boot_request *request)
{
	return elf_is(request);
}

/**
 * pvh_load() - load an ELF file with a PVH note
 * @load: the load
 *
 * Return: 0, or -1 with errno and a message
 */
int pvh_load(struct load *load)
{
	uint64_t entry;
	struct elf elf;

	if (elf_open(&elf, load))
		return -1;
	if (!find_entry(load, &elf, &entry))
		return load_unusable(load, "an ELF file without a PVH note and without a multiboot header");
	if (elf_load(&elf, load))
		return -1;
	if (!elf_contains(&elf, entry))
		return load_unusable(load, "its PVH entry point is outside its segments");
	if (load_initrd(load, UINT64_MAX) ||
	    load_cmdline(load, BOOT_CMDLINE, SIZE_MAX) || place_start_info(load))
		return -1;
	load->entry->mode = BOOT_PROTECTED;
	load->entry->rip = entry;
	load->entry->rbx = BOOT_INFO;
	return 0;
}
