// SPDX-License-Identifier: GPL-2.0-only
/* A binary without any header: it says nothing, the user says everything. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "layout.h"
#include "load.h"

/*
 * What must be left alone: in protected mode the GDT, in long mode the page
 * tables too, in real mode nothing but the interrupt vectors and the BIOS's
 * data, which a guest expects to be free of its own code.
 */
static const uint64_t lowest[BOOT_MODES] = {
	[BOOT_LONG]		= BOOT_SETUP_DATA,
	[BOOT_PROTECTED]	= 0x1000,
	[BOOT_REAL]		= 0x500,
};

static const char *const mode_names[BOOT_MODES] = {
	[BOOT_LONG]		= "long",
	[BOOT_PROTECTED]	= "protected",
	[BOOT_REAL]		= "real",
};

static int refuse_extras(const struct load *load)
{
	const struct boot_request *request = load->request;

	if (request->initrd_path)
		return load_refuse(load, EINVAL, "initrd %s: a flat binary takes none\nhint: leave it out",
				   request->initrd_path);
	if (*request->cmdline)
		return load_refuse(load, EINVAL, "kernel command line: a flat binary takes none\nhint: leave it out");
	return 0;
}

static int place(struct load *load)
{
	const struct boot_request *request = load->request;
	const struct boot_flat *flat = request->flat;
	uint64_t top = guest_low_end(load->memory);
	uint64_t bottom = lowest[flat->mode];

	if (flat->address < HIGH_MEMORY || flat->mode == BOOT_REAL)
		top = BOOT_RAM_END < top ? BOOT_RAM_END : top;
	else
		bottom = HIGH_MEMORY;
	if (flat->address < bottom || flat->address >= top ||
	    request->kernel_bytes > top - flat->address)
		return load_refuse(load, ENOMEM,
				   "kernel %s: %zu bytes at 0x%" PRIx64 " are not all between 0x%" PRIx64 " and 0x%" PRIx64 ", where a flat binary can be in %s mode\nhint: choose another address, or give the domain more memory",
				   request->path, request->kernel_bytes,
				   flat->address, bottom, top,
				   mode_names[flat->mode]);
	memcpy(guest_pointer(load->memory, flat->address, request->kernel_bytes),
	       request->kernel, request->kernel_bytes);
	return 0;
}

/**
 * flat_load() - load a flat binary
 * @load: the load
 *
 * It starts at its first byte, with all general registers zero, so without a
 * stack. In real mode CS is 0 below 64 KiB, else the multiple of 0x1000 that
 * makes IP smallest.
 *
 * Return: 0, or -1 with errno and a message
 */
int flat_load(struct load *load)
{
	const struct boot_request *request = load->request;
	struct boot_entry *entry = load->entry;

	if (refuse_extras(load))
		return -1;
	if (!request->kernel_bytes)
		return load_unusable(load, "it is empty");
	if (place(load))
		return -1;
	entry->mode = request->flat->mode;
	entry->xapic = true;
	entry->rip = request->flat->address;
	if (entry->mode == BOOT_REAL) {
		entry->cs = (uint16_t)(entry->rip >> 4 & 0xF000);
		entry->rip &= 0xFFFF;
	}
	return 0;
}
