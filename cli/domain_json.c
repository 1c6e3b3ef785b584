// SPDX-License-Identifier: GPL-2.0-only
/* The JSON record of a domain. */
#include <stdio.h>

#include "cgroup_weight.h"
#include "domain_json.h"
#include "domains.h"
#include "duration.h"
#include "output.h"

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

/* RFC 9562, section 4. */
static void add_uuid(struct json_object *object, const uint8_t *uuid)
{
	static const char digits[] = "0123456789abcdef";
	char text[37], *p = text;
	int i;

	for (i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		*p++ = digits[uuid[i] >> 4];
		*p++ = digits[uuid[i] & 15];
	}
	*p = '\0';
	json_add_text(object, "uuid", text);
}

void domain_identity_json(struct json_object *object, const struct hvmod_domain_info *info)
{
	json_add_number(object, "id", info->id);
	json_add_text(object, "name", info->name);
	add_uuid(object, info->uuid);
}

void domain_json_into(struct json_object *object, const struct hvmod_domain_info *info)
{
	char percent[32];

	domain_identity_json(object, info);
	json_add_text(object, "state", state_word(info->state));
	json_add_text(object, "reason", reason_word(info->reason));
	json_add_number(object, "vcpus", info->vcpus);
	json_add_number(object, "vcpus_max", info->vcpus_max);
	json_add_number(object, "mem_max_bytes", info->mem_max);
	json_add_number(object, "mem_current_bytes", info->mem_current);
	json_add_number(object, "mem_held_bytes", info->held);
	json_add_number(object, "mem_held_max_bytes", info->held_max);
	json_add_number(object, "cpu_cap_percent", info->cpu_cap);
	json_add_number(object, "cpu_period_us", info->cpu_period_us);
	json_add_number(object, "core_pages", info->core_pages);
	json_add_number(object, "owner_uid", info->owner_uid);
	json_add_number(object, "owner_pid", info->owner_pid);
	json_add_number(object, "created_ns", info->created_ns);
	json_add_number(object, "uptime_ns", domain_uptime_ns(info));
	json_add_number(object, "run_ns", info->run_ns);
	snprintf(percent, sizeof(percent), "%.1f", domain_cpu_percent(info));
	json_object_object_add(object, "cpu_percent",
			       json_object_new_double_s(domain_cpu_percent(info), percent));
	json_add_number(object, "exits", info->exits);
	json_add_number(object, "exits_driver", info->exits_driver);
	json_add_number(object, "exits_vmm", info->exits_vmm);
}

struct json_object *domain_json(const struct hvmod_domain_info *info)
{
	struct json_object *object = json_object_new_object();

	domain_json_into(object, info);
	return object;
}

struct json_object *domain_weight_json(const struct hvmod_domain_info *info)
{
	struct json_object *object = domain_json(info);
	uint32_t weight;

	if (info->owner_pid && !cgroup_get_weight((pid_t)info->owner_pid, &weight))
		json_add_number(object, "cpu_weight", weight);
	return object;
}

struct json_object *domains_json(struct json_object *array)
{
	struct json_object *root = json_object_new_object();

	json_object_object_add(root, "domains", array);
	return root;
}
