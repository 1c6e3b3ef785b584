// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rings that no driver may make: every queue of every device goes through every
 * row of malformed.c and of impossible[]. Such a ring sets DEVICE_NEEDS_RESET, with an
 * interrupt, and nothing but a reset helps.
 */
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>
#include <stddef.h>

#include "compiler.h"
#include "driver.h"
#include "every_device.h"
#include "malformed.h"
#include "paging.h"
#include "tap.h"

/* Interrupts for the configuration; answers have another, which may come late. */
static unsigned int told(void)
{
	unsigned int count = 0;
	unsigned int i;

	for (i = 0; i < driver.message_count; i++)
		count += driver.messages[i] == 0x40;
	return count;
}

/* A driver that breaks the rules is told so once, and the queue is dead. */
static bool fails_once(const struct driver_device *type, uint16_t used)
{
	bool good = driver_wait_used(type->queue, used) &&
		    driver_status() == (ALIVE | NEEDS_RESET) &&
		    driver.device->error;

	driver.message_count = 0;
	type->request(type->queue);
	driver_submit(type->queue, 0);
	driver_kick(type->queue);
	driver_pump();
	return good && driver_used(type->queue) == used && !told();
}

static bool is_well_after_reset(const struct driver_device *type, uint64_t features)
{
	bool good;

	driver_set_status(0);
	driver_pump();
	good = driver_status() == 0;
	driver_up(features);
	return driver_works(type) && good;
}

/* Of malformed[@row]. */
static bool suffers(const struct driver_device *type, size_t row)
{
	unsigned int answered = type->fate == ANSWERED ? malformed[row].good : 0;
	uint16_t used = driver_used(type->queue);

	driver.message_count = 0;
	type->request(type->queue);
	malformed[row].make(type->queue);
	driver_kick(type->queue);
	if (type->fate == UNSEEN && malformed[row].good)
		return driver_wait_used(type->queue, used) && driver_status() == ALIVE;
	if (!driver_wait_used(type->queue, (uint16_t)(used + answered)))
		return false;
	return told() == 1 && fails_once(type, (uint16_t)(used + answered));
}

static void test_malformed(const struct driver_device *type)
{
	size_t i;

	for (i = 0; i < malformed_count; i++) {
		bool good;

		driver_attach(type);
		driver_up(malformed[i].features);
		good = driver_works(type) && suffers(type, i);
		ok(is_well_after_reset(type, malformed[i].features) && good, "%s: %s",
		   type->name, malformed[i].name);
		driver_detach();
	}
}

/* Rings that can't be: what the registers of a queue are set to. */
static const struct {
	const char *name;
	uint16_t offset;
	uint64_t value;
} impossible[] = {
	{ "no descriptors", VIRTIO_PCI_COMMON_Q_SIZE, 0 },
	{ "a size that is no power of 2", VIRTIO_PCI_COMMON_Q_SIZE, 7 },
	{ "too many descriptors", VIRTIO_PCI_COMMON_Q_SIZE, 512 },
	{ "32768 descriptors", VIRTIO_PCI_COMMON_Q_SIZE, 32768 },
	{ "a descriptor table that is not aligned", VIRTIO_PCI_COMMON_Q_DESCLO, 0x100008 },
	{ "a descriptor table outside memory", VIRTIO_PCI_COMMON_Q_DESCLO, 0xC0000000 },
	{ "a descriptor table across the end of memory", VIRTIO_PCI_COMMON_Q_DESCLO, TEST_MEMORY - 16 },
	{ "a descriptor table around the end of addresses", VIRTIO_PCI_COMMON_Q_DESCLO, UINT64_MAX - 15 },
	{ "an available ring that is not aligned", VIRTIO_PCI_COMMON_Q_AVAILLO, 0x101001 },
	{ "an available ring outside memory", VIRTIO_PCI_COMMON_Q_AVAILLO, TEST_MEMORY - 4 },
	{ "a used ring that is not aligned", VIRTIO_PCI_COMMON_Q_USEDLO, 0x102002 },
	{ "a used ring outside memory", VIRTIO_PCI_COMMON_Q_USEDLO, TEST_MEMORY - 8 },
};

