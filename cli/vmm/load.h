/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the loaders share. A loader is a pure function from the bytes of a file
 * to guest memory; every number in the file may be a lie.
 */
#ifndef HVMOD_VMM_LOAD_H
#define HVMOD_VMM_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot.h"
#include "compiler.h"

#define LOAD_MIB	((uint64_t)1 << 20)

/**
 * struct load - a load under way
 * @memory: guest memory, zeroed but for the firmware
 * @request: what to load
 * @entry: how to start it (out)
 * @end: end of the kernel's memory so far, guest-physical
 * @err: buffer for a message
 * @err_size: its size
 */
struct load {
	const struct guest_memory *memory;
	const struct boot_request *request;
	struct boot_entry *entry;
	uint64_t end;
	char *err;
	size_t err_size;
};

/**
 * struct load_part - a piece of a kernel file that goes to memory as it is
 * @gpa: where to
 * @bytes: memory that it takes; what the file does not fill is zero
 * @file_at: offset in the file
 * @file_bytes: bytes in the file
 */
struct load_part {
	uint64_t gpa;
	uint64_t bytes;
	uint64_t file_at;
	uint64_t file_bytes;
};

/* load.c: each returns 0, or -1 with errno and a message */
int load_refuse(const struct load *load, int error, const char *format, ...)
	__printf(3, 4);
int load_unusable(const struct load *load, const char *cause);
int load_put(struct load *load, const struct load_part *part);
int load_initrd(struct load *load, uint64_t top);
int load_cmdline(const struct load *load, uint64_t to, size_t most);
const void *load_bytes(const struct load *load, uint64_t at, uint64_t bytes);

/* The loaders: whether a file is theirs, and the loading. */
int bzimage_load(struct load *load);
bool bzimage_is(const struct boot_request *request);
int flat_load(struct load *load);
int multiboot_load(struct load *load);
bool multiboot_is(const struct boot_request *request);
int multiboot2_load(struct load *load);
bool multiboot2_is(const struct boot_request *request);
int pvh_load(struct load *load);
bool pvh_is(const struct boot_request *request);

#endif
