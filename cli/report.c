// SPDX-License-Identifier: GPL-2.0-only
/* How a report is written: sections, lines, and what of a log goes in. */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "report.h"

#define VALUE_MAX	8192

void report_section(struct report *r, const char *name)
{
	fprintf(r->out, "\n[%s]\n", name);
}

static void write_line(struct report *r, const char *name, const char *before,
		       const char *fmt, va_list args)
{
	char value[VALUE_MAX];

	vsnprintf(value, sizeof(value), fmt, args);
	private_hide(&r->private, value);
	fprintf(r->out, "%s%s%s", name ? name : "", name ? ": " : "", before);
	print_clean(r->out, value);
	fputc('\n', r->out);
}

void report_line(struct report *r, const char *name, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_line(r, name, "", fmt, args);
	va_end(args);
}

void report_missing(struct report *r, const char *name, const char *fmt, ...)
{
	va_list args;

	r->missing++;
	va_start(args, fmt);
	write_line(r, name, "MISSING, ", fmt, args);
	va_end(args);
}

FILE *report_open(const struct report *r, const char *path)
{
	char full[PATH_MAX];

	if (snprintf(full, sizeof(full), "%s%s", r->root, path) >= (int)sizeof(full)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return fopen(full, "re");
}

int report_first_line(const struct report *r, const char *path, char *line, size_t size)
{
	FILE *file = report_open(r, path);
	char *got = NULL;

	if (!file)
		return -1;
	errno = 0;
	got = fgets(line, size, file);
	fclose(file);
	if (!got) {
		if (!errno)
			errno = ENODATA;
		return -1;
	}
	line[strcspn(line, "\n")] = '\0';
	return 0;
}

void report_file(struct report *r, const char *name, const char *path)
{
	char line[VALUE_MAX];

	if (report_first_line(r, path, line, sizeof(line)))
		report_missing(r, name, "%s: %s", path, strerror(errno));
	else
		report_line(r, name, "%s", line);
}

/* Behind "<6>[    1.234567] " or "<6>[    1.234567][  T123] ". */
static const char *message(const char *line)
{
	if (*line == '<')
		line += strcspn(line, ">\n") + 1;
	while (*line == '[') {
		line += strcspn(line, "]\n");
		line += *line == ']';
		line += strspn(line, " ");
	}
	return line;
}

void report_messages(struct report *r, const char *log)
{
	unsigned int count = 0;

	report_section(r, "kernel messages");
	if (!log) {
		report_missing(r, "log", "%s; run as root", strerror(errno));
		return;
	}
	while (*log) {
		size_t length = strcspn(log, "\n");

		if (!strncmp(message(log), "hvmod: ", 7)) {
			report_line(r, NULL, "%.*s", (int)length, log);
			count++;
		}
		log += length + (log[length] == '\n');
	}
	report_line(r, "lines of hvmod's", "%u", count);
}

static bool is_ktap(const char *line)
{
	static const char *const begins[] = {
		"ok ", "not ok ", "1..", "KTAP version ", "TAP version ", "# ",
	};
	size_t i;

	line += strspn(line, " ");
	for (i = 0; i < ARRAY_SIZE(begins); i++) {
		if (!strncmp(line, begins[i], strlen(begins[i])))
			return true;
	}
	return false;
}

void report_selftests(struct report *r, FILE *ktap)
{
	unsigned int others = 0;
	char *line = NULL;
	size_t room = 0;

	report_section(r, "kselftest");
	while (getline(&line, &room, ktap) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (is_ktap(line))
			report_line(r, NULL, "%s", line);
		else
			others++;
	}
	free(line);
	report_line(r, "lines left out", "%u", others);
}
