// SPDX-License-Identifier: GPL-2.0-only
/*
 * Multiboot 1 (Multiboot Specification version 0.6.96): 32-bit protected mode
 * without paging, EBX points to the information. The kernel is an ELF file, or
 * its header says where it goes.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "elf_file.h"
#include "layout.h"
#include "multiboot.h"

#define HEADER_MAGIC		0x1BADB002U
#define HEADER_SEARCH		8192		/* bytes of the file */
#define NEEDS_PAGES		(1U << 0)	/* modules on pages */
#define NEEDS_MEMORY		(1U << 1)
#define NEEDS_VIDEO		(1U << 2)
#define NEEDS_MASK		0xFFFFU		/* the rest may be ignored */
#define HAS_ADDRESSES		(1U << 16)

#define LOADED_MAGIC		0x2BADB002U
#define HAS_SIZES		(1U << 0)
#define HAS_CMDLINE		(1U << 2)
#define HAS_MODULES		(1U << 3)
#define HAS_MAP			(1U << 6)
#define HAS_LOADER		(1U << 9)

#define MODULE_NAME_MAX		4096

struct header {
	uint32_t magic;
	uint32_t flags;
	uint32_t checksum;
};

/* Behind struct header with HAS_ADDRESSES. */
struct header_address {
	struct multiboot_address address;
	uint32_t entry;
};

struct info {
	uint32_t flags;
	uint32_t lower_kib;
	uint32_t upper_kib;
	uint32_t boot_device;
	uint32_t cmdline;
	uint32_t modules;
	uint32_t module_list;
	uint32_t symbols[4];
	uint32_t map_bytes;
	uint32_t map;
	uint32_t drives_bytes;
	uint32_t drives;
	uint32_t config_table;
	uint32_t loader;
	uint32_t apm_table;
	uint8_t video[44];
};

struct module {
	uint32_t from;
	uint32_t to;
	uint32_t name;
	uint32_t reserved;
};

struct region {
	uint32_t bytes_behind;		/* of this entry, but for this field */
	uint64_t from;
	uint64_t bytes;
	uint32_t type;
} __packed;

/* All that the guest finds at BOOT_INFO. */
struct place {
	struct info info;
	struct module module;
	struct region region[BOOT_REGIONS_MAX];
	char loader[sizeof(MULTIBOOT_LOADER)];
	char module_name[MODULE_NAME_MAX];
};

_Static_assert(sizeof(struct info) == 116, "information of version 0.6.96");
_Static_assert(BOOT_INFO + sizeof(struct place) <= BOOT_CMDLINE,
	       "the information ends before the command line");

#define AT(field)	((uint32_t)(BOOT_INFO + offsetof(struct place, field)))

/* Return: the file offset, or UINT64_MAX if there is no header */
static uint64_t find_header(const struct boot_request *request,
			    struct header *header)
{
	uint64_t at;

	for (at = 0; at + sizeof(*header) <= HEADER_SEARCH &&
	     at + sizeof(*header) <= request->kernel_bytes; at += 4) {
		memcpy(header, request->kernel + at, sizeof(*header));
		if (header->magic == HEADER_MAGIC &&
		    !(header->magic + header->flags + header->checksum))
			return at;
	}
	return UINT64_MAX;
}

/**
 * multiboot_is() - whether a file has a multiboot header
 * @request: the file
 *
 * Return: true if it has
 */
bool multiboot_is(const struct boot_request *request)
{
	struct header header;

	return find_header(request, &header) != UINT64_MAX;
}

/**
 * multiboot_put() - load an image whose header says where it goes
 * @load: the load
 * @address: the header's addresses
 * @header_at: where the header is in the file
 * @entry: entry point
 *
 * Return: 0, or -1 with errno and a message
 */
int multiboot_put(struct load *load, const struct multiboot_address *address,
		  uint64_t header_at, uint64_t entry)
{
	struct load_part part = { .gpa = address->load };

	if (address->header < address->load ||
	    address->header - address->load > header_at)
		return load_unusable(load, "its multiboot header is not where it says");
	part.file_at = header_at - (address->header - address->load);
	part.file_bytes = load->request->kernel_bytes - part.file_at;
	if (address->load_end) {
		if (address->load_end < address->load)
			return load_unusable(load, "its multiboot header says that it ends before it begins");
		part.file_bytes = address->load_end - address->load;
	}
	part.bytes = part.file_bytes;
	if (address->bss_end) {
		if (address->bss_end < address->load + part.bytes)
			return load_unusable(load, "its multiboot header says that its zeroed part ends before it begins");
		part.bytes = address->bss_end - address->load;
	}
	if (load_put(load, &part))
		return -1;
	if (entry < part.gpa || entry - part.gpa >= part.bytes)
		return load_unusable(load, "its entry point is outside of it");
	load->entry->rip = entry;
	return 0;
}

