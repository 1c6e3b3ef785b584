// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for the end of a domain. That it is gone the kernel says; how it ended
 * its VMM process tells, to those whom it answers.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "control.h"
#include "domains.h"
#include "duration.h"
#include "vmmproc.h"
#include "wait_end.h"

#define LOOK_MS		20
#define ANSWER_MS	10000	/* from the domain's end to its VMM process's word; less if that ends */

static void take_answer(int fd, struct wait_end *end)
{
	static struct control_reply reply;

	if (control_answer(fd, CONTROL_WAIT, &reply, deadline_in(0)) || reply.status)
		return;
	end->outcome = (int)reply.value;
	outcome_describe(end->outcome, end->text, sizeof(end->text));
	snprintf(end->how, sizeof(end->how), "%.*s", WAIT_HOW_MAX - 1, reply.text);
}

static int look(struct verb_context *ctx, uint32_t state, int64_t deadline, int *fd,
		struct wait_end *end)
{
	struct pollfd p = { .events = POLLIN };
	struct hvmod_domain_info info;

	for (;;) {
		if (domain_by_id(ctx->device, ctx->domain.id, &info))
			return errno == ENOENT ? 0 : -1;
		if (info.reason && end->outcome < 0)
			snprintf(end->text, sizeof(end->text), "%s",
				 reason_word(info.reason));
		if (state && info.state == state) {
			end->reached = true;
			return 0;
		}
		/* Who answers has let go of the domain, or preserves it. */
		if (!state && *fd < 0 && end->outcome >= 0 && domain_ended(&info) &&
		    info.state != HVMOD_STATE_DYING) {
			end->preserved = true;
			return 0;
		}
		if (!deadline_left(deadline)) {
			errno = ETIMEDOUT;
			return -1;
		}
		p.fd = *fd;
		if (poll(&p, 1, LOOK_MS) > 0) {
			take_answer(*fd, end);
			close(*fd);
			*fd = -1;
		}
	}
}

int wait_end(struct verb_context *ctx, uint32_t state, int64_t deadline,
	     struct wait_end *end)
{
	int fd = control_connect(ctx->device, &ctx->domain, deadline);
	int ret, err;

	*end = (struct wait_end){ .outcome = -1, .text = "unknown" };
	if (fd >= 0 && control_ask(fd, CONTROL_WAIT, 0, -1)) {
		close(fd);
		fd = -1;
	}
	ret = look(ctx, state, deadline, &fd, end);
	err = errno;
	if (fd >= 0) {
		/* It answers when it has let go of the domain: just now. */
		if (!ret && !end->reached && !control_wait_readable(fd, deadline_in(ANSWER_MS)))
			take_answer(fd, end);
		close(fd);
	}
	errno = err;
	return ret;
}