static void test_impossible(const struct driver_device *type)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(impossible); i++) {
		uint16_t offset = impossible[i].offset;
		uint64_t value = impossible[i].value;
		bool good;

		driver_attach(type);
		driver_negotiate(0);
		driver_enable(type->queue, DRIVER_SIZE);
		driver.device->queue[type->queue].enabled = false;
		if (offset == VIRTIO_PCI_COMMON_Q_SIZE) {
			driver_write(offset, 2, value);
		} else {
			driver_write(offset, 4, (uint32_t)value);
			driver_write(offset + 4U, 4, value >> 32);
		}
		driver_write(VIRTIO_PCI_COMMON_Q_ENABLE, 2, 1);
		driver.message_count = 0;
		driver_ok();
		good = driver_status() == (ALIVE | NEEDS_RESET) &&
		       driver.message_count == 1;
		driver_kick(type->queue);
		driver_pump();
		driver_up(0);
		ok(good && driver_works(type), "%s: %s", type->name, impossible[i].name);
		driver_detach();
	}
}

static bool is_untouched(void)
{
	const uint8_t *data = driver_memory(DRIVER_DATA);

	return data[0] == 0xEE && !memcmp(data, data + 1, 4095);
}

/* Requests, and in each second round a ring that is malformed: each row of them. */
static void test_reset_in_flight(const struct driver_device *type)
{
	unsigned int rounds = 4 * (unsigned int)malformed_count;
	unsigned int good = 0;
	unsigned int i;

	driver_attach(type);
	for (i = 0; i < rounds; i++) {
		size_t row = i / 4;

		driver_up(malformed[row].features | (i & 1 ? EVENT_IDX : 0));
		type->request(type->queue);
		driver_submit(type->queue, 0);
		driver_submit(type->queue, 0);
		driver_kick(type->queue);
		if (i & 2)
			virtio_worker_step(driver.device, 0);
		if (i & 1)
			malformed[row].make(type->queue);
		driver_kick(type->queue);
		driver_set_status(0);
		driver_pump();
		/* What the device had is the driver's again. */
		memset(driver_memory(DRIVER_DATA), 0xEE, 4096);
		driver_pump();
		good += driver_status() == 0 && is_untouched();
	}
	driver_up(0);
	ok(good == rounds && driver_works(type), "%s: %u resets with requests in flight",
	   type->name, rounds);
	type->request(type->queue);
	driver_submit(type->queue, 0);
	driver_kick(type->queue);
	driver_detach();
	ok(true, "%s: destroyed with a request in flight", type->name);
}

/* The ring is full each time. */
static void test_wrap(const struct driver_device *type)
{
	unsigned int count = 70000 / DRIVER_SIZE;
	unsigned int i, j;

	if (type->fate != ANSWERED)
		return;
	driver_attach(type);
	driver_up(EVENT_IDX);
	for (i = 0; i < count; i++) {
		uint16_t used = driver_used(type->queue);

		type->request(type->queue);
		for (j = 0; j < DRIVER_SIZE; j++)
			driver_submit(type->queue, 0);
		driver_kick(type->queue);
		if (!driver_wait_used(type->queue, (uint16_t)(used + DRIVER_SIZE)))
			break;
	}
	ok(i == count && driver_status() == ALIVE,
	   "%s: indices wrap around: %u requests", type->name, i * DRIVER_SIZE);
	driver_detach();
}

int main(void)
{
	unsigned int i;

	every_device_begin();
	for (i = 0; i < every_device_count; i++) {
		test_malformed(&every_device[i]);
		test_impossible(&every_device[i]);
		test_reset_in_flight(&every_device[i]);
		test_wrap(&every_device[i]);
	}
	every_device_end();
	return tap_done();
}
