// SPDX-License-Identifier: GPL-2.0-only
/*
 * What every virtio device shares: the transport's registers, the life of a
 * device, interrupts; and a suite of rings that no driver may make, which each
 * row of devices[] goes through.
 */
#include <linux/pci_regs.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>
#include <stddef.h>

#include "compiler.h"
#include "blk_driver.h"
#include "driver.h"
#include "layout.h"
#include "net_driver.h"
#include "paging.h"
#include "small_driver.h"
#include "tap.h"
#include "virtio_rng.h"

#define BIT(n)		(1ULL << (n))
#define INDIRECT	BIT(VIRTIO_RING_F_INDIRECT_DESC)
#define EVENT_IDX	BIT(VIRTIO_RING_F_EVENT_IDX)
#define TABLE		0x300000ULL	/* an indirect table */
#define ALIVE		(VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | \
			 VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK)
#define NEEDS_RESET	VIRTIO_CONFIG_S_NEEDS_RESET
#define PORT(queue)	((uint16_t)(driver.port + 4 * (queue)))

static void rng_request(unsigned int queue)
{
	driver_desc(queue, 0, DRIVER_DATA, 64, F_WRITE, 0);
}

static const struct driver_device devices[] = {
	{ "rng", virtio_rng_create, 0, rng_request },
	{ "blk", blk_create, 1, blk_request },
	{ "net, received", net_endless_create, 0, net_rx_request },
	{ "net, sent", net_endless_create, 1, net_tx_request },
	{ "console, read", small_console_create, 0, small_read_request },
	{ "console, written", small_console_create, 1, small_write_request },
};

/* A request that is answered: the device is well. */
static bool works(const struct driver_device *type)
{
	uint16_t before = driver_used(type->queue);

	type->request(type->queue);
	driver_submit(type->queue, 0);
	driver_kick(type->queue);
	return driver_wait_used(type->queue, (uint16_t)(before + 1)) &&
	       driver_status() == ALIVE;
}

/* What a driver must not do. Each leaves something to be found in a queue. */
static void bad_head(unsigned int q)
{
	driver_submit(q, DRIVER_SIZE);
}

static void bad_head_large(unsigned int q)
{
	driver_submit(q, 0xFFFF);
}

static void bad_loop_of_one(unsigned int q)
{
	driver_desc(q, 0, DRIVER_DATA, 16, F_NEXT, 0);
	driver_submit(q, 0);
}

static void bad_loop_of_two(unsigned int q)
{
	driver_desc(q, 0, DRIVER_DATA, 16, F_NEXT | F_WRITE, 1);
	driver_desc(q, 1, DRIVER_DATA, 16, F_NEXT | F_WRITE, 0);
	driver_submit(q, 0);
}

static void bad_next(unsigned int q)
{
	driver_desc(q, 0, DRIVER_DATA, 16, F_NEXT | F_WRITE, DRIVER_SIZE);
	driver_submit(q, 0);
}

static void bad_next_large(unsigned int q)
{
	driver_desc(q, 0, DRIVER_DATA, 16, F_NEXT | F_WRITE, 0xFFFF);
	driver_submit(q, 0);
}

static void bad_address(unsigned int q)
{
	driver_desc(q, 0, 0xC0000000, 16, F_WRITE, 0);
	driver_submit(q, 0);
}

static void bad_address_wraps(unsigned int q)
{
	driver_desc(q, 0, UINT64_MAX - 7, 16, F_WRITE, 0);
	driver_submit(q, 0);
}

static void bad_address_device(unsigned int q)
{
	driver_desc(q, 0, PCI_MEMORY, 16, F_WRITE, 0);
	driver_submit(q, 0);
}

static void bad_end(unsigned int q)
{
	driver_desc(q, 0, TEST_MEMORY - 8, 16, F_WRITE, 0);
	driver_submit(q, 0);
}

static void bad_huge(unsigned int q)
{
	driver_desc(q, 0, 0, UINT32_MAX, F_WRITE, 0);
	driver_submit(q, 0);
}

static void bad_empty(unsigned int q)
{
	driver_desc(q, 0, DRIVER_DATA, 0, F_WRITE, 0);
	driver_submit(q, 0);
}

