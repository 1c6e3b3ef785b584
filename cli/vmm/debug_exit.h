/* SPDX-License-Identifier: GPL-2.0-only */
/* A port by which a test guest ends itself with an exit status. */
#ifndef HVMOD_VMM_DEBUG_EXIT_H
#define HVMOD_VMM_DEBUG_EXIT_H

#include <stdint.h>

#include "bus.h"
#include "vmm.h"

#define DEBUG_EXIT_PORTS	4

/**
 * struct debug_exit - the port
 * @end: the guest ended itself with @outcome; @how says by what
 * @ctx: first argument of @end
 * @port: its number
 */
struct debug_exit {
	void (*end)(void *ctx, enum vmm_outcome outcome, const char *how);
	void *ctx;
	uint16_t port;
};

int debug_exit_add(struct debug_exit *debug_exit, struct bus *ports);

#endif
