/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtio 1.2 device on PCI. This header is all that a device needs: it has a
 * struct virtio_device_ops, and a struct virtio_device inside its own struct.
 *
 * Every device has a worker, a thread that runs its callbacks, one at a time: a
 * device without threads of its own needs no lock. vCPU threads touch registers
 * and never wait for a device; a reset too is the worker's, and the driver reads
 * a status of 0 when it is done (2.1, 4.1.4.3.1).
 *
 * Locks, in the order in which they are taken, behind that of the PCI bus:
 *   virtio_device.lock	registers
 *   virtio_queue.lock	a ring
 *   msix.lock		the vectors
 */
#ifndef HVMOD_VMM_VIRTIO_H
#define HVMOD_VMM_VIRTIO_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "guest.h"
#include "msix.h"
#include "pci.h"
#include "virtqueue.h"

#define VIRTIO_QUEUES_MAX	64
#define VIRTIO_CONFIG_MAX	256
#define VIRTIO_NOTIFY_STEP	4	/* ports from one queue's to the next */

struct virtio_device;

/**
 * struct virtio_device_ops - one type of device
 * @name: for threads and messages, at most 15 characters
 * @type: device id (virtio 1.2, chapter 5)
 * @class_code: PCI class, subclass and programming interface
 * @activate: the driver is ready and the queues are; @device->features says what
 *	was negotiated. In the worker. Return: NULL, or what is wrong. Or NULL
 * @notify: queue @queue may have requests; also once after @activate. In the
 *	worker. Or NULL: somebody else looks
 * @reset: forget all requests; afterwards nothing of the device touches guest
 *	memory or queues until the next @activate. In the worker, which it may
 *	hold up; or at the end, when the worker has gone. Or NULL
 * @call_changed: who serves queue @queue, which is lent, has to signal eventfd @call
 *	for an interrupt from now on. In the worker. NULL: none is lent
 * @config_written: the guest wants to store @size bytes of @value at @offset of
 *	the configuration; it changes @device->config. In a vCPU thread with
 *	@device->lock. NULL: it can't be written
 * @destroy: undo whatever made the device, but virtio_device_init(), and free
 *	it
 */
struct virtio_device_ops {
	const char *name;
	uint16_t type;
	uint32_t class_code;
	const char *(*activate)(struct virtio_device *device);
	void (*notify)(struct virtio_device *device, unsigned int queue);
	void (*reset)(struct virtio_device *device);
	void (*call_changed)(struct virtio_device *device, unsigned int queue,
			     int call);
	void (*config_written)(struct virtio_device *device, uint32_t offset,
			       unsigned int size, uint64_t value);
	void (*destroy)(struct virtio_device *device);
};

/**
 * struct virtio_machine - what a device needs of its machine
 * @memory: guest memory
 * @msix: how messages go out
 * @doorbell: have the kernel signal eventfd @fd for a store of 2 bytes to @port
 *	(HVMOD_DOORBELL), or stop that. Called with the device's lock. Return:
 *	0, or not 0 if that is not possible: such a store comes to the VMM
 * @lost: @text says that who served a device has gone for good. In its worker. Or
 *	NULL
 * @ctx: first argument of @doorbell and @lost
 */
struct virtio_machine {
	const struct guest_memory *memory;
	struct msix_wires msix;
	int (*doorbell)(void *ctx, int fd, uint16_t port, bool on);
	void (*lost)(void *ctx, const char *text);
	void *ctx;
};

/**
 * struct virtio_shape - how big a device is
 * @queues: number of queues, 1 to VIRTIO_QUEUES_MAX
 * @queue_size: most descriptors of each, a power of 2 up to VIRTQUEUE_SIZE_MAX
 * @features: feature bits of the device type; those of rings and transport come
 *	by themselves
 * @needed: those of them without which a driver could not use the device
 * @config_bytes: length of the device configuration, 0 to VIRTIO_CONFIG_MAX
 */
struct virtio_shape {
	unsigned int queues;
	uint16_t queue_size;
	uint64_t features;
	uint64_t needed;
	unsigned int config_bytes;
};

/**
 * struct virtio_watch - a descriptor that the worker waits for
 * @fd: the descriptor
 * @ready: called in the worker while @fd has one of the events
 */
struct virtio_watch {
	int fd;
	void (*ready)(struct virtio_watch *watch, uint32_t events);
};

/**
 * struct virtio_queue - registers and ring of one queue
 * @device: its device
 * @doorbell: eventfd that a notification signals; @fd is atomic
 * @layout: what the driver said. Behind the device's lock
 * @enabled: the driver enabled it. Behind the device's lock
 * @port: the kernel signals @doorbell for this port; 0: for none. Behind the
 *	device's lock
 * @vector: its MSI-X vector. Atomic
 * @lock: protects @ring
 * @ring: the ring
 * @live: @ring can be used. The worker's
 * @lent: somebody else serves it, and @doorbell is theirs. The worker's
 * @call: what they signal for an interrupt then. The worker's
 * @relay: eventfd of theirs for interrupts that nobody but the worker delivers;
 *	-1: never lent
 * @spare: eventfd that changes places with @doorbell once those who had that are
 *	not trusted any more; -1: never lent
 */
struct virtio_queue {
	struct virtio_device *device;
	struct virtio_watch doorbell;
	struct virtqueue_layout layout;
	bool enabled;
	uint16_t port;
	uint16_t vector;
	pthread_mutex_t lock;
	struct virtqueue ring;
	bool live;
	bool lent;
	int call;
	struct virtio_watch relay;
	int spare;
};

