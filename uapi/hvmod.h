/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The ioctl interface of /dev/hvmod.
 *
 * Three kinds of file descriptor, and the life of each object is the life of
 * its descriptor:
 *
 *   /dev/hvmod   the machine: HVMOD_GET_CAPS, HVMOD_DOMAIN_INFO,
 *                HVMOD_DOMAIN_CREATE (gives a domain descriptor)
 *   domain       one DomU: memory, interrupts, HVMOD_VCPU_CREATE (gives a vCPU
 *                descriptor); the domain goes when the last of its descriptors
 *                closes
 *   vCPU         one virtual processor; mmap() of one page at offset 0 gives
 *                struct hvmod_run
 *
 * Every argument struct begins with its own size. A caller with an older,
 * shorter struct gets zeroes for what it does not know; a caller with a newer,
 * longer one gets E2BIG unless the bytes that the kernel does not know are
 * zero. Reserved fields and unknown flags must be zero (EINVAL). Descriptors
 * are close-on-exec. A domain may be used only by the address space that made
 * it (EIO from any other), since its memory is that address space's.
 */
#ifndef _UAPI_HVMOD_H
#define _UAPI_HVMOD_H

#include <linux/ioctl.h>
#include <linux/types.h>

#include "hvmod_memory.h"
#include "hvmod_quota.h"
#include "hvmod_state.h"

#define HVMOD_ABI_VERSION	1

#define HVMOD_NAME_MAX		64	/* bytes with the final NUL */
#define HVMOD_VCPUS_MAX		64
#define HVMOD_GPA_BITS		46	/* guest-physical addresses are below 2^46 */

#define HVMOD_IOC_MAGIC		0xB9

/**
 * enum hvmod_state - life-cycle state of a domain
 * @HVMOD_STATE_CREATED: made, no vCPU has run yet
 * @HVMOD_STATE_RUNNING: vCPUs may run
 * @HVMOD_STATE_PAUSED: vCPUs are held; HVMOD_VCPU_RUN returns at once
 * @HVMOD_STATE_SHUTDOWN: the guest powered off or was reset
 * @HVMOD_STATE_CRASHED: the guest triple-faulted or could not be entered
 * @HVMOD_STATE_DYING: the last descriptor was closed, memory is on its way back
 */
enum hvmod_state {
	HVMOD_STATE_CREATED	= 1,
	HVMOD_STATE_RUNNING	= 2,
	HVMOD_STATE_PAUSED	= 3,
	HVMOD_STATE_SHUTDOWN	= 4,
	HVMOD_STATE_CRASHED	= 5,
	HVMOD_STATE_DYING	= 6,
};

/**
 * enum hvmod_reason - why a domain is in HVMOD_STATE_SHUTDOWN or _CRASHED
 * @HVMOD_REASON_NONE: it is in neither
 * @HVMOD_REASON_POWEROFF: the guest powered itself off
 * @HVMOD_REASON_RESET: the guest asked for a reset
 * @HVMOD_REASON_TRIPLE_FAULT: the guest triple-faulted
 * @HVMOD_REASON_PANIC: the guest reported a panic
 * @HVMOD_REASON_WATCHDOG: a watchdog fired
 * @HVMOD_REASON_DESTROYED: destroyed from outside
 * @HVMOD_REASON_INTERNAL: the processor refused the guest's state, or the VMM
 *	met an instruction that it does not emulate
 */
enum hvmod_reason {
	HVMOD_REASON_NONE		= 0,
	HVMOD_REASON_POWEROFF		= 1,
	HVMOD_REASON_RESET		= 2,
	HVMOD_REASON_TRIPLE_FAULT	= 3,
	HVMOD_REASON_PANIC		= 4,
	HVMOD_REASON_WATCHDOG		= 5,
	HVMOD_REASON_DESTROYED		= 6,
	HVMOD_REASON_INTERNAL		= 7,
};

