// SPDX-License-Identifier: GPL-2.0-only
/* Stands in for cli/device.c. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "device.h"
#include "fake_kernel.h"

static const char *fake_dir(void)
{
	const char *dir = getenv("HVMOD_FAKE_DIR");

	if (!dir) {
		fprintf(stderr, "HVMOD_FAKE_DIR is not set\n");
		abort();
	}
	return dir;
}

static unsigned int number_from(const char *variable, unsigned int other)
{
	const char *text = getenv(variable);

	return text ? strtoul(text, NULL, 10) : other;
}

int device_open_any(void)
{
	errno = number_from("HVMOD_FAKE_ERRNO", 0);
	return errno ? -1 : open(fake_dir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int device_open(void)
{
	int fd = device_open_any();

	if (fd >= 0 && number_from("HVMOD_FAKE_ABI", HVMOD_ABI_VERSION) != HVMOD_ABI_VERSION) {
		close(fd);
		errno = EPROTO;
		return -1;
	}
	return fd;
}

int device_caps(int device, struct hvmod_caps *caps)
{
	(void)device;
	memset(caps, 0, sizeof(*caps));
	caps->abi_version = number_from("HVMOD_FAKE_ABI", HVMOD_ABI_VERSION);
	strcpy(caps->module_version, "0.0.fake");
	return 0;
}

static __u64 boot_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static void domain0(struct hvmod_domain_info *info)
{
	memset(info, 0, sizeof(*info));
	strcpy(info->name, "Domain-0");
	info->state = HVMOD_STATE_RUNNING;
	info->vcpus = info->vcpus_max = 2;
	info->mem_max = info->mem_current = 4ULL << 30;
	info->run_ns = 1000000000;
}

/* Return: 0 if there is such a domain and its process lives. */
static int read_domain(int device, const char *file, struct hvmod_domain_info *info)
{
	int fd = openat(device, file, O_RDONLY | O_CLOEXEC);
	int ret = -1;

	if (fd < 0)
		return -1;
	if (!flock(fd, LOCK_SH | LOCK_NB))
		unlinkat(device, file, 0);
	else if (read(fd, info, sizeof(*info)) == sizeof(*info))
		ret = 0;
	close(fd);
	return ret;
}

int device_domain_info(int device, __u32 id, struct hvmod_domain_info *info)
{
	struct hvmod_domain_info best = { .id = ~0U }, one;
	DIR *dir = opendir(fake_dir());
	struct dirent *entry;
	int err = ENOENT;

	if (!dir)
		return -1;
	if (!id) {
		domain0(info);
		closedir(dir);
		return 0;
	}
	while ((entry = readdir(dir))) {
		__u32 number = strtoul(entry->d_name, NULL, 10);

		if (number < id || number >= best.id)
			continue;
		if (!read_domain(device, entry->d_name, &one))
			best = one;
		else if (errno == EMFILE)
			err = errno;
	}
	closedir(dir);
	if (best.id == ~0U) {
		errno = err;
		return -1;
	}
	*info = best;
	return 0;
}

