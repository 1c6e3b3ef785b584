/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_CPULIST_H
#define HVCTL_CPULIST_H

#include <json-c/json.h>
#include <sched.h>
#include <stddef.h>

#define CPULIST_MAX	1024	/* characters of a list, with the NUL */

/**
 * cpulist_parse() - a list of processors: "0-3,8"
 * @text: the list
 * @cpus: the result
 *
 * Return: NULL, or what is wrong with it.
 */
const char *cpulist_parse(const char *text, cpu_set_t *cpus);

/**
 * cpulist_format() - the reverse
 * @cpus: the processors
 * @text: the result, CPULIST_MAX bytes; cut behind a number if it does not fit
 *
 * Return: @text
 */
const char *cpulist_format(const cpu_set_t *cpus, char *text);

/** cpulist_json() - as an array of numbers */
struct json_object *cpulist_json(const cpu_set_t *cpus);

#endif
