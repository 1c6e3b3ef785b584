/* SPDX-License-Identifier: GPL-2.0-only */
/* An exception that the VMM raises in the guest in the processor's stead. */
#ifndef HVMOD_VMM_FAULT_H
#define HVMOD_VMM_FAULT_H

#include <stdint.h>

#define VECTOR_DE	0
#define VECTOR_UD	6
#define VECTOR_NM	7
#define VECTOR_SS	12
#define VECTOR_GP	13
#define VECTOR_PF	14
#define VECTOR_AC	17

/**
 * struct guest_fault - the exception that the guest gets
 * @vector: VECTOR_*
 * @error: error code, 0 where the exception has none
 * @linear: CR2 of a #PF
 */
struct guest_fault {
	uint32_t vector;
	uint32_t error;
	uint64_t linear;
};

#endif