/**
 * struct hvmod_caps - HVMOD_GET_CAPS: what this machine and module offer
 * @size: size of this struct as the caller knows it (in); as the kernel knows
 *	it (out)
 * @abi_version: HVMOD_ABI_VERSION of the module (out)
 * @features: HVMOD_FEATURE_* bits of the processor that are in use (out)
 * @tsc_khz: frequency of the time-stamp counter, kHz (out)
 * @vcpus_max: most vCPUs a domain can have (out)
 * @domains_max: most domains at once (out)
 * @run_size: bytes to mmap() from a vCPU descriptor (out)
 * @gpa_bits: guest-physical addresses are below 2^gpa_bits (out)
 * @reserved0: zero (out)
 * @core_pages: 4 KiB pages that ring -1 owns now, image and donations (out)
 * @core_free_pages: those of @core_pages that wait for a use (out)
 * @module_version: version text of the module, NUL-terminated (out)
 *
 * Any user who can open /dev/hvmod may ask.
 */
struct hvmod_caps {
	__u32	size;
	__u32	abi_version;
	__u64	features;
	__u32	tsc_khz;
	__u32	vcpus_max;
	__u32	domains_max;
	__u32	run_size;
	__u32	gpa_bits;
	__u32	reserved0;
	__u64	core_pages;
	__u64	core_free_pages;
	char	module_version[32];
};

/* Bits of hvmod_caps.features. SDM volume 3, appendix A. */
#define HVMOD_FEATURE_EPT_2M		(1ULL << 0)
#define HVMOD_FEATURE_EPT_1G		(1ULL << 1)
#define HVMOD_FEATURE_EPT_AD		(1ULL << 2)
#define HVMOD_FEATURE_VPID		(1ULL << 3)
#define HVMOD_FEATURE_PREEMPT_TIMER	(1ULL << 4)
#define HVMOD_FEATURE_TPR_SHADOW	(1ULL << 5)
#define HVMOD_FEATURE_APIC_REGISTERS	(1ULL << 6)
#define HVMOD_FEATURE_POSTED_INTERRUPTS	(1ULL << 7)
#define HVMOD_FEATURE_PML		(1ULL << 8)
#define HVMOD_FEATURE_XSAVE		(1ULL << 9)
#define HVMOD_FEATURE_MITIGATIONS	(1ULL << 10)
#define HVMOD_FEATURE_VIRTUAL_INTERRUPTS (1ULL << 11)

/**
 * struct hvmod_domain_create - HVMOD_DOMAIN_CREATE: make a domain
 * @size: size of this struct (in)
 * @flags: zero (in)
 * @name: unique name, [A-Za-z][A-Za-z0-9._-]{0,62}, NUL-terminated (in)
 * @vcpus: number of vCPUs that the domain may have, 1 to HVMOD_VCPUS_MAX (in)
 * @id: the id that the domain got, 1 to 2^31 - 1, not given again while the
 *	module is loaded (out)
 * @mem_max: most guest memory in bytes, a multiple of 4096, not 0 (in)
 * @uuid: RFC 9562 UUID in the order in which it is printed, or all zeroes for
 *	a random one (in); what it got (out)
 *
 * Returns the domain descriptor. EEXIST: the name or UUID is in use. EINVAL:
 * bad name, vCPU count or size. ENOSPC: no more domains. ENOMEM: no memory, or @mem_max
 * is more than the machine has. EBUSY: the machine is about to sleep, and the
 * core has left. Process context, may sleep.
 */
struct hvmod_domain_create {
	__u32	size;
	__u32	flags;
	char	name[HVMOD_NAME_MAX];
	__u32	vcpus;
	__u32	id;
	__u64	mem_max;
	__u8	uuid[16];
};

/**
 * struct hvmod_domain_info - HVMOD_DOMAIN_INFO: one domain, or the next
 * @size: size of this struct (in, out)
 * @id: find the domain with the lowest id that is not below this (in); its id
 *	(out). On a domain descriptor the field is output alone.
 * @name: name (out)
 * @state: enum hvmod_state (out)
 * @reason: enum hvmod_reason (out)
 * @vcpus: vCPUs that are plugged in (out)
 * @vcpus_max: most of them (out)
 * @mem_max: most guest memory, bytes (out)
 * @mem_current: guest memory that is mapped now, bytes, without what the guest
 *	has given up (HVMOD_MEM_BALLOON) (out)
 * @core_pages: 4 KiB pages that ring -1 holds for the domain (out)
 * @owner_uid: user id of the creator, in the caller's user namespace (out)
 * @owner_pid: process id of the creator, in the caller's pid namespace, 0 if
 *	it has none there (out)
 * @created_ns: CLOCK_BOOTTIME when it was made, nanoseconds (out)
 * @run_ns: time that its vCPUs spent in the guest, nanoseconds (out)
 * @exits: VM exits of all vCPUs (out)
 * @exits_driver: those that left ring -1 for the driver (out)
 * @exits_vmm: those that left the kernel for the VMM (out)
 * @uuid: its UUID, all zeroes for Domain-0 (out)
 * @seq: number of the last life-cycle event about it, see hvmod_netlink.h (out)
 * @held: what it makes the host hold, bytes of all kinds (out)
 * @held_max: most bytes of all kinds (out)
 * @cpu_cap: CPU time that it may have, percent of one processor, 0 for no cap
 *	(out)
 * @cpu_period_us: period over which that holds, microseconds (out)
 *
 * Walking from id 0 upward lists all domains: ask with id = last id + 1 until
 * ENOENT. Domain-0 has id 0 and comes first. Any user who can open the device
 * may ask.
 */
