/* SPDX-License-Identifier: GPL-2.0-only */
/* IN, OUT, INS and OUTS that left the guest. */
#ifndef HVMOD_VMM_PORTS_H
#define HVMOD_VMM_PORTS_H

#include <hvmod.h>

#include "bus.h"
#include "fault.h"
#include "guest.h"

/**
 * enum string_result - what became of an INS or OUTS
 * @STRING_DONE: some or all repetitions done, the registers say how many
 * @STRING_FAULT: as STRING_DONE, then the exception in struct guest_fault
 * @STRING_OUTSIDE: the operand or a page table is not in memory
 */
enum string_result {
	STRING_DONE,
	STRING_FAULT,
	STRING_OUTSIDE,
};

void ports_access(const struct bus *bus, struct hvmod_run *run);
enum string_result ports_string(const struct guest_memory *memory,
				const struct bus *bus, struct hvmod_run *run,
				struct guest_fault *fault);

#endif
