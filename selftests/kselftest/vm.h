/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small domains by the bare ioctls, for the programs of this
 * directory. A guest is real-mode code at GUEST_BASE with CS, DS and SS at 0.
 */
#ifndef VM_H
#define VM_H

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <hvmod.h>

#include "tap.h"

#define GUEST_MEMORY	(2 << 20)
#define GUEST_BASE	0x1000
#define VM_VCPUS	8

struct vm {
	int domain;
	int vcpus;
	int vcpu[VM_VCPUS];
	struct hvmod_run *run[VM_VCPUS];
	char *memory;
	char name[HVMOD_NAME_MAX];
};

static int vm_device(void)
{
	int device = open("/dev/hvmod", O_RDWR | O_CLOEXEC);

	if (device < 0) {
		printf("1..0 # SKIP /dev/hvmod: %s\n", strerror(errno));
		exit(4);
	}
	return device;
}

static void vm_state(struct vm *vm, uint32_t state)
{
	struct hvmod_set_state set = { .size = sizeof(set), .state = state };

	need(ioctl(vm->domain, HVMOD_DOMAIN_SET_STATE, &set), "HVMOD_DOMAIN_SET_STATE");
}

/* A domain with memory, a guest in it, and vCPUs that nobody runs yet. */
static void vm_open(struct vm *vm, const char *name, int vcpus, const char *guest, size_t bytes)
{
	struct hvmod_domain_create create = { .size = sizeof(create), .vcpus = vcpus,
					      .mem_max = GUEST_MEMORY };
	struct hvmod_mem_map map = { .size = sizeof(map), .bytes = GUEST_MEMORY };
	int device = vm_device();

	snprintf(create.name, sizeof(create.name), "%s-%d", name, getpid());
	memcpy(vm->name, create.name, sizeof(vm->name));
	vm->domain = need(ioctl(device, HVMOD_DOMAIN_CREATE, &create), "HVMOD_DOMAIN_CREATE");
	vm->memory = mmap(NULL, GUEST_MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	if (vm->memory == MAP_FAILED)
		err(1, "mmap of guest memory");
	memcpy(vm->memory + GUEST_BASE, guest, bytes);
	map.user_addr = (uintptr_t)vm->memory;
	need(ioctl(vm->domain, HVMOD_MEM_MAP, &map), "HVMOD_MEM_MAP");
	vm->vcpus = vcpus;
	for (int i = 0; i < vcpus; i++) {
		struct hvmod_vcpu_create vcpu = { .size = sizeof(vcpu), .index = i };

		vm->vcpu[i] = need(ioctl(vm->domain, HVMOD_VCPU_CREATE, &vcpu),
				   "HVMOD_VCPU_CREATE");
		vm->run[i] = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, MAP_SHARED,
				  vm->vcpu[i], 0);
		if (vm->run[i] == MAP_FAILED)
			err(1, "mmap of the run page");
	}
	vm_state(vm, HVMOD_STATE_RUNNING);
	close(device);
}

/* The domain ends here. */
static void vm_close(struct vm *vm)
{
	for (int i = 0; i < vm->vcpus; i++) {
		munmap(vm->run[i], sysconf(_SC_PAGESIZE));
		close(vm->vcpu[i]);
	}
	close(vm->domain);
	munmap(vm->memory, GUEST_MEMORY);
}

/* The next run starts at @offset of the guest, with RAX and RDX. */
static void vm_start(struct vm *vm, int i, uint32_t offset, uint64_t rax, uint64_t rdx)
{
	struct hvmod_run *run = vm->run[i];
	struct {
		struct hvmod_tlv head;
		struct hvmod_sregs sregs;
	} blob;
	struct hvmod_vcpu_state get = { .size = sizeof(get), .groups = HVMOD_STATE_SREGS,
					.data = (uintptr_t)&blob, .bytes = sizeof(blob) };

	need(ioctl(vm->vcpu[i], HVMOD_VCPU_GET_STATE, &get), "HVMOD_VCPU_GET_STATE");
	run->sregs = blob.sregs;
	run->sregs.segment[HVMOD_SEG_CS].base = 0;
	run->sregs.segment[HVMOD_SEG_CS].selector = 0;
	memset(&run->regs, 0, sizeof(run->regs));
	run->regs.gpr[HVMOD_GPR_RAX] = rax;
	run->regs.gpr[HVMOD_GPR_RDX] = rdx;
	run->regs.gpr[HVMOD_GPR_RSP] = GUEST_BASE;
	run->regs.rip = GUEST_BASE + offset;
	run->regs.rflags = 2;
	run->dirty = HVMOD_STATE_REGS | HVMOD_STATE_SREGS;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ULL + t.tv_nsec / 1000000;
}