struct hvmod_domain_info {
	__u32	size;
	__u32	id;
	char	name[HVMOD_NAME_MAX];
	__u32	state;
	__u32	reason;
	__u32	vcpus;
	__u32	vcpus_max;
	__u64	mem_max;
	__u64	mem_current;
	__u64	core_pages;
	__u32	owner_uid;
	__u32	owner_pid;
	__u64	created_ns;
	__u64	run_ns;
	__u64	exits;
	__u64	exits_driver;
	__u64	exits_vmm;
	__u8	uuid[16];
	__u64	seq;
	__u64	held;
	__u64	held_max;
	__u32	cpu_cap;
	__u32	cpu_period_us;
};

/**
 * struct hvmod_set_state - HVMOD_DOMAIN_SET_STATE: the VMM says how it stands
 * @size: size of this struct (in)
 * @state: HVMOD_STATE_RUNNING, _PAUSED, _SHUTDOWN or _CRASHED (in)
 * @reason: enum hvmod_reason; HVMOD_REASON_NONE with RUNNING and PAUSED (in)
 * @reserved: zero
 *
 * Leaving RUNNING kicks every vCPU; RUN then returns HVMOD_EXIT_KICK until the
 * state is RUNNING again. EINVAL: no such state, or SHUTDOWN and CRASHED are
 * left for another.
 */
struct hvmod_set_state {
	__u32	size;
	__u32	state;
	__u32	reason;
	__u32	reserved;
};

/**
 * struct hvmod_msi - HVMOD_MSI: deliver a message-signalled interrupt
 * @size: size of this struct (in)
 * @flags: zero (in)
 * @address: message address, 0xFEExxxxx, and in bits 63:40 of the 64-bit
 *	form the high bits of the destination (in)
 * @data: message data (in)
 * @reserved: zero
 *
 * SDM volume 3, 11.11. Wakes a halted destination and kicks a running one.
 * Returns the number of vCPUs that took it: 0 if the vector was pending
 * already or no vCPU answers to the destination.
 */
struct hvmod_msi {
	__u32	size;
	__u32	flags;
	__u64	address;
	__u32	data;
	__u32	reserved;
};

/**
 * struct hvmod_irqfd - HVMOD_IRQFD: an eventfd that delivers an MSI
 * @size: size of this struct (in)
 * @flags: 0, or HVMOD_IRQFD_DEASSIGN to undo (in)
 * @fd: the eventfd (in)
 * @data: message data (in)
 * @address: message address, as in struct hvmod_msi (in)
 *
 * Every signal of @fd delivers the message once, without the VMM, and takes
 * the eventfd's count. If the count is not zero already, the call delivers the
 * message once. An eventfd has one message in a domain: a second call with the
 * same @fd replaces it, atomically; no delivery of the old one is under way
 * when it returns. DEASSIGN returns when no delivery is under way; @address and
 * @data are then not looked at. The domain keeps a reference to the eventfd,
 * not to the descriptor: an entry whose descriptors were closed without
 * DEASSIGN goes with the domain. EBADF: @fd is no eventfd. ENOENT: DEASSIGN of
 * one that has no message. ENOSPC: HVMOD_IRQFDS_MAX of this domain are in use.
 * EINVAL: the address is none of an MSI (SDM volume 3, 11.11.1).
 */
struct hvmod_irqfd {
	__u32	size;
	__u32	flags;
	__s32	fd;
	__u32	data;
	__u64	address;
};

#define HVMOD_IRQFD_DEASSIGN	(1U << 0)
#define HVMOD_IRQFDS_MAX	1024

