// SPDX-License-Identifier: GPL-2.0-only
/* The 16550A, as a driver sees it. */
#include <linux/serial_reg.h>
#include <string.h>

#include "serial.h"
#include "tap.h"

static struct serial chip;
static uint8_t sent[64];
static unsigned int sent_count;
static bool line;
static unsigned int edges;

static void output(void *ctx, uint8_t byte)
{
	(void)ctx;
	if (sent_count < sizeof(sent))
		sent[sent_count++] = byte;
}

static void set_line(void *ctx, bool level)
{
	(void)ctx;
	edges += level && !line;
	line = level;
}

static const struct serial_ops ops = { output, set_line };

static uint8_t in(unsigned int reg)
{
	return (uint8_t)serial_read(&chip, reg, 1);
}

static void out(unsigned int reg, uint8_t value)
{
	serial_write(&chip, reg, 1, value);
}

static void reset(void)
{
	serial_init(&chip, &ops, NULL);
	sent_count = 0;
	line = false;
	edges = 0;
}

static void test_reset(void)
{
	reset();
	ok(in(UART_IER) == 0, "reset: no interrupt enabled");
	ok(in(UART_IIR) == UART_IIR_NO_INT, "reset: none pending, no FIFO");
	ok(in(UART_LSR) == (UART_LSR_THRE | UART_LSR_TEMT), "reset: transmitter empty");
	ok(in(UART_MSR) == (UART_MSR_DCD | UART_MSR_DSR | UART_MSR_CTS),
	   "reset: the other side is there");
	ok(!line, "reset: line low");
}

static void test_registers(void)
{
	reset();
	out(UART_SCR, 0x5A);
	ok(in(UART_SCR) == 0x5A, "scratch keeps its value");
	out(UART_IER, 0xFF);
	ok(in(UART_IER) == 0x0F, "upper half of IER is not there");
	out(UART_MCR, 0xFF);
	ok(in(UART_MCR) == 0x1F, "upper bits of MCR are not there");
	out(UART_MCR, 0);
	out(UART_IER, 0);
	out(UART_LCR, UART_LCR_DLAB | UART_LCR_WLEN8);
	out(UART_DLL, 0x34);
	out(UART_DLM, 0x12);
	ok(in(UART_DLL) == 0x34 && in(UART_DLM) == 0x12, "divisor latch");
	ok(serial_read(&chip, 0, 2) == 0x1234, "two registers in one access");
	out(UART_LCR, UART_LCR_WLEN8);
	ok(in(UART_IER) == 0 && in(UART_LCR) == UART_LCR_WLEN8 && !sent_count,
	   "the latch hides IER and the transmitter");
	in(UART_MSR);
	out(UART_LSR, 0);
	out(UART_MSR, 0xFF);
	ok(in(UART_LSR) == 0x60 && !(in(UART_MSR) & 0x0F), "LSR and MSR are read only");
}

/* What drivers do to find out which chip it is. */
static void test_identify(void)
{
	reset();
	out(UART_FCR, UART_FCR_ENABLE_FIFO);
	ok((in(UART_IIR) & 0xC0) == 0xC0, "FIFOs on: a 16550A");
	out(UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR7_64BYTE);
	ok(!(in(UART_IIR) & 0x20), "no 64-byte FIFO");
	out(UART_FCR, 0);
	ok((in(UART_IIR) & 0xC0) == 0, "FIFOs off");
	out(UART_MCR, UART_MCR_LOOP | UART_MCR_OUT2 | UART_MCR_RTS);
	ok((in(UART_MSR) & 0xF0) == (UART_MSR_DCD | UART_MSR_CTS),
	   "loopback: OUT2 and RTS come back");
	out(UART_MCR, UART_MCR_LOOP | UART_MCR_OUT1 | UART_MCR_DTR);
	ok((in(UART_MSR) & 0xF0) == (UART_MSR_RI | UART_MSR_DSR),
	   "loopback: OUT1 and DTR come back");
}

