/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What ring -1 keeps for a processor, and the context that a VM exit saves
 * registers into.
 */
#ifndef HVMOD_CORE_CPU_H
#define HVMOD_CORE_CPU_H

#include "gate.h"
#include "x86.h"
#include "../vmx/vmx.h"

/*
 * Registers of whoever runs in non-root mode. HOST_RSP of its VMCS points just
 * behind @gpr, so that the exit stub's pushes put them in place: nothing is
 * copied, whoever runs next.
 */
struct ctx {
	u64 gpr[16];		/* encoding order; the RSP slot is not used */
	u64 launched;		/* VMRESUME rather than VMLAUNCH */
	u64 domu;		/* struct vcpu rather than Domain-0 */
	u64 vmcs;		/* physical address */
};

#define RAX 0
#define RCX 1
#define RDX 2
#define RBX 3
#define RSP 4
#define RBP 5
#define RSI 6
#define RDI 7

struct tss {
	u32 reserved0;
	u64 rsp[3];
	u64 reserved1;
	u64 ist[7];
	u64 reserved2;
	u16 reserved3;
	u16 io_map;
} __attribute__((packed));

/* Selectors are Linux's own, so that the way back need not reload CS. */
#define CORE_CS		0x10
#define CORE_SS		0x18
#define CORE_TR		0x40

#define IST_NMI		1
#define IST_FAULT	2
#define IST_MC		3

#define XSAVE_MAX	(3 * 4096)

struct vcpu;

/*
 * One processor. GS base points here in root mode.
 */
struct cpu {
	struct cpu *self;			/* gs:0, see entry.S */
	u64 stack_top;				/* gs:8 */
	union {					/* gs:16, for Domain-0 */
		struct {
			bool nmi_pending, mc_pending;
		};
		u64 pending;
	};
	u64 verw;				/* gs:24, a selector if VERW is due, see entry.S */
	struct ctx dom0 __aligned(16);
	u32 number;
	bool launched;
	bool faulted;
	bool entered;				/* Domain-0 has made an exit */
	struct vcpu *vcpu;			/* the one whose state is loaded */
	struct vcpu *last_vcpu;			/* the one that ran last, for IBPB */
	u64 sync_generation;
	u64 vmxon;				/* physical addresses */
	u64 dom0_xcr0;
	u64 dom0_dr[4], dom0_dr6;
	u64 dom0_kernel_gs, dom0_cr2;
	u64 dom0_counters;			/* machine.domu_clears, while a DomU's state is loaded */
	u64 dom0_test_ctrl;			/* 0: it is as Domain-0 has it */
	u64 counter_bits;	/* of IA32_PERF_GLOBAL_CTRL, see pmu.c */
	u64 dom0_star, dom0_lstar, dom0_cstar, dom0_sfmask, dom0_tsc_aux;
	u64 domu_ticks;				/* TSC ticks for DomUs */
	u64 exits[EXIT_REASONS];
	u64 gdt[10];
	struct tss tss __aligned(16);
	u8 xsave[XSAVE_MAX] __aligned(64);
};

/*
 * A processor's area: struct cpu, then stacks, each below an unmapped page so
 * that an overflow faults.
 */
#define AREA_CPU_PAGES		6
#define AREA_STACK_PAGES	4
#define AREA_GUARD0		AREA_CPU_PAGES
#define AREA_STACK		(AREA_GUARD0 + 1)
#define AREA_GUARD1		(AREA_STACK + AREA_STACK_PAGES)
#define AREA_NMI		(AREA_GUARD1 + 1)
#define AREA_GUARD2		(AREA_NMI + 1)
#define AREA_FAULT		(AREA_GUARD2 + 1)
#define AREA_GUARD3		(AREA_FAULT + 1)
#define AREA_MC			(AREA_GUARD3 + 1)
#define AREA_VMXON		(AREA_MC + 1)
#define AREA_VMCS		(AREA_VMXON + 1)
#define AREA_PAGES		(AREA_VMCS + 1)
#define AREA_GUARDS		(BIT(AREA_GUARD0) | BIT(AREA_GUARD1) | BIT(AREA_GUARD2) | BIT(AREA_GUARD3))

_Static_assert(sizeof(struct cpu) <= AREA_CPU_PAGES * PAGE_SIZE, "struct cpu outgrew its pages");
_Static_assert(AREA_PAGES == 19 && AREA_GUARDS == 0xa840, "entry.S");
_Static_assert(offsetof(struct cpu, stack_top) == 8, "entry.S");
_Static_assert(offsetof(struct cpu, pending) == 16, "this_cpu_pending()");
_Static_assert(offsetof(struct cpu, verw) == 24, "entry.S");
_Static_assert(offsetof(struct ctx, launched) == 128, "entry.S");
_Static_assert(offsetof(struct ctx, domu) == 136, "entry.S");

/**
 * enum verdict - how an exit ends
 * @RESUME: whoever ran goes on
 * @TO_DRIVER: Domain-0 goes on behind its GATE_VCPU_RUN
 * @TO_VMM: the same, and the exit is in the run page
 */
enum verdict { RESUME, TO_DRIVER, TO_VMM };

/* entry.S */
void vmexit_entry(void);
__noreturn void resume(struct ctx *ctx);
__noreturn void return_to_linux(u64 linux_va, u64 cr3, u64 cr4, u64 stub);

/* dispatch.c */
struct ctx *dispatch(struct ctx *ctx);
__noreturn void entry_failed(struct ctx *ctx);

/* launch.c */
__noreturn void launch_leave(struct cpu *cpu);

/* gate.c */
void gate(struct cpu *cpu, struct ctx *ctx);

/* dom0.c */
struct ctx *dom0_exit(struct cpu *cpu, u32 reason);
void dom0_deliver_pending(struct cpu *cpu);
void inject(u32 info, u32 error);
void dom0_inject(u32 info, u32 error, u64 data);
void inject_gp(void);
bool in_64_bit_mode(void);
void skip_instruction(void);
void skip_bytes(u64 length);

/* fault.c */
void fault_init(void);
u64 fault_idt(void);
#define IDT_BYTES	(32 * 16)
__noreturn void core_panic(const char *text);
__noreturn void machine_reset(void);
__noreturn void lock_abandoned(void);

#endif
