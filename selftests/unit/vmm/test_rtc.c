// SPDX-License-Identifier: GPL-2.0-only
/* The real-time clock: its registers in each mode, setting it, its interrupts. */
#include <time.h>
#include <unistd.h>

#include "civil.h"
#include "compiler.h"
#include "rtc.h"
#include "tap.h"

#define NS	1000000000ULL

static struct rtc rtc;
static uint64_t clock_ns;
static unsigned int edges;
static bool level;

static uint64_t now(void *ctx)
{
	(void)ctx;
	return __atomic_load_n(&clock_ns, __ATOMIC_SEQ_CST);
}

static void line(void *ctx, bool up)
{
	(void)ctx;
	if (up)
		__atomic_add_fetch(&edges, 1, __ATOMIC_SEQ_CST);
	level = up;
}

static const struct rtc_ops ops = { now, line };

static void put(uint8_t reg, uint8_t value)
{
	rtc_write(&rtc, 0, 1, reg);
	rtc_write(&rtc, 1, 1, value);
}

static uint8_t get(uint8_t reg)
{
	rtc_write(&rtc, 0, 1, reg);
	return (uint8_t)rtc_read(&rtc, 1, 1);
}

static bool shows(uint8_t century, uint8_t year, uint8_t month, uint8_t day, uint8_t weekday,
		  uint8_t hour, uint8_t minute, uint8_t second)
{
	const uint8_t seen[] = { get(0x32), get(9), get(8), get(7), get(6), get(4), get(2), get(0) };
	const uint8_t wanted[] = { century, year, month, day, weekday, hour, minute, second };

	if (!memcmp(seen, wanted, sizeof(seen)))
		return true;
	printf("# %x %x-%x-%x (%x) %x:%x:%x\n", seen[0], seen[1], seen[2], seen[3], seen[4],
	       seen[5], seen[6], seen[7]);
	return false;
}

static void begin(uint64_t seconds)
{
	if (rtc.ops.now)
		rtc_destroy(&rtc);
	clock_ns = seconds * NS + NS / 2;
	edges = 0;
	level = false;
	rtc_init(&rtc, &ops, NULL);
}

/* 29 February 2024, a Thursday, 13:05:09. */
#define LEAP	1709211909ULL

static void test_calendar(void)
{
	unsigned int bad = 0;
	uint64_t seed = 3;
	unsigned int i;

	for (i = 0; i < 200000; i++) {
		int64_t seconds = (int64_t)(tap_random(&seed) % 400000000000ULL) -
				  100000000000LL;
		struct civil civil = civil_from_seconds(seconds);
		time_t time = seconds;
		struct tm tm;

		gmtime_r(&time, &tm);
		bad += tm.tm_year + 1900 != civil.year || tm.tm_mon + 1 != (int)civil.month ||
		       tm.tm_mday != (int)civil.day || tm.tm_wday != (int)civil.weekday ||
		       tm.tm_hour != (int)civil.hour || tm.tm_min != (int)civil.minute ||
		       tm.tm_sec != (int)civil.second || civil_to_seconds(&civil) != seconds;
	}
	ok(!bad, "200000 moments as the C library has them, and back");
}