static void bad_empty_in_chain(unsigned int q)
{
	driver_desc(q, 0, DRIVER_DATA, 16, F_NEXT, 1);
	driver_desc(q, 1, DRIVER_DATA, 0, F_NEXT, 2);
	driver_desc(q, 2, DRIVER_DATA, 16, F_WRITE, 0);
	driver_submit(q, 0);
}

static void bad_order(unsigned int q)
{
	driver_desc(q, 0, DRIVER_DATA, 16, F_NEXT | F_WRITE, 1);
	driver_desc(q, 1, DRIVER_DATA, 16, 0, 0);
	driver_submit(q, 0);
}

static void bad_jump(unsigned int q)
{
	driver_avail_index(q, (uint16_t)(driver.avail[q] + DRIVER_SIZE + 1));
}

static void bad_jump_half(unsigned int q)
{
	driver_avail_index(q, (uint16_t)(driver.avail[q] + 0x8000));
}

static void bad_jump_back(unsigned int q)
{
	driver_avail_index(q, (uint16_t)(driver.avail[q] - 1));
}

static void bad_indirect(unsigned int q)
{
	driver_desc_at(TABLE, 0, DRIVER_DATA, 16, F_WRITE, 0);
	driver_desc(q, 0, TABLE, 16, F_INDIRECT, 0);
	driver_submit(q, 0);
}

static void bad_indirect_twice(unsigned int q)
{
	driver_desc_at(TABLE, 0, TABLE, 16, F_INDIRECT, 0);
	driver_desc(q, 0, TABLE, 16, F_INDIRECT, 0);
	driver_submit(q, 0);
}

static void bad_indirect_next(unsigned int q)
{
	driver_desc_at(TABLE, 0, DRIVER_DATA, 16, F_WRITE, 0);
	driver_desc(q, 0, TABLE, 16, F_INDIRECT | F_NEXT, 1);
	driver_desc(q, 1, DRIVER_DATA, 16, F_WRITE, 0);
	driver_submit(q, 0);
}

static void bad_indirect_length(unsigned int q)
{
	driver_desc(q, 0, TABLE, 24, F_INDIRECT, 0);
	driver_submit(q, 0);
}

static void bad_indirect_empty(unsigned int q)
{
	driver_desc(q, 0, TABLE, 0, F_INDIRECT, 0);
	driver_submit(q, 0);
}

static void bad_indirect_long(unsigned int q)
{
	driver_desc(q, 0, TABLE, 16 * (DRIVER_SIZE + 1), F_INDIRECT, 0);
	driver_submit(q, 0);
}

static void bad_indirect_huge(unsigned int q)
{
	driver_desc(q, 0, TABLE, 0xFFFFFFF0, F_INDIRECT, 0);
	driver_submit(q, 0);
}

static void bad_indirect_address(unsigned int q)
{
	driver_desc(q, 0, TEST_MEMORY - 16, 32, F_INDIRECT, 0);
	driver_submit(q, 0);
}

static void bad_indirect_outside(unsigned int q)
{
	driver_desc_at(TABLE, 0, DRIVER_DATA, 16, F_NEXT | F_WRITE, 2);
	driver_desc_at(TABLE, 2, DRIVER_DATA, 16, F_WRITE, 0);
	driver_desc(q, 0, TABLE, 32, F_INDIRECT, 0);
	driver_submit(q, 0);
}

static void bad_indirect_loop(unsigned int q)
{
	driver_desc_at(TABLE, 0, DRIVER_DATA, 16, F_NEXT | F_WRITE, 0);
	driver_desc(q, 0, TABLE, 16, F_INDIRECT, 0);
	driver_submit(q, 0);
}

static void bad_long(unsigned int q)
{
	uint16_t i;

	for (i = 0; i < DRIVER_SIZE - 1; i++) {
		driver_desc(q, i, DRIVER_DATA, 16, F_NEXT | F_WRITE,
			    (uint16_t)(i + 1));
		driver_desc_at(TABLE, i, DRIVER_DATA, 16, F_NEXT | F_WRITE,
			       (uint16_t)(i + 1));
	}
	driver_desc_at(TABLE, DRIVER_SIZE - 1, DRIVER_DATA, 16, F_WRITE, 0);
	driver_desc(q, DRIVER_SIZE - 1, TABLE, 16 * DRIVER_SIZE, F_INDIRECT, 0);
	driver_submit(q, 0);
}

