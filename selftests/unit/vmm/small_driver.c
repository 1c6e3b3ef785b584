// SPDX-License-Identifier: GPL-2.0-only
/* Consoles for tests, and requests to them. */
#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "small_driver.h"
#include "virtio_console.h"

struct small small;

static void output(void *ctx, const uint8_t *data, size_t len)
{
	struct small *to = ctx;

	if (len > sizeof(to->output) - to->output_bytes)
		abort();
	memcpy(to->output + to->output_bytes, data, len);
	to->output_bytes += len;
}

static size_t type_all(struct virtio_device *device)
{
	uint8_t typed[4096];

	memset(typed, 'x', sizeof(typed));
	return virtio_console_input(device, typed, sizeof(typed));
}

/* With something to read. */
struct virtio_device *small_console_create(const struct virtio_machine *machine)
{
	struct virtio_device *device;

	memset(&small, 0, sizeof(small));
	device = virtio_console_create(machine, output, &small);
	if (!device || type_all(device) != 4096)
		abort();
	return device;
}

/* There is always something to read. */
void small_read_request(unsigned int queue)
{
	type_all(driver.device);
	driver_desc(queue, 0, DRIVER_DATA, 1, F_WRITE, 0);
}

void small_write_request(unsigned int queue)
{
	memset(driver_memory(DRIVER_DATA), 0, 4);
	driver_desc(queue, 0, DRIVER_DATA, 4, 0, 0);
}
