// SPDX-License-Identifier: GPL-2.0-only
/* The console of a guest: one who types, many who read, each at its own pace. */
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "compiler.h"
#include "console_hub.h"
#include "console_ring.h"
#include "control.h"

#define CLIENTS_MAX	16
#define CHUNK		4096
#define CHUNKS_A_TURN	16
#define RETRY_MS	2	/* a guest that does not take its input */
#define RETRY_MAX_MS	100

/**
 * struct client - somebody attached
 * @watch: the socket
 * @hub: whose client
 * @position: what of the output it has
 * @limit: close when it has so much
 * @events: what the loop watches for
 * @types: it may type
 * @notice: text that goes before more output, from @notice_at on
 * @input: typed bytes that the guest did not take yet, from @input_at on
 * @link: in hub->clients
 */
struct client {
	struct watch watch;
	struct console_hub *hub;
	uint64_t position;
	uint64_t limit;
	uint32_t events;
	bool types;
	char notice[80];
	size_t notice_at;
	uint8_t input[CHUNK];
	size_t input_at;
	size_t input_len;
	LIST_ENTRY(client) link;
};

LIST_HEAD(client_list, client);

/**
 * struct console_hub - see console_hub.h
 * @wakeup: eventfd: there is output
 * @woken: @wakeup is set already: saves a system call for each byte
 * @ring: the output
 * @loop: the event loop
 * @input: takes what is typed
 * @ctx: its first argument
 * @clients: who is attached
 * @count: how many
 * @retry_ms: pause before @input is tried again, 0 if it need not be
 * @ended: no output comes any more
 */
struct console_hub {
	struct watch wakeup;
	atomic_bool woken;
	struct console_ring ring;
	struct loop *loop;
	console_input_t input;
	void *ctx;
	struct client_list clients;
	unsigned int count;
	int retry_ms;
	bool ended;
};

static void drop_client(struct client *client)
{
	loop_remove(client->hub->loop, &client->watch);
	close(client->watch.fd);
	LIST_REMOVE(client, link);
	client->hub->count--;
	free(client);
}

static void want_events(struct client *client, uint32_t events)
{
	if (events == client->events)
		return;
	client->events = events;
	loop_change(client->hub->loop, &client->watch, events);
}

