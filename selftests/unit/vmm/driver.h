/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtio driver for tests: it reaches its device as a guest does, through
 * ports, memory and rings, and can do all that a driver must not. The device has
 * no thread: driver_pump() does what its worker would.
 */
#ifndef HVMOD_TEST_DRIVER_H
#define HVMOD_TEST_DRIVER_H

#include <linux/virtio_config.h>
#include <stdbool.h>
#include <stdint.h>

#include "bus.h"
#include "guest.h"
#include "pci.h"
#include "virtio.h"

#define DRIVER_QUEUE_BYTES	0x4000	/* of a queue's rings */
#define DRIVER_DATA		0x200000ULL
#define DRIVER_SIZE		8	/* descriptors of a queue, mostly */
#define DRIVER_MESSAGES		64

/* Status of a device in use, and the bit of one that has failed. */
#define ALIVE		(VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | \
			 VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK)
#define NEEDS_RESET	VIRTIO_CONFIG_S_NEEDS_RESET

#define F_NEXT		1
#define F_WRITE		2
#define F_INDIRECT	4

/* What the kernel was told to do by itself. */
struct driver_irqfd {
	int fd;
	bool bound;
	uint64_t address;
	uint32_t data;
};

/* It is answered; it is kept, and the next one is looked at; nobody looks at it. */
enum driver_fate { ANSWERED, KEPT, UNSEEN };

/*
 * A device, for the tests that all devices get. @request writes a request that
 * is answered without anything from outside into the descriptors from 0 on, or
 * one of which @fate says what else becomes of it. @features are negotiated.
 */
struct driver_device {
	const char *name;
	struct virtio_device *(*create)(const struct virtio_machine *machine);
	unsigned int queue;	/* where it goes */
	void (*request)(unsigned int queue);
	enum driver_fate fate;
	uint64_t features;
};

struct driver {
	struct guest_memory memory;
	struct bus ports;
	struct bus mmio;
	struct pci pci;
	struct virtio_device *device;
	uint64_t bar;		/* registers */
	uint16_t port;		/* notification */
	uint64_t needed;	/* features of its type */
	uint64_t features;	/* negotiated */
	uint16_t size;		/* of the queue that was enabled last */
	uint16_t avail[VIRTIO_QUEUES_MAX];
	uint32_t messages[DRIVER_MESSAGES];	/* data of each MSI */
	unsigned int message_count;
	bool kernel_refuses;	/* it binds no messages and takes no doorbells */
	struct driver_irqfd irqfd[VIRTIO_QUEUES_MAX + 1];
	unsigned int irqfds;
	int doorbell[65536 / 4];	/* eventfd by port / 4; 0: none */
	unsigned int doorbells;
	unsigned int exits;	/* notifications that came to the VMM */
};

extern struct driver driver;

/* A part of the kernel that serves rings. Return: whether it had to do something */
extern bool (*driver_kernel)(void);
/* Memory that others can map, from the first driver_attach() on. */
extern bool driver_shares;

void driver_attach(const struct driver_device *type);
void driver_detach(void);
uint32_t driver_config(unsigned int offset, unsigned int size);
void driver_config_write(unsigned int offset, unsigned int size, uint32_t value);
unsigned int driver_capability(uint8_t id, uint8_t virtio_type);
uint64_t driver_read(uint64_t offset, unsigned int size);
void driver_write(uint64_t offset, unsigned int size, uint64_t value);
uint8_t driver_status(void);
void driver_set_status(uint8_t status);
/* Everything up to FEATURES_OK; then queues; then DRIVER_OK. */
void driver_negotiate(uint64_t features);
void driver_enable(unsigned int queue, uint16_t size);
void driver_ok(void);
void driver_up(uint64_t features);
void driver_desc(unsigned int queue, uint16_t index, uint64_t gpa, uint32_t bytes,
		 uint16_t flags, uint16_t next);
void driver_desc_at(uint64_t table, uint16_t index, uint64_t gpa, uint32_t bytes,
		    uint16_t flags, uint16_t next);
void driver_submit(unsigned int queue, uint16_t head);
void driver_avail_index(unsigned int queue, uint16_t index);
void driver_kick(unsigned int queue);
void driver_pump(void);
/* Pump until so many requests of a queue were answered, at most five seconds. */
bool driver_wait_used(unsigned int queue, uint16_t index);
uint16_t driver_used(unsigned int queue);
uint32_t driver_used_length(unsigned int queue, uint16_t index);
void *driver_memory(uint64_t gpa);
/* What is to become of a request does: the device is well. */
bool driver_works(const struct driver_device *type);

#endif
