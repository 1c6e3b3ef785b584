// SPDX-License-Identifier: GPL-2.0-only
/* hvctl top */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "duration.h"
#include "name.h"
#include "netlink_records.h"
#include "output.h"
#include "top.h"
#include "tty.h"

#define DEFAULT_MS	2000
#define LEAST_MS	100
#define CTRL_C		3

/* ECMA-48 and xterm: what every terminal of today knows. */
#define SCREEN_ENTER	"\033[?1049h\033[?25l"
#define SCREEN_LEAVE	"\033[?25h\033[?1049l"
#define SCREEN_HOME	"\033[H"
#define SCREEN_REST	"\033[J"
#define LINE_END	"\033[K\r\n"

static bool batch;
static bool endless = true;
static uint32_t rounds;
static int64_t interval_ms = DEFAULT_MS;
static enum top_order order;
static volatile sig_atomic_t signalled;

static const struct argp_option options[] = {
	{ "batch", 'b', NULL, 0, "Print one table after another, for files and pipes", 0 },
	{ "iterations", 'n', "N", 0, "End after N looks; here -n is no --dry-run, as nothing would be done", 0 },
	{ "delay", 'd', "SECONDS", 0, "Time between two looks; default 2, at least 0.1", 0 },
	{ "sort", 's', "KEY", 0, "What comes first: cpu, mem, exits or id", 0 },
	{ 0 }
};

static void parse_order(const char *arg, struct argp_state *state)
{
	static const char *const words[] = {
		[TOP_BY_CPU] = "cpu", [TOP_BY_MEMORY] = "mem",
		[TOP_BY_EXITS] = "exits", [TOP_BY_ID] = "id",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strcmp(words[i], arg)) {
			order = i;
			return;
		}
	}
	argp_error(state, "--sort: '%s' is not cpu, mem, exits or id", arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'b':
		batch = true;
		return 0;
	case 'n':
		endless = false;
		if (parse_id(arg, &rounds) || !rounds)
			argp_error(state, "--iterations: '%s' is not a number from 1 on", arg);
		return 0;
	case 'd':
		if (parse_seconds(arg, &interval_ms) || interval_ms < LEAST_MS)
			argp_error(state, "--delay: '%s' is not 0.1 seconds or more", arg);
		return 0;
	case 's':
		parse_order(arg, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Return: whether there is another round. */
static bool next_round(void)
{
	return endless || --rounds;
}

static int print_round(const struct top *top)
{
	static const char *const plain[2] = { "", "" };

	if (globals.json) {
		print_json_line(top_json(top));
	} else {
		top_print(top, stdout, 0, 0, "\n", plain);
		putchar('\n');
	}
	return fflush(stdout);
}

static int run_batch(struct verb_context *ctx, struct top *top)
{
	do {
		if (top->rows)
			sleep_ms(interval_ms);
		if (top_look(top, ctx->netlink, order))
			return fail_netlink(errno);
		if (print_round(top))
			return fail(HVCTL_FAILED, errno, NULL, NULL,
				    "cannot write output: %s", strerror(errno));
	} while (next_round());
	return HVCTL_OK;
}

static void write_all(const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(STDOUT_FILENO, text, len);

		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
}

/* In one write, so that no screen is seen half done. */
static void draw(const struct top *top)
{
	static const char *const reverse[2] = { "\033[7m", "\033[m" };
	struct winsize size = { .ws_col = 80, .ws_row = 24 };
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);

	if (!file)
		return;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row)
		size = (struct winsize){ .ws_col = 80, .ws_row = 24 };
	fputs(SCREEN_HOME, file);
	top_print(top, file, size.ws_col, size.ws_row, LINE_END, reverse);
	fputs(SCREEN_REST, file);
	fclose(file);
	write_all(text, len);
	free(text);
}

static void leave_screen(void)
{
	write_all(SCREEN_LEAVE, strlen(SCREEN_LEAVE));
}

/* Return: false to end. */
static bool handle_key(char key)
{
	switch (key) {
	case 'q':
	case 'Q':
	case CTRL_C:
		return false;
	case 'P':
		order = TOP_BY_CPU;
		break;
	case 'M':
		order = TOP_BY_MEMORY;
		break;
	case 'E':
		order = TOP_BY_EXITS;
		break;
	case 'N':
		order = TOP_BY_ID;
		break;
	}
	return true;
}

/* Until the next look, a key or a change of the window. Return: false to end */
static bool wait_key(void)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	char key;

	if (poll(&p, 1, (int)interval_ms) <= 0)
		return !signalled;
	if (read(STDIN_FILENO, &key, 1) != 1)
		return false;
	return handle_key(key);
}

static void on_signal(int number)
{
	if (number != SIGWINCH)
		signalled = number;
}

static void catch_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH };
	struct sigaction action = { .sa_handler = on_signal };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		sigaction(numbers[i], &action, NULL);
}

static int run_screen(struct verb_context *ctx, struct top *top)
{
	const char *term = getenv("TERM");
	int ret = HVCTL_OK;

	if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO) || !term || !strcmp(term, "dumb"))
		return fail(HVCTL_USAGE, ENOTTY, NULL, "--batch prints to files and pipes",
			    "cannot show a screen: this is no terminal that can");
	catch_signals();
	if (tty_raw(STDIN_FILENO))
		return fail(HVCTL_FAILED, errno, NULL, NULL, "cannot use the terminal: %s",
			    strerror(errno));
	write_all(SCREEN_ENTER, strlen(SCREEN_ENTER));
	do {
		if (top_look(top, ctx->netlink, order)) {
			ret = errno;
			break;
		}
		draw(top);
	} while (next_round() && wait_key());
	leave_screen();
	tty_restore();
	if (ret)
		return fail_netlink(ret);
	if (signalled) {
		signal(signalled, SIG_DFL);
		raise(signalled);
	}
	return HVCTL_OK;
}

static int run(struct verb_context *ctx)
{
	struct top top = { 0 };
	int ret = batch || globals.json ? run_batch(ctx, &top) : run_screen(ctx, &top);

	top_free(&top);
	return ret;
}

const struct verb verb_top = {
	.name = "top",
	.summary = "Watch what the domains use",
	.doc = "Keys: q ends; P, M, E and N sort by processor time, memory, exits and id. The first look shows means since a domain was made, all others the time since the look before. --json implies --batch: one object a line and look.",
	.flags = VERB_NETLINK,
	.options = options,
	.parse = parse,
	.run = run,
};