static void test_transmit(void)
{
	reset();
	out(UART_TX, 'h');
	out(UART_TX, 'i');
	ok(sent_count == 2 && !memcmp(sent, "hi", 2), "bytes go out at once");
	ok(in(UART_LSR) & UART_LSR_THRE, "the transmitter is empty again");
	ok(!edges, "without interrupts enabled");

	out(UART_MCR, UART_MCR_OUT2);
	out(UART_IER, UART_IER_THRI);
	ok(line && edges == 1, "enabling THRI with the transmitter empty interrupts");
	ok(in(UART_IIR) == UART_IIR_THRI, "IIR says why");
	ok(!line && in(UART_IIR) == UART_IIR_NO_INT, "reading it acknowledged");
	out(UART_TX, 'x');
	ok(line && edges == 2, "a written byte interrupts again");
	out(UART_TX, 'y');
	ok(line && edges == 3, "and the next, with an edge of its own");
	out(UART_IER, 0);
	ok(!line, "disabling takes the line down");
	out(UART_IER, UART_IER_THRI);
	ok(line, "enabling again raises it");
	out(UART_MCR, 0);
	ok(!line, "OUT2 off cuts the line");
	ok(in(UART_IIR) == UART_IIR_THRI, "but IIR still tells");
}

static void test_receive(void)
{
	unsigned int i;

	reset();
	out(UART_MCR, UART_MCR_OUT2);
	out(UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_TRIGGER_8);
	ok(serial_input(&chip, (const uint8_t *)"abc", 3) == 3, "typed bytes are taken");
	ok(!line, "no interrupt while RDI is off");
	ok(in(UART_LSR) & UART_LSR_DR, "data ready");
	out(UART_IER, UART_IER_RDI);
	ok(line && (in(UART_IIR) & 0x0F) == UART_IIR_RX_TIMEOUT,
	   "below the trigger level: character time-out");
	ok(line, "reading IIR does not acknowledge data");
	serial_input(&chip, (const uint8_t *)"defgh", 5);
	ok((in(UART_IIR) & 0x0F) == UART_IIR_RDI, "at the trigger level: data");
	for (i = 0; i < 8; i++)
		check(in(UART_RX) == "abcdefgh"[i]);
	ok(!line && !(in(UART_LSR) & UART_LSR_DR), "read all, in order: line low");
	ok(in(UART_RX) == 0, "an empty FIFO reads 0");
}

static void test_queue(void)
{
	uint8_t typed[SERIAL_QUEUE_BYTES + 100];
	unsigned int i;
	size_t taken;

	reset();
	for (i = 0; i < sizeof(typed); i++)
		typed[i] = (uint8_t)(i * 7);
	out(UART_FCR, UART_FCR_ENABLE_FIFO);
	taken = serial_input(&chip, typed, sizeof(typed));
	ok(taken == SERIAL_QUEUE_BYTES, "the queue takes what fits");
	ok(serial_input(&chip, typed + taken, 100) == SERIAL_FIFO_BYTES,
	   "and as much again as the FIFO took from it");
	ok(serial_input(&chip, typed, 1) == 0, "then nothing");
	for (i = 0; i < SERIAL_QUEUE_BYTES + SERIAL_FIFO_BYTES; i++)
		check(in(UART_RX) == typed[i]);
	ok(!(in(UART_LSR) & (UART_LSR_DR | UART_LSR_OE)),
	   "nothing lost, nothing out of order, no overrun");
}

static void test_fifo_reset(void)
{
	reset();
	out(UART_FCR, UART_FCR_ENABLE_FIFO);
	serial_input(&chip, (const uint8_t *)"abc", 3);
	out(UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR);
	ok(!(in(UART_LSR) & UART_LSR_DR), "receiver reset drops the FIFO");
	serial_input(&chip, (const uint8_t *)"abc", 3);
	out(UART_FCR, 0);
	ok(!(in(UART_LSR) & UART_LSR_DR), "so does turning it off");
	serial_input(&chip, (const uint8_t *)"xyz", 3);
	ok(in(UART_RX) == 'x' && in(UART_RX) == 'y' && in(UART_RX) == 'z',
	   "without FIFO bytes come one by one");
}

static void test_loopback(void)
{
	unsigned int i;

	reset();
	out(UART_FCR, UART_FCR_ENABLE_FIFO);
	out(UART_IER, UART_IER_RLSI | UART_IER_RDI | UART_IER_MSI);
	out(UART_MCR, UART_MCR_LOOP | UART_MCR_OUT2);
	in(UART_MSR);
	out(UART_TX, 'L');
	ok(!sent_count && in(UART_RX) == 'L', "loopback: the byte comes back, not out");
	ok(!line, "loopback: line cut off");
	serial_input(&chip, (const uint8_t *)"q", 1);
	ok(!(in(UART_LSR) & UART_LSR_DR), "loopback: the outside is cut off");
	for (i = 0; i < 17; i++)
		out(UART_TX, (uint8_t)i);
	ok((in(UART_IIR) & 0x0F) == UART_IIR_RLSI, "overrun is the first of the interrupts");
	out(UART_IER, 0);
	ok(in(UART_IIR) == (UART_IIR_NO_INT | 0xC0), "unless it is not enabled");
	ok(in(UART_LSR) & UART_LSR_OE, "overrun is in LSR");
	ok(!(in(UART_LSR) & UART_LSR_OE), "and gone once read");
	for (i = 0; i < 16; i++)
		check(in(UART_RX) == i);
	out(UART_LCR, UART_LCR_SBC);
	ok((in(UART_LSR) & (UART_LSR_BI | UART_LSR_DR)) == (UART_LSR_BI | UART_LSR_DR),
	   "loopback: a break is received");
	ok(in(UART_RX) == 0, "as a zero byte");
	out(UART_LCR, 0);
	out(UART_MCR, UART_MCR_OUT2);
	ok(in(UART_RX) == 'q', "what was typed meanwhile arrives afterwards");
}

