// SPDX-License-Identifier: GPL-2.0-only
/*
 * The Linux/x86 boot protocol, 64-bit entry (Documentation/arch/x86/boot.rst).
 * A pure function from the bytes of a file to guest memory. Every number in
 * the file may be a lie.
 */
#include <asm/bootparam.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "layout.h"
#include "load.h"

#define SECTOR		512U
#define PAGE		((uint64_t)4096)

#define HEADER_AT	offsetof(struct boot_params, hdr)
#define HEADER_SECTORS	4		/* if the file says 0 */
#define MAGIC_FLAG	0xAA55
#define MAGIC_HDRS	0x53726448U	/* "HdrS" */
#define VERSION_MIN	0x020C
#define ENTRY_64	0x200
#define LOADER_UNKNOWN	0xFF
#define VIDEO_NORMAL	0xFFFF
#define INITRD_MAX_OLD	0x37FFFFFFU

/* What the steps of loading share. */
struct bzimage {
	struct load *load;
	struct setup_header header;	/* as in the file, cut to its length */
	size_t code_at;			/* file offset of the 64-bit part */
	uint64_t address;		/* where that goes */
};

static int not_bzimage(const struct load *load, const char *cause)
{
	return load_refuse(load, ENOEXEC,
			   "kernel %s: not a bzImage (%s)\nhint: give the file that a distribution installs as /boot/vmlinuz-VERSION",
			   load->request->path, cause);
}

static int unsuitable(const struct load *load, const char *cause)
{
	return load_refuse(load, ENOEXEC,
			   "kernel %s: cannot be started (%s)\nhint: give a 64-bit kernel of Linux 3.8 or newer with CONFIG_RELOCATABLE or its default load address",
			   load->request->path, cause);
}

static const struct {
	const char *magic;
	size_t bytes;
	const char *cause;
} other_formats[] = {
	{ "\037\213", 2, "it is a gzip file" },
	{ "\3757zXZ", 5, "it is an xz file" },
	{ "\050\265\057\375", 4, "it is a zstd file" },
	{ "070701", 6, "it is a cpio archive, perhaps the initrd" },
	{ "#!", 2, "it is a script" },
};

static const char *guess_format(const struct boot_request *request)
{
	size_t i;

	if (!request->kernel_bytes)
		return "it is empty";
	for (i = 0; i < ARRAY_SIZE(other_formats); i++) {
		if (request->kernel_bytes >= other_formats[i].bytes &&
		    !memcmp(request->kernel, other_formats[i].magic,
			    other_formats[i].bytes))
			return other_formats[i].cause;
	}
	return NULL;
}

/*
 * The header ends where its jump instruction leads to: 0x202 plus the byte at
 * 0x201. What the file does not have stays zero.
 */
static int read_header(struct bzimage *image)
{
	const struct boot_request *request = image->load->request;
	const char *guess = guess_format(request);
	size_t end;

	if (guess)
		return not_bzimage(image->load, guess);
	if (request->kernel_bytes < 2 * SECTOR)
		return not_bzimage(image->load, "shorter than a boot sector and its header");
	end = 0x202 + request->kernel[0x201];
	if (end > HEADER_AT + sizeof(image->header))
		end = HEADER_AT + sizeof(image->header);
	memcpy(&image->header, request->kernel + HEADER_AT, end - HEADER_AT);
	if (image->header.boot_flag != MAGIC_FLAG)
		return not_bzimage(image->load, "no boot sector signature");
	if (image->header.header != MAGIC_HDRS)
		return not_bzimage(image->load, "no HdrS signature");
	return 0;
}

static int check_header(struct bzimage *image)
{
	const struct setup_header *header = &image->header;

	if (header->version < VERSION_MIN)
		return unsuitable(image->load, "boot protocol older than 2.12");
	if (!(header->xloadflags & XLF_KERNEL_64))
		return unsuitable(image->load, "no 64-bit entry point");
	if (!(header->loadflags & LOADED_HIGH))
		return unsuitable(image->load, "it wants to be loaded below 1 MiB");
	if (header->pref_address < HIGH_MEMORY ||
	    header->pref_address & (PAGE - 1))
		return unsuitable(image->load, "its preferred address is below 1 MiB or not on a page");
	if (!header->init_size)
		return unsuitable(image->load, "it does not say how much memory it needs");
	return 0;
}

static int find_code(struct bzimage *image)
{
	const struct boot_request *request = image->load->request;
	unsigned int sectors = image->header.setup_sects;
	uint64_t claimed = (uint64_t)image->header.syssize * 16;
	size_t rest;

	image->code_at = ((sectors ? sectors : HEADER_SECTORS) + 1) * SECTOR;
	if (image->code_at >= request->kernel_bytes)
		return not_bzimage(image->load, "cut off within the setup code");
	rest = request->kernel_bytes - image->code_at;
	if (rest < claimed)
		return not_bzimage(image->load, "cut off: the file is shorter than its header says");
	if (claimed <= ENTRY_64)
		return not_bzimage(image->load, "no code behind the setup code");
	return 0;
}

