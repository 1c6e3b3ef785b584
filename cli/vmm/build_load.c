// SPDX-License-Identifier: GPL-2.0-only
/* What is in guest memory at the start: kernel, initrd, firmware. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build.h"
#include "firmware.h"
#include "layout.h"

#define KERNEL_MAX	((uint64_t)1 << 30)

static int open_file(struct build *build, const char *what, const char *path,
		     int *fd, uint64_t *bytes)
{
	struct stat stat;
	int error;

	/* Opening a FIFO must not wait for its other end. */
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*fd < 0 || fstat(*fd, &stat)) {
		error = errno;
		/* ENOENT and its like are about the module, see vmm.h. */
		return build_fail(build, error == EACCES ? error : EINVAL,
				  "%s %s: cannot be opened: %s\nhint: check the path and its permissions",
				  what, path, strerror(error));
	}
	if (!S_ISREG(stat.st_mode))
		return build_fail(build, EINVAL,
				  "%s %s: not a regular file\nhint: check the path",
				  what, path);
	*bytes = (uint64_t)stat.st_size;
	return 0;
}

static int read_file(struct build *build, const char *what, const char *path,
		     int fd, uint8_t *to, uint64_t bytes)
{
	uint64_t done = 0;

	while (done < bytes) {
		ssize_t now = pread(fd, to + done, bytes - done, (off_t)done);

		if (now < 0 && errno == EINTR)
			continue;
		if (now < 0)
			return build_fail(build, errno, "%s %s: cannot be read: %s\nhint: check the path",
					  what, path, strerror(errno));
		if (!now)
			return build_fail(build, EIO, "%s %s: became shorter while it was read\nhint: try again",
					  what, path);
		done += (uint64_t)now;
	}
	return 0;
}

/**
 * build_open_files() - open kernel and initrd
 * @build: the build
 *
 * Return: 0, or -1 with errno and a message
 */
int build_open_files(struct build *build)
{
	const struct vmm_config *config = build->config;

	if (open_file(build, "kernel", config->kernel, &build->kernel,
		      &build->kernel_bytes))
		return -1;
	if (build->kernel_bytes > KERNEL_MAX)
		return build_fail(build, EFBIG, "kernel %s: not a kernel (larger than 1 GiB)\nhint: check the path",
				  config->kernel);
	if (!config->initrd)
		return 0;
	return open_file(build, "initrd", config->initrd, &build->initrd,
			 &build->initrd_bytes);
}

static const enum boot_mode flat_modes[] = {
	[VMM_FLAT_REAL]		= BOOT_REAL,
	[VMM_FLAT_PROTECTED]	= BOOT_PROTECTED,
	[VMM_FLAT_LONG]		= BOOT_LONG,
};

static int load_kernel_bytes(struct build *build, uint8_t *bytes)
{
	const struct vmm_config *config = build->config;
	const struct boot_flat flat = {
		.address = config->flat_address,
		.mode = flat_modes[config->flat],
	};
	struct boot_request request = {
		.path = config->kernel,
		.kernel = bytes,
		.kernel_bytes = build->kernel_bytes,
		.initrd_path = config->initrd,
		.initrd_bytes = build->initrd_bytes,
		.cmdline = config->cmdline ? config->cmdline : "",
		.flat = config->flat == VMM_FLAT_NONE ? NULL : &flat,
		.rsdp = ACPI_TABLES,
	};
	int ret;

	if (read_file(build, "kernel", config->kernel, build->kernel, bytes,
		      build->kernel_bytes))
		return -1;
	if (getrandom(request.seed, sizeof(request.seed), 0) !=
	    sizeof(request.seed))
		return build_fail(build, EIO, "no random numbers from the host\nhint: see getrandom(2)");
	ret = boot_load(&build->vmm->memory, &request, &build->entry,
			build->err, build->err_size);
	explicit_bzero(request.seed, sizeof(request.seed));
	return ret;
}

/**
 * build_load_kernel() - put the kernel into guest memory
 * @build: the build
 *
 * Return: 0, or -1 with errno and a message
 */
int build_load_kernel(struct build *build)
{
	uint8_t *bytes = malloc(build->kernel_bytes + 1);
	int ret;

	if (!bytes)
		return build_fail(build, ENOMEM, "kernel %s: no memory to read it",
				  build->config->kernel);
	ret = load_kernel_bytes(build, bytes);
	free(bytes);
	return ret;
}

/**
 * build_load_initrd() - put the initrd where the kernel's loader left room
 * @build: the build
 *
 * Return: 0, or -1 with errno and a message
 */
int build_load_initrd(struct build *build)
{
	uint8_t *to;

	if (!build->config->initrd)
		return 0;
	to = guest_pointer(&build->vmm->memory, build->entry.initrd,
			   build->initrd_bytes);
	return read_file(build, "initrd", build->config->initrd, build->initrd,
			 to, build->initrd_bytes);
}

/**
 * build_load_firmware() - put what a firmware leaves into guest memory
 * @build: the build
 *
 * Return: 0, or -1 with errno and a message
 */
int build_load_firmware(struct build *build)
{
	struct vmm *vmm = build->vmm;
	unsigned int vcpus = build_vcpus_max(build->config);

	if (!firmware_load(&vmm->memory, vcpus, cpus_present(&vmm->cpus)))
		return 0;
	return build_fail(build, EOVERFLOW,
			  "ACPI tables: no place for %u processors\nhint: choose a smaller number",
			  vcpus);
}

/**
 * build_close_files() - undo build_open_files(), whatever came of it
 * @build: the build
 */
void build_close_files(struct build *build)
{
	if (build->kernel >= 0)
		close(build->kernel);
	if (build->initrd >= 0)
		close(build->initrd);
}
