/* SPDX-License-Identifier: GPL-2.0-only */
/* A 16550A. */
#ifndef HVMOD_VMM_SERIAL_H
#define HVMOD_VMM_SERIAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERIAL_FIFO_BYTES	16
#define SERIAL_QUEUE_BYTES	4096
#define SERIAL_BREAK		0x100

/**
 * struct serial_ops - what the chip is wired to
 * @output: a byte that left the transmitter. Called without the lock
 * @line: the level of the interrupt line. Called with the lock
 */
struct serial_ops {
	void (*output)(void *ctx, uint8_t byte);
	void (*line)(void *ctx, bool level);
};

/**
 * struct serial - the chip and the queue of typed bytes before it
 * @lock: protects all below; the lock of the IOAPIC may be taken inside
 * @ops: wiring
 * @ctx: first argument of @ops
 * @ier: interrupt enable
 * @fcr: FIFO control: enable and trigger level
 * @lcr: line control
 * @mcr: modem control
 * @lsr_errors: overrun bit of the line status
 * @msr_delta: delta bits of the modem status
 * @scr: scratch
 * @divisor: baud rate divisor, without effect
 * @thre_pending: the transmitter-empty interrupt was not acknowledged
 * @line_level: what the interrupt line was told last
 * @fifo: received bytes, a ring; SERIAL_BREAK marks a break, whose byte is 0
 * @fifo_head: the oldest
 * @fifo_count: how many
 * @queue: bytes that found no place in the FIFO yet, a ring
 * @queue_head: the oldest
 * @queue_count: how many
 */
struct serial {
	pthread_mutex_t lock;
	struct serial_ops ops;
	void *ctx;
	uint8_t ier;
	uint8_t fcr;
	uint8_t lcr;
	uint8_t mcr;
	uint8_t lsr_errors;
	uint8_t msr_delta;
	uint8_t scr;
	uint16_t divisor;
	bool thre_pending;
	bool line_level;
	uint16_t fifo[SERIAL_FIFO_BYTES];
	unsigned int fifo_head;
	unsigned int fifo_count;
	uint16_t queue[SERIAL_QUEUE_BYTES];
	unsigned int queue_head;
	unsigned int queue_count;
};

void serial_init(struct serial *serial, const struct serial_ops *ops,
		 void *ctx);
void serial_reset(struct serial *serial);
void serial_destroy(struct serial *serial);
uint64_t serial_read(void *serial, uint64_t offset, unsigned int size);
void serial_write(void *serial, uint64_t offset, unsigned int size,
		  uint64_t value);
size_t serial_input(struct serial *serial, const uint8_t *data, size_t len);
bool serial_sysrq(struct serial *serial, uint8_t key);

#endif
