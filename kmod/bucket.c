// SPDX-License-Identifier: GPL-2.0-only
/*
 * A cap of processor time, as a token bucket. Whoever is about to run takes
 * ticks out first, and puts back what he did not use, so that any number of
 * vCPUs at once never have more than the budget. What was used beyond is owed
 * to the next period. What a period leaves unused is lost.
 *
 * All times are TSC ticks below 2^63; the caller has a lock.
 */
#include "bucket.h"

/* The largest share of what is left that is given at once, as a shift. */
#define HV_SHARE_SHIFT	2

static void hv_bucket_advance(struct hv_bucket *bucket, u64 now)
{
	u64 periods, missing;

	/* The TSCs of two processors may differ by a little. */
	if ((s64)(now - bucket->start) < (s64)bucket->period)
		return;
	periods = (now - bucket->start) / bucket->period;
	bucket->start += periods * bucket->period;
	if (bucket->left >= (s64)bucket->budget)
		return;
	missing = (u64)((s64)bucket->budget - bucket->left);
	if (periods > missing / bucket->budget)
		bucket->left = bucket->budget;
	else
		bucket->left += periods * bucket->budget;
}

/**
 * hv_bucket_set() - set or change a cap
 * @bucket: the bucket
 * @now: time
 * @period: length of a period; not 0
 * @budget: ticks in each period; 0: no cap
 *
 * What was used in the current period, and what is owed, counts against the new
 * budget too: changing a cap gives nothing.
 */
void hv_bucket_set(struct hv_bucket *bucket, u64 now, u64 period, u64 budget)
{
	s64 used = 0;

	if (bucket->budget) {
		hv_bucket_advance(bucket, now);
		used = (s64)bucket->budget - bucket->left;
	} else {
		bucket->start = now;
	}
	bucket->period = period;
	bucket->budget = budget;
	bucket->left = (s64)budget - used;
}

/**
 * hv_bucket_take() - take ticks to run for
 * @bucket: a bucket with a budget
 * @now: time
 * @most: not more than this; not 0
 * @least: less than this only if there is not more
 *
 * Near the end of the budget the shares become smaller, so that many vCPUs
 * have their part, and little is lost where one does not use his.
 *
 * Return: ticks, or 0: none is left before hv_bucket_next().
 */
u64 hv_bucket_take(struct hv_bucket *bucket, u64 now, u64 most, u64 least)
{
	u64 share;

	hv_bucket_advance(bucket, now);
	if (bucket->left <= 0)
		return 0;
	share = (u64)bucket->left >> HV_SHARE_SHIFT;
	if (share < least)
		share = least;
	if (share > most)
		share = most;
	if (share > (u64)bucket->left)
		share = bucket->left;
	bucket->left -= share;
	return share;
}

/**
 * hv_bucket_return() - put back what was taken and not used
 * @bucket: the bucket
 * @now: time
 * @ticks: how much; below zero: what was used beyond
 */
void hv_bucket_return(struct hv_bucket *bucket, u64 now, s64 ticks)
{
	if (!bucket->budget)
		return;
	hv_bucket_advance(bucket, now);
	bucket->left += ticks;
	if (bucket->left > (s64)bucket->budget)
		bucket->left = bucket->budget;
}

/**
 * hv_bucket_next() - when the next period begins
 * @bucket: the bucket
 *
 * Return: time.
 */
u64 hv_bucket_next(const struct hv_bucket *bucket)
{
	return bucket->start + bucket->period;
}
