/* SPDX-License-Identifier: GPL-2.0-only */
/* Consoles for tests, and requests to them. */
#ifndef HVMOD_TEST_SMALL_DRIVER_H
#define HVMOD_TEST_SMALL_DRIVER_H

#include "virtio.h"

/* What the console wrote. */
extern struct small {
	char output[512 * 1024];
	size_t output_bytes;
} small;

struct virtio_device *small_console_create(const struct virtio_machine *machine);
void small_read_request(unsigned int queue);
void small_write_request(unsigned int queue);

#endif
