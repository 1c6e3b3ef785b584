// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest that drives a virtio device as it likes: the input is the device and a
 * program of stores to configuration space, registers, ports and rings. Whatever
 * it does, a reset makes the device good again.
 */
#include <linux/pci_regs.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>
#include <string.h>
#include <unistd.h>

#include "balloon_driver.h"
#include "blk_driver.h"
#include "driver.h"
#include "every_device.h"
#include "fuzz.h"

#define RINGS		0x100000ULL
#define STEPS_MAX	512

/* How often the device was seen in which state. */
static unsigned long ends[3];
static const char *const end_names[] = { "in use", "needs reset", "not in use" };

/* What is left of the input; 0 behind its end. */
struct input {
	const uint8_t *at;
	size_t left;
};

static uint64_t take(struct input *in, size_t bytes)
{
	uint64_t value = 0;

	if (bytes > in->left)
		bytes = in->left;
	memcpy(&value, in->at, bytes);
	in->at += bytes;
	in->left -= bytes;
	return value;
}

static unsigned int take_size(struct input *in)
{
	return 1U << take(in, 1) % 4;
}

static void do_config(struct input *in)
{
	uint32_t offset = (uint32_t)take(in, 1);
	unsigned int size = take_size(in);

	driver_config_write(offset, size, (uint32_t)take(in, 4));
	driver_config(offset, size);
}

static void do_registers(struct input *in)
{
	uint64_t offset = take(in, 2) % 0x4000;
	unsigned int size = take_size(in);

	driver_write(offset, size, take(in, size));
	driver_read(offset, size);
}

/* Common configuration alone: most of what matters is there. */
static void do_common(struct input *in)
{
	uint64_t offset = take(in, 1) % 64;
	unsigned int size = take_size(in);

	driver_write(offset, size, take(in, size));
	driver_read(offset, size);
}

static void do_port(struct input *in)
{
	uint16_t port = (uint16_t)(driver.port + take(in, 1));
	unsigned int size = 1U << take(in, 1) % 3;

	bus_write(&driver.ports, port, size, take(in, 2));
	bus_read(&driver.ports, port, size);
}

/* A descriptor somewhere in a table, its buffer near something that there is. */
static void do_descriptor(struct input *in)
{
	static const uint64_t near[] = {
		DRIVER_DATA, RINGS, BLK_HEADER, BLK_BUFFER, BLK_STATUS, 0x300000,
		0x400000 - 64, UINT64_MAX - 64, 0xE1000000, 0,
	};
	unsigned int queue = (unsigned int)take(in, 1) % 4;
	uint16_t index = (uint16_t)take(in, 1) % 16;
	uint64_t gpa = near[take(in, 1) % (sizeof(near) / sizeof(near[0]))] + take(in, 1);
	uint32_t bytes = (uint32_t)take(in, take(in, 1) % 5);
	uint16_t flags = (uint16_t)take(in, 1) % 8;
	uint16_t next = (uint16_t)take(in, 1) % 20;

	if (index & 8)
		driver_desc_at(0x300000, index & 7, gpa, bytes, flags, next);
	else
		driver_desc(queue, index, gpa, bytes, flags, next);
}

static void do_header(struct input *in)
{
	struct virtio_blk_outhdr header = {
		.type = (uint32_t)take(in, 1) % 16,
		.sector = take(in, take(in, 1) % 9),
	};

	memcpy(driver_memory(BLK_HEADER), &header, sizeof(header));
}

/* Page frames, near the ends of what there is. */
static void do_frames(struct input *in)
{
	static const uint32_t near[] = {
		0, BALLOON_FRAME, 0x100, 0x1FC, 0x200, 0x3FC, 0xE1000, 0xFEBFE, 0xFFFFC,
		UINT32_MAX - 3,
	};
	uint32_t frame[4];
	unsigned int i;

	for (i = 0; i < 4; i++)
		frame[i] = near[take(in, 1) % (sizeof(near) / sizeof(near[0]))] +
			   (uint32_t)take(in, 1) % 8;
	memcpy(driver_memory(DRIVER_DATA), frame, sizeof(frame));
}

static void do_submit(struct input *in)
{
	unsigned int queue = (unsigned int)take(in, 1) % 4;

	driver_submit(queue, (uint16_t)take(in, 1) % 10);
	driver_kick(queue);
}

static void do_index(struct input *in)
{
	unsigned int queue = (unsigned int)take(in, 1) % 4;

	driver_avail_index(queue, (uint16_t)take(in, 2));
	driver_kick(queue);
}

