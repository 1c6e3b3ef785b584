// SPDX-License-Identifier: GPL-2.0-only
/* The loader of bzImages, and what is said about files that are nothing. */
#include <asm/bootparam.h>

#include "fuzz_load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	return load_input(data, bytes, NULL);
}

size_t fuzz_seed(unsigned int n, uint8_t *data, size_t max)
{
	uint8_t *file;
	struct setup_header header = {
		.setup_sects = 2,
		.syssize = LOAD_CODE / 16,
		.boot_flag = 0xAA55,
		.jump = 0x66EB,
		.header = 0x53726448,
		.version = 0x020F,
		.loadflags = LOADED_HIGH,
		.initrd_addr_max = 0x7FFFFFFF,
		.kernel_alignment = 0x200000,
		.relocatable_kernel = 1,
		.xloadflags = XLF_KERNEL_64,
		.cmdline_size = 2047,
		.pref_address = 0x200000,
		.init_size = 0x10000,
	};

	if (n > 1 || max < LOAD_HEAD + LOAD_FILE)
		return 0;
	file = seed_file(data, n);
	memcpy(file + offsetof(struct boot_params, hdr), &header, sizeof(header));
	return LOAD_HEAD + LOAD_FILE;
}
