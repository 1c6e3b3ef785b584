/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Domains and their virtual processors, as ring -1 keeps them.
 */
#ifndef HVMOD_CORE_DOMAIN_H
#define HVMOD_CORE_DOMAIN_H

#include "apic.h"
#include "machine.h"
#include "../../uapi/hvmod.h"

/**
 * struct domain - one page of the core
 * @handle: index in machine.domain, and a generation in bits 63:32
 * @ept: guest-physical memory
 * @mapped: 4 KiB pages in it
 * @pages: pages of the core that it made the core use, tables included
 * @tables: those of them that are tables
 * @wall_ns: CLOCK_REALTIME at guest TSC 0
 * @tsc_offset: guest TSC minus host TSC
 */
struct domain {
	u64 handle;
	struct ept ept;
	u64 mapped;
	u64 pages;
	u64 tables;
	u64 wall_ns;
	u64 tsc_offset;
	struct vcpu *vcpu[HV_VCPUS_MAX];
};

/* What a vCPU takes: struct vcpu, VMCS, XSAVE area, struct hv_counts, and an APIC page. */
static inline u32 vcpu_pages(void)
{
	return machine.vid ? 5 : 4;
}

#define SIPI_PENDING	BIT(8)

/* An IN whose value the VMM has yet to give. */
struct pending_in {
	u8 size;
};

/**
 * struct vcpu - one page of the core
 *
 * @busy is claimed with an atomic exchange by whoever uses the rest. The
 * exceptions are apic.irr, @event, @nmi_pending, @init_pending, @sipi_pending
 * and @unhalt, which any processor sets, and @vmcs_cpu and ctx.launched, which
 * the processor that holds the VMCS clears with it.
 */
struct vcpu {
	struct ctx ctx __aligned(16);
	struct domain *domain;
	u32 index;
	u16 vpid;
	u32 busy;
	s32 vmcs_cpu;			/* processor that holds the VMCS, -1: none */
	s32 last_cpu;			/* for INVVPID */
	u32 event;			/* something may be deliverable */
	bool nmi_pending;
	bool init_pending;
	bool rearm;			/* the timer's deadline changed */
	u8 outcome;			/* of TO_DRIVER, if not the usual one */
	u32 sipi_pending;		/* SIPI_PENDING | vector */
	u32 eoi;			/* level-triggered vector that was ended */
	bool window;			/* interrupt-window exiting is on */
	bool nmi_window;		/* NMI-window exiting is on */
	bool owns_debug;		/* guest's DR0-3, DR6 are loaded */
	bool halted;
	bool closed;			/* halted with interrupts off; others read it */
	bool unhalt;			/* KVM_HC_KICK_CPU of another */
	bool preempted;			/* as the guest's steal time page has it */
	bool wait_for_sipi;
	bool vid;			/* virtual-interrupt delivery is on */
	bool vid_loaded;		/* APIC state is in @apic_page */
	struct pending_in in;
	struct hvmod_run *run;		/* shared with Domain-0 */
	u64 run_pa;
	u64 self_pa;
	u8 *xsave;
	u64 xsave_pa;
	u64 cr2;
	u64 dr[4], dr6;
	u64 xcr0;
	u64 star, lstar, cstar, sfmask, kernel_gs, tsc_aux;
	u64 tsc_offset, tsc_adjust;
	u64 misc_enable, mtrr_def_type;
	u64 pvclock, pvclock_wall;
	u64 steal_msr;
	u64 pv_eoi_msr;
	u64 eoi_promised;		/* MSR_KVM_PV_EOI_EN when it was, 0: nothing is */
	u64 steal, steal_seen;		/* ns: told to the guest, last told by Domain-0 */
	u64 slice_end;			/* host TSC */
	u64 entered;			/* host TSC */
	u64 run_value[2];		/* RDX and RCX for the driver */
	u64 fault_access;
	struct apic apic;
	u32 *apic_page;			/* the processor's, NULL without machine.vid */
	u64 apic_page_pa;
	u64 eoi_exits[4];		/* as in the VMCS */
	struct hv_counts *counts;	/* a page */
	u64 counts_pa;
};

_Static_assert(sizeof(struct vcpu) <= PAGE_SIZE, "struct vcpu outgrew its page");
_Static_assert(sizeof(struct hv_counts) <= PAGE_SIZE, "struct hv_counts outgrew its page");
_Static_assert(HV_EXIT_REASONS == EXIT_REASONS, "gate.h");

/*
 * On in a DomU's CR4, whatever it wrote: VMXE for the processor's sake, MCE as
 * without it a machine check, which all processors get, would shut this one down.
 */
