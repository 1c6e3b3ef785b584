// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel loader: a good image, every truncation of it, every lie in its
 * header, and a real kernel if VMLINUZ names one.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "boot.h"
#include "bzimage.h"
#include "compiler.h"
#include "guest.h"
#include "layout.h"
#include "tap.h"

#define MEMORY	(64ULL << 20)

static struct guest_memory memory;
static uint8_t file[SYNTH_BYTES];
static struct setup_header *header;
static struct boot_request request;
static struct boot_entry entry;
static char err[512];

static void begin(void)
{
	guest_memory_free(&memory);
	if (guest_memory_alloc(&memory, MEMORY))
		abort();
	header = synth_bzimage(file);
	request = (struct boot_request){
		.path = "/k",
		.kernel = file,
		.kernel_bytes = sizeof(file),
		.cmdline = "console=ttyS0",
		.rsdp = ACPI_TABLES,
		.seed = { 1, 2, 3 },
	};
	err[0] = '\0';
}

/* The file in a block of its own, so that ASan sees a read behind it. */
static int load(void)
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

static struct boot_params *params(void)
{
	return guest_pointer(&memory, entry.rsi, sizeof(struct boot_params));
}

static bool refused(int error, const char *text)
{
	if (load() != -1 || errno != error || !strstr(err, text) ||
	    !strstr(err, "\nhint: ") || err[strlen(err) - 1] == '\n') {
		printf("# errno %d, \"%s\"\n", errno, err);
		return false;
	}
	return true;
}

static void test_good(void)
{
	struct boot_params *zero;
	struct setup_data *node;
	uint64_t gdt[6];

	begin();
	ok(load() == 0, "a good image loads");
	ok(entry.rip == SYNTH_ADDRESS + 0x200, "entry at 0x200 of the 64-bit code");
	ok(!memcmp(guest_pointer(&memory, SYNTH_ADDRESS, SYNTH_CODE),
		   file + SYNTH_CODE_AT, SYNTH_CODE), "the code is where it wants to be");
	zero = params();
	ok(zero->hdr.header == 0x53726448 && zero->hdr.version == 0x020F &&
	   zero->hdr.init_size == SYNTH_INIT_SIZE, "the header is in the zero page");
	ok(zero->hdr.type_of_loader == 0xFF &&
	   !(zero->hdr.loadflags & CAN_USE_HEAP), "with what a loader fills in");
	ok(zero->hdr.ramdisk_image == 0 && zero->hdr.ramdisk_size == 0, "no initrd");
	ok(!strcmp(guest_pointer(&memory, zero->hdr.cmd_line_ptr, 32),
		   "console=ttyS0"), "the command line");
	ok(zero->acpi_rsdp_addr == ACPI_TABLES, "the RSDP's address");
	node = guest_pointer(&memory, zero->hdr.setup_data, sizeof(*node) + 32);
	ok(node->type == SETUP_RNG_SEED && node->len == 32 && !node->next &&
	   !memcmp(node->data, request.seed, 32), "a seed for the random generator");
	ok(zero->e820_entries == 3 &&
	   zero->e820_table[0].addr == 0 && zero->e820_table[0].size == 0xA0000 &&
	   zero->e820_table[0].type == 1 &&
	   zero->e820_table[1].addr == 0xE0000 && zero->e820_table[1].size == 0x20000 &&
	   zero->e820_table[1].type == 2 &&
	   zero->e820_table[2].addr == 0x100000 &&
	   zero->e820_table[2].size == MEMORY - 0x100000 &&
	   zero->e820_table[2].type == 1, "e820: RAM, ACPI tables, RAM");
	guest_read(&memory, entry.gdt_base, gdt, sizeof(gdt));
	ok(entry.gdt_limit == sizeof(gdt) - 1 && !gdt[0] && !gdt[1] &&
	   gdt[2] == 0x00AF9B000000FFFFULL && gdt[3] == 0x00CF93000000FFFFULL,
	   "GDT: CS 0x10, DS 0x18");
}

static uint64_t entry_at(uint64_t table, uint64_t index)
{
	uint64_t value = 0;

	guest_read(&memory, (table & ~0xFFFULL) + index * 8, &value, 8);
	return value;
}

static void test_page_tables(void)
{
	uint64_t address;

	begin();
	check(load() == 0);
	for (address = 0; address < 4ULL << 30; address += 2ULL << 20) {
		uint64_t pml4e = entry_at(entry.cr3, 0);
		uint64_t pdpte = entry_at(pml4e, address >> 30);
		uint64_t pde = entry_at(pdpte, address >> 21 & 511);

		check((pml4e & 0x83) == 3 && (pdpte & 0x83) == 3);
		check(pde == (address | 0x83));
	}
	ok(true, "4 GiB are mapped one to one");
}

static void test_layout(void)
{
	begin();
	check(load() == 0);
	ok(BOOT_GDT + entry.gdt_limit < BOOT_PARAMS &&
	   BOOT_PARAMS + sizeof(struct boot_params) <= BOOT_PAGE_TABLES &&
	   BOOT_PAGE_TABLES + 6 * 4096 <= BOOT_SETUP_DATA &&
	   BOOT_SETUP_DATA + 4096 <= BOOT_CMDLINE &&
	   BOOT_CMDLINE + BOOT_CMDLINE_MAX <= BOOT_RAM_END,
	   "nothing in low memory overlaps");
}

