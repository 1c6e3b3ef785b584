// SPDX-License-Identifier: GPL-2.0-only
/* The I/O APIC: pins to messages. */
#include <string.h>

#include "ioapic.h"
#include "tap.h"

static struct ioapic chip;
static unsigned int sends;
static uint64_t address;
static uint32_t data;
static int taken = 1;

static int send(void *ctx, uint64_t to, uint32_t what)
{
	(void)ctx;
	sends++;
	address = to;
	data = what;
	return taken;
}

static uint32_t in(uint8_t reg)
{
	ioapic_write(&chip, 0x00, 4, reg);
	return (uint32_t)ioapic_read(&chip, 0x10, 4);
}

static void out(uint8_t reg, uint32_t value)
{
	ioapic_write(&chip, 0x00, 4, reg);
	ioapic_write(&chip, 0x10, 4, value);
}

static void set_entry(unsigned int pin, uint64_t entry)
{
	out((uint8_t)(0x11 + 2 * pin), (uint32_t)(entry >> 32));
	out((uint8_t)(0x10 + 2 * pin), (uint32_t)entry);
}

static void reset(void)
{
	ioapic_init(&chip, send, NULL);
	sends = 0;
	taken = 1;
}

#define MASKED		(1ULL << 16)
#define LEVEL		(1ULL << 15)
#define REMOTE_IRR	(1ULL << 14)
#define LOGICAL		(1ULL << 11)
#define TO(id)		((uint64_t)(id) << 56)

static void test_registers(void)
{
	unsigned int pin;

	reset();
	ok(in(0) == 0 && in(2) == 0, "id 0");
	out(0, 0xFFFFFFFF);
	ok(in(0) == 0x0F000000, "four bits of it can be written");
	ok(in(1) == 0x00170020, "version 0x20, 24 entries");
	out(1, 0);
	ok(in(1) == 0x00170020, "which cannot be written");
	for (pin = 0; pin < 24; pin++) {
		check(in((uint8_t)(0x10 + 2 * pin)) == 0x10000);
		check(in((uint8_t)(0x11 + 2 * pin)) == 0);
	}
	ok(true, "every pin masked after reset");
	out(0x10, 0xFFFFFFFF);
	out(0x11, 0xFFFFFFFF);
	ok(in(0x10) == 0x1AFFF, "status and remote IRR cannot be written");
	ok(in(0x11) == 0xFF000000, "nor what is reserved");
	out(0x40, 0x12345);
	ok(in(0x40) == 0 && in(0xFF) == 0 && in(3) == 0, "registers that are not there read 0");
	ok(ioapic_read(&chip, 0x00, 4) == 3, "the select register reads back");
	ioapic_write(&chip, 0, 4, 0x12);
	ioapic_write(&chip, 0x10, 1, 0x55);
	ok(in(0x12) == 0x10000, "a window write of one byte has no effect");
}

static void test_messages(void)
{
	reset();
	set_entry(4, TO(3) | 0x31);
	ioapic_line(&chip, 4, true);
	ok(sends == 1 && address == 0xFEE03000 && data == 0x4031,
	   "physical, fixed, edge");
	set_entry(5, TO(0xFF) | LOGICAL | 0x42);
	ioapic_line(&chip, 5, true);
	ok(address == 0xFEEFF004 && data == 0x4042, "logical, all");
	set_entry(6, TO(1) | LOGICAL | 1 << 8 | 0x43);
	ioapic_line(&chip, 6, true);
	ok(address == 0xFEE0100C && data == 0x4143, "lowest priority");
	set_entry(7, TO(2) | 4 << 8);
	ioapic_line(&chip, 7, true);
	ok(address == 0xFEE02000 && data == 0x4400, "NMI");
	set_entry(8, TO(2) | LEVEL | 0x51);
	ioapic_line(&chip, 8, true);
	ok(address == 0xFEE02000 && data == 0xC051, "level");
}