static const struct {
	const char *name;
	uint64_t features;
	void (*make)(unsigned int queue);
} malformed[] = {
	{ "a head just outside the table", 0, bad_head },
	{ "a head far outside the table", 0, bad_head_large },
	{ "a descriptor that is its own next", 0, bad_loop_of_one },
	{ "two that are each other's next", 0, bad_loop_of_two },
	{ "a next just outside the table", 0, bad_next },
	{ "a next far outside the table", 0, bad_next_large },
	{ "a buffer outside memory", 0, bad_address },
	{ "a buffer around the end of addresses", 0, bad_address_wraps },
	{ "a buffer in a device", 0, bad_address_device },
	{ "a buffer across the end of memory", 0, bad_end },
	{ "a huge buffer", 0, bad_huge },
	{ "an empty buffer", 0, bad_empty },
	{ "an empty buffer in a chain", 0, bad_empty_in_chain },
	{ "a buffer to write before one to read", 0, bad_order },
	{ "an index that jumps by the ring and one", 0, bad_jump },
	{ "an index that jumps by half of all", EVENT_IDX, bad_jump_half },
	{ "an index that goes back", 0, bad_jump_back },
	{ "an indirect table that was not negotiated", 0, bad_indirect },
	{ "an indirect table in an indirect table", INDIRECT, bad_indirect_twice },
	{ "a chain that goes on behind an indirect table", INDIRECT, bad_indirect_next },
	{ "an indirect table of one and a half", INDIRECT, bad_indirect_length },
	{ "an empty indirect table", INDIRECT, bad_indirect_empty },
	{ "an indirect table longer than the queue", INDIRECT, bad_indirect_long },
	{ "a huge indirect table", INDIRECT, bad_indirect_huge },
	{ "an indirect table across the end of memory", INDIRECT, bad_indirect_address },
	{ "a next outside an indirect table", INDIRECT, bad_indirect_outside },
	{ "a loop in an indirect table", INDIRECT, bad_indirect_loop },
	{ "a chain longer than the queue", INDIRECT, bad_long },
};

static void test_malformed(const struct driver_device *type)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(malformed); i++) {
		uint16_t used;
		bool good;

		driver_attach(type);
		driver_up(malformed[i].features);
		good = works(type);
		used = driver_used(type->queue);
		driver.message_count = 0;
		malformed[i].make(type->queue);
		driver_kick(type->queue);
		driver_pump();
		good = good && driver_status() == (ALIVE | NEEDS_RESET) &&
		       driver_used(type->queue) == used &&
		       driver.message_count == 1 && driver.messages[0] == 0x40 &&
		       driver.device->error;
		/* It is dead to more of it, and well after a reset. */
		type->request(type->queue);
		driver_submit(type->queue, 0);
		driver_kick(type->queue);
		driver_pump();
		good = good && driver_used(type->queue) == used;
		driver_set_status(0);
		driver_pump();
		good = good && driver_status() == 0;
		driver_up(malformed[i].features);
		ok(good && works(type), "%s: %s", type->name, malformed[i].name);
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
		ok(good && works(type), "%s: %s", type->name, impossible[i].name);
		driver_detach();
	}
}

