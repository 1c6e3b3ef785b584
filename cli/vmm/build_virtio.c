// SPDX-License-Identifier: GPL-2.0-only
/* The virtio devices that a configuration asks for. */
#include <errno.h>
#include <string.h>

#include "build.h"
#include "virtio_blk.h"
#include "virtio_net.h"
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

static int add_net(struct build *build, unsigned int index)
{
	static const uint8_t none[6];
	const struct vmm_net *net = &build->config->net[index];
	struct virtio_machine machine = devices_machine(build->vmm);
	struct net_backend *backend;
	uint8_t mac[6];

	backend = net_open(net, build->err, build->err_size);
	if (!backend)
		return -1;
	if (memcmp(net->mac, none, sizeof(none)))
		memcpy(mac, net->mac, sizeof(mac));
	else
		net_default_mac(mac, build->config->name, index);
	if (!devices_add_virtio(build->vmm,
				virtio_net_create(&machine, backend, mac)))
		return 0;
	return build_fail(build, errno,
			  "domain %s: no network device %u: %s\nhint: see \"ulimit -n\"",
			  build->config->name, index, strerror(errno));
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
	for (i = 0; i < build->config->nets && !ret; i++)
		ret = add_net(build, i);
	return ret;
}
