// SPDX-License-Identifier: GPL-2.0-only
/* The JSON record of a domain. */
#include <stdio.h>

#include "domain_json.h"
#include "domains.h"
#include "duration.h"

uint64_t domain_uptime_ns(const struct hvmod_domain_info *info)
{
	uint64_t now = boottime_ns();

	return now > info->created_ns ? now - info->created_ns : 0;
}

double domain_cpu_percent(const struct hvmod_domain_info *info)
{
	uint64_t uptime = domain_uptime_ns(info);

	return uptime ? 100.0 * info->run_ns / uptime : 0;
}

static void add_text(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, json_object_new_string(value));
}

static void add_number(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

/* RFC 9562, section 4. */
static void add_uuid(struct json_object *object, const uint8_t *uuid)
{
	char text[37], *p = text;
	int i;

	for (i = 0; i < 16; i++)
		p += sprintf(p, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
	add_text(object, "uuid", text);
}

struct json_object *domain_json(const struct hvmod_domain_info *info)
{
	struct json_object *object = json_object_new_object();
	char percent[32];

	add_number(object, "id", info->id);
	add_text(object, "name", info->name);
	add_uuid(object, info->uuid);
	add_text(object, "state", state_word(info->state));
	add_text(object, "reason", reason_word(info->reason));
	add_number(object, "vcpus", info->vcpus);
	add_number(object, "vcpus_max", info->vcpus_max);
	add_number(object, "mem_max_bytes", info->mem_max);
	add_number(object, "mem_current_bytes", info->mem_current);
	add_number(object, "mem_held_bytes", info->held);
	add_number(object, "mem_held_max_bytes", info->held_max);
	add_number(object, "cpu_cap_percent", info->cpu_cap);
	add_number(object, "cpu_period_us", info->cpu_period_us);
	add_number(object, "core_pages", info->core_pages);
	add_number(object, "owner_uid", info->owner_uid);
	add_number(object, "owner_pid", info->owner_pid);
	add_number(object, "created_ns", info->created_ns);
	add_number(object, "uptime_ns", domain_uptime_ns(info));
	add_number(object, "run_ns", info->run_ns);
	snprintf(percent, sizeof(percent), "%.1f", domain_cpu_percent(info));
	json_object_object_add(object, "cpu_percent",
			       json_object_new_double_s(domain_cpu_percent(info), percent));
	add_number(object, "exits", info->exits);
	add_number(object, "exits_driver", info->exits_driver);
	add_number(object, "exits_vmm", info->exits_vmm);
	return object;
}

struct json_object *domains_json(struct json_object *array)
{
	struct json_object *root = json_object_new_object();

	json_object_object_add(root, "domains", array);
	return root;
}
