// SPDX-License-Identifier: GPL-2.0-only
/* The PCI bus: configuration space both ways, BARs that move, MSI-X. */
#include <linux/pci_regs.h>
#include <unistd.h>

#include "compiler.h"
#include "layout.h"
#include "msix.h"
#include "pci.h"
#include "tap.h"

#define SLOT(n)		(PCI_ECAM + ((uint64_t)(n) << 15))

static struct pci pci;
static struct bus ports;
static struct bus mmio;
static struct pci_function one;
static struct pci_function two;
static struct msix msix;

/* What the functions saw. */
static uint64_t moved[2][PCI_BARS];
static unsigned int moves;
static unsigned int bar_seen;
static uint64_t offset_seen;
static uint64_t value_seen;
static unsigned int writes;
static uint32_t messages[64];
static uint64_t last_address;
static unsigned int message_count;

static uint64_t on_read(void *ctx, unsigned int bar, uint64_t offset,
			unsigned int size)
{
	(void)size;
	bar_seen = bar;
	offset_seen = offset;
	return ctx == &one ? 0x1111111111111111ULL : 0x2222222222222222ULL;
}

static void on_write(void *ctx, unsigned int bar, uint64_t offset,
		     unsigned int size, uint64_t value)
{
	(void)ctx;
	(void)size;
	bar_seen = bar;
	offset_seen = offset;
	value_seen = value;
	writes++;
}

static void on_move(void *ctx, unsigned int bar, uint64_t address)
{
	moved[ctx == &two][bar] = address;
	moves++;
}

static void on_config(void *ctx, unsigned int offset, unsigned int size)
{
	(void)offset;
	(void)size;
	if (ctx == &one)
		msix_config_written(&msix, &one);
}

static const struct pci_function_ops ops = {
	on_read, on_write, on_move, NULL, on_config,
};

static int on_message(void *ctx, uint64_t address, uint32_t data)
{
	(void)ctx;
	last_address = address;
	messages[message_count++ % ARRAY_SIZE(messages)] = data;
	return 1;
}

/* The kernel, as HVMOD_IRQFD describes it. */
static bool kernel_refuses;
static struct {
	int fd;
	bool bound;
	uint64_t address;
	uint32_t data;
} irqfd[3];

static bool take(int fd)
{
	uint64_t count;

	return read(fd, &count, sizeof(count)) == sizeof(count);
}

static int on_bind(void *ctx, int fd, uint64_t address, uint32_t data)
{
	unsigned int i = 0;

	(void)ctx;
	if (kernel_refuses)
		return -1;
	while (irqfd[i].fd && irqfd[i].fd != fd)
		i++;
	irqfd[i].fd = fd;
	irqfd[i].bound = true;
	irqfd[i].address = address;
	irqfd[i].data = data;
	if (take(fd))
		on_message(NULL, address, data);
	return 0;
}

static void on_unbind(void *ctx, int fd)
{
	unsigned int i = 0;

	(void)ctx;
	while (irqfd[i].fd != fd)
		i++;
	check(irqfd[i].bound);
	irqfd[i].bound = false;
}

/* Messages, once the kernel has delivered what was signalled. */
static unsigned int count_messages(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(irqfd); i++) {
		if (irqfd[i].bound && take(irqfd[i].fd))
			on_message(NULL, irqfd[i].address, irqfd[i].data);
	}
	return message_count;
}

static const struct pci_id id = {
	.vendor = 0x1234,
	.device = 0x5678,
	.revision = 9,
	.class_code = 0x010203,
	.subsystem_vendor = 0xABCD,
	.subsystem = 0xEF01,
};

static void setup(void)
{
	const struct msix_wires wires = { on_message, on_bind, on_unbind, NULL };

	memset(&ports, 0, sizeof(ports));
	memset(&mmio, 0, sizeof(mmio));
	memset(moved, 0, sizeof(moved));
	moves = 0;
	writes = 0;
	message_count = 0;
	pci_init(&pci);
	ok(!pci_add_windows(&pci, &ports, &mmio), "windows on the buses");
	pci_function_init(&one, &id, &ops, &one);
	pci_add_bar(&one, 0, false, 0x4000);
	pci_add_bar(&one, 2, true, 0x100);
	ok(!msix_init(&msix, 3, &wires), "a table");
	ok(!msix_add_capability(&msix, &one, 0, 0x2000, 0x3000), "MSI-X");
	pci_function_init(&two, &id, &ops, &two);
	pci_add_bar(&two, 0, false, 0x10000);
	ok(pci_add(&pci, &one) == 1 && pci_add(&pci, &two) == 2, "two functions in slots");
}

