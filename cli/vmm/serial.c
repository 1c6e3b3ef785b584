// SPDX-License-Identifier: GPL-2.0-only
/*
 * A 16550A whose transmitter is always empty: a written byte has left before
 * the instruction ends. Register by register as in National's PC16550D data
 * sheet, with <linux/serial_reg.h> for the names.
 */
#include <linux/serial_reg.h>
#include <string.h>

#include "serial.h"

#define REGISTERS	8
#define IER_BITS	0x0F
#define MCR_BITS	0x1F
#define FCR_KEPT	(UART_FCR_ENABLE_FIFO | UART_FCR_TRIGGER_MASK)
#define IIR_FIFO	0xC0
#define MSR_INPUTS	0xF0

static bool divisor_latch(const struct serial *s)
{
	return s->lcr & UART_LCR_DLAB;
}

static unsigned int fifo_size(const struct serial *s)
{
	return s->fcr & UART_FCR_ENABLE_FIFO ? SERIAL_FIFO_BYTES : 1;
}

static unsigned int fifo_trigger(const struct serial *s)
{
	static const uint8_t level[4] = { 1, 4, 8, 14 };

	if (!(s->fcr & UART_FCR_ENABLE_FIFO))
		return 1;
	return level[s->fcr >> 6];
}

static void fifo_put(struct serial *s, uint16_t byte)
{
	if (s->fifo_count == fifo_size(s)) {
		s->lsr_errors |= UART_LSR_OE;
		return;
	}
	s->fifo[(s->fifo_head + s->fifo_count++) % SERIAL_FIFO_BYTES] = byte;
}

static uint8_t fifo_get(struct serial *s)
{
	uint8_t byte;

	if (!s->fifo_count)
		return 0;
	byte = (uint8_t)s->fifo[s->fifo_head];
	s->fifo_head = (s->fifo_head + 1) % SERIAL_FIFO_BYTES;
	s->fifo_count--;
	return byte;
}

/* A break is told with the byte that the processor would read next. */
static bool break_next(const struct serial *s)
{
	return s->fifo_count && s->fifo[s->fifo_head] & SERIAL_BREAK;
}

static bool break_anywhere(const struct serial *s)
{
	unsigned int i;

	for (i = 0; i < s->fifo_count; i++) {
		if (s->fifo[(s->fifo_head + i) % SERIAL_FIFO_BYTES] & SERIAL_BREAK)
			return true;
	}
	return false;
}

/* In loopback the receiver is cut off from the outside. */
static void refill(struct serial *s)
{
	while (s->queue_count && s->fifo_count < fifo_size(s) &&
	       !(s->mcr & UART_MCR_LOOP)) {
		fifo_put(s, s->queue[s->queue_head]);
		s->queue_head = (s->queue_head + 1) % SERIAL_QUEUE_BYTES;
		s->queue_count--;
	}
}

static uint8_t modem_inputs(const struct serial *s)
{
	uint8_t inputs = 0;

	if (!(s->mcr & UART_MCR_LOOP))
		return UART_MSR_DCD | UART_MSR_DSR | UART_MSR_CTS;
	if (s->mcr & UART_MCR_DTR)
		inputs |= UART_MSR_DSR;
	if (s->mcr & UART_MCR_RTS)
		inputs |= UART_MSR_CTS;
	if (s->mcr & UART_MCR_OUT1)
		inputs |= UART_MSR_RI;
	if (s->mcr & UART_MCR_OUT2)
		inputs |= UART_MSR_DCD;
	return inputs;
}

/*
 * The highest of the pending interrupts. A FIFO below its trigger level would
 * time out after four characters' time; here it does at once.
 */
static uint8_t pending(const struct serial *s)
{
	if ((s->ier & UART_IER_RLSI) && (s->lsr_errors || break_next(s)))
		return UART_IIR_RLSI;
	if ((s->ier & UART_IER_RDI) && s->fifo_count)
		return s->fifo_count >= fifo_trigger(s) ? UART_IIR_RDI
							: UART_IIR_RX_TIMEOUT;
	if ((s->ier & UART_IER_THRI) && s->thre_pending)
		return UART_IIR_THRI;
	if ((s->ier & UART_IER_MSI) && s->msr_delta)
		return UART_IIR_MSI;
	return UART_IIR_NO_INT;
}

