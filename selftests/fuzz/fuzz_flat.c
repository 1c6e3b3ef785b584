// SPDX-License-Identifier: GPL-2.0-only
/* Flat binaries: the input says address and mode too. */
#include "fuzz_load.h"

#define FLAT_HEAD	10

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct boot_flat flat = {};

	if (bytes < FLAT_HEAD)
		return 0;
	memcpy(&flat.address, data + 1, sizeof(flat.address));
	flat.mode = data[0] % BOOT_MODES;
	/* Most of 2^64 addresses are wrong in the same way. */
	flat.address >>= data[9] % 64;
	return load_input(data + FLAT_HEAD, bytes - FLAT_HEAD, &flat);
}

size_t fuzz_seed(unsigned int n, uint8_t *data, size_t max)
{
	if (n >= BOOT_MODES || max < FLAT_HEAD + LOAD_HEAD + LOAD_FILE)
		return 0;
	memset(data, 0, FLAT_HEAD);
	data[0] = (uint8_t)n;
	memcpy(data + 1, (uint32_t[]){ n == BOOT_REAL ? 0x7C00 : 0x200000 }, 4);
	seed_file(data + FLAT_HEAD, 0);
	return FLAT_HEAD + LOAD_HEAD + LOAD_FILE;
}
