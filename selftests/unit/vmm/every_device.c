// SPDX-License-Identifier: GPL-2.0-only
/* The table of devices. A new one is a row for each of its queues. */
#include "balloon_driver.h"
#include "blk_driver.h"
#include "every_device.h"
#include "fake_vhost.h"
#include "net_driver.h"
#include "small_driver.h"
#include "virtio_rng.h"

void rng_request(unsigned int queue)
{
	driver_desc(queue, 0, DRIVER_DATA, 64, F_WRITE, 0);
}

const struct driver_device every_device[] = {
	{ "rng", virtio_rng_create, 0, rng_request, false },
	{ "blk", blk_create, 1, blk_request, false },
	{ "net, received", net_plenty_create, 0, net_rx_request, false },
	{ "net, sent", net_plenty_create, 1, net_tx_request, false },
	{ "console, read", small_console_create, 0, small_read_request, false },
	{ "console, written", small_console_create, 1, small_write_request, false },
	{ "net with vhost, received", vhost_net_create, 0, vsock_rx_request, false },
	{ "net with vhost, sent", vhost_net_create, 1, vsock_tx_request, false },
	{ "vsock, received", vsock_create, 0, vsock_rx_request, false },
	{ "vsock, sent", vsock_create, 1, vsock_tx_request, false },
	{ "vsock, events", vsock_create, 2, vsock_event_request, true },
	{ "balloon, inflated", balloon_create, 0, balloon_request, false },
	{ "balloon, deflated", balloon_create, 1, balloon_request, false },
	{ "balloon, reported", balloon_create, 2, balloon_report_request, false },
};

const unsigned int every_device_count = sizeof(every_device) / sizeof(every_device[0]);

void every_device_begin(void)
{
	blk_make_image();
}

void every_device_end(void)
{
	blk_remove_image();
}
