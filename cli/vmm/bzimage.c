// SPDX-License-Identifier: GPL-2.0-only
/*
 * The Linux/x86 boot protocol, 64-bit entry (Documentation/arch/x86/boot.rst).
 * A pure function from the bytes of a file to guest memory. Every number in
 * the file may be a lie.
 */
#include <asm/bootparam.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "boot.h"
#include "compiler.h"
#include "layout.h"

#define SECTOR		512U
#define PAGE		((uint64_t)4096)
#define MIB		((uint64_t)1 << 20)

#define HEADER_AT	offsetof(struct boot_params, hdr)
#define HEADER_SECTORS	4		/* if the file says 0 */
#define MAGIC_FLAG	0xAA55
#define MAGIC_HDRS	0x53726448U	/* "HdrS" */
#define VERSION_MIN	0x020C
#define ENTRY_64	0x200
#define LOADER_UNKNOWN	0xFF
#define VIDEO_NORMAL	0xFFFF
#define INITRD_MAX_OLD	0x37FFFFFFU

#define E820_RAM	1
#define E820_RESERVED	2

/* What the steps of loading share. */
struct load {
	const struct guest_memory *memory;
	const struct boot_request *request;
	struct setup_header header;	/* as in the file, cut to its length */
	size_t code_at;			/* file offset of the 64-bit part */
	uint64_t address;		/* where that goes */
	uint64_t initrd;
	char *err;
	size_t err_size;
};

static __printf(3, 4)
int refuse(const struct load *load, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(load->err, load->err_size, format, args);
	va_end(args);
	errno = error;
	return -1;
}

static int not_bzimage(const struct load *load, const char *cause)
{
	return refuse(load, ENOEXEC,
		      "kernel %s: not a bzImage (%s)\nhint: give the file that a distribution installs as /boot/vmlinuz-VERSION",
		      load->request->path, cause);
}

static int unsuitable(const struct load *load, const char *cause)
{
	return refuse(load, ENOEXEC,
		      "kernel %s: cannot be started (%s)\nhint: give a 64-bit kernel of Linux 3.8 or newer with CONFIG_RELOCATABLE or its default load address",
		      load->request->path, cause);
}

