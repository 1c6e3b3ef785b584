/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The netlink family as hvctl uses it: requests and events, each message as a
 * call of a function. Tests link another netlink_client.c.
 */
#ifndef HVCTL_NETLINK_CLIENT_H
#define HVCTL_NETLINK_CLIENT_H

#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include <hvmod_netlink.h>

struct netlink;

/* Called for each message of an answer and for each event. */
typedef void (*netlink_seen)(const struct genlmsghdr *head, void *arg);

/**
 * netlink_open() - a socket for requests
 *
 * Return: the socket; NULL with errno, ENOENT: the family is not there.
 */
struct netlink *netlink_open(void);

/**
 * netlink_open_events() - a socket that takes events, and no requests
 *
 * It is subscribed when this returns, with a buffer of NETLINK_EVENT_BYTES
 * where the caller's privileges allow that, else of what the machine allows.
 *
 * Return: the socket; NULL with errno, ENOENT: the family is not there.
 */
struct netlink *netlink_open_events(void);

/* The kernel doubles it: room for ten thousand events that count 3 KiB each. */
#define NETLINK_EVENT_BYTES	(16 << 20)

/** netlink_close() - undo either; NULL is nothing */
void netlink_close(struct netlink *netlink);

/** netlink_fd() - what poll() tells of events with */
int netlink_fd(const struct netlink *netlink);

/**
 * netlink_request() - begin a request
 * @netlink: from netlink_open()
 * @cmd: HVMOD_CMD_*_GET
 * @flags: NLM_F_DUMP for all, 0 for one
 *
 * Return: the message, for nla_put() and netlink_ask(); NULL with errno.
 */
struct nl_msg *netlink_request(struct netlink *netlink, int cmd, int flags);

/**
 * netlink_ask() - send a request and take the whole answer
 * @netlink: from netlink_open()
 * @request: from netlink_request(), NULL for a failed one; is given back
 * @seen: called for each message of the answer
 * @arg: for @seen
 *
 * Return: 0; -1 with errno: the kernel's, ENOENT: there is no such object;
 * EAGAIN: what was seen is no whole, since an event overtook the dump.
 */
int netlink_ask(struct netlink *netlink, struct nl_msg *request, netlink_seen seen, void *arg);

/**
 * netlink_take() - take an event that is there
 * @netlink: from netlink_open_events()
 * @seen: called with it
 * @arg: for @seen
 *
 * Return: 0; -1 with errno, EAGAIN: there is none; ENOBUFS: some were lost,
 * none was taken; ENODEV: the module has been unloaded.
 */
int netlink_take(struct netlink *netlink, netlink_seen seen, void *arg);

#endif
