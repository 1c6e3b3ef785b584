// SPDX-License-Identifier: GPL-2.0-only
/* The PCI bus: configuration by ports and by memory, windows, the host bridge. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <string.h>

#include "compiler.h"
#include "layout.h"
#include "pci.h"

#define ADDRESS_ENABLE		(1U << 31)
#define ADDRESS_BITS		0x80FFFFFCU
#define ADDRESS_FUNCTION(a)	((a) >> 8 & 0xFFFF)	/* bus, slot, function */
#define ADDRESS_REGISTER(a)	((a) & 0xFC)
#define ECAM_FUNCTION(offset)	((offset) >> 12)
#define ECAM_REGISTER(offset)	((unsigned int)(offset) & 0xFFF)

/* A generic host bridge; kernels look for one before they trust the ports. */
static const struct pci_id bridge_id = {
	.vendor = 0x1B36,
	.device = 0x0008,
	.class_code = 0x060000,
};

/* One bus, one function a slot. With the lock. */
static struct pci_function *find_function(struct pci *pci, uint64_t number)
{
	if (number & 7 || number >> 3 >= PCI_SLOTS)
		return NULL;
	return pci->function[number >> 3];
}

/* What no single register of configuration space can take. */
static bool is_odd(unsigned int at, unsigned int size)
{
	return size > 4 || (at & (size - 1)) || at >= PCI_CONFIG_BYTES;
}

static uint64_t config_read(struct pci *pci, uint64_t number, unsigned int at,
			    unsigned int size)
{
	struct pci_function *function = find_function(pci, number);

	if (!function)
		return UINT64_MAX;
	/* A function without extended capabilities has zeroes there. */
	if (is_odd(at, size))
		return at >= PCI_CONFIG_BYTES ? 0 : UINT64_MAX;
	return pci_config_read(function, at, size);
}

static void config_write(struct pci *pci, uint64_t number, unsigned int at,
			 unsigned int size, uint64_t value)
{
	struct pci_function *function = find_function(pci, number);

	if (function && !is_odd(at, size))
		pci_config_write(function, at, size, (uint32_t)value);
}

static uint64_t address_read(void *ctx, uint64_t offset, unsigned int size)
{
	struct pci *pci = ctx;
	uint64_t value;

	(void)offset;
	(void)size;
	pthread_mutex_lock(&pci->lock);
	value = pci->address;
	pthread_mutex_unlock(&pci->lock);
	return value;
}

static void address_write(void *ctx, uint64_t offset, unsigned int size,
			  uint64_t value)
{
	struct pci *pci = ctx;

	(void)offset;
	(void)size;
	pthread_mutex_lock(&pci->lock);
	pci->address = (uint32_t)value & ADDRESS_BITS;
	pthread_mutex_unlock(&pci->lock);
}

static uint64_t data_read(void *ctx, uint64_t offset, unsigned int size)
{
	struct pci *pci = ctx;
	uint64_t value = UINT64_MAX;

	pthread_mutex_lock(&pci->lock);
	if (pci->address & ADDRESS_ENABLE)
		value = config_read(pci, ADDRESS_FUNCTION(pci->address),
				    ADDRESS_REGISTER(pci->address) +
				    (unsigned int)offset, size);
	pthread_mutex_unlock(&pci->lock);
	return value;
}

static void data_write(void *ctx, uint64_t offset, unsigned int size,
		       uint64_t value)
{
	struct pci *pci = ctx;

	pthread_mutex_lock(&pci->lock);
	if (pci->address & ADDRESS_ENABLE)
		config_write(pci, ADDRESS_FUNCTION(pci->address),
			     ADDRESS_REGISTER(pci->address) +
			     (unsigned int)offset, size, value);
	pthread_mutex_unlock(&pci->lock);
}