#define CR4_ALWAYS_ON	(CR4_VMXE | CR4_MCE)

/* Whoever's VMCS is current has a trap after each instruction, not after each branch. */
static inline bool single_steps(void)
{
	return unlikely(vmread(GUEST_RFLAGS) & RFLAGS_TF) &&
	       !(vmread(GUEST_DEBUGCTL) & DEBUGCTL_BTF);
}

static inline struct vcpu *vcpu_of(struct ctx *ctx)
{
	return container_of(ctx, struct vcpu, ctx);
}

/* domain.c; all with machine.lock held */
int domain_create(u64 wall_ns, u64 *handle);
int domain_destroy(u64 handle, u64 *cpu);
struct domain *domain_get(u64 handle);
struct vcpu *vcpu_get(u64 handle, u64 index);
int vcpu_create(struct cpu *cpu, u64 handle, u64 index, u64 run_pa);
int domain_map(u64 handle, u64 gpa, u64 pa, u64 pages, bool readonly);
int domain_unmap(u64 handle, u64 gpa, u64 pages);

/** vcpu_claim() - become the one who uses @vcpu. Return: false if it is in use */
static inline bool vcpu_claim(struct vcpu *vcpu)
{
	return !__atomic_exchange_n(&vcpu->busy, 1, __ATOMIC_ACQUIRE);
}

static inline void vcpu_release(struct vcpu *vcpu)
{
	__atomic_store_n(&vcpu->busy, 0, __ATOMIC_RELEASE);
}

/* switch.c */

/**
 * vcpu_run() - leave Domain-0 for a DomU
 * @steal: ns that the thread waited for a processor, ever
 *
 * Return: 1 and the vCPU's state is loaded; 0 and the outcome is in Domain-0's
 * registers without an entry; or a negative error with *value set.
 */
long vcpu_run(struct cpu *cpu, u64 handle, u64 index, u64 limit, u64 steal, u64 *value);

/** vcpu_leave() - back to Domain-0 with an outcome */
void vcpu_leave(struct cpu *cpu, enum hv_outcome outcome);

/**
 * vcpu_halt() - it halts and nothing can wake it now
 * @value: for the driver (out)
 *
 * Return: HV_RUN_HALT, HV_RUN_VMM if no vCPU of the domain can go on, or
 * HV_RUN_IPI if all of them have to be told that.
 */
enum hv_outcome vcpu_halt(struct vcpu *vcpu, u64 *value);

/** vcpu_vmcs_begin() - make its VMCS current for a look. Return: 0 or -EAGAIN with *on_cpu */
int vcpu_vmcs_begin(struct cpu *cpu, struct vcpu *vcpu, u64 *on_cpu);
void vcpu_vmcs_end(struct cpu *cpu);
void vcpu_vmcs_clear(struct cpu *cpu, struct vcpu *vcpu);
void vcpu_clear_all(struct cpu *cpu);

/* domu.c and interp_*.c: handlers of a DomU's exits */
enum verdict domu_exit(struct vcpu *vcpu, u32 reason);
enum verdict resume_event(struct vcpu *vcpu);
enum verdict resume_with_gp(struct vcpu *vcpu);
enum verdict resume_with_ud(struct vcpu *vcpu);
enum verdict vmm_exit(struct vcpu *vcpu, enum hvmod_exit exit, enum hvmod_why why);
enum verdict vmm_failure(struct vcpu *vcpu, enum hvmod_exit exit, enum hvmod_why why);

enum verdict resume_cpuid(struct vcpu *vcpu);
void cpuid_init(void);
u64 guest_cr4_allowed(void);
enum verdict exit_cr_access(struct vcpu *vcpu);
enum verdict resume_mov_dr(struct vcpu *vcpu);
enum verdict resume_xsetbv(struct vcpu *vcpu);
enum verdict exit_io(struct vcpu *vcpu);
enum verdict resume_rdmsr(struct vcpu *vcpu);
enum verdict exit_wrmsr(struct vcpu *vcpu);
enum verdict exit_vmcall(struct vcpu *vcpu);
bool xcr0_valid(u64 value);
bool efer_valid(u64 value);
bool cr0_valid(u64 value);

/* MSRs as a table, for RDMSR, WRMSR and the state groups */
int msr_read(struct vcpu *vcpu, u32 msr, u64 *value);
int msr_write(struct vcpu *vcpu, u32 msr, u64 value, bool check_only);
/*
 * A page that an MSR names and ring -1 writes to. Return: RESUME and *pa, or
 * TO_DRIVER, which maps it; the guest then tries again.
 */
