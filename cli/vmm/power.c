// SPDX-License-Identifier: GPL-2.0-only
/*
 * Power off and reset: the ACPI sleep and reset registers (ACPI 6.5, 4.8.3.7
 * and 4.8.3.6), and the older ways to reset a PC that kernels fall back to.
 */
#include <stddef.h>

#include "compiler.h"
#include "layout.h"
#include "power.h"

#define SLEEP_TYPE(value)	((value) >> 2 & 7)
#define SLEEP_ENABLE		(1U << 5)
#define RESET_CPU		(1U << 2)
#define KEYBOARD_PULSE(value)	(((value) & 0xF0) == 0xF0)
#define KEYBOARD_NO_RESET	(1U << 0)	/* lines that are not pulsed */
#define CONTROL_RESET		(1U << 0)
#define CONTROL_A20		(1U << 1)

/* No key waits and the controller is ready: kernels poll this before 0xFE. */
static uint64_t read_zero(void *ctx, uint64_t offset, unsigned int size)
{
	(void)ctx;
	(void)offset;
	(void)size;
	return 0;
}

static void write_nothing(void *ctx, uint64_t offset, unsigned int size,
			  uint64_t value)
{
	(void)ctx;
	(void)offset;
	(void)size;
	(void)value;
}

static void write_sleep(void *ctx, uint64_t offset, unsigned int size,
			uint64_t value)
{
	struct power *power = ctx;

	(void)offset;
	(void)size;
	if ((value & SLEEP_ENABLE) && SLEEP_TYPE(value) == SLEEP_TYPE_S5)
		power->end(power->ctx, VMM_POWEROFF,
			   "power off by the ACPI sleep control register");
}

static void write_reset(void *ctx, uint64_t offset, unsigned int size,
			uint64_t value)
{
	struct power *power = ctx;

	(void)offset;
	(void)size;
	if (value == RESET_VALUE)
		power->end(power->ctx, VMM_RESET,
			   "reset by the ACPI reset register");
}

static void write_reset_entry(void *ctx, uint64_t offset, unsigned int size,
			      uint64_t value)
{
	struct power *power = ctx;

	(void)offset;
	(void)size;
	if (value == RESET_VALUE)
		power->end(power->ctx, VMM_RESET,
			   "reset by a jump to the firmware");
}

static void write_keyboard(void *ctx, uint64_t offset, unsigned int size,
			   uint64_t value)
{
	struct power *power = ctx;

	(void)offset;
	(void)size;
	if (KEYBOARD_PULSE(value) && !(value & KEYBOARD_NO_RESET))
		power->end(power->ctx, VMM_RESET,
			   "reset by the keyboard controller, port 0x64");
}

/* System control port A: A20 is always on, which nothing can change. */
static uint64_t read_system_control(void *ctx, uint64_t offset,
				    unsigned int size)
{
	(void)ctx;
	(void)offset;
	(void)size;
	return CONTROL_A20;
}

static void write_system_control(void *ctx, uint64_t offset, unsigned int size,
				 uint64_t value)
{
	struct power *power = ctx;

	(void)offset;
	(void)size;
	if (value & CONTROL_RESET)
		power->end(power->ctx, VMM_RESET,
			   "reset by the system control port, 0x92");
}

static uint64_t read_reset_control(void *ctx, uint64_t offset,
				   unsigned int size)
{
	struct power *power = ctx;

	(void)offset;
	(void)size;
	return __atomic_load_n(&power->reset_control, __ATOMIC_RELAXED);
}

static void write_reset_control(void *ctx, uint64_t offset, unsigned int size,
				uint64_t value)
{
	struct power *power = ctx;

	(void)offset;
	(void)size;
	__atomic_store_n(&power->reset_control, (uint8_t)(value & ~RESET_CPU),
			 __ATOMIC_RELAXED);
	if (value & RESET_CPU)
		power->end(power->ctx, VMM_RESET,
			   "reset by the reset control register, port 0xCF9");
}

static const struct bus_device power_ports[] = {
	{ SLEEP_CONTROL_PORT, SLEEP_CONTROL_PORT, read_zero, write_sleep, NULL,
	  0 },
	{ SLEEP_STATUS_PORT, SLEEP_STATUS_PORT, read_zero, write_nothing, NULL,
	  0 },
	{ RESET_PORT, RESET_PORT, read_zero, write_reset, NULL, 0 },
	{ RESET_ENTRY_PORT, RESET_ENTRY_PORT, read_zero, write_reset_entry,
	  NULL, 0 },
	{ KEYBOARD_PORT, KEYBOARD_PORT, read_zero, write_keyboard, NULL, 0 },
	{ SYSTEM_CONTROL_PORT, SYSTEM_CONTROL_PORT, read_system_control,
	  write_system_control, NULL, 0 },
	{ RESET_CONTROL_PORT, RESET_CONTROL_PORT, read_reset_control,
	  write_reset_control, NULL, 1 },
};

/**
 * power_reset() - as after power on
 * @power: the ports
 */
void power_reset(struct power *power)
{
	__atomic_store_n(&power->reset_control, 0, __ATOMIC_RELAXED);
}

/**
 * power_add() - put the ports on the bus
 * @power: state, @power->end and @power->ctx set
 * @ports: the port bus
 *
 * Return: 0, or what bus_add() said
 */
int power_add(struct power *power, struct bus *ports)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(power_ports); i++) {
		struct bus_device device = power_ports[i];
		int ret;

		device.ctx = power;
		ret = bus_add(ports, &device);
		if (ret)
			return ret;
	}
	return 0;
}