static void test_reading(void)
{
	begin(LEAP);
	ok(shows(0x20, 0x24, 0x02, 0x29, 5, 0x13, 0x05, 0x09), "BCD, 24 hours");
	put(11, 0x06);
	ok(shows(20, 24, 2, 29, 5, 13, 5, 9), "binary, 24 hours");
	put(11, 0x00);
	ok(get(4) == 0x81, "BCD, 12 hours: 1 p.m.");
	put(11, 0x04);
	ok(get(4) == 0x81, "binary, 12 hours: 1 p.m.");
	clock_ns += 11 * 3600 * NS;
	ok(get(4) == 12, "12 a.m. is midnight");
	put(11, 0x00);
	ok(get(4) == 0x12, "in BCD too");
	clock_ns += 12 * 3600 * NS;
	ok(get(4) == 0x92, "12 p.m. is noon");
	ok(get(10) == 0x26 && get(13) == 0x80, "registers A and D after power-on");
	ok(rtc_read(&rtc, 0, 1) == UINT64_MAX && rtc_read(&rtc, 1, 2) == UINT64_MAX,
	   "the index can't be read, and nothing is wider than a byte");
	put(0x7F, 0x5A);
	put(0x8E, 0xA5);
	ok(get(0x7F) == 0x5A && get(0x0E) == 0xA5 && get(0x8E) == 0xA5,
	   "memory; bit 7 of the index is none");
	put(13, 0);
	ok(get(13) == 0x80, "register D can't be written");
	clock_ns = (LEAP + 1) * NS - 244001;
	ok(!(get(10) & 0x80), "no update is near");
	clock_ns++;
	ok(get(10) & 0x80, "an update is announced 244 us before");
	clock_ns = (LEAP + 1) * NS;
	ok(!(get(10) & 0x80) && get(0) == 0x10, "then it is done");
}

static void test_setting(void)
{
	begin(LEAP);
	put(11, 0x82);
	clock_ns += 100 * NS;
	ok(get(0) == 0x09 && get(2) == 0x05, "while SET is on, time stands");
	put(0x32, 0x19);
	put(9, 0x99);
	put(8, 0x12);
	put(7, 0x31);
	put(4, 0x23);
	put(2, 0x59);
	put(0, 0x58);
	ok(get(9) == 0x99 && get(0) == 0x58, "and shows what is written");
	put(11, 0x02);
	ok(shows(0x19, 0x99, 0x12, 0x31, 6, 0x23, 0x59, 0x58), "it goes on from there, a Friday");
	clock_ns += 2 * NS;
	ok(shows(0x20, 0x00, 0x01, 0x01, 7, 0, 0, 0), "and into the next century");
	put(4, 0x15);
	ok(shows(0x20, 0x00, 0x01, 0x01, 7, 0x15, 0, 0), "a write without SET counts at once");
	put(10, 0x70);
	clock_ns += 10 * NS;
	ok(get(0) == 0 && get(10) == 0x70, "a divider in reset holds it too");
	put(10, 0x26);
	clock_ns += 3 * NS;
	ok(get(0) == 3, "until it is let go");
	put(10, 0xA6);
	ok(get(10) == 0x26, "the update flag can't be written");
	put(11, 0x12);
	put(11, 0x92);
	ok(get(11) == 0x82, "SET takes the update interrupt away");
	put(11, 0x02);
	ok(get(0) == 3, "SET alone changes no time");
}

/* No register may hang or crash it, whatever is in it. */
static void test_nonsense(void)
{
	uint64_t seed = 11;
	unsigned int i;

	begin(LEAP);
	for (i = 0; i < 300000; i++) {
		uint8_t reg = (uint8_t)(tap_random(&seed) % 15);

		if (tap_random(&seed) & 1)
			put(reg == 14 ? 0x32 : reg, (uint8_t)tap_random(&seed));
		else
			get(reg);
		if (!(i & 15))
			clock_ns += tap_random(&seed) >> (tap_random(&seed) % 30 + 20);
		if (!(i & 1023))
			clock_ns -= clock_ns / 1000;
		rtc_advance(&rtc);
	}
	begin(LEAP);
	ok(get(0) == 0x09, "300000 accesses that mean nothing, and it is still there");
}

static void test_flags(void)
{
	begin(LEAP);
	ok(get(12) == 0, "no flags");
	clock_ns += NS;
	ok(get(12) == 0x50, "a second later: an update, and periodic");
	ok(get(12) == 0, "reading clears them");
	clock_ns += NS / 1024 + 1;
	ok(get(12) == 0x40, "a 1024th of a second: periodic");
	clock_ns -= 5 * NS;
	ok(get(12) == 0, "the host's clock goes back: nothing");
	put(5, 0x13);
	put(3, 0x05);
	put(1, 0x09);
	get(12);
	clock_ns += 86400 * NS;
	ok(get(12) == 0x70, "a day later the alarm has been");
	ok(!edges, "and no interrupt, since none is wanted");
}

