// SPDX-License-Identifier: GPL-2.0-only
/* Asking a VMM process, with the messages for all that can go wrong. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "domains.h"
#include "duration.h"
#include "output.h"
#include "runtime.h"

int ask_fail(struct verb_context *ctx, const char *verb, int err)
{
	const char *name = ctx->domain.name;

	switch (err) {
	case EACCES:
	case EPERM:
		return fail(HVCTL_PERMISSION, err, name,
			    "only root and the user who made the domain may do that",
			    "cannot %s: no permission", verb);
	case ESRCH:
	case ECONNRESET:
	case ESHUTDOWN:
	case EPIPE:
		return fail(HVCTL_NO_DOMAIN, ENOENT, name, "'hvctl list' shows the domains",
			    "cannot %s: the domain has just ended", verb);
	case ETIMEDOUT:
		return fail(HVCTL_TIMEOUT, err, name,
			    "'hvctl destroy' ends it whatever its state",
			    "cannot %s: its VMM process does not answer", verb);
	case ENOENT:
	case ECONNREFUSED:
	case ESTALE:
		return fail(HVCTL_FAILED, ECONNREFUSED, name,
			    "was it made with another HVMOD_RUNTIME_DIR, or by another program?",
			    "cannot %s: its VMM process has no control socket here", verb);
	case EPROTONOSUPPORT:
	case EOPNOTSUPP:
		return fail(HVCTL_FAILED, err, name,
			    "use the hvctl that made the domain",
			    "cannot %s: its VMM process is of another version", verb);
	default:
		return fail(HVCTL_FAILED, err, name, NULL, "cannot %s: %s", verb,
			    strerror(err));
	}
}

int fail_state(struct verb_context *ctx, const char *verb, const char *hint)
{
	return fail(HVCTL_STATE, EBUSY, ctx->domain.name, hint, "cannot %s: it is %s",
		    verb, state_word(ctx->domain.state));
}

int ask_check(void)
{
	const char *directory = runtime_relative();

	if (!directory)
		return HVCTL_OK;
	return fail(HVCTL_USAGE, EINVAL, "HVMOD_RUNTIME_DIR",
		    "let it begin with a slash, or leave it out",
		    "cannot use '%s': it is not a whole path", directory);
}

int64_t ask_deadline(void)
{
	return deadline_in(globals.timeout_ms < 0 ? ASK_MS : globals.timeout_ms);
}

int ask_connect(struct verb_context *ctx, const char *verb, int *fd)
{
	*fd = control_connect(ctx->device, &ctx->domain, ask_deadline());
	return *fd < 0 ? ask_fail(ctx, verb, errno) : HVCTL_OK;
}

int ask_refused(struct verb_context *ctx, const char *verb,
		const struct control_reply *reply)
{
	switch (reply->status) {
	case 0:
		return HVCTL_OK;
	case EALREADY:
		/* The state that we know is from before we asked. */
		return fail(HVCTL_STATE, reply->status, ctx->domain.name, NULL,
			    "cannot %s: it is so already", verb);
	case ETXTBSY:
		return fail(HVCTL_STATE, reply->status, ctx->domain.name,
			    "wait until 'hvctl dump-core' is done",
			    "cannot %s: its memory is being dumped", verb);
	case EBUSY:
		return fail(HVCTL_STATE, reply->status, ctx->domain.name,
			    "'hvctl unpause' lets it go on", "cannot %s: it is paused", verb);
	default:
		return ask_fail(ctx, verb, reply->status);
	}
}

int ask_reply(struct verb_context *ctx, const char *verb, enum control_op op,
	      uint32_t value, const char *text, struct control_reply *reply)
{
	int64_t deadline = ask_deadline();
	int fd, err;
	int ret = ask_connect(ctx, verb, &fd);

	if (ret)
		return ret;
	err = control_ask_more(fd, op, 0, value, text, -1) ||
	      control_answer(fd, op, reply, deadline) ? errno : 0;
	close(fd);
	return err ? ask_fail(ctx, verb, err) : HVCTL_OK;
}

int ask_more(struct verb_context *ctx, const char *verb, enum control_op op,
	     uint32_t value, const char *text, struct control_reply *reply)
{
	int ret = ask_reply(ctx, verb, op, value, text, reply);

	if (ret || reply->status == EEXIST)
		return ret;
	return ask_refused(ctx, verb, reply);
}

int ask(struct verb_context *ctx, const char *verb, enum control_op op,
	struct control_reply *reply)
{
	return ask_more(ctx, verb, op, 0, NULL, reply);
}