/* What Linux does: LSR first, then the byte, then the key behind it. */
static void test_sysrq(void)
{
	reset();
	out(UART_MCR, UART_MCR_OUT2);
	out(UART_FCR, UART_FCR_ENABLE_FIFO);
	out(UART_IER, UART_IER_RDI | UART_IER_RLSI);
	serial_input(&chip, (const uint8_t *)"a", 1);
	ok(serial_sysrq(&chip, 't'), "a break and a key");
	ok((in(UART_IIR) & 0x0F) != UART_IIR_RLSI, "the byte before it comes first");
	ok(!(in(UART_LSR) & UART_LSR_BI), "its status has no break");
	ok(in(UART_LSR) & UART_LSR_FIFOE, "but the FIFO has one");
	ok(in(UART_RX) == 'a', "it is read");
	ok((in(UART_IIR) & 0x0F) == UART_IIR_RLSI, "then the break interrupts");
	ok(in(UART_LSR) & UART_LSR_BI, "and is in LSR");
	ok(!(in(UART_LSR) & (UART_LSR_BI | UART_LSR_FIFOE)), "once");
	ok(in(UART_RX) == 0 && in(UART_RX) == 't', "its zero byte, and the key");
	ok(!line, "no interrupt is left");
	serial_sysrq(&chip, 't');
	serial_reset(&chip);
	ok(!line && !(in(UART_LSR) & (UART_LSR_DR | UART_LSR_BI)), "a reset empties all");
}

static void test_modem_status(void)
{
	reset();
	out(UART_MCR, UART_MCR_OUT2 | UART_MCR_LOOP);
	in(UART_MSR);
	out(UART_MCR, UART_MCR_OUT2 | UART_MCR_LOOP | UART_MCR_RTS);
	ok((in(UART_MSR) & 0x0F) == UART_MSR_DCTS, "a change of CTS is told");
	ok((in(UART_MSR) & 0x0F) == 0, "once");
	out(UART_MCR, UART_MCR_OUT2 | UART_MCR_LOOP | UART_MCR_OUT1);
	ok((in(UART_MSR) & 0x0F) == UART_MSR_DCTS, "a rise of RI is not told");
	out(UART_MCR, UART_MCR_OUT2 | UART_MCR_LOOP);
	ok((in(UART_MSR) & 0x0F) == UART_MSR_TERI, "its fall is");
	out(UART_MCR, UART_MCR_OUT2);
	out(UART_IER, UART_IER_MSI);
	ok(line && in(UART_IIR) == UART_IIR_MSI, "a change interrupts");
	in(UART_MSR);
	ok(!line, "until it is read");
}

static void test_fuzz(void)
{
	uint64_t seed = 1;
	unsigned int i;

	reset();
	for (i = 0; i < 200000; i++) {
		uint64_t r = tap_random(&seed);
		unsigned int size = 1U << (r >> 8 & 3);
		uint8_t byte = (uint8_t)(r >> 32);

		switch (r >> 60) {
		case 0:
			serial_input(&chip, &byte, 1);
			break;
		case 1 ... 7:
			serial_read(&chip, r & 7, size);
			break;
		default:
			serial_write(&chip, r & 7, size, r >> 16);
			break;
		}
		check(chip.fifo_count <= SERIAL_FIFO_BYTES);
		check(chip.queue_count <= SERIAL_QUEUE_BYTES);
	}
	ok(true, "200000 random accesses");
}

int main(void)
{
	test_reset();
	test_registers();
	test_identify();
	test_transmit();
	test_receive();
	test_queue();
	test_fifo_reset();
	test_loopback();
	test_sysrq();
	test_modem_status();
	test_fuzz();
	return tap_done();
}