/**
 * struct virtio_loan - what somebody needs to serve a queue
 * @ring: the ring; that it is all in memory has been checked
 * @kick: eventfd that the driver's notifications signal
 * @call: eventfd to signal for an interrupt
 */
struct virtio_loan {
	const struct virtqueue *ring;
	int kick;
	int call;
};

/**
 * enum virtio_request - what vCPU threads want of the worker
 * @VIRTIO_NOTHING: nothing
 * @VIRTIO_ACTIVATE: the driver set DRIVER_OK
 * @VIRTIO_RESET: the driver wrote 0 to the status
 */
enum virtio_request {
	VIRTIO_NOTHING,
	VIRTIO_ACTIVATE,
	VIRTIO_RESET,
};

/**
 * struct virtio_device - one device
 * @ops: its type
 * @machine: where it is
 * @shape: how big it is; @features has all that are offered
 * @features: what was negotiated, from @activate to @reset
 * @function: its PCI function
 * @msix: its vectors: configuration changes, then one a queue
 * @isr: ISR status. Atomic
 * @lock: protects all down to @vectors_changed
 * @config: device configuration; fill it before virtio_pci_add(), later use
 *	virtio_config_set()
 * @generation: counts its changes
 * @status: device status
 * @error: what was wrong when it became DEVICE_NEEDS_RESET
 * @driver_features: what the driver wrote
 * @device_select: which half of the offered features shows
 * @driver_select: which half of the driver's
 * @queue_select: whose registers show
 * @config_vector: MSI-X vector of configuration changes
 * @notify_port: first port of notifications; 0: none is decoded
 * @request: what the worker has to do
 * @vectors_changed: and this, the driver chose a vector while it used the device
 * @queue: the queues
 * @active: the device is in use. The worker's
 * @broken: DEVICE_NEEDS_RESET is set. Atomic
 * @epoll: what the worker waits for
 * @wake: tells it to look at @request and @ending
 * @ending: the worker has to end. Atomic
 * @thread: the worker, if @thread_made
 * @thread_made: there is one
 * @config_cap: offset of the capability through which configuration accesses
 *	reach BARs
 */
struct virtio_device {
	const struct virtio_device_ops *ops;
	struct virtio_machine machine;
	struct virtio_shape shape;
	uint64_t features;
	struct pci_function function;
	struct msix msix;
	uint8_t isr;

	pthread_mutex_t lock;
	uint8_t config[VIRTIO_CONFIG_MAX];
	uint8_t generation;
	uint8_t status;
	const char *error;
	uint64_t driver_features;
	uint32_t device_select;
	uint32_t driver_select;
	uint16_t queue_select;
	uint16_t config_vector;
	uint16_t notify_port;
	enum virtio_request request;
	bool vectors_changed;

	struct virtio_queue queue[VIRTIO_QUEUES_MAX];
	bool active;
	bool broken;
	int epoll;
	struct virtio_watch wake;
	bool ending;
	pthread_t thread;
	bool thread_made;
	unsigned int config_cap;
};

/* For devices: virtio.c */
int virtio_device_init(struct virtio_device *device,
		       const struct virtio_device_ops *ops,
		       const struct virtio_shape *shape,
		       const struct virtio_machine *machine);
void virtio_run(struct virtio_device *device, unsigned int queue,
		bool (*handle)(struct virtio_device *device, unsigned int queue,
			       struct virtio_chain *chain));
void virtio_push(struct virtio_device *device, unsigned int queue,
		 uint16_t head, uint32_t written);
void virtio_push_all(struct virtio_device *device, unsigned int queue,
		     const struct virtio_done *done, unsigned int count);
void virtio_signal(struct virtio_device *device, unsigned int queue);
void virtio_fail(struct virtio_device *device, const char *error);
void virtio_config_set(struct virtio_device *device, uint32_t offset,
		       const void *data, unsigned int size);

/* For devices: virtio_worker.c */
int virtio_watch_add(struct virtio_device *device, struct virtio_watch *watch,
		     uint32_t events);
int virtio_watch_change(struct virtio_device *device,
			struct virtio_watch *watch, uint32_t events);
void virtio_watch_remove(struct virtio_device *device,
			 struct virtio_watch *watch);
void virtio_ring_doorbell(struct virtio_device *device, unsigned int queue);

/* For devices: virtio_lend.c */
int virtio_lend_prepare(struct virtio_device *device, unsigned int queue);
bool virtio_lend(struct virtio_device *device, unsigned int queue,
		 struct virtio_loan *loan);
void virtio_take_back(struct virtio_device *device, unsigned int queue);
void virtio_take_over(struct virtio_device *device, unsigned int queue);
void virtio_update_calls(struct virtio_device *device);

/* For the machine */
int virtio_pci_add(struct virtio_device *device, struct pci *pci);
int virtio_device_start(struct virtio_device *device);
void virtio_device_reset(struct virtio_device *device);
void virtio_device_destroy(struct virtio_device *device);

/* Between virtio.c, virtio_worker.c and virtio_pci.c */
int virtio_worker_create(struct virtio_device *device);
void virtio_worker_stop(struct virtio_device *device);
void virtio_worker_destroy(struct virtio_device *device);
void virtio_worker_wake(struct virtio_device *device);
int virtio_worker_step(struct virtio_device *device, int timeout_ms);
void virtio_do_request(struct virtio_device *device);
void virtio_set_status(struct virtio_device *device, uint8_t status);
void virtio_update_doorbells(struct virtio_device *device);
void virtio_doorbell_rang(struct virtio_watch *watch, uint32_t events);

#endif
