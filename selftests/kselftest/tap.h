/* SPDX-License-Identifier: GPL-2.0-only */
/* TAP, and calls that must not fail, for the programs of this directory. */
#ifndef TAP_H
#define TAP_H

#include <err.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

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

/**
 * struct tap_part - a part of a program's tests
 * @name: what it is called on the command line
 * @run: does it
 */
struct tap_part {
	const char *name;
	void (*run)(void);
};

/* Run the parts that are named, or all; the last one has no name. */
__attribute__((unused))
static void tap_parts(const struct tap_part *part, int argc, char **argv)
{
	for (; part->name; part++) {
		bool wanted = argc < 2;

		for (int i = 1; i < argc; i++)
			wanted |= !strcmp(argv[i], part->name);
		if (wanted)
			part->run();
	}
}

__attribute__((unused))
static int need(int ret, const char *what)
{
	if (ret < 0)
		err(1, "%s", what);
	return ret;
}

#endif
