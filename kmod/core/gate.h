/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one gate between the driver and ring -1.
 *
 * Before launch the driver fills struct hv_boot in its copy of the image and
 * enters the core through the trampoline (HV_ENTER_*). After launch there is
 * only VMCALL, from CPL 0 of Domain-0: HV_GATE_BASE + operation in RAX,
 * arguments in RDI, RSI, RDX, RCX; result in RAX (a negative errno or a value
 * not below 0), two more values in RDX and RCX. Ring -1 checks every argument
 * as if Domain-0 were hostile, and no operation blocks or takes time that grows
 * with RAM or with the number of domains, except where it says so.
 */
#ifndef HVMOD_CORE_GATE_H
#define HVMOD_CORE_GATE_H

#include "types.h"

/* Errors of the gate; the numbers are Linux's. */
#define HV_EPERM	1
#define HV_ENOENT	2
#define HV_EIO		5
#define HV_ENXIO	6
#define HV_EAGAIN	11
#define HV_ENOMEM	12
#define HV_EBUSY	16
#define HV_EEXIST	17
#define HV_ENODEV	19
#define HV_EINVAL	22
#define HV_ENOSPC	28
#define HV_ENOSYS	38
#define HV_KVM_ENOSYS	1000

/* Small numbers are hypercalls of Linux's to a hypervisor below, see hypercall_below(). */
#define HV_GATE_BASE	0x68760000

#define HV_CPUS_MAX	256
#define HV_DOMAINS_MAX	4096
#define HV_VCPUS_MAX	64
#define HV_RAM_RANGES	128
#define HV_OWN_RANGES	256

/**
 * enum hv_gate - operations of the gate
 *
 * @GATE_NOP: nothing; RDX = pages that the core owns, RCX = of these free.
 * @GATE_LEAVE: (enum hv_leave) this processor leaves VMX, and lets go of
 *	every VMCS. -EBUSY while there are domains, but with HV_LEAVE_FORCE. But
 *	for HV_LEAVE_OFFLINE no domain can be created any more. After
 *	HV_LEAVE_FORCE no DomU is entered again, and all but GATE_LEAVE is -EIO.
 * @GATE_SYNC: this processor drops its EPT translations. Pages that were
 *	donated before become usable when every launched processor has done it;
 *	pages that were unmapped from a DomU are out of its reach then.
 * @GATE_DONATE: (pa, pages) Domain-0 gives pages to the core's pool; up to 512
 *	a call, all or none. -EBUSY: one of them is not plain Domain-0 memory, or
 *	the core or a processor goes on writing to it (struct hv_linux, struct
 *	hv_crash, a hardware feedback table).
 * @GATE_RECLAIM: RDX = physical address of a free page, zeroed, that is
 *	Domain-0's again. -ENOENT: none is free.
 * @GATE_DOM_CREATE: (wall_ns) RDX = handle, RCX = tables, as with GATE_DOM_PAGES.
 *	@wall_ns: CLOCK_REALTIME at guest time 0. -ENOMEM: donate pages and try again. -ENOSPC: no more domains.
 * @GATE_DOM_DESTROY: (domain) -EBUSY while a page is mapped or a vCPU runs;
 *	-EAGAIN with RDX = processor whose GATE_CLEAR_ALL is needed first.
 * @GATE_VCPU_CREATE: (domain, index, run_pa) @run_pa: the run page, plain
 *	Domain-0 memory, shared with the core until the domain is destroyed.
 *	RCX = tables.
 * @GATE_VCPU_RUN: (domain, index, limit, steal) with interrupts off, for at
 *	most @limit TSC ticks (0: as long as the core thinks fit, a few ms).
 *	@steal: ns that the vCPU has waited for a processor, ever. RAX = enum
 *	hv_outcome; -EAGAIN with RDX = processor that has to do GATE_VCPU_CLEAR
 *	first; -EBUSY: it runs elsewhere; -EINVAL: state in the run page not
 *	allowed.
 * @GATE_VCPU_CLEAR: (domain, index) this processor lets go of the VMCS.
 * @GATE_CLEAR_ALL: this processor lets go of every vCPU's VMCS; takes time
 *	that grows with the number of vCPUs.
 * @GATE_VCPU_MMIO: (domain, index) turn the last HV_RUN_FAULT into an
 *	HVMOD_EXIT_MMIO in the run page, with registers.
 * @GATE_VCPU_EXPORT: (domain, index, groups) REGS and SREGS into the run page.
 * @GATE_VCPU_GET: (domain, index, group, pa) one HVMOD_STATE_* group into the
 *	page at @pa; RDX = bytes.
 * @GATE_VCPU_SET: (domain, index, group | HV_SET_CHECK, pa) bytes of it in the
 *	first u64 of the page, data behind. RDX = enum hvmod_why with -EINVAL.
 *	With HV_SET_CHECK nothing is changed.
 * @GATE_MAP: (domain, gpa, pa, pages | HV_MAP_READONLY) 1 to 512 pages
 *	that do not cross a 2 MiB boundary of @gpa; 512 aligned ones get a 2 MiB
 *	entry. -EBUSY: a page is not plain Domain-0 memory. -EEXIST: @gpa is
 *	mapped. -ENOMEM: donate and try again. RCX = tables, on errors too.
 * @GATE_UNMAP: (domain, gpa, pages) as mapped. GATE_SYNC on every processor
 *	must follow before the pages are used otherwise.
 * @GATE_APIC: (domain, index, offset | HV_APIC_WRITE, value) a load or store
 *	of the xAPIC page; RDX = value; RCX = vCPUs to wake or kick.
 * @GATE_MSI: (domain, address, data) RDX = number that took it; RCX = vCPUs to
 *	wake or kick, a bit each.
 * @GATE_VCPU_STATS: (domain, index) RDX = exits, RCX = TSC ticks in the guest.
 * @GATE_EVENT: takes the oldest event that the core has to tell. RDX = enum
 *	hv_event, RCX = its value. -ENOENT: none.
 * @GATE_DOM_PAGES: (domain) RDX = pages of the core that are in use for it,
 *	RCX = those of them that are tables of its EPT or Domain-0's.
 * @GATE_FAULT: (kind) a deliberate fault in ring -1, for tests; -EPERM unless
 *	hv_boot.flags has HV_BOOT_SELFTEST.
 * @GATE_VCPU_COUNTS: (domain, index, pa) struct hv_counts into the page at
 *	@pa, plain Domain-0 memory. The vCPU may run meanwhile.
 * @GATE_CPU_COUNTS: (cpu, pa) the same of one processor: @ticks that DomUs had,
 *	and @exits of Domain-0.
 */
