// SPDX-License-Identifier: GPL-2.0-only
/*
 * An I/O APIC: pins in, messages out. Intel 82093AA data sheet, and the EOI
 * register of version 0x20. Levels are logical, so the polarity bit of an entry
 * is kept and has no effect.
 */
#include <string.h>

#include "ioapic.h"

/* Memory-mapped */
#define OFFSET_SELECT	0x00
#define OFFSET_WINDOW	0x10
#define OFFSET_EOI	0x40

/* Behind the window */
#define REG_ID		0x00
#define REG_VERSION	0x01
#define REG_ARBITRATION	0x02
#define REG_ENTRY	0x10

#define VERSION		(0x20U | (IOAPIC_PINS - 1) << 16)
#define ID_BITS		0x0F000000U

/* A redirection entry */
#define ENTRY_VECTOR		0xFFULL
#define ENTRY_DELIVERY		(7ULL << 8)
#define ENTRY_LOGICAL		(1ULL << 11)
#define ENTRY_STATUS		(1ULL << 12)
#define ENTRY_REMOTE_IRR	(1ULL << 14)
#define ENTRY_LEVEL		(1ULL << 15)
#define ENTRY_MASKED		(1ULL << 16)
#define ENTRY_LOW_WRITABLE	(0x1FFFFULL & ~(ENTRY_STATUS | ENTRY_REMOTE_IRR))
#define ENTRY_HIGH_WRITABLE	(0xFFULL << 56)
#define DELIVERY_LOWEST		(1ULL << 8)

/* SDM volume 3, 11.11 */
#define MSI_ADDRESS		0xFEE00000ULL
#define MSI_DESTINATION_SHIFT	12
#define MSI_REDIRECTION		(1ULL << 3)
#define MSI_LOGICAL		(1ULL << 2)
#define MSI_ASSERT		(1U << 14)
#define MSI_LEVEL		(1U << 15)

static int send_entry(struct ioapic *io, uint64_t entry)
{
	uint64_t address = MSI_ADDRESS | (entry >> 56) << MSI_DESTINATION_SHIFT;
	uint32_t data = (uint32_t)(entry & (ENTRY_VECTOR | ENTRY_DELIVERY)) |
			MSI_ASSERT;

	if (entry & ENTRY_LOGICAL)
		address |= MSI_LOGICAL;
	if ((entry & ENTRY_DELIVERY) == DELIVERY_LOWEST)
		address |= MSI_REDIRECTION;
	if (entry & ENTRY_LEVEL)
		data |= MSI_LEVEL;
	return io->send(io->ctx, address, data);
}

/*
 * A level pin sends while its line is high, once until the EOI. A message that
 * nobody took (the vector is pending from another pin, or there is no such
 * processor) gets no EOI of its own: ioapic_eoi() looks at the line again.
 */
static void send_level(struct ioapic *io, unsigned int pin)
{
	uint64_t *entry = &io->entry[pin];

	if (!(*entry & ENTRY_LEVEL) || !(io->level & (1U << pin)) ||
	    (*entry & (ENTRY_MASKED | ENTRY_REMOTE_IRR)))
		return;
	if (send_entry(io, *entry) > 0)
		*entry |= ENTRY_REMOTE_IRR;
}

static void eoi_locked(struct ioapic *io, uint8_t vector)
{
	unsigned int pin;

	for (pin = 0; pin < IOAPIC_PINS; pin++) {
		uint64_t *entry = &io->entry[pin];

		if (!(*entry & ENTRY_LEVEL) ||
		    (*entry & ENTRY_VECTOR) != vector)
			continue;
		*entry &= ~ENTRY_REMOTE_IRR;
		send_level(io, pin);
	}
}

static uint32_t read_window(const struct ioapic *io)
{
	unsigned int pin = (io->select - REG_ENTRY) / 2;

	switch (io->select) {
	case REG_ID:
	case REG_ARBITRATION:
		return io->id;
	case REG_VERSION:
		return VERSION;
	}
	if (io->select < REG_ENTRY || pin >= IOAPIC_PINS)
		return 0;
	return (uint32_t)(io->entry[pin] >> (io->select & 1 ? 32 : 0));
}

static void write_entry_low(struct ioapic *io, unsigned int pin, uint32_t value)
{
	uint64_t entry = io->entry[pin];

	entry = (entry & ~ENTRY_LOW_WRITABLE) | (value & ENTRY_LOW_WRITABLE);
	if (!(entry & ENTRY_LEVEL))
		entry &= ~ENTRY_REMOTE_IRR;
	io->entry[pin] = entry;
	/* An edge that came while masked is lost, a level is still there. */
	send_level(io, pin);
}

