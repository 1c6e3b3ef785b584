// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an exit costs, in ticks of the TSC; in the emulated machine a tick is
 * an instruction. The same guests on /dev/hvmod and on /dev/kvm.
 *
 *	exits hvmod | exits kvm
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../uapi/hvmod.h"

#define COUNT		200
#define LOOP		3	/* instructions of the loop itself */
#define ROUNDS		20	/* the least counts: the host's tick adds to the others */
#define MEMORY		(2 << 20)
#define PORT_RESULT	0x10

#define GUEST(name) extern const char guest_##name[], guest_##name##_end[];
GUEST(nothing)
GUEST(cpuid)
GUEST(vmcall)
GUEST(rdmsr)
GUEST(out)
GUEST(in)

#define ROW(name, text) { #name, text, guest_##name, guest_##name##_end }
static const struct {
	const char *name;
	const char *text;
	const char *start, *end;
} guests[] = {
	ROW(cpuid, "CPUID, answered in ring -1 (in the kernel)"),
	ROW(vmcall, "VMCALL, unknown number"),
	ROW(rdmsr, "RDMSR of IA32_TSC_ADJUST"),
	ROW(out, "OUT, seen by the VMM"),
	ROW(in, "IN, answered by the VMM"),
};

struct machine {
	int vm, vcpu;
	void *memory, *run;
	size_t run_size;
};