static void test_initrd(void)
{
	begin();
	request.initrd_path = "/i";
	request.initrd_bytes = 0x123456;
	ok(load() == 0 && entry.initrd == MEMORY - 0x124000 &&
	   params()->hdr.ramdisk_image == entry.initrd &&
	   params()->hdr.ramdisk_size == 0x123456, "the initrd at the end of memory");
	header->initrd_addr_max = 0x1FFFFFF;
	ok(load() == 0 && entry.initrd == 0x2000000 - 0x124000, "but below its limit");
	header->initrd_addr_max = 0;
	ok(load() == 0 && entry.initrd == MEMORY - 0x124000, "or the old limit");
	header->initrd_addr_max = 0xFFFFFFFF;
	ok(load() == 0 && entry.initrd == MEMORY - 0x124000, "or none");
	request.initrd_bytes = MEMORY - SYNTH_ADDRESS - SYNTH_INIT_SIZE;
	ok(load() == 0 && entry.initrd == SYNTH_ADDRESS + SYNTH_INIT_SIZE, "the largest that fits");
	request.initrd_bytes++;
	ok(refused(ENOMEM, "initrd /i"), "one byte more: %s", err);
	request.initrd_bytes = UINT64_MAX;
	ok(refused(ENOMEM, "initrd /i"), "absurdly large");
	request.initrd_bytes = 0;
	ok(load() == 0 && params()->hdr.ramdisk_size == 0, "empty");
	header->initrd_addr_max = 0xFFFFF;
	request.initrd_bytes = 1;
	ok(refused(ENOMEM, "initrd /i"), "limit below the kernel");
}

static void test_cmdline(void)
{
	static char line[0x20000];

	begin();
	memset(line, 'x', sizeof(line) - 1);
	line[2047] = '\0';
	request.cmdline = line;
	ok(load() == 0, "a command line of the kernel's limit");
	line[2047] = 'x';
	line[2048] = '\0';
	ok(refused(E2BIG, "2048 characters, the kernel /k takes 2047"), "one more: %s", err);
	header->cmdline_size = UINT32_MAX;
	line[2048] = 'x';
	ok(refused(E2BIG, "takes 65535"), "a limit that is a lie");
	line[65535] = '\0';
	ok(load() == 0, "our own limit");
	request.cmdline = "";
	header->cmdline_size = 0;
	ok(load() == 0, "none");
}

static void test_truncation(void)
{
	unsigned int bad = 0;
	size_t length;

	begin();
	for (length = 0; length < SYNTH_BYTES; length++) {
		request.kernel_bytes = length;
		if (load() != -1 || errno != ENOEXEC ||
		    strncmp(err, "kernel /k: not a bzImage (", 26) ||
		    !strstr(err, "\nhint: "))
			bad++;
	}
	ok(bad == 0, "every truncation, %u lengths, is refused with a hint", SYNTH_BYTES);
}

