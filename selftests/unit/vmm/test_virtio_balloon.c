// SPDX-License-Identifier: GPL-2.0-only
/* The memory balloon, and what it does to guest memory. */
#include <errno.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_config.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "balloon_driver.h"
#include "compiler.h"
#include "driver.h"
#include "layout.h"
#include "paging.h"
#include "tap.h"

#define BIT(n)		(1ULL << (n))
#define NEEDS_RESET	VIRTIO_CONFIG_S_NEEDS_RESET
#define CONFIG		0x1000	/* of the device, in its BAR */
#define TARGET		(CONFIG + offsetof(struct virtio_balloon_config, num_pages))
#define ACTUAL		(CONFIG + offsetof(struct virtio_balloon_config, actual))
#define INFLATE		0
#define DEFLATE		1
#define STATS		2
#define REPORT		2
#define FRAMES_MAX	4096

static const struct driver_device balloon = {
	"balloon", balloon_create, INFLATE, balloon_request, ANSWERED, 0
};

static struct balloon_seen *const seen = &balloon_seen;

static void submit(unsigned int queue)
{
	driver_submit(queue, 0);
	driver_kick(queue);
	driver_pump();
}

static void move(unsigned int queue, const uint32_t *frame, uint32_t count)
{
	balloon_list(queue, frame, count);
	submit(queue);
}

/* What the domain knows, once it was told. */
static uint64_t pages_away(void)
{
	const struct timespec some = { .tv_nsec = 150000000 };

	nanosleep(&some, NULL);
	driver_pump();
	return seen->bytes / GIVE_PAGE;
}

static uint8_t *page(uint32_t frame)
{
	return driver_memory(frame * GIVE_PAGE);
}

static void fill(uint32_t frame, unsigned int count)
{
	memset(page(frame), 0xA5, count * GIVE_PAGE);
}

static bool empty(uint32_t frame)
{
	const struct guest_memory private = {};

	return guest_page_zero(&private, page(frame));
}

static bool bits(uint64_t word6)
{
	unsigned int i;

	for (i = 0; i < GIVE_UNIT_WORDS; i++) {
		if (seen->pages[i] != (i == 6 ? word6 : 0))
			return false;
	}
	return true;
}

static void test_config(void)
{
	driver_attach(&balloon);
	ok(driver_read(TARGET, 4) == BALLOON_TARGET / GIVE_PAGE, "the guest is told from the start");
	driver_up(BIT(VIRTIO_BALLOON_F_DEFLATE_ON_OOM) | BIT(VIRTIO_BALLOON_F_REPORTING));
	driver.message_count = 0;
	virtio_balloon_set(driver.device, 3 * GIVE_PAGE);
	driver_pump();
	ok(driver_read(TARGET, 4) == 3 && driver.message_count == 1 && driver.messages[0] == 0x40 &&
	   virtio_balloon_target(driver.device) == 3 * GIVE_PAGE, "and of each change");
	driver_write(ACTUAL, 4, 2);
	driver_write(TARGET, 4, 7);
	driver_write(ACTUAL, 2, 7);
	ok(driver_read(ACTUAL, 4) == 2 && driver_read(TARGET, 4) == 3, "it writes what it has, and nothing else");
	virtio_balloon_set(driver.device, UINT64_MAX);
	ok(driver_read(TARGET, 4) == UINT32_MAX, "no more pages than the field has");
	driver_detach();
}

static void test_inflate(void)
{
	const uint32_t three[] = { BALLOON_FRAME + 2, BALLOON_FRAME, BALLOON_FRAME + 1 };
	const uint32_t again[] = { BALLOON_FRAME, BALLOON_FRAME, BALLOON_FRAME + 8 };
	const uint32_t other = 0x180;

	driver_attach(&balloon);
	driver_up(0);
	fill(BALLOON_FRAME, 16);
	move(INFLATE, three, 3);
	ok(driver_used(INFLATE) == 1 && driver_used_length(INFLATE, 0) == 0, "pages are taken");
	ok(empty(BALLOON_FRAME) && empty(BALLOON_FRAME + 1) && empty(BALLOON_FRAME + 2) &&
	   !empty(BALLOON_FRAME + 3), "those, and no others, are empty");
	ok(seen->holds == 1 && !seen->held && seen->held_discards == 1 && seen->discards == 2 &&
	   seen->gpa == 0x200000 && bits(7), "the vCPUs were held while their 2 MiB were taken apart");
	ok(pages_away() == 3 && seen->changes == 1, "the domain hears of it");
	move(INFLATE, again, 3);
	ok(pages_away() == 4 && seen->holds == 1 && bits(0x101), "a page given twice counts once");
	move(INFLATE, &other, 1);
	ok(seen->holds == 2 && seen->gpa == 0, "other 2 MiB are taken apart for themselves");
	fill(BALLOON_FRAME, 1);
	move(DEFLATE, three, 2);
	move(DEFLATE, three, 2);
	ok(pages_away() == 3 && !empty(BALLOON_FRAME), "pages are the guest's again, once, and stay what they are");
	move(DEFLATE, three, 3);
	move(DEFLATE, again, 3);
	move(INFLATE, three, 1);
	ok(pages_away() == 2 && seen->holds == 3, "2 MiB that were whole again are taken apart again");
	seen->changes = 0;
	move(DEFLATE, three, 1);
	move(INFLATE, three, 1);
	move(DEFLATE, three, 1);
	ok(pages_away() == 1 && seen->changes == 1, "of many changes the domain hears once");
	driver_detach();
}