static void test_life(const struct driver_device *type)
{
	unsigned int i;
	uint64_t offered;

	driver_attach(type);
	ok(driver_status() == 0 && driver_read(VIRTIO_PCI_COMMON_NUMQ, 2) ==
	   driver.device->shape.queues, "%s: reset", type->name);
	driver_write(VIRTIO_PCI_COMMON_DFSELECT, 4, 1);
	offered = driver_read(VIRTIO_PCI_COMMON_DF, 4) << 32;
	driver_write(VIRTIO_PCI_COMMON_DFSELECT, 4, 2);
	ok(offered & BIT(VIRTIO_F_VERSION_1) && driver_read(VIRTIO_PCI_COMMON_DF, 4) == 0,
	   "%s: version 1, and no bits above 63", type->name);
	driver_negotiate(BIT(63));
	ok(!(driver_status() & VIRTIO_CONFIG_S_FEATURES_OK),
	   "%s: a feature that is not offered is refused", type->name);
	driver_set_status(driver_status() | VIRTIO_CONFIG_S_DRIVER_OK);
	driver_pump();
	ok(driver_status() & NEEDS_RESET, "%s: and to go on is an error", type->name);
	driver_set_status(0);
	driver_pump();
	driver_set_status(VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER |
			  VIRTIO_CONFIG_S_FEATURES_OK);
	ok(driver_status() == (VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER),
	   "%s: a driver without version 1 is refused", type->name);
	driver_negotiate(0);
	driver_write(VIRTIO_PCI_COMMON_GFSELECT, 4, 0);
	driver_write(VIRTIO_PCI_COMMON_GF, 4, 0xFFFFFFFF);
	ok(driver_read(VIRTIO_PCI_COMMON_GF, 4) == 0, "%s: features are settled", type->name);
	for (i = 0; i < driver.device->shape.queues; i++)
		driver_enable(i, DRIVER_SIZE);
	driver_kick(type->queue);
	driver_pump();
	type->request(type->queue);
	driver_submit(type->queue, 0);
	ok(!driver_used(type->queue), "%s: nothing happens before DRIVER_OK", type->name);
	driver_ok();
	ok(driver_wait_used(type->queue, 1), "%s: what waits then is answered without a kick", type->name);
	ok(works(type), "%s: a request", type->name);
	driver_write(VIRTIO_PCI_COMMON_Q_SELECT, 2, type->queue);
	driver_write(VIRTIO_PCI_COMMON_Q_ENABLE, 2, 0);
	driver_write(VIRTIO_PCI_COMMON_Q_SIZE, 2, 2);
	driver_write(VIRTIO_PCI_COMMON_Q_DESCLO, 8, 0);
	ok(driver_read(VIRTIO_PCI_COMMON_Q_ENABLE, 2) == 1 &&
	   driver_read(VIRTIO_PCI_COMMON_Q_SIZE, 2) == DRIVER_SIZE && works(type),
	   "%s: a queue in use does not change", type->name);
	driver_set_status(0);
	ok(driver_status() == ALIVE, "%s: a reset is not done in the vCPU's thread", type->name);
	driver_set_status(VIRTIO_CONFIG_S_ACKNOWLEDGE);
	driver_pump();
	ok(driver_status() == 0 && driver_read(VIRTIO_PCI_COMMON_Q_ENABLE, 2) == 0,
	   "%s: but some time", type->name);
	driver_kick(type->queue);
	driver_pump();
	driver_up(INDIRECT | EVENT_IDX);
	ok(works(type), "%s: and it can be used again", type->name);
	driver_detach();
}

static void test_reset_in_flight(const struct driver_device *type)
{
	unsigned int good = 0;
	unsigned int i;

	driver_attach(type);
	for (i = 0; i < 200; i++) {
		driver_up(i & 1 ? EVENT_IDX : 0);
		type->request(type->queue);
		driver_submit(type->queue, 0);
		driver_submit(type->queue, 0);
		driver_kick(type->queue);
		if (i & 2)
			virtio_worker_step(driver.device, 0);
		driver_set_status(0);
		driver_pump();
		/* What the device had is the driver's again. */
		memset(driver_memory(DRIVER_DATA), 0xEE, 4096);
		driver_pump();
		good += driver_status() == 0;
	}
	driver_up(0);
	ok(good == 200 && works(type), "%s: 200 resets with requests in flight", type->name);
	type->request(type->queue);
	driver_submit(type->queue, 0);
	driver_kick(type->queue);
	driver_detach();
	ok(true, "%s: destroyed with a request in flight", type->name);
}

static void test_wrap(const struct driver_device *type)
{
	unsigned int good = 0;
	unsigned int i;

	driver_attach(type);
	driver_up(EVENT_IDX);
	for (i = 0; i < 70000 && good == i; i++)
		good += works(type);
	ok(good == 70000, "%s: indices wrap around: %u requests", type->name, good);
	driver_detach();
}

