/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Domains and vCPUs as the driver sees them.
 *
 * Lock order, outermost first:
 *
 *   domains lock > domain->lock
 *   domains lock, domain->lock > events lock
 *   domain->memory_lock > mmap_lock of the VMM
 *   domain->lock, domain->memory_lock > domain->quota.lock
 *   domain->lock, domain->memory_lock > pool lock
 *   domain->lock, domain->memory_lock > sync lock > cpu_hotplug_lock
 *   domain->eventfd_lock > wait queue of an eventfd > vcpu->wait
 *
 * So no CPU hotplug callback may take a lock of a domain. Who holds the memory
 * lock may wait for a page for as long as the VMM likes; so nobody waits for it
 * who holds a lock that others want. A vCPU has no lock:
 * who runs it or works on its state owns the claim (hv_vcpu_claim()), and
 * nobody ever waits for a claim.
 *
 * Legend at the fields: (c) constant once the object can be found, (l)
 * domain->lock, (m) domain->memory_lock, (q) domain->quota.lock, (e)
 * domain->eventfd_lock, (r) written by the owner of the claim alone, (a) any
 * context, READ_ONCE() and WRITE_ONCE().
 */
#ifndef HVMOD_H
#define HVMOD_H

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/kref.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/maple_tree.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/uuid.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "../uapi/hvmod.h"
#include "../uapi/hvmod_netlink.h"
#include "bucket.h"
#include "compat.h"
#include "ring1.h"

#define HV_DOMAIN0	"Domain-0"

/* A 2 MiB page, in 4 KiB pages. */
#define HV_BLOCK_ORDER	9
#define HV_BLOCK_PAGES	BIT(HV_BLOCK_ORDER)

/* How often an operation is tried again that ring -1 had no memory for. */
#define HV_GROW_TRIES	4

struct file;
struct hv_domain;

/**
 * enum hv_vcpu_mode - where a vCPU is, for those who want it out
 * @HV_OUTSIDE: not in GATE_VCPU_RUN; looks at its flags before it goes there
 * @HV_IN_GUEST: needs an interrupt to come out
 * @HV_EXITING: has got that interrupt
 */
enum hv_vcpu_mode {
	HV_OUTSIDE,
	HV_IN_GUEST,
	HV_EXITING,
};

/**
 * struct hv_vcpu - a virtual processor
 * @domain: (c) the domain, which it lives as long as
 * @index: (c) number in the domain
 * @claimed: 1 while somebody runs it or works on its state
 * @mode: enum hv_vcpu_mode
 * @cpu: (r) processor that runs it, or ran it last
 * @kick: (a) RUN has to return HVMOD_EXIT_KICK once
 * @wake: (a) do not sleep in HLT: there may be an interrupt
 * @plugged: with the domain's lock to write; it may run
 * @task: (r) who runs it, to be read under RCU
 * @run: (c) the run page; the VMM writes to it at any time
 * @page: (c) the same
 * @wait: where it sleeps in HLT
 * @exits_driver: (r) returns from the guest to the driver
 * @exits_vmm: (r) returns to the VMM
 * @doorbells: (r) exits that ring -1 took for the VMM's, and a doorbell's
 * @faults_vmm: (r) EPT violations that the VMM got
 * @run_delay: (r) what the scheduler had counted for @thread when it was last
 *	looked at, nanoseconds
 * @grant: (r) CPU time that it may use of a capped domain's, ticks; below zero:
 *	what it used beyond
 * @grant_end: (r) when what it has not used of that is lost, TSC
 * @times: for what follows
 * @thread: who runs it or ran it last, NULL at first
 * @waits: what it sleeps for now, or HVMOD_ACTIVITY_RUNNING for nothing
 * @wait_start: since when, CLOCK_MONOTONIC, nanoseconds
 * @halt_ns: time in HLT, without the sleep that goes on
 * @capped_ns: time without a share of the domain's cap, in the same way
 * @steal_ns: time that threads waited for a processor
 */
struct hv_vcpu {
	struct hv_domain *domain;
	u32 index;
	atomic_t claimed;
	int mode;
	int cpu;
	bool kick;
	bool wake;
	bool plugged;
	struct task_struct *task;
	struct hvmod_run *run;
	struct page *page;
	wait_queue_head_t wait;
	u64 exits_driver;
	u64 exits_vmm;
	u64 doorbells;
	u64 faults_vmm;
	u64 run_delay;
	s64 grant;
	u64 grant_end;

	spinlock_t times;
	struct pid *thread;
	u32 waits;
	u64 wait_start;
	u64 halt_ns;
	u64 capped_ns;
	u64 steal_ns;
};

/**
 * struct hv_quota - what a domain may hold, and holds
 * @lock: for all of it
 * @held: bytes by kind, enum hvmod_memory
 * @sum: all kinds together
 * @max: most bytes of all kinds together
 * @tables: number of tables that ring -1 told of
 */
