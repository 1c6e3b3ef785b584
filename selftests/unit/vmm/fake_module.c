// SPDX-License-Identifier: GPL-2.0-only
/* The module's side of the ioctl interface, as uapi/hvmod.h describes it. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "fake_module.h"

struct fake_module fake;

int __real_open(const char *path, int flags, ...);
int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_sysinfo(struct sysinfo *info);
int __real_pthread_create(pthread_t *id, const pthread_attr_t *attr,
			  void *(*body)(void *arg), void *arg);
int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *attr,
			  void *(*body)(void *arg), void *arg);

static int fake_fd(void)
{
	int fd = memfd_create("fake", MFD_CLOEXEC);

	if (fd >= 0 && ftruncate(fd, 4096))
		abort();
	return fd;
}

void fake_reset(void)
{
	unsigned int i;

	for (i = 0; i < fake.vcpus; i++) {
		if (fake.vcpu[i].run)
			munmap(fake.vcpu[i].run, 4096);
	}
	memset(&fake, 0, sizeof(fake));
	pthread_mutex_init(&fake.lock, NULL);
	pthread_cond_init(&fake.changed, NULL);
	fake.abi_version = HVMOD_ABI_VERSION;
	fake.vcpus_max = FAKE_VCPUS;
	fake.host_bytes = 1ULL << 34;
	fake.device = -1;
	fake.domain = -1;
	fake.state = HVMOD_STATE_CREATED;
}

unsigned int fake_inside(void)
{
	unsigned int inside = 0;
	unsigned int i;

	pthread_mutex_lock(&fake.lock);
	for (i = 0; i < fake.vcpus; i++)
		inside += fake.vcpu[i].inside;
	pthread_mutex_unlock(&fake.lock);
	return inside;
}

void fake_wait_inside(unsigned int vcpus)
{
	unsigned int inside;
	unsigned int i;

	pthread_mutex_lock(&fake.lock);
	for (;;) {
		inside = 0;
		for (i = 0; i < fake.vcpus; i++)
			inside += fake.vcpu[i].inside;
		if (inside >= vcpus)
			break;
		pthread_cond_wait(&fake.changed, &fake.lock);
	}
	pthread_mutex_unlock(&fake.lock);
}

void fake_wait_entry(unsigned int vcpu, unsigned int entries)
{
	pthread_mutex_lock(&fake.lock);
	while (fake.vcpu[vcpu].entries < entries || !fake.vcpu[vcpu].waiting)
		pthread_cond_wait(&fake.changed, &fake.lock);
	pthread_mutex_unlock(&fake.lock);
}

void *fake_memory(uint64_t gpa)
{
	unsigned int i;

	for (i = 0; i < fake.maps; i++) {
		const struct hvmod_mem_map *map = &fake.map[i];

		if (gpa >= map->gpa && gpa - map->gpa < map->bytes)
			return (uint8_t *)(uintptr_t)map->user_addr +
			       (gpa - map->gpa);
	}
	return NULL;
}

int __wrap_open(const char *path, int flags, ...)
{
	if (strcmp(path, "/dev/hvmod"))
		return __real_open(path, flags);
	if (fake.open_errno) {
		errno = fake.open_errno;
		return -1;
	}
	fake.device = fake_fd();
	return fake.device;
}

int __wrap_sysinfo(struct sysinfo *info)
{
	memset(info, 0, sizeof(*info));
	info->totalram = fake.host_bytes;
	info->mem_unit = 1;
	return 0;
}

int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *attr,
			  void *(*body)(void *arg), void *arg)
{
	if (fake.fail_thread && !--fake.fail_thread)
		return EAGAIN;
	return __real_pthread_create(id, attr, body, arg);
}

static long get_caps(struct hvmod_caps *caps)
{
	if (caps->size != sizeof(*caps))
		return -EINVAL;
	memset(caps, 0, sizeof(*caps));
	caps->size = sizeof(*caps);
	caps->abi_version = fake.abi_version;
	caps->vcpus_max = fake.vcpus_max;
	caps->run_size = 4096;
	return 0;
}

static long domain_create(struct hvmod_domain_create *arg)
{
	if (arg->size != sizeof(*arg) || arg->flags)
		return -EINVAL;
	arg->id = 42;
	fake.create = *arg;
	fake.domain = fake_fd();
	return fake.domain;
}

static long set_state(const struct hvmod_set_state *arg)
{
	unsigned int i;

	if (arg->size != sizeof(*arg) || arg->reserved)
		return -EINVAL;
	if (fake.state == HVMOD_STATE_SHUTDOWN ||
	    fake.state == HVMOD_STATE_CRASHED)
		return -EINVAL;
	fake.state = arg->state;
	fake.reason = arg->reason;
	for (i = 0; i < fake.vcpus && arg->state != HVMOD_STATE_RUNNING; i++)
		fake.vcpu[i].kicked = true;
	return 0;
}

static long mem_map(const struct hvmod_mem_map *arg)
{
	if (arg->size != sizeof(*arg) || arg->flags ||
	    (arg->gpa | arg->bytes | arg->user_addr) & 4095 || fake.maps == 4)
		return -EINVAL;
	fake.map[fake.maps++] = *arg;
	return 0;
}

static long rename_domain(const struct hvmod_domain_rename *arg)
{
	if (arg->size != sizeof(*arg) || arg->flags)
		return -EINVAL;
	if (!strcmp(arg->name, "taken"))
		return -EEXIST;
	memcpy(fake.create.name, arg->name, sizeof(arg->name));
	return 0;
}

static long msi(const struct hvmod_msi *arg)
{
	if (arg->size != sizeof(*arg) || arg->flags || arg->reserved)
		return -EINVAL;
	if (fake.msis < FAKE_MSIS)
		fake.msi[fake.msis++] = *arg;
	return 1;
}

static long vcpu_create(const struct hvmod_vcpu_create *arg)
{
	struct fake_vcpu *vcpu = &fake.vcpu[arg->index];

	if (arg->size != sizeof(*arg) || arg->index != fake.vcpus ||
	    arg->flags & ~HVMOD_VCPU_UNPLUGGED || arg->reserved)
		return -EINVAL;
	vcpu->plugged = !(arg->flags & HVMOD_VCPU_UNPLUGGED);
	vcpu->fd = fake_fd();
	vcpu->run = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
			 vcpu->fd, 0);
	vcpu->run->size = sizeof(*vcpu->run);
	vcpu->run->version = HVMOD_ABI_VERSION;
	fake.vcpus++;
	return vcpu->fd;
}

/* One section of each group that is asked for, in the order of the bits. */
static long vcpu_get_state(struct fake_vcpu *vcpu,
			   struct hvmod_vcpu_state *arg)
{
	struct hvmod_regs regs = { .rip = FAKE_RIP, .gpr[HVMOD_GPR_RBX] = vcpu - fake.vcpu };
	struct hvmod_sregs sregs = { .cr3 = FAKE_CR3 };
	struct hvmod_msr_value msrs[] = { { 0x1B, 0, 0xFEE00900 }, { 0x10, 0, 12345 } };
	struct hvmod_apic_state apic = { .base = 0xFEE00900 };
	const struct {
		uint32_t group;
		const void *data;
		uint32_t bytes;
	} groups[] = {
		{ HVMOD_STATE_REGS, &regs, sizeof(regs) },
		{ HVMOD_STATE_SREGS, &sregs, sizeof(sregs) },
		{ HVMOD_STATE_MSRS, msrs, sizeof(msrs) },
		{ HVMOD_STATE_XSAVE, vcpu->xsave, sizeof(vcpu->xsave) },
		{ HVMOD_STATE_APIC, &apic, sizeof(apic) },
		{ HVMOD_STATE_EVENTS, &vcpu->events, sizeof(vcpu->events) },
	};
	uint8_t blob[FAKE_BLOB] = "";
	uint32_t at = 0, i;