static uint32_t cf8_read(uint32_t address, unsigned int offset, unsigned int size)
{
	bus_write(&ports, 0xCF8, 4, address);
	return (uint32_t)bus_read(&ports, 0xCFC + offset, size);
}

static void test_config(void)
{
	ok(bus_read(&mmio, SLOT(0), 4) == 0x00081B36 &&
	   bus_read(&mmio, SLOT(0) + PCI_CLASS_DEVICE, 2) == 0x0600, "a host bridge in slot 0");
	ok(bus_read(&mmio, SLOT(1), 4) == 0x56781234 &&
	   bus_read(&mmio, SLOT(1) + 8, 4) == 0x01020309 &&
	   bus_read(&mmio, SLOT(1) + 0x2C, 4) == 0xEF01ABCD, "a function by memory");
	ok(cf8_read(0x80000800, 0, 4) == 0x56781234 && cf8_read(0x80000800, 2, 2) == 0x5678 &&
	   cf8_read(0x80000800, 3, 1) == 0x56, "and by ports");
	ok(bus_read(&ports, 0xCF8, 4) == 0x80000800, "the address reads back");
	ok(cf8_read(0x00000800, 0, 4) == 0xFFFFFFFF, "without the enable bit nobody");
	ok(bus_read(&ports, 0xCF8, 1) == 0xFF && bus_read(&ports, 0xCF8, 2) == 0xFFFF,
	   "the address port takes 4 bytes alone");
	ok(bus_read(&mmio, SLOT(5), 4) == 0xFFFFFFFF && bus_read(&mmio, SLOT(1) + 0x1000, 4) == 0xFFFFFFFF &&
	   cf8_read(0x80010800, 0, 4) == 0xFFFFFFFF && cf8_read(0x80000900, 0, 4) == 0xFFFFFFFF,
	   "empty slots, other functions and buses read all ones");
	ok(bus_read(&mmio, SLOT(1) + 2, 4) == 0xFFFFFFFF && bus_read(&mmio, SLOT(1) + 1, 2) == 0xFFFF &&
	   bus_read(&mmio, SLOT(1), 8) == UINT64_MAX, "accesses across registers read all ones");
	ok(bus_read(&mmio, SLOT(1) + 0x100, 4) == 0 && bus_read(&mmio, SLOT(1) + 0xFFC, 4) == 0,
	   "no extended capabilities");
	bus_write(&mmio, SLOT(1), 4, 0);
	bus_write(&mmio, SLOT(1) + 8, 4, 0);
	bus_write(&mmio, SLOT(1) + 0x100, 4, 0xFFFFFFFF);
	bus_write(&mmio, SLOT(1) + 0x3E, 4, 0xFFFFFFFF);
	ok(bus_read(&mmio, SLOT(1), 4) == 0x56781234 &&
	   bus_read(&mmio, SLOT(1) + 8, 4) == 0x01020309 &&
	   bus_read(&mmio, SLOT(1) + 0x3C, 4) == 0, "what is read-only stays");
	bus_write(&mmio, SLOT(1) + 4, 4, 0xFFFFFFFF);
	ok(bus_read(&mmio, SLOT(1) + 4, 4) == 0x00100407, "command and status");
	bus_write(&mmio, SLOT(1) + 4, 2, 0);
}

