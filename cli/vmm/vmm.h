/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VMM process of one domain: what the command line gives it and what it
 * offers to the control socket. Everything behind this header is a small PC;
 * everything in front of it is hvctl.
 */
#ifndef HVMOD_VMM_H
#define HVMOD_VMM_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * enum vmm_flat - how a kernel file without any header starts
 * @VMM_FLAT_NONE: it is no such file, its content says what it is
 * @VMM_FLAT_REAL: in real mode
 * @VMM_FLAT_PROTECTED: in 32-bit protected mode without paging
 * @VMM_FLAT_LONG: in 64-bit mode, the first 4 GiB mapped one to one
 */
enum vmm_flat {
	VMM_FLAT_NONE,
	VMM_FLAT_REAL,
	VMM_FLAT_PROTECTED,
	VMM_FLAT_LONG,
};

/**
 * struct vmm_disk - a disk of a domain; strings owned by the caller
 * @path: a raw image or a block device; or the socket of a back end
 * @serial: what the guest reads as its serial number, at most
 *	VMM_DISK_SERIAL_MAX bytes; or NULL
 * @read_only: the guest may not write
 * @direct: pass by the host's page cache
 * @vhost_user: @path is the socket of a vhost-user-blk back end, which knows the
 *	other three
 */
struct vmm_disk {
	const char *path;
	const char *serial;
	bool read_only;
	bool direct;
	bool vhost_user;
};

#define VMM_DISK_SERIAL_MAX	20

/**
 * enum vmm_net_kind - what a network device is connected to
 * @VMM_NET_TAP: a tap of the host
 * @VMM_NET_FD: a tap that is open
 * @VMM_NET_PASST: passt(1)
 */
enum vmm_net_kind {
	VMM_NET_TAP,
	VMM_NET_FD,
	VMM_NET_PASST,
};

/**
 * struct vmm_net - a network device of a domain; strings owned by the caller
 * @kind: what it is connected to
 * @name: name of the tap; or path of passt's socket, NULL to start a passt
 * @fd: the open tap, which the caller may close after vmm_create()
 * @mac: its address, all zero for one made from the domain's name
 * @vhost: the host's kernel serves it; a tap
 */
struct vmm_net {
	enum vmm_net_kind kind;
	const char *name;
	int fd;
	uint8_t mac[6];
	bool vhost;
};

#define VMM_VSOCK_CID_MIN	3U		/* those below are hosts' */
#define VMM_VSOCK_CID_MAX	0xFFFFFFFEU
#define VMM_VSOCK_AUTO		0xFFFFFFFFU	/* one that is free */

#define VMM_FS_TAG_MAX	36

/**
 * struct vmm_fs - a directory that a domain gets; strings owned by the caller
 * @tag: what the guest mounts it by, 1 to VMM_FS_TAG_MAX bytes
 * @socket: that of virtiofsd
 */
struct vmm_fs {
	const char *tag;
	const char *socket;
};

/**
 * enum vmm_action - what follows the end of a guest
 * @VMM_ACTION_DESTROY: the domain goes
 * @VMM_ACTION_RESTART: it starts again from the same files, as a machine does
 *	after a reset
 * @VMM_ACTION_PRESERVE: it stays as it stopped, for vmm_dump()
 */
enum vmm_action {
	VMM_ACTION_DESTROY	= 0,
	VMM_ACTION_RESTART	= 1,
	VMM_ACTION_PRESERVE	= 2,
};

