/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What ring -1 keeps for the whole machine, and the allocator's interface.
 */
#ifndef HVMOD_CORE_MACHINE_H
#define HVMOD_CORE_MACHINE_H

#include "cpu.h"
#include "../ept/ept.h"

struct domain;

/*
 * Free pages. What the core had before is linked through its first word. What
 * Domain-0 has just given it may still write to, so nothing in there means
 * anything: donations are linked through their entries in Domain-0's EPT.
 */
struct page_list {
	u64 first;	/* physical address, 0 for none */
	u64 last;
	u64 given;	/* first donation, 0 for none, always in machine.pool */
	u64 count;	/* pages, those of donations too */
};

#define EVENTS	16
#define FEEDBACK_TABLES	16	/* one a package */

/**
 * struct machine - all of it
 * @lock: page ownership, EPTs, the pool, the domain table
 * @dead: the core had a fault; Domain-0 is about to panic
 * @leaving: a processor left; no new domains
 * @abandoned: one left by force: no DomU is entered again, the gate is a way out and no more
 */
struct machine {
	struct lock lock;
	bool ready;
	bool dead;
	bool leaving;
	bool abandoned;
	bool mitigations;
	bool vid;			/* a vCPU in x2APIC mode has it */
	bool has_verw, has_ibpb, flush_l1d;
	bool legacy_ibrs, ibpb_leave, clear_history;	/* see spec_leave_domu() */
	bool has_rdtscp, has_pmu, has_pebs, has_split_lock;
	bool dom0_pebs;			/* Domain-0 may use it */
	u32 domu_clears;		/* MSR of Domain-0's counters that is 0 in a DomU, 0: none */
	bool has_fred;			/* Domain-0 may use it */
	struct vmx_caps caps;
	struct ept dom0_ept;
	u64 max_pa_bits;
	u64 tsc_khz;
	u64 direct_base;
	u64 guest_xcr0;			/* what a DomU may enable */
	u64 msr_bitmap_dom0, msr_bitmap_domu;
	u64 msr_bitmap_x2apic;		/* of a DomU with @vid */
	struct page_list pool;		/* free */
	struct page_list limbo;		/* freed or donated, may be in some TLB */
	struct page_list waiting;	/* will be free when all reached waiting_generation */
	u64 waiting_generation;
	u64 generation;
	u64 owned;			/* pages that are not Domain-0's */
	struct hv_range table[FEEDBACK_TABLES];	/* hardware feedback: Domain-0's for ever */
	u32 tables;
	struct cpu *cpu[HV_CPUS_MAX];
	struct domain *domain[HV_DOMAINS_MAX];
	u32 domain_generation[HV_DOMAINS_MAX];
	u32 domains;
	u32 domain_hint;
	u64 vpid_used[65536 / 64];
	u32 vpid_hint;
	struct { u32 event; u64 value; } event[EVENTS];
	u32 event_first, event_count;
	struct hv_crash *crash;
};

extern struct machine machine;
extern struct hv_boot boot;

/**
 * lock() - take a lock; its holders never wait for anything
 *
 * One that faulted never lets go of it: then Domain-0 goes on where it stands.
 */
static inline void lock(struct lock *l)
{
	while (__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE))
		while (READ_ONCE(l->held)) {
			if (unlikely(READ_ONCE(machine.dead)))
				lock_abandoned();
			cpu_relax();
		}
}

static inline void *phys(u64 pa)
{
	return (void *)(machine.direct_base + pa);
}

static inline u64 phys_of(const void *direct)
{
	return (u64)direct - machine.direct_base;
}

/** dom0_ept_largest() - level of the largest page that the processor's EPT has */
static inline int dom0_ept_largest(void)
{
	if (machine.caps.ept_vpid & EPT_CAP_1G)
		return 3;
	return machine.caps.ept_vpid & EPT_CAP_2M ? 2 : 1;
}

/**
 * alloc_init() - take what the driver gave at load
 *
 * Fills the pool, builds Domain-0's EPT and hides all of the core's pages.
 * Return: 0 or an enum hv_why.
 */
u64 alloc_init(void);

/**
 * page_alloc() - a zeroed page of the pool
 *
 * Holds machine.lock. Return: physical address, 0 if there is none.
 */
u64 page_alloc(void);

/**
 * page_free() - give a page of page_alloc() back to the pool
 *
 * It becomes usable when every processor has dropped its translations.
 * Holds machine.lock.
 */
void page_free(u64 pa);

/**
 * page_share() - mark a Domain-0 page as shared with a DomU or the core
 * @pa: address, page aligned
 * @level: 1 for 4 KiB, 2 for 2 MiB
 *
 * Holds machine.lock. Return: 0, -HV_EBUSY if it is not plain Domain-0
 * memory, -HV_ENOMEM.
 */
int page_share(u64 pa, int level);

/** page_unshare() - the reverse of page_share() */
void page_unshare(u64 pa, int level);

/**
 * page_is_dom0() - may the core read and write it for Domain-0 now?
 *
 * Holds machine.lock, and the answer holds as long.
 */
bool page_is_dom0(u64 pa);

int pool_donate(u64 pa, u64 pages);
int pool_reclaim(u64 *pa);
void pool_sync(struct cpu *cpu);

/** event_post() - tell the driver; a full queue drops the newest */
void event_post(u32 event, u64 value);
bool event_take(u64 *event, u64 *value);

#endif
