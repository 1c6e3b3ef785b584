// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSI-X. A signal of a masked vector becomes its pending bit, and a message as
 * soon as the vector is unmasked; a vector is masked by its own bit and by that
 * of the function. While MSI-X is off there are neither messages nor pending
 * bits.
 */
#include <linux/pci_regs.h>
#include <string.h>

#include "compiler.h"
#include "msix.h"

#define FLAGS_BITS	(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL)

/* A capability without id and next pointer. */
struct capability {
	uint16_t flags;
	uint32_t table;
	uint32_t pending;
} __packed;

_Static_assert(sizeof(struct capability) + 2 == PCI_CAP_MSIX_SIZEOF,
	       "MSI-X capability");

static bool is_masked(const struct msix *msix, unsigned int vector)
{
	return msix->masked ||
	       (msix->entry[vector].control & PCI_MSIX_ENTRY_CTRL_MASKBIT);
}

static void deliver(struct msix *msix, unsigned int vector)
{
	const struct msix_entry *entry = &msix->entry[vector];
	uint64_t bit = 1ULL << vector % 64;
	uint64_t *pending = &msix->pending[vector / 64];

	if (!msix->enabled)
		return;
	if (is_masked(msix, vector)) {
		*pending |= bit;
		return;
	}
	*pending &= ~bit;
	msix->wires.send(msix->wires.ctx,
			 (uint64_t)entry->address_high << 32 | entry->address_low,
			 entry->data);
}

static void deliver_pending(struct msix *msix)
{
	unsigned int vector;

	for (vector = 0; vector < msix->vectors; vector++) {
		if (msix->pending[vector / 64] & 1ULL << vector % 64)
			deliver(msix, vector);
	}
}

/**
 * msix_init() - the table after reset: off, every vector masked
 * @msix: filled
 * @vectors: 1 to MSIX_VECTORS_MAX
 * @wires: how messages go out, copied
 */
void msix_init(struct msix *msix, unsigned int vectors,
	       const struct msix_wires *wires)
{
	memset(msix, 0, sizeof(*msix));
	pthread_mutex_init(&msix->lock, NULL);
	msix->wires = *wires;
	msix->vectors = vectors;
	msix_reset(msix);
}

/**
 * msix_reset() - the table as after power on
 * @msix: the table; its capability says that it is off
 */
void msix_reset(struct msix *msix)
{
	unsigned int i;

	pthread_mutex_lock(&msix->lock);
	msix->enabled = false;
	msix->masked = false;
	memset(msix->entry, 0, sizeof(msix->entry));
	memset(msix->pending, 0, sizeof(msix->pending));
	for (i = 0; i < MSIX_VECTORS_MAX; i++)
		msix->entry[i].control = PCI_MSIX_ENTRY_CTRL_MASKBIT;
	pthread_mutex_unlock(&msix->lock);
}

/**
 * msix_destroy() - undo msix_init()
 * @msix: the table
 */
void msix_destroy(struct msix *msix)
{
	pthread_mutex_destroy(&msix->lock);
}

/**
 * msix_add_capability() - tell the guest where table and pending bits are
 * @msix: the table
 * @function: its function
 * @bar: the BAR that holds both
 * @table: offset of the table, a multiple of 8
 * @pending: offset of the pending bits, a multiple of 8
 *
 * Return: 0, or -1 if there is no place for the capability
 */
int msix_add_capability(struct msix *msix, struct pci_function *function,
			unsigned int bar, uint32_t table, uint32_t pending)
{
	struct capability capability = {
		.flags = (uint16_t)(msix->vectors - 1),
		.table = table | bar,
		.pending = pending | bar,
	};

	msix->capability = pci_add_capability(function, PCI_CAP_ID_MSIX,
					      &capability, sizeof(capability));
	if (!msix->capability)
		return -1;
	function->writable[msix->capability + PCI_MSIX_FLAGS + 1] =
		FLAGS_BITS >> 8;
	return 0;
}

