// SPDX-License-Identifier: GPL-2.0-only
/* The bus: who answers, who does not. */
#include <errno.h>
#include <string.h>

#include "bus.h"
#include "tap.h"

struct probe {
	unsigned int reads;
	unsigned int writes;
	uint64_t offset;
	unsigned int size;
	uint64_t value;
};

static uint64_t probe_read(void *ctx, uint64_t offset, unsigned int size)
{
	struct probe *probe = ctx;

	probe->reads++;
	probe->offset = offset;
	probe->size = size;
	return 0x1122334455667788ULL;
}

static void probe_write(void *ctx, uint64_t offset, unsigned int size,
			uint64_t value)
{
	struct probe *probe = ctx;

	probe->writes++;
	probe->offset = offset;
	probe->size = size;
	probe->value = value;
}

static int add(struct bus *bus, struct probe *probe, uint64_t first,
	       uint64_t last)
{
	struct bus_device device = { first, last, probe_read, probe_write, probe, 0 };

	return bus_add(bus, &device);
}

/* As on every PC: a port of 4 bytes that others of 1 byte lie in. */
static void test_width(void)
{
	struct bus bus = {};
	struct probe wide = {};
	struct probe narrow = {};
	struct bus_device four = { 0xCF8, 0xCFB, probe_read, probe_write, &wide, 4 };
	struct bus_device one = { 0xCF9, 0xCF9, probe_read, probe_write, &narrow, 1 };

	ok(!bus_add(&bus, &four) && !bus_add(&bus, &one), "two devices share a port");
	ok(bus_add(&bus, &one) == -EEXIST && add(&bus, &wide, 0xCF9, 0xCF9) == -EEXIST,
	   "none that takes the same accesses");
	bus_write(&bus, 0xCF8, 4, 0x80000000);
	ok(wide.writes == 1 && !narrow.writes, "4 bytes are the one's");
	bus_write(&bus, 0xCF9, 1, 6);
	ok(wide.writes == 1 && narrow.writes == 1, "1 byte is the other's");
	ok(bus_read(&bus, 0xCF8, 1) == 0xFF && bus_read(&bus, 0xCF8, 2) == 0xFFFF &&
	   !wide.reads, "another width is nobody's");
}

int main(void)
{
	struct bus bus = {};
	struct probe a = {};
	struct probe b = {};
	unsigned int i;
	int ret = 0;

	ok(bus_read(&bus, 0x80, 1) == 0xFF, "an empty bus reads all ones, 1 byte");
	ok(bus_read(&bus, 0x80, 2) == 0xFFFF, "2 bytes");
	ok(bus_read(&bus, 0x80, 4) == 0xFFFFFFFF, "4 bytes");
	ok(bus_read(&bus, 0x80, 8) == UINT64_MAX, "8 bytes");
	bus_write(&bus, 0x80, 4, 1);

	ok(add(&bus, &a, 0x3F8, 0x3FF) == 0, "a device is added");
	ok(add(&bus, &b, 0x3FF, 0x400) == -EEXIST, "one that overlaps its end is not");
	ok(add(&bus, &b, 0x3F0, 0x3F8) == -EEXIST, "one that overlaps its start is not");
	ok(add(&bus, &b, 0x300, 0x500) == -EEXIST, "one that contains it is not");
	ok(add(&bus, &b, 0x3FA, 0x3FA) == -EEXIST, "one inside it is not");
	ok(add(&bus, &b, 0x401, 0x400) == -EINVAL, "an empty one is not");
	ok(add(&bus, &b, 0x400, UINT64_MAX) == 0, "a neighbour is");

	ok(bus_read(&bus, 0x3F9, 2) == 0x7788 && a.reads == 1 &&
	   a.offset == 1 && a.size == 2, "a read reaches the device and is cut");
	bus_write(&bus, 0x3FF, 1, 0xABCD);
	ok(a.writes == 1 && a.offset == 7 && a.value == 0xCD,
	   "a write reaches the device and is cut");
	ok(bus_read(&bus, 0x3FF, 2) == 0xFFFF && a.reads == 1 && !b.reads,
	   "an access across two devices reaches neither");
	bus_write(&bus, 0x3F7, 2, 0);
	ok(a.writes == 1, "an access that begins before a device does not reach it");
	ok(bus_read(&bus, UINT64_MAX - 3, 8) == UINT64_MAX && !b.reads,
	   "an access that wraps around reaches nobody");
	ok(bus_read(&bus, UINT64_MAX - 3, 4) == 0x55667788 && b.reads == 1,
	   "one that ends at the last address does");

	memset(&bus, 0, sizeof(bus));
	for (i = 0; !ret && i < 1000; i++)
		ret = add(&bus, &a, i, i);
	ok(ret == -ENOSPC && bus.devices == BUS_DEVICES_MAX, "a full bus says so");
	test_width();
	return tap_done();
}