/* A word of guest memory that the guest changes. */
static uint32_t vm_word(struct vm *vm, uint32_t address)
{
	return __atomic_load_n((uint32_t *)(vm->memory + address), __ATOMIC_SEQ_CST);
}

/* Wait until a word is at least @value. */
__attribute__((unused))
static bool vm_reaches(struct vm *vm, uint32_t address, uint32_t value, uint32_t ms)
{
	uint64_t end = now_ms() + ms;

	while (vm_word(vm, address) < value) {
		if (now_ms() > end) {
			printf("# word %#x is %u, not %u\n", address, vm_word(vm, address), value);
			return false;
		}
		usleep(1000);
	}
	return true;
}

static struct hvmod_domain_info vm_info(struct vm *vm)
{
	struct hvmod_domain_info info = { .size = sizeof(info) };

	need(ioctl(vm->domain, HVMOD_DOMAIN_INFO, &info), "HVMOD_DOMAIN_INFO");
	return info;
}

/**
 * struct runner - a thread that runs a vCPU until it is told to stop
 * @returns: how often HVMOD_VCPU_RUN came back before that
 * @host_work: how often of that for work of the host's kernel
 */
struct runner {
	struct vm *vm;
	int index;
	pthread_t thread;
	bool stop;
	unsigned int returns, host_work;
};

static void *runner_main(void *data)
{
	struct runner *r = data;
	struct hvmod_run *run = r->vm->run[r->index];

	for (;;) {
		int ret = ioctl(r->vm->vcpu[r->index], HVMOD_VCPU_RUN);

		if (__atomic_load_n(&r->stop, __ATOMIC_SEQ_CST))
			return NULL;
		if (ret && errno != EINTR)
			err(1, "HVMOD_VCPU_RUN of vCPU %d", r->index);
		if (!ret && run->exit != HVMOD_EXIT_KICK)
			errx(1, "vCPU %d: exit %u, why %u", r->index, run->exit, run->why);
		r->returns++;
		if (!ret && run->why == HVMOD_WHY_HOST_WORK)
			__atomic_add_fetch(&r->host_work, 1, __ATOMIC_SEQ_CST);
	}
}

__attribute__((unused))
static void runner_start(struct runner *r, struct vm *vm, int index)
{
	*r = (struct runner){ .vm = vm, .index = index };
	if (pthread_create(&r->thread, NULL, runner_main, r))
		errx(1, "pthread_create failed");
}

__attribute__((unused))
static void runner_stop(struct runner *r)
{
	__atomic_store_n(&r->stop, true, __ATOMIC_SEQ_CST);
	need(ioctl(r->vm->vcpu[r->index], HVMOD_VCPU_KICK), "HVMOD_VCPU_KICK");
	pthread_join(r->thread, NULL);
}

/* Processor time of the thread, ms. */
__attribute__((unused))
static uint64_t runner_cpu_ms(struct runner *r)
{
	struct timespec t;
	clockid_t clock;

	if (pthread_getcpuclockid(r->thread, &clock) || clock_gettime(clock, &t))
		errx(1, "no clock of a thread");
	return t.tv_sec * 1000ULL + t.tv_nsec / 1000000;
}

/* Exits to the VMM of all vCPUs, one runner each, but those that the host's kernel wanted for itself. */
__attribute__((unused))
static uint64_t vm_exits_vmm(struct vm *vm, struct runner *runner)
{
	uint64_t exits = vm_info(vm).exits_vmm;

	for (int i = 0; i < vm->vcpus; i++)
		exits -= __atomic_load_n(&runner[i].host_work, __ATOMIC_SEQ_CST);
	return exits;
}

/* The module counts before the thread does: a thread on its way gets a second. */
__attribute__((unused))
static bool vm_exits_vmm_are(struct vm *vm, struct runner *runner, uint64_t wanted)
{
	for (int i = 0; i < 100; i++) {
		if (vm_exits_vmm(vm, runner) == wanted)
			return true;
		usleep(10000);
	}
	return false;
}

#endif
