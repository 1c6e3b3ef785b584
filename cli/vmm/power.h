/* SPDX-License-Identifier: GPL-2.0-only */
/* The ports by which a guest ends itself. */
#ifndef HVMOD_VMM_POWER_H
#define HVMOD_VMM_POWER_H

#include <stdint.h>

#include "bus.h"
#include "vmm.h"

/**
 * struct power - the ports' state
 * @end: the guest asked for @outcome; @how names the port
 * @ctx: first argument of @end
 * @reset_control: what port 0xCF9 reads as
 */
struct power {
	void (*end)(void *ctx, enum vmm_outcome outcome, const char *how);
	void *ctx;
	uint8_t reset_control;
};

void power_reset(struct power *power);
int power_add(struct power *power, struct bus *ports);

#endif
