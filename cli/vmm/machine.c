// SPDX-License-Identifier: GPL-2.0-only
/*
 * A domain from its configuration. Everything that the caller could have got
 * wrong is checked before the domain exists for others.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "build.h"
#include "user_limits.h"

#define DEVICE		"/dev/hvmod"

/**
 * build_fail() - put a message into the caller's buffer
 * @build: the build
 * @error: errno
 * @format: message and hint
 *
 * Return: -1, with errno
 */
int build_fail(struct build *build, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(build->err, build->err_size, format, args);
	va_end(args);
	errno = error;
	return -1;
}

static const char *device_hint(int error)
{
	switch (error) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return "load the module: modprobe hvmod; \"hvctl check\" tells what it needs";
	case EACCES:
	case EPERM:
		return "join the group that owns the device: ls -l " DEVICE;
	default:
		return "see the kernel's log: dmesg";
	}
}

static int open_device(struct build *build)
{
	struct hvmod_caps *caps = &build->caps;
	int error;

	build->vmm->device = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (build->vmm->device < 0) {
		error = errno;
		return build_fail(build, error, "%s: %s\nhint: %s", DEVICE,
				  strerror(error), device_hint(error));
	}
	caps->size = sizeof(*caps);
	if (ioctl(build->vmm->device, HVMOD_GET_CAPS, caps)) {
		error = errno;
		return build_fail(build, error, "%s: cannot be asked: %s\nhint: %s",
				  DEVICE, strerror(error), device_hint(error));
	}
	if (caps->abi_version != HVMOD_ABI_VERSION ||
	    caps->run_size < sizeof(struct hvmod_run))
		return build_fail(build, EPROTO,
				  "%s: the module speaks version %u of the interface, hvctl speaks %u\nhint: after an upgrade end the domains, then rmmod hvmod and modprobe hvmod",
				  DEVICE, caps->abi_version, HVMOD_ABI_VERSION);
	return 0;
}

static int create_devices(struct build *build)
{
	if (devices_create(build->vmm, build_vcpus_max(build->config),
			   build->config->vcpus))
		return build_fail(build, EEXIST, "devices: two have the same address\nhint: report this as a bug");
	if (devices_add_debug_exit(build->vmm, build->config->debug_exit))
		return build_fail(build, EINVAL, "debug-exit port: another device is at 0x%x to 0x%x\nhint: choose another port",
				  build->config->debug_exit,
				  build->config->debug_exit + DEBUG_EXIT_PORTS - 1);
	return 0;
}

static int check_vcpus(struct build *build)
{
	unsigned int vcpus = build->config->vcpus;
	unsigned int vcpus_max = build_vcpus_max(build->config);
	unsigned int most = build->caps.vcpus_max;

	if (most > CPUS_MAX)
		most = CPUS_MAX;
	if (!vcpus || vcpus_max > most)
		return build_fail(build, EINVAL,
				  "vcpus: %u asked for, 1 to %u are possible\nhint: choose a number in that range",
				  vcpus ? vcpus_max : 0, most);
	if (vcpus > vcpus_max)
		return build_fail(build, EINVAL,
				  "vcpus: %u asked for, but at most %u\nhint: give no more vCPUs than the most",
				  vcpus, vcpus_max);
	return 0;
}

/* Other processes map the memory. */
static bool wants_shared_memory(const struct build *build)
{
	unsigned int i;

	if (build->config->fs_count)
		return true;
	for (i = 0; i < build->config->disks; i++) {
		if (build->config->disk[i].vhost_user)
			return true;
	}
	return false;
}

static int alloc_memory(struct build *build)
{
	uint64_t bytes = build->config->memory;
	struct sysinfo host;
	uint64_t total;

	if (!bytes || bytes % MIB)
		return build_fail(build, EINVAL,
				  "memory: %" PRIu64 " bytes asked for\nhint: give a multiple of 1 MiB",
				  bytes);
	if (sysinfo(&host))
		return build_fail(build, errno, "memory: the host does not tell its size");
	total = (uint64_t)host.totalram * host.mem_unit;
	if (bytes > total)
		return build_fail(build, ENOMEM,
				  "memory: %" PRIu64 " MiB asked for, the host has %" PRIu64 " MiB\nhint: give the domain less memory",
				  bytes / MIB, total / MIB);
	if (guest_memory_alloc(&build->vmm->memory, bytes))
		return build_fail(build, errno,
				  "memory: no address space for %" PRIu64 " MiB\nhint: give the domain less memory, see \"ulimit -v\"",
				  bytes / MIB);
	if (wants_shared_memory(build) && guest_memory_share(&build->vmm->memory))
		return build_fail(build, errno,
				  "memory: none that can be shared: %s\nhint: vhost-user disks and fs need it; do without them, or see \"ulimit -n\"",
				  strerror(errno));
	return 0;
}

static int create_failed(struct build *build, int error)
{
	static const struct {
		int error;
		const char *text;
	} causes[] = {
		{ EEXIST, "the name is in use\nhint: \"hvctl list\" shows who has it" },
		{ ENOSPC, "there can be no more domains\nhint: destroy one that is not needed" },
		{ ENOMEM, "the host has not that much memory left for domains\nhint: give it less, or destroy another; Domain-0 keeps /sys/module/hvmod/parameters/dom0_reserve_mib for itself" },
		{ EBUSY, "the machine is about to sleep\nhint: try again when it is awake" },
		{ EINVAL, "the module refuses name, vcpus or memory\nhint: see \"hvctl help create\"" },
	};
	struct limits limits;
	char text[384];
	size_t i;

	if (error == EDQUOT) {
		limits_read(build->vmm->device, &limits);
		limits_explain(&limits, build_vcpus_max(build->config),
			       build->config->memory, text, sizeof(text));
		return build_fail(build, error, "domain %s: cannot be made: %s",
				  build->config->name, text);
	}
	for (i = 0; i < ARRAY_SIZE(causes); i++) {
		if (causes[i].error == error)
			return build_fail(build, error, "domain %s: cannot be made: %s",
					  build->config->name, causes[i].text);
	}
	return build_fail(build, error, "domain %s: cannot be made: %s\nhint: %s",
			  build->config->name, strerror(error), device_hint(error));
}

