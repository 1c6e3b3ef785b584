// SPDX-License-Identifier: GPL-2.0-only
/* The network device that the kernel serves: what it is given, and when. */
#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "driver.h"
#include "fake_vhost.h"
#include "net.h"
#include "tap.h"
#include "vhost_cases.h"
#include "virtio_net.h"

#define BIT(n)		(1ULL << (n))
#define INDIRECT	BIT(VIRTIO_RING_F_INDIRECT_DESC)
#define EVENT_IDX	BIT(VIRTIO_RING_F_EVENT_IDX)
#define MERGEABLE	BIT(VIRTIO_NET_F_MRG_RXBUF)
#define NET		(BIT(VIRTIO_NET_F_MAC) | BIT(VIRTIO_NET_F_STATUS) | BIT(VIRTIO_NET_F_GUEST_CSUM))
#define CONFIG		0x1000	/* of the device, in its BAR */
#define STATUS		(CONFIG + 6)
#define RX		0
#define TX		1

static const struct driver_device net = { "net", vhost_net_create, RX, vsock_rx_request, ANSWERED, 0 };

static void test_handed_over(void)
{
	const struct fake_vhost_ring *rx = &fake_vhost.ring[RX];
	const struct fake_vhost_ring *tx = &fake_vhost.ring[TX];

	driver_attach(&net);
	ok(fake_vhost.net && fake_vhost.owned && driver_read(CONFIG, 4) == 2, "the address is in the configuration");
	ok(!fake_vhost.running && rx->err >= 0 && tx->err >= 0 && fake_vhost_idle(), "the kernel has no ring yet");
	driver_up(NET | MERGEABLE | INDIRECT | EVENT_IDX);
	ok(fake_vhost.running && fake_vhost.features == (MERGEABLE | INDIRECT | EVENT_IDX | BIT(VIRTIO_F_VERSION_1)),
	   "with a driver it runs, with those negotiated features that are about rings");
	ok(rx->tap >= 0 && rx->tap == tx->tap, "both rings have the tap");
	ok(tx->kick == driver.device->queue[TX].doorbell.fd && rx->call == driver.irqfd[1].fd && driver.irqfd[1].bound,
	   "doorbells and interrupts are the kernel's");
	driver.exits = 0;
	driver.message_count = 0;
	ok(driver_works(&net) && !driver.exits && driver.message_count == 1 && driver.messages[0] == 0x41,
	   "a frame is received, and the VMM does not know");
	vhost_case_restart(&net, NET);
}

static void test_tap_goes(void)
{
	driver_attach(&net);
	driver_up(NET);
	ok(driver_read(STATUS, 2) == VIRTIO_NET_S_LINK_UP, "the link is up");
	close(vhost_net_other_end);
	vhost_net_other_end = -1;
	driver_pump();
	ok(driver_read(STATUS, 2) == 0 && !(driver_status() & NEEDS_RESET), "the tap goes: it is down, the device is well");
	fake_vhost.fail_request = VHOST_NET_SET_BACKEND;
	fake_vhost.fail_errno = EBADFD;
	driver_up(NET);
	ok(driver_read(STATUS, 2) == 0 && driver_status() == ALIVE, "for the next driver too");
	fake_vhost.fail_errno = 0;
	driver_detach();
}

static void test_refused(void)
{
	vhost_case_refused(&net, NET, VHOST_NET_SET_BACKEND, "the tap");
	driver_attach(&net);
	driver_up(NET);
	fake_vhost_report(TX);
	driver_pump();
	ok(driver_status() & NEEDS_RESET && !fake_vhost.running && fake_vhost_idle(), "a ring that it can't follow: it stops");
	driver_up(NET);
	ok(driver_works(&net), "and a reset mends that");
	driver_detach();
}

/* Making the device. */
static const struct {
	const char *name;
	int open_errno;
	unsigned long request;
	int request_errno;
	uint64_t offered;
	bool bare;
	int error;
	const char *text;
} unmade[] = {
	{ "no module", ENOENT, 0, 0, 0, false, EINVAL, "modprobe vhost_net" },
	{ "no permission", EACCES, 0, 0, 0, false, EACCES, "ls -l /dev/vhost-net" },
	{ "no owner", 0, VHOST_SET_OWNER, ENOMEM, 0, false, EINVAL, "cannot be opened" },
	{ "no mergeable buffers", 0, 0, 0, INDIRECT | EVENT_IDX | BIT(VIRTIO_F_VERSION_1), false, EINVAL,
	  "lacks what virtio 1 needs" },
	{ "memory", 0, VHOST_SET_MEM_TABLE, E2BIG, 0, false, EINVAL, "does not take the domain's memory" },
	{ "a tap without header", 0, 0, 0, 0, true, EINVAL, "IFF_VNET_HDR" },
};

static void test_making(const struct virtio_machine *machine)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
	struct virtio_device *device;
	char err[512];
	size_t i;
	int next = dup(0);

	close(next);
	for (i = 0; i < sizeof(unmade) / sizeof(unmade[0]); i++) {
		int tap = eventfd(0, EFD_CLOEXEC);

		fake_vhost_reset();
		fake_vhost.open_errno = unmade[i].open_errno;
		fake_vhost.fail_request = unmade[i].request;
		fake_vhost.fail_errno = unmade[i].request_errno;
		fake_vhost.offered = unmade[i].offered;
		device = virtio_net_vhost_create(machine, net_tap_create(tap, !unmade[i].bare, 0), mac, err,
						 sizeof(err));
		vhost_case_unmade(unmade[i].name, device, unmade[i].error, err, unmade[i].text, next);
	}
	fake_vhost_reset();
}

int main(void)
{
	struct virtio_machine machine = { .memory = &driver.memory };

	test_handed_over();
	test_tap_goes();
	test_refused();
	close(vhost_net_other_end);
	vhost_net_other_end = -1;
	/* The memory is still there. */
	test_making(&machine);
	return tap_done();
}
