// SPDX-License-Identifier: GPL-2.0-only
/* The loader of multiboot 2 kernels: header tags of every kind. */
#include "fuzz_load.h"

#define LOAD	0x200000U
#define MAGIC	0xE85250D6U

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	uint8_t copy[16384];
	uint32_t words[4];

	/* As with multiboot 1: the checksum is made right. */
	if (bytes < LOAD_HEAD + sizeof(words) || bytes > sizeof(copy))
		return load_input(data, bytes, NULL);
	memcpy(copy, data, bytes);
	memcpy(words, copy + LOAD_HEAD, sizeof(words));
	words[0] = MAGIC;
	words[3] = -(words[0] + words[1] + words[2]);
	memcpy(copy + LOAD_HEAD, words, sizeof(words));
	return load_input(copy, bytes, NULL);
}

size_t fuzz_seed(unsigned int n, uint8_t *data, size_t max)
{
	static const uint32_t header[] = {
		MAGIC, 0, 0x78, 0,
		2, 24, LOAD, LOAD, LOAD + 0x2000, LOAD + 0x8000,	/* addresses */
		3, 12, LOAD + 0x100, 0,					/* entry */
		1, 24, 1, 3, 6, 15,					/* information */
		4, 12, 2, 0,						/* console */
		6, 8,							/* modules */
		10 | 1 << 16, 8,					/* optional */
		0, 8,
	};
	uint8_t *file;

	_Static_assert(sizeof(header) == 0x78, "the header's own length");
	if (n > 1 || max < LOAD_HEAD + LOAD_FILE)
		return 0;
	file = seed_file(data, n);
	memcpy(file, header, sizeof(header));
	return LOAD_HEAD + LOAD_FILE;
}
