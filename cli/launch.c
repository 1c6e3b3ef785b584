// SPDX-License-Identifier: GPL-2.0-only
/* Starting a domain: in the background, with a console, or in the foreground. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ask.h"
#include "device.h"
#include "domain_json.h"
#include "domains.h"
#include "duration.h"
#include "launch.h"
#include "notify.h"
#include "output.h"
#include "relay.h"
#include "tty.h"
#include "vmm/vmm.h"
#include "vmmproc.h"

#define GONE_MS		10000

void launch_show(const struct domain_config *config)
{
	if (globals.json)
		print_json(config_json(config));
	else
		config_print(config);
}

int launch_device(const struct domain_config *config, int *device)
{
	struct hvmod_domain_info info;
	int ret = ask_check();

	if (ret)
		return ret;
	*device = device_open();
	if (*device < 0)
		return fail_device(errno);
	if (!config->name || domain_lookup(*device, config->name, &info))
		return HVCTL_OK;
	return fail(HVCTL_FAILED, EEXIST, config->name,
		    "choose another, or 'hvctl destroy' that one",
		    "cannot create: the name is in use by domain %u", info.id);
}

static void print_created(const struct report *ready)
{
	struct json_object *object, *array;

	if (globals.json) {
		object = json_object_new_object();
		array = json_object_new_array();
		json_object_object_add(object, "id", json_object_new_int64(ready->id));
		json_object_object_add(object, "name",
				       json_object_new_string(ready->name));
		json_object_array_add(array, object);
		print_json(domains_json(array));
	} else if (globals.verbose) {
		printf("%u %s\n", ready->id, ready->name);
	} else {
		printf("%u\n", ready->id);
	}
	fflush(stdout);
}

int launch_background(int device, const struct domain_config *config, bool paused)
{
	struct vmmproc_options options = {
		.config = config,
		.paused = paused,
		.console_fd = -1,
	};
	struct report ready;
	int channel;
	pid_t pid;
	int ret = vmmproc_spawn(device, &options, &pid, &channel, &ready);

	if (ret)
		return ret;
	close(channel);
	print_created(&ready);
	return HVCTL_OK;
}

/* Attached before the guest starts: not a byte of its output is missed. */
static int spawn_with_console(int device, const struct domain_config *config,
			      bool paused, bool leash, struct relay *relay, pid_t *pid,
			      int *channel, struct report *ready)
{
	struct vmmproc_options options = {
		.config = config,
		.paused = paused,
		.leash = leash,
	};
	int pair[2];
	int ret;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair))
		return fail(HVCTL_FAILED, errno, NULL, NULL, "cannot make a socket: %s",
			    strerror(errno));
	relay->console = pair[0];
	relay->escape = TTY_ESCAPE_DEFAULT;
	options.console_fd = pair[1];
	relay_block_signals();
	ret = vmmproc_spawn(device, &options, pid, channel, ready);
	if (ret)
		close(pair[0]);
	return ret;
}

static void console_banner(const struct report *ready, const char *what)
{
	if (isatty(STDIN_FILENO))
		note("Domain %u, %s; ^] %s.", ready->id, ready->name, what);
	else if (globals.verbose)
		note("Domain %u, %s.", ready->id, ready->name);
}

int launch_console(int device, const struct domain_config *config, bool paused)
{
	struct relay relay = { 0 };
	struct report ready;
	enum relay_end end;
	int channel;
	pid_t pid;
	int ret = spawn_with_console(device, config, paused, false, &relay, &pid,
				     &channel, &ready);

	if (ret)
		return ret;
	close(channel);
	console_banner(&ready, "detaches");
	end = relay_run(&relay);
	close(relay.console);
	if (end == RELAY_EOF)
		note("\nConsole closed.");
	else
		note("\nDetached; 'hvctl console %s' attaches again.", ready.name);
	if (end == RELAY_SIGNAL)
		relay_raise(relay.signal);
	return HVCTL_OK;
}

static void report_in_foreground(const struct report *report)
{
	if (report->kind == REPORT_READY) {
		print_created(report);
		notify_ready(report->id, report->name);
	} else if (report->kind == REPORT_FAILED) {
		vmmproc_fail(report);
	} else if (report->code == VMM_FAILED) {
		fail_text(HVCTL_FAILED, EIO, report->name, "the VMM failed", report->text);
	}
}

int launch_foreground(int device, const struct domain_config *config, bool paused)
{
	struct vmmproc_options options = {
		.config = config,
		.paused = paused,
		.console_fd = -1,
		.report_fd = -1,
		.report = report_in_foreground,
	};

	notify_open();
	return vmmproc_main(device, &options);
}

/* What the VMM process says is not trusted to be free of control characters. */
static void note_outcome(const char *name, int outcome, const char *how)
{
	char word[64];

	fprintf(stderr, "hvctl: %s: the guest ended: %s", name,
		outcome_describe(outcome, word, sizeof(word)));
	if (*how) {
		fputs(" (", stderr);
		print_clean(stderr, how);
		fputc(')', stderr);
	}
	fputc('\n', stderr);
}

/* Its own word counts: an exit status is not all of an outcome. */
static void report_outcome(const struct report *ready, const struct report *last,
			   int status)
{
	int outcome = last->kind == REPORT_ENDED ? last->code : status;

	if (outcome == VMM_FAILED)
		fail_text(HVCTL_FAILED, EIO, ready->name, "the VMM failed", last->text);
	else if (outcome != VMM_POWEROFF && !globals.quiet)
		note_outcome(ready->name, outcome, last->text);
}

int launch_run(int device, const struct domain_config *config, bool paused)
{
	struct report ready, last;
	struct relay relay = { 0 };
	enum relay_end end;
	int channel, err;
	pid_t pid;
	int ret = spawn_with_console(device, config, paused, true, &relay, &pid,
				     &channel, &ready);

	if (ret)
		return ret;
	console_banner(&ready, "ends it");
	end = relay_run(&relay);
	err = errno;
	close(relay.console);
	if (end == RELAY_BROKEN)
		fail(HVCTL_FAILED, err, NULL, NULL, "cannot write output: %s",
		     strerror(err));
	/* A console that another took over has ended, its guest has not. */
	if (end != RELAY_EOF || relay_wait(channel))
		ret = vmmproc_end(pid, channel, &last);
	else
		ret = vmmproc_outcome(pid, channel, &last);
	report_outcome(&ready, &last, ret);
	domain_wait_gone(device, ready.id, deadline_in(GONE_MS));
	return end == RELAY_BROKEN ? HVCTL_FAILED : ret;
}
