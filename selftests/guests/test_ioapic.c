// SPDX-License-Identifier: GPL-2.0-only
/* The I/O APIC: edge and level, with the serial port and the clock as devices. */
#include "guest.h"

#define IOAPIC		0xFEC00000ULL
#define REG_VERSION	1
#define REG_PIN(pin)	(0x10 + 2 * (pin))
#define PIN_MASKED	(1U << 16)
#define PIN_LEVEL	(1U << 15)
#define PIN_REMOTE_IRR	(1U << 14)
#define COM1		0x3F8
#define COM1_PIN	4
#define SERIAL_IER	1
#define SERIAL_IIR	2
#define SERIAL_MCR	4
#define IER_TRANSMIT	2
#define MCR_OUT2	8
#define IIR_TRANSMIT	2
#define RTC		0x70
#define RTC_PIN		8
#define RTC_PERIODIC	0x40
#define VECTOR		0x60
#define VECTOR_RTC	0x61
#define LONG_TICKS	3000000ULL

static unsigned int interrupts;
static unsigned int seen_by[CPUS_MAX + 1];
static unsigned int iir_at;	/* which of them looks at the serial port */
static uint8_t iir;

static uint32_t ioapic_read(uint32_t reg)
{
	*(volatile uint32_t *)IOAPIC = reg;
	return *(volatile uint32_t *)(IOAPIC + 0x10);
}

static void ioapic_write(uint32_t reg, uint32_t value)
{
	*(volatile uint32_t *)IOAPIC = reg;
	*(volatile uint32_t *)(IOAPIC + 0x10) = value;
}

static void route(unsigned int pin, uint32_t low, uint8_t apic_id)
{
	ioapic_write(REG_PIN(pin), PIN_MASKED);
	ioapic_write(REG_PIN(pin) + 1, (uint32_t)apic_id << 24);
	ioapic_write(REG_PIN(pin), low);
}

static uint8_t rtc_read(uint8_t reg)
{
	out8(RTC, reg);
	return in8(RTC + 1);
}

static void rtc_write(uint8_t reg, uint8_t value)
{
	out8(RTC, reg);
	out8(RTC + 1, value);
}

static void on_serial(struct frame *frame)
{
	(void)frame;
	interrupts++;
	if (interrupts >= iir_at)
		iir = in8(COM1 + SERIAL_IIR);
	apic_eoi();
}

static void on_rtc(struct frame *frame)
{
	(void)frame;
	rtc_read(0x0C);
	seen_by[cpu_index()]++;
	apic_eoi();
	__atomic_add_fetch(&interrupts, 1, __ATOMIC_SEQ_CST);
}

static bool more(void)
{
	unsigned int before = READ_ONCE(interrupts);

	sti();
	spin(LONG_TICKS);
	cli();
	return READ_ONCE(interrupts) != before;
}

static void test_registers(void)
{
	uint32_t version = ioapic_read(REG_VERSION);
	unsigned int pins = (version >> 16 & 0xFF) + 1;
	unsigned int pin;
	bool good = true;

	ok(pins == 24 && (version & 0xFF) >= 0x11, "I/O APIC: %u pins, version 0x%x", pins,
	   version & 0xFF);
	for (pin = 0; pin < pins; pin++) {
		ioapic_write(REG_PIN(pin) + 1, 0xA5000000);
		ioapic_write(REG_PIN(pin), PIN_MASKED | PIN_LEVEL | 0x5A);
		good = good && ioapic_read(REG_PIN(pin) + 1) == 0xA5000000 &&
		       ioapic_read(REG_PIN(pin)) == (PIN_MASKED | PIN_LEVEL | 0x5A);
		ioapic_write(REG_PIN(pin), PIN_MASKED);
	}
	ok(good, "I/O APIC: every pin's entry can be written and read");
}

/*
 * The transmitter is empty all the time: enabling its interrupt raises it. What
 * is printed would raise it too, so that has to wait for quiet().
 */