static void write_window(struct ioapic *io, uint32_t value)
{
	unsigned int pin = (io->select - REG_ENTRY) / 2;

	if (io->select == REG_ID) {
		io->id = value & ID_BITS;
		return;
	}
	if (io->select < REG_ENTRY || pin >= IOAPIC_PINS)
		return;
	if (io->select & 1)
		io->entry[pin] = (io->entry[pin] & 0xFFFFFFFFULL) |
				 ((uint64_t)value << 32 & ENTRY_HIGH_WRITABLE);
	else
		write_entry_low(io, pin, value);
}

/**
 * ioapic_init() - the chip after reset: every pin masked
 * @ioapic: filled
 * @send: how messages go out
 * @ctx: its first argument
 */
void ioapic_init(struct ioapic *ioapic,
		 int (*send)(void *ctx, uint64_t address, uint32_t data),
		 void *ctx)
{
	memset(ioapic, 0, sizeof(*ioapic));
	pthread_mutex_init(&ioapic->lock, NULL);
	ioapic->send = send;
	ioapic->ctx = ctx;
	ioapic_reset(ioapic);
}

/**
 * ioapic_reset() - the chip as after reset; the lines stay as devices hold them
 * @ioapic: the chip
 */
void ioapic_reset(struct ioapic *ioapic)
{
	unsigned int pin;

	pthread_mutex_lock(&ioapic->lock);
	ioapic->id = 0;
	ioapic->select = 0;
	for (pin = 0; pin < IOAPIC_PINS; pin++)
		ioapic->entry[pin] = ENTRY_MASKED;
	pthread_mutex_unlock(&ioapic->lock);
}

/**
 * ioapic_destroy() - undo ioapic_init()
 * @ioapic: the chip
 */
void ioapic_destroy(struct ioapic *ioapic)
{
	pthread_mutex_destroy(&ioapic->lock);
}

/**
 * ioapic_read() - bus_device.read
 * @ioapic: the chip
 * @offset: offset in its page
 * @size: bytes
 *
 * Return: the register
 */
uint64_t ioapic_read(void *ioapic, uint64_t offset, unsigned int size)
{
	struct ioapic *io = ioapic;
	uint32_t value = 0;

	(void)size;
	pthread_mutex_lock(&io->lock);
	if (offset == OFFSET_SELECT)
		value = io->select;
	else if (offset == OFFSET_WINDOW)
		value = read_window(io);
	pthread_mutex_unlock(&io->lock);
	return value;
}

/**
 * ioapic_write() - bus_device.write
 * @ioapic: the chip
 * @offset: offset in its page
 * @size: bytes; registers behind the window take 4 alone
 * @value: what to write
 */
void ioapic_write(void *ioapic, uint64_t offset, unsigned int size,
		  uint64_t value)
{
	struct ioapic *io = ioapic;

	pthread_mutex_lock(&io->lock);
	if (offset == OFFSET_SELECT)
		io->select = (uint8_t)value;
	else if (offset == OFFSET_WINDOW && size == 4)
		write_window(io, (uint32_t)value);
	else if (offset == OFFSET_EOI)
		eoi_locked(io, (uint8_t)value);
	pthread_mutex_unlock(&io->lock);
}

/**
 * ioapic_line() - a device sets its interrupt line
 * @ioapic: the chip
 * @pin: 0 to 23
 * @level: true: asserted
 */
void ioapic_line(struct ioapic *ioapic, unsigned int pin, bool level)
{
	uint32_t bit = 1U << pin;
	bool rising;

	pthread_mutex_lock(&ioapic->lock);
	rising = level && !(ioapic->level & bit);
	ioapic->level = level ? ioapic->level | bit : ioapic->level & ~bit;
	if (ioapic->entry[pin] & ENTRY_LEVEL)
		send_level(ioapic, pin);
	else if (rising && !(ioapic->entry[pin] & ENTRY_MASKED))
		send_entry(ioapic, ioapic->entry[pin]);
	pthread_mutex_unlock(&ioapic->lock);
}

/**
 * ioapic_eoi() - a vCPU ended a level-triggered interrupt
 * @ioapic: the chip
 * @vector: its vector
 */
void ioapic_eoi(struct ioapic *ioapic, uint8_t vector)
{
	pthread_mutex_lock(&ioapic->lock);
	eoi_locked(ioapic, vector);
	pthread_mutex_unlock(&ioapic->lock);
}
