/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/hvmod without a module: open(), ioctl() and more of what the VMM calls
 * ends here. What "the guest does" is a function that a test gives.
 */
#ifndef HVMOD_FAKE_MODULE_H
#define HVMOD_FAKE_MODULE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <hvmod.h>

#define FAKE_VCPUS	8
#define FAKE_MSIS	64
#define FAKE_XSAVE	(8 + 2688)
#define FAKE_BLOB	4096
#define FAKE_CR3	0x1234000ULL
#define FAKE_RIP	0xFFFFFFFF81000123ULL

/*
 * A vCPU enters the guest for the n-th time. Return: 0: the guest runs until it
 * is kicked; 1: the exit is in @run; -errno: RUN fails
 */
typedef int (*fake_guest)(unsigned int vcpu, struct hvmod_run *run,
			  unsigned int n);

struct fake_vcpu {
	int fd;
	bool kicked;
	bool plugged;
	bool inside;
	bool waiting;		/* for a kick, the guest function is over */
	unsigned int entries;
	struct hvmod_run *run;
	uint8_t regs[FAKE_BLOB];	/* last blobs of SET_STATE */
	uint8_t msrs[FAKE_BLOB];
	uint8_t all[FAKE_BLOB];		/* with every group */
	unsigned int restores;		/* how often all of them were set */
	struct hvmod_events events;
	uint8_t xsave[FAKE_XSAVE];	/* XCR0 and the area */
	struct hvmod_apic_access apic;
};

struct fake_module {
	/* how it behaves */
	int open_errno;
	int fail_at;		/* the n-th ioctl fails, 0: none */
	int fail_errno;
	int fail_thread;	/* the n-th thread is not made, 0: all are */
	uint32_t abi_version;
	uint32_t vcpus_max;
	uint32_t quota;		/* most vCPUs that are plugged in, 0: no limit */
	uint64_t host_bytes;
	fake_guest guest;
	/* what it saw */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int calls;
	int device;
	int domain;
	uint32_t state;
	uint32_t reason;
	struct hvmod_domain_create create;
	struct hvmod_mem_map map[4];
	unsigned int maps;
	struct hvmod_msi msi[FAKE_MSIS];
	unsigned int msis;
	struct fake_vcpu vcpu[FAKE_VCPUS];
	unsigned int vcpus;
};

extern struct fake_module fake;

void fake_reset(void);
unsigned int fake_inside(void);
void fake_wait_inside(unsigned int vcpus);
void fake_wait_entry(unsigned int vcpu, unsigned int entries);
void *fake_memory(uint64_t gpa);

#endif
