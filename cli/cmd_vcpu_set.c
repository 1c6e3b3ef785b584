// SPDX-License-Identifier: GPL-2.0-only
/* hvctl vcpu-set DOMAIN [N] */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "ask.h"
#include "domains.h"
#include "duration.h"
#include "name.h"
#include "output.h"
#include "vmm_record.h"

#define POLL_NS		50000000L

static uint32_t wanted;
static unsigned int args;
static bool wait_for_it;

static const struct argp_option options[] = {
	{ "wait", 'w', NULL, 0, "Wait until the domain has so many", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'w':
		wait_for_it = true;
		return 0;
	case ARGP_KEY_ARG:
		/* The first one is DOMAIN, which the common parser takes. */
		if (args++ != 1)
			return ARGP_ERR_UNKNOWN;
		if (parse_id(arg, &wanted) || !wanted || wanted > HVMOD_VCPUS_MAX)
			argp_error(state, "'%s' is not a number of vCPUs, 1 to %d", arg,
				   HVMOD_VCPUS_MAX);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* What the VMM process says counts only as far as it is a number of vCPUs. */
static uint32_t asked_for(const struct hvmod_domain_info *info, struct json_object *record)
{
	struct json_object *value = NULL;
	int64_t count;

	if (!json_object_object_get_ex(record, "vcpus_wanted", &value))
		return info->vcpus;
	count = json_object_get_int64(value);
	return count > 0 && count <= info->vcpus_max ? (uint32_t)count : info->vcpus;
}

static void print_as_json(const struct hvmod_domain_info *info, uint32_t asked)
{
	struct json_object *root = json_object_new_object();

	json_object_object_add(root, "domain_id", json_object_new_int64(info->id));
	json_object_object_add(root, "vcpus", json_object_new_int64(info->vcpus));
	json_object_object_add(root, "vcpus_wanted", json_object_new_int64(asked));
	json_object_object_add(root, "vcpus_max", json_object_new_int64(info->vcpus_max));
	print_json(root);
}

static int print(struct verb_context *ctx)
{
	const struct hvmod_domain_info *info = &ctx->domain;
	struct json_object *record = vmm_record(ctx);
	uint32_t asked = asked_for(info, record);

	json_object_put(record);
	if (globals.json)
		print_as_json(info, asked);
	else if (asked == info->vcpus)
		printf("%u of %u vCPUs\n", info->vcpus, info->vcpus_max);
	else
		printf("%u of %u vCPUs, the guest has been asked to do with %u\n", info->vcpus,
		       info->vcpus_max, asked);
	return HVCTL_OK;
}

static int refused(struct verb_context *ctx, const struct control_reply *reply)
{
	const char *name = ctx->domain.name;

	switch (reply->status) {
	case EINVAL:
		return fail(HVCTL_FAILED, EINVAL, name,
			    "a domain can have as many as it was created with: maxvcpus=",
			    "cannot have %u vCPUs: it has at most %u", wanted, reply->value);
	case EDQUOT:
		return fail(HVCTL_FAILED, EDQUOT, name, NULL,
			    "cannot have %u vCPUs: its quota allows fewer", wanted);
	default:
		return ask_refused(ctx, "set its vCPUs", reply);
	}
}

static int wait_until_so(struct verb_context *ctx)
{
	const struct timespec pause = { .tv_nsec = POLL_NS };
	int64_t deadline = deadline_in(globals.timeout_ms);
	struct hvmod_domain_info info;

	for (;;) {
		if (domain_by_id(ctx->device, ctx->domain.id, &info))
			return ask_fail(ctx, "set its vCPUs", errno == ENOENT ? ESRCH : errno);
		if (domain_ended(&info))
			return ask_fail(ctx, "set its vCPUs", ESHUTDOWN);
		if (info.vcpus == wanted)
			return HVCTL_OK;
		if (!deadline_left(deadline))
			return fail(HVCTL_TIMEOUT, ETIMEDOUT, ctx->domain.name,
				    "the guest has to let processors go; it may be too early in its boot",
				    "cannot set its vCPUs: still %u of them after %g s", info.vcpus,
				    globals.timeout_ms / 1000.0);
		nanosleep(&pause, NULL);
	}
}

static int run(struct verb_context *ctx)
{
	static struct control_reply reply;
	int ret;

	if (!wanted)
		return print(ctx);
	ret = ask_reply(ctx, "set its vCPUs", CONTROL_SET_VCPUS, wanted, NULL, &reply);
	if (ret || reply.status)
		return ret ? ret : refused(ctx, &reply);
	return wait_for_it ? wait_until_so(ctx) : HVCTL_OK;
}

const struct verb verb_vcpu_set = {
	.name = "vcpu-set",
	.args = "DOMAIN [N]",
	.summary = "Show or set how many vCPUs a running domain has",
	.doc = "From 1 to the most that it was created with (maxvcpus=). A vCPU that is added is there at once, and the guest is told by ACPI; Linux takes it into use when 1 is written to /sys/devices/system/cpu/cpuN/online. One that is taken away is there until the guest lets it go, as Linux does by itself, or is reset; --wait waits for that, and with --timeout exit status 6 if it takes longer.",
	.flags = VERB_DOMU | VERB_MODIFIES | VERB_TIMEOUT,
	.options = options,
	.parse = parse,
	.run = run,
};
