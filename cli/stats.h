/* SPDX-License-Identifier: GPL-2.0-only */
/* Statistics as programs read them. */
#ifndef HVCTL_STATS_H
#define HVCTL_STATS_H

#include <json-c/json.h>
#include <stdio.h>

#include "netlink_records.h"

/**
 * exit_word() - name of a basic exit reason
 * @reason: below EXIT_REASONS
 * @text: for one that has no name
 *
 * Return: its name, or @text with its number
 */
const char *exit_word(unsigned int reason, char text[16]);

/** stats_exits() - VM exits of all reasons */
uint64_t stats_exits(const struct stats_record *stats);

/** stats_json() - statistics as an object */
struct json_object *stats_json(const struct stats_list *list);

/** stats_prometheus() - statistics as Prometheus reads them, text format 0.0.4 */
void stats_prometheus(const struct stats_list *list, FILE *file);

#endif
