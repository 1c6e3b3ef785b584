// SPDX-License-Identifier: GPL-2.0-only
/* The table of devices. A new one is a row for each of its queues. */
#include <linux/virtio_balloon.h>

#include "balloon_driver.h"
#include "blk_driver.h"
#include "every_device.h"
#include "fake_vhost.h"
#include "fs_driver.h"
#include "net_driver.h"
#include "small_driver.h"
#include "virtio_rng.h"

void rng_request(unsigned int queue)
{
	driver_desc(queue, 0, DRIVER_DATA, 64, F_WRITE, 0);
}

const struct driver_device every_device[] = {
	{ "rng", virtio_rng_create, 0, rng_request, ANSWERED, 0 },
	{ "blk", blk_create, 1, blk_request, ANSWERED, 0 },
	{ "net, received", net_plenty_create, 0, net_rx_request, ANSWERED, 0 },
	{ "net, sent", net_plenty_create, 1, net_tx_request, ANSWERED, 0 },
	{ "console, read", small_console_create, 0, small_read_request, ANSWERED, 0 },
	{ "console, written", small_console_create, 1, small_write_request, ANSWERED, 0 },
	{ "net with vhost, received", vhost_net_create, 0, vsock_rx_request, ANSWERED, 0 },
	{ "net with vhost, sent", vhost_net_create, 1, vsock_tx_request, ANSWERED, 0 },
	{ "vsock, received", vsock_create, 0, vsock_rx_request, ANSWERED, 0 },
	{ "vsock, sent", vsock_create, 1, vsock_tx_request, ANSWERED, 0 },
	{ "vsock, events", vsock_create, 2, vsock_event_request, UNSEEN, 0 },
	{ "balloon, inflated", balloon_create, 0, balloon_request, ANSWERED, 0 },
	{ "balloon, deflated", balloon_create, 1, balloon_request, ANSWERED, 0 },
	{ "balloon, statistics", balloon_create, 2, balloon_stats_request, KEPT,
	  1ULL << VIRTIO_BALLOON_F_STATS_VQ },
	{ "balloon, reported", balloon_create, 2, balloon_report_request, ANSWERED, 0 },
	{ "fs without its virtiofsd, requests", fs_orphan_create, FS_REQUEST, fs_request, ANSWERED, 0 },
	{ "fs without its virtiofsd, forgets", fs_orphan_create, FS_FORGET, fs_forget_request, ANSWERED, 0 },
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
