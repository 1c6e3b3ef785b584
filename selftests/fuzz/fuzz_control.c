// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control protocol, both ends: messages to a server by its socket, and what a
 * server might answer to a client. The input is a list of messages, each with its
 * options and its length in two bytes before it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control.h"
#include "fuzz.h"

#define OPTION_PASS	0x01	/* a descriptor goes with it */
#define OPTION_ENDS	0x02	/* the guest ends behind it */
#define OPTION_LEAVES	0x04	/* so does the client */

static struct loop loop;
static struct control_server *server;
static struct sockaddr_un address;
static socklen_t address_bytes = sizeof(address);
static int device = -1;
static unsigned long served;
static unsigned long refused;
static unsigned long replies;

/* Nothing gets here but what the protocol defines. */
static bool serve(void *ctx, const struct control_request *request, int *pass_fd,
		  struct control_reply *reply)
{
	(void)ctx;
	must(!control_check_request(request, CONTROL_REQUEST_HEAD + strlen(request->text)));
	must(*pass_fd < 0 || fcntl(*pass_fd, F_GETFD) >= 0);
	control_set_text(reply, "done");
	served++;
	return request->op != CONTROL_WAIT && request->op != CONTROL_DUMP;
}

static void gone(void *ctx, uint16_t op)
{
	(void)ctx;
	must(op == CONTROL_WAIT || op == CONTROL_DUMP);
}

/* A socket without a name in the file system: the kernel chooses one. */
static void start(void)
{
	const struct sockaddr_un any = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	must(fd >= 0 && !loop_init(&loop));
	must(!bind(fd, (const struct sockaddr *)&any, sizeof(any.sun_family)));
	must(!listen(fd, 4));
	must(!getsockname(fd, (struct sockaddr *)&address, &address_bytes));
	device = open("/dev/null", O_RDWR | O_CLOEXEC);
	server = control_serve(&loop, fd, serve, gone, NULL);
	must(server && device >= 0);
}

static void turn(void)
{
	while (loop_once(&loop, 0) > 0)
		;
}

static int join(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	must(fd >= 0);
	must(!connect(fd, (struct sockaddr *)&address, address_bytes));
	turn();
	return fd;
}

static void take_replies(int fd)
{
	static struct control_reply reply;
	ssize_t n;

	while ((n = control_receive(fd, &reply, sizeof(reply), NULL)) > 0) {
		must(!control_check_reply(&reply, (size_t)n, reply.op));
		replies++;
		refused += reply.status != 0;
	}
}

static void send_messages(const uint8_t *data, size_t bytes)
{
	int fd = join();

	while (bytes >= 2) {
		uint8_t options = data[0];
		size_t length = data[1];

		data += 2;
		bytes -= 2;
		if (length > bytes)
			length = bytes;
		control_send(fd, data, length, options & OPTION_PASS ? device : -1);
		data += length;
		bytes -= length;
		turn();
		if (options & OPTION_ENDS)
			control_finish(server, CONTROL_WAIT, 0, 0, "it ended");
		take_replies(fd);
		if (!(options & OPTION_LEAVES))
			continue;
		close(fd);
		turn();
		fd = join();
	}
	close(fd);
	turn();
}

/* As control_answer() does with what came. */
static void read_reply(const uint8_t *data, size_t bytes)
{
	static struct control_reply reply;

	if (bytes > sizeof(reply) - 1)
		bytes = sizeof(reply) - 1;
	memcpy(&reply, data, bytes);
	if (control_check_reply(&reply, bytes, CONTROL_INFO))
		return;
	must(reply.text_len <= CONTROL_TEXT_MAX && reply.status >= 0);
	must(control_reply_size(&reply) == bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	if (!server)
		start();
	send_messages(data, bytes);
	read_reply(data, bytes);
	return 0;
}

void fuzz_report(char *text, size_t bytes)
{
	snprintf(text, bytes, "%lu requests served, %lu replies, %lu of them refusals", served,
		 replies, refused);
}

size_t fuzz_seed(unsigned int n, uint8_t *data, size_t max)
{
	const struct control_request request = {
		.magic = CONTROL_MAGIC,
		.version = CONTROL_VERSION,
		.op = (uint16_t)(n + 1),
		.flags = n + 1 == CONTROL_CONSOLE ? CONTROL_CONSOLE_LOG : 0,
		.text = "0-3",
	};
	const bool text = n + 1 == CONTROL_RENAME || n + 1 == CONTROL_PIN;
	const size_t length = CONTROL_REQUEST_HEAD + (text ? 3 : 0);
	const struct control_request wait = {
		.magic = CONTROL_MAGIC,
		.version = CONTROL_VERSION,
		.op = CONTROL_WAIT,
	};
	const uint8_t first[2] = { n & 7, length };
	const uint8_t second[2] = { OPTION_ENDS, CONTROL_REQUEST_HEAD };
	uint8_t *to = data;

	if (n + 1 > CONTROL_MEM_SET || max < 2 * (sizeof(first) + sizeof(request)))
		return 0;
	to = mempcpy(to, first, sizeof(first));
	to = mempcpy(to, &request, length);
	to = mempcpy(to, second, sizeof(second));
	to = mempcpy(to, &wait, CONTROL_REQUEST_HEAD);
	return (size_t)(to - data);
}
