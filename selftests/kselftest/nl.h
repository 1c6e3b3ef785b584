/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The netlink family as tests use it: requests, dumps and events, each as a
 * call of a function with the attributes.
 */
#ifndef KSELFTEST_NL_H
#define KSELFTEST_NL_H

#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include <hvmod_netlink.h>

#define NL_ATTRIBUTES	64

typedef void (*nl_seen)(struct genlmsghdr *head, void *arg);

/**
 * struct nl - a socket
 * @socket: libnl's
 * @family: number of the family
 * @seen: called for each message
 * @arg: for @seen
 * @error: errno of the kernel's answer, 0 if it was none
 * @text: what the kernel said with it
 * @done: the answer is complete
 * @interrupted: a dump was overtaken by an event
 */
struct nl {
	struct nl_sock *socket;
	int family;
	nl_seen seen;
	void *arg;
	int error;
	char text[128];
	bool done;
	bool interrupted;
};

/* The attributes of a message by their numbers; of an array the last element. */
static inline struct nlattr **nl_attributes(struct genlmsghdr *head)
{
	static __thread struct nlattr *attrs[NL_ATTRIBUTES + 1];

	if (nla_parse(attrs, NL_ATTRIBUTES, genlmsg_attrdata(head, 0), genlmsg_attrlen(head, 0),
		      NULL))
		errx(1, "a message that can't be parsed");
	return attrs;
}

static inline int nl_valid(struct nl_msg *message, void *arg)
{
	struct nlmsghdr *head = nlmsg_hdr(message);
	struct nl *nl = arg;

	if (head->nlmsg_flags & NLM_F_DUMP_INTR)
		nl->interrupted = true;
	if (nl->seen)
		nl->seen(genlmsg_hdr(head), nl->arg);
	return NL_OK;
}

static inline int nl_finish(struct nl_msg *message, void *arg)
{
	struct nl *nl = arg;

	if (nlmsg_hdr(message)->nlmsg_flags & NLM_F_DUMP_INTR)
		nl->interrupted = true;
	nl->done = true;
	return NL_STOP;
}

static inline int nl_acked(struct nl_msg *message __attribute__((unused)), void *arg)
{
	((struct nl *)arg)->done = true;
	return NL_STOP;
}

static inline int nl_failed(struct sockaddr_nl *from __attribute__((unused)), struct nlmsgerr *error, void *arg)
{
	struct nl *nl = arg;
	struct nlmsghdr *head = (struct nlmsghdr *)((char *)error - NLMSG_HDRLEN);
	size_t skip = sizeof(*error);
	struct nlattr *text;

	nl->error = -error->error;
	nl->done = true;
	if (!(head->nlmsg_flags & NLM_F_CAPPED))
		skip += error->msg.nlmsg_len - NLMSG_HDRLEN;
	text = nlmsg_find_attr(head, NLMSG_ALIGN(skip), NLMSGERR_ATTR_MSG);
	if (head->nlmsg_flags & NLM_F_ACK_TLVS && text)
		snprintf(nl->text, sizeof(nl->text), "%s", nla_get_string(text));
	return NL_STOP;
}

/* Return: false if there is no such family. */
static inline bool nl_begin(struct nl *nl)
{
	int one = 1;

	memset(nl, 0, sizeof(*nl));
	nl->socket = nl_socket_alloc();
	if (!nl->socket || genl_connect(nl->socket))
		errx(1, "no netlink socket");
	nl->family = genl_ctrl_resolve(nl->socket, HVMOD_FAMILY_NAME);
	if (nl->family < 0)
		return false;
	setsockopt(nl_socket_get_fd(nl->socket), SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	nl_socket_disable_seq_check(nl->socket);
	nl_socket_modify_cb(nl->socket, NL_CB_VALID, NL_CB_CUSTOM, nl_valid, nl);
	nl_socket_modify_cb(nl->socket, NL_CB_FINISH, NL_CB_CUSTOM, nl_finish, nl);
	nl_socket_modify_cb(nl->socket, NL_CB_ACK, NL_CB_CUSTOM, nl_acked, nl);
	nl_socket_modify_err_cb(nl->socket, NL_CB_CUSTOM, nl_failed, nl);
	return true;
}

static inline void nl_end(struct nl *nl)
{
	nl_socket_free(nl->socket);
}

static inline struct nl_msg *nl_request(struct nl *nl, int cmd, int flags)
{
	struct nl_msg *message = nlmsg_alloc();

	if (!message || !genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, nl->family, 0, flags, cmd,
				     HVMOD_FAMILY_VERSION))
		errx(1, "no room for a request");
	return message;
}

/* Send @message and take the whole answer. Return: 0 or the kernel's errno. */
static inline int nl_ask(struct nl *nl, struct nl_msg *message, nl_seen seen, void *arg)
{
	int ret;

	nl->seen = seen;
	nl->arg = arg;
	nl->error = 0;
	nl->text[0] = '\0';
	nl->done = false;
	nl->interrupted = false;
	ret = nl_send_auto(nl->socket, message);
	nlmsg_free(message);
	if (ret < 0)
		errx(1, "sending: %s", nl_geterror(ret));
	while (!nl->done) {
		ret = nl_recvmsgs_default(nl->socket);
		if (ret < 0 && ret != -NLE_DUMP_INTR && !nl->error)
			errx(1, "receiving: %s", nl_geterror(ret));
	}
	return nl->error;
}

static inline int nl_ask_all(struct nl *nl, int cmd, nl_seen seen, void *arg)
{
	return nl_ask(nl, nl_request(nl, cmd, NLM_F_DUMP), seen, arg);
}

/* One object by a number, and where @attr2 is not 0 by another. */
static inline int nl_get(struct nl *nl, int cmd, int attr, uint32_t value, int attr2,
			 uint32_t value2, nl_seen seen, void *arg)
{
	struct nl_msg *message = nl_request(nl, cmd, NLM_F_ACK);

	nla_put_u32(message, attr, value);
	if (attr2)
		nla_put_u32(message, attr2, value2);
	return nl_ask(nl, message, seen, arg);
}

static inline void nl_subscribe(struct nl *nl, int buffer)
{
	int group = genl_ctrl_resolve_grp(nl->socket, HVMOD_FAMILY_NAME, HVMOD_MCGRP_LIFECYCLE);

	if (group < 0 || nl_socket_add_membership(nl->socket, group))
		errx(1, "no group of events");
	if (buffer && setsockopt(nl_socket_get_fd(nl->socket), SOL_SOCKET, SO_RCVBUFFORCE, &buffer,
				 sizeof(buffer)))
		err(1, "no socket buffer of %d bytes", buffer);
	nl_socket_set_nonblocking(nl->socket);
}

/*
 * Take events that are there. Return: 0, EAGAIN: there was none, ENOBUFS: some
 * are lost.
 */
static inline int nl_events(struct nl *nl, nl_seen seen, void *arg)
{
	int ret;

	nl->seen = seen;
	nl->arg = arg;
	errno = 0;
	ret = nl_recvmsgs_default(nl->socket);
	if (ret == -NLE_AGAIN)
		return EAGAIN;
	if (ret == -NLE_NOMEM)
		return ENOBUFS;
	if (ret < 0)
		errx(1, "events: %s", nl_geterror(ret));
	return 0;
}

#endif