/**
 * multiboot_put_elf() - load an image that is an ELF file
 * @load: the load
 * @entry: entry point, or NULL for that of the ELF file
 *
 * Return: 0, or -1 with errno and a message
 */
int multiboot_put_elf(struct load *load, const uint32_t *entry)
{
	struct elf elf;

	if (!elf_is(load->request))
		return load_unusable(load, "its multiboot header has no addresses, and it is no ELF file");
	if (elf_open(&elf, load) || elf_load(&elf, load))
		return -1;
	load->entry->rip = entry ? *entry : elf.entry;
	if (!elf_contains(&elf, load->entry->rip))
		return load_unusable(load, "its entry point is outside its segments");
	return 0;
}

/**
 * multiboot_upper_kib() - the memory from 1 MiB up to the first hole
 * @load: the load
 *
 * Return: KiB
 */
uint32_t multiboot_upper_kib(const struct load *load)
{
	uint64_t end = guest_low_end(load->memory);

	return end > HIGH_MEMORY ? (uint32_t)((end - HIGH_MEMORY) >> 10) : 0;
}

/**
 * multiboot_module_name() - the name that the guest gets for its initrd
 * @load: the load, with an initrd
 *
 * Return: the file's name; its directory is the host's own business
 */
const char *multiboot_module_name(const struct load *load)
{
	const char *path = load->request->initrd_path;
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int put_image(struct load *load)
{
	struct header_address addresses;
	struct header header;
	uint64_t at = find_header(load->request, &header);
	const void *from;

	if (header.flags & NEEDS_VIDEO)
		return load_unusable(load, "it needs a video mode, the machine has no screen");
	if (header.flags & NEEDS_MASK & ~(NEEDS_PAGES | NEEDS_MEMORY))
		return load_unusable(load, "its multiboot header needs what multiboot does not define");
	if (!(header.flags & HAS_ADDRESSES))
		return multiboot_put_elf(load, NULL);
	from = load_bytes(load, at + sizeof(header), sizeof(addresses));
	if (!from)
		return load_unusable(load, "cut off within the multiboot header");
	memcpy(&addresses, from, sizeof(addresses));
	return multiboot_put(load, &addresses.address, at, addresses.entry);
}

static void fill_module(const struct load *load, struct place *place)
{
	const struct boot_request *request = load->request;

	place->info.flags |= HAS_MODULES;
	if (!request->initrd_path)
		return;
	place->info.modules = 1;
	place->info.module_list = AT(module);
	place->module.from = (uint32_t)load->entry->initrd;
	place->module.to = (uint32_t)(load->entry->initrd + request->initrd_bytes);
	place->module.name = AT(module_name);
	snprintf(place->module_name, sizeof(place->module_name), "%s",
		 multiboot_module_name(load));
}

static void fill_map(const struct load *load, struct place *place)
{
	struct boot_region region[BOOT_REGIONS_MAX];
	unsigned int count = boot_regions(load->memory, region);
	unsigned int i;

	for (i = 0; i < count; i++)
		place->region[i] = (struct region){
			.bytes_behind = sizeof(struct region) - sizeof(uint32_t),
			.from = region[i].from,
			.bytes = region[i].bytes,
			.type = region[i].type,
		};
	place->info.flags |= HAS_MAP;
	place->info.map = AT(region);
	place->info.map_bytes = count * (uint32_t)sizeof(struct region);
}

static int place_info(const struct load *load)
{
	struct place place = {
		.info = {
			.flags = HAS_SIZES | HAS_CMDLINE | HAS_LOADER,
			.lower_kib = BOOT_RAM_END >> 10,
			.upper_kib = multiboot_upper_kib(load),
			.cmdline = BOOT_CMDLINE,
			.loader = AT(loader),
		},
		.loader = MULTIBOOT_LOADER,
	};

	fill_module(load, &place);
	fill_map(load, &place);
	if (!guest_write(load->memory, BOOT_INFO, &place, sizeof(place)))
		return load_refuse(load, ENOMEM, "kernel %s: no memory\nhint: give the domain more memory",
				   load->request->path);
	return 0;
}

/**
 * multiboot_load() - load a multiboot kernel, for which multiboot_is() is true
 * @load: the load
 *
 * Return: 0, or -1 with errno and a message
 */
int multiboot_load(struct load *load)
{
	if (put_image(load) || load_initrd(load, UINT64_MAX) ||
	    load_cmdline(load, BOOT_CMDLINE, SIZE_MAX) || place_info(load))
		return -1;
	load->entry->mode = BOOT_PROTECTED;
	load->entry->xapic = true;
	load->entry->rax = LOADED_MAGIC;
	load->entry->rbx = BOOT_INFO;
	return 0;
}
