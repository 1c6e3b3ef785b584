// SPDX-License-Identifier: GPL-2.0-only
/* A virtio driver for tests. */
#include <linux/pci_regs.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "driver.h"
#include "layout.h"
#include "paging.h"

#define ECAM_SLOT1	(PCI_ECAM + (1ULL << 15))
#define RINGS		0x100000ULL
#define TABLE_OFFSET	0x2000

struct driver driver;
bool (*driver_kernel)(void);
bool driver_shares;

static struct guest_memory memory;

static uint64_t desc_table(unsigned int queue)
{
	return RINGS + (uint64_t)queue * DRIVER_QUEUE_BYTES;
}

static uint64_t avail_ring(unsigned int queue)
{
	return desc_table(queue) + 0x1000;
}

static uint64_t used_ring(unsigned int queue)
{
	return desc_table(queue) + 0x2000;
}

void *driver_memory(uint64_t gpa)
{
	return driver.memory.range[0].host + gpa;
}

static int on_message(void *ctx, uint64_t address, uint32_t data)
{
	(void)ctx;
	if (address == 0xFEE00000 && driver.message_count < DRIVER_MESSAGES)
		driver.messages[driver.message_count++] = data;
	return 1;
}

static bool take(int fd)
{
	uint64_t count;

	return read(fd, &count, sizeof(count)) == sizeof(count);
}

static int on_bind(void *ctx, int fd, uint64_t address, uint32_t data)
{
	unsigned int i = 0;

	(void)ctx;
	if (driver.kernel_refuses)
		return -1;
	while (i < driver.irqfds && driver.irqfd[i].fd != fd)
		i++;
	if (i == driver.irqfds)
		driver.irqfds++;
	driver.irqfd[i] = (struct driver_irqfd){ fd, true, address, data };
	if (take(fd))
		on_message(NULL, address, data);
	return 0;
}

static void on_unbind(void *ctx, int fd)
{
	unsigned int i;

	(void)ctx;
	for (i = 0; i < driver.irqfds; i++) {
		if (driver.irqfd[i].fd == fd && driver.irqfd[i].bound) {
			driver.irqfd[i].bound = false;
			return;
		}
	}
	abort();
}

static int on_doorbell(void *ctx, int fd, uint16_t port, bool on)
{
	int *doorbell = &driver.doorbell[port / 4];

	(void)ctx;
	if (driver.kernel_refuses)
		return -1;
	if (port % 4 || *doorbell != (on ? 0 : fd))
		abort();
	*doorbell = on ? fd : 0;
	driver.doorbells += on ? 1U : -1U;
	return 0;
}

/* The kernel delivers what was signalled. */
static void run_kernel(void)
{
	unsigned int i;

	for (i = 0; i < driver.irqfds; i++) {
		const struct driver_irqfd *irqfd = &driver.irqfd[i];

		if (irqfd->bound && take(irqfd->fd))
			on_message(NULL, irqfd->address, irqfd->data);
	}
}

uint32_t driver_config(unsigned int offset, unsigned int size)
{
	return (uint32_t)bus_read(&driver.mmio, ECAM_SLOT1 + offset, size);
}

void driver_config_write(unsigned int offset, unsigned int size, uint32_t value)
{
	bus_write(&driver.mmio, ECAM_SLOT1 + offset, size, value);
}

unsigned int driver_capability(uint8_t id, uint8_t virtio_type)
{
	unsigned int at = driver_config(PCI_CAPABILITY_LIST, 1);
	unsigned int count;

	for (count = 0; at && count < 48; count++) {
		if (driver_config(at, 1) == id &&
		    (id != PCI_CAP_ID_VNDR || driver_config(at + 3, 1) == virtio_type))
			return at;
		at = driver_config(at + PCI_CAP_LIST_NEXT, 1);
	}
	return 0;
}

uint64_t driver_read(uint64_t offset, unsigned int size)
{
	return bus_read(&driver.mmio, driver.bar + offset, size);
}

