/* SPDX-License-Identifier: GPL-2.0-only */
/* What a guest expects of a PC's firmware. */
#ifndef HVMOD_VMM_FIRMWARE_H
#define HVMOD_VMM_FIRMWARE_H

#include "guest.h"

int firmware_load(const struct guest_memory *memory, unsigned int vcpus,
		  uint64_t present);

#endif
