/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_TOP_H
#define HVCTL_TOP_H

#include <json-c/json.h>
#include <stdio.h>

#include "domains.h"
#include "netlink_client.h"

/**
 * enum top_order - what comes first
 */
enum top_order {
	TOP_BY_CPU,
	TOP_BY_MEMORY,
	TOP_BY_EXITS,
	TOP_BY_ID,
};

/**
 * struct top_row - a domain in an interval
 * @info: the domain now
 * @interval_ns: what the rates are over; 0: since it was made
 * @cpu_percent: 100 is one processor
 * @exits_per_second: VM exits
 */
struct top_row {
	struct hvmod_domain_info info;
	uint64_t interval_ns;
	double cpu_percent;
	double exits_per_second;
};

/**
 * struct top - two looks at the domains
 * @now: the domains now
 * @now_ns: CLOCK_BOOTTIME of that
 * @before: those of the look before, empty in the first
 * @before_ns: the same
 * @rows: what came of it, as many as @now has
 */
struct top {
	struct domain_list now;
	uint64_t now_ns;
	struct domain_list before;
	uint64_t before_ns;
	struct top_row *rows;
};

/** top_look() - look again. Return: 0, or -1 with errno */
int top_look(struct top *top, struct netlink *netlink, enum top_order order);

/** top_free() - give the memory back */
void top_free(struct top *top);

/**
 * top_print() - print a look
 * @top: the look
 * @file: where to
 * @width: no line is longer; 0: no limit
 * @height: no more lines; 0: no limit
 * @end: what ends a line
 * @heading: emphasis of the heading: sequences before and behind it, or ""
 */
void top_print(const struct top *top, FILE *file, unsigned int width,
	       unsigned int height, const char *end, const char *const heading[2]);

/** top_json() - the look as an object */
struct json_object *top_json(const struct top *top);

#endif
