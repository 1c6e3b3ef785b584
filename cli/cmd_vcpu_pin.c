// SPDX-License-Identifier: GPL-2.0-only
/* hvctl vcpu-pin DOMAIN [VCPU|all CPUS] */
#include <errno.h>
#include <string.h>

#include "ask.h"
#include "cpulist.h"
#include "name.h"
#include "output.h"
#include "table.h"
#include "vmm_record.h"

static bool domain_seen;
static const char *vcpu_text;
static const char *cpus_text;
static uint32_t vcpu;

static void parse_vcpu(const char *arg, struct argp_state *state)
{
	vcpu_text = arg;
	if (!strcmp(arg, "all"))
		vcpu = CONTROL_ALL_VCPUS;
	else if (parse_id(arg, &vcpu) || vcpu >= HVMOD_VCPUS_MAX)
		argp_error(state, "'%s' is not the number of a vCPU, and not all", arg);
}

static void parse_cpus(const char *arg, struct argp_state *state)
{
	cpu_set_t cpus;
	const char *why = cpulist_parse(arg, &cpus);

	cpus_text = arg;
	if (why)
		argp_error(state, "'%s': %s", arg, why);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case ARGP_KEY_ARG:
		if (!domain_seen || cpus_text) {
			domain_seen = true;
			return ARGP_ERR_UNKNOWN;
		}
		if (!vcpu_text)
			parse_vcpu(arg, state);
		else
			parse_cpus(arg, state);
		return 0;
	case ARGP_KEY_END:
		if (vcpu_text && !cpus_text)
			argp_error(state, "no processors given");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

enum {
	COLUMN_VCPU,
	COLUMN_CPUS,
};

static const struct column columns[] = {
	[COLUMN_VCPU]	= { "VCPU",	true,	"number of the vCPU" },
	[COLUMN_CPUS]	= { "CPUS",	false,	"processors that it may run on" },
	{ 0 }
};

/* What the VMM process says counts only as far as it is a list. */
static const char *cpus_of(struct json_object *list, size_t i, cpu_set_t *cpus)
{
	struct json_object *item = json_object_array_get_idx(list, i);
	const char *text = json_object_get_type(item) == json_type_string ?
			   json_object_get_string(item) : NULL;

	return text && !cpulist_parse(text, cpus) ? text : NULL;
}

static int print_table(struct json_object *list)
{
	struct table_options options = { 0 };
	struct table table;
	int ret = table_open(&table, &options, columns, "VCPU,CPUS");
	size_t i;

	if (ret)
		return ret;
	for (i = 0; i < json_object_array_length(list); i++) {
		struct libscols_line *line = table_line(&table);
		const char *text;
		char number[24];
		cpu_set_t cpus;

		text = cpus_of(list, i, &cpus);
		snprintf(number, sizeof(number), "%zu", i);
		table_set(&table, line, COLUMN_VCPU, number, NULL);
		table_set(&table, line, COLUMN_CPUS, text ? text : "?", NULL);
	}
	return table_print(&table);
}

static int print_as_json(const struct verb_context *ctx, struct json_object *list)
{
	struct json_object *root = json_object_new_object();
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++) {
		struct json_object *object = json_object_new_object();
		cpu_set_t cpus;

		CPU_ZERO(&cpus);
		cpus_of(list, i, &cpus);
		json_object_object_add(object, "domain_id",
				       json_object_new_int64(ctx->domain.id));
		json_object_object_add(object, "vcpu", json_object_new_int64((int64_t)i));
		json_object_object_add(object, "cpus", cpulist_json(&cpus));
		json_object_array_add(array, object);
	}
	json_object_object_add(root, "vcpus", array);
	print_json(root);
	return HVCTL_OK;
}

static int show(struct verb_context *ctx)
{
	struct json_object *record = NULL, *list;
	int ret = vmm_record_ask(ctx, "tell the processors", &record);

	if (ret)
		return ret;
	if (!json_object_object_get_ex(record, "vcpu_cpus", &list) ||
	    json_object_get_type(list) != json_type_array)
		ret = ask_fail(ctx, "tell the processors", EPROTONOSUPPORT);
	else
		ret = globals.json ? print_as_json(ctx, list) : print_table(list);
	json_object_put(record);
	return ret;
}

static int pin(struct verb_context *ctx)
{
	static struct control_reply reply;
	uint32_t count = ctx->domain.vcpus_max;

	if (vcpu != CONTROL_ALL_VCPUS && vcpu >= count)
		return fail(HVCTL_FAILED, EINVAL, ctx->domain.name, NULL,
			    "cannot pin vCPU %u: the last one is %u", vcpu, count - 1);
	return ask_more(ctx, "pin", CONTROL_PIN, vcpu, cpus_text, &reply);
}

static int run(struct verb_context *ctx)
{
	return cpus_text ? pin(ctx) : show(ctx);
}

const struct verb verb_vcpu_pin = {
	.name = "vcpu-pin",
	.args = "DOMAIN [VCPU|all CPUS]",
	.summary = "Show or choose the processors that vCPUs run on",
	.doc = "CPUS is a list such as 0-3,8. A vCPU is a thread of its VMM process, so that taskset(1) does the same.",
	.flags = VERB_DOMU | VERB_MODIFIES | VERB_TIMEOUT,
	.parse = parse,
	.run = run,
};