static void *map_memory(void)
{
	void *p = mmap(NULL, 2 * MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		err(1, "mmap of guest memory");
	return p;
}

static int need(int ret, const char *what)
{
	if (ret < 0)
		err(1, "%s", what);
	return ret;
}

static void hvmod_open(struct machine *m)
{
	struct hvmod_domain_create create = { .size = sizeof(create), .vcpus = 1,
					      .mem_max = MEMORY };
	struct hvmod_vcpu_create vcpu = { .size = sizeof(vcpu) };
	struct hvmod_mem_map map = { .size = sizeof(map), .bytes = MEMORY };
	int device = open("/dev/hvmod", O_RDWR | O_CLOEXEC);

	if (device < 0) {
		fprintf(stderr, "exits: /dev/hvmod: %s\n", strerror(errno));
		exit(4);
	}
	snprintf(create.name, sizeof(create.name), "bench-%d", getpid());
	m->vm = need(ioctl(device, HVMOD_DOMAIN_CREATE, &create), "HVMOD_DOMAIN_CREATE");
	m->memory = map_memory();
	map.user_addr = (uintptr_t)m->memory;
	need(ioctl(m->vm, HVMOD_MEM_MAP, &map), "HVMOD_MEM_MAP");
	m->vcpu = need(ioctl(m->vm, HVMOD_VCPU_CREATE, &vcpu), "HVMOD_VCPU_CREATE");
	m->run_size = sysconf(_SC_PAGESIZE);
	m->run = mmap(NULL, m->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, m->vcpu, 0);
	if (m->run == MAP_FAILED)
		err(1, "mmap of the run page");
	struct hvmod_set_state running = { .size = sizeof(running), .state = HVMOD_STATE_RUNNING };

	need(ioctl(m->vm, HVMOD_DOMAIN_SET_STATE, &running), "HVMOD_DOMAIN_SET_STATE");
	close(device);
}

static void hvmod_start(struct machine *m)
{
	struct hvmod_run *run = m->run;
	struct {
		struct hvmod_tlv head;
		struct hvmod_sregs sregs;
	} blob = { { HVMOD_STATE_SREGS, 1, sizeof(struct hvmod_sregs), 0 }, { { { 0 } } } };
	struct hvmod_vcpu_state get = { .size = sizeof(get), .groups = HVMOD_STATE_SREGS,
					.data = (uintptr_t)&blob, .bytes = sizeof(blob) };

	need(ioctl(m->vcpu, HVMOD_VCPU_GET_STATE, &get), "HVMOD_VCPU_GET_STATE");
	run->sregs = blob.sregs;
	run->sregs.segment[HVMOD_SEG_CS].base = 0;
	run->sregs.segment[HVMOD_SEG_CS].selector = 0;
	run->regs = (struct hvmod_regs){ .rflags = 2 };
	run->dirty = HVMOD_STATE_REGS | HVMOD_STATE_SREGS;
}

static uint32_t hvmod_finish(struct machine *m)
{
	struct hvmod_run *run = m->run;

	for (;;) {
		need(ioctl(m->vcpu, HVMOD_VCPU_RUN), "HVMOD_VCPU_RUN");
		if (run->exit == HVMOD_EXIT_IO && run->io.port == PORT_RESULT)
			return run->io.data;
		if (run->exit != HVMOD_EXIT_IO)
			errx(1, "exit %u, why %u", run->exit, run->why);
	}
}

static void kvm_open(struct machine *m)
{
	struct kvm_userspace_memory_region region = { .memory_size = MEMORY };
	int device = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (device < 0) {
		fprintf(stderr, "exits: /dev/kvm: %s\n", strerror(errno));
		exit(4);
	}
	m->vm = need(ioctl(device, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	need(ioctl(m->vm, KVM_CREATE_IRQCHIP, 0), "KVM_CREATE_IRQCHIP");
	m->memory = map_memory();
	region.userspace_addr = (uintptr_t)m->memory;
	need(ioctl(m->vm, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");
	m->vcpu = need(ioctl(m->vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
	m->run_size = need(ioctl(device, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");
	m->run = mmap(NULL, m->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, m->vcpu, 0);
	if (m->run == MAP_FAILED)
		err(1, "mmap of the run page");
	struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entry[100];
	} cpuid = { .head.nent = 100 };

	need(ioctl(device, KVM_GET_SUPPORTED_CPUID, &cpuid), "KVM_GET_SUPPORTED_CPUID");
	need(ioctl(m->vcpu, KVM_SET_CPUID2, &cpuid), "KVM_SET_CPUID2");
	close(device);
}

static void kvm_start(struct machine *m)
{
	struct kvm_regs regs = { .rflags = 2 };
	struct kvm_sregs sregs;

	need(ioctl(m->vcpu, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	need(ioctl(m->vcpu, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
	need(ioctl(m->vcpu, KVM_SET_REGS, &regs), "KVM_SET_REGS");
}

static uint32_t kvm_finish(struct machine *m)
{
	struct kvm_run *run = m->run;

	for (;;) {
		need(ioctl(m->vcpu, KVM_RUN, 0), "KVM_RUN");
		if (run->exit_reason == KVM_EXIT_IO && run->io.port == PORT_RESULT)
			return *(uint32_t *)((char *)run + run->io.data_offset);
		if (run->exit_reason != KVM_EXIT_IO)
			errx(1, "exit %u", run->exit_reason);
	}
}

static const struct backend {
	const char *name;
	void (*open)(struct machine *m);
	void (*start)(struct machine *m);
	uint32_t (*finish)(struct machine *m);
} backends[] = {
	{ "hvmod", hvmod_open, hvmod_start, hvmod_finish },
	{ "kvm", kvm_open, kvm_start, kvm_finish },
};

int main(int argc, char **argv)
{
	const struct backend *b = NULL;
	struct machine m;

	for (size_t i = 0; argc == 2 && i < sizeof(backends) / sizeof(backends[0]); i++)
		if (!strcmp(argv[1], backends[i].name))
			b = &backends[i];
	if (!b) {
		fprintf(stderr, "usage: exits hvmod|kvm\n");
		return 2;
	}
	b->open(&m);
	for (size_t i = 0; i < sizeof(guests) / sizeof(guests[0]); i++) {
		uint32_t best = UINT32_MAX;

		memcpy(m.memory, guests[i].start, guests[i].end - guests[i].start);
		for (int round = 0; round < ROUNDS; round++) {
			uint32_t ticks;

			b->start(&m);
			ticks = b->finish(&m);
			if (ticks < best)
				best = ticks;
		}
		printf("%s %-8s %6u  %s\n", b->name, guests[i].name, best / COUNT - LOOP,
		       guests[i].text);
		fflush(stdout);
	}
	return 0;
}