/**
 * msix_config_written() - look at the capability again
 * @msix: the table
 * @function: its function; the lock of its bus is held
 */
void msix_config_written(struct msix *msix, const struct pci_function *function)
{
	uint16_t flags;

	memcpy(&flags, function->config + msix->capability + PCI_MSIX_FLAGS,
	       sizeof(flags));
	pthread_mutex_lock(&msix->lock);
	msix->enabled = flags & PCI_MSIX_FLAGS_ENABLE;
	msix->masked = flags & PCI_MSIX_FLAGS_MASKALL;
	if (!msix->enabled)
		memset(msix->pending, 0, sizeof(msix->pending));
	deliver_pending(msix);
	pthread_mutex_unlock(&msix->lock);
}

/* Aligned 32- and 64-bit accesses are defined, and no others. */
static bool is_odd(const struct msix *msix, uint64_t offset, unsigned int size)
{
	return (size != 4 && size != 8) || (offset & (size - 1)) ||
	       offset >= msix->vectors * sizeof(struct msix_entry);
}

/**
 * msix_read_table() - load from the table
 * @msix: the table
 * @offset: in it
 * @size: bytes
 *
 * Return: the value; all ones where nothing is defined
 */
uint64_t msix_read_table(struct msix *msix, uint64_t offset, unsigned int size)
{
	uint64_t value = 0;

	if (is_odd(msix, offset, size))
		return UINT64_MAX;
	pthread_mutex_lock(&msix->lock);
	memcpy(&value, (const uint8_t *)msix->entry + offset, size);
	pthread_mutex_unlock(&msix->lock);
	return value;
}

/**
 * msix_write_table() - store to the table
 * @msix: the table
 * @offset: in it
 * @size: bytes
 * @value: what
 */
void msix_write_table(struct msix *msix, uint64_t offset, unsigned int size,
		      uint64_t value)
{
	unsigned int vector = (unsigned int)(offset / sizeof(struct msix_entry));

	if (is_odd(msix, offset, size))
		return;
	pthread_mutex_lock(&msix->lock);
	memcpy((uint8_t *)msix->entry + offset, &value, size);
	msix->entry[vector].address_low &= ~3U;
	msix->entry[vector].control &= PCI_MSIX_ENTRY_CTRL_MASKBIT;
	deliver_pending(msix);
	pthread_mutex_unlock(&msix->lock);
}

/**
 * msix_read_pending() - load pending bits
 * @msix: the table
 * @offset: in the pending bits
 * @size: bytes
 *
 * Return: the value; all ones where nothing is defined
 */
uint64_t msix_read_pending(struct msix *msix, uint64_t offset,
			   unsigned int size)
{
	uint64_t value = 0;

	if ((size != 4 && size != 8) || (offset & (size - 1)) ||
	    offset >= sizeof(msix->pending))
		return UINT64_MAX;
	pthread_mutex_lock(&msix->lock);
	memcpy(&value, (const uint8_t *)msix->pending + offset, size);
	pthread_mutex_unlock(&msix->lock);
	return value;
}

/**
 * msix_is_enabled() - whether the guest turned it on
 * @msix: the table
 *
 * Return: MSI-X Enable
 */
bool msix_is_enabled(struct msix *msix)
{
	bool enabled;

	pthread_mutex_lock(&msix->lock);
	enabled = msix->enabled;
	pthread_mutex_unlock(&msix->lock);
	return enabled;
}

/**
 * msix_signal() - an interrupt of a device
 * @msix: the table
 * @vector: its vector; one that is not in the table is lost
 *
 * From any thread.
 */
void msix_signal(struct msix *msix, unsigned int vector)
{
	if (vector >= msix->vectors)
		return;
	pthread_mutex_lock(&msix->lock);
	deliver(msix, vector);
	pthread_mutex_unlock(&msix->lock);
}
