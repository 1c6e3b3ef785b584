// SPDX-License-Identifier: GPL-2.0-only
/* The firmware's part of memory. */
#include "acpi.h"
#include "firmware.h"
#include "layout.h"
#include "paging.h"
#include "tap.h"

/* What shall be at the entry, from the assembler. */
extern const uint8_t expected[], expected_end[];
asm(".pushsection .rodata\n.code16\n"
    "expected: mov $1, %al\nmov $0x605, %dx\nout %al, %dx\n"
    "1: hlt\njmp 1b\n"
    "expected_end:\n.code64\n.popsection\n");

int main(void)
{
	struct guest_memory memory;
	struct guest_memory small;
	static uint8_t tables[ACPI_TABLES_BYTES];

	test_memory(&memory);
	ok(firmware_load(&memory, 2, 1) == 0, "loads");
	ok(!memcmp(guest_pointer(&memory, 0xFFFF0, 16), expected,
		   (size_t)(expected_end - expected)), "F000:FFF0 resets");
	acpi_build(tables, sizeof(tables), 0xE0000, 2, 1);
	ok(!memcmp(guest_pointer(&memory, 0xE0000, sizeof(tables)), tables,
		   sizeof(tables)), "ACPI tables at 0xE0000");
	ok(firmware_load(&memory, 64, 1) == 0, "64 processors");
	ok(firmware_load(&memory, 256, 1) == -1, "256 are too many");
	small = memory;
	small.range[0].bytes = 0xFFFF8;
	ok(firmware_load(&small, 1, 1) == -1, "too little memory");
	test_memory_free(&memory);
	return tap_done();
}
