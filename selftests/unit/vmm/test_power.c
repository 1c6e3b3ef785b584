// SPDX-License-Identifier: GPL-2.0-only
/* Power off and reset: every way, told apart; and what is none. */
#include <string.h>

#include "compiler.h"
#include "layout.h"
#include "power.h"
#include "tap.h"

static unsigned int ends;
static enum vmm_outcome outcome;
static const char *how;

static void end(void *ctx, enum vmm_outcome what, const char *text)
{
	(void)ctx;
	ends++;
	outcome = what;
	how = text;
}

static const struct {
	uint16_t port;
	uint64_t value;
	enum vmm_outcome outcome;
	const char *how;
} ways[] = {
	{ 0x600, 0x34, VMM_POWEROFF, "sleep control" },
	{ 0x604, 0x01, VMM_RESET, "ACPI reset" },
	{ 0x605, 0x01, VMM_RESET, "firmware" },
	{ 0x64, 0xFE, VMM_RESET, "keyboard" },
	{ 0x64, 0xF0, VMM_RESET, "keyboard" },
	{ 0x92, 0x01, VMM_RESET, "0x92" },
	{ 0x92, 0x03, VMM_RESET, "0x92" },
	{ 0xCF9, 0x06, VMM_RESET, "0xCF9" },
	{ 0xCF9, 0x0E, VMM_RESET, "0xCF9" },
	{ 0xCF9, 0x04, VMM_RESET, "0xCF9" },
};

static const struct {
	uint16_t port;
	unsigned int size;
	uint64_t value;
	const char *why;
} none[] = {
	{ 0x600, 1, 0x14, "S5 without the enable bit" },
	{ 0x600, 1, 0x20, "enable with another sleep type" },
	{ 0x600, 1, 0x2C, "enable with S3" },
	{ 0x600, 2, 0x34, "a wide write to sleep control" },
	{ 0x601, 1, 0x80, "clearing the wake status" },
	{ 0x604, 1, 0x02, "another value to the reset register" },
	{ 0x64, 1, 0xD1, "another keyboard command" },
	{ 0x64, 1, 0xFF, "a pulse of no line" },
	{ 0x64, 1, 0xF1, "a pulse of other lines" },
	{ 0x92, 1, 0x02, "A20" },
	{ 0x92, 1, 0xFE, "all of port 0x92 but the reset" },
	{ 0x92, 2, 0x0101, "a wide write to port 0x92" },
	{ 0x60, 1, 0xFE, "the keyboard's data port" },
	{ 0xCF9, 1, 0x02, "the kind of reset without the reset" },
	{ 0xCF8, 4, 0x8000FF04, "a PCI address that covers 0xCF9" },
	{ 0xCF8, 2, 0x0400, "a PCI address of 2 bytes" },
};

int main(void)
{
	struct power power = { .end = end };
	struct bus ports = {};
	size_t i;

	ok(power_add(&power, &ports) == 0, "ports are added");
	for (i = 0; i < ARRAY_SIZE(none); i++) {
		ends = 0;
		bus_write(&ports, none[i].port, none[i].size, none[i].value);
		ok(ends == 0, "does not end: %s", none[i].why);
	}
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		ends = 0;
		how = "";
		bus_write(&ports, ways[i].port, 1, ways[i].value);
		ok(ends == 1 && outcome == ways[i].outcome &&
		   strstr(how, ways[i].how), "ends: 0x%x to port 0x%x: %s",
		   (unsigned int)ways[i].value, ways[i].port, how);
	}
	ok((bus_read(&ports, 0x64, 1) & 2) == 0,
	   "the keyboard controller never looks busy");
	ok(bus_read(&ports, 0x92, 1) == 2, "A20 is on");
	bus_write(&ports, 0xCF9, 1, 0x0A);
	ok(bus_read(&ports, 0xCF9, 1) == 0x0A, "the reset control register reads back");
	ok(bus_read(&ports, 0xCF8, 4) == 0xFFFFFFFF,
	   "PCI configuration by ports is absent");
	ok(SLEEP_CONTROL_PORT == 0x600 && RESET_PORT == 0x604,
	   "the layout is the one that the cases above were written for");
	return tap_done();
}
