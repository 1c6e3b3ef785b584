// SPDX-License-Identifier: GPL-2.0-only
/* hvctl reset DOMAIN */
#include "ask.h"
#include "domains.h"

static struct control_reply reply;

static int run(struct verb_context *ctx)
{
	if (domain_ended(&ctx->domain))
		return fail_state(ctx, "reset", "'hvctl destroy' ends it");
	return ask(ctx, "reset", CONTROL_RESET, &reply);
}

const struct verb verb_reset = {
	.name = "reset",
	.args = "DOMAIN",
	.summary = "Reset a domain at once, as its reset button would",
	.doc = "The guest is not asked; what it had not written to disk is lost. Kernel and initrd are loaded again from the files that the domain was made from, as they were opened then. A paused domain stays paused.",
	.flags = VERB_DOMU | VERB_MODIFIES | VERB_TIMEOUT,
	.run = run,
};