static void test_update_interrupt(void)
{
	begin(LEAP);
	ok(rtc_advance(&rtc) == RTC_NEVER, "nothing is due");
	put(11, 0x12);
	ok(rtc_advance(&rtc) == (LEAP + 1) * NS, "an update interrupt at the next second");
	clock_ns = (LEAP + 1) * NS - 1;
	rtc_advance(&rtc);
	ok(!edges, "not before");
	clock_ns++;
	ok(rtc_advance(&rtc) == RTC_NEVER && edges == 1 && level, "then");
	clock_ns += 3 * NS;
	rtc_advance(&rtc);
	ok(edges == 1, "no second one before the first was read");
	ok(get(12) == 0xD0 && !level, "the flags say which, reading ends it");
	ok(rtc_advance(&rtc) == (LEAP + 5) * NS, "the next one");
	put(11, 0x02);
	ok(rtc_advance(&rtc) == RTC_NEVER, "switched off");
}

static void test_alarm(void)
{
	static const struct {
		uint8_t hour, minute, second;
		uint64_t in;
		const char *text;
	} alarms[] = {
		{ 0x13, 0x05, 0x10, 1, "in a second" },
		{ 0x13, 0x05, 0x09, 86400, "now: in a day" },
		{ 0x13, 0x05, 0x08, 86399, "a second ago" },
		{ 0x13, 0x06, 0x00, 51, "in the next minute" },
		{ 0x14, 0x00, 0x00, 3291, "in the next hour" },
		{ 0x00, 0x00, 0x00, 39291, "at midnight" },
		{ 0xFF, 0x05, 0x08, 3599, "every hour" },
		{ 0xC0, 0xC0, 0x09, 60, "every minute" },
		{ 0xFF, 0xFF, 0xFF, 1, "every second" },
		{ 0x14, 0xFF, 0xFF, 3291, "every second of an hour" },
		{ 0x13, 0x05, 0xFF, 1, "every second of a minute" },
		{ 0x12, 0xFF, 0x30, 82521, "every minute of an hour that was" },
		{ 0x24, 0x00, 0x00, 0, "hour 24" },
		{ 0xFF, 0x60, 0xFF, 0, "minute 60" },
		{ 0xFF, 0xFF, 0x7A, 0, "second 7A" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(alarms); i++) {
		uint64_t due;

		begin(LEAP);
		put(5, alarms[i].hour);
		put(3, alarms[i].minute);
		put(1, alarms[i].second);
		put(11, 0x22);
		due = rtc_advance(&rtc);
		ok(due == (alarms[i].in ? (LEAP + alarms[i].in) * NS : RTC_NEVER), "alarm %s: %lld",
		   alarms[i].text, (long long)(due / NS - LEAP));
		if (!alarms[i].in)
			continue;
		clock_ns = due - 1;
		rtc_advance(&rtc);
		check(!edges);
		clock_ns = due;
		rtc_advance(&rtc);
		check(edges == 1 && (get(12) & 0xA0) == 0xA0);
	}
	begin(LEAP);
	put(11, 0x20);
	put(5, 0x81);
	put(3, 0x06);
	put(1, 0);
	ok(rtc_advance(&rtc) == (LEAP + 51) * NS, "12 hours: an alarm in the afternoon");
	put(11, 0x26);
	put(5, 13);
	put(3, 59);
	put(1, 59);
	ok(rtc_advance(&rtc) == (LEAP + 3290) * NS, "in binary");
	put(11, 0xA6);
	ok(rtc_advance(&rtc) == RTC_NEVER, "no alarm while SET is on");
}

static void test_periodic(void)
{
	static const uint32_t hertz[16] = {
		0, 256, 128, 8192, 4096, 2048, 1024, 512, 256, 128, 64, 32, 16, 8, 4, 2,
	};
	unsigned int rate;

	for (rate = 0; rate < 16; rate++) {
		uint64_t due;
		unsigned int n;

		begin(LEAP);
		clock_ns = LEAP * NS;
		rtc_advance(&rtc);
		put(10, (uint8_t)(0x20 | rate));
		put(11, 0x42);
		for (n = 0; n < 2 * hertz[rate]; n++) {
			due = rtc_advance(&rtc);
			check(due > clock_ns && due <= clock_ns + NS);
			clock_ns = due;
			rtc_advance(&rtc);
			check(level && (get(12) & 0xC0) == 0xC0 && !level);
		}
		ok(hertz[rate] ? clock_ns == (LEAP + 2) * NS : rtc_advance(&rtc) == RTC_NEVER,
		   "rate %u: %u interrupts in two seconds", rate, edges);
		check(edges == 2 * hertz[rate]);
	}
	put(10, 0x06);
	ok(rtc_advance(&rtc) == RTC_NEVER, "none without the divider for its crystal");
}

static int64_t set_by;		/* seconds that the host's clock was set by */

static uint64_t real_now(void *ctx)
{
	struct timespec time;

	(void)ctx;
	clock_gettime(CLOCK_REALTIME, &time);
	time.tv_sec += __atomic_load_n(&set_by, __ATOMIC_SEQ_CST);
	return (uint64_t)time.tv_sec * NS + (uint64_t)time.tv_nsec;
}

/* Nobody reads a register meanwhile: it is the thread's doing, within 10 seconds. */
static bool comes(unsigned int wanted)
{
	unsigned int tries = 0;

	while (__atomic_load_n(&edges, __ATOMIC_SEQ_CST) < wanted && tries++ < 10000)
		usleep(1000);
	return tries < 10000;
}

static void begin_thread(void)
{
	const struct rtc_ops real = { real_now, line };

	begin(LEAP);
	rtc_destroy(&rtc);
	rtc_init(&rtc, &real, NULL);
	check(!rtc_start(&rtc));
}

/* What the thread waits for is a time of the host's clock, which is set. */
static void test_clock_set(void)
{
	begin_thread();
	set_by = 3600;
	put(10, 0x2F);
	put(11, 0x42);
	/* What was due by then comes with the write. */
	get(12);
	__atomic_store_n(&edges, 0, __ATOMIC_SEQ_CST);
	ok(comes(1), "interrupts come while the host's clock is an hour before what the thread knows");
	put(11, 0x02);
	set_by = 0;
	begin_thread();
	put(1, get(0));
	put(3, get(2));
	put(5, (uint8_t)(get(4) == 0x23 ? 0 : (get(4) & 0xF) == 9 ? get(4) + 7 : get(4) + 1));
	get(12);
	put(11, 0x22);
	usleep(20000);
	check(!__atomic_load_n(&edges, __ATOMIC_SEQ_CST));
	__atomic_store_n(&set_by, 3700, __ATOMIC_SEQ_CST);
	ok(comes(1), "an alarm comes when the host's clock is set beyond it");
	put(11, 0x02);
	get(12);
	set_by = 0;
}

static void test_thread(void)
{
	unsigned int i;

	begin_thread();
	put(11, 0x42);
	for (i = 1; i <= 5 && comes(i); i++)
		get(12);
	ok(i > 5, "the thread raises interrupts by itself");
	put(11, 0x02);
	begin_thread();
}

int main(void)
{
	test_calendar();
	test_reading();
	test_setting();
	test_nonsense();
	test_flags();
	test_update_interrupt();
	test_alarm();
	test_periodic();
	test_thread();
	test_clock_set();
	rtc_destroy(&rtc);
	return tap_done();
}
