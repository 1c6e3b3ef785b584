/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the driver's suites include: KUnit, the driver's header, and what stands
 * in for the world around the files under test. A suite includes such a file
 * itself, after this, so that it sees what is static there: first the Linux
 * headers that the file includes and whose functions are replaced, then this.
 */
#ifndef HVMOD_KUNIT_DRIVER_H
#define HVMOD_KUNIT_DRIVER_H

#include <kunit/test.h>
#include "../../kmod/hvmod.h"

#define DRIVER_CALLS	64

/**
 * struct driver - the world as the driver meets it
 * @calls: calls of the gate
 * @call: the last of them, by number modulo DRIVER_CALLS
 * @fail: what the gate returns to calls of @fail_op
 * @fail_op: enum hv_gate
 * @fails: how many of these fail; the rest succeeds
 * @rdx: what successful calls return in RDX
 * @rcx: the same for RCX
 * @capable: has the caller every capability?
 * @uid: who the caller is
 * @ram_pages: RAM
 * @all: what all other domains have
 * @domain: the one that there is, or NULL
 * @refused: charges that were traced as refused
 * @events: events that were sent
 * @poked: vCPUs that were poked
 * @messages: message-signalled interrupts that were tried
 * @no_core: how many of these find no core
 */
struct driver {
	unsigned int calls;
	struct { u32 op; u64 a, b, c, d; } call[DRIVER_CALLS];
	long fail;
	u32 fail_op;
	unsigned int fails;
	u64 rdx, rcx;
	bool capable;
	kuid_t uid;
	unsigned long ram_pages;
	struct hv_sums all;
	struct hv_domain *domain;
	unsigned int refused, events;
	u64 poked;
	unsigned int messages, no_core;
};

extern struct driver driver;

/* An empty world with 1 GiB of RAM. */
void driver_init(void);

/* A domain with @mem_max bytes and @vcpus vCPUs at most; it lives as long as the case. */
struct hv_domain *driver_domain(struct kunit *test, u64 mem_max, u32 vcpus);

long driver_gate(enum hv_gate op, u64 a, u64 b, u64 c, u64 d, struct hv_result *result);

/* Calls of @op so far, at most DRIVER_CALLS back. */
unsigned int driver_called(u32 op);

#define hv_gate(...)	driver_gate(__VA_ARGS__)

/* trace.h defines tracepoints, which the suites have none of. */
#define HVMOD_TRACE_H
#define trace_hvmod_quota_memory(domain, kind, bytes)	((void)(kind), driver.refused++)

#endif
