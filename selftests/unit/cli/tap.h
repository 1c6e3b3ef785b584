/* SPDX-License-Identifier: GPL-2.0-only */
/* The Test Anything Protocol for C. */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count;
static int tap_failed;

static inline bool tap_ok(bool good, const char *what, const char *file, int line)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++tap_count, what);
	if (!good) {
		printf("# at %s:%d\n", file, line);
		tap_failed++;
	}
	fflush(stdout);
	return good;
}

static inline bool tap_same(const char *is, const char *wanted, const char *what,
			    const char *file, int line)
{
	bool good = is && !strcmp(is, wanted);

	tap_ok(good, what, file, line);
	if (!good)
		printf("# is \"%s\", not \"%s\"\n", is ? is : "(null)", wanted);
	return good;
}

#define ok(condition, what)	tap_ok(condition, what, __FILE__, __LINE__)
#define same(is, wanted, what)	tap_same(is, wanted, what, __FILE__, __LINE__)

static inline int tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed ? 1 : 0;
}

#endif
