/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the harnesses of the kernel loaders share. The input's first bytes say how
 * much memory there is, whether there is an initrd, and its size; the rest is the
 * kernel's file. Memory is on the heap: ASan sees one byte too far.
 */
#ifndef HVMOD_FUZZ_LOAD_H
#define HVMOD_FUZZ_LOAD_H

#include <errno.h>
#include <string.h>

#include "acpi.h"
#include "boot.h"
#include "fuzz.h"
#include "layout.h"

#define LOAD_HEAD	6
#define LOAD_FILE	0x2800		/* of the seeds */
#define LOAD_MIB	(1ULL << 20)
#define LOAD_CODE	0x1000		/* in the seeds' files */

static struct guest_memory memory;
static unsigned long outcomes[3];	/* loaded, ENOEXEC, others */

static inline void load_memory(unsigned int mib)
{
	static uint8_t *host;

	/* Each size is an allocation of its own, made once. */
	static uint8_t *sizes[4];

	if (!sizes[mib]) {
		sizes[mib] = aligned_alloc(4096, (mib + 1) * LOAD_MIB);
		must(sizes[mib]);
		memset(sizes[mib], 0, (mib + 1) * LOAD_MIB);
		acpi_build(sizes[mib] + ACPI_TABLES, ACPI_TABLES_BYTES, ACPI_TABLES, 1, 1);
	}
	host = sizes[mib];
	memory = (struct guest_memory){
		.range[0] = { .bytes = (mib + 1) * LOAD_MIB, .host = host },
		.ranges = 1,
	};
}

/* The firmware's tables are written before the kernel and have to stay. */
static inline void check_loaded(const struct boot_request *request,
				const struct boot_entry *entry)
{
	uint64_t start = entry->rip;

	if (entry->mode == BOOT_REAL)
		start += (uint64_t)entry->cs << 4;
	must(guest_pointer(&memory, start, 1));
	must(entry->mode != BOOT_REAL || entry->rip <= 0xFFFF);
	must(!memcmp(guest_pointer(&memory, ACPI_TABLES, 8), "RSD PTR ", 8));
	if (!request->initrd_path)
		return;
	must(entry->initrd >= HIGH_MEMORY && !(entry->initrd & 4095));
	must(guest_pointer(&memory, entry->initrd, request->initrd_bytes));
	must(start < entry->initrd || start >= entry->initrd + request->initrd_bytes);
}

static inline int load_input(const uint8_t *data, size_t bytes,
			     const struct boot_flat *flat)
{
	struct boot_request request = {
		.path = "/k",
		.cmdline = flat ? "" : "console=ttyS0",
		.flat = flat,
		.rsdp = ACPI_TABLES,
	};
	struct boot_entry entry;
	char err[512] = "";

	if (bytes < LOAD_HEAD)
		return 0;
	load_memory(data[0] & 3);
	if (data[1] & 1) {
		uint32_t initrd;

		memcpy(&initrd, data + 2, sizeof(initrd));
		request.initrd_path = "/i";
		request.initrd_bytes = data[1] & 2 ? initrd : initrd & 0xFFFFF;
		if (data[1] & 4)
			request.initrd_bytes = -request.initrd_bytes;
	}
	request.kernel = data + LOAD_HEAD;
	request.kernel_bytes = bytes - LOAD_HEAD;
	errno = 0;
	if (!boot_load(&memory, &request, &entry, err, sizeof(err))) {
		outcomes[0]++;
		check_loaded(&request, &entry);
		return 0;
	}
	outcomes[errno == ENOEXEC ? 1 : 2]++;
	must(errno == ENOEXEC || errno == ENOMEM || errno == E2BIG || errno == EINVAL);
	must(strstr(err, "/k") || strstr(err, "/i"));
	must(strstr(err, "\nhint: ") && err[strlen(err) - 1] != '\n');
	return 0;
}

void fuzz_report(char *text, size_t bytes)
{
	snprintf(text, bytes, "%lu loaded, %lu no kernels, %lu others", outcomes[0],
		 outcomes[1], outcomes[2]);
}

/* Return: the file of a seed, @bytes of code-like bytes behind the head */
static inline uint8_t *seed_file(uint8_t *data, unsigned int options)
{
	size_t i;

	memset(data, 0, LOAD_HEAD);
	data[0] = 3;
	data[1] = options & 1;
	data[3] = 0x10;
	for (i = 0; i < LOAD_FILE; i++)
		data[LOAD_HEAD + i] = (uint8_t)(i * 13 + 1);
	return data + LOAD_HEAD;
}

#endif