	if (arg->size != sizeof(*arg) || arg->reserved)
		return -EINVAL;
	for (i = 0; i < 6; i++) {
		struct hvmod_tlv tlv = { groups[i].group, 1, groups[i].bytes, 0 };

		if (!(arg->groups & groups[i].group))
			continue;
		memcpy(blob + at, &tlv, sizeof(tlv));
		memcpy(blob + at + sizeof(tlv), groups[i].data, tlv.bytes);
		at += sizeof(tlv) + ((tlv.bytes + 7) & ~7U);
	}
	i = arg->bytes;
	arg->bytes = at;
	if (i < at)
		return -ENOSPC;
	memcpy((void *)(uintptr_t)arg->data, blob, at);
	return 0;
}

/* Checks the chain of sections, keeps the blobs. */
static long vcpu_set_state(struct fake_vcpu *vcpu,
			   const struct hvmod_vcpu_state *arg)
{
	const uint8_t *blob = (const uint8_t *)(uintptr_t)arg->data;
	uint32_t at = 0;
	uint32_t seen = 0;

	if (arg->size != sizeof(*arg) || arg->bytes > FAKE_BLOB || vcpu->inside)
		return -EINVAL;
	while (at + sizeof(struct hvmod_tlv) <= arg->bytes) {
		const struct hvmod_tlv *tlv = (const void *)(blob + at);

		if (tlv->version != 1 || tlv->reserved ||
		    !(tlv->type & arg->groups) || tlv->type & seen)
			return -EINVAL;
		seen |= tlv->type;
		at += sizeof(*tlv) + ((tlv->bytes + 7) & ~7U);
		if (tlv->type == HVMOD_STATE_EVENTS)
			memcpy(&vcpu->events, tlv + 1, sizeof(vcpu->events));
		if (tlv->type == HVMOD_STATE_XSAVE) {
			if (tlv->bytes != sizeof(vcpu->xsave))
				return -EINVAL;
			memcpy(vcpu->xsave, tlv + 1, tlv->bytes);
		}
	}
	if (at != arg->bytes || seen != arg->groups)
		return -EINVAL;
	if (seen & HVMOD_STATE_EVENTS && seen & HVMOD_STATE_XSAVE) {
		memcpy(vcpu->all, blob, arg->bytes);
		vcpu->restores++;
		return 0;
	}
	if (seen & HVMOD_STATE_REGS)
		memcpy(vcpu->regs, blob, arg->bytes);
	if (seen & HVMOD_STATE_MSRS)
		memcpy(vcpu->msrs, blob, arg->bytes);
	return 0;
}