enum hv_gate {
	GATE_NOP		= 0,
	GATE_LEAVE		= 1,
	GATE_SYNC		= 2,
	GATE_DONATE		= 3,
	GATE_RECLAIM		= 4,
	GATE_DOM_CREATE		= 5,
	GATE_DOM_DESTROY	= 6,
	GATE_VCPU_CREATE	= 7,
	GATE_VCPU_RUN		= 8,
	GATE_VCPU_CLEAR		= 9,
	GATE_CLEAR_ALL		= 10,
	GATE_VCPU_MMIO		= 11,
	GATE_VCPU_EXPORT	= 12,
	GATE_VCPU_GET		= 13,
	GATE_VCPU_SET		= 14,
	GATE_MAP		= 15,
	GATE_UNMAP		= 16,
	GATE_APIC		= 17,
	GATE_MSI		= 18,
	GATE_VCPU_STATS		= 19,
	GATE_EVENT		= 20,
	GATE_FAULT		= 21,
	GATE_DOM_PAGES		= 22,
	GATE_VCPU_COUNTS	= 23,
	GATE_CPU_COUNTS		= 24,
	GATE_OPS
};

#define HV_SET_CHECK	BIT(63)
#define HV_MAP_READONLY	BIT(63)
#define HV_APIC_WRITE	BIT(63)

/* Basic exit reasons are below this, SDM volume 3, appendix C. */
#define HV_EXIT_REASONS	78

/**
 * struct hv_counts - what ring -1 counts of one vCPU, since it was made
 * @ticks: TSC ticks that it spent in the guest and in ring -1 for it
 * @interrupts: external interrupts that were injected
 * @nmis: NMIs that were injected
 * @exits: VM exits, by basic reason
 * @driver: those of @exits after which the driver went on
 * @vmm: those of @exits after which the VMM went on
 */
struct hv_counts {
	u64 ticks;
	u64 interrupts;
	u64 nmis;
	u64 exits[HV_EXIT_REASONS];
	u64 driver[HV_EXIT_REASONS];
	u64 vmm[HV_EXIT_REASONS];
};

/**
 * enum hv_leave - why a processor leaves
 * @HV_LEAVE_ALL: all of them do
 * @HV_LEAVE_FORCE: the machine goes down, domains or not
 * @HV_LEAVE_OFFLINE: Linux takes this one offline
 */
enum hv_leave {
	HV_LEAVE_ALL		= 0,
	HV_LEAVE_FORCE		= 1,
	HV_LEAVE_OFFLINE	= 2,
};