void driver_write(uint64_t offset, unsigned int size, uint64_t value)
{
	bus_write(&driver.mmio, driver.bar + offset, size, value);
}

void driver_attach(const struct driver_device *type)
{
	struct virtio_machine machine = {
		.memory = &driver.memory,
		.msix = {
			.send = on_message,
			.bind = on_bind,
			.unbind = on_unbind,
		},
		.doorbell = on_doorbell,
	};
	bool refuses = driver.kernel_refuses;
	unsigned int msix;
	unsigned int i;

	memset(&driver, 0, sizeof(driver));
	driver.kernel_refuses = refuses;
	driver.needed = type->features;
	/* Made once: page faults would be most of a test's time. */
	if (!memory.ranges && !driver_shares)
		test_memory(&memory);
	if (!memory.ranges && (guest_memory_alloc(&memory, TEST_MEMORY) ||
			       guest_memory_share(&memory)))
		abort();
	memset(memory.range[0].host, 0, TEST_MEMORY);
	driver.memory = memory;
	pci_init(&driver.pci);
	if (pci_add_windows(&driver.pci, &driver.ports, &driver.mmio))
		abort();
	driver.device = type->create(&machine);
	if (!driver.device || virtio_pci_add(driver.device, &driver.pci))
		abort();
	driver_config_write(PCI_COMMAND, 2, PCI_COMMAND_IO | PCI_COMMAND_MEMORY |
					    PCI_COMMAND_MASTER);
	driver.bar = driver_config(PCI_BASE_ADDRESS_0, 4);
	driver.port = (uint16_t)(driver_config(PCI_BASE_ADDRESS_2, 4) & ~3U);
	msix = driver_capability(PCI_CAP_ID_MSIX, 0);
	driver_config_write(msix + PCI_MSIX_FLAGS, 2, PCI_MSIX_FLAGS_ENABLE);
	for (i = 0; i <= driver.device->shape.queues; i++) {
		driver_write(TABLE_OFFSET + 16 * i, 8, 0xFEE00000);
		driver_write(TABLE_OFFSET + 16 * i + 8, 8, 0x40 + i);
	}
}

void driver_detach(void)
{
	unsigned int i;

	virtio_device_destroy(driver.device);
	driver.device = NULL;
	if (driver.doorbells)
		abort();
	for (i = 0; i < driver.irqfds; i++) {
		if (driver.irqfd[i].bound)
			abort();
	}
	pci_destroy(&driver.pci);
}

uint8_t driver_status(void)
{
	return (uint8_t)driver_read(VIRTIO_PCI_COMMON_STATUS, 1);
}

void driver_set_status(uint8_t status)
{
	driver_write(VIRTIO_PCI_COMMON_STATUS, 1, status);
}

void driver_negotiate(uint64_t features)
{
	driver_set_status(0);
	driver_pump();
	driver_set_status(VIRTIO_CONFIG_S_ACKNOWLEDGE);
	driver_set_status(VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER);
	driver.features = features | driver.needed | 1ULL << VIRTIO_F_VERSION_1;
	driver_write(VIRTIO_PCI_COMMON_GFSELECT, 4, 0);
	driver_write(VIRTIO_PCI_COMMON_GF, 4, (uint32_t)driver.features);
	driver_write(VIRTIO_PCI_COMMON_GFSELECT, 4, 1);
	driver_write(VIRTIO_PCI_COMMON_GF, 4, driver.features >> 32);
	driver_set_status(VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER |
			  VIRTIO_CONFIG_S_FEATURES_OK);
	driver_write(VIRTIO_PCI_COMMON_MSIX, 2, 0);
}

