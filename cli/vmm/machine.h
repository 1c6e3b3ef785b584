/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One domain: its memory, devices and vCPUs, and who may touch what.
 *
 * Locks, in the order in which they are taken:
 *   vmm.lock	life of the domain: the fields behind it
 *   serial.lock	the serial port
 *   rtc.lock	the real-time clock
 *   cpus.lock	the processors that are plugged in
 *   ioapic.lock	the I/O APIC
 *   pci.lock	the PCI bus, and behind it what virtio.h says
 * No lock is held while a vCPU is in the guest or an owner's callback runs.
 * What has no lock is written before the first vCPU thread starts.
 */
#ifndef HVMOD_VMM_MACHINE_H
#define HVMOD_VMM_MACHINE_H

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include <hvmod.h>

#include "boot.h"
#include "bus.h"
#include "compiler.h"
#include "cpus.h"
#include "debug_exit.h"
#include "fault.h"
#include "guest.h"
#include "ioapic.h"
#include "pci.h"
#include "power.h"
#include "rtc.h"
#include "serial.h"
#include "vectors.h"
#include "virtio.h"
#include "vmm.h"

#define VMM_TEXT_BYTES	512
#define VMM_VIRTIO_MAX	(PCI_SLOTS - 1)

struct build;

/**
 * struct vcpu - one virtual processor
 * @vmm: the domain
 * @index: its number and APIC id
 * @fd: descriptor, -1 before there is one
 * @run: the shared page
 * @run_bytes: its length
 * @mmio: the domain's MMIO bus and this processor's own APIC page
 * @thread: the thread that runs it, if @thread_made
 * @thread_made: there is a thread to join
 * @retries: MMIO exits in a row that were not emulated
 * @halts: exits in a row with nothing that could wake the vCPU
 * @first: its state after reset: struct hvmod_tlv and data, for each group
 * @first_bytes: length of @first
 * @plugged: it may run. Atomic; written with vmm.lock
 * @halted: it waits for an interrupt that can't come; protected by vmm.lock as
 *	all below
 * @cpus: processors it may run on, if @pin
 * @pin: its thread has yet to take @cpus
 * @pin_error: errno value that came of it
 */
struct vcpu {
	struct vmm *vmm;
	unsigned int index;
	int fd;
	struct hvmod_run *run;
	size_t run_bytes;
	struct bus mmio;
	pthread_t thread;
	bool thread_made;
	unsigned int retries;
	unsigned int halts;
	void *first;
	uint32_t first_bytes;
	bool plugged;
	bool halted;
	cpu_set_t cpus;
	bool pin;
	int pin_error;
};

/**
 * struct vmm - one domain
 * @ops: callbacks of the owner
 * @ctx: their first argument
 * @device: /dev/hvmod, -1 once the domain is there
 * @domain: domain descriptor, -1 before there is one
 * @id: its id
 * @memory: guest memory
 * @ports: the port bus
 * @mmio: the MMIO bus
 * @serial: COM1
 * @ioapic: I/O APIC
 * @rtc: real-time clock
 * @power: power and reset ports
 * @cpus: ports of processor hotplug
 * @debug_exit: debug-exit port, if it has a number
 * @pci: the PCI bus
 * @virtio: the virtio devices on it
 * @virtios: how many
 * @console: the one of them that is typed at, or NULL: COM1 is
 * @vsock_cid: address of the socket device, 0: there is none
 * @balloon: the one of them that takes memory from the guest
 * @vcpu: the processors
 * @vcpus: how many there can be
 * @again: what a reset needs to load the guest again
 * @reset_text: where messages of that go
 * @hold: vCPU threads have to look at the fields behind @lock. Atomic; written
 *	with @lock
 * @lock: protects all below
 * @changed: something below changed
 * @started: vCPU threads were made
 * @paused: vCPU threads have to wait
 * @frozen: how many want them to wait for a while: reset, dump
 * @pins: how many of them have yet to take their processors
 * @halted_by: VMM_ACTION_RESTART or _PRESERVE: so the guest halted, and vCPU
 *	threads have to wait; else VMM_ACTION_DESTROY
 * @reboot: the next power off is a reset
 * @on_poweroff: see struct vmm_config
 * @on_reboot: the same
 * @on_crash: the same
 * @ended: vCPU threads have to end. Atomic; written with @lock
 * @threads: vCPU threads alive
 * @parked: those of them that wait because of @paused, @frozen or @halted_by, or
 *	are not plugged in
 * @outcome: how it ended or halted, valid once @ended or @halted_by
 * @text: what there is to say about that
 */