static void test_reset(void)
{
	const uint32_t frame[] = { BALLOON_FRAME, 0x180 };

	driver_attach(&balloon);
	driver_up(0);
	move(INFLATE, frame, 2);
	driver_write(ACTUAL, 4, 2);
	ok(pages_away() == 2, "two pages");
	driver_set_status(0);
	driver_pump();
	ok(driver_status() == 0 && pages_away() == 0 && driver_read(ACTUAL, 4) == 0,
	   "a reset gives all of it back");
	ok(driver_read(TARGET, 4) == BALLOON_TARGET / GIVE_PAGE, "what is wanted stays");
	driver_up(0);
	move(INFLATE, frame, 1);
	ok(pages_away() == 1 && seen->holds == 2, "and the next driver begins anew");
	seen->ended = true;
	fill(0x1F0, 1);
	move(DEFLATE, frame, 1);
	move(INFLATE, frame + 1, 1);
	ok(pages_away() == 0, "a guest that has ended gives nothing");
	driver_detach();
}

static const struct {
	const char *name;
	uint32_t frame;
} outside[] = {
	{ "a page just behind memory", TEST_MEMORY / GIVE_PAGE },
	{ "a page in a device's window", PCI_MEMORY / GIVE_PAGE },
	{ "a page of the I/O APIC", IOAPIC_BASE / GIVE_PAGE },
	{ "a page of the APIC", APIC_BASE / GIVE_PAGE },
	{ "a page at 4 GiB", 0x100000 },
	{ "the last page number", UINT32_MAX },
};

/* The failed state, which nothing gets a device out of but a reset. */
static bool failed(unsigned int queue)
{
	uint16_t used = driver_used(queue);
	bool is = (driver_status() & NEEDS_RESET) && driver.device->error;

	balloon_request(INFLATE);
	submit(INFLATE);
	is = is && driver_used(queue) == used;
	driver_up(0);
	balloon_request(INFLATE);
	submit(INFLATE);
	return is && driver_used(INFLATE) == 1 && driver_status() == ALIVE;
}

static void test_outside(unsigned int queue)
{
	size_t i;

	for (i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
		const uint32_t frame[] = { BALLOON_FRAME + 1, outside[i].frame };

		driver_attach(&balloon);
		driver_up(0);
		fill(BALLOON_FRAME + 1, 1);
		move(queue, frame, 2);
		ok(failed(queue) && !empty(BALLOON_FRAME + 1), "%s: %s",
		   queue == INFLATE ? "inflate" : "deflate", outside[i].name);
		driver_detach();
	}
}

static void test_lists(void)
{
	static uint32_t frame[FRAMES_MAX + 1];
	size_t i;

	driver_attach(&balloon);
	driver_up(0);
	for (i = 0; i <= FRAMES_MAX; i++)
		frame[i] = 0x200 + 0x80 + i % 0x180;
	/* The list itself is among them. */
	move(INFLATE, frame, FRAMES_MAX);
	ok(driver_used(INFLATE) == 1 && pages_away() == 0x180, "a long list");
	move(INFLATE, frame, FRAMES_MAX + 1);
	ok(failed(INFLATE), "a list that is too long");
	driver_desc(INFLATE, 0, 0x100000, 0x300000, 0, 0);
	submit(INFLATE);
	ok(failed(INFLATE), "a huge list");
	driver_desc(INFLATE, 0, DRIVER_DATA, 6, 0, 0);
	submit(INFLATE);
	ok(failed(INFLATE), "a list with a part of a number");
	balloon_list(INFLATE, frame, 1);
	driver_desc(INFLATE, 0, DRIVER_DATA, 4, F_NEXT, 1);
	driver_desc(INFLATE, 1, DRIVER_DATA, 4, F_WRITE, 0);
	submit(INFLATE);
	ok(failed(INFLATE), "a list with something to write");
	frame[0] = BALLOON_FRAME;
	frame[1] = BALLOON_FRAME + 1;
	balloon_list(INFLATE, frame, 2);
	driver_desc(INFLATE, 0, DRIVER_DATA, 3, F_NEXT, 1);
	driver_desc(INFLATE, 1, DRIVER_DATA + 3, 5, 0, 0);
	submit(INFLATE);
	ok(pages_away() == 2, "a list in odd pieces");
	driver_detach();
}

