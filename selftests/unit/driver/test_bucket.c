// SPDX-License-Identifier: GPL-2.0-only
/* The arithmetic of CPU-time caps. */
#include "bucket.h"

#include "tap.h"

#define PERIOD	100000ULL
#define MOST	4000ULL
#define LEAST	100ULL

static uint64_t seed = 42;

static uint64_t rnd(uint64_t below)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (seed >> 33) % below;
}

static struct hv_bucket fresh(u64 budget)
{
	struct hv_bucket bucket = { 0 };

	hv_bucket_set(&bucket, 1000, PERIOD, budget);
	return bucket;
}

static void one_period(void)
{
	struct hv_bucket bucket = fresh(10000);
	u64 got, sum = 0, count = 0;

	ok(hv_bucket_take(&bucket, 1000, MOST, LEAST) == 2500, "at first a quarter of the budget");
	hv_bucket_return(&bucket, 1000, 2500);
	ok(hv_bucket_take(&bucket, 1000, 1000, LEAST) == 1000, "not more than was asked for");
	hv_bucket_return(&bucket, 1000, 1000);
	while ((got = hv_bucket_take(&bucket, 2000, MOST, LEAST))) {
		check(got >= LEAST || sum + got == 10000);
		sum += got;
		count++;
	}
	ok(sum == 10000 && count < 40, "all of it in %lu parts", (unsigned long)count);
	ok(hv_bucket_next(&bucket) == 1000 + PERIOD, "more comes with the next period");
	ok(!hv_bucket_take(&bucket, 1000 + PERIOD - 1, MOST, LEAST), "not before");
	ok(hv_bucket_take(&bucket, 1000 + PERIOD, MOST, LEAST) == 2500, "then");
	ok(hv_bucket_next(&bucket) == 1000 + 2 * PERIOD, "periods follow each other");
}

static void debt(void)
{
	struct hv_bucket bucket = fresh(10000);

	hv_bucket_take(&bucket, 1000, 20000, 20000);
	hv_bucket_return(&bucket, 1500, -15000);
	ok(!hv_bucket_take(&bucket, 1000 + PERIOD, MOST, LEAST), "what was used beyond is owed");
	ok(hv_bucket_take(&bucket, 1000 + 2 * PERIOD, 20000, 20000) == 5000, "until it is paid");

	bucket = fresh(10000);
	hv_bucket_return(&bucket, 1000, 777);
	ok(hv_bucket_take(&bucket, 1000, 20000, 20000) == 10000, "nothing is saved up");
	bucket = fresh(10000);
	ok(hv_bucket_take(&bucket, 1000 + 1000 * PERIOD, 1 << 30, 1 << 30) == 10000,
	   "not over periods either");
	bucket = fresh(1);
	hv_bucket_return(&bucket, 1000, -(1LL << 61));
	ok(!hv_bucket_take(&bucket, 1000 + (1ULL << 40) * PERIOD, MOST, LEAST),
	   "a large debt does not overflow");
	bucket = fresh(1ULL << 50);
	ok(hv_bucket_take(&bucket, 1ULL << 62, ~0ULL >> 1, ~0ULL >> 1) == 1ULL << 50,
	   "nor does a long time");
	bucket = fresh(10000);
	ok(hv_bucket_take(&bucket, 900, MOST, LEAST) == 2500 && bucket.start == 1000,
	   "a clock that is a little behind changes nothing");
}

