// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSI-X. A signal adds to the vector's eventfd. While the vector is masked, by
 * its own bit or that of the function, the count stands there as its pending
 * bit; unmasked, the eventfd is bound to the message and the kernel delivers. A
 * message that can't be bound is sent by us. While MSI-X is off there are
 * neither messages nor pending bits.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

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
	return !msix->enabled || msix->masked ||
	       (msix->entry[vector].control & PCI_MSIX_ENTRY_CTRL_MASKBIT);
}

static void put_count(int event)
{
	uint64_t one = 1;

	/* A counter that is full says what there is to say. */
	if (write(event, &one, sizeof(one)) < 0)
		return;
}

static bool take_count(int event)
{
	uint64_t count;

	return read(event, &count, sizeof(count)) == sizeof(count);
}

static void unbind(struct msix *msix, struct msix_vector *v)
{
	if (v->bound)
		msix->wires.unbind(msix->wires.ctx, v->event);
	v->bound = false;
}

static void bind_vector(struct msix *msix, struct msix_vector *v,
			uint64_t address, uint32_t data)
{
	if (v->bound && v->address == address && v->data == data)
		return;
	if (msix->wires.bind(msix->wires.ctx, v->event, address, data)) {
		unbind(msix, v);
		return;
	}
	v->bound = true;
	v->address = address;
	v->data = data;
}

/* With the lock, after whatever the guest wrote. */
static void update(struct msix *msix, unsigned int vector)
{
	const struct msix_entry *entry = &msix->entry[vector];
	uint64_t address = (uint64_t)entry->address_high << 32 |
			   entry->address_low;
	struct msix_vector *v = &msix->vector[vector];

	if (is_masked(msix, vector)) {
		unbind(msix, v);
		return;
	}
	bind_vector(msix, v, address, entry->data);
	if (!v->bound && take_count(v->event))
		msix->wires.send(msix->wires.ctx, address, entry->data);
}

static void close_events(struct msix *msix)
{
	unsigned int i;

	for (i = 0; i < msix->vectors; i++) {
		if (msix->vector[i].event >= 0)
			close(msix->vector[i].event);
	}
}

/**
 * msix_init() - the table as after power on
 * @msix: filled
 * @vectors: 1 to MSIX_VECTORS_MAX
 * @wires: how messages go out, copied
 *
 * Return: 0, or -1 with errno and nothing to undo
 */
int msix_init(struct msix *msix, unsigned int vectors,
	      const struct msix_wires *wires)
{
	unsigned int i;
	int error = 0;

	memset(msix, 0, sizeof(*msix));
	msix->wires = *wires;
	msix->vectors = vectors;
	for (i = 0; i < vectors; i++) {
		msix->vector[i].event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (msix->vector[i].event < 0)
			error = errno;
	}
	if (error) {
		close_events(msix);
		errno = error;
		return -1;
	}
	pthread_mutex_init(&msix->lock, NULL);
	msix_reset(msix);
	return 0;
}

/**
 * msix_reset() - the table as after power on: off, every vector masked
 * @msix: the table; its capability says that it is off
 */
void msix_reset(struct msix *msix)
{
	unsigned int i;

	pthread_mutex_lock(&msix->lock);
	msix->enabled = false;
	msix->masked = false;
	memset(msix->entry, 0, sizeof(msix->entry));
	for (i = 0; i < MSIX_VECTORS_MAX; i++)
		msix->entry[i].control = PCI_MSIX_ENTRY_CTRL_MASKBIT;
	for (i = 0; i < msix->vectors; i++) {
		unbind(msix, &msix->vector[i]);
		take_count(msix->vector[i].event);
	}
	pthread_mutex_unlock(&msix->lock);
}

/**
 * msix_destroy() - undo msix_init()
 * @msix: the table
 */
void msix_destroy(struct msix *msix)
{
	unsigned int i;

	for (i = 0; i < msix->vectors; i++)
		unbind(msix, &msix->vector[i]);
	close_events(msix);
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
	unsigned int i;
	bool enabled;

	memcpy(&flags, function->config + msix->capability + PCI_MSIX_FLAGS,
	       sizeof(flags));
	pthread_mutex_lock(&msix->lock);
	enabled = flags & PCI_MSIX_FLAGS_ENABLE;
	for (i = 0; i < msix->vectors && enabled && !msix->enabled; i++)
		take_count(msix->vector[i].event);
	msix->enabled = enabled;
	msix->masked = flags & PCI_MSIX_FLAGS_MASKALL;
	for (i = 0; i < msix->vectors; i++)
		update(msix, i);
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
	update(msix, vector);
	pthread_mutex_unlock(&msix->lock);
}

/* With the lock. */
static bool is_pending(const struct msix *msix, unsigned int vector)
{
	const struct msix_vector *v = &msix->vector[vector];
	struct pollfd wait = { .fd = v->event, .events = POLLIN };

	return msix->enabled && vector < msix->vectors && !v->bound &&
	       poll(&wait, 1, 0) == 1;
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
	unsigned int i;

	if ((size != 4 && size != 8) || (offset & (size - 1)) ||
	    offset >= MSIX_PENDING_BYTES)
		return UINT64_MAX;
	pthread_mutex_lock(&msix->lock);
	for (i = 0; i < 8 * size; i++)
		value |= (uint64_t)is_pending(msix, 8 * (unsigned int)offset + i) << i;
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
	const struct msix_entry *entry;

	if (vector >= msix->vectors)
		return;
	pthread_mutex_lock(&msix->lock);
	entry = &msix->entry[vector];
	if (msix->vector[vector].bound ||
	    (msix->enabled && is_masked(msix, vector)))
		put_count(msix->vector[vector].event);
	else if (msix->enabled)
		msix->wires.send(msix->wires.ctx,
				 (uint64_t)entry->address_high << 32 |
				 entry->address_low, entry->data);
	pthread_mutex_unlock(&msix->lock);
}

/**
 * msix_event() - the eventfd of a vector, for those who signal without us
 * @msix: the table
 * @vector: the vector
 *
 * Return: the eventfd, the table's own, a signal of which is what msix_signal()
 * is; -1 if the vector is masked or there is none, or the kernel does not deliver
 * its message
 */
int msix_event(struct msix *msix, unsigned int vector)
{
	int event = -1;

	pthread_mutex_lock(&msix->lock);
	if (vector < msix->vectors && msix->vector[vector].bound)
		event = msix->vector[vector].event;
	pthread_mutex_unlock(&msix->lock);
	return event;
}
