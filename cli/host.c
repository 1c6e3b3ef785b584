// SPDX-License-Identifier: GPL-2.0-only
/* What this machine is like, from /proc, /sys and /dev. */
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host.h"
#include "hvctl.h"

#define MSR_FEATURE_CONTROL	0x3a	/* SDM volume 3, appendix A.1 */
#define FEATURE_LOCKED		(1ULL << 0)
#define FEATURE_VMX		(1ULL << 2)
#define CPUID_1_ECX_VMX		(1U << 5)
#define CPUS_MAX		4096
#define SECURE_BOOT \
	"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static int open_under(const char *root, const char *path)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s", root, path);
	return open(full, O_RDONLY | O_CLOEXEC);
}

static bool exists(const char *root, const char *path)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s", root, path);
	return !access(full, F_OK);
}

/* The first line of a file, "" if there is none. */
static void read_line(const char *root, const char *path, char *line, size_t size)
{
	int fd = open_under(root, path);
	ssize_t n = fd < 0 ? -1 : read(fd, line, size - 1);

	if (fd >= 0)
		close(fd);
	line[n < 0 ? 0 : n] = '\0';
	line[strcspn(line, "\n")] = '\0';
}

/* "[none] integrity confidentiality" to "none". */
static void read_choice(const char *root, const char *path, char *word, size_t size)
{
	char line[HOST_TEXT_MAX];
	char *start, *end;

	read_line(root, path, line, sizeof(line));
	start = strchr(line, '[');
	end = start ? strchr(start, ']') : NULL;
	if (end)
		*end = '\0';
	snprintf(word, size, "%s", end ? start + 1 : "");
}

const char *proc_value(const char *line, const char *key)
{
	size_t len = strlen(key);

	if (strncmp(line, key, len))
		return NULL;
	line += len;
	line += strspn(line, " \t");
	return *line == ':' ? line + 1 + strspn(line + 1, " ") : NULL;
}

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);
	const char *p = words;

	while ((p = strstr(p, word))) {
		if ((p == words || p[-1] == ' ') && (!p[len] || p[len] == ' '))
			return true;
		p += len;
	}
	return false;
}

