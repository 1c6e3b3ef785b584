// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration space of one function. It is bytes, and beside them the bits
 * that a guest can write: the size of a BAR is what remains of all ones.
 */
#include <linux/pci_regs.h>
#include <string.h>

#include "layout.h"
#include "pci.h"

#define COMMAND_BITS	(PCI_COMMAND_IO | PCI_COMMAND_MEMORY |	\
			 PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE)
#define BAR_OFFSET(bar)	(PCI_BASE_ADDRESS_0 + 4 * (bar))

static void put16(uint8_t *at, uint16_t value)
{
	memcpy(at, &value, sizeof(value));
}

static uint32_t get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/**
 * pci_function_init() - configuration space after reset, without BARs
 * @function: filled
 * @id: who it is
 * @ops: what its device does, kept; NULL if it has neither BARs nor hooks
 * @ctx: first argument of @ops
 */
void pci_function_init(struct pci_function *function, const struct pci_id *id,
		       const struct pci_function_ops *ops, void *ctx)
{
	uint8_t *config = function->config;

	memset(function, 0, sizeof(*function));
	function->ops = ops;
	function->ctx = ctx;
	function->config_used = PCI_STD_HEADER_SIZEOF;
	put16(config + PCI_VENDOR_ID, id->vendor);
	put16(config + PCI_DEVICE_ID, id->device);
	config[PCI_REVISION_ID] = id->revision;
	config[PCI_CLASS_PROG] = (uint8_t)id->class_code;
	put16(config + PCI_CLASS_DEVICE, (uint16_t)(id->class_code >> 8));
	put16(config + PCI_SUBSYSTEM_VENDOR_ID, id->subsystem_vendor);
	put16(config + PCI_SUBSYSTEM_ID, id->subsystem);
	put16(function->writable + PCI_COMMAND, COMMAND_BITS);
	function->writable[PCI_CACHE_LINE_SIZE] = 0xFF;
	function->writable[PCI_INTERRUPT_LINE] = 0xFF;
}

/**
 * pci_add_bar() - give a function a 32-bit base address register
 * @function: not on a bus yet
 * @bar: 0 to 5
 * @io: ports, not memory
 * @bytes: a power of 2, at least 16
 */
void pci_add_bar(struct pci_function *function, unsigned int bar, bool io,
		 uint32_t bytes)
{
	uint32_t mask = -bytes;

	function->bar[bar] = (struct pci_bar){ .bytes = bytes, .io = io };
	memcpy(function->writable + BAR_OFFSET(bar), &mask, sizeof(mask));
	function->config[BAR_OFFSET(bar)] = io ? PCI_BASE_ADDRESS_SPACE_IO
					       : PCI_BASE_ADDRESS_SPACE_MEMORY;
}

/**
 * pci_add_capability() - append to the list of capabilities
 * @function: not on a bus yet
 * @id: capability id
 * @body: what follows id and next pointer
 * @bytes: length of @body
 *
 * Return: its offset in the configuration space; 0 if there is no place
 */
unsigned int pci_add_capability(struct pci_function *function, uint8_t id,
				const void *body, unsigned int bytes)
{
	unsigned int at = (function->config_used + 3) & ~3U;
	uint8_t *config = function->config;

	if (at + 2 + bytes > PCI_CONFIG_BYTES)
		return 0;
	config[at + PCI_CAP_LIST_ID] = id;
	memcpy(config + at + 2, body, bytes);
	if (function->last_capability)
		config[function->last_capability + PCI_CAP_LIST_NEXT] = (uint8_t)at;
	else
		config[PCI_CAPABILITY_LIST] = (uint8_t)at;
	config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
	function->last_capability = at;
	function->config_used = at + 2 + bytes;
	return at;
}

/**
 * pci_place_bar() - write an address into a BAR, as a firmware would
 * @function: not on a bus yet
 * @bar: 0 to 5
 * @address: a multiple of its length
 */
void pci_place_bar(struct pci_function *function, unsigned int bar,
		   uint64_t address)
{
	uint8_t *at = function->config + BAR_OFFSET(bar);
	uint32_t value = get32(at) | (uint32_t)address;

	memcpy(at, &value, sizeof(value));
}

/* The bridge passes on what is in its windows. */
static bool in_window(const struct pci_bar *bar, uint64_t address)
{
	uint64_t first = bar->io ? PCI_PORTS : PCI_MEMORY;
	uint64_t bytes = bar->io ? PCI_PORTS_COUNT : PCI_MEMORY_BYTES;

	return address >= first && address - first <= bytes - bar->bytes;
}

static void update_bar(struct pci_function *function, unsigned int index)
{
	struct pci_bar *bar = &function->bar[index];
	uint8_t command = function->config[PCI_COMMAND];
	uint64_t address = get32(function->config + BAR_OFFSET(index)) &
			   -bar->bytes;

	if (!(command & (bar->io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY)) ||
	    !in_window(bar, address))
		address = 0;
	if (address == bar->address)
		return;
	bar->address = address;
	function->ops->bar_moved(function->ctx, index, address);
}

/**
 * pci_config_read() - load from configuration space. With the lock of the bus
 * @function: the function
 * @offset: 0 to 255, a multiple of @size
 * @size: 1, 2 or 4 bytes
 *
 * Return: the value, zero-extended
 */
uint32_t pci_config_read(struct pci_function *function, unsigned int offset,
			 unsigned int size)
{
	uint32_t value = 0;

	if (function->ops && function->ops->config_read)
		function->ops->config_read(function->ctx, offset, size);
	memcpy(&value, function->config + offset, size);
	return value;
}

/**
 * pci_config_write() - store to configuration space. With the lock of the bus
 * @function: the function
 * @offset: 0 to 255, a multiple of @size
 * @size: 1, 2 or 4 bytes
 * @value: what
 */
void pci_config_write(struct pci_function *function, unsigned int offset,
		      unsigned int size, uint32_t value)
{
	unsigned int i;

	for (i = 0; i < size; i++) {
		uint8_t *byte = &function->config[offset + i];
		uint8_t mask = function->writable[offset + i];

		*byte = (uint8_t)((*byte & ~mask) | (value >> (8 * i) & mask));
	}
	for (i = 0; i < PCI_BARS; i++) {
		if (function->bar[i].bytes)
			update_bar(function, i);
	}
	if (function->ops && function->ops->config_written)
		function->ops->config_written(function->ctx, offset, size);
}
