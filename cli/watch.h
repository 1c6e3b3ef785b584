/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The stream of life-cycle events. What is lost is known: events are numbered
 * without a gap, and after a loss stands how things are now.
 */
#ifndef HVCTL_WATCH_H
#define HVCTL_WATCH_H

#include <stdbool.h>

#include "netlink_records.h"

/**
 * enum watch_type - kinds of what watch_next() tells
 * @WATCH_START: the first: the domains that there are
 * @WATCH_CREATED: a domain was made
 * @WATCH_CHANGED: state, vCPUs, name or quota changed
 * @WATCH_DELETED: a domain is gone
 * @WATCH_OVERRUN: events were lost; the domains that there are now
 */
enum watch_type {
	WATCH_START,
	WATCH_CREATED,
	WATCH_CHANGED,
	WATCH_DELETED,
	WATCH_OVERRUN,
	WATCH_TYPES,
};

/**
 * struct watch - a reader
 * @asks: socket for requests
 * @events: socket for events
 * @last: number of the last event that was told or is in what was told
 * @started: WATCH_START has been told
 * @overrun: it has to be asked how things stand, since events were lost
 * @full: @next holds an event that is not told yet
 * @next: that one
 */
struct watch {
	struct netlink *asks;
	struct netlink *events;
	uint64_t last;
	bool started;
	bool overrun;
	bool full;
	struct domain_event next;
};

/**
 * struct watch_event - what happened
 * @type: which of the fields below there are
 * @seq: number of the event, or of the last that is in @domains
 * @time_ns: CLOCK_BOOTTIME, 0 with @domains
 * @lost: WATCH_OVERRUN: how many events are not told one by one
 * @info: created, changed, deleted: the domain
 * @domains: start, overrun: all domains; domains_free() is the caller's
 */
struct watch_event {
	enum watch_type type;
	uint64_t seq;
	uint64_t time_ns;
	uint64_t lost;
	struct hvmod_domain_info info;
	struct domain_list domains;
};

/**
 * watch_open() - begin to listen
 * @watch: the reader
 * @asks: from netlink_open()
 *
 * Return: 0, or -1 with errno
 */
int watch_open(struct watch *watch, struct netlink *asks);

/** watch_close() - undo watch_open() */
void watch_close(struct watch *watch);

/**
 * watch_next() - the next thing that there is to tell
 * @watch: the reader
 * @event: filled
 *
 * Return: 0; -1 with errno, EAGAIN: nothing now, poll netlink_fd(@watch->events),
 * for a moment only while @watch->overrun; ENODEV: the module has been unloaded.
 */
int watch_next(struct watch *watch, struct watch_event *event);

#endif
