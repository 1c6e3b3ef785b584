// SPDX-License-Identifier: GPL-2.0-only
/* hvctl reboot DOMAIN */
#include "ask.h"

static struct control_reply reply;

static int run(struct verb_context *ctx)
{
	if (ctx->domain.state != HVMOD_STATE_RUNNING)
		return fail_state(ctx, "reboot",
				  ctx->domain.state == HVMOD_STATE_PAUSED ?
				  "'hvctl unpause' lets it go on" : NULL);
	return ask(ctx, "reboot", CONTROL_REBOOT, &reply);
}

const struct verb verb_reboot = {
	.name = "reboot",
	.args = "DOMAIN",
	.summary = "Ask a domain to reboot",
	.doc = "Presses its power button and returns; when the guest is off, it starts again, whatever on_poweroff says. 'hvctl reset' does not ask.",
	.flags = VERB_DOMU | VERB_MODIFIES | VERB_TIMEOUT,
	.run = run,
};