/**
 * struct hvmod_doorbell - HVMOD_DOORBELL: a guest's store that signals an eventfd
 * @size: size of this struct (in)
 * @flags: HVMOD_DOORBELL_* (in)
 * @address: port number, or guest-physical address (in)
 * @bytes: width of the store: 1, 2 or 4; 0 takes every width (in)
 * @fd: the eventfd (in)
 * @match: with HVMOD_DOORBELL_MATCH the value stored, zero-extended (in)
 *
 * An OUT (not OUTS) to the port, or a store that would leave as
 * HVMOD_EXIT_MMIO, with that width and value adds 1 to @fd and the guest goes
 * on: the vCPU's thread stays in the kernel. Guest-physical doorbells (without
 * HVMOD_DOORBELL_PORT) are not offered: EOPNOTSUPP; devices have their notify
 * region in port space, where an exit tells width and value. DEASSIGN takes
 * the same fields, and returns when no signal of this doorbell is under way.
 * The domain keeps a reference to the eventfd, not to the descriptor. EEXIST:
 * another doorbell takes a store that this one would. ENOENT: DEASSIGN of
 * none. ENOSPC: HVMOD_DOORBELLS_MAX of this domain are in use. EBADF: @fd is no
 * eventfd. EINVAL: no such port or width, @match is wider than @bytes, or not
 * zero without HVMOD_DOORBELL_MATCH.
 */
struct hvmod_doorbell {
	__u32	size;
	__u32	flags;
	__u64	address;
	__u32	bytes;
	__s32	fd;
	__u64	match;
};

#define HVMOD_DOORBELL_DEASSIGN	(1U << 0)
#define HVMOD_DOORBELL_PORT	(1U << 1)	/* @address is a port */
#define HVMOD_DOORBELL_MATCH	(1U << 2)	/* @match has to be equal */
#define HVMOD_DOORBELLS_MAX	512

/**
 * struct hvmod_vcpu_create - HVMOD_VCPU_CREATE: make a vCPU
 * @size: size of this struct (in)
 * @index: 0 to hvmod_domain_create.vcpus - 1; also its APIC id (in)
 * @flags: 0, or HVMOD_VCPU_UNPLUGGED: it is not plugged in yet (in)
 * @reserved: zero
 *
 * Returns the vCPU descriptor. vCPU 0 is in the reset state of SDM volume 3,
 * 9.1.1 (real mode at 0xFFFFFFF0) until HVMOD_VCPU_SET_STATE; the others wait
 * for INIT and SIPI. EEXIST: there is one. EINVAL: @index out of range. EBUSY:
 * as with HVMOD_VCPU_PLUG.
 */
struct hvmod_vcpu_create {
	__u32	size;
	__u32	index;
	__u32	flags;
	__u32	reserved;
};

#define HVMOD_VCPU_UNPLUGGED	(1U << 0)

/**
 * struct hvmod_vcpu_plug - HVMOD_VCPU_PLUG: put a vCPU in, or take it out
 * @size: size of this struct (in)
 * @plugged: 1 or 0 (in)
 *
 * A vCPU that is not plugged in does not run: HVMOD_VCPU_RUN fails with ENXIO,
 * and one that is under way returns HVMOD_EXIT_KICK. It keeps its state, which
 * can be read and set. The domain's vcpus counts those that are plugged in.
 * EBUSY: it would have more than its vcpus_max, see HVMOD_SET_QUOTA. EINVAL:
 * another value. Nothing happens to one that is so already.
 */
struct hvmod_vcpu_plug {
	__u32	size;
	__u32	plugged;
};

/**
 * struct hvmod_apic_access - HVMOD_VCPU_APIC: a load or store of an APIC page
 * @size: size of this struct (in)
 * @offset: 0 to 0xFF0, a multiple of 16 (in)
 * @write: 0 load, 1 store (in)
 * @value: what to store (in), what was loaded (out)
 *
 * For a VMM that decoded a guest's access to its xAPIC page (HVMOD_EXIT_MMIO
 * inside the page that IA32_APIC_BASE names). ENXIO: the APIC is not in xAPIC
 * mode. From the thread that runs the vCPU alone.
 */
struct hvmod_apic_access {
	__u32	size;
	__u32	offset;
	__u32	write;
	__u32	value;
};