static void report(uint64_t gpa, uint32_t bytes)
{
	driver_desc(REPORT, 0, gpa, bytes, F_WRITE, 0);
	submit(REPORT);
}

static void test_reports(void)
{
	driver_attach(&balloon);
	driver_up(BIT(VIRTIO_BALLOON_F_REPORTING));
	fill(0x200, 0x200);
	report(0x200000, 0x1FF000);
	ok(driver_used(REPORT) == 1 && !seen->discards && !empty(0x200), "a part of 2 MiB stays");
	report(0x200000, 0x200000);
	ok(driver_used(REPORT) == 2 && seen->discards == 1 && !seen->holds && seen->gpa == 0x200000 &&
	   seen->pages[0] == UINT64_MAX && seen->pages[7] == UINT64_MAX, "2 MiB are taken, without a stop");
	ok(empty(0x200) && empty(0x3FF) && pages_away() == 0, "they are empty, and nothing is away");
	balloon_request(INFLATE);
	submit(INFLATE);
	fill(BALLOON_FRAME + 1, 4);
	report((BALLOON_FRAME + 1) * GIVE_PAGE + 1, 3 * GIVE_PAGE);
	ok(!empty(BALLOON_FRAME + 1) && empty(BALLOON_FRAME + 2) && empty(BALLOON_FRAME + 3) &&
	   !empty(BALLOON_FRAME + 4), "of 2 MiB that are apart, each whole page");
	report(0x300123, 17);
	ok(driver_used(REPORT) == 4, "less than a page is nothing");
	driver_desc(REPORT, 0, DRIVER_DATA, 16, 0, 0);
	submit(REPORT);
	ok(driver_status() & NEEDS_RESET, "a report with something to read");
	driver_detach();
}

static struct balloon_stats stats;

static bool told(uint64_t total, uint64_t available, uint64_t free)
{
	return !virtio_balloon_stats(driver.device, &stats) && stats.total == total &&
	       stats.available == available && stats.free == free;
}

static void tell(const struct virtio_balloon_stat *stat, uint32_t count)
{
	balloon_stats_list(STATS, stat, count);
	submit(STATS);
}

static void stats_up(void)
{
	driver_up(BIT(VIRTIO_BALLOON_F_STATS_VQ) | BIT(VIRTIO_BALLOON_F_REPORTING));
}

static void test_stats(void)
{
	const struct virtio_balloon_stat all[] = {
		{ VIRTIO_BALLOON_S_AVAIL, 0x300000 }, { VIRTIO_BALLOON_S_SWAP_IN, UINT64_MAX },
		{ 0xFFFF, 1 }, { VIRTIO_BALLOON_S_MEMFREE, 0x100000 },
		{ VIRTIO_BALLOON_S_MEMTOT, TEST_MEMORY },
	};
	const struct virtio_balloon_stat some[] = {
		{ VIRTIO_BALLOON_S_MEMFREE, 1 }, { VIRTIO_BALLOON_S_MEMFREE, 0x2000 },
		{ VIRTIO_BALLOON_S_MEMTOT, TEST_MEMORY + 1ULL }, { VIRTIO_BALLOON_S_AVAIL, UINT64_MAX },
	};
	struct virtio_balloon_stat many[64] = { 0 };
	uint64_t then;

	many[63].tag = VIRTIO_BALLOON_S_MEMTOT;
	driver_attach(&balloon);
	stats_up();
	ok(virtio_balloon_stats(driver.device, &stats) == -1 && errno == ENODATA, "it told nothing");
	tell(all, ARRAY_SIZE(all));
	ok(driver_used(STATS) == 0 && driver_status() == ALIVE, "a list is kept");
	ok(told(TEST_MEMORY, 0x300000, 0x100000), "of it, in any order, what we know");
	then = stats.told_ns;
	driver.message_count = 0;
	driver_pump();
	ok(driver_used(STATS) == 1 && driver_used_length(STATS, 0) == 0 && driver.message_count == 1 &&
	   driver.messages[0] == 0x41 + STATS, "who asks has it given back, with an interrupt");
	ok(told(TEST_MEMORY, 0x300000, 0x100000) && stats.told_ns == then, "until there is a new one the old one holds");
	driver_pump();
	ok(driver_used(STATS) == 1, "it is given back once");
	tell(some, ARRAY_SIZE(some));
	ok(told(BALLOON_UNKNOWN, BALLOON_UNKNOWN, 0x2000) && stats.told_ns > then,
	   "a new one: of two the last, and nothing that can't be");
	driver_submit(STATS, 0);
	driver_kick(STATS);
	driver_pump();
	ok(driver_used(STATS) == 2 && driver_status() == ALIVE, "one that is there too early waits for its turn");
	told(0, 0, 0);
	driver_pump();
	tell(many, ARRAY_SIZE(many));
	ok(driver_used(STATS) == 3 && told(0, BALLOON_UNKNOWN, BALLOON_UNKNOWN), "the longest list");
	ok(!seen->discards && pages_away() == 0, "pages have nothing to do with it");
	driver_desc(REPORT + 1, 0, 0x200000, 0x200000, F_WRITE, 0);
	submit(REPORT + 1);
	ok(driver_used(REPORT + 1) == 1 && seen->discards == 1, "reports have the next queue");
	driver_set_status(0);
	driver_pump();
	ok(virtio_balloon_stats(driver.device, &stats) == -1, "after a reset nobody told anything");
	driver_pump();
	stats_up();
	tell(some, 2);
	ok(told(BALLOON_UNKNOWN, BALLOON_UNKNOWN, 0x2000) && driver_used(STATS) == 0, "but the next driver");
	driver_detach();
}