static const struct {
	const char *magic;
	size_t bytes;
	const char *cause;
} other_formats[] = {
	{ "\177ELF", 4, "it is an ELF file, perhaps an uncompressed vmlinux" },
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
static int read_header(struct load *load)
{
	const struct boot_request *request = load->request;
	const char *guess = guess_format(request);
	size_t end;

	if (guess)
		return not_bzimage(load, guess);
	if (request->kernel_bytes < 2 * SECTOR)
		return not_bzimage(load, "shorter than a boot sector and its header");
	end = 0x202 + request->kernel[0x201];
	if (end > HEADER_AT + sizeof(load->header))
		end = HEADER_AT + sizeof(load->header);
	memcpy(&load->header, request->kernel + HEADER_AT, end - HEADER_AT);
	if (load->header.boot_flag != MAGIC_FLAG)
		return not_bzimage(load, "no boot sector signature");
	if (load->header.header != MAGIC_HDRS)
		return not_bzimage(load, "no HdrS signature");
	return 0;
}

static int check_header(struct load *load)
{
	const struct setup_header *header = &load->header;

	if (header->version < VERSION_MIN)
		return unsuitable(load, "boot protocol older than 2.12");
	if (!(header->xloadflags & XLF_KERNEL_64))
		return unsuitable(load, "no 64-bit entry point");
	if (!(header->loadflags & LOADED_HIGH))
		return unsuitable(load, "it wants to be loaded below 1 MiB");
	if (header->pref_address < HIGH_MEMORY ||
	    header->pref_address & (PAGE - 1))
		return unsuitable(load, "its preferred address is below 1 MiB or not on a page");
	if (!header->init_size)
		return unsuitable(load, "it does not say how much memory it needs");
	return 0;
}

static int find_code(struct load *load)
{
	const struct boot_request *request = load->request;
	unsigned int sectors = load->header.setup_sects;
	uint64_t claimed = (uint64_t)load->header.syssize * 16;
	size_t rest;

	load->code_at = ((sectors ? sectors : HEADER_SECTORS) + 1) * SECTOR;
	if (load->code_at >= request->kernel_bytes)
		return not_bzimage(load, "cut off within the setup code");
	rest = request->kernel_bytes - load->code_at;
	if (rest < claimed)
		return not_bzimage(load, "cut off: the file is shorter than its header says");
	if (claimed <= ENTRY_64)
		return not_bzimage(load, "no code behind the setup code");
	return 0;
}

/*
 * At the preferred address, since a kernel that is loaded lower moves itself
 * there anyway.
 */
static int place_code(struct load *load)
{
	const struct boot_request *request = load->request;
	uint64_t low_end = guest_low_end(load->memory);
	uint64_t need = load->header.init_size;
	uint64_t code = (uint64_t)load->header.syssize * 16;

	if (need < code)
		return unsuitable(load, "it is larger than the memory it asks for");
	load->address = load->header.pref_address;
	if (load->address >= low_end || need > low_end - load->address)
		return refuse(load, ENOMEM,
			      "kernel %s: needs memory from %" PRIu64 " MiB to %" PRIu64 " MiB, the domain has %" PRIu64 " MiB below 4 GiB\nhint: give the domain more memory",
			      request->path, load->address / MIB,
			      (load->address + need + MIB - 1) / MIB,
			      low_end / MIB);
	memcpy(guest_pointer(load->memory, load->address, code),
	       request->kernel + load->code_at, code);
	return 0;
}

static int place_initrd(struct load *load)
{
	const struct boot_request *request = load->request;
	uint64_t bytes = request->initrd_bytes;
	uint64_t bottom = load->address + load->header.init_size;
	uint64_t top = load->header.initrd_addr_max;

	if (!request->initrd_path)
		return 0;
	top = (top ? top : INITRD_MAX_OLD) + 1;
	if (top > guest_low_end(load->memory))
		top = guest_low_end(load->memory);
	if (bytes > top || ((top - bytes) & ~(PAGE - 1)) < bottom)
		return refuse(load, ENOMEM,
			      "initrd %s: its %" PRIu64 " MiB do not fit between the kernel, which ends at %" PRIu64 " MiB, and %" PRIu64 " MiB\nhint: give the domain more memory",
			      request->initrd_path, (bytes + MIB - 1) / MIB,
			      (bottom + MIB - 1) / MIB, top / MIB);
	load->initrd = (top - bytes) & ~(PAGE - 1);
	return 0;
}

static int place_cmdline(const struct load *load)
{
	const char *cmdline = load->request->cmdline;
	size_t length = strlen(cmdline);
	size_t most = load->header.cmdline_size;

	if (most > BOOT_CMDLINE_MAX - 1)
		most = BOOT_CMDLINE_MAX - 1;
	if (length > most)
		return refuse(load, E2BIG,
			      "kernel command line: %zu characters, the kernel %s takes %zu\nhint: shorten it",
			      length, load->request->path, most);
	if (!guest_write(load->memory, BOOT_CMDLINE, cmdline, length + 1))
		return refuse(load, ENOMEM, "kernel command line: no memory");
	return 0;
}

struct seed_node {
	struct setup_data head;
	uint8_t seed[BOOT_SEED_BYTES];
};

static bool place_seed(const struct load *load)
{
	struct seed_node node = {
		.head = { .type = SETUP_RNG_SEED, .len = BOOT_SEED_BYTES },
	};

	memcpy(node.seed, load->request->seed, sizeof(node.seed));
	return guest_write(load->memory, BOOT_SETUP_DATA, &node, sizeof(node));
}

static void add_e820(struct boot_params *params, uint64_t from, uint64_t to,
		     uint32_t type)
{
	struct boot_e820_entry *entry;

	if (from >= to)
		return;
	entry = &params->e820_table[params->e820_entries++];
	entry->addr = from;
	entry->size = to - from;
	entry->type = type;
}

static void fill_e820(struct boot_params *params,
		      const struct guest_memory *memory)
{
	add_e820(params, 0, BOOT_RAM_END, E820_RAM);
	add_e820(params, FIRMWARE, FIRMWARE + FIRMWARE_BYTES,
		 E820_RESERVED);
	add_e820(params, HIGH_MEMORY, guest_low_end(memory), E820_RAM);
	if (memory->ranges > 1)
		add_e820(params, memory->range[1].gpa,
			 memory->range[1].gpa + memory->range[1].bytes,
			 E820_RAM);
}

static bool place_params(const struct load *load)
{
	struct boot_params params;
	struct setup_header *header = &params.hdr;

	memset(&params, 0, sizeof(params));
	*header = load->header;
	header->vid_mode = VIDEO_NORMAL;
	header->type_of_loader = LOADER_UNKNOWN;
	header->loadflags &= (uint8_t)~(CAN_USE_HEAP | KEEP_SEGMENTS |
					KASLR_FLAG);
	header->code32_start = (uint32_t)load->address;
	header->cmd_line_ptr = BOOT_CMDLINE;
	header->ramdisk_image = (uint32_t)load->initrd;
	header->ramdisk_size = load->request->initrd_path ?
			       (uint32_t)load->request->initrd_bytes : 0;
	header->setup_data = BOOT_SETUP_DATA;
	params.acpi_rsdp_addr = load->request->rsdp;
	fill_e820(&params, load->memory);
	return guest_write(load->memory, BOOT_PARAMS, &params, sizeof(params));
}

/**
 * bzimage_load() - load a kernel
 * @memory: guest memory, zeroed
 * @request: what to load
 * @entry: how to start it (out)
 * @err: buffer for a message
 * @err_size: its size
 *
 * The initrd's bytes are not copied: they go to @entry->initrd afterwards.
 *
 * Return: 0, or -1 with errno and @err: ENOEXEC: not a kernel that can be
 * started; ENOMEM: too little guest memory; E2BIG: command line too long
 */
int bzimage_load(const struct guest_memory *memory,
		 const struct boot_request *request, struct boot_entry *entry,
		 char *err, size_t err_size)
{
	struct load load = {
		.memory = memory,
		.request = request,
		.err = err,
		.err_size = err_size,
	};

	*entry = (struct boot_entry){};
	if (read_header(&load) || check_header(&load) || find_code(&load) ||
	    place_code(&load) || place_initrd(&load) || place_cmdline(&load))
		return -1;
	/* The kernel is above 1 MiB, so memory reaches up to there. */
	if (!place_seed(&load) || !place_params(&load) ||
	    boot_tables(memory, entry))
		return refuse(&load, ENOMEM, "kernel %s: no memory",
			      request->path);

	entry->rip = load.address + ENTRY_64;
	entry->rsi = BOOT_PARAMS;
	entry->initrd = load.initrd;
	return 0;
}