static void changes(void)
{
	struct hv_bucket bucket = fresh(10000);
	u64 sum = 0, got;

	hv_bucket_take(&bucket, 1000, 8000, 8000);
	hv_bucket_set(&bucket, 2000, PERIOD, 20000);
	ok(hv_bucket_take(&bucket, 2000, 1 << 30, 1 << 30) == 12000, "a higher cap gives the difference");
	hv_bucket_set(&bucket, 3000, PERIOD, 5000);
	ok(!hv_bucket_take(&bucket, 4000, MOST, LEAST) &&
	   !hv_bucket_take(&bucket, 1000 + PERIOD, MOST, LEAST), "a lower one counts what was used");

	bucket = fresh(10000);
	for (u64 now = 1000; now < 1000 + 100 * PERIOD; now += 500) {
		hv_bucket_set(&bucket, now, PERIOD, now & 1024 ? 10000 : 9999);
		while ((got = hv_bucket_take(&bucket, now, MOST, LEAST)))
			sum += got;
	}
	ok(sum <= 100 * 10000, "changed all the time it is kept: %lu of %lu", (unsigned long)sum,
	   100 * 10000UL);
	bucket = fresh(0);
	hv_bucket_return(&bucket, 2000, -500);
	hv_bucket_set(&bucket, 3000, PERIOD, 700);
	ok(hv_bucket_take(&bucket, 3000, 1 << 30, 1 << 30) == 700, "without a cap nothing was used");
}

/* Any number of vCPUs that run, stop early and overrun: the cap is kept. */
static void simulate(u64 percent, u32 vcpus)
{
	struct hv_bucket bucket = fresh(PERIOD * percent / 100);
	u64 granted[8] = { 0 }, until[8] = { 0 }, used = 0, end = 1000 + 200 * PERIOD;
	double want, got;

	for (u64 now = 1000; now < end; now += 20) {
		for (u32 i = 0; i < vcpus; i++) {
			u64 ran;

			if (granted[i]) {
				if (now < until[i])
					continue;
				ran = now - (until[i] - granted[i]);
				used += ran;
				hv_bucket_return(&bucket, now, (s64)(granted[i] - ran));
				granted[i] = 0;
			}
			granted[i] = hv_bucket_take(&bucket, now, MOST, LEAST);
			/* Some leave early, all overrun by up to 20 ticks and more at times. */
			until[i] = now + granted[i];
			if (granted[i] && !rnd(20))
				until[i] += rnd(300);
			if (until[i] > now + granted[i]) {
				u64 over = until[i] - now - granted[i];

				hv_bucket_return(&bucket, now, -(s64)over);
				granted[i] += over;
			}
		}
	}
	want = percent < 100 * vcpus ? percent : 100.0 * vcpus;
	got = 100.0 * used / (200 * PERIOD);
	ok(got <= want * 1.001 + 0.05 && got > want * 0.985, "%lu %% with %u vCPUs: %.3f %%",
	   (unsigned long)percent, vcpus, got);
}

static void hostile(void)
{
	struct hv_bucket bucket = { 0 };
	u64 now = 0, got;

	hv_bucket_set(&bucket, now, PERIOD, 100);
	for (int i = 0; i < 200000; i++) {
		now += rnd(1000) ? rnd(2000) : rnd(1ULL << 31);
		switch (rnd(4)) {
		case 0:
			hv_bucket_set(&bucket, now, 1 + rnd(1 << 20), rnd(3) ? 1 + rnd(1 << 26) : 0);
			break;
		case 1:
			hv_bucket_return(&bucket, now, (s64)rnd(1 << 20) - (1 << 19));
			break;
		default:
			if (!bucket.budget)
				break;
			got = hv_bucket_take(&bucket, now, 1 + rnd(1 << 20), rnd(1 << 20));
			check(got <= bucket.budget);
			check(bucket.left <= (s64)bucket.budget);
		}
	}
	ok(true, "random operations: never more than the budget");
}

int main(void)
{
	static const unsigned int percents[] = { 1, 10, 25, 50, 75, 100, 150, 350 };

	one_period();
	debt();
	changes();
	for (unsigned int i = 0; i < sizeof(percents) / sizeof(percents[0]); i++)
		for (u32 vcpus = 1; vcpus <= 8; vcpus *= 2)
			simulate(percents[i], vcpus);
	hostile();
	return tap_done();
}
