// SPDX-License-Identifier: GPL-2.0-only
/* hvctl unpause DOMAIN */
#include "ask.h"

static struct control_reply reply;

static int run(struct verb_context *ctx)
{
	if (ctx->domain.state != HVMOD_STATE_PAUSED)
		return fail_state(ctx, "unpause", NULL);
	return ask(ctx, "unpause", CONTROL_UNPAUSE, &reply);
}

const struct verb verb_unpause = {
	.name = "unpause",
	.alias = "resume",
	.args = "DOMAIN",
	.summary = "Let a paused domain go on",
	.flags = VERB_DOMU | VERB_MODIFIES | VERB_TIMEOUT,
	.run = run,
};