static void test_bars(void)
{
	ok(bus_read(&mmio, SLOT(1) + 0x10, 4) == PCI_MEMORY &&
	   bus_read(&mmio, SLOT(1) + 0x18, 4) == (PCI_PORTS | 1) &&
	   bus_read(&mmio, SLOT(2) + 0x10, 4) == PCI_MEMORY + 0x10000, "BARs have addresses");
	moves = 0;
	ok(bus_read(&mmio, PCI_MEMORY, 4) == 0xFFFFFFFF && bus_read(&ports, PCI_PORTS, 1) == 0xFF,
	   "nobody decodes before the command register says so");
	bus_write(&mmio, SLOT(1) + 4, 2, PCI_COMMAND_MEMORY);
	ok(moved[0][0] == PCI_MEMORY && !moved[0][2] && moves == 1, "memory is decoded");
	ok(bus_read(&mmio, PCI_MEMORY + 0x123, 2) == 0x1111 && offset_seen == 0x123 && bar_seen == 0 &&
	   bus_read(&ports, PCI_PORTS, 1) == 0xFF, "and ports are not");
	bus_write(&mmio, SLOT(1) + 4, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_IO);
	bus_write(&ports, PCI_PORTS + 8, 2, 0x12345);
	ok(moved[0][2] == PCI_PORTS && writes == 1 && bar_seen == 2 && offset_seen == 8 && value_seen == 0x2345,
	   "ports are decoded");

	bus_write(&mmio, SLOT(1) + 0x10, 4, 0xFFFFFFFF);
	ok(bus_read(&mmio, SLOT(1) + 0x10, 4) == 0xFFFFC000 && !moved[0][0], "sizing a memory BAR");
	bus_write(&mmio, SLOT(1) + 0x18, 4, 0xFFFFFFFF);
	ok(bus_read(&mmio, SLOT(1) + 0x18, 4) == 0xFFFFFF01 && !moved[0][2], "sizing a BAR of ports");
	ok(bus_read(&mmio, SLOT(1) + 0x14, 4) == 0 && bus_read(&mmio, SLOT(1) + 0x30, 4) == 0,
	   "other BARs do not exist");
	bus_write(&mmio, SLOT(1) + 0x10, 4, PCI_MEMORY + 0x100000);
	ok(moved[0][0] == PCI_MEMORY + 0x100000 && bus_read(&mmio, PCI_MEMORY + 0x100004, 4) == 0x11111111 &&
	   offset_seen == 4 && bus_read(&mmio, PCI_MEMORY, 4) == 0xFFFFFFFF, "a BAR moves");
	bus_write(&mmio, SLOT(1) + 0x18, 4, PCI_PORTS + 0x200);
	ok(moved[0][2] == PCI_PORTS + 0x200, "a BAR of ports moves");

	bus_write(&mmio, SLOT(1) + 0x10, 4, 0xC0000000);
	ok(!moved[0][0], "outside the window it is not decoded");
	bus_write(&mmio, SLOT(1) + 0x10, 4, PCI_MEMORY + PCI_MEMORY_BYTES);
	ok(!moved[0][0], "nor behind its end");
	bus_write(&mmio, SLOT(1) + 0x10, 4, PCI_MEMORY + PCI_MEMORY_BYTES - 0x4000);
	ok(moved[0][0] == PCI_MEMORY + PCI_MEMORY_BYTES - 0x4000 &&
	   bus_read(&mmio, PCI_MEMORY + PCI_MEMORY_BYTES - 4, 4) == 0x11111111 && offset_seen == 0x3FFC,
	   "at its end it is");
	bus_write(&mmio, SLOT(1) + 0x18, 4, 0xFFFF0000);
	ok(!moved[0][2], "a port above 64 Ki is not decoded");

	bus_write(&mmio, SLOT(2) + 4, 2, PCI_COMMAND_MEMORY);
	bus_write(&mmio, SLOT(1) + 0x10, 4, PCI_MEMORY + 0x10000);
	ok(bus_read(&mmio, PCI_MEMORY + 0x10000, 1) == 0x11 && bus_read(&mmio, PCI_MEMORY + 0x14000, 1) == 0x22,
	   "of two that overlap the first answers");
	ok(bus_read(&mmio, PCI_MEMORY + 0x13FFE, 4) != 0x11111111, "an access across the end of a BAR is not its own");
	bus_write(&mmio, SLOT(1) + 4, 2, 0);
	ok(!moved[0][0] && bus_read(&mmio, PCI_MEMORY + 0x10000, 1) == 0x22, "decoding ends");
}

static unsigned int msix_capability(void)
{
	return (unsigned int)bus_read(&mmio, SLOT(1) + PCI_CAPABILITY_LIST, 1);
}

static void msix_flags(uint16_t flags)
{
	bus_write(&mmio, SLOT(1) + msix_capability() + PCI_MSIX_FLAGS, 2, flags);
}

