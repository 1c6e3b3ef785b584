/* SPDX-License-Identifier: GPL-2.0-only */
/* TAP, and calls that must not fail, for the programs of this directory. */
#ifndef TAP_H
#define TAP_H

#include <err.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static int tap_count, tap_failed;

/* The first line of what a test says. */
__attribute__((constructor, unused))
static void tap_version(void)
{
	puts("TAP version 13");
}

/* A test with a text of its own. */
#define ok(condition, ...) tap_ok(condition, __LINE__, __VA_ARGS__)

__attribute__((format(printf, 3, 4), unused))
static bool tap_ok(bool good, int line, const char *format, ...)
{
	va_list list;

	printf("%sok %d - ", good ? "" : "not ", ++tap_count);
	va_start(list, format);
	vprintf(format, list);
	va_end(list);
	printf(good ? "\n" : "\n# line %d\n", line);
	fflush(stdout);
	tap_failed += !good;
	return good;
}

__attribute__((unused))
static int tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed ? 1 : 0;
}

__attribute__((unused))
static int need(int ret, const char *what)
{
	if (ret < 0)
		err(1, "%s", what);
	return ret;
}

#endif