static FILE *stream_under(const char *root, const char *path)
{
	int fd = open_under(root, path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (fd >= 0 && !file)
		close(fd);
	return file;
}

static void read_cpuinfo(struct host *host, const char *root)
{
	FILE *file = stream_under(root, "/proc/cpuinfo");
	const char *value;
	char *line = NULL;
	size_t room = 0;

	if (!file)
		return;
	while (getline(&line, &room, file) > 1) {
		line[strcspn(line, "\n")] = '\0';
		value = proc_value(line, "vendor_id");
		if (value)
			snprintf(host->vendor, sizeof(host->vendor), "%s", value);
		value = proc_value(line, "flags");
		if (value) {
			host->vmx_flag = has_word(value, "vmx");
			host->xsave = has_word(value, "xsave");
			host->guest = has_word(value, "hypervisor");
		}
		value = proc_value(line, "vmx flags");
		if (value)
			snprintf(host->vmx_flags, sizeof(host->vmx_flags), " %s ", value);
	}
	free(line);
	fclose(file);
}

/* Linux hides the flag when firmware has VMX off; the instruction does not. */
static bool cpuid_vmx(void)
{
	unsigned int a, b, c, d;

	return __get_cpuid(1, &a, &b, &c, &d) && (c & CPUID_1_ECX_VMX);
}

static void read_feature_control(struct host *host, const char *root)
{
	const uint64_t on = FEATURE_LOCKED | FEATURE_VMX;
	char path[64];
	int cpu, fd;

	host->bad_cpu = -1;
	for (cpu = 0; cpu < CPUS_MAX; cpu++) {
		uint64_t value;
		ssize_t n;

		snprintf(path, sizeof(path), "/dev/cpu/%d/msr", cpu);
		fd = open_under(root, path);
		if (fd < 0 && errno != ENXIO)
			return;
		if (fd < 0)
			continue;
		n = pread(fd, &value, sizeof(value), MSR_FEATURE_CONTROL);
		close(fd);
		if (n != sizeof(value))
			return;
		host->feature_control_read = true;
		host->feature_control = value;
		if ((value & on) != on && (value & FEATURE_LOCKED)) {
			host->bad_cpu = cpu;
			return;
		}
	}
}

static void add_word(char *list, const char *word)
{
	size_t len = strlen(list), room = HOST_TEXT_MAX - len;

	/* One that does not fit is left out whole. */
	if ((size_t)snprintf(list + len, room, "%s%s", len ? " " : "", word) >= room)
		list[len] = '\0';
}

/*
 * KVM takes VMX when it is loaded (6.12 and later, unless told otherwise) or
 * when its first guest starts; its use count tells of guests.
 */
static bool kvm_holds(const char *root, unsigned long users)
{
	char at_load[8];

	read_line(root, "/sys/module/kvm/parameters/enable_virt_at_load", at_load,
		  sizeof(at_load));
	return *at_load == 'Y' || *at_load == '1' || users;
}

/* Modules that need another one, as VirtualBox's of the network do, are users of it at rest: "a,b," or "-". */
static unsigned long of_modules(unsigned long users, const char *modules)
{
	unsigned long count = 0;

	for (; *modules; modules++)
		count += *modules == ',';
	return count < users ? count : users;
}

static void read_holders(struct host *host, const char *root)
{
	FILE *file = stream_under(root, "/proc/modules");
	char name[HOST_TEXT_MAX], modules[HOST_TEXT_MAX];
	unsigned long users;

	if (!file)
		return;
	while (fscanf(file, "%127s %*s %lu %127s%*[^\n]", name, &users, modules) == 3) {
		users -= of_modules(users, modules);
		if (!strcmp(name, "hvmod"))
			host->loaded = true;
		else if (!strcmp(name, "kvm_intel"))
			add_word(kvm_holds(root, users) ? host->holders : host->may_hold,
				 name);
		else if (!strcmp(name, "vboxdrv") || !strcmp(name, "vmmon"))
			add_word(users ? host->holders : host->may_hold, name);
	}
	fclose(file);
}

static bool module_found;

static int look_for_module(const char *path, const struct stat *st, int type,
			   struct FTW *ftw)
{
	(void)st;
	if (type != FTW_F || strncmp(path + ftw->base, "hvmod.ko", 8))
		return 0;
	module_found = true;
	return 1;
}

static void read_module(struct host *host, const char *root)
{
	char path[PATH_MAX];

	read_line(root, "/proc/sys/kernel/osrelease", host->release,
		  sizeof(host->release));
	host->kernel = 0;
	if (*host->release) {
		char *end;
		unsigned long major = strtoul(host->release, &end, 10);

		host->kernel = major * 1000 + (*end ? strtoul(end + 1, NULL, 10) : 0);
	}
	module_found = false;
	snprintf(path, sizeof(path), "%s/lib/modules/%s", root, host->release);
	if (*host->release)
		nftw(path, look_for_module, 16, FTW_PHYS);
	host->installed = module_found;
	host->loaded |= exists(root, "/sys/module/hvmod/refcnt");
}

static void read_device(struct host *host, const char *root)
{
	char full[PATH_MAX];
	int fd;

	snprintf(full, sizeof(full), "%s%s", root, HVCTL_DEVICE);
	fd = open(full, O_RDWR | O_CLOEXEC);
	host->device_errno = fd < 0 ? errno : 0;
	if (fd >= 0)
		close(fd);
}

static void read_signing(struct host *host, const char *root)
{
	char line[8];
	uint8_t variable[5];
	int fd = open_under(root, SECURE_BOOT);

	read_choice(root, "/sys/kernel/security/lockdown", host->lockdown,
		    sizeof(host->lockdown));
	read_line(root, "/sys/module/module/parameters/sig_enforce", line, sizeof(line));
	host->sig_enforce = *line == 'Y' || *line == '1';
	/* Four bytes of attributes, then the value. */
	host->secure_boot = -1;
	if (fd >= 0) {
		if (read(fd, variable, sizeof(variable)) == sizeof(variable))
			host->secure_boot = variable[4];
		close(fd);
	} else if (!exists(root, "/sys/firmware/efi")) {
		host->secure_boot = 0;
	}
}

static void read_memory(struct host *host, const char *root)
{
	FILE *file = stream_under(root, "/proc/meminfo");
	char line[HOST_TEXT_MAX];
	unsigned long long kib;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "MemAvailable: %llu", &kib) == 1)
			host->memory = kib << 10;
	}
	if (file)
		fclose(file);
	read_choice(root, "/sys/kernel/mm/transparent_hugepage/enabled",
		    host->huge_pages, sizeof(host->huge_pages));
}

void host_read(struct host *host, const char *root)
{
	memset(host, 0, sizeof(*host));
	read_cpuinfo(host, root);
	host->vmx = host->vmx_flag || (!*root && cpuid_vmx());
	read_feature_control(host, root);
	read_holders(host, root);
	read_module(host, root);
	read_device(host, root);
	read_signing(host, root);
	read_memory(host, root);
}
