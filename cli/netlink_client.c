// SPDX-License-Identifier: GPL-2.0-only
/* Sockets of the netlink family "hvmod", by libnl. */
#include <errno.h>
#include <linux/genetlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>

#include "netlink_client.h"

/* The kernel fills no message of a dump further; fewer messages are overtaken less often. */
#define DUMP_BYTES	32768

/* Where the kernel tells of families that go. */
#define CTRL_GROUP	"notify"

struct netlink {
	struct nl_sock *socket;
	int family;
	netlink_seen seen;
	void *arg;
	int error;
	bool done;
	bool overtaken;
	bool unloaded;
};

/* Other processes with CAP_NET_ADMIN can send to us; only the kernel is believed. */
static bool from_kernel(struct nl_msg *message)
{
	return !nlmsg_get_src(message)->nl_pid;
}

static void take_control(struct netlink *netlink, struct nlmsghdr *head)
{
	struct nlattr *name;

	if (!genlmsg_valid_hdr(head, 0) || genlmsg_hdr(head)->cmd != CTRL_CMD_DELFAMILY)
		return;
	name = nla_find(genlmsg_attrdata(genlmsg_hdr(head), 0),
			genlmsg_attrlen(genlmsg_hdr(head), 0), CTRL_ATTR_FAMILY_NAME);
	if (name && !nla_strcmp(name, HVMOD_FAMILY_NAME))
		netlink->unloaded = true;
}

static int on_valid(struct nl_msg *message, void *arg)
{
	struct nlmsghdr *head = nlmsg_hdr(message);
	struct netlink *netlink = arg;

	if (!from_kernel(message))
		return NL_SKIP;
	if (head->nlmsg_type == GENL_ID_CTRL)
		take_control(netlink, head);
	else if (head->nlmsg_type == netlink->family && genlmsg_valid_hdr(head, 0) && netlink->seen)
		netlink->seen(genlmsg_hdr(head), netlink->arg);
	return NL_OK;
}

static int on_overtaken(struct nl_msg *message, void *arg)
{
	(void)message;
	((struct netlink *)arg)->overtaken = true;
	return NL_OK;
}

static int on_done(struct nl_msg *message, void *arg)
{
	struct netlink *netlink = arg;

	if (!from_kernel(message))
		return NL_SKIP;
	if (nlmsg_hdr(message)->nlmsg_flags & NLM_F_DUMP_INTR)
		netlink->overtaken = true;
	netlink->done = true;
	return NL_STOP;
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *error, void *arg)
{
	struct netlink *netlink = arg;

	if (from->nl_pid)
		return NL_SKIP;
	netlink->error = error->error ? -error->error : EPROTO;
	netlink->done = true;
	return NL_STOP;
}

static int errno_of(int nl_error)
{
	switch (-nl_error) {
	case NLE_OBJ_NOTFOUND:
		return ENOENT;
	case NLE_AGAIN:
		return EAGAIN;
	case NLE_INTR:
		return EINTR;
	/* libnl has one word for ENOMEM and ENOBUFS. */
	case NLE_NOMEM:
		return ENOBUFS;
	case NLE_NOACCESS:
	case NLE_PERM:
		return EPERM;
	default:
		return EIO;
	}
}

static int connect_socket(struct netlink *netlink)
{
	int ret;

	netlink->socket = nl_socket_alloc();
	if (!netlink->socket)
		return -NLE_NOMEM;
	ret = genl_connect(netlink->socket);
	if (!ret)
		ret = nl_socket_set_msg_buf_size(netlink->socket, DUMP_BYTES);
	if (ret)
		return ret;
	ret = genl_ctrl_resolve(netlink->socket, HVMOD_FAMILY_NAME);
	if (ret < 0)
		return ret;
	netlink->family = ret;
	return 0;
}

static struct netlink *fail_open(struct netlink *netlink, int nl_error)
{
	netlink_close(netlink);
	errno = errno_of(nl_error);
	return NULL;
}

struct netlink *netlink_open(void)
{
	struct netlink *netlink = calloc(1, sizeof(*netlink));
	int ret;

