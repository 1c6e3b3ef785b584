// SPDX-License-Identifier: GPL-2.0-only
/* hvctl: global flags, the verb, and what every verb needs done before it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "device.h"
#include "domains.h"
#include "duration.h"
#include "name.h"
#include "netlink_records.h"
#include "output.h"
#include "verbs.h"

struct globals globals = { .color = -1, .timeout_ms = -1 };

const char *argp_program_bug_address = "the hvmod issue tracker";

enum {
	OPTION_COLOR = 0x100,
	OPTION_TIMEOUT,
	OPTION_USAGE,
};

const struct argp_option global_options[] = {
	{ "verbose", 'v', NULL, 0, "Say more; may be repeated", -2 },
	{ "quiet", 'q', NULL, 0, "Say no more than is asked for", -2 },
	{ "dry-run", 'n', NULL, 0, "Check and show what would be done, do nothing", -2 },
	{ "json", 'j', NULL, 0, "Print JSON; errors too", -2 },
	{ "color", OPTION_COLOR, "WHEN", 0, "Colour: auto, always or never", -2 },
	{ "timeout", OPTION_TIMEOUT, "SECONDS", 0, "Do not wait longer, where a verb waits for a domain or its VMM process", -2 },
	{ "help", 'h', NULL, 0, "Show this help", -1 },
	{ "usage", OPTION_USAGE, NULL, OPTION_HIDDEN, NULL, -1 },
	{ "version", 'V', NULL, 0, "Show the version", -1 },
	{ 0 }
};

static void set_color(const char *when, struct argp_state *state)
{
	if (!strcmp(when, "auto"))
		globals.color = -1;
	else if (!strcmp(when, "always"))
		globals.color = 1;
	else if (!strcmp(when, "never"))
		globals.color = 0;
	else
		argp_error(state, "--color: '%s' is not auto, always or never", when);
}

/* Return: @ret, or another exit status if what was printed could not be written */
static int finish(int ret)
{
	if (close_stdout() && !ret)
		return fail(HVCTL_FAILED, errno, NULL, NULL, "cannot write output: %s",
			    strerror(errno));
	return ret;
}

static void help(struct argp_state *state, unsigned int what)
{
	argp_state_help(state, stdout, what);
	exit(finish(HVCTL_OK));
}

error_t parse_global_option(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'v':
		globals.verbose++;
		break;
	case 'q':
		globals.quiet = true;
		break;
	case 'n':
		globals.dry_run = true;
		break;
	case 'j':
		globals.json = true;
		break;
	case OPTION_COLOR:
		set_color(arg, state);
		break;
	case OPTION_TIMEOUT:
		if (parse_seconds(arg, &globals.timeout_ms))
			argp_error(state, "--timeout: '%s' is not a number of seconds", arg);
		break;
	case 'h':
		help(state, ARGP_HELP_SHORT_USAGE | ARGP_HELP_LONG | ARGP_HELP_DOC);
		break;
	case OPTION_USAGE:
		help(state, ARGP_HELP_USAGE);
		break;
	case 'V':
		printf("hvctl %s\n", HVCTL_VERSION);
		exit(finish(HVCTL_OK));
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* Only flags that stand before the verb come here. */
static error_t parse_main(int key, char *arg, struct argp_state *state)
{
	int *verb_index = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		*verb_index = state->next - 1;
		/* The rest is the verb's. */
		state->next = state->argc;
		return 0;
	case 'h':
		exit(finish(verb_find("help")->run(NULL)));
	default:
		return parse_global_option(key, arg, state);
	}
}

static int open_device(struct verb_context *ctx)
{
	ctx->device = device_open();
	return ctx->device < 0 ? fail_device(errno) : HVCTL_OK;
}

static int open_netlink(struct verb_context *ctx)
{
	ctx->netlink = netlink_open();
	return ctx->netlink ? HVCTL_OK : fail_netlink(errno);
}

static int no_such_domain(struct verb_context *ctx, const char *text)
{
	struct domain_list list;
	const char **names;
	char hint[HVMOD_NAME_MAX + 32] = "'hvctl list' shows the domains";
	size_t i;
	int best;

	if (!(ctx->netlink ? netlink_domains(ctx->netlink, &list, NULL) :
	      domains_read(ctx->device, &list))) {
		names = calloc(list.count + 1, sizeof(*names));
		for (i = 0; names && i < list.count; i++)
			names[i] = list.items[i].name;
		best = names ? suggest(text, names, list.count) : -1;
		if (best >= 0)
			snprintf(hint, sizeof(hint), "did you mean '%s'?", names[best]);
		free(names);
		domains_free(&list);
	}
	return fail(HVCTL_NO_DOMAIN, ENOENT, text, hint, "no such domain");
}

static int find_domain(struct verb_context *ctx, const struct verb *verb,
		       const char *text)
{
	if (ctx->netlink ? netlink_domain(ctx->netlink, text, &ctx->domain) :
	    domain_lookup(ctx->device, text, &ctx->domain)) {
		if (errno == ENOENT)
			return no_such_domain(ctx, text);
		return ctx->netlink ? fail_netlink(errno) : fail_device(errno);
	}
	ctx->named = true;
	if ((verb->flags & VERB_DOMU) == VERB_DOMU && !ctx->domain.id)
		return fail(HVCTL_FAILED, EINVAL, ctx->domain.name, NULL,
			    "cannot %s: it is this machine's own Linux and has no VMM",
			    verb->name);
	return HVCTL_OK;
}

static int run_verb(const struct verb *verb, int argc, char **argv)
{
	struct verb_context ctx = { .device = -1 };
	const char *domain = NULL;
	int ret = HVCTL_OK;

	verb_parse(verb, argc, argv, &domain);
	/* Its VMM process may be asked. */
	if ((verb->flags & VERB_DOMAIN) == VERB_DOMAIN)
		ret = ask_check();
	if (!ret && (verb->flags & VERB_DEVICE))
		ret = open_device(&ctx);
	if (!ret && (verb->flags & VERB_NETLINK))
		ret = open_netlink(&ctx);
	if (!ret && domain)
		ret = find_domain(&ctx, verb, domain);
	if (!ret)
		ret = verb->run(&ctx);
	netlink_close(ctx.netlink);
	return finish(ret);
}

/*
 * A descriptor of ours must not come to be what everybody takes for stdin. What
 * nobody can read is an error to write.
 */
static void fill_stdio(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", (fd == STDERR_FILENO ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	}
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = global_options,
		.parser = parse_main,
	};
	const struct verb *verb;
	int index = 0;

	fill_stdio();
	argp_err_exit_status = HVCTL_USAGE;
	argv[0] = (char *)"hvctl";
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER | ARGP_NO_HELP, NULL, &index);
	if (!index) {
		fail(HVCTL_USAGE, EINVAL, NULL, "'hvctl help' lists the verbs", "no verb given");
		return HVCTL_USAGE;
	}
	verb = verb_find(argv[index]);
	if (!verb)
		return verb_unknown(argv[index]);
	return run_verb(verb, argc - index, argv + index);
}
