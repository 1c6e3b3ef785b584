/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where frames of a network device go to and come from. A backend never blocks;
 * its descriptor tells when there is something to do. One thread at a time.
 */
#ifndef HVMOD_VMM_NET_H
#define HVMOD_VMM_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "vmm.h"

#define NET_HEADER	12U	/* struct virtio_net_hdr_v1 */
#define NET_FRAME_MAX	65600U	/* 64 KiB of segments and their headers */

struct net_backend;

/**
 * struct net_backend_ops - one kind of backend
 * @send: @bytes bytes of a frame, NET_HEADER bytes of header before them if
 *	backend.header. Return: 0; -EAGAIN: not now; other negative errno: it is
 *	lost
 * @receive: the next frame, with header if backend.header; it stays where it is
 *	until the next call. Return: its bytes; 0: there is none now; negative
 *	errno: there will never be one again
 * @flush: send what was kept back, when the descriptor is writable; or NULL
 * @offload: the guest can take frames as these VIRTIO_NET_F_GUEST_* say; or NULL
 * @destroy: close the descriptor and free the backend
 */
struct net_backend_ops {
	int (*send)(struct net_backend *backend, const struct iovec *iov,
		    unsigned int count, size_t bytes);
	ssize_t (*receive)(struct net_backend *backend, const uint8_t **frame);
	void (*flush)(struct net_backend *backend);
	void (*offload)(struct net_backend *backend, uint64_t features);
	void (*destroy)(struct net_backend *backend);
};

/**
 * struct net_backend - an end of a cable
 * @ops: its kind
 * @fd: readable when there are frames
 * @header: frames have a virtio_net_hdr_v1 before them
 * @features: VIRTIO_NET_F_* that it makes possible
 * @pending: part of a frame waits for @fd to be writable
 */
struct net_backend {
	const struct net_backend_ops *ops;
	int fd;
	bool header;
	uint64_t features;
	bool pending;
};

struct net_backend *net_open(const struct vmm_net *config, char *err,
			     size_t err_size);

/* net_tap.c */
struct net_backend *net_tap_open(const char *name, char *err, size_t err_size);
struct net_backend *net_tap_from_fd(int fd, char *err, size_t err_size);
struct net_backend *net_tap_create(int fd, bool header, uint64_t features);

/* net_stream.c */
struct net_backend *net_stream_create(int fd);

/* net_passt.c */
int net_passt_connect(const char *path, char *err, size_t err_size);
int net_passt_start(char *err, size_t err_size);

void net_default_mac(uint8_t mac[6], const char *domain, unsigned int index);

#endif
