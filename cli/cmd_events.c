// SPDX-License-Identifier: GPL-2.0-only
/* hvctl events [DOMAIN] */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "compiler.h"
#include "domain_json.h"
#include "domains.h"
#include "duration.h"
#include "name.h"
#include "output.h"
#include "watch.h"

#define AGAIN_MS	100
#define OUTPUT_BYTES	32768	/* written at once while there are more events */
#define TYPES_ALL	((1u << WATCH_TYPES) - 1)

static const char *const type_words[] = {
	[WATCH_START]	= "start",
	[WATCH_CREATED]	= "created",
	[WATCH_CHANGED]	= "changed",
	[WATCH_DELETED]	= "deleted",
	[WATCH_OVERRUN]	= "overrun",
};

static unsigned int types;
static uint32_t count;

static const struct argp_option options[] = {
	{ "type", 't', "TYPE", 0, "Events of this type alone: created, changed or deleted, or start; may be repeated", 0 },
	{ "count", 'c', "N", 0, "End after N events", 0 },
	{ 0 }
};

static void parse_type(const char *arg, struct argp_state *state)
{
	size_t i;

	for (i = 0; i < WATCH_OVERRUN; i++) {
		if (!strcmp(type_words[i], arg)) {
			types |= 1u << i;
			return;
		}
	}
	argp_error(state, "--type: '%s' is not created, changed, deleted or start", arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 't':
		parse_type(arg, state);
		return 0;
	case 'c':
		if (parse_id(arg, &count) || !count)
			argp_error(state, "--count: '%s' is not a number from 1 on", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static bool has_domains(const struct watch_event *event)
{
	return event->type == WATCH_START || event->type == WATCH_OVERRUN;
}

/* Events of another domain than that, if one was named, are not shown. */
static bool about(const struct verb_context *ctx, const struct hvmod_domain_info *info)
{
	return !ctx->named || info->id == ctx->domain.id;
}

static bool shown(const struct verb_context *ctx, const struct watch_event *event)
{
	/* That something was lost is always said. */
	if (event->type == WATCH_OVERRUN)
		return true;
	return types & 1u << event->type && (has_domains(event) || about(ctx, &event->info));
}

static void print_as_json(const struct verb_context *ctx, const struct watch_event *event)
{
	struct json_object *object = json_object_new_object(), *array;
	size_t i;

	json_add_text(object, "event", type_words[event->type]);
	json_add_number(object, "seq", event->seq);
	if (event->type == WATCH_OVERRUN)
		json_add_number(object, "lost", event->lost);
	if (has_domains(event)) {
		array = json_object_new_array();
		for (i = 0; i < event->domains.count; i++) {
			if (about(ctx, &event->domains.items[i]))
				json_object_array_add(array, domain_json(&event->domains.items[i]));
		}
		json_object_object_add(object, "domains", array);
	} else {
		json_add_number(object, "time_ns", event->time_ns);
		/* What it was is told with "changed" before; of what is gone its name stays. */
		if (event->type == WATCH_DELETED) {
			domain_identity_json(object, &event->info);
			json_add_text(object, "reason", reason_word(event->info.reason));
		} else {
			domain_json_into(object, &event->info);
		}
	}
	print_json_line(object);
}

/* Local time of a moment of CLOCK_BOOTTIME. */
static const char *clock_text(uint64_t boot_ns, char text[32])
{
	struct timespec now;
	uint64_t ns;
	time_t seconds;
	struct tm tm;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &now);
	ns = now.tv_sec * 1000000000ULL + now.tv_nsec;
	if (boot_ns)
		ns -= boottime_ns() - boot_ns;
	seconds = ns / 1000000000;
	localtime_r(&seconds, &tm);
	len = strftime(text, 24, "%F %T", &tm);
	snprintf(text + len, 32 - len, ".%03u", (unsigned int)(ns / 1000000 % 1000));
	return text;
}

static void print_line(uint64_t time_ns, const char *word, const struct hvmod_domain_info *info)
{
	char clock[32];

	printf("%s %-8s %5u %-20s %s%s%s\n", clock_text(time_ns, clock), word, info->id, info->name,
	       info->state ? state_word(info->state) : "", info->state && info->reason ? " " : "",
	       info->reason ? reason_word(info->reason) : "");
}

static void print_text(const struct verb_context *ctx, const struct watch_event *event)
{
	char clock[32];
	size_t i;

	if (!has_domains(event)) {
		print_line(event->time_ns, type_words[event->type], &event->info);
		return;
	}
	if (event->type == WATCH_OVERRUN)
		printf("%s overrun  %" PRIu64 " events were lost; the domains now:\n",
		       clock_text(0, clock), event->lost);
	for (i = 0; i < event->domains.count; i++) {
		if (about(ctx, &event->domains.items[i]))
			print_line(0, "is", &event->domains.items[i]);
	}
}

/* Whether the only domain that we watch is gone. */
static bool over(const struct verb_context *ctx, const struct watch_event *event)
{
	size_t i;

	if (!ctx->named)
		return false;
	if (!has_domains(event))
		return event->type == WATCH_DELETED && about(ctx, &event->info);
	for (i = 0; i < event->domains.count; i++) {
		if (about(ctx, &event->domains.items[i]))
			return false;
	}
	return true;
}

/* Return: whether to go on */
static bool handle(const struct verb_context *ctx, struct watch_event *event)
{
	bool ends = over(ctx, event);

	if (shown(ctx, event)) {
		if (globals.json)
			print_as_json(ctx, event);
		else
			print_text(ctx, event);
		if (count && !has_domains(event) && !--count)
			ends = true;
	}
	domains_free(&event->domains);
	return !ends;
}

/* Return: > 0 something may be there, 0 the time is over */
static int wait_event(const struct watch *watch, int64_t deadline)
{
	struct pollfd fds[] = {
		{ .fd = netlink_fd(watch->events), .events = POLLIN },
		/* Nothing but that the reader has gone. */
		{ .fd = STDOUT_FILENO },
	};
	int ret, ms = deadline_left(deadline);

	if (watch->overrun && (ms < 0 || ms > AGAIN_MS))
		ms = AGAIN_MS;
	ret = poll(fds, ARRAY_SIZE(fds), ms);
	if (ret > 0 && fds[1].revents & (POLLERR | POLLHUP | POLLNVAL))
		raise(SIGPIPE);
	return ret < 0 && errno != EINTR ? 0 : ret ? ret : deadline_left(deadline);
}

static int timed_out(const struct verb_context *ctx)
{
	if (!count)
		return HVCTL_OK;
	return fail(HVCTL_TIMEOUT, ETIMEDOUT, ctx->named ? ctx->domain.name : NULL, NULL,
		    "%u more events were wanted after %g s", count, globals.timeout_ms / 1000.0);
}

static int follow(const struct verb_context *ctx, struct watch *watch)
{
	int64_t deadline = deadline_in(globals.timeout_ms);
	struct watch_event event;

	do {
		while (watch_next(watch, &event)) {
			if (errno != EAGAIN)
				return fail_netlink(errno);
			/* All that is there has been told: let it be read. */
			fflush(stdout);
			if (!wait_event(watch, deadline))
				return timed_out(ctx);
		}
		if (ferror(stdout))
			return HVCTL_FAILED;
		if (!deadline_left(deadline)) {
			domains_free(&event.domains);
			return timed_out(ctx);
		}
	} while (handle(ctx, &event));
	return HVCTL_OK;
}

static int run(struct verb_context *ctx)
{
	struct watch watch;
	int ret;

	if (!types)
		types = globals.json ? TYPES_ALL : TYPES_ALL & ~(1u << WATCH_START);
	/* Whoever reads has read enough: that is no failure to report. */
	signal(SIGPIPE, SIG_DFL);
	setvbuf(stdout, NULL, _IOFBF, OUTPUT_BYTES);
	if (watch_open(&watch, ctx->netlink))
		return fail_netlink(errno);
	ret = follow(ctx, &watch);
	watch_close(&watch);
	return ret;
}

const struct verb verb_events = {
	.name = "events",
	.args = "[DOMAIN]",
	.summary = "Watch domains come, change and go",
	.doc = "One line an event; with --json one object a line, beginning with one of type start that has all domains. Ends after --count events, when DOMAIN is gone, or after --timeout, with exit status 6 if --count was given. "
	       "Whoever reads too slowly is told by an event overrun how many were lost and what domains there are now.",
	.flags = VERB_ANY_DOMAIN | VERB_TIMEOUT,
	.options = options,
	.parse = parse,
	.run = run,
};
