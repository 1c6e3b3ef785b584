// SPDX-License-Identifier: GPL-2.0-only
/* The control protocol: the side of the VMM process. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler.h"
#include "control.h"
#include "runtime.h"

#define PEERS_MAX	32
#define BACKLOG		16

/**
 * struct control_peer - one connection
 * @watch: its socket
 * @server: whose it is
 * @waits: the operation that it waits for, or 0
 * @link: in server->peers
 */
struct control_peer {
	struct watch watch;
	struct control_server *server;
	uint16_t waits;
	LIST_ENTRY(control_peer) link;
};

LIST_HEAD(peer_list, control_peer);

/**
 * struct control_server - a listening socket and its connections
 * @watch: the socket
 * @loop: the event loop
 * @handler: serves requests
 * @gone: hears of those who do not wait any more
 * @ctx: their first argument
 * @peers: connections
 * @count: how many
 * @reply: for one reply at a time
 */
struct control_server {
	struct watch watch;
	struct loop *loop;
	control_handler_t handler;
	control_gone_t gone;
	void *ctx;
	struct peer_list peers;
	unsigned int count;
	struct control_reply reply;
};

static void drop_peer(struct control_peer *peer)
{
	struct control_server *server = peer->server;

	loop_remove(server->loop, &peer->watch);
	close(peer->watch.fd);
	LIST_REMOVE(peer, link);
	server->count--;
	free(peer);
}

static void lose_peer(struct control_peer *peer)
{
	struct control_server *server = peer->server;
	uint16_t waits = peer->waits;

	drop_peer(peer);
	if (waits)
		server->gone(server->ctx, waits);
}

static struct control_reply *new_reply(struct control_server *server, uint16_t op)
{
	struct control_reply *reply = &server->reply;

	memset(reply, 0, offsetof(struct control_reply, text) + 1);
	reply->magic = CONTROL_MAGIC;
	reply->version = CONTROL_VERSION;
	reply->op = op;
	return reply;
}

/* A peer that does not take its reply at once loses the connection. */
static void send_reply(struct control_peer *peer)
{
	struct control_reply *reply = &peer->server->reply;

	if (control_send(peer->watch.fd, reply, control_reply_size(reply), -1))
		drop_peer(peer);
}

static void serve(struct control_peer *peer, const struct control_request *request,
		  int err, int *pass_fd)
{
	struct control_server *server = peer->server;
	struct control_reply *reply = new_reply(server, request->op);

	if (err)
		reply->status = -err;
	else if (!server->handler(server->ctx, request, pass_fd, reply))
		peer->waits = request->op;
	if (!peer->waits)
		send_reply(peer);
}

static void peer_ready(struct watch *watch, uint32_t events)
{
	struct control_peer *peer = container_of(watch, struct control_peer, watch);
	struct control_request request;
	int pass_fd = -1;
	int err = -EBADMSG;
	ssize_t n;

	(void)events;
	n = control_receive(watch->fd, &request, sizeof(request) - 1, &pass_fd);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n > 0)
		err = control_check_request(&request, n);
	/* Who speaks another protocol, or while it should wait, has to go. */
	if (err == -EBADMSG || peer->waits) {
		lose_peer(peer);
	} else {
		request.text[n - CONTROL_REQUEST_HEAD] = '\0';
		serve(peer, &request, err, &pass_fd);
	}
	if (pass_fd >= 0)
		close(pass_fd);
}

static bool peer_allowed(int fd)
{
	socklen_t len = sizeof(struct ucred);
	struct ucred peer;

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) &&
	       (!peer.uid || peer.uid == geteuid());
}

static void listen_ready(struct watch *watch, uint32_t events)
{
	struct control_server *server = container_of(watch, struct control_server, watch);
	struct control_peer *peer;
	int fd;

	(void)events;
	fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	peer = NULL;
	if (peer_allowed(fd) && server->count < PEERS_MAX)
		peer = calloc(1, sizeof(*peer));
	if (!peer) {
		close(fd);
		return;
	}
	peer->watch.fd = fd;
	peer->watch.ready = peer_ready;
	peer->server = server;
	LIST_INSERT_HEAD(&server->peers, peer, link);
	server->count++;
	if (loop_add(server->loop, &peer->watch, EPOLLIN))
		drop_peer(peer);
}

int control_listen(int dir, uint32_t id)
{
	struct sockaddr_un address;
	mode_t mask;
	int fd, err;

	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	runtime_address(dir, id, &address);
	/* Ids are the kernel's and unique: what is in the way is a leftover. */
	runtime_remove(dir, id, false);
	mask = umask(0177);
	err = bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	      listen(fd, BACKLOG) ? errno : 0;
	umask(mask);
	if (!err)
		return fd;
	close(fd);
	errno = err;
	return -1;
}

struct control_server *control_serve(struct loop *loop, int fd,
				     control_handler_t handler,
				     control_gone_t gone, void *ctx)
{
	struct control_server *server = calloc(1, sizeof(*server));

	if (!server)
		return NULL;
	server->watch.fd = fd;
	server->watch.ready = listen_ready;
	server->loop = loop;
	server->handler = handler;
	server->gone = gone;
	server->ctx = ctx;
	LIST_INIT(&server->peers);
	if (loop_add(loop, &server->watch, EPOLLIN)) {
		free(server);
		return NULL;
	}
	return server;
}

void control_finish(struct control_server *server, uint16_t op, int status,
		    uint32_t value, const char *text)
{
	struct control_peer *peer, *next;
	struct control_reply *reply;

	for (peer = LIST_FIRST(&server->peers); peer; peer = next) {
		next = LIST_NEXT(peer, link);
		if (peer->waits != op)
			continue;
		peer->waits = 0;
		reply = new_reply(server, op);
		reply->status = status;
		reply->value = value;
		control_set_text(reply, text);
		send_reply(peer);
	}
}

void control_stop(struct control_server *server)
{
	while (!LIST_EMPTY(&server->peers))
		drop_peer(LIST_FIRST(&server->peers));
	loop_remove(server->loop, &server->watch);
	close(server->watch.fd);
	free(server);
}
