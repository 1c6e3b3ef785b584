// SPDX-License-Identifier: GPL-2.0-only
/* hvctl start DOMAIN */
#include "ask.h"

static struct control_reply reply;

static int run(struct verb_context *ctx)
{
	if (ctx->domain.state != HVMOD_STATE_PAUSED &&
	    ctx->domain.state != HVMOD_STATE_CREATED)
		return fail_state(ctx, "start", NULL);
	return ask(ctx, "start", CONTROL_START, &reply);
}

const struct verb verb_start = {
	.name = "start",
	.args = "DOMAIN",
	.summary = "Start a domain that was created paused",
	.doc = "For one that 'hvctl create --paused' made and that has not run yet; 'hvctl unpause' lets any paused domain go on.",
	.flags = VERB_DOMU | VERB_MODIFIES | VERB_TIMEOUT,
	.run = run,
};