/*
 * At the preferred address, since a kernel that is loaded lower moves itself
 * there anyway.
 */
static int place_code(struct bzimage *image)
{
	const struct boot_request *request = image->load->request;
	uint64_t low_end = guest_low_end(image->load->memory);
	uint64_t need = image->header.init_size;
	uint64_t code = (uint64_t)image->header.syssize * 16;

	if (need < code)
		return unsuitable(image->load, "it is larger than the memory it asks for");
	image->address = image->header.pref_address;
	if (image->address >= low_end || need > low_end - image->address)
		return load_refuse(image->load, ENOMEM,
				   "kernel %s: needs memory from %" PRIu64 " MiB to %" PRIu64 " MiB, the domain has %" PRIu64 " MiB below 4 GiB\nhint: give the domain more memory",
				   request->path, image->address / LOAD_MIB,
				   (image->address + need + LOAD_MIB - 1) / LOAD_MIB,
				   low_end / LOAD_MIB);
	memcpy(guest_pointer(image->load->memory, image->address, code),
	       request->kernel + image->code_at, code);
	return 0;
}

static int place_initrd(const struct bzimage *image)
{
	uint64_t limit = image->header.initrd_addr_max;

	image->load->end = image->address + image->header.init_size;
	return load_initrd(image->load, (limit ? limit : INITRD_MAX_OLD) + 1);
}

struct seed_node {
	struct setup_data head;
	uint8_t seed[BOOT_SEED_BYTES];
};

static bool place_seed(const struct bzimage *image)
{
	struct seed_node node = {
		.head = { .type = SETUP_RNG_SEED, .len = BOOT_SEED_BYTES },
	};

	memcpy(node.seed, image->load->request->seed, sizeof(node.seed));
	return guest_write(image->load->memory, BOOT_SETUP_DATA, &node, sizeof(node));
}

static void fill_e820(struct boot_params *params,
		      const struct guest_memory *memory)
{
	struct boot_region region[BOOT_REGIONS_MAX];
	unsigned int i;

	params->e820_entries = (uint8_t)boot_regions(memory, region);
	for (i = 0; i < params->e820_entries; i++) {
		struct boot_e820_entry *entry = &params->e820_table[i];

		entry->addr = region[i].from;
		entry->size = region[i].bytes;
		entry->type = region[i].type;
	}
}

static bool place_params(const struct bzimage *image)
{
	struct boot_params params;
	struct setup_header *header = &params.hdr;

	memset(&params, 0, sizeof(params));
	*header = image->header;
	header->vid_mode = VIDEO_NORMAL;
	header->type_of_loader = LOADER_UNKNOWN;
	header->loadflags &= (uint8_t)~(CAN_USE_HEAP | KEEP_SEGMENTS |
					KASLR_FLAG);
	header->code32_start = (uint32_t)image->address;
	header->cmd_line_ptr = BOOT_CMDLINE;
	header->ramdisk_image = (uint32_t)image->load->entry->initrd;
	header->ramdisk_size = image->load->request->initrd_path ?
			       (uint32_t)image->load->request->initrd_bytes : 0;
	header->setup_data = BOOT_SETUP_DATA;
	params.acpi_rsdp_addr = image->load->request->rsdp;
	fill_e820(&params, image->load->memory);
	return guest_write(image->load->memory, BOOT_PARAMS, &params, sizeof(params));
}

/**
 * bzimage_is() - whether a file says that it is a bzImage
 * @request: the file
 *
 * Return: true if it does
 */
bool bzimage_is(const struct boot_request *request)
{
	const size_t at = HEADER_AT + offsetof(struct setup_header, header);
	uint32_t magic;

	if (request->kernel_bytes < at + sizeof(magic))
		return false;
	memcpy(&magic, request->kernel + at, sizeof(magic));
	return magic == MAGIC_HDRS;
}

/**
 * bzimage_load() - load a bzImage, or say why a file is none
 * @load: the load
 *
 * Return: 0, or -1 with errno and a message
 */
int bzimage_load(struct load *load)
{
	const struct boot_request *request = load->request;
	struct bzimage image = { .load = load };

	if (read_header(&image) || check_header(&image) || find_code(&image) ||
	    place_code(&image) || place_initrd(&image) ||
	    load_cmdline(load, BOOT_CMDLINE, image.header.cmdline_size))
		return -1;
	/* The kernel is above 1 MiB, so memory reaches up to there. */
	if (!place_seed(&image) || !place_params(&image))
		return load_refuse(load, ENOMEM, "kernel %s: no memory",
				   request->path);

	load->entry->mode = BOOT_LONG;
	load->entry->rip = image.address + ENTRY_64;
	load->entry->rsi = BOOT_PARAMS;
	return 0;
}