static const struct {
	const char *name;
	uint32_t bytes;
	uint16_t flags;
} no_stats[] = {
	{ "a part of one", 15, 0 },
	{ "too many", 650, 0 },
	{ "a huge number", 0x200000, 0 },
	{ "something to write", 10, F_WRITE },
};

static void test_bad_stats(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(no_stats); i++) {
		driver_attach(&balloon);
		stats_up();
		driver_desc(STATS, 0, DRIVER_DATA, no_stats[i].bytes, no_stats[i].flags, 0);
		submit(STATS);
		ok((driver_status() & NEEDS_RESET) && driver.device->error &&
		   virtio_balloon_stats(driver.device, &stats) == -1 && failed(STATS),
		   "statistics: %s", no_stats[i].name);
		driver_detach();
	}
}

/* More memory than a driver's tests have: units are counted over both ranges. */
static void test_ranges(void)
{
	struct guest_memory memory = {
		.range = { { .bytes = 3 << 20 }, { .gpa = 1ULL << 32, .bytes = 4 << 20 } },
		.ranges = 2,
	};
	uint32_t frame[] = { 0x100003, 0x2FF };
	uint32_t high = 0x100200;
	struct give give;
	uint8_t *map;

	memset(seen, 0, sizeof(*seen));
	map = mmap(NULL, 7 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(map != MAP_FAILED);
	memset(map, 1, 7 << 20);
	memory.range[0].host = map;
	memory.range[1].host = map + (3 << 20);
	check(!give_init(&give, &memory, &balloon_wires.give));
	ok(give.units == 4, "units of two ranges");
	ok(give_has(&give, 0) && give_has(&give, 0x2FF) && !give_has(&give, 0x300) &&
	   !give_has(&give, 0xFFFFF) && give_has(&give, 0x100000) && give_has(&give, 0x1003FF) &&
	   !give_has(&give, 0x100400) && !give_has(&give, UINT64_MAX / GIVE_PAGE), "what is memory");
	give_away(&give, frame, 2);
	ok(!map[0x2FF000] && map[0x2FE000] && !map[0x303000] && map[0x304000] && seen->gpa == 1ULL << 32 &&
	   seen->pages[0] == 8, "a page of each");
	give_away(&give, &high, 1);
	ok(seen->gpa == (1ULL << 32) + GIVE_UNIT && !map[0x500000], "and of the last unit");
	give_unused(&give, 2 << 20, 1 << 20);
	ok(seen->gpa == 2 << 20 && !map[0x200000] && map[0x1FF000] && map[0x304000], "all of a short unit");
	ok(guest_address(&memory, map) == 0 && guest_address(&memory, map + 0x2FFFFF) == 0x2FFFFF &&
	   guest_address(&memory, map + 0x300000) == 1ULL << 32, "addresses");
	ok(give_bytes(&give) == 3 * GIVE_PAGE, "three are away");
	give_back_all(&give);
	ok(give_bytes(&give) == 0, "none is");
	give_free(&give);
	munmap(map, 7 << 20);
}

int main(void)
{
	test_config();
	test_inflate();
	test_reset();
	test_outside(INFLATE);
	test_outside(DEFLATE);
	test_lists();
	test_reports();
	test_stats();
	test_bad_stats();
	test_ranges();
	return tap_done();
}
