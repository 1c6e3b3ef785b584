// SPDX-License-Identifier: GPL-2.0-only
/* hvctl mem-max DOMAIN [SIZE] */
#include <stdio.h>

#include "domain_json.h"
#include "output.h"
#include "quota.h"
#include "size.h"

static uint64_t wanted;
static unsigned int args;

static error_t parse(int key, char *arg, struct argp_state *state)
{
	int ret;

	/* The first one is DOMAIN, which the common parser takes. */
	if (key != ARGP_KEY_ARG || args++ != 1)
		return ARGP_ERR_UNKNOWN;
	ret = parse_size(arg, &wanted);
	if (ret)
		argp_error(state, "'%s': %s", arg, size_error(ret));
	if (!wanted || wanted % 4096)
		argp_error(state, "'%s': not a multiple of 4k above 0", arg);
	return 0;
}

static int print(const struct hvmod_domain_info *info)
{
	char max[SIZE_TEXT_MAX], current[SIZE_TEXT_MAX], held[SIZE_TEXT_MAX];

	if (globals.json) {
		print_json(domain_json(info));
		return HVCTL_OK;
	}
	printf("%s at most, %s in use; the host holds %s for it\n", format_size(info->mem_max, max),
	       format_size(info->mem_current, current), format_size(info->held, held));
	return HVCTL_OK;
}

static int run(struct verb_context *ctx)
{
	struct hvmod_quota quota = { .flags = HVMOD_QUOTA_MEMORY, .mem_max = wanted };

	return wanted ? quota_set(ctx, "set its memory", &quota) : print(&ctx->domain);
}

const struct verb verb_mem_max = {
	.name = "mem-max",
	.args = "DOMAIN [SIZE]",
	.summary = "Show or set the most memory that a domain can have",
	.doc = "SIZE has a suffix: 512M. It holds at once. A domain that has more already keeps what it has, and the change is refused with exit status 7.",
	.flags = VERB_DOMU | VERB_MODIFIES,
	.parse = parse,
	.run = run,
};
