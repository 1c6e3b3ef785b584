/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_LOOP_H
#define HVCTL_LOOP_H

#include <stdint.h>

/**
 * struct loop - an event loop
 * @epoll: its descriptor
 */
struct loop {
	int epoll;
};

/**
 * struct watch - a descriptor that the loop watches
 * @fd: the descriptor; the owner closes it
 * @ready: called with the EPOLL* bits; may remove and free any watch
 */
struct watch {
	int fd;
	void (*ready)(struct watch *watch, uint32_t events);
};

/** loop_init() - Return: 0, or -1 with errno */
int loop_init(struct loop *loop);

/** loop_close() - close it; watches are their owners' */
void loop_close(struct loop *loop);

/** loop_add() - watch for EPOLL* bits. Return: 0, or -1 with errno */
int loop_add(struct loop *loop, struct watch *watch, uint32_t events);

/** loop_change() - watch for others. Return: 0, or -1 with errno */
int loop_change(struct loop *loop, struct watch *watch, uint32_t events);

/** loop_remove() - watch no more; before its descriptor is closed */
void loop_remove(struct loop *loop, struct watch *watch);

/**
 * loop_once() - wait for one event and serve it
 * @loop: the loop
 * @timeout_ms: how long to wait, -1 for ever
 *
 * Return: 1 if there was one, 0 if not (or a signal came), -1 with errno.
 */
int loop_once(struct loop *loop, int timeout_ms);

#endif
