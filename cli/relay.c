// SPDX-License-Identifier: GPL-2.0-only
/*
 * Between a console and the terminal. Nothing here blocks but poll(): a
 * terminal that is slow must not keep the escape key from working.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "relay.h"
#include "tty.h"

/* A pipe that poll() calls writable takes so much without blocking. */
#define CHUNK		4096
#define CTRL_C		0x03

/**
 * struct flow - bytes on their way
 * @data: the bytes
 * @at: first that is still here
 * @len: behind the last
 */
struct flow {
	char data[CHUNK];
	size_t at;
	size_t len;
};

/**
 * struct copy - the state of a relay
 * @relay: what the caller wants
 * @tty: standard input is a terminal
 * @input_open: standard input has not ended
 * @output: console to standard output
 * @input: standard input to console
 * @signals: signalfd
 */
struct copy {
	struct relay *relay;
	bool tty;
	bool input_open;
	struct flow output;
	struct flow input;
	int signals;
};

#define GO_ON	-1

static void signal_set(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGQUIT);
	sigaddset(set, SIGCONT);
}

void relay_block_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	signal_set(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

void relay_raise(int number)
{
	sigset_t set;

	signal(number, SIG_DFL);
	raise(number);
	signal_set(&set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static int open_signals(void)
{
	sigset_t set;

	signal_set(&set);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Return: the signal; 0 for one that does not end us. */
static int take_signal(int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != sizeof(info) ||
	    info.ssi_signo == SIGCONT)
		return 0;
	return info.ssi_signo;
}

static int signal_end(struct copy *copy)
{
	copy->relay->signal = take_signal(copy->signals);
	if (copy->relay->signal)
		return RELAY_SIGNAL;
	/* We were stopped, and the shell has put its own modes in place. */
	if (copy->tty)
		tty_raw(STDIN_FILENO);
	return GO_ON;
}

static bool empty(const struct flow *flow)
{
	return flow->at == flow->len;
}

static int read_console(struct copy *copy)
{
	struct flow *flow = &copy->output;
	ssize_t n = recv(copy->relay->console, flow->data, CHUNK, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return GO_ON;
	if (n <= 0)
		return RELAY_EOF;
	flow->at = 0;
	flow->len = n;
	return GO_ON;
}

static int write_output(struct copy *copy)
{
	struct flow *flow = &copy->output;
	ssize_t n = write(STDOUT_FILENO, flow->data + flow->at, flow->len - flow->at);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? GO_ON : RELAY_BROKEN;
	flow->at += n;
	return GO_ON;
}

/* The escape key, or for one who only watches ^C as well; NULL if it is not there. */
static const char *find_escape(const struct copy *copy, const char *data, size_t len)
{
	const char *key = NULL;

	if (!copy->tty)
		return NULL;
	if (copy->relay->escape != TTY_ESCAPE_NONE)
		key = memchr(data, copy->relay->escape, len);
	if (!key && copy->relay->readonly)
		key = memchr(data, CTRL_C, len);
	return key;
}

static int write_console(struct copy *copy)
{
	struct flow *flow = &copy->input;
	ssize_t n;

	if (empty(flow))
		return GO_ON;
	n = send(copy->relay->console, flow->data + flow->at,
		 flow->len - flow->at, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0)
		flow->at += n;
	else if (errno != EAGAIN && errno != EINTR)
		flow->at = flow->len;	/* reading will tell that it is closed */
	return GO_ON;
}

/*
 * A terminal is read even if the guest takes nothing, for the escape key's sake;
 * what has no room then is lost, as with a real terminal.
 */
static int read_input(struct copy *copy)
{
	struct flow *flow = &copy->input;
	char chunk[CHUNK];
	const char *key;
	ssize_t n = read(STDIN_FILENO, chunk, sizeof(chunk));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return GO_ON;
	if (n <= 0) {
		copy->input_open = false;
		return GO_ON;
	}
	key = find_escape(copy, chunk, n);
	if (key)
		n = key - chunk;
	if (copy->relay->readonly)
		n = 0;
	memmove(flow->data, flow->data + flow->at, flow->len - flow->at);
	flow->len -= flow->at;
	flow->at = 0;
	if ((size_t)n > CHUNK - flow->len)
		n = CHUNK - flow->len;
	memcpy(flow->data + flow->len, chunk, n);
	flow->len += n;
	if (!key)
		return GO_ON;
	/* What stands before the key is still typed. */
	write_console(copy);
	return RELAY_ESCAPE;
}

static int step(struct copy *copy)
{
	bool get_input = copy->input_open && (empty(&copy->input) || copy->tty);
	struct pollfd p[] = {
		{ .fd = copy->signals, .events = POLLIN },
		{ .fd = copy->relay->console },
		{ .fd = get_input ? STDIN_FILENO : -1, .events = POLLIN },
		{ .fd = empty(&copy->output) ? -1 : STDOUT_FILENO, .events = POLLOUT },
	};
	int end = GO_ON;

	if (empty(&copy->output))
		p[1].events |= POLLIN;
	if (!empty(&copy->input))
		p[1].events |= POLLOUT;
	if (!p[1].events)
		p[1].fd = -1;
	if (poll(p, 4, -1) < 0)
		return errno == EINTR ? GO_ON : RELAY_BROKEN;
	if (p[0].revents)
		end = signal_end(copy);
	if (end == GO_ON && p[2].revents)
		end = read_input(copy);
	if (end == GO_ON && (p[1].revents & POLLOUT))
		end = write_console(copy);
	if (end == GO_ON && p[3].revents)
		end = write_output(copy);
	if (end == GO_ON && (p[1].revents & (POLLIN | POLLHUP | POLLERR)) &&
	    empty(&copy->output))
		end = read_console(copy);
	return end;
}

enum relay_end relay_run(struct relay *relay)
{
	struct copy copy = { .relay = relay, .input_open = !relay->no_input };
	int end = GO_ON;
	int err;

	copy.signals = open_signals();
	if (copy.signals < 0)
		return RELAY_BROKEN;
	copy.tty = copy.input_open && isatty(STDIN_FILENO);
	if (copy.tty && tty_raw(STDIN_FILENO))
		copy.tty = false;
	while (end == GO_ON)
		end = step(&copy);
	err = errno;
	tty_restore();
	close(copy.signals);
	errno = err;
	return end;
}

int relay_wait(int fd)
{
	int signals = open_signals();
	struct pollfd p[] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};
	int number = 0;

	do {
		if (poll(p, 2, -1) < 0)
			continue;
		if (p[0].revents)
			number = take_signal(signals);
	} while (!number && !p[1].revents);
	close(signals);
	return number;
}
