// SPDX-License-Identifier: GPL-2.0-only
/* The wiring: which device is where, and whose interrupt line leads where. */
#include <errno.h>
#include <sys/ioctl.h>
#include <time.h>

#include "layout.h"
#include "machine.h"
#include "virtio_console.h"

#define MSI_DESTINATION	12		/* bits 19:12 of the address */
#define MSI_NMI		(4U << 8)

static int send_message(void *ctx, uint64_t address, uint32_t data)
{
	struct vmm *vmm = ctx;
	struct hvmod_msi msi = {
		.size = sizeof(msi),
		.address = address,
		.data = data,
	};

	return ioctl(vmm->domain, HVMOD_MSI, &msi);
}

static int bind_message(void *ctx, int fd, uint64_t address, uint32_t data)
{
	struct vmm *vmm = ctx;
	struct hvmod_irqfd irqfd = {
		.size = sizeof(irqfd),
		.fd = fd,
		.address = address,
		.data = data,
	};

	return ioctl(vmm->domain, HVMOD_IRQFD, &irqfd);
}

static void unbind_message(void *ctx, int fd)
{
	struct vmm *vmm = ctx;
	struct hvmod_irqfd irqfd = {
		.size = sizeof(irqfd),
		.flags = HVMOD_IRQFD_DEASSIGN,
		.fd = fd,
	};

	ioctl(vmm->domain, HVMOD_IRQFD, &irqfd);
}

static int set_doorbell(void *ctx, int fd, uint16_t port, bool on)
{
	struct vmm *vmm = ctx;
	struct hvmod_doorbell doorbell = {
		.size = sizeof(doorbell),
		.flags = HVMOD_DOORBELL_PORT |
			 (on ? 0 : HVMOD_DOORBELL_DEASSIGN),
		.address = port,
		.bytes = 2,
		.fd = fd,
	};

	return ioctl(vmm->domain, HVMOD_DOORBELL, &doorbell);
}

static void device_lost(void *ctx, const char *text)
{
	struct vmm *vmm = ctx;

	if (vmm->ops.device_lost)
		vmm->ops.device_lost(vmm->ctx, text);
}

static void serial_output(void *ctx, uint8_t byte)
{
	struct vmm *vmm = ctx;

	vmm->ops.console_output(vmm->ctx, &byte, 1);
}

static void serial_line(void *ctx, bool level)
{
	struct vmm *vmm = ctx;

	ioapic_line(&vmm->ioapic, COM1_GSI, level);
}

static const struct serial_ops serial_wires = {
	.output = serial_output,
	.line = serial_line,
};

