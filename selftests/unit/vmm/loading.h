/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests of loaders: memory, a file, what came of it, and small ELF files. */
#ifndef HVMOD_TEST_LOADING_H
#define HVMOD_TEST_LOADING_H

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "acpi.h"
#include "boot.h"
#include "guest.h"
#include "layout.h"
#include "tap.h"

#define LOADING_MEMORY	(64ULL << 20)
#define LOADING_FILE	0x4000

static struct guest_memory memory;
static uint8_t file[LOADING_FILE];
static struct boot_request request;
static struct boot_entry entry;
static char err[512];

static inline void loading_memory(uint64_t bytes)
{
	guest_memory_free(&memory);
	if (guest_memory_alloc(&memory, bytes))
		abort();
	if (bytes > ACPI_TABLES + ACPI_TABLES_BYTES)
		acpi_build(guest_pointer(&memory, ACPI_TABLES, ACPI_TABLES_BYTES),
			   ACPI_TABLES_BYTES, ACPI_TABLES, 1, 1);
}

/* Every byte of the file is told from its neighbours. */
static inline void loading_begin(void)
{
	size_t i;

	loading_memory(LOADING_MEMORY);
	for (i = 0; i < sizeof(file); i++)
		file[i] = (uint8_t)(i * 13 + i / 256 + 1);
	request = (struct boot_request){
		.path = "/k",
		.kernel = file,
		.kernel_bytes = sizeof(file),
		.cmdline = "console=ttyS0",
		.rsdp = ACPI_TABLES,
	};
	err[0] = '\0';
}

/* The file in a block of its own, so that ASan sees a read behind it. */
static inline int loading(void)
{
	uint8_t *copy = malloc(request.kernel_bytes);
	const uint8_t *kernel = request.kernel;
	int ret;

	memcpy(copy, kernel, request.kernel_bytes);
	request.kernel = copy;
	ret = boot_load(&memory, &request, &entry, err, sizeof(err));
	request.kernel = kernel;
	free(copy);
	return ret;
}

static inline bool loading_refused(int error, const char *text)
{
	if (loading() != -1 || errno != error || !strstr(err, text) ||
	    !strstr(err, "\nhint: ") || err[strlen(err) - 1] == '\n') {
		printf("# errno %d, \"%s\"\n", errno, err);
		return false;
	}
	return true;
}

#define refuses(error, text, ...)					\
	ok(loading_refused(error, text), "refused: " __VA_ARGS__)

/* Whether the guest has @bytes of the file's bytes from @at at @gpa. */
static inline bool has_file(uint64_t gpa, size_t at, size_t bytes)
{
	const uint8_t *there = guest_pointer(&memory, gpa, bytes);

	return there && !memcmp(there, file + at, bytes);
}

static inline bool has_zeroes(uint64_t gpa, size_t bytes)
{
	const uint8_t *there = guest_pointer(&memory, gpa, bytes);

	while (there && bytes && !*there) {
		there++;
		bytes--;
	}
	return there && !bytes;
}

/* Each truncation must be refused, from @from bytes on. */
static inline unsigned int loading_truncations(size_t length)
{
	unsigned int bad = 0;
	size_t bytes;

	for (bytes = 0; bytes < length; bytes++) {
		request.kernel_bytes = bytes;
		bad += loading() != -1 || errno != ENOEXEC ||
		       strncmp(err, "kernel /k: ", 11) || !strstr(err, "\nhint: ");
	}
	request.kernel_bytes = sizeof(file);
	return bad;
}

/*
 * Damage to the first @head bytes: whatever a file says, vCPU 0 starts in
 * memory and the initrd is in memory that is not the kernel's.
 * Return: how many were loaded all the same
 */
static inline unsigned int loading_damage(size_t head, unsigned int rounds)
{
	static uint8_t good[LOADING_FILE];
	unsigned int loaded = 0;
	uint64_t seed = 7;

	memcpy(good, file, sizeof(good));
	while (rounds--) {
		unsigned int changes = 1 + tap_random(&seed) % 4;

		memcpy(file, good, sizeof(file));
		while (changes--)
			file[tap_random(&seed) % head] = tap_random(&seed) & 3 ?
				(uint8_t)tap_random(&seed) :
				(uint8_t)-(tap_random(&seed) & 1);
		request.kernel_bytes = tap_random(&seed) & 7 ? sizeof(file) :
				       tap_random(&seed) % sizeof(file);
		request.initrd_path = rounds & 4 ? "/i" : NULL;
		request.initrd_bytes = tap_random(&seed) >> (tap_random(&seed) & 63);
		if (loading()) {
			check(err[0] && strstr(err, "\nhint: "));
			continue;
		}
		loaded++;
		check(guest_pointer(&memory, entry.rip, 1));
		check(!request.initrd_path ||
		      (entry.initrd >= 0x100000 &&
		       guest_pointer(&memory, entry.initrd, request.initrd_bytes)));
	}
	memcpy(file, good, sizeof(file));
	request.kernel_bytes = sizeof(file);
	request.initrd_path = NULL;
	return loaded;
}

/* An ELF file: header, @parts program headers that are all zero. */
static inline Elf64_Phdr *synth_elf64(unsigned int parts, uint64_t start)
{
	Elf64_Ehdr *header = (void *)file;
	Elf64_Phdr *part = (void *)(file + sizeof(*header));

	*header = (Elf64_Ehdr){
		.e_ident = { 0x7F, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_entry = start,
		.e_phoff = sizeof(*header),
		.e_ehsize = sizeof(*header),
		.e_phentsize = sizeof(*part),
		.e_phnum = (uint16_t)parts,
	};
	memset(part, 0, parts * sizeof(*part));
	return part;
}

static inline Elf32_Phdr *synth_elf32(unsigned int parts, uint32_t start)
{
	Elf32_Ehdr *header = (void *)file;
	Elf32_Phdr *part = (void *)(file + sizeof(*header));

	*header = (Elf32_Ehdr){
		.e_ident = { 0x7F, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_386,
		.e_version = EV_CURRENT,
		.e_entry = start,
		.e_phoff = sizeof(*header),
		.e_ehsize = sizeof(*header),
		.e_phentsize = sizeof(*part),
		.e_phnum = (uint16_t)parts,
	};
	memset(part, 0, parts * sizeof(*part));
	return part;
}

#endif
