/* SPDX-License-Identifier: GPL-2.0-only */
/* MSI-X of one function: PCI Local Bus 3.0, 6.8.2. */
#ifndef HVMOD_VMM_MSIX_H
#define HVMOD_VMM_MSIX_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "pci.h"

#define MSIX_VECTORS_MAX	128
#define MSIX_TABLE_BYTES	(16 * MSIX_VECTORS_MAX)
#define MSIX_PENDING_BYTES	(MSIX_VECTORS_MAX / 8)

/**
 * struct msix_wires - how messages go out. Called with the lock of the msix
 * @send: deliver a message
 * @bind: every signal of eventfd @fd delivers the message from now on, also one
 *	that it has had already, and takes its count (HVMOD_IRQFD). Return: 0,
 *	or not 0 if that is not possible
 * @unbind: undo @bind; when it returns a signal stays in the eventfd
 * @ctx: their first argument
 */
struct msix_wires {
	int (*send)(void *ctx, uint64_t address, uint32_t data);
	int (*bind)(void *ctx, int fd, uint64_t address, uint32_t data);
	void (*unbind)(void *ctx, int fd);
	void *ctx;
};

/**
 * struct msix_entry - one row of the table, as the guest sees it
 * @address_low: message address
 * @address_high: its upper half
 * @data: message data
 * @control: bit 0: masked
 */
struct msix_entry {
	uint32_t address_low;
	uint32_t address_high;
	uint32_t data;
	uint32_t control;
};

/**
 * struct msix_vector - where signals of a vector go
 * @event: eventfd that a signal adds to; the count that stands in it while the
 *	vector is masked is its pending bit
 * @bound: the kernel delivers what is signalled
 * @address: which message, if @bound
 * @data: its data
 */
struct msix_vector {
	int event;
	bool bound;
	uint64_t address;
	uint32_t data;
};

/**
 * struct msix - table and pending bits
 * @lock: protects all below; taken after those of bus and device
 * @wires: how messages go out
 * @vectors: rows in use
 * @capability: offset of the capability in the configuration space
 * @enabled: MSI-X Enable of the capability
 * @masked: Function Mask of the capability
 * @entry: the table
 * @vector: where signals go
 */
struct msix {
	pthread_mutex_t lock;
	struct msix_wires wires;
	unsigned int vectors;
	unsigned int capability;
	bool enabled;
	bool masked;
	struct msix_entry entry[MSIX_VECTORS_MAX];
	struct msix_vector vector[MSIX_VECTORS_MAX];
};

int msix_init(struct msix *msix, unsigned int vectors,
	      const struct msix_wires *wires);
void msix_reset(struct msix *msix);
void msix_destroy(struct msix *msix);
int msix_add_capability(struct msix *msix, struct pci_function *function,
			unsigned int bar, uint32_t table, uint32_t pending);
void msix_config_written(struct msix *msix,
			 const struct pci_function *function);
uint64_t msix_read_table(struct msix *msix, uint64_t offset, unsigned int size);
void msix_write_table(struct msix *msix, uint64_t offset, unsigned int size,
		      uint64_t value);
uint64_t msix_read_pending(struct msix *msix, uint64_t offset,
			   unsigned int size);
bool msix_is_enabled(struct msix *msix);
void msix_signal(struct msix *msix, unsigned int vector);
int msix_event(struct msix *msix, unsigned int vector);

#endif
