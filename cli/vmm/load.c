// SPDX-License-Identifier: GPL-2.0-only
/* Which loader a file belongs to, and what the loaders share. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "layout.h"
#include "load.h"

#define PAGE	((uint64_t)4096)

/* A file that nobody knows is the last one's, which says what is wrong. */
static const struct {
	bool (*is)(const struct boot_request *request);
	int (*load)(struct load *load);
} loaders[] = {
	{ bzimage_is, bzimage_load },
	{ multiboot2_is, multiboot2_load },
	{ multiboot_is, multiboot_load },
	{ pvh_is, pvh_load },
	{ NULL, bzimage_load },
};

static int load_by_content(struct load *load)
{
	size_t i = 0;

	while (loaders[i].is && !loaders[i].is(load->request))
		i++;
	return loaders[i].load(load);
}

/**
 * boot_load() - load a kernel
 * @memory: guest memory, zeroed but for the firmware's part
 * @request: what to load
 * @entry: how to start it (out)
 * @err: buffer for a message
 * @err_size: its size
 *
 * What the file is, its content says: a bzImage, a multiboot 2 or multiboot
 * kernel, an ELF file with a PVH note, in this order. Only a flat binary does
 * not tell. The initrd's bytes are not copied: they go to @entry->initrd
 * afterwards.
 *
 * Return: 0, or -1 with errno and @err: ENOEXEC: not a kernel that can be
 * started; ENOMEM: too little guest memory; E2BIG: command line too long;
 * EINVAL: an initrd or command line for a kernel that takes none
 */
int boot_load(const struct guest_memory *memory,
	      const struct boot_request *request, struct boot_entry *entry,
	      char *err, size_t err_size)
{
	struct load load = {
		.memory = memory,
		.request = request,
		.entry = entry,
		.err = err,
		.err_size = err_size,
	};

	*entry = (struct boot_entry){};
	if (request->flat ? flat_load(&load) : load_by_content(&load))
		return -1;
	if (boot_tables(memory, entry))
		return load_refuse(&load, ENOMEM, "kernel %s: no memory\nhint: give the domain more memory",
				   request->path);
	return 0;
}

/**
 * load_refuse() - put a message into the caller's buffer
 * @load: the load
 * @error: errno
 * @format: message and hint
 *
 * Return: -1, with errno
 */
int load_refuse(const struct load *load, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(load->err, load->err_size, format, args);
	va_end(args);
	errno = error;
	return -1;
}

/**
 * load_unusable() - refuse a file of a known format
 * @load: the load
 * @cause: what is wrong with it
 *
 * Return: -1, with errno
 */
int load_unusable(const struct load *load, const char *cause)
{
	return load_refuse(load, ENOEXEC,
			   "kernel %s: cannot be started (%s)\nhint: give a bzImage, an ELF file with a PVH note, or a multiboot kernel",
			   load->request->path, cause);
}

/**
 * load_bytes() - a piece of the file
 * @load: the load
 * @at: offset
 * @bytes: length
 *
 * Return: @bytes bytes of no particular alignment, or NULL if the file is
 * shorter
 */
const void *load_bytes(const struct load *load, uint64_t at, uint64_t bytes)
{
	const struct boot_request *request = load->request;

	if (at > request->kernel_bytes || bytes > request->kernel_bytes - at)
		return NULL;
	return request->kernel + at;
}

/* Below BOOT_END is what the loaders write, and at 640 KiB memory has a hole. */
static bool is_free(const struct load *load, uint64_t from, uint64_t bytes)
{
	uint64_t low_end = guest_low_end(load->memory);

	if (from >= HIGH_MEMORY)
		return from <= low_end && bytes <= low_end - from;
	return from >= BOOT_END && from <= BOOT_RAM_END &&
	       bytes <= BOOT_RAM_END - from &&
	       guest_pointer(load->memory, from, bytes);
}

/**
 * load_put() - put a piece of the file into guest memory
 * @load: the load; its end moves up
 * @part: which, and where to
 *
 * Return: 0, or -1 with errno and a message
 */
int load_put(struct load *load, const struct load_part *part)
{
	const struct boot_request *request = load->request;
	const void *from = load_bytes(load, part->file_at, part->file_bytes);

	if (!from)
		return load_unusable(load, "cut off: the file is shorter than its header says");
	if (part->file_bytes > part->bytes)
		return load_unusable(load, "a segment is longer in the file than in memory");
	if (!is_free(load, part->gpa, part->bytes))
		return load_refuse(load, ENOMEM,
				   "kernel %s: wants 0x%" PRIx64 " bytes at 0x%" PRIx64 "; kernels can be at 0x%llx to 0x%llx and at 0x%llx to 0x%" PRIx64 "\nhint: give the domain more memory, or link the kernel to another address",
				   request->path, part->bytes, part->gpa, BOOT_END,
				   BOOT_RAM_END, HIGH_MEMORY,
				   guest_low_end(load->memory));
	memcpy(guest_pointer(load->memory, part->gpa, part->bytes), from,
	       part->file_bytes);
	if (load->end < part->gpa + part->bytes)
		load->end = part->gpa + part->bytes;
	return 0;
}

/**
 * load_initrd() - find the place of the initrd: as high as can be
 * @load: the load, its end above all of the kernel
 * @top: first address that it must not reach
 *
 * Return: 0, or -1 with errno and a message
 */
int load_initrd(struct load *load, uint64_t top)
{
	const struct boot_request *request = load->request;
	uint64_t bytes = request->initrd_bytes;
	uint64_t bottom = load->end;

	if (!request->initrd_path)
		return 0;
	if (bottom < HIGH_MEMORY)
		bottom = HIGH_MEMORY;
	if (top > guest_low_end(load->memory))
		top = guest_low_end(load->memory);
	if (bytes > top || ((top - bytes) & ~(PAGE - 1)) < bottom)
		return load_refuse(load, ENOMEM,
				   "initrd %s: its %" PRIu64 " MiB do not fit between the kernel, which ends at %" PRIu64 " MiB, and %" PRIu64 " MiB\nhint: give the domain more memory",
				   request->initrd_path,
				   bytes / LOAD_MIB + !!(bytes % LOAD_MIB),
				   (bottom + LOAD_MIB - 1) / LOAD_MIB,
				   top / LOAD_MIB);
	load->entry->initrd = (top - bytes) & ~(PAGE - 1);
	return 0;
}

/**
 * load_cmdline() - write the command line
 * @load: the load
 * @to: where to
 * @most: most characters that the kernel takes
 *
 * Return: 0, or -1 with errno and a message
 */
int load_cmdline(const struct load *load, uint64_t to, size_t most)
{
	const char *cmdline = load->request->cmdline;
	size_t length = strlen(cmdline);

	if (most > BOOT_CMDLINE_MAX - 1)
		most = BOOT_CMDLINE_MAX - 1;
	if (length > most)
		return load_refuse(load, E2BIG,
				   "kernel command line: %zu characters, the kernel %s takes %zu\nhint: shorten it",
				   length, load->request->path, most);
	if (!guest_write(load->memory, to, cmdline, length + 1))
		return load_refuse(load, ENOMEM, "kernel command line: no memory\nhint: give the domain more memory");
	return 0;
}