/**
 * struct vmm_config - what to build; all strings owned by the caller
 * @name: domain name, checked by the caller
 * @vcpus: vCPUs at the beginning, 1 to @vcpus_max
 * @vcpus_max: most vCPUs, up to HVMOD_VCPUS_MAX; 0 for @vcpus
 * @memory: bytes, a multiple of 1 MiB
 * @balloon: how many of them the guest shall give away as soon as it can
 * @kernel: path of the kernel
 * @initrd: path of the initrd, or NULL
 * @cmdline: kernel command line, or NULL for an empty one
 * @flat: how it starts if it is a flat binary
 * @flat_address: where it goes then, guest-physical
 * @debug_exit: port by which the guest ends itself with an exit status, or 0
 * @disk: disks
 * @disks: how many
 * @net: network devices
 * @nets: how many
 * @fs: directories
 * @fs_count: how many
 * @vsock_cid: its address for vsock(7), or VMM_VSOCK_AUTO; 0: it has none
 * @on_poweroff: what follows VMM_POWEROFF
 * @on_reboot: what follows VMM_RESET
 * @on_crash: what follows VMM_CRASHED, VMM_PANIC and VMM_WATCHDOG
 */
struct vmm_config {
	const char *name;
	unsigned int vcpus;
	unsigned int vcpus_max;
	uint64_t memory;
	uint64_t balloon;
	const char *kernel;
	const char *initrd;
	const char *cmdline;
	enum vmm_flat flat;
	uint64_t flat_address;
	uint16_t debug_exit;
	const struct vmm_disk *disk;
	unsigned int disks;
	const struct vmm_net *net;
	unsigned int nets;
	const struct vmm_fs *fs;
	unsigned int fs_count;
	uint32_t vsock_cid;
	enum vmm_action on_poweroff;
	enum vmm_action on_reboot;
	enum vmm_action on_crash;
};

/**
 * enum vmm_outcome - how a guest ended
 *
 * The low 8 bits are the exit status of "hvctl run". An outcome from
 * VMM_DEBUG_EXIT to VMM_DEBUG_EXIT + 255 is an exit status of the guest's own
 * choice.
 */
enum vmm_outcome {
	VMM_POWEROFF	= 0,
	VMM_FAILED	= 1,	/* the VMM itself failed; vmm_error() says why */
	VMM_RESET	= 32,
	VMM_CRASHED	= 33,	/* triple fault */
	VMM_PANIC	= 34,
	VMM_WATCHDOG	= 36,
	VMM_DESTROYED	= 37,	/* from outside */
	VMM_DEBUG_EXIT	= 256,	/* by the debug-exit port */
};

#define VMM_STATUS(outcome)	((outcome) & 0xFF)

struct vmm;

/**
 * struct vmm_ops - what the VMM calls in its owner
 * @console_output: bytes that the guest wrote to its serial port or its virtio
 *	console. Called from any of the VMM's threads: it must not block
 * @ended: the guest ended. Called once, from any of the VMM's threads; must
 *	not call back into the VMM
 * @halted: the guest ended, but its action is another than VMM_ACTION_DESTROY:
 *	ask vmm_halted(). Any number of times, otherwise like @ended
 * @device_lost: the process that served a device has gone, and @text says which;
 *	once for a device, otherwise like @ended. Or NULL
 */
struct vmm_ops {
	void (*console_output)(void *ctx, const uint8_t *data, size_t len);
	void (*ended)(void *ctx, enum vmm_outcome outcome);
	void (*halted)(void *ctx);
	void (*device_lost)(void *ctx, const char *text);
};

/**
 * vmm_create() - make the domain: open /dev/hvmod, memory, vCPUs, load the kernel
 * @config: what to build
 * @ops: callbacks, kept
 * @ctx: first argument of the callbacks
 * @err: buffer for a message that names the object, the cause and the next
 *	step ("kernel /x: not a bzImage ...\nhint: ..."), no final newline
 * @err_size: its size
 *
 * Return: the VMM; or NULL with errno set (ENOENT and ENODEV: the module is
 * not loaded; EACCES: no permission for the device or a file; EEXIST: name in
 * use; EBUSY: a disk or a CID is in use;
 * others as HVMOD_DOMAIN_CREATE says) and @err filled. Nothing is left behind
 * then.
 */
struct vmm *vmm_create(const struct vmm_config *config,
		       const struct vmm_ops *ops, void *ctx,
		       char *err, size_t err_size);

