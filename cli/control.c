// SPDX-License-Identifier: GPL-2.0-only
/* The control protocol: what both sides need. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "compiler.h"
#include "control.h"

/* What an operation takes beside its name. */
static const struct {
	uint32_t flags;
	bool value;
	bool text;
} operations[] = {
	[CONTROL_PAUSE]		= { 0 },
	[CONTROL_UNPAUSE]	= { 0 },
	[CONTROL_POWER_BUTTON]	= { 0 },
	[CONTROL_DESTROY]	= { 0 },
	[CONTROL_WAIT]		= { 0 },
	[CONTROL_CONSOLE]	= { CONTROL_CONSOLE_READONLY |
				    CONTROL_CONSOLE_FORCE | CONTROL_CONSOLE_LOG },
	[CONTROL_INFO]		= { 0 },
	[CONTROL_START]		= { 0 },
	[CONTROL_RESET]		= { 0 },
	[CONTROL_REBOOT]	= { 0 },
	[CONTROL_NMI]		= { 0 },
	[CONTROL_SYSRQ]		= { .value = true },
	[CONTROL_RENAME]	= { .text = true },
	[CONTROL_PIN]		= { .value = true, .text = true },
	[CONTROL_DUMP]		= { 0 },
	[CONTROL_SET_VCPUS]	= { .value = true },
	[CONTROL_MEM_SET]	= { .value = true },
};

int control_check_request(const void *data, size_t len)
{
	struct control_request request;
	size_t text = len - CONTROL_REQUEST_HEAD;

	if (len < CONTROL_REQUEST_HEAD || text > CONTROL_ASK_MAX)
		return -EBADMSG;
	memcpy(&request, data, CONTROL_REQUEST_HEAD);
	if (request.magic != CONTROL_MAGIC)
		return -EBADMSG;
	if (request.version != CONTROL_VERSION)
		return -EPROTONOSUPPORT;
	if (request.op < CONTROL_PAUSE || request.op >= ARRAY_SIZE(operations))
		return -EOPNOTSUPP;
	if (!operations[request.op].text != !text ||
	    memchr((const char *)data + CONTROL_REQUEST_HEAD, '\0', text))
		return -EBADMSG;
	if ((request.flags & ~operations[request.op].flags) ||
	    (request.value && !operations[request.op].value))
		return -EINVAL;
	return 0;
}

size_t control_reply_size(const struct control_reply *reply)
{
	return offsetof(struct control_reply, text) + reply->text_len;
}

int control_check_reply(const struct control_reply *reply, size_t len, uint16_t op)
{
	if (len < offsetof(struct control_reply, text) ||
	    reply->magic != CONTROL_MAGIC)
		return -EBADMSG;
	if (reply->version != CONTROL_VERSION)
		return -EPROTONOSUPPORT;
	if (reply->op != op || reply->status < 0 ||
	    reply->text_len > CONTROL_TEXT_MAX || len != control_reply_size(reply))
		return -EBADMSG;
	return 0;
}

int control_send(int fd, const void *data, size_t len, int pass_fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} ancillary = { 0 };
	struct iovec part = { (void *)data, len };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t n;

	if (pass_fd >= 0) {
		message.msg_control = &ancillary;
		message.msg_controllen = sizeof(ancillary);
		ancillary.head.cmsg_level = SOL_SOCKET;
		ancillary.head.cmsg_type = SCM_RIGHTS;
		ancillary.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&ancillary.head), &pass_fd, sizeof(int));
	}
	do {
		n = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

/* There is room for one: what else a peer sends the kernel drops. */
static int passed_descriptor(struct msghdr *message)
{
	struct cmsghdr *head = CMSG_FIRSTHDR(message);
	int fd;

	if (!head || head->cmsg_level != SOL_SOCKET ||
	    head->cmsg_type != SCM_RIGHTS || head->cmsg_len != CMSG_LEN(sizeof(int)))
		return -1;
	memcpy(&fd, CMSG_DATA(head), sizeof(int));
	return fd;
}

ssize_t control_receive(int fd, void *data, size_t size, int *pass_fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} ancillary;
	struct iovec part = { data, size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t n;

	if (pass_fd) {
		*pass_fd = -1;
		message.msg_control = &ancillary;
		/* Not the size of the union, whose padding would hold a second. */
		message.msg_controllen = CMSG_LEN(sizeof(int));
	}
	do {
		n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;
	if (pass_fd)
		*pass_fd = passed_descriptor(&message);
	return message.msg_flags & MSG_TRUNC ? (ssize_t)size + 1 : n;
}

void control_set_text(struct control_reply *reply, const char *text)
{
	size_t len = strnlen(text, CONTROL_TEXT_MAX);

	memcpy(reply->text, text, len);
	reply->text[len] = '\0';
	reply->text_len = len;
}
