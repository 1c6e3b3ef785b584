// SPDX-License-Identifier: GPL-2.0-only
/* hvctl dump-core DOMAIN FILE */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ask.h"
#include "duration.h"
#include "output.h"

#define PROGRESS_MS	200

static const char *path;
static bool domain_seen;
static bool force;
static volatile sig_atomic_t signalled;

enum {
	OPTION_FORCE = 0x200,
};

static const struct argp_option options[] = {
	{ "force", OPTION_FORCE, NULL, 0, "Overwrite FILE if there is one", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case OPTION_FORCE:
		force = true;
		return 0;
	case ARGP_KEY_ARG:
		if (!domain_seen || path) {
			domain_seen = true;
			return ARGP_ERR_UNKNOWN;
		}
		path = arg;
		return 0;
	case ARGP_KEY_END:
		if (domain_seen && !path)
			argp_error(state, "no file given");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int open_file(int *fd)
{
	if (!strcmp(path, "-")) {
		*fd = STDOUT_FILENO;
		if (!isatty(*fd))
			return HVCTL_OK;
		return fail(HVCTL_USAGE, EINVAL, NULL, "redirect it, or name a file",
			    "cannot write a core to a terminal");
	}
	/* It holds all that the guest knows: nobody else may read it. */
	*fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY |
		   (force ? O_TRUNC : O_EXCL), 0600);
	if (*fd >= 0)
		return HVCTL_OK;
	return fail(errno == EACCES || errno == EPERM ? HVCTL_PERMISSION : HVCTL_FAILED,
		    errno, path, errno == EEXIST ? "--force overwrites it" : NULL,
		    "cannot open: %s", strerror(errno));
}

static void progress(const struct verb_context *ctx, int fd)
{
	struct stat st;

	if (globals.quiet || !isatty(STDERR_FILENO) || fstat(fd, &st) ||
	    !S_ISREG(st.st_mode) || !ctx->domain.mem_current)
		return;
	fprintf(stderr, "\r%s: %3.0f %%", ctx->domain.name,
		100.0 * st.st_size / ctx->domain.mem_current);
}

static void on_signal(int number)
{
	signalled = number;
}

/* Return: 0 when the answer is there; an errno value, EINTR for a signal */
static int wait_written(const struct verb_context *ctx, int socket_fd, int fd)
{
	int64_t deadline = deadline_in(globals.timeout_ms);
	struct pollfd p = { .fd = socket_fd, .events = POLLIN };
	int left;

	for (;;) {
		left = deadline_left(deadline);
		if (!left)
			return ETIMEDOUT;
		if (signalled)
			return EINTR;
		if (left < 0 || left > PROGRESS_MS)
			left = PROGRESS_MS;
		if (poll(&p, 1, left) > 0)
			return 0;
		progress(ctx, fd);
	}
}

static int refused(struct verb_context *ctx, const struct control_reply *reply)
{
	switch (reply->status) {
	case 0:
	case ETXTBSY:
	case ESHUTDOWN:
		return ask_refused(ctx, "dump", reply);
	case ECANCELED:
		return ask_fail(ctx, "dump", ESRCH);
	default:
		return fail(HVCTL_FAILED, reply->status, path, NULL, "cannot write: %s",
			    strerror(reply->status));
	}
}

static int dump(struct verb_context *ctx, int fd)
{
	static struct control_reply reply;
	int socket_fd, err;
	int ret = ask_connect(ctx, "dump", &socket_fd);

	if (ret)
		return ret;
	err = control_ask(socket_fd, CONTROL_DUMP, 0, fd) ? errno :
	      wait_written(ctx, socket_fd, fd);
	if (!err && control_answer(socket_fd, CONTROL_DUMP, &reply, deadline_in(ASK_MS)))
		err = errno;
	/* Whatever is still being written ends with the connection. */
	close(socket_fd);
	if (!globals.quiet && isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
	if (err == EINTR)
		return fail(HVCTL_FAILED, err, ctx->domain.name, NULL, "cannot dump: interrupted");
	if (err == ETIMEDOUT)
		return fail(HVCTL_TIMEOUT, err, ctx->domain.name, NULL,
			    "cannot dump: not done after %g s", globals.timeout_ms / 1000.0);
	return err ? ask_fail(ctx, "dump", err) : refused(ctx, &reply);
}

/* Half a core is none; a device that somebody named stays where it is. */
static void close_file(int fd, bool failed)
{
	struct stat st;

	if (failed && !fstat(fd, &st) && S_ISREG(st.st_mode))
		unlink(path);
	close(fd);
}

static int run(struct verb_context *ctx)
{
	struct sigaction action = { .sa_handler = on_signal };
	int fd;
	int ret = open_file(&fd);

	if (ret)
		return ret;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	ret = dump(ctx, fd);
	if (fd != STDOUT_FILENO)
		close_file(fd, ret);
	if (signalled) {
		signal(signalled, SIG_DFL);
		raise(signalled);
	}
	return ret;
}

const struct verb verb_dump_core = {
	.name = "dump-core",
	.args = "DOMAIN FILE",
	.summary = "Write a domain's memory and registers to a file",
	.doc = "FILE becomes an ELF core that gdb and crash read; - is standard output. The vCPUs are held meanwhile. Addresses are guest-physical. A domain that on_crash=preserve keeps can be dumped too.",
	.flags = VERB_DOMU | VERB_MODIFIES,
	.options = options,
	.parse = parse,
	.run = run,
};