/**
 * enum hv_outcome - how a run ended that the driver has to deal with
 * @HV_RUN_INTERRUPT: an interrupt, NMI or the end of the time slice; let Linux
 *	take its interrupts and run again
 * @HV_RUN_HALT: the guest halts; RDX = host TSC at which it wants to go on, 0
 *	for none
 * @HV_RUN_FAULT: guest-physical access without a mapping; RDX = address,
 *	RCX = access (bit 0 read, 1 write, 2 fetch)
 * @HV_RUN_VMM: the exit is in the run page
 * @HV_RUN_IPI: RDX = vCPUs to wake or kick, a bit each; then run again
 * @HV_RUN_YIELD: the guest waits for vCPU RDX; let that one run
 */
enum hv_outcome {
	HV_RUN_INTERRUPT	= 0,
	HV_RUN_HALT		= 1,
	HV_RUN_FAULT		= 2,
	HV_RUN_VMM		= 3,
	HV_RUN_IPI		= 4,
	HV_RUN_YIELD		= 5,
};

/**
 * enum hv_event - what the core tells the driver about
 * @HV_EVENT_PROTECTION: Domain-0 touched memory of the core; value: address
 */
enum hv_event {
	HV_EVENT_PROTECTION	= 1,
};

/**
 * enum hv_why - why the machine can't be launched; low 32 bits of the result
 * of HV_ENTER_*, bits 63:32 hold a detail (an MSR or a VMX error number)
 */
enum hv_why {
	HV_WHY_NOT_INTEL = 1,
	HV_WHY_NO_VMX,
	HV_WHY_FIRMWARE,
	HV_WHY_VMX_IN_USE,
	HV_WHY_NO_SECONDARY,
	HV_WHY_NO_EPT,
	HV_WHY_EPT_FEATURES,
	HV_WHY_NO_UNRESTRICTED,
	HV_WHY_NO_MSR_BITMAP,
	HV_WHY_NO_PREEMPT_TIMER,
	HV_WHY_CONTROLS,
	HV_WHY_NO_XSAVE,
	HV_WHY_MEMORY,
	HV_WHY_VMXON,
	HV_WHY_VMCS,
	HV_WHY_LAUNCH,
	HV_WHY_CPU_DIFFERS,
	HV_WHY_BROKEN_TIMER,
	HV_WHY_TRACING,
	HV_WHY_FEEDBACK,
	HV_WHY_GUEST_STATE,
	HV_WHY_COUNT
};

/**
 * struct hv_segment_state - a segment register as a VMCS wants it
 */
struct hv_segment_state {
	u64 base;
	u32 limit;
	u32 access;
	u64 selector;
};

/**
 * struct hv_table - the operand of LGDT and LIDT
 */
struct hv_table {
	u16 limit;
	u64 base;
} __attribute__((packed));

/**
 * struct hv_linux - what one processor needs to go back to Linux
 *
 * In Domain-0's memory, one a processor. The driver fills the first part
 * before it enters the core; the core fills the second part, and the
 * trampoline loads it once the processor is out of VMX: from then on this
 * processor is Linux's own again, so Linux may as well hold the data.
 */
struct hv_linux {
	/* From the driver. Offsets are known to kmod/trampoline.S. */
	u64 core_cr3;			/*   0 */
	u64 core_rsp;			/*   8 */
	u64 core_rip;			/*  16 */
	u64 operation;			/*  24 */
	u64 cpu;			/*  32 */
	u64 rsp;			/*  40: by the trampoline */
	u64 cr3;			/*  48: by the trampoline */
	struct hv_table ltr_gdt;	/*  56: copy of the GDT, TSS not busy */
	u16 pad0[3];
	struct hv_table gdt;		/*  72 */
	u16 pad1[3];
	struct hv_table idt;		/*  88 */
	u16 pad2[3];
	u16 es, cs, ss, ds, fs, gs, ldtr, tr;	/* 104 */
	/* From the core. */
	u64 rip;			/* 120 */
	u64 rflags;			/* 128 */
	u64 perf_global;		/* 136: IA32_PERF_GLOBAL_CTRL, at first by the trampoline */
	u64 cr4;			/* 144: at first by the trampoline */
	u64 fs_base;			/* 152 */
	u64 gs_base;			/* 160 */
	u64 gpr[16];			/* 168: all but RSP, in encoding order */
	/* From the driver, for the guest-state area. */
	u64 dr7;
	u64 debugctl;
	struct hv_segment_state segment[8];	/* ES CS SS DS FS GS LDTR TR */
	u64 has_perf_global;		/* 504: there is that MSR */
};

