/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_DOMAIN_JSON_H
#define HVCTL_DOMAIN_JSON_H

#include <json-c/json.h>

#include <hvmod.h>

/**
 * domain_json() - a domain as the record that "list --json" and "info --json"
 * print
 *
 * Bytes, nanoseconds and counters are whole numbers. Fields are added in later
 * versions and neither renamed nor removed.
 */
struct json_object *domain_json(const struct hvmod_domain_info *info);

/** domain_identity_json() - what it is called, into @object: id, name, uuid */
void domain_identity_json(struct json_object *object, const struct hvmod_domain_info *info);

/** domain_json_into() - all of domain_json(), into @object */
void domain_json_into(struct json_object *object, const struct hvmod_domain_info *info);

/** domain_weight_json() - the same, with the domain's weight where it has one */
struct json_object *domain_weight_json(const struct hvmod_domain_info *info);

/** domains_json() - put records into {"domains":[...]}; takes @array */
struct json_object *domains_json(struct json_object *array);

/** domain_uptime_ns() - how long it has been there */
uint64_t domain_uptime_ns(const struct hvmod_domain_info *info);

/** domain_cpu_percent() - mean since it was made; 100 is one processor */
double domain_cpu_percent(const struct hvmod_domain_info *info);

#endif