int device_set_quota(int device, const struct hvmod_quota *quota)
{
	struct hvmod_domain_info info;
	char file[16];
	int fd;

	errno = number_from("HVMOD_FAKE_QUOTA_ERRNO", 0);
	snprintf(file, sizeof(file), "%u", quota->id);
	fd = errno ? -1 : openat(device, file, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (pread(fd, &info, sizeof(info), 0) != sizeof(info))
		abort();
	if (quota->flags & HVMOD_QUOTA_MEMORY)
		info.mem_max = quota->mem_max;
	if (quota->flags & HVMOD_QUOTA_CPU) {
		info.cpu_cap = quota->cpu_cap;
		info.cpu_period_us = quota->cpu_period_us;
	}
	if (pwrite(fd, &info, sizeof(info), 0) != sizeof(info))
		abort();
	close(fd);
	return 0;
}

static int name_taken(int device, const char *name)
{
	struct hvmod_domain_info info;
	__u32 id;

	for (id = 0; !device_domain_info(device, id, &info); id = info.id + 1) {
		if (!strcmp(info.name, name))
			return 1;
	}
	return 0;
}

static __u32 next_id(int lock)
{
	__u32 id = 0;

	if (pread(lock, &id, sizeof(id), 0) < 0)
		abort();
	id++;
	if (pwrite(lock, &id, sizeof(id), 0) < 0)
		abort();
	return id;
}

static int make_file(int device, int lock, const char *name, unsigned int vcpus,
		     unsigned int vcpus_max, __u64 memory, __u32 *id)
{
	struct hvmod_domain_info info = {
		.state = HVMOD_STATE_CREATED,
		.vcpus = vcpus,
		.vcpus_max = vcpus_max,
		.mem_max = memory,
		.mem_current = memory,
		.owner_uid = geteuid(),
		.owner_pid = getpid(),
		.created_ns = boot_ns(),
		.held = memory / 2,
		.held_max = 2 * memory,
		.cpu_period_us = HVMOD_PERIOD_US,
	};
	char file[16];
	int fd;

	if (name_taken(device, name)) {
		errno = EEXIST;
		return -1;
	}
	*id = info.id = next_id(lock);
	snprintf(info.name, sizeof(info.name), "%s", name);
	fd = openat(device, "new", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX) ||
	    pwrite(fd, &info, sizeof(info), 0) != sizeof(info))
		abort();
	snprintf(file, sizeof(file), "%u", *id);
	if (renameat(device, "new", device, file))
		abort();
	return fd;
}

int fake_domain_create(const char *name, unsigned int vcpus, unsigned int vcpus_max,
		       __u64 memory, __u32 *id)
{
	int device = device_open();
	int lock, fd, err;

	if (device < 0)
		return -1;
	errno = number_from("HVMOD_FAKE_CREATE_ERRNO", 0);
	if (errno) {
		close(device);
		return -1;
	}
	lock = openat(device, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	flock(lock, LOCK_EX);
	fd = make_file(device, lock, name, vcpus, vcpus_max, memory, id);
	err = errno;
	close(lock);
	close(device);
	errno = err;
	return fd;
}

void fake_domain_vcpus(int domain, unsigned int vcpus)
{
	struct hvmod_domain_info info;

	lseek(domain, 0, SEEK_SET);
	if (read(domain, &info, sizeof(info)) != sizeof(info))
		abort();
	info.vcpus = vcpus;
	lseek(domain, 0, SEEK_SET);
	if (write(domain, &info, sizeof(info)) != sizeof(info))
		abort();
}

/* Sandboxed too: what the others are called it can't look up. */
int fake_domain_rename(int domain, const char *name)
{
	struct hvmod_domain_info info;

	if (!strcmp(name, "taken")) {
		errno = EEXIST;
		return -1;
	}
	lseek(domain, 0, SEEK_SET);
	if (read(domain, &info, sizeof(info)) != sizeof(info))
		abort();
	snprintf(info.name, sizeof(info.name), "%s", name);
	lseek(domain, 0, SEEK_SET);
	if (write(domain, &info, sizeof(info)) != sizeof(info))
		abort();
	return 0;
}

void fake_domain_memory(int domain, __u64 current)
{
	struct hvmod_domain_info info;

	lseek(domain, 0, SEEK_SET);
	if (read(domain, &info, sizeof(info)) != sizeof(info))
		abort();
	info.mem_current = current;
	lseek(domain, 0, SEEK_SET);
	if (write(domain, &info, sizeof(info)) != sizeof(info))
		abort();
}

/* With the calls that a sandboxed VMM has. */
void fake_domain_state(int domain, __u32 state, __u32 reason)
{
	struct hvmod_domain_info info;

	lseek(domain, 0, SEEK_SET);
	if (read(domain, &info, sizeof(info)) != sizeof(info))
		abort();
	info.state = state;
	info.reason = reason;
	lseek(domain, 0, SEEK_SET);
	if (write(domain, &info, sizeof(info)) != sizeof(info))
		abort();
}
