// SPDX-License-Identifier: GPL-2.0-only
/*
 * Multiboot 2 (Multiboot2 Specification version 2.0): as multiboot, but header
 * and information are lists of tags.
 */
#include <errno.h>
#include <string.h>

#include "acpi.h"
#include "layout.h"
#include "multiboot.h"

#define HEADER_MAGIC		0xE85250D6U
#define HEADER_SEARCH		32768		/* bytes of the file */
#define HEADER_ALIGN		8
#define ARCHITECTURE_I386	0

#define TAG_OPTIONAL		1
#define LOADED_MAGIC		0x36D76289U
#define INFO_ALIGN		8
#define INFO_MAX		(BOOT_END - BOOT_INFO)

struct header {
	uint32_t magic;
	uint32_t architecture;
	uint32_t bytes;
	uint32_t checksum;
};

struct header_tag {
	uint16_t type;
	uint16_t flags;
	uint32_t bytes;
};

enum header_tag_type {
	HEADER_END,
	HEADER_INFORMATION,
	HEADER_ADDRESS,
	HEADER_ENTRY,
	HEADER_CONSOLE,
	HEADER_FRAMEBUFFER,
	HEADER_MODULE_PAGES,
	HEADER_EFI_BOOT_SERVICES,
	HEADER_ENTRY_EFI_32,
	HEADER_ENTRY_EFI_64,
	HEADER_RELOCATABLE,
};

#define CONSOLE_REQUIRED	1

enum info_tag_type {
	INFO_END,
	INFO_CMDLINE,
	INFO_LOADER,
	INFO_MODULE,
	INFO_SIZES,
	INFO_MAP = 6,
	INFO_RSDP_OLD = 14,
	INFO_RSDP_NEW = 15,
};

#define REGION_VERSION		0
#define RSDP_OLD_BYTES		20

/* What the tags of a header say. */
struct wishes {
	struct load *load;
	uint64_t header_at;
	struct multiboot_address address;
	uint32_t entry;
	bool has_address;
	bool has_entry;
};

/* Return: the file offset, or UINT64_MAX if there is no header */
static uint64_t find_header(const struct boot_request *request,
			    struct header *header)
{
	uint64_t at;

	for (at = 0; at + sizeof(*header) <= HEADER_SEARCH &&
	     at + sizeof(*header) <= request->kernel_bytes; at += HEADER_ALIGN) {
		memcpy(header, request->kernel + at, sizeof(*header));
		if (header->magic == HEADER_MAGIC &&
		    !(header->magic + header->architecture + header->bytes +
		      header->checksum))
			return at;
	}
	return UINT64_MAX;
}

/**
 * multiboot2_is() - whether a file has a multiboot 2 header
 * @request: the file
 *
 * Return: true if it has
 */
bool multiboot2_is(const struct boot_request *request)
{
	struct header header;

	return find_header(request, &header) != UINT64_MAX;
}

/* The functions below: NULL, or the cause why a wish can't be fulfilled. */

static const char *wish_information(struct wishes *wishes, const uint8_t *data,
				    uint32_t bytes)
{
	static const uint32_t given[] = {
		INFO_CMDLINE, INFO_LOADER, INFO_MODULE, INFO_SIZES, INFO_MAP,
		INFO_RSDP_OLD, INFO_RSDP_NEW,
	};
	uint32_t at, type;
	size_t i;

	(void)wishes;
	for (at = 0; bytes - at >= sizeof(type); at += sizeof(type)) {
		memcpy(&type, data + at, sizeof(type));
		for (i = 0; i < ARRAY_SIZE(given) && given[i] != type; i++)
			;
		if (i == ARRAY_SIZE(given))
			return "its multiboot 2 header wants information that there is not";
	}
	return NULL;
}

static const char *wish_address(struct wishes *wishes, const uint8_t *data,
				uint32_t bytes)
{
	if (bytes < sizeof(wishes->address))
		return "its multiboot 2 header has a tag that is too short";
	memcpy(&wishes->address, data, sizeof(wishes->address));
	wishes->has_address = true;
	return NULL;
}

static const char *wish_entry(struct wishes *wishes, const uint8_t *data,
			      uint32_t bytes)
{
	if (bytes < sizeof(wishes->entry))
		return "its multiboot 2 header has a tag that is too short";
	memcpy(&wishes->entry, data, sizeof(wishes->entry));
	wishes->has_entry = true;
	return NULL;
}

