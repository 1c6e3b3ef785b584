// SPDX-License-Identifier: GPL-2.0-only
/* The control protocol, with peers that do not keep to it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"
#include "duration.h"
#include "runtime.h"
#include "tap.h"

static char dir_path[32] = "/tmp/hvctl-test-XXXXXX";
static struct loop loop;
static struct control_server *server;
static int dir;
static int calls;
static int kept = -1;

static bool handler(void *ctx, const struct control_request *request, int *pass_fd,
		    struct control_reply *reply)
{
	(void)ctx;
	calls++;
	if (request->op == CONTROL_WAIT)
		return false;
	if (request->op == CONTROL_CONSOLE) {
		kept = *pass_fd;
		*pass_fd = -1;
	}
	if (request->op == CONTROL_INFO)
		control_set_text(reply, "hello");
	if (request->op == CONTROL_PAUSE)
		reply->status = EALREADY;
	return true;
}

static uint16_t gone_op;

static void gone(void *ctx, uint16_t op)
{
	(void)ctx;
	gone_op = op;
}

static void turn(void)
{
	while (loop_once(&loop, 20) > 0)
		;
}

static int dial(void)
{
	struct sockaddr_un address;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	runtime_address(dir, 7, &address);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	turn();
	return fd;
}

static bool hung_up(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 100) == 1 && (p.revents & POLLHUP);
}

static void setup(void)
{
	int fd;

	dir = open(mkdtemp(dir_path), O_RDONLY | O_DIRECTORY);
	loop_init(&loop);
	fd = control_listen(dir, 7);
	ok(fd >= 0, "listen");
	ok(control_listen(dir, 7) >= 0, "a leftover socket is no obstacle");
	runtime_remove(dir, 7, false);
	close(fd);
	fd = control_listen(dir, 7);
	server = control_serve(&loop, fd, handler, gone, NULL);
	ok(server, "serve");
}

static void test_check(void)
{
	struct control_request r = { CONTROL_MAGIC, CONTROL_VERSION, CONTROL_INFO, 0, 0, "" };
	struct control_request bad;
	unsigned char longer[sizeof(r) + 1] = "";
	const size_t head = CONTROL_REQUEST_HEAD;
	size_t i;
	bool good = true;

	ok(!control_check_request(&r, head), "a request");
	for (i = 0; i < head; i++)
		good &= control_check_request(&r, i) == -EBADMSG;
	ok(good, "every shorter one is refused");
	memcpy(longer, &r, head);
	ok(control_check_request(longer, head + 1) == -EBADMSG, "text that it does not take");
	ok(control_check_request(longer, sizeof(longer)) == -EBADMSG, "a longer one is refused");
	bad = r;
	bad.op = CONTROL_RENAME;
	ok(control_check_request(&bad, head) == -EBADMSG, "no text where one is wanted");
	strcpy(bad.text, "name");
	ok(!control_check_request(&bad, head + 4), "with it");
	ok(control_check_request(&bad, head + 5) == -EBADMSG, "a NUL in it");
	memset(bad.text, 'x', sizeof(bad.text));
	ok(!control_check_request(&bad, head + CONTROL_ASK_MAX), "the longest");
	ok(control_check_request(&bad, head + CONTROL_ASK_MAX + 1) == -EBADMSG, "one more");
	bad = r;
	bad.magic++;
	ok(control_check_request(&bad, head) == -EBADMSG, "another magic");
	bad = r;
	bad.version++;
	ok(control_check_request(&bad, head) == -EPROTONOSUPPORT, "another version");
	bad = r;
	bad.op = 0;
	ok(control_check_request(&bad, head) == -EOPNOTSUPP, "operation 0");
	bad.op = 99;
	ok(control_check_request(&bad, head) == -EOPNOTSUPP, "operation 99");
	bad = r;
	bad.flags = 1;
	ok(control_check_request(&bad, head) == -EINVAL, "flags it does not have");
	bad = r;
	bad.value = 1;
	ok(control_check_request(&bad, head) == -EINVAL, "a value that it does not take");
	bad = r;
	bad.op = CONTROL_CONSOLE;
	bad.flags = 8;
	ok(control_check_request(&bad, head) == -EINVAL, "an unknown flag");
}

static void test_check_reply(void)
{
	static struct control_reply r;
	size_t size;

	r.magic = CONTROL_MAGIC;
	r.version = CONTROL_VERSION;
	r.op = CONTROL_INFO;
	control_set_text(&r, "text");
	size = control_reply_size(&r);
	ok(!control_check_reply(&r, size, CONTROL_INFO), "a reply");
	ok(control_check_reply(&r, size - 1, CONTROL_INFO) == -EBADMSG, "cut short");
	ok(control_check_reply(&r, size + 1, CONTROL_INFO) == -EBADMSG, "too long");
	ok(control_check_reply(&r, size, CONTROL_PAUSE) == -EBADMSG, "to another question");
	r.text_len = ~0U;
	ok(control_check_reply(&r, size, CONTROL_INFO) == -EBADMSG, "a text that is not there");
	r.text_len = 4;
	r.status = -5;
	ok(control_check_reply(&r, size, CONTROL_INFO) == -EBADMSG, "a negative status");
	r.status = 0;
	r.version = 2;
	ok(control_check_reply(&r, size, CONTROL_INFO) == -EPROTONOSUPPORT, "another version");
	ok(control_check_reply(&r, 3, CONTROL_INFO) == -EBADMSG, "three bytes");
}

static int open_descriptors(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

/* The lowest free number tells whether a descriptor was left open. */
static void test_two_descriptors(int fd)
{
	struct control_request r = { CONTROL_MAGIC, CONTROL_VERSION, CONTROL_INFO, 0, 0, "" };
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(2 * sizeof(int))];
	} two = { .head = { CMSG_LEN(2 * sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct iovec part = { &r, CONTROL_REQUEST_HEAD };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = &two, .msg_controllen = sizeof(two),
	};
	int before = open_descriptors();

	memcpy(CMSG_DATA(&two.head), (int[]){ 0, 0 }, 2 * sizeof(int));
	ok(sendmsg(fd, &message, 0) == CONTROL_REQUEST_HEAD, "two descriptors are sent");
	turn();
	ok(open_descriptors() == before, "none of them stays open");
}

static void test_ask(void)
{
	static struct control_reply reply;
	int fd = dial(), pair[2];

	ok(fd >= 0, "connect");
	ok(!control_ask(fd, CONTROL_INFO, 0, -1), "ask");
	turn();
	ok(!control_answer(fd, CONTROL_INFO, &reply, deadline_in(1000)) && !reply.status,
	   "answer");
	same(reply.text, "hello", "its text");
	control_ask(fd, CONTROL_PAUSE, 0, -1);
	turn();
	ok(!control_answer(fd, CONTROL_PAUSE, &reply, deadline_in(1000)) &&
	   reply.status == EALREADY, "a refusal");
	ok(control_answer(fd, CONTROL_PAUSE, &reply, deadline_in(10)) && errno == ETIMEDOUT,
	   "no answer: time-out");
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		abort();
	control_ask(fd, CONTROL_CONSOLE, 0, pair[1]);
	close(pair[1]);
	turn();
	ok(!control_answer(fd, CONTROL_CONSOLE, &reply, deadline_in(1000)) && kept >= 0,
	   "a descriptor is handed over");
	ok(write(kept, "x", 1) == 1 && read(pair[0], reply.text, 1) == 1, "and works");
	close(kept);
	close(pair[0]);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		abort();
	control_ask(fd, CONTROL_INFO, 0, pair[1]);
	close(pair[1]);
	turn();
	ok(hung_up(pair[0]), "a descriptor that nobody asked for is closed");
	close(pair[0]);
	test_two_descriptors(fd);
	close(fd);
	turn();
}

static void test_wait(void)
{
	static struct control_reply reply;
	int a = dial(), b = dial(), c = dial();

	control_ask(a, CONTROL_WAIT, 0, -1);
	control_ask(b, CONTROL_WAIT, 0, -1);
	control_ask(c, CONTROL_WAIT, 0, -1);
	turn();
	ok(control_answer(a, CONTROL_WAIT, &reply, deadline_in(20)) && errno == ETIMEDOUT,
	   "who waits gets no answer yet");
	control_ask(c, CONTROL_INFO, 0, -1);
	turn();
	ok(hung_up(c), "who asks while waiting is dropped");
	close(c);
	gone_op = 0;
	close(b);
	turn();
	ok(gone_op == CONTROL_WAIT, "who does not wait any more is missed");
	control_finish(server, CONTROL_DUMP, 0, 1, "");
	ok(control_answer(a, CONTROL_WAIT, &reply, deadline_in(20)) && errno == ETIMEDOUT,
	   "the end of another operation is not what he waits for");
	control_finish(server, CONTROL_WAIT, 0, 33, "crash");
	ok(!control_answer(a, CONTROL_WAIT, &reply, deadline_in(1000)) && reply.value == 33,
	   "the answer comes when it has ended");
	same(reply.text, "crash", "its text");
	close(a);
	turn();
}

static void test_hostile(void)
{
	struct control_request r = { CONTROL_MAGIC, CONTROL_VERSION + 1, CONTROL_INFO, 0, 0, "" };
	static struct control_reply reply;
	static char big[60000];
	int before = calls;
	int fd = dial(), i;
	bool good = true;

	control_send(fd, "x", 1, -1);
	turn();
	ok(hung_up(fd), "one byte: dropped");
	close(fd);
	fd = dial();
	control_send(fd, big, sizeof(big), -1);
	turn();
	ok(hung_up(fd), "60000 bytes: dropped");
	close(fd);
	fd = dial();
	control_send(fd, &r, CONTROL_REQUEST_HEAD, -1);
	turn();
	ok(!control_answer(fd, CONTROL_INFO, &reply, deadline_in(1000)) &&
	   reply.status == EPROTONOSUPPORT, "another version: told so");
	close(fd);
	turn();
	for (i = 0; i < 2000; i++) {
		size_t len = random() % 40, j;

		fd = dial();
		for (j = 0; j < len; j++)
			big[j] = random();
		if (i % 2)
			memcpy(big, &(uint32_t){ CONTROL_MAGIC }, 4);
		if (len)
			control_send(fd, big, len, -1);
		close(fd);
		turn();
	}
	ok(calls == before, "2000 random messages: the handler never saw one");
	fd = dial();
	control_ask(fd, CONTROL_INFO, 0, -1);
	turn();
	ok(!control_answer(fd, CONTROL_INFO, &reply, deadline_in(1000)), "it still answers");
	close(fd);
	turn();
	for (i = 0; i < 40; i++)
		good &= dial() >= 0;
	ok(good, "forty connections");
	fd = dial();
	ok(hung_up(fd), "of too many the last are dropped");
	close(fd);
}

int main(void)
{
	test_check();
	test_check_reply();
	setup();
	test_ask();
	test_wait();
	test_hostile();
	control_stop(server);
	loop_close(&loop);
	runtime_remove(dir, 7, true);
	rmdir(dir_path);
	return tap_done();
}
