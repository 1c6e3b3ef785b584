// SPDX-License-Identifier: GPL-2.0-only
/* Life-cycle events, in the order of their numbers. */
#include <errno.h>
#include <string.h>

#include "watch.h"

static const enum watch_type types[] = {
	[HVMOD_CMD_DOMAIN_CREATED_NTF]	= WATCH_CREATED,
	[HVMOD_CMD_DOMAIN_CHANGED_NTF]	= WATCH_CHANGED,
	[HVMOD_CMD_DOMAIN_DELETED_NTF]	= WATCH_DELETED,
};

/* Listens before it asks how things stand, so that nothing falls between. */
int watch_open(struct watch *watch, struct netlink *asks)
{
	memset(watch, 0, sizeof(*watch));
	watch->asks = asks;
	watch->events = netlink_open_events();
	return watch->events ? 0 : -1;
}

void watch_close(struct watch *watch)
{
	netlink_close(watch->events);
	watch->events = NULL;
}

static void take_event(const struct genlmsghdr *head, void *arg)
{
	struct watch *watch = arg;

	if (head->cmd < HVMOD_CMD_DOMAIN_CREATED_NTF || head->cmd > HVMOD_CMD_DOMAIN_DELETED_NTF)
		return;
	record_domain(head, &watch->next);
	watch->full = true;
}

/*
 * The numbers of events that are not told are all in (last, seq_now]: those that
 * wait in the socket with such a number are passed over later.
 */
static int look(struct watch *watch, struct watch_event *event)
{
	memset(event, 0, sizeof(*event));
	/* Until it has worked: it is tried again. */
	watch->overrun = true;
	if (netlink_domains(watch->asks, &event->domains, &event->seq))
		return -1;
	event->type = watch->started ? WATCH_OVERRUN : WATCH_START;
	event->lost = watch->started && event->seq > watch->last ? event->seq - watch->last : 0;
	if (event->seq > watch->last || !watch->started)
		watch->last = event->seq;
	watch->started = true;
	watch->overrun = false;
	return 0;
}

/*
 * A socket that was too full tells of no more losses until it is @empty: what was
 * lost behind the answer is found by asking once more then.
 * Return: 0, or -1 with errno, EAGAIN: all was told by now
 */
static int recover(struct watch *watch, struct watch_event *event, bool empty)
{
	if (look(watch, event))
		return -1;
	watch->overrun = !empty;
	if (event->lost)
		return 0;
	domains_free(&event->domains);
	errno = EAGAIN;
	return -1;
}

static void tell(struct watch *watch, struct watch_event *event)
{
	memset(event, 0, sizeof(*event));
	event->type = types[watch->next.cmd];
	event->seq = watch->next.info.seq;
	event->time_ns = watch->next.time_ns;
	event->info = watch->next.info;
	watch->last = event->seq;
}

int watch_next(struct watch *watch, struct watch_event *event)
{
	uint64_t seq;

	if (!watch->started)
		return look(watch, event);
	for (;;) {
		watch->full = false;
		if (netlink_take(watch->events, take_event, watch)) {
			/* What came before the loss is still in the socket, and is told first. */
			if (errno == ENOBUFS) {
				watch->overrun = true;
				continue;
			}
			if (errno == EAGAIN && watch->overrun)
				return recover(watch, event, true);
			return -1;
		}
		seq = watch->next.info.seq;
		if (!watch->full || seq <= watch->last)
			continue;
		if (seq != watch->last + 1)
			return recover(watch, event, false);
		tell(watch, event);
		return 0;
	}
}
