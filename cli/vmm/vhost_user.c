// SPDX-License-Identifier: GPL-2.0-only
/*
 * The front end of vhost-user, as QEMU's docs/interop/vhost-user.rst has it: as
 * much of it as disks and file systems need. Messages have a header, a payload,
 * and descriptors from us to the back end.
 */
#include <errno.h>
#include <linux/vhost_types.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "compiler.h"
#include "vhost_user.h"

/* Requests */
#define GET_FEATURES		1
#define SET_FEATURES		2
#define SET_OWNER		3
#define SET_MEM_TABLE		5
#define SET_VRING_NUM		8
#define SET_VRING_ADDR		9
#define SET_VRING_BASE		10
#define GET_VRING_BASE		11
#define SET_VRING_KICK		12
#define SET_VRING_CALL		13
#define GET_PROTOCOL_FEATURES	15
#define SET_PROTOCOL_FEATURES	16
#define SET_VRING_ENABLE	18
#define GET_CONFIG		24

/* Flags of a header: version 1 in the lowest two bits. */
#define VERSION			0x1U
#define VERSION_MASK		0x3U
#define IS_REPLY		0x4U
#define NEED_REPLY		0x8U

/* A feature bit of the transport's own, and protocol features. */
#define F_EXTRAS		(1ULL << 30)
#define EXTRA_ACK		(1ULL << 3)
#define EXTRA_CONFIG		(1ULL << 9)
#define EXTRAS			(EXTRA_ACK | EXTRA_CONFIG)

#define ANSWER_MS		5000
#define RANGES_MAX		2

struct header {
	uint32_t request;
	uint32_t flags;
	uint32_t size;
} __packed;

struct region {
	uint64_t gpa;
	uint64_t bytes;
	uint64_t address;
	uint64_t offset;
} __packed;

struct message {
	struct header header;
	union {
		uint64_t value;
		struct vhost_vring_state state;
		struct vhost_vring_addr address;
		struct {
			uint32_t count;
			uint32_t padding;
			struct region region[RANGES_MAX];
		} __packed memory;
		struct {
			uint32_t offset;
			uint32_t bytes;
			uint32_t flags;
			uint8_t data[VIRTIO_CONFIG_MAX];
		} __packed config;
	};
} __packed;

/**
 * vhost_user_give_up() - nobody speaks to it again
 * @user: the back end, which sees the end of its connection if it lives
 * @error: what is wrong with it; what was said first counts
 */
void vhost_user_give_up(struct vhost_user *user, const char *error)
{
	if (!user->error)
		user->error = error;
	shutdown(user->link.fd, SHUT_RDWR);
}

/* Return: -1 */
static int give_up(struct vhost_user *user, const char *error)
{
	vhost_user_give_up(user, error);
	errno = EPROTO;
	return -1;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What a message has no room for of descriptors the kernel closes. */
static int receive(struct vhost_user *user, void *to, size_t bytes,
		   int64_t deadline)
{
	struct pollfd wait = { .fd = user->link.fd, .events = POLLIN };
	uint8_t *at = to;
	ssize_t got;

	while (bytes) {
		int64_t left = deadline - now_ms();

		if (left <= 0 || poll(&wait, 1, (int)left) <= 0)
			return give_up(user, "the back end does not answer");
		got = recv(wait.fd, at, bytes, MSG_DONTWAIT);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got <= 0)
			return give_up(user, "the back end has gone");
		at += got;
		bytes -= (size_t)got;
	}
	return 0;
}

static int send_message(struct vhost_user *user, const struct message *message,
			const int *fds, unsigned int count)
{
	struct iovec iov = {
		.iov_base = (void *)message,
		.iov_len = sizeof(message->header) + message->header.size,
	};
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(RANGES_MAX * sizeof(int))];
	} control = {};
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (count) {
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(&control.align), fds, count * sizeof(int));
		msg.msg_control = control.space;
		msg.msg_controllen = CMSG_SPACE(count * sizeof(int));
	}
	/* One that lets its socket fill up is not waited for. */
	if (sendmsg(user->link.fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) !=
	    (ssize_t)iov.iov_len)
		return give_up(user, "the back end does not listen");
	return 0;
}

/* The answer has to have the length of @size, and is put over @message. */
static int receive_answer(struct vhost_user *user, struct message *message,
			  uint32_t size)
{
	int64_t deadline = now_ms() + ANSWER_MS;
	struct header header;

	if (receive(user, &header, sizeof(header), deadline))
		return -1;
	if (header.request != message->header.request ||
	    (header.flags & VERSION_MASK) != VERSION ||
	    !(header.flags & IS_REPLY) || header.size != size)
		return give_up(user, "the back end answers what it was not asked");
	return receive(user, &message->value, size, deadline);
}