static void do_memory(struct input *in)
{
	uint64_t at = RINGS + take(in, 2);
	uint64_t value = take(in, 8);

	memcpy(driver_memory(at), &value, sizeof(value));
}

static void do_up(struct input *in)
{
	driver_up(take(in, 1) << 28 & (1ULL << VIRTIO_RING_F_INDIRECT_DESC |
				       1ULL << VIRTIO_RING_F_EVENT_IDX));
}

static void do_status(struct input *in)
{
	driver_set_status((uint8_t)take(in, 1));
}

/* One that is right, of the device at hand. */
static const struct driver_device *at_hand;

static void do_request(struct input *in)
{
	at_hand->request(at_hand->queue);
	driver_submit(at_hand->queue, (uint16_t)take(in, 1) % 2);
	driver_kick(at_hand->queue);
}

static void do_pump(struct input *in)
{
	struct balloon_stats stats;

	(void)in;
	if (at_hand->create == balloon_create)
		virtio_balloon_stats(driver.device, &stats);
	driver_pump();
}

static void (*const steps[])(struct input *in) = {
	do_config, do_registers, do_common, do_port, do_descriptor, do_descriptor,
	do_header, do_submit, do_submit, do_index, do_memory, do_up, do_status, do_pump,
	do_request, do_frames,
};

#define STEPS	(sizeof(steps) / sizeof(steps[0]))

static void count_end(void)
{
	uint8_t status = driver_status();

	ends[status & VIRTIO_CONFIG_S_NEEDS_RESET ? 1 : status == ALIVE ? 0 : 2]++;
}

/* As a driver that is loaded anew: BARs where they were, then a request. */
static void check_recovery(const struct driver_device *type, uint32_t bar, uint32_t port)
{
	unsigned int msix = driver_capability(PCI_CAP_ID_MSIX, 0);

	driver_config_write(PCI_BASE_ADDRESS_0, 4, bar);
	driver_config_write(PCI_BASE_ADDRESS_2, 4, port);
	driver_config_write(PCI_COMMAND, 2, PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
	driver_config_write(msix + PCI_MSIX_FLAGS, 2, PCI_MSIX_FLAGS_ENABLE);
	driver_up(0);
	must(driver_works(type));
	must(!balloon_seen.held);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input in = { data, bytes };
	uint8_t kind = (uint8_t)take(&in, 1);
	const struct driver_device *type = &every_device[kind % 32 % every_device_count];
	uint32_t bar;
	uint32_t port;
	unsigned int i;

	if (!blk_config.path)
		every_device_begin();
	driver.kernel_refuses = kind & 0x80;
	blk_config.read_only = kind & 0x40;
	at_hand = type;
	driver_attach(type);
	driver.size = DRIVER_SIZE;
	bar = driver_config(PCI_BASE_ADDRESS_0, 4);
	port = driver_config(PCI_BASE_ADDRESS_2, 4);
	for (i = 0; i < STEPS_MAX && in.left; i++)
		steps[take(&in, 1) % STEPS](&in);
	driver_pump();
	count_end();
	check_recovery(type, bar, port);
	driver_detach();
	return 0;
}

/* A driver that does all right, for each device: bring up, three requests. */
size_t fuzz_seed(unsigned int n, uint8_t *data, size_t max)
{
	static const uint8_t good[] = {
		11, 3,				/* up */
		6, 0, 0,			/* header: read sector 0 */
		15, 1, 0, 1, 1, 2, 0, 1, 0,	/* page frames */
		4, 0, 0, 2, 0, 1, 16, 1, 1,	/* descriptors 0, 1 and 2 */
		4, 0, 1, 3, 0, 2, 0, 2, 3, 2,
		4, 0, 2, 4, 0, 1, 1, 2, 0,
		7, 0, 0, 13,			/* submit, pump */
		7, 0, 0, 7, 0, 0, 13,
		3, 0, 1, 0, 0, 13,		/* a port */
		14, 0, 13, 14, 0, 14, 0, 13,	/* requests of its own */
		2, 20, 0, 0, 13,		/* reset */
	};

	if (n >= every_device_count * 2 || sizeof(good) + 1 > max)
		return 0;
	data[0] = (uint8_t)(n % every_device_count |
			    (n / every_device_count ? 0x80 : 0));
	memcpy(data + 1, good, sizeof(good));
	return sizeof(good) + 1;
}

void fuzz_report(char *text, size_t bytes)
{
	snprintf(text, bytes, "devices at the end: %lu %s, %lu %s, %lu %s", ends[0],
		 end_names[0], ends[1], end_names[1], ends[2], end_names[2]);
	every_device_end();
}
