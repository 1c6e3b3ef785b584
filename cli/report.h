/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The report about a machine. What goes in stands in tables, of files, keys of
 * files, registers and parameters; nothing is copied for being there.
 */
#ifndef HVCTL_REPORT_H
#define HVCTL_REPORT_H

#include <stdio.h>

#include "compiler.h"
#include "private.h"

/**
 * struct report - a report that is being written
 * @out: where
 * @root: "" for this machine; a directory with a copy of its /proc, /sys, /dev
 *	and /boot for another one
 * @private: what must not be in it
 * @missing: how many things could not be had
 */
struct report {
	FILE *out;
	const char *root;
	struct private private;
	unsigned int missing;
};

/** report_section() - begin a section */
void report_section(struct report *r, const char *name);

/** report_line() - a line "name: value"; of the value what is private is left out */
void report_line(struct report *r, const char *name, const char *fmt, ...) __printf(3, 4);

/** report_missing() - a line for what could not be had: why, and what helps */
void report_missing(struct report *r, const char *name, const char *fmt, ...) __printf(3, 4);

/** report_open() - open a file of the machine. Return: NULL with errno */
FILE *report_open(const struct report *r, const char *path);

/**
 * report_first_line() - the first line of a file of the machine
 *
 * Return: 0, or -1 with errno
 */
int report_first_line(const struct report *r, const char *path, char *line, size_t size);

/** report_file() - the first line of a file of the machine as a line of the report */
void report_file(struct report *r, const char *name, const char *path);

/* The sections. Each begins with its own report_section(). */
void report_processor(struct report *r);
void report_registers(struct report *r);
void report_firmware(struct report *r);
void report_memory(struct report *r);
void report_kernel(struct report *r);
void report_mitigations(struct report *r);
void report_modules(struct report *r);

/**
 * report_messages() - hvmod's own lines of the kernel's log
 * @r: the report
 * @log: the log as syslog(2) gives it, NULL with errno if it could not be read
 */
void report_messages(struct report *r, const char *log);

/**
 * report_selftests() - what a run of the kselftests said
 * @r: the report
 * @ktap: its output; lines that are no KTAP are left out
 */
void report_selftests(struct report *r, FILE *ktap);

#endif