static uint64_t ecam_read(void *ctx, uint64_t offset, unsigned int size)
{
	struct pci *pci = ctx;
	uint64_t value;

	pthread_mutex_lock(&pci->lock);
	value = config_read(pci, ECAM_FUNCTION(offset), ECAM_REGISTER(offset),
			    size);
	pthread_mutex_unlock(&pci->lock);
	return value;
}

static void ecam_write(void *ctx, uint64_t offset, unsigned int size,
		       uint64_t value)
{
	struct pci *pci = ctx;

	pthread_mutex_lock(&pci->lock);
	config_write(pci, ECAM_FUNCTION(offset), ECAM_REGISTER(offset), size,
		     value);
	pthread_mutex_unlock(&pci->lock);
}

/*
 * Who answers at an address. Where a guest lets two overlap the lower slot
 * does. Functions stay until the domain ends, so the lock is needed for the
 * look alone, and no device is called with it.
 */
static struct pci_function *find_bar(struct pci *pci, bool io, uint64_t address,
				     unsigned int size, unsigned int *index,
				     uint64_t *offset)
{
	struct pci_function *found = NULL;
	unsigned int slot;
	unsigned int i;

	pthread_mutex_lock(&pci->lock);
	for (slot = 0; slot < PCI_SLOTS && !found; slot++) {
		struct pci_function *function = pci->function[slot];

		for (i = 0; function && i < PCI_BARS && !found; i++) {
			const struct pci_bar *bar = &function->bar[i];

			if (!bar->address || bar->io != io ||
			    address < bar->address ||
			    address - bar->address >= bar->bytes ||
			    size > bar->bytes - (address - bar->address))
				continue;
			found = function;
			*index = i;
			*offset = address - bar->address;
		}
	}
	pthread_mutex_unlock(&pci->lock);
	return found;
}

static uint64_t window_read(struct pci *pci, bool io, uint64_t address,
			    unsigned int size)
{
	struct pci_function *function;
	unsigned int bar;
	uint64_t offset;

	function = find_bar(pci, io, address, size, &bar, &offset);
	if (!function)
		return UINT64_MAX;
	return function->ops->bar_read(function->ctx, bar, offset, size);
}

static void window_write(struct pci *pci, bool io, uint64_t address,
			 unsigned int size, uint64_t value)
{
	struct pci_function *function;
	unsigned int bar;
	uint64_t offset;

	function = find_bar(pci, io, address, size, &bar, &offset);
	if (function)
		function->ops->bar_write(function->ctx, bar, offset, size, value);
}

static uint64_t ports_read(void *ctx, uint64_t offset, unsigned int size)
{
	return window_read(ctx, true, PCI_PORTS + offset, size);
}

static void ports_write(void *ctx, uint64_t offset, unsigned int size,
			uint64_t value)
{
	window_write(ctx, true, PCI_PORTS + offset, size, value);
}

static uint64_t memory_read(void *ctx, uint64_t offset, unsigned int size)
{
	return window_read(ctx, false, PCI_MEMORY + offset, size);
}

static void memory_write(void *ctx, uint64_t offset, unsigned int size,
			 uint64_t value)
{
	window_write(ctx, false, PCI_MEMORY + offset, size, value);
}

/**
 * pci_init() - a bus with a host bridge in slot 0
 * @pci: filled
 */
void pci_init(struct pci *pci)
{
	memset(pci, 0, sizeof(*pci));
	pthread_mutex_init(&pci->lock, NULL);
	pci->next_port = PCI_PORTS;
	pci->next_memory = PCI_MEMORY;
	pci_function_init(&pci->bridge, &bridge_id, NULL, NULL);
	memcpy(pci->bridge.first, pci->bridge.config, sizeof(pci->bridge.first));
	pci->function[0] = &pci->bridge;
}

/**
 * pci_destroy() - undo pci_init()
 * @pci: the bus; its functions are their owners'
 */
void pci_destroy(struct pci *pci)
{
	pthread_mutex_destroy(&pci->lock);
}

