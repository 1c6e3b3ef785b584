/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bus: which device answers to an address. One for ports and one for
 * memory-mapped I/O. Filled before the first vCPU runs, never changed after,
 * hence without a lock.
 */
#ifndef HVMOD_VMM_BUS_H
#define HVMOD_VMM_BUS_H

#include <stdint.h>

#define BUS_DEVICES_MAX	16

/**
 * struct bus_device - who answers
 * @first: first address
 * @last: last address
 * @read: gives the value of @size bytes at @first + @offset; the bus cuts it
 * @write: takes a value, already cut to @size bytes
 * @ctx: first argument of both
 * @width: the one size of access that it takes, or 0 for every size
 */
struct bus_device {
	uint64_t first;
	uint64_t last;
	uint64_t (*read)(void *ctx, uint64_t offset, unsigned int size);
	void (*write)(void *ctx, uint64_t offset, unsigned int size,
		      uint64_t value);
	void *ctx;
	unsigned int width;
};

/**
 * struct bus - devices in no order
 * @device: the devices; no access has two that answer
 * @devices: how many
 */
struct bus {
	struct bus_device device[BUS_DEVICES_MAX];
	unsigned int devices;
};

int bus_add(struct bus *bus, const struct bus_device *device);
uint64_t bus_read(const struct bus *bus, uint64_t address, unsigned int size);
void bus_write(const struct bus *bus, uint64_t address, unsigned int size,
	       uint64_t value);

/**
 * bus_mask() - all ones in @size bytes
 * @size: 1, 2, 4 or 8
 *
 * Return: the mask
 */
static inline uint64_t bus_mask(unsigned int size)
{
	return size >= 8 ? UINT64_MAX : (1ULL << (8 * size)) - 1;
}

#endif
