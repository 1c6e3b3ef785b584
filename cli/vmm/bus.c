// SPDX-License-Identifier: GPL-2.0-only
/* A bus: dispatch of one access to the device that answers. */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "bus.h"

/* PCI's address port and the reset control register share 0xCF9. */
static bool same_access(const struct bus_device *a, const struct bus_device *b)
{
	return a->first <= b->last && a->last >= b->first &&
	       (!a->width || !b->width || a->width == b->width);
}

/**
 * bus_add() - give a device its addresses
 * @bus: the bus
 * @device: the device, copied
 *
 * Return: 0; -EINVAL: last before first; -EEXIST: overlaps another; -ENOSPC:
 * no place
 */
int bus_add(struct bus *bus, const struct bus_device *device)
{
	unsigned int i;

	if (device->last < device->first)
		return -EINVAL;
	for (i = 0; i < bus->devices; i++) {
		if (same_access(device, &bus->device[i]))
			return -EEXIST;
	}
	if (bus->devices == BUS_DEVICES_MAX)
		return -ENOSPC;
	bus->device[bus->devices++] = *device;
	return 0;
}

/*
 * An access that is not wholly inside one device belongs to nobody: cutting a
 * 4-byte write at 0xCF8, the PCI address port, into bytes would hit the reset
 * control register at 0xCF9.
 */
static const struct bus_device *bus_find(const struct bus *bus,
					 uint64_t address, unsigned int size)
{
	unsigned int i;

	for (i = 0; i < bus->devices; i++) {
		const struct bus_device *device = &bus->device[i];

		if (address >= device->first && address <= device->last &&
		    size - 1 <= device->last - address &&
		    (!device->width || size == device->width))
			return device;
	}
	return NULL;
}

/**
 * bus_read() - load from the bus
 * @bus: the bus
 * @address: where
 * @size: 1, 2, 4 or 8 bytes
 *
 * Return: the value, zero-extended; all ones if nobody answers
 */
uint64_t bus_read(const struct bus *bus, uint64_t address, unsigned int size)
{
	const struct bus_device *device = bus_find(bus, address, size);
	uint64_t value = UINT64_MAX;

	if (device)
		value = device->read(device->ctx, address - device->first, size);
	return value & bus_mask(size);
}

/**
 * bus_write() - store to the bus; lost if nobody answers
 * @bus: the bus
 * @address: where
 * @size: 1, 2, 4 or 8 bytes
 * @value: what
 */
void bus_write(const struct bus *bus, uint64_t address, unsigned int size,
	       uint64_t value)
{
	const struct bus_device *device = bus_find(bus, address, size);

	if (device)
		device->write(device->ctx, address - device->first, size,
			      value & bus_mask(size));
}
