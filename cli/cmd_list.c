// SPDX-License-Identifier: GPL-2.0-only
/* hvctl list */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "domain_json.h"
#include "domains.h"
#include "duration.h"
#include "output.h"
#include "size.h"
#include "table.h"

#define STANDARD	"ID,NAME,STATE,VCPUS,MEM,CPU%,UPTIME"

enum {
	COLUMN_ID,
	COLUMN_NAME,
	COLUMN_STATE,
	COLUMN_VCPUS,
	COLUMN_VCPUS_MAX,
	COLUMN_MEM,
	COLUMN_CPU,
	COLUMN_UPTIME,
	COLUMN_REASON,
	COLUMN_MEM_MAX,
	COLUMN_MEM_USED,
	COLUMN_EXITS,
	COLUMN_UID,
	COLUMN_PID,
};

static const struct column columns[] = {
	[COLUMN_ID]	 = { "ID",	true,	"number of the domain" },
	[COLUMN_NAME]	 = { "NAME",	false,	"name" },
	[COLUMN_STATE]	 = { "STATE",	false,	"created, running, paused, shutdown, crashed, dying" },
	[COLUMN_VCPUS]	 = { "VCPUS",	true,	"vCPUs that it has" },
	[COLUMN_VCPUS_MAX] = { "VCPUS-MAX", true, "most vCPUs" },
	[COLUMN_MEM]	 = { "MEM",	true,	"guest memory that it has" },
	[COLUMN_CPU]	 = { "CPU%",	true,	"processor time since it was made, 100 is one processor" },
	[COLUMN_UPTIME]	 = { "UPTIME",	true,	"time since it was made" },
	[COLUMN_REASON]	 = { "REASON",	false,	"why it ended" },
	[COLUMN_MEM_MAX] = { "MEM-MAX",	true,	"guest memory that it may have" },
	[COLUMN_MEM_USED] = { "MEM-USED",	true,	"memory that the host holds for it" },
	[COLUMN_EXITS]	 = { "EXITS",	true,	"VM exits" },
	[COLUMN_UID]	 = { "UID",	true,	"user who made it" },
	[COLUMN_PID]	 = { "PID",	true,	"its VMM process" },
	{ 0 }
};

static struct table_options table_options;
static bool all;
static bool ids_only;

enum {
	OPTION_NOHEADINGS = 0x200,
	OPTION_RAW,
};

static const struct argp_option options[] = {
	{ "all", 'a', NULL, 0, "Those that have ended too", 0 },
	{ "output", 'o', "COLUMNS", 0, "Show these columns; +COLUMNS: these too", 0 },
	{ "noheadings", OPTION_NOHEADINGS, NULL, 0, "No heading", 0 },
	{ "raw", OPTION_RAW, NULL, 0, "One space between columns, odd characters escaped", 0 },
	{ "quiet", 'q', NULL, 0, "Ids only", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	(void)state;
	switch (key) {
	case 'a':
		all = true;
		return 0;
	case 'o':
		table_options.columns = arg;
		return 0;
	case OPTION_NOHEADINGS:
		table_options.noheadings = true;
		return 0;
	case OPTION_RAW:
		table_options.raw = true;
		return 0;
	case 'q':
		ids_only = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char *state_color(uint32_t state)
{
	switch (state) {
	case HVMOD_STATE_RUNNING:
		return "green";
	case HVMOD_STATE_PAUSED:
	case HVMOD_STATE_CREATED:
		return "yellow";
	case HVMOD_STATE_CRASHED:
		return "red";
	default:
		return NULL;
	}
}

static void add_domain(struct table *table, const struct hvmod_domain_info *info)
{
	struct libscols_line *line = table_line(table);
	char text[DURATION_TEXT_MAX];

	table_number(table, line, COLUMN_ID, info->id);
	table_set(table, line, COLUMN_NAME, info->name, NULL);
	table_set(table, line, COLUMN_STATE, state_word(info->state),
		  state_color(info->state));
	table_number(table, line, COLUMN_VCPUS, info->vcpus);
	table_number(table, line, COLUMN_VCPUS_MAX, info->vcpus_max);
	table_set(table, line, COLUMN_MEM, format_size(info->mem_current, text), NULL);
	snprintf(text, sizeof(text), "%.1f", domain_cpu_percent(info));
	table_set(table, line, COLUMN_CPU, text, NULL);
	table_set(table, line, COLUMN_UPTIME,
		  format_duration(domain_uptime_ns(info), text), NULL);
	table_set(table, line, COLUMN_REASON, reason_word(info->reason), NULL);
	table_set(table, line, COLUMN_MEM_MAX, format_size(info->mem_max, text), NULL);
	table_set(table, line, COLUMN_MEM_USED, format_size(info->held, text), NULL);
	table_number(table, line, COLUMN_EXITS, info->exits);
	table_number(table, line, COLUMN_UID, info->owner_uid);
	table_number(table, line, COLUMN_PID, info->owner_pid);
}

static bool shown(const struct hvmod_domain_info *info)
{
	return all || !domain_ended(info);
}

static int print_table(const struct domain_list *list)
{
	struct table table;
	size_t i;
	int ret = table_open(&table, &table_options, columns, STANDARD);

	if (ret)
		return ret;
	for (i = 0; i < list->count; i++) {
		if (shown(&list->items[i]))
			add_domain(&table, &list->items[i]);
	}
	return table_print(&table);
}

static int print_ids(const struct domain_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++) {
		if (shown(&list->items[i]))
			printf("%u\n", list->items[i].id);
	}
	return HVCTL_OK;
}

static int print_as_json(const struct domain_list *list)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < list->count; i++) {
		if (shown(&list->items[i]))
			json_object_array_add(array, domain_json(&list->items[i]));
	}
	print_json(domains_json(array));
	return HVCTL_OK;
}

static int run(struct verb_context *ctx)
{
	struct domain_list list;
	int ret;

	if (domains_read(ctx->device, &list))
		return fail_device(errno);
	if (globals.json)
		ret = print_as_json(&list);
	else if (ids_only || globals.quiet)
		ret = print_ids(&list);
	else
		ret = print_table(&list);
	domains_free(&list);
	return ret;
}

const struct verb verb_list = {
	.name = "list",
	.alias = "ls ps",
	.summary = "List the domains",
	.doc = "Columns: ID NAME STATE VCPUS MEM CPU% UPTIME, and VCPUS-MAX REASON MEM-MAX MEM-USED EXITS UID PID. CPU% is the mean since the domain was made; 100 is one processor. --json has all fields, in bytes and nanoseconds.",
	.flags = VERB_DEVICE,
	.options = options,
	.parse = parse,
	.run = run,
};
