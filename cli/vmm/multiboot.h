/* SPDX-License-Identifier: GPL-2.0-only */
/* What both versions of multiboot share. */
#ifndef HVMOD_VMM_MULTIBOOT_H
#define HVMOD_VMM_MULTIBOOT_H

#include "load.h"

#define MULTIBOOT_LOADER	"hvmod"

/**
 * struct multiboot_address - where an image goes that is not ELF, in the layout
 * of both headers
 * @header: of the multiboot header itself, from which the file's offset follows
 * @load: of the first byte
 * @load_end: of the end of what the file has, 0 for the file's end
 * @bss_end: of the end of the zeroed rest, 0 for none
 */
struct multiboot_address {
	uint32_t header;
	uint32_t load;
	uint32_t load_end;
	uint32_t bss_end;
};

int multiboot_put(struct load *load, const struct multiboot_address *address,
		  uint64_t header_at, uint64_t entry);
int multiboot_put_elf(struct load *load, const uint32_t *entry);
const char *multiboot_module_name(const struct load *load);
uint32_t multiboot_upper_kib(const struct load *load);

#endif