struct hv_quota {
	spinlock_t lock;
	u64 held[HVMOD_MEMORY_DRIVER + 1];
	u64 sum;
	u64 max;
	u64 tables;
};

/**
 * struct hv_cap - a domain's share of CPU time
 * @lock: for all of it
 * @bucket: what is left
 * @percent: of one processor, 0 for no cap; read anywhere
 * @period_us: length of a period
 */
struct hv_cap {
	spinlock_t lock;
	struct hv_bucket bucket;
	u32 percent;
	u32 period_us;
};

/**
 * struct hv_sums - what several domains have together
 * @domains: how many there are
 * @vcpus: most vCPUs
 * @memory: most memory that they may hold, bytes
 */
struct hv_sums {
	u32 domains;
	u32 vcpus;
	u64 memory;
};

/**
 * struct hv_domain - a DomU
 * @users: descriptors, of the domain and its vCPUs
 * @id: (c) for people
 * @handle: (c) for the gate
 * @created: (c) @handle is valid
 * @name: with the domains lock and (l) to write, either to read; unique
 * @uuid: (c) unique
 * @listed: with the domains lock: it has been announced
 * @vcpus_max: (l) to write; most vCPUs
 * @mem_max: (l, q) to write; most bytes of guest memory
 * @mm: (c) the only address space that may use it; compared and accounted to
 * @uid: (c) creator
 * @payer: (c) whose limits it counts against
 * @pid: (c) creator
 * @created_ns: (c) CLOCK_BOOTTIME
 * @quota: memory that it may hold, and holds; has its own lock
 * @cap: CPU time that it may have; has its own lock
 * @locked: (l) its owner may not have more than it was given
 * @msis: message-signalled interrupts that were delivered
 * @lock: for @reason, @vcpus, @seq and changes of @state
 * @seq: (l) number of the last event about it
 * @gone: (l) ring -1 does not know it any more
 * @state: (l) to write; read anywhere; enum hvmod_state
 * @reason: (l) enum hvmod_reason
 * @vcpus: (l) number of @vcpu entries that are plugged in, at most @vcpus_max
 * @vcpu: (l) to write; read anywhere; an entry never goes away again
 * @memory_lock: for what follows
 * @ranges: (m) struct hv_memory by guest frame number
 * @pages: (m) pinned pages by guest frame number, see memory.c
 * @mem_bytes: (m, q) to write; sum of @ranges
 * @balloon_bytes: (l, q) to write; what its guest has given up of them
 * @batch: (m) room for the pages of one 2 MiB block
 * @eventfd_lock: for what follows
 * @irqfds: (e) struct hv_irqfd
 * @irqfd_count: (e) entries of @irqfds
 * @doorbells: (e) to write, RCU to read; struct hv_doorbell by port
 * @doorbell_count: (e) those in @doorbells
 */
struct hv_domain {
	struct kref users;
	u32 id;
	u64 handle;
	bool created;
	char name[HVMOD_NAME_MAX];
	uuid_t uuid;
	bool listed;
	u32 vcpus_max;
	u64 mem_max;
	struct mm_struct *mm;
	kuid_t uid;
	kuid_t payer;
	struct pid *pid;
	u64 created_ns;
	atomic64_t msis;
	struct hv_quota quota;
	struct hv_cap cap;
	bool locked;

	struct mutex lock;
	u64 seq;
	bool gone;
	u32 state;
	u32 reason;
	u32 vcpus;
	struct hv_vcpu *vcpu[HVMOD_VCPUS_MAX];

	struct mutex memory_lock;
	struct maple_tree ranges;
	struct xarray pages;
	u64 mem_bytes;
	u64 balloon_bytes;
	struct page **batch;

	struct mutex eventfd_lock;
	struct list_head irqfds;
	unsigned int irqfd_count;
	struct xarray doorbells;
	unsigned int doorbell_count;
};

/**
 * struct hv_call - one ioctl on its way from the dispatcher to its handler
 * @object: struct hv_domain or struct hv_vcpu of the descriptor
 * @file: from the handler: what the new descriptor is to refer to
 * @arg: the argument, copied in, as long as this module knows it
 */
struct hv_call {
	void *object;
	struct file *file;
	union {
		u32 size;
		struct hvmod_caps caps;
		struct hvmod_domain_create domain_create;
		struct hvmod_domain_info domain_info;
		struct hvmod_set_state set_state;
		struct hvmod_domain_rename domain_rename;
		struct hvmod_vcpu_create vcpu_create;
		struct hvmod_vcpu_plug vcpu_plug;
		struct hvmod_mem_map mem_map;
		struct hvmod_mem_unmap mem_unmap;
		struct hvmod_mem_discard mem_discard;
		struct hvmod_mem_balloon mem_balloon;
		struct hvmod_msi msi;
		struct hvmod_irqfd irqfd;
		struct hvmod_doorbell doorbell;
		struct hvmod_vcpu_state vcpu_state;
		struct hvmod_apic_access apic_access;
		struct hvmod_quota quota;
	} arg;
};

