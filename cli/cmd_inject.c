// SPDX-License-Identifier: GPL-2.0-only
/* hvctl inject DOMAIN nmi|sysrq:KEY */
#include <string.h>

#include "ask.h"
#include "domains.h"
#include "output.h"

static bool domain_seen;
static enum control_op what;
static uint32_t sysrq_key;

static void parse_what(const char *arg, struct argp_state *state)
{
	if (!strcmp(arg, "nmi")) {
		what = CONTROL_NMI;
	} else if (!strncmp(arg, "sysrq:", 6) && arg[6] > ' ' && arg[6] <= '~' && !arg[7]) {
		what = CONTROL_SYSRQ;
		sysrq_key = (unsigned char)arg[6];
	} else {
		argp_error(state, "'%s' is not nmi, and not sysrq: and a key", arg);
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case ARGP_KEY_ARG:
		if (!domain_seen || what) {
			domain_seen = true;
			return ARGP_ERR_UNKNOWN;
		}
		parse_what(arg, state);
		return 0;
	case ARGP_KEY_END:
		if (domain_seen && !what)
			argp_error(state, "nothing to inject given: nmi or sysrq:KEY");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int run(struct verb_context *ctx)
{
	static struct control_reply reply;
	int ret;

	if (domain_ended(&ctx->domain))
		return fail_state(ctx, "inject", NULL);
	ret = ask_more(ctx, "inject", what, sysrq_key, NULL, &reply);
	if (!ret && what == CONTROL_NMI && globals.verbose)
		note("%s: %u vCPUs took the NMI", ctx->domain.name, reply.value);
	return ret;
}

const struct verb verb_inject = {
	.name = "inject",
	.alias = "trigger",
	.args = "DOMAIN nmi|sysrq:KEY",
	.summary = "Send a domain an NMI or a SysRq key",
	.doc = "nmi goes to every vCPU: a Linux guest prints a backtrace, or panics, as its kernel.unknown_nmi_panic says. sysrq:KEY sends a break and KEY on the serial console: sysrq:t shows the tasks of a Linux guest, if its kernel.sysrq allows.",
	.flags = VERB_DOMU | VERB_MODIFIES | VERB_TIMEOUT,
	.parse = parse,
	.run = run,
};
