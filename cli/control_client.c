// SPDX-License-Identifier: GPL-2.0-only
/* The control protocol: hvctl's side. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"
#include "domains.h"
#include "duration.h"
#include "runtime.h"

#define START_MS	2000	/* a VMM process has that long to make its socket */
#define RETRY_MS	10

/*
 * Several users may write to the runtime directory. A socket there proves
 * nothing; that the kernel names its maker as the domain's owner does.
 */
static int check_peer(int fd, const struct hvmod_domain_info *info)
{
	socklen_t len = sizeof(struct ucred);
	struct ucred peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		return -1;
	if (peer.uid != info->owner_uid ||
	    (info->owner_pid && (uint32_t)peer.pid != info->owner_pid)) {
		errno = ESTALE;
		return -1;
	}
	return 0;
}

static int try_connect(const struct hvmod_domain_info *info)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err;

	if (fd < 0)
		return -1;
	if (!runtime_connect(fd, info) && !check_peer(fd, info))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

int control_connect(int device, const struct hvmod_domain_info *info,
		    int64_t deadline)
{
	int64_t start = deadline_in(START_MS);
	struct hvmod_domain_info now;
	int fd;

	for (;;) {
		fd = try_connect(info);
		if (fd >= 0)
			return fd;
		/*
		 * ENOENT, ECONNREFUSED, ESTALE: the domain is in the kernel's
		 * list but its socket is not made yet, or an old one is in the
		 * way. EAGAIN: too many connect at once.
		 */
		if (errno != ENOENT && errno != ECONNREFUSED && errno != ESTALE &&
		    errno != EAGAIN)
			return -1;
		if (domain_by_id(device, info->id, &now)) {
			errno = ESRCH;
			return -1;
		}
		if (!deadline_left(start) || !deadline_left(deadline)) {
			errno = ECONNREFUSED;
			return -1;
		}
		sleep_ms(RETRY_MS);
	}
}

int control_ask_more(int fd, enum control_op op, uint32_t flags, uint32_t value,
		     const char *text, int pass_fd)
{
	struct control_request request = {
		.magic = CONTROL_MAGIC,
		.version = CONTROL_VERSION,
		.op = op,
		.flags = flags,
		.value = value,
	};
	size_t len = text ? strlen(text) : 0;

	if (len > CONTROL_ASK_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	memcpy(request.text, text ? text : "", len);
	return control_send(fd, &request, CONTROL_REQUEST_HEAD + len, pass_fd);
}

int control_ask(int fd, enum control_op op, uint32_t flags, int pass_fd)
{
	return control_ask_more(fd, op, flags, 0, NULL, pass_fd);
}

int control_wait_readable(int fd, int64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n;

	do {
		n = poll(&p, 1, deadline_left(deadline));
	} while (n < 0 && errno == EINTR);
	if (!n)
		errno = ETIMEDOUT;
	return n > 0 ? 0 : -1;
}

int control_answer(int fd, enum control_op op, struct control_reply *reply,
		   int64_t deadline)
{
	ssize_t n;
	int err;

	if (control_wait_readable(fd, deadline))
		return -1;
	n = control_receive(fd, reply, sizeof(*reply) - 1, NULL);
	if (n < 0)
		return -1;
	err = n ? control_check_reply(reply, n, op) : -ECONNRESET;
	if (err) {
		errno = -err;
		return -1;
	}
	reply->text[reply->text_len] = '\0';
	return 0;
}