/**
 * enum hvmod_exit - why HVMOD_VCPU_RUN came back
 * @HVMOD_EXIT_KICK: exit_request, HVMOD_VCPU_KICK, a signal (RUN then returns
 *	-1 with EINTR), the domain is not RUNNING, or HVMOD_WHY_HOST_WORK; call
 *	RUN again when wanted
 * @HVMOD_EXIT_IO: an IN or OUT of 1, 2 or 4 bytes; hvmod_run.io. RIP is behind
 *	the instruction already; for an IN put the value into io.data and call
 *	RUN, which moves it into AL, AX or EAX
 * @HVMOD_EXIT_IO_STRING: an INS or OUTS; hvmod_run.io; REGS and SREGS are
 *	valid, RIP is on the instruction. The VMM does it, or a part of the
 *	repetitions, and sets the registers
 * @HVMOD_EXIT_MMIO: an access outside every mapped range or a write to a
 *	read-only one; hvmod_run.mmio; REGS and SREGS are valid, RIP is on the
 *	instruction. The VMM decodes it and sets the registers
 * @HVMOD_EXIT_HALTED: HLT with interrupts off and nothing that could wake the
 *	vCPU: it will never go on by itself. RUN comes back with this again
 *	until an NMI or INIT arrives
 * @HVMOD_EXIT_TRIPLE_FAULT: the guest triple-faulted
 * @HVMOD_EXIT_EOI: the guest ended a level-triggered interrupt; hvmod_run.eoi
 * @HVMOD_EXIT_MEMORY: the memory behind a mapped range can't be had; why says
 *	which way; hvmod_run.mmio.gpa
 * @HVMOD_EXIT_ENTRY_FAILED: the processor refused the guest's state; why and
 *	hvmod_run.failure
 * @HVMOD_EXIT_UNHANDLED: ring -1 has no handler for it; hvmod_run.failure
 */
enum hvmod_exit {
	HVMOD_EXIT_KICK		= 1,
	HVMOD_EXIT_IO		= 2,
	HVMOD_EXIT_IO_STRING	= 3,
	HVMOD_EXIT_MMIO		= 4,
	HVMOD_EXIT_HALTED	= 5,
	HVMOD_EXIT_TRIPLE_FAULT	= 6,
	HVMOD_EXIT_EOI		= 7,
	HVMOD_EXIT_MEMORY	= 8,
	HVMOD_EXIT_ENTRY_FAILED	= 9,
	HVMOD_EXIT_UNHANDLED	= 10,
};

/**
 * enum hvmod_why - the short reason beside an errno or an exit
 * @HVMOD_WHY_NONE: no more to say
 * @HVMOD_WHY_CONTROLS: VM-entry control fields invalid (VMX error 7)
 * @HVMOD_WHY_HOST_STATE: host-state fields invalid (VMX error 8)
 * @HVMOD_WHY_GUEST_STATE: guest state invalid (SDM volume 3, 27.3.1)
 * @HVMOD_WHY_MSR_LOAD: MSR loading failed at VM entry
 * @HVMOD_WHY_NO_MEMORY: no memory to back the range
 * @HVMOD_WHY_OWNED: the page frame has another owner already
 * @HVMOD_WHY_BAD_REGS: RIP or RFLAGS not allowed
 * @HVMOD_WHY_BAD_CR: control registers or EFER not allowed together
 * @HVMOD_WHY_BAD_SEGMENT: a segment or table register not allowed
 * @HVMOD_WHY_BAD_MSR: an MSR unknown or its value not allowed
 * @HVMOD_WHY_BAD_XSAVE: XCR0 or the XSAVE area not allowed
 * @HVMOD_WHY_BAD_APIC: an APIC value not allowed
 * @HVMOD_WHY_BAD_EVENT: an event not allowed
 * @HVMOD_WHY_BAD_BLOB: a section's head is wrong
 * @HVMOD_WHY_QUOTA: the domain may not make the host hold more memory
 * @HVMOD_WHY_HOST_WORK: nobody has asked for HVMOD_EXIT_KICK: the host's kernel
 *	has work that it does on the thread's way to user mode, as Linux 6.4 to
 *	6.18 have ten times a second for a process of several threads
 */
