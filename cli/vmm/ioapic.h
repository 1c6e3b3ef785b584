/* SPDX-License-Identifier: GPL-2.0-only */
/* An I/O APIC of 24 pins. */
#ifndef HVMOD_VMM_IOAPIC_H
#define HVMOD_VMM_IOAPIC_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "layout.h"

/**
 * struct ioapic - the chip
 * @lock: protects all below; taken last
 * @send: deliver a message; returns the number of vCPUs that took it, or -1.
 *	Called with the lock
 * @ctx: first argument of @send
 * @id: its id register
 * @select: the register that the window shows
 * @entry: redirection entries, as the guest reads them
 * @level: bit n is the level of pin n
 */
struct ioapic {
	pthread_mutex_t lock;
	int (*send)(void *ctx, uint64_t address, uint32_t data);
	void *ctx;
	uint32_t id;
	uint8_t select;
	uint64_t entry[IOAPIC_PINS];
	uint32_t level;
};

void ioapic_init(struct ioapic *ioapic,
		 int (*send)(void *ctx, uint64_t address, uint32_t data),
		 void *ctx);
void ioapic_reset(struct ioapic *ioapic);
void ioapic_destroy(struct ioapic *ioapic);
uint64_t ioapic_read(void *ioapic, uint64_t offset, unsigned int size);
void ioapic_write(void *ioapic, uint64_t offset, unsigned int size,
		  uint64_t value);
void ioapic_line(struct ioapic *ioapic, unsigned int pin, bool level);
void ioapic_eoi(struct ioapic *ioapic, uint8_t vector);

#endif
