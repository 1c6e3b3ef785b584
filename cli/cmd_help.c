// SPDX-License-Identifier: GPL-2.0-only
/* hvctl help [VERB] */
#include <stdio.h>
#include <string.h>

#include "output.h"
#include "verbs.h"

static const char *topic;

static error_t parse(int key, char *arg, struct argp_state *state)
{
	(void)state;
	if (key != ARGP_KEY_ARG || topic)
		return ARGP_ERR_UNKNOWN;
	topic = arg;
	return 0;
}

static void overview(void)
{
	printf("Usage: hvctl [GLOBAL...] VERB [DOMAIN] [ARGS] [OPTIONS]\n"
	       "Make and control the domains of hvmod.\n\n");
	verbs_list();
	printf("\nDOMAIN is an id or a name. 'hvctl help VERB' tells more about a verb.\n"
	       "\nGlobal flags, before or behind the verb:\n"
	       "  -h, --help        show help\n"
	       "  -V, --version     show the version\n"
	       "  -v, --verbose     say more\n"
	       "  -q, --quiet       say no more than is asked for\n"
	       "  -n, --dry-run     check and show, do nothing; behind top, --iterations\n"
	       "  -j, --json        print JSON; errors too\n"
	       "      --color=WHEN  auto, always or never; NO_COLOR and TERM=dumb\n"
	       "                    count as never\n"
	       "      --timeout=S   do not wait longer than S seconds; for verbs\n"
	       "                    that wait for a domain or its VMM process\n"
	       "\nExit status: 0 done, 1 failed, 2 wrong usage, 3 no such domain, 4 not supported\n"
	       "or module not loaded, 5 no permission, 6 timed out, 7 wrong state. 'run' and\n"
	       "'create -F' exit with the guest's outcome: 0 powered off, 32 reset, 33 crashed,\n"
	       "34 panic, 36 watchdog, 37 destroyed; with --debug-exit, what the guest says.\n");
}

static int run(struct verb_context *ctx)
{
	const struct verb *verb;

	(void)ctx;
	if (!topic || !strcmp(topic, "help")) {
		overview();
		return HVCTL_OK;
	}
	verb = verb_find(topic);
	if (!verb)
		return verb_unknown(topic);
	verb_help(verb);
	return HVCTL_OK;
}

const struct verb verb_help_verb = {
	.name = "help",
	.args = "[VERB]",
	.summary = "Show help",
	.parse = parse,
	.run = run,
};