enum hvmod_why {
	HVMOD_WHY_NONE		= 0,
	HVMOD_WHY_CONTROLS	= 1,
	HVMOD_WHY_HOST_STATE	= 2,
	HVMOD_WHY_GUEST_STATE	= 3,
	HVMOD_WHY_MSR_LOAD	= 4,
	HVMOD_WHY_NO_MEMORY	= 5,
	HVMOD_WHY_OWNED		= 6,
	HVMOD_WHY_BAD_REGS	= 7,
	HVMOD_WHY_BAD_CR	= 8,
	HVMOD_WHY_BAD_SEGMENT	= 9,
	HVMOD_WHY_BAD_MSR	= 10,
	HVMOD_WHY_BAD_XSAVE	= 11,
	HVMOD_WHY_BAD_APIC	= 12,
	HVMOD_WHY_BAD_EVENT	= 13,
	HVMOD_WHY_BAD_BLOB	= 14,
	HVMOD_WHY_QUOTA		= 15,
	HVMOD_WHY_HOST_WORK	= 16,
};

/**
 * struct hvmod_run - the page that the VMM, the driver and ring -1 share
 * @size: bytes of this struct that the module fills (out)
 * @version: HVMOD_ABI_VERSION (out)
 * @exit_request: not zero: RUN does not enter, or leaves, the guest (in).
 *	Whoever sets it calls HVMOD_VCPU_KICK or sends a signal afterwards if
 *	the vCPU may be running; a spurious exit is allowed, a lost kick is not
 * @reserved0: zero
 * @exit: enum hvmod_exit (out)
 * @why: enum hvmod_why (out)
 * @wanted: HVMOD_STATE_REGS and _SREGS bits to be made valid at every exit (in)
 * @valid: those that are (out)
 * @dirty: those that RUN shall load into the vCPU (in); RUN clears it. A state
 *	that is not allowed makes RUN fail with EINVAL and @why. A halted vCPU
 *	stays halted: HVMOD_STATE_EVENTS has the activity
 * @reserved1: zero
 * @next_rip: RIP behind the exiting instruction, where the exit has one (out)
 * @io: HVMOD_EXIT_IO, HVMOD_EXIT_IO_STRING
 * @mmio: HVMOD_EXIT_MMIO, HVMOD_EXIT_MEMORY
 * @eoi: HVMOD_EXIT_EOI
 * @failure: HVMOD_EXIT_ENTRY_FAILED, HVMOD_EXIT_UNHANDLED
 * @pad: makes room for more
 * @regs: general registers
 * @sregs: control registers and segments
 *
 * The module reads what it uses of this page once an entry, into memory that
 * the VMM can't reach, and checks the copy.
 */
struct hvmod_run {
	__u32	size;
	__u32	version;
	__u8	exit_request;
	__u8	reserved0[7];
	__u32	exit;
	__u32	why;
	__u32	wanted;
	__u32	valid;
	__u32	dirty;
	__u32	reserved1;
	__u64	next_rip;
	union {
		/**
		 * @io.port: port number
		 * @io.size: bytes an access: 1, 2 or 4
		 * @io.in: 1 for IN and INS, 0 for OUT and OUTS
		 * @io.rep: 1 with a REP prefix
		 * @io.string: 1 for INS and OUTS
		 * @io.data: the value, zero-extended
		 * @io.linear: linear address of the string operand
		 */
		struct {
			__u16	port;
			__u8	size;
			__u8	in;
			__u8	rep;
			__u8	string;
			__u16	reserved;
			__u64	data;
			__u64	linear;
		} io;
		/**
		 * @mmio.gpa: guest-physical address
		 * @mmio.linear: guest-linear address if linear_valid
		 * @mmio.access: bit 0 read, 1 write, 2 fetch
		 * @mmio.linear_valid: 1 if @mmio.linear is
		 */
		struct {
			__u64	gpa;
			__u64	linear;
			__u32	access;
			__u32	linear_valid;
		} mmio;
		/** @eoi.vector: the vector that was ended */
		struct {
			__u32	vector;
			__u32	reserved;
		} eoi;
		/**
		 * @failure.hw_reason: basic exit reason (SDM volume 3, C)
		 * @failure.vmx_error: VM-instruction error, 0 if none
		 * @failure.qualification: exit qualification
		 */
		struct {
			__u32	hw_reason;
			__u32	vmx_error;
			__u64	qualification;
		} failure;
		__u64	pad[16];
	};
	struct hvmod_regs	regs;
	struct hvmod_sregs	sregs;
};

