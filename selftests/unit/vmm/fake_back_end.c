// SPDX-License-Identifier: GPL-2.0-only
/* A vhost-user-blk back end for tests. */
#include <errno.h>
#include <linux/vhost_types.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "driver.h"
#include "fake_back_end.h"
#include "paging.h"

#define EXTRAS	(1ULL << 3 | 1ULL << 9)
#define FEATURES (1ULL << 30 | 1ULL << VIRTIO_F_VERSION_1 |		\
		  1ULL << VIRTIO_RING_F_INDIRECT_DESC |			\
		  1ULL << VIRTIO_RING_F_EVENT_IDX |			\
		  1ULL << VIRTIO_BLK_F_FLUSH | 1ULL << VIRTIO_BLK_F_MQ)

struct header {
	uint32_t request;
	uint32_t flags;
	uint32_t size;
};

struct back_end back_end;

static pthread_t thread;
static int listener = -1;
static int line = -1;	/* to the front end */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct virtqueue ring;
static int kick = -1, call = -1;

static void take_memory(const uint8_t *payload, const int *fds, unsigned int count)
{
	uint64_t region[4];
	uint8_t *map;

	memcpy(&back_end.regions, payload, 4);
	memcpy(region, payload + 8, sizeof(region));
	if (back_end.regions != count || !count)
		return;
	map = mmap(NULL, region[1], PROT_READ | PROT_WRITE, MAP_SHARED, fds[0], (off_t)region[3]);
	if (map == MAP_FAILED)
		return;
	*(uint64_t *)driver_memory(DRIVER_DATA) = 0x1122334455667788ULL;
	back_end.memory_is_ours = region[0] == 0 && region[1] == TEST_MEMORY &&
		region[2] == (uintptr_t)driver_memory(0) &&
		*(uint64_t *)(map + DRIVER_DATA) == 0x1122334455667788ULL;
	back_end.size_is_sealed = ftruncate(fds[0], 4096) && errno == EPERM;
	munmap(map, region[1]);
}

static void take_fd(int *slot, const int *fds, unsigned int count)
{
	if (*slot >= 0)
		close(*slot);
	*slot = count == 1 ? dup(fds[0]) : -1;
}

/* With the lock. Return: bytes of the answer in @payload */
static uint32_t obey(uint32_t request, uint8_t *payload, uint32_t bytes, const int *fds,
		     unsigned int count)
{
	struct virtio_blk_config config = { .capacity = 2048, .blk_size = 512, .num_queues = 4 };
	struct vhost_vring_state state;
	struct vhost_vring_addr address;
	uint64_t value = 0;

	memcpy(&state, payload, sizeof(state));
	switch (request) {
	case 1:
		value = FEATURES;
		break;
	case 15:
		value = EXTRAS;
		break;
	case 2:
		memcpy(&back_end.features, payload, 8);
		break;
	case 5:
		take_memory(payload, fds, count);
		break;
	case 8:
		ring.size = (uint16_t)state.num;
		break;
	case 9:
		memcpy(&address, payload, sizeof(address));
		ring.desc = (void *)(uintptr_t)address.desc_user_addr;
		ring.avail = (void *)(uintptr_t)address.avail_user_addr;
		ring.used = (void *)(uintptr_t)address.used_user_addr;
		break;
	case 10:
		ring.next_avail = (uint16_t)state.num;
		ring.next_used = 0;
		ring.signalled = 0;
		ring.memory = &driver.memory;
		ring.event_idx = back_end.features >> VIRTIO_RING_F_EVENT_IDX & 1;
		ring.indirect = true;
		ring.error = NULL;
		break;
	case 11:
		back_end.running = false;
		back_end.stops++;
		state.num = ring.next_avail;
		memcpy(payload, &state, sizeof(state));
		return sizeof(state);
	case 12:
		take_fd(&kick, fds, count);
		break;
	case 13:
		take_fd(&call, fds, count);
		break;
	case 18:
		back_end.running = state.num;
		break;
	case 24:
		memcpy(payload + 12, &config, 60);
		return bytes;
	}
	memcpy(payload, &value, sizeof(value));
	return sizeof(value);
}

static bool is_asked(const struct header *header)
{
	return header->flags & 8 || header->request == 1 || header->request == 15 ||
	       header->request == 11 || header->request == 24;
}