void driver_enable(unsigned int queue, uint16_t size)
{
	memset(driver_memory(desc_table(queue)), 0, DRIVER_QUEUE_BYTES);
	driver.avail[queue] = 0;
	driver.size = size;
	driver_write(VIRTIO_PCI_COMMON_Q_SELECT, 2, queue);
	driver_write(VIRTIO_PCI_COMMON_Q_SIZE, 2, size);
	driver_write(VIRTIO_PCI_COMMON_Q_MSIX, 2, queue + 1);
	driver_write(VIRTIO_PCI_COMMON_Q_DESCLO, 8, desc_table(queue));
	driver_write(VIRTIO_PCI_COMMON_Q_AVAILLO, 4, avail_ring(queue));
	driver_write(VIRTIO_PCI_COMMON_Q_AVAILHI, 4, 0);
	driver_write(VIRTIO_PCI_COMMON_Q_USEDLO, 8, used_ring(queue));
	driver_write(VIRTIO_PCI_COMMON_Q_ENABLE, 2, 1);
}

void driver_ok(void)
{
	driver_set_status(driver_status() | VIRTIO_CONFIG_S_DRIVER_OK);
	driver_pump();
}

void driver_up(uint64_t features)
{
	unsigned int i;

	driver_negotiate(features);
	for (i = 0; i < driver.device->shape.queues; i++)
		driver_enable(i, DRIVER_SIZE);
	driver_ok();
}

void driver_desc_at(uint64_t table, uint16_t index, uint64_t gpa, uint32_t bytes,
		    uint16_t flags, uint16_t next)
{
	struct vring_desc desc = { gpa, bytes, flags, next };

	memcpy((uint8_t *)driver_memory(table) + index * sizeof(desc), &desc,
	       sizeof(desc));
}

void driver_desc(unsigned int queue, uint16_t index, uint64_t gpa, uint32_t bytes,
		 uint16_t flags, uint16_t next)
{
	driver_desc_at(desc_table(queue), index, gpa, bytes, flags, next);
}

void driver_avail_index(unsigned int queue, uint16_t index)
{
	struct vring_avail *avail = driver_memory(avail_ring(queue));

	__atomic_store_n(&avail->idx, index, __ATOMIC_RELEASE);
	driver.avail[queue] = index;
}

void driver_submit(unsigned int queue, uint16_t head)
{
	struct vring_avail *avail = driver_memory(avail_ring(queue));

	avail->ring[driver.avail[queue] % driver.size] = head;
	driver_avail_index(queue, (uint16_t)(driver.avail[queue] + 1));
}

void driver_kick(unsigned int queue)
{
	uint16_t port = (uint16_t)(driver.port + 4 * queue);
	uint64_t one = 1;

	if (!driver.doorbell[port / 4]) {
		driver.exits++;
		bus_write(&driver.ports, port, 2, queue);
	} else if (write(driver.doorbell[port / 4], &one, sizeof(one)) < 0) {
		abort();
	}
}

void driver_pump(void)
{
	unsigned int i;
	bool more;

	/* A device that is never done is an error of its own. */
	for (i = 0, more = true; more; i++) {
		if (i == 10000)
			abort();
		more = virtio_worker_step(driver.device, 0);
		if (driver_kernel)
			more |= driver_kernel();
		run_kernel();
	}
}

uint16_t driver_used(unsigned int queue)
{
	const struct vring_used *used = driver_memory(used_ring(queue));

	return __atomic_load_n(&used->idx, __ATOMIC_ACQUIRE);
}

uint32_t driver_used_length(unsigned int queue, uint16_t index)
{
	const struct vring_used *used = driver_memory(used_ring(queue));

	return used->ring[index % driver.size].len;
}

bool driver_wait_used(unsigned int queue, uint16_t index)
{
	const struct timespec pause = { .tv_nsec = 50000 };
	unsigned int i;

	for (i = 0; i < 50000; i++) {
		driver_pump();
		if (driver_used(queue) == index)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

bool driver_works(const struct driver_device *type)
{
	uint16_t before = driver_used(type->queue);

	if (type->fate == ANSWERED) {
		type->request(type->queue);
		driver_submit(type->queue, 0);
	}
	driver_kick(type->queue);
	return driver_wait_used(type->queue, (uint16_t)(before + (type->fate == ANSWERED))) &&
	       driver_status() == ALIVE;
}
