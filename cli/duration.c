// SPDX-License-Identifier: GPL-2.0-only
/* Durations and deadlines. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <time.h>

#include "duration.h"

#define SECONDS_MAX	1000000000LL

int parse_seconds(const char *text, int64_t *ms)
{
	int64_t value = 0, scale = 100;
	const char *p = text;

	if (!isdigit((unsigned char)*p))
		return -EINVAL;
	for (; isdigit((unsigned char)*p); p++) {
		value = value * 10 + (*p - '0');
		if (value > SECONDS_MAX)
			return -EINVAL;
	}
	value *= 1000;
	if (*p == '.') {
		for (p++; isdigit((unsigned char)*p); p++, scale /= 10)
			value += (*p - '0') * scale;
	}
	if (*p)
		return -EINVAL;
	*ms = value;
	return 0;
}

const char *format_duration(uint64_t ns, char *text)
{
	uint64_t s = ns / 1000000000;
	int len = 0;

	if (s >= 86400)
		len = snprintf(text, DURATION_TEXT_MAX, "%" PRIu64 "d ", s / 86400);
	snprintf(text + len, DURATION_TEXT_MAX - len, "%02u:%02u:%02u",
		 (unsigned int)(s / 3600 % 24), (unsigned int)(s / 60 % 60),
		 (unsigned int)(s % 60));
	return text;
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

uint64_t boottime_ns(void)
{
	return clock_ns(CLOCK_BOOTTIME);
}

int64_t deadline_in(int64_t ms)
{
	return ms < 0 ? -1 : clock_ns(CLOCK_MONOTONIC) + ms * 1000000;
}

int deadline_left(int64_t deadline)
{
	int64_t left;

	if (deadline < 0)
		return -1;
	left = deadline - clock_ns(CLOCK_MONOTONIC);
	if (left <= 0)
		return 0;
	/* Rounded up: a caller that waits for it must not wake before it. */
	left = (left + 999999) / 1000000;
	return left > INT_MAX ? INT_MAX : left;
}

void sleep_ms(int64_t ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}
