// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames over a stream socket, each behind its length in 32 bits, big-endian:
 * what passt speaks, and QEMU's "-netdev stream".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"
#include "virtqueue.h"

#define PREFIX		4U
#define BUFFER_BYTES	(2 * (PREFIX + NET_FRAME_MAX))

/**
 * struct stream - a socket
 * @backend: what the device sees
 * @start: first byte in @in that was not taken
 * @end: end of what is in @in
 * @out_start: first byte in @out that was not sent
 * @out_end: end of what is in @out
 * @in: what came
 * @out: rest of a frame that went in part
 */
struct stream {
	struct net_backend backend;
	size_t start;
	size_t end;
	size_t out_start;
	size_t out_end;
	uint8_t in[BUFFER_BYTES];
	uint8_t out[PREFIX + NET_FRAME_MAX];
};

static void stream_flush(struct net_backend *backend)
{
	struct stream *stream = (struct stream *)backend;
	ssize_t sent;

	while (stream->out_start < stream->out_end) {
		sent = send(backend->fd, stream->out + stream->out_start,
			    stream->out_end - stream->out_start,
			    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		/* Of an error receive() will tell. */
		if (sent < 0 && errno != EAGAIN)
			stream->out_start = stream->out_end;
		if (sent < 0)
			break;
		stream->out_start += (size_t)sent;
	}
	backend->pending = stream->out_start < stream->out_end;
}

/* Keep what is behind the first @done bytes. */
static void keep(struct stream *stream, const struct iovec *iov,
		 unsigned int count, size_t done)
{
	unsigned int i;

	stream->out_start = 0;
	stream->out_end = 0;
	for (i = 0; i < count; i++) {
		size_t skip = done < iov[i].iov_len ? done : iov[i].iov_len;
		size_t bytes = iov[i].iov_len - skip;

		memcpy(stream->out + stream->out_end,
		       (const uint8_t *)iov[i].iov_base + skip, bytes);
		stream->out_end += bytes;
		done -= skip;
	}
	stream->backend.pending = stream->out_end;
}

static int stream_send(struct net_backend *backend, const struct iovec *iov,
		       unsigned int count, size_t bytes)
{
	struct stream *stream = (struct stream *)backend;
	uint32_t prefix = htonl((uint32_t)bytes);
	struct iovec all[VIRTQUEUE_SIZE_MAX + 1];
	struct msghdr message = { .msg_iov = all, .msg_iovlen = count + 1 };
	ssize_t sent;

	if (backend->pending)
		stream_flush(backend);
	if (backend->pending)
		return -EAGAIN;
	all[0] = (struct iovec){ &prefix, sizeof(prefix) };
	memcpy(all + 1, iov, count * sizeof(*iov));
	do {
		sent = sendmsg(backend->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return -errno;
	if ((size_t)sent < sizeof(prefix) + bytes)
		keep(stream, all, count + 1, (size_t)sent);
	return 0;
}

/* Return: bytes of the first whole frame, 0: there is none, -EPROTO */
static ssize_t next_frame(struct stream *stream, const uint8_t **frame)
{
	uint32_t bytes;

	if (stream->end - stream->start < PREFIX)
		return 0;
	memcpy(&bytes, stream->in + stream->start, PREFIX);
	bytes = ntohl(bytes);
	if (!bytes || bytes > NET_FRAME_MAX)
		return -EPROTO;
	if (stream->end - stream->start - PREFIX < bytes)
		return 0;
	*frame = stream->in + stream->start + PREFIX;
	stream->start += PREFIX + bytes;
	return bytes;
}

static ssize_t stream_receive(struct net_backend *backend, const uint8_t **frame)
{
	struct stream *stream = (struct stream *)backend;
	ssize_t ret;

	for (;;) {
		ret = next_frame(stream, frame);
		if (ret)
			return ret;
		/* At most a part of a frame: what moves is short. */
		memmove(stream->in, stream->in + stream->start,
			stream->end - stream->start);
		stream->end -= stream->start;
		stream->start = 0;
		ret = recv(backend->fd, stream->in + stream->end,
			   sizeof(stream->in) - stream->end, MSG_DONTWAIT);
		if (ret < 0 && errno == EINTR)
			continue;
		if (ret < 0 && errno == EAGAIN)
			return 0;
		if (ret <= 0)
			return -EPIPE;
		stream->end += (size_t)ret;
	}
}

static void stream_destroy(struct net_backend *backend)
{
	close(backend->fd);
	free(backend);
}

static const struct net_backend_ops stream_ops = {
	.send = stream_send,
	.receive = stream_receive,
	.flush = stream_flush,
	.destroy = stream_destroy,
};

/**
 * net_stream_create() - a backend for a stream socket
 * @fd: the connected socket; the backend's after success
 *
 * Return: the backend, or NULL with errno
 */
struct net_backend *net_stream_create(int fd)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return NULL;
	stream->backend.ops = &stream_ops;
	stream->backend.fd = fd;
	return &stream->backend;
}