/**
 * struct hvmod_domain_rename - HVMOD_DOMAIN_RENAME: give the domain another name
 * @size: size of this struct (in)
 * @flags: zero (in)
 * @name: as in struct hvmod_domain_create (in)
 *
 * EEXIST: another domain has the name. EINVAL: no such name. Process context.
 */
struct hvmod_domain_rename {
	__u32	size;
	__u32	flags;
	char	name[HVMOD_NAME_MAX];
};

/* On /dev/hvmod */
#define HVMOD_GET_CAPS		_IOWR(HVMOD_IOC_MAGIC, 0x00, struct hvmod_caps)
#define HVMOD_DOMAIN_INFO	_IOWR(HVMOD_IOC_MAGIC, 0x01, struct hvmod_domain_info)
#define HVMOD_DOMAIN_CREATE	_IOWR(HVMOD_IOC_MAGIC, 0x02, struct hvmod_domain_create)
#define HVMOD_GET_QUOTA		_IOWR(HVMOD_IOC_MAGIC, 0x03, struct hvmod_quota)
#define HVMOD_SET_QUOTA		_IOW(HVMOD_IOC_MAGIC, 0x04, struct hvmod_quota)

/* On a domain descriptor (HVMOD_DOMAIN_INFO, _GET_QUOTA and _SET_QUOTA too) */
#define HVMOD_DOMAIN_SET_STATE	_IOW(HVMOD_IOC_MAGIC, 0x10, struct hvmod_set_state)
#define HVMOD_VCPU_CREATE	_IOW(HVMOD_IOC_MAGIC, 0x11, struct hvmod_vcpu_create)
#define HVMOD_MEM_MAP		_IOW(HVMOD_IOC_MAGIC, 0x12, struct hvmod_mem_map)
#define HVMOD_MEM_UNMAP		_IOW(HVMOD_IOC_MAGIC, 0x13, struct hvmod_mem_unmap)
#define HVMOD_MSI		_IOW(HVMOD_IOC_MAGIC, 0x14, struct hvmod_msi)
#define HVMOD_IRQFD		_IOW(HVMOD_IOC_MAGIC, 0x15, struct hvmod_irqfd)
#define HVMOD_DOORBELL		_IOW(HVMOD_IOC_MAGIC, 0x16, struct hvmod_doorbell)
#define HVMOD_MEM_DISCARD	_IOW(HVMOD_IOC_MAGIC, 0x17, struct hvmod_mem_discard)
#define HVMOD_MEM_BALLOON	_IOW(HVMOD_IOC_MAGIC, 0x18, struct hvmod_mem_balloon)
#define HVMOD_DOMAIN_RENAME	_IOW(HVMOD_IOC_MAGIC, 0x1E, struct hvmod_domain_rename)

/* On a vCPU descriptor */

/**
 * HVMOD_VCPU_RUN - run the vCPU until there is something for the VMM to do
 *
 * Returns 0 with hvmod_run.exit set, or -1. EINTR: a signal; hvmod_run.exit is
 * HVMOD_EXIT_KICK, the state is complete and RUN may be called again. EBUSY:
 * another thread runs it. EINVAL: hvmod_run.dirty. ENXIO: it is not plugged in.
 * EIO: another address space, or ring -1 is gone. Process context, may sleep.
 */
#define HVMOD_VCPU_RUN		_IO(HVMOD_IOC_MAGIC, 0x20)

/**
 * HVMOD_VCPU_KICK - let HVMOD_VCPU_RUN of another thread return
 *
 * With HVMOD_EXIT_KICK, at once if it is in the guest or sleeps. May be called
 * from any thread.
 */
#define HVMOD_VCPU_KICK		_IO(HVMOD_IOC_MAGIC, 0x21)

#define HVMOD_VCPU_GET_STATE	_IOWR(HVMOD_IOC_MAGIC, 0x22, struct hvmod_vcpu_state)
#define HVMOD_VCPU_SET_STATE	_IOWR(HVMOD_IOC_MAGIC, 0x23, struct hvmod_vcpu_state)
#define HVMOD_VCPU_APIC		_IOWR(HVMOD_IOC_MAGIC, 0x24, struct hvmod_apic_access)
#define HVMOD_VCPU_PLUG		_IOW(HVMOD_IOC_MAGIC, 0x25, struct hvmod_vcpu_plug)

#endif /* _UAPI_HVMOD_H */
