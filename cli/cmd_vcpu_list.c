// SPDX-License-Identifier: GPL-2.0-only
/* hvctl vcpu-list [DOMAIN] */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "compiler.h"
#include "cpulist.h"
#include "domains.h"
#include "netlink_names.h"
#include "netlink_records.h"
#include "output.h"
#include "table.h"

enum {
	COLUMN_ID,
	COLUMN_NAME,
	COLUMN_VCPU,
	COLUMN_STATE,
	COLUMN_CPU,
	COLUMN_AFFINITY,
	COLUMN_RUN,
	COLUMN_HALT,
	COLUMN_CAPPED,
	COLUMN_STEAL,
	COLUMN_EXITS,
};

static const struct column columns[] = {
	[COLUMN_ID]	  = { "ID",	  true,	 "number of the domain" },
	[COLUMN_NAME]	  = { "NAME",	  false, "its name" },
	[COLUMN_VCPU]	  = { "VCPU",	  true,	 "number of the vCPU" },
	[COLUMN_STATE]	  = { "STATE",	  false, "stopped, running, halted, capped, unplugged" },
	[COLUMN_CPU]	  = { "CPU",	  true,	 "processor that it runs on or ran on last" },
	[COLUMN_AFFINITY] = { "AFFINITY", false, "processors that it may run on" },
	[COLUMN_RUN]	  = { "RUN",	  true,	 "seconds in the guest" },
	[COLUMN_HALT]	  = { "HALT",	  true,	 "seconds asleep in HLT" },
	[COLUMN_CAPPED]	  = { "CAPPED",	  true,	 "seconds held back by the cap" },
	[COLUMN_STEAL]	  = { "STEAL",	  true,	 "seconds that its thread waited for a processor" },
	[COLUMN_EXITS]	  = { "EXITS",	  true,	 "VM exits" },
	{ 0 }
};

#define STANDARD	"ID,NAME,VCPU,STATE,CPU,AFFINITY,RUN,HALT,CAPPED,STEAL,EXITS"

static const char *activity_word(uint32_t activity)
{
	if (activity >= ARRAY_SIZE(activity_names) || !activity_names[activity])
		return "unknown";
	return activity_names[activity];
}

/*
 * A vCPU is a thread of its VMM process, and anybody may ask Linux where a
 * thread may run. One of Domain-0 is a processor.
 */
static bool affinity(const struct vcpu_record *vcpu, cpu_set_t *cpus)
{
	CPU_ZERO(cpus);
	if (!vcpu->domain && vcpu->index < CPU_SETSIZE) {
		CPU_SET(vcpu->index, cpus);
		return true;
	}
	return vcpu->tid && !sched_getaffinity((pid_t)vcpu->tid, sizeof(*cpus), cpus);
}

/* @list is in the order of ids. Return: "" if it came or went in between. */
static const char *name_of(const struct domain_list *list, uint32_t id)
{
	size_t i;

	for (i = 0; i < list->count; i++) {
		if (list->items[i].id == id)
			return list->items[i].name;
	}
	return "";
}

static void add_line(struct table *table, const struct vcpu_record *vcpu, const char *name)
{
	struct libscols_line *line = table_line(table);
	char text[CPULIST_MAX];
	cpu_set_t cpus;

	table_number(table, line, COLUMN_ID, vcpu->domain);
	table_set(table, line, COLUMN_NAME, name, NULL);
	table_number(table, line, COLUMN_VCPU, vcpu->index);
	table_set(table, line, COLUMN_STATE, activity_word(vcpu->activity), NULL);
	if (vcpu->cpu == NO_CPU)
		table_set(table, line, COLUMN_CPU, "-", NULL);
	else
		table_number(table, line, COLUMN_CPU, vcpu->cpu);
	table_set(table, line, COLUMN_AFFINITY,
		  affinity(vcpu, &cpus) ? cpulist_format(&cpus, text) : "-", NULL);
	table_seconds(table, line, COLUMN_RUN, vcpu->run_ns);
	table_seconds(table, line, COLUMN_HALT, vcpu->halt_ns);
	table_seconds(table, line, COLUMN_CAPPED, vcpu->capped_ns);
	table_seconds(table, line, COLUMN_STEAL, vcpu->steal_ns);
	table_number(table, line, COLUMN_EXITS, vcpu->exits);
}

static int print_table(const struct vcpu_list *list, const struct domain_list *domains)
{
	struct table_options plain = { 0 };
	struct table table;
	size_t i;
	int ret = table_open(&table, &plain, columns, STANDARD);

	if (ret)
		return ret;
	for (i = 0; i < list->count; i++)
		add_line(&table, &list->items[i], name_of(domains, list->items[i].domain));
	return table_print(&table);
}

static struct json_object *vcpu_json(const struct vcpu_record *vcpu, const char *name)
{
	struct json_object *object = json_object_new_object();
	cpu_set_t cpus;

	json_add_number(object, "domain_id", vcpu->domain);
	json_add_text(object, "domain", name);
	json_add_number(object, "vcpu", vcpu->index);
	json_add_text(object, "state", activity_word(vcpu->activity));
	json_object_object_add(object, "cpu",
			       vcpu->cpu == NO_CPU ? NULL : json_object_new_int64(vcpu->cpu));
	json_object_object_add(object, "cpus", affinity(vcpu, &cpus) ? cpulist_json(&cpus) : NULL);
	json_object_object_add(object, "tid", vcpu->tid ? json_object_new_int64(vcpu->tid) : NULL);
	json_add_number(object, "run_ns", vcpu->run_ns);
	json_add_number(object, "halt_ns", vcpu->halt_ns);
	json_add_number(object, "capped_ns", vcpu->capped_ns);
	json_add_number(object, "steal_ns", vcpu->steal_ns);
	json_add_number(object, "exits", vcpu->exits);
	json_add_number(object, "exits_driver", vcpu->exits_driver);
	json_add_number(object, "exits_vmm", vcpu->exits_vmm);
	json_add_number(object, "interrupts", vcpu->interrupts);
	json_add_number(object, "nmis", vcpu->nmis);
	return object;
}

static int print_as_json(const struct vcpu_list *list, const struct domain_list *domains)
{
	struct json_object *root = json_object_new_object();
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < list->count; i++)
		json_object_array_add(array, vcpu_json(&list->items[i],
						       name_of(domains, list->items[i].domain)));
	json_object_object_add(root, "vcpus", array);
	print_json(root);
	return HVCTL_OK;
}

static int run(struct verb_context *ctx)
{
	struct domain_list domains;
	struct vcpu_list list;
	int ret;

	if (netlink_domains(ctx->netlink, &domains, NULL))
		return fail_netlink(errno);
	if (!netlink_vcpus(ctx->netlink, ctx->named ? (int64_t)ctx->domain.id : ALL_DOMAINS, &list))
		ret = globals.json ? print_as_json(&list, &domains) : print_table(&list, &domains);
	else if (errno == ENOENT)
		ret = fail(HVCTL_NO_DOMAIN, ENOENT, ctx->domain.name, NULL, "it is gone");
	else
		ret = fail_netlink(errno);
	free(list.items);
	domains_free(&domains);
	return ret;
}

const struct verb verb_vcpu_list = {
	.name = "vcpu-list",
	.args = "[DOMAIN]",
	.summary = "Show vCPUs: what they do, where, and their time",
	.doc = "AFFINITY is what vcpu-pin sets. A vCPU that never ran has neither it nor a CPU; one that vcpu-set can add, or has taken away, is unplugged. Those of Domain-0 are the processors.",
	.flags = VERB_ANY_DOMAIN,
	.run = run,
};
