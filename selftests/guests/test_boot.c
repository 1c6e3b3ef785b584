// SPDX-License-Identifier: GPL-2.0-only
/* What the boot loader promised. */
#include "guest.h"

#define MIB	(1UL << 20)

static bool equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

void test_boot(void)
{
	static const char content[] = "a module of the test guest\n";

	print("# started by %s, command line '%s'\n", boot.protocol, boot.cmdline);
	ok(boot_word("tests"), "%s: the command line is there", boot.protocol);
	if (boot.loader)
		ok(equal(boot.loader, "hvmod"), "the boot loader's name: %s", boot.loader);
	ok(boot.regions >= 3 && boot.ram_bytes >= 15 * MIB &&
	   (boot.module ? boot.module + boot.module_bytes <= boot.ram_bytes + MIB : true),
	   "the memory map: %u regions, %lu KiB of memory", boot.regions, boot.ram_bytes >> 10);
	if (boot.rsdp)
		ok(same((const void *)boot.rsdp, "RSD PTR ", 8), "the RSDP");
	if (boot.module)
		ok(boot.module_bytes == sizeof(content) - 1 && !(boot.module & 0xFFF) &&
		   same((const void *)boot.module, content, sizeof(content) - 1),
		   "the module, on a page");
	else
		ok(!boot_word("module"), "no module");
}
