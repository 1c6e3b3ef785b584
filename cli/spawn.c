// SPDX-License-Identifier: GPL-2.0-only
/* Starting a VMM process, and hearing how it fares. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control.h"
#include "duration.h"
#include "net_option.h"
#include "output.h"
#include "relay.h"
#include "vmm/vmm.h"
#include "vmmproc.h"

#define END_MS	5000	/* for a VMM process to end its guest */

const char *outcome_word(int outcome)
{
	if (outcome >= VMM_DEBUG_EXIT)
		return "debug-exit";
	switch (outcome) {
	case VMM_POWEROFF:
		return "poweroff";
	case VMM_RESET:
		return "reset";
	case VMM_CRASHED:
		return "crashed";
	case VMM_PANIC:
		return "panic";
	case VMM_WATCHDOG:
		return "watchdog";
	case VMM_DESTROYED:
		return "destroyed";
	default:
		return "failed";
	}
}

const char *outcome_describe(int outcome, char *text, size_t size)
{
	if (outcome >= VMM_DEBUG_EXIT)
		snprintf(text, size, "%s %d", outcome_word(outcome),
			 VMM_STATUS(outcome));
	else
		snprintf(text, size, "%s", outcome_word(outcome));
	return text;
}

int vmmproc_fail(const struct report *report)
{
	return fail_text(report->code, report->err,
			 *report->name ? report->name : NULL, "cannot create",
			 report->text);
}

/* Move what is kept to 3, 4, 5 and so on, and close the rest, whatever we inherited. */
static void keep_descriptors(int *fds[], int count)
{
	int i;

	for (i = 0; i < count; i++) {
		if (*fds[i] >= 0)
			*fds[i] = fcntl(*fds[i], F_DUPFD_CLOEXEC, 3 + count);
	}
	for (i = 0; i < count; i++) {
		if (*fds[i] >= 0)
			*fds[i] = dup3(*fds[i], 3 + i, O_CLOEXEC);
		else
			close(3 + i);
	}
	close_range(3 + count, ~0U, 0);
}

static void null_stdio(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

/* Taps that are open get other numbers. */
static void rename_taps(struct domain_config *config, const int *tap)
{
	struct net_option option;
	unsigned int i;

	for (i = 0; i < config->net.count; i++) {
		net_parse(config->net.text[i], &option);
		if (option.kind != VMM_NET_FD)
			continue;
		option.fd = tap[i];
		config->net.text[i] = net_format(&option);
		if (!config->net.text[i])
			_exit(HVCTL_FAILED);
	}
}

static void child(int device, const struct vmmproc_options *wanted, int report_fd)
{
	struct vmmproc_options options = *wanted;
	struct domain_config config = *wanted->config;
	int *keep[3 + CONFIG_LIST_MAX] = {
		&device, &options.report_fd, &options.console_fd
	};
	int tap[CONFIG_LIST_MAX];
	struct net_option option;
	unsigned int i;
	int count = 3;

	options.report_fd = report_fd;
	options.daemon = true;
	options.config = &config;
	for (i = 0; i < config.net.count; i++) {
		net_parse(config.net.text[i], &option);
		tap[i] = option.fd;
		if (option.kind == VMM_NET_FD)
			keep[count++] = &tap[i];
	}
	keep_descriptors(keep, count);
	rename_taps(&config, tap);
	setsid();
	null_stdio();
	if (chdir("/"))
		_exit(HVCTL_FAILED);
	_exit(vmmproc_main(device, &options));
}

static int receive_report(int channel, struct report *report)
{
	ssize_t n = control_receive(channel, report, sizeof(*report), NULL);

	if (n != sizeof(*report))
		return -1;
	report->name[sizeof(report->name) - 1] = '\0';
	report->text[sizeof(report->text) - 1] = '\0';
	return 0;
}

static pid_t reap(pid_t pid, int *status)
{
	pid_t ret;

	do {
		ret = waitpid(pid, status, 0);
	} while (ret < 0 && errno == EINTR);
	return ret;
}

static int died_early(pid_t pid, const struct domain_config *config)
{
	int status;

	if (reap(pid, &status) == pid && WIFSIGNALED(status))
		return fail(HVCTL_FAILED, EIO, config->name, NULL,
			    "cannot create: the VMM process was killed by signal %d",
			    WTERMSIG(status));
	return fail(HVCTL_FAILED, EIO, config->name, NULL,
		    "cannot create: the VMM process went away");
}

int vmmproc_spawn(int device, const struct vmmproc_options *options, pid_t *pid,
		  int *channel, struct report *ready)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return fail(HVCTL_FAILED, errno, NULL, NULL, "cannot make a socket: %s",
			    strerror(errno));
	fflush(NULL);
	/* Ignored, as some start us with, it would take the exit status away. */
	signal(SIGCHLD, SIG_DFL);
	*pid = fork();
	if (*pid < 0) {
		close(pair[0]);
		close(pair[1]);
		return fail(HVCTL_FAILED, errno, NULL, NULL, "cannot fork: %s",
			    strerror(errno));
	}
	if (!*pid)
		child(device, options, pair[1]);
	close(pair[1]);
	if (options->console_fd >= 0)
		close(options->console_fd);
	*channel = pair[0];
	/* A signal that is not blocked ends us here without more ado. */
	if (relay_wait(*channel)) {
		vmmproc_end(*pid, *channel, ready);
		return fail(HVCTL_FAILED, EINTR, options->config->name, NULL,
			    "cannot create: interrupted");
	}
	if (receive_report(*channel, ready)) {
		close(*channel);
		return died_early(*pid, options->config);
	}
	if (ready->kind == REPORT_READY)
		return HVCTL_OK;
	close(*channel);
	reap(*pid, NULL);
	return vmmproc_fail(ready);
}

static int exit_status(int status, struct report *last)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	snprintf(last->text, sizeof(last->text), "the VMM process was killed by signal %d",
		 WTERMSIG(status));
	return HVCTL_FAILED;
}

int vmmproc_outcome(pid_t pid, int channel, struct report *last)
{
	int status;

	memset(last, 0, sizeof(*last));
	if (receive_report(channel, last))
		last->text[0] = '\0';
	close(channel);
	if (reap(pid, &status) != pid)
		return HVCTL_FAILED;
	return exit_status(status, last);
}

int vmmproc_end(pid_t pid, int channel, struct report *last)
{
	int64_t deadline = deadline_in(END_MS);
	int status = 0;

	memset(last, 0, sizeof(*last));
	close(channel);
	while (!waitpid(pid, &status, WNOHANG)) {
		if (!deadline_left(deadline)) {
			kill(pid, SIGKILL);
			reap(pid, &status);
			break;
		}
		sleep_ms(10);
	}
	return exit_status(status, last);
}