/** vmm_id() - the domain's id */
uint32_t vmm_id(const struct vmm *vmm);

/** vmm_vsock_cid() - its address for vsock(7), 0: it has none */
uint32_t vmm_vsock_cid(const struct vmm *vmm);

/**
 * struct vmm_keep - what the owner has to do later, in the sandbox
 * @files: descriptor of a directory whose files it removes; or -1
 * @directories: of one whose empty directories; or -1
 * @narrow: descriptors to which it writes nothing but single bytes, and nobody else
 *	does anything
 * @narrows: how many
 */
struct vmm_keep {
	int files;
	int directories;
	const int *narrow;
	unsigned int narrows;
};

/**
 * vmm_sandbox() - drop what the process does not need any more
 * @vmm: the domain
 * @keep: what it needs
 *
 * no_new_privs, capabilities, seccomp, Landlock. After all files and sockets are
 * open, before vmm_start(). Without Landlock in the kernel removing fails, with
 * EACCES.
 *
 * Return: 0, or -1 with errno
 */
int vmm_sandbox(struct vmm *vmm, const struct vmm_keep *keep);

/** vmm_start() - start the vCPU threads. Return: 0, or -1 with errno */
int vmm_start(struct vmm *vmm);

/** vmm_console_input() - bytes typed for the guest. Return: how many fitted */
size_t vmm_console_input(struct vmm *vmm, const uint8_t *data, size_t len);

/** vmm_pause() - hold all vCPUs; returns when none is in the guest. 0 or -1 */
int vmm_pause(struct vmm *vmm);

/** vmm_unpause() - let them go on. 0 or -1 */
int vmm_unpause(struct vmm *vmm);

/** vmm_power_button() - press it; the guest may or may not act. 0 or -1 */
int vmm_power_button(struct vmm *vmm);

/** vmm_stop() - end the guest now with @outcome; ended() is called */
void vmm_stop(struct vmm *vmm, enum vmm_outcome outcome);

/**
 * vmm_halted() - what @vmm_ops.halted was about
 * @vmm: the domain
 * @outcome: how its guest ended (out)
 *
 * Return: VMM_ACTION_RESTART: the owner has to call vmm_reset();
 * VMM_ACTION_PRESERVE: it is preserved; VMM_ACTION_DESTROY: neither
 */
enum vmm_action vmm_halted(struct vmm *vmm, enum vmm_outcome *outcome);

/**
 * vmm_reset() - start the guest again from its beginning
 *
 * Memory is empty again, kernel and initrd are read again from the files that
 * vmm_create() opened, devices and vCPUs are as after power on. A paused domain
 * stays paused. From the owner's thread alone.
 *
 * Return: 0; -1 with errno: ESHUTDOWN: it has ended, or is preserved; others:
 * it could not be loaded again, and has ended with VMM_FAILED.
 */
int vmm_reset(struct vmm *vmm);

/** vmm_reboot_at_poweroff() - whether the next power off counts as VMM_RESET + restart */
void vmm_reboot_at_poweroff(struct vmm *vmm, bool reboot);

/** vmm_nmi() - send an NMI to every vCPU. Return: how many took it, or -1 */
int vmm_nmi(struct vmm *vmm);

/**
 * vmm_sysrq() - a break on the serial port, and a key
 *
 * Return: 0; -1 with errno, EAGAIN: so much has been typed that it does not fit.
 */
int vmm_sysrq(struct vmm *vmm, uint8_t key);

/**
 * vmm_rename() - give the domain another name
 *
 * Return: 0; -1 with errno as HVMOD_DOMAIN_RENAME says.
 */
int vmm_rename(struct vmm *vmm, const char *name);

/**
 * vmm_pin() - choose the processors that a vCPU may run on
 * @vmm: the domain
 * @vcpu: which vCPU
 * @cpus: the processors
 *
 * Before vmm_start() the choice is kept for the thread that will run the vCPU;
 * later it is in force on return.
 *
 * Return: 0; -1 with errno: EINVAL: none of @cpus is there, or no such vCPU;
 * ESHUTDOWN: the guest has ended.
 */