/**
 * struct hv_vcpu_stats - what there is to know of a vCPU
 * @state: enum hvmod_activity
 * @cpu: processor that runs it or ran it last, -1 if it never ran
 * @tid: its thread, in the namespace of the current process, or 0
 * @run_ns: time in the guest
 * @halt_ns: time asleep in HLT
 * @capped_ns: time held back by the domain's cap
 * @steal_ns: time that its thread waited for a processor
 * @interrupts: injected external interrupts
 * @nmis: injected NMIs
 * @resumed: VM exits that ring -1 dealt with, by basic reason
 * @driver: those that were the driver's
 * @vmm: those that were the VMM's
 */
struct hv_vcpu_stats {
	u32 state;
	int cpu;
	pid_t tid;
	u64 run_ns;
	u64 halt_ns;
	u64 capped_ns;
	u64 steal_ns;
	u64 interrupts;
	u64 nmis;
	u64 resumed[HV_EXIT_REASONS];
	u64 driver[HV_EXIT_REASONS];
	u64 vmm[HV_EXIT_REASONS];
};

/* chardev.c */
extern const struct file_operations hv_domain_fops;
extern const struct file_operations hv_vcpu_fops;
int hv_chardev_register(void);
void hv_chardev_unregister(void);

/* domain.c */
long hv_domain_create(struct hv_call *call);
long hv_domain_set_state(struct hv_call *call);
long hv_domain_rename(struct hv_call *call);
long hv_domain_msi(struct hv_call *call);
void hv_domain_put(struct hv_domain *domain);
long hv_domain_message(struct hv_domain *domain, u64 address, u32 data);
void hv_domain_poke(struct hv_domain *domain, u64 vcpus);

/* domains.c */
extern struct mutex hv_domains_lock;
int hv_domains_add(struct hv_domain *domain);
int hv_domains_rename(struct hv_domain *domain, const char *name);
void hv_domains_announce(struct hv_domain *domain);
void hv_domains_remove(struct hv_domain *domain);
struct hv_domain *hv_domains_next(unsigned long *id);
struct hv_domain *hv_domains_by_id(u32 id);
struct hv_domain *hv_domains_by_name(const char *name);
void hv_domains_sum(const struct hv_domain *but, const kuid_t *payer,
		    struct hv_sums *sums);

/* info.c */
u64 hv_ticks_to_ns(u64 ticks);
void hv_domain_fill_info(struct hv_domain *domain,
			 struct hvmod_domain_info *info);
void hv_domain0_fill_info(struct hvmod_domain_info *info);
void hv_host_fill_caps(struct hvmod_caps *caps);
long hv_get_caps(struct hv_call *call);
long hv_domain_find_info(struct hv_call *call);
long hv_domain_info(struct hv_call *call);

/* stats.c */
int hv_vcpu_stats(struct hv_vcpu *vcpu, struct hv_vcpu_stats *stats);
int hv_cpu_stats(unsigned int cpu, struct hv_vcpu_stats *stats);
void hv_domain0_sums(struct hvmod_domain_info *info);
void hv_vcpu_account(struct hv_vcpu *vcpu);
void hv_vcpu_wait_begin(struct hv_vcpu *vcpu, u32 state);
void hv_vcpu_wait_end(struct hv_vcpu *vcpu);

/* netlink.c */
int hv_netlink_init(void);
void hv_netlink_exit(void);
u64 hv_event_seq(void);
void hv_event_domain(struct hv_domain *domain, u8 cmd);

/* vcpu.c */
long hv_vcpu_create(struct hv_call *call);
long hv_vcpu_plug(struct hv_call *call);
void hv_vcpu_free(struct hv_vcpu *vcpu);
void hv_vcpu_poke(struct hv_vcpu *vcpu);
void hv_vcpu_kick(struct hv_vcpu *vcpu);
long hv_vcpu_gate(struct hv_vcpu *vcpu, enum hv_gate op, u64 c, u64 d,
		  struct hv_result *result);
void hv_vcpu_clear(struct hv_vcpu *vcpu, unsigned int cpu);
int hv_vcpu_mmap(struct hv_vcpu *vcpu, struct vm_area_struct *vma);

/* run.c */
ktime_t hv_deadline(u64 deadline);
long hv_vcpu_run(struct hv_vcpu *vcpu);

/* state.c */
long hv_vcpu_get_state(struct hv_call *call);
long hv_vcpu_set_state(struct hv_call *call);
long hv_vcpu_apic(struct hv_call *call);

