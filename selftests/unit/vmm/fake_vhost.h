/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel's vhost-vsock or vhost-net, for tests: it takes the calls of their devices
 * and serves the rings that it is given: all that is received or sent is answered.
 * Programs that link it need --wrap=open and --wrap=ioctl.
 */
#ifndef HVMOD_TEST_FAKE_VHOST_H
#define HVMOD_TEST_FAKE_VHOST_H

#include <linux/vhost.h>
#include <stdbool.h>
#include <stdint.h>

#include "virtio.h"

#define FAKE_VHOST_RINGS	2

struct fake_vhost_ring {
	unsigned int size;
	unsigned int base;
	struct vhost_vring_addr address;
	int kick;
	int call;
	int err;
	int tap;
	struct virtqueue queue;		/* while it runs */
};

struct fake_vhost {
	int fd;			/* -1: not open */
	bool net;		/* vhost-net */
	bool owned;
	uint64_t features;	/* set */
	uint64_t cid;
	bool running;
	unsigned int regions;
	struct vhost_memory_region region[8];
	struct fake_vhost_ring ring[FAKE_VHOST_RINGS];
	unsigned int starts;
	/* What the test wants of it. */
	int open_errno;
	unsigned long fail_request;	/* this one fails, */
	int fail_errno;			/* with this */
	uint64_t offered;		/* instead of all features, if not 0 */
	uint64_t taken[4];		/* CIDs of others */
};

extern struct fake_vhost fake_vhost;

/* As after boot; nothing is open. */
void fake_vhost_reset(void);
/* It has neither a ring nor a tap. */
bool fake_vhost_idle(void);
/* Serve what the driver kicked for. Return: whether there was something to do */
bool fake_vhost_run(void);
/* Say that a ring is not as it should be. */
void fake_vhost_report(unsigned int ring);

/* For driver_device.create, and requests to it. */
struct virtio_device *vsock_create(const struct virtio_machine *machine);
void vsock_rx_request(unsigned int queue);
void vsock_tx_request(unsigned int queue);
void vsock_event_request(unsigned int queue);
struct virtio_device *vhost_net_create(const struct virtio_machine *machine);
/* The other end of its tap, to be closed by the test; it goes with the device otherwise. */
extern int vhost_net_other_end;

#endif
