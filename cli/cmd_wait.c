// SPDX-License-Identifier: GPL-2.0-only
/* hvctl wait DOMAIN */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ask.h"
#include "domains.h"
#include "duration.h"
#include "output.h"
#include "vmm/vmm.h"
#include "vmmproc.h"
#include "wait_end.h"

static uint32_t wanted;

static const struct argp_option options[] = {
	{ "for", 'f', "state=STATE", 0, "Wait until it is in this state, not until it is gone", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	if (key != 'f')
		return ARGP_ERR_UNKNOWN;
	if (!strncmp(arg, "state=", 6))
		wanted = parse_state(arg + 6);
	if (!wanted)
		argp_error(state, "--for: '%s' is not state= and one of created, running, paused, shutdown, crashed, dying",
			   arg);
	return 0;
}

/* A domain that ended passed through that state too, if only for a moment. */
static bool passed_through(const struct wait_end *end)
{
	switch (wanted) {
	case HVMOD_STATE_DYING:
		return true;
	case HVMOD_STATE_SHUTDOWN:
		return end->outcome == VMM_POWEROFF || end->outcome == VMM_RESET ||
		       end->outcome == VMM_DESTROYED ||
		       end->outcome >= VMM_DEBUG_EXIT;
	case HVMOD_STATE_CRASHED:
		return end->outcome == VMM_CRASHED || end->outcome == VMM_PANIC ||
		       end->outcome == VMM_WATCHDOG || end->outcome == VMM_FAILED;
	default:
		return false;
	}
}

static void print_json_end(const struct verb_context *ctx, const struct wait_end *end)
{
	struct json_object *root = json_object_new_object();

	json_object_object_add(root, "id", json_object_new_int64(ctx->domain.id));
	json_object_object_add(root, "name", json_object_new_string(ctx->domain.name));
	if (wanted) {
		json_object_object_add(root, "state",
				       json_object_new_string(state_word(wanted)));
	} else if (end->outcome < 0) {
		json_object_object_add(root, "outcome", json_object_new_string(end->text));
	} else {
		json_object_object_add(root, "outcome",
				       json_object_new_string(outcome_word(end->outcome)));
		json_object_object_add(root, "status",
				       json_object_new_int(VMM_STATUS(end->outcome)));
		json_object_object_add(root, "how", json_object_new_string(end->how));
	}
	print_json(root);
}

static void print_end(const struct verb_context *ctx, const struct wait_end *end)
{
	if (globals.json)
		print_json_end(ctx, end);
	else if (!globals.quiet)
		puts(wanted ? state_word(wanted) : end->text);
}

static int run(struct verb_context *ctx)
{
	struct wait_end end;

	if (wait_end(ctx, wanted, deadline_in(globals.timeout_ms), &end)) {
		if (errno == ETIMEDOUT)
			return fail(HVCTL_TIMEOUT, errno, ctx->domain.name, NULL,
				    "still %s after %g s", state_word(ctx->domain.state),
				    globals.timeout_ms / 1000.0);
		return ask_fail(ctx, "wait", errno);
	}
	if (wanted && !end.reached && !passed_through(&end))
		return fail(HVCTL_STATE, ESRCH, ctx->domain.name, NULL,
			    "it ended (%s) and was never %s", end.text, state_word(wanted));
	print_end(ctx, &end);
	return HVCTL_OK;
}

const struct verb verb_wait = {
	.name = "wait",
	.args = "DOMAIN",
	.summary = "Wait until a domain has ended",
	.doc = "Prints how it ended: poweroff, reset, crashed, panic, watchdog, destroyed or failed, or debug-exit and the exit status that the guest asked for; with --json that status, which is what 'hvctl run' would exit with, and more about the end. Exit status 6 if --timeout passes first.",
	.flags = VERB_DOMU | VERB_TIMEOUT,
	.options = options,
	.parse = parse,
	.run = run,
};
