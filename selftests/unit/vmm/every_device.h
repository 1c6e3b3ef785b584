/* SPDX-License-Identifier: GPL-2.0-only */
/* Every queue of every virtio device, for what all of them go through. */
#ifndef HVMOD_TEST_EVERY_DEVICE_H
#define HVMOD_TEST_EVERY_DEVICE_H

#include "driver.h"

extern const struct driver_device every_device[];
extern const unsigned int every_device_count;

/* What devices need of the host, and its undoing. */
void every_device_begin(void);
void every_device_end(void);

void rng_request(unsigned int queue);

#endif
