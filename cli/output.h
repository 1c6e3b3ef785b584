/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_OUTPUT_H
#define HVCTL_OUTPUT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

#include "compiler.h"
#include "hvctl.h"

/**
 * fail() - report an error, as text or under --json as an object
 * @code: the exit status it means
 * @err: errno value, 0 to derive one from @code
 * @object: what it is about, or NULL
 * @hint: the next step, or NULL
 * @fmt: the message: "cannot X: reason"
 *
 * Return: @code
 */
int fail(enum exit_code code, int err, const char *object, const char *hint,
	 const char *fmt, ...) __printf(5, 6);

/**
 * fail_text() - report an error whose text may carry its own hint
 * @code: the exit status
 * @err: errno value
 * @object: what it is about, or NULL
 * @prefix: goes before the text: "cannot create"
 * @text: the message; a last line "hint: ..." is the hint. Comes from a VMM
 *	process and is not trusted to be free of control characters.
 *
 * Return: @code
 */
int fail_text(enum exit_code code, int err, const char *object,
	      const char *prefix, const char *text);

/**
 * fail_device() - report that the device can't be opened or asked
 * @err: errno value
 *
 * Return: the exit status
 */
int fail_device(int err);

/** note() - a line on stderr, not under --quiet */
void note(const char *fmt, ...) __printf(1, 2);

/** note_hint() - a line "hint: ..." on stderr, not under --quiet */
void note_hint(const char *fmt, ...) __printf(1, 2);

/** print_json() - print @object and a newline on stdout, and drop it */
void print_json(struct json_object *object);

/** print_json_line() - the same, as one line */
void print_json_line(struct json_object *object);

/** json_add_number(), json_add_text() - add a member to @object, which has none of that name; @key is constant */
void json_add_number(struct json_object *object, const char *key, uint64_t value);
void json_add_text(struct json_object *object, const char *key, const char *value);

/** print_clean() - print @text with its control characters made visible */
void print_clean(FILE *file, const char *text);

/** use_color() - whether coloured output suits @file */
bool use_color(FILE *file);

/**
 * close_stdout() - flush stdout; a full disk must not pass for success
 *
 * Return: 0, or -1 with errno
 */
int close_stdout(void);

#endif