static void test_registers(void)
{
	unsigned int at;

	driver_attach(&devices[0]);
	ok(driver_config(0, 4) == 0x10441AF4 && driver_config(8, 1) == 1, "ids of a modern device");
	ok(driver_capability(PCI_CAP_ID_VNDR, VIRTIO_PCI_CAP_COMMON_CFG) &&
	   driver_capability(PCI_CAP_ID_VNDR, VIRTIO_PCI_CAP_ISR_CFG) &&
	   driver_capability(PCI_CAP_ID_VNDR, VIRTIO_PCI_CAP_PCI_CFG), "capabilities");
	at = driver_capability(PCI_CAP_ID_VNDR, VIRTIO_PCI_CAP_NOTIFY_CFG);
	ok(driver_config(at + 4, 1) == 2 && driver_config(at + 16, 4) == 4 && driver_config(at + 2, 1) == 20,
	   "notification by ports");
	driver_write(VIRTIO_PCI_COMMON_Q_SELECT, 2, 1);
	ok(driver_read(VIRTIO_PCI_COMMON_Q_SIZE, 2) == 0, "a queue that there is not has size 0");
	driver_write(VIRTIO_PCI_COMMON_Q_ENABLE, 2, 1);
	driver_write(VIRTIO_PCI_COMMON_Q_SELECT, 2, 0xFFFF);
	driver_write(VIRTIO_PCI_COMMON_Q_ENABLE, 2, 1);
	driver_write(VIRTIO_PCI_COMMON_Q_SELECT, 2, 0);
	driver_write(VIRTIO_PCI_COMMON_Q_MSIX, 2, 2);
	ok(driver_read(VIRTIO_PCI_COMMON_Q_MSIX, 2) == VIRTIO_MSI_NO_VECTOR, "a vector that there is not");
	driver_write(VIRTIO_PCI_COMMON_Q_MSIX, 2, 1);
	ok(driver_read(VIRTIO_PCI_COMMON_Q_MSIX, 2) == 1, "and one that there is");
	driver_write(VIRTIO_PCI_COMMON_Q_DESCLO, 8, 0x1122334455667788ULL);
	ok(driver_read(VIRTIO_PCI_COMMON_Q_DESCLO, 8) == 0x1122334455667788ULL &&
	   driver_read(VIRTIO_PCI_COMMON_Q_DESCHI, 4) == 0x11223344, "an address in one or two stores");
	ok(driver_read(VIRTIO_PCI_COMMON_STATUS, 4) == 0 && driver_read(1, 4) == 0 &&
	   driver_read(0x700, 4) == 0, "accesses of another width read 0");
	driver_write(VIRTIO_PCI_COMMON_STATUS, 2, 1);
	ok(driver_status() == 0, "and do nothing");

	/* BAR 0, offset of the status, one byte. */
	at = driver_capability(PCI_CAP_ID_VNDR, VIRTIO_PCI_CAP_PCI_CFG);
	driver_config_write(at + 4, 1, 0);
	driver_config_write(at + 8, 4, VIRTIO_PCI_COMMON_STATUS);
	driver_config_write(at + 12, 4, 1);
	driver_config_write(at + 16, 1, 1);
	ok(driver_status() == 1 && driver_config(at + 16, 1) == 1, "registers by configuration space");
	driver_config_write(at + 8, 4, 0x4000);
	driver_config_write(at + 16, 1, 0x55);
	driver_config_write(at + 8, 4, 0xFFFFFFFF);
	driver_config_write(at + 16, 4, 0);
	driver_config_write(at + 4, 1, 7);
	ok(driver_config(at + 16, 4) == 0 && driver_status() == 1, "and nothing beyond a BAR");
	driver_detach();
}

static void request(void)
{
	rng_request(0);
	driver_submit(0, 0);
	driver_kick(0);
	driver_pump();
}

