// SPDX-License-Identifier: GPL-2.0-only
/* The event loop of a VMM process. */
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "loop.h"

int loop_init(struct loop *loop)
{
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	return loop->epoll < 0 ? -1 : 0;
}

void loop_close(struct loop *loop)
{
	close(loop->epoll);
	loop->epoll = -1;
}

static int control(struct loop *loop, int op, struct watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	return epoll_ctl(loop->epoll, op, watch->fd, &event);
}

int loop_add(struct loop *loop, struct watch *watch, uint32_t events)
{
	return control(loop, EPOLL_CTL_ADD, watch, events);
}

int loop_change(struct loop *loop, struct watch *watch, uint32_t events)
{
	return control(loop, EPOLL_CTL_MOD, watch, events);
}

void loop_remove(struct loop *loop, struct watch *watch)
{
	control(loop, EPOLL_CTL_DEL, watch, 0);
}

int loop_once(struct loop *loop, int timeout_ms)
{
	struct epoll_event event;
	struct watch *watch;
	int n;

	/* One at a time: a second event could be for a watch that was freed. */
	n = epoll_wait(loop->epoll, &event, 1, timeout_ms);
	if (n < 0)
		return errno == EINTR ? 0 : -1;
	if (!n)
		return 0;
	watch = event.data.ptr;
	watch->ready(watch, event.events);
	return 1;
}