static struct message make(uint32_t request, uint32_t size)
{
	return (struct message){
		.header = { .request = request, .flags = VERSION, .size = size },
	};
}

/* Send, and wait for an answer of the same length. */
static int ask(struct vhost_user *user, struct message *message)
{
	if (user->error)
		return give_up(user, user->error);
	if (send_message(user, message, NULL, 0))
		return -1;
	return receive_answer(user, message, message->header.size);
}

/* Send, and make sure that it was done if the back end can say so. */
static int tell(struct vhost_user *user, struct message *message,
		const int *fds, unsigned int count)
{
	bool acknowledged = user->extras & EXTRA_ACK;

	if (user->error)
		return give_up(user, user->error);
	if (acknowledged)
		message->header.flags |= NEED_REPLY;
	if (send_message(user, message, fds, count))
		return -1;
	if (!acknowledged)
		return 0;
	if (receive_answer(user, message, sizeof(message->value)))
		return -1;
	return message->value ? give_up(user, "the back end refuses") : 0;
}

static int get_value(struct vhost_user *user, uint32_t request, uint64_t *value)
{
	struct message message = make(request, sizeof(message.value));

	/* The request itself has no payload. */
	message.header.size = 0;
	if (send_message(user, &message, NULL, 0) ||
	    receive_answer(user, &message, sizeof(message.value)))
		return -1;
	*value = message.value;
	return 0;
}

static int set_value(struct vhost_user *user, uint32_t request, uint64_t value)
{
	struct message message = make(request, sizeof(message.value));

	message.value = value;
	return tell(user, &message, NULL, 0);
}

static int set_state(struct vhost_user *user, uint32_t request,
		     unsigned int queue, unsigned int value)
{
	struct message message = make(request, sizeof(message.state));

	message.state = (struct vhost_vring_state){ queue, value };
	return tell(user, &message, NULL, 0);
}

static int set_fd(struct vhost_user *user, uint32_t request,
		  unsigned int queue, int fd)
{
	struct message message = make(request, sizeof(message.value));

	message.value = queue;
	return tell(user, &message, &fd, 1);
}

static int connect_to(struct vhost_user *user, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address.sun_path, path);
	user->link.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return user->link.fd < 0 ||
	       connect(user->link.fd, (struct sockaddr *)&address,
		       sizeof(address));
}

static int introduce(struct vhost_user *user)
{
	struct message owner = make(SET_OWNER, 0);
	uint64_t extras;

	if (get_value(user, GET_FEATURES, &user->features) ||
	    tell(user, &owner, NULL, 0))
		return -1;
	if (!(user->features & F_EXTRAS))
		return give_up(user, "the back end has no protocol features");
	if (get_value(user, GET_PROTOCOL_FEATURES, &extras))
		return -1;
	extras &= EXTRAS;
	if (set_value(user, SET_PROTOCOL_FEATURES, extras))
		return -1;
	user->extras = extras;
	return 0;
}

/**
 * vhost_user_open() - connect to a back end and learn what it can do
 * @user: filled
 * @path: its socket
 *
 * Before the sandbox.
 *
 * Return: 0; or -1 with errno, EPROTO: it is none, and @user->error says why.
 */
int vhost_user_open(struct vhost_user *user, const char *path)
{
	const char *said;
	int error;

	*user = (struct vhost_user){ .link.fd = -1 };
	if (!connect_to(user, path) && !introduce(user))
		return 0;
	error = errno;
	said = user->error;
	vhost_user_close(user);
	user->error = said;
	errno = error;
	return -1;
}

/**
 * vhost_user_close() - undo vhost_user_open()
 * @user: the back end; what it does to memory is its own business until it notices
 */
void vhost_user_close(struct vhost_user *user)
{
	if (user->link.fd >= 0)
		close(user->link.fd);
	user->link.fd = -1;
}

/**
 * vhost_user_config() - the configuration of the device
 * @user: the back end
 * @config: buffer
 * @bytes: its size, at most VIRTIO_CONFIG_MAX
 *
 * Return: 0, or -1 with errno and @user->error
 */
int vhost_user_config(struct vhost_user *user, void *config, uint32_t bytes)
{
	struct message message =
		make(GET_CONFIG, (uint32_t)offsetof(struct message, config.data) -
				 (uint32_t)sizeof(struct header) + bytes);

	if (!(user->extras & EXTRA_CONFIG))
		return give_up(user, "the back end does not tell a configuration");
	message.config.bytes = bytes;
	if (ask(user, &message))
		return -1;
	if (message.config.offset || message.config.bytes != bytes)
		return give_up(user, "the back end has another configuration");
	memcpy(config, message.config.data, bytes);
	return 0;
}

