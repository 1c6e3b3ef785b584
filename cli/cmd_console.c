// SPDX-License-Identifier: GPL-2.0-only
/* hvctl console DOMAIN */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ask.h"
#include "output.h"
#include "relay.h"
#include "tty.h"

static int escape_key = TTY_ESCAPE_DEFAULT;
static uint32_t flags;

enum {
	OPTION_ESCAPE = 0x200,
	OPTION_FORCE,
	OPTION_LOG,
	OPTION_READONLY,
};

static const struct argp_option options[] = {
	{ "escape", OPTION_ESCAPE, "KEY", 0, "Key that detaches: ^], ^a, a character, or none", 0 },
	{ "force", OPTION_FORCE, NULL, 0, "Take the console from whoever has it", 0 },
	{ "log", OPTION_LOG, NULL, 0, "Print the kept output and exit", 0 },
	{ "readonly", OPTION_READONLY, NULL, 0, "Watch only; any number may", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case OPTION_ESCAPE:
		escape_key = parse_escape(arg);
		if (escape_key < TTY_ESCAPE_NONE)
			argp_error(state, "--escape: '%s' is no key; write ^], ^a, a character or none", arg);
		return 0;
	case OPTION_FORCE:
		flags |= CONTROL_CONSOLE_FORCE;
		return 0;
	case OPTION_LOG:
		flags |= CONTROL_CONSOLE_LOG;
		return 0;
	case OPTION_READONLY:
		flags |= CONTROL_CONSOLE_READONLY;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int refused(struct verb_context *ctx, const struct control_reply *reply)
{
	if (reply->status == EBUSY)
		return fail(HVCTL_FAILED, EBUSY, ctx->domain.name,
			    "--force takes it over, --readonly watches",
			    "cannot attach the console: it is in use");
	return ask_refused(ctx, "attach the console", reply);
}

static int open_console(struct verb_context *ctx, int *console)
{
	static struct control_reply reply;
	int pair[2], fd, err;
	int ret = ask_connect(ctx, "attach the console", &fd);

	if (ret)
		return ret;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair)) {
		err = errno;
		close(fd);
		return ask_fail(ctx, "attach the console", err);
	}
	err = control_ask(fd, CONTROL_CONSOLE, flags, pair[1]) ||
	      control_answer(fd, CONTROL_CONSOLE, &reply, ask_deadline()) ? errno : 0;
	close(fd);
	close(pair[1]);
	ret = err ? ask_fail(ctx, "attach the console", err) : refused(ctx, &reply);
	if (ret)
		close(pair[0]);
	*console = pair[0];
	return ret;
}

static void banner(const struct verb_context *ctx)
{
	char key[8];

	if ((flags & CONTROL_CONSOLE_LOG) || !isatty(STDIN_FILENO))
		return;
	if (escape_key == TTY_ESCAPE_NONE)
		note("Console of %s; no key detaches.", ctx->domain.name);
	else
		note("Console of %s; %s detaches.", ctx->domain.name,
		     escape_name(escape_key, key));
}

static int run(struct verb_context *ctx)
{
	struct relay relay = {
		.escape = escape_key,
		.readonly = flags & CONTROL_CONSOLE_READONLY,
		.no_input = flags & CONTROL_CONSOLE_LOG,
	};
	int ret = open_console(ctx, &relay.console);
	enum relay_end end;

	if (ret)
		return ret;
	banner(ctx);
	relay_block_signals();
	end = relay_run(&relay);
	ret = errno;
	close(relay.console);
	switch (end) {
	case RELAY_ESCAPE:
		note("\nDetached.");
		return HVCTL_OK;
	case RELAY_SIGNAL:
		relay_raise(relay.signal);
		return HVCTL_FAILED;
	case RELAY_BROKEN:
		return fail(HVCTL_FAILED, ret, NULL, NULL, "cannot write output: %s",
			    strerror(ret));
	default:
		if (isatty(STDIN_FILENO) && !relay.no_input)
			note("\nConsole closed.");
		return HVCTL_OK;
	}
}

const struct verb verb_console = {
	.name = "console",
	.args = "DOMAIN",
	.summary = "Attach to a domain's console",
	.doc = "Prints the output that is kept, the last 1 MiB, and then what comes. One may type, others may watch with --readonly; ^C detaches these too. --timeout is for attaching. If standard input is not a terminal, it is typed until its end, and the output is printed until the guest ends.",
	.flags = VERB_DOMU | VERB_TIMEOUT,
	.options = options,
	.parse = parse,
	.run = run,
};
