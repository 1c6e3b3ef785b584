// SPDX-License-Identifier: GPL-2.0-only
/* Flat binaries: each mode, and where they may be. */
#include "compiler.h"
#include "loading.h"

static struct boot_flat flat;

static int put(uint64_t address, enum boot_mode mode)
{
	flat = (struct boot_flat){ .address = address, .mode = mode };
	request.flat = &flat;
	return loading();
}

static void begin(void)
{
	loading_begin();
	request.cmdline = "";
}

static bool refused(uint64_t address, enum boot_mode mode)
{
	flat = (struct boot_flat){ .address = address, .mode = mode };
	request.flat = &flat;
	return loading_refused(ENOMEM, "where a flat binary can be");
}

static void test_modes(void)
{
	begin();
	ok(put(0x7C00, BOOT_REAL) == 0 && entry.mode == BOOT_REAL && entry.cs == 0 &&
	   entry.rip == 0x7C00 && has_file(0x7C00, 0, sizeof(file)), "real mode at 0x7C00 %s", err);
	ok(entry.xapic && !entry.rax && !entry.rbx && !entry.rsi && !entry.gdt_limit,
	   "nothing in registers, no GDT");
	ok(put(0x12345, BOOT_REAL) == 0 && entry.cs == 0x1000 && entry.rip == 0x2345,
	   "real mode above 64 KiB: CS:IP");
	ok(put(0x200000, BOOT_PROTECTED) == 0 && entry.mode == BOOT_PROTECTED &&
	   entry.rip == 0x200000 && entry.gdt_limit == 47 && !entry.cr3 &&
	   has_file(0x200000, 0, sizeof(file)), "protected mode at 2 MiB");
	ok(put(0x200000, BOOT_LONG) == 0 && entry.mode == BOOT_LONG && entry.cr3 &&
	   entry.gdt_limit == 47, "long mode at 2 MiB");
}

static void test_places(void)
{
	static const struct {
		enum boot_mode mode;
		uint64_t first;
	} low[] = {
		{ BOOT_REAL, 0x500 }, { BOOT_PROTECTED, 0x1000 }, { BOOT_LONG, 0x10000 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(low); i++) {
		begin();
		ok(put(low[i].first, low[i].mode) == 0, "mode %zu: lowest address", i);
		ok(refused(low[i].first - 1, low[i].mode), "mode %zu: one less: %s", i, err);
		ok(refused(0, low[i].mode), "mode %zu: 0", i);
		ok(put(0xA0000 - sizeof(file), low[i].mode) == 0, "mode %zu: up to the hole", i);
		ok(refused(0xA0000 - sizeof(file) + 1, low[i].mode), "mode %zu: into the hole", i);
		ok(refused(0xE0000, low[i].mode), "mode %zu: over the firmware", i);
		ok(refused(UINT64_MAX, low[i].mode), "mode %zu: 2^64 - 1", i);
		ok(refused(1ULL << 32, low[i].mode), "mode %zu: 4 GiB", i);
	}
	ok(refused(0x100000, BOOT_REAL), "real mode does not reach 1 MiB");
	ok(put(LOADING_MEMORY - sizeof(file), BOOT_LONG) == 0, "up to the end of memory");
	ok(refused(LOADING_MEMORY - sizeof(file) + 1, BOOT_LONG), "beyond it");
	loading_memory(5ULL << 30);
	ok(refused(4ULL << 30, BOOT_LONG), "memory above 4 GiB is not mapped");
}

static void test_extras(void)
{
	begin();
	request.cmdline = "quiet";
	flat = (struct boot_flat){ .address = 0x7C00, .mode = BOOT_REAL };
	request.flat = &flat;
	refuses(EINVAL, "command line: a flat binary takes none", "a command line");
	request.cmdline = "";
	request.initrd_path = "/i";
	refuses(EINVAL, "initrd /i: a flat binary takes none", "an initrd");
	request.initrd_path = NULL;
	request.kernel_bytes = 0;
	refuses(ENOEXEC, "empty", "an empty file");
	begin();
	memcpy(file, "\177ELF", 4);
	ok(put(0x7C00, BOOT_REAL) == 0, "what looks like something else is a flat binary, if told so");
	request.kernel_bytes = 1;
	ok(put(0x9FFFF, BOOT_REAL) == 0 && entry.cs == 0x9000 && entry.rip == 0xFFFF,
	   "one byte, at the last address of real mode");
}

int main(void)
{
	test_modes();
	test_places();
	test_extras();
	guest_memory_free(&memory);
	return tap_done();
}
