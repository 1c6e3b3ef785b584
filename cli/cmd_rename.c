// SPDX-License-Identifier: GPL-2.0-only
/* hvctl rename DOMAIN NAME */
#include <errno.h>

#include "ask.h"
#include "domains.h"
#include "name.h"
#include "output.h"

static const char *name;
static bool domain_seen;

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case ARGP_KEY_ARG:
		/* The first is DOMAIN. */
		if (!domain_seen || name) {
			domain_seen = true;
			return ARGP_ERR_UNKNOWN;
		}
		name = arg;
		return 0;
	case ARGP_KEY_END:
		if (domain_seen && !name)
			argp_error(state, "no new name given");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int run(struct verb_context *ctx)
{
	static struct control_reply reply;
	const char *why = name_error(name);
	int ret;

	if (why)
		return fail(HVCTL_USAGE, EINVAL, ctx->domain.name, NULL,
			    "cannot rename to '%s': %s", name, why);
	ret = ask_more(ctx, "rename", CONTROL_RENAME, 0, name, &reply);
	if (ret || reply.status != EEXIST)
		return ret;
	return fail(HVCTL_FAILED, EEXIST, ctx->domain.name, "choose another",
		    "cannot rename: the name '%s' is in use", name);
}

const struct verb verb_rename = {
	.name = "rename",
	.args = "DOMAIN NAME",
	.summary = "Give a domain another name",
	.doc = "Its id, its console and who waits for it stay.",
	.flags = VERB_DOMU | VERB_MODIFIES | VERB_TIMEOUT,
	.parse = parse,
	.run = run,
};