static uint64_t rtc_now(void *ctx)
{
	struct timespec now;

	(void)ctx;
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static void rtc_line(void *ctx, bool level)
{
	struct vmm *vmm = ctx;

	ioapic_line(&vmm->ioapic, RTC_GSI, level);
}

static const struct rtc_ops rtc_wires = {
	.now = rtc_now,
	.line = rtc_line,
};

static void power_end(void *ctx, enum vmm_outcome outcome, const char *how)
{
	life_end(ctx, outcome, "%s", how);
}

static void cpus_line(void *ctx, bool level)
{
	struct vmm *vmm = ctx;

	ioapic_line(&vmm->ioapic, CPUS_GSI, level);
}

static void cpus_eject(void *ctx, unsigned int index)
{
	struct vmm *vmm = ctx;

	vcpu_unplug(&vmm->vcpu[index]);
}

static const struct cpus_ops cpus_wires = {
	.eject = cpus_eject,
	.line = cpus_line,
};

/**
 * devices_create() - all devices of a domain, after reset
 * @vmm: the domain
 * @vcpus_max: processors that there can be
 * @vcpus: those that there are at first
 *
 * Return: 0, or -1 if two want the same address
 */
int devices_create(struct vmm *vmm, unsigned int vcpus_max,
		   unsigned int vcpus)
{
	const struct bus_device com1 = {
		.first = COM1_PORT,
		.last = COM1_PORT + COM1_PORTS - 1,
		.read = serial_read,
		.write = serial_write,
		.ctx = &vmm->serial,
	};
	const struct bus_device ioapic = {
		.first = IOAPIC_BASE,
		.last = IOAPIC_BASE + IOAPIC_BYTES - 1,
		.read = ioapic_read,
		.write = ioapic_write,
		.ctx = &vmm->ioapic,
	};
	const struct bus_device rtc = {
		.first = RTC_PORT,
		.last = RTC_PORT + RTC_PORTS - 1,
		.read = rtc_read,
		.write = rtc_write,
		.ctx = &vmm->rtc,
	};

	pci_init(&vmm->pci);
	serial_init(&vmm->serial, &serial_wires, vmm);
	ioapic_init(&vmm->ioapic, send_message, vmm);
	rtc_init(&vmm->rtc, &rtc_wires, vmm);
	cpus_init(&vmm->cpus, vcpus_max, vcpus, &cpus_wires, vmm);
	vmm->power.end = power_end;
	vmm->power.ctx = vmm;
	if (bus_add(&vmm->ports, &com1) || bus_add(&vmm->mmio, &ioapic) ||
	    bus_add(&vmm->ports, &rtc) ||
	    power_add(&vmm->power, &vmm->ports) ||
	    cpus_add(&vmm->cpus, &vmm->ports) ||
	    pci_add_windows(&vmm->pci, &vmm->ports, &vmm->mmio))
		return -1;
	return 0;
}

/**
 * devices_add_debug_exit() - a debug-exit port
 * @vmm: the domain
 * @port: its number, or 0 for none
 *
 * Return: 0, or -1 if another device is there
 */
int devices_add_debug_exit(struct vmm *vmm, uint16_t port)
{
	if (!port)
		return 0;
	vmm->debug_exit = (struct debug_exit){
		.end = power_end,
		.ctx = vmm,
		.port = port,
	};
	return debug_exit_add(&vmm->debug_exit, &vmm->ports) ? -1 : 0;
}

/**
 * devices_reset() - all devices as after power on
 * @vmm: the domain; its vCPUs are held
 */
void devices_reset(struct vmm *vmm)
{
	unsigned int i;
	uint64_t gone;

	for (i = 0; i < vmm->virtios; i++)
		virtio_device_reset(vmm->virtio[i]);
	pci_reset(&vmm->pci);
	serial_reset(&vmm->serial);
	rtc_reset(&vmm->rtc);
	ioapic_reset(&vmm->ioapic);
	power_reset(&vmm->power);
	for (gone = cpus_reset(&vmm->cpus); gone; gone &= gone - 1)
		vcpu_unplug(&vmm->vcpu[__builtin_ctzll(gone)]);
}

/**
 * devices_destroy() - undo devices_create()
 * @vmm: the domain
 */
void devices_destroy(struct vmm *vmm)
{
	unsigned int i;

	for (i = 0; i < vmm->virtios; i++)
		virtio_device_destroy(vmm->virtio[i]);
	vmm->virtios = 0;
	vmm->console = NULL;
	vmm->balloon = NULL;
	cpus_destroy(&vmm->cpus);
	rtc_destroy(&vmm->rtc);
	ioapic_destroy(&vmm->ioapic);
	serial_destroy(&vmm->serial);
	pci_destroy(&vmm->pci);
}

/**
 * devices_machine() - what a virtio device needs of this machine
 * @vmm: the domain, with its memory
 *
 * Return: memory and wires
 */
struct virtio_machine devices_machine(struct vmm *vmm)
{
	return (struct virtio_machine){
		.memory = &vmm->memory,
		.msix = {
			.send = send_message,
			.bind = bind_message,
			.unbind = unbind_message,
			.ctx = vmm,
		},
		.doorbell = set_doorbell,
		.lost = device_lost,
		.ctx = vmm,
	};
}

/**
 * devices_add_virtio() - put a virtio device on the PCI bus
 * @vmm: the domain; no vCPU has run
 * @device: the device, or NULL if it could not be made; the domain's from now on
 *
 * Return: 0, or -1 with errno; @device is gone then
 */
int devices_add_virtio(struct vmm *vmm, struct virtio_device *device)
{
	if (!device)
		return -1;
	if (vmm->virtios < VMM_VIRTIO_MAX &&
	    !virtio_pci_add(device, &vmm->pci)) {
		vmm->virtio[vmm->virtios++] = device;
		return 0;
	}
	virtio_device_destroy(device);
	errno = ENOSPC;
	return -1;
}

/**
 * devices_start() - make the threads of devices
 * @vmm: the domain
 *
 * Return: 0, or an errno value; devices_destroy() ends those that were made
 */
int devices_start(struct vmm *vmm)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < vmm->virtios && !ret; i++)
		ret = virtio_device_start(vmm->virtio[i]);
	return ret;
}

