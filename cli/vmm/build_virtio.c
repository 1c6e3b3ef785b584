// SPDX-License-Identifier: GPL-2.0-only
/* The virtio devices that a configuration asks for. */
#include <errno.h>
#include <string.h>

#include "build.h"
#include "virtio_rng.h"

static int add_rng(struct build *build)
{
	struct virtio_machine machine = devices_machine(build->vmm);

	if (!devices_add_virtio(build->vmm, virtio_rng_create(&machine)))
		return 0;
	return build_fail(build, errno,
			  "domain %s: no entropy device: %s\nhint: see \"ulimit -n\"",
			  build->config->name, strerror(errno));
}

/**
 * build_virtio() - make the devices and put them on the bus
 * @build: the build; its memory is there
 *
 * Return: 0, or -1 with errno and a message
 */
int build_virtio(struct build *build)
{
	return add_rng(build);
}