static bool must_leave(const struct fake_vcpu *vcpu)
{
	return vcpu->kicked || fake.state != HVMOD_STATE_RUNNING ||
	       __atomic_load_n(&vcpu->run->exit_request, __ATOMIC_SEQ_CST);
}

static long vcpu_run(struct fake_vcpu *vcpu)
{
	unsigned int index = (unsigned int)(vcpu - fake.vcpu);
	long ret = 0;

	if (vcpu->inside)
		return -EBUSY;
	if (!vcpu->plugged)
		return -ENXIO;
	vcpu->inside = true;
	pthread_cond_broadcast(&fake.changed);
	if (!must_leave(vcpu)) {
		unsigned int n = vcpu->entries++;

		pthread_mutex_unlock(&fake.lock);
		ret = fake.guest ? fake.guest(index, vcpu->run, n) : 0;
		pthread_mutex_lock(&fake.lock);
		vcpu->waiting = !ret;
		pthread_cond_broadcast(&fake.changed);
		while (!ret && !must_leave(vcpu))
			pthread_cond_wait(&fake.changed, &fake.lock);
		vcpu->waiting = false;
	}
	if (!ret) {
		vcpu->run->exit = HVMOD_EXIT_KICK;
		vcpu->kicked = false;
	}
	vcpu->inside = false;
	return ret < 0 ? ret : 0;
}

static long apic(struct fake_vcpu *vcpu, struct hvmod_apic_access *arg)
{
	if (arg->size != sizeof(*arg) || arg->offset & 15 || arg->offset > 0xFF0)
		return -EINVAL;
	vcpu->apic = *arg;
	arg->value = 0x12345678;
	return 0;
}

static long plug(struct fake_vcpu *vcpu, const struct hvmod_vcpu_plug *arg)
{
	unsigned int plugged = 0;
	unsigned int i;

	if (arg->size != sizeof(*arg) || arg->plugged > 1)
		return -EINVAL;
	for (i = 0; i < fake.vcpus; i++)
		plugged += fake.vcpu[i].plugged;
	if (arg->plugged && !vcpu->plugged && fake.quota && plugged >= fake.quota)
		return -EBUSY;
	vcpu->plugged = arg->plugged;
	if (!vcpu->plugged)
		vcpu->kicked = true;
	return 0;
}

static long vcpu_call(struct fake_vcpu *vcpu, unsigned long request, void *arg)
{
	switch (request) {
	case HVMOD_VCPU_RUN:
		return vcpu_run(vcpu);
	case HVMOD_VCPU_KICK:
		vcpu->kicked = true;
		return 0;
	case HVMOD_VCPU_GET_STATE:
		return vcpu_get_state(vcpu, arg);
	case HVMOD_VCPU_SET_STATE:
		return vcpu_set_state(vcpu, arg);
	case HVMOD_VCPU_APIC:
		return apic(vcpu, arg);
	case HVMOD_VCPU_PLUG:
		return plug(vcpu, arg);
	}
	return -ENOTTY;
}

static long call(int fd, unsigned long request, void *arg)
{
	unsigned int i;

	for (i = 0; i < fake.vcpus; i++) {
		if (fd == fake.vcpu[i].fd)
			return vcpu_call(&fake.vcpu[i], request, arg);
	}
	if (fd == fake.domain) {
		switch (request) {
		case HVMOD_DOMAIN_SET_STATE:
			return set_state(arg);
		case HVMOD_VCPU_CREATE:
			return vcpu_create(arg);
		case HVMOD_MEM_MAP:
			return mem_map(arg);
		case HVMOD_DOMAIN_RENAME:
			return rename_domain(arg);
		case HVMOD_MSI:
			return msi(arg);
		}
	}
	if (fd == fake.device) {
		switch (request) {
		case HVMOD_GET_CAPS:
			return get_caps(arg);
		case HVMOD_DOMAIN_CREATE:
			return domain_create(arg);
		}
	}
	return -ENOTTY;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;
	long ret;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);

	pthread_mutex_lock(&fake.lock);
	if (++fake.calls == fake.fail_at)
		ret = -fake.fail_errno;
	else
		ret = call(fd, request, arg);
	pthread_cond_broadcast(&fake.changed);
	pthread_mutex_unlock(&fake.lock);
	if (ret >= 0)
		return (int)ret;
	errno = (int)-ret;
	return -1;
}
