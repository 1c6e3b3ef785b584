/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A software model of the processors that the core runs on. It is stricter
 * than a processor: what would be a fault in root mode, or is forbidden by the
 * SDM without a check, ends the test program with a message.
 */
#ifndef HVMOD_MODEL_H
#define HVMOD_MODEL_H

#include "../../../kmod/core/domain.h"
#include "../../../kmod/core/interp.h"
#include "../../../kmod/core/apic_impl.h"
#include <setjmp.h>
#include "tap.h"

#define MODEL_CPUS	4
#define MODEL_MSRS	96
#define VMCS_FIELDS	1024

struct model_msr {
	u32 msr;
	u8 access;		/* MODEL_READ, MODEL_WRITE */
	u64 value;
	u32 reads, writes;
};

#define MODEL_READ	1
#define MODEL_WRITE	2
#define MODEL_BOTH	3

/* One VMCS region, by its physical address. */
struct model_vmcs {
	u64 pa;
	int active_on;		/* processor, -1: not active */
	bool launched;
	u64 field[VMCS_FIELDS];
};

struct model_cpu {
	u32 number;
	struct cpu *core;	/* what GS points to */
	u64 cr0, cr2, cr3, cr4, dr[8], xcr0;
	bool vmx;
	bool root;		/* the core runs, not a test that looks */
	u64 vmxon_pa;
	struct model_vmcs *vmcs;
	struct model_msr msr[MODEL_MSRS];
	u32 msrs;
	u8 fpu[XSAVE_MAX];
	u32 invept_all, invept_single, invvpids;
	u16 invvpid_last;
	u64 xsaves, xrstors, verws, wbinvds, history_clears;
};

struct model_type {
	const char *name;
	u32 max_leaf, max_extended;
	const struct model_cpuid {
		u32 leaf, subleaf;
		struct cpuid value;
	} *cpuid;
	u32 cpuids;
	u64 xcr0;		/* supported */
	u64 perf_global;	/* bits of IA32_PERF_GLOBAL_CTRL */
	const struct model_value { u32 msr; u64 value; } *msr;
	u32 msrs;
};

extern const struct model_type ivy_bridge, skylake_server, panther_lake;

/* The whole of it. @me is the processor that runs now. */
struct model {
	const struct model_type *type;
	struct model_cpu cpu[MODEL_CPUS];
	struct model_cpu *me;
	u64 tsc, tsc_step;
	void (*relax)(void);	/* what another processor does while this one waits */
	bool resets;		/* machine_reset() was reached */
	bool no_vmxon, no_vmptrld;
	bool counters_stop;	/* by the controls of VM exit and VM entry */
	u32 microcode;		/* its revision, there after CPUID */
	u32 unsupported_field;	/* besides those of the type */
	u64 hypercalls, hypercall[5];	/* to whoever is below: how many, the last one */
	char out[256];		/* port 0xe9 */
};

extern struct model model;

/* How the core left root mode other than by returning from dispatch(). */
enum model_exit { MODEL_NOTHING, MODEL_RESUMED, MODEL_LINUX, MODEL_RESET, MODEL_UD2, MODEL_PAGE_0 };

extern jmp_buf *model_way_out;
extern struct ctx *model_resumed;

void model_init(const struct model_type *type, u32 cpus);
void model_vmx_init(void);
void model_use(u32 cpu);
__noreturn __attribute__((__format__(printf, 1, 2))) void model_fatal(const char *format, ...);
/* Fatal if the next instruction of the core would fault. */
void model_root(void);
struct model_msr *model_msr(u32 msr);
void model_msr_add(u32 msr, u8 access, u64 value);
/* A leaf of CPUID, to be changed until the next model_init(). */
struct cpuid *model_leaf(u32 leaf, u32 subleaf);
struct model_vmcs *model_vmcs_at(u64 pa);
u64 *model_field(struct model_vmcs *vmcs, u32 field);

/* What a VM entry does; NULL, or which check of SDM volume 3, 27 failed. */
const char *model_enter(struct ctx *ctx);
const char *model_entry_checks(void);
/* What a VM exit does to the VMCS by itself. */
void model_exit(void);

/* Set a read-only field as the processor does at an exit. */
void model_set(u32 field, u64 value);

#endif