struct vmm {
	struct vmm_ops ops;
	void *ctx;
	int device;
	int domain;
	uint32_t id;
	struct guest_memory memory;
	struct bus ports;
	struct bus mmio;
	struct serial serial;
	struct ioapic ioapic;
	struct rtc rtc;
	struct power power;
	struct cpus cpus;
	struct debug_exit debug_exit;
	struct pci pci;
	struct virtio_device *virtio[VMM_VIRTIO_MAX];
	unsigned int virtios;
	struct virtio_device *console;
	uint32_t vsock_cid;
	struct virtio_device *balloon;
	struct vcpu *vcpu;
	unsigned int vcpus;
	struct build *again;
	char reset_text[VMM_TEXT_BYTES];

	bool hold;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool started;
	bool paused;
	unsigned int frozen;
	unsigned int pins;
	enum vmm_action halted_by;
	bool reboot;
	enum vmm_action on_poweroff;
	enum vmm_action on_reboot;
	enum vmm_action on_crash;
	bool ended;
	unsigned int threads;
	unsigned int parked;
	enum vmm_outcome outcome;
	char text[VMM_TEXT_BYTES];
};

/* vcpu.c */
int vcpu_create(struct vcpu *vcpu, size_t run_bytes);
void vcpu_destroy(struct vcpu *vcpu);
void *vcpu_main(void *vcpu);

/* vcpu_state.c */
int vcpu_reset(struct vcpu *vcpu, const struct boot_entry *entry);
int vcpu_rip(struct vcpu *vcpu, uint64_t *rip);
int vcpu_inject(struct vcpu *vcpu, const struct guest_fault *fault);
int vcpu_get_vectors(void *ctx, struct vectors *vectors);
int vcpu_put_vectors(void *ctx, const struct vectors *vectors);

/* vcpu_first.c */
int vcpu_first_keep(struct vcpu *vcpu);
int vcpu_first_restore(struct vcpu *vcpu);
void vcpu_first_free(struct vcpu *vcpu);

/* plug.c */
int vcpu_plug(struct vcpu *vcpu);
void vcpu_unplug(struct vcpu *vcpu);

/* reset.c */
int reset_vcpu(struct vcpu *vcpu);
int reset_keep(struct build *build);
void reset_free(struct vmm *vmm);

/* devices.c */
int devices_create(struct vmm *vmm, unsigned int vcpus_max,
		   unsigned int vcpus);
void devices_reset(struct vmm *vmm);
void devices_destroy(struct vmm *vmm);
struct virtio_machine devices_machine(struct vmm *vmm);
int devices_add_virtio(struct vmm *vmm, struct virtio_device *device);
int devices_start(struct vmm *vmm);
int devices_add_apic(struct vcpu *vcpu);
int devices_add_debug_exit(struct vmm *vmm, uint16_t port);

/* life.c */
void life_create(struct vmm *vmm);
void life_stop(struct vmm *vmm);
void life_destroy(struct vmm *vmm);
bool life_gate(struct vcpu *vcpu);
void life_halted(struct vcpu *vcpu);
void life_set_plugged(struct vcpu *vcpu, bool plugged);
void life_thread_ends(struct vmm *vmm);
int life_freeze(struct vmm *vmm);
void life_thaw(struct vmm *vmm);
void life_begin_again(struct vmm *vmm);
void life_fail(struct vmm *vmm, const char *text);
void life_end(struct vmm *vmm, enum vmm_outcome outcome, const char *format,
	      ...) __printf(3, 4);

#endif