static void test_interrupts(void)
{
	struct vring_avail *avail;
	struct vring_used *used;
	unsigned int at;

	driver_attach(&devices[0]);
	driver_up(0);
	avail = driver_memory(0x101000);
	used = driver_memory(0x102000);
	request();
	ok(driver.message_count == 1 && driver.messages[0] == 0x41, "an answer interrupts");
	avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
	request();
	ok(driver.message_count == 1, "not if the driver does not want it");
	avail->flags = 0;
	ok(!(used->flags & VRING_USED_F_NO_NOTIFY), "the device wants to be notified");
	driver_write(0x2000 + 16 + 12, 4, 1);
	request();
	ok(driver.message_count == 1 && driver_read(0x3000, 8) == 2, "a masked vector becomes pending");
	driver_write(0x2000 + 16 + 12, 4, 0);
	ok(driver.message_count == 2 && driver_read(0x3000, 8) == 0, "and is delivered");
	at = driver_capability(PCI_CAP_ID_MSIX, 0);
	driver_config_write(at + 2, 2, 0);
	driver_read(0x800, 1);
	request();
	ok(driver.message_count == 2 && driver_read(0x800, 1) == 1 && driver_read(0x800, 1) == 0,
	   "without MSI-X the ISR status tells");

	driver_config_write(at + 2, 2, PCI_MSIX_FLAGS_ENABLE);
	driver_up(EVENT_IDX);
	driver.message_count = 0;
	request();
	ok(driver.message_count == 1, "by index: the first answer interrupts");
	avail->ring[DRIVER_SIZE] = 3;
	request();
	request();
	ok(driver.message_count == 1, "those before the index do not");
	request();
	ok(driver.message_count == 2, "that of the index does");
	ok(*(uint16_t *)&used->ring[DRIVER_SIZE] == driver.avail[0], "the device asks for the next");
	driver_detach();
}

static void test_moves(void)
{
	driver_attach(&devices[0]);
	driver_up(0);
	request();
	ok(driver.doorbells == !driver.kernel_refuses && driver.exits == driver.kernel_refuses,
	   "a notification goes to the %s", driver.kernel_refuses ? "VMM" : "kernel");
	driver_config_write(PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	ok(!driver.doorbells, "not while ports are not decoded");
	driver_config_write(PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_IO);
	driver_set_status(0);
	driver_pump();
	ok(!driver.doorbells, "nor after a reset");
	driver_up(0);
	driver_config_write(PCI_BASE_ADDRESS_2, 4, PCI_PORTS + 0x800);
	rng_request(0);
	driver_submit(0, 0);
	driver_kick(0);
	driver_pump();
	ok(!driver_used(0), "the old port is nobody's");
	driver.port = PCI_PORTS + 0x800;
	bus_write(&driver.ports, PORT(0), 4, 0);
	bus_write(&driver.ports, PORT(0), 1, 0);
	bus_write(&driver.ports, PORT(0) + 2U, 2, 0);
	bus_write(&driver.ports, PORT(1), 2, 0);
	driver_pump();
	ok(!driver_used(0), "other widths and places do not notify");
	driver_kick(0);
	driver_pump();
	ok(driver_used(0) == 1, "the new port does");
	driver_config_write(PCI_BASE_ADDRESS_0, 4, PCI_MEMORY + 0x10000);
	ok(driver_status() == 0xFF, "the old registers are nobody's");
	driver.bar = PCI_MEMORY + 0x10000;
	ok(driver_status() == ALIVE, "the new ones are the same");
	driver_detach();
}

static void test_rng(void)
{
	static const uint8_t zero[64];

	driver_attach(&devices[0]);
	driver_up(0);
	request();
	ok(driver_used_length(0, 0) == 64 && memcmp(driver_memory(DRIVER_DATA), zero, 64) &&
	   !memcmp((uint8_t *)driver_memory(DRIVER_DATA) + 64, zero, 64), "rng: bytes, as many as asked for");
	driver_desc(0, 0, DRIVER_DATA, 100000, F_WRITE, 0);
	driver_submit(0, 0);
	driver_kick(0);
	driver_pump();
	ok(driver_used_length(0, 1) == 256, "rng: or as many as there are at once");
	driver_desc(0, 0, DRIVER_DATA, 16, 0, 0);
	driver_submit(0, 0);
	driver_kick(0);
	driver_pump();
	ok(driver_status() & NEEDS_RESET, "rng: a request with something to read");
	driver_detach();
}

int main(void)
{
	size_t i;

	blk_make_image();
	test_registers();
	test_rng();
	/* With the kernel's help, and without. */
	for (i = 0; i < 2; i++) {
		driver.kernel_refuses = i;
		test_interrupts();
		test_moves();
		test_life(&devices[0]);
	}
	driver.kernel_refuses = false;
	for (i = 0; i < ARRAY_SIZE(devices); i++) {
		test_life(&devices[i]);
		test_malformed(&devices[i]);
		test_impossible(&devices[i]);
		test_reset_in_flight(&devices[i]);
	}
	test_wrap(&devices[0]);
	blk_remove_image();
	return tap_done();
}
