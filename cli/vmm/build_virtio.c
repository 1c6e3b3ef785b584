// SPDX-License-Identifier: GPL-2.0-only
/* The virtio devices that a configuration asks for. */
#include <errno.h>
#include <string.h>

#include "build.h"
#include "virtio_blk.h"
#include "virtio_blk_user.h"
#include "virtio_console.h"
#include "virtio_fs.h"
#include "virtio_net.h"
#include "virtio_rng.h"
#include "virtio_vsock.h"

static int add_rng(struct build *build)
{
	struct virtio_machine machine = devices_machine(build->vmm);

	if (!devices_add_virtio(build->vmm, virtio_rng_create(&machine)))
		return 0;
	return build_fail(build, errno,
			  "domain %s: no entropy device: %s\nhint: see \"ulimit -n\"",
			  build->config->name, strerror(errno));
}

#define CONSOLE	"console="
#define HVC	"hvc0"

static bool is_hvc(const char *word, size_t len)
{
	const size_t prefix = strlen(CONSOLE);
	const size_t hvc = strlen(HVC);

	return len >= prefix + hvc && !memcmp(word, CONSOLE HVC, prefix + hvc) &&
	       (len == prefix + hvc || word[prefix + hvc] == ',');
}

/*
 * What the kernel's command line says of consoles: whether one of them is hvc0,
 * and whether that is the last, to which Linux gives what is typed.
 */
static bool wants_console(const char *cmdline, bool *typed)
{
	bool wanted = false;
	size_t len;

	*typed = false;
	for (; *cmdline; cmdline += len) {
		cmdline += strspn(cmdline, " \t\n");
		len = strcspn(cmdline, " \t\n");
		if (len < strlen(CONSOLE) ||
		    memcmp(cmdline, CONSOLE, strlen(CONSOLE)))
			continue;
		*typed = is_hvc(cmdline, len);
		wanted |= *typed;
	}
	return wanted;
}

static int add_console(struct build *build)
{
	const char *cmdline = build->config->cmdline;
	struct virtio_machine machine = devices_machine(build->vmm);
	struct vmm *vmm = build->vmm;
	struct virtio_device *device;
	bool typed;

	if (!cmdline || !wants_console(cmdline, &typed))
		return 0;
	device = virtio_console_create(&machine, vmm->ops.console_output,
				       vmm->ctx);
	if (devices_add_virtio(vmm, device))
		return build_fail(build, errno,
				  "domain %s: no virtio console: %s\nhint: see \"ulimit -n\"",
				  build->config->name, strerror(errno));
	if (typed)
		vmm->console = device;
	return 0;
}

/* @device is NULL if it could not be made, and why has been said. */
static int add_served(struct build *build, const char *what, const char *socket,
		      struct virtio_device *device)
{
	if (!device)
		return -1;
	if (!devices_add_virtio(build->vmm, device))
		return 0;
	return build_fail(build, errno, "%s %s: no device for it: %s\nhint: give the domain fewer devices",
			  what, socket, strerror(errno));
}

static int add_served_disk(struct build *build, const struct vmm_disk *config)
{
	struct virtio_machine machine = devices_machine(build->vmm);

	return add_served(build, "disk", config->path,
			  virtio_blk_user_create(&machine, config->path,
						 build->err, build->err_size));
}

static int add_fs(struct build *build, const struct vmm_fs *config)
{
	struct virtio_machine machine = devices_machine(build->vmm);

	return add_served(build, "fs", config->socket,
			  virtio_fs_create(&machine, config, build->err,
					   build->err_size));
}

static int add_disk(struct build *build, const struct vmm_disk *config)
{
	struct virtio_machine machine = devices_machine(build->vmm);
	struct virtio_device *device;
	struct disk disk;

	if (disk_open(&disk, config, build->err, build->err_size))
		return -1;
	device = virtio_blk_create(&machine, &disk, config->serial,
				   build_vcpus_max(build->config));
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
	struct virtio_device *device;
	struct net_backend *backend;
	uint8_t mac[6];

	backend = net_open(net, build->err, build->err_size);
	if (!backend)
		return -1;
	if (memcmp(net->mac, none, sizeof(none)))
		memcpy(mac, net->mac, sizeof(mac));
	else
		net_default_mac(mac, build->config->name, index);
	device = net->vhost ? virtio_net_vhost_create(&machine, backend, mac,
						      build->err,
						      build->err_size)
			    : virtio_net_create(&machine, backend, mac);
	if (!device && net->vhost)
		return -1;
	if (!devices_add_virtio(build->vmm, device))
		return 0;
	return build_fail(build, errno,
			  "domain %s: no network device %u: %s\nhint: see \"ulimit -n\"",
			  build->config->name, index, strerror(errno));
}

static int add_vsock(struct build *build)
{
	struct virtio_machine machine = devices_machine(build->vmm);
	uint32_t *cid = &build->vmm->vsock_cid;
	struct virtio_device *device;

	*cid = build->config->vsock_cid;
	if (!*cid)
		return 0;
	device = virtio_vsock_create(&machine, cid, build->err, build->err_size);
	if (!device)
		return -1;
	if (!devices_add_virtio(build->vmm, device))
		return 0;
	return build_fail(build, errno, "domain %s: no socket device: %s\nhint: give the domain fewer devices",
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
	unsigned int i;
	int ret = build_balloon_allowed(build);

	if (!ret)
		ret = add_rng(build);
	if (!ret)
		ret = add_console(build);
	for (i = 0; i < build->config->disks && !ret; i++) {
		const struct vmm_disk *disk = &build->config->disk[i];

		ret = disk->vhost_user ? add_served_disk(build, disk)
				       : add_disk(build, disk);
	}
	for (i = 0; i < build->config->nets && !ret; i++)
		ret = add_net(build, i);
	for (i = 0; i < build->config->fs_count && !ret; i++)
		ret = add_fs(build, &build->config->fs[i]);
	if (!ret)
		ret = add_vsock(build);
	if (!ret)
		ret = build_balloon(build);
	return ret;
}
