/* SPDX-License-Identifier: GPL-2.0-only */
/* The entropy device. */
#ifndef HVMOD_VMM_VIRTIO_RNG_H
#define HVMOD_VMM_VIRTIO_RNG_H

#include "virtio.h"

struct virtio_device *virtio_rng_create(const struct virtio_machine *machine);

#endif
