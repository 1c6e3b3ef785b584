/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which processors are plugged in, as the guest's ACPI methods see it: a few
 * ports and an interrupt.
 *
 *   0	present: a bit for each processor; read
 *   8	eject: a bit for each processor; write 1 to let it go
 *   16	event: 32 bits, read: the next processor that something is wanted of in
 *	bits 7:0 and the notification for it in bits 15:8; 0 if there is none.
 *	What was read is gone
 *
 * The interrupt is level-triggered: asserted while there are events.
 */
#ifndef HVMOD_VMM_CPUS_H
#define HVMOD_VMM_CPUS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "bus.h"

#define CPUS_MAX		64
#define CPUS_PRESENT		0
#define CPUS_EJECT		8
#define CPUS_EVENT		16
#define CPUS_PORTS		20

/* ACPI 6.5, 5.6.6: device object notifications. */
#define CPUS_NOTIFY_CHECK	1
#define CPUS_NOTIFY_EJECT	3

/**
 * struct cpus_ops - who is told
 * @eject: the guest let processor @index go, which is not the first one
 * @line: the interrupt line; called with the lock
 */
struct cpus_ops {
	void (*eject)(void *ctx, unsigned int index);
	void (*line)(void *ctx, bool level);
};

/**
 * struct cpus - the ports' state
 * @ops: who is told
 * @ctx: first argument of that
 * @count: processors that there can be
 * @lock: protects all below
 * @present: those that are plugged in
 * @wanted: those that shall be
 * @check: those that the guest has yet to look at
 * @request: those that it has yet to be asked to let go
 */
struct cpus {
	const struct cpus_ops *ops;
	void *ctx;
	unsigned int count;

	pthread_mutex_t lock;
	uint64_t present;
	uint64_t wanted;
	uint64_t check;
	uint64_t request;
};

void cpus_init(struct cpus *cpus, unsigned int count, unsigned int present,
	       const struct cpus_ops *ops, void *ctx);
void cpus_destroy(struct cpus *cpus);
int cpus_add(struct cpus *cpus, struct bus *ports);
uint64_t cpus_present(struct cpus *cpus);
uint64_t cpus_wanted(struct cpus *cpus);
void cpus_plugged(struct cpus *cpus, unsigned int index);
void cpus_want(struct cpus *cpus, unsigned int count);
uint64_t cpus_reset(struct cpus *cpus);

#endif