#define HV_ENTER_INIT	0	/* build the machine's tables; VMX not yet on */
#define HV_ENTER_LAUNCH	1	/* this processor becomes Domain-0's */

/**
 * struct hv_range - physical memory, in bytes
 */
struct hv_range {
	u64 start;
	u64 end;
};

#define HV_BOOT_MITIGATIONS	BIT(0)	/* issue the processor's mitigations around a DomU */
#define HV_BOOT_SELFTEST	BIT(1)	/* allow GATE_FAULT */
#define HV_BOOT_APICV		BIT(2)	/* virtual-interrupt delivery where there is */
#define HV_BOOT_KVM		BIT(3)	/* Linux is a guest of KVM's, and calls it */

/**
 * struct hv_crash - the core's last words, in a page of Domain-0's memory
 * @magic: HV_CRASH_MAGIC once the rest is written
 *
 * The core writes it and injects an NMI into Domain-0, whose handler panics
 * with it.
 */
struct hv_crash {
	u64 magic;
	u32 cpu;
	u32 vector;
	u64 error;
	u64 rip;
	u64 rsp;
	u64 rflags;
	u64 cr2;
	u64 gpr[16];
	u64 exit_reason;
	u64 qualification;
	u64 guest_rip;
	char text[96];
};

#define HV_CRASH_MAGIC	0x6873617263766d68ULL

/**
 * struct hv_boot - from the driver to the core, inside the image
 * @image_pa: physical address of the image
 * @direct_base: virtual address at which the core's page tables map physical
 *	address 0
 * @tsc_khz: frequency of the TSC
 * @crash_pa: a Domain-0 page for struct hv_crash
 * @leave_stub: Linux address of the trampoline's way back
 * @core_cr3: page tables that the core runs on; no memory of Linux's is
 *	executable in them
 * @launch_cr3: the same and the trampoline, where Linux has it: for the way in
 *	and out
 * @linux_pa: physical address of each processor's struct hv_linux
 * @linux_va: Linux's address of it
 * @cpu_area: core address of each processor's area (struct cpu and stacks)
 * @cpu_area_pa: its physical address; an area is contiguous
 * @cpus: number of entries in the arrays above
 * @flags: HV_BOOT_*
 * @features: HVMOD_FEATURE_* bits, from the core, after HV_ENTER_INIT
 * @max_pa: first physical address above everything that is RAM
 * @rams: RAM ranges, page aligned
 * @owns: pages that become the core's: image, tables, areas, pool
 * @pool: the sub-ranges of @owns that are free for the core's use
 */
struct hv_boot {
	u64 image_pa;
	u64 direct_base;
	u64 tsc_khz;
	u64 crash_pa;
	u64 leave_stub;
	u64 core_cr3;
	u64 launch_cr3;
	u64 linux_pa[HV_CPUS_MAX];
	u64 linux_va[HV_CPUS_MAX];
	u64 cpu_area[HV_CPUS_MAX];
	u64 cpu_area_pa[HV_CPUS_MAX];
	u32 cpus;
	u32 flags;
	u64 features;
	u64 max_pa;
	u32 ram_count;
	u32 own_count;
	u32 pool_count;
	u32 reserved;
	struct hv_range ram[HV_RAM_RANGES];
	struct hv_range own[HV_OWN_RANGES];
	struct hv_range pool[HV_OWN_RANGES];
};

/**
 * struct hv_image - first bytes of the core image
 * @magic: HV_IMAGE_MAGIC
 * @base: the address it is linked to
 * @text_end: offsets from @base, page aligned: [0, text_end) is executable,
 *	[text_end, rodata_end) read-only, the rest writable
 * @rodata_end: see @text_end
 * @end: offset of the end, with .bss
 * @entry: address of the entry point
 * @boot: address of struct hv_boot
 * @cpu_area_bytes: size of one processor's area, page aligned
 * @cpu_area_guards: bit n set: page n of the area stays unmapped
 */
struct hv_image {
	u64 magic;
	u64 base;
	u64 text_end;
	u64 rodata_end;
	u64 end;
	u64 entry;
	u64 boot;
	u64 cpu_area_bytes;
	u64 cpu_area_guards;
};

#define HV_IMAGE_MAGIC	0x45524f43444f4d56ULL
#define HV_CORE_BASE	0x10000000ULL
#define HV_AREA_BASE	0x40000000ULL		/* processors' areas */
#define HV_DIRECT_BASE	0x400000000000ULL	/* physical memory */

#endif
