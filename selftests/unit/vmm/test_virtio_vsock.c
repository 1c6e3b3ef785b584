// SPDX-License-Identifier: GPL-2.0-only
/* The socket device: what it hands to the kernel, and when. */
#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>
#include <linux/virtio_vsock.h>
#include <stdio.h>
#include <unistd.h>

#include "driver.h"
#include "fake_vhost.h"
#include "paging.h"
#include "tap.h"
#include "vhost_cases.h"
#include "virtio_vsock.h"
#include "vmm.h"

#define BIT(n)		(1ULL << (n))
#define INDIRECT	BIT(VIRTIO_RING_F_INDIRECT_DESC)
#define EVENT_IDX	BIT(VIRTIO_RING_F_EVENT_IDX)
#define SEQPACKET	BIT(VIRTIO_VSOCK_F_SEQPACKET)
#define CONFIG		0x1000	/* of the device, in its BAR */
#define RX		0
#define TX		1
#define EVENTS		2

static const struct driver_device vsock = { "vsock", vsock_create, RX, vsock_rx_request, ANSWERED, 0 };

static uint64_t host_address(uint64_t gpa)
{
	return (uintptr_t)driver_memory(gpa);
}

static void test_handed_over(void)
{
	const struct fake_vhost_ring *rx = &fake_vhost.ring[RX];
	const struct fake_vhost_ring *tx = &fake_vhost.ring[TX];

	driver_attach(&vsock);
	ok(driver_read(CONFIG, 8) == 42 && fake_vhost.cid == 42, "the CID is in the configuration");
	driver_write(CONFIG, 8, 2);
	ok(driver_read(CONFIG, 8) == 42, "where it can't be written");
	ok(fake_vhost.owned && fake_vhost.regions == driver.memory.ranges &&
	   fake_vhost.region[0].guest_phys_addr == 0 &&
	   fake_vhost.region[0].memory_size == TEST_MEMORY &&
	   fake_vhost.region[0].userspace_addr == host_address(0), "the kernel knows RAM and nothing else");
	ok(!fake_vhost.running && rx->err >= 0 && tx->err >= 0 && fake_vhost_idle(), "and no ring yet");
	driver_up(INDIRECT | EVENT_IDX | SEQPACKET);
	ok(fake_vhost.running && fake_vhost.features == (INDIRECT | EVENT_IDX | SEQPACKET | BIT(VIRTIO_F_VERSION_1)),
	   "with a driver it runs, with what was negotiated");
	ok(rx->size == DRIVER_SIZE && rx->base == 0 && rx->address.desc_user_addr == host_address(0x100000) &&
	   rx->address.avail_user_addr == host_address(0x101000) &&
	   rx->address.used_user_addr == host_address(0x102000), "the first ring");
	ok(tx->address.desc_user_addr == host_address(0x100000 + DRIVER_QUEUE_BYTES) &&
	   tx->kick == driver.device->queue[TX].doorbell.fd, "the second, and its doorbell");
	ok(rx->call == driver.irqfd[1].fd && driver.irqfd[1].bound, "interrupts are the kernel's");
	driver.exits = 0;
	driver.message_count = 0;
	ok(driver_works(&vsock) && !driver.exits && driver.message_count == 1 && driver.messages[0] == 0x41,
	   "a packet is received, and the VMM does not know");
	vhost_case_restart(&vsock, 0);
}

/* Nobody but the worker delivers. */
static void test_relayed(void)
{
	driver.kernel_refuses = true;
	driver_attach(&vsock);
	driver_up(0);
	driver.message_count = 0;
	ok(driver_works(&vsock) && driver.message_count == 1 && driver.messages[0] == 0x41,
	   "without the module's help interrupts are passed on");
	ok(driver.exits, "and so are notifications");
	driver_detach();
	driver.kernel_refuses = false;
}