/**
 * pci_add_windows() - put configuration and windows on the machine's buses
 * @pci: the bus
 * @ports: the port bus
 * @mmio: the MMIO bus
 *
 * Return: 0, or what bus_add() said
 */
int pci_add_windows(struct pci *pci, struct bus *ports, struct bus *mmio)
{
	const struct bus_device on_ports[] = {
		{ PCI_ADDRESS_PORT, PCI_ADDRESS_PORT + 3, address_read,
		  address_write, pci, 4 },
		{ PCI_DATA_PORT, PCI_DATA_PORT + 3, data_read, data_write, pci,
		  0 },
		{ PCI_PORTS, PCI_PORTS + PCI_PORTS_COUNT - 1, ports_read,
		  ports_write, pci, 0 },
	};
	const struct bus_device on_mmio[] = {
		{ PCI_ECAM, PCI_ECAM + PCI_ECAM_BYTES - 1, ecam_read,
		  ecam_write, pci, 0 },
		{ PCI_MEMORY, PCI_MEMORY + PCI_MEMORY_BYTES - 1, memory_read,
		  memory_write, pci, 0 },
	};
	int ret = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(on_ports) && !ret; i++)
		ret = bus_add(ports, &on_ports[i]);
	for (i = 0; i < ARRAY_SIZE(on_mmio) && !ret; i++)
		ret = bus_add(mmio, &on_mmio[i]);
	return ret;
}

/* Return: an address for it, 0 if the window is full */
static uint64_t take_space(struct pci *pci, const struct pci_bar *bar)
{
	uint64_t *next = bar->io ? &pci->next_port : &pci->next_memory;
	uint64_t end = bar->io ? PCI_PORTS + PCI_PORTS_COUNT
			       : PCI_MEMORY + PCI_MEMORY_BYTES;
	uint64_t at = (*next + bar->bytes - 1) & -(uint64_t)bar->bytes;

	if (at + bar->bytes > end)
		return 0;
	*next = at + bar->bytes;
	return at;
}

/**
 * pci_add() - put a function into the next free slot and give its BARs addresses
 * @pci: the bus
 * @function: complete; it stays until the bus has gone
 *
 * Decoding is off, as after a reset. Before the first vCPU runs.
 *
 * Return: the slot; -ENOSPC: none is free, or no addresses are left
 */
int pci_add(struct pci *pci, struct pci_function *function)
{
	unsigned int slot = 0;
	unsigned int i;

	while (slot < PCI_SLOTS && pci->function[slot])
		slot++;
	if (slot == PCI_SLOTS)
		return -ENOSPC;
	for (i = 0; i < PCI_BARS; i++) {
		uint64_t address;

		if (!function->bar[i].bytes)
			continue;
		address = take_space(pci, &function->bar[i]);
		if (!address)
			return -ENOSPC;
		pci_place_bar(function, i, address);
	}
	memcpy(function->first, function->config, sizeof(function->first));
	pci->function[slot] = function;
	return (int)slot;
}

static void reset_function(struct pci_function *function)
{
	unsigned int at;

	/* Ascending: decoding ends before the addresses come back. */
	for (at = 0; at < PCI_CONFIG_BYTES; at += sizeof(uint32_t)) {
		uint32_t value;

		memcpy(&value, function->first + at, sizeof(value));
		pci_config_write(function, at, sizeof(value), value);
	}
}

/**
 * pci_reset() - what a guest changed of configuration spaces is undone
 * @pci: the bus; no vCPU runs meanwhile
 */
void pci_reset(struct pci *pci)
{
	unsigned int slot;

	pthread_mutex_lock(&pci->lock);
	pci->address = 0;
	for (slot = 0; slot < PCI_SLOTS; slot++) {
		if (pci->function[slot])
			reset_function(pci->function[slot]);
	}
	pthread_mutex_unlock(&pci->lock);
}
