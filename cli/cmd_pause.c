// SPDX-License-Identifier: GPL-2.0-only
/* hvctl pause DOMAIN */
#include "ask.h"

static struct control_reply reply;

static int run(struct verb_context *ctx)
{
	if (ctx->domain.state != HVMOD_STATE_RUNNING)
		return fail_state(ctx, "pause", NULL);
	return ask(ctx, "pause", CONTROL_PAUSE, &reply);
}

const struct verb verb_pause = {
	.name = "pause",
	.args = "DOMAIN",
	.summary = "Hold a domain's vCPUs",
	.doc = "Returns when no vCPU is in the guest any more.",
	.flags = VERB_DOMU | VERB_MODIFIES | VERB_TIMEOUT,
	.run = run,
};
