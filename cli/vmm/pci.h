/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PCI: a host bridge with one bus, and functions on it. PCI Local Bus 3.0,
 * chapter 6; PCI Express Base 3.0, 7.2.2 for the memory-mapped configuration.
 *
 * The bridge owns a window of ports and one of memory (layout.h) on the buses
 * of the machine, which never change; which BAR answers inside them does, with
 * every write to a BAR or a command register.
 */
#ifndef HVMOD_VMM_PCI_H
#define HVMOD_VMM_PCI_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "bus.h"

#define PCI_SLOTS		32
#define PCI_CONFIG_BYTES	256
#define PCI_BARS		6

struct pci_function;

/**
 * struct pci_function_ops - what a function's device does
 * @bar_read: load of 1, 2, 4 or 8 bytes at @offset of BAR @bar, wholly inside
 *	it. Called without a lock
 * @bar_write: store, as above; @value is cut to @size bytes
 * @bar_moved: BAR @bar answers at @address from now on; 0: nowhere. Called with
 *	the lock of the bus
 * @config_read: the guest is about to load @size bytes of configuration at
 *	@offset, which the function may bring up to date; or NULL. With the
 *	lock
 * @config_written: the guest stored there; or NULL. With the lock
 */
struct pci_function_ops {
	uint64_t (*bar_read)(void *ctx, unsigned int bar, uint64_t offset,
			     unsigned int size);
	void (*bar_write)(void *ctx, unsigned int bar, uint64_t offset,
			  unsigned int size, uint64_t value);
	void (*bar_moved)(void *ctx, unsigned int bar, uint64_t address);
	void (*config_read)(void *ctx, unsigned int offset, unsigned int size);
	void (*config_written)(void *ctx, unsigned int offset,
			       unsigned int size);
};

/**
 * struct pci_bar - a base address register
 * @bytes: length, a power of 2; 0: there is none
 * @io: ports, not memory
 * @address: where it answers; 0: nowhere
 */
struct pci_bar {
	uint32_t bytes;
	bool io;
	uint64_t address;
};

/**
 * struct pci_function - one function, the only one of its slot
 * @ops: what its device does
 * @ctx: first argument of @ops
 * @config: configuration space. After pci_add() behind the lock of the bus
 * @writable: bits of @config that a guest can write
 * @first: @config as pci_add() left it
 * @bar: base address registers; @address behind the lock of the bus
 * @last_capability: offset of the last capability, 0: there is none
 * @config_used: first free byte of @config
 */
struct pci_function {
	const struct pci_function_ops *ops;
	void *ctx;
	uint8_t config[PCI_CONFIG_BYTES];
	uint8_t writable[PCI_CONFIG_BYTES];
	uint8_t first[PCI_CONFIG_BYTES];
	struct pci_bar bar[PCI_BARS];
	unsigned int last_capability;
	unsigned int config_used;
};

/**
 * struct pci_id - who a function is
 * @vendor: vendor
 * @device: device
 * @revision: revision
 * @class_code: class, subclass and programming interface
 * @subsystem_vendor: subsystem vendor
 * @subsystem: subsystem
 */
struct pci_id {
	uint16_t vendor;
	uint16_t device;
	uint8_t revision;
	uint32_t class_code;
	uint16_t subsystem_vendor;
	uint16_t subsystem;
};

/**
 * struct pci - the bus
 * @lock: protects all below, and what struct pci_function says
 * @address: the address port
 * @function: by slot; NULL: nobody
 * @bridge: the host bridge, in slot 0
 * @next_port: first port that no BAR was given
 * @next_memory: first address that no BAR was given
 */
struct pci {
	pthread_mutex_t lock;
	uint32_t address;
	struct pci_function *function[PCI_SLOTS];
	struct pci_function bridge;
	uint64_t next_port;
	uint64_t next_memory;
};

/* pci.c */
void pci_init(struct pci *pci);
void pci_destroy(struct pci *pci);
int pci_add_windows(struct pci *pci, struct bus *ports, struct bus *mmio);
int pci_add(struct pci *pci, struct pci_function *function);
void pci_reset(struct pci *pci);

/* pci_function.c */
void pci_function_init(struct pci_function *function, const struct pci_id *id,
		       const struct pci_function_ops *ops, void *ctx);
void pci_add_bar(struct pci_function *function, unsigned int bar, bool io,
		 uint32_t bytes);
unsigned int pci_add_capability(struct pci_function *function, uint8_t id,
				const void *body, unsigned int bytes);
void pci_place_bar(struct pci_function *function, unsigned int bar,
		   uint64_t address);
uint32_t pci_config_read(struct pci_function *function, unsigned int offset,
			 unsigned int size);
void pci_config_write(struct pci_function *function, unsigned int offset,
		      unsigned int size, uint32_t value);

#endif