static const char *wish_console(struct wishes *wishes, const uint8_t *data,
				uint32_t bytes)
{
	uint32_t flags;

	(void)wishes;
	if (bytes < sizeof(flags))
		return "its multiboot 2 header has a tag that is too short";
	memcpy(&flags, data, sizeof(flags));
	return flags & CONSOLE_REQUIRED ? "it needs a screen, the machine has none" : NULL;
}

static const char *wish_framebuffer(struct wishes *wishes, const uint8_t *data,
				    uint32_t bytes)
{
	(void)wishes;
	(void)data;
	(void)bytes;
	return "it needs a screen, the machine has none";
}

/* Modules are on pages; there is no EFI; nothing is moved that need not be. */
static const char *wish_nothing(struct wishes *wishes, const uint8_t *data,
				uint32_t bytes)
{
	(void)wishes;
	(void)data;
	(void)bytes;
	return NULL;
}

static const char *(*const wish[])(struct wishes *wishes, const uint8_t *data,
				   uint32_t bytes) = {
	[HEADER_INFORMATION]		= wish_information,
	[HEADER_ADDRESS]		= wish_address,
	[HEADER_ENTRY]			= wish_entry,
	[HEADER_CONSOLE]		= wish_console,
	[HEADER_FRAMEBUFFER]		= wish_framebuffer,
	[HEADER_MODULE_PAGES]		= wish_nothing,
	[HEADER_EFI_BOOT_SERVICES]	= wish_nothing,
	[HEADER_ENTRY_EFI_32]		= wish_nothing,
	[HEADER_ENTRY_EFI_64]		= wish_nothing,
	[HEADER_RELOCATABLE]		= wish_nothing,
};

static const char *read_tag(struct wishes *wishes, const struct header_tag *tag,
			    const uint8_t *data)
{
	const char *cause = "its multiboot 2 header needs what multiboot 2 does not define";

	if (tag->type < ARRAY_SIZE(wish) && wish[tag->type])
		cause = wish[tag->type](wishes, data,
					tag->bytes - (uint32_t)sizeof(*tag));
	return tag->flags & TAG_OPTIONAL ? NULL : cause;
}

/* Every round goes on by the size of a tag at least. */
static const char *read_tags(struct wishes *wishes, const uint8_t *tags,
			     uint64_t bytes)
{
	uint64_t at = 0;
	struct header_tag tag;
	const char *cause;

	while (at <= bytes && bytes - at >= sizeof(tag)) {
		memcpy(&tag, tags + at, sizeof(tag));
		if (tag.type == HEADER_END)
			return NULL;
		if (tag.bytes < sizeof(tag) || tag.bytes > bytes - at)
			return "its multiboot 2 header has a tag of an odd size";
		cause = read_tag(wishes, &tag, tags + at + sizeof(tag));
		if (cause)
			return cause;
		at += ((uint64_t)tag.bytes + HEADER_ALIGN - 1) &
		      ~(uint64_t)(HEADER_ALIGN - 1);
	}
	return "its multiboot 2 header has no end";
}

static const char *read_header(struct wishes *wishes)
{
	struct header header;
	const uint8_t *from;

	wishes->header_at = find_header(wishes->load->request, &header);
	if (header.architecture != ARCHITECTURE_I386)
		return "its multiboot 2 header is for another processor";
	from = load_bytes(wishes->load, wishes->header_at, header.bytes);
	if (!from || header.bytes < sizeof(header))
		return "cut off within the multiboot 2 header";
	return read_tags(wishes, from + sizeof(header),
			 header.bytes - sizeof(header));
}

static int put_image(struct load *load)
{
	struct wishes wishes = { .load = load };
	const char *cause = read_header(&wishes);

	if (cause)
		return load_unusable(load, cause);
	if (!wishes.has_address)
		return multiboot_put_elf(load, wishes.has_entry ? &wishes.entry
								: NULL);
	if (!wishes.has_entry)
		return load_unusable(load, "its multiboot 2 header has addresses but no entry point");
	return multiboot_put(load, &wishes.address, wishes.header_at,
			     wishes.entry);
}

/* The information: written straight to guest memory, tag by tag. */
struct info {
	uint8_t *at;
	uint32_t used;
	bool overflow;
};