/* OUT2 gates the line on every PC; loopback cuts it off. */
static void update_line(struct serial *s)
{
	bool level = pending(s) != UART_IIR_NO_INT &&
		     (s->mcr & UART_MCR_OUT2) && !(s->mcr & UART_MCR_LOOP);

	if (level == s->line_level)
		return;
	s->line_level = level;
	s->ops.line(s->ctx, level);
}

static uint8_t read_rx(struct serial *s)
{
	uint8_t byte;

	if (divisor_latch(s))
		return (uint8_t)s->divisor;
	byte = fifo_get(s);
	refill(s);
	return byte;
}

static uint8_t read_ier(struct serial *s)
{
	return divisor_latch(s) ? s->divisor >> 8 : s->ier;
}

static uint8_t read_iir(struct serial *s)
{
	uint8_t iir = pending(s);

	if (iir == UART_IIR_THRI)
		s->thre_pending = false;
	if (s->fcr & UART_FCR_ENABLE_FIFO)
		iir |= IIR_FIFO;
	return iir;
}

static uint8_t read_lcr(struct serial *s)
{
	return s->lcr;
}

static uint8_t read_mcr(struct serial *s)
{
	return s->mcr;
}

static uint8_t read_lsr(struct serial *s)
{
	uint8_t lsr = UART_LSR_THRE | UART_LSR_TEMT | s->lsr_errors;

	if (s->fifo_count)
		lsr |= UART_LSR_DR;
	if ((s->fcr & UART_FCR_ENABLE_FIFO) && break_anywhere(s))
		lsr |= UART_LSR_FIFOE;
	if (break_next(s)) {
		lsr |= UART_LSR_BI;
		s->fifo[s->fifo_head] &= (uint16_t)~SERIAL_BREAK;
	}
	s->lsr_errors = 0;
	return lsr;
}

static uint8_t read_msr(struct serial *s)
{
	uint8_t msr = modem_inputs(s) | s->msr_delta;

	s->msr_delta = 0;
	return msr;
}

static uint8_t read_scr(struct serial *s)
{
	return s->scr;
}

/* Return: the byte goes out */
static bool write_tx(struct serial *s, uint8_t value)
{
	if (divisor_latch(s)) {
		s->divisor = (s->divisor & 0xFF00) | value;
		return false;
	}
	/* The line falls and rises: an edge for each byte. */
	s->thre_pending = false;
	update_line(s);
	s->thre_pending = true;
	if (!(s->mcr & UART_MCR_LOOP))
		return true;
	fifo_put(s, value);
	return false;
}

static bool write_ier(struct serial *s, uint8_t value)
{
	if (divisor_latch(s)) {
		s->divisor = (uint16_t)(value << 8 | (s->divisor & 0xFF));
		return false;
	}
	/* Enabling it with the transmitter empty raises it. */
	if ((value & ~s->ier) & UART_IER_THRI)
		s->thre_pending = true;
	s->ier = value & IER_BITS;
	return false;
}

static bool write_fcr(struct serial *s, uint8_t value)
{
	bool toggled = (value ^ s->fcr) & UART_FCR_ENABLE_FIFO;

	if (toggled || (value & UART_FCR_CLEAR_RCVR))
		s->fifo_count = 0;
	s->fcr = value & UART_FCR_ENABLE_FIFO ? value & FCR_KEPT : 0;
	refill(s);
	return false;
}

static bool write_lcr(struct serial *s, uint8_t value)
{
	bool break_begins = (value & ~s->lcr) & UART_LCR_SBC;

	s->lcr = value;
	if (break_begins && (s->mcr & UART_MCR_LOOP))
		fifo_put(s, SERIAL_BREAK);
	return false;
}

static bool write_mcr(struct serial *s, uint8_t value)
{
	uint8_t before = modem_inputs(s);
	uint8_t after;

	s->mcr = value & MCR_BITS;
	after = modem_inputs(s);
	/* Delta bits lie 4 below the inputs; RI tells its falling edge alone. */
	s->msr_delta |= (before ^ after) >> 4 & ~UART_MSR_TERI;
	if (before & ~after & UART_MSR_RI)
		s->msr_delta |= UART_MSR_TERI;
	refill(s);
	return false;
}

static bool write_nothing(struct serial *s, uint8_t value)
{
	(void)s;
	(void)value;
	return false;
}

static bool write_scr(struct serial *s, uint8_t value)
{
	s->scr = value;
	return false;
}

