// SPDX-License-Identifier: GPL-2.0-only
/* Sizes and durations. */
#include <errno.h>
#include <stdlib.h>

#include "compiler.h"
#include "duration.h"
#include "size.h"
#include "tap.h"

static void test_parse(void)
{
	static const struct {
		const char *text;
		int ret;
		uint64_t bytes;
	} cases[] = {
		{ "1k", 0, 1024 },
		{ "1K", 0, 1024 },
		{ "512M", 0, 512ULL << 20 },
		{ "512m", 0, 512ULL << 20 },
		{ "2G", 0, 2ULL << 30 },
		{ "2GiB", 0, 2ULL << 30 },
		{ "3T", 0, 3ULL << 40 },
		{ "0M", 0, 0 },
		{ "007M", 0, 7ULL << 20 },
		{ "16777215T", 0, 16777215ULL << 40 },
		{ "16777216T", -ERANGE, 0 },
		{ "99999999999999999999M", -ERANGE, 0 },
		{ "18446744073709551615", -EDOM, 0 },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "512", -EDOM, 0 },
		{ "0", -EDOM, 0 },
		{ "", -EINVAL, 0 },
		{ "M", -EINVAL, 0 },
		{ "-1M", -EINVAL, 0 },
		{ "+1M", -EINVAL, 0 },
		{ " 1M", -EINVAL, 0 },
		{ "1 M", -EINVAL, 0 },
		{ "1M ", -EINVAL, 0 },
		{ "1MB", -EINVAL, 0 },
		{ "1Mib", -EINVAL, 0 },
		{ "1B", -EINVAL, 0 },
		{ "1P", -EINVAL, 0 },
		{ "0x10M", -EINVAL, 0 },
		{ "1.5G", -EINVAL, 0 },
		{ "1\xc3\xa9", -EINVAL, 0 },
	};
	char what[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t bytes = 0;
		int ret = parse_size(cases[i].text, &bytes);

		snprintf(what, sizeof(what), "parse_size(\"%s\")", cases[i].text);
		ok(ret == cases[i].ret && bytes == cases[i].bytes, what);
	}
}

static void test_format(void)
{
	char text[SIZE_TEXT_MAX];
	uint64_t bytes, back;
	unsigned int i;
	bool good = true;

	same(format_size(0, text), "0", "format_size(0)");
	same(format_size(1023, text), "1023", "format_size(1023)");
	same(format_size(512ULL << 20, text), "512M", "format_size(512M)");
	same(format_size(3ULL << 29, text), "1.5G", "format_size(1.5G)");
	same(format_size((1ULL << 30) + 1, text), "1G", "format_size(1G + 1)");
	same(format_size(UINT64_MAX, text), "16777215.9T", "format_size(2^64 - 1)");
	same(format_size_exact(1536ULL << 20, text), "1536M", "format_size_exact(1.5G)");
	same(format_size_exact(1ULL << 40, text), "1T", "format_size_exact(1T)");
	for (i = 0; i < 1000 && good; i++) {
		bytes = ((uint64_t)random() << 20 ^ (uint64_t)random() << 40) & ~1023ULL;
		good = !parse_size(format_size_exact(bytes, text), &back) && back == bytes;
	}
	ok(good, "format_size_exact() can be read back");
}

static void test_seconds(void)
{
	char text[DURATION_TEXT_MAX];
	int64_t ms = 0;

	ok(!parse_seconds("5", &ms) && ms == 5000, "parse_seconds(5)");
	ok(!parse_seconds("0", &ms) && ms == 0, "parse_seconds(0)");
	ok(!parse_seconds("2.5", &ms) && ms == 2500, "parse_seconds(2.5)");
	ok(!parse_seconds("0.0019", &ms) && ms == 1, "parse_seconds(0.0019)");
	ok(!parse_seconds("1000000000", &ms) && ms == 1000000000000, "parse_seconds(10^9)");
	ok(parse_seconds("1000000001", &ms) == -EINVAL, "parse_seconds(10^9 + 1)");
	ok(parse_seconds("99999999999999999999999", &ms) == -EINVAL, "parse_seconds(10^23)");
	ok(parse_seconds("-1", &ms) == -EINVAL, "parse_seconds(-1)");
	ok(parse_seconds("", &ms) == -EINVAL, "parse_seconds()");
	ok(parse_seconds("nan", &ms) == -EINVAL, "parse_seconds(nan)");
	ok(parse_seconds("5s", &ms) == -EINVAL, "parse_seconds(5s)");
	same(format_duration(0, text), "00:00:00", "format_duration(0)");
	same(format_duration(3661000000000, text), "01:01:01", "format_duration(3661 s)");
	same(format_duration(90061000000000, text), "1d 01:01:01", "format_duration(90061 s)");
	ok(format_duration(UINT64_MAX, text) == text, "format_duration(2^64 - 1)");
	ok(deadline_left(deadline_in(-1)) == -1, "a deadline that never comes");
	ok(deadline_left(deadline_in(0)) == 0, "a deadline that is now");
	ok(deadline_left(deadline_in(5000)) > 4000, "a deadline in 5 s");
}

int main(void)
{
	test_parse();
	test_format();
	test_seconds();
	return tap_done();
}
