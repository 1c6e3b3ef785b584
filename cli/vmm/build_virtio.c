// SPDX-License-Identifier: GPL-2.0-only
/* The virtio devices that a configuration asks for. */
#include <errno.h>
#include <string.h>

#include "build.h"
#include "virtio_blk.h"
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

static int add_disk(struct build *build, const struct vmm_disk *config)
{
	struct virtio_machine machine = devices_machine(build->vmm);
	struct virtio_device *device;
	struct disk disk;

	if (disk_open(&disk, config, build->err, build->err_size))
		return -1;
	device = virtio_blk_create(&machine, &disk, config->serial,
				   build->config->vcpus);
	if (!device)
		disk_close(&disk);
	if (!devices_add_virtio(build->vmm, device))
		return 0;
	return build_fail(build, errno, "disk %s: no device for it: %s\nhint: see \"ulimit -n\"",
			  config->path, strerror(errno));
}

/**
 * build_virtio() - make the devices and put them on the bus
 * @build: the build; its memory is there
 *
 * Return: 0, or -1 with errno and a message
 */
int build_virtio(struct build *build)
{
	unsigned int i;
	int ret = add_rng(build);

	for (i = 0; i < build->config->disks && !ret; i++)
		ret = add_disk(build, &build->config->disk[i]);
	return ret;
}