static void raise_serial(void)
{
	interrupts = 0;
	iir = 0;
	out8(COM1 + SERIAL_IER, 0);
	out8(COM1 + SERIAL_IER, IER_TRANSMIT);
}

static void quiet(void)
{
	route(COM1_PIN, PIN_MASKED, 0);
	out8(COM1 + SERIAL_IER, 0);
	sti();
	spin(1000);
	cli();
}

static void test_edge(void)
{
	bool one, another;

	iir_at = 1;
	route(COM1_PIN, VECTOR, cpu_apic_id[0]);
	raise_serial();
	one = wait_count(&interrupts, 1) && (iir & 0xF) == IIR_TRANSMIT;
	another = more();
	quiet();
	ok(one, "edge: an interrupt");
	ok(!another, "edge: only one");

	iir_at = ~0U;
	route(COM1_PIN, VECTOR, cpu_apic_id[0]);
	raise_serial();
	one = wait_count(&interrupts, 1);
	another = more();
	quiet();
	ok(one && !another, "edge: only one, even if the line stays up");

	route(COM1_PIN, PIN_MASKED | VECTOR, cpu_apic_id[0]);
	raise_serial();
	another = more();
	quiet();
	ok(!another, "edge: none while the pin is masked");
}

static void test_level(void)
{
	bool remote, four, another, left;

	iir_at = 4;
	route(COM1_PIN, PIN_LEVEL | VECTOR, cpu_apic_id[0]);
	raise_serial();
	remote = ioapic_read(REG_PIN(COM1_PIN)) & PIN_REMOTE_IRR;
	four = wait_count(&interrupts, 4);
	another = more() || interrupts != 4;
	left = ioapic_read(REG_PIN(COM1_PIN)) & PIN_REMOTE_IRR;
	quiet();
	ok(remote, "level: remote IRR is set until the interrupt is ended");
	ok(four, "level: it comes again and again while the line is up");
	ok(!another, "level: until it is down");
	ok(!left, "level: remote IRR is clear then");

	iir_at = 1;
	route(COM1_PIN, PIN_MASKED | PIN_LEVEL | VECTOR, cpu_apic_id[0]);
	raise_serial();
	another = more();
	route(COM1_PIN, PIN_LEVEL | VECTOR, cpu_apic_id[0]);
	four = wait_count(&interrupts, 1);
	quiet();
	ok(!another, "level: none while the pin is masked");
	ok(four, "level: it comes when the mask goes");
}

static void test_clock(void)
{
	bool came, another;
	unsigned int i;

	for (i = 0; i < cpus; i++) {
		memset(seen_by, 0, sizeof(seen_by));
		interrupts = 0;
		route(RTC_PIN, VECTOR_RTC, cpu_apic_id[i]);
		rtc_write(0x0A, 0x26);
		rtc_write(0x0B, 0x02 | RTC_PERIODIC);
		rtc_read(0x0C);
		came = wait_count(&interrupts, 3);
		rtc_write(0x0B, 0x02);
		rtc_read(0x0C);
		sti();
		spin(1000);
		cli();
		another = more();
		route(RTC_PIN, PIN_MASKED, 0);
		ok(came, "the clock: periodic interrupts for processor %u", i);
		ok(!another && seen_by[i] == interrupts, "the clock: for it alone, until switched off");
	}
	ok((rtc_read(0x0D) & 0x80) && rtc_read(0x08) >= 1 && rtc_read(0x08) <= 0x12 &&
	   rtc_read(0x32) >= 0x20, "the clock: a month, and a century");
}

void test_ioapic(void)
{
	trap_handle(VECTOR, on_serial);
	trap_handle(VECTOR_RTC, on_rtc);
	out8(COM1 + SERIAL_MCR, MCR_OUT2);
	test_registers();
	test_edge();
	test_level();
	test_clock();
	out8(COM1 + SERIAL_MCR, 0);
}