/* Registers are 32 bits wide at every 16th byte; the rest is not defined. */
static bool is_apic_register(uint64_t offset, unsigned int size)
{
	return size == 4 && !(offset & 0xF);
}

static uint64_t apic_read(void *ctx, uint64_t offset, unsigned int size)
{
	struct vcpu *vcpu = ctx;
	struct hvmod_apic_access access = {
		.size = sizeof(access),
		.offset = (uint32_t)offset,
	};

	if (!is_apic_register(offset, size) ||
	    ioctl(vcpu->fd, HVMOD_VCPU_APIC, &access))
		return UINT64_MAX;
	return access.value;
}

static void apic_write(void *ctx, uint64_t offset, unsigned int size,
		       uint64_t value)
{
	struct vcpu *vcpu = ctx;
	struct hvmod_apic_access access = {
		.size = sizeof(access),
		.offset = (uint32_t)offset,
		.write = 1,
		.value = (uint32_t)value,
	};

	if (is_apic_register(offset, size))
		ioctl(vcpu->fd, HVMOD_VCPU_APIC, &access);
}

/**
 * devices_add_apic() - the MMIO bus as one vCPU sees it: with its own APIC
 * @vcpu: the vCPU
 *
 * Return: 0, or -1
 */
int devices_add_apic(struct vcpu *vcpu)
{
	const struct bus_device apic = {
		.first = APIC_BASE,
		.last = APIC_BASE + APIC_BYTES - 1,
		.read = apic_read,
		.write = apic_write,
		.ctx = vcpu,
	};

	vcpu->mmio = vcpu->vmm->mmio;
	return bus_add(&vcpu->mmio, &apic) ? -1 : 0;
}

size_t vmm_console_input(struct vmm *vmm, const uint8_t *data, size_t len)
{
	if (vmm->console)
		return virtio_console_input(vmm->console, data, len);
	return serial_input(&vmm->serial, data, len);
}

int vmm_sysrq(struct vmm *vmm, uint8_t key)
{
	if (serial_sysrq(&vmm->serial, key))
		return 0;
	errno = EAGAIN;
	return -1;
}

/* SDM volume 3, 11.11: physical destination, delivery mode NMI. */
int vmm_nmi(struct vmm *vmm)
{
	unsigned int i;
	int taken = 0;

	for (i = 0; i < vmm->vcpus; i++) {
		int ret;

		if (!__atomic_load_n(&vmm->vcpu[i].plugged, __ATOMIC_RELAXED))
			continue;
		ret = send_message(vmm, APIC_BASE | i << MSI_DESTINATION,
				   MSI_NMI);
		if (ret < 0)
			return -1;
		taken += ret;
	}
	return taken;
}

int vmm_power_button(struct vmm *vmm)
{
	ioapic_line(&vmm->ioapic, GED_GSI, true);
	ioapic_line(&vmm->ioapic, GED_GSI, false);
	return 0;
}
