// SPDX-License-Identifier: GPL-2.0-only
/*
 * What every virtio device shares: the transport's registers, the life of a
 * device, interrupts and notifications.
 */
#include <linux/pci_regs.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>
#include <stddef.h>

#include "compiler.h"
#include "driver.h"
#include "every_device.h"
#include "layout.h"
#include "paging.h"
#include "tap.h"

#define BIT(n)		(1ULL << (n))
#define INDIRECT	BIT(VIRTIO_RING_F_INDIRECT_DESC)
#define EVENT_IDX	BIT(VIRTIO_RING_F_EVENT_IDX)
#define PORT(queue)	((uint16_t)(driver.port + 4 * (queue)))
/* The simplest one; it is the first. */
#define RNG		(&every_device[0])

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
	ok(driver_read(VIRTIO_PCI_COMMON_GF, 4) == type->features, "%s: features are settled", type->name);
	for (i = 0; i < driver.device->shape.queues; i++)
		driver_enable(i, DRIVER_SIZE);
	driver_kick(type->queue);
	driver_pump();
	type->request(type->queue);
	driver_submit(type->queue, 0);
	ok(!driver_used(type->queue), "%s: nothing happens before DRIVER_OK", type->name);
	driver_ok();
	ok(driver_wait_used(type->queue, type->fate == ANSWERED), "%s: what waits then is answered without a kick", type->name);
	ok(driver_works(type), "%s: a request", type->name);
	driver_write(VIRTIO_PCI_COMMON_Q_SELECT, 2, type->queue);
	driver_write(VIRTIO_PCI_COMMON_Q_ENABLE, 2, 0);
	driver_write(VIRTIO_PCI_COMMON_Q_SIZE, 2, 2);
	driver_write(VIRTIO_PCI_COMMON_Q_DESCLO, 8, 0);
	ok(driver_read(VIRTIO_PCI_COMMON_Q_ENABLE, 2) == 1 &&
	   driver_read(VIRTIO_PCI_COMMON_Q_SIZE, 2) == DRIVER_SIZE && driver_works(type),
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
	ok(driver_works(type), "%s: and it can be used again", type->name);
	driver_detach();
}

static void test_registers(void)
{
	unsigned int at;

	driver_attach(RNG);
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

	driver_attach(RNG);
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
	driver_attach(RNG);
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

	driver_attach(RNG);
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
	unsigned int i;

	every_device_begin();
	test_registers();
	test_rng();
	/* With the kernel's help, and without. */
	for (i = 0; i < 2; i++) {
		driver.kernel_refuses = i;
		test_interrupts();
		test_moves();
		test_life(RNG);
	}
	driver.kernel_refuses = false;
	for (i = 0; i < every_device_count; i++)
		test_life(&every_device[i]);
	every_device_end();
	return tap_done();
}
