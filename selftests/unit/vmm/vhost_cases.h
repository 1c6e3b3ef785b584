/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What goes for every device that a kernel's vhost serves: tests that they share.
 * @features is what the driver wants.
 */
#ifndef HVMOD_TEST_VHOST_CASES_H
#define HVMOD_TEST_VHOST_CASES_H

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "driver.h"
#include "fake_vhost.h"
#include "tap.h"

/* It is in use, for the first time; detached afterwards. */
static void vhost_case_restart(const struct driver_device *device, uint64_t features)
{
	uint16_t used;

	driver_set_status(0);
	driver_pump();
	ok(!fake_vhost.running && fake_vhost_idle(), "a reset stops the kernel");
	used = driver_used(device->queue);
	device->request(device->queue);
	driver_submit(device->queue, 0);
	driver_kick(device->queue);
	driver_pump();
	ok(driver_used(device->queue) == used, "it touches nothing then");
	driver_up(features);
	ok(driver_works(device) && fake_vhost.starts == 2, "and begins again");
	driver_detach();
	ok(!fake_vhost.running && fake_vhost_idle(), "the end of the device stops it too");
}

/* The kernel refuses call after call, at last @run, the one that lets it begin. */
static void vhost_case_refused(const struct driver_device *device, uint64_t features, unsigned long run,
			       const char *name)
{
	const struct {
		unsigned long request;
		const char *name;
	} calls[] = {
		{ VHOST_SET_FEATURES, "features" },
		{ VHOST_SET_VRING_NUM, "a size" },
		{ VHOST_SET_VRING_BASE, "an index" },
		{ VHOST_SET_VRING_ADDR, "addresses" },
		{ VHOST_SET_VRING_CALL, "an interrupt" },
		{ VHOST_SET_VRING_KICK, "a doorbell" },
		{ run, name },
	};
	size_t i;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		bool good;

		driver_attach(device);
		fake_vhost.fail_request = calls[i].request;
		fake_vhost.fail_errno = EFAULT;
		driver_up(features);
		good = driver_status() == (ALIVE | NEEDS_RESET) && !fake_vhost.running;
		fake_vhost.fail_errno = 0;
		driver_up(features);
		ok(good && driver_works(device), "the kernel refuses %s: the device has failed", calls[i].name);
		driver_detach();
	}
}

/*
 * The device was not made: @device is NULL, errno as it should be, and @err, which is
 * changed, has @text and a hint. @first: the descriptor that is free then.
 */
static void vhost_case_unmade(const char *name, const struct virtio_device *device, int error, char *err,
			      const char *text, int first)
{
	bool good = !device && errno == error && strstr(err, text) && strstr(err, "\nhint: ");
	int next;

	ok(good, "%s: %s", name, strtok(err, "\n"));
	fake_vhost.fd = -1;
	next = dup(0);
	ok(next == first, "%s: nothing stays open", name);
	close(next);
}

#endif