/* Return: bytes that went, 0 if none can go now, -1 if the client is gone. */
static ssize_t push(struct client *client, const void *data, size_t len)
{
	ssize_t n = send(client->watch.fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return n;
}

static ssize_t push_notice(struct client *client)
{
	ssize_t n = push(client, client->notice + client->notice_at,
			 strlen(client->notice + client->notice_at));

	if (n <= 0)
		return n;
	client->notice_at += n;
	if (!client->notice[client->notice_at])
		client->notice[0] = client->notice_at = 0;
	return n;
}

static ssize_t push_output(struct client *client)
{
	uint8_t chunk[CHUNK];
	uint64_t lost;
	size_t len;
	ssize_t n;

	len = console_ring_read(&client->hub->ring, &client->position, chunk,
				sizeof(chunk), &lost);
	if (lost) {
		snprintf(client->notice, sizeof(client->notice),
			 "\r\n[hvctl: overrun, %" PRIu64 " bytes of output lost]\r\n",
			 lost);
		return push_notice(client);
	}
	n = push(client, chunk, len);
	if (n > 0)
		client->position += n;
	return n;
}

static bool has_all(struct client *client)
{
	uint64_t head = console_ring_head(&client->hub->ring);

	return !client->notice[client->notice_at] &&
	       client->position >= (head < client->limit ? head : client->limit);
}

/* Send what there is. The client may be gone afterwards. */
static void feed(struct client *client)
{
	uint32_t input = client->events & EPOLLIN;
	ssize_t n = 1;
	int i;

	for (i = 0; i < CHUNKS_A_TURN && n > 0 && !has_all(client); i++)
		n = client->notice[client->notice_at] ? push_notice(client) :
							push_output(client);
	if (n < 0)
		drop_client(client);
	else if (!has_all(client))
		want_events(client, input | EPOLLOUT);
	else if (client->hub->ended || client->position >= client->limit)
		drop_client(client);
	else
		want_events(client, input);
}

static void feed_all(struct console_hub *hub)
{
	struct client *client, *next;

	for (client = LIST_FIRST(&hub->clients); client; client = next) {
		next = LIST_NEXT(client, link);
		feed(client);
	}
}

/* While the guest does not take it, nothing more is read from the client. */
static void give_input(struct client *client)
{
	struct console_hub *hub = client->hub;
	size_t n = hub->input(hub->ctx, client->input + client->input_at,
			      client->input_len - client->input_at);

	client->input_at += n;
	if (n)
		hub->retry_ms = 0;
	if (client->input_at == client->input_len) {
		client->input_at = client->input_len = 0;
		want_events(client, client->events | EPOLLIN);
		return;
	}
	want_events(client, client->events & ~EPOLLIN);
	hub->retry_ms = hub->retry_ms ? 2 * hub->retry_ms : RETRY_MS;
	if (hub->retry_ms > RETRY_MAX_MS)
		hub->retry_ms = RETRY_MAX_MS;
}

/* Return: false if the client is gone. */
static bool take_input(struct client *client)
{
	uint8_t chunk[CHUNK];
	ssize_t n = recv(client->watch.fd, chunk, sizeof(chunk), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0) {
		drop_client(client);
		return false;
	}
	if (!client->types || client->hub->ended)
		return true;
	memcpy(client->input, chunk, n);
	client->input_at = 0;
	client->input_len = n;
	give_input(client);
	return true;
}

static void client_ready(struct watch *watch, uint32_t events)
{
	struct client *client = container_of(watch, struct client, watch);

	if ((events & (EPOLLHUP | EPOLLERR)) && !(events & EPOLLIN)) {
		drop_client(client);
		return;
	}
	if ((events & EPOLLIN) && !take_input(client))
		return;
	if (events & EPOLLOUT)
		feed(client);
}

static void hub_ready(struct watch *watch, uint32_t events)
{
	struct console_hub *hub = container_of(watch, struct console_hub, wakeup);
	uint64_t count;

	(void)events;
	if (read(watch->fd, &count, sizeof(count)) < 0)
		return;
	/* Before the ring is read: output that comes from now on wakes again. */
	atomic_store(&hub->woken, false);
	feed_all(hub);
}

struct console_hub *console_hub_new(struct loop *loop, console_input_t input,
				    void *ctx)
{
	struct console_hub *hub = calloc(1, sizeof(*hub));

	if (!hub)
		return NULL;
	hub->wakeup.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	hub->wakeup.ready = hub_ready;
	hub->loop = loop;
	hub->input = input;
	hub->ctx = ctx;
	LIST_INIT(&hub->clients);
	if (hub->wakeup.fd >= 0 && !loop_add(loop, &hub->wakeup, EPOLLIN) &&
	    !console_ring_init(&hub->ring, CONSOLE_RING_SIZE))
		return hub;
	if (hub->wakeup.fd >= 0)
		close(hub->wakeup.fd);
	free(hub);
	return NULL;
}

void console_hub_output(struct console_hub *hub, const uint8_t *data, size_t len)
{
	uint64_t one = 1;

	console_ring_write(&hub->ring, data, len);
	/* It fails only when the counter is full, and then it is set. */
	if (!atomic_exchange(&hub->woken, true) &&
	    write(hub->wakeup.fd, &one, sizeof(one)) < 0)
		return;
}

uint64_t console_hub_bytes(struct console_hub *hub)
{
	return console_ring_head(&hub->ring);
}

static struct client *who_types(struct console_hub *hub)
{
	struct client *client;

	LIST_FOREACH(client, &hub->clients, link) {
		if (client->types)
			return client;
	}
	return NULL;
}

static int check_attach(struct console_hub *hub, uint32_t flags)
{
	static const char stolen[] = "\r\n[hvctl: console taken over by another]\r\n";
	struct client *typist = who_types(hub);

	if (!(flags & (CONTROL_CONSOLE_READONLY | CONTROL_CONSOLE_LOG)) && typist) {
		if (!(flags & CONTROL_CONSOLE_FORCE)) {
			errno = EBUSY;
			return -1;
		}
		push(typist, stolen, sizeof(stolen) - 1);
		drop_client(typist);
	}
	if (hub->count < CLIENTS_MAX)
		return 0;
	errno = EUSERS;
	return -1;
}

int console_hub_attach(struct console_hub *hub, int fd, uint32_t flags)
{
	struct client *client = NULL;
	int err;

	if (!check_attach(hub, flags))
		client = calloc(1, sizeof(*client));
	if (!client)
		goto fail;
	client->watch.fd = fd;
	client->watch.ready = client_ready;
	client->hub = hub;
	client->events = EPOLLIN;
	client->types = !(flags & (CONTROL_CONSOLE_READONLY | CONTROL_CONSOLE_LOG));
	client->limit = flags & CONTROL_CONSOLE_LOG ? console_ring_head(&hub->ring) :
						      UINT64_MAX;
	/* What scrolled out before anybody looked is not an overrun. */
	if (console_ring_head(&hub->ring) > CONSOLE_RING_SIZE)
		client->position = console_ring_head(&hub->ring) - CONSOLE_RING_SIZE;
	if (loop_add(hub->loop, &client->watch, EPOLLIN))
		goto fail;
	LIST_INSERT_HEAD(&hub->clients, client, link);
	hub->count++;
	feed(client);
	return 0;
fail:
	err = errno;
	free(client);
	close(fd);
	errno = err;
	return -1;
}

int console_hub_poll(struct console_hub *hub)
{
	struct client *client;

	if (!hub->retry_ms)
		return -1;
	client = who_types(hub);
	if (!client || client->input_at == client->input_len || hub->ended) {
		hub->retry_ms = 0;
		return -1;
	}
	give_input(client);
	return hub->retry_ms ? hub->retry_ms : -1;
}

void console_hub_end(struct console_hub *hub)
{
	hub->ended = true;
	feed_all(hub);
}

bool console_hub_busy(const struct console_hub *hub)
{
	return hub->count;
}

void console_hub_free(struct console_hub *hub)
{
	while (!LIST_EMPTY(&hub->clients))
		drop_client(LIST_FIRST(&hub->clients));
	loop_remove(hub->loop, &hub->wakeup);
	close(hub->wakeup.fd);
	console_ring_free(&hub->ring);
	free(hub);
}
