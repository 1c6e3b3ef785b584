/* SPDX-License-Identifier: GPL-2.0-only */
/* What the steps of vmm_create() share. */
#ifndef HVMOD_VMM_BUILD_H
#define HVMOD_VMM_BUILD_H

#include "machine.h"

#define MIB	((uint64_t)1 << 20)

/**
 * struct build - a domain that is being made
 * @vmm: what is there of it
 * @config: what it shall be
 * @caps: what the module offers
 * @entry: how vCPU 0 starts
 * @kernel: descriptor of the kernel file, or -1
 * @initrd: that of the initrd file, or -1
 * @kernel_bytes: size of the kernel file
 * @initrd_bytes: size of the initrd file
 * @err: the caller's buffer for a message
 * @err_size: its size
 */
struct build {
	struct vmm *vmm;
	const struct vmm_config *config;
	struct hvmod_caps caps;
	struct boot_entry entry;
	int kernel;
	int initrd;
	uint64_t kernel_bytes;
	uint64_t initrd_bytes;
	char *err;
	size_t err_size;
};

/* The most vCPUs that a domain can have. */
static inline unsigned int build_vcpus_max(const struct vmm_config *config)
{
	return config->vcpus_max ? config->vcpus_max : config->vcpus;
}

int build_fail(struct build *build, int error, const char *format, ...)
	__printf(3, 4);

/* build_load.c */
int build_open_files(struct build *build);
int build_load_kernel(struct build *build);
int build_load_initrd(struct build *build);
int build_load_firmware(struct build *build);
void build_close_files(struct build *build);

/* balloon.c */
int build_balloon_allowed(struct build *build);
int build_balloon(struct build *build);

/* build_virtio.c */
int build_virtio(struct build *build);

#endif