static int set_memory(struct vhost_user *user, const struct guest_memory *memory)
{
	struct message message =
		make(SET_MEM_TABLE, (uint32_t)(2 * sizeof(uint32_t) +
				    memory->ranges * sizeof(struct region)));
	int fds[RANGES_MAX];
	unsigned int i;

	message.memory.count = memory->ranges;
	for (i = 0; i < memory->ranges; i++) {
		const struct guest_range *range = &memory->range[i];

		message.memory.region[i] = (struct region){
			.gpa = range->gpa,
			.bytes = range->bytes,
			.address = (uintptr_t)range->host,
			.offset = (uint64_t)(range->host - memory->range[0].host),
		};
		fds[i] = memory->fd;
	}
	return tell(user, &message, fds, memory->ranges);
}

/**
 * vhost_user_attach() - give it the memory, and have it watched
 * @user: the back end
 * @device: whose queues it will serve; its memory is shared
 * @queues: how many, at most VHOST_USER_QUEUES_MAX
 * @gone: what the worker does when it goes away, or speaks out of turn
 *
 * Before the sandbox; vhost_user_close() undoes it.
 *
 * Return: 0; or -1 with errno, EPROTO: @user->error says what
 */
int vhost_user_attach(struct vhost_user *user, struct virtio_device *device,
		      unsigned int queues,
		      void (*gone)(struct virtio_watch *watch, uint32_t events))
{
	unsigned int i;

	user->device = device;
	user->queues = queues;
	user->link.ready = gone;
	for (i = 0; i < queues; i++) {
		if (virtio_lend_prepare(device, i))
			return -1;
	}
	if (set_memory(user, device->machine.memory))
		return -1;
	return virtio_watch_add(device, &user->link, EPOLLIN | EPOLLRDHUP);
}

static int set_ring(struct vhost_user *user, unsigned int queue,
		    const struct virtio_loan *loan)
{
	const struct virtqueue *ring = loan->ring;
	struct message address = make(SET_VRING_ADDR, sizeof(address.address));

	address.address = (struct vhost_vring_addr){
		.index = queue,
		.desc_user_addr = (uintptr_t)ring->desc,
		.used_user_addr = (uintptr_t)ring->used,
		.avail_user_addr = (uintptr_t)ring->avail,
	};
	return set_state(user, SET_VRING_NUM, queue, ring->size) ||
	       set_state(user, SET_VRING_BASE, queue, ring->next_avail) ||
	       tell(user, &address, NULL, 0) ||
	       set_fd(user, SET_VRING_CALL, queue, loan->call) ||
	       set_fd(user, SET_VRING_KICK, queue, loan->kick) ||
	       set_state(user, SET_VRING_ENABLE, queue, 1);
}

/**
 * vhost_user_lend() - the driver is ready: the back end serves its queues
 * @user: the back end
 *
 * In virtio_device_ops.activate(). A queue that the driver did not enable is not
 * lent.
 *
 * Return: NULL, or what is wrong; then vhost_user_take_back() is due
 */
const char *vhost_user_lend(struct vhost_user *user)
{
	struct virtio_loan loan;
	unsigned int i;

	if (set_value(user, SET_FEATURES, user->device->features | F_EXTRAS))
		return user->error;
	for (i = 0; i < user->queues; i++) {
		if (virtio_lend(user->device, i, &loan) &&
		    set_ring(user, i, &loan))
			return user->error;
	}
	return NULL;
}

/**
 * vhost_user_set_call() - the driver chose another vector for a queue
 * @user: the back end; one that refuses is given up, which its watch tells
 * @queue: index of the queue, which is lent
 * @call: what to signal from now on
 */
void vhost_user_set_call(struct vhost_user *user, unsigned int queue, int call)
{
	set_fd(user, SET_VRING_CALL, queue, call);
}

/**
 * vhost_user_take_back() - undo vhost_user_lend()
 * @user: the back end, which may be dead; any number of times
 */
void vhost_user_take_back(struct vhost_user *user)
{
	unsigned int i;

	for (i = 0; i < user->queues; i++) {
		struct message stop = make(GET_VRING_BASE, sizeof(stop.state));

		stop.state.index = i;
		if (user->device->queue[i].lent)
			ask(user, &stop);
		virtio_take_back(user->device, i);
	}
}
