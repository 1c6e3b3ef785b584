/* SPDX-License-Identifier: GPL-2.0-only */
/* XMM and YMM registers inside the state that the kernel gives of a vCPU. */
#ifndef HVMOD_VMM_VECTORS_H
#define HVMOD_VMM_VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VECTORS_BYTES_MAX	8192

/**
 * struct vectors - HVMOD_STATE_XSAVE
 * @xcr0: XCR0
 * @area: the XSAVE area in standard form
 * @bytes: how many of @area there are
 */
struct vectors {
	uint64_t xcr0;
	_Alignas(8) uint8_t area[VECTORS_BYTES_MAX];
	size_t bytes;
};

bool vectors_valid(const struct vectors *vectors, bool avx);
void vectors_load(const struct vectors *vectors, unsigned int reg,
		  uint64_t value[4]);
void vectors_store(struct vectors *vectors, unsigned int reg,
		   const uint64_t value[4], bool whole);

#endif
