// SPDX-License-Identifier: GPL-2.0-only
/* Who is attached to a console: late, slow, rude. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "console_hub.h"
#include "console_ring.h"
#include "control.h"
#include "tap.h"

static struct loop loop;
static struct console_hub *hub;
static char typed[4096];
static size_t typed_len;
static size_t room = sizeof(typed);

static size_t input(void *ctx, const uint8_t *data, size_t len)
{
	(void)ctx;
	if (len > room)
		len = room;
	memcpy(typed + typed_len, data, len);
	typed_len += len;
	room -= len;
	return len;
}

static void turn(void)
{
	while (loop_once(&loop, 10) > 0)
		console_hub_poll(hub);
}

static int attach(uint32_t flags)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		abort();
	if (console_hub_attach(hub, pair[1], flags)) {
		close(pair[0]);
		return -1;
	}
	return pair[0];
}

static void say(const char *text)
{
	console_hub_output(hub, (const uint8_t *)text, strlen(text));
	turn();
}

/* What there is now, as a string. */
static const char *hear(int fd)
{
	static char text[8192];
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static bool closed(int fd)
{
	char c;

	return recv(fd, &c, 1, MSG_DONTWAIT) == 0;
}

static void test_attach(void)
{
	int a, b, c;

	say("early ");
	a = attach(0);
	ok(a >= 0, "attach");
	say("late");
	same(hear(a), "early late", "what was kept, then what comes");
	ok(attach(0) < 0 && errno == EBUSY, "a second who types is refused");
	b = attach(CONTROL_CONSOLE_READONLY);
	c = attach(CONTROL_CONSOLE_READONLY);
	say("!");
	same(hear(b), "early late!", "one who watches");
	same(hear(c), "early late!", "another who watches");
	if (write(a, "abc", 3) != 3 || write(b, "xyz", 3) != 3)
		abort();
	turn();
	ok(typed_len == 3 && !memcmp(typed, "abc", 3), "only one types");
	close(c);
	c = attach(CONTROL_CONSOLE_FORCE);
	ok(c >= 0, "the console is taken over");
	turn();
	ok(strstr(hear(a), "taken over") && closed(a), "who had it is told and dropped");
	close(a);
	a = attach(CONTROL_CONSOLE_LOG);
	same(hear(a), "early late!", "the log");
	ok(closed(a), "and no more");
	close(a);
	close(b);
	close(c);
	turn();
	ok(!console_hub_busy(hub), "nobody is left");
	a = attach(0);
	ok(a >= 0, "the console is free again");
	close(a);
	turn();
}

static void test_slow(void)
{
	static char block[65536];
	char text[8192];
	int fd = attach(CONTROL_CONSOLE_READONLY), i;
	size_t total = 0;
	bool notice = false;
	ssize_t n;

	memset(block, 'x', sizeof(block) - 1);
	for (i = 0; i < 40; i++)
		say(block);
	ok(true, "a reader that does not read holds nobody up");
	say("THE END");
	while ((n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT)) > 0) {
		text[n] = '\0';
		total += n;
		notice |= strstr(text, "overrun") != NULL;
		turn();
	}
	ok(notice, "it is told of the overrun");
	ok(!strcmp(text + strlen(text) - 7, "THE END"), "and gets the newest");
	ok(total > CONSOLE_RING_SIZE && total < 2 * CONSOLE_RING_SIZE, "and what was kept");
	close(fd);
	fd = attach(CONTROL_CONSOLE_LOG);
	total = 0;
	notice = false;
	while ((n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT)) > 0) {
		text[n] = '\0';
		total += n;
		notice |= strstr(text, "overrun") != NULL;
		turn();
	}
	ok(total == CONSOLE_RING_SIZE && !notice && !n, "the log is the last MiB, to the byte");
	close(fd);
	turn();
}

static void test_input(void)
{
	char data[100];
	int fd = attach(0), i;

	memset(data, 'k', sizeof(data));
	typed_len = 0;
	room = 30;
	if (write(fd, data, sizeof(data)) != sizeof(data))
		abort();
	turn();
	ok(typed_len == 30, "the guest takes 30 of 100 bytes");
	ok(console_hub_poll(hub) > 0, "the rest waits");
	room = sizeof(typed) - 30;
	for (i = 0; i < 10 && typed_len < 100; i++)
		console_hub_poll(hub);
	ok(typed_len == 100, "and comes later");
	ok(console_hub_poll(hub) == -1, "nothing waits any more");
	room = 0;
	if (write(fd, data, sizeof(data)) != sizeof(data))
		abort();
	turn();
	close(fd);
	turn();
	console_hub_poll(hub);
	ok(console_hub_poll(hub) == -1, "nothing waits for one who is gone");
	room = sizeof(typed);
	typed_len = 0;
}

static void test_end(void)
{
	static char text[1 << 21];
	int fd, late, i;
	size_t total = 0;
	ssize_t n;

	for (i = 0; i < 20; i++) {
		fd = attach(CONTROL_CONSOLE_READONLY);
		if (fd < 0)
			break;
	}
	ok(fd < 0 && errno == EUSERS && i == 16, "sixteen are enough");
	console_hub_free(hub);
	hub = console_hub_new(&loop, input, NULL);
	fd = attach(0);
	memset(text, 'y', 500000);
	console_hub_output(hub, (uint8_t *)text, 500000);
	console_hub_end(hub);
	late = attach(CONTROL_CONSOLE_READONLY);
	ok(late >= 0, "attach after the end");
	close(late);
	while ((n = recv(fd, text, sizeof(text), MSG_DONTWAIT)) > 0) {
		total += n;
		turn();
	}
	ok(total == 500000 && !n, "after the end the reader gets all, then it is closed");
	close(fd);
	ok(!console_hub_busy(hub), "nobody is left");
}

int main(void)
{
	loop_init(&loop);
	hub = console_hub_new(&loop, input, NULL);
	test_attach();
	test_slow();
	test_input();
	test_end();
	console_hub_free(hub);
	loop_close(&loop);
	return tap_done();
}
