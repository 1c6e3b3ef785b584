// SPDX-License-Identifier: GPL-2.0-only
/* hvctl mem-set DOMAIN [SIZE] */
#include <errno.h>
#include <stdio.h>

#include "ask.h"
#include "domains.h"
#include "duration.h"
#include "output.h"
#include "size.h"
#include "vmm_record.h"

#define UNIT		(1ULL << 20)
#define POLL_MS		50

static uint64_t wanted;
static unsigned int args;
static bool wait_for_it;

static const struct argp_option options[] = {
	{ "wait", 'w', NULL, 0, "Wait until the domain has that much", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	int ret;

	if (key == 'w') {
		wait_for_it = true;
		return 0;
	}
	/* The first one is DOMAIN, which the common parser takes. */
	if (key != ARGP_KEY_ARG || args++ != 1)
		return ARGP_ERR_UNKNOWN;
	ret = parse_size(arg, &wanted);
	if (ret)
		argp_error(state, "'%s': %s", arg, size_error(ret));
	if (!wanted || wanted % UNIT || wanted / UNIT > UINT32_MAX)
		argp_error(state, "'%s': memory is given in whole mebibytes, at least one", arg);
	return 0;
}

/* What its VMM process tells is not to be trusted: a number it is at least. */
static int print(struct verb_context *ctx)
{
	const struct hvmod_domain_info *info = &ctx->domain;
	struct json_object *record = vmm_record(ctx);
	struct json_object *value = NULL;
	char text[SIZE_TEXT_MAX], max[SIZE_TEXT_MAX], target[SIZE_TEXT_MAX];
	bool known = record &&
		     json_object_object_get_ex(record, "mem_target_bytes", &value) &&
		     json_object_get_type(value) == json_type_int;
	uint64_t bytes = known ? json_object_get_uint64(value) : 0;

	if (globals.json) {
		struct json_object *root = json_object_new_object();

		json_add_number(root, "id", info->id);
		json_add_text(root, "name", info->name);
		json_add_number(root, "mem_current_bytes", info->mem_current);
		if (known)
			json_add_number(root, "mem_target_bytes", bytes);
		json_add_number(root, "mem_max_bytes", info->mem_max);
		json_add_number(root, "mem_held_bytes", info->held);
		print_json(root);
	} else {
		printf("%s", format_size(info->mem_current, text));
		if (known && bytes != info->mem_current)
			printf(", on its way to %s", format_size(bytes, target));
		printf("; %s at most, the host holds %s for it\n", format_size(info->mem_max, max),
		       format_size(info->held, text));
	}
	json_object_put(record);
	return HVCTL_OK;
}

static int too_much(struct verb_context *ctx, uint64_t most, const char *hint)
{
	char asked[SIZE_TEXT_MAX], max[SIZE_TEXT_MAX];

	return fail(HVCTL_FAILED, ERANGE, ctx->domain.name, hint,
		    "cannot set its memory to %s: it can have %s at most",
		    format_size(wanted, asked), format_size(most, max));
}

static int timed_out(struct verb_context *ctx)
{
	char now[SIZE_TEXT_MAX];

	return fail(HVCTL_TIMEOUT, ETIMEDOUT, ctx->domain.name,
		    "the guest needs the driver virtio_balloon and memory that it can spare; it goes on trying",
		    "has %s after %g s", format_size(ctx->domain.mem_current, now),
		    globals.timeout_ms / 1000.0);
}

static int wait_until_set(struct verb_context *ctx)
{
	int64_t deadline = deadline_in(globals.timeout_ms);

	for (;;) {
		if (domain_by_id(ctx->device, ctx->domain.id, &ctx->domain))
			return ask_fail(ctx, "set its memory",
					errno == ENOENT ? ESRCH : errno);
		if (domain_ended(&ctx->domain))
			return ask_fail(ctx, "set its memory", ESHUTDOWN);
		if (ctx->domain.mem_current == wanted)
			return HVCTL_OK;
		if (!deadline_left(deadline))
			return timed_out(ctx);
		sleep_ms(POLL_MS);
	}
}

static int set(struct verb_context *ctx)
{
	static struct control_reply reply;
	int ret;

	if (domain_ended(&ctx->domain))
		return fail_state(ctx, "set its memory", NULL);
	if (wanted > ctx->domain.mem_max)
		return too_much(ctx, ctx->domain.mem_max, "'hvctl mem-max' raises the limit");
	ret = ask_reply(ctx, "set its memory", CONTROL_MEM_SET, (uint32_t)(wanted / UNIT),
			NULL, &reply);
	if (!ret && reply.status == ERANGE)
		return too_much(ctx, reply.value * UNIT, "maxmem= of its configuration is what it is made with");
	if (!ret && reply.status == EOPNOTSUPP)
		return fail(HVCTL_UNSUPPORTED, EOPNOTSUPP, ctx->domain.name,
			    "a vhost-user disk or a directory (fs) lets a domain have none",
			    "cannot set its memory: it has no memory balloon");
	if (!ret)
		ret = ask_refused(ctx, "set its memory", &reply);
	if (ret)
		return ret;
	if (!wait_for_it && globals.timeout_ms < 0)
		return HVCTL_OK;
	return wait_until_set(ctx);
}

static int run(struct verb_context *ctx)
{
	return wanted ? set(ctx) : print(ctx);
}

const struct verb verb_mem_set = {
	.name = "mem-set",
	.args = "DOMAIN [SIZE]",
	.summary = "Show or set the memory that a domain has now",
	.doc = "SIZE has a suffix: 512M. The guest gives the rest of its memory to the host by a balloon, for which it needs the driver virtio_balloon, and gets it back from there. Returns at once, or with --wait or --timeout when it has that much; exit status 6 if that takes longer than --timeout. A guest that runs out of memory takes some back by itself. 'hvctl mem-max' is the limit that no guest passes.",
	.flags = VERB_DOMU | VERB_MODIFIES | VERB_TIMEOUT,
	.options = options,
	.parse = parse,
	.run = run,
};
