/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVMOD_VMM_VIRTIO_FS_H
#define HVMOD_VMM_VIRTIO_FS_H

#include "virtio.h"
#include "vmm.h"

struct virtio_device *virtio_fs_create(const struct virtio_machine *machine,
				       const struct vmm_fs *fs, char *err,
				       size_t err_size);

#endif
