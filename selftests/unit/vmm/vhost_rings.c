// SPDX-License-Identifier: GPL-2.0-only
/*
 * The socket device with the kernel's own vhost-vsock, and a driver that makes rings
 * that no driver may make: the device has failed, a reset makes it good again, and
 * the kernel comes to no harm. Runs in the lab, where there is a /dev/vhost-vsock.
 */
#include <linux/virtio_vsock.h>
#include <linux/vm_sockets.h>
#include <time.h>

#include "driver.h"
#include "malformed.h"
#include "paging.h"
#include "tap.h"
#include "virtio_vsock.h"

#define RX		0
#define TX		1
#define PACKET		(DRIVER_DATA + 0x10000)
#define GUEST_CID	77
#define WAIT_MS		2000

static struct virtio_device *create(const struct virtio_machine *machine)
{
	struct virtio_device *device;
	uint32_t cid = GUEST_CID;
	char err[512];

	device = virtio_vsock_create(machine, &cid, err, sizeof(err));
	if (!device) {
		printf("Bail out! %s\n", err);
		exit(1);
	}
	return device;
}

static const struct driver_device vsock = { "vsock", create, TX, NULL, ANSWERED, 0 };

static bool wait_for(bool (*done)(uint16_t what), uint16_t what)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	unsigned int i;

	for (i = 0; i < WAIT_MS && !done(what); i++) {
		driver_pump();
		nanosleep(&pause, NULL);
	}
	return done(what);
}

static bool has_failed(uint16_t what)
{
	(void)what;
	return driver_status() == (ALIVE | NEEDS_RESET);
}

static bool has_received(uint16_t count)
{
	return driver_used(RX) == count;
}

/* Nobody listens at that port: the kernel has to say so. */
static void call(void)
{
	struct virtio_vsock_hdr header = {
		.src_cid = GUEST_CID,
		.dst_cid = VMADDR_CID_HOST,
		.src_port = 1000,
		.dst_port = 1,
		.type = VIRTIO_VSOCK_TYPE_STREAM,
		.op = VIRTIO_VSOCK_OP_REQUEST,
		.buf_alloc = 65536,
	};

	memcpy(driver_memory(PACKET), &header, sizeof(header));
	driver_desc(TX, 7, PACKET, sizeof(header), 0, 0);
	driver_submit(TX, 7);
	driver_kick(TX);
}

static bool works(void)
{
	uint16_t before = driver_used(RX);
	const struct virtio_vsock_hdr *answer = driver_memory(DRIVER_DATA);

	memset(driver_memory(DRIVER_DATA), 0, sizeof(*answer));
	driver_desc(RX, 0, DRIVER_DATA, 4096, F_WRITE, 0);
	driver_submit(RX, 0);
	driver_kick(RX);
	call();
	return wait_for(has_received, (uint16_t)(before + 1)) && driver_status() == ALIVE &&
	       answer->op == VIRTIO_VSOCK_OP_RST && answer->dst_cid == GUEST_CID &&
	       answer->dst_port == 1000;
}

/*
 * Return: "failed", or what became of it: some of these rings the kernel follows, an
 * empty buffer for instance
 */
static const char *suffer(unsigned int queue, const struct malformed *row)
{
	driver_desc(queue, 0, DRIVER_DATA, 4096, queue == RX ? F_WRITE : 0, 0);
	row->make(queue);
	driver_kick(queue);
	if (queue == RX)
		call();
	return wait_for(has_failed, 0) ? "failed" : "followed";
}

static void test_row(unsigned int queue, const char *name, const struct malformed *row)
{
	const char *what;
	bool good;

	driver_attach(&vsock);
	driver_up(row->features);
	good = works();
	what = suffer(queue, row);
	driver_set_status(0);
	driver_pump();
	good = good && driver_status() == 0;
	driver_up(row->features);
	ok(works() && good, "vsock, %s: %s: %s", name, row->name, what);
	driver_detach();
}

int main(void)
{
	size_t i;

	for (i = 0; i < malformed_count; i++) {
		test_row(RX, "received", &malformed[i]);
		test_row(TX, "sent", &malformed[i]);
	}
	return tap_done();
}
