// SPDX-License-Identifier: GPL-2.0-only
/* hvctl completion bash|zsh */
#include <string.h>

#include "compiler.h"
#include "completion.h"
#include "hvctl.h"

/* "man" is for the build of hvctl(1), which is why help does not name it. */
static const struct {
	const char *word;
	void (*print)(FILE *file);
} kinds[] = {
	{ "bash", completion_bash },
	{ "zsh", completion_zsh },
	{ "man", manual_verbs },
};

static int kind = -1;

static error_t parse(int key, char *arg, struct argp_state *state)
{
	size_t i;

	switch (key) {
	case ARGP_KEY_ARG:
		if (kind >= 0)
			return ARGP_ERR_UNKNOWN;
		for (i = 0; i < ARRAY_SIZE(kinds); i++) {
			if (!strcmp(kinds[i].word, arg))
				kind = i;
		}
		if (kind < 0)
			argp_error(state, "'%s' is not bash or zsh", arg);
		return 0;
	case ARGP_KEY_END:
		if (kind < 0)
			argp_error(state, "no shell given: bash or zsh");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int run(struct verb_context *ctx)
{
	(void)ctx;
	kinds[kind].print(stdout);
	return HVCTL_OK;
}

const struct verb verb_completion = {
	.name = "completion",
	.args = "bash|zsh",
	.summary = "Print a completion script for a shell",
	.doc = "For bash: hvctl completion bash >/etc/bash_completion.d/hvctl. For zsh: hvctl completion zsh >/usr/local/share/zsh/site-functions/_hvctl.",
	.parse = parse,
	.run = run,
};