static void test_formats(void)
{
	static const struct {
		const char *bytes;
		size_t length;
		const char *text;
	} formats[] = {
		{ "", 0, "empty" },
		{ "\177ELF\2\1\1", 7, "ELF" },
		{ "\037\213\010", 3, "gzip" },
		{ "#!/bin/sh\n", 10, "script" },
		{ "070701", 6, "cpio" },
		{ "\3757zXZ", 6, "xz" },
		{ "\050\265\057\375", 4, "zstd" },
		{ "hello", 5, "shorter" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		begin();
		memcpy(file, formats[i].bytes, formats[i].length);
		request.kernel_bytes = formats[i].length;
		ok(refused(ENOEXEC, formats[i].text), "refused: %s", formats[i].text);
	}
	begin();
	memset(file, 0, sizeof(file));
	ok(refused(ENOEXEC, "no boot sector"), "refused: zeroes");
}

#define LIE(field, value, error, text) do {				\
	begin();							\
	header->field = (value);					\
	ok(refused(error, text), "refused: " #field " %s: %s", #value, text); \
} while (0)

static void test_lies(void)
{
	LIE(boot_flag, 0, ENOEXEC, "no boot sector");
	LIE(header, 0, ENOEXEC, "no HdrS");
	LIE(jump, 0x00EB, ENOEXEC, "no HdrS");
	LIE(jump, 0x04EB, ENOEXEC, "older than 2.12");
	LIE(jump, 0x34EB, ENOEXEC, "no 64-bit entry");
	LIE(version, 0x020B, ENOEXEC, "older than 2.12");
	LIE(xloadflags, 0, ENOEXEC, "no 64-bit entry");
	LIE(loadflags, 0, ENOEXEC, "below 1 MiB");
	LIE(setup_sects, 255, ENOEXEC, "cut off");
	LIE(setup_sects, 0, ENOEXEC, "cut off");
	LIE(syssize, SYNTH_CODE / 16 + 1, ENOEXEC, "cut off");
	LIE(syssize, UINT32_MAX, ENOEXEC, "cut off");
	LIE(syssize, 0, ENOEXEC, "no code");
	LIE(syssize, 0x20, ENOEXEC, "no code");
	LIE(pref_address, 0, ENOEXEC, "preferred address");
	LIE(pref_address, 0xFF000, ENOEXEC, "preferred address");
	LIE(pref_address, 0x1000001, ENOEXEC, "preferred address");
	LIE(pref_address, MEMORY, ENOMEM, "needs memory");
	LIE(pref_address, UINT64_MAX & ~0xFFFULL, ENOMEM, "needs memory");
	LIE(pref_address, 0xC0000000ULL, ENOMEM, "needs memory");
	LIE(init_size, 0, ENOEXEC, "how much memory");
	LIE(init_size, SYNTH_CODE - 1, ENOEXEC, "larger than the memory it asks for");
	LIE(init_size, UINT32_MAX, ENOMEM, "needs memory");
	LIE(init_size, (uint32_t)(MEMORY - SYNTH_ADDRESS + 1), ENOMEM, "needs memory");
}

static void test_memory_sizes(void)
{
	begin();
	guest_memory_free(&memory);
	check(!guest_memory_alloc(&memory, 1 << 20));
	ok(refused(ENOMEM, "needs memory from 16 MiB to 18 MiB, the domain has 1 MiB"),
	   "a small domain: %s", err);
	guest_memory_free(&memory);
	check(!guest_memory_alloc(&memory, 5ULL << 30));
	ok(load() == 0, "a domain of 5 GiB");
	ok(params()->e820_entries == 4 &&
	   params()->e820_table[2].size == (3ULL << 30) - 0x100000 &&
	   params()->e820_table[3].addr == 4ULL << 30 &&
	   params()->e820_table[3].size == 2ULL << 30, "has 2 GiB of it above 4 GiB");
	ok(((uintptr_t)memory.range[0].host & 0x1FFFFF) == 0 &&
	   ((uintptr_t)memory.range[1].host & 0x1FFFFF) == 0,
	   "both parts on 2 MiB borders");
	request.initrd_path = "/i";
	request.initrd_bytes = 1 << 20;
	ok(load() == 0 && entry.initrd == 0x80000000ULL - (1 << 20), "its initrd below 2 GiB");
}

static void test_fuzz(void)
{
	unsigned int loaded = 0;
	uint64_t seed = 7;
	unsigned int i;

	begin();
	for (i = 0; i < 20000; i++) {
		unsigned int changes = 1 + tap_random(&seed) % 4;

		header = synth_bzimage(file);
		while (changes--)
			file[0x1F0 + tap_random(&seed) % 0x80] = (uint8_t)tap_random(&seed);
		request.kernel_bytes = tap_random(&seed) & 1 ? sizeof(file) :
				       tap_random(&seed) % sizeof(file);
		request.initrd_path = i & 4 ? "/i" : NULL;
		request.initrd_bytes = tap_random(&seed) >> (tap_random(&seed) & 63);
		if (load())
			continue;
		loaded++;
		check(guest_pointer(&memory, entry.rip, 1));
		check(!request.initrd_path ||
		      (entry.initrd >= 0x100000 &&
		       guest_pointer(&memory, entry.initrd, request.initrd_bytes)));
	}
	ok(loaded > 100, "20000 damaged headers, %u loaded all the same", loaded);
}

static void test_real(void)
{
	const char *path = getenv("VMLINUZ");
	const struct boot_params *zero;
	struct stat stat;
	uint8_t *bytes;
	FILE *stream;

	if (!path || !*path) {
		tap_skip("a real kernel", "VMLINUZ names none");
		return;
	}
	stream = fopen(path, "r");
	if (!stream || fstat(fileno(stream), &stat)) {
		ok(false, "VMLINUZ=%s: %s", path, strerror(errno));
		return;
	}
	bytes = malloc((size_t)stat.st_size);
	begin();
	guest_memory_free(&memory);
	check(!guest_memory_alloc(&memory, 256ULL << 20));
	request.path = path;
	request.kernel = bytes;
	request.kernel_bytes = fread(bytes, 1, (size_t)stat.st_size, stream);
	ok(load() == 0, "%s loads %s", path, err);
	zero = params();
	ok(entry.rip == zero->hdr.pref_address + 0x200 &&
	   !memcmp(guest_pointer(&memory, zero->hdr.pref_address, 4096),
		   bytes + (zero->hdr.setup_sects + 1) * 512, 4096),
	   "its code is at 0x%llx", (unsigned long long)zero->hdr.pref_address);
	request.kernel_bytes /= 2;
	ok(refused(ENOEXEC, "cut off"), "half of it does not");
	free(bytes);
	fclose(stream);
}

int main(void)
{
	test_good();
	test_page_tables();
	test_layout();
	test_initrd();
	test_cmdline();
	test_truncation();
	test_formats();
	test_lies();
	test_memory_sizes();
	test_fuzz();
	test_real();
	guest_memory_free(&memory);
	return tap_done();
}