static const struct {
	uint8_t (*read)(struct serial *s);
	bool (*write)(struct serial *s, uint8_t value);
} registers[REGISTERS] = {
	[UART_RX]	= { read_rx, write_tx },
	[UART_IER]	= { read_ier, write_ier },
	[UART_IIR]	= { read_iir, write_fcr },
	[UART_LCR]	= { read_lcr, write_lcr },
	[UART_MCR]	= { read_mcr, write_mcr },
	[UART_LSR]	= { read_lsr, write_nothing },
	[UART_MSR]	= { read_msr, write_nothing },
	[UART_SCR]	= { read_scr, write_scr },
};

/**
 * serial_init() - the chip after reset
 * @serial: filled
 * @ops: wiring, copied
 * @ctx: first argument of @ops
 */
void serial_init(struct serial *serial, const struct serial_ops *ops,
		 void *ctx)
{
	memset(serial, 0, sizeof(*serial));
	pthread_mutex_init(&serial->lock, NULL);
	serial->ops = *ops;
	serial->ctx = ctx;
	serial->divisor = 1;
}

/**
 * serial_reset() - the chip as after power on; what was typed is gone
 * @s: the chip
 */
void serial_reset(struct serial *s)
{
	pthread_mutex_lock(&s->lock);
	s->ier = 0;
	s->fcr = 0;
	s->lcr = 0;
	s->mcr = 0;
	s->lsr_errors = 0;
	s->msr_delta = 0;
	s->scr = 0;
	s->divisor = 1;
	s->thre_pending = false;
	s->fifo_count = 0;
	s->queue_count = 0;
	update_line(s);
	pthread_mutex_unlock(&s->lock);
}

/**
 * serial_destroy() - undo serial_init()
 * @serial: the chip
 */
void serial_destroy(struct serial *serial)
{
	pthread_mutex_destroy(&serial->lock);
}

/**
 * serial_read() - bus_device.read: a register, or two or four in a row
 * @serial: the chip
 * @offset: the first register
 * @size: how many
 *
 * Return: their values
 */
uint64_t serial_read(void *serial, uint64_t offset, unsigned int size)
{
	struct serial *s = serial;
	uint64_t value = 0;
	unsigned int i;

	pthread_mutex_lock(&s->lock);
	for (i = 0; i < size; i++)
		value |= (uint64_t)registers[(offset + i) % REGISTERS].read(s)
			 << (8 * i);
	update_line(s);
	pthread_mutex_unlock(&s->lock);
	return value;
}

/**
 * serial_write() - bus_device.write: a register, or two or four in a row
 * @serial: the chip
 * @offset: the first register
 * @size: how many
 * @value: their values
 */
void serial_write(void *serial, uint64_t offset, unsigned int size,
		  uint64_t value)
{
	struct serial *s = serial;
	unsigned int i;

	for (i = 0; i < size; i++) {
		uint8_t byte = (uint8_t)(value >> (8 * i));
		bool out;

		pthread_mutex_lock(&s->lock);
		out = registers[(offset + i) % REGISTERS].write(s, byte);
		update_line(s);
		pthread_mutex_unlock(&s->lock);
		if (out)
			s->ops.output(s->ctx, byte);
	}
}

/* With the lock. Return: false if the queue is full */
static bool queue_put(struct serial *s, uint16_t byte)
{
	unsigned int tail;

	if (s->queue_count == SERIAL_QUEUE_BYTES)
		return false;
	tail = s->queue_head + s->queue_count++;
	s->queue[tail % SERIAL_QUEUE_BYTES] = byte;
	return true;
}

/**
 * serial_input() - bytes from the outside
 * @serial: the chip
 * @data: the bytes
 * @len: how many
 *
 * Return: how many found a place
 */
size_t serial_input(struct serial *serial, const uint8_t *data, size_t len)
{
	size_t taken = 0;

	pthread_mutex_lock(&serial->lock);
	while (taken < len && queue_put(serial, data[taken]))
		taken++;
	refill(serial);
	update_line(serial);
	pthread_mutex_unlock(&serial->lock);
	return taken;
}

/**
 * serial_sysrq() - a break, and a key right behind it
 * @serial: the chip
 * @key: the key
 *
 * Return: false if there is no place for both; none of them is sent then
 */
bool serial_sysrq(struct serial *serial, uint8_t key)
{
	bool fits;

	pthread_mutex_lock(&serial->lock);
	fits = serial->queue_count + 2 <= SERIAL_QUEUE_BYTES;
	if (fits) {
		queue_put(serial, SERIAL_BREAK);
		queue_put(serial, key);
	}
	refill(serial);
	update_line(serial);
	pthread_mutex_unlock(&serial->lock);
	return fits;
}
