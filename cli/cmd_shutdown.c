// SPDX-License-Identifier: GPL-2.0-only
/* hvctl shutdown DOMAIN */
#include <errno.h>

#include "ask.h"
#include "destroy.h"
#include "domains.h"
#include "duration.h"
#include "output.h"
#include "wait_end.h"

#define FORCE_MS	60000

static bool wait_for_it;
static bool force;

enum {
	OPTION_FORCE = 0x200,
};

static const struct argp_option options[] = {
	{ "wait", 'w', NULL, 0, "Wait until the domain is gone, or preserved", 0 },
	{ "force", OPTION_FORCE, NULL, 0, "Destroy it if it is not gone in time, which is 60 seconds without --timeout, or is preserved, or cannot hear the button; waits", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	(void)state;
	switch (key) {
	case 'w':
		wait_for_it = true;
		return 0;
	case OPTION_FORCE:
		force = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int destroy_now(struct verb_context *ctx, const char *why)
{
	note("%s: %s, destroyed", ctx->domain.name, why);
	return destroy_domain(ctx);
}

static int timed_out(struct verb_context *ctx)
{
	if (!force)
		return fail(HVCTL_TIMEOUT, ETIMEDOUT, ctx->domain.name,
			    "the guest may not know the power button; --force or 'hvctl destroy' ends it",
			    "cannot shut down: still there after %g s",
			    globals.timeout_ms / 1000.0);
	return destroy_now(ctx, "did not shut down in time");
}

/* It is not running: what is there to be done. */
static const char *other_way(const struct hvmod_domain_info *info)
{
	if (domain_ended(info))
		return "'hvctl destroy' lets it go";
	return info->state == HVMOD_STATE_PAUSED ? "'hvctl unpause' lets it go on" : NULL;
}

static int run(struct verb_context *ctx)
{
	static struct control_reply reply;
	int64_t ms = force && globals.timeout_ms < 0 ? FORCE_MS : globals.timeout_ms;
	int64_t deadline = deadline_in(ms);
	struct wait_end end;
	int ret;

	if (ctx->domain.state != HVMOD_STATE_RUNNING)
		return force ? destroy_now(ctx, "is not running") :
			       fail_state(ctx, "shut down", other_way(&ctx->domain));
	ret = ask(ctx, "shut down", CONTROL_POWER_BUTTON, &reply);
	/* Whoever is not allowed to ask is not allowed to destroy. */
	if (ret && ret != HVCTL_PERMISSION && force)
		return destroy_now(ctx, "cannot be asked");
	if (ret || (!wait_for_it && ms < 0))
		return ret;
	if (!wait_end(ctx, 0, deadline, &end))
		return force && end.preserved ? destroy_now(ctx, "is preserved") : HVCTL_OK;
	return errno == ETIMEDOUT ? timed_out(ctx) : ask_fail(ctx, "shut down", errno);
}

const struct verb verb_shutdown = {
	.name = "shutdown",
	.args = "DOMAIN",
	.summary = "Ask a domain to shut down",
	.doc = "Presses its power button and returns, or with --wait or --timeout waits until the domain is gone, or preserved if its on_poweroff says so; exit status 6 if that takes longer than --timeout.",
	.flags = VERB_DOMU | VERB_MODIFIES | VERB_TIMEOUT,
	.options = options,
	.parse = parse,
	.run = run,
};
