// SPDX-License-Identifier: GPL-2.0-only
/* hvctl dump-core DOMAIN FILE */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ask.h"
#include "duration.h"
#include "new_file.h"
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
	{ "force", OPTION_FORCE, NULL, 0, "Replace FILE if there is one, once the new one is whole", 0 },
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

static int fail_open(int err)
{
	return fail(err == EACCES || err == EPERM ? HVCTL_PERMISSION : HVCTL_FAILED, err, path,
		    err == EEXIST ? "--force replaces it" : NULL, "cannot open: %s",
		    strerror(err));
}

/* It holds all that the guest knows: nobody else may read it. */
static int open_file(struct new_file *file)
{
	if (strcmp(path, "-"))
		return new_file_open(file, path, force) ? fail_open(errno) : HVCTL_OK;
	file->fd = STDOUT_FILENO;
	if (!isatty(file->fd))
		return HVCTL_OK;
	return fail(HVCTL_USAGE, EINVAL, NULL, "redirect it, or name a file",
		    "cannot write a core to a terminal");
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

static int close_file(struct new_file *file, int ret)
{
	if (file->fd == STDOUT_FILENO || !new_file_finish(file, !ret))
		return ret;
	return errno == EEXIST ? fail_open(errno) :
	       fail(HVCTL_FAILED, errno, path, NULL, "cannot write: %s", strerror(errno));
}

static int run(struct verb_context *ctx)
{
	struct sigaction action = { .sa_handler = on_signal };
	static struct new_file file;
	int ret;

	/* Before there is a file that would stay. */
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	ret = open_file(&file);
	if (ret)
		return ret;
	ret = close_file(&file, dump(ctx, file.fd));
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
	.doc = "FILE becomes an ELF core that gdb and crash read, which only you may read; - is standard output. It is written to FILE.XXXXXX and gets its name when it is whole; what is no regular file is written where it is. The vCPUs are held meanwhile. Addresses are guest-physical. A domain that on_crash=preserve keeps can be dumped too.",
	.flags = VERB_DOMU | VERB_MODIFIES | VERB_TIMEOUT,
	.options = options,
	.parse = parse,
	.run = run,
};