/* Return: false if the line is to be closed */
static bool answer(const struct header *asked, uint8_t *payload, uint32_t bytes)
{
	struct header header = { asked->request, 5, bytes };
	bool wrong = asked->request == back_end.at;

	switch (wrong ? back_end.wrong : WRONG_NOTHING) {
	case WRONG_NOTHING:
		break;
	case WRONG_GOES:
		return false;
	case WRONG_GOES_AFTER_HALF:
		return send(line, &header, 6, MSG_NOSIGNAL) < 0;
	case WRONG_SILENT:
		return true;
	case WRONG_REQUEST:
		header.request++;
		break;
	case WRONG_NO_REPLY:
		header.flags = 1;
		break;
	case WRONG_VERSION:
		header.flags = 6;
		break;
	case WRONG_SHORT:
		header.size = 0;
		break;
	case WRONG_LONG:
		header.size++;
		break;
	case WRONG_HUGE:
		header.size = UINT32_MAX;
		break;
	case WRONG_VALUE:
		/* The sign of a failure, and of a refusal. */
		memset(payload, asked->request == 1 || asked->request == 15 ? 0 : 0xFF, bytes);
		break;
	}
	return send(line, &header, sizeof(header), MSG_NOSIGNAL) > 0 &&
	       send(line, payload, bytes, MSG_NOSIGNAL) >= 0;
}

static bool serve_message(void)
{
	struct header header;
	uint8_t payload[512] = {};
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(8 * sizeof(int))];
	} control;
	struct iovec iov = { &header, sizeof(header) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	unsigned int count = 0;
	unsigned int i;
	int fds[8];
	bool good;

	if (recvmsg(line, &msg, MSG_WAITALL) != sizeof(header))
		return false;
	if (CMSG_FIRSTHDR(&msg)) {
		count = (unsigned int)((CMSG_FIRSTHDR(&msg)->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&msg)), count * sizeof(int));
	}
	if (header.size > sizeof(payload) ||
	    (header.size && recv(line, payload, header.size, MSG_WAITALL) != (ssize_t)header.size))
		abort();
	pthread_mutex_lock(&lock);
	i = obey(header.request, payload, header.size, fds, count);
	pthread_mutex_unlock(&lock);
	good = !is_asked(&header) || answer(&header, payload, i);
	for (i = 0; i < count; i++)
		close(fds[i]);
	return good;
}

static void *thread_main(void *arg)
{
	(void)arg;
	line = accept(listener, NULL, NULL);
	while (line >= 0 && serve_message())
		;
	pthread_mutex_lock(&lock);
	back_end.running = false;
	pthread_mutex_unlock(&lock);
	shutdown(line, SHUT_RDWR);
	return NULL;
}

void back_end_start(enum wrong wrong, uint32_t at)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	back_end = (struct back_end){ .wrong = wrong, .at = at };
	snprintf(back_end.path, sizeof(back_end.path), "/tmp/back_end.%d", getpid());
	strcpy(address.sun_path, back_end.path);
	unlink(back_end.path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(listener, 1) || pthread_create(&thread, NULL, thread_main, NULL))
		abort();
}

void back_end_stop(void)
{
	shutdown(listener, SHUT_RDWR);
	if (line >= 0)
		shutdown(line, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(listener);
	if (line >= 0)
		close(line);
	take_fd(&kick, NULL, 0);
	take_fd(&call, NULL, 0);
	line = -1;
	unlink(back_end.path);
}

void back_end_speak(void)
{
	if (send(line, "hello", 5, MSG_NOSIGNAL) != 5)
		abort();
}

static void serve_ring(void)
{
	static const uint8_t data[8192] = { [0 ... 8191] = 0x5A };
	struct virtio_chain chain;
	uint64_t one = 1;

	do {
		virtqueue_disable_notify(&ring);
		while (virtqueue_pop(&ring, &chain) > 0) {
			struct virtio_done done = { chain.head, (uint32_t)chain.in_bytes };
			const uint8_t status = VIRTIO_BLK_S_OK;

			virtio_chain_write(&chain, 0, data, chain.in_bytes - 1);
			virtio_chain_write(&chain, chain.in_bytes - 1, &status, 1);
			virtqueue_push(&ring, &done, 1);
			back_end.served++;
		}
	} while (!ring.error && virtqueue_enable_notify(&ring));
	if (virtqueue_wants_signal(&ring) && write(call, &one, sizeof(one)) < 0)
		abort();
	/* As QEMU does. */
	if (ring.error)
		shutdown(line, SHUT_RDWR);
}

bool back_end_run(void)
{
	uint64_t count;
	bool did;

	pthread_mutex_lock(&lock);
	did = back_end.running && kick >= 0 && read(kick, &count, sizeof(count)) > 0;
	if (did)
		serve_ring();
	pthread_mutex_unlock(&lock);
	return did;
}