static void test_masked(void)
{
	driver_attach(&vsock);
	driver_write(0x2000 + 16 + 12, 4, 1);
	driver_up(0);
	driver.message_count = 0;
	ok(driver_works(&vsock) && !driver.message_count && driver_read(0x3000, 8) == 2,
	   "a vector that is masked from the beginning becomes pending");
	driver_write(0x2000 + 16 + 12, 4, 0);
	driver_pump();
	ok(driver.message_count == 1, "and is delivered");
	driver_write(0x2000 + 16 + 12, 4, 1);
	ok(driver_works(&vsock) && driver.message_count == 1 && driver_read(0x3000, 8) == 2,
	   "one that is masked later too");
	driver_write(0x2000 + 16 + 12, 4, 0);
	driver_pump();
	ok(driver.message_count == 2, "and is delivered");
	driver_detach();
}

/* A driver that changes its mind while it uses the device. */
static void choose_vector(uint16_t vector)
{
	driver_write(VIRTIO_PCI_COMMON_Q_SELECT, 2, RX);
	driver_write(VIRTIO_PCI_COMMON_Q_MSIX, 2, vector);
	driver_pump();
	driver.message_count = 0;
}

static void test_other_vector(void)
{
	driver_attach(&vsock);
	driver_up(0);
	choose_vector(3);
	ok(fake_vhost.ring[RX].call == driver.irqfd[3].fd && driver_works(&vsock) && driver.message_count == 1 &&
	   driver.messages[0] == 0x43, "another vector while the kernel runs: it signals that");
	choose_vector(VIRTIO_MSI_NO_VECTOR);
	ok(driver_works(&vsock) && !driver.message_count, "none: no message");
	choose_vector(1);
	ok(driver_works(&vsock) && driver.message_count == 1 && driver.messages[0] == 0x41, "and the first again");
	fake_vhost.fail_request = VHOST_SET_VRING_CALL;
	fake_vhost.fail_errno = EFAULT;
	choose_vector(1);
	ok(driver_status() == ALIVE, "the one that it is: the kernel is not asked");
	choose_vector(2);
	ok(driver_status() == (ALIVE | NEEDS_RESET) && !fake_vhost.running, "the kernel refuses one: the device has failed");
	fake_vhost.fail_errno = 0;
	driver_up(0);
	ok(driver_works(&vsock), "and after a reset all is well");
	driver_detach();
}

static void test_refused(void)
{
	vhost_case_refused(&vsock, 0, VHOST_VSOCK_SET_RUNNING, "to run");
	driver_attach(&vsock);
	driver_negotiate(0);
	driver_enable(RX, DRIVER_SIZE);
	driver_enable(EVENTS, DRIVER_SIZE);
	driver_ok();
	ok(driver_status() == (ALIVE | NEEDS_RESET) && !fake_vhost.running && fake_vhost_idle(),
	   "a queue that was not enabled");
	driver_up(0);
	ok(driver_works(&vsock), "and after a reset all is well");
	driver_detach();
}

static void test_events(void)
{
	driver_attach(&vsock);
	driver_up(0);
	driver_desc(EVENTS, 0, DRIVER_DATA, 4, 0, 0);
	driver_submit(EVENTS, 0);
	driver_kick(EVENTS);
	driver_pump();
	ok(driver_status() & NEEDS_RESET && !fake_vhost.running, "an event buffer to read: the kernel stops too");
	driver_up(0);
	driver_desc(EVENTS, 0, DRIVER_DATA, 3, F_WRITE, 0);
	driver_submit(EVENTS, 0);
	driver_kick(EVENTS);
	driver_pump();
	ok(driver_status() & NEEDS_RESET, "an event buffer that is too small");
	driver_up(0);
	/* The kernel says so late, about rings that are gone. */
	driver_set_status(0);
	driver_pump();
	fake_vhost_report(RX);
	driver_up(0);
	ok(driver_works(&vsock), "a failure of rings that are gone is nobody's");
	driver_detach();
}