enum verdict exit_without_page(struct vcpu *vcpu, u64 gpa, u64 *pa);
u32 msr_saved_count(void);
u32 msr_saved_index(u32 i);

/* inject.c */
void deliver_events(struct vcpu *vcpu);
void keep_interrupted_event(struct vcpu *vcpu);
void queue_exception(u32 vector, bool has_error, u32 error);
/* Its VMCS is current. */
bool can_wake(struct vcpu *vcpu);

/* apic_timer.c */
void timer_arm(struct vcpu *vcpu);
bool timer_expire(struct vcpu *vcpu);

/* pvclock.c */
bool pvclock_valid(u32 msr, u64 value);
/* Before the MSR is written: fills in its page, which has to be mapped. */
enum verdict pvclock_write(struct vcpu *vcpu, u32 msr, u64 value);

/* steal.c */
bool steal_valid(u64 value);
/* Before the MSR is written: its page has to be mapped. */
enum verdict steal_write(struct vcpu *vcpu, u64 value);
void steal_update(struct vcpu *vcpu, u64 total);
void steal_preempted(struct vcpu *vcpu);

/* pv_eoi.c; its VMCS is current or its vCPU claimed */
bool pv_eoi_valid(u64 value);
/* Before the MSR is written: its page has to be mapped. */
enum verdict pv_eoi_write(struct vcpu *vcpu, u64 value);

/** pv_eoi_promise() - @vector was accepted: may the guest end it without an exit? */
void pv_eoi_promise(struct vcpu *vcpu, u32 vector);

void pv_eoi_settle(struct vcpu *vcpu);

/* vid.c; its VMCS is current */

/** vid_wanted() - would the vCPU's interrupts be the processor's to deliver? */
bool vid_wanted(const struct vcpu *vcpu);

/** vid_switch() - turn that on or off; its APIC state is in struct apic */
void vid_switch(struct vcpu *vcpu);

/** vid_post() - state and requests to the processor, for the next entry */
void vid_post(struct vcpu *vcpu);

/** vid_take_state() - back into struct apic; needs no VMCS */
void vid_take_state(struct vcpu *vcpu);
enum verdict vmm_virtualized_eoi(struct vcpu *vcpu);
enum verdict exit_apic_write(struct vcpu *vcpu);

/** apic_settle() - what struct apic says is true afterwards */
static inline void apic_settle(struct vcpu *vcpu)
{
	if (unlikely(vcpu->eoi_promised))
		pv_eoi_settle(vcpu);
	if (unlikely(vcpu->vid_loaded))
		vid_take_state(vcpu);
}

/* io.c */
void io_finish_in(struct vcpu *vcpu);

/* state.c */
u32 vcpu_export(struct vcpu *vcpu, u32 groups);
enum hvmod_why vcpu_import_run(struct vcpu *vcpu, u32 groups);
int vcpu_get_group(struct vcpu *vcpu, u32 group, void *data, u64 *bytes);
enum hvmod_why vcpu_set_group(struct vcpu *vcpu, u32 group, const void *data, u64 bytes,
			      bool check_only);
void vcpu_reset(struct vcpu *vcpu);

/* split_lock.c */
void split_lock_init(void);

/**
 * split_lock_allow() - a DomU had #AC
 *
 * Return: true if it was for a split lock, which is not detected any more
 * until split_lock_restore(); false if the #AC is the guest's.
 */
bool split_lock_allow(struct cpu *cpu);

/** split_lock_restore() - Domain-0's detection, if cpu->dom0_test_ctrl is not 0 */
void split_lock_restore(struct cpu *cpu);

/* below.c */

/** hypercall_below() - VMCALL of Domain-0's that is not for the gate; RIP stays */
void hypercall_below(u64 *gpr);

/** msr_below_write() - WRMSR of Domain-0's to an MSR of KVM's. Return: false for #GP */
bool msr_below_write(u32 msr, u64 value);

/* pmu.c */
void pmu_init(void);

/** pmu_dom0_write() - a WRMSR of Domain-0's. Return: false for #GP */
bool pmu_dom0_write(struct cpu *cpu, u32 msr, u64 value);

/** pmu_setup_dom0() - into its VMCS, which is current, what the trampoline has stopped */
bool pmu_setup_dom0(struct cpu *cpu, const struct hv_linux *lx);

/** pmu_dom0_global() - its IA32_PERF_GLOBAL_CTRL. Its VMCS is current */
u64 pmu_dom0_global(void);

/* spec.c */
void spec_init(void);
void spec_enter_domu(struct cpu *cpu, struct vcpu *vcpu);
void spec_leave_domu(struct cpu *cpu);

#endif
