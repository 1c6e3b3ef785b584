// SPDX-License-Identifier: GPL-2.0-only
/*
 * The debug-exit port, as QEMU's isa-debug-exit has it: a value V that is
 * written to it becomes the exit status V << 1 | 1, of which a process has 8
 * bits. So it is never 0.
 */
#include <inttypes.h>
#include <stdio.h>

#include "debug_exit.h"

static uint64_t read_zero(void *ctx, uint64_t offset, unsigned int size)
{
	(void)ctx;
	(void)offset;
	(void)size;
	return 0;
}

static void write_value(void *ctx, uint64_t offset, unsigned int size,
			uint64_t value)
{
	struct debug_exit *debug_exit = ctx;
	char how[64];

	(void)size;
	snprintf(how, sizeof(how), "0x%" PRIx64 " to the debug-exit port 0x%x",
		 value, debug_exit->port + (unsigned int)offset);
	debug_exit->end(debug_exit->ctx,
			VMM_DEBUG_EXIT + VMM_STATUS(value << 1 | 1), how);
}

/**
 * debug_exit_add() - put the port on the bus, wide enough for 4 bytes
 * @debug_exit: state, all of it set
 * @ports: the port bus
 *
 * Return: 0, or what bus_add() said
 */
int debug_exit_add(struct debug_exit *debug_exit, struct bus *ports)
{
	const struct bus_device device = {
		.first = debug_exit->port,
		.last = debug_exit->port + DEBUG_EXIT_PORTS - 1,
		.read = read_zero,
		.write = write_value,
		.ctx = debug_exit,
	};

	return bus_add(ports, &device);
}