	if (!netlink)
		return NULL;
	ret = connect_socket(netlink);
	if (ret)
		return fail_open(netlink, ret);
	nl_socket_modify_cb(netlink->socket, NL_CB_VALID, NL_CB_CUSTOM, on_valid, netlink);
	nl_socket_modify_cb(netlink->socket, NL_CB_FINISH, NL_CB_CUSTOM, on_done, netlink);
	nl_socket_modify_cb(netlink->socket, NL_CB_ACK, NL_CB_CUSTOM, on_done, netlink);
	nl_socket_modify_cb(netlink->socket, NL_CB_DUMP_INTR, NL_CB_CUSTOM, on_overtaken, netlink);
	nl_socket_modify_err_cb(netlink->socket, NL_CB_CUSTOM, on_error, netlink);
	return netlink;
}

static int join(struct netlink *netlink, const char *family, const char *name)
{
	int group = genl_ctrl_resolve_grp(netlink->socket, family, name);

	return group < 0 ? group : nl_socket_add_membership(netlink->socket, group);
}

static void grow_buffer(struct netlink *netlink)
{
	int fd = nl_socket_get_fd(netlink->socket), bytes = NETLINK_EVENT_BYTES;

	/* Without CAP_NET_ADMIN net.core.rmem_max is the most. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

struct netlink *netlink_open_events(void)
{
	struct netlink *netlink = netlink_open();
	int ret;

	if (!netlink)
		return NULL;
	grow_buffer(netlink);
	ret = join(netlink, "nlctrl", CTRL_GROUP);
	if (!ret)
		ret = join(netlink, HVMOD_FAMILY_NAME, HVMOD_MCGRP_LIFECYCLE);
	if (!ret)
		ret = nl_socket_set_nonblocking(netlink->socket);
	if (ret)
		return fail_open(netlink, ret);
	/* Events are no answers: their sequence numbers are not ours. */
	nl_socket_disable_seq_check(netlink->socket);
	return netlink;
}

void netlink_close(struct netlink *netlink)
{
	if (netlink)
		nl_socket_free(netlink->socket);
	free(netlink);
}

int netlink_fd(const struct netlink *netlink)
{
	return nl_socket_get_fd(netlink->socket);
}

struct nl_msg *netlink_request(struct netlink *netlink, int cmd, int flags)
{
	struct nl_msg *message = nlmsg_alloc();

	if (message && genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, netlink->family, 0,
				   flags ? flags : NLM_F_ACK, cmd, HVMOD_FAMILY_VERSION))
		return message;
	nlmsg_free(message);
	errno = ENOMEM;
	return NULL;
}

int netlink_ask(struct netlink *netlink, struct nl_msg *request, netlink_seen seen, void *arg)
{
	int ret;

	if (!request)
		return -1;
	netlink->seen = seen;
	netlink->arg = arg;
	netlink->error = 0;
	netlink->done = false;
	netlink->overtaken = false;
	ret = nl_send_auto(netlink->socket, request);
	nlmsg_free(request);
	if (ret < 0)
		netlink->error = errno_of(ret);
	while (!netlink->error && !netlink->done) {
		ret = nl_recvmsgs_default(netlink->socket);
		if (ret < 0 && !netlink->error && ret != -NLE_INTR && ret != -NLE_DUMP_INTR)
			netlink->error = errno_of(ret);
	}
	if (!netlink->error && netlink->overtaken)
		netlink->error = EAGAIN;
	errno = netlink->error;
	return netlink->error ? -1 : 0;
}

int netlink_take(struct netlink *netlink, netlink_seen seen, void *arg)
{
	int ret;

	netlink->seen = seen;
	netlink->arg = arg;
	do {
		ret = nl_recvmsgs_default(netlink->socket);
	} while (ret == -NLE_INTR);
	if (netlink->unloaded) {
		errno = ENODEV;
		return -1;
	}
	if (ret >= 0)
		return 0;
	errno = errno_of(ret);
	return -1;
}
