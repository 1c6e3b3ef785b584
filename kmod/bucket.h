/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The arithmetic of a CPU-time cap: a budget of ticks for each period. No
 * Linux function: the unit tests build it in user space.
 */
#ifndef HVMOD_BUCKET_H
#define HVMOD_BUCKET_H

#include "core/types.h"

/**
 * struct hv_bucket - processor time that a domain may still have
 * @period: length of a period, ticks
 * @budget: what it may have in each period, ticks; 0: no cap
 * @start: when the current period began
 * @left: what is left of it; below zero: what was taken in advance
 */
struct hv_bucket {
	u64 period;
	u64 budget;
	u64 start;
	s64 left;
};

void hv_bucket_set(struct hv_bucket *bucket, u64 now, u64 period, u64 budget);
u64 hv_bucket_take(struct hv_bucket *bucket, u64 now, u64 most, u64 least);
void hv_bucket_return(struct hv_bucket *bucket, u64 now, s64 ticks);
u64 hv_bucket_next(const struct hv_bucket *bucket);

#endif
