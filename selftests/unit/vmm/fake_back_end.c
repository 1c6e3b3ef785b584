// SPDX-License-Identifier: GPL-2.0-only
/* A vhost-user back end for tests. */
#include <errno.h>
#include <linux/fuse.h>
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

#define QUEUES	2
#define FEATURES (1ULL << 30 | 1ULL << VIRTIO_F_VERSION_1 |		\
		  1ULL << VIRTIO_RING_F_INDIRECT_DESC |			\
		  1ULL << VIRTIO_RING_F_EVENT_IDX)
/* virtiofsd has no configuration. */
static const struct {
	uint64_t features;
	uint64_t extras;
} kinds[] = {
	[BACK_END_DISK] = { FEATURES | 1ULL << VIRTIO_BLK_F_FLUSH | 1ULL << VIRTIO_BLK_F_MQ,
			    1ULL << 3 | 1ULL << 9 },
	[BACK_END_FS] = { FEATURES, 1ULL << 3 },
};

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
static struct queue {
	struct virtqueue ring;
	bool running;
	int kick;
	int call;
} queues[QUEUES] = { [0 ... QUEUES - 1] = { .kick = -1, .call = -1 } };

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
	struct queue *queue = &queues[payload[0] % QUEUES];
	struct virtqueue *ring = &queue->ring;

	memcpy(&state, payload, sizeof(state));
	switch (request) {
	case 1:
		value = kinds[back_end.kind].features;
		break;
	case 15:
		value = kinds[back_end.kind].extras;
		break;
	case 2:
		memcpy(&back_end.features, payload, 8);
		break;
	case 5:
		take_memory(payload, fds, count);
		break;
	case 8:
		ring->size = (uint16_t)state.num;
		break;
	case 9:
		memcpy(&address, payload, sizeof(address));
		ring->desc = (void *)(uintptr_t)address.desc_user_addr;
		ring->avail = (void *)(uintptr_t)address.avail_user_addr;
		ring->used = (void *)(uintptr_t)address.used_user_addr;
		break;
	case 10:
		ring->next_avail = (uint16_t)state.num;
		ring->next_used = 0;
		ring->signalled = 0;
		ring->memory = &driver.memory;
		ring->event_idx = back_end.features >> VIRTIO_RING_F_EVENT_IDX & 1;
		ring->indirect = back_end.features >> VIRTIO_RING_F_INDIRECT_DESC & 1;
		ring->error = NULL;
		break;
	case 11:
		queue->running = false;
		back_end.running--;
		back_end.stops++;
		state.num = ring->next_avail;
		memcpy(payload, &state, sizeof(state));
		return sizeof(state);
	case 12:
		take_fd(&queue->kick, fds, count);
		break;
	case 13:
		take_fd(&queue->call, fds, count);
		break;
	case 18:
		queue->running = state.num;
		back_end.running += state.num;
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
	back_end.running = 0;
	pthread_mutex_unlock(&lock);
	shutdown(line, SHUT_RDWR);
	return NULL;
}

void back_end_start(enum back_end_kind kind, enum wrong wrong, uint32_t at)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	back_end = (struct back_end){ .kind = kind, .wrong = wrong, .at = at };
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
	unsigned int i;

	shutdown(listener, SHUT_RDWR);
	if (line >= 0)
		shutdown(line, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(listener);
	if (line >= 0)
		close(line);
	for (i = 0; i < QUEUES; i++) {
		take_fd(&queues[i].kick, NULL, 0);
		take_fd(&queues[i].call, NULL, 0);
		queues[i].running = false;
	}
	line = -1;
	unlink(back_end.path);
}

void back_end_speak(void)
{
	if (send(line, "hello", 5, MSG_NOSIGNAL) != 5)
		abort();
}

static void answer_disk(struct virtio_chain *chain)
{
	static const uint8_t data[8192] = { [0 ... 8191] = 0x5A };
	const uint8_t status = VIRTIO_BLK_S_OK;

	virtio_chain_write(chain, 0, data, chain->in_bytes - 1);
	virtio_chain_write(chain, chain->in_bytes - 1, &status, 1);
}

static void answer_fs(struct virtio_chain *chain)
{
	struct fuse_out_header out = { .len = sizeof(out) };
	struct fuse_in_header in = {};

	virtio_chain_read(chain, 0, &in, sizeof(in));
	out.unique = in.unique;
	virtio_chain_write(chain, 0, &out, sizeof(out));
}

static void serve_ring(struct queue *queue)
{
	struct virtqueue *ring = &queue->ring;
	struct virtio_chain chain;
	uint64_t one = 1;

	do {
		virtqueue_disable_notify(ring);
		while (virtqueue_pop(ring, &chain) > 0) {
			struct virtio_done done = { chain.head, (uint32_t)chain.in_bytes };

			if (back_end.most && back_end.served == back_end.most)
				continue;
			back_end.served++;
			(back_end.kind == BACK_END_FS ? answer_fs : answer_disk)(&chain);
			virtqueue_push(ring, &done, 1);
		}
	} while (!ring->error && virtqueue_enable_notify(ring));
	if (!back_end.mute && virtqueue_wants_signal(ring) && write(queue->call, &one, sizeof(one)) < 0)
		abort();
	/* As QEMU does. */
	if (ring->error)
		shutdown(line, SHUT_RDWR);
}

bool back_end_run(void)
{
	bool did = false;
	unsigned int i;
	uint64_t count;

	pthread_mutex_lock(&lock);
	for (i = 0; i < QUEUES && back_end.running; i++) {
		struct queue *queue = &queues[i];

		if (!queue->running || queue->kick < 0 ||
		    read(queue->kick, &count, sizeof(count)) <= 0)
			continue;
		serve_ring(queue);
		did = true;
	}
	pthread_mutex_unlock(&lock);
	return did;
}