static int create_domain(struct build *build)
{
	struct vmm *vmm = build->vmm;
	struct hvmod_domain_create arg = {
		.size = sizeof(arg),
		.vcpus = build_vcpus_max(build->config),
		.mem_max = build->config->memory,
	};

	if (strlen(build->config->name) >= sizeof(arg.name))
		return create_failed(build, EINVAL);
	strcpy(arg.name, build->config->name);
	vmm->domain = ioctl(vmm->device, HVMOD_DOMAIN_CREATE, &arg);
	if (vmm->domain < 0)
		return create_failed(build, errno);
	vmm->id = arg.id;
	close(vmm->device);
	vmm->device = -1;
	return 0;
}

static int map_memory(struct build *build)
{
	struct vmm *vmm = build->vmm;
	unsigned int i;

	for (i = 0; i < vmm->memory.ranges; i++) {
		const struct guest_range *range = &vmm->memory.range[i];
		struct hvmod_mem_map arg = {
			.size = sizeof(arg),
			.gpa = range->gpa,
			.bytes = range->bytes,
			.user_addr = (uintptr_t)range->host,
		};

		if (ioctl(vmm->domain, HVMOD_MEM_MAP, &arg))
			return build_fail(build, errno,
					  "domain %s: memory at 0x%" PRIx64 " cannot be mapped: %s\nhint: see the kernel's log: dmesg",
					  build->config->name, range->gpa,
					  strerror(errno));
	}
	return 0;
}

static int create_vcpus(struct build *build)
{
	unsigned int most = build_vcpus_max(build->config);
	struct vmm *vmm = build->vmm;
	unsigned int i;

	vmm->vcpu = calloc(most, sizeof(*vmm->vcpu));
	if (!vmm->vcpu)
		return build_fail(build, ENOMEM, "domain %s: no memory for vCPUs",
				  build->config->name);
	for (i = 0; i < most; i++) {
		struct vcpu *vcpu = &vmm->vcpu[i];

		*vcpu = (struct vcpu){
			.vmm = vmm,
			.index = i,
			.fd = -1,
			.plugged = i < build->config->vcpus,
		};
		vmm->vcpus = i + 1;
		if (vcpu_create(vcpu, build->caps.run_size) ||
		    vcpu_first_keep(vcpu) || vcpu_reset(vcpu, &build->entry))
			return build_fail(build, errno,
					  "domain %s: vCPU %u cannot be made: %s (reason %u)\nhint: see the kernel's log: dmesg",
					  build->config->name, i, strerror(errno),
					  vcpu->run ? vcpu->run->why : 0);
	}
	return 0;
}

static int (*const steps[])(struct build *build) = {
	create_devices,
	open_device,
	check_vcpus,
	alloc_memory,
	build_virtio,
	build_open_files,
	build_load_firmware,
	build_load_kernel,
	build_load_initrd,
	create_domain,
	map_memory,
	create_vcpus,
	reset_keep,
};

static int run_steps(struct build *build)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		if (steps[i](build))
			return -1;
	}
	return 0;
}

struct vmm *vmm_create(const struct vmm_config *config,
		       const struct vmm_ops *ops, void *ctx,
		       char *err, size_t err_size)
{
	struct build build = {
		.config = config,
		.kernel = -1,
		.initrd = -1,
		.err = err,
		.err_size = err_size,
	};
	struct vmm *vmm = calloc(1, sizeof(*vmm));
	int error;

	if (!vmm) {
		build_fail(&build, ENOMEM, "domain %s: no memory", config->name);
		return NULL;
	}
	vmm->ops = *ops;
	vmm->ctx = ctx;
	vmm->device = -1;
	vmm->domain = -1;
	vmm->on_poweroff = config->on_poweroff;
	vmm->on_reboot = config->on_reboot;
	vmm->on_crash = config->on_crash;
	build.vmm = vmm;
	life_create(vmm);
	if (!run_steps(&build)) {
		build_close_files(&build);
		return vmm;
	}
	error = errno;
	build_close_files(&build);
	vmm_destroy(vmm);
	errno = error;
	return NULL;
}

int vmm_rename(struct vmm *vmm, const char *name)
{
	struct hvmod_domain_rename arg = { .size = sizeof(arg) };

	if (strlen(name) >= sizeof(arg.name)) {
		errno = EINVAL;
		return -1;
	}
	strcpy(arg.name, name);
	return ioctl(vmm->domain, HVMOD_DOMAIN_RENAME, &arg);
}

uint32_t vmm_id(const struct vmm *vmm)
{
	return vmm->id;
}

uint32_t vmm_vsock_cid(const struct vmm *vmm)
{
	return vmm->vsock_cid;
}

void vmm_destroy(struct vmm *vmm)
{
	unsigned int i;

	life_stop(vmm);
	/* Their workers may still call vCPUs out. */
	devices_destroy(vmm);
	for (i = 0; i < vmm->vcpus; i++)
		vcpu_destroy(&vmm->vcpu[i]);
	reset_free(vmm);
	life_destroy(vmm);
	if (vmm->domain >= 0)
		close(vmm->domain);
	if (vmm->device >= 0)
		close(vmm->device);
	guest_memory_free(&vmm->memory);
	free(vmm->vcpu);
	free(vmm);
}
