/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Domains by bare ioctls, with a guest of a few instructions: 4 KiB of memory
 * where the processor begins after a reset, SDM volume 3, 10.1.4.
 */
#ifndef KSELFTEST_GUEST_H
#define KSELFTEST_GUEST_H

#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <hvmod.h>

#include "tap.h"

#define GUEST_GPA	0xfffff000ULL
#define GUEST_BYTES	4096
#define GUEST_RESET	0xff0		/* in the page */

/* At the reset vector: jmp . */
#define CODE_SPIN	"\xeb\xfe"

/**
 * struct guest - a domain
 * @fd: domain descriptor
 * @id: its id
 * @memory: its 4 KiB
 * @vcpu: vCPU descriptors
 * @run: run pages
 */
struct guest {
	int fd;
	uint32_t id;
	char *memory;
	int vcpu[HVMOD_VCPUS_MAX];
	struct hvmod_run *run[HVMOD_VCPUS_MAX];
};

static inline int device_open(void)
{
	int fd = open("/dev/hvmod", O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		printf("1..0 # SKIP /dev/hvmod: %m\n");
		exit(4);
	}
	return fd;
}

/* Return: the domain's descriptor, or -1 with errno. */
static inline int guest_create(int device, struct guest *guest, const char *name,
			       unsigned int vcpus, uint64_t mem_max)
{
	struct hvmod_domain_create create = { .size = sizeof(create), .vcpus = vcpus,
					      .mem_max = mem_max };

	memset(guest, 0, sizeof(*guest));
	snprintf(create.name, sizeof(create.name), "%s", name);
	guest->fd = ioctl(device, HVMOD_DOMAIN_CREATE, &create);
	guest->id = create.id;
	return guest->fd;
}

static inline void guest_set_state(struct guest *guest, uint32_t state, uint32_t reason)
{
	struct hvmod_set_state set = { .size = sizeof(set), .state = state, .reason = reason };

	need(ioctl(guest->fd, HVMOD_DOMAIN_SET_STATE, &set), "HVMOD_DOMAIN_SET_STATE");
}

static inline void guest_vcpu(struct guest *guest, unsigned int index)
{
	struct hvmod_vcpu_create create = { .size = sizeof(create), .index = index };
	void *run;

	guest->vcpu[index] = need(ioctl(guest->fd, HVMOD_VCPU_CREATE, &create), "HVMOD_VCPU_CREATE");
	run = mmap(NULL, GUEST_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, guest->vcpu[index], 0);
	if (run == MAP_FAILED)
		err(1, "mmap of a run page");
	guest->run[index] = run;
}

/*
 * Make a vCPU that waits for INIT and SIPI begin at the reset vector too: the
 * others take what vCPU 0 has.
 */
static inline void guest_start_like_0(struct guest *guest, unsigned int index)
{
	static char data[4096];
	struct hvmod_vcpu_state state = {
		.size = sizeof(state),
		.groups = HVMOD_STATE_REGS | HVMOD_STATE_SREGS | HVMOD_STATE_EVENTS,
		.data = (uintptr_t)data, .bytes = sizeof(data),
	};

	need(ioctl(guest->vcpu[0], HVMOD_VCPU_GET_STATE, &state), "HVMOD_VCPU_GET_STATE");
	need(ioctl(guest->vcpu[index], HVMOD_VCPU_SET_STATE, &state), "HVMOD_VCPU_SET_STATE");
}

/* A running domain whose vCPUs are all about to execute @code. */
static inline void guest_start(int device, struct guest *guest, const char *name,
			       unsigned int vcpus, const void *code, size_t bytes)
{
	struct hvmod_mem_map map = { .size = sizeof(map), .gpa = GUEST_GPA, .bytes = GUEST_BYTES };

	need(guest_create(device, guest, name, vcpus, 1 << 20), "HVMOD_DOMAIN_CREATE");
	guest->memory = mmap(NULL, GUEST_BYTES, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (guest->memory == MAP_FAILED)
		err(1, "mmap of guest memory");
	memcpy(guest->memory + GUEST_RESET, code, bytes);
	map.user_addr = (uintptr_t)guest->memory;
	need(ioctl(guest->fd, HVMOD_MEM_MAP, &map), "HVMOD_MEM_MAP");
	for (unsigned int i = 0; i < vcpus; i++) {
		guest_vcpu(guest, i);
		if (i)
			guest_start_like_0(guest, i);
	}
	guest_set_state(guest, HVMOD_STATE_RUNNING, HVMOD_REASON_NONE);
}

static inline void guest_end(struct guest *guest)
{
	for (unsigned int i = 0; i < HVMOD_VCPUS_MAX && guest->run[i]; i++) {
		munmap(guest->run[i], GUEST_BYTES);
		close(guest->vcpu[i]);
	}
	close(guest->fd);
	if (guest->memory)
		munmap(guest->memory, GUEST_BYTES);
	memset(guest, 0, sizeof(*guest));
}

#endif