static void test_msix(const char *how)
{
	unsigned int at = msix_capability();

	message_count = 0;
	ok(bus_read(&mmio, SLOT(1) + at, 1) == PCI_CAP_ID_MSIX &&
	   bus_read(&mmio, SLOT(1) + at + 2, 2) == 2 &&
	   bus_read(&mmio, SLOT(1) + at + 4, 4) == 0x2000 &&
	   bus_read(&mmio, SLOT(1) + at + 8, 4) == 0x3000, "%s: the capability", how);
	msix_signal(&msix, 1);
	ok(!count_messages() && !msix_read_pending(&msix, 0, 8), "%s: off: no message, nothing pending", how);
	msix_flags(0xFFFF);
	ok(bus_read(&mmio, SLOT(1) + at + 2, 2) == 0xC002, "%s: two bits can be written", how);
	msix_flags(PCI_MSIX_FLAGS_ENABLE);
	msix_write_table(&msix, 28, 4, 1);
	ok(msix_read_table(&msix, 12, 4) == 1 && msix_read_table(&msix, 44, 4) == 1, "%s: every vector is masked", how);
	msix_write_table(&msix, 16, 8, 0x12FEE01003ULL);
	msix_write_table(&msix, 24, 4, 0x4041);
	ok(msix_read_table(&msix, 16, 4) == 0xFEE01000 && msix_read_table(&msix, 20, 4) == 0x12 &&
	   msix_read_table(&msix, 24, 8) == 0x100004041ULL, "%s: an entry is written", how);
	msix_signal(&msix, 1);
	msix_signal(&msix, 1);
	ok(!count_messages() && msix_read_pending(&msix, 0, 8) == 2, "%s: masked: pending", how);
	msix_write_table(&msix, 28, 4, 0);
	ok(count_messages() == 1 && messages[0] == 0x4041 && last_address == 0x12FEE01000ULL &&
	   !msix_read_pending(&msix, 0, 8), "%s: unmasked: delivered, once", how);
	msix_signal(&msix, 1);
	ok(count_messages() == 2, "%s: and at once from then on", how);
	msix_flags(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	msix_signal(&msix, 1);
	ok(count_messages() == 2 && msix_read_pending(&msix, 0, 4) == 2, "%s: all masked: pending", how);
	msix_flags(PCI_MSIX_FLAGS_ENABLE);
	ok(count_messages() == 3 && !msix_read_pending(&msix, 0, 4), "%s: unmasked: delivered", how);
	msix_write_table(&msix, 28, 4, 0xFFFFFFFF);
	ok(msix_read_table(&msix, 28, 4) == 1, "%s: one bit of the control can be written", how);
	msix_signal(&msix, 1);
	msix_flags(0);
	msix_flags(PCI_MSIX_FLAGS_ENABLE);
	msix_write_table(&msix, 28, 4, 0);
	ok(count_messages() == 3, "%s: turned off, nothing stays pending", how);
	msix_write_table(&msix, 24, 4, 0x4042);
	msix_signal(&msix, 1);
	ok(count_messages() == 4 && messages[3] == 0x4042, "%s: a message changes", how);
	msix_flags(0);
	msix_signal(&msix, 3);
	msix_signal(&msix, 0xFFFF);
	ok(count_messages() == 4, "%s: a vector that there is not is lost", how);
	msix_write_table(&msix, 48, 4, 0);
	msix_write_table(&msix, 2, 4, 0);
	msix_write_table(&msix, 16, 2, 0);
	ok(msix_read_table(&msix, 48, 4) == UINT64_MAX && msix_read_table(&msix, 2, 4) == UINT64_MAX &&
	   msix_read_table(&msix, 16, 1) == UINT64_MAX && msix_read_pending(&msix, 16, 4) == UINT64_MAX &&
	   msix_read_table(&msix, 16, 4) == 0xFEE01000, "%s: other accesses do nothing", how);
}

static void test_full(void)
{
	static struct pci_function many[40];
	static struct pci_function big;
	unsigned int i;
	int slot = 0;

	pci_function_init(&big, &id, &ops, &big);
	pci_add_bar(&big, 0, false, 0x10000000);
	ok(pci_add(&pci, &big) < 0, "a BAR larger than the window finds no place");
	for (i = 0; i < ARRAY_SIZE(many) && slot >= 0; i++) {
		pci_function_init(&many[i], &id, &ops, &many[i]);
		slot = pci_add(&pci, &many[i]);
	}
	ok(i == 30 && slot < 0, "31 functions beside the bridge");
	for (i = 0; pci_add_capability(&many[0], 9, "0123456789", 10); i++)
		;
	ok(i == 16 && many[0].config_used <= PCI_CONFIG_BYTES, "configuration space is full some time");
}

int main(void)
{
	setup();
	test_config();
	test_bars();
	test_msix("bound");
	kernel_refuses = true;
	test_msix("sent");
	test_full();
	msix_destroy(&msix);
	pci_destroy(&pci);
	return tap_done();
}