int vmm_pin(struct vmm *vmm, unsigned int vcpu, const cpu_set_t *cpus);

/** vmm_affinity() - the processors that a vCPU may run on. Return: 0, or -1 */
int vmm_affinity(struct vmm *vmm, unsigned int vcpu, cpu_set_t *cpus);

/**
 * vmm_set_vcpus() - how many processors the guest shall have: the first ones
 * @vmm: the domain
 * @count: how many
 *
 * What it lacks is there on return, and the guest is told; what it has beyond
 * is there until the guest lets it go, for which it is asked, or is reset. From
 * the owner's thread alone, and not during vmm_dump().
 *
 * Return: 0; -1 with errno: EINVAL: none, or more than there can be; EBUSY: the
 * domain's quota does not allow so many; ESHUTDOWN: it has ended, or is
 * preserved. Those that were added before an error stay.
 */
int vmm_set_vcpus(struct vmm *vmm, unsigned int count);

/** vmm_vcpus_wanted() - how many there are when the guest has done its part */
unsigned int vmm_vcpus_wanted(struct vmm *vmm);

/**
 * vmm_dump() - write an ELF core of memory and vCPUs
 * @vmm: the domain
 * @fd: where to; what is zero becomes a hole if it can seek
 * @cancel: not zero as soon as nobody wants it any more
 *
 * The vCPUs are held meanwhile. From one thread of the owner's at a time, which
 * may be another than the one that calls all else.
 *
 * Return: 0; -1 with errno, ECANCELED: @cancel, or the domain is going away.
 */
int vmm_dump(struct vmm *vmm, int fd, const int *cancel);

/**
 * vmm_memory_set() - how much memory the guest shall have
 * @vmm: the domain
 * @bytes: how much, a multiple of 4096
 *
 * The guest gives the rest away when it can, if it has a driver for the balloon.
 *
 * Return: 0; -1 with errno: EINVAL: not a multiple; ERANGE: none, or more than it
 * was made with; EOPNOTSUPP: a vhost-user disk or a directory lets it have no
 * balloon.
 */
int vmm_memory_set(struct vmm *vmm, uint64_t bytes);

/** vmm_memory_target() - how much memory the guest shall have, bytes */
uint64_t vmm_memory_target(const struct vmm *vmm);

/** vmm_memory_max() - how much memory it was made with, bytes */
uint64_t vmm_memory_max(const struct vmm *vmm);

#define VMM_MEMORY_UNKNOWN	UINT64_MAX

/**
 * struct vmm_guest_memory - what a guest tells of its memory
 * @told_ns: when, CLOCK_BOOTTIME
 * @total: bytes that it knows of, or VMM_MEMORY_UNKNOWN
 * @available: bytes that its programs can have, or VMM_MEMORY_UNKNOWN
 * @free: bytes that it has no use for, or VMM_MEMORY_UNKNOWN
 */
struct vmm_guest_memory {
	uint64_t told_ns;
	uint64_t total;
	uint64_t available;
	uint64_t free;
};

/**
 * vmm_guest_memory() - what the guest told last of its memory, and ask it anew
 * @vmm: the domain
 * @memory: filled
 *
 * Return: 0; -1 with errno: ENODATA: its driver told nothing yet; EOPNOTSUPP: it
 * has no balloon.
 */
int vmm_guest_memory(struct vmm *vmm, struct vmm_guest_memory *memory);

/** vmm_error() - text about VMM_FAILED, "" if there is none */
const char *vmm_error(const struct vmm *vmm);

/**
 * vmm_outcome_text() - which way the guest ended, whatever the outcome: "reset
 * by the ACPI reset register"; "" while it has not
 */
const char *vmm_outcome_text(const struct vmm *vmm);

/** vmm_destroy() - stop threads, close descriptors, free all */
void vmm_destroy(struct vmm *vmm);

#endif
