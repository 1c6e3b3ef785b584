/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_DURATION_H
#define HVCTL_DURATION_H

#include <stdint.h>

#define DURATION_TEXT_MAX	32

/**
 * parse_seconds() - "2.5" to milliseconds
 * @text: seconds, a decimal number; not negative
 * @ms: the result
 *
 * Return: 0; -EINVAL: not a number of seconds.
 */
int parse_seconds(const char *text, int64_t *ms);

/**
 * format_duration() - nanoseconds to "3d 04:05:06" or "04:05:06"
 * @ns: how long
 * @text: buffer of DURATION_TEXT_MAX
 *
 * Return: @text
 */
const char *format_duration(uint64_t ns, char *text);

/** boottime_ns() - CLOCK_BOOTTIME, which the times of a domain are in */
uint64_t boottime_ns(void);

/**
 * deadline_in() - the moment @ms from now
 * @ms: milliseconds, negative for never
 *
 * Return: what deadline_left() takes.
 */
int64_t deadline_in(int64_t ms);

/**
 * deadline_left() - milliseconds that are left, for poll()
 * @deadline: from deadline_in()
 *
 * Return: 0 if it has passed, -1 if it never comes.
 */
int deadline_left(int64_t deadline);

/** sleep_ms() - sleep, less if a signal comes */
void sleep_ms(int64_t ms);

#endif
