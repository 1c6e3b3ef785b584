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
 * struct msix_wires - how messages go out
 * @send: deliver a message. Called with the lock of the msix
 * @ctx: first argument of @send
 */
struct msix_wires {
	int (*send)(void *ctx, uint64_t address, uint32_t data);
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
 * struct msix - table and pending bits
 * @lock: protects all below; taken after those of bus and device
 * @wires: how messages go out
 * @vectors: rows in use
 * @capability: offset of the capability in the configuration space
 * @enabled: MSI-X Enable of the capability
 * @masked: Function Mask of the capability
 * @entry: the table
 * @pending: the pending bits
 */
struct msix {
	pthread_mutex_t lock;
	struct msix_wires wires;
	unsigned int vectors;
	unsigned int capability;
	bool enabled;
	bool masked;
	struct msix_entry entry[MSIX_VECTORS_MAX];
	uint64_t pending[MSIX_VECTORS_MAX / 64];
};

void msix_init(struct msix *msix, unsigned int vectors,
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

#endif
