/* SPDX-License-Identifier: GPL-2.0-only */
/* Test Anything Protocol: a line a case, the plan at the end. */
#ifndef HVMOD_TAP_H
#define HVMOD_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned int tap_cases;
static unsigned int tap_failures;

static inline __attribute__((__format__(printf, 2, 3)))
bool tap_ok(bool good, const char *format, ...)
{
	char name[512];
	va_list args;

	va_start(args, format);
	vsnprintf(name, sizeof(name), format, args);
	va_end(args);
	name[strcspn(name, "\n")] = '\0';
	printf("%sok %u - %s\n", good ? "" : "not ", ++tap_cases, name);
	fflush(stdout);
	tap_failures += !good;
	return good;
}

/* As tap_ok(), and says which condition was false. */
#define ok(condition, ...)						\
	do {								\
		if (!tap_ok(condition, __VA_ARGS__))			\
			printf("# %s:%d: %s\n", __FILE__, __LINE__,	\
			       #condition);				\
	} while (0)

/* For the inside of loops: counts as a case only when it fails. */
#define check(condition)						\
	do {								\
		if (!(condition)) {					\
			tap_ok(false, "%s:%d: %s", __FILE__, __LINE__,	\
			       #condition);				\
		}							\
	} while (0)

static inline void tap_skip(const char *name, const char *reason)
{
	printf("ok %u - %s # SKIP %s\n", ++tap_cases, name, reason);
	fflush(stdout);
}

static inline int tap_done(void)
{
	printf("1..%u\n", tap_cases);
	return tap_failures ? 1 : 0;
}

/* xorshift64: the same numbers in every run. */
static inline uint64_t tap_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

#endif
