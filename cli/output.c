// SPDX-License-Identifier: GPL-2.0-only
/* Messages, hints, JSON objects, colour. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output.h"

bool use_color(FILE *file)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (globals.color >= 0)
		return globals.color;
	if (no_color && *no_color)
		return false;
	if (!term || !*term || !strcmp(term, "dumb"))
		return false;
	return isatty(fileno(file));
}

/* C1 control characters too, which are two bytes in UTF-8. */
void print_clean(FILE *file, const char *text)
{
	for (; *text; text++) {
		unsigned char c = *text, next = text[1];

		if (c == 0xc2 && next >= 0x80 && next < 0xa0) {
			fprintf(file, "\\u00%02x", next);
			text++;
		} else if ((c < 0x20 && c != '\t') || c == 0x7f) {
			fprintf(file, "\\x%02x", c);
		} else {
			fputc(c, file);
		}
	}
}

void print_json(struct json_object *object)
{
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

void print_json_line(struct json_object *object)
{
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

/* Thousands of events a second are printed: neither copy a key nor look whether it is there. */
#define OUR_KEY	(JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_KEY_IS_CONSTANT)

void json_add_number(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add_ex(object, key, json_object_new_uint64(value), OUR_KEY);
}

void json_add_text(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add_ex(object, key, json_object_new_string(value), OUR_KEY);
}

static const int default_errno[] = {
	[HVCTL_OK]		= 0,
	[HVCTL_FAILED]		= EIO,
	[HVCTL_USAGE]		= EINVAL,
	[HVCTL_NO_DOMAIN]	= ENOENT,
	[HVCTL_UNSUPPORTED]	= ENODEV,
	[HVCTL_PERMISSION]	= EACCES,
	[HVCTL_TIMEOUT]		= ETIMEDOUT,
	[HVCTL_STATE]		= EBUSY,
};

static void error_as_json(int err, const char *message, const char *hint)
{
	struct json_object *error = json_object_new_object();
	struct json_object *root = json_object_new_object();
	const char *name = strerrorname_np(err);

	json_object_object_add(error, "code", json_object_new_string(name ? name : "EIO"));
	json_object_object_add(error, "message", json_object_new_string(message));
	if (hint)
		json_object_object_add(error, "hint", json_object_new_string(hint));
	json_object_object_add(root, "error", error);
	fprintf(stderr, "%s\n",
		json_object_to_json_string_ext(root, JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(root);
}

static void error_as_text(const char *message, const char *hint)
{
	bool color = use_color(stderr);

	fputs(color ? "\033[1mhvctl:\033[m " : "hvctl: ", stderr);
	print_clean(stderr, message);
	fputc('\n', stderr);
	if (hint) {
		fputs(color ? "\033[36mhint:\033[m " : "hint: ", stderr);
		print_clean(stderr, hint);
		fputc('\n', stderr);
	}
}

static int report(enum exit_code code, int err, const char *object,
		  const char *hint, const char *text)
{
	char *message = NULL;

	if (object && asprintf(&message, "%s: %s", object, text) < 0)
		message = NULL;
	if (!err)
		err = default_errno[code];
	fflush(stdout);
	if (globals.json)
		error_as_json(err, message ? message : text, hint);
	else
		error_as_text(message ? message : text, hint);
	free(message);
	return code;
}

int fail(enum exit_code code, int err, const char *object, const char *hint,
	 const char *fmt, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	report(code, err, object, hint, text ? text : "out of memory");
	free(text);
	return code;
}

int fail_text(enum exit_code code, int err, const char *object,
	      const char *prefix, const char *text)
{
	static const char mark[] = "\nhint: ";
	char *copy = strdup(*text ? text : strerror(err));
	char *full = NULL;
	char *hint;

	hint = copy ? strstr(copy, mark) : NULL;
	if (hint) {
		*hint = '\0';
		hint += sizeof(mark) - 1;
	}
	if (asprintf(&full, "%s: %s", prefix, copy ? copy : text) < 0)
		full = NULL;
	report(code, err, object, hint, full ? full : text);
	free(full);
	free(copy);
	return code;
}

int fail_device(int err)
{
	switch (err) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return fail(HVCTL_UNSUPPORTED, err, HVCTL_DEVICE,
			    "load it with 'modprobe hvmod' or 'insmod hvmod.ko'; 'hvctl check' tells what this machine lacks",
			    "cannot open: the hvmod module is not loaded");
	case EACCES:
	case EPERM:
		return fail(HVCTL_PERMISSION, err, HVCTL_DEVICE,
			    "run it as root, or join the group: 'usermod -aG hvmod USER', then log in again",
			    "cannot open: no permission");
	case EPROTO:
		return fail(HVCTL_UNSUPPORTED, err, HVCTL_DEVICE,
			    "after an upgrade end the domains, then 'rmmod hvmod' and 'modprobe hvmod'; else install both of one version, see 'hvctl version'",
			    "cannot use: the loaded module has another ABI than this hvctl");
	default:
		return fail(HVCTL_FAILED, err, HVCTL_DEVICE, NULL, "cannot use: %s",
			    strerror(err));
	}
}

void note(const char *fmt, ...)
{
	va_list args;

	if (globals.quiet)
		return;
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

void note_hint(const char *fmt, ...)
{
	va_list args;

	if (globals.quiet)
		return;
	fputs("hint: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

int close_stdout(void)
{
	if (ferror(stdout) || fflush(stdout))
		return -1;
	return 0;
}
