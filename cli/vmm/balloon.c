// SPDX-License-Identifier: GPL-2.0-only
/* The balloon of a domain: how its guest's memory goes back to the host. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "build.h"
#include "virtio_balloon.h"

static int hold(void *ctx)
{
	return life_freeze(ctx);
}

static void release(void *ctx)
{
	life_thaw(ctx);
}

/* Whatever it says: a page that the kernel still has is charged. */
static void discard(void *ctx, uint64_t gpa,
		    const uint64_t pages[GIVE_UNIT_WORDS])
{
	struct vmm *vmm = ctx;
	struct hvmod_mem_discard arg = { .size = sizeof(arg), .gpa = gpa };

	memcpy(arg.pages, pages, sizeof(arg.pages));
	ioctl(vmm->domain, HVMOD_MEM_DISCARD, &arg);
}

static void changed(void *ctx, uint64_t bytes)
{
	struct vmm *vmm = ctx;
	struct hvmod_mem_balloon arg = { .size = sizeof(arg), .bytes = bytes };

	ioctl(vmm->domain, HVMOD_MEM_BALLOON, &arg);
}

/**
 * build_balloon_allowed() - may the domain have less memory than maxmem?
 * @build: the build; its memory is there
 *
 * Memory that another process maps has no balloon: what is dropped here alone
 * frees nothing. Known before any of those processes is asked.
 *
 * Return: 0, or -1 with errno and a message
 */
int build_balloon_allowed(struct build *build)
{
	if (!build->vmm->memory.fd || !build->config->balloon)
		return 0;
	return build_fail(build, EOPNOTSUPP,
			  "domain %s: a vhost-user disk or a directory (fs) lets it have no memory balloon, so memory can't be less than maxmem\nhint: leave maxmem out",
			  build->config->name);
}

/**
 * build_balloon() - give the domain a balloon, if build_balloon_allowed()
 * @build: the build; its memory is there
 *
 * Return: 0, or -1 with errno and a message
 */
int build_balloon(struct build *build)
{
	struct vmm *vmm = build->vmm;
	struct virtio_machine machine = devices_machine(vmm);
	const struct balloon_wires wires = {
		.give = {
			.hold = hold,
			.release = release,
			.discard = discard,
			.ctx = vmm,
		},
		.changed = changed,
	};
	struct virtio_device *device;

	if (vmm->memory.fd)
		return 0;
	device = virtio_balloon_create(&machine, &wires, build->config->balloon);
	if (devices_add_virtio(vmm, device))
		return build_fail(build, errno,
				  "domain %s: no memory balloon: %s\nhint: see \"ulimit -n\"",
				  build->config->name, strerror(errno));
	vmm->balloon = device;
	return 0;
}

uint64_t vmm_memory_max(const struct vmm *vmm)
{
	return guest_memory_bytes(&vmm->memory);
}

uint64_t vmm_memory_target(const struct vmm *vmm)
{
	return vmm_memory_max(vmm) -
	       (vmm->balloon ? virtio_balloon_target(vmm->balloon) : 0);
}

int vmm_memory_set(struct vmm *vmm, uint64_t bytes)
{
	uint64_t max = vmm_memory_max(vmm);

	if (!bytes || bytes % GIVE_PAGE || bytes > max) {
		errno = bytes % GIVE_PAGE ? EINVAL : ERANGE;
		return -1;
	}
	if (!vmm->balloon) {
		errno = EOPNOTSUPP;
		return -1;
	}
	virtio_balloon_set(vmm->balloon, max - bytes);
	return 0;
}

int vmm_guest_memory(struct vmm *vmm, struct vmm_guest_memory *memory)
{
	struct balloon_stats stats;

	if (!vmm->balloon) {
		errno = EOPNOTSUPP;
		return -1;
	}
	if (virtio_balloon_stats(vmm->balloon, &stats))
		return -1;
	*memory = (struct vmm_guest_memory){
		.told_ns = stats.told_ns,
		.free = stats.free,
		.available = stats.available,
		.total = stats.total,
	};
	return 0;
}
