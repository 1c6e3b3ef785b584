/* SPDX-License-Identifier: GPL-2.0-only */
/* What goes for every device that another process serves: tests that they share. */
#ifndef HVMOD_TEST_BACK_END_CASES_H
#define HVMOD_TEST_BACK_END_CASES_H

#include <errno.h>
#include <string.h>

#include "driver.h"
#include "fake_back_end.h"
#include "tap.h"

/* A back end with which there is no device, since it is @wrong from message @at on; @text: what is said of it. */
struct back_end_case {
	const char *name;
	enum wrong wrong;
	uint32_t at;
	const char *text;
};

/* @try makes a device, or there is a message in @err, which begins with @begin and has a hint. */
static void back_end_unmade(enum back_end_kind kind, const struct back_end_case *cases, size_t count,
			    struct virtio_device *(*try)(const struct virtio_machine *machine), char *err,
			    const char *begin)
{
	const struct virtio_machine machine = { .memory = &driver.memory };
	struct virtio_device *device;
	size_t i;

	for (i = 0; i < count; i++) {
		bool good;

		back_end_start(kind, cases[i].wrong, cases[i].at);
		device = try(&machine);
		good = !device && errno == EINVAL && strstr(err, begin) == err && strstr(err, cases[i].text) &&
		       strstr(err, "\nhint: ");
		ok(good, "a back end that %s: %s", cases[i].name, strtok(err, "\n"));
		back_end_stop();
	}
}

#endif