/* irqfd.c */
long hv_irqfd_ioctl(struct hv_call *call);
void hv_irqfd_end_all(struct hv_domain *domain);

/* doorbell.c */
long hv_doorbell_ioctl(struct hv_call *call);
bool hv_doorbell_ring(struct hv_vcpu *vcpu);
void hv_doorbell_free_all(struct hv_domain *domain);

/* memory.c */
int hv_memory_init(struct hv_domain *domain);
void hv_memory_unmap_all(struct hv_domain *domain);
void hv_memory_free(struct hv_domain *domain);
long hv_memory_map(struct hv_call *call);
long hv_memory_unmap(struct hv_call *call);
long hv_memory_discard(struct hv_call *call);
long hv_memory_balloon(struct hv_call *call);
int hv_memory_fault(struct hv_domain *domain, u64 gpa, u64 access);

/* pool.c */
int hv_pool_init(unsigned long pages, struct hv_range *own, u32 max,
		 u32 *count);
void hv_pool_exit(void);
void hv_pool_shrink(void);

/* quota.c */
int hv_charge(struct hv_domain *domain, enum hvmod_memory kind, u64 bytes);
void hv_uncharge(struct hv_domain *domain, enum hvmod_memory kind, u64 bytes);
void hv_charge_tables(struct hv_domain *domain, u64 pages, u64 reserved);
u64 hv_domain_memory(struct hv_domain *domain, u64 *bytes);
u64 hv_quota_overhead(u64 mem_max, u32 vcpus);
void hv_quota_init(struct hv_domain *domain);
int hv_quota_admit(u64 max, u32 vcpus, const struct hv_sums *all,
		   const struct hv_sums *uid);

/* set_quota.c */
long hv_quota_get(struct hv_call *call);
long hv_quota_get_by_id(struct hv_call *call);
long hv_quota_tighten(struct hv_call *call);
long hv_quota_set_by_id(struct hv_call *call);

/* cap.c */
void hv_cap_set(struct hv_domain *domain, u32 percent, u32 period_us);
bool hv_cap_granted(const struct hv_vcpu *vcpu);
bool hv_cap_admit(struct hv_vcpu *vcpu);
void hv_cap_halt(struct hv_vcpu *vcpu);

/* events.c */
void hv_events_start(void);
void hv_events_stop(void);

/* crash.c */
int hv_crash_init(void);
void hv_crash_exit(void);
u64 hv_crash_pa(void);

/* below.c */

/**
 * hv_below_check() - whether Linux can be Domain-0 over the hypervisor below it, if there is one
 * @flags: HV_BOOT_KVM is added where the core has to hand down hypercalls
 *
 * Return: 0 or -EOPNOTSUPP; the reason is printed.
 */
int hv_below_check(u32 *flags);

/**
 * hv_below_enter() - before this processor goes under the core; interrupts are off
 */
void hv_below_enter(void);

/**
 * hv_below_leave() - undo hv_below_enter()
 */
void hv_below_leave(void);

/**
 * hv_is_msi() - is this the address of a message-signalled interrupt?
 * @address: as in struct hvmod_msi
 *
 * SDM volume 3, 11.11.1.
 */
static inline bool hv_is_msi(u64 address)
{
	return (u32)address >> 20 == 0xfee;
}

/**
 * hv_memory_current() - guest memory that a domain has
 * @domain: the domain
 *
 * Any context; exact with the quota's lock.
 *
 * Return: bytes that are mapped and that its guest has not given up.
 */
static inline u64 hv_memory_current(struct hv_domain *domain)
{
	u64 bytes = READ_ONCE(domain->mem_bytes);

	return bytes - min(bytes, READ_ONCE(domain->balloon_bytes));
}

/**
 * hv_vcpu_stopped() - does somebody want RUN to return?
 * @vcpu: the vCPU
 *
 * Any context.
 */
static inline bool hv_vcpu_stopped(struct hv_vcpu *vcpu)
{
	return READ_ONCE(vcpu->kick) || READ_ONCE(vcpu->run->exit_request) ||
	       READ_ONCE(vcpu->domain->state) != HVMOD_STATE_RUNNING;
}

/**
 * hv_vcpu_claim() - become the one who runs a vCPU or works on its state
 * @vcpu: the vCPU
 *
 * Any context; never waits.
 *
 * Return: false if somebody else has the claim.
 */
static inline bool hv_vcpu_claim(struct hv_vcpu *vcpu)
{
	return !atomic_cmpxchg_acquire(&vcpu->claimed, 0, 1);
}

/**
 * hv_vcpu_unclaim() - undo hv_vcpu_claim()
 * @vcpu: the vCPU, claimed by the caller
 */
static inline void hv_vcpu_unclaim(struct hv_vcpu *vcpu)
{
	atomic_set_release(&vcpu->claimed, 0);
}

#endif
