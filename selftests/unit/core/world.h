/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A machine with the core in it: physical memory, a Linux that loads the core
 * and calls its gate, and guests that do one exit after another.
 */
#ifndef HVMOD_WORLD_H
#define HVMOD_WORLD_H

#include "model.h"

/* RAM: 0 to 640 KiB, 1 to 64 MiB, and 4 GiB to 4 GiB + 16 MiB. */
#define RAM_LOW_END	0x9f000ULL
#define RAM_END		0x4000000ULL
#define RAM_HIGH	0x100000000ULL
#define RAM_HIGH_END	0x101000000ULL
#define OWN_START	0x2000000ULL		/* the core's at load */
#define OWN_PAGES	(MODEL_CPUS * AREA_PAGES + 600)
#define LINUX_PAGE	0x5000ULL		/* struct hv_linux, one a processor */
#define CRASH_PAGE	0x4000ULL
#define CORE_CR3	0x1a000ULL		/* page tables of the core's */
#define LAUNCH_CR3	0x1b000ULL		/* the same with the trampoline */
#define RUN_PAGE	0x200000ULL		/* run pages, one a vCPU */
#define GUEST_RAM	0x400000ULL		/* what tests give to guests */
#define FREE_RAM	0x1000000ULL		/* what tests donate */

struct answer {
	long rax;
	u64 rdx, rcx;
};

struct world_options {
	u32 flags;			/* of hv_boot */
	u64 tsc_khz;
	bool no_launch;			/* HV_ENTER_INIT alone */
	void (*before_init)(void);	/* model and boot are ready */
	u64 expect;			/* what HV_ENTER_INIT says */
};

/* Builds all of it anew, launched on every processor. */
void world_start(const struct model_type *type, u32 cpus, const struct world_options *options);

/* core_enter() on a processor. Return: how it came back; *why from RAX. */
enum model_exit world_enter(u32 cpu, u64 operation, u64 *why);

/* A guest whose state the processor refuses is no error of the test. */
extern bool hostile_states;
extern u32 entries_refused;

void *ram(u64 pa);
struct hv_linux *world_linux(u32 cpu);

/* VMCALL of Domain-0 on a processor. */
struct answer gate_call(u32 cpu, u64 op, u64 a, u64 b, u64 c, u64 d);

/* GATE_SYNC on all launched processors, twice: limbo is empty afterwards. */
void world_sync(void);
void world_donate(u64 pages);

u64 make_domain(void);
/* Run page: RUN_PAGE + 4096 * n, n counts up. */
struct vcpu *make_vcpu(u64 handle, u32 index);
/* A domain with one vCPU, 2 MiB of memory at 0 from GUEST_RAM, and running. */
struct vcpu *running_guest(void);
struct hvmod_run *run_page(u32 n);

/* GATE_VCPU_RUN, which must enter. */
void guest_run(struct vcpu *vcpu);

/*
 * One exit of what runs on the current processor. Return: whether the guest
 * was resumed; otherwise Domain-0 was, and @left has the outcome.
 */
bool guest_exit(u32 reason, u64 qualification);
extern struct answer left;

/* The same for Domain-0. */
void dom0_do(u32 reason, u64 qualification);

/* Its WRMSR: true if it was done, false if it was #GP. */
bool dom0_writes(u32 msr, u64 value);

/* An exit of Domain-0's that the core does not return from. */
enum model_exit no_return(u32 reason);

/* Set before guest_exit(): processor fields that belong to the exit. */
extern u64 exit_length;
extern u64 exit_vectoring, exit_vectoring_error, exit_interruption;
extern u64 exit_gpa, exit_linear;

/* What the next entry injects: vector, or -1. */
int injected(void);
bool injected_gp(void);
bool injected_ud(void);

/* A protected-mode guest that may be entered: flat, paging off. */
void guest_protected_mode(void);
void guest_long_mode(void);

#endif
