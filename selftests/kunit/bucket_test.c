// SPDX-License-Identifier: GPL-2.0-only
/* The arithmetic of CPU-time caps. More of it, at random: selftests/unit/driver. */
#include "driver.h"
#include "../../kmod/bucket.c"

#define PERIOD	100000ULL
#define MOST	4000ULL
#define LEAST	100ULL

static struct hv_bucket fresh(u64 budget)
{
	struct hv_bucket bucket = { 0 };

	hv_bucket_set(&bucket, 1000, PERIOD, budget);
	return bucket;
}

static void a_period_has_its_budget(struct kunit *test)
{
	struct hv_bucket bucket = fresh(10000);
	u64 got, sum = 0;

	do {
		got = hv_bucket_take(&bucket, 2000, MOST, LEAST);
		KUNIT_EXPECT_LE(test, got, MOST);
		sum += got;
	} while (got && sum <= 10000);
	KUNIT_EXPECT_EQ(test, sum, 10000ULL);
	KUNIT_EXPECT_EQ(test, hv_bucket_next(&bucket), 1000 + PERIOD);
	KUNIT_EXPECT_EQ(test, hv_bucket_take(&bucket, 999 + PERIOD, MOST, LEAST), 0ULL);
	KUNIT_EXPECT_EQ(test, hv_bucket_take(&bucket, 1000 + PERIOD, MOST, LEAST), 2500ULL);
}

static void what_was_used_beyond_is_owed(struct kunit *test)
{
	struct hv_bucket bucket = fresh(10000);

	hv_bucket_take(&bucket, 1000, 20000, 20000);
	hv_bucket_return(&bucket, 1500, -15000);
	KUNIT_EXPECT_EQ(test, hv_bucket_take(&bucket, 1000 + PERIOD, MOST, LEAST), 0ULL);
	KUNIT_EXPECT_EQ(test, hv_bucket_take(&bucket, 1000 + 2 * PERIOD, 20000, 20000), 5000ULL);
}

static void nothing_is_saved_up(struct kunit *test)
{
	struct hv_bucket bucket = fresh(10000);

	hv_bucket_return(&bucket, 1000, 777);
	KUNIT_EXPECT_EQ(test, hv_bucket_take(&bucket, 1000 + 1000 * PERIOD, 1 << 30, 1 << 30), 10000ULL);
}

static void numbers_do_not_overflow(struct kunit *test)
{
	struct hv_bucket bucket = fresh(1);

	hv_bucket_return(&bucket, 1000, -(1LL << 61));
	KUNIT_EXPECT_EQ(test, hv_bucket_take(&bucket, 1000 + (1ULL << 40) * PERIOD, MOST, LEAST), 0ULL);
	bucket = fresh(1ULL << 50);
	KUNIT_EXPECT_EQ(test, hv_bucket_take(&bucket, 1ULL << 62, ~0ULL >> 1, ~0ULL >> 1), 1ULL << 50);
}

static void a_change_gives_nothing(struct kunit *test)
{
	struct hv_bucket bucket = fresh(10000);

	KUNIT_EXPECT_EQ(test, hv_bucket_take(&bucket, 1000, 8000, 8000), 8000ULL);
	hv_bucket_set(&bucket, 1100, PERIOD, 9000);
	KUNIT_EXPECT_EQ(test, hv_bucket_take(&bucket, 1100, 20000, 20000), 1000ULL);
	KUNIT_EXPECT_EQ(test, hv_bucket_take(&bucket, 1100, 20000, 20000), 0ULL);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_period_has_its_budget),
	KUNIT_CASE(what_was_used_beyond_is_owed),
	KUNIT_CASE(nothing_is_saved_up),
	KUNIT_CASE(numbers_do_not_overflow),
	KUNIT_CASE(a_change_gives_nothing),
	{}
};

static struct kunit_suite bucket_suite = {
	.name = "hvmod_bucket",
	.test_cases = cases,
};
kunit_test_suite(bucket_suite);