/* Return: @bytes zeroed bytes behind the tag's head, or NULL: no place */
static void *add_tag(struct info *info, uint32_t type, uint64_t bytes)
{
	const uint32_t head[2] = { type, (uint32_t)(bytes + sizeof(head)) };
	uint64_t need = (bytes + sizeof(head) + INFO_ALIGN - 1) &
			~(uint64_t)(INFO_ALIGN - 1);
	uint8_t *to = info->at + info->used;

	if (need > INFO_MAX - info->used) {
		info->overflow = true;
		return NULL;
	}
	memset(to, 0, need);
	memcpy(to, head, sizeof(head));
	info->used += (uint32_t)need;
	return to + sizeof(head);
}

static void add_tag_of(struct info *info, uint32_t type, const void *data,
		       uint64_t bytes)
{
	void *to = add_tag(info, type, bytes);

	if (to)
		memcpy(to, data, bytes);
}

static void add_text(struct info *info, uint32_t type, const char *text)
{
	add_tag_of(info, type, text, strlen(text) + 1);
}

static void add_module(struct info *info, const struct load *load)
{
	const struct boot_request *request = load->request;
	const char *name;
	uint64_t bytes;
	const uint32_t place[2] = {
		(uint32_t)load->entry->initrd,
		(uint32_t)(load->entry->initrd + request->initrd_bytes),
	};
	uint8_t *to;

	if (!request->initrd_path)
		return;
	name = multiboot_module_name(load);
	bytes = strlen(name) + 1;
	to = add_tag(info, INFO_MODULE, sizeof(place) + bytes);
	if (!to)
		return;
	memcpy(to, place, sizeof(place));
	memcpy(to + sizeof(place), name, bytes);
}

static void add_map(struct info *info, const struct load *load)
{
	struct {
		uint32_t entry_bytes;
		uint32_t version;
		struct {
			uint64_t from;
			uint64_t bytes;
			uint32_t type;
			uint32_t reserved;
		} entry[BOOT_REGIONS_MAX];
	} map = {
		.entry_bytes = sizeof(map.entry[0]),
		.version = REGION_VERSION,
	};
	struct boot_region region[BOOT_REGIONS_MAX];
	unsigned int count = boot_regions(load->memory, region);
	unsigned int i;

	for (i = 0; i < count; i++) {
		map.entry[i].from = region[i].from;
		map.entry[i].bytes = region[i].bytes;
		map.entry[i].type = region[i].type;
	}
	add_tag_of(info, INFO_MAP, &map, offsetof(typeof(map), entry) +
					 count * sizeof(map.entry[0]));
}

static void add_sizes(struct info *info, const struct load *load)
{
	const uint32_t kib[2] = { BOOT_RAM_END >> 10, multiboot_upper_kib(load) };

	add_tag_of(info, INFO_SIZES, kib, sizeof(kib));
}

static void add_rsdp(struct info *info, const struct load *load)
{
	uint8_t rsdp[ACPI_RSDP_BYTES];

	if (!guest_read(load->memory, load->request->rsdp, rsdp, sizeof(rsdp)))
		return;
	add_tag_of(info, INFO_RSDP_OLD, rsdp, RSDP_OLD_BYTES);
	add_tag_of(info, INFO_RSDP_NEW, rsdp, sizeof(rsdp));
}

static int place_info(const struct load *load)
{
	struct info info = {
		.at = guest_pointer(load->memory, BOOT_INFO, INFO_MAX),
		.used = 2 * sizeof(uint32_t),
	};

	if (!info.at)
		return load_refuse(load, ENOMEM, "kernel %s: no memory\nhint: give the domain more memory",
				   load->request->path);
	add_text(&info, INFO_CMDLINE, load->request->cmdline);
	add_text(&info, INFO_LOADER, MULTIBOOT_LOADER);
	add_sizes(&info, load);
	add_map(&info, load);
	add_rsdp(&info, load);
	add_module(&info, load);
	add_tag(&info, INFO_END, 0);
	if (info.overflow)
		return load_refuse(load, E2BIG, "kernel command line: too long for the kernel %s\nhint: shorten it",
				   load->request->path);
	memcpy(info.at, (uint32_t[]){ info.used, 0 }, 2 * sizeof(uint32_t));
	return 0;
}

/**
 * multiboot2_load() - load a multiboot 2 kernel, for which multiboot2_is() is
 * true
 * @load: the load
 *
 * Return: 0, or -1 with errno and a message
 */
int multiboot2_load(struct load *load)
{
	if (put_image(load) || load_initrd(load, UINT64_MAX) || place_info(load))
		return -1;
	load->entry->mode = BOOT_PROTECTED;
	load->entry->xapic = true;
	load->entry->rax = LOADED_MAGIC;
	load->entry->rbx = BOOT_INFO;
	return 0;
}