/* Making the device. */
static const struct {
	const char *name;
	int open_errno;
	unsigned long request;
	int request_errno;
	uint64_t offered;
	uint64_t taken;
	uint32_t cid;
	int error;
	const char *text;
} unmade[] = {
	{ "no module", ENOENT, 0, 0, 0, 0, 3, EINVAL, "no /dev/vhost-vsock" },
	{ "no module, with a device node", ENODEV, 0, 0, 0, 0, 3, EINVAL, "modprobe vhost_vsock" },
	{ "no permission", EACCES, 0, 0, 0, 0, 3, EACCES, "join the group" },
	{ "no descriptors", EMFILE, 0, 0, 0, 0, 3, EINVAL, "cannot be opened: Too many open files" },
	{ "no owner", 0, VHOST_SET_OWNER, ENOMEM, 0, 0, 3, EINVAL, "cannot be opened" },
	{ "no features", 0, VHOST_GET_FEATURES, EFAULT, 0, 0, 3, EINVAL, "lacks what virtio 1 needs" },
	{ "no version 1", 0, 0, 0, INDIRECT | EVENT_IDX, 0, 3, EINVAL, "lacks what virtio 1 needs" },
	{ "memory", 0, VHOST_SET_MEM_TABLE, E2BIG, 0, 0, 3, EINVAL, "does not take the domain's memory" },
	{ "an error eventfd", 0, VHOST_SET_VRING_ERR, EBADF, 0, 0, 3, EINVAL, "does not take" },
	{ "a CID in use", 0, 0, 0, 0, 9, 9, EBUSY, "CID 9 is in use" },
	{ "a CID that is reserved", 0, 0, 0, 0, 0, 2, EINVAL, "refuses CID 2" },
	{ "no CID at all", 0, VHOST_VSOCK_SET_GUEST_CID, EADDRINUSE, 0, 0, VMM_VSOCK_AUTO, EINVAL, "no CID for the domain" },
	{ "no CID, for another reason", 0, VHOST_VSOCK_SET_GUEST_CID, EFAULT, 0, 0, VMM_VSOCK_AUTO, EINVAL, "Bad address" },
};

static void test_making(const struct virtio_machine *machine)
{
	struct virtio_device *device;
	uint32_t cid = VMM_VSOCK_AUTO;
	char err[512];
	size_t i;
	int next = dup(0);

	close(next);
	for (i = 0; i < sizeof(unmade) / sizeof(unmade[0]); i++) {
		fake_vhost_reset();
		fake_vhost.open_errno = unmade[i].open_errno;
		fake_vhost.fail_request = unmade[i].request;
		fake_vhost.fail_errno = unmade[i].request_errno;
		fake_vhost.offered = unmade[i].offered;
		fake_vhost.taken[0] = unmade[i].taken;
		cid = unmade[i].cid;
		device = virtio_vsock_create(machine, &cid, err, sizeof(err));
		vhost_case_unmade(unmade[i].name, device, unmade[i].error, err, unmade[i].text, next);
	}
	fake_vhost_reset();
	fake_vhost.taken[0] = 3;
	fake_vhost.taken[1] = 4;
	fake_vhost.taken[2] = 6;
	cid = VMM_VSOCK_AUTO;
	device = virtio_vsock_create(machine, &cid, err, sizeof(err));
	ok(device && cid == 5 && fake_vhost.cid == 5, "the lowest CID that is free");
	virtio_device_destroy(device);
	fake_vhost_reset();
	fake_vhost.offered = INDIRECT | EVENT_IDX | BIT(VIRTIO_F_VERSION_1);
	cid = VMM_VSOCK_CID_MAX;
	device = virtio_vsock_create(machine, &cid, err, sizeof(err));
	ok(device && !(device->shape.features & SEQPACKET), "a kernel without packets: they are not offered");
	virtio_device_destroy(device);
	fake_vhost_reset();
}

int main(void)
{
	struct virtio_machine machine = { .memory = &driver.memory };

	test_handed_over();
	test_relayed();
	test_masked();
	test_other_vector();
	test_refused();
	test_events();
	/* The memory is still there. */
	test_making(&machine);
	return tap_done();
}