static void test_edge(void)
{
	reset();
	set_entry(4, 0x31);
	ioapic_line(&chip, 4, true);
	ioapic_line(&chip, 4, true);
	ok(sends == 1, "edge: a line that stays high sends once");
	ioapic_line(&chip, 4, false);
	ok(sends == 1, "edge: its fall sends nothing");
	ioapic_line(&chip, 4, true);
	ok(sends == 2, "edge: the next rise sends");
	ok(!(in(0x18) & REMOTE_IRR), "edge: no remote IRR");
	ioapic_line(&chip, 4, false);
	set_entry(4, MASKED | 0x31);
	ioapic_line(&chip, 4, true);
	ioapic_line(&chip, 4, false);
	set_entry(4, 0x31);
	ok(sends == 2, "edge: one that came while masked is lost");
	ioapic_eoi(&chip, 0x31);
	ok(sends == 2, "edge: an EOI has no effect");
}

static void test_level(void)
{
	reset();
	set_entry(10, LEVEL | 0x51);
	ioapic_line(&chip, 10, true);
	ok(sends == 1 && (in(0x24) & REMOTE_IRR), "level: sends and sets remote IRR");
	ioapic_line(&chip, 10, false);
	ioapic_line(&chip, 10, true);
	ok(sends == 1, "level: silent until the EOI");
	ioapic_eoi(&chip, 0x52);
	ok(sends == 1, "level: an EOI of another vector is not ours");
	ioapic_eoi(&chip, 0x51);
	ok(sends == 2 && (in(0x24) & REMOTE_IRR), "level: still high at the EOI: sends again");
	ioapic_line(&chip, 10, false);
	ioapic_eoi(&chip, 0x51);
	ok(sends == 2 && !(in(0x24) & REMOTE_IRR), "level: low at the EOI: does not");

	set_entry(10, MASKED | LEVEL | 0x51);
	ioapic_line(&chip, 10, true);
	ok(sends == 2, "level: masked is silent");
	set_entry(10, LEVEL | 0x51);
	ok(sends == 3, "level: unmasking a high line sends");
	set_entry(10, 0x51);
	ok(!(in(0x24) & REMOTE_IRR), "level: remote IRR goes when it becomes edge");
	set_entry(10, LEVEL | 0x51);
	ok(sends == 4, "and comes when it becomes level again");
	ioapic_write(&chip, 0x40, 4, 0x51);
	ok(sends == 5, "level: the EOI register does the same");
}

static void test_level_shared_vector(void)
{
	reset();
	taken = 0;
	set_entry(10, LEVEL | 0x51);
	ioapic_line(&chip, 10, true);
	ok(sends == 1 && !(in(0x24) & REMOTE_IRR), "level, not taken: no remote IRR");
	taken = 1;
	ioapic_eoi(&chip, 0x51);
	ok(sends == 2 && (in(0x24) & REMOTE_IRR), "sent again at the next EOI of the vector");
}

static void test_fuzz(void)
{
	uint64_t seed = 2;
	unsigned int i;

	reset();
	for (i = 0; i < 200000; i++) {
		uint64_t r = tap_random(&seed);

		taken = (int)(r >> 40 & 3) - 1;
		switch (r >> 62) {
		case 0:
			ioapic_line(&chip, r % 24, r >> 32 & 1);
			break;
		case 1:
			ioapic_eoi(&chip, (uint8_t)r);
			break;
		case 2:
			ioapic_read(&chip, r & 0xFFF & ~0xFULL, 1U << (r >> 33 & 3));
			break;
		default:
			ioapic_write(&chip, r >> 44 & 0x10, 4, r >> 20 & 0x3F);
			break;
		}
	}
	ok(true, "200000 random accesses");
}

int main(void)
{
	test_registers();
	test_messages();
	test_edge();
	test_level();
	test_level_shared_vector();
	test_fuzz();
	return tap_done();
}
